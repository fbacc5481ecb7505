"""A model that does what a script says, over OpenAI's chat completions: model.py SCRIPT LOG

SCRIPT is a JSON list of turns, each `{"call": NAME, "arguments": {...}}` or `{"say": TEXT}`; with `"stop": FILE` the process
whose id stands in FILE is ended before. What is asked is kept in LOG, a JSON object a line: the tools that were offered, and
what the last tool call came back with. Prints its port.
"""

import http.server
import json
import os
import signal
import sys
import time

script_file, log_file = sys.argv[1:]


def chunk(delta, finish=None):
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "one",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def text_of(message):
    content = message.get("content")
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content)
    return content or ""


def stop(file):
    with open(file) as text:
        pid = int(text.read())
    os.kill(pid, signal.SIGTERM)
    for _ in range(200):
        try:
            with open(f"/proc/{pid}/stat") as stat:
                if stat.read().rsplit(")", 1)[1].split()[0] == "Z":
                    return
        except FileNotFoundError:
            return
        time.sleep(0.1)
    raise TimeoutError(f"{pid} does not end")


class Model(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        messages = asked["messages"]
        results = [text_of(one) for one in messages if one["role"] == "tool"]
        with open(log_file, "a") as log:
            print(json.dumps({
                "tools": sorted(tool["function"]["name"] for tool in asked.get("tools", [])),
                "authorization": self.headers.get("authorization", ""),
                "grant": self.headers.get("wpc-grant"),
                "result": results[-1] if results else None}), file=log)
        with open(script_file) as script:
            turn = json.load(script)[len(results)]
        if "stop" in turn:
            stop(turn["stop"])
        if "call" in turn:
            call = {"index": 0, "id": f"call_{len(results)}", "type": "function", "function": {
                "name": turn["call"], "arguments": json.dumps(turn["arguments"])}}
            chunks = [chunk({"role": "assistant", "tool_calls": [call]}), chunk({}, "tool_calls")]
        else:
            chunks = [chunk({"role": "assistant", "content": turn["say"]}), chunk({}, "stop")]
        chunks[-1]["usage"] = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        body = "".join(f"data: {json.dumps(one)}\n\n" for one in chunks) + "data: [DONE]\n\n"
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
print(server.server_address[1], flush=True)
server.serve_forever()
