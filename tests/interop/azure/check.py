"""Azure's Python SDK and our tool exchange messages through our endpoint: check.py

In `WORK`, with AMQP, ADMIN, CONTROL (a pipe to the endpoint), ANSWERS (what it answered), WPC and WPC_SERVICE_BUS in the environment. Any
difference is an assertion error.
"""

import datetime
import os
import time

from azure.core.pipeline.transport import RequestsTransport
from azure.servicebus import NEXT_AVAILABLE_SESSION, ServiceBusClient, ServiceBusMessage, ServiceBusSubQueue
from azure.servicebus.exceptions import ServiceBusError
from azure.servicebus.management import ServiceBusAdministrationClient

from ours import Ours, Refused, queue

HOST, PORT = os.environ["AMQP"].split(":")
CONNECTION = (f"Endpoint=sb://{HOST}:{PORT};SharedAccessKeyName=a;SharedAccessKey=b;"
              "UseDevelopmentEmulator=true;")


def endpoint(line):
    """Tells the endpoint something, and waits until it has done it."""
    answers = lambda: open(os.environ["ANSWERS"]).read().count("ok\n")
    before = answers()
    with open(os.environ["CONTROL"], "w") as control:
        control.write(line + "\n")
    for _ in range(100):
        if answers() > before:
            return
        time.sleep(0.05)
    raise AssertionError(f"the endpoint did not answer {line!r}")


def body(message):
    return b"".join(message.body).decode()


def texts(properties):
    text = lambda value: value.decode() if isinstance(value, bytes) else value
    return {text(key): text(value) for key, value in (properties or {}).items()}


def we_send(ours, client):
    sent = ours.call("send", resource=queue("ours"), messages=[
        {"body": {"id": 7, "größe": "∞"}, "content_type": "application/json", "subject": "order/created",
         "correlation_id": "c-7", "properties": {"schema_version": "1", "ключ": "значение", "empty": ""}},
        {"body": "two"},
    ])
    with client.get_queue_receiver("ours", max_wait_time=5) as receiver:
        first, second = receiver.receive_messages(2, max_wait_time=5)
        assert [first.message_id, second.message_id] == sent["message_ids"]
        assert body(first) == '{"größe":"∞","id":7}' and body(second) == "two"
        assert (first.content_type, first.subject, first.correlation_id) == ("application/json", "order/created", "c-7")
        assert texts(first.application_properties) == {"schema_version": "1", "ключ": "значение", "empty": ""}
        receiver.complete_message(first)
        # They dead-letter what we sent, and find their reason there.
        receiver.dead_letter_message(second, reason="poison", error_description="cannot be read")
    with client.get_queue_receiver("ours", sub_queue=ServiceBusSubQueue.DEAD_LETTER) as receiver:
        (dead,) = receiver.receive_messages(1, max_wait_time=5)
        assert (dead.dead_letter_reason, dead.dead_letter_error_description) == ("poison", "cannot be read")
        receiver.complete_message(dead)
    ours.call("send", resource=queue("sessions"), messages=[{"body": "in order", "session_id": "s-1"}])
    with client.get_queue_receiver("sessions", session_id=NEXT_AVAILABLE_SESSION, max_wait_time=5) as receiver:
        (one,) = receiver.receive_messages(1, max_wait_time=5)
        assert (one.session_id, receiver.session.session_id, body(one)) == ("s-1", "s-1", "in order")
        receiver.complete_message(one)
    due = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=2)
    later = due.strftime("%Y-%m-%dT%H:%M:%SZ")
    ours.call("schedule", resource=queue("ours"), at=later, messages=[{"body": "later"}])
    never = ours.call("schedule", resource=queue("ours"), at="2100-01-01T00:00:00Z", messages=[{"body": "never"}])
    ours.call("cancel_scheduled", resource=queue("ours"), sequence_numbers=never["sequence_numbers"])
    with client.get_queue_receiver("ours") as receiver:
        (one,) = receiver.receive_messages(2, max_wait_time=10)
        assert body(one) == "later"
        receiver.complete_message(one)
        assert not receiver.peek_messages(10)


def they_send(ours, client):
    with client.get_queue_sender("theirs") as sender:
        sender.send_messages([
            ServiceBusMessage("one", message_id="m-1", subject="s", correlation_id="c", content_type="text/plain",
                              application_properties={"n": 1, "ok": True, "text": "größe"}),
            ServiceBusMessage("two", message_id="m-2"),
            ServiceBusMessage("three", message_id="m-3"),
        ])
    on = {"resource": queue("theirs")}
    peeked = ours.call("peek", **on, messages=10)["messages"]
    assert [one["body"] for one in peeked] == ["one", "two", "three"]
    one, two, three = ours.call("receive", **on, mode="peek_lock", messages=3, wait_seconds=5)["messages"]
    assert (one["message_id"], one["subject"], one["correlation_id"], one["content_type"]) == \
        ("m-1", "s", "c", "text/plain"), one
    assert one["properties"] == {"n": 1, "ok": True, "text": "größe"}, one
    ours.call("renew_lock", **on, handles=[one["handle"]])
    # A settlement that the endpoint refuses is an error; the ledger has it as failed.
    endpoint("refuse theirs")
    try:
        ours.call("complete", **on, handles=[one["handle"]])
        raise AssertionError("a settlement that was refused is no error")
    except Refused as refused:
        assert "Failed (rejected)" in str(refused) and "amqp:not-allowed" in str(refused), refused
    endpoint("accept theirs")
    ours.call("complete", **on, handles=[one["handle"]])
    ours.call("abandon", **on, handles=[two["handle"]])
    (two,) = ours.call("receive", **on, mode="peek_lock", messages=1, wait_seconds=5)["messages"]
    assert (two["body"], two["delivery_count"]) == ("two", 1), two
    # We dead-letter what they sent, once somebody approves; they find our reason there.
    ours.approved("deadletter", **on, handles=[two["handle"]], reason="poison", description="cannot be read")
    dead = ours.approved("deadletter_read", **on, messages=5)["messages"]
    assert dead[0]["properties"]["DeadLetterReason"] == "poison", dead
    with client.get_queue_receiver("theirs", sub_queue=ServiceBusSubQueue.DEAD_LETTER) as receiver:
        (found,) = receiver.receive_messages(1, max_wait_time=5)
        assert (body(found), found.message_id) == ("two", "m-2")
        assert (found.dead_letter_reason, found.dead_letter_error_description) == ("poison", "cannot be read")
        receiver.complete_message(found)
    # Deferred by us, received by them.
    (number,) = ours.call("defer", **on, handles=[three["handle"]])["sequence_numbers"]
    with client.get_queue_receiver("theirs") as receiver:
        (found,) = receiver.receive_deferred_messages([number])
        assert body(found) == "three"
        receiver.complete_message(found)
    with client.get_queue_sender("their-sessions") as sender:
        sender.send_messages(ServiceBusMessage("half", session_id="s-2"))
    on = {"resource": queue("their-sessions")}
    session = ours.call("receive", **on, mode="peek_lock", messages=1, session_id="s-2", wait_seconds=5)
    assert session["messages"][0]["body"] == "half"
    held = {"session_id": "s-2", "session": session["session"]}
    ours.call("set_session_state", **on, **held, state="half way")
    ours.call("complete", **on, handles=[session["messages"][0]["handle"]])
    return held


def they_are_refused(client):
    """What the endpoint refuses is an error to their SDK, too."""
    with client.get_queue_sender("refusing") as sender:
        sender.send_messages(ServiceBusMessage("a"))
    with client.get_queue_receiver("refusing") as receiver:
        (one,) = receiver.receive_messages(1, max_wait_time=5)
        endpoint("refuse refusing")
        try:
            receiver.complete_message(one)
            raise AssertionError("a settlement that was refused is no error")
        except ServiceBusError:
            pass


class InClear(RequestsTransport):
    """Their administration client knows https alone; the endpoint is on this machine."""

    def send(self, request, **kwargs):
        request.url = request.url.replace("https://", "http://", 1)
        return super().send(request, **kwargs)


def administration(ours):
    host, port = os.environ["ADMIN"].split(":")
    connection = f"Endpoint=sb://{host}:{port};SharedAccessKeyName=a;SharedAccessKey=b"
    with ServiceBusAdministrationClient.from_connection_string(connection, transport=InClear()) as admin:
        admin.create_queue("made-by-them", max_delivery_count=4)
        read = ours.approved("manage", resource=queue("made-by-them"), operation="read")
        assert read["entities"][0]["settings"]["MaxDeliveryCount"] == "4", read
        ours.approved("manage", resource=queue("made-by-us"), operation="create",
                      settings={"MaxDeliveryCount": "6", "LockDuration": "PT1M"})
        found = admin.get_queue("made-by-us")
        assert (found.max_delivery_count, found.lock_duration) == (6, datetime.timedelta(minutes=1)), found


for name in ("sessions", "their-sessions"):
    endpoint(f"sessions {name}")
ours = Ours("azure", "azure-py")
with ServiceBusClient.from_connection_string(CONNECTION) as client:
    we_send(ours, client)
    held = they_send(ours, client)
    they_are_refused(client)
    ours.end()
    # Our session ended with our connection: they find what we kept.
    time.sleep(0.5)
    with client.get_queue_receiver("their-sessions", session_id="s-2", max_wait_time=5) as receiver:
        assert receiver.session.get_state() == b"half way"
admins = Ours("azure-admin", "azure-admin")
administration(admins)
admins.end()
print("   Python: messages, properties, sessions, dead letters, refusals and administration, both ways")
