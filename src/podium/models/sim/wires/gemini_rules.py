"""What Gemini turns down (Gemini API reference and guides, pages Function calling, Thinking, Thought signatures)."""

from __future__ import annotations

from ..ask import Ask, Refused
from ..vendor import SimModel
from .gemini_shapes import Content, Generation, Part, Request
from .seal import Seal

_UNCHECKED = ("context_engineering_is_the_way_to_go", "skip_thought_signature_validator")
"""What the guide lets callers send for a call another model made."""
_ROLES = (None, "user", "model", "function")


def check(request: Request, seal: Seal) -> None:
    """Raises Refused for what the API refuses whatever the model."""
    if not request.contents:
        raise Refused(400, "* GenerateContentRequest.contents: contents is not specified")
    for i, content in enumerate(request.contents):
        if content.role not in _ROLES:
            raise Refused(400, "Please use a valid role: user, model.")
        if not content.parts:
            raise Refused(400, f"* GenerateContentRequest.contents[{i}].parts: contents.parts must not be empty.")
        for part in content.parts:
            _check_part(part, f"contents[{i}]", seal)
    _check_calls(request.contents)
    _check_generation(request.generation_config or Generation())


def check_signatures(ask: Ask, model: SimModel) -> None:
    """Raises Refused where the first call of a step of the current turn came back without its signature."""
    if not (model.signs_calls and model.reasoning_tokens) or ask.thinks is False:
        return
    for place, turn in reversed(list(enumerate(ask.turns))):
        if turn.role == "user":
            return
        if turn.role == "assistant" and turn.calls and turn.calls[0].signature is None:
            raise Refused(
                400,
                "Function call is missing a thought_signature in functionCall parts: function call "
                f"`{turn.calls[0].name}`, position {place}.",
            )


def _check_part(part: Part, place: str, seal: Seal) -> None:
    data = (part.text, part.inline_data, part.file_data, part.function_call, part.function_response,
            part.executable_code, part.code_execution_result)  # fmt: skip
    given = sum(each is not None for each in data)
    if given != 1 and not (given == 0 and part.thought_signature is not None):
        raise Refused(400, f"{place}.parts: required oneof field 'data' must have one initialized field")
    signature = part.thought_signature
    if signature is not None and signature not in _UNCHECKED and seal.opened(signature) is None:
        raise Refused(400, "Thought signature is not valid.")
    if part.function_response is not None and not part.function_response.name:
        raise Refused(400, f"{place}.parts.function_response.name: Name cannot be empty.")


def _check_calls(contents: list[Content]) -> None:
    """Each turn of calls is answered by a turn with as many responses; responses follow nothing else."""
    open_calls = 0
    for i, content in enumerate(contents):
        parts = content.parts or []
        calls = sum(part.function_call is not None for part in parts)
        responses = sum(part.function_response is not None for part in parts)
        if responses != open_calls:
            raise Refused(
                400,
                "Please ensure that the number of function response parts is equal to the number of function call "
                "parts of the function call turn.",
            )
        if calls and (i == 0 or content.role != "model"):
            raise Refused(
                400,
                "Please ensure that function call turn comes immediately after a user turn or after a function "
                "response turn.",
            )
        open_calls = calls
    if open_calls:
        raise Refused(400, "Please ensure that each function call turn is followed by a function response turn.")


def _check_generation(config: Generation) -> None:
    if config.candidate_count not in (None, 1):
        raise Refused(400, "Multiple candidates is not enabled for this model")
    if config.temperature is not None and not 0 <= config.temperature <= 2:
        raise Refused(400, "* GenerateContentRequest.generation_config.temperature: temperature must be in [0.0, 2.0].")
    if config.max_output_tokens is not None and config.max_output_tokens < 1:
        raise Refused(400, "* GenerateContentRequest.generation_config.max_output_tokens: must be positive.")
    if config.response_logprobs:
        raise Refused(400, "Logprobs is not enabled for this model")
    schemas = (config.response_schema, config.response_json_schema)
    if any(schemas) and config.response_mime_type != "application/json":
        raise Refused(400, "response_schema needs response_mime_type application/json")
    if all(schemas):
        raise Refused(400, "Only one of response_schema and response_json_schema can be set")
    thinking = config.thinking_config
    if thinking is not None and thinking.thinking_budget is not None and thinking.thinking_level is not None:
        raise Refused(400, "You can only set only one of thinking budget and thinking level.")
