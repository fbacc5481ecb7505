"""What `wpc ledger show --format json` says of the runs: entries.py FILE"""

import collections
import json
import sys

entries = json.load(open(sys.argv[1]))["entries"]
attempts, outcomes, refused = {}, {}, collections.Counter()
for entry in entries:
    where = (entry["job"], entry.get("call"))
    if entry["kind"] == "attempt":
        assert where not in attempts, f"recorded twice: {where}"
        attempts[where] = entry
    elif entry["kind"] == "outcome":
        assert where not in outcomes, f"ended twice: {where}"
        outcomes[where] = entry
    elif entry["kind"] == "refused":
        refused[entry["code"]] += 1
allowed = {where for where, entry in attempts.items() if entry["decision"] == "allow"}
assert allowed == set(outcomes), f"{len(allowed)} admitted, {len(outcomes)} ended"
results = collections.Counter(entry["result"] for entry in outcomes.values())
assert results["done"] > 1_900, results
# Two clients cancelled, and one was killed while its call was under way.
assert results["abandoned"] == 4, results
assert results["failed"] == 1, results
for code in ("wrong_type", "unknown_argument", "unknown_tool", "duplicate_key", "bad_name", "tool_changed"):
    assert refused[code] >= 1, (code, refused)
print(f"   {len(attempts)} attempts, {dict(results)}, refused {dict(refused)}")
