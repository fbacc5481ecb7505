"""The official Python SDK's client on a gate over HTTP: http_client.py URL TOKEN OTHER_TOKEN KEY"""

import base64
import hashlib
import json
import sys
import time
import uuid

import anyio
import httpx2
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

url, token_file, other_file, key_file = sys.argv[1:]
key = load_pem_private_key(open(key_file, "rb").read(), None)


def b64u(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Proved(httpx2.Auth):
    """A token, its grant, and for each request a proof by the agent's key (RFC 9449)."""

    def __init__(self, file):
        self.token = open(file).read().strip()
        self.grant = b64u(open(file + ".grant.json", "rb").read())

    def proof(self, method, to=url):
        x = b64u(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
        header = {"typ": "dpop+jwt", "alg": "EdDSA", "jwk": {"kty": "OKP", "crv": "Ed25519", "x": x}}
        claims = {
            "htm": method, "htu": to, "iat": int(time.time()), "jti": str(uuid.uuid4()),
            "ath": b64u(hashlib.sha256(self.token.encode()).digest())}
        signed = ".".join(b64u(json.dumps(part).encode()) for part in (header, claims))
        return f"{signed}.{b64u(key.sign(signed.encode()))}"

    def auth_flow(self, request):
        request.headers["authorization"] = f"DPoP {self.token}"
        request.headers["wpc-grant"] = self.grant
        request.headers["dpop"] = self.proof(request.method, str(request.url))
        yield request


def initialize(version="2025-11-25"):
    return {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}}}


ACCEPT = {"accept": "application/json, text/event-stream"}


def bare_post(to, body, headers):
    with httpx2.Client() as bare:
        return bare.post(to, json=body, headers=headers)


def raw():
    """What no SDK sends."""
    ours, other = Proved(token_file), Proved(other_file)
    with httpx2.Client(headers=ACCEPT) as bare:
        answer = bare.post(url, json=initialize())
        assert answer.status_code == 401 and answer.json()["code"] == "proof_required" or \
            answer.json()["code"] == "token_required", answer.text
        assert "DPoP" in answer.headers["www-authenticate"]
        bearer = {"authorization": f"Bearer {ours.token}", "wpc-grant": ours.grant}
        assert bare.post(url, json=initialize(), headers=bearer).json()["code"] == "proof_required"
        once = {"authorization": f"DPoP {ours.token}", "wpc-grant": ours.grant, "dpop": ours.proof("POST")}
        assert bare.post(url, json=initialize(), headers=once).status_code == 200
        again = bare.post(url, json=initialize(), headers=once)
        assert (again.status_code, again.json()["code"]) == (401, "proof_replayed"), again.text
        elsewhere = {**once, "dpop": ours.proof("GET")}
        assert bare.post(url, json=initialize(), headers=elsewhere).json()["code"] == "proof_other_request"
    with httpx2.Client(headers=ACCEPT, auth=ours) as mine, httpx2.Client(headers=ACCEPT, auth=other) as theirs:
        begun = mine.post(url, json=initialize())
        session = {"mcp-session-id": begun.headers["mcp-session-id"], "mcp-protocol-version": "2025-11-25"}
        mine.post(url, json={"jsonrpc": "2.0", "method": "notifications/initialized"}, headers=session)
        stolen = theirs.post(url, json={"jsonrpc": "2.0", "id": 2, "method": "tools/list"}, headers=session)
        assert (stolen.status_code, stolen.json()["code"]) == (403, "session_other_job"), stolen.text
        assert theirs.delete(url, headers=session).status_code == 403
        batch = mine.post(url, json=[initialize()], headers=session)
        assert (batch.status_code, batch.json()["error"]["code"]) == (400, -32600), batch.text
        broken = mine.post(url, content=b'{"jsonrpc":', headers={**session, "content-type": "application/json"})
        assert (broken.status_code, broken.json()["error"]["code"]) == (400, -32700), broken.text
        twice = b'{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"echo","name":"get-env"}}'
        doubled = mine.post(url, content=twice, headers={**session, "content-type": "application/json"})
        assert doubled.json()["error"]["data"]["code"] == "duplicate_key", doubled.text
        read = {"jsonrpc": "2.0", "id": 4, "method": "resources/read", "params": {"uri": "x"}}
        assert mine.post(url, json=read, headers=session).json()["error"]["code"] == -32601
        large = {"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": {"name": "x" * (5 << 20)}}
        assert mine.post(url, json=large, headers=session).status_code == 413
        ask = url.removesuffix("/mcp") + "/ask"
        question = {"tool": "echo", "arguments": {"message": "a word"}, "stamp": {"agent": "py"}}
        allowed = mine.post(ask, json=question)
        assert (allowed.status_code, allowed.json()) == (200, {"decision": "allow"}), allowed.text
        denied = mine.post(ask, json={**question, "arguments": {"message": "NO"}}).json()
        assert denied["decision"] == "deny" and denied["code"] == "default_deny" and "What to do" in denied["message"], denied
        assert mine.post(ask, json={**question, "more": 1}).status_code == 400
        elsewhere = {**once, "dpop": ours.proof("POST")}
        assert bare_post(ask, question, elsewhere).json()["code"] == "proof_other_request"
        page = mine.post(url, json=initialize(), headers={"origin": "http://evil.example"})
        assert page.status_code == 403, page.text
        rebound = mine.post(url, json=initialize(), headers={"host": "evil.example"})
        assert rebound.status_code == 403, rebound.text


async def sdk():
    async with httpx2.AsyncClient(auth=Proved(token_file), timeout=60) as http:
        async with streamable_http_client(url, http_client=http) as streams:
            async with ClientSession(streams[0], streams[1]) as session:
                await session.initialize()
                tools = sorted(tool.name for tool in (await session.list_tools()).tools)
                assert "echo" in tools and "get-env" not in tools, tools
                done = []

                async def call(number):
                    result = await session.call_tool("echo", {"message": f"n {number}"})
                    assert result.content[0].text == f"Echo: n {number}", result
                    done.append(number)

                async with anyio.create_task_group() as group:
                    for number in range(200):
                        group.start_soon(call, number)
                assert len(done) == 200
                seen = []

                async def progress(at, total, message):
                    seen.append(at)

                await session.call_tool(
                    "trigger-long-running-operation", {"duration": 1, "steps": 4}, progress_callback=progress)
                assert len(seen) >= 3, seen
                denied = await session.call_tool("echo", {"message": "NO"})
                assert denied.is_error and "default_deny" in denied.content[0].text


raw()
anyio.run(sdk)
print("   Python over HTTP: as it should be")
