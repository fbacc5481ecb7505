"""What went up, and what is proved of it: checked.py UPSTREAM_LOG ENTRIES EXPORT TOKEN…"""

import json
import sys

log, entries, export, *tokens = sys.argv[1:]
text = open(log).read()
for file in tokens:
    assert open(file).read().strip() not in text, "a token went up"
asked = [json.loads(line) for line in text.splitlines()]
known = {"host", "content-type", "accept", "accept-encoding", "user-agent", "content-length", "authorization", "x-api-key",
         "x-goog-api-key", "anthropic-version", "anthropic-beta", "openai-beta"}
for one in asked:
    assert set(one["headers"]) <= known, set(one["headers"]) - known
    assert one["headers"]["accept-encoding"] == "identity"
    assert one["headers"]["user-agent"].startswith("wpc-proxy/"), one["headers"]
calls = [one for one in json.load(open(entries))["entries"] if one["kind"] == "model_call"]
assert len(calls) == len(asked), f"{len(asked)} calls went up, {len(calls)} are in the ledger"
exported = json.load(open(export))
receipts = exported["payload"]["receipts"]
spans = [one["payload"]["binding"].get("parent_span_id") for one in receipts]
assert spans[0] is None and set(spans[1:]) == {receipts[0]["payload"]["binding"]["span_id"]}, spans
sent = {one["sha256"] for one in asked}
assert all(one["payload"]["request_hash_b64u"] in sent for one in receipts), "a receipt of something else"
ends = sorted({one["payload"]["metadata"]["wpc_notes"]["end"] for one in receipts})
print(f"{len(asked)} calls went up, {len(receipts)} receipts of one job are exported: {', '.join(ends)}")
