"""Signs requests to a control plane (RFC 9421), as a program that is not ours."""

import base64
import hashlib
import secrets
import time

from cryptography.hazmat.primitives.serialization import load_pem_private_key


def read_key(path):
    with open(path, "rb") as file:
        return load_pem_private_key(file.read(), password=None)


def fields(key, did, method, url, body):
    """The header fields that sign a request; `body` is bytes."""
    headers = {}
    names = ["@method", "@target-uri"]
    values = {"@method": method, "@target-uri": url}
    if method not in ("GET", "HEAD", "DELETE"):
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        headers["Content-Digest"] = values["content-digest"] = f"sha-256=:{digest}:"
        names.append("content-digest")
    covered = " ".join(f'"{name}"' for name in names)
    parameters = f'({covered});created={int(time.time())};keyid="{did}";nonce="{secrets.token_hex(16)}"'
    lines = [f'"{name}": {values[name]}' for name in names] + [f'"@signature-params": {parameters}']
    signature = base64.b64encode(key.sign("\n".join(lines).encode())).decode()
    headers["Signature-Input"] = f"them={parameters}"
    headers["Signature"] = f"them=:{signature}:"
    return headers
