"""The official Python SDKs of OpenAI, Anthropic and Google on a gateway: client.py URL TOKEN PROVED_URL PROVED_TOKEN KEY

The job's token is their API key, its grant a header. The second gateway's policy asks that each request proves
the agent's key: a hook of the HTTP client signs it."""

import base64
import hashlib
import json
import sys
import time
import uuid

import anthropic
import openai
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from google import genai

url, token_file, proved_url, proved_token_file, key_file = sys.argv[1:]


def b64u(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(file):
    return open(file).read().strip(), {"WPC-Grant": b64u(open(file + ".grant.json", "rb").read())}


key, grant = token(token_file)
ask = [{"role": "user", "content": "say hello"}]
seen = []


def receipt(envelope):
    seen.append(envelope)
    payload = envelope["payload"]
    assert payload["tokens_input"] == 11 and payload["tokens_output"] == 2, payload
    return payload


def header_receipt(response):
    return receipt(json.loads(base64.urlsafe_b64decode(response.headers["x-wpc-receipt-envelope"] + "==")))


def timed(parts):
    """Texts of a stream, which came as they were written."""
    times, texts = [], []
    for text in parts:
        if text:
            times.append(time.monotonic())
            texts.append(text)
    assert "".join(texts) == "Hello" and times[-1] - times[0] > 0.2, (texts, times)


def refused(call, kind, code, again=False):
    try:
        call()
    except kind as error:
        body = json.dumps(error.body if hasattr(error, "body") else error.details)
        assert code in body + str(error), (code, body)
    else:
        raise AssertionError(f"{code} was not refused")


with openai.OpenAI(base_url=f"{url}/v1", api_key=key, default_headers=grant) as client:
    raw = client.chat.completions.with_raw_response.create(model="gpt-5", messages=ask, max_completion_tokens=20)
    assert raw.parse().choices[0].message.content == "Hello"
    payload = header_receipt(raw)
    digest = hashlib.sha256(raw.http_response.content).digest()
    assert payload["response_hash_b64u"] == b64u(digest), "the answer was changed"
    stream = client.chat.completions.create(model="gpt-5", messages=ask, stream=True, max_completion_tokens=20)
    timed(part.choices[0].delta.content for part in stream if part.choices)
    said = client.responses.create(model="gpt-5", input="say hello", max_output_tokens=20)
    assert said.output_text == "Hello"
    stream = client.responses.create(model="gpt-5", input="say hello", stream=True, max_output_tokens=20)
    timed(event.delta for event in stream if event.type == "response.output_text.delta")
    assert [one.id for one in client.models.list()] == ["gpt-5"]
    bad = dict(messages=ask, max_completion_tokens=20)
    refused(lambda: client.chat.completions.create(model="gpt-4o", **bad), openai.PermissionDeniedError, "model_not_allowed")
    refused(lambda: client.embeddings.create(model="gpt-5", input="x"), openai.NotFoundError, "route_unknown")
    odd = [{"role": "user", "content": "say hello, odd model"}]
    refused(lambda: client.chat.completions.create(model="gpt-5", messages=odd, max_completion_tokens=20),
            openai.InternalServerError, "model_mismatch")
    cut = [{"role": "user", "content": "say hello, break off"}]
    refused(lambda: list(client.chat.completions.create(model="gpt-5", messages=cut, stream=True, max_completion_tokens=20)),
            openai.APIError, "upstream_dropped")
    refused(lambda: client.chat.completions.create(model="gpt-5", messages=ask, max_completion_tokens=900_000),
            openai.RateLimitError, "model_budget_spent")

with anthropic.Anthropic(base_url=url, api_key=key, default_headers=grant) as client:
    said = client.messages.with_raw_response.create(model="claude-sonnet-5", max_tokens=20, messages=ask)
    assert said.parse().content[0].text == "Hello"
    header_receipt(said)
    with client.messages.stream(model="claude-sonnet-5", max_tokens=20, messages=ask) as stream:
        timed(stream.text_stream)
        assert stream.get_final_message().usage.output_tokens == 2
    assert [one.id for one in client.models.list()] == ["claude-sonnet-5"]
    refused(lambda: client.messages.create(model="claude-opus-4", max_tokens=20, messages=ask),
            anthropic.PermissionDeniedError, "model_not_allowed")
    refused(lambda: client.messages.stream(model="claude-sonnet-5", max_tokens=20, messages=cut).__enter__().get_final_message(),
            anthropic.APIError, "upstream_dropped")

options = genai.types.HttpOptions(base_url=url, headers=grant)
client = genai.Client(api_key=key, http_options=options)
config = genai.types.GenerateContentConfig(max_output_tokens=20)
said = client.models.generate_content(model="gemini-2.5-pro", contents="say hello", config=config)
assert said.text == "Hello"
stream = client.models.generate_content_stream(model="gemini-2.5-pro", contents="say hello", config=config)
timed(part.text for part in stream)
refused(lambda: client.models.generate_content(model="gemini-9", contents="x", config=config),
        genai.errors.ClientError, "model_not_allowed")

# A token of nobody, and one without its grant.
nobody = openai.OpenAI(base_url=f"{url}/v1", api_key="sk-123", max_retries=0)
refused(lambda: nobody.chat.completions.create(model="gpt-5", messages=ask), openai.AuthenticationError, "token_malformed")

# Each request with a proof by the agent's key (RFC 9449).
proved, proved_grant = token(proved_token_file)
agent = load_pem_private_key(open(key_file, "rb").read(), None)


def prove(request):
    x = b64u(agent.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
    header = {"typ": "dpop+jwt", "alg": "EdDSA", "jwk": {"kty": "OKP", "crv": "Ed25519", "x": x}}
    claims = {"htm": request.method, "htu": str(request.url).split("?")[0], "iat": int(time.time()),
              "jti": str(uuid.uuid4()), "ath": b64u(hashlib.sha256(proved.encode()).digest())}
    signed = ".".join(b64u(json.dumps(part).encode()) for part in (header, claims))
    request.headers["dpop"] = f"{signed}.{b64u(agent.sign(signed.encode()))}"


hooked = openai.DefaultHttpxClient(event_hooks={"request": [prove]})
with openai.OpenAI(base_url=f"{proved_url}/v1", api_key=proved, default_headers=proved_grant, http_client=hooked) as client:
    for _ in range(2):
        said = client.chat.completions.create(model="gpt-5", messages=ask, max_completion_tokens=20)
        assert said.choices[0].message.content == "Hello"
bare = openai.OpenAI(base_url=f"{proved_url}/v1", api_key=proved, default_headers=proved_grant)
refused(lambda: bare.chat.completions.create(model="gpt-5", messages=ask), openai.AuthenticationError, "proof_required")
print(f"Python: openai {openai.__version__}, anthropic {anthropic.__version__}, google-genai {genai.__version__}")
