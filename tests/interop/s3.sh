#!/usr/bin/env bash
# tests/interop/s3.sh PYTHON PROGRAM...: runs PROGRAM with `--objects s3://wpc/plane` behind its arguments, against moto
# (PyPI's emulator of Amazon S3), which it starts on loopback and ends.
#
# PYTHON has `moto[s3,server]`, and makes the bucket.
set -euo pipefail
python="$1"
shift
port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
log="$(mktemp)"
"$(dirname "$python")/moto_server" -H 127.0.0.1 -p "$port" >"$log" 2>&1 &
emulator=$!
trap 'kill "$emulator" 2>/dev/null || true; rm -f "$log"' EXIT
export AWS_ACCESS_KEY_ID=emulated AWS_SECRET_ACCESS_KEY=emulated AWS_REGION=us-east-1
export AWS_ENDPOINT="http://127.0.0.1:$port" AWS_ALLOW_HTTP=true
"$python" - "$AWS_ENDPOINT" <<'END'
import sys, time
import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError
client = boto3.client("s3", endpoint_url=sys.argv[1], region_name="us-east-1", config=Config(retries={"max_attempts": 0}))
for _ in range(600):
    try:
        client.create_bucket(Bucket="wpc")
        break
    except BotoCoreError as error:
        last = error
        time.sleep(0.2)
else:
    sys.exit(f"the emulator does not answer: {last}")
END
"$@" --objects s3://wpc/plane
"$python" - "$AWS_ENDPOINT" <<'END'
import sys
import boto3
client = boto3.client("s3", endpoint_url=sys.argv[1], region_name="us-east-1")
names = [item["Key"] for item in client.list_objects_v2(Bucket="wpc")["Contents"]]
kinds = {name.split("/")[1] for name in names}
assert {"bundle", "wpc"} <= kinds, names
print(f"{len(names)} objects in S3's emulator: {', '.join(sorted(kinds))}")
END
