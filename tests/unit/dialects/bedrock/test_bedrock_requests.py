"""Bedrock Converse: requests written, each one Amazon's own client would have been let to send."""

from __future__ import annotations

import base64
import json
from functools import lru_cache
from typing import Any

import botocore.loaders
import botocore.model
import botocore.validate
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podium.core.messages import (
    AudioPart,
    FilePart,
    ImagePart,
    Message,
    OpaquePart,
    ReasoningPart,
    Schema,
    TextPart,
    Tool,
    ToolCall,
)
from podium.models.dialects import NotCarried, Quirks

MINE = "bedrock-converse"
CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
NEWEST = "global.anthropic.claude-opus-4-7-v1:0"
OLD = "anthropic.claude-3-5-sonnet-20241022-v2:0"
ALWAYS = "us.anthropic.claude-opus-5-5-v1"
NOVA, NOVA2 = "us.amazon.nova-pro-v1:0", "us.amazon.nova-2-lite-v1:0"
LLAMA, MISTRAL, GPT = "us.meta.llama3-3-70b-instruct-v1:0", "mistral.mistral-large-2402-v1:0", "openai.gpt-oss-20b-1:0"
PROFILE = "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc123"
SCHEMA = {"type": "object", "properties": {"x": {"type": "string"}}, "additionalProperties": False}
OPEN_SCHEMA = {"type": "object"}
PIXEL = "data:image/png;base64,iVBORw=="
PDF = "data:application/pdf;base64,JVBERi0="
TIME = Tool(name="get_time", description="Tells it.", parameters={"type": "object", "properties": {"zone": {}}})
PING = Tool(name="ping")
POINT = {"cachePoint": {"type": "default"}}


@lru_cache(maxsize=1)
def converse() -> Any:
    loaded = botocore.loaders.Loader().load_service_model("bedrock-runtime", "service-2")
    return botocore.model.ServiceModel(loaded).operation_model("Converse").input_shape


def official(body: Any) -> None:
    """The body is one botocore's own validator lets pass, blobs decoded as its serializer would encode them; and it
    holds no field botocore's model does not know."""
    report = botocore.validate.ParamValidator().validate({"modelId": "m", **_blobs(body)}, converse())
    assert not report.has_errors(), report.generate_report()


def _blobs(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _blobs(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_blobs(item) for item in value]
    return base64.b64decode(value, validate=True) if name in ("bytes", "redactedContent") else value


def said(role: str, *parts: Any, **more: Any) -> Message:
    made = tuple(TextPart(part) if isinstance(part, str) else part for part in parts)
    return Message(role=role, parts=made, **more)  # type: ignore[arg-type]  # one of four


CALL = said("assistant", tool_calls=(ToolCall(id="c1", name="ping", arguments='{"x": 1.50}'),))
RESULT = said("tool", "pong", tool_call_id="c1")
TURN = (said("user", "Hi"), CALL, RESULT)


def image(form: str = "png", data: str = "iVBORw==") -> dict[str, Any]:
    return {"image": {"format": form, "source": {"bytes": data}}}


def user(*content: Any) -> dict[str, Any]:
    return {"role": "user", "content": [{"text": c} if isinstance(c, str) else c for c in content]}


def use(call: str, name: str, **given: Any) -> dict[str, Any]:
    return {"toolUse": {"toolUseId": call, "name": name, "input": given}}


def result(call: str, *content: Any, **more: Any) -> dict[str, Any]:
    made = [{"text": c} if isinstance(c, str) else c for c in content]
    return {"toolResult": {"toolUseId": call, "content": made, **more}}


def assistant(*content: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": [{"text": c} if isinstance(c, str) else c for c in content]}


# (name, messages, system, turns)
CONVERSATIONS: list[tuple[str, list[Message], list[Any] | None, list[Any]]] = [
    ("text", [said("user", "Hi")], None, [user("Hi")]),
    ("instructions from everywhere go to the front, with their mark",
     [said("system", TextPart("A", cache="5m")), said("user", "Hi"), said("system", "B", cache="1h")],
     [{"text": "A"}, POINT, {"text": "B"}, {"cachePoint": {"type": "default", "ttl": "1h"}}], [user("Hi")]),
    ("instructions alone are said by the user", [said("system", "A")], None, [user("A")]),
    ("neighbours of one role are one turn; a turn that says nothing is none",
     [said("user", "a"), said("user", "b"), said("assistant", " "), said("user", "c", TextPart(""))],
     None, [user("a", "b", "c")]),
    ("an assistant that speaks first", [said("assistant", "Hello"), said("user", "Hi")], None,
     [user("(The assistant speaks first.)"), assistant("Hello"), user("Hi")]),
    ("pictures, marked", [said("user", ImagePart(url=PIXEL, cache="5m"), "What?")], None,
     [user(image(), POINT, "What?")]),
    ("documents have names of their own, and a word beside them",
     [said("user", FilePart(url=PDF, name="Q3: report_v2.pdf"), FilePart(url=PDF, name="Q3: report_v2.pdf"),
           FilePart(url="data:text/x-python;base64,eA=="), FilePart(url=PIXEL))], None,
     [user(
         {"document": {"format": "pdf", "name": "Q3 report v2", "source": {"bytes": "JVBERi0="}}},
         {"document": {"format": "pdf", "name": "Q3 report v2 (2)", "source": {"bytes": "JVBERi0="}}},
         {"document": {"format": "txt", "name": "Document", "source": {"bytes": "eA=="}}}, image(), "(A document.)")]),
    ("parallel calls and their results, results first",
     [said("user", "Hi"),
      said("assistant", "So", tool_calls=(ToolCall(id="a", name="ping", arguments=""),
                                          ToolCall(id="b", name="get_time", arguments='{"zone":"UTC"}', cache="5m"))),
      said("tool", "1", tool_call_id="a"), said("user", "And?"),
      said("tool", TextPart("boom", cache="5m"), tool_call_id="b", failed=True)], None,
     [user("Hi"), assistant("So", use("a", "ping"), use("b", "get_time", zone="UTC"), POINT),
      user(result("a", "1"), result("b", "boom", status="error"), POINT, "And?")]),
    ("calls and results without ids",
     [said("user", "Hi"),
      said("assistant", tool_calls=(ToolCall(id="", name="f", arguments="{}"), ToolCall(id="", name="g",
                                                                                         arguments="[1]"))),
      said("tool", "2", name="g"), said("tool", "1", name="f")], None,
     [user("Hi"), assistant(use("tooluse_podium_0", "f"), use("tooluse_podium_1", "g", invalid_arguments="[1]")),
      user(result("tooluse_podium_1", "2"), result("tooluse_podium_0", "1"))]),
    ("a failure that says nothing, and a result that is a picture",
     [said("user", "Hi"), said("assistant", tool_calls=(ToolCall(id="a", name="f", arguments=""),
                                                        ToolCall(id="b", name="f", arguments=""))),
      said("tool", tool_call_id="a", failed=True), said("tool", ImagePart(url=PIXEL), tool_call_id="b")], None,
     [user("Hi"), assistant(use("a", "f"), use("b", "f")),
      user(result("a", "The tool failed and said nothing.", status="error"), result("b", image()))]),
    ("reasoning goes back verbatim and first; Anthropic's own too, but for what is hidden",
     [said("user", "Hi"),
      said("assistant", "So", ReasoningPart(text="Hm", signature="S==", origin=MINE),
           ReasoningPart(data="Zm9v", origin=MINE), ReasoningPart(text="Ah", signature="T", origin="anthropic"),
           ReasoningPart(data="opaque", origin="anthropic"), ReasoningPart(text="unsigned", origin=MINE),
           ReasoningPart(text="other", signature="G", origin="gemini"),
           tool_calls=(ToolCall(id="a", name="f", arguments=""),)),
      said("tool", "1", tool_call_id="a")], None,
     [user("Hi"),
      assistant({"reasoningContent": {"reasoningText": {"text": "Hm", "signature": "S=="}}},
                {"reasoningContent": {"redactedContent": "Zm9v"}},
                {"reasoningContent": {"reasoningText": {"text": "Ah", "signature": "T"}}}, "So", use("a", "f")),
      user(result("a", "1"))]),
    ("an answer begun loses its trailing space", [said("user", "Hi"), said("assistant", "{ ")], None,
     [user("Hi"), assistant("{")]),
]  # fmt: skip


@pytest.mark.parametrize(("messages", "system", "turns"), [c[1:] for c in CONVERSATIONS],
                         ids=[c[0] for c in CONVERSATIONS])  # fmt: skip
def test_conversations(messages: list[Message], system: Any, turns: list[Any], kit: Any) -> None:
    body, _ = kit.written(*messages, model=CLAUDE)
    assert body["messages"] == turns
    assert body.get("system") == system
    official(body)


def test_digits_of_arguments_stay_as_they_were_written(kit: Any) -> None:
    _, out = kit.written(*TURN)
    assert b'"input":{"x": 1.50}' in out.body


def test_ids_keep_to_the_pattern_and_still_pair(kit: Any) -> None:
    wild = "call/ä" + "x" * 80
    body, _ = kit.written(
        said("user", "Hi"), said("assistant", tool_calls=(ToolCall(id=wild, name="my.tool", arguments=""),)),
        said("tool", "1", tool_call_id=wild))  # fmt: skip
    call = body["messages"][1]["content"][0]["toolUse"]
    assert call["toolUseId"] == body["messages"][2]["content"][0]["toolResult"]["toolUseId"]
    assert call["name"] == "my_tool"
    official(body)


# (name, model, options, what the body holds beside messages)
OPTIONS: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("nothing asked, nothing said", CLAUDE, {}, {}),
    ("inference", NOVA, {"max_tokens": 9, "temperature": 0.5, "top_p": 0.9, "stop": ("END", " ")},
     {"inferenceConfig": {"maxTokens": 9, "temperature": 0.5, "topP": 0.9, "stopSequences": ["END"]}}),
    ("what stopped a Claude is asked for", OLD, {"stop": ("END",), "temperature": 1.7, "top_k": 5},
     {"inferenceConfig": {"temperature": 1, "stopSequences": ["END"]}, "additionalModelRequestFields": {"top_k": 5},
      "additionalModelResponseFieldPaths": ["/stop_sequence"]}),
    ("top_k has many names", NOVA, {"top_k": 5}, {"additionalModelRequestFields": {"inferenceConfig": {"topK": 5}}}),
    ("top_k where there is none", LLAMA, {"top_k": 5, "seed": 1, "presence_penalty": 0.5}, {}),
    ("sampling a newer Claude refuses", NEWEST, {"temperature": 0.1, "top_k": 5}, {}),
    ("thinking with a budget", CLAUDE, {"reasoning_tokens": 2048, "temperature": 0.2, "max_tokens": 9000},
     {"inferenceConfig": {"maxTokens": 9000},
      "additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": 2048}}}),
    ("thinking by effort", NEWEST, {"reasoning_effort": "low"},
     {"additionalModelRequestFields": {"thinking": {"type": "adaptive"}}, "outputConfig": {"effort": "low"}}),
    ("an opaque name is asked as a Claude", PROFILE, {"reasoning_tokens": 2048},
     {"additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": 2048}}}),
    ("Nova's reasoning", NOVA2, {"reasoning_effort": "high", "temperature": 0.3},
     {"additionalModelRequestFields": {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}}}),
    ("Nova's highest takes no limit", NOVA2, {"reasoning_effort": "high", "max_tokens": 50},
     {"inferenceConfig": {"maxTokens": 50},
      "additionalModelRequestFields": {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "medium"}}}),
    ("gpt-oss's reasoning", GPT, {"reasoning_effort": "minimal"},
     {"additionalModelRequestFields": {"reasoning_effort": "low"}}),
    ("a model that does not reason", MISTRAL, {"reasoning_effort": "high"}, {}),
    ("the limit Podium sets", CLAUDE, {"max_tokens": 200_000}, {"inferenceConfig": {"maxTokens": 64_000}}),
]  # fmt: skip


@pytest.mark.parametrize(("model", "options", "expected"), [c[1:] for c in OPTIONS], ids=[c[0] for c in OPTIONS])
def test_options(model: str, options: dict[str, Any], expected: dict[str, Any], kit: Any) -> None:
    body, _ = kit.written(model=model, **options)
    assert {name: value for name, value in body.items() if name != "messages"} == expected
    official(body)


def test_podiums_own_limit_holds_only_where_the_caller_set_none(kit: Any) -> None:
    assert kit.written(limit=7)[0]["inferenceConfig"] == {"maxTokens": 7}
    assert kit.written(limit=7, max_tokens=5)[0]["inferenceConfig"] == {"maxTokens": 5}


@pytest.mark.parametrize(
    ("model", "options", "note"),
    [
        (CLAUDE, {"seed": 1, "frequency_penalty": 0.1}, "takes no seed, frequency_penalty"),
        (CLAUDE, {"temperature": 1.5}, "temperature was lowered from 1.5 to 1"),
        (LLAMA, {"top_k": 3}, "takes no top_k"),
        (CLAUDE, {"stop": ("\n",)}, "white space alone"),
        (MISTRAL, {"reasoning_effort": "low"}, "reasoning effort was left out"),
        (NOVA2, {"reasoning_effort": "high", "max_tokens": 5}, "lowered to 'medium'"),
        (CLAUDE, {"tools": (PING,), "parallel_tool_calls": False}, "one tool at a time"),
        (CLAUDE, {"schema": Schema()}, "JSON in words"),
        (CLAUDE, {"max_tokens": 99_000}, "lowered from 99000"),
        (CLAUDE, {"schema": Schema(body={**SCHEMA, "minProperties": 1})}, "minProperties could not be enforced"),
        (OLD, {"schema": Schema(body=SCHEMA)}, "input of a forced call"),
        (OLD, {"tools": (Tool(name="f", strict=True),)}, "not held strictly"),
        (NOVA, {"tools": (Tool(name="f", cache="5m"),)}, "Cache marks on tools were left out"),
    ],
)
def test_what_is_lost_is_said(model: str, options: dict[str, Any], note: str, kit: Any) -> None:
    _, out = kit.written(model=model, **options)
    assert any(note in each for each in out.notes), out.notes


@pytest.mark.parametrize(
    ("model", "message", "note"),
    [
        (NOVA, said("assistant", ReasoningPart(text="Hm", signature="S", origin=MINE), "So"), "does not take back"),
        (CLAUDE, said("assistant", ReasoningPart(text="Hm", origin=MINE), "So"), "does not take back"),
        (LLAMA, said("user", TextPart("x", cache="5m")), "Cache marks were left out"),
        (OLD, said("user", TextPart("x", cache="1h")), "for five minutes"),
        (CLAUDE, said("user", "x", name="Ann"), "participants"),
        (CLAUDE, said("user", ImagePart(url=PIXEL, detail="low")), "How finely"),
        (CLAUDE, said("user", "x", ReasoningPart(text="y")), "outside an assistant's turn"),
    ],
)
def test_what_is_lost_of_messages_is_said(model: str, message: Message, note: str, kit: Any) -> None:
    _, out = kit.written(said("user", "a"), message, said("user", "b"), model=model)
    assert any(note in each for each in out.notes), out.notes


def spec(tool: Tool, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"name": tool.name, "inputSchema": {"json": dict(tool.parameters or {"type": "object"})}}
    if tool.description:
        made["description"] = tool.description
    return {"toolSpec": {**made, **more}}


ANSWER = {"toolSpec": {"name": "podium_answer", "inputSchema": {"json": SCHEMA},
                       "description": "Give your answer by calling this tool, once, when you know it."}}  # fmt: skip

# (name, model, messages, options, toolConfig)
TOOLS: list[tuple[str, str, tuple[Message, ...], dict[str, Any], Any]] = [
    ("offered", CLAUDE, (), {"tools": (TIME, PING)}, {"tools": [spec(TIME), spec(PING)]}),
    ("marked", CLAUDE, (), {"tools": (Tool(name="f", cache="5m"),)}, {"tools": [spec(Tool(name="f")), POINT]}),
    ("auto", CLAUDE, (), {"tools": (PING,), "tool_choice": "auto"}, {"tools": [spec(PING)]}),
    ("required", CLAUDE, (), {"tools": (PING,), "tool_choice": "required"},
     {"tools": [spec(PING)], "toolChoice": {"any": {}}}),
    ("one", CLAUDE, (), {"tools": (TIME, PING), "tool_choice": "ping"},
     {"tools": [spec(TIME), spec(PING)], "toolChoice": {"tool": {"name": "ping"}}}),
    ("one, where `any` is all there is", MISTRAL, (), {"tools": (TIME, PING), "tool_choice": "ping"},
     {"tools": [spec(PING)], "toolChoice": {"any": {}}}),
    ("none", CLAUDE, (), {"tools": (PING,), "tool_choice": "none"}, None),
    ("none, with calls in the conversation", CLAUDE, TURN, {"tools": (PING,), "tool_choice": "none"},
     {"tools": [spec(PING)]}),
    ("calls in the conversation, and nothing offered", CLAUDE, TURN, {}, {"tools": [spec(PING)]}),
    ("free text", CLAUDE, (), {"tools": (Tool(name="sh", kind="custom"),)},
     {"tools": [{"toolSpec": {"name": "sh", "inputSchema": {"json": {
         "type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}}}}]}),
    ("strict", CLAUDE, (), {"tools": (Tool(name="f", strict=True, parameters=SCHEMA),)},
     {"tools": [spec(Tool(name="f", parameters=SCHEMA), strict=True)]}),
    ("a schema by a forced call", OLD, (), {"schema": Schema(body=SCHEMA)},
     {"tools": [ANSWER], "toolChoice": {"tool": {"name": "podium_answer"}}}),
    ("the same beside own tools", OLD, (), {"schema": Schema(body=SCHEMA), "tools": (PING,)},
     {"tools": [spec(PING), ANSWER], "toolChoice": {"any": {}}}),
    ("the same where no own tool may be called", OLD, (),
     {"schema": Schema(body=SCHEMA), "tools": (PING,), "tool_choice": "none"},
     {"tools": [ANSWER], "toolChoice": {"tool": {"name": "podium_answer"}}}),
    ("the same, `any` being all there is", MISTRAL, (), {"schema": Schema(body=SCHEMA)},
     {"tools": [ANSWER], "toolChoice": {"any": {}}}),
    ("a schema no model can be held to", CLAUDE, (), {"schema": Schema(body=OPEN_SCHEMA)},
     {"tools": [{"toolSpec": {**ANSWER["toolSpec"], "inputSchema": {"json": OPEN_SCHEMA}}}],
      "toolChoice": {"tool": {"name": "podium_answer"}}}),
    ("a named tool is the answer", OLD, (), {"schema": Schema(body=SCHEMA), "tools": (PING,), "tool_choice": "ping"},
     {"tools": [spec(PING)], "toolChoice": {"tool": {"name": "ping"}}}),
]  # fmt: skip


@pytest.mark.parametrize(("model", "messages", "options", "expected"), [c[1:] for c in TOOLS],
                         ids=[c[0] for c in TOOLS])  # fmt: skip
def test_tools(model: str, messages: tuple[Message, ...], options: dict[str, Any], expected: Any, kit: Any) -> None:
    body, _ = kit.written(*messages, model=model, **options)
    assert body.get("toolConfig") == expected
    official(body)


def test_a_schema_of_the_wires_own_is_a_text(kit: Any) -> None:
    body, out = kit.written(model=CLAUDE, schema=Schema(name="my answer", body=SCHEMA), reasoning_tokens=2048)
    structure = body["outputConfig"]["textFormat"]["structure"]["jsonSchema"]
    assert (json.loads(structure["schema"]), structure["name"]) == (SCHEMA, "my_answer")
    assert "toolConfig" not in body
    assert "thinking" in body["additionalModelRequestFields"], "a native schema does not exclude thinking"
    assert out.notes == ()
    official(body)


def test_a_model_without_either_is_shown_the_schema(kit: Any) -> None:
    body, out = kit.written(model=LLAMA, schema=Schema(body=SCHEMA))
    assert "toolConfig" not in body
    assert '"additionalProperties":false' in body["system"][0]["text"]
    assert any("in words" in note for note in out.notes)


def test_a_preset_may_deny_the_schema(kit: Any) -> None:
    body, _ = kit.written(model=CLAUDE, quirks=Quirks(json_schema=False), schema=Schema(body=SCHEMA))
    assert body["toolConfig"]["toolChoice"] == {"tool": {"name": "podium_answer"}}
    assert "outputConfig" not in body


def test_a_forced_answer_excludes_thinking_and_says_so(kit: Any) -> None:
    body, out = kit.written(model="anthropic.claude-sonnet-4-20250514-v1:0", schema=Schema(body=SCHEMA),
                            reasoning_tokens=2048)  # fmt: skip
    assert "additionalModelRequestFields" not in body
    assert any("Thinking was left out" in note for note in out.notes)


def test_extra_fields_and_refused_ones(kit: Any) -> None:
    quirks = Quirks(extra={"guardrailConfig": {"guardrailIdentifier": "g", "guardrailVersion": "1"}},
                    refuses=frozenset({"additionalModelRequestFields"}))  # fmt: skip
    body, out = kit.written(model=CLAUDE, quirks=quirks, top_k=4)
    assert body["guardrailConfig"]["guardrailIdentifier"] == "g"
    assert any("additionalModelRequestFields" in note for note in out.notes)
    official(body)


NO_PREFILL = (said("user", "Hi"), said("assistant", "So"))


@pytest.mark.parametrize(
    ("model", "messages", "options", "words", "param"),
    [
        (CLAUDE, (), {"n": 2}, "one answer", "n"),
        (CLAUDE, (), {"logprobs": True}, "log probabilities", "logprobs"),
        (CLAUDE, (said("user", AudioPart(data="UklGRg==", format="wav")),), {}, "no sound", None),
        (CLAUDE, (said("user", ImagePart(url="https://a.example/x.png")),), {}, "fetches nothing", None),
        (CLAUDE, (said("user", ImagePart(url="data:image/tiff;base64,aGk=")),), {}, "image/tiff", None),
        (CLAUDE, (said("user", ImagePart(url="data:image/png,raw")),), {}, "not base64", None),
        (CLAUDE, (said("user", FilePart(file_id="file-1")),), {}, "another provider", None),
        (CLAUDE, (said("user", FilePart(url="data:application/zip;base64,aGk=")),), {}, "application/zip", None),
        (CLAUDE, (said("user", FilePart(url="data:application/pdf;base64,")),), {}, "empty", None),
        (CLAUDE, (said("user", FilePart(url="https://a.example/x.pdf")),), {}, "fetches nothing", None),
        (CLAUDE, (said("user", OpaquePart(kind="hologram")),), {}, "hologram", None),
        (CLAUDE, (said("system", ImagePart(url=PIXEL)),), {}, "only text", None),
        (CLAUDE, (said("user", " "),), {}, "says nothing", "messages"),
        (CLAUDE, (said("user", "Hi"), CALL), {}, "no result", None),
        (CLAUDE, (said("user", "Hi"), said("tool", "x")), {}, "which call", None),
        (LLAMA, NO_PREFILL, {}, "does not go on", None),
        (NEWEST, NO_PREFILL, {}, "does not go on", None),
        (CLAUDE, NO_PREFILL, {"schema": Schema(body=SCHEMA)}, "answer begun", None),
        (CLAUDE, (), {"tools": (Tool(name="w", kind="web_search"),)}, "web_search", "tools"),
        (CLAUDE, (), {"tools": (Tool(name="a b"),)}, "'a b'", "tools"),
        (CLAUDE, (), {"tools": (Tool(name="podium_answer"),)}, "podium_answer", "tools"),
        (CLAUDE, (), {"tools": (PING,), "tool_choice": "pong"}, "not among those", "tool_choice"),
        (LLAMA, (), {"tools": (PING,), "tool_choice": "required"}, "cannot be made", "tool_choice"),
        (ALWAYS, (), {"tools": (PING,), "tool_choice": "ping"}, "cannot be made", "tool_choice"),
        (CLAUDE, (), {"tools": (PING,), "tool_choice": "ping", "reasoning_tokens": 2048}, "thinks", "tool_choice"),
        (OLD, (), {"schema": Schema(body={"type": "array"})}, "objects only", None),
    ],
)
def test_what_cannot_be_done_without_is_refused(
    model: str, messages: tuple[Message, ...], options: dict[str, Any], words: str, param: str | None, kit: Any
) -> None:
    with pytest.raises(NotCarried, match=words) as caught:
        kit.written(*messages, model=model, **options)
    assert caught.value.param == param


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("amazon.nova-lite-v1:0", "/model/amazon.nova-lite-v1%3A0/converse"),
        (PROFILE, "/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A123456789012%3Aapplication-inference-profile%2Fabc123"
                  "/converse"),
    ],
)  # fmt: skip
def test_a_models_id_is_encoded_whole(model: str, path: str, kit: Any) -> None:
    assert kit.wire.path(model, stream=False) == path
    assert kit.wire.path(model, stream=True) == path + "-stream"


TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
IDS = st.text("abc-/é", max_size=70)
PARTS = st.one_of(
    st.builds(TextPart, TEXT, st.sampled_from([None, "5m", "1h"])),
    st.builds(ImagePart, url=st.just(PIXEL), cache=st.sampled_from([None, "5m"])),
    st.builds(FilePart, url=st.just(PDF), name=st.none() | TEXT),
    st.builds(ReasoningPart, text=TEXT, signature=st.none() | TEXT, origin=st.sampled_from([MINE, "anthropic", "x"])),
)
CALLS = st.builds(ToolCall, id=IDS, name=TEXT, arguments=TEXT | st.just('{"a":1}'), cache=st.sampled_from([None, "5m"]))
MESSAGES = st.one_of(
    st.builds(Message, role=st.just("user"), parts=st.lists(PARTS, max_size=3).map(tuple)),
    st.builds(Message, role=st.just("system"), parts=st.lists(st.builds(TextPart, TEXT), max_size=2).map(tuple)),
    st.builds(Message, role=st.just("assistant"), parts=st.lists(PARTS, max_size=3).map(tuple),
              tool_calls=st.lists(CALLS, max_size=2).map(tuple)),
    st.builds(Message, role=st.just("tool"), parts=st.lists(PARTS, max_size=2).map(tuple), tool_call_id=IDS,
              failed=st.booleans()),
)  # fmt: skip


@given(messages=st.lists(MESSAGES, max_size=6), model=st.sampled_from([CLAUDE, OLD, NOVA, LLAMA, MISTRAL, PROFILE]))
@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_is_written_is_well_formed(messages: list[Message], model: str, kit: Any) -> None:
    """Roles alternate and begin with the user's; no turn is empty; results lead; the official validator agrees."""
    try:
        body, _ = kit.written(*(messages or [said("user", "Hi")]), model=model)
    except NotCarried:
        return
    official(body)
    roles = [turn["role"] for turn in body["messages"]]
    assert roles == (["user", "assistant"] * len(roles))[: len(roles)]
    for turn in body["messages"]:
        kinds = [next(iter(block)) for block in turn["content"]]
        assert kinds
        assert kinds[0] != "cachePoint"
        if "toolResult" in kinds:
            last = len(kinds) - 1 - kinds[::-1].index("toolResult")
            assert set(kinds[:last]) <= {"toolResult", "cachePoint"}
        if "document" in kinds:
            assert "text" in kinds
        assert not any("text" in block and not block["text"].strip() for block in turn["content"])
