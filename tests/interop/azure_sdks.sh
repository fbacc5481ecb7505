#!/usr/bin/env bash
# Azure's official SDKs in Python and JavaScript exchange messages with `wpc-service-bus` through the local
# endpoint, both ways. Installs them. Ends with what the ledger says.
#
#     tests/interop/azure_sdks.sh WORK          WORK: an empty folder, for packages and files
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)/azure"
root="$(cd "$(dirname "$0")/../.." && pwd)"
export WPC="${WPC:-$root/target/debug/wpc}"
export WPC_SERVICE_BUS="${WPC_SERVICE_BUS:-$root/target/debug/wpc-service-bus}"
listen="${WPC_ENDPOINT:-$root/target/debug/examples/listen}"
cd "$1"
umask 077

say() { printf -- '-- %s\n' "$*"; }
did() { python3 -c 'import json,sys; print(json.load(sys.stdin)["did"])'; }

say "packages"
[ -x venv/bin/pip ] || python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check azure-servicebus==7.15.0
mkdir -p js
cp "$here/package.json" "$here/check.mjs" js/
[ -d js/node_modules ] || (cd js && npm install --silent --no-audit --no-fund --ignore-scripts)

say "policies, keys, tokens"
for key in author issuer agent oncall; do "$WPC" key new "$key.key" > "$key.did"; done
"$WPC" ledger init ledger/l.db > /dev/null
ledger="$("$WPC" key show ledger/l.db.key --format json | did)"
cat > trust.json <<END
{"v":1,"principals":[
 {"name":"alice","keys":["$(cat author.did)"],"roles":["policy_author"]},
 {"name":"issuer","keys":["$(cat issuer.did)"],"roles":["token_issuer"]},
 {"name":"oncall","keys":["$(cat oncall.did)"],"roles":["approver"]},
 {"name":"gate","keys":["$ledger"],"roles":["ledger"],"mode":"in_process"}]}
END
for policy in azure azure-admin; do
    "$WPC" compile "$here/$policy.wpc" --param oncall="$(cat oncall.did)" --out . > /dev/null
    "$WPC" sign "$policy.wpc.json" --key author.key > /dev/null
done
token() { # policy, name
    "$WPC" token issue --artifact "$1.wpc.json" --key issuer.key --mint --ledger "$ledger" \
        --agent "$(cat agent.did)" --out "$2.token" > /dev/null
}
token azure azure-py
token azure azure-js
token azure-admin azure-admin

say "the endpoint"
mkfifo control
export CONTROL="$PWD/control" ANSWERS="$PWD/listening"
# Held open for writing, so that it does not end with the first who tells it something.
"$listen" < control > listening &
pid=$!
exec 9> control
trap 'kill "$pid" 2> /dev/null || true' EXIT
for _ in $(seq 100); do grep -q listening listening && break; sleep 0.1; done
read -r _ amqp admin < listening
export AMQP="127.0.0.1:$amqp" ADMIN="127.0.0.1:$admin"

say "Python"
PYTHONPATH="$here" venv/bin/python "$here/check.py"
say "JavaScript"
node js/check.mjs
exec 9>&-
wait "$pid"
trap - EXIT

say "what the ledger says"
"$WPC" ledger check ledger/l.db > /dev/null
"$WPC" ledger show ledger/l.db --format json | python3 -c '
import collections, json, sys
entries = json.load(sys.stdin)["entries"]
outcomes = [entry for entry in entries if entry["kind"] == "outcome"]
results = collections.Counter(entry["result"] for entry in outcomes)
assert results["failed"] == 1 and not results["unknown"] and not results["abandoned"], results
(failed,) = [entry for entry in outcomes if entry["result"] == "failed"]
assert failed["code"] == "rejected" and failed["provider"]["status"] == "amqp:not-allowed", failed
print("  ", dict(results))
'
echo "Azure's SDKs in Python and JavaScript, and our tool: both ways"
