"""Providers that send too much, for too long, or in the wrong order; and what the official SDKs make of the faults."""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest
from google import genai
from google.genai import errors as google_errors
from google.genai import types as google_types

sys.path.insert(0, str(Path(__file__).parents[2] / "wire_scripts"))
from wire_callers import CALLERS, Caller, events_in
from wire_forms import FORMS, PIECES, TEXT, WIRES, Form, event
from wire_stage import Stage, answered_by_the_next, fine, scripted, told_of
from wire_upstream import JSON, LAST, SSE, Step, chunk, head, streamed, whole

MEGABYTE = 1_000_000
MOST = 64 * 1024 * 1024


@pytest.fixture(scope="module")
def stage(start_shared: Any) -> Iterator[Stage]:
    with scripted(start_shared) as made:
        yield made


@pytest.fixture(scope="module")
def impatient(start_shared: Any) -> Iterator[Stage]:
    """Waits 0.4 s for anything."""
    with scripted(start_shared, timeout_s=0.4) as made:
        yield made


@pytest.fixture(params=WIRES)
def wire(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=CALLERS.values(), ids=CALLERS.keys())
def caller(request: pytest.FixtureRequest) -> Caller:
    found: Caller = request.param
    return found


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# --- size ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_five_megabytes_in_one_event(stage: Stage, caller: Caller, wire: str, stream: bool) -> None:
    """Measured in CPU seconds of everybody here: provider, gateway and caller."""
    form = FORMS[wire]
    text = "Größe " * (5 * MEGABYTE // 8)
    data = b"".join(form.stream([text]))
    script = streamed([data[place : place + 16_384] for place in range(0, len(data), 16_384)])
    stage.plays(wire, script if stream else whole(form.body(text)))
    began = time.process_time()
    answer = stage.ask(caller, f"bad-{wire}/m-{wire}", stream=stream)
    if stream:
        fine(stage, caller, answer, wire, text=text)
    else:
        assert caller.text_of(answer.json()) == text
    assert time.process_time() - began < 2.0


def _endless(opening: bytes, *, size: int = MOST + 4 * MEGABYTE) -> list[Step]:
    """An event that goes on and on."""
    block = chunk(b"x" * MEGABYTE)
    return [head(SSE, "transfer-encoding: chunked") + chunk(opening), *[block] * (size // MEGABYTE), LAST]


@pytest.mark.parametrize("wire", WIRES)
def test_an_event_that_never_ends(stage: Stage, wire: str) -> None:
    """64 MiB are held of it, then it is a fault; whoever is next answers."""
    form = FORMS[wire]
    caller = CALLERS[wire]
    stage.plays(wire, _endless(b'data: {"x":"'), behind=streamed(form.stream()))
    gc.collect()
    before = _peak_mb()
    answer = stage.ask(caller, f"m-{wire}", stream=True)
    answered_by_the_next(stage, answer, wire, {"garbage"})
    assert caller.heard(events_in(answer.content)).text == TEXT
    assert _peak_mb() - before < 400
    begun = b"".join([*form.opening(), form.text(PIECES[0])])
    stage.plays(wire, _endless(begun + b'data: {"x":"'))
    answer = stage.ask(caller, f"m-{wire}", stream=True)
    heard = caller.heard(events_in(answer.content))
    assert (heard.text, heard.ended) == (PIECES[0], False)
    assert heard.error is not None
    told_of(heard.error["message"], f"bad-{wire}")
    assert [call["failure"] for call in stage.settled(answer)["attempts"]] == ["garbage"]


def test_an_event_that_never_ends_in_single_bytes() -> None:
    """What is held of it weighs what it weighs, however small the pieces."""
    import tracemalloc

    from podium.models.dialects.sse import EventCutter

    cutter = EventCutter()
    pieces = [bytes([byte]) for byte in range(97, 123)]
    tracemalloc.start()
    for turn in range(200_000):
        cutter.feed(pieces[turn % 26])
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 600_000


def _bomb() -> bytes:
    """300 MB of blanks, as 300 KB of gzip."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b" " * MEGABYTE
    return b"".join([packer.compress(block) for _ in range(300)]) + packer.flush()


@pytest.mark.parametrize("kind", ["endless", "bomb", "refusal"])
def test_a_whole_answer_that_never_ends(stage: Stage, kind: str) -> None:
    form, caller = FORMS["openai-chat"], CALLERS["openai-chat"]
    block = b" " * MEGABYTE
    if kind == "bomb":
        packed = _bomb()
        script: Sequence[Step] = whole(packed, "content-encoding: gzip")
    else:
        status = "200 OK" if kind == "endless" else "500 Oops"
        script = [head(JSON, status=status), *[block] * (300 if kind == "endless" else 40)]
    stage.plays("openai-chat", script, behind=whole(form.body()))
    gc.collect()
    before = _peak_mb()
    answer = stage.ask(caller, "m-openai-chat", stream=False)
    answered_by_the_next(stage, answer, "openai-chat", {"garbage"} if kind != "refusal" else {"server_error"})
    assert _peak_mb() - before < 250


# --- time ----------------------------------------------------------------------------------------------------------


def test_an_answer_ends_with_its_end_mark(stage: Stage, impatient: Stage, caller: Caller, wire: str) -> None:
    """A provider that then holds the connection open does not hold the caller. Gemini has no end mark: there, after
    the finish, a silence ends the answer."""
    form = FORMS[wire]
    stage = impatient if wire == "gemini" else stage
    stage.plays(wire, streamed(form.stream(), after=["hold"]))
    began = time.monotonic()
    answer = stage.ask(caller, f"bad-{wire}/m-{wire}", stream=True)
    took = time.monotonic() - began
    fine(stage, caller, answer, wire)
    assert took < 5


def test_pings_without_end_behind_the_end(stage: Stage, caller: Caller) -> None:
    form = FORMS["openai-chat"]
    stage.plays("openai-chat", streamed([*form.stream(), *[b": ping\n\n"] * 100], after=["hold"]))
    began = time.monotonic()
    answer = stage.ask(caller, "bad-openai-chat/m-openai-chat", stream=True)
    assert time.monotonic() - began < 5
    fine(stage, caller, answer, "openai-chat")


@pytest.mark.parametrize("wire", WIRES)
def test_a_silence_is_a_fault(impatient: Stage, wire: str) -> None:
    stage = impatient
    form, caller = FORMS[wire], CALLERS[wire]
    stage.plays(wire, streamed(form.opening(), after=["hold"]), behind=streamed(form.stream()))
    answer = stage.ask(caller, f"m-{wire}", stream=True)
    answered_by_the_next(stage, answer, wire, {"timeout"})
    stage.plays(wire, streamed([*form.opening(), form.text("x")], after=["hold"]))
    answer = stage.ask(caller, f"m-{wire}", stream=True)
    heard = caller.heard(events_in(answer.content))
    assert (heard.text, heard.ended) == ("x", False)
    assert heard.error is not None
    assert [call["failure"] for call in stage.settled(answer)["attempts"]] == ["timeout"]


@pytest.mark.parametrize("wire", WIRES)
def test_keep_alives_do_not_stand_for_an_answer(impatient: Stage, wire: str) -> None:
    """A provider that only says it lives is as late as a silent one."""
    stage = impatient
    form, caller = FORMS[wire], CALLERS[wire]
    pings: list[Step] = [chunk(b": ping\n\n"), 0.05]
    stage.plays(wire, [*streamed(form.opening(), after=[]), *pings * 12, LAST], behind=streamed(form.stream()))
    answer = stage.ask(caller, f"m-{wire}", stream=True)
    answered_by_the_next(stage, answer, wire, {"timeout"})


# --- tool calls ----------------------------------------------------------------------------------------------------

ONE, TWO = '{"q":"größer"}', '{"q":"two","n":[1,2]}'


def _pieces(text: str) -> list[str]:
    return [text[place : place + 3] for place in range(0, len(text), 3)]


def _chat_calls() -> list[bytes]:
    form: Any = FORMS["openai-chat"]
    begun = [
        form._chunk({"tool_calls": [{"index": n, "id": f"call_{n}", "type": "function",
                                     "function": {"name": name, "arguments": ""}}]})
        for n, name in enumerate(("look", "seek"))
    ]  # fmt: skip
    rest = [
        form._chunk({"tool_calls": [{"index": n, "function": {"arguments": piece}}]})
        for n, piece in _interleaved(ONE, TWO)
    ]
    return [*begun, *rest, form._chunk({}, "tool_calls"), b"data: [DONE]\n\n"]


def _interleaved(one: str, two: str) -> list[tuple[int, str]]:
    first, second = _pieces(one), _pieces(two)
    longest = max(len(first), len(second))
    mixed = [((0, first[n : n + 1]), (1, second[n : n + 1])) for n in range(longest)]
    return [(which, piece[0]) for pair in mixed for which, piece in pair if piece]


def _responses_calls() -> list[bytes]:
    form: Any = FORMS["openai-responses"]
    items = [
        {"id": f"fc_{n}", "type": "function_call", "call_id": f"call_{n}", "name": name, "arguments": "",
         "status": "in_progress"}
        for n, name in enumerate(("look", "seek"))
    ]  # fmt: skip
    begun = [form._event("response.output_item.added", output_index=n, item=item) for n, item in enumerate(items)]
    rest = [
        form._event("response.function_call_arguments.delta", output_index=n, item_id=f"fc_{n}", delta=piece)
        for n, piece in _interleaved(ONE, TWO)
    ]
    done = [{**item, "arguments": text, "status": "completed"} for item, text in zip(items, (ONE, TWO), strict=True)]
    closed = [form._event("response.output_item.done", output_index=n, item=item) for n, item in enumerate(done)]
    end = form._event("response.completed", response=form.answer("", output=done))
    return [form.opening()[0], *begun, *rest, *closed, end]


def _anthropic_calls() -> list[bytes]:
    form: Any = FORMS["anthropic"]
    begun = [
        form._event("content_block_start", index=n,
                    content_block={"type": "tool_use", "id": f"toolu_{n}", "name": name, "input": {}})
        for n, name in enumerate(("look", "seek"))
    ]  # fmt: skip
    rest = [
        form._event("content_block_delta", index=n, delta={"type": "input_json_delta", "partial_json": piece})
        for n, piece in _interleaved(ONE, TWO)
    ]
    stops = [form._event("content_block_stop", index=n) for n in range(2)]
    end = form.closing("", finish="tool_use")[1]
    return [form.opening()[0], *begun, *rest, *stops, end, *form.mark()]


def _gemini_calls() -> list[bytes]:
    parts = [
        {"functionCall": {"name": name, "args": json.loads(text)}} for name, text in (("look", ONE), ("seek", TWO))
    ]
    return [
        *[event({"candidates": [{"content": {"role": "model", "parts": [part]}, "index": 0}]}) for part in parts],
        event({"candidates": [{"finishReason": "STOP", "index": 0}]}),
    ]


CALLS = {
    "openai-chat": _chat_calls,
    "openai-responses": _responses_calls,
    "anthropic": _anthropic_calls,
    "gemini": _gemini_calls,
}


def test_parallel_calls_whose_pieces_alternate(stage: Stage, caller: Caller, wire: str) -> None:
    stage.plays(wire, streamed(CALLS[wire]()))
    answer = stage.ask(caller, f"bad-{wire}/m-{wire}", stream=True, tools=True)
    heard = caller.heard(events_in(answer.content))
    assert heard.error is None
    assert heard.ended
    calls = [heard.calls[place] for place in sorted(heard.calls)]
    assert [(name, json.loads(arguments)) for name, arguments in calls] == [
        ("look", json.loads(ONE)), ("seek", json.loads(TWO)),
    ]  # fmt: skip


BROKEN = '{"q": oops'


@pytest.mark.parametrize("caller_name", CALLERS)
@pytest.mark.parametrize("wire_name", ["openai-chat", "openai-responses"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_arguments_that_are_not_json(stage: Stage, caller_name: str, wire_name: str, stream: bool) -> None:
    """OpenAI's wires carry a string: what the model wrote, right or wrong. Where an object must stand, it is an error,
    or stands in one that says so; it is never mended, and never an empty object."""
    caller, form = CALLERS[caller_name], FORMS[wire_name]
    if stream:
        script = streamed(
            [each.replace(json.dumps(ONE)[1:-1].encode(), BROKEN.encode()) for each in _broken(wire_name)]
        )
    else:
        script = whole(json.dumps(form.called(BROKEN)).encode())
    stage.plays(wire_name, script)
    answer = stage.ask(caller, f"bad-{wire_name}/m-{wire_name}", stream=stream, tools=True)
    if caller_name == "gemini":
        if not stream:
            error = caller.error_of(answer.json(), answer.status)
            assert answer.status == 502
        else:
            heard = caller.heard(events_in(answer.content))
            assert not heard.ended
            error = heard.error or {}
            assert not heard.calls
            kept = stage.settled(answer)
            assert (kept["status"], kept["attempts"][-1]["failure"]) == ("failed", "garbage")
            assert kept["cost_usd"] not in (None, "0")
        assert "look" in error["message"]
        assert "not a JSON object" in error["message"]
        return
    assert answer.status == 200
    if stream:
        heard = caller.heard(events_in(answer.content))
        assert heard.error is None
        ((name, arguments),) = heard.calls.values()
    else:
        name, arguments = _whole_call(caller_name, answer.json())
    assert name == "look"
    assert arguments == BROKEN


def _broken(wire: str) -> list[bytes]:
    form: Any = FORMS[wire]
    if wire == "openai-chat":
        call = {"index": 0, "id": "call_0", "type": "function", "function": {"name": "look", "arguments": BROKEN}}
        return [form._chunk({"tool_calls": [call]}), form._chunk({}, "tool_calls"), *form.mark()]
    item = {"id": "fc_0", "type": "function_call", "call_id": "call_0", "name": "look", "arguments": ""}
    done = {**item, "arguments": BROKEN}
    return [
        form.opening()[0],
        form._event("response.output_item.added", output_index=0, item=item),
        form._event("response.function_call_arguments.delta", output_index=0, item_id="fc_0", delta=BROKEN),
        form._event("response.output_item.done", output_index=0, item=done),
        form._event("response.completed", response=form.answer("", output=[done])),
    ]


def _whole_call(caller: str, answer: Any) -> tuple[str, str]:
    if caller == "openai-chat":
        function = answer["choices"][0]["message"]["tool_calls"][0]["function"]
        return function["name"], function["arguments"]
    if caller == "openai-responses":
        (item,) = [each for each in answer["output"] if each["type"] == "function_call"]
        return item["name"], item["arguments"]
    (block,) = [each for each in answer["content"] if each["type"] == "tool_use"]
    return block["name"], block["input"]["invalid_arguments"]


@pytest.mark.parametrize("arguments", ["text", [1], 7], ids=str)
@pytest.mark.parametrize("wire_name", ["anthropic", "gemini"])
def test_arguments_that_are_no_object(stage: Stage, caller: Caller, wire_name: str, arguments: Any) -> None:
    """Anthropic's and Gemini's wires promise an object."""
    form = FORMS[wire_name]
    stage.plays(wire_name, whole(json.dumps(form.called(arguments)).encode()), behind=whole(form.body()))
    answer = stage.ask(caller, f"m-{wire_name}", stream=False, tools=True)
    answered_by_the_next(stage, answer, wire_name, {"garbage", "unfit"})


# --- the official SDKs ---------------------------------------------------------------------------------------------


def _broken_off(form: Form) -> Sequence[Step]:
    return streamed([*form.opening(), form.text("Half "), form.error()])


REFUSED = whole(b'{"error":{"message":"out of order"}}', status="500 Oops")


def _sdk_stream(name: str, base: str, model: str) -> Any:
    """A stream through the official SDK, up to its end. Raises what the SDK raises."""
    if name == "openai-chat":
        with openai.OpenAI(base_url=f"{base}/v1", api_key="x", max_retries=0) as client:
            return list(
                client.chat.completions.create(model=model, messages=[{"role": "user", "content": "x"}], stream=True)
            )
    if name == "openai-responses":
        with openai.OpenAI(base_url=f"{base}/v1", api_key="x", max_retries=0) as client:
            return list(client.responses.create(model=model, input="x", stream=True))
    if name == "anthropic":
        with (
            anthropic.Anthropic(base_url=base, api_key="x", max_retries=0) as other,
            other.messages.stream(model=model, max_tokens=9, messages=[{"role": "user", "content": "x"}]) as stream,
        ):
            return list(stream)
    with genai.Client(api_key="x", http_options=google_types.HttpOptions(base_url=base)) as google:
        return list(google.models.generate_content_stream(model=model, contents="x"))


def _sdk_whole(name: str, base: str, model: str) -> Any:
    if name == "openai-chat":
        with openai.OpenAI(base_url=f"{base}/v1", api_key="x", max_retries=0) as client:
            return client.chat.completions.create(model=model, messages=[{"role": "user", "content": "x"}])
    if name == "openai-responses":
        with openai.OpenAI(base_url=f"{base}/v1", api_key="x", max_retries=0) as client:
            return client.responses.create(model=model, input="x")
    if name == "anthropic":
        with anthropic.Anthropic(base_url=base, api_key="x", max_retries=0) as other:
            return other.messages.create(model=model, max_tokens=9, messages=[{"role": "user", "content": "x"}])
    with genai.Client(api_key="x", http_options=google_types.HttpOptions(base_url=base)) as google:
        return google.models.generate_content(model=model, contents="x")


SDK_ERRORS: dict[str, tuple[type[Exception], type[Exception]]] = {
    "openai-chat": (openai.APIError, openai.InternalServerError),
    "openai-responses": (openai.APIError, openai.InternalServerError),
    "anthropic": (anthropic.APIStatusError, anthropic.InternalServerError),
    "gemini": (google_errors.APIError, google_errors.ServerError),
}
"""Raised inside a stream, and for a whole answer."""


@pytest.mark.parametrize("name", CALLERS)
def test_each_sdk_raises_its_own(stage: Stage, name: str, wire: str) -> None:
    inside, plain = SDK_ERRORS[name]
    stage.plays(wire, _broken_off(FORMS[wire]))
    with pytest.raises(inside) as caught:
        _sdk_stream(name, stage.gateway.address, f"bad-{wire}/m-{wire}")
    assert f"bad-{wire}" in str(caught.value)
    stage.plays(wire, REFUSED)
    with pytest.raises(plain) as refused:
        _sdk_whole(name, stage.gateway.address, f"bad-{wire}/m-{wire}")
    assert f"bad-{wire}" in str(refused.value)
    with pytest.raises(plain):
        _sdk_stream(name, stage.gateway.address, f"bad-{wire}/m-{wire}")
