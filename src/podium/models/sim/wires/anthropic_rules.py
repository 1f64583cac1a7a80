"""What Anthropic's messages API turns down, in the order it looks (Anthropic API reference, pages Messages, Errors,
Tool use and Extended thinking)."""

from __future__ import annotations

from ..ask import Refused
from .anthropic_request import Block, Message, Request
from .seal import Seal

_LEAST_BUDGET = 1024
_THOUGHTS = ("thinking", "redacted_thinking")


def check(request: Request, seal: Seal) -> None:
    """Raises Refused for what the API refuses whatever the model."""
    if request.max_tokens is None:
        raise Refused(400, "max_tokens: Field required")
    if request.max_tokens < 1:
        raise Refused(400, "max_tokens: must be at least 1")
    if request.temperature is not None and not 0 <= request.temperature <= 1:
        raise Refused(400, "temperature: range: 0..1")
    check_messages(request, seal)
    _check_tools(request)
    _check_thinking(request)


def check_messages(request: Request, seal: Seal) -> None:
    """Raises Refused for messages that do not make a conversation."""
    if not request.messages:
        raise Refused(400, "messages: at least one message is required")
    if request.messages[0].role != "user":
        raise Refused(400, 'messages: first message must use the "user" role')
    for i, message in enumerate(request.messages):
        last = i == len(request.messages) - 1
        if not message.content and not (last and message.role == "assistant"):
            raise Refused(400, f"messages.{i}: all messages must have non-empty content except the last assistant's")
        for j, block in enumerate(message.blocks):
            _check_block(block, f"messages.{i}.content.{j}", seal)
    final = request.messages[-1]
    if final.role == "assistant" and final.blocks and (final.blocks[-1].text or "").endswith((" ", "\n", "\t")):
        raise Refused(400, "messages: final assistant content cannot end with trailing whitespace")
    _check_results(_merged(request.messages))


def _check_block(block: Block, place: str, seal: Seal) -> None:
    match block.type:
        case "text" if not block.text:
            raise Refused(400, f"{place}: text content blocks must be non-empty")
        case "thinking" if not seal.signed(block.thinking or "", block.signature):
            raise Refused(400, f"{place}: Invalid `signature` in `thinking` block")
        case "redacted_thinking" if seal.opened(block.data or "") is None:
            raise Refused(400, f"{place}: Invalid `data` in `redacted_thinking` block")
        case "tool_use" if not (block.id and block.name and isinstance(block.input, dict)):
            raise Refused(400, f"{place}.tool_use: id, name and input are required, and input must be an object")
        case "tool_result" if not block.tool_use_id:
            raise Refused(400, f"{place}.tool_result.tool_use_id: Field required")


def _merged(messages: list[Message]) -> list[Message]:
    """Neighbours of one role as one turn, as the API sees them."""
    merged: list[Message] = []
    for message in messages:
        if merged and merged[-1].role == message.role:
            merged[-1] = Message(role=message.role, content=[*merged[-1].blocks, *message.blocks])
        else:
            merged.append(message)
    return merged


def _check_results(messages: list[Message]) -> None:
    asked: set[str] = set()
    for i, message in enumerate(messages):
        leading: list[str] = []
        for block in message.blocks:
            if block.type != "tool_result":
                break
            leading.append(block.tool_use_id)
        given = [block.tool_use_id for block in message.blocks if block.type == "tool_result"]
        for name in given:
            if name not in asked:
                raise Refused(
                    400,
                    f"messages.{i}: unexpected `tool_use_id` in a `tool_result` block: {name}. Each needs a "
                    "`tool_use` block in the message before.",
                )
        missing = asked - set(leading)
        if missing:
            raise Refused(
                400,
                f"messages.{i - 1}: `tool_use` ids without `tool_result` blocks immediately after: "
                f"{', '.join(sorted(missing))}. Results come first in the next message.",
            )
        if len(given) != len(set(given)):
            raise Refused(400, f"messages.{i}: each `tool_use` takes a single `tool_result`")
        asked = {block.id for block in message.blocks if block.type == "tool_use"}
        if asked and message.role == "user":
            raise Refused(400, f"messages.{i}: `tool_use` blocks can only be in `assistant` messages")
    if asked:
        raise Refused(400, f"messages.{len(messages) - 1}: `tool_use` ids without `tool_result` blocks after them")


def _check_tools(request: Request) -> None:
    if request.tool_choice is not None and not request.tools:
        raise Refused(400, "tool_choice: may only be given with tools")
    names = [tool.name for tool in request.tools or ()]
    if len(set(names)) != len(names):
        raise Refused(400, "tools: Tool names must be unique.")
    for i, tool in enumerate(request.tools or ()):
        if tool.type in (None, "custom") and tool.input_schema is None:
            raise Refused(400, f"tools.{i}.custom.input_schema: Field required")
        if tool.input_schema is not None and tool.input_schema.get("type") != "object":
            raise Refused(400, f"tools.{i}.custom.input_schema.type: must be 'object'")


def _check_thinking(request: Request) -> None:
    thinking = request.thinking
    if thinking is None or not request.thinks:
        return
    if request.tool_choice is not None and request.tool_choice.type in ("any", "tool"):
        raise Refused(400, "Thinking may not be enabled when tool_choice forces tool use.")
    if request.temperature not in (None, 1):
        raise Refused(400, "`temperature` may only be set to 1 when thinking is enabled.")
    if request.messages[-1].role == "assistant":
        raise Refused(400, "The final message cannot be an assistant's when thinking is enabled.")
    if thinking.type != "enabled":
        return
    if thinking.budget_tokens is None or thinking.budget_tokens < _LEAST_BUDGET:
        raise Refused(400, f"thinking.enabled.budget_tokens: must be at least {_LEAST_BUDGET}")
    if thinking.budget_tokens >= (request.max_tokens or 0):
        raise Refused(400, "`max_tokens` must be greater than `thinking.budget_tokens`.")
    _check_loop(_merged(request.messages))


def _check_loop(messages: list[Message]) -> None:
    """In the middle of tool use the thinking that led to it must be there, first of all."""
    if len(messages) < 2 or not any(block.type == "tool_result" for block in messages[-1].blocks):
        return
    first = messages[-2].blocks[0]
    if first.type not in _THOUGHTS:
        raise Refused(
            400,
            f"messages.{len(messages) - 2}.content.0.type: Expected `thinking` or `redacted_thinking`, but found "
            f"`{first.type}`. With thinking enabled, the assistant's turn before tool results must start with it.",
        )
