"""What `wpc ledger show --format json` says of the runs of wpc-service-bus: bus_entries.py FILE"""

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
sends = [entry for where, entry in outcomes.items() if attempts[where]["action"] == "send"]
assert len(sends) == 500 + 1 + 2 * 50 and all(one["result"] == "done" for one in sends), len(sends)
# The broker's own word, and not the server's.
assert all(one["provider"]["status"] == "accepted" for one in sends)
results = collections.Counter(entry["result"] for entry in outcomes.values())
# Three clients cancelled, and one was killed while its call was under way.
assert results["abandoned"] == 4, results
assert results["failed"] == 3, results
for code in ("unknown_argument", "unknown_tool"):
    assert refused[code] >= 1, (code, refused)
print(f"   {len(attempts)} attempts, {dict(results)}, refused {dict(refused)}")
