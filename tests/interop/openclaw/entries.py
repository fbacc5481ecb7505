"""What `wpc ledger show --format json` says of the turns of one job, which is printed: entries.py FILE"""

import json
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).parent.parent / "mcp"))
import recorded  # noqa: E402

attempts, outcomes, refused = recorded.read(sys.argv[1])
jobs = {job for job, _ in attempts}
assert len(jobs) == 1, jobs
decided = sorted((one["action"], one["decision"]) for one in attempts.values())
# What the schema already kept back never came here.
# A question that was refused is an attempt, and there is no other of the same call; one that was not is nothing.
assert decided == [("peek", "allow")] * 4 + [("send", "allow")] * 2 + [("send", "deny")] * 2, decided
assert all(one["result"] == "done" for one in outcomes.values()), outcomes
# What OpenClaw was made to offer, and the plugin told the gate of.
assert refused == {"unknown_tool": 1}, refused
# Turns of six, six, three and five answers of the model, and each attempt comes right behind the answer that led to it.
with open(sys.argv[1]) as text:
    kinds = [entry["kind"] for entry in json.load(text)["entries"] if entry["kind"] in ("model_call", "attempt")]
assert kinds.count("model_call") == 20, kinds
assert all(before == "model_call" for before, kind in zip(kinds, kinds[1:]) if kind == "attempt"), kinds
print(jobs.pop())
