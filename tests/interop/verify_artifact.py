"""Re-computes a policy artifact and verifies its envelope with nothing of ours.

usage: verify_artifact.py PAYLOAD ENVELOPE POLICY_HASH DID_KEY

* PAYLOAD must already be RFC 8785 canonical JSON (package `rfc8785`).
* Each JSON Schema in it must stand under the hash of its own canonical JSON.
* SHA-256 of its bytes, base64url without padding, must be POLICY_HASH.
* ENVELOPE must be a DSSE envelope over exactly these bytes with a valid Ed25519 signature of
  DID_KEY (packages `securesystemslib`, `cryptography`, `base58`).
* One changed byte in the payload, and another payload type, must fail.
"""

import base64
import hashlib
import json
import sys

import base58
import rfc8785
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

PAYLOAD_TYPE = "application/vnd.wpc.policy.v1+json"


def refuse_repeated(pairs):
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), f"a member is repeated among {names}"
    return dict(pairs)


def public_key(did: str) -> bytes:
    """The key of a did:key (multicodec 0xed01, base58btc)."""
    prefix = "did:key:z"
    assert did.startswith(prefix), did
    decoded = base58.b58decode(did[len(prefix):])
    assert decoded[:2] == b"\xed\x01" and len(decoded) == 34, "not an Ed25519 did:key"
    return decoded[2:]


def hash_of(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def check_schemas(policy: dict) -> None:
    for name, schema in policy.get("schemas", {}).items():
        assert hash_of(rfc8785.dumps(schema)) == name, f"the schema {name} is another one"
    for parent in policy.get("extends", []):
        check_schemas(parent)


def main() -> None:
    payload_path, envelope_path, policy_hash, did = sys.argv[1:]
    payload = open(payload_path, "rb").read()

    again = rfc8785.dumps(json.loads(payload, object_pairs_hook=refuse_repeated))
    assert again == payload, "the payload is not canonical"

    digest = hash_of(payload)
    assert digest == policy_hash, f"hash {digest}, expected {policy_hash}"
    check_schemas(json.loads(payload))

    text = open(envelope_path, encoding="utf-8").read()
    envelope = Envelope.from_dict(json.loads(text))
    assert envelope.payload == payload, "the envelope holds other bytes"
    assert envelope.payload_type == PAYLOAD_TYPE, envelope.payload_type
    key = SSlibKey(did, "ed25519", "ed25519", {"public": public_key(did).hex()})
    assert list(envelope.verify([key], 1)) == [did]

    for changed in (
        Envelope(payload.replace(b"131072", b"131073"), envelope.payload_type, envelope.signatures),
        Envelope(payload, PAYLOAD_TYPE.replace("policy", "release"), envelope.signatures),
    ):
        try:
            changed.verify([key], 1)
        except VerificationError:
            continue
        raise AssertionError("a changed envelope verified")
    print(f"verified: {len(payload)} bytes, {policy_hash}, signed by {did}")


if __name__ == "__main__":
    main()
