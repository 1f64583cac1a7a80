"""What a vendor was sent, read wire by wire by its own API reference: which result answers which call, and whether
reasoning came back with its proof. No reader of Podium's is used: they are what is tested.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

Answered = Mapping[str, tuple[str, Any]]
"""A result's text -> name and arguments of the call it answers."""


def answered_calls(wire: str, body: str) -> Answered:
    """Every tool result in a request, and its call."""
    sent = json.loads(body)
    return {
        "openai-chat": _chat,
        "openai-responses": _responses,
        "anthropic": _anthropic,
        "gemini": _gemini,
        "bedrock-converse": _bedrock,
    }[wire](sent)


def _chat(sent: Any) -> Answered:
    messages = sent["messages"]
    calls = {call["id"]: call["function"] for message in messages for call in message.get("tool_calls") or ()}
    results = [message for message in messages if message["role"] == "tool"]
    return {
        _text(result["content"]): _named(calls[result["tool_call_id"]], json.loads, "arguments") for result in results
    }


def _responses(sent: Any) -> Answered:
    calls = {item["call_id"]: item for item in sent["input"] if item.get("type") == "function_call"}
    results = [item for item in sent["input"] if item.get("type") == "function_call_output"]
    return {_text(result["output"]): _named(calls[result["call_id"]], json.loads, "arguments") for result in results}


def _anthropic(sent: Any) -> Answered:
    blocks = list(_blocks(sent, "content"))
    calls = {block["id"]: block for block in blocks if block["type"] == "tool_use"}
    results = [block for block in blocks if block["type"] == "tool_result"]
    return {_text(result["content"]): _named(calls[result["tool_use_id"]], dict, "input") for result in results}


def _bedrock(sent: Any) -> Answered:
    blocks = list(_blocks(sent, "content"))
    calls = {block["toolUse"]["toolUseId"]: block["toolUse"] for block in blocks if "toolUse" in block}
    results = [block["toolResult"] for block in blocks if "toolResult" in block]
    return {_text(result["content"]): _named(calls[result["toolUseId"]], dict, "input") for result in results}


def _gemini(sent: Any) -> Answered:
    """By id where there are ids, else by the place within a turn, or by name alone where the places do not fit."""
    parts = [part for content in sent["contents"] for part in content["parts"]]
    calls = [part["functionCall"] for part in parts if "functionCall" in part]
    results = [part["functionResponse"] for part in parts if "functionResponse" in part]
    by_id = {call["id"]: call for call in calls if call.get("id")}
    paired: dict[str, tuple[str, Any]] = {}
    for place, result in enumerate(results):
        call = by_id.get(result.get("id") or "") or calls[place]
        if call["name"] != result["name"]:
            assert not by_id, "a result goes by the name of another call"
            call = {"name": result["name"]}
        paired[_text(result["response"])] = (call["name"], call.get("args") or {})
    return paired


def _named(call: Mapping[str, Any], read: Any, field: str) -> tuple[str, Any]:
    return call["name"], read(call[field] or ("{}" if read is json.loads else {}))


def _blocks(sent: Any, field: str) -> Iterator[Any]:
    for message in sent["messages"]:
        content = message[field]
        if not isinstance(content, str):
            yield from content


def _text(value: Any) -> str:
    """The one text in a result, however deep it stands."""
    if isinstance(value, str):
        return value
    found = [
        _text(each)
        for each in (value.values() if isinstance(value, dict) else value)
        if each not in ("text", "input_text")
    ]
    return "".join(found)


_PROOF = {"anthropic": '"signature":', "bedrock-converse": '"signature":', "gemini": '"thoughtSignature":',
          "openai-responses": '"encrypted_content":'}  # fmt: skip
_SEALED = {"anthropic": '"redacted_thinking"', "bedrock-converse": '"redactedContent":'}
_NO_PROOF = "skip_thought_signature_validator"
"""What Gemini takes for calls that another model made."""


def sent_reasoning(wire: str, body: str, *, sealed: bool = False) -> bool:
    """Whether a request holds reasoning its maker can check."""
    written = json.dumps(json.loads(body), separators=(",", ":"))
    return (_SEALED if sealed else _PROOF)[wire] in written and _NO_PROOF not in written
