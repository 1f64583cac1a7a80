"""A model's name in an address: whatever a caller names, the request stays where the wire puts it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyreqwest.http import Url

from podium.models.dialects import NAMES, NotCarried, by_name
from podium.models.dialects.model_names import name_in_path

_BASE = "https://vendor.example/v1beta"


def _paths(model: str) -> Iterator[tuple[str, str, str]]:
    """(what stands before the name, the path, what stands behind it) of every provider's dialect."""
    for name in NAMES:
        dialect = by_name(name)
        for stream in (False, True):
            bare = dialect.path("NAME", stream=stream)
            before, _, behind = bare.partition("NAME")
            yield before, dialect.path(model, stream=stream), behind


_TRAVERSALS = (
    "x/..;/..;a=b/files",
    "x/../../../v1/projects/evil/files?upload=1&z=",
    "x/%2e%2e/%2E%2e/v1/files",
    "x/..%2f..%2fv1/files",
    "publishers/google/../../../../evil/locations/x",
    "publishers/google/models/x#",
    "tunedModels/../../files",
    "models/..",
    "..",
    ".",
    "a/./b",
    "x?key=1",
    "x#y",
    "x\\..\\..\\files",
    "x\r\nhost: evil.example",
    "x\ty",
    "x\0",
    "x\x85",
    "/etc/files",
    "//evil.example/x",
    "x//y",
    "x/",
    "",
    "\udcff",
)


@pytest.mark.parametrize("model", _TRAVERSALS)
@pytest.mark.parametrize("dialect", ["gemini", "bedrock-converse"])
def test_a_name_that_leads_elsewhere_is_refused(dialect: str, model: str) -> None:
    for stream in (False, True):
        with pytest.raises(NotCarried) as caught:
            by_name(dialect).path(model, stream=stream)
        assert caught.value.param == "model"
        assert caught.value.remedy


@pytest.mark.parametrize(
    ("model", "slashed", "whole"),
    [
        ("gemini-2.5-pro", "gemini-2.5-pro", "gemini-2.5-pro"),
        ("models/gemini-2.5-pro", "models/gemini-2.5-pro", "models%2Fgemini-2.5-pro"),
        ("publishers/google/models/x", "publishers/google/models/x", "publishers%2Fgoogle%2Fmodels%2Fx"),
        ("claude-sonnet-4@20250514", "claude-sonnet-4@20250514", "claude-sonnet-4@20250514"),
        ("us.anthropic.claude-sonnet-4-v1:0",) * 3,
        ("Qwen/Qwen3-8B..gguf", "Qwen/Qwen3-8B..gguf", "Qwen%2FQwen3-8B..gguf"),
        ("arn:aws:bedrock:eu::foundation-model/a.b", "arn:aws:bedrock:eu::foundation-model/a.b",
         "arn:aws:bedrock:eu::foundation-model%2Fa.b"),
        ("my model (ü)", "my%20model%20%28%C3%BC%29", "my%20model%20%28%C3%BC%29"),
        ("...", "...", "..."),
    ],
)  # fmt: skip
def test_a_name_that_models_have_is_written_whole(model: str, slashed: str, whole: str) -> None:
    assert name_in_path(model, slashes=True) == slashed
    assert name_in_path(model) == whole


def test_geminis_and_amazons_own_forms_of_a_name() -> None:
    gemini, bedrock = by_name("gemini"), by_name("bedrock-converse")
    assert gemini.path("x", stream=False) == "/models/x:generateContent"
    assert gemini.path("models/x", stream=True) == "/models/x:streamGenerateContent?alt=sse"
    assert gemini.path("tunedModels/x", stream=False) == "/tunedModels/x:generateContent"
    assert gemini.path("publishers/google/models/x", stream=False) == "/publishers/google/models/x:generateContent"
    arn = "arn:aws:bedrock:eu-west-1:1:inference-profile/eu.a.b-v1:0"
    quoted = "arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Ainference-profile%2Feu.a.b-v1%3A0"
    assert bedrock.path(arn, stream=False) == f"/model/{quoted}/converse"


_PIECES = ("..", ".", "/", "%2e", "%2F", "?", "#", "\\", ";", ":", "@", "publishers/", "models/", "\t", " ", "x", "v1")
_NAMES = st.one_of(st.text(max_size=40), st.lists(st.sampled_from(_PIECES), max_size=12).map("".join))


@given(model=_NAMES)
@example(model="x/../../../v1/projects/evil/files?upload=1&z=")
@example(model="publishers/..;/x")
def test_whatever_the_name_a_request_stays_below_its_wires_own_place(model: str) -> None:
    """As the client that sends it takes an address apart, and as a server that decodes a path first would."""
    try:
        paths = list(_paths(model))
    except NotCarried:
        return
    for before, path, behind in paths:
        sent = Url.parse(_BASE + path)
        query = behind.partition("?")[2]
        assert (sent.scheme, sent.host_str, sent.fragment) == ("https", "vendor.example", None)
        assert (sent.query_string or "") == query
        assert str(sent) == _BASE + path, "the client changed nothing of it"
        decoded = unquote(sent.path).removeprefix("/v1beta").split("/")
        assert ".." not in decoded
        assert "." not in decoded
        own = ("/tunedModels/", "/publishers/") if before == "/models/" else ()
        assert sent.path.startswith(tuple(f"/v1beta{place}" for place in (before, *own)))
        assert sent.path.endswith(behind.partition("?")[0])
