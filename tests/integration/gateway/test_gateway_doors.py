"""Every door of the gateway: the lists, counts and kept answers of each API, and each one's own shape of error."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import anthropic
import openai
import pytest
from google import genai
from google.genai import types

from podium.core.settings import RecordSettings, ServerSettings
from podium.testing import Fault, Faults, SimVendor

BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "openai-chat": ("/v1/chat/completions", {"model": "auto", "messages": [{"role": "user", "content": "hi"}]}),
    "openai-responses": ("/v1/responses", {"model": "auto", "input": "hi"}),
    "anthropic": ("/v1/messages", {"model": "auto", "max_tokens": 99, "messages": [{"role": "user", "content": "hi"}]}),
    "gemini": ("/v1beta/models/auto:generateContent", {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}),
}
DIALECTS = list(BODIES)


def _error(dialect: str, answer: Any) -> dict[str, Any]:
    """The error's message, type and code as this API's clients find them; fails where the shape is another's."""
    body = answer.json()
    error = body["error"]
    if dialect == "anthropic":
        assert body["type"] == "error"
        assert isinstance(error["type"], str)
    elif dialect == "gemini":
        assert error["code"] == answer.status
        assert error["status"].isupper()
    else:
        assert {"message", "type", "param", "code"} <= set(error)
    assert error["message"]
    return dict(error)


@pytest.fixture
def openai_client(house: Any) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=house.base_url, api_key="pk-any", max_retries=0) as client:
        yield client


@pytest.fixture
def anthropic_client(house: Any) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=house.address, api_key="pk-any", max_retries=0) as client:
        yield client


@pytest.fixture
def gemini_client(house: Any) -> Iterator[genai.Client]:
    client = genai.Client(api_key="pk-any", http_options=types.HttpOptions(base_url=house.address))
    yield client
    client.close()


# --- answers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", DIALECTS)
def test_answers_of_every_dialect_carry_the_same_headers(house: Any, dialect: str) -> None:
    path, body = BODIES[dialect]
    answer = house.post(body, path)
    assert answer.status == 200, answer.text
    named = {"x-podium-model", "x-podium-provider", "x-podium-attempts", "x-podium-decision", "x-podium-cost-usd"}
    assert named <= set(answer.headers)
    assert answer.headers["content-type"] == "application/json"
    kept = house.recorded(answer.headers["x-podium-decision"])
    assert answer.headers["request-id" if dialect == "anthropic" else "x-request-id"] == kept["task_id"]


def test_every_answer_has_a_request_id(house: Any) -> None:
    for method, path in [
        ("GET", "/"), ("GET", "/healthz"), ("GET", "/v1/models"), ("GET", "/v1/models/nobody"), ("GET", "/nowhere"),
        ("PUT", "/v1/chat/completions"), ("POST", "/v1/embeddings"), ("GET", "/metrics"), ("POST", "/v1beta/x"),
        ("GET", "/v1/responses/resp_x"),
    ]:  # fmt: skip
        assert house.ask(method, path).headers["x-request-id"], path
    for method, path in [("GET", "/v1/messages"), ("POST", "/v1/messages/batches"), ("POST", "/v1/messages")]:
        assert house.ask(method, path).headers["request-id"], path


def test_keys_are_taken_and_go_nowhere(house: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "pk-nobody-else-may-see-this"
    given = {"authorization": f"Bearer {secret}", "x-api-key": secret, "x-goog-api-key": secret}
    for path, body in BODIES.values():
        answer = house.post(body, f"{path}?key={secret}", headers=given)
        assert answer.status == 200
        seen = next(vendor.seen[-1] for vendor in house.vendors.values() if vendor.seen)
        assert secret not in str(seen.headers)
        assert secret.encode() not in seen.body
        assert secret not in seen.path
    house.post(b"{", f"/v1/nowhere?key={secret}", headers=given)
    # The server's own access log is off; only pytest's handlers, which it hangs everywhere, see those lines.
    assert secret not in str([record.getMessage() for record in caplog.records if record.name != "uvicorn.access"])


def test_what_is_lost_between_two_wires_is_told(house: Any) -> None:
    path, body = BODIES["anthropic"]
    answer = house.post({**body, "top_k": 3, "container": "c_1"}, path)
    assert answer.status == 200
    assert "container" in answer.headers["x-podium-warnings"]
    streamed = house.post({**body, "container": "c_1", "stream": True}, path)
    assert "container" in streamed.headers["x-podium-warnings"]


def test_vectors_and_transcripts(start_gateway: Any, model: Any) -> None:
    vendor = SimVendor(
        name="openai",
        models=(model("gpt-x"), model("embed", serves=("embedding",)), model("hear", serves=("transcription",))),
        time_scale=0,
        api_key="sk-x",
    )
    gateway = start_gateway(vendor, presets={"openai": "openai"})
    with openai.OpenAI(base_url=gateway.base_url, api_key="x", max_retries=0) as client:
        made = client.embeddings.with_raw_response.create(model="auto", input=["one", "two"], dimensions=8)
        assert [len(item.embedding) for item in made.parse().data] == [8, 8]
        assert made.headers["x-podium-model"] == "embed"
        assert client.embeddings.create(model="auto", input="one", encoding_format="base64").data[0].embedding
        sound = ("talk.wav", b"RIFF" + bytes(4000), "audio/wav")
        heard = client.audio.transcriptions.with_raw_response.create(model="auto", file=sound)
        assert heard.parse().text
        assert heard.headers["x-podium-model"] == "hear"
        plain = client.audio.transcriptions.with_raw_response.create(model="auto", file=sound, response_format="text")
        assert plain.headers["content-type"].startswith("text/plain")
        with pytest.raises(openai.UnprocessableEntityError):
            client.embeddings.create(model="openai/gpt-x", input="one")


def test_a_wrong_base_address_is_told_in_the_clients_own_shape(house: Any) -> None:
    base = house.address
    with openai.OpenAI(base_url=base, api_key="x", max_retries=0) as bare:
        with pytest.raises(openai.NotFoundError, match="followed by /v1"):
            bare.chat.completions.create(model="auto", messages=[{"role": "user", "content": "hi"}])
        with pytest.raises(openai.NotFoundError, match="followed by /v1"):
            bare.models.list()
    with (
        openai.AzureOpenAI(azure_endpoint=base, api_key="x", api_version="2024-10-21", max_retries=0) as azure,
        pytest.raises(openai.NotFoundError, match="instead of AzureOpenAI"),
    ):
        azure.chat.completions.create(model="gpt", messages=[{"role": "user", "content": "hi"}])
    with (
        anthropic.Anthropic(base_url=house.base_url, api_key="x", max_retries=0) as doubled,
        pytest.raises(anthropic.NotFoundError, match="alone") as told,
    ):
        doubled.messages.create(model="auto", max_tokens=9, messages=[{"role": "user", "content": "hi"}])
    assert told.value.body["type"] == "error"  # type: ignore[index]  # an object, as the assertion finds out
    for ending, version, says in (("/v1beta", None, "alone"), ("/v1beta", "v1", "alone"), ("", "v1alpha", "v1beta")):
        options = types.HttpOptions(base_url=base + ending, api_version=version)
        client = genai.Client(api_key="x", http_options=options)
        with pytest.raises(genai.errors.ClientError, match=says):
            client.models.generate_content(model="auto", contents="hi")
        client.close()


def test_a_method_that_no_model_has(house: Any) -> None:
    answer = house.post({}, "/v1beta/models/auto:nonsense")
    assert answer.status == 404
    assert ":generateContent" in _error("gemini", answer)["message"]
    answer = house.ask("GET", "/v1/audio/transcriptions")
    assert answer.status == 405
    assert "multipart" in answer.error["message"]


# --- lists ---------------------------------------------------------------------------------------------------------


def test_models_in_each_apis_shape(
    openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic, gemini_client: genai.Client
) -> None:
    names = [model.id for model in openai_client.models.list()]
    assert {"auto", "north/pico", "pico"} <= set(names)
    assert [model.id for model in anthropic_client.models.list()] == names
    assert [model.id for model in anthropic_client.models.list(limit=2)] == names  # page after page
    assert [model.name for model in gemini_client.models.list(config={"page_size": 2})] == [
        f"models/{n}" for n in names
    ]
    one = anthropic_client.models.retrieve("north/pico")
    assert (one.id, one.max_input_tokens) == ("north/pico", 32_000)
    other = gemini_client.models.get(model="north/pico")
    assert (other.name, other.input_token_limit) == ("models/north/pico", 32_000)
    with pytest.raises(anthropic.NotFoundError, match="Did you mean"):
        anthropic_client.models.retrieve("north/pica")
    with pytest.raises(genai.errors.ClientError, match="Did you mean"):
        gemini_client.models.get(model="north/pica")
    back = anthropic_client.models.list(before_id=names[3], limit=2)
    assert [model.id for model in back.data] == names[1:3]
    with pytest.raises(anthropic.BadRequestError, match="after_id"):
        anthropic_client.models.list(after_id="nobody")


def test_counts_are_estimates_and_say_so(
    house: Any, openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic, gemini_client: genai.Client
) -> None:
    before = house.seen()
    text = "How many roads must a man walk down? " * 20
    counted = anthropic_client.messages.with_raw_response.count_tokens(
        model="auto", system="Be brief.", messages=[{"role": "user", "content": text}]
    )
    assert "estimate" in counted.headers["x-podium-warnings"]
    tokens = counted.parse().input_tokens
    assert 150 < tokens < 300
    google = gemini_client.models.count_tokens(model="auto", contents=text).total_tokens
    assert google is not None
    assert 150 < google <= tokens
    wrapped = {"generateContentRequest": {"model": "models/auto", "contents": [{"parts": [{"text": text}]}]}}
    assert house.post(wrapped, "/v1beta/models/auto:countTokens").json()["totalTokens"] == google
    assert 150 < openai_client.responses.input_tokens.count(model="auto", input=text).input_tokens < 300
    with pytest.raises(anthropic.BadRequestError, match="messages"):
        anthropic_client.messages.count_tokens(model="auto", messages=[])
    assert house.seen() == before


def test_explaining_takes_every_dialect(house: Any) -> None:
    before = house.seen()
    for dialect, (_, body) in BODIES.items():
        told = house.post(body, f"/podium/v1/explain?dialect={dialect}")
        assert told.status == 200, told.text
        assert told.json()["candidates"][0]["deployment"] == "north/pico"
    named = house.post(BODIES["gemini"][1], "/podium/v1/explain?dialect=gemini&model=south/grande")
    assert named.json()["candidates"][0]["deployment"] == "south/grande"
    assert house.post(b"{}", "/podium/v1/explain?dialect=klingon").error["param"] == "dialect"
    assert house.seen() == before


# --- kept answers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [False, True])
def test_a_conversation_goes_on_from_an_answer(openai_client: openai.OpenAI, house: Any, stream: bool) -> None:
    def answer(text: str, **more: Any) -> Any:
        if not stream:
            return openai_client.responses.create(model="north/pico", input=text, **more)
        with openai_client.responses.stream(model="north/pico", input=text, **more) as events:
            return events.get_final_response()

    first = answer("Repeat after me: parrot")
    second = answer("Repeat after me: cage", previous_response_id=first.id)
    third = answer("Repeat after me: seed", previous_response_id=second.id)
    assert third.output_text == "seed"
    sent = house.vendors["north"].seen[-1].body.decode()
    assert [sent.count(word) for word in ("parrot", "cage", "seed")] == [2, 2, 1]
    shown = openai_client.responses.retrieve(second.id)
    assert (shown.id, shown.output_text) == (second.id, "cage")
    texts = [str(item) for item in openai_client.responses.input_items.list(second.id, order="asc")]
    assert ["parrot" in texts[0], "parrot" in texts[1], "cage" in texts[-1]] == [True, True, True]
    openai_client.responses.delete(first.id)
    with pytest.raises(openai.NotFoundError, match="not found"):
        openai_client.responses.retrieve(first.id)
    assert answer("Repeat after me: still", previous_response_id=second.id).output_text == "still"
    with pytest.raises(openai.BadRequestError, match="not found"):
        answer("x", previous_response_id=first.id)


def test_what_is_not_to_be_kept_is_not(openai_client: openai.OpenAI, house: Any, start_gateway: Any) -> None:
    gone = openai_client.responses.create(model="auto", input="hi", store=False)
    with pytest.raises(openai.NotFoundError):
        openai_client.responses.retrieve(gone.id)
    ann = openai_client.responses.create(model="auto", input="hi", extra_headers={"x-podium-user": "ann"})
    with pytest.raises(openai.BadRequestError, match="not found"):
        openai_client.responses.create(
            model="auto", input="and?", previous_response_id=ann.id, extra_headers={"x-podium-user": "bob"}
        )
    with pytest.raises(openai.NotFoundError, match="background"):
        openai_client.responses.cancel(ann.id)
    forgetful = start_gateway(record=RecordSettings(responses_h=0))
    with openai.OpenAI(base_url=forgetful.base_url, api_key="x", max_retries=0) as client:
        made = client.responses.create(model="auto", input="hi")
        with pytest.raises(openai.NotFoundError):
            client.responses.retrieve(made.id)


def test_kept_answers_outlive_the_gateway(start_gateway: Any) -> None:
    before = start_gateway()
    with openai.OpenAI(base_url=before.base_url, api_key="x", max_retries=0) as client:
        made = [client.responses.create(model="north/pico", input=f"Repeat after me: {n}").id for n in range(20)]
    before.__exit__()
    after = start_gateway()
    with openai.OpenAI(base_url=after.base_url, api_key="x", max_retries=0) as client:
        assert [client.responses.retrieve(each).output_text for each in made] == [str(n) for n in range(20)]


# --- errors --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff", b"[" * 100_000, b'{"model": 7}', b"{}"])
def test_malformed_bodies_in_the_callers_shape(house: Any, dialect: str, body: bytes) -> None:
    before = house.seen()
    path = BODIES[dialect][0]
    for each in (path, "/v1/messages/count_tokens" if dialect == "anthropic" else path):
        answer = house.post(body, each)
        assert answer.status == 400, answer.text
        _error(dialect, answer)
    assert house.seen() == before


@pytest.mark.parametrize("dialect", DIALECTS)
def test_wrong_methods_in_the_callers_shape(house: Any, dialect: str) -> None:
    for method in ("GET", "PUT", "DELETE"):
        answer = house.ask(method, BODIES[dialect][0])
        assert (answer.status, answer.headers["allow"]) == (405, "POST")
        _error(dialect, answer)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_too_large_in_the_callers_shape(start_gateway: Any, dialect: str) -> None:
    small = start_gateway(server=ServerSettings(max_body_mb=0.01, drain_s=1))
    answer = small.post(b"x" * 10_001, BODIES[dialect][0])
    assert answer.status == 413
    assert "max_body_mb" in json.dumps(_error(dialect, answer))


@pytest.mark.parametrize("preset", ["google", "openai-compatible"])
def test_a_gemini_stream_without_sse_is_one_array(start_shared: Any, model: Any, preset: str) -> None:
    """Relayed from a vendor of its own wire, and written from another's."""
    vendor = SimVendor(name="arrays", models=(model("pico"),), time_scale=0, api_key="sk-arrays")
    house = start_shared(vendor, presets={"arrays": preset})
    body = {"contents": [{"role": "user", "parts": [{"text": "Repeat after me: one two three four five six."}]}]}
    path = "/v1beta/models/arrays/pico:streamGenerateContent"
    answer = house.post(body, path)
    assert answer.headers["content-type"] == "application/json"
    members = answer.json()
    assert len(members) > 1
    parts = [part for member in members for part in member["candidates"][0].get("content", {}).get("parts", [])]
    assert "".join(part.get("text", "") for part in parts) == "one two three four five six."
    assert members[-1]["usageMetadata"]["totalTokenCount"] > 0

    house.vendors["arrays"].faults = Faults(always=Fault(kind="cut", after=2))
    broken = house.post(body, path).json()
    assert broken[-1]["error"]["status"]
    assert all("error" not in member for member in broken[:-1])


NOT_OFFERED = [
    ("openai-chat", "/v1/completions", "chat/completions"),
    ("openai-chat", "/v1/images/generations", "provider directly"),
    ("openai-chat", "/v1/audio/speech", "provider directly"),
    ("anthropic", "/v1/messages/batches", "/v1/messages"),
    ("gemini", "/v1beta/models/auto:embedContent", "/v1/embeddings"),
    ("gemini", "/v1beta/models/north/pico:batchEmbedContents", "/v1/embeddings"),
    ("gemini", "/v1beta/cachedContents", "each request"),
    ("gemini", "/v1beta/nothing", "GET /"),
    ("anthropic", "/v1/messages/nothing", "GET /"),
]


@pytest.mark.parametrize(("dialect", "path", "says"), NOT_OFFERED)
def test_what_is_not_offered_says_what_is(house: Any, dialect: str, path: str, says: str) -> None:
    answer = house.post(BODIES[dialect][1], path)
    assert answer.status in (400, 404)
    assert says in json.dumps(_error(dialect, answer))


def test_sdks_meet_their_own_errors_where_podium_has_nothing(
    openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic, gemini_client: genai.Client
) -> None:
    with pytest.raises(openai.NotFoundError, match="chat/completions"):
        openai_client.completions.create(model="auto", prompt="x")
    with pytest.raises(openai.NotFoundError, match="provider directly"):
        openai_client.images.generate(model="auto", prompt="x")
    with pytest.raises(anthropic.NotFoundError, match="/v1/messages"):
        anthropic_client.messages.batches.create(requests=[])
    with pytest.raises(genai.errors.ClientError, match="/v1/embeddings"):
        gemini_client.models.embed_content(model="auto", contents="x")


@pytest.mark.parametrize("path", ["/v1beta/models/north/pico:generateContent", "/v1/models/south/pico:generateContent"])
def test_geminis_paths_take_any_name(house: Any, path: str) -> None:
    answer = house.post(BODIES["gemini"][1], path)
    assert answer.status == 200, answer.text
    assert f"{answer.headers['x-podium-provider']}/{answer.headers['x-podium-model']}" in path
