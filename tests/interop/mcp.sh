#!/usr/bin/env bash
# `wpc import mcp` and `wpc mcp` on real MCP servers, and `wpc-service-bus` on a local endpoint, used by the
# official SDKs' clients in Python and TypeScript, over standard input and output and over HTTP. Ends with
# what the ledger says.
#
#     tests/interop/mcp.sh WORK          WORK: an empty folder, for packages and files
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)/mcp"
root="$(cd "$(dirname "$0")/../.." && pwd)"
wpc="${WPC:-$root/target/debug/wpc}"
bus="${WPC_SERVICE_BUS:-$root/target/debug/wpc-service-bus}"
listen="${WPC_ENDPOINT:-$root/target/debug/examples/listen}"
work="$(realpath "$1")"
cd "$work"
umask 077

say() { printf -- '-- %s\n' "$*"; }
did() { python3 -c 'import json,sys; print(json.load(sys.stdin)["did"])'; }

say "packages"
[ -x venv/bin/pip ] || python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check mcp==2.3.0 mcp-server-time==2026.10.19 \
    mcp-server-git==2026.10.19 'cryptography>=43'
mkdir -p js
cp "$here/package.json" js/
[ -d js/node_modules ] || (cd js && npm install --silent --no-audit --no-fund --ignore-scripts)
cp "$here"/*.mjs js/
servers="$work/js/node_modules/.bin"

say "import: the same server gives the same file"
everything=(node "$servers/mcp-server-everything")
files=(node "$servers/mcp-server-filesystem" "$work/files")
mkdir -p files policies
printf 'hello\n' > files/a.txt
printf 'secret\n' > outside.txt
import() { "$wpc" import mcp --name "$1" --out "policies/$1.wpc" "${@:2}"; }
import everything --type get-sum.a='decimal<2>' --type get-sum.b='decimal<2>' \
    --trusted get-structured-content.conditions -- "${everything[@]}"
import files --type read_text_file.path=path --type write_file.path=path -- "${files[@]}"
import time -- "$work/venv/bin/mcp-server-time"
import git --type git_status.repo_path=path -- "$work/venv/bin/mcp-server-git"
import memory -- node "$servers/mcp-server-memory"
for name in everything files time git memory; do cp "policies/$name.wpc" "$name.before"; done
import files -- "${files[@]}" | grep -q 'is as it was'
import time -- "$work/venv/bin/mcp-server-time" | grep -q 'is as it was'
cmp policies/files.wpc files.before

say "policies"
cp "$here"/*.wpc policies/
for key in author issuer agent; do "$wpc" key new "$key.key" > "$key.did"; done
"$wpc" ledger init ledger/l.db > /dev/null
ledger="$("$wpc" key show ledger/l.db.key --format json | did)"
python3 - "$(cat author.did)" "$(cat issuer.did)" > trust.json <<'PY'
import json, sys
author, issuer = sys.argv[1:]
json.dump({"v": 1, "principals": [
    {"name": "alice", "keys": [author], "roles": ["policy_author"]},
    {"name": "issuer", "keys": [issuer], "roles": ["token_issuer"]}]}, sys.stdout)
PY
sign() {
    "$wpc" compile "policies/$1.wpc" --out "$work" > /dev/null
    "$wpc" sign "$1.wpc.json" --key author.key > /dev/null
}
token() { # policy, name
    "$wpc" token issue --artifact "$1.wpc.json" --key issuer.key --mint --ledger "$ledger" \
        --agent "$(cat agent.did)" --out "$2.token" > /dev/null
}
gate() { # policy, interface
    printf '%s\n' "$wpc" mcp --policy "$work/$1.wpc.dsse.json" --trust "$work/trust.json" \
        --ledger "$work/ledger/l.db" --lock "$work/policies/$2.wpc.lock"
}
for policy in use-everything use-files use-time use-git; do sign "$policy"; done

say "Python's client, over standard input and output"
for run in use-everything:everything use-files:files use-time:time use-git:git; do
    token "${run%:*}" "py-${run#*:}"
done
mapfile -t everything_gate < <(gate use-everything everything)
mapfile -t files_gate < <(gate use-files files)
mapfile -t time_gate < <(gate use-time time)
mapfile -t git_gate < <(gate use-git git)
shown() { printf '%s\n' --token "$work/$1.token" --key "$work/agent.key"; }
with() { mapfile -t identity < <(shown "$1"); }
git init --quiet repo
with py-everything
venv/bin/python "$here/client.py" everything "${everything_gate[@]}" "${identity[@]}" -- "${everything[@]}"
with py-files
venv/bin/python "$here/client.py" files "${files_gate[@]}" "${identity[@]}" -- "${files[@]}"
with py-time
venv/bin/python "$here/client.py" time "${time_gate[@]}" "${identity[@]}" -- "$work/venv/bin/mcp-server-time"
with py-git
venv/bin/python "$here/client.py" git "${git_gate[@]}" "${identity[@]}" -- "$work/venv/bin/mcp-server-git"

say "TypeScript's client, over standard input and output"
token use-everything js-everything
with js-everything
node js/client.mjs stdio "${everything_gate[@]}" "${identity[@]}" -- "${everything[@]}"

say "both, over HTTP, each request with its token and a proof"
"${everything_gate[@]}" --listen 127.0.0.1:0 -- "${everything[@]}" > listening 2> gate.err &
gate_pid=$!
trap 'kill "$gate_pid" 2> /dev/null || true' EXIT
for _ in $(seq 100); do grep -q listening listening && break; sleep 0.1; done
url="$(sed -n 's/^listening on //p' listening)"
token use-everything http-py
token use-everything http-js
token use-everything http-other
venv/bin/python "$here/http_client.py" "$url" http-py.token http-other.token agent.key
node js/client.mjs http "$url" http-js.token agent.key
kill -TERM "$gate_pid"
wait "$gate_pid"
trap - EXIT
# Two questions of one client, of which the log has no argument; and nothing of the calls.
python3 - gate.err <<'PY'
import json, sys
with open(sys.argv[1]) as log:
    text = log.read()
lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
asked = [line for line in lines if line["message"] == "a call was asked about"]
assert [(one["tool"], one["decision"], one["claimed_agent"]) for one in asked] == [("echo", "allow", "py"), ("echo", "deny", "py")], text
assert "a word" not in text and len(lines) == 3, text
PY

say "a gate whose files are open to others does not start"
chmod 0644 trust.json
if "${everything_gate[@]}" --listen 127.0.0.1:0 -- "${everything[@]}" 2> refused; then exit 1; fi
grep -q gate_file_open refused
chmod 0600 trust.json

say "a unix socket, for one user alone"
"$here/socket.sh" "$work" "${everything_gate[@]}" -- "${everything[@]}"

say "a server whose tools changed is refused until it is imported again"
sed -i 's/^tool \S* echo$/tool 47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU echo/' policies/everything.wpc.lock
token use-everything changed
with changed
venv/bin/python "$here/client.py" changed "${everything_gate[@]}" "${identity[@]}" -- "${everything[@]}"
if import everything -- "${everything[@]}" > difference; then exit 1; fi
grep -q '^changed  echo$' difference
import everything --accept -- "${everything[@]}" > /dev/null
cmp policies/everything.wpc everything.before

say "a policy that was locked does not compile with another interface"
"$wpc" lock policies/use-time.wpc > /dev/null
python3 "$here/changed_tools.py" "$work/venv/bin/mcp-server-time" > changed.json
if import time --from changed.json > difference; then exit 1; fi
grep -q '^+ .*zone_of_nobody' difference
import time --from changed.json --accept > /dev/null
if "$wpc" check policies/use-time.wpc > refused 2>&1; then exit 1; fi
grep -q 'WPC0222' refused
grep -q 'wpc lock use-time.wpc' refused
"$wpc" lock policies/use-time.wpc > /dev/null
"$wpc" check policies/use-time.wpc > /dev/null

say "wpc-service-bus: Python's client and TypeScript's, a local endpoint behind"
mkfifo stay
"$listen" < stay > endpoint &
endpoint_pid=$!
exec 9> stay
trap 'kill "$endpoint_pid" 2> /dev/null || true' EXIT
for _ in $(seq 100); do grep -q listening endpoint && break; sleep 0.1; done
read -r _ amqp admin < endpoint
"$wpc" key new oncall.key > oncall.did
"$wpc" compile policies/use-bus.wpc --param oncall="$(cat oncall.did)" --out "$work" > /dev/null
"$wpc" sign use-bus.wpc.json --key author.key > /dev/null
"$wpc" ledger init ledger/bus.db > /dev/null
ledger="$("$wpc" key show ledger/bus.db.key --format json | did)"
bus_gate=("$bus" --policy use-bus.wpc.dsse.json --trust trust.json --ledger ledger/bus.db
    --local "127.0.0.1:$amqp" --local-admin "127.0.0.1:$admin")
for name in bus-py bus-dies bus-js bus-http bus-bridge bus-sas; do token use-bus "$name"; done
with bus-py
venv/bin/python "$here/bus_client.py" whole "${bus_gate[@]}" "${identity[@]}"
with bus-dies
venv/bin/python "$here/bus_client.py" dies "${bus_gate[@]}" "${identity[@]}"
# Nobody waits for the call: it has some seconds to end, and is cancelled then.
abandoned() {
    "$wpc" ledger show ledger/bus.db --format json |
        python3 -c 'import json,sys; print(sum(one.get("result") == "abandoned" for one in json.load(sys.stdin)["entries"]))'
}
for _ in $(seq 60); do [ "$(abandoned)" -ge 2 ] && break; sleep 0.5; done
with bus-js
node js/bus_client.mjs stdio "${bus_gate[@]}" "${identity[@]}"
"${bus_gate[@]}" --listen 127.0.0.1:0 > listening 2> gate.err &
gate_pid=$!
trap 'kill "$gate_pid" "$endpoint_pid" 2> /dev/null || true' EXIT
for _ in $(seq 100); do grep -q listening listening && break; sleep 0.1; done
url="$(sed -n 's/^listening on //p' listening)"
node js/bus_client.mjs http "$url" bus-http.token agent.key
# A host that knows standard input and output alone, over a bridge to the same gate.
node js/bus_client.mjs stdio "$wpc" bridge "$url" --token bus-bridge.token --key agent.key
kill -TERM "$gate_pid"
wait "$gate_pid"
printf 'key\n' > sas.key
with bus-sas
if "$bus" --policy use-bus.wpc.dsse.json --trust trust.json --ledger ledger/bus.db "${identity[@]}" \
    --login sas-key --sas-rule root --secret sas.key 2> refused < /dev/null; then exit 1; fi
grep -q credential_not_allowed refused
chmod 0644 trust.json
if "${bus_gate[@]}" --listen 127.0.0.1:0 2> refused; then exit 1; fi
grep -q gate_file_open refused
chmod 0600 trust.json
exec 9>&-
wait "$endpoint_pid"
trap - EXIT
"$wpc" ledger check ledger/bus.db > /dev/null
"$wpc" ledger show ledger/bus.db --format json > entries.json
python3 "$here/bus_entries.py" entries.json

say "what the ledger says"
"$wpc" ledger check ledger/l.db > /dev/null
"$wpc" ledger show ledger/l.db --format json > entries.json
python3 "$here/entries.py" entries.json
echo "MCP: real servers, both official clients, every call recorded once"
