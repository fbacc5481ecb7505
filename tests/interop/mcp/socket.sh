#!/usr/bin/env bash
# A gate on a unix socket: the user that it names is let in, another one is not.
#
#     socket.sh WORK COMMAND... -- SERVER...
set -euo pipefail
work="$1"
shift
gate=()
while [ "$1" != -- ]; do gate+=("$1"); shift; done
socket="$(mktemp -d)/gate.sock"
chmod 0711 "$(dirname "$socket")"
if "${gate[@]}" --socket "$socket" --allow-user "$(id -u)" "$@" 2> "$work/refused"; then exit 1; fi
grep -q gate_user "$work/refused"
"${gate[@]}" --socket "$socket" --allow-user 65534 "$@" > "$work/listening" 2> "$work/gate.err" &
pid=$!
trap 'kill "$pid" 2> /dev/null || true' EXIT
for _ in $(seq 100); do grep -q listening "$work/listening" && break; sleep 0.1; done
ask='{"jsonrpc":"2.0","id":1,"method":"ping"}'
as() { # user
    setpriv --reuid="$1" --regid="$1" --clear-groups -- curl --silent --output /dev/null --write-out '%{http_code}' \
        --unix-socket "$socket" http://localhost/mcp --data "$ask" || true
}
# Without a token nobody gets further; another user gets no answer at all.
[ "$(as 65534)" = 401 ]
[ "$(as 65533)" = 000 ]
kill -TERM "$pid"
wait "$pid"
trap - EXIT
echo "   one user is let in"
