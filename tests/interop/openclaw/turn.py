"""What the model was asked in one turn, and what its calls came back with: turn.py ASKED TOOLS SENT

TOOLS is what `wpc emit openclaw --format json` said, SENT how many messages the queue holds by then, or `walled` if the plugin
lets nothing be sent.
"""

import json
import sys

asked_file, emitted_file, sent = sys.argv[1:]
with open(asked_file) as lines:
    asked = [json.loads(line) for line in lines]
with open(emitted_file) as emitted:
    tools = next(agent["tools"] for agent in json.load(emitted)["agents"] if agent["id"] == "billing")

assert len(asked) == 6, f"{len(asked)} requests"
for one in asked:
    assert one["tools"] == tools, f"offered {one['tools']}, not {tools}"
    # The provider's own key: the job's token stays at the gateway.
    assert one["authorization"] == "Bearer a-providers-key" and not one["grant"], one
_, sent_one, other_queue, too_many, exec_call, peeked = [one["result"] for one in asked]
if sent == "walled":
    assert all("tool_not_allowed" in refusal and "azure_service_bus__peek" in refusal for refusal in (sent_one, too_many)), sent_one
    print("   the plugin refused both sends")
    sys.exit()
assert "accepted" in sent_one and "message_ids" in sent_one, sent_one
# The schema is the policy's, and OpenClaw holds calls to it before they are made.
assert "must be equal to one of the allowed values" in other_queue, other_queue
# Within the schema; the gate counts.
assert "limit_exceeded" in too_many and "What to do: Stop calling this tool" in too_many, too_many
assert "not found" in exec_call, exec_call
assert peeked.count('"message_id"') == int(sent) * 2, peeked
print(f"   offered {', '.join(tools)}; sent one, refused three")
