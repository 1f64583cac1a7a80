"""OpenAI transcriptions: a form in, text in several formats out, streamed and whole."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.core.errors import FailureKind, InvalidRequest, PodiumError, ProviderError
from podium.core.messages import (
    Attachment,
    AudioPart,
    Finished,
    FinishReason,
    Message,
    OpaqueDelta,
    Reply,
    StreamFault,
    TextDelta,
    TextPart,
    UsageSeen,
)
from podium.core.tasks import Operation, Task
from podium.core.usage import Usage
from podium.models.dialects import Address, NotCarried, Quirks
from podium.models.dialects.openai_transcription import OpenAITranscription
from podium.models.dialects.openai_transcription.form import read_form, write_form

WIRE = OpenAITranscription()
NOW = datetime(2030, 1, 1, tzinfo=UTC)
SOUND = Attachment(field="file", filename="talk.mp3", media_type="audio/mpeg", data=b"ID3\r\n--\r\n--b\x00\xff\r")
FORM = Address(media_type="multipart/form-data; boundary=b0rder")


def form(*fields: tuple[str, str], file: Attachment = SOUND) -> bytes:
    return write_form(fields, file, boundary="b0rder")


def read(*fields: tuple[str, str], file: Attachment = SOUND) -> Any:
    return WIRE.read_request(form(*fields, file=file), FORM)


def send(*fields: tuple[str, str], stream: bool = False, quirks: Quirks | None = None) -> tuple[Any, tuple[str, ...]]:
    incoming = read(*fields)
    task = Task(id="t", messages=incoming.messages, received_at=NOW, payload=incoming.payload)
    written = WIRE.write_request(task, model="m", stream=stream, quirks=quirks or Quirks())
    return read_form(written.body, written.media_type, file_field="file"), written.notes


def test_every_field() -> None:
    incoming = read(
        ("model", "auto"),
        ("prompt", "Names: Zoë."),
        ("temperature", "0.2"),
        ("stream", "true"),
        ("language", "de"),
        ("podium", '{"team": "x", "max_cost_usd": "0.01"}'),
    )
    assert incoming.messages == (
        Message(role="user", parts=(AudioPart(data="", format="mp3"), TextPart("Names: Zoë."))),
    )
    assert (incoming.model, incoming.stream, incoming.operation) == ("auto", True, Operation.TRANSCRIBE)
    assert incoming.options.temperature == 0.2
    assert incoming.fields.team == "x"
    assert incoming.payload.attachment == SOUND
    assert set(incoming.payload.fields) == {"model", "prompt", "temperature", "stream", "language"}


def test_our_own_fields_as_the_sdks_spread_them() -> None:
    incoming = read(
        ("podium[team]", "x"), ("podium[private]", "true"), ("podium[max_cost_usd]", "0.01"), ("podium[tags][a]", "b")
    )
    assert (incoming.fields.team, incoming.fields.private, incoming.fields.tags) == ("x", True, {"a": "b"})
    assert str(incoming.fields.max_cost_usd) == "0.01"
    assert incoming.payload.fields == {}
    with pytest.raises(InvalidRequest) as caught:
        read(("podium[tem]", "x"))
    assert caught.value.param == "podium"


def test_the_form_is_forwarded_but_for_the_models_name() -> None:
    sent, notes = send(
        ("model", "auto"),
        ("timestamp_granularities[]", "word"),
        ("timestamp_granularities[]", "segment"),
        ("x_vendor", "ü\r\n"),
        ("response_format", "verbose_json"),
        ("stream", "true"),
        ("podium", "{}"),
    )
    assert sent.file == SOUND
    assert sent.fields == {
        "model": ["m"],
        "timestamp_granularities[]": ["word", "segment"],
        "x_vendor": ["ü\r\n"],
        "response_format": ["verbose_json"],
    }
    assert notes == ()
    assert send(stream=True)[0].fields == {"model": ["m"], "stream": ["true"]}


def test_quirks_of_a_provider() -> None:
    quirks = Quirks(refuses=frozenset({"prompt"}), renames={"language": "lang"}, extra={"task": "transcribe", "k": 3})
    sent, notes = send(("prompt", "x"), ("language", "de"), quirks=quirks)
    assert sent.fields == {"model": ["m"], "lang": ["de"], "task": ["transcribe"], "k": ["3"]}
    assert len(notes) == 1
    with pytest.raises(NotCarried):
        send(("language", "de"), quirks=Quirks(refuses=frozenset({"language"})))


def test_names_cannot_break_out_of_their_headers() -> None:
    evil = Attachment(field="file", filename='a"\r\nX: y', media_type="audio/wav", data=b"x")
    body = write_form([('n"\r\nZ: z', "v")], evil, boundary="b0rder")
    back = read_form(body, FORM.media_type, file_field="file")
    assert back.fields == {"n%22%0D%0AZ: z": ["v"]}
    assert back.file is not None
    assert back.file.filename == "a%22%0D%0AX: y"


def test_a_task_that_came_another_way() -> None:
    sound = AudioPart(data=base64.b64encode(b"abc").decode(), format="wav")
    message = Message(role="user", parts=(sound, TextPart("Names.")))
    written = WIRE.write_request(
        Task(id="t", messages=(message,), received_at=NOW), model="m", stream=False, quirks=Quirks()
    )
    back = read_form(written.body, written.media_type, file_field="file")
    assert back.fields == {"prompt": ["Names."], "model": ["m"]}
    assert back.file == Attachment(field="file", filename="sound.wav", media_type="audio/wav", data=b"abc")
    for parts, error in (
        ((), NotCarried),
        ((sound, sound), NotCarried),
        ((AudioPart(data="?", format="x"),), InvalidRequest),
    ):
        task = Task(id="t", messages=(Message(role="user", parts=parts),), received_at=NOW)
        with pytest.raises(error):
            WIRE.write_request(task, model="m", stream=False, quirks=Quirks())


BAD: list[tuple[bytes, str, str | None]] = [
    (form(), "application/json", None),
    (form(), "", None),
    (form(), "multipart/form-data", None),
    (form(), "multipart/form-data; boundary=other", None),
    (form(), f"multipart/form-data; boundary={'x' * 300}", None),
    (b"", FORM.media_type, None),
    (form()[:-20], FORM.media_type, None),
    (b"--b0rder\r\n\xff: x\r\n\r\n", FORM.media_type, None),
    (b"--b0rder--\r\n", FORM.media_type, "file"),
    (form(file=Attachment(field="file", filename="a", media_type="b", data=b"")), FORM.media_type, "file"),
    (form(file=Attachment(field="other", filename="a", media_type="b", data=b"x")), FORM.media_type, "other"),
    (form(("temperature", "hot")), FORM.media_type, "temperature"),
    (form(("podium", "{")), FORM.media_type, "podium"),
    (form(("podium", '{"tem": 1}')), FORM.media_type, "podium"),
    (form(("podium", '{"team": 7}')), FORM.media_type, "podium.team"),
    (form(("prompt", "PLACE")).replace(b"PLACE", b"\xff"), FORM.media_type, "prompt"),
]


@pytest.mark.parametrize(("body", "media_type", "param"), BAD)
def test_bad_forms(body: bytes, media_type: str, param: str | None) -> None:
    with pytest.raises(InvalidRequest) as caught:
        WIRE.read_request(body, Address(media_type=media_type))
    assert caught.value.param == param
    assert caught.value.remedy


@given(body=st.binary(max_size=200), wrapped=st.booleans())
def test_no_bytes_crash_the_form_reader(body: bytes, wrapped: bool) -> None:
    try:
        WIRE.read_request(b"--b0rder\r\n" + body + b"\r\n--b0rder--\r\n" if wrapped else body, FORM)
    except InvalidRequest as error:
        assert error.message  # noqa: PT017  # only this error may come out


@given(
    fields=st.lists(
        st.tuples(st.sampled_from(["a", "b[]"]), st.text(st.characters(exclude_categories=("Cs",)), max_size=9))
    ),
    data=st.binary(min_size=1, max_size=60),
)
def test_forms_survive_the_way(fields: list[tuple[str, str]], data: bytes) -> None:
    file = Attachment(field="file", filename="a.wav", media_type="audio/wav", data=data)
    back = read_form(write_form(fields, file, boundary="b0rder"), FORM.media_type, file_field="file")
    assert [(name, value) for name in back.fields for value in back.fields[name]] == sorted(
        fields, key=lambda pair: list(back.fields).index(pair[0])
    )
    assert back.file == file


# --- answers -------------------------------------------------------------------------------------------------------

TOKENS = {
    "type": "tokens",
    "input_tokens": 14,
    "output_tokens": 45,
    "total_tokens": 59,
    "input_token_details": {"audio_tokens": 12},
}
ANSWERS: list[tuple[bytes, str, Usage | None]] = [
    (b'{"text": "Hello."}', "Hello.", None),
    (json.dumps({"text": "Hi.", "usage": TOKENS}).encode(), "Hi.", Usage(input=14, output=45, audio_input=12)),
    (b'{"text": "Hi.", "usage": {"type": "duration", "seconds": 9}}', "Hi.", Usage(audio_seconds=9)),
    (b'{"task": "transcribe", "duration": 8.47, "text": "Hi."}', "Hi.", Usage(audio_seconds=8.47)),
    (b'{"duration": "8.47", "text": "Hi."}', "Hi.", Usage(audio_seconds=8.47)),
    (b'{"duration": "long", "text": "Hi."}', "Hi.", None),
    (b'{"duration": -1, "text": "Hi."}', "Hi.", None),
    (b'{"text": "", "usage": "odd"}', "", None),
    ("Grüße.\n".encode(), "Grüße.\n", None),
    (b"1\n00:00:00,000 --> 00:00:01,000\nHello.\n", "1\n00:00:00,000 --> 00:00:01,000\nHello.\n", None),
    (b"WEBVTT\n\n00:00.000 --> 00:01.000\nHello.\n", "WEBVTT\n\n00:00.000 --> 00:01.000\nHello.\n", None),
]


@pytest.mark.parametrize(("body", "text", "usage"), ANSWERS)
def test_answers_of_every_format(body: bytes, text: str, usage: Usage | None) -> None:
    reply = WIRE.read_reply(body, provider="p")
    assert (reply.text, reply.usage, reply.dialect) == (text, usage, WIRE.name)
    assert reply.media_type == ("application/json" if body[:1] == b"{" else "text/plain; charset=utf-8")
    assert WIRE.read_reply(body, provider="p", media_type="text/vtt").media_type == "text/vtt"
    assert WIRE.write_reply(reply, task=Task(id="t", messages=(), received_at=NOW), model="m") is body


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", FailureKind.GARBAGE),
        (b"<!doctype html>", FailureKind.GARBAGE),
        (b"\xff\xfe", FailureKind.GARBAGE),
        (b"{", FailureKind.GARBAGE),
        (b'{"choices": []}', FailureKind.GARBAGE),
        (b'{"error": {"message": "busy"}}', FailureKind.SERVER_ERROR),
    ],
)
def test_what_is_no_transcription(body: bytes, kind: FailureKind) -> None:
    with pytest.raises(ProviderError) as caught:
        WIRE.read_reply(body, provider="acme")
    assert caught.value.kind is kind


def test_an_answer_from_another_wire() -> None:
    def written(wanted: str | None, reply: Reply) -> bytes:
        incoming = read(*([("response_format", wanted)] if wanted else []))
        task = Task(id="t", messages=incoming.messages, received_at=NOW, payload=incoming.payload)
        return WIRE.write_reply(reply, task=task, model="m")

    reply = Reply(text="Hi.", usage=Usage(input=14, output=45, audio_input=12), raw=b"?", dialect="gemini")
    assert WIRE.read_reply(written(None, reply), provider="p").usage == reply.usage
    assert written("text", reply) == b"Hi.\n"
    timed = Reply(text="Hi.", usage=Usage(audio_seconds=2.5))
    assert json.loads(written("json", timed)) == {"text": "Hi.", "usage": {"type": "duration", "seconds": 2.5}}
    with pytest.raises(PodiumError, match="srt"):
        written("srt", reply)


def test_what_is_beyond() -> None:
    incoming = read(("model", "m"), ("language", "de"), ("prompt", "x"), ("include[]", "logprobs"), ("empty", ""))
    task = Task(id="t", messages=incoming.messages, received_at=NOW, payload=incoming.payload)
    assert WIRE.beyond(task) == ("include[]", "language")


# --- streams -------------------------------------------------------------------------------------------------------


def sse(*events: Any) -> bytes:
    return b"".join(b"data: " + (e if isinstance(e, bytes) else json.dumps(e).encode()) + b"\n\n" for e in events)


def says(text: str) -> dict[str, str]:
    return {"type": "transcript.text.delta", "delta": text}


STREAMS: list[tuple[str, bytes, list[Any]]] = [
    (
        "deltas, then the whole",
        sse(says("Hel"), says("lo"), {"type": "transcript.text.done", "text": "Hello", "usage": TOKENS}),
        [
            TextDelta("Hel"),
            TextDelta("lo"),
            UsageSeen(Usage(input=14, output=45, audio_input=12)),
            Finished(FinishReason.STOP),
        ],
    ),
    (
        "the whole alone, an end mark, a comment and an event nobody knows",
        b": hi\n\n" + sse({"type": "odd"}, {"type": "transcript.text.done", "text": "Hello"}, b"[DONE]"),
        [TextDelta("Hello"), Finished(FinishReason.STOP)],
    ),
    ("segments", sse({"type": "transcript.text.segment", "text": "x"}), [OpaqueDelta("transcript.text.segment")]),
    (
        "an error",
        sse({"type": "error", "error": {"message": "busy", "code": "x"}}),
        [StreamFault(message="busy", code="x")],
    ),
]


@pytest.mark.parametrize(("name", "stream", "events"), STREAMS, ids=[case[0] for case in STREAMS])
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_streams_in_any_pieces(name: str, stream: bytes, events: list[Any], size: int) -> None:
    reader = WIRE.stream_reader(provider="p")
    frames = [
        frame for i in range(0, len(stream), size) for frame in reader.feed(stream[i : i + size])
    ] + reader.close()
    assert [event for frame in frames for event in frame.events] == events, name
    assert b"".join(frame.raw for frame in frames) == stream


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_whole_answer_where_a_stream_was_asked_for(size: int) -> None:
    body = b'{"text": "Hi.\\n\\n", "usage": {"type": "duration", "seconds": 9}}'
    reader = WIRE.stream_reader(provider="p")
    assert [frame for i in range(0, len(body), size) for frame in reader.feed(body[i : i + size])] == []
    (frame,) = reader.close()
    assert frame.events == (TextDelta("Hi.\n\n"), UsageSeen(Usage(audio_seconds=9)), Finished(FinishReason.STOP))
    again = WIRE.stream_reader(provider="p").feed(frame.raw)
    assert again[0].events == frame.events


@given(st.binary(max_size=200), st.integers(1, 9))
def test_no_stream_crashes_the_reader(stream: bytes, size: int) -> None:
    reader = WIRE.stream_reader(provider="p")
    try:
        for i in range(0, len(stream), size):
            reader.feed(stream[i : i + size])
        reader.close()
    except ProviderError as error:
        assert error.kind in (FailureKind.GARBAGE, FailureKind.SERVER_ERROR)  # noqa: PT017  # the only ways out


def test_a_whole_answer_without_end_is_garbage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("podium.models.dialects.openai_transcription.stream.MAX_EVENT_BYTES", 1000)
    reader = WIRE.stream_reader(provider="p")
    assert reader.feed(b'{"text":"' + b"a" * 900) == []
    with pytest.raises(ProviderError, match="exceeded") as caught:
        reader.feed(b"a" * 200)
    assert caught.value.kind is FailureKind.GARBAGE


def test_a_stream_written_reads_back() -> None:
    writer = WIRE.stream_writer(task=Task(id="t", messages=(), received_at=NOW), model="m", input_tokens=1)
    usage = Usage(input=14, output=45, audio_input=12)
    stream = writer.write((TextDelta("Hel"),)) + WIRE.heartbeat
    stream += writer.write((TextDelta("lo"), UsageSeen(usage), Finished(FinishReason.STOP))) + writer.close()
    reader = WIRE.stream_reader(provider="p")
    events = [event for frame in reader.feed(stream) for event in frame.events]
    assert events == [TextDelta("Hel"), TextDelta("lo"), UsageSeen(usage), Finished(FinishReason.STOP)]
    assert b"error" in writer.fail(PodiumError("cut"))


def test_errors_in_openai_shape() -> None:
    assert json.loads(WIRE.write_error(InvalidRequest("bad", param="file")))["error"]["param"] == "file"
    assert WIRE.http_status(InvalidRequest("bad")) == 400
    assert b"[DONE]" in WIRE.write_stream_error(PodiumError("x"))
