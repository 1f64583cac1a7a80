"""OpenAI's embeddings (OpenAI API reference, page Create embeddings): the same text, the same vector of length 1."""

from __future__ import annotations

import base64
import struct
from math import sqrt
from random import Random
from typing import Any, Literal

import msgspec
from msgspec import Struct

from ..ask import Refused
from ..tokens import tokens
from ..vendor import SimModel
from .wire import JSON, Incoming, Job, Work, decoded

_MOST_INPUTS = 2048
_MOST_DIMENSIONS = 4096


class _Request(Struct):
    model: str
    input: str | list[str | int | list[int]]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = None


def vector(model: str, text: str, dimensions: int) -> list[float]:
    """The embedding of a text by a model: a direction drawn by both."""
    rng = Random(f"podium.sim {model} {text}")
    values = [rng.gauss(0, 1) for _ in range(dimensions)]
    length = sqrt(sum(value * value for value in values))
    return [value / length for value in values]


def _read(incoming: Incoming) -> Job:
    request = decoded(incoming.body, _Request)
    if request.dimensions is not None and not 1 <= request.dimensions <= _MOST_DIMENSIONS:
        raise Refused(400, f"'dimensions' must lie between 1 and {_MOST_DIMENSIONS}.", param="dimensions")
    inputs = _inputs(request)
    if not inputs or not all(inputs):
        raise Refused(400, "'$.input' is invalid: it must not be empty.", param="input")
    if len(inputs) > _MOST_INPUTS:
        raise Refused(400, f"'$.input' is invalid: at most {_MOST_INPUTS} texts at once.", param="input")
    return Job(model=request.model, data=request)


def _inputs(request: _Request) -> list[str]:
    """The texts; token numbers count as their text."""
    given = request.input
    if isinstance(given, str):
        return [given]
    if given and all(isinstance(each, int) for each in given):
        return [" ".join(map(str, given))]
    if any(isinstance(each, int) for each in given):
        raise Refused(400, "'$.input' is invalid: token numbers and texts are mixed.", param="input")
    return [" ".join(map(str, each)) if isinstance(each, list) else str(each) for each in given]


def _write(job: Job, model: SimModel, *, states_usage: bool) -> tuple[bytes, bytes]:
    request: _Request = job.data
    texts = _inputs(request)
    for text in texts:
        if tokens(text) > model.context:
            raise Refused(
                400,
                f"This model's maximum context length is {model.context} tokens; a text has {tokens(text)}.",
                param="input",
                code="context_length_exceeded",
            )
    vectors = [vector(model.name, text, request.dimensions or model.dimensions) for text in texts]
    used = sum(map(tokens, texts))
    body: dict[str, Any] = {
        "object": "list",
        "data": [
            {"object": "embedding", "index": i, "embedding": _encoded(values, request.encoding_format)}
            for i, values in enumerate(vectors)
        ],
        "model": model.name,
    }
    if states_usage:
        body["usage"] = {"prompt_tokens": used, "total_tokens": used}
    return msgspec.json.encode(body), JSON


def _encoded(values: list[float], form: str) -> list[float] | str:
    """Numbers, or little-endian 32-bit floats as base64."""
    if form == "float":
        return values
    return base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode()


EMBEDDINGS = Work(name="openai-embeddings", service="embedding", read=_read, write=_write)
