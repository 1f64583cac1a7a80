"""The `openai` SDK, responses."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

import openai
from sdk_openai_chat import OPENAI_ERRORS
from sdk_talk import Called, End, Function, Hear, Lacking, Said, Setup, listening


class OpenAIResponsesDriver:
    name = "openai responses"
    dialect = "openai-responses"

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
    return {
        "type": "function",
        "name": function.name,
        "description": function.description,
        "parameters": dict(function.parameters),
        "strict": False,
    }


class _Talk:
    def __init__(self, client: openai.OpenAI, setup: Setup) -> None:
        self._client = client
        self._input: list[Any] = []
        # Nothing is kept at the server: whole conversations are sent, as with every other SDK.
        self._fields: dict[str, Any] = {"model": setup.model, "max_output_tokens": setup.max_tokens, "store": False}
        if setup.system is not None:
            self._fields["instructions"] = setup.system
        self._input += [{"role": "developer", "content": each} for each in setup.also]
        if setup.tools:
            self._fields["tools"] = [_tool(each) for each in setup.tools]
            if not setup.parallel:
                self._fields["parallel_tool_calls"] = False
        if setup.force is not None:
            named = {"type": "function", "name": setup.force}
            self._fields["tool_choice"] = {"any": "required", "none": "none"}.get(setup.force, named)
        if setup.schema is not None:
            shape = {"type": "json_schema", "name": "answer", "schema": dict(setup.schema), "strict": True}
            self._fields["text"] = {"format": shape}
        elif setup.json:
            self._fields["text"] = {"format": {"type": "json_object"}}
        if setup.stop or setup.seed is not None or setup.answers > 1 or setup.cached:
            raise Lacking("no stop sequences, seed, several answers or cache marks")
        given = {"temperature": setup.temperature, "top_p": setup.top_p}
        self._fields |= {name: value for name, value in given.items() if value is not None}
        if setup.logprobs:
            self._fields["include"] = ["message.output_text.logprobs"]
        if setup.thinks:
            self._fields["reasoning"] = {"effort": "low", "summary": "auto"}
            self._fields["include"] = ["reasoning.encrypted_content"]
        self._last: Any = None

    def say(self, text: str, *, image: bytes | str | None = None, stream: bool = False) -> Said:
        self._add(text, image)
        return self._answer(stream)

    def instruct(self, text: str) -> None:
        self._input.append({"role": "developer", "content": text})

    def _add(self, text: str, image: bytes | str | None = None) -> None:
        content: list[Any] = [{"type": "input_text", "text": text}]
        if image is not None:
            url = image if isinstance(image, str) else "data:image/png;base64," + base64.b64encode(image).decode()
            content.append({"type": "input_image", "image_url": url, "detail": "auto"})
        self._input.append({"role": "user", "content": content})

    def give(self, results: Sequence[str], *, order: Sequence[int] | None = None, stream: bool = False) -> Said:
        calls = [item for item in self._last.output if item.type == "function_call"]
        told = [
            {"type": "function_call_output", "call_id": call.call_id, "output": result}
            for call, result in zip(calls, results, strict=True)
        ]
        self._input += told if order is None else [told[place] for place in order]
        return self._answer(stream)

    def move(self, model: str) -> None:
        self._fields["model"] = model

    def leave(self, text: str) -> str:
        self._add(text)
        with self._client.responses.create(input=self._input, stream=True, **self._fields) as stream:
            for event in stream:
                if event.type == "response.output_text.delta":
                    return str(event.delta)
        raise AssertionError("the stream ended without text")

    def _answer(self, stream: bool) -> Said:
        pieces = 1
        if stream:
            pieces = 0
            with self._client.responses.stream(input=self._input, **self._fields) as events:
                done: Any = None
                for event in events:
                    pieces += event.type == "response.output_text.delta"
                    # Not `get_final_response`, which raises for an answer cut by its limit.
                    if event.type in ("response.completed", "response.incomplete"):
                        done = event.response
                assert done is not None, "the stream ended without its answer"
        else:
            done = self._client.responses.create(input=self._input, **self._fields)
        self._last = done
        for item in done.output:
            kept = item.model_dump(exclude_none=True)
            kept.pop("parsed_arguments", None)
            for part in kept.get("content") or ():
                part.pop("parsed", None)
            kept.pop("status", None)
            self._input.append(kept)
        return Said(
            text="".join(
                part.text
                for item in done.output
                if item.type == "message"
                for part in item.content
                if part.type == "output_text"
            ),
            calls=tuple(
                Called(id=item.call_id, name=item.name, arguments=json.loads(item.arguments or "{}"))
                for item in done.output
                if item.type == "function_call"
            ),
            end=_end(done),
            thoughts="".join(
                each.text for item in done.output if item.type == "reasoning" for each in item.summary or ()
            ),
            refusal=_refusal(done),
            input_tokens=done.usage.input_tokens,
            output_tokens=done.usage.output_tokens,
            cached_tokens=_detail(done, "cached_tokens"),
            written_tokens=_detail(done, "cache_write_tokens"),
            pieces=pieces,
            logprobs=any(
                part.logprobs
                for item in done.output
                if item.type == "message"
                for part in item.content
                if part.type == "output_text"
            ),
        )


def _refusal(done: Any) -> str:
    messages = [item for item in done.output if item.type == "message"]
    return "".join(part.refusal for item in messages for part in item.content if part.type == "refusal")


def _end(done: Any) -> End:
    if done.status == "incomplete":
        return "length" if done.incomplete_details.reason == "max_output_tokens" else "refusal"
    if any(item.type == "function_call" for item in done.output):
        return "tool_calls"
    return "refusal" if _refusal(done) else "stop"


def _detail(done: Any, name: str) -> int:
    return getattr(done.usage.input_tokens_details, name, None) or 0
