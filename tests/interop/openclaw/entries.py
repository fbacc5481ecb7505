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
# The third peek is of the turn in which the plugin kept the sends back.
assert decided == [("peek", "allow")] * 3 + [("send", "allow")] * 2 + [("send", "deny")] * 2, decided
assert all(one["result"] == "done" for one in outcomes.values()), outcomes
assert not refused, refused
# Three turns of six answers of the model each, and each attempt comes right behind the answer that led to it.
with open(sys.argv[1]) as text:
    kinds = [entry["kind"] for entry in json.load(text)["entries"] if entry["kind"] in ("model_call", "attempt")]
assert kinds.count("model_call") == 18, kinds
assert all(before == "model_call" for before, kind in zip(kinds, kinds[1:]) if kind == "attempt"), kinds
print(jobs.pop())
