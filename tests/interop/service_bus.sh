#!/usr/bin/env bash
# Our Service Bus tool sends to two endpoints that we did not write the engine of, and Azure's own
# SDK receives: `service_bus.sh SHARED_DOUBLE [SENDER]`. SENDER is the tool's example `interop`, built here if it is not
# named. Makes its own Python environment.
set -euo pipefail
shared="$(realpath "$1")"
cd "$(dirname "$0")/../.."
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet azure-servicebus==7.15.0 python-qpid-proton==0.40.0
if [ $# -lt 2 ]; then
    cargo build --quiet -p wpc-service-bus --example interop
fi
sender=("$PWD/${2:-target/debug/examples/interop}")
"$work/venv/bin/python" tests/interop/service_bus.py tests/interop/double.py batches -- "${sender[@]}"
"$work/venv/bin/python" tests/interop/service_bus.py "$shared" no-batches -- "${sender[@]}"
