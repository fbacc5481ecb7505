"""Verifies bundles and the statements in them with nothing of ours: securesystemslib's DSSE, an RFC 8785 encoder.

usage: verify_statements.py TRUST BUNDLE...

* Each bundle is an in-toto Statement in a DSSE envelope that a ledger of the trust file signed.
* Each envelope in it (policy, grants, approvals, memberships, revocations, releases) is signed by a key that the trust
  file gives the role of its type, over a payload in canonical JSON; a changed payload and a type that nobody
  signed must fail. Approvals and revocations must both be among them.
* The subject's digest is the root of the tree (RFC 6962) of the entries, computed here anew.
"""

import base64
import collections
import copy
import hashlib
import json
import pathlib
import sys

import base58
import rfc8785
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

ROLES = {
    "application/vnd.in-toto+json": "ledger",
    "application/vnd.wpc.policy.v1+json": "policy_author",
    "application/vnd.wpc.grant.v1+json": "token_issuer",
    "application/vnd.wpc.approval.v1+json": "approver",
    "application/vnd.wpc.membership.v1+json": "membership_issuer",
    "application/vnd.wpc.revocation.v1+json": "revoker",
    "application/vnd.wpc.release.v1+json": "releaser",
}


def public_key(did):
    raw = base58.b58decode(did.removeprefix("did:key:z"))
    assert raw[:2] == b"\xed\x01" and len(raw) == 34, did
    return SSlibKey(did, "ed25519", "ed25519", {"public": raw[2:].hex()})


def keys(trust, role):
    dids = [did for one in trust["principals"] if role in one["roles"] for did in one["keys"]]
    return [public_key(did) for did in dids]


def verify(envelope, trust):
    """The payload, if somebody in the role of its type signed it."""
    role = ROLES[envelope["payloadType"]]
    signers = Envelope.from_dict(copy.deepcopy(envelope)).verify(keys(trust, role), 1)
    assert signers, role
    payload = base64.b64decode(envelope["payload"])
    value = json.loads(payload)
    assert rfc8785.dumps(value) == payload, f"a payload of {envelope['payloadType']} is not canonical"
    for member, change in (("payload", lambda text: base64.b64encode(payload + b" ").decode()),
                           ("payloadType", lambda text: text + "x")):
        changed = copy.deepcopy(envelope)
        changed[member] = change(changed[member])
        try:
            Envelope.from_dict(changed).verify(keys(trust, role), 1)
        except VerificationError:
            continue
        raise SystemExit(f"an envelope with another {member} verifies")
    return value


def leaf(entry):
    return hashlib.sha256(b"\x00" + rfc8785.dumps(entry)).digest()


def root(leaves):
    if len(leaves) == 1:
        return leaves[0]
    left = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + root(leaves[:left]) + root(leaves[left:])).digest()


def main():
    trust = json.loads(pathlib.Path(sys.argv[1]).read_text())
    seen = collections.Counter()
    for path in sys.argv[2:]:
        statement = verify(json.loads(pathlib.Path(path).read_text()), trust)
        assert statement["_type"] == "https://in-toto.io/Statement/v1"
        run = statement["predicate"]
        envelopes = [run["policy"], *run["grants"], *run["approvals"]["envelopes"],
                     *run["approvals"]["memberships"],
                     *(one["envelope"] for one in [*run["releases"], *run["revocations"]])]
        for envelope in envelopes:
            verify(envelope, trust)
            seen[envelope["payloadType"]] += 1
        [subject] = statement["subject"]
        assert subject["digest"]["sha256"] == root([leaf(entry) for entry in run["entries"]]).hex()
        seen[ROLES["application/vnd.in-toto+json"]] += 1
    for wanted in ("approval", "revocation", "grant", "policy", "release"):
        assert seen[f"application/vnd.wpc.{wanted}.v1+json"], f"no {wanted} was among them"
    print(", ".join(f"{count} {kind}" for kind, count in sorted(seen.items())))


main()
