"""Model providers of our own on loopback: upstream.py KEY LOG. Prints its port.

Each protocol is answered as its provider does, whole and streamed; what was asked goes to LOG, one JSON object a
line. A request without the operator's key is refused. Prompts say what to do: "odd model", "break off"."""

import base64
import hashlib
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

key, log = sys.argv[1:]
PAUSE = 0.4


def chat(model, finish, **more):
    return {"id": "chatcmpl-1", "created": 1, "model": model, **more,
            "choices": [{"index": 0, "finish_reason": finish, "logprobs": None}]}


def events(path, model):
    """The parts of a stream; a number is a pause."""
    if "chat" in path:
        parts = [chat(model, None, object="chat.completion.chunk") for _ in range(3)]
        for part, text in zip(parts, ("Hel", "lo", "")):
            part["choices"][0]["delta"] = {"role": "assistant", "content": text}
        parts[2]["choices"][0]["finish_reason"] = "stop"
        usage = {"prompt_tokens": 11, "completion_tokens": 2, "total_tokens": 13}
        last = {**chat(model, None, object="chat.completion.chunk", usage=usage), "choices": []}
        return [(None, parts[0]), PAUSE, (None, parts[1]), (None, parts[2]), (None, last), (None, "[DONE]")]
    if "responses" in path:
        begun = response(model, "in_progress", [])
        text = {"item_id": "msg_1", "output_index": 0, "content_index": 0, "logprobs": []}
        return [
            ("response.created", {"type": "response.created", "response": begun, "sequence_number": 0}),
            ("response.output_text.delta",
             {"type": "response.output_text.delta", "delta": "Hel", "sequence_number": 1, **text}), PAUSE,
            ("response.output_text.delta",
             {"type": "response.output_text.delta", "delta": "lo", "sequence_number": 2, **text}),
            ("response.completed",
             {"type": "response.completed", "response": answer(path, model), "sequence_number": 3})]
    if "messages" in path:
        message = {**answer(path, model), "content": [], "stop_reason": None}
        message["usage"] = {"input_tokens": 11, "output_tokens": 1}
        delta = {"type": "content_block_delta", "index": 0}
        return [
            ("message_start", {"type": "message_start", "message": message}),
            ("content_block_start",
             {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
            ("ping", {"type": "ping"}),
            ("content_block_delta", {**delta, "delta": {"type": "text_delta", "text": "Hel"}}), PAUSE,
            ("content_block_delta", {**delta, "delta": {"type": "text_delta", "text": "lo"}}),
            ("content_block_stop", {"type": "content_block_stop", "index": 0}),
            ("message_delta", {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None},
                               "usage": {"output_tokens": 2}}),
            ("message_stop", {"type": "message_stop"})]
    first, last = answer(path, model), answer(path, model)
    first["candidates"][0] = {"content": {"role": "model", "parts": [{"text": "Hel"}]}, "index": 0}
    first["usageMetadata"] = {"promptTokenCount": 11, "totalTokenCount": 11}
    last["candidates"][0]["content"]["parts"][0]["text"] = "lo"
    return [(None, first), PAUSE, (None, last)]


def response(model, status, output):
    return {"id": "resp_1", "object": "response", "created_at": 1, "status": status, "model": model,
            "output": output, "parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "error": None,
            "incomplete_details": None, "instructions": None, "metadata": {}, "temperature": 1.0, "top_p": 1.0}


def answer(path, model):
    if "chat" in path:
        said = chat(model, "stop", object="chat.completion")
        said["choices"][0]["message"] = {"role": "assistant", "content": "Hello", "refusal": None}
        return {**said, "usage": {"prompt_tokens": 11, "completion_tokens": 2, "total_tokens": 13}}
    if "responses" in path:
        text = {"type": "output_text", "text": "Hello", "annotations": [], "logprobs": []}
        message = {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": [text]}
        usage = {"input_tokens": 11, "output_tokens": 2, "total_tokens": 13,
                 "input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
        return {**response(model, "completed", [message]), "usage": usage}
    if "messages" in path:
        return {"id": "msg_1", "type": "message", "role": "assistant", "model": model,
                "content": [{"type": "text", "text": "Hello"}], "stop_reason": "end_turn", "stop_sequence": None,
                "usage": {"input_tokens": 11, "output_tokens": 2}}
    content = {"role": "model", "parts": [{"text": "Hello"}]}
    usage = {"promptTokenCount": 11, "candidatesTokenCount": 2, "totalTokenCount": 13}
    return {"candidates": [{"content": content, "finishReason": "STOP", "index": 0}],
            "modelVersion": model, "usageMetadata": usage}


class Provider(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        raw = self.rfile.read(int(self.headers["content-length"]))
        body = json.loads(raw)
        digest = base64.urlsafe_b64encode(hashlib.sha256(raw).digest()).rstrip(b"=").decode()
        with open(log, "a") as file:
            headers = {name.lower(): value for name, value in self.headers.items()}
            file.write(json.dumps({"path": self.path, "headers": headers, "body": body, "sha256": digest}) + "\n")
        shown = [self.headers.get("authorization", "").removeprefix("Bearer "), self.headers.get("x-api-key"),
                 self.headers.get("x-goog-api-key")]
        if key not in shown:
            return self.say(401, {"error": {"message": f"wrong key, not {key}"}})
        model = body.get("model") or self.path.split("/models/")[1].split(":")[0]
        prompt = json.dumps(body)
        if "odd model" in prompt:
            model = "another-model"
        if body.get("stream") or "alt=sse" in self.path:
            return self.stream(events(self.path, model), "break off" in prompt)
        self.say(200, answer(self.path, model))

    def say(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def stream(self, parts, breaks):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for part in parts:
            if part == PAUSE:
                if breaks:
                    self.close_connection = True
                    return
                time.sleep(PAUSE)
                continue
            name, data = part
            text = data if isinstance(data, str) else json.dumps(data)
            event = (f"event: {name}\n" if name else "") + f"data: {text}\n\n"
            event = event.encode()
            self.wfile.write(f"{len(event):x}\r\n".encode() + event + b"\r\n")
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")


class Providers(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """The gateway went away in the middle, as it was asked to."""


server = Providers(("127.0.0.1", 0), Provider)
print(server.server_address[1], flush=True)
server.serve_forever()
