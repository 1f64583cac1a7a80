"""Callers' bodies that cannot be right, for every endpoint of every dialect.

Each known field (the official SDKs' own type definitions say which there are) gets values of every wrong kind. What is
refused is refused at once, in the caller's dialect, with the field's name and a remedy, and nothing goes upstream; what
is none of Podium's business goes on. Never a 5xx, never a stack trace, and the gateway serves the next request.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from anthropic.types.message_create_params import MessageCreateParamsBase
from google.genai.types import GenerateContentConfig
from openai.types.chat.completion_create_params import CompletionCreateParamsBase
from openai.types.embedding_create_params import EmbeddingCreateParams
from openai.types.responses.response_create_params import ResponseCreateParamsBase

sys.path.insert(0, str(Path(__file__).parents[2] / "wire_scripts"))
from wire_callers import CALLERS, Caller
from wire_forms import FORMS, WIRES
from wire_stage import Stage, scripted
from wire_upstream import whole

QUICKLY_S = 0.1
"""From the last byte of a request to the first of its refusal; measured as the best of three, the machine is shared."""


@pytest.fixture(scope="module")
def shared_stage(start_shared: Any) -> Iterator[Stage]:
    with scripted(start_shared) as made:
        for wire in WIRES:
            made.plays(wire, whole(FORMS[wire].body()))
        yield made


@pytest.fixture
def stage(shared_stage: Stage) -> Iterator[Stage]:
    yield shared_stage
    for name, caller in CALLERS.items():
        shared_stage.plays(name, whole(FORMS[name].body()))
        answer = shared_stage.ask(caller, f"bad-{name}/m-{name}", stream=False)
        assert answer.status == 200, answer.text
    assert shared_stage.gateway.runtime.ledger.lost == 0


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


FIELDS: Mapping[str, tuple[str, ...]] = {
    "openai-chat": (*CompletionCreateParamsBase.__annotations__, "podium"),
    "openai-responses": (*ResponseCreateParamsBase.__annotations__, "podium"),
    "anthropic": (*MessageCreateParamsBase.__annotations__, "podium"),
    "gemini": (
        *("contents", "systemInstruction", "tools", "toolConfig", "safetySettings", "generationConfig", "labels"),
        *("cachedContent", "podium"),
        *(f"generationConfig.{_camel(name)}" for name in GenerateContentConfig.model_fields),
    ),
}
WRONG: Mapping[str, bytes] = {
    "null": b"null",
    "true": b"true",
    "an object": b"{}",
    "a list": b"[]",
    "a text": b'"x"',
    "a negative number": b"-1",
    "a number beyond all": b"1e400",
    "a whole number beyond all": b"9" * 400,
    "a list of nulls": b"[null]",
    "a list of numbers": b"[1,-1]",
    "a list of objects": b"[{}]",
    "a list of lists": b"[[[]]]",
    "an object with null": b'{"type":null,"role":null,"name":null}',
    "an object of wrong types": b'{"type":7,"role":[],"content":{},"parts":1,"text":{},"function":[],"name":{}}',
    "ten thousand deep": b"[" * 10_000 + b"]" * 10_000,
    "ten thousand objects deep": b'{"type":' * 10_000 + b"1" + b"}" * 10_000,
    "half a surrogate": b'"\\ud800"',
    "a NUL": b'"\\u0000"',
}


def _body(caller: Caller, model: str, field: str, value: bytes) -> bytes:
    base = caller.body(model)
    outer, _, inner = field.partition(".")
    base.pop(outer, None)
    if inner:
        value = b"{" + json.dumps(inner).encode() + b":" + value + b"}"
    return json.dumps(base).encode()[:-1] + (b"," if base else b"") + json.dumps(outer).encode() + b":" + value + b"}"


def _refused(caller: Caller, answer: Any) -> dict[str, Any]:
    """A clear refusal in the caller's dialect."""
    assert 400 <= answer.status < 500, (answer.status, answer.text[:500])
    assert answer.headers["content-type"] == "application/json"
    assert len(answer.content) < 4_000
    error = caller.error_of(answer.json(), answer.status)
    for word in ("Traceback", 'File "', "msgspec", "podium.models", "object at 0x"):
        assert word not in answer.text, answer.text
    return error


@pytest.mark.parametrize("value", WRONG.values(), ids=WRONG.keys())
@pytest.mark.parametrize("caller", CALLERS.values(), ids=CALLERS.keys())
def test_wrong_values_in_every_field(stage: Stage, caller: Caller, value: bytes) -> None:
    others = [wire for wire in WIRES if wire != caller.name]
    slow: list[tuple[str, float]] = []
    for place, field in enumerate(FIELDS[caller.name]):
        for wire in (caller.name, others[place % 3]):
            before = len(stage.upstream.asked)
            model = f"bad-{wire}/m-{wire}"
            body = _body(caller, model, field, value)
            began = time.perf_counter()
            answer = stage.gateway.post(body, caller.path(model, stream=False))
            took = time.perf_counter() - began
            if answer.status == 200:
                continue
            told = f"{field} over {wire}: {answer.status} {answer.text[:300]}"
            assert 400 <= answer.status < 500, told
            error = _refused(caller, answer)
            sent = len(stage.upstream.asked) - before
            assert sent == 0, told
            named = field.partition(".")[2] or field
            whole_body = "not valid JSON" in error["message"]  # which then has no fields
            named = whole_body or named in caller.param_of(error) or named in error["message"] or field == "model"
            assert named or answer.status == 422, told
            assert caller.remedy_of(error) or caller.param_of(error), told
            if took > QUICKLY_S:
                slow.append((field, took))
    assert len(slow) < 3, slow


@pytest.mark.parametrize("value", WRONG.values(), ids=WRONG.keys())
def test_wrong_values_in_a_request_for_vectors(stage: Stage, value: bytes) -> None:
    before = len(stage.upstream.asked)
    for field in EmbeddingCreateParams.__annotations__:
        base = {"model": "m-openai-chat", "input": "x"}
        base.pop(field, None)
        body = (
            json.dumps(base).encode()[:-1] + (b"," if base else b"") + json.dumps(field).encode() + b":" + value + b"}"
        )
        answer = stage.gateway.post(body, "/v1/embeddings")
        error = _refused(CALLERS["openai-chat"], answer)  # also where the value is right: nobody here makes vectors
        if answer.status == 400 and "not valid JSON" not in error["message"]:
            assert field in (error["param"] or ""), error
    assert len(stage.upstream.asked) == before


BIG = b'"' + b"x" * 10_000_000 + b'"'


@pytest.mark.parametrize("caller", CALLERS.values(), ids=CALLERS.keys())
def test_ten_megabytes_where_a_word_belongs(stage: Stage, caller: Caller) -> None:
    fields = {
        "openai-chat": ("model", "messages", "stop", "user", "tools", "reasoning_effort", "tool_choice"),
        "openai-responses": ("model", "instructions", "tools", "user", "text", "previous_response_id"),
        "anthropic": ("model", "messages", "system", "tools", "metadata", "tool_choice"),
        "gemini": ("contents", "systemInstruction", "tools", "generationConfig", "cachedContent"),
    }[caller.name]
    for field in fields:
        before = len(stage.upstream.asked)
        answer = stage.gateway.post(_body(caller, "m-anthropic", field, BIG), caller.path("m-anthropic", stream=False))
        if answer.status == 200:
            continue
        assert 400 <= answer.status < 500, (field, answer.status, answer.text[:300])
        _refused(caller, answer)
        assert len(stage.upstream.asked) == before


# --- no JSON at all, everywhere ------------------------------------------------------------------------------------

ENDPOINTS: Mapping[str, tuple[str, bytes]] = {
    "/v1/chat/completions": ("openai-chat", b'{"model":"m-openai-chat","messages":[{"role":"user","content":"@"}]}'),
    "/v1/responses": ("openai-responses", b'{"model":"m-openai-responses","input":"@"}'),
    "/v1/responses/input_tokens": ("openai-responses", b'{"model":"m-openai-responses","input":"@"}'),
    "/v1/embeddings": ("openai-chat", b'{"model":"m-openai-chat","input":"@"}'),
    "/v1/messages": (
        "anthropic", b'{"model":"m-anthropic","max_tokens":9,"messages":[{"role":"user","content":"@"}]}',
    ),
    "/v1/messages/count_tokens": ("anthropic", b'{"model":"m-anthropic","messages":[{"role":"user","content":"@"}]}'),
    "/v1beta/models/m-gemini:generateContent": ("gemini", b'{"contents":[{"parts":[{"text":"@"}]}]}'),
    "/v1beta/models/m-gemini:streamGenerateContent?alt=sse": ("gemini", b'{"contents":[{"parts":[{"text":"@"}]}]}'),
    "/v1beta/models/m-gemini:countTokens": ("gemini", b'{"contents":[{"parts":[{"text":"@"}]}]}'),
    "/podium/v1/explain": ("openai-chat", b'{"model":"m-openai-chat","messages":[{"role":"user","content":"@"}]}'),
}  # fmt: skip
MALFORMED: Mapping[str, Any] = {
    "empty": lambda good: b"",
    "blank": lambda good: b" \r\n\t",
    "text": lambda good: b"hello",
    "null": lambda good: b"null",
    "a number": lambda good: b"17",
    "a list": lambda good: b"[" + good + b"]",
    "a text in JSON": lambda good: json.dumps(good.decode()).encode(),
    "cut": lambda good: good[:-3],
    "two": lambda good: good + good,
    "rubbish behind": lambda good: good + b"x",
    "UTF-16": lambda good: good.decode().encode("utf-16"),
    "Latin-1": lambda good: good.replace(b"@", "ü".encode("latin-1")),
    "half a character": lambda good: good.replace(b"@", "€".encode()[:2]),
    "an overlong character": lambda good: good.replace(b"@", b"\xc0\x80"),
    "half a surrogate": lambda good: good.replace(b"@", b"\\ud800"),
    "a surrogate in UTF-8": lambda good: good.replace(b"@", b"\xed\xa0\x80"),
    "a bare line break": lambda good: good.replace(b"@", b"\n"),
    "an unknown escape": lambda good: good.replace(b"@", b"\\x41"),
    "NaN": lambda good: good[:-1] + b',"temperature":NaN}',
    "a form": lambda good: b"model=m&messages=hi",
    "XML": lambda good: b"<?xml version='1.0'?><x/>",
    "deep": lambda good: good[:-1] + b',"x":' + b"[" * 100_000,
    "deep and closed": lambda good: good[:-1] + b',"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "keys that are no texts": lambda good: b"{1:2}",
    "gzip": lambda good: b"\x1f\x8b\x08\x00" + b"\x00" * 20,
}


@pytest.mark.parametrize("path", ENDPOINTS, ids=ENDPOINTS)
@pytest.mark.parametrize("make", MALFORMED.values(), ids=MALFORMED.keys())
def test_bodies_that_are_not_json(stage: Stage, path: str, make: Any) -> None:
    name, good = ENDPOINTS[path]
    before = len(stage.upstream.asked)
    best = 9.0
    for _ in range(3):
        began = time.perf_counter()
        answer = stage.gateway.post(make(good), path)
        best = min(best, time.perf_counter() - began)
    assert answer.status == 400, answer.text
    error = _refused(CALLERS[name], answer)
    assert CALLERS[name].remedy_of(error)
    assert best < QUICKLY_S
    assert len(stage.upstream.asked) == before


@pytest.mark.parametrize("path", [path for path, (name, _) in ENDPOINTS.items() if "sse" not in path])
def test_a_byte_order_mark_and_double_keys_mean_what_they_say(stage: Stage, path: str) -> None:
    """A mark in front is forgiven or refused, never misread, and so is a key given twice."""
    _, good = ENDPOINTS[path]
    marked = stage.gateway.post(b"\xef\xbb\xbf" + good, path)
    assert marked.status in (200, 400)
    twice = b'{"messages":7,"input":7,"contents":7,' + good[1:]
    assert stage.gateway.post(twice, path).status in (200, 400, 404, 422)


# --- conversations that are none -----------------------------------------------------------------------------------

CHAT: Mapping[str, Any] = {
    "no messages": [],
    "an unknown role": [{"role": "wizard", "content": "x"}],
    "no role": [{"content": "x"}],
    "no content": [{"role": "user"}],
    "a part without a type": [{"role": "user", "content": [{"text": "x"}]}],
    "an unknown part": [{"role": "user", "content": [{"type": "hologram", "x": 1}]}],
    "an image without an address": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}],
    "an image whose address is a number": [
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": 7}}]}
    ],
}
MESSAGES: Mapping[str, Any] = {
    "no messages": [],
    "an unknown role": [{"role": "wizard", "content": "x"}],
    "no role": [{"content": "x"}],
    "no content": [{"role": "user"}],
    "an unknown block": [{"role": "user", "content": [{"type": "hologram"}]}],
    "a block without a type": [{"role": "user", "content": [{"text": "x"}]}],
    "an image without a source": [{"role": "user", "content": [{"type": "image"}]}],
    "an image of an unknown source": [{"role": "user", "content": [{"type": "image", "source": {"type": "pigeon"}}]}],
    "a tool result without its call's id": [{"role": "user", "content": [{"type": "tool_result", "content": "x"}]}],
    "a call whose input is a text": [
        {"role": "user", "content": "x"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "n", "input": "x"}]},
    ],
}
INPUT: Mapping[str, Any] = {
    "no items": [],
    "an unknown role": [{"role": "wizard", "content": "x"}],
    "a text among the items": ["x"],
    "an output without its call's id": [{"type": "function_call_output", "output": "x"}],
    "a call without a name": [{"type": "function_call", "call_id": "c", "arguments": "{}"}],
    "an unknown part": [{"role": "user", "content": [{"type": "hologram"}]}],
    "content of the wrong type": [{"role": "user", "content": 7}],
}
CONTENTS: Mapping[str, Any] = {
    "no contents": [],
    "an unknown role": [{"role": "wizard", "parts": [{"text": "x"}]}],
    "no parts": [{"role": "user"}],
    "empty parts": [{"role": "user", "parts": []}],
    "an empty part": [{"role": "user", "parts": [{}]}],
    "an unknown part": [{"role": "user", "parts": [{"hologram": {}}]}],
    "a picture without data": [{"role": "user", "parts": [{"inlineData": {"mimeType": "image/png"}}]}],
    "a picture without a type": [{"role": "user", "parts": [{"inlineData": {"data": "AA=="}}]}],
    "a call without a name": [{"role": "model", "parts": [{"functionCall": {"args": {}}}]}],
    "a call whose args are a text": [{"role": "model", "parts": [{"functionCall": {"name": "x", "args": "y"}}]}],
    "a response without a name": [{"role": "user", "parts": [{"functionResponse": {"response": {}}}]}],
}
CONVERSATIONS = [
    pytest.param(name, field, value, id=f"{name}-{case}")
    for name, field, cases in (
        ("openai-chat", "messages", CHAT),
        ("anthropic", "messages", MESSAGES),
        ("openai-responses", "input", INPUT),
        ("gemini", "contents", CONTENTS),
    )
    for case, value in cases.items()
]


@pytest.mark.parametrize(("name", "field", "value"), CONVERSATIONS)
def test_conversations_that_are_none(stage: Stage, name: str, field: str, value: Any) -> None:
    """Over another wire, so that Podium itself must make sense of them."""
    caller = CALLERS[name]
    for wire in WIRES:
        model = f"bad-{wire}/m-{wire}"
        before = len(stage.upstream.asked)
        answer = stage.gateway.post(
            _body(caller, model, field, json.dumps(value).encode()), caller.path(model, stream=False)
        )
        if wire == name and answer.status == 200:
            continue  # what goes on in its own dialect is for who speaks it to judge: it may be new
        assert answer.status != 200, f"{wire} got it as {stage.upstream.asked[-1].body[:600]!r}"
        error = _refused(caller, answer)
        assert answer.status in (400, 422), answer.text
        named = any(word in error["message"] for word in (field, "part", "type", "image"))
        assert named or field in caller.param_of(error), error
        assert len(stage.upstream.asked) == before


NAMES: Mapping[str, str] = {
    "a line break": "m\r\nx-evil: 1",
    "a NUL": "m\0",
    "control characters": "m\x01\x1b[31m",
    "300 characters": "m" * 300,
    "a path": "../../etc/passwd",
    "an address": "http://127.0.0.1/",
    "slashes": "////",
    "a right-to-left mark": "m\u202egpj",
    "emoji": "😀" * 10,
    "a query": "m?key=1#x",
    "per cent": "m%0d%0a",
    "provider and a line break": "bad-openai-chat/m\r\nx",
}


@pytest.mark.parametrize("model", NAMES.values(), ids=NAMES.keys())
@pytest.mark.parametrize("caller", CALLERS.values(), ids=CALLERS.keys())
def test_names_that_are_none(stage: Stage, caller: Caller, model: str) -> None:
    from urllib.parse import quote

    before = len(stage.upstream.asked)
    for stream in (False, True):
        path = (
            caller.path(quote(model, safe=""), stream=stream)
            if caller.name == "gemini"
            else caller.path("", stream=stream)
        )
        answer = stage.gateway.post(caller.body(model, stream=stream), path)
        _refused(caller, answer)
        assert answer.status in (400, 404), answer.text
        assert "\r" not in answer.headers.get("x-podium-model", "")
        assert "x-evil" not in answer.headers
    assert len(stage.upstream.asked) == before
