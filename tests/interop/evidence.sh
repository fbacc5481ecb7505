#!/usr/bin/env bash
# Reads what a ledger and people signed with programs of others: Go's sumdb/note and sumdb/tlog, Python's
# securesystemslib. The files are what a test of the command line wrote:
#
#   WPC_INTEROP=DIR cargo test -p wpc-cli --test it audit::what_a_ledger -- --include-ignored
#
# usage: evidence.sh DIR PYTHON     PYTHON has securesystemslib, rfc8785 and base58
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
cd "$1"

# Go and its packages as Debian has them; no module is fetched.
if ! command -v go >/dev/null || [ ! -d /usr/share/gocode/src/golang.org/x/mod/sumdb/note ]; then
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends golang-go golang-golang-x-mod-dev
fi

did() { # role
    python3 -c 'import json, sys
print(next(one["keys"][0] for one in json.load(open("trust.json"))["principals"] if sys.argv[1] in one["roles"]))' "$1"
}
GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS='' GOCACHE="$PWD/go" go build -o read-note "$here/note/main.go"
./read-note head.note "$(did ledger)" "$(did witness)" one.receipt.json old.note head.request
"$2" "$here/verify_statements.py" trust.json bundles/*.json
