"""What Bedrock's Converse turns down (Bedrock Runtime API reference and user guide, pages Converse and Tool use)."""

from __future__ import annotations

from ..ask import Refused
from .base64_data import bytes_of
from .bedrock_request import Block, Inference, Message, Request
from .seal import Seal


def check(request: Request, seal: Seal) -> None:
    """Raises Refused for what the API refuses whatever the model."""
    if not request.messages:
        raise Refused(400, "The messages field is required: a conversation must hold at least one message.")
    if request.messages[0].role != "user":
        raise Refused(400, "A conversation must start with a user message. Try again with one.")
    config = request.inference_config or Inference()
    if config.temperature is not None and not 0 <= config.temperature <= 1:
        raise Refused(400, "The value at inferenceConfig.temperature must lie between 0 and 1.")
    if config.max_tokens is not None and config.max_tokens < 1:
        raise Refused(400, "The value at inferenceConfig.maxTokens must be at least 1.")
    for i, message in enumerate(request.messages):
        place = f"messages.{i}"
        if i and message.role == request.messages[i - 1].role:
            raise Refused(400, f"{place}: roles must alternate between user and assistant.")
        if not message.content:
            raise Refused(400, f"The content field in the Message object at {place} is empty.")
        for block in message.content:
            _check_block(block, place, seal)
    _check_results(request.messages)
    if request.tool_config is None and any(block.tool_use for message in request.messages for block in message.content):
        raise Refused(400, "The toolConfig field must be defined when using toolUse and toolResult content blocks.")


def _check_results(messages: list[Message]) -> None:
    """Each toolUse is answered in the next message, and nothing else is."""
    asked: set[str] = set()
    for i, message in enumerate(messages):
        given = [block.tool_result.tool_use_id for block in message.content if block.tool_result is not None]
        if len(given) > len(asked) or set(given) - asked:
            raise Refused(
                400, f"The number of toolResult blocks at messages.{i}.content exceeds the toolUse blocks before."
            )
        if asked - set(given):
            raise Refused(400, f"Expected toolResult blocks at messages.{i}.content for: {', '.join(sorted(asked))}")
        asked = {block.tool_use.tool_use_id for block in message.content if block.tool_use is not None}


def _check_block(block: Block, place: str, seal: Seal) -> None:
    given = [name for name in block.__struct_fields__ if getattr(block, name) is not None]
    if len(given) != 1:
        raise Refused(400, f"{place}: a content block must hold exactly one member, not {', '.join(given) or 'none'}.")
    if block.text is not None and not block.text.strip():
        raise Refused(400, f"The text field in the ContentBlock object at {place} is blank.")
    thought = block.reasoning_content
    if thought is None:
        return
    shown, hidden = thought.reasoning_text, thought.redacted_content
    if shown is not None and not seal.signed(shown.text, shown.signature):
        raise Refused(400, f"{place}: Invalid `signature` in `thinking` block")
    if hidden is not None and seal.opened(bytes_of(hidden, place).decode(errors="replace")) is None:
        raise Refused(400, f"{place}: Invalid `data` in `redacted_thinking` block")
