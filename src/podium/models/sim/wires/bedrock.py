"""Amazon Bedrock's Converse, what goes out (Bedrock Runtime API reference, pages Converse and ConverseStream)."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import msgspec

from ..ask import Ask, Head, Refused
from ..vendor import SimModel, SimVendor
from . import aws_events, aws_signature, bedrock_rules
from .bedrock_request import ask_of, parsed
from .wire import Answering, Failure, Frame, Incoming, Listing, Writer, bearer, event, pieces

_TYPES = {
    400: "ValidationException",
    401: "UnrecognizedClientException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    408: "ModelTimeoutException",
    424: "ModelErrorException",
    429: "ThrottlingException",
    500: "InternalServerException",
    503: "ServiceUnavailableException",
}
_STOP = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "refusal": "content_filtered"}
_EXCEPTION = "Exception"


class Bedrock:
    """The wire of /model/{id}/converse and /converse-stream."""

    name: ClassVar[str] = "bedrock-converse"
    stream_media = b"application/vnd.amazon.eventstream"

    def check_key(self, vendor: SimVendor, incoming: Incoming) -> None:
        token = bearer(incoming)
        if token is not None and vendor.api_key is not None:
            if token != vendor.api_key:
                raise Refused(403, "Authentication failed: Please make sure your API Key is valid.")
        elif vendor.aws_secret is not None:
            aws_signature.check(incoming, vendor.aws_secret)
        elif vendor.api_key is not None:
            raise Refused(403, "Missing Authentication Token", code="MissingAuthenticationTokenException")

    def read(self, incoming: Incoming) -> Ask:
        request = parsed(incoming)
        bedrock_rules.check(request, incoming.seal)
        return ask_of(request, incoming)

    def check(self, ask: Ask, model: SimModel) -> None:
        """Nothing here depends on the model."""

    def whole(self, answering: Answering) -> bytes:
        body: dict[str, Any] = {
            "output": {"message": {"role": "assistant", "content": _blocks(answering)}},
            "stopReason": _stop(answering),
            "metrics": {"latencyMs": 1},
        }
        if answering.head.states_usage:
            body["usage"] = _usage(answering)
        return msgspec.json.encode(body)

    def writer(self, answering: Answering) -> Writer:
        return _EventWriter(answering)

    def headers(self, head: Head) -> Sequence[tuple[bytes, bytes]]:
        return ((b"x-amzn-requestid", head.name("").encode()),)

    def failure(self, refused: Refused) -> Failure:
        status = refused.status
        known = refused.code if (refused.code or "").endswith(_EXCEPTION) else None
        kind = known or _TYPES.get(status, "ValidationException" if status < 500 else "InternalServerException")
        body = msgspec.json.encode({"message": refused.message})
        return Failure(status=status, body=body, headers=((b"x-amzn-errortype", kind.encode()),))


class _EventWriter:
    """One stream of binary events. Its end mark is the last of them, with the usage."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering

    def opening(self) -> Iterable[Frame]:
        yield event("messageStart", {"role": "assistant"})

    def content(self) -> Iterator[Frame]:
        blocks, calls = _blocks(self._answering), self._answering.spoken.calls
        for index, block in enumerate(blocks):
            if "toolUse" in block:
                yield from self._call(index, block["toolUse"], calls[index - len(blocks)].arguments)  # calls come last
            elif "text" in block:
                yield from (_delta(index, {"text": piece}, solid=True) for piece in self._cut(block["text"]))
            else:
                yield from self._thought(index, block["reasoningContent"])
            yield event("contentBlockStop", {"contentBlockIndex": index})

    def _call(self, index: int, use: Mapping[str, Any], arguments: str) -> Iterator[Frame]:
        start = {"toolUse": {"toolUseId": use["toolUseId"], "name": use["name"]}}
        yield event("contentBlockStart", {"start": start, "contentBlockIndex": index}, solid=True)
        for piece in self._cut(arguments):
            yield _delta(index, {"toolUse": {"input": piece}}, solid=True)

    def _thought(self, index: int, thought: Mapping[str, Any]) -> Iterator[Frame]:
        if "redactedContent" in thought:
            yield _delta(index, {"reasoningContent": thought})
            return
        shown = thought["reasoningText"]
        for piece in self._cut(shown["text"]):
            yield _delta(index, {"reasoningContent": {"text": piece}}, solid=True)
        yield _delta(index, {"reasoningContent": {"signature": shown["signature"]}})

    def closing(self) -> Iterable[Frame]:
        yield event("messageStop", {"stopReason": _stop(self._answering)})

    def end(self) -> bytes:
        metadata: dict[str, Any] = {"metrics": {"latencyMs": 1}}
        if self._answering.head.states_usage:
            metadata["usage"] = _usage(self._answering)
        return self.framed(event("metadata", metadata))

    def error(self, message: str) -> Sequence[Frame]:
        return (event("modelStreamErrorException", {"message": message, "originalStatusCode": 500}),)

    def framed(self, frame: Frame) -> bytes:
        failed = frame.event.endswith(_EXCEPTION)
        kind = {":exception-type": frame.event} if failed else {":event-type": frame.event}
        headers = {**kind, ":content-type": "application/json", ":message-type": "exception" if failed else "event"}
        return aws_events.message(headers, frame.data)

    def _cut(self, text: str) -> Iterator[str]:
        return pieces(text, self._answering.piece)


def _delta(index: int, delta: Mapping[str, Any], *, solid: bool = False) -> Frame:
    return event("contentBlockDelta", {"delta": delta, "contentBlockIndex": index}, solid=solid)


def _blocks(answering: Answering) -> list[dict[str, Any]]:
    spoken, seal = answering.spoken, answering.seal
    blocks: list[dict[str, Any]] = []
    if spoken.reasoned:
        shown = {"text": spoken.thoughts, "signature": seal.sign(spoken.thoughts)}
        blocks.append({"reasoningContent": {"reasoningText": shown}})
    if spoken.hidden_thoughts:
        sealed = base64.b64encode(seal.close(spoken.hidden_thoughts).encode()).decode()
        blocks.append({"reasoningContent": {"redactedContent": sealed}})
    if spoken.text or spoken.refusal:
        blocks.append({"text": spoken.text or spoken.refusal})
    for call in spoken.calls:
        used = {"toolUseId": f"tooluse_{call.id}", "name": call.name, "input": _object(call.arguments)}
        blocks.append({"toolUse": used})
    return blocks


def _object(arguments: str) -> Any:
    try:
        return msgspec.json.decode(arguments or "{}")
    except msgspec.DecodeError:  # cut by maxTokens
        return {}


def _stop(answering: Answering) -> str:
    return "stop_sequence" if answering.spoken.stopped_by is not None else _STOP[answering.spoken.finish]


def _usage(answering: Answering) -> dict[str, Any]:
    """Input tokens here exclude what was read from or written to the cache; the total holds everything."""
    figures = answering.spoken.usage
    return {
        "inputTokens": figures.input - figures.cached - figures.written,
        "outputTokens": figures.output,
        "totalTokens": figures.input + figures.output,
        "cacheReadInputTokens": figures.cached,
        "cacheWriteInputTokens": figures.written,
    }


def _listing(vendor: SimVendor, model: str) -> bytes:
    summaries = [
        {
            "modelId": each.name,
            "modelName": each.name,
            "modelArn": f"arn:aws:bedrock:us-east-1::foundation-model/{each.name}",
            "providerName": vendor.name,
            "inputModalities": ["TEXT", "IMAGE"] if each.vision else ["TEXT"],
            "outputModalities": ["TEXT"],
            "responseStreamingSupported": True,
            "inferenceTypesSupported": ["ON_DEMAND"],
            "modelLifecycle": {"status": "ACTIVE"},
        }
        for each in vendor.models
    ]
    return msgspec.json.encode({"modelSummaries": summaries})


LISTING = Listing(_listing)
