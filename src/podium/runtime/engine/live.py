"""A streamed answer: opened behind the first content, relayed as it comes, settled exactly once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack

from msgspec.structs import replace

from podium.core.errors import FailureKind, ProviderError
from podium.core.messages import Frame, UsageSeen
from podium.core.ports import Call, Provider
from podium.core.tasks import Decision, Outcome, Profile
from podium.core.usage import Usage
from podium.models.catalog import Deployment

from .attempts import Attempts
from .costing import usage_or_count
from .parts import Parts
from .settle import settle
from .tally import Tally

_END = Frame(closing=True)
"""For a finished answer whose provider sent no end mark; the caller's dialect knows what its clients wait for."""
_MOST_HELD = 64
"""Frames without events held before content: an opening or two are usual, a flood of them must not fill memory."""
_CUT_OFF = frozenset({FailureKind.BROKEN_STREAM, FailureKind.UNREACHABLE, FailureKind.TIMEOUT})
"""The connection broke, or nothing more came: it takes nothing from an answer that is already finished."""
_LINGER_S = 0.05
"""How long the connection of a whole answer is read on, so that it can be used again. Who then still talks is left."""


class LiveAnswer:
    """An answer whose first content is here. Iterate `frames()` once, and always `aclose()`."""

    def __init__(
        self,
        *,
        parts: Parts,
        attempts: Attempts,
        deployment: Deployment,
        dialect: str,
        upstream: AsyncExitStack,
        incoming: AsyncIterator[Sequence[Frame]],
        held: Sequence[Frame],
        rest: Sequence[Frame],
        tally: Tally,
    ) -> None:
        self.deployment = deployment
        self.dialect = dialect
        """The wire the frames' bytes are written in."""
        self.outcome: Outcome | None = None
        self._parts = parts
        self._attempts = attempts
        self._upstream = upstream
        self._incoming = incoming
        self._held = held
        self._rest = rest
        self._tally = tally
        self._whole = False  # the end mark went out: whatever comes after it takes nothing away
        self._cut = False  # an end mark came before the answer was finished
        self._fault: ProviderError | None = None

    @property
    def decision(self) -> Decision:
        return self._attempts.decision

    @property
    def notes(self) -> tuple[str, ...]:
        """What the way to this provider's wire could not carry."""
        return self._tally.notes

    @property
    def unwritten(self) -> tuple[str, ...]:
        """Kinds of content seen so far that no other dialect has a place for (grounding, sound, a provider's tools)."""
        return tuple(self._tally.opaque)

    @property
    def calls(self) -> int:
        """Calls made so far, this one included."""
        return len(self._attempts.made) + 1

    async def frames(self) -> AsyncIterator[Frame]:
        """As `batches`, frame by frame."""
        async for batch in self.batches():
            for frame in batch:
                yield frame

    async def batches(self) -> AsyncIterator[Sequence[Frame]]:
        """Every frame in order, those that came together in one list; the end mark last and once, also where the
        provider forgot or repeated it.

        Raises ProviderError where the stream breaks before the answer is finished: a cut answer is never a success.
        """
        tally = self._tally
        try:
            held, self._held = self._held, ()
            # The first content may be the last, where a provider streams nothing but its closing event.
            yield (*held[:-1], *self._last(held[-1])) if held[-1].closing else held
            if self._rest and not self._whole and (passed := self._pass(self._rest)):
                yield passed
            while self._fault is None and not self._cut and not self._whole:
                batch = await anext(self._incoming, None)
                if batch is None:
                    break
                if passed := self._pass(batch):
                    yield passed
            if self._fault is not None:
                raise self._fault
            if not tally.finished:
                raise ProviderError(
                    f"{self.deployment.provider} ended its stream before the answer was finished.",
                    kind=FailureKind.BROKEN_STREAM,
                    provider=self.deployment.provider,
                )
        except Exception as error:
            if not self._survives(error):
                self._failed(error)
                raise
        if self._whole:
            await self._linger()
        else:
            self._whole = True
            yield self._ended(_END)
        self._succeeded()

    async def _linger(self) -> None:
        try:
            async with asyncio.timeout(_LINGER_S):
                async for _ in self._incoming:
                    pass
        except (TimeoutError, ProviderError):
            return  # the answer was whole before, and the connection is closed with it

    def _pass(self, batch: Sequence[Frame]) -> Sequence[Frame]:
        """What of a batch goes on: all of it, up to a fault, an end mark too early, or the end mark itself."""
        tally, provider = self._tally, self.deployment.provider
        for place, frame in enumerate(batch):
            try:
                tally.note(frame, provider)
            except ProviderError as fault:
                self._fault = fault
                return batch[:place]
            if frame.closing:
                return (*batch[:place], *self._last(frame))
        return batch

    def _last(self, end: Frame) -> tuple[Frame, ...]:
        """What of an end mark goes on: nothing where it came before the answer was finished."""
        if not self._tally.finished:
            self._cut = True  # passed on, it would make a cut answer look whole
            return ()
        self._whole = True
        return self._ended(end)

    def _ended(self, end: Frame) -> tuple[Frame, ...]:
        """The end mark, behind Podium's own count where the provider gave no figures, or none that can be true: a
        caller on another wire must not read zero."""
        usage = self._usage()
        if usage is self._tally.usage:
            return (end,)
        if any(type(event) is UsageSeen for event in end.events):
            end = replace(end, events=tuple([event for event in end.events if type(event) is not UsageSeen]))
        return (Frame(events=(UsageSeen(usage),)), end)

    def _survives(self, error: Exception) -> bool:
        """Whether the answer is whole all the same."""
        return isinstance(error, ProviderError) and self._tally.finished and error.kind in _CUT_OFF

    def broken(self, error: ProviderError) -> None:
        """The answer came and could not be written for its caller: no success, and nobody left."""
        if self.outcome is None:
            self._failed(error)

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
        for block in self._tally.sealed:
            self._parts.keepers.note(block.data, block.origin, self.deployment.provider)
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
        return usage_or_count(self._tally.usage, self._attempts.decision.profile, self._tally.written.tokens)

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
        tally = Tally(answers=attempts.task.options.n, keep_text=parts.keep_text)
        try:
            dialect = provider.speaks(call)
            async with asyncio.timeout(call.timeout_s) as limit:
                incoming = await upstream.enter_async_context(provider.stream(call))
                held, rest = await _until_content(incoming, tally, provider.name)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise ProviderError(
                f"{provider.name} sent nothing of its answer in time.",
                kind=FailureKind.TIMEOUT,
                provider=provider.name,
                remedy="Raise engine.timeout_s to wait longer.",
            ) from error
        except ProviderError as error:
            error.usage = error.usage or tally.usage  # what it stated before it failed is billed all the same
            raise
        if not tally.content:
            raise _without_content(tally, provider.name, attempts.decision.profile)
    except BaseException:
        await upstream.aclose()
        raise
    attempts.first_token_came()
    return LiveAnswer(
        parts=parts,
        attempts=attempts,
        deployment=deployment,
        dialect=dialect,
        upstream=upstream,
        incoming=incoming,
        held=held,
        rest=rest,
        tally=tally,
    )


async def _until_content(
    incoming: AsyncIterator[Sequence[Frame]], tally: Tally, provider: str
) -> tuple[list[Frame], Sequence[Frame]]:
    """The frames up to the first content, keep-alives left out, or up to the end where none comes; and what came with
    the last of them."""
    held: list[Frame] = []
    async for batch in incoming:
        for place, frame in enumerate(batch):
            content = tally.note(frame, provider)
            if frame.events or (not frame.idle and len(held) < _MOST_HELD):
                held.append(frame)
            if content or frame.closing:
                return held, batch[place + 1 :]
    return held, ()


def _without_content(tally: Tally, provider: str, profile: Profile) -> ProviderError:
    """An empty answer is judged as an empty whole one is, and paid for alike; an end before any finish is a break."""
    if tally.finished:
        return ProviderError(
            f"{provider} finished its answer without any content.",
            kind=FailureKind.UNFIT,
            provider=provider,
            usage=usage_or_count(tally.usage, profile, 0),
        )
    return ProviderError(
        f"{provider} ended its stream before any content.",
        kind=FailureKind.BROKEN_STREAM,
        provider=provider,
        usage=tally.usage,
    )
