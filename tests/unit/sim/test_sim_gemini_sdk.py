"""The unmodified Google Gen AI SDK against a simulated vendor, by Gemini's door and by Vertex AI's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from google import genai
from google.genai import errors
from google.genai import types as shapes
from google.oauth2.credentials import Credentials

from podium.models.sim.orders import digest_of
from podium.testing import Fault, Faults, SimModel, SimServer, SimVendor

VENDOR = SimVendor(
    name="acme",
    models=(
        SimModel(name="sharp", skill=1.0, reasoning_tokens=20, cached_share=0.5),
        SimModel(name="older", reasoning_tokens=20, signs_calls=False, call_ids=False, late_finish=True),
        SimModel(name="plain", vision=False, tools=False, context=500),
    ),
    api_key="sim-key",
    time_scale=0,
)
TOOLS = [
    shapes.Tool(
        function_declarations=[
            shapes.FunctionDeclaration(
                name="get_time",
                parameters=shapes.Schema(
                    type=shapes.Type.OBJECT, properties={"zone": shapes.Schema(type=shapes.Type.STRING)}
                ),
            ),
            shapes.FunctionDeclaration(name="ping", parameters_json_schema={"type": "object", "properties": {}}),
        ]
    )
]
TWO_CALLS = 'Call get_time {"zone": "UTC"} and ping'


@pytest.fixture(scope="module")
def server() -> Iterator[SimServer]:
    with SimServer(VENDOR) as running:
        yield running


@pytest.fixture(scope="module", params=["gemini", "vertex"])
def client(request: pytest.FixtureRequest, server: SimServer) -> Iterator[genai.Client]:
    options = shapes.HttpOptions(base_url=server.root_url)
    if request.param == "gemini":
        opened = genai.Client(api_key="sim-key", http_options=options)
    else:
        token = Credentials("sim-key")  # type: ignore[no-untyped-call]  # google-auth has no types here
        opened = genai.Client(vertexai=True, project="p", location="l", credentials=token, http_options=options)
    with opened:
        yield opened


def _config(**fields: Any) -> shapes.GenerateContentConfig:
    off = shapes.AutomaticFunctionCallingConfig(disable=True)
    return shapes.GenerateContentConfig(automatic_function_calling=off, **fields)


def _parts(response: shapes.GenerateContentResponse) -> list[shapes.Part]:
    content = response.candidates[0].content if response.candidates else None
    return (content.parts or []) if content else []


def _flat(parts: list[shapes.Part]) -> tuple[str, str, list[Any]]:
    thoughts = "".join(part.text or "" for part in parts if part.thought)
    said = "".join(part.text or "" for part in parts if not part.thought)
    return thoughts, said, [(part.function_call, part.thought_signature) for part in parts if part.function_call]


@pytest.mark.parametrize("model", ["sharp", "older"])
@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("hello", {}),
        ("Repeat after me: größer, 更大, 🙂", {"system_instruction": "Be kind."}),
        (TWO_CALLS, {"tools": TOOLS}),
        (TWO_CALLS, {"tools": TOOLS, "thinking_config": {"include_thoughts": True}}),
        ("Refuse this.", {}),
        ("hello", {"stop_sequences": [" simulated"]}),
        ("hello", {"max_output_tokens": 23}),
    ],
)
def test_whole_and_streamed_answers_agree(client: genai.Client, model: str, text: str, fields: dict[str, Any]) -> None:
    whole = client.models.generate_content(model=model, contents=text, config=_config(**fields))
    chunks = list(client.models.generate_content_stream(model=model, contents=text, config=_config(**fields)))
    assert _flat([part for chunk in chunks for part in _parts(chunk)]) == _flat(_parts(whole))
    finishes = [chunk.candidates[0].finish_reason if chunk.candidates else None for chunk in chunks]
    assert whole.candidates is not None
    assert finishes == [*[None] * (len(chunks) - 1), whole.candidates[0].finish_reason]
    assert chunks[-1].usage_metadata == whole.usage_metadata
    if model == "older":
        assert [part.text for part in _parts(chunks[-1])] == ([] if "Refuse" in text else [""])


def test_finishes_and_figures(client: genai.Client) -> None:
    def finish(text: str, **fields: Any) -> Any:
        answer = client.models.generate_content(model="sharp", contents=text, config=_config(**fields))
        return answer.candidates[0].finish_reason if answer.candidates else None

    assert finish("hello") == shapes.FinishReason.STOP
    assert finish(TWO_CALLS, tools=TOOLS) == shapes.FinishReason.STOP
    assert finish("hello", max_output_tokens=23) == shapes.FinishReason.MAX_TOKENS
    assert finish("Refuse this.") == shapes.FinishReason.SAFETY
    usage = client.models.generate_content(model="sharp", contents="x" * 384).usage_metadata
    assert usage is not None
    assert (usage.prompt_token_count, usage.cached_content_token_count, usage.thoughts_token_count) == (100, 50, 20)
    assert usage.total_token_count == 120 + (usage.candidates_token_count or 0)
    none = _config(thinking_config={"thinking_budget": 0})
    usage = client.models.generate_content(model="sharp", contents="hello", config=none).usage_metadata
    assert usage is not None
    assert usage.thoughts_token_count is None


def _results(named: bool, made: list[shapes.FunctionCall]) -> list[shapes.Part]:
    return [
        shapes.Part(
            function_response=shapes.FunctionResponse(
                id=call.id if named else None, name=call.name, response={"result": f"{call.name} said so"}
            )
        )
        for call in made
    ]


@pytest.mark.parametrize("model", ["sharp", "older"])
def test_two_functions_are_called_at_once_and_their_results_told(client: genai.Client, model: str) -> None:
    config = _config(tools=TOOLS)
    first = client.models.generate_content(model=model, contents=TWO_CALLS, config=config)
    made = first.function_calls or []
    assert [(call.name, call.args) for call in made] == [("get_time", {"zone": "UTC"}), ("ping", {})]
    assert [bool(call.id) for call in made] == [model == "sharp"] * 2
    signatures = [bool(part.thought_signature) for part in _parts(first)]
    assert signatures == ([True, False] if model == "sharp" else [False, False])
    talk = [
        shapes.Content(role="user", parts=[shapes.Part(text=TWO_CALLS)]),
        shapes.Content(role="model", parts=_parts(first)),
        shapes.Content(role="user", parts=_results(model == "sharp", made)),
    ]
    told = client.models.generate_content(model=model, contents=talk, config=config).text
    assert told is not None
    assert told.endswith("get_time said so; ping said so")
    talk[2] = shapes.Content(role="user", parts=_results(True, made)[:1])
    with pytest.raises(errors.ClientError, match="number of function response parts"):
        client.models.generate_content(model=model, contents=talk, config=config)


def test_a_signature_lost_or_altered_is_refused(client: genai.Client) -> None:
    config = _config(tools=TOOLS)
    parts = _parts(client.models.generate_content(model="sharp", contents=TWO_CALLS, config=config))
    made = [part.function_call for part in parts if part.function_call]

    def tried(signature: bytes | None, model: str = "sharp") -> None:
        first = parts[0].model_copy(update={"thought_signature": signature})
        talk = [
            shapes.Content(role="user", parts=[shapes.Part(text=TWO_CALLS)]),
            shapes.Content(role="model", parts=[first, *parts[1:]]),
            shapes.Content(role="user", parts=_results(True, made)),
        ]
        client.models.generate_content(model=model, contents=talk, config=config)

    tried(parts[0].thought_signature)
    tried(None, model="older")
    with pytest.raises(errors.ClientError, match="missing a thought_signature"):
        tried(None)
    with pytest.raises(errors.ClientError, match="not valid"):
        tried(b"x" + (parts[0].thought_signature or b"")[1:])


def test_a_forced_function_and_a_forbidden_one(client: genai.Client) -> None:
    def called(**fields: Any) -> list[str | None]:
        tool_config = shapes.ToolConfig(function_calling_config=shapes.FunctionCallingConfig(**fields))
        config = _config(tools=TOOLS, tool_config=tool_config)
        answer = client.models.generate_content(model="sharp", contents=TWO_CALLS, config=config)
        return [call.name for call in answer.function_calls or ()]

    assert called(mode="ANY", allowed_function_names=["ping"]) == ["ping"]
    assert called(mode="NONE") == []


def test_images_and_schemas(client: genai.Client) -> None:
    image = shapes.Part.from_bytes(data=b"\x89PNG\xff\xfe?", mime_type="image/png")
    told = client.models.generate_content(model="sharp", contents=[image, shapes.Part(text="Describe the image")]).text
    assert told == f"image/png, 7 bytes, digest {digest_of(bytes([0x89]) + b'PNG' + bytes([0xFF, 0xFE]) + b'?')}"
    schema = shapes.Schema(type=shapes.Type.OBJECT, properties={"n": shapes.Schema(type=shapes.Type.INTEGER)})
    for form in ({"response_schema": schema}, {"response_json_schema": {"type": "object", "properties": {"n": {}}}}):
        config = _config(response_mime_type="application/json", **form)
        text = client.models.generate_content(model="sharp", contents="hello", config=config).text
        assert text is not None
        assert text.startswith('{"n": ')


def test_counts_and_models(client: genai.Client) -> None:
    assert client.models.count_tokens(model="sharp", contents="x" * 384).total_tokens == 100
    names = [(model.name or "").rpartition("/")[2] for model in client.models.list()]
    assert names == ["sharp", "older", "plain"]
    assert (client.models.get(model="plain").name or "").endswith("models/plain")
    with pytest.raises(errors.ClientError):
        client.models.get(model="nobody")


CALL: dict[str, Any] = {"functionCall": {"name": "ping", "args": {}}}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"contents": []}, "not specified"),
        ({"contents": [{"parts": []}]}, "must not be empty"),
        ({"contents": [{"role": "assistant", "parts": [{"text": "hi"}]}]}, "valid role"),
        ({"contents": [{"parts": [{"text": "hi", "functionCall": {"name": "x"}}]}]}, "oneof"),
        ({"contents": [{"role": "model", "parts": [CALL]}]}, "immediately after"),
        ({"contents": [{"parts": [{"text": "hi"}]}, {"role": "model", "parts": [CALL]}]}, "followed"),
        ({"contents": [{"parts": [{"functionResponse": {"name": "ping", "response": {}}}]}]}, "equal"),
        ({"contents": [{"parts": [{"functionResponse": {"response": {}}}]}]}, "cannot be empty"),
        ({"messages": []}, "messages"),
        ({"generationConfig": {"temperature": 3}}, "temperature"),
        ({"generationConfig": {"candidateCount": 2}}, "candidates"),
        ({"generationConfig": {"max_output_tokens": 0}}, "max_output_tokens"),
        ({"generationConfig": {"responseSchema": {"type": "OBJECT"}}}, "response_mime_type"),
        ({"generationConfig": {"thinkingConfig": {"thinkingBudget": 5, "thinkingLevel": "LOW"}}}, "only one"),
        ({"tools": [{"functionDeclarations": [{"name": "f", "parameters": {"$schema": "x"}}]}]}, "schema"),
        ({"contents": [{"parts": [{"inlineData": {"mimeType": "image/png", "data": "data:,x"}}]}]}, "base64"),
        ({"contents": [{"parts": [{"text": "x" * 4000}]}]}, "context window"),
        ({"generationConfig": {"thinkingConfig": {"thinkingBudget": 100}}}, "thinking"),
    ],
)
def test_what_the_real_api_refuses(server: SimServer, fields: dict[str, Any], words: str) -> None:
    body = {"contents": [{"parts": [{"text": "hi"}]}], **fields}
    with httpx2.Client(base_url=server.root_url, headers={"x-goog-api-key": "sim-key"}) as bare:
        answer = bare.post("/v1beta/models/plain:generateContent", json=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["status"]) == (400, 400, "INVALID_ARGUMENT")
    assert words in error["message"]


def test_without_alt_sse_the_stream_is_one_json_array(server: SimServer) -> None:
    body = {"contents": [{"parts": [{"text": "Repeat after me: one two three four five six"}]}]}
    with httpx2.Client(base_url=server.root_url) as bare:
        answer = bare.post("/v1beta/models/sharp:streamGenerateContent?key=sim-key", json=body)
        chunks = answer.json()
        failed = bare.post("/v1beta/models/nobody:streamGenerateContent?key=sim-key", json=body)
    assert answer.headers["content-type"] == "application/json"
    texts = [part.get("text", "") for chunk in chunks for part in chunk["candidates"][0]["content"]["parts"]]
    assert "".join(texts) == "one two three four five six"
    assert failed.json()[0]["error"]["status"] == "NOT_FOUND"


def test_keys_by_header_by_query_and_by_token(server: SimServer) -> None:
    body = {"contents": [{"parts": [{"text": "hi"}]}]}
    vertex = "/v1/projects/p/locations/l/publishers/google/models/sharp:generateContent"
    with httpx2.Client(base_url=server.root_url) as bare:
        gemini = "/v1beta/models/sharp:generateContent"
        assert bare.post(f"{gemini}?key=sim-key", json=body).status_code == 200
        assert bare.post(vertex, json=body, headers={"authorization": "Bearer sim-key"}).status_code == 200
        assert bare.post(gemini, json=body).json()["error"]["status"] == "PERMISSION_DENIED"
        wrong = bare.post(gemini, json=body, headers={"x-goog-api-key": "x"}).json()["error"]
        assert wrong["details"][0]["reason"] == "API_KEY_INVALID"
        assert bare.post(vertex, json=body).json()["error"]["status"] == "UNAUTHENTICATED"
    assert {seen.wire for seen in server.seen} == {"gemini"}


def test_failures_have_googles_shape(server: SimServer, client: genai.Client) -> None:
    server.faults = Faults(script=(Fault(kind="status", status=429, retry_after_s=7), Fault(kind="error_event")))
    with pytest.raises(errors.ClientError) as caught:
        client.models.generate_content(model="sharp", contents="hello")
    assert (caught.value.code, caught.value.status) == (429, "RESOURCE_EXHAUSTED")
    assert caught.value.details["error"]["details"][0]["retryDelay"] == "7s"
    with pytest.raises(errors.ServerError) as broken:
        list(client.models.generate_content_stream(model="sharp", contents="hello"))
    assert broken.value.status == "UNAVAILABLE"
