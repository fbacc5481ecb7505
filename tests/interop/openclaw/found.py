"""What `wpc audit openclaw --format json` found: found.py FILE EXIT wider|no_wider CODE..."""

import json
import sys

file, ended, expected, *codes = sys.argv[1:]
with open(file) as text:
    answer = json.load(text)
found = {one["code"] for one in answer["findings"]}
assert answer["wider"] == (expected == "wider") and int(ended) == int(answer["wider"]), (ended, answer)
missing = set(codes) - found
assert not missing, f"not found: {missing}, of {found}"
if not answer["wider"]:
    assert found == set(codes), found
print(f"   {expected}: {', '.join(sorted(found))}")
