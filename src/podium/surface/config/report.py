"""Problems with a configuration, each with its place, its field and its remedy, gathered before one error is raised.

Every value's place is noted while it is read, so that a check made much later, on finished settings, still points at
the line the person wrote.
"""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from podium.core.errors import ConfigError

FieldPath = tuple[str | int, ...]
"""Where a value belongs: `("routes", "support", "rules", 0, "use", "tier")`."""

SHOWN_PROBLEMS = 25
"""Longer lists are cut in the message: a file that broken has one cause. `problems` always holds all of them."""

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class Spot(Struct, frozen=True, order=True):
    """A place in the file, counted from 1, in characters."""

    line: int
    column: int


class Problem(Struct, frozen=True, kw_only=True):
    """One thing that is wrong."""

    source: str
    """The file's name as the caller gave it, or `$NAME` for an environment variable."""
    spot: Spot | None
    """None for an environment variable, and for a file that could not be read at all."""
    field: str
    """`routes.support.rules[0].use.tier`; empty where the whole file is meant."""
    message: str
    remedy: str

    @property
    def where(self) -> str:
        """`file:line:column`, as editors and terminals understand it."""
        return self.source if self.spot is None else f"{self.source}:{self.spot.line}:{self.spot.column}"

    def __str__(self) -> str:
        head = ": ".join(part for part in (self.where, self.field, self.message) if part)
        return f"{head} {self.remedy}".rstrip()


class InvalidConfig(ConfigError):
    """A configuration with one problem or several. `problems` holds each, in the order of the file."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        first = problems[0]
        self.problems = problems
        if len(problems) == 1:
            super().__init__(first.message, remedy=first.remedy, where=first.where, field=first.field)
            return
        lines = [f"  {problem}" for problem in problems[:SHOWN_PROBLEMS]]
        if len(problems) > SHOWN_PROBLEMS:
            lines.append(f"  and {len(problems) - SHOWN_PROBLEMS} more")
        sources = {problem.source for problem in problems}
        where = first.source if len(sources) == 1 else ""
        super().__init__("\n".join([f"{len(problems)} problems", *lines]), where=where)


class _Origin(Struct, frozen=True, kw_only=True):
    """Where one value came from."""

    source: str
    key: Spot | None = None
    value: Spot | None = None


class Report:
    """Collects problems and warnings while one configuration is read, and remembers where each value stands."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.warnings: list[str] = []
        self._problems: list[Problem] = []
        self._origins: dict[FieldPath, _Origin] = {}
        # What stands directly under a path, in order: a set that keeps its order.
        self._steps: dict[FieldPath, dict[str | int, None]] = {}
        self._unsound: set[FieldPath] = set()
        self._referring: set[FieldPath] = set()

    def note(
        self, path: FieldPath, *, key: Spot | None = None, value: Spot | None = None, source: str | None = None
    ) -> None:
        """The value at `path` stands here; its name, if it has one, at `key`."""
        self._origins[path] = _Origin(source=source or self.source, key=key, value=value)
        self._steps.setdefault(path[:-1], {})[path[-1]] = None

    def note_reference(self, path: FieldPath) -> None:
        """The value at `path` came from the environment through `${NAME}`."""
        self._referring.add(path)

    def reject(
        self,
        path: FieldPath,
        message: str,
        remedy: str,
        *,
        spot: Spot | None = None,
        on: Literal["key", "value"] = "value",
    ) -> None:
        """Add a problem, at `spot` if given, else at the value or the name of `path`, else at what holds it."""
        origin = self._origins.get(path)
        if origin is None:
            origin = self._holder(path)
            place = origin.key or origin.value or (None if origin.source != self.source else Spot(1, 1))
        else:
            place = (origin.key or origin.value) if on == "key" else (origin.value or origin.key)
        problem = Problem(
            source=origin.source if spot is None else self.source,
            spot=spot or place,
            field=field_name(path),
            message=message,
            remedy=remedy,
        )
        if problem not in self._problems:
            self._problems.append(problem)
        self._unsound.update(path[:length] for length in range(len(path) + 1))

    def warn(self, path: FieldPath, message: str) -> None:
        """Something that works and is probably not meant."""
        origin = self._origins.get(path) or self._holder(path)
        place = origin.key or origin.value
        where = origin.source if place is None else f"{origin.source}:{place.line}:{place.column}"
        self.warnings.append(": ".join(part for part in (where, field_name(path), message) if part))

    def sound(self, path: FieldPath) -> bool:
        """Whether nothing at or below `path` was rejected: only then do checks across fields make sense."""
        return path not in self._unsound

    def refers(self, path: FieldPath) -> bool:
        """Whether the value at `path` was written as `${NAME}`."""
        return path in self._referring

    def drop(self, path: FieldPath) -> None:
        """An item of a list that could not be read: it is not in the settings, so nothing is said of it any more."""
        self._origins.pop(path, None)
        self._steps.get(path[:-1], {}).pop(path[-1], None)

    def steps_under(self, path: FieldPath) -> tuple[str | int, ...]:
        """Names or places given in the file directly under `path`, in order, names with rejected values included."""
        return tuple(self._steps.get(path, ()))

    def names_under(self, path: FieldPath) -> tuple[str, ...]:
        """Names given in the file directly under `path`."""
        return tuple(step for step in self.steps_under(path) if isinstance(step, str))

    def raise_if_rejected(self) -> None:
        """Raises InvalidConfig with everything rejected so far, top of the file first."""
        if self._problems:
            bottom = Spot(10**9, 0)
            raise InvalidConfig(tuple(sorted(self._problems, key=lambda problem: problem.spot or bottom)))

    def _holder(self, path: FieldPath) -> _Origin:
        for length in range(len(path) - 1, 0, -1):
            if path[:length] in self._origins:
                return self._origins[path[:length]]
        return _Origin(source=self.source)


def field_name(path: FieldPath) -> str:
    """The path as people write it: `routes.support.rules[0]`, `models["local/llama3.1:8b"].tier`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN_NAME.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f'["{step}"]'
    return text
