"""sign_release.py KEY.pem DID NAME HASH: the first release of a policy, signed with packages that are not ours.

Prints a DSSE envelope (github.com/secure-systems-lab/dsse) over the release in RFC 8785.
"""

import base64
import datetime
import json
import sys

from cryptography.hazmat.primitives.serialization import load_pem_private_key

TYPE = "application/vnd.wpc.release.v1+json"


def instant(time):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def main(key_file, did, name, policy_hash):
    with open(key_file, "rb") as file:
        key = load_pem_private_key(file.read(), password=None)
    now = datetime.datetime.now(datetime.timezone.utc)
    release = {
        "policy_name": name,
        "seq": 1,
        "policy_hash_b64u": policy_hash,
        "previous": None,
        "not_before": instant(now - datetime.timedelta(minutes=1)),
        "not_after": instant(now + datetime.timedelta(days=30)),
        "running": "finish",
    }
    payload = json.dumps(release, sort_keys=True, separators=(",", ":")).encode()
    message = f"DSSEv1 {len(TYPE)} {TYPE} {len(payload)} ".encode() + payload
    signature = base64.b64encode(key.sign(message)).decode()
    envelope = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": TYPE,
        "signatures": [{"keyid": did, "sig": signature}],
    }
    print(json.dumps(envelope, separators=(",", ":")))


main(*sys.argv[1:])
