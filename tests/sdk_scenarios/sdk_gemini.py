"""The `google-genai` SDK, generateContent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from google import genai
from google.genai import errors, types
from sdk_talk import Called, End, Function, Hear, Lacking, Said, Setup, listening

ENDS: dict[str, End] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "refusal",
    "PROHIBITED_CONTENT": "refusal",
    "BLOCKLIST": "refusal",
    "SPII": "refusal",
}


class GeminiDriver:
    name = "google-genai"
    dialect = "gemini"

    def __init__(self, address: str, key: str = "pk-any", hear: Hear | None = None) -> None:
        self._connection = listening(hear)
        options = types.HttpOptions(base_url=address, httpx_client=self._connection)
        self.client = genai.Client(api_key=key, http_options=options)

    def begin(self, setup: Setup) -> _Talk:
        return _Talk(self.client, setup)

    def raises(self, status: int) -> type[Exception]:
        return errors.ClientError if status < 500 else errors.ServerError

    def status_of(self, error: Exception) -> int:
        assert isinstance(error, errors.APIError)
        return error.code

    def close(self) -> None:
        self.client.close()
        self._connection.close()  # the SDK leaves a connection it was given to its owner


def _tool(function: Function) -> types.FunctionDeclaration:
    return types.FunctionDeclaration(
        name=function.name, description=function.description, parameters_json_schema=dict(function.parameters)
    )


class _Talk:
    def __init__(self, client: genai.Client, setup: Setup) -> None:
        self._client = client
        self._contents: list[Any] = []
        self._model = setup.model
        fields: dict[str, Any] = {"max_output_tokens": setup.max_tokens}
        if setup.system is not None:
            fields["system_instruction"] = [setup.system, *setup.also] if setup.also else setup.system
        if setup.tools:
            fields["tools"] = [types.Tool(function_declarations=[_tool(each) for each in setup.tools])]
        if not setup.parallel or setup.cached:
            raise Lacking("parallel calls cannot be forbidden, prompts not marked for the cache")
        if setup.force is not None:
            calling = types.FunctionCallingConfig(
                mode=types.FunctionCallingConfigMode.NONE
                if setup.force == "none"
                else types.FunctionCallingConfigMode.ANY,
                allowed_function_names=None if setup.force in ("any", "none") else [setup.force],
            )
            fields["tool_config"] = types.ToolConfig(function_calling_config=calling)
        if setup.schema is not None:
            fields["response_mime_type"] = "application/json"
            fields["response_json_schema"] = dict(setup.schema)
        elif setup.json:
            fields["response_mime_type"] = "application/json"
        given = {"temperature": setup.temperature, "top_p": setup.top_p, "seed": setup.seed}
        fields |= {name: value for name, value in given.items() if value is not None}
        if setup.answers > 1:
            fields["candidate_count"] = setup.answers
        if setup.logprobs:
            fields["response_logprobs"] = True
        if setup.stop:
            fields["stop_sequences"] = list(setup.stop)
        if setup.thinks:
            fields["thinking_config"] = types.ThinkingConfig(include_thoughts=True)
        self._config = types.GenerateContentConfig(**fields)
        self._calls: list[types.FunctionCall] = []

    def say(self, text: str, *, image: bytes | str | None = None, stream: bool = False) -> Said:
        self._add(text, image)
        return self._answer(stream)

    def instruct(self, text: str) -> None:
        raise Lacking("instructions stand at the beginning alone")

    def _add(self, text: str, image: bytes | str | None = None) -> None:
        parts = [types.Part(text=text)]
        if isinstance(image, str):
            parts.append(types.Part.from_uri(file_uri=image, mime_type="image/png"))
        elif image is not None:
            parts.append(types.Part.from_bytes(data=image, mime_type="image/png"))
        self._contents.append(types.Content(role="user", parts=parts))

    def give(self, results: Sequence[str], *, order: Sequence[int] | None = None, stream: bool = False) -> Said:
        parts = [
            types.Part(
                function_response=types.FunctionResponse(id=call.id, name=call.name, response={"result": result})
            )
            for call, result in zip(self._calls, results, strict=True)
        ]
        parts = parts if order is None else [parts[place] for place in order]
        self._contents.append(types.Content(role="user", parts=parts))
        return self._answer(stream)

    def _chunks(self) -> Any:
        return self._client.models.generate_content_stream(
            model=self._model, contents=self._contents, config=self._config
        )

    def move(self, model: str) -> None:
        self._model = model

    def leave(self, text: str) -> str:
        self._add(text)
        chunks = self._chunks()
        try:
            for chunk in chunks:
                if chunk.text:
                    return str(chunk.text)
        finally:
            chunks.close()
        raise AssertionError("the stream ended without text")

    def _answer(self, stream: bool) -> Said:
        if stream:
            chunks = list(self._chunks())
        else:
            whole = self._client.models.generate_content(
                model=self._model, contents=self._contents, config=self._config
            )
            chunks = [whole]
        parts: list[types.Part] = []
        finish = usage = blocked = None
        for chunk in chunks:
            usage = chunk.usage_metadata or usage
            blocked = chunk.prompt_feedback or blocked
            for candidate in (chunk.candidates or ())[:1]:
                parts += (candidate.content.parts if candidate.content else None) or ()
                finish = candidate.finish_reason or finish
        self._contents.append(types.Content(role="model", parts=parts))
        self._calls = [part.function_call for part in parts if part.function_call]
        texts = [part.text for part in parts if part.text and not part.thought]
        end = ENDS.get(finish.value, "other") if finish is not None else "refusal" if blocked else "other"
        assert usage is not None
        return Said(
            text="".join(texts),
            calls=tuple(
                Called(id=call.id or "", name=call.name or "", arguments=call.args or {}) for call in self._calls
            ),
            end="tool_calls" if self._calls and end == "stop" else end,
            thoughts="".join(part.text for part in parts if part.thought and part.text),
            input_tokens=usage.prompt_token_count or 0,
            output_tokens=(usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0),
            cached_tokens=usage.cached_content_token_count or 0,
            pieces=len(texts),
            answers=max(len(chunk.candidates or ()) for chunk in chunks),
            logprobs=any(each.logprobs_result for chunk in chunks for each in chunk.candidates or ()),
        )
