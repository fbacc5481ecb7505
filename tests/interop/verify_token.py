"""Verifies a job's token with nothing of ours.

usage: verify_token.py TOKEN_FILE ISSUER_DID_KEY LEDGER_DID_KEY POLICY_HASH [GRANT_FILE]

* TOKEN_FILE holds a JWT; PyJWT must verify it under the key of ISSUER_DID_KEY, for LEDGER_DID_KEY.
* Its header must be exactly `alg`, `typ` and the `kid` of that key; its claims those of Clawsig's
  scoped token that we require, `token_scope_hash_b64u` as computed here by RFC 8785 (`rfc8785`).
* The DSSE envelope in GRANT_FILE must hold the same claims, signed by the same key (`securesystemslib`).
* A changed claim, another key and another audience must fail.
"""

import base64
import hashlib
import json
import sys

import base58
import jwt
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey

GRANT_TYPE = "application/vnd.wpc.grant.v1+json"
# What the scope hash covers (CLAWSIG.md section 5).
SCOPED = {
    "token_version", "sub", "aud", "scope", "owner_ref", "owner_did", "controller_did", "agent_did",
    "policy_hash_b64u", "control_plane_policy_hash_b64u", "payment_account_did", "spend_cap", "mission_id",
    "delegation_id", "delegator_did", "delegate_did", "delegation_policy_hash_b64u",
    "delegation_spend_cap_minor", "delegation_expires_at",
}
UNSCOPED = {"token_scope_hash_b64u", "token_lane", "jti", "iat", "exp", "nonce"}
REQUIRED = {
    "token_version", "sub", "aud", "scope", "iat", "exp", "jti", "mission_id", "policy_hash_b64u",
    "token_scope_hash_b64u",
}


def b64u(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def public_key(did: str) -> bytes:
    """The key of a did:key (multicodec 0xed01, base58btc)."""
    prefix = "did:key:z"
    assert did.startswith(prefix), did
    decoded = base58.b58decode(did[len(prefix):])
    assert decoded[:2] == b"\xed\x01" and len(decoded) == 34, "not an Ed25519 did:key"
    return decoded[2:]


def as_list(value):
    return [value] if isinstance(value, str) else value


def scope_hash(claims: dict) -> str:
    scoped = {name: value for name, value in claims.items() if name in SCOPED}
    scoped["aud"] = sorted(set(as_list(claims["aud"])))
    scoped["scope"] = sorted(set(claims["scope"]))
    return b64u(hashlib.sha256(rfc8785.dumps(scoped)).digest())


def refused(what: str, *args, **kwargs) -> None:
    try:
        jwt.decode(*args, algorithms=["EdDSA"], **kwargs)
    except jwt.InvalidTokenError:
        return
    raise AssertionError(f"{what} was taken")


def main() -> None:
    token_path, issuer, ledger, policy_hash, *grant_path = sys.argv[1:]
    token = open(token_path, encoding="ascii").read().strip()
    raw = public_key(issuer)
    key = Ed25519PublicKey.from_public_bytes(raw)

    claims = jwt.decode(token, key, algorithms=["EdDSA"], audience=ledger, options={"require": ["exp", "iat", "jti", "sub"]})
    header = jwt.get_unverified_header(token)
    kid = hashlib.sha256(raw).hexdigest()[:16]
    assert header == {"alg": "EdDSA", "typ": "JWT", "kid": kid}, header

    names = set(claims)
    assert REQUIRED <= names, f"missing: {REQUIRED - names}"
    assert names <= SCOPED | UNSCOPED, f"unknown: {names - SCOPED - UNSCOPED}"
    assert claims["token_version"] == "1"
    assert [name for name in as_list(claims["aud"]) if name.startswith("did:")] == [ledger]
    assert claims["policy_hash_b64u"] == policy_hash, claims["policy_hash_b64u"]
    assert 0 < claims["exp"] - claims["iat"]
    assert claims["token_scope_hash_b64u"] == scope_hash(claims), "the scope hash differs"
    public_key(claims["sub"])

    head, body, signature = token.split(".")
    changed = b64u(rfc8785.dumps({**claims, "scope": ["*"]}))
    refused("a changed claim", f"{head}.{changed}.{signature}", key, audience=ledger)
    refused("another key", token, Ed25519PrivateKey.generate().public_key(), audience=ledger)
    refused("another audience", token, key, audience=issuer)

    if grant_path:
        envelope = Envelope.from_dict(json.load(open(grant_path[0], encoding="utf-8")))
        assert envelope.payload_type == GRANT_TYPE, envelope.payload_type
        assert envelope.payload == rfc8785.dumps(claims), "the grant says something else"
        signer = SSlibKey(issuer, "ed25519", "ed25519", {"public": raw.hex()})
        assert list(envelope.verify([signer], 1)) == [issuer]
    print(f"verified: {claims['jti']} for {claims['mission_id']}, issued by {issuer}")


if __name__ == "__main__":
    main()
