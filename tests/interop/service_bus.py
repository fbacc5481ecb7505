"""Sends with our tool, receives with Azure's own SDK, and compares.

    service_bus.py DOUBLE batches|no-batches -- SENDER...

DOUBLE is a Python script that listens as Service Bus on the port it is given. SENDER is our tool: it
is started with `127.0.0.1:PORT`, reads a job (JSON) on its standard input, and prints what it was
told by the broker (JSON). A double that does not take batches apart is given none: `no-batches`.

Any difference, and anything that does not arrive, is an assertion error and exit code 1.
"""

import json
import socket
import subprocess
import sys
import time

from azure.servicebus import ServiceBusClient

QUEUE = "orders"
DUE_IN_S = 2
WAIT_S = 30


def message(body, **more):
    base = {"content_type": None, "session_id": None, "correlation_id": None, "subject": None, "properties": {}}
    return base | {"body": body} | more


SINGLE = message(
    '{"id": 7, "größe": "∞"}',
    content_type="application/json; charset=utf-8",
    correlation_id="c-7",
    subject="order/created",
    properties={"schema_version": "1", "correlation_id": "c-7", "ключ": "значение", "empty": "", "long": "x" * 300},
)
BATCH = [
    message("one", properties={"schema_version": "1", "n": "1"}),
    message("", content_type="text/plain", properties={"n": "2"}),
    message("three" * 5000, session_id="s-1", properties={"n": "3"}),
]
SCHEDULED = [message("later", properties={"schema_version": "2"}), message("later still")]
CANCELLED = [message("never")]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def received(message):
    """A message as the SDK sees it, in the form of the job."""
    properties = {text(key): text(value) for key, value in (message.application_properties or {}).items()}
    return {
        "body": b"".join(message.body).decode(),
        "content_type": message.content_type,
        "session_id": message.session_id,
        "correlation_id": message.correlation_id,
        "subject": message.subject,
        "properties": properties,
    }


def receive(client, count):
    """`count` messages and whatever comes after them, completed, by message id."""
    found, deadline = {}, time.monotonic() + WAIT_S
    with client.get_queue_receiver(QUEUE) as receiver:
        while time.monotonic() < deadline:
            wait = 5 if len(found) < count else DUE_IN_S
            batch = receiver.receive_messages(max_message_count=count + 1, max_wait_time=wait)
            if not batch and len(found) >= count:
                break
            for one in batch:
                assert one.message_id not in found, f"{one.message_id} arrived twice"
                found[one.message_id] = received(one)
                receiver.complete_message(one)
    return found


def peek(client):
    with client.get_queue_receiver(QUEUE) as receiver:
        return {one.message_id: received(one) for one in receiver.peek_messages(100)}


def send(sender, port, job):
    done = subprocess.run([*sender, f"127.0.0.1:{port}"], input=json.dumps(job), capture_output=True, text=True)
    assert done.returncode == 0, f"the sender failed: {done.stdout}{done.stderr}"
    return json.loads(done.stdout)


def check(double, batches, sender):
    port = free_port()
    broker = subprocess.Popen([sys.executable, double, str(port)], stdout=subprocess.PIPE, text=True)
    try:
        assert broker.stdout.readline().startswith("listening"), "the double did not start"
        due = int(time.time() * 1000) + DUE_IN_S * 1000
        if not batches:
            due += 3_600_000
        job = {
            "single": SINGLE,
            "batch": BATCH if batches else [],
            "scheduled": SCHEDULED,
            "cancelled": CANCELLED,
            "enqueue_at_ms": due,
        }
        sent = send(sender, port, job)
        expected = {sent["single"][0]: SINGLE} | dict(zip(sent["batch"], job["batch"], strict=True))
        later = dict(zip(sent["scheduled"], SCHEDULED, strict=True))
        numbers = sent["sequence_numbers"]
        ids = [*expected, *later, *sent["cancelled"]]
        assert len(set(ids)) == len(ids) == 3 + 1 + len(job["batch"]), f"message ids repeat: {ids}"
        assert len(set(numbers)) == len(SCHEDULED), f"sequence numbers repeat: {numbers}"

        connection = f"Endpoint=sb://127.0.0.1:{port};SharedAccessKeyName=a;SharedAccessKey=b;UseDevelopmentEmulator=true;"
        with ServiceBusClient.from_connection_string(connection) as client:
            if batches:
                found = receive(client, len(expected) + len(later))
                assert found == expected | later, f"expected {expected | later}\nfound {found}"
            else:
                found = receive(client, len(expected))
                assert found == expected, f"expected {expected}\nfound {found}"
                found = peek(client)
                assert found == later, f"expected {later}\nfound {found}"
        print(f"ok: {len(ids)} messages by way of {double}")
    finally:
        broker.kill()
        broker.wait()


if __name__ == "__main__":
    split = sys.argv.index("--")
    double, mode = sys.argv[1:split]
    check(double, {"batches": True, "no-batches": False}[mode], sys.argv[split + 1 :])
