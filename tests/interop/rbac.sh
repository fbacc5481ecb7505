#!/usr/bin/env bash
# tests/interop/rbac.sh DIR PYTHON WPC: what `wpc emit rbac` writes, read by others: the Bicep file by a Bicep
# parser, the commands by a shell with an `az` that notes what it is told, the template as JSON. All three must
# assign the same. PYTHON has pycep-parser.
set -euo pipefail
cd "$(dirname "$0")/../.."
work="$1" python="$2" wpc="$3"
mkdir -p "$work/bin" "$work/out"
cat >"$work/bin/az" <<'END'
#!/bin/sh
for word in "$@"; do printf '%s\n' "$word"; done >>"$AZ_TOLD"
END
chmod +x "$work/bin/az"
for policy in tests/interop/azure/desk.wpc tests/interop/azure/desk-admin.wpc; do
    rm -rf "$work/out"/*
    "$wpc" compile "$policy" --out "$work" --format json >"$work/compiled.json"
    "$wpc" emit rbac "$work/$(basename "$policy" .wpc).wpc.json" --entity queue:team-red --out "$work/out"
    for bicep in "$work/out"/*.bicep; do
        : >"$work/told"
        AZ_TOLD="$work/told" PATH="$work/bin:$PATH" AZURE_SUBSCRIPTION=sub AZURE_RESOURCE_GROUP=group \
            SENDER_OBJECT_ID=sender RECEIVER_OBJECT_ID=receiver MANAGER_OBJECT_ID=manager \
            sh "${bicep%.bicep}.sh"
        "$python" tests/interop/azure/rbac.py "${bicep%.bicep}" "$work/told"
    done
done
