"""Callers' bodies read: every field, both spellings, and what is refused."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from google.genai import types

from podium.core.errors import InvalidRequest
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
from podium.core.tasks import Task
from podium.models.dialects.dialect import Address
from podium.models.dialects.gemini import Gemini

HELLO = {"role": "user", "parts": [{"text": "hi"}]}
CALL = {"functionCall": {"name": "look", "args": {"a": 1}}}


def encoded(value: Any) -> bytes:
    return msgspec.json.encode(value)


def with_parts(*parts: Any, role: str = "user") -> Any:
    return {"contents": [{"role": role, "parts": list(parts)}]}


PNG = base64.b64encode(b"\x89PNG\xff\xfe\xfb").decode()
PARTS = [
    ({"text": "a"}, TextPart("a")),
    ({"inlineData": {"mimeType": "image/png", "data": PNG}}, ImagePart(url=f"data:image/png;base64,{PNG}")),
    ({"inline_data": {"mime_type": "image/png", "data": PNG}}, ImagePart(url=f"data:image/png;base64,{PNG}")),
    (
        {"inlineData": {"mimeType": "image/png", "data": PNG.translate(str.maketrans("+/", "-_"))}},
        ImagePart(url=f"data:image/png;base64,{PNG}"),
    ),
    ({"inlineData": {"mimeType": "audio/mpeg", "data": "QUJD"}}, AudioPart(data="QUJD", format="mp3")),
    ({"inlineData": {"mimeType": "audio/wav;rate=16000", "data": "QUJD"}}, AudioPart(data="QUJD", format="wav")),
    (
        {"inlineData": {"mimeType": "application/pdf", "data": "QUJD", "displayName": "a.pdf"}},
        FilePart(url="data:application/pdf;base64,QUJD", media_type="application/pdf", name="a.pdf"),
    ),
    ({"fileData": {"fileUri": "https://a.b/c.png?x=1"}}, ImagePart(url="https://a.b/c.png?x=1")),
    ({"fileData": {"fileUri": "https://a.b/c", "mimeType": "image/webp"}}, ImagePart(url="https://a.b/c")),
    (
        {"file_data": {"file_uri": "https://a.b/c.pdf", "mime_type": "application/pdf"}},
        FilePart(url="https://a.b/c.pdf", media_type="application/pdf"),
    ),
    (
        {"fileData": {"fileUri": "gs://b/c", "mimeType": "video/mp4"}},
        FilePart(file_id="gs://b/c", media_type="video/mp4"),
    ),
    ({"codeExecutionResult": {"outcome": "OUTCOME_OK"}}, OpaquePart(kind="codeExecutionResult")),
]


@pytest.mark.parametrize(("wire", "part"), PARTS)
def test_a_part_is_read(task_of: Callable[..., Task], wire: Any, part: Any) -> None:
    assert task_of(with_parts(wire)).messages == (Message(role="user", parts=(part,)),)


@pytest.mark.parametrize("name", ["systemInstruction", "system_instruction"])
def test_system_instructions_come_first_in_either_spelling(task_of: Callable[..., Task], name: str) -> None:
    task = task_of({name: {"parts": [{"text": "be brief"}]}, "contents": [{"parts": [{"text": "hi"}]}]})
    assert [message.role for message in task.messages] == ["system", "user"]
    assert task.messages[0].text == "be brief"
    assert bytes(task.payload.fields[name])  # type: ignore[union-attr]  # a task of this dialect has one


def test_what_a_caller_named_himself_keeps_its_spelling(task_of: Callable[..., Task]) -> None:
    schema = {"type": "OBJECT", "properties": {"top_k": {"type": "STRING"}}}
    body = {
        "contents": [
            {"role": "model", "parts": [{"function_call": {"name": "f", "args": {"inline_data": 1}}}]},
            {"parts": [{"function_response": {"name": "f", "response": {"file_data": 2}}}]},
        ],
        "generation_config": {"response_schema": schema, "max_output_tokens": 7},
    }
    task = task_of(body)
    assert task.messages[0].tool_calls[0].arguments == '{"inline_data":1}'
    assert task.messages[1].text == '{"file_data":2}'
    assert task.options.max_tokens == 7
    assert task.options.schema == Schema(body={"type": "object", "properties": {"top_k": {"type": "string"}}})


def test_one_field_in_two_spellings_is_refused(dialect: Gemini) -> None:
    body = {"contents": [HELLO], "generationConfig": {}, "generation_config": {}}
    with pytest.raises(InvalidRequest) as caught:
        dialect.read_request(encoded(body))
    assert caught.value.param == "generationConfig"


def test_calls_without_identifiers_get_one_and_results_find_them(task_of: Callable[..., Task]) -> None:
    def call(place: str) -> dict[str, Any]:
        return {"functionCall": {"name": "look", "args": {"place": place}}}

    def result(value: Any) -> dict[str, Any]:
        return {"functionResponse": {"name": "look", "response": value}}

    body = {
        "contents": [
            HELLO,
            {"role": "model", "parts": [call("a"), call("b")]},
            {"role": "user", "parts": [result({"result": "A"}), result({"error": "B"}), {"text": "go on"}]},
            {"role": "model", "parts": [call("c")]},
            {"role": "function", "parts": [result({"x": 1, "y": 2})]},
        ]
    }
    messages = task_of(body).messages
    ids = [call.id for message in messages for call in message.tool_calls]
    assert len(set(ids)) == 3
    assert all(ids)
    assert [m.tool_call_id for m in messages if m.role == "tool"] == ids
    assert [m.text for m in messages if m.role == "tool"] == ["A", "B", '{"x":1,"y":2}']
    assert [m.failed for m in messages if m.role == "tool"] == [False, True, False]
    assert [m.role for m in messages] == ["user", "assistant", "tool", "tool", "user", "assistant", "tool"]
    assert messages == task_of(body).messages  # the same whenever it is sent again


def test_results_are_matched_by_identifier_where_there_is_one(task_of: Callable[..., Task]) -> None:
    calls = [{"functionCall": {"name": "f", "id": name, "args": {}}} for name in ("x", "y")]
    results = [{"functionResponse": {"name": "f", "id": name, "response": {"output": name}}} for name in ("y", "x")]
    messages = task_of({"contents": [{"role": "model", "parts": calls}, {"parts": results}]}).messages
    assert [(m.tool_call_id, m.text) for m in messages[1:]] == [("y", "y"), ("x", "x")]


def test_thoughts_and_signatures(task_of: Callable[..., Task]) -> None:
    parts = [
        {"text": "hm", "thought": True},
        {"text": "m", "thought": True, "thoughtSignature": "c2ln"},
        {"text": "so", "thoughtSignature": "dA=="},
        {**CALL, "thoughtSignature": "Yw=="},
    ]
    (message,) = task_of(with_parts(*parts, role="model")).messages
    assert message.parts == (
        ReasoningPart(text="hmm", signature="c2ln", origin="gemini"),
        TextPart("so", signature="dA=="),
    )
    assert message.tool_calls == (ToolCall(id="call_0_0", name="look", arguments='{"a":1}', signature="Yw=="),)


def test_an_answer_kept_chunk_by_chunk_is_one_turn(task_of: Callable[..., Task]) -> None:
    chunks = [{"role": "model", "parts": [{"text": text}]} for text in ("Hel", "lo", "")]
    (_, answer) = task_of({"contents": [HELLO, *chunks]}).messages
    assert answer == Message(role="assistant", parts=(TextPart("Hello"),))


def test_options(task_of: Callable[..., Task]) -> None:
    config = {
        "maxOutputTokens": 9,
        "temperature": 0.5,
        "topP": 0.9,
        "topK": 40.0,
        "stopSequences": ["END"],
        "candidateCount": 2,
        "seed": 3,
        "presencePenalty": 0.1,
        "frequencyPenalty": 0.2,
        "responseLogprobs": True,
        "thinkingConfig": {"thinkingLevel": "LOW", "thinkingBudget": 5, "includeThoughts": True},
    }
    options = task_of({"contents": [HELLO], "generationConfig": config}).options
    assert (options.max_tokens, options.temperature, options.top_p, options.top_k) == (9, 0.5, 0.9, 40)
    assert (options.stop, options.n, options.seed) == (("END",), 2, 3)
    assert (options.presence_penalty, options.frequency_penalty, options.logprobs) == (0.1, 0.2, True)
    assert (options.reasoning_effort, options.reasoning_tokens, options.show_reasoning) == ("low", 5, True)


@pytest.mark.parametrize(
    ("config", "schema"),
    [
        ({}, None),
        ({"responseMimeType": "text/plain"}, None),
        ({"responseMimeType": "application/json"}, Schema()),
        ({"responseJsonSchema": {"type": "object"}}, Schema(body={"type": "object"})),
        (
            {"responseSchema": {"type": "ARRAY", "items": {"type": "STRING", "nullable": True}, "minItems": "2"}},
            Schema(body={"type": "array", "items": {"type": ["string", "null"]}, "minItems": 2}),
        ),
    ],
)
def test_schemas(task_of: Callable[..., Task], config: Any, schema: Schema | None) -> None:
    assert task_of({"contents": [HELLO], "generationConfig": config}).options.schema == schema


DECLARED = [
    {"name": "f", "description": "d", "parameters": {"type": "OBJECT", "properties": {"a": {"type": "INTEGER"}}}},
    {"name": "g", "parametersJsonSchema": {"type": "object"}},
]
F = Tool(name="f", description="d", parameters={"type": "object", "properties": {"a": {"type": "integer"}}})
G = Tool(name="g", parameters={"type": "object"})
SEARCH = Tool(name="googleSearch", kind="googleSearch")


@pytest.mark.parametrize(
    ("mode", "allowed", "choice", "tools"),
    [
        (None, None, None, (F, G, SEARCH)),
        ("AUTO", None, "auto", (F, G, SEARCH)),
        ("ANY", None, "required", (F, G, SEARCH)),
        ("any", ["g"], "g", (F, G, SEARCH)),
        ("ANY", ["f", "x"], "required", (F, SEARCH)),
        ("NONE", None, "none", (F, G, SEARCH)),
        ("VALIDATED", None, "auto", (F, G, SEARCH)),
    ],
)
def test_tools(task_of: Callable[..., Task], mode: Any, allowed: Any, choice: Any, tools: Any) -> None:
    config = {"mode": mode, "allowedFunctionNames": allowed}
    body = {
        "contents": [HELLO],
        "tools": [{"functionDeclarations": DECLARED}, {"googleSearch": {}}],
        "toolConfig": {"functionCallingConfig": config},
    }
    options = task_of(body).options
    assert options.tool_choice == choice
    assert options.tools == tools


def test_model_stream_and_podium_fields(dialect: Gemini) -> None:
    body = {"contents": [HELLO], "podium": {"tags": {"a": "1"}}, "labels": {"a": "2", "b": "3"}}
    incoming = dialect.read_request(encoded(body), Address(model="models/gemini-x", stream=True, sse=False))
    assert (incoming.model, incoming.stream) == ("gemini-x", True)
    assert dict(incoming.fields.tags) == {"a": "1", "b": "3"}
    assert incoming.payload.sse is False
    assert dialect.read_request(encoded({"contents": [HELLO]})).model == "auto"


def test_count_requests_come_in_two_shapes(dialect: Gemini) -> None:
    whole = {"generateContentRequest": {"model": "models/m", "contents": [HELLO], "systemInstruction": HELLO}}
    assert len(dialect.read_count_request(encoded(whole)).messages) == 2
    assert dialect.read_count_request(encoded(whole)).model == "m"
    assert len(dialect.read_count_request(encoded({"contents": [HELLO]})).messages) == 1


BAD = [
    (b"", None),
    (b"[]", None),
    (b"{}", "contents"),
    (b'{"contents": []}', "contents"),
    (b'{"contents": [{}]}', "contents[0].parts"),
    (b'{"contents": "hi"}', "contents"),
    (b'{"contents": [{"parts": [{"text": 1}]}]}', "contents[0].parts[0].text"),
    (b'{"contents": [{"role": "system", "parts": [{"text": "a"}]}]}', "contents[0].role"),
    (b'{"contents": [{"parts": [{}]}]}', "contents[0].parts[0]"),
    (b'{"contents": [{"parts": [{"inlineData": {"data": "QQ=="}}]}]}', "contents[0].parts[0].inlineData.mimeType"),
    (b'{"contents": [{"parts": [{"inlineData": {"mimeType": "a/b"}}]}]}', "contents[0].parts[0].inlineData.data"),
    (b'{"contents": [{"parts": [{"fileData": {}}]}]}', "contents[0].parts[0].fileData.fileUri"),
    (b'{"contents": [{"parts": [{"functionResponse": {}}]}]}', "contents[0].parts[0].functionResponse.name"),
    (b'{"contents": [{"parts": [{"functionCall": {"name": "f"}}]}]}', "contents[0].parts[0]"),
    (
        b'{"contents": [{"role": "model", "parts": [{"functionCall": {}}]}]}',
        "contents[0].parts[0].functionCall.name",
    ),
    (
        b'{"contents": [{"role": "model", "parts": [{"functionCall": {"name": "f", "args": [1]}}]}]}',
        "contents[0].parts[0].functionCall.args",
    ),
    (b'{"contents": [{"parts": [{"text": "a"}]}], "podium": {"x": 1}}', "podium"),
    (
        b'{"contents": [{"parts": [{"text": "a"}]}], "generationConfig": {"maxOutputTokens": 0}}',
        "generationConfig.maxOutputTokens",
    ),
    (
        b'{"contents": [{"parts": [{"text": "a"}]}], "generationConfig": {"candidateCount": 99}}',
        "generationConfig.candidateCount",
    ),
    (b'{"contents": [{"parts": [{"text": "a"}]}], "generationConfig": {"topK": 1.5}}', "generationConfig.topK"),
    (
        b'{"contents": [{"parts": [{"text": "a"}]}], "tools": [{"functionDeclarations": [{}]}]}',
        "tools[0].functionDeclarations[0]",
    ),
    (
        b'{"contents": [{"parts": [{"text": "a"}]}], "toolConfig": {"functionCallingConfig": {"mode": "X"}}}',
        "toolConfig.functionCallingConfig.mode",
    ),
]


@pytest.mark.parametrize(("body", "param"), BAD)
def test_bad_input_names_the_field(dialect: Gemini, body: bytes, param: str | None) -> None:
    with pytest.raises(InvalidRequest) as caught:
        dialect.read_request(body)
    assert caught.value.param == param
    assert caught.value.remedy


def test_what_lies_beyond_the_canonical_form(dialect: Gemini, task_of: Callable[..., Task]) -> None:
    body = {
        "contents": [{"parts": [{"text": "a", "videoMetadata": {"fps": 1}}, {"text": '{"mediaProcessing": 1}'}]}],
        "systemInstruction": {"parts": [{"text": "a", "media_resolution": {"level": "LOW"}}]},
        "safetySettings": [{"category": "x"}],
        "cached_content": "cachedContents/1",
        "store": None,
        "tools": [{"functionDeclarations": [{"name": "f", "behavior": "BLOCKING", "response": {"type": "STRING"}}]}],
        "podium": {},
        "toolConfig": {"functionCallingConfig": {"mode": "VALIDATED"}, "retrieval_config": {"languageCode": "de"}},
        "generationConfig": {
            "temperature": 1,
            "speech_config": {"languageCode": "de"},
            "mediaResolution": "LOW",
            "logprobs": 3,
            "thinkingConfig": {"includeThoughts": True},
            "imageConfig": {},
        },
    }
    assert dialect.beyond(task_of(body)) == (
        "cachedContent",
        "contents.parts.videoMetadata",
        "generationConfig.logprobs",
        "generationConfig.mediaResolution",
        "generationConfig.speechConfig",
        "safetySettings",
        "systemInstruction.parts.mediaResolution",
        "toolConfig.functionCallingConfig.mode",
        "toolConfig.retrievalConfig",
        "tools.functionDeclarations.behavior",
    )
    assert dialect.beyond(task_of({"contents": [HELLO]})) == ()


def test_the_second_spelling_of_what_lies_beyond_is_seen_too(dialect: Gemini, task_of: Callable[..., Task]) -> None:
    part = {"inline_data": {"mime_type": "video/mp4", "data": "QUJD"}, "video_metadata": {"fps": 1}}
    body = {"contents": [{"parts": [part]}], "generation_config": {"media_resolution": "LOW"}}
    assert dialect.beyond(task_of(body)) == ("contents.parts.videoMetadata", "generationConfig.mediaResolution")


def test_results_come_before_what_stands_between_them(task_of: Callable[..., Task]) -> None:
    """Other wires want the results of a turn's calls right behind it, without a gap."""
    call = {"functionCall": {"name": "f", "id": "1"}}, {"functionCall": {"name": "g", "id": "2"}}
    results = [{"functionResponse": {"name": name, "response": {"result": name}}} for name in "fg"]
    turn = {"role": "user", "parts": [{"text": "a"}, results[0], {"text": "b"}, results[1], {"text": "c"}]}
    messages = task_of({"contents": [HELLO, {"role": "model", "parts": call}, turn]}).messages
    assert [message.role for message in messages] == ["user", "assistant", "tool", "tool", "user"]
    assert [message.tool_call_id for message in messages[2:4]] == ["1", "2"]
    assert messages[4].parts == (TextPart("a"), TextPart("b"), TextPart("c"))


def test_what_googles_own_types_write_is_read(task_of: Callable[..., Task]) -> None:
    content = types.Content(
        role="user",
        parts=[types.Part.from_bytes(data=b"\xff\xfe\xfb\xef", mime_type="image/png"), types.Part(text="what?")],
    )
    body = {"contents": [content.model_dump(mode="json", by_alias=True, exclude_none=True)]}
    (message,) = task_of(body).messages
    url = "data:image/png;base64," + base64.b64encode(b"\xff\xfe\xfb\xef").decode()
    assert message.parts == (ImagePart(url=url), TextPart("what?"))
