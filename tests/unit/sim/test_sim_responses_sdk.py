"""The unmodified OpenAI SDK's other doors against a simulated vendor: responses, embeddings, transcriptions."""

from __future__ import annotations

import io
import json
import wave
from collections.abc import Iterator
from math import isclose
from typing import Any

import openai
import pytest

from podium.models.sim import make_recording
from podium.models.sim.orders import digest_of
from podium.testing import Fault, Faults, SimModel, SimServer, SimVendor

VENDOR = SimVendor(
    name="acme",
    models=(
        SimModel(name="sharp", skill=1.0, reasoning_tokens=20, cached_share=0.25, shows_reasoning=True),
        SimModel(name="plain", skill=1.0, bills_transcripts_by="tokens"),
        SimModel(name="vectors", serves=("embedding",), context=10, dimensions=8),
    ),
    api_key="sk-sim",
    time_scale=0,
)
TOOLS: list[Any] = [
    {"type": "function", "name": "get_time", "parameters": {"type": "object", "properties": {"zone": {}}}},
    {"type": "function", "name": "ping", "parameters": {"type": "object", "properties": {}}},
]
CHAT_TOOLS: list[Any] = [
    {"type": "function", "function": {name: value for name, value in tool.items() if name != "type"}} for tool in TOOLS
]
TWO_CALLS = 'Call get_time {"zone": "UTC"} and ping'
SECRET = {"include": ["reasoning.encrypted_content"], "store": False}


@pytest.fixture(scope="module")
def server() -> Iterator[SimServer]:
    with SimServer(VENDOR) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: SimServer) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=server.base_url, api_key="sk-sim", max_retries=0) as opened:
        yield opened


@pytest.mark.parametrize(
    "fields",
    [
        {"input": "hello"},
        {"input": "Repeat after me: größer, 更大, 🙂", "reasoning": {"summary": "auto"}},
        {"input": TWO_CALLS, "tools": TOOLS, **SECRET},
        {"input": "Refuse this."},
        {"input": "hello", "max_output_tokens": 24, "instructions": "Be kind."},
        {"input": "hello", "model": "plain", "text": {"format": {"type": "json_object"}}},
    ],
)
def test_whole_and_streamed_responses_agree(client: openai.OpenAI, fields: dict[str, Any]) -> None:
    whole = client.responses.create(**{"model": "sharp", **fields})
    events = list(client.responses.create(**{"model": "sharp", **fields}, stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert [event.type for event in events[:2]] == ["response.created", "response.in_progress"]
    last = events[-1]
    assert last.type in ("response.completed", "response.incomplete")
    assert (last.response.status, last.response.usage) == (whole.status, whole.usage)
    assert last.response.output_text == whole.output_text
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == whole.output_text
    kinds = [item.type for item in whole.output]
    assert [event.item.type for event in events if event.type == "response.output_item.done"] == kinds
    if whole.status == "incomplete":
        return  # the SDK's own helper takes completed responses alone
    with client.responses.stream(**{"model": "sharp", **fields}) as stream:  # the SDK's own putting together
        assert stream.get_final_response().output_text == whole.output_text


def test_two_tools_are_called_at_once_and_their_results_told_from_either_memory(client: openai.OpenAI) -> None:
    asked: dict[str, Any] = {"model": "sharp", "tools": TOOLS, "instructions": "Be kind."}
    first = client.responses.create(input=TWO_CALLS, **asked, include=["reasoning.encrypted_content"])
    calls = [item for item in first.output if item.type == "function_call"]
    assert [(call.name, json.loads(call.arguments)) for call in calls] == [("get_time", {"zone": "UTC"}), ("ping", {})]
    results: list[Any] = [
        {"type": "function_call_output", "call_id": call.call_id, "output": f"{call.name} said so"} for call in calls
    ]
    kept = client.responses.create(input=results, previous_response_id=first.id, **asked)
    sent = client.responses.create(input=[{"role": "user", "content": TWO_CALLS}, *first.output, *results], **asked)
    assert kept.output_text == sent.output_text
    assert sent.output_text.endswith("get_time said so; ping said so")
    assert kept.usage == sent.usage
    with pytest.raises(openai.BadRequestError, match="No tool output found"):
        client.responses.create(input=results[:1], previous_response_id=first.id, **asked)
    with pytest.raises(openai.BadRequestError, match="No tool call found"):
        client.responses.create(input=results, **asked)


def test_encrypted_reasoning_is_opened_by_its_maker_alone(client: openai.OpenAI) -> None:
    first = client.responses.create(model="sharp", input="hello", **SECRET)  # type: ignore[arg-type]
    thought, message = (item.model_dump(exclude_none=True) for item in first.output)
    more = {"role": "user", "content": "more"}

    def send(*items: Any) -> None:
        client.responses.create(model="sharp", input=[{"role": "user", "content": "hello"}, *items])

    send(thought, message, more)
    with pytest.raises(openai.BadRequestError) as caught:
        send({**thought, "encrypted_content": "A" + thought["encrypted_content"][1:]}, message, more)
    assert caught.value.code == "invalid_encrypted_content"
    with pytest.raises(openai.BadRequestError, match="required following item"):
        send(thought, more)


def test_figures_schemas_images_and_refusals(client: openai.OpenAI) -> None:
    usage = client.responses.create(model="sharp", input="x" * 384).usage
    assert usage is not None
    assert (usage.input_tokens, usage.input_tokens_details.cached_tokens) == (100, 25)
    assert usage.output_tokens_details.reasoning_tokens == 20
    schema = {"type": "object", "properties": {"order_id": {"type": "string"}}}
    prompt = 'Return "order_id".\n\nMessage:\nHello there. My order number is A-12345.'
    form: Any = {"format": {"type": "json_schema", "name": "order", "schema": schema}}
    assert json.loads(client.responses.create(model="sharp", input=prompt, text=form).output_text) == {
        "order_id": "A-12345"
    }
    content: Any = [
        {"type": "input_text", "text": "Describe the image"},
        {"type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgo="},
    ]
    told = client.responses.create(model="sharp", input=[{"role": "user", "content": content}]).output_text
    assert told.startswith("image/png, 8 bytes")
    refused = client.responses.create(model="plain", input="Refuse this.").output[0]
    assert refused.type == "message"
    assert refused.content[0].type == "refusal"
    cut = client.responses.create(model="plain", input="hello", max_output_tokens=16)
    assert cut.incomplete_details is not None
    assert (cut.status, cut.incomplete_details.reason) == ("incomplete", "max_output_tokens")


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": []}, "input"),
        ({"extra_body": {"max_tokens": 50}}, "max_tokens"),
        ({"extra_body": {"messages": []}}, "messages"),
        ({"extra_body": {"stop": "x"}}, "stop"),
        ({"max_output_tokens": 5}, "max_output_tokens"),
        ({"temperature": 3}, "temperature"),
        ({"tools": CHAT_TOOLS}, "tools[0].name"),
        ({"text": {"format": {"type": "json_schema", "name": "x"}}}, "text.format"),
        ({"previous_response_id": "resp_gone"}, "previous_response_id"),
        ({"model": "vectors"}, "model"),
    ],
)
def test_what_the_real_api_refuses(client: openai.OpenAI, fields: dict[str, Any], param: str) -> None:
    with pytest.raises((openai.BadRequestError, openai.NotFoundError)) as caught:
        client.responses.create(**{"model": "sharp", "input": "hello", **fields})
    assert caught.value.param == param


def test_a_failure_inside_a_stream_is_told_by_its_own_events(server: SimServer, client: openai.OpenAI) -> None:
    server.faults = Faults(script=(Fault(kind="error_event"),))
    events = list(client.responses.create(model="plain", input="hello", stream=True))
    assert [event.type for event in events[-2:]] == ["error", "response.failed"]
    assert server.seen[-1].wire == "openai-responses"


# --- chat completions: what came with the other wires -------------------------------------------------------------


def test_chat_shows_reasoning_refusals_and_two_calls(client: openai.OpenAI) -> None:
    def ask(text: str, **fields: Any) -> tuple[Any, str, str]:
        messages: Any = [{"role": "user", "content": text}]
        whole = client.chat.completions.create(model="sharp", messages=messages, **fields).choices[0].message
        chunks = client.chat.completions.create(model="sharp", messages=messages, stream=True, **fields)
        deltas = [chunk.choices[0].delta for chunk in chunks]
        thought = "".join(getattr(delta, "reasoning_content", "") for delta in deltas)
        return whole, thought, "".join(delta.refusal or "" for delta in deltas)

    whole, thought, _ = ask("hello")
    assert whole.reasoning_content == thought != ""
    whole, _, refusal = ask("Refuse this.")
    assert (whole.refusal, whole.content) == (refusal, None)
    assert refusal
    whole, _, _ = ask(TWO_CALLS, tools=CHAT_TOOLS)
    assert [call.function.name for call in whole.tool_calls] == ["get_time", "ping"]


# --- embeddings ---------------------------------------------------------------------------------------------------


def test_the_same_text_has_the_same_vector_however_it_is_asked_for(client: openai.OpenAI) -> None:
    plain = client.embeddings.create(model="vectors", input=["one", "two"], encoding_format="float")
    packed = client.embeddings.create(model="vectors", input="one")  # the SDK asks for base64
    assert [len(each.embedding) for each in plain.data] == [8, 8]
    assert packed.data[0].embedding == pytest.approx(plain.data[0].embedding, abs=1e-6)
    assert plain.data[0].embedding != plain.data[1].embedding
    assert isclose(sum(value**2 for value in plain.data[0].embedding), 1)
    assert len(client.embeddings.create(model="vectors", input="one", dimensions=3).data[0].embedding) == 3
    assert client.embeddings.create(model="vectors", input=[[1, 2], [3]]).usage.prompt_tokens == 2


@pytest.mark.parametrize(
    "fields",
    [{"input": ""}, {"input": []}, {"input": ["a", ""]}, {"dimensions": 0}, {"input": "x" * 100}, {"input": ["a", 1]}],
)
def test_what_has_no_vector_is_refused(client: openai.OpenAI, fields: dict[str, Any]) -> None:
    with pytest.raises(openai.BadRequestError):
        client.embeddings.create(**{"model": "vectors", "input": "one", **fields})


# --- transcriptions -----------------------------------------------------------------------------------------------


def test_what_is_said_in_a_recording_is_heard_in_every_format(client: openai.OpenAI) -> None:
    recording = make_recording("Grüße aus Köln", seconds=61.5)
    with wave.open(io.BytesIO(recording)) as read:
        assert read.getnframes() / read.getframerate() == 61.5

    def heard(form: str, **fields: Any) -> Any:
        return client.audio.transcriptions.create(
            model="sharp",
            file=("a.wav", recording),
            response_format=form,
            **fields,  # type: ignore[call-overload]
        )

    assert heard("json").text == "Grüße aus Köln"
    assert heard("json").usage.seconds == 62
    assert heard("text") == "Grüße aus Köln\n"
    assert heard("srt") == "1\n00:00:00,000 --> 00:01:01,500\nGrüße aus Köln\n\n"
    assert heard("vtt").startswith("WEBVTT\n\n00:00:00.000 --> 00:01:01.500\n")
    told = heard("verbose_json", timestamp_granularities=["word"])
    assert (told.duration, told.segments[0].text, [word.word for word in told.words]) == (
        61.5, "Grüße aus Köln", ["Grüße", "aus", "Köln"],
    )  # fmt: skip


def test_another_file_is_told_by_its_digest_and_tokens_are_counted(client: openai.OpenAI) -> None:
    data = bytes(range(256)) * 100 + b"\r\n--\r\n"
    told = client.audio.transcriptions.create(model="plain", file=("b.mp3", data), prompt="four")
    assert told.text == f"A recording of {len(data)} bytes, digest {digest_of(data)}."
    assert told.usage is not None
    assert told.usage.type == "tokens"
    assert told.usage.input_tokens == 17


@pytest.mark.parametrize(
    "fields",
    [{"file": ("a.txt", b"x")}, {"file": ("a.wav", b"")}, {"response_format": "srt"}, {"response_format": "pdf"}],
)
def test_what_cannot_be_heard_is_refused(client: openai.OpenAI, fields: dict[str, Any]) -> None:
    with pytest.raises(openai.BadRequestError):
        client.audio.transcriptions.create(**{"model": "plain", "file": ("a.wav", make_recording("hi")), **fields})


def test_faults_hit_every_kind_of_work(server: SimServer, client: openai.OpenAI) -> None:
    before = server.state.requests
    server.faults = Faults(script=(Fault(kind="status", status=503), Fault(kind="garbage"), Fault(kind="no_usage")))
    with pytest.raises(openai.InternalServerError):
        client.embeddings.create(model="vectors", input="one")
    with pytest.raises((openai.APIError, ValueError)):
        client.audio.transcriptions.create(model="plain", file=("a.wav", make_recording("hi")))
    assert client.audio.transcriptions.create(model="plain", file=("a.wav", make_recording("hi"))).usage is None
    assert server.state.requests == before + 3
    assert [seen.wire for seen in server.seen][-3:] == [
        "openai-embeddings", "openai-transcriptions", "openai-transcriptions",
    ]  # fmt: skip
