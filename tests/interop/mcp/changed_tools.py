"""A server's answer to `tools/list` with one argument more: changed_tools.py COMMAND..."""

import json
import subprocess
import sys

server = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def send(message):
    server.stdin.write(json.dumps(message) + "\n")
    server.stdin.flush()


def answer(number):
    while True:
        message = json.loads(server.stdout.readline())
        if message.get("id") == number:
            return message["result"]


send({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
    "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}})
answer(1)
send({"jsonrpc": "2.0", "method": "notifications/initialized"})
send({"jsonrpc": "2.0", "id": 2, "method": "tools/list"})
result = answer(2)
server.kill()
for tool in result["tools"]:
    tool["inputSchema"]["properties"]["zone_of_nobody"] = {"type": "string"}
json.dump(result, sys.stdout)
