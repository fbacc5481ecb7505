#!/usr/bin/env bash
# tests/interop/first_hour.sh WPC GATE [SERVE ARGUMENTS...]: an operator's first hour with a control plane.
# PYTHON names one that has `cryptography`: it signs the release, as a program that is not ours.
#
# Starts `wpc serve`, releases a policy's first artifact, issues a token, runs a gate against it, approves a call,
# revokes the token mid-run, verifies the bundle, and opens the viewer. Without more arguments the store is a file and the objects
# lie in a folder; `--postgres --objects az://CONTAINER` and the like choose others. Fails at the first
# difference. Ends only what it started.
set -euo pipefail
wpc="$(realpath "$1")" gate="$(realpath "$2")" root="$(cd "$(dirname "$0")/../.." && pwd)"
shift 2
work="$(mktemp -d)"
server="" agent=""
clean() {
    [ -z "$agent" ] || kill "$agent" 2>/dev/null || true
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$work"
}
trap clean EXIT
cd "$work"
[ $# -gt 0 ] || set -- --store plane/plane.db --objects plane/objects

member() { python3 -c 'import json,sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
did() { "$wpc" key show "$1.key" --format json | member did; }
for who in author releaser plane gate agent oncall operator auditor; do "$wpc" key new "$who.key" >/dev/null; done
cat >trust.json <<END
{"v":1,"principals":[
 {"name":"author","keys":["$(did author)"],"roles":["policy_author"]},
 {"name":"releaser","keys":["$(did releaser)"],"roles":["releaser"]},
 {"name":"plane","keys":["$(did plane)"],"roles":["token_issuer","revoker"]},
 {"name":"gate","keys":["$(did gate)"],"roles":["ledger"],"mode":"gateway"},
 {"name":"oncall","keys":["$(did oncall)"],"roles":["approver"]},
 {"name":"operator","keys":["$(did operator)"],"roles":["operator"]},
 {"name":"auditor","keys":["$(did auditor)"],"roles":["auditor"]}],"threshold":{"witness":0}}
END

"$wpc" serve --trust trust.json --key plane.key --listen 127.0.0.1:0 "$@" >serve.out 2>serve.log &
server=$!
for _ in $(seq 300); do
    grep -q ^serving serve.out && break
    kill -0 "$server" || { cat serve.out serve.log; exit 1; }
    sleep 0.1
done
url="$(awk '/^serving/ {print $2}' serve.out)"
at() { printf '%s\n' --server "$url" --key "$1.key"; }

cat >orders.wpc <<END
tool bus {
    resource queue(name: text) = "{name}"
    action send on queue
    action purge on queue
}
policy orders {
    tool bus {
        allow send, purge on queue("orders-staging")
        require approval of purge { by did("$(did oncall)"); quorum 1; within 30 min }
    }
    token { lifetime 15 min; pin policy; bind job }
}
END
"$wpc" compile orders.wpc --out . >/dev/null
"$wpc" sign orders.wpc.json --key author.key >/dev/null
hash="$("$wpc" registry put orders.wpc.dsse.json $(at author) --format json | member policy_hash_b64u)"
"$wpc" registry get "$hash" --trust trust.json --out fetched.json $(at gate) >/dev/null
# Nobody gets a token for what is not released.
refused="$("$wpc" token issue --artifact orders.wpc.json --mint --ledger "$(did gate)" --agent "$(did agent)" \
    --out no.token $(at operator) --format json || true)"
grep -q '"policy_not_released"' <<<"$refused"
"${PYTHON:-python3}" "$root/tests/interop/sign_release.py" releaser.key "$(did releaser)" orders "$hash" \
    >orders.release.json
"$wpc" registry release orders.release.json --trust trust.json $(at releaser) >/dev/null
"$wpc" registry show orders $(at gate) | grep -q "$hash"
# And again, for a year, by our own command.
"$wpc" release orders.wpc.dsse.json --trust trust.json $(at releaser) >/dev/null
[ "$("$wpc" registry show orders $(at gate) --format json | member head_seq)" = 2 ]
"$wpc" ledger init ledger/orders.db --key gate.key >/dev/null
"$wpc" token issue --artifact orders.wpc.json --mint --ledger "$(did gate)" --agent "$(did agent)" \
    --out agent.token $(at operator) --format json >issued.json
job="$(member job <issued.json)" jti="$(member jti <issued.json)"

mkfifo calls
"$gate" "$url" "$hash" trust.json ledger/orders.db gate.key agent.token agent.key <calls >decisions 2>gate.log &
agent=$!
exec 3>calls
said() { # COUNT of lines that there must be
    for _ in $(seq 300); do
        [ "$(wc -l <decisions)" -ge "$1" ] && { sed -n "$1p" decisions; return; }
        kill -0 "$agent" || { cat decisions gate.log; exit 1; }
        sleep 0.1
    done
    exit 1
}
[ "$(said 1)" = "open $job" ]
ask() { # ACTION QUEUE: the decision about one call
    local next=$(($(wc -l <decisions) + 1))
    printf '{"tool":"bus","action":"%s","resource":{"kind":"queue","name":"%s"},"arguments":{}}\n' "$1" "$2" >&3
    said "$next"
}
until_says() { # WHAT ACTION QUEUE
    local answer=""
    for _ in $(seq 100); do
        answer="$(ask "$2" "$3")"
        [[ "$answer" == $1 ]] && return
        sleep 0.1
    done
    echo "expected $1, found $answer"
    exit 1
}
[[ "$(ask send orders-staging)" == allow* ]]
[ "$(ask send orders-prod)" = "deny default_deny" ]
# A person approves, on their own machine; the gate fetches what they signed.
[ "$(ask purge orders-staging)" = "deny approval_required" ]
mkdir requests
for _ in $(seq 100); do
    "$wpc" approve list --out requests $(at oncall) >/dev/null
    [ -n "$(ls requests)" ] && break
    sleep 0.1
done
"$wpc" approve sign requests/*.request.json --key oncall.key --for 10m --out approval.json >/dev/null
"$wpc" approve submit approval.json $(at oncall) >/dev/null
until_says 'allow *' purge orders-staging
# The agent is revoked, and that is lifted: the token that it has is good again.
"$wpc" revoke agent "$(did agent)" --reason drill $(at operator) >/dev/null
until_says 'deny agent_revoked' send orders-staging
"$wpc" revoke --lift agent "$(did agent)" --reason 'it was a drill' $(at operator) >/dev/null
until_says 'allow *' send orders-staging
# Revoked mid-run: the next call is refused.
"$wpc" revoke token "$jti" --issuer "$(did plane)" --reason leaked $(at operator) >/dev/null
until_says 'deny token_revoked' send orders-staging
exec 3>&-
wait "$agent"
agent=""
tail -1 decisions
bundle="$(awk '/^bundle/ {print $2}' decisions)"
"$wpc" evidence get "$bundle" --out job.bundle.json $(at auditor) >/dev/null
"$wpc" bundle verify job.bundle.json --trust trust.json --format json >verified.json || true
python3 - verified.json <<'END'
import json, sys
said = json.load(open(sys.argv[1]))
assert said["verdict"] in ("verified", "incomplete"), said
assert not said.get("findings"), said
END
# A browser is shown it by a link. With VIEWER, a command, one really looks.
link="$("$wpc" evidence view "$bundle" $(at auditor) --format json | member url)"
python3 - "$link" "$bundle" <<'END'
import sys, urllib.error, urllib.request
with urllib.request.urlopen(sys.argv[1]) as answer:
    assert "script-src 'sha256-" in answer.headers["content-security-policy"], answer.headers
    assert "<title>Trust Pulse</title>" in answer.read().decode()
try:
    urllib.request.urlopen(sys.argv[1][:-9] + "AAAAAAAAA")
    sys.exit("a link that nobody signed opens a page")
except urllib.error.HTTPError as error:
    assert error.code == 403, error
END
[ -z "${VIEWER:-}" ] || $VIEWER "$link"
"$wpc" evidence query --resource orders-staging --policy "$hash" $(at auditor) >found
grep -q "$job" found
"$wpc" evidence census $(at auditor)
kill -TERM "$server"
wait "$server"
server=""
grep -q ^stopped serve.out
echo "the first hour went as it must"
