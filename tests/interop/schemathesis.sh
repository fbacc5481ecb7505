#!/usr/bin/env bash
# tests/interop/schemathesis.sh WPC PYTHON [EXAMPLES]: fuzzes a control plane by its own OpenAPI document.
#
# PYTHON has `schemathesis` and `cryptography`. Every request is signed, by a principal with all the roles that one
# may have, so that it gets past the door. No answer may be a 5xx, and no answer may hold a key.
set -euo pipefail
wpc="$(realpath "$1")" python="$2" examples="${3:-30}" here="$(cd "$(dirname "$0")" && pwd)"
work="$(mktemp -d)"
server=""
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
did() { "$wpc" key show "$1.key" --format json | python3 -c 'import json,sys; print(json.load(sys.stdin)["did"])'; }
for who in plane all author; do "$wpc" key new "$who.key" >/dev/null; done
cat >trust.json <<END
{"v":1,"principals":[
 {"name":"plane","keys":["$(did plane)"],"roles":["token_issuer","revoker"]},
 {"name":"author","keys":["$(did author)"],"roles":["policy_author"]},
 {"name":"all","keys":["$(did all)"],"roles":["ledger","auditor","operator","releaser"]}],"threshold":{"witness":0}}
END
"$wpc" serve --trust trust.json --key plane.key --listen 127.0.0.1:0 --store plane/plane.db --objects plane/objects \
    --per-principal 10000 --per-address 10000 >serve.out 2>serve.log &
server=$!
for _ in $(seq 300); do grep -q ^serving serve.out && break; sleep 0.1; done
url="$(awk '/^serving/ {print $2}' serve.out)"
# The stream has no end: it is for gates, and its page of events is the events' path again.
WPC_KEY=all.key WPC_DID="$(did all)" SCHEMATHESIS_HOOKS=signed_requests PYTHONPATH="$here" \
    "$(dirname "$python")/schemathesis" run "$url/openapi.json" --url "$url" --checks not_a_server_error \
    --max-examples "$examples" --seed 1 --request-timeout 20
if grep -qE '"status":5[0-9][0-9]' serve.log; then
    grep -E '"status":5[0-9][0-9]' serve.log | head
    exit 1
fi
if grep -q 'PRIVATE KEY' serve.log; then exit 1; fi
printf '%s requests, none answered with 5xx\n' "$(grep -c '"request"' serve.log)"
