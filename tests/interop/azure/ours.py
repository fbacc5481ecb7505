"""Our tool, `wpc-service-bus`, over standard input and output, and the people who approve."""

import json
import os
import subprocess

WPC = os.environ["WPC"]


class Refused(Exception):
    """What a call was told in place of being done."""


class Ours:
    def __init__(self, policy, token):
        command = [os.environ["WPC_SERVICE_BUS"], "--policy", f"{policy}.wpc.dsse.json", "--trust", "trust.json",
                   "--ledger", "ledger/l.db", "--token", f"{token}.token", "--key", "agent.key",
                   "--local", os.environ["AMQP"], "--local-admin", os.environ["ADMIN"]]
        self.server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.number = 0
        self.ask("initialize", {"protocolVersion": "2025-11-25", "capabilities": {},
                                "clientInfo": {"name": "interop", "version": "1"}})
        self.tell({"method": "notifications/initialized"})

    def tell(self, message):
        self.server.stdin.write(json.dumps({"jsonrpc": "2.0"} | message) + "\n")
        self.server.stdin.flush()

    def ask(self, method, params):
        self.number += 1
        self.tell({"id": self.number, "method": method, "params": params})
        while True:
            line = self.server.stdout.readline()
            assert line, "our tool ended"
            message = json.loads(line)
            if message.get("id") == self.number:
                return message["result"]

    def call(self, name, **arguments):
        result = self.ask("tools/call", {"name": name, "arguments": arguments})
        if result.get("isError"):
            raise Refused(result["content"][0]["text"])
        return result["structuredContent"]

    def approved(self, name, **arguments):
        """Asks, has it approved by whoever is on call, and asks again."""
        try:
            return self.call(name, **arguments)
        except Refused as refused:
            assert "approval_required" in str(refused), refused
            job = str(refused).split("of job ")[1].split(":")[0]
        requests = f"requests-{self.number}"
        ledger = ["--ledger", "ledger/l.db", "--trust", "trust.json"]
        os.mkdir(requests)
        run("approve", "list", *ledger, "--job", job, "--out", requests)
        newest = max((os.path.join(requests, name) for name in os.listdir(requests)), key=asked_at)
        run("approve", "sign", newest, "--key", "oncall.key", "--for", "10m", "--out", f"{requests}.approval")
        run("approve", "submit", f"{requests}.approval", *ledger, "--job", job)
        return self.call(name, **arguments)

    def end(self):
        self.server.stdin.close()
        assert self.server.wait(30) == 0


def asked_at(path):
    return json.load(open(path))["requested_at"]


def run(*arguments):
    done = subprocess.run([WPC, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def queue(name):
    return {"kind": "queue", "name": name}
