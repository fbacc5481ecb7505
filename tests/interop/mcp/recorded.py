"""What `wpc ledger show --format json` says: every call recorded once, and every admitted one ended once."""

import collections
import json


def read(file):
    """Attempts and outcomes by job and call, and how often each code was refused."""
    with open(file) as text:
        entries = json.load(text)["entries"]
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
    return attempts, outcomes, refused
