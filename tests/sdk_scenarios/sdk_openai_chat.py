"""The `openai` SDK, chat completions."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

import openai
from sdk_talk import Called, End, Function, Hear, Said, Setup, listening

ENDS: dict[str, End] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "content_filter": "refusal",
}
OPENAI_ERRORS: dict[int, type[Exception]] = {
    400: openai.BadRequestError,
    401: openai.AuthenticationError,
    403: openai.PermissionDeniedError,
    404: openai.NotFoundError,
    422: openai.UnprocessableEntityError,
    429: openai.RateLimitError,
    500: openai.InternalServerError,
    502: openai.InternalServerError,
    503: openai.InternalServerError,
    504: openai.InternalServerError,
}


class OpenAIChatDriver:
    name = "openai"
    dialect = "openai-chat"

    def __init__(self, address: str, key: str = "pk-any", hear: Hear | None = None) -> None:
        self.client = openai.OpenAI(base_url=f"{address}/v1", api_key=key, max_retries=0, http_client=listening(hear))

    def begin(self, setup: Setup) -> _Talk:
        return _Talk(self.client, setup)

    def raises(self, status: int) -> type[Exception]:
        return OPENAI_ERRORS.get(status, openai.APIStatusError)

    def status_of(self, error: Exception) -> int:
        assert isinstance(error, openai.APIStatusError)
        return error.status_code

    def close(self) -> None:
        self.client.close()


def _tool(function: Function) -> dict[str, Any]:
    about = {"name": function.name, "description": function.description, "parameters": dict(function.parameters)}
    return {"type": "function", "function": about}


class _Talk:
    def __init__(self, client: openai.OpenAI, setup: Setup) -> None:
        self._client = client
        self._messages: list[Any] = []
        if setup.system is not None:
            content: Any = setup.system
            if setup.cached:  # OpenRouter's way, which Podium takes from callers of this API
                content = [{"type": "text", "text": setup.system, "cache_control": {"type": "ephemeral"}}]
            self._messages.append({"role": "system", "content": content})
        self._messages += [{"role": "developer", "content": each} for each in setup.also]
        self._fields: dict[str, Any] = {"model": setup.model, "max_completion_tokens": setup.max_tokens}
        if setup.tools:
            self._fields["tools"] = [_tool(each) for each in setup.tools]
            if not setup.parallel:
                self._fields["parallel_tool_calls"] = False
        if setup.force is not None:
            named = {"type": "function", "function": {"name": setup.force}}
            self._fields["tool_choice"] = {"any": "required", "none": "none"}.get(setup.force, named)
        if setup.schema is not None:
            shape = {"name": "answer", "schema": dict(setup.schema), "strict": True}
            self._fields["response_format"] = {"type": "json_schema", "json_schema": shape}
        elif setup.json:
            self._fields["response_format"] = {"type": "json_object"}
        if setup.stop:
            self._fields["stop"] = list(setup.stop)
        if setup.thinks:
            self._fields["reasoning_effort"] = "low"
            # OpenRouter's way of asking to see it: this API itself has none.
            self._fields["extra_body"] = {"include_reasoning": True}
        given = {"temperature": setup.temperature, "top_p": setup.top_p, "seed": setup.seed}
        self._fields |= {name: value for name, value in given.items() if value is not None}
        if setup.answers > 1:
            self._fields["n"] = setup.answers
        if setup.logprobs:
            self._fields["logprobs"] = True
        self._last: Any = None

    def say(self, text: str, *, image: bytes | str | None = None, stream: bool = False) -> Said:
        self._add(text, image)
        return self._answer(stream)

    def instruct(self, text: str) -> None:
        self._messages.append({"role": "system", "content": text})

    def _add(self, text: str, image: bytes | str | None = None) -> None:
        content: Any = text
        if image is not None:
            url = image if isinstance(image, str) else "data:image/png;base64," + base64.b64encode(image).decode()
            content = [{"type": "text", "text": text}, {"type": "image_url", "image_url": {"url": url}}]
        self._messages.append({"role": "user", "content": content})

    def give(self, results: Sequence[str], *, order: Sequence[int] | None = None, stream: bool = False) -> Said:
        told = [
            {"role": "tool", "tool_call_id": call.id, "content": result}
            for call, result in zip(self._last.tool_calls, results, strict=True)
        ]
        self._messages += told if order is None else [told[place] for place in order]
        return self._answer(stream)

    def move(self, model: str) -> None:
        self._fields["model"] = model

    def leave(self, text: str) -> str:
        self._add(text)
        with self._client.chat.completions.create(messages=self._messages, stream=True, **self._fields) as stream:
            for chunk in stream:
                if chunk.choices and chunk.choices[0].delta.content:
                    return str(chunk.choices[0].delta.content)
        raise AssertionError("the stream ended without text")

    def _answer(self, stream: bool) -> Said:
        pieces = 1
        if stream:
            pieces = 0
            options: Any = {"include_usage": True}
            with self._client.chat.completions.stream(
                messages=self._messages, stream_options=options, **self._fields
            ) as events:
                for event in events:
                    pieces += event.type == "content.delta"
                # Not `get_final_completion`, which raises for an answer cut by its limit.
                done: Any = events.current_completion_snapshot
        else:
            done = self._client.chat.completions.create(messages=self._messages, **self._fields)
        choice = done.choices[0]
        self._last = choice.message
        self._messages.append(choice.message.model_dump(exclude_none=True, exclude={"parsed"}))
        for call in self._messages[-1].get("tool_calls", ()):
            call["function"].pop("parsed_arguments", None)
        calls = tuple(
            Called(id=call.id, name=call.function.name, arguments=json.loads(call.function.arguments or "{}"))
            for call in choice.message.tool_calls or ()
        )
        return Said(
            text=choice.message.content or "",
            calls=calls,
            end="refusal" if choice.message.refusal else ENDS.get(choice.finish_reason, "other"),
            thoughts=getattr(choice.message, "reasoning_content", None) or "",
            refusal=choice.message.refusal or "",
            input_tokens=done.usage.prompt_tokens,
            output_tokens=done.usage.completion_tokens,
            cached_tokens=_detail(done, "cached_tokens"),
            written_tokens=_detail(done, "cache_write_tokens"),
            pieces=pieces,
            answers=len(done.choices),
            logprobs=choice.logprobs is not None,
        )


def _detail(done: Any, name: str) -> int:
    return getattr(done.usage.prompt_tokens_details, name, None) or 0
