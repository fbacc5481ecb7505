#!/usr/bin/env bash
# tests/interop/azurite.sh FOLDER PYTHON PROGRAM...: runs PROGRAM with `--objects az://wpc/plane` behind its arguments,
# against Azurite (npm's emulator of Azure Blob Storage), which it starts on loopback and ends.
#
# PYTHON has `azure-storage-blob`, and makes the container. The account is the emulator's own, whose key is public.
set -euo pipefail
folder="$(realpath "$1")" python="$2"
shift 2
mkdir -p "$folder/azurite"
(cd "$folder/azurite" && { [ -d node_modules/azurite ] || npm install --silent --no-audit --no-fund azurite@3.37.0; })
port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
node "$folder/azurite/node_modules/azurite/dist/src/blob/main.js" --blobHost 127.0.0.1 --blobPort "$port" \
    --location "$folder/azurite/data" --skipApiVersionCheck --silent >"$folder/azurite/log" 2>&1 &
emulator=$!
trap 'kill "$emulator" 2>/dev/null || true' EXIT
export AZURE_STORAGE_ACCOUNT_NAME=devstoreaccount1
export AZURE_STORAGE_ACCOUNT_KEY='Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='
export AZURE_STORAGE_ENDPOINT="http://127.0.0.1:$port/devstoreaccount1" AZURE_ALLOW_HTTP=true
"$python" - "$AZURE_STORAGE_ENDPOINT" <<'END'
import os, sys, time
from azure.core.exceptions import AzureError, ResourceExistsError
from azure.storage.blob import BlobServiceClient
client = BlobServiceClient(sys.argv[1], credential=os.environ["AZURE_STORAGE_ACCOUNT_KEY"], retry_total=0)
for _ in range(600):
    try:
        client.create_container("wpc")
        break
    except ResourceExistsError:
        break
    except AzureError as error:
        last = error
        time.sleep(0.2)
else:
    sys.exit(f"Azurite does not answer: {last}")
END
"$@" --objects az://wpc/plane
"$python" - "$AZURE_STORAGE_ENDPOINT" <<'END'
import os, sys
from azure.storage.blob import BlobServiceClient
client = BlobServiceClient(sys.argv[1], credential=os.environ["AZURE_STORAGE_ACCOUNT_KEY"])
names = [blob.name for blob in client.get_container_client("wpc").list_blobs()]
kinds = {name.split("/")[1] for name in names}
assert {"bundle", "wpc"} <= kinds, names
print(f"{len(names)} objects in Azurite: {', '.join(sorted(kinds))}")
END
