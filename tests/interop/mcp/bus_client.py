"""The official Python SDK's client on `wpc-service-bus`: bus_client.py CASE COMMAND..."""

import os
import signal
import sys

import anyio
from mcp import ClientSession, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client

case, command = sys.argv[1], sys.argv[2:]
server = StdioServerParameters(command=command[0], args=command[1:], env=dict(os.environ))
ORDERS = {"kind": "queue", "name": "orders"}


def text(result):
    return "\n".join(block.text for block in result.content if block.type == "text")


def done(result):
    assert not result.is_error, text(result)
    return result.structured_content


def refused(result, code):
    assert result.is_error, f"not refused: {text(result)}"
    assert f"({code})" in text(result), text(result)
    return text(result)


def message(body, **more):
    return {"body": body, "properties": {"schema_version": "1"}} | more


async def fails(call, code):
    try:
        await call
    except MCPError as error:
        assert error.error.code == code, error
        return
    raise AssertionError("no error came")


async def whole(session):
    started = await session.initialize()
    assert started.capabilities.tools is not None and started.capabilities.resources is None, started
    tools = {tool.name: tool for tool in (await session.list_tools()).tools}
    assert sorted(tools) == ["abandon", "complete", "deadletter", "peek", "receive", "send"], sorted(tools)
    kinds = tools["receive"].input_schema["properties"]["resource"]
    assert kinds["properties"]["name"]["enum"] == ["orders", "waiting"], kinds
    send = tools["send"].input_schema["properties"]["messages"]["items"]["properties"]
    assert tools["peek"].annotations.read_only_hint is True, tools["peek"]
    assert send["body"]["description"], send

    answers = []

    async def one(number):
        allowed = number % 2 == 0
        body = message({"n": number}) if allowed else {"body": "x" * 5_000}
        result = await session.call_tool("send", {"resource": ORDERS, "messages": [body]})
        if allowed:
            assert len(done(result)["message_ids"]) == 1
        else:
            refused(result, "default_deny")
        answers.append(number)

    async with anyio.create_task_group() as group:
        for number in range(1_000):
            group.start_soon(one, number)
    assert sorted(answers) == list(range(1_000))
    # Past the second in which refusals were too many to be recorded one by one.
    await anyio.sleep(1.1)

    got = done(await session.call_tool(
        "receive", {"resource": ORDERS, "mode": "peek_lock", "messages": 3, "wait_seconds": 2}))["messages"]
    assert len(got) == 3 and got[0]["properties"] == {"schema_version": "1"}, got
    first = {"resource": ORDERS, "handles": [got[0]["handle"]]}
    assert done(await session.call_tool("complete", first))["status"] == "completed"
    refused(await session.call_tool("complete", first), "not_held")
    assert done(await session.call_tool("abandon", {"resource": ORDERS, "handles": [got[1]["handle"]]}))
    bury = {"resource": ORDERS, "handles": [got[2]["handle"]], "reason": "hidden"}
    assert "wpc approve" in refused(await session.call_tool("deadletter", bury), "approval_required")
    gone = {"resource": ORDERS, "mode": "receive_and_delete", "messages": 1}
    refused(await session.call_tool("receive", gone), "default_deny")
    refused(await session.call_tool("send", {"resource": ORDERS, "messages": [{"body": "a"}]}), "default_deny")
    refused(await session.call_tool("send", {"resource": ORDERS, "messages": [message("a", to="b")]}), "unknown_argument")
    refused(await session.call_tool("schedule", {"resource": ORDERS, "messages": []}), "unknown_tool")
    refused(await session.call_tool("manage", {"resource": ORDERS, "operation": "delete"}), "unknown_tool")
    seen = done(await session.call_tool("peek", {"resource": ORDERS, "messages": 10}))["messages"]
    assert len(seen) == 10 and "handle" not in seen[0], seen

    await fails(session.list_resources(), -32601)
    await fails(session.read_resource("file:///etc/passwd"), -32601)
    await fails(session.list_prompts(), -32601)
    await session.send_ping()
    # Cancelled while it waits for a message that never comes.
    waits = {"resource": {"kind": "queue", "name": "waiting"}, "mode": "peek_lock", "messages": 1, "wait_seconds": 60}
    with anyio.move_on_after(0.5):
        await session.call_tool("receive", waits)
    assert done(await session.call_tool("send", {"resource": ORDERS, "messages": [message("still there")]}))


async def main():
    with anyio.fail_after(180):
        async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
            await whole(session)
    print("   Python on wpc-service-bus: as it should be")


def dies_in_the_middle():
    """A client that is killed while a call is under way."""
    child = os.fork()
    if child == 0:
        async def call():
            async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
                await session.initialize()
                waits = {"resource": {"kind": "queue", "name": "waiting"}, "mode": "peek_lock", "messages": 1,
                         "wait_seconds": 60}
                async with anyio.create_task_group() as group:
                    group.start_soon(session.call_tool, "receive", waits)
                    await anyio.sleep(1.5)
                    os.kill(os.getpid(), signal.SIGKILL)

        anyio.run(call)
    os.waitpid(child, 0)


if case == "whole":
    anyio.run(main)
else:
    dies_in_the_middle()
