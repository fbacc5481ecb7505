"""What OpenClaw says of what was emitted: accepted.py EMITTED PROBE EXPLAINED AUDITED CONFORMING, each as JSON"""

import json
import sys


def read(file):
    with open(file) as text:
        return json.load(text)


emitted, probe, explained, audited, conforming = map(read, sys.argv[1:])
tools = next(agent["tools"] for agent in emitted["agents"] if agent["id"] == "billing")
# OpenClaw's names of what the gate serves are those that were predicted.
assert sorted(probe["tools"]) == tools and not probe["diagnostics"], probe
box = explained["sandbox"]
assert box["mode"] == "all" and box["workspaceAccess"] == "none" and box["sessionIsSandboxed"], box
assert sorted(box["tools"]["allow"]) == sorted([*tools, "view_image"]), box["tools"]["allow"]
# The list that stands where none is said was not replaced.
assert {"browser", "nodes", "gateway"} <= set(box["tools"]["deny"]), box["tools"]["deny"]
assert explained["elevated"]["enabled"] is False, explained["elevated"]
found = [one["checkId"] for one in audited["findings"] if one["severity"] != "info"]
assert audited["summary"]["critical"] == 0 and found == ["gateway.trusted_proxies_missing"], found
assert conforming["ok"] and not conforming["findings"], conforming["findings"]
print(f"   probe, sandbox explain, security audit and policy check ({conforming['checksRun']} checks) agree")
