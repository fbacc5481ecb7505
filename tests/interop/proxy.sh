#!/usr/bin/env bash
# `wpc proxy` used by the official SDKs of OpenAI, Anthropic and Google in Python, and of OpenAI and Anthropic
# in TypeScript, plain and streamed, with providers of our own on loopback behind it. Ends with a bundle that
# verifies, and its Clawsig export.
#
#     tests/interop/proxy.sh WORK          WORK: an empty folder, for packages and files
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)/proxy"
root="$(cd "$(dirname "$0")/../.." && pwd)"
wpc="${WPC:-$root/target/debug/wpc}"
work="$(realpath "$1")"
cd "$work"
umask 077

say() { printf -- '-- %s\n' "$*"; }
did() { python3 -c 'import json,sys; print(json.load(sys.stdin)["did"])'; }

say "packages"
[ -x venv/bin/pip ] || python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check openai==3.57.0 anthropic==2.14.0 google-genai==3.6.1 \
    'cryptography>=43'
mkdir -p js
cp "$here/package.json" "$here/client.mjs" js/
[ -d js/node_modules ] || (cd js && npm install --silent --no-audit --no-fund --ignore-scripts)

say "a signed policy, tokens, a ledger"
for key in author issuer agent gateway export; do "$wpc" key new "$key.key" > "$key.did"; done
"$wpc" ledger init ledger/l.db > /dev/null
ledger="$("$wpc" key show ledger/l.db.key --format json | did)"
python3 - "$(cat author.did)" "$(cat issuer.did)" "$(cat gateway.did)" "$ledger" > trust.json <<'PY'
import json, sys
author, issuer, gateway, ledger = sys.argv[1:]
json.dump({"v": 1, "principals": [
    {"name": "alice", "keys": [author], "roles": ["policy_author"]},
    {"name": "issuer", "keys": [issuer], "roles": ["token_issuer"]},
    {"name": "gateway", "keys": [gateway], "roles": ["model_gateway"]},
    {"name": "ledger", "keys": [ledger], "roles": ["ledger"], "mode": "gateway"}]}, sys.stdout)
PY
cp "$here/chat.wpc" chat.wpc
sed 's/policy chat/policy proved/; s/; bearer//' chat.wpc > proved.wpc
for policy in chat proved; do
    "$wpc" compile "$policy.wpc" --out "$work" > /dev/null 2>&1
    "$wpc" sign "$policy.wpc.json" --key author.key > /dev/null
done
token() { # policy, name
    "$wpc" token issue --artifact "$1.wpc.json" --key issuer.key --mint --ledger "$ledger" \
        --agent "$(cat agent.did)" --out "$2.token" --format json > "$2.json"
}
token chat py
token chat js
token proved proved
printf '{"v":1,"currency":"USD","models":{
    "openai/gpt-5":{"input":125,"output":1000},"anthropic/claude-sonnet-5":{"input":300,"output":1500},
    "google/gemini-2.5-pro":{"input":125,"output":1000}}}' > prices.json

say "providers on loopback, and two gateways before them"
printf 'sk-operator-0123456789' > operator.key
export OPERATOR_KEY="$(cat operator.key)"
python3 "$here/upstream.py" "$OPERATOR_KEY" upstream.log > port &
pids=($!)
trap 'kill "${pids[@]}" 2> /dev/null || true' EXIT
for _ in $(seq 100); do [ -s port ] && break; sleep 0.1; done
provider="http://127.0.0.1:$(cat port)"
gateway() { # policy
    printf '%s\n' "$wpc" proxy --policy "$work/$1.wpc.dsse.json" --trust "$work/trust.json" \
        --ledger "$work/ledger/l.db" --key "$work/gateway.key" --prices "$work/prices.json" \
        --upstream "openai=$provider" --upstream-key "openai=$work/operator.key" \
        --upstream "anthropic=$provider" --upstream-key "anthropic=env:OPERATOR_KEY" \
        --upstream "google=$provider" --upstream-key "google=$work/operator.key"
}
mapfile -t chat < <(gateway chat)
mapfile -t proved < <(gateway proved)
"${chat[@]}" --listen 127.0.0.1:0 > chat.out 2> chat.err &
pids+=($!)
"${proved[@]}" --listen 127.0.0.1:0 > proved.out 2> proved.err &
pids+=($!)
url() {
    for _ in $(seq 100); do grep -q listening "$1" && break; sleep 0.1; done
    sed -n 's/^listening on //p' "$1"
}

say "Python's clients"
venv/bin/python "$here/client.py" "$(url chat.out)" py.token "$(url proved.out)" proved.token agent.key
say "TypeScript's clients"
node js/client.mjs "$(url chat.out)" js.token

say "what does not start"
refuses() { # code, options
    local code="$1"; shift
    if "$@" > refused.out 2> refused; then exit 1; fi
    grep -q "$code" refused
}
refuses gateway_key "${chat[@]/$work\/gateway.key/$work\/issuer.key}" --listen 127.0.0.1:0
refuses upstream_refused "${chat[@]}" --listen 127.0.0.1:0 --upstream groq=http://api.groq.com
refuses gateway_insecure "${chat[@]}" --listen 0.0.0.0:0
chmod 0644 operator.key
refuses gate_file_open "${chat[@]}" --listen 127.0.0.1:0
chmod 0600 operator.key

say "the ledger, a bundle, its export"
kill -TERM "${pids[@]:1}"
wait "${pids[@]:1}"
"$wpc" ledger check ledger/l.db > /dev/null
job="$(python3 -c 'import json; print(json.load(open("py.json"))["job"])')"
"$wpc" bundle create --ledger ledger/l.db --trust trust.json --job "$job" --out job.bundle.json > /dev/null
"$wpc" bundle verify job.bundle.json --trust trust.json --accept gap_not_closed > verified || { cat verified; exit 1; }
"$wpc" bundle export job.bundle.json --trust trust.json --key agent.key --gateway-key export.key \
    --out job.clawsig.json > /dev/null
"$wpc" ledger show ledger/l.db --format json > entries.json
venv/bin/python "$here/checked.py" upstream.log entries.json job.clawsig.json py.token js.token proved.token
if grep -e "say hello" -e "$OPERATOR_KEY" -e "$(cat py.token)" -r chat.err proved.err job.bundle.json ledger; then exit 1; fi
echo "models: five official clients, plain and streamed, every call receipted"
