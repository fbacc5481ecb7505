"""Validates an export of `wpc bundle export` with nothing of ours.

usage: validate_clawsig.py SCHEMAS_DIR EXPORT AGENT_DID_KEY GATEWAY_DID_KEY [ARRAY... | MODEL_GATEWAY_DID_KEY]

* The envelope must be valid under Clawsig's `proof_bundle_envelope.v1`, `format` asserted, and each item
  of the arrays under the schema of its own, without our extra members where that schema is closed.
* Hashes of both families, every signature and the event chain are computed here anew.
* Of the arrays `side_effect_receipts` and `human_approval_receipts` those that are named must be there, and
  no others; tool receipts always.
* Receipts of model calls must be there if their gateway's key is given, and only then: each signed by it over the
  payload as it stands, bound to the run and an event, their spans one tree; effects and approvals hang on it.
* A changed payload must fail, and a payload that lacks a member must not validate.
"""

import base64
import copy
import hashlib
import json
import pathlib
import sys

import base58
import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jsonschema import FormatChecker, validators
from referencing import Registry, Resource

HEADER = ("event_id", "run_id", "event_type", "timestamp", "payload_hash_b64u", "prev_hash_b64u")
OURS = ("wpc_envelope", "wpc_approval")


def b64u(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def text(value):
    """JSON.stringify of what was parsed: the members in the order of the wire."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def hashed(wire):
    return b64u(hashlib.sha256(wire).digest())


def verify(envelope, did, canonical=True):
    assert envelope["signer_did"] == did, envelope["signer_did"]
    payload = envelope["payload"]
    if canonical:
        assert text(payload) == rfc8785.dumps(payload), "the payload is not in canonical order"
    digest = hashed(text(payload))
    assert envelope["payload_hash_b64u"] == digest
    raw = base58.b58decode(did.removeprefix("did:key:z"))
    assert raw[:2] == b"\xed\x01" and len(raw) == 34
    signature = base64.urlsafe_b64decode(envelope["signature_b64u"] + "==")
    assert b64u(signature) == envelope["signature_b64u"]
    Ed25519PublicKey.from_public_bytes(raw[2:]).verify(signature, digest.encode())


class Schemas:
    def __init__(self, root):
        self.all = {}
        for path in pathlib.Path(root).rglob("*.json"):
            schema = json.loads(path.read_text())
            if "$id" in schema:
                self.all[schema["$id"]] = schema
        resources = ((key, Resource.from_contents(schema)) for key, schema in self.all.items())
        self.registry = Registry().with_resources(resources)
        self.formats = FormatChecker()
        assert "date-time" in self.formats.checkers, "no checker of date-time is installed"

    def of(self, name):
        schema = self.all[name]
        return validators.validator_for(schema)(schema, registry=self.registry, format_checker=self.formats)


def main():
    root, file, agent, gateway, *rest = sys.argv[1:]
    arrays = [name for name in rest if not name.startswith("did:")]
    models = [did for did in rest if did.startswith("did:")]
    schemas = Schemas(root)
    org, com = "https://schemas.clawbureau.org/claw.poh.", "https://schemas.clawbureau.com/poh/"
    bundles = schemas.of(org + "proof_bundle_envelope.v1.json")
    tools = schemas.of(com + "tool_receipt_envelope.v1.json")
    bundle = json.loads(pathlib.Path(file).read_text())
    bundles.validate(bundle)
    verify(bundle, agent, canonical=not models)
    payload = bundle["payload"]
    assert payload["agent_did"] == agent
    assert ("receipts" in payload) == bool(models), "receipts of model calls"
    assert len(text(payload["metadata"])) <= 16384

    prev, events, run = None, {}, payload["event_chain"][0]["run_id"]
    for event in payload["event_chain"]:
        assert event["prev_hash_b64u"] == prev and event["run_id"] == run
        prev = hashed(text({name: event[name] for name in HEADER}))
        assert event["event_hash_b64u"] == prev
        events[prev] = event
    assert len(events) <= 1000

    def bound(item):
        assert item["agent_did"] == agent
        assert item["binding"]["run_id"] == run
        return events[item["binding"]["event_hash_b64u"]]

    spans = {}
    for receipt in payload.get("receipts", []):
        schemas.of(org + "gateway_receipt_envelope.v1.json").validate(receipt)
        verify(receipt, models[0], canonical=False)
        said = receipt["payload"]
        assert said["timestamp"] <= receipt["issued_at"]
        assert said["binding"]["run_id"] == run and said["binding"]["event_hash_b64u"] in events
        span, parent = said["binding"].get("span_id"), said["binding"].get("parent_span_id")
        assert (parent in spans) if parent else (not span or not spans), "two roots, or a parent that is not there"
        if span:
            assert span not in spans
            spans[span] = said["timestamp"]
            assert not parent or spans[parent] <= said["timestamp"]

    assert payload["tool_receipts"]
    for receipt in payload["tool_receipts"]:
        tools.validate(receipt)
        verify(receipt, gateway)
        assert receipt["payload"]["timestamp"] <= receipt["issued_at"]
        assert bound(receipt["payload"])["event_type"] == "tool_call"
    ids = [receipt["payload"]["receipt_id"] for receipt in payload["tool_receipts"]]
    assert len(set(ids)) == len(ids)

    for array, kind in (("side_effect_receipts", "side_effect"), ("human_approval_receipts", "human_approval")):
        items = payload.get(array, [])
        assert bool(items) == (array in arrays), f"{array}: {len(items)}"
        for item in items:
            raw = {name: value for name, value in item.items() if name not in OURS}
            schemas.of(f"{com}{kind}_receipt.v1.json").validate(raw)
            signed = item["wpc_envelope"]
            schemas.of(f"{com}{kind}_receipt_envelope.v1.json").validate(signed)
            verify(signed, gateway)
            assert signed["payload"] == raw
            bound(raw)
            assert not models or raw["binding"]["parent_span_id"] in spans, "it hangs on no model call"
            if kind == "human_approval":
                assert json.loads(item["wpc_approval"])["signatures"], "our own signed approval"

    changed = copy.deepcopy(bundle)
    changed["payload"]["bundle_id"] += "x"
    changed["payload_hash_b64u"] = hashed(text(changed["payload"]))
    try:
        verify(changed, agent)
        raise SystemExit("a changed payload verifies")
    except InvalidSignature:
        pass
    for wrong in ("agent_did", "bundle_version"):
        changed = copy.deepcopy(bundle)
        del changed["payload"][wrong]
        assert not bundles.is_valid(changed), wrong
    changed = copy.deepcopy(bundle)
    changed["issued_at"] = "yesterday"
    assert not bundles.is_valid(changed), "format is not asserted"
    print(f"{file}: {len(events)} events, {len(ids)} tool receipts, {arrays}")


main()
