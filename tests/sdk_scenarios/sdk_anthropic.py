"""The `anthropic` SDK, messages."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import anthropic
from sdk_talk import Called, End, Function, Hear, Lacking, Said, Setup, listening

ENDS: dict[str, End] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_calls",
    "refusal": "refusal",
}
ERRORS: dict[int, type[Exception]] = {
    400: anthropic.BadRequestError,
    401: anthropic.AuthenticationError,
    403: anthropic.PermissionDeniedError,
    404: anthropic.NotFoundError,
    422: anthropic.UnprocessableEntityError,
    429: anthropic.RateLimitError,
    500: anthropic.InternalServerError,
    502: anthropic.InternalServerError,
    503: anthropic.InternalServerError,
    504: anthropic.InternalServerError,
}


class AnthropicDriver:
    name = "anthropic"
    dialect = "anthropic"

    def __init__(self, address: str, key: str = "pk-any", hear: Hear | None = None) -> None:
        self.client = anthropic.Anthropic(base_url=address, api_key=key, max_retries=0, http_client=listening(hear))

    def begin(self, setup: Setup) -> _Talk:
        return _Talk(self.client, setup)

    def raises(self, status: int) -> type[Exception]:
        return ERRORS.get(status, anthropic.APIStatusError)

    def status_of(self, error: Exception) -> int:
        assert isinstance(error, anthropic.APIStatusError)
        # This API's word for "try again later" is 529; elsewhere it is 503.
        return 503 if error.status_code == 529 else error.status_code

    def close(self) -> None:
        self.client.close()


def _tool(function: Function) -> dict[str, Any]:
    return {"name": function.name, "description": function.description, "input_schema": dict(function.parameters)}


class _Talk:
    def __init__(self, client: anthropic.Anthropic, setup: Setup) -> None:
        self._client = client
        self._messages: list[Any] = []
        self._fields: dict[str, Any] = {"model": setup.model, "max_tokens": setup.max_tokens}
        if setup.system is not None:
            self._fields["system"] = setup.system
        if setup.also or setup.cached:
            blocks: list[Any] = [{"type": "text", "text": each} for each in (setup.system, *setup.also) if each]
            if setup.cached:
                blocks[0]["cache_control"] = {"type": "ephemeral"}
            self._fields["system"] = blocks
        if setup.tools:
            self._fields["tools"] = [_tool(each) for each in setup.tools]
            choice: dict[str, Any] = {"type": "auto"}
            if setup.force is not None:
                choice = {"type": "tool", "name": setup.force}
                if setup.force in ("any", "none"):
                    choice = {"type": setup.force}
            if not setup.parallel:
                choice["disable_parallel_tool_use"] = True
            self._fields["tool_choice"] = choice
        if setup.schema is not None:
            self._fields["output_config"] = {"format": {"type": "json_schema", "schema": dict(setup.schema)}}
        if setup.json or setup.seed is not None or setup.answers > 1 or setup.logprobs:
            raise Lacking("no JSON mode, seed, several answers or log probabilities")
        given = {"temperature": setup.temperature, "top_p": setup.top_p}
        if any(value is not None for value in given.values()):  # no keywords of this SDK any more, still fields
            self._fields["extra_body"] = {name: value for name, value in given.items() if value is not None}
        if setup.stop:
            self._fields["stop_sequences"] = list(setup.stop)
        if setup.thinks:
            self._fields["thinking"] = {"type": "enabled", "budget_tokens": 1024}
        self._last: Any = None

    def say(self, text: str, *, image: bytes | str | None = None, stream: bool = False) -> Said:
        self._add(text, image)
        return self._answer(stream)

    def instruct(self, text: str) -> None:
        self._messages.append({"role": "system", "content": text})

    def _add(self, text: str, image: bytes | str | None = None) -> None:
        content: Any = text
        if image is not None:
            source = {"type": "url", "url": image}
            if isinstance(image, bytes):
                source = {"type": "base64", "media_type": "image/png", "data": base64.b64encode(image).decode()}
            content = [{"type": "image", "source": source}, {"type": "text", "text": text}]
        self._messages.append({"role": "user", "content": content})

    def give(self, results: Sequence[str], *, order: Sequence[int] | None = None, stream: bool = False) -> Said:
        calls = [block for block in self._last.content if block.type == "tool_use"]
        told = [
            {"type": "tool_result", "tool_use_id": call.id, "content": result}
            for call, result in zip(calls, results, strict=True)
        ]
        self._messages.append({"role": "user", "content": told if order is None else [told[i] for i in order]})
        return self._answer(stream)

    def move(self, model: str) -> None:
        self._fields["model"] = model

    def leave(self, text: str) -> str:
        self._add(text)
        with self._client.messages.stream(messages=self._messages, **self._fields) as stream:
            for piece in stream.text_stream:
                return piece
        raise AssertionError("the stream ended without text")

    def _answer(self, stream: bool) -> Said:
        pieces = 1
        if stream:
            with self._client.messages.stream(messages=self._messages, **self._fields) as events:
                pieces = sum(event.type == "text" for event in events)
                done: Any = events.get_final_message()
        else:
            done = self._client.messages.create(messages=self._messages, **self._fields)
        self._last = done
        sent_back = [block.model_dump(exclude_none=True, exclude={"parsed_output"}) for block in done.content]
        self._messages.append({"role": "assistant", "content": sent_back})
        usage = done.usage
        text = "".join(block.text for block in done.content if block.type == "text")
        end = ENDS.get(done.stop_reason, "other")
        return Said(
            text="" if end == "refusal" else text,
            calls=tuple(
                Called(id=block.id, name=block.name, arguments=block.input)
                for block in done.content
                if block.type == "tool_use"
            ),
            end=end,
            thoughts="".join(block.thinking for block in done.content if block.type == "thinking"),
            refusal=text if end == "refusal" else "",
            input_tokens=usage.input_tokens
            + (usage.cache_read_input_tokens or 0)
            + (usage.cache_creation_input_tokens or 0),
            output_tokens=usage.output_tokens,
            cached_tokens=usage.cache_read_input_tokens or 0,
            written_tokens=usage.cache_creation_input_tokens or 0,
            pieces=pieces,
        )
