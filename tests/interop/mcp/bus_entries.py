"""What `wpc ledger show --format json` says of the runs of wpc-service-bus: bus_entries.py FILE"""

import collections
import sys

import recorded

attempts, outcomes, refused = recorded.read(sys.argv[1])
sends = [entry for where, entry in outcomes.items() if attempts[where]["action"] == "send"]
assert len(sends) == 500 + 1 + 3 * 50 and all(one["result"] == "done" for one in sends), len(sends)
# The broker's own word, and not the server's.
assert all(one["provider"]["status"] == "accepted" for one in sends)
results = collections.Counter(entry["result"] for entry in outcomes.values())
# Four clients cancelled, and one was killed while its call was under way.
assert results["abandoned"] == 5, results
assert results["failed"] == 4, results
for code in ("unknown_argument", "unknown_tool"):
    assert refused[code] >= 1, (code, refused)
print(f"   {len(attempts)} attempts, {dict(results)}, refused {dict(refused)}")
