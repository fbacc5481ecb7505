"""What `wpc ledger show --format json` says of the runs: entries.py FILE"""

import collections
import sys

import recorded

attempts, outcomes, refused = recorded.read(sys.argv[1])
results = collections.Counter(entry["result"] for entry in outcomes.values())
assert results["done"] > 1_900, results
# Two clients cancelled, and one was killed while its call was under way.
assert results["abandoned"] == 4, results
assert results["failed"] == 1, results
for code in ("wrong_type", "unknown_argument", "unknown_tool", "duplicate_key", "bad_name", "tool_changed"):
    assert refused[code] >= 1, (code, refused)
print(f"   {len(attempts)} attempts, {dict(results)}, refused {dict(refused)}")
