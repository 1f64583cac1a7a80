"""What goes wrong at a simulated vendor, when, and for whom.

Durations of faults are real seconds: `time_scale` shortens a model's thinking, never a failure.
"""

from __future__ import annotations

from random import Random
from typing import Literal

from msgspec import Struct

FaultKind = Literal[
    "status", "refuse", "reset", "hang", "slow_first_token", "stall", "cut", "garbage", "empty", "content_type",
    "error_event", "no_end", "two_ends", "no_usage", "huge_event", "half_character", "split_character",
]  # fmt: skip


class Fault(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way of failing.

    - `status`: answers `status` with an error in the wire's own shape, and Retry-After where `retry_after_s` is given.
    - `refuse`: nobody listens; open connections are closed. Of the whole server, so only for `always` and `flap`.
    - `reset`: the connection is reset: at once with `after` 0, else after that many chunks (whole: half the body).
    - `hang`: takes the request and says nothing, not even headers, for `seconds` or for ever.
    - `slow_first_token`: `seconds` pass before the first word (whole: before the answer).
    - `stall`: goes silent after `after` chunks (whole: half the body), for `seconds` or for ever.
    - `cut`: the answer ends cleanly after `after` chunks (whole: half the body): no finish, no end mark.
    - `garbage`: what should be JSON is not.
    - `empty`: status 200 and not a byte.
    - `content_type`: status 200 and a web page.
    - `error_event`: an error object inside a 200 stream after `after` chunks (whole: as the 200 body).
    - `no_end`, `two_ends`: a good stream whose end mark (`[DONE]`, `message_stop`, the array's `]`) is missing or comes
      twice. Gemini's server-sent events have none.
    - `no_usage`: a good answer without its token figures.
    - `huge_event`: a good answer of 5 MB of text, streamed as a single event.
    - `half_character`: after `after` chunks, one holds the first byte only of a two-byte character.
    - `split_character`: a good answer whose two-byte characters are cut across two network chunks.
    """

    kind: FaultKind
    status: int = 500
    retry_after_s: float | None = None
    after: int = 1
    """Chunks of content that still go out in a stream."""
    seconds: float | None = None
    """How long it lasts; None means until the client gives up (`refuse`: until the faults change)."""
    chance: float = 1.0
    """Probability, for faults under `random`."""
    models: tuple[str, ...] = ()
    """Only these models; empty means all."""
    everywhere: bool = False
    """Also for lists of models and token counts, as in a real outage."""

    def __post_init__(self) -> None:
        if not 0 <= self.chance <= 1:
            raise ValueError(f"`chance` must lie between 0 and 1, not {self.chance}")
        if not 400 <= self.status <= 599:
            raise ValueError(f"`status` must be an error status (400 to 599), not {self.status}")
        if self.after < 0 or (self.seconds is not None and self.seconds < 0):
            raise ValueError("`after` and `seconds` must not be negative")


class Flap(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A vendor that comes and goes: well for `well_s` seconds, then `fault` for `broken_s`, and again."""

    fault: Fault
    well_s: float
    broken_s: float

    def __post_init__(self) -> None:
        if self.well_s <= 0 or self.broken_s <= 0:
            raise ValueError("`well_s` and `broken_s` must be above 0")

    def broken(self, elapsed: float) -> bool:
        """Whether it is broken `elapsed` seconds after the faults were set."""
        return elapsed % (self.well_s + self.broken_s) >= self.well_s

    def to_next_change(self, elapsed: float) -> float:
        """Seconds until it changes."""
        place = elapsed % (self.well_s + self.broken_s)
        return (self.well_s if place < self.well_s else self.well_s + self.broken_s) - place


class Faults(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that goes wrong. Of several that apply the first counts: always, flap, script, random."""

    always: Fault | None = None
    flap: Flap | None = None
    script: tuple[Fault | None, ...] = ()
    """Request by request, None for a good one; models' work only, no lists and counts."""
    loop: bool = False
    """Whether the script starts again at its end."""
    random: tuple[Fault, ...] = ()
    """Each with its `chance`, drawn by the vendor's seed and the request's number."""

    def __post_init__(self) -> None:
        if any(fault is not None and fault.kind == "refuse" for fault in (*self.script, *self.random)):
            raise ValueError("`refuse` is a state of the whole server: use it in `always` or `flap`, or `reset` here")

    def refusing(self, elapsed: float) -> bool:
        """Whether the server does not listen, `elapsed` seconds after these faults were set."""
        outage = self._outage(elapsed)
        return outage is not None and outage.kind == "refuse"

    def to_next_change(self, elapsed: float) -> float | None:
        """Seconds until `refusing` may change; None for never."""
        changes = [] if self.flap is None else [self.flap.to_next_change(elapsed)]
        if self.always is not None and self.always.kind == "refuse" and self.always.seconds is not None:
            changes.append(self.always.seconds - elapsed)
        return min((change for change in changes if change > 0), default=None)

    def pick(self, *, model: str | None, number: int, elapsed: float, seed: int) -> Fault | None:
        """The fault that hits a request: `model` None for a list, `number` counting requests for work from 0."""
        outage = self._outage(elapsed)
        if outage is not None and _hits(outage, model):
            return outage
        if model is None:
            return None
        if self.script and (self.loop or number < len(self.script)):
            scripted = self.script[number % len(self.script)]
            return scripted if scripted is not None and _hits(scripted, model) else None
        if self.random:
            draw = Random(f"{seed} {number}")
            for fault in self.random:
                if draw.random() < fault.chance and _hits(fault, model):
                    return fault
        return None

    def _outage(self, elapsed: float) -> Fault | None:
        if self.always is not None:
            over = self.always.kind == "refuse" and self.always.seconds is not None and elapsed >= self.always.seconds
            return None if over else self.always
        return self.flap.fault if self.flap is not None and self.flap.broken(elapsed) else None


NO_FAULTS = Faults()


def _hits(fault: Fault, model: str | None) -> bool:
    if model is None:
        return fault.everywhere or fault.kind == "refuse"
    return not fault.models or model in fault.models
