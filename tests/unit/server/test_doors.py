"""Which path belongs to whom, what URLs say, and what is told of paths that are not served."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.core.errors import RequestError
from podium.models.dialects.dialect import HERE, Address
from podium.surface.server.answer_headers import MOST_WARNING_BYTES, ascii_of, retry_after, warned
from podium.surface.server.doors import (
    BY_PATH,
    ModelCall,
    anthropic_address,
    family_of,
    gemini_address,
    marked_family,
    model_call,
    multipart_address,
    not_here,
)
from podium.surface.server.slips import NotOffered, UnknownPath, WrongBase, WrongMethod


def _scope(path: str = "/", query: bytes = b"", *headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"method": "POST", "path": path, "query_string": query, "headers": headers}


@pytest.mark.parametrize(
    ("path", "call"),
    [
        ("/v1beta/models/auto:generateContent", ModelCall("auto", "generateContent")),
        ("/v1/models/auto:countTokens", ModelCall("auto", "countTokens")),
        ("/v1beta/models/google/gemini-2.5-pro:streamGenerateContent",
         ModelCall("google/gemini-2.5-pro", "streamGenerateContent")),
        ("/v1beta/models/local/llama3.1:8b:generateContent", ModelCall("local/llama3.1:8b", "generateContent")),
        ("/v1beta/models/auto/fast:embedContent", ModelCall("auto/fast", "embedContent")),
        ("/v1beta/models/:generateContent", ModelCall("", "generateContent")),
        ("/v1beta/models/local/llama3.1:8b", None),
        ("/v1beta/models/generateContent", None),
        ("/v1beta/tunedModels/x:generateContent", None),
        ("/v2/models/x:generateContent", None),
    ],
)  # fmt: skip
def test_model_and_method_are_parted_at_the_last_colon(path: str, call: ModelCall | None) -> None:
    assert model_call(path) == call


@given(st.text(min_size=1, max_size=30), st.sampled_from(["generateContent", "streamGenerateContent", "countTokens"]))
def test_any_name_comes_back(name: str, method: str) -> None:
    assert model_call(f"/v1beta/models/{name}:{method}") == ModelCall(name, method)


def test_geminis_address() -> None:
    path = "/v1beta/models/a/b:streamGenerateContent"
    assert gemini_address(_scope(path, b"key=x&alt=sse")) == Address(model="a/b", stream=True)
    for query in (b"", b"alt=json", b"xalt=sse"):
        assert gemini_address(_scope(path, query)) == Address(model="a/b", stream=True, sse=False)
        whole = gemini_address(_scope("/v1beta/models/a:generateContent", query))
        assert (whole.model, whole.stream) == ("a", False)
    with pytest.raises(RequestError, match="no model"):
        gemini_address(_scope("/v1beta/models/:generateContent"))


def test_what_headers_say() -> None:
    assert anthropic_address(_scope()) == HERE
    betas = ((b"anthropic-beta", b"a-1, b-2"), (b"x", b"y"), (b"anthropic-beta", b"c-3,"))
    assert anthropic_address(_scope("/", b"", *betas)).betas == ("a-1", "b-2", "c-3")
    form = (b"content-type", b"multipart/form-data; boundary=x")
    assert multipart_address(_scope("/", b"", form)).media_type == "multipart/form-data; boundary=x"
    assert multipart_address(_scope()).media_type == ""


@pytest.mark.parametrize(
    ("path", "family"),
    [
        ("/v1/messages", "anthropic"),
        ("/v1/messages/batches/x", "anthropic"),
        ("/v1beta", "gemini"),
        ("/v1beta/models/x:predict", "gemini"),
        ("/upload/v1beta/files", "gemini"),
        ("/v1/models/x:embedContent", "gemini"),
        ("/v1/models/x:8b", "openai-chat"),
        ("/v1/chat/completions", "openai-chat"),
        ("/v1/embeddings", "openai-chat"),
        ("/nowhere", "openai-chat"),
        ("/podium/v1/costs", "openai-chat"),
    ],
)
def test_each_path_has_its_callers_error_shape(path: str, family: str) -> None:
    assert family_of(path) == family
    if path.startswith("/v1/") and family == "openai-chat":
        assert family_of(path, "anthropic") == "anthropic"


@pytest.mark.parametrize(
    ("header", "family"),
    [("anthropic-version", "anthropic"), ("x-goog-api-key", "gemini"), ("x-goog-api-client", "gemini"),
     ("authorization", None), ("x-api-key", None)],
)  # fmt: skip
def test_clients_show_whose_they_are(header: str, family: str | None) -> None:
    assert marked_family(_scope("/", b"", (b"host", b"x"), (header.encode(), b"1"))) == family


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/v1/completions", "/v1/chat/completions"),
        ("/v1/images/generations", "Images can be sent"),
        ("/v1/audio/speech", "provider directly"),
        ("/v1/audio/translations", "/v1/audio/transcriptions"),
        ("/v1/messages/batches", "/v1/messages"),
        ("/v1/messages/batches/b_1/results", "/v1/messages"),
        ("/v1/files/f_1", "inside the request"),
        ("/v1/responses/compact", "shortened"),
        ("/v1beta/models/x:embedContent", "/v1/embeddings"),
        ("/v1beta/models/x:batchEmbedContents", "/v1/embeddings"),
        ("/v1beta/models/x:predict", ":generateContent"),
        ("/v1beta/cachedContents", "in each request"),
        ("/v1beta/openai/chat/completions", "/v1"),
    ],
)
def test_known_paths_that_are_not_offered_say_what_is(path: str, says: str) -> None:
    error = not_here("POST", path)
    assert isinstance(error, NotOffered)
    assert says in error.remedy
    assert error.status == 404


@pytest.mark.parametrize("path", ["/v1", "/v1/filesystem", "/", "/v1beta/modelsx", "/v1/messages/x", "/v1/imagesx"])
def test_unknown_paths_stay_unknown(path: str) -> None:
    assert isinstance(not_here("GET", path), UnknownPath)


@pytest.mark.parametrize(
    ("path", "family", "says"),
    [
        ("/v1/v1/messages", "anthropic", "alone"),
        ("/v1/v1/messages/count_tokens", "anthropic", "alone"),
        ("/v1/messages/v1/messages", "anthropic", "alone"),
        ("/chat/completions", "openai-chat", "followed by /v1"),
        ("/responses", "openai-chat", "followed by /v1"),
        ("/embeddings", "openai-chat", "followed by /v1"),
        ("/audio/transcriptions", "openai-chat", "followed by /v1"),
        ("/models", "openai-chat", "followed by /v1"),
        ("/models/auto", "openai-chat", "followed by /v1"),
        ("/v1/v1/chat/completions", "openai-chat", "followed by /v1"),
        ("/v1/v1/models", "openai-chat", "followed by /v1"),
        ("/v1/chat/completions/chat/completions", "openai-chat", "followed by /v1"),
        ("/v1beta/v1beta/models/auto:generateContent", "gemini", "alone"),
        ("/v1beta/v1/models/auto:generateContent", "gemini", "alone"),
        ("/v1/v1beta/models/auto:generateContent", "gemini", "alone"),
        ("/v1alpha/models/auto:generateContent", "gemini", "api_version"),
        ("/v1beta1/projects/p/locations/l/publishers/google/models/x:generateContent", "gemini", "vertexai=False"),
        ("/v1beta1/publishers/google/models/x:generateContent", "gemini", "vertexai=False"),
        ("/openai/deployments/gpt/chat/completions", "openai-chat", "instead of AzureOpenAI"),
        ("/openai/v1/responses", "openai-chat", "instead of AzureOpenAI"),
    ],
)
def test_a_wrong_base_address_is_told_the_right_one(path: str, family: str, says: str) -> None:
    error = not_here("POST", path)
    assert isinstance(error, WrongBase)
    assert error.status == 404
    assert says in error.remedy
    assert family_of(path) == family


def test_whose_list_of_models_was_meant_its_headers_say() -> None:
    assert family_of("/models", "anthropic") == "anthropic"


@pytest.mark.parametrize("path", ["/v1beta/models/auto:nonsense", "/v1/models/a/b:c:nonsense"])
def test_a_method_that_models_do_not_have(path: str) -> None:
    error = not_here("POST", path)
    assert isinstance(error, NotOffered)
    assert ":nonsense" in error.message
    assert ":generateContent" in error.remedy


def test_a_wrong_method_is_told_which_body_the_right_one_takes() -> None:
    assert "multipart" in WrongMethod("GET", "/v1/audio/transcriptions").remedy
    assert "JSON" in WrongMethod("GET", "/v1/messages").remedy
    assert WrongMethod("POST", "/v1/models", "HEAD, GET").remedy == "Use HEAD, GET."


def test_no_served_path_is_said_not_to_be_here() -> None:
    for path in BY_PATH:
        assert isinstance(not_here("POST", path), UnknownPath)


def test_warnings_are_one_short_ascii_header() -> None:
    assert warned(()) == []
    assert warned(("a", "b", "a")) == [(b"x-podium-warnings", b"a; b")]
    [(_, value)] = warned(tuple(f"{number}: zażółć\r\nx-evil: 1" for number in range(500)))
    assert len(value) == MOST_WARNING_BYTES
    assert value.endswith(b" ...")


@given(st.text(max_size=50))
def test_header_values_are_printable_ascii(text: str) -> None:
    assert all(0x20 <= byte < 0x7F for byte in ascii_of(text))


def test_a_wait_is_whole_seconds_never_too_few() -> None:
    assert [retry_after(seconds)[1] for seconds in (0, 0.2, 1.4, 7, 90.6)] == [b"1", b"1", b"2", b"7", b"91"]
