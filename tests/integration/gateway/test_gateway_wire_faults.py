"""Every caller's dialect over every provider's wire, and a provider that does each thing wrong that one can do.

The provider is a script of bytes on a loopback socket, so nothing in between is kinder than the network is. A fault
before any content is the next provider's to mend, unseen; where there is no next one, and after content, the caller
gets an error in its own dialect that names the provider, and never a clean end. The ledger has one outcome of each.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "wire_scripts"))
from wire_callers import CALLERS, Caller, events_in
from wire_forms import FORMS, PIECES, TEXT, UNSTATED, USED, WIRES, Form
from wire_stage import Stage, answered_by_the_next, cost, fine, is_clear_error, scripted, told_of
from wire_upstream import JSON, LAST, SSE, Step, head, streamed, whole, zipped


@pytest.fixture(scope="module")
def stage(start_shared: Any) -> Iterator[Stage]:
    with scripted(start_shared) as made:
        yield made


@pytest.fixture(params=WIRES)
def wire(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=CALLERS.values(), ids=CALLERS.keys())
def caller(request: pytest.FixtureRequest) -> Caller:
    found: Caller = request.param
    return found


# --- faults before any content -------------------------------------------------------------------------------------

PAGE = b"<!doctype html><html><body><h1>Bad gateway</h1></body></html>"
HALF = "€".encode()[:2]
GARBAGE = {"garbage"}
BROKEN = {"broken_stream", "unreachable"}
ANY = {"garbage", "broken_stream", "unreachable", "server_error", "timeout", "unfit"}
Build = Callable[[Form], Sequence[Step]]


def _sse(*pieces: bytes, after: Sequence[Step] = (LAST,)) -> Sequence[Step]:
    return streamed(pieces, after=after)


BOTH: dict[str, tuple[Build, set[str]]] = {
    "no answer at all": (lambda form: [], {"unreachable"}),
    "reset at once": (lambda form: ["reset"], {"unreachable"}),
    "no HTTP": (lambda form: [b"SSH-2.0-OpenSSH_9.6\r\n"], {"unreachable", "garbage"}),
    "half a status line": (lambda form: [b"HTTP/1."], {"unreachable"}),
    "reset after the head": (lambda form: [head(SSE, "transfer-encoding: chunked"), 0.01, "reset"], BROKEN),
    "an HTML page": (lambda form: whole(PAGE, kind="text/html"), GARBAGE),
    "an HTML page with 502": (lambda form: whole(PAGE, kind="text/html", status="502 Bad Gateway"), {"server_error"}),
    "an empty page with 500": (lambda form: whole(b"", status="500 Oops"), {"server_error"}),
    "a redirect": (lambda form: whole(b"", "location: http://127.0.0.1:1/", status="307 Temporary"), GARBAGE),
    "a redirect to nowhere": (lambda form: whole(b"", "location: ://\xff", status="302 Found"), GARBAGE),
    "204": (lambda form: [head(None, status="204 No Content")], GARBAGE),
    "206": (lambda form: whole(form.body(), status="206 Partial"), GARBAGE),
    "gzip that is none": (lambda form: whole(b"no gzip", "content-encoding: gzip", kind=SSE), {*GARBAGE, *BROKEN}),
    "a stated length too long": (lambda form: [head(JSON, "content-length: 9999") + b"{"], {*BROKEN, *GARBAGE}),
    "codes that are no numbers": (
        lambda form: whole(b'{"error":{"message":"x","code":"\xc2\xb2","status":"' + b"9" * 5000 + b'"}}'),
        {*GARBAGE, "server_error"},
    ),
    "a number without end": (lambda form: whole(b'{"error":{"message":"x","code":' + b"9" * 5000 + b"}}"), ANY),
    "a waiting time from another world": (
        lambda form: whole(b"{}", "retry-after: Mon, 99 Foo 99999 00:00:00 +99999999999999", status="503 Busy"),
        {"overloaded"},
    ),
}
"""Of a whole answer and of a stream alike."""

EARLY: dict[str, tuple[Build, set[str]]] = {
    "empty": (lambda form: _sse(), {"broken_stream"}),
    "empty, no length": (lambda form: [head(SSE)], {"broken_stream"}),
    "an HTML page called a stream": (lambda form: whole(PAGE, kind=SSE), {"broken_stream"}),
    "a whole answer": (lambda form: whole(form.body()), GARBAGE),
    "an error as JSON": (lambda form: whole(form.error()[6:].partition(b"data: ")[2] or b"{}"), GARBAGE),
    "plain text": (lambda form: streamed(form.stream(), kind="text/plain"), GARBAGE),
    "invalid JSON": (lambda form: _sse(b"data: {oops}\n\n"), GARBAGE),
    "cut JSON": (lambda form: _sse(form.text("x")[:-20] + b"\n\n"), GARBAGE),
    "a number": (lambda form: _sse(b"data: 17\n\n"), GARBAGE),
    "a list": (lambda form: _sse(b"data: [1, 2]\n\n"), GARBAGE),
    "null": (lambda form: _sse(b"data: null\n\n"), GARBAGE),
    "the wrong shape": (
        lambda form: _sse(b'data: {"type":"message_start","message":7,"choices":7,"candidates":7,"response":7}\n\n'),
        {*GARBAGE, "broken_stream"},
    ),
    "another shape": (lambda form: _sse(b'data: {"hello":"world"}\n\n' * 3), {"broken_stream", "garbage"}),
    "too deep": (lambda form: _sse(b"data: " + b"[" * 20_000 + b"\n\n"), GARBAGE),
    "broken UTF-8": (lambda form: _sse(form.text("x@").replace(b"@", b"\xff")), GARBAGE),
    "half a character at the end": (lambda form: _sse(form.text("@")[: form.text("@").index(b"@")] + HALF), ANY),
    "an error first": (lambda form: _sse(form.error()), {"server_error"}),
    "an error after the opening": (lambda form: _sse(*form.opening(), form.error()), {"server_error"}),
    "an error in one piece with the opening": (
        lambda form: _sse(b"".join([*form.opening(), form.error()])), {"server_error"},
    ),
    "an end after the opening": (lambda form: _sse(*form.opening()), {"broken_stream"}),
    "a reset after the opening": (lambda form: _sse(*form.opening(), after=[0.02, "reset"]), BROKEN),
    "a cut HTTP chunk": (lambda form: _sse(*form.opening(), after=[b"ff\r\ndata:"]), BROKEN),
    "an HTTP chunk of no size": (lambda form: _sse(*form.opening(), after=[b"zz\r\n"]), {*BROKEN, *GARBAGE}),
    "only comments": (lambda form: _sse(b": ping\n\n" * 100), {"broken_stream"}),
    "only an end mark": (lambda form: _sse(*(form.mark() or [b": end\n\n"])), {"broken_stream"}),
}  # fmt: skip

WHOLE: dict[str, tuple[Build, set[str]]] = {
    "empty": (lambda form: whole(b""), GARBAGE),
    "blank": (lambda form: whole(b" \n"), GARBAGE),
    "invalid JSON": (lambda form: whole(b"{oops"), GARBAGE),
    "cut JSON": (lambda form: whole(form.body()[:-9]), GARBAGE),
    "a second answer behind": (lambda form: whole(form.body() + form.body()), GARBAGE),
    "null": (lambda form: whole(b"null"), GARBAGE),
    "a list": (lambda form: whole(b"[]"), GARBAGE),
    "an empty object": (lambda form: whole(b"{}"), GARBAGE),
    "a wrong type": (lambda form: whole(b'{"choices":7,"output":7,"content":7,"candidates":7}'), GARBAGE),
    "too deep": (lambda form: whole(b'{"x":' * 20_000), GARBAGE),
    "broken UTF-8": (lambda form: whole(form.body("@").replace(b"@", b"\xff\xfe")), GARBAGE),
    "half a character": (lambda form: whole(form.body("€")[: form.body("€").index("€".encode()) + 2]), GARBAGE),
    "a stream": (lambda form: streamed(form.stream()), GARBAGE),
    "an error dressed as an answer": (
        lambda form: whole(b'{"error":{"message":"the engine fell over","type":"server_error","code":500}}'),
        {"server_error"},
    ),
    "gzip cut short": (lambda form: [zipped(form.body())[0][:-12]], {*GARBAGE, *BROKEN}),  # type: ignore[index]  # bytes
}


def _early(stage: Stage, caller: Caller, wire: str, case: tuple[Build, set[str]], *, stream: bool) -> None:
    build, kinds = case
    form = FORMS[wire]
    good = streamed(form.stream()) if stream else whole(form.body())
    stage.plays(wire, build(form), behind=good)
    answer = stage.ask(caller, f"m-{wire}", stream=stream)
    answered_by_the_next(stage, answer, wire, kinds)
    if stream:
        heard = caller.heard(events_in(answer.content))
        assert (heard.text, heard.ended, heard.error) == (TEXT, True, None)
    else:
        assert caller.text_of(answer.json()) == TEXT
    alone = stage.ask(caller, f"bad-{wire}/m-{wire}", stream=stream)
    is_clear_error(stage, caller, alone, f"bad-{wire}", kinds)


@pytest.mark.parametrize("case", {**BOTH, **EARLY}.values(), ids={**BOTH, **EARLY}.keys())
def test_a_stream_that_fails_before_content(stage: Stage, caller: Caller, wire: str, case: Any) -> None:
    _early(stage, caller, wire, case, stream=True)


@pytest.mark.parametrize("case", {**BOTH, **WHOLE}.values(), ids={**BOTH, **WHOLE}.keys())
def test_a_whole_answer_that_is_none(stage: Stage, caller: Caller, wire: str, case: Any) -> None:
    _early(stage, caller, wire, case, stream=False)


# --- faults after content ------------------------------------------------------------------------------------------

SAID = PIECES[:2]


def _begun(form: Form, *more: bytes, after: Sequence[Step] = (LAST,)) -> Sequence[Step]:
    return streamed([*form.opening(), *[form.text(piece) for piece in SAID], *more], after=after)


LATE: dict[str, tuple[Build, set[str]]] = {
    "an error": (lambda form: _begun(form, form.error()), {"server_error"}),
    "an error, then an end": (lambda form: _begun(form, form.error(), *form.mark()), {"server_error"}),
    "an error in words of many lines": (
        lambda form: _begun(form, form.error().replace(b"fell over", b"\\nfell\\u0000\\ud83d over\\r\\n\\r\\n")), ANY,
    ),
    "invalid JSON": (lambda form: _begun(form, b"data: {oops}\n\n"), GARBAGE),
    "HTML": (lambda form: _begun(form, b"data: <html>\n\n"), GARBAGE),
    "a wrong type": (
        lambda form: _begun(
            form, b'data: {"type":"error","choices":7,"candidates":7,"delta":7,"index":"x","output_index":"x"}\n\n'
        ),
        {*GARBAGE, "server_error"},
    ),
    "an end": (lambda form: _begun(form), {"broken_stream"}),
    "an end mark without a finish": (lambda form: _begun(form, *form.mark()), {"broken_stream"}),
    "another wire's end mark": (lambda form: _begun(form, b"data: [DONE]\n\n"), {"broken_stream", "garbage"}),
    "half an event": (lambda form: _begun(form, form.text("more")[:-30]), ANY),
    "half a character": (lambda form: _begun(form, form.text("@")[: form.text("@").index(b"@")] + HALF), ANY),
    "broken UTF-8": (lambda form: _begun(form, form.text("@").replace(b"@", b"\xc3\x28")), GARBAGE),
    "a reset": (lambda form: _begun(form, after=[0.02, "reset"]), {"broken_stream"}),
    "a cut HTTP chunk": (lambda form: _begun(form, after=[b"ff\r\ndata:"]), {"broken_stream"}),
    "an HTTP chunk of no size": (lambda form: _begun(form, after=[b"zz\r\n"]), {*BROKEN, *GARBAGE}),
}  # fmt: skip


@pytest.mark.parametrize("case", LATE.values(), ids=LATE.keys())
@pytest.mark.parametrize("glued", [False, True], ids=["apart", "glued"])
def test_a_stream_that_breaks_after_content(stage: Stage, caller: Caller, wire: str, case: Any, glued: bool) -> None:
    """`glued`: everything in one read, so that the break stands among good events."""
    build, kinds = case
    form = FORMS[wire]
    script = list(build(form))
    if glued:
        script = _in_one_piece(script)
    stage.plays(wire, script, behind=streamed(form.stream()))
    answer = stage.ask(caller, f"m-{wire}", stream=True)
    assert answer.status == 200
    heard = caller.heard(events_in(answer.content))
    kept = stage.settled(answer)
    if answer.headers["x-podium-provider"] == f"good-{wire}":
        # Break and content came together, and nothing of it had gone out: the next may answer, the whole of it.
        assert glued
        assert (heard.text, heard.ended) == (TEXT, True)
        assert kept["status"] == "ok"
        return
    assert not heard.ended
    assert heard.error is not None
    told_of(heard.error["message"], f"bad-{wire}")
    assert heard.text in ("".join(SAID), *("".join(SAID[:count]) for count in range(3)))
    assert (kept["status"], kept["served"]) == ("failed", None)
    (call,) = kept["attempts"]
    assert call["failure"] in kinds
    assert call["usage"]["estimated"]
    assert call["usage"]["output"] > 0
    assert Decimal(kept["cost_usd"]) == cost(call["usage"]) > 0


def _in_one_piece(script: list[Step]) -> list[Step]:
    """The same bytes in a single HTTP chunk."""
    told, ended = script[0], script[1:]
    assert isinstance(told, bytes)
    heading, _, rest = told.partition(b"\r\n\r\n")
    if b"chunked" not in heading:
        return script
    pieces = []
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        pieces.append(rest[: int(size, 16)])
        rest = rest[int(size, 16) + 2 :]
    together = b"".join(pieces)
    return [heading + b"\r\n\r\n" + b"%x\r\n%b\r\n" % (len(together), together), *ended]


# --- odd, and good all the same ------------------------------------------------------------------------------------


def _strange(form: Form) -> list[bytes]:
    """Events and fields nobody has heard of, everywhere."""
    odd = b'data: {"type":"response.brand_new","delta":{"type":"x"},"novel":[1,{"a":null}]}\n\n'
    if form.name == "anthropic":
        odd = b'event: brand_new\ndata: {"type":"brand_new","novel":[1]}\n\n'
    out: list[bytes] = []
    for each in form.stream():
        out += [odd, each.replace(b'data: {"', b'data: {"x_new":[{"deep":{}}],"')]
    return out[:-1] if out[-1] == odd else out


def _lines(end: bytes) -> Build:
    return lambda form: streamed([each.replace(b"\n", end) for each in form.stream()])


def _without_last_blank(form: Form) -> list[bytes]:
    events = form.stream()
    return [*events[:-1], events[-1].rstrip(b"\n")]


def _spread(form: Form) -> list[bytes]:
    """Data over several lines: the standard joins them with a line feed."""
    return [each.replace(b',"', b',\ndata: "') for each in form.stream()]


def _second(form: Form) -> list[bytes]:
    """Another answer's stream."""
    return [each.replace(b'"r1"', b'"r2"').replace(b'_1"', b'_2"') for each in form.stream(["Not ", "this."])]


def _only_the_end(form: Form) -> list[bytes]:
    """Some Responses servers stream one event that holds everything; elsewhere, all text in one event."""
    return [form.closing(TEXT)[-1]] if form.name == "openai-responses" else form.stream([TEXT])


def _marked(form: Form) -> list[bytes]:
    """A first event that must be read, behind a byte order mark; some wires need an opening before their text."""
    events = form.stream() if form.name in ("anthropic", "openai-responses") else form.stream()[1:]
    return [b"\xef\xbb\xbf", *events]


GOOD: dict[str, Build] = {
    "as it should be": lambda form: streamed(form.stream()),
    "no end mark": lambda form: streamed(form.stream(mark=False)),
    "the end mark twice": lambda form: streamed([*form.stream(), *form.mark()]),
    "both end marks": lambda form: streamed([*form.stream(), b"data: [DONE]\n\n"]),
    "a second answer behind": lambda form: streamed([*form.stream(), *_second(form)]),
    "all in one event": lambda form: streamed(_only_the_end(form)),
    "all in one piece": lambda form: streamed([b"".join(form.stream())]),
    "a second answer in one piece": lambda form: streamed([b"".join([*form.stream(), *_second(form)])]),
    "rubbish behind": lambda form: streamed([*form.stream(), *(form.mark() and [b"data: {oops\n\n"])]),
    "rubbish in one piece": lambda form: streamed(
        [b"".join([*form.stream(), *(form.mark() and [b"data: {oops\n\n"])])]
    ),
    "a reset behind": lambda form: streamed(form.stream(), after=[0.02, "reset"]),
    "no end of HTTP": lambda form: streamed(form.stream(), after=[]),
    "until the connection ends": lambda form: [head(SSE) + b"".join(form.stream())],
    "no last blank line": lambda form: streamed(_without_last_blank(form)),
    "CRLF": _lines(b"\r\n"),
    "CR": _lines(b"\r"),
    "a byte order mark": lambda form: streamed([b"\xef\xbb\xbf" + form.stream()[0], *form.stream()[1:]]),
    "a byte order mark before text": lambda form: streamed(_marked(form)),
    "data over many lines": lambda form: streamed(_spread(form)),
    "no space after the colon": lambda form: streamed([each.replace(b"data: ", b"data:") for each in form.stream()]),
    "other fields": lambda form: streamed([b"id: 7\nretry: 10\n" + each for each in form.stream()]),
    "comments": lambda form: streamed([b": hello\n\n" * 50 + each for each in form.stream()]),
    "comments for long": lambda form: streamed([b": keep-alive\n\n" * 20_000, *form.stream()]),
    "events and fields nobody knows": lambda form: streamed(_strange(form)),
    "the type in capitals": lambda form: streamed(form.stream(), kind="Text/Event-Stream; Charset=UTF-8"),
    "no type": lambda form: streamed(form.stream(), kind=None),
    "a head of 64 KB": lambda form: streamed(form.stream(), *[f"x-much-{n}: {'y' * 6500}" for n in range(10)]),
    "a request id of 60 KB": lambda form: streamed(form.stream(), f"x-request-id: {'y' * 60_000}"),
    "gzip": lambda form: zipped(b"".join(form.stream()), kind=SSE),
    "an unknown finish": lambda form: streamed(form.stream(finish="brand_new")),
    "one byte at a time": lambda form: streamed([bytes([byte]) for byte in b"".join(form.stream())]),
}


@pytest.mark.parametrize("build", GOOD.values(), ids=GOOD.keys())
def test_a_stream_that_is_odd_and_whole(stage: Stage, caller: Caller, wire: str, build: Build) -> None:
    stage.plays(wire, build(FORMS[wire]), behind=[])
    answer = stage.ask(caller, f"bad-{wire}/m-{wire}", stream=True)
    fine(stage, caller, answer, wire)


@pytest.mark.parametrize("first", range(7))
def test_a_stream_cut_anywhere(stage: Stage, wire: str, first: int) -> None:
    """Each of the seven cuts at another remainder, each asks by another caller: all offsets, all pairs over all."""
    form = FORMS[wire]
    callers = list(CALLERS.values())
    data = b"".join(form.stream())
    stage.upstream.scripts[f"bad-{wire}"] = []
    for place in range(1 + first, len(data), 7 * 3 if len(data) > 1500 else 7):
        caller = callers[place % len(callers)]
        stage.upstream.scripts[f"bad-{wire}"] = streamed([data[:place], data[place:]])
        answer = stage.ask(caller, f"bad-{wire}/m-{wire}", stream=True)
        heard = caller.heard(events_in(answer.content))
        assert (heard.text, heard.ended, heard.error) == (TEXT, True, None), place


# --- whole answers that are odd ------------------------------------------------------------------------------------

WHOLE_GOOD: dict[str, Build] = {
    "as it should be": lambda form: whole(form.body()),
    "no type": lambda form: whole(form.body(), kind=None),
    "another type": lambda form: whole(form.body(), kind="text/plain; charset=utf-8"),
    "called HTML": lambda form: whole(form.body(), kind="text/html"),
    "a type that is none": lambda form: whole(form.body(), "content-type: \xff\xfe\x80", kind=None),
    "blanks around": lambda form: whole(b" \r\n" * 100 + form.body() + b"\n" * 100),
    "in chunks of one byte": lambda form: streamed([bytes([byte]) for byte in form.body()], kind=JSON),
    "until the connection ends": lambda form: [head(JSON) + form.body()],
    "gzip": lambda form: zipped(form.body()),
    "a head of 64 KB": lambda form: whole(form.body(), *[f"x-much-{n}: {'y' * 6500}" for n in range(10)]),
    "a request id of 60 KB": lambda form: whole(form.body(), f"x-request-id: {'y' * 60_000}"),
    "an unknown finish": lambda form: whole(form.body()) if form.name == "openai-responses"
    else whole(form.body(finish="brand_new")),
    "unknown fields": lambda form: whole(form.body().replace(b'{"', b'{"x_new":[{"deep":{}}],"')),
    "a null where nothing is": lambda form: whole(form.body()[:-1] + b',"error":null,"promptFeedback":null}'),
    "bytes behind the length": lambda form: [*whole(form.body()), b"HTTP/1.1 200 OK\r\n\r\nmore"],
}  # fmt: skip


@pytest.mark.parametrize("build", WHOLE_GOOD.values(), ids=WHOLE_GOOD.keys())
def test_a_whole_answer_that_is_odd(stage: Stage, caller: Caller, wire: str, build: Build) -> None:
    stage.plays(wire, build(FORMS[wire]))
    answer = stage.ask(caller, f"bad-{wire}/m-{wire}", stream=False)
    assert answer.status == 200, answer.text
    assert answer.headers["content-type"].startswith("application/json")  # clients choose how to read it by this
    assert caller.text_of(answer.json()) == TEXT
    kept = stage.settled(answer)
    assert [call["failure"] for call in kept["attempts"]] == [None]
    assert Decimal(kept["cost_usd"]) == cost(kept["attempts"][0]["usage"])


# --- figures -------------------------------------------------------------------------------------------------------

NO_FIGURES: dict[str, Callable[[Form], Any]] = {
    "missing": lambda form: UNSTATED,
    "null": lambda form: form.usage(None, None),
    "zero": lambda form: form.usage(0, 0),
    "negative": lambda form: form.usage(-5, -7),
    "a text": lambda form: form.usage("7", "five"),
    "a list": lambda form: [1, 2],
    "a number": lambda form: 12,
    "a fraction": lambda form: form.usage(1.5, 2.5),
    "absurd": lambda form: form.usage(10**30, 10**30),
    "beyond 64 bits": lambda form: form.usage(2**63, 5),
    "a trillion": lambda form: form.usage(10**12, 10**12),
    "too long for a number": lambda form: form.usage(10**400, 1),
    "only what was read": lambda form: form.usage(7, None),
    "only what was read, zero written": lambda form: form.usage(7, 0),
    "only what was written": lambda form: form.usage(None, 5),
}


@pytest.mark.parametrize("figures", NO_FIGURES.values(), ids=NO_FIGURES.keys())
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_figures_that_are_none(stage: Stage, caller: Caller, wire: str, figures: Any, stream: bool) -> None:
    """Counted by Podium, marked as that, never nothing, and never a bill for a trillion tokens."""
    form = FORMS[wire]
    usage = figures(form)
    stage.plays(wire, streamed(form.stream(usage=usage)) if stream else whole(form.body(usage=usage)))
    answer = stage.ask(caller, f"bad-{wire}/m-{wire}", stream=stream)
    if stream:
        heard = fine(stage, caller, answer, wire)
        if caller.name != wire:
            assert heard.used is not None
            assert all(isinstance(each, int) and 0 < each < 1000 for each in heard.used), heard.used
    else:
        assert caller.text_of(answer.json()) == TEXT
        if caller.name != wire:
            assert all(isinstance(each, int) and 0 < each < 1000 for each in caller.used_of(answer.json()))
    kept = stage.settled(answer)
    (call,) = kept["attempts"]
    assert call["usage"]["estimated"]
    assert 0 < call["usage"]["input"] < 1000
    assert 0 < call["usage"]["output"] < 1000
    assert Decimal(kept["cost_usd"]) == cost(call["usage"]) > 0


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_figures_that_are_right(stage: Stage, caller: Caller, wire: str, stream: bool) -> None:
    form = FORMS[wire]
    stage.plays(wire, streamed(form.stream()) if stream else whole(form.body()))
    answer = stage.ask(caller, f"bad-{wire}/m-{wire}", stream=stream)
    used = fine(stage, caller, answer, wire).used if stream else caller.used_of(answer.json())
    assert used == USED
    (call,) = stage.settled(answer)["attempts"]
    assert (call["usage"]["input"], call["usage"]["output"], call["usage"]["estimated"]) == (*USED, False)
