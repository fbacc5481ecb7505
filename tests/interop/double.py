"""A queue that speaks enough Service Bus for Azure's SDKs to send to it and receive from it.

Written on Apache Qpid Proton, an AMQP engine that neither our client nor Azure's Python SDK uses, after
`service_bus_double.py` of the project's shared tools. What that one does not do and this one does: it
takes batches apart, and it delivers scheduled messages when they become due.

    double.py PORT        listens on 127.0.0.1 and prints `listening PORT`
"""

import sys
import time
import uuid
from collections import defaultdict

from proton import UNDESCRIBED, Array, Data, Delivery, Described, Link, Message, int32, symbol, timestamp
from proton.handlers import MessagingHandler
from proton.reactor import Container

CBS = "$cbs"
MANAGEMENT = "/$management"
BATCH_FORMAT = 0x80013700
DATA_SECTION = 0x75
ENQUEUE_TIME = symbol("x-opt-scheduled-enqueue-time")
LOCK_MS = 30_000


def node(address):
    """The path of an address, which may be a URI; names are compared without regard to case."""
    path = (address or "").split("://", 1)
    path = path[1].partition("/")[2] if len(path) == 2 else path[0]
    return path.strip("/").lower()


def unpack(raw):
    """The data sections of an encoded message: what a batch consists of."""
    sections = []
    while raw:
        data = Data()
        raw = raw[data.decode(raw) :]
        data.rewind()
        data.next()
        section = data.get_object()
        if isinstance(section, Described) and section.descriptor == DATA_SECTION:
            sections.append(bytes(section.value))
    return sections


def decode(raw):
    message = Message()
    message.decode(raw)
    return message


class Queue:
    def __init__(self):
        self.sequence = 0
        self.ready = []
        self.locked = {}
        self.scheduled = {}

    def next(self):
        self.sequence += 1
        return self.sequence


class Double(MessagingHandler):
    def __init__(self, port):
        super().__init__(prefetch=100, auto_accept=False, auto_settle=False, peer_close_is_error=False)
        self.port = port
        self.queues = defaultdict(Queue)
        self.receivers = []
        self.replies = {}

    def on_start(self, event):
        self.container = event.container
        event.container.listen(f"127.0.0.1:{self.port}")
        print("listening", self.port, flush=True)

    def on_link_opening(self, event):
        link = event.link
        link.source.copy(link.remote_source)
        link.target.copy(link.remote_target)
        link.snd_settle_mode = link.remote_snd_settle_mode
        link.rcv_settle_mode = link.remote_rcv_settle_mode if link.is_sender else Link.RCV_FIRST
        link.max_message_size = 1 << 20
        at = node(link.remote_source.address if link.is_sender else link.remote_target.address)
        if link.is_sender and (at == CBS or at.endswith(MANAGEMENT)):
            for address in (link.remote_target.address, None):
                self.replies[(event.connection, at, address)] = link
        elif link.is_sender:
            self.receivers.append(link)
        link.open()

    def on_delivery(self, event):
        """Reads the bytes before Proton decodes them, which loses all but the last section of a batch."""
        delivery, link = event.delivery, event.link
        if link.is_receiver and delivery.readable and not delivery.partial:
            raw = link.recv(delivery.pending)
            link.advance()
            delivery.update(Delivery.ACCEPTED)
            delivery.settle()
            self.took(event.connection, node(link.remote_target.address), raw)

    def took(self, connection, at, raw):
        if at == CBS:
            self.reply(connection, at, decode(raw), {"status-code": int32(202), "status-description": "Accepted"}, {})
        elif at.endswith(MANAGEMENT):
            self.manage(connection, at, decode(raw))
        else:
            for message in self.messages(raw):
                self.push(at, message)

    @staticmethod
    def messages(raw):
        """A transfer does not show its format here: a batch is data sections of encoded messages."""
        sections = unpack(raw)
        encoded = [section for section in sections if section[:2] == b"\x00\x53"]
        return encoded if encoded and len(encoded) == len(sections) else [raw]

    def push(self, at, raw):
        queue = self.queues[at]
        queue.ready.append((queue.next(), raw))
        self.pump()

    def pump(self):
        for link in self.receivers:
            queue = self.queues[node(link.source.address)]
            while link.credit > 0 and queue.ready:
                sequence, raw = queue.ready.pop(0)
                # Proton reads tags as UTF-8, Azure's SDKs as the 16 bytes of a GUID.
                token = uuid.UUID(bytes_le=bytes(byte & 0x7F for byte in uuid.uuid4().bytes))
                delivery = link.delivery(token.bytes_le.decode())
                link.stream(self.stamp(sequence, raw))
                link.advance()
                if link.remote_rcv_settle_mode == Link.RCV_SECOND:
                    queue.locked[delivery.tag] = (sequence, raw)
                else:
                    delivery.settle()

    @staticmethod
    def stamp(sequence, raw):
        message, now = decode(raw), int(time.time() * 1000)
        message.delivery_count = 0
        message.annotations = dict(message.annotations or {}) | {
            symbol("x-opt-sequence-number"): sequence,
            symbol("x-opt-enqueued-time"): timestamp(now),
            symbol("x-opt-locked-until"): timestamp(now + LOCK_MS),
        }
        return message.encode()

    def manage(self, connection, at, request):
        queue, body = self.queues[at.removesuffix(MANAGEMENT)], request.body or {}
        code, answer = 200, {}
        match str(request.properties["operation"]).removeprefix("com.microsoft:"):
            case "schedule-message":
                numbers = [self.schedule(at.removesuffix(MANAGEMENT), bytes(entry["message"])) for entry in body["messages"]]
                answer = {"sequence-numbers": Array(UNDESCRIBED, Data.LONG, *numbers)}
            case "cancel-scheduled-message":
                for number in body["sequence-numbers"].elements:
                    queue.scheduled.pop(int(number), None)
            case _:
                code = 501
        self.reply(connection, at, request, {"statusCode": int32(code), "statusDescription": ""}, answer)

    def schedule(self, at, raw):
        queue = self.queues[at]
        number = queue.next()
        queue.scheduled[number] = raw
        due = int(decode(raw).annotations[ENQUEUE_TIME]) / 1000 - time.time()
        self.container.schedule(max(0, due), Due(self, at, number))
        return number

    def reply(self, connection, at, request, properties, body):
        reply = Message(body=body, properties=properties, correlation_id=request.id, address=request.reply_to, inferred=False)
        link = self.replies.get((connection, at, request.reply_to)) or self.replies[(connection, at, None)]
        delivery = link.delivery(uuid.uuid4().hex[:16])
        link.stream(reply.encode())
        link.advance()
        delivery.settle()

    def on_sendable(self, event):
        self.pump()

    def on_accepted(self, event):
        """A receiver completed a message; it waits for the same outcome, settled."""
        self.queues[node(event.link.source.address)].locked.pop(event.delivery.tag, None)
        event.delivery.update(Delivery.ACCEPTED)
        event.delivery.settle()

    def on_link_closing(self, event):
        if event.link in self.receivers:
            self.receivers.remove(event.link)
        event.link.close()

    def on_connection_closing(self, event):
        event.connection.close()

    def on_disconnected(self, event):
        self.receivers = [link for link in self.receivers if link.connection != event.connection]


class Due:
    """One scheduled message, when its time has come."""

    def __init__(self, double, at, number):
        self.double, self.at, self.number = double, at, number

    def on_timer_task(self, event):
        raw = self.double.queues[self.at].scheduled.pop(self.number, None)
        if raw is not None:
            self.double.push(self.at, raw)


if __name__ == "__main__":
    Container(Double(sys.argv[1])).run()
