"""boto3's unmodified `bedrock-runtime` client against a simulated vendor: signatures, Converse, binary streams."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

from podium.models.sim.orders import digest_of
from podium.testing import Fault, Faults, SimModel, SimServer, SimVendor

NAME = "eu.anthropic/sharp-v1:0"
VENDOR = SimVendor(
    name="acme",
    models=(
        SimModel(name=NAME, skill=1.0, reasoning_tokens=20, redacts_reasoning=True),
        SimModel(name="plain", vision=False, tools=False, context=500),
    ),
    aws_secret="a secret of 40 characters, more or less",
    time_scale=0,
)
TOOLS = [
    {"toolSpec": {"name": "get_time", "inputSchema": {"json": {"type": "object", "properties": {"zone": {}}}}}},
    {"toolSpec": {"name": "ping", "description": "Ping.", "inputSchema": {"json": {"type": "object"}}}},
]
TWO_CALLS = 'Call get_time {"zone": "UTC"} and ping'
THINK = {"additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": 1024}}}


@pytest.fixture(scope="module")
def server() -> Iterator[SimServer]:
    with SimServer(VENDOR) as running:
        yield running


def _client(server: SimServer, service: str = "bedrock-runtime", secret: str | None = VENDOR.aws_secret) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]  # one of hundreds
        endpoint_url=server.root_url,
        region_name="eu-west-1",
        aws_access_key_id="AKSIM",
        aws_secret_access_key=secret,
        config=Config(retries={"max_attempts": 0}),
    )


@pytest.fixture(scope="module")
def client(server: SimServer) -> Iterator[Any]:
    opened = _client(server)
    yield opened
    opened.close()


def _user(*blocks: Any) -> dict[str, Any]:
    return {"role": "user", "content": [{"text": block} if isinstance(block, str) else block for block in blocks]}


def _ask(text: str = "hello", **fields: Any) -> dict[str, Any]:
    return {"modelId": NAME, "messages": [_user(text)], **fields}


def _streamed(client: Any, **fields: Any) -> tuple[list[dict[str, Any]], str, dict[str, Any]]:
    """The blocks put together from a stream, why it stopped, and the usage."""
    blocks: dict[int, dict[str, Any]] = {}
    stop, usage = "", {}
    for event in client.converse_stream(**fields)["stream"]:
        ((kind, told),) = event.items()
        if kind == "contentBlockStart":
            blocks[told["contentBlockIndex"]] = {"toolUse": {**told["start"]["toolUse"], "input": ""}}
        elif kind == "contentBlockDelta":
            block = blocks.setdefault(told["contentBlockIndex"], {})
            ((name, piece),) = told["delta"].items()
            if name == "text":
                block["text"] = block.get("text", "") + piece
            elif name == "toolUse":
                block["toolUse"]["input"] += piece["input"]
            elif "redactedContent" in piece:
                block["reasoningContent"] = piece
            else:
                thought = block.setdefault("reasoningContent", {"reasoningText": {"text": "", "signature": ""}})
                for field, more in piece.items():
                    thought["reasoningText"][field] += more
        stop = told["stopReason"] if kind == "messageStop" else stop
        usage = told["usage"] if kind == "metadata" else usage
    return [blocks[index] for index in sorted(blocks)], stop, usage


@pytest.mark.parametrize(
    "fields",
    [
        _ask(),
        _ask("Repeat after me: größer, 更大, 🙂", system=[{"text": "Be kind."}]),
        _ask(TWO_CALLS, toolConfig={"tools": TOOLS}),
        _ask(TWO_CALLS, toolConfig={"tools": TOOLS}, **THINK),
        _ask("Refuse this."),
        _ask(inferenceConfig={"maxTokens": 3}),
        _ask(inferenceConfig={"stopSequences": [" simulated"]}),
    ],
)
def test_whole_and_streamed_answers_agree(client: Any, fields: dict[str, Any]) -> None:
    import json

    whole = client.converse(**fields)
    blocks, stop, usage = _streamed(client, **fields)
    for block in blocks:
        if "toolUse" in block:
            block["toolUse"]["input"] = json.loads(block["toolUse"]["input"])
    assert (blocks, stop, usage) == (whole["output"]["message"]["content"], whole["stopReason"], whole["usage"])


def test_two_tools_are_called_at_once_and_their_results_told(client: Any) -> None:
    asked = _ask(TWO_CALLS, toolConfig={"tools": TOOLS}, **THINK)
    answer = client.converse(**asked)
    message = answer["output"]["message"]
    calls = [block["toolUse"] for block in message["content"] if "toolUse" in block]
    assert answer["stopReason"] == "tool_use"
    assert [(call["name"], call["input"]) for call in calls] == [("get_time", {"zone": "UTC"}), ("ping", {})]
    results = [{"toolResult": {"toolUseId": c["toolUseId"], "content": [{"text": c["name"]}]}} for c in calls]
    talk = [*asked["messages"], message, _user(*results)]
    told = client.converse(**{**asked, "messages": talk})["output"]["message"]["content"][-1]["text"]
    assert told.endswith("get_time; ping")
    message["content"][0]["reasoningContent"]["reasoningText"]["text"] += "!"
    with pytest.raises(ClientError, match="signature"):
        client.converse(**{**asked, "messages": talk})


def test_images_schemas_and_caching(client: Any) -> None:
    image = {"image": {"format": "png", "source": {"bytes": b"\x89PNG\xff"}}}
    told = client.converse(modelId=NAME, messages=[_user(image, "Describe the image")])
    assert told["output"]["message"]["content"][0]["text"] == (
        f"image/png, 5 bytes, digest {digest_of(bytes([0x89]) + b'PNG' + bytes([0xFF]))}"
    )
    schema = {"type": "json_schema", "structure": {"jsonSchema": {"schema": '{"type": "object"}'}}}
    text = client.converse(**_ask(outputConfig={"textFormat": schema}))["output"]["message"]["content"][0]["text"]
    assert text.startswith("{")
    system = [{"text": "cached " * 40}, {"cachePoint": {"type": "default"}}]
    first = client.converse(**_ask("one", system=system))["usage"]
    again = client.converse(**_ask("two", system=system))["usage"]
    assert (first["cacheWriteInputTokens"], first["cacheReadInputTokens"]) == (74, 0)
    assert (again["cacheWriteInputTokens"], again["cacheReadInputTokens"]) == (0, 74)
    assert again["totalTokens"] == again["inputTokens"] + 74 + again["outputTokens"]


@pytest.mark.parametrize(
    ("choice", "names"), [({"any": {}}, ["get_time"]), ({"tool": {"name": "ping"}}, ["ping"]), ({"auto": {}}, [])]
)
def test_forced_tools(client: Any, choice: dict[str, Any], names: list[str]) -> None:
    answer = client.converse(**_ask(toolConfig={"tools": TOOLS, "toolChoice": choice}))
    content = answer["output"]["message"]["content"]
    assert [block["toolUse"]["name"] for block in content if "toolUse" in block] == names


USED = {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t1", "name": "ping", "input": {}}}]}
RESULT = {"toolResult": {"toolUseId": "t1", "content": [{"text": "ok"}]}}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"messages": []}, "required"),
        ({"messages": [{"role": "assistant", "content": [{"text": "hi"}]}]}, "start with a user"),
        ({"messages": [_user("a"), _user("b")]}, "alternate"),
        ({"messages": [_user(" ")]}, "blank"),
        ({"messages": [_user(RESULT)]}, "exceeds"),
        ({"messages": [_user("a"), USED, _user("b")], "toolConfig": {"tools": TOOLS}}, "Expected toolResult"),
        ({"messages": [_user("a"), USED, _user(RESULT)]}, "toolConfig"),
        ({"inferenceConfig": {"maxTokens": 499}, "modelId": "plain"}, "context window"),
        ({"modelId": "plain", "toolConfig": {"tools": TOOLS}}, "does not call tools"),
    ],
)
def test_what_the_real_api_refuses(client: Any, fields: dict[str, Any], words: str) -> None:
    with pytest.raises(client.exceptions.ValidationException, match=words):
        client.converse(**{**_ask(), **fields})


def test_failures_have_amazons_types(server: SimServer, client: Any) -> None:
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.converse(**{**_ask(), "modelId": "nobody"})
    for status, kind in ((429, "ThrottlingException"), (503, "ServiceUnavailableException")):
        server.faults = Faults(script=(Fault(kind="status", status=status),))
        with pytest.raises(getattr(client.exceptions, kind)):
            client.converse(**_ask())
    server.faults = Faults(script=(Fault(kind="error_event"),))
    with pytest.raises(EventStreamError, match="modelStreamErrorException"):
        _streamed(client, **_ask())


def test_only_the_right_secret_signs(server: SimServer) -> None:
    stranger = _client(server, secret="another")
    with pytest.raises(ClientError, match="InvalidSignatureException"):
        stranger.converse(**_ask())
    stranger.close()
    control = _client(server, "bedrock")
    assert [each["modelId"] for each in control.list_foundation_models()["modelSummaries"]] == [NAME, "plain"]
    control.close()
    assert {seen.wire for seen in server.seen} == {"bedrock-converse"}
