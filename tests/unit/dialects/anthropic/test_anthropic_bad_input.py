"""Anthropic: requests that are wrong, each refused with the field at fault."""

from __future__ import annotations

import json
from typing import Any

import pytest

from podium.core.errors import InvalidRequest
from podium.models.dialects.anthropic import Anthropic

WIRE = Anthropic()
SAID_HI = {"role": "user", "content": "Hi"}


def read(**fields: Any) -> None:
    WIRE.read_request(json.dumps({"model": "m", "max_tokens": 10, **fields}).encode())


def turn(role: str, *blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": role, "content": list(blocks)}


def answer(call: str, content: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": call, "content": content}


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": ""}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": []}]}, "messages[0].content"),
        ({"messages": [turn("user", {"type": "text"})]}, "messages[0].content[0].text"),
        ({"messages": [turn("user", {"type": "image"})]}, "messages[0].content[0].source"),
        ({"messages": [turn("user", {"type": "image", "source": 3})]}, "messages[0].content[0].source"),
        ({"messages": [turn("user", {"type": "image", "source": {"type": "url"}})]},
         "messages[0].content[0].source.url"),
        ({"messages": [turn("user", {"type": "image", "source": {"type": "base64", "data": 3}})]},
         "messages[0].content[0].source.data"),
        ({"messages": [turn("user", {"type": "image", "source": {"type": "base64", "data": "x"}})]},
         "messages[0].content[0].source.media_type"),
        ({"messages": [turn("user", {"type": "tool_result"})]}, "messages[0].content[0].tool_use_id"),
        ({"messages": [turn("user", answer("a", 3))]}, "messages[0].content[0].content"),
        ({"messages": [turn("assistant", {"type": "tool_use", "id": "a"})]}, "messages[0].content[0].name"),
        ({"messages": [turn("assistant", {"type": "thinking"})]}, "messages[0].content[0].thinking"),
        ({"messages": [turn("user", {"text": "x"})]}, "messages[0].content[0].type"),
        ({"messages": [SAID_HI], "max_tokens": None}, "max_tokens"),
        ({"messages": [SAID_HI], "max_tokens": -1}, "max_tokens"),
        ({"messages": [SAID_HI], "max_tokens": "many"}, "max_tokens"),
        ({"messages": [SAID_HI], "tool_choice": {"type": "tool"}}, "tool_choice.name"),
        ({"messages": [SAID_HI], "tool_choice": {"type": "all"}}, "tool_choice.type"),
        ({"messages": [SAID_HI], "thinking": {"type": "enabled"}}, "thinking.budget_tokens"),
        ({"messages": [SAID_HI], "thinking": {"type": "loud"}}, "thinking.type"),
        ({"messages": [SAID_HI], "tools": [{"input_schema": {}}]}, "tools[0].name"),
        ({"messages": [SAID_HI], "output_config": {"format": {"type": "xml"}}}, "output_config.format"),
        ({"messages": [SAID_HI], "podium": {"min_qualty": 1}}, "podium"),
    ],
)  # fmt: skip
def test_bad_input_names_its_field(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read(**fields)
    assert caught.value.param == param
    assert caught.value.message


def test_missing_messages_and_broken_json() -> None:
    with pytest.raises(InvalidRequest) as caught:
        WIRE.read_request(b'{"max_tokens": 1}')
    assert caught.value.param == "messages"
    with pytest.raises(InvalidRequest):
        WIRE.read_request(b'{"max_tokens": 1')
