"""What the gate logged of the plugin's questions: asks.py LOG QUESTION..., each `TOOL DECISION`

A decision is `allow` or the code of a refusal.
"""

import json
import sys

log_file, *expected = sys.argv[1:]
with open(log_file) as log:
    lines = [json.loads(line) for line in log if line.startswith("{")]
asked = [line for line in lines if line["message"] == "a call was asked about"]
told = [f"{one['tool']} {one.get('code', one['decision'])}" for one in asked]
assert told == expected, told
for one in asked:
    # What OpenClaw says of itself, marked as such; the job is the token's.
    assert one["claimed_agent"] == "billing" and one["job"], one
    assert "billing" in one["claimed_session"] and one["claimed_run"] and one["claimed_call"], one
    assert set(one) <= {"timestamp", "level", "message", "job", "policy", "tool", "decision", "code", "call",
                        "claimed_agent", "claimed_session", "claimed_run", "claimed_call"}, one
print(f"   the gate was asked {len(asked)} times")
