"""A streamed answer: opened behind the first content, relayed as it comes, settled exactly once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

from podium.core.errors import FailureKind, ProviderError
from podium.core.messages import (
    Finished,
    Frame,
    ReasoningDelta,
    RefusalDelta,
    StreamFault,
    TextDelta,
    ToolCallDelta,
    UsageSeen,
)
from podium.core.ports import Call, Provider
from podium.core.tasks import Decision, Outcome
from podium.core.usage import Usage
from podium.models.catalog import Deployment
from podium.models.dialects.openai_chat.stream import END_MARK

from .attempts import Attempts
from .costing import estimated_usage
from .parts import Parts
from .settle import settle

_CONTENT = (TextDelta, ReasoningDelta, RefusalDelta, ToolCallDelta)
_MOST_HELD = 64
"""Frames without events held before content: an opening or two are usual, a flood of them must not fill memory."""
_CUT_OFF = frozenset({FailureKind.BROKEN_STREAM, FailureKind.UNREACHABLE})
"""The connection broke: it takes nothing from an answer that is already finished."""


class _Tally:
    """What has come through so far."""

    __slots__ = ("_finished", "_wanted", "characters", "content", "pieces", "usage")

    def __init__(self, *, answers: int, keep_text: bool) -> None:
        self._finished: set[int] = set()
        self._wanted = answers
        self.characters = 0
        self.content = False
        self.usage: Usage | None = None
        self.pieces: list[str] | None = [] if keep_text else None

    @property
    def finished(self) -> bool:
        """Whether every answer asked for is."""
        return len(self._finished) >= self._wanted

    def note(self, frame: Frame, provider: str) -> bool:
        """Count a frame; True once content has come. Raises ProviderError for a fault inside the stream."""
        for event in frame.events:
            if isinstance(event, TextDelta):
                self.content = True
                self.characters += len(event.text)
                if self.pieces is not None:
                    self.pieces.append(event.text)
            elif isinstance(event, ToolCallDelta):
                self.content = True
                self.characters += len(event.arguments) + len(event.name or "")
            elif isinstance(event, _CONTENT):
                self.content = True
                self.characters += len(event.text)
            elif isinstance(event, Finished):
                self._finished.add(event.index)
            elif isinstance(event, UsageSeen):
                self.usage = event.usage
            elif isinstance(event, StreamFault):
                raise ProviderError(
                    f"{provider} broke its stream off with an error: {event.message}",
                    kind=FailureKind.SERVER_ERROR,
                    provider=provider,
                )
        return self.content


class LiveAnswer:
    """An answer whose first content is here. Iterate `frames()` once, and always `aclose()`."""

    def __init__(
        self,
        *,
        parts: Parts,
        attempts: Attempts,
        deployment: Deployment,
        upstream: AsyncExitStack,
        incoming: AsyncIterator[Frame],
        held: list[Frame],
        tally: _Tally,
    ) -> None:
        self.deployment = deployment
        self.outcome: Outcome | None = None
        self._parts = parts
        self._attempts = attempts
        self._upstream = upstream
        self._incoming = incoming
        self._held = held
        self._tally = tally
        self._marked = False  # the end mark went out
        self._whole = False  # and so did the whole answer, whatever comes after it

    @property
    def decision(self) -> Decision:
        return self._attempts.decision

    @property
    def calls(self) -> int:
        """Calls made so far, this one included."""
        return len(self._attempts.made) + 1

    async def frames(self) -> AsyncIterator[Frame]:
        """Every frame in order, the end mark last, also where the provider forgot it.

        Raises ProviderError where the stream breaks before the answer is finished: a cut answer is never a success.
        """
        provider = self.deployment.provider
        tally = self._tally
        try:
            for frame in self._held:
                yield frame
            self._held = []
            async for frame in self._incoming:
                tally.note(frame, provider)
                if frame.closing:
                    if not tally.finished:
                        break  # passed on, the end mark would make a cut answer look whole
                    self._marked = self._whole = True
                yield frame
            if not tally.finished:
                raise ProviderError(
                    f"{provider} ended its stream before the answer was finished.",
                    kind=FailureKind.BROKEN_STREAM,
                    provider=provider,
                )
        except Exception as error:
            if not self._survives(error):
                self._failed(error)
                raise
        if not self._marked:
            self._marked = self._whole = True
            yield END_MARK
        self._succeeded()

    def _survives(self, error: Exception) -> bool:
        """Whether the answer is whole all the same."""
        if not isinstance(error, ProviderError):
            return False
        return self._whole or (self._tally.finished and error.kind in _CUT_OFF)

    async def aclose(self) -> None:
        """Close the upstream call at once; a task not settled by then was left by its caller."""
        try:
            await self._upstream.aclose()
        finally:
            if self.outcome is None:
                # A client that hangs up at the end mark has its answer.
                self._succeeded() if self._whole else self._left()

    def _succeeded(self) -> None:
        attempts = self._attempts
        attempts.succeeded(self._usage(), first_token_ms=attempts.call_first_token_ms)
        self.outcome = settle(self._parts, attempts, "ok", answer=self._text(), streamed=True)

    def _failed(self, error: Exception) -> None:
        attempts = self._attempts
        provider = self.deployment.provider
        known = error
        if not isinstance(known, ProviderError):
            told = f"{provider}'s stream could not be read: {error!r}"
            known = ProviderError(told, kind=FailureKind.GARBAGE, provider=provider)
        attempts.failed(known, usage=self._usage(), first_token_ms=attempts.call_first_token_ms)
        self.outcome = settle(self._parts, attempts, "failed", error=known, answer=self._text(), streamed=True)

    def _left(self) -> None:
        attempts = self._attempts
        attempts.cancelled(usage=self._usage(), first_token_ms=attempts.call_first_token_ms)
        self.outcome = settle(self._parts, attempts, "cancelled", answer=self._text(), streamed=True)

    def _usage(self) -> Usage:
        stated = self._tally.usage
        if stated is not None:
            return stated
        return estimated_usage(self._attempts.decision.profile.input_tokens, self._tally.characters)

    def _text(self) -> str | None:
        return None if self._tally.pieces is None else "".join(self._tally.pieces)


async def open_stream(
    parts: Parts, attempts: Attempts, provider: Provider, deployment: Deployment, call: Call
) -> LiveAnswer:
    """Open a stream and hold its frames until real content has come: until then, failing over is invisible.

    Raises ProviderError for a call that was refused, broke off, ended before any content, or brought none within
    `call.timeout_s`, however lively its keep-alives.
    """
    upstream = AsyncExitStack()
    try:
        tally = _Tally(answers=attempts.task.options.n, keep_text=parts.keep_text)
        try:
            async with asyncio.timeout(call.timeout_s) as limit:
                incoming = await upstream.enter_async_context(provider.stream(call))
                held = await _until_content(incoming, tally, provider.name)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise ProviderError(
                f"{provider.name} sent nothing of its answer in time.",
                kind=FailureKind.TIMEOUT,
                provider=provider.name,
                remedy="Raise engine.timeout_s to wait longer.",
            ) from error
        if not tally.content:
            raise _without_content(tally, provider.name, attempts.decision.profile.input_tokens)
    except BaseException:
        await upstream.aclose()
        raise
    attempts.first_token_came()
    return LiveAnswer(
        parts=parts,
        attempts=attempts,
        deployment=deployment,
        upstream=upstream,
        incoming=incoming,
        held=held,
        tally=tally,
    )


async def _until_content(incoming: AsyncIterator[Frame], tally: _Tally, provider: str) -> list[Frame]:
    """The frames up to the first content, keep-alives left out, or up to the end where none comes."""
    held: list[Frame] = []
    async for frame in incoming:
        content = tally.note(frame, provider)
        if frame.events or (not frame.idle and len(held) < _MOST_HELD):
            held.append(frame)
        if content or frame.closing:
            break
    return held


def _without_content(tally: _Tally, provider: str, input_tokens: int) -> ProviderError:
    """An empty answer is judged as an empty whole one is, and paid for alike; an end before any finish is a break."""
    if tally.finished:
        return ProviderError(
            f"{provider} finished its answer without any content.",
            kind=FailureKind.UNFIT,
            provider=provider,
            usage=tally.usage or estimated_usage(input_tokens, 0),
        )
    return ProviderError(
        f"{provider} ended its stream before any content.",
        kind=FailureKind.BROKEN_STREAM,
        provider=provider,
        usage=tally.usage,
    )
