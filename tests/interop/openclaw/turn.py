"""What the model was asked in one turn, and what its calls came back with: turn.py ASKED TOOLS TURN

TOOLS is what `wpc emit openclaw --format json` said. TURN is how many messages the queue holds by then; `widened` where OpenClaw's
lists have `exec` too; `stopped` where the gate is gone from the second call on.
"""

import json
import sys

asked_file, emitted_file, turn = sys.argv[1:]
with open(asked_file) as lines:
    asked = [json.loads(line) for line in lines]
with open(emitted_file) as emitted:
    tools = next(agent["tools"] for agent in json.load(emitted)["agents"] if agent["id"] == "billing")
more = [] if turn.isdigit() else ["exec"]

for one in asked:
    assert one["tools"] == sorted([*tools, *more]), f"offered {one['tools']}, not {tools} and {more}"
    # The provider's own key: the job's token stays at the gateway.
    assert one["authorization"] == "Bearer a-providers-key" and not one["grant"], one
_, *results = [one["result"] for one in asked]
BLOCKED = "tool_not_allowed: exec is no tool that the policy allows"
if turn == "widened":
    exec_call, peeked = results
    assert BLOCKED in exec_call and "recorded" not in exec_call, exec_call
    assert peeked.count('"message_id"') == 4, peeked
    print("   exec was offered, and the plugin blocked it")
elif turn == "stopped":
    peeked, peek_again, sent, exec_call = results
    assert peeked.count('"message_id"') == 4, peeked
    for blocked in (peek_again, sent):
        assert "gate_unavailable: the gate did not decide this call: it gave no answer" in blocked, blocked
    assert BLOCKED in exec_call and "It may be unrecorded: it gave no answer." in exec_call, exec_call
    print("   once the gate was gone, three calls were blocked")
else:
    sent_one, other_queue, too_many, exec_call, peeked = results
    assert "accepted" in sent_one and "message_ids" in sent_one, sent_one
    # The schema is the policy's, and OpenClaw holds calls to it before they are made.
    assert "must be equal to one of the allowed values" in other_queue, other_queue
    # Within the schema; the gate counts, and says it in the same words to the plugin and to a call.
    assert "limit_exceeded" in too_many and "What to do: Stop calling this tool" in too_many, too_many
    assert "not found" in exec_call, exec_call
    assert peeked.count('"message_id"') == int(turn) * 2, peeked
    print(f"   offered {', '.join(tools)}; sent one, refused three")
