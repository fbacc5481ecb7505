"""The official Python SDK's client on a gate that it launches: client.py CASE COMMAND... -- SERVER..."""

import os
import signal
import sys

import anyio
from mcp import ClientSession, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client

case, command = sys.argv[1], sys.argv[2:]
server = StdioServerParameters(command=command[0], args=command[1:], env=dict(os.environ))


def text(result):
    return "\n".join(block.text for block in result.content if block.type == "text")


def refused(result, code):
    assert result.is_error, f"not refused: {text(result)}"
    assert f"Refused ({code})" in text(result), text(result)
    assert result.meta["wpc/refusal"]["code"] == code, result.meta
    return text(result)


async def fails(call, code):
    try:
        await call
    except MCPError as error:
        assert error.error.code == code, error
        return str(error)
    raise AssertionError("no error came")


async def everything(session):
    started = await session.initialize()
    assert started.capabilities.tools is not None, started
    assert started.capabilities.resources is None and started.capabilities.prompts is None, started
    assert started.capabilities.logging is None, started
    tools = {tool.name: tool for tool in (await session.list_tools()).tools}
    assert sorted(tools) == [
        "echo", "get-structured-content", "get-sum", "trigger-long-running-operation"], sorted(tools)
    echo = tools["echo"].input_schema["properties"]["message"]
    assert echo["maxLength"] == 40 and echo["pattern"] == "^(?:[a-z0-9 ]*)$", echo
    assert echo["description"] == "Message to echo", echo
    assert tools["get-structured-content"].input_schema["properties"]["location"]["enum"] == ["New York"]

    assert text(await session.call_tool("echo", {"message": "hello"})) == "Echo: hello"
    said = refused(await session.call_tool("echo", {"message": "Hello!"}), "default_deny")
    assert "Rule: " in said and "Not met: message matches" in said and "What to do: " in said, said
    refused(await session.call_tool("echo", {"message": 5}), "wrong_type")
    refused(await session.call_tool("echo", {"message": "a", "more": "b"}), "unknown_argument")
    refused(await session.call_tool("get-env", {}), "unknown_tool")
    # An exact decimal for the policy, a number for the server.
    assert "25.5" in text(await session.call_tool("get-sum", {"a": "25.00", "b": "0.50"}))
    refused(await session.call_tool("get-sum", {"a": "100.01", "b": "0.00"}), "default_deny")
    content = await session.call_tool("get-structured-content", {"location": "New York"})
    assert content.structured_content["conditions"], content
    for _ in range(2):
        await session.call_tool("get-sum", {"a": "1.00", "b": "1.00"})
    refused(await session.call_tool("get-sum", {"a": "1.00", "b": "1.00"}), "limit_exceeded")

    await fails(session.list_resources(), -32601)
    await fails(session.read_resource("demo://resource/static/document/features.md"), -32601)
    await fails(session.list_prompts(), -32601)
    await session.send_ping()

    seen = []

    async def progress(done, total, message):
        seen.append((done, total))

    long = {"duration": 1, "steps": 4}
    result = await session.call_tool("trigger-long-running-operation", long, progress_callback=progress)
    assert not result.is_error and len(seen) >= 3, seen
    with anyio.move_on_after(0.5):
        await session.call_tool("trigger-long-running-operation", {"duration": 60, "steps": 60})
    assert text(await session.call_tool("echo", {"message": "still there"})) == "Echo: still there"

    answers = []

    async def call(number):
        allowed = number % 2 == 0
        message = f"call {number}" if allowed else f"CALL {number}"
        result = await session.call_tool("echo", {"message": message})
        if allowed:
            assert text(result) == f"Echo: call {number}", text(result)
        else:
            refused(result, "default_deny")
        answers.append(number)

    async with anyio.create_task_group() as group:
        for number in range(1_000):
            group.start_soon(call, number)
    assert sorted(answers) == list(range(1_000))


async def files(session):
    await session.initialize()
    tools = sorted(tool.name for tool in (await session.list_tools()).tools)
    assert tools == ["list_allowed_directories", "read_text_file"], tools
    here = os.getcwd()
    assert "hello" in text(await session.call_tool("read_text_file", {"path": f"{here}/files/a.txt"}))
    refused(await session.call_tool("read_text_file", {"path": f"{here}/outside.txt"}), "default_deny")
    refused(await session.call_tool("read_text_file", {"path": f"{here}/files/../outside.txt"}), "bad_name")
    refused(await session.call_tool("write_file", {"path": f"{here}/files/b", "content": "x"}), "unknown_tool")
    assert not os.path.exists("files/b")
    # The tool itself fails: that is its answer, and the ledger's.
    missing = await session.call_tool("read_text_file", {"path": f"{here}/files/none"})
    assert missing.is_error and "Refused" not in text(missing), text(missing)


async def time(session):
    await session.initialize()
    tools = (await session.list_tools()).tools
    assert [tool.name for tool in tools] == ["get_current_time"], tools
    assert tools[0].input_schema["properties"]["timezone"]["enum"] == ["Europe/Berlin", "UTC"]
    assert "UTC" in text(await session.call_tool("get_current_time", {"timezone": "UTC"}))
    refused(await session.call_tool("get_current_time", {"timezone": "Asia/Tokyo"}), "default_deny")


async def git(session):
    await session.initialize()
    here = os.getcwd()
    assert "branch" in text(await session.call_tool("git_status", {"repo_path": f"{here}/repo"})).lower()
    refused(await session.call_tool("git_status", {"repo_path": "/"}), "default_deny")


async def changed(session):
    await session.initialize()
    tools = sorted(tool.name for tool in (await session.list_tools()).tools)
    assert "echo" not in tools and "get-sum" in tools, tools
    refused(await session.call_tool("echo", {"message": "hello"}), "tool_changed")


async def main():
    cases = {one.__name__: one for one in (everything, files, time, git, changed)}
    with anyio.fail_after(90):
        async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
            await cases[case](session)
    print(f"   {case}: as it should be")


def dies_in_the_middle():
    """A client that is killed while a call is under way."""
    child = os.fork()
    if child == 0:
        async def call():
            async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
                await session.initialize()
                async with anyio.create_task_group() as group:
                    group.start_soon(session.call_tool, "trigger-long-running-operation", {"duration": 60, "steps": 60})
                    await anyio.sleep(1.5)
                    os.kill(os.getpid(), signal.SIGKILL)

        anyio.run(call)
    os.waitpid(child, 0)


anyio.run(main)
if case == "everything":
    dies_in_the_middle()
