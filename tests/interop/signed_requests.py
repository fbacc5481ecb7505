"""Signs every request that schemathesis sends.

WPC_KEY names a PEM file, WPC_DID its did:key. Loaded by SCHEMATHESIS_HOOKS.
"""

import os
import sys

import requests.auth
import schemathesis

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import signing  # noqa: E402


class Signed(requests.auth.AuthBase):
    def __init__(self):
        self.key = signing.read_key(os.environ["WPC_KEY"])
        self.did = os.environ["WPC_DID"]

    def __call__(self, request):
        body = request.body or b""
        if isinstance(body, str):
            body = body.encode()
        if not isinstance(body, bytes):
            return request
        request.headers.update(signing.fields(self.key, self.did, request.method, request.url, body))
        return request


schemathesis.auth.set_from_requests(Signed())
