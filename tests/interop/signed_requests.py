"""Signs every request that schemathesis sends (RFC 9421), as a program that is not ours.

WPC_KEY names a PEM file, WPC_DID its did:key. Loaded by SCHEMATHESIS_HOOKS.
"""

import base64
import hashlib
import os
import secrets
import time

import requests.auth
import schemathesis
from cryptography.hazmat.primitives.serialization import load_pem_private_key


class Signed(requests.auth.AuthBase):
    def __init__(self):
        with open(os.environ["WPC_KEY"], "rb") as file:
            self.key = load_pem_private_key(file.read(), password=None)
        self.did = os.environ["WPC_DID"]

    def __call__(self, request):
        body = request.body or b""
        if isinstance(body, str):
            body = body.encode()
        if not isinstance(body, bytes):
            return request
        names = ["@method", "@target-uri"]
        values = {"@method": request.method, "@target-uri": request.url}
        if request.method not in ("GET", "HEAD", "DELETE"):
            digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
            request.headers["Content-Digest"] = values["content-digest"] = f"sha-256=:{digest}:"
            names.append("content-digest")
        covered = " ".join(f'"{name}"' for name in names)
        parameters = f'({covered});created={int(time.time())};keyid="{self.did}";nonce="{secrets.token_hex(16)}"'
        lines = [f'"{name}": {values[name]}' for name in names] + [f'"@signature-params": {parameters}']
        signature = base64.b64encode(self.key.sign("\n".join(lines).encode())).decode()
        request.headers["Signature-Input"] = f"fuzz={parameters}"
        request.headers["Signature"] = f"fuzz=:{signature}:"
        return request


schemathesis.auth.set_from_requests(Signed())
