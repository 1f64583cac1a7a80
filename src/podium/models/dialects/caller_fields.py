"""What a caller may tell Podium beside its own dialect: `podium` in the body, or `x-podium-*` headers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

import msgspec
from msgspec import Struct, field

from podium.core.errors import InvalidRequest
from podium.core.tasks import NO_REQUIREMENTS, Priority, Requirements, Sensitivity, TaskType

HEADER = "x-podium-"
# Headers Podium answers with; a client that echoes them back says nothing.
_ANSWER_HEADERS = frozenset({"model", "provider", "cost-usd", "attempts", "decision", "warnings", "latency-ms"})


class CallerFields(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `podium` object: all optional, all typed, a misspelt name is an error."""

    task_type: TaskType | None = None
    min_quality: float | None = None
    max_cost_usd: Decimal | None = None
    max_latency_ms: int | None = None
    deadline: datetime | None = None
    private: bool = False
    priority: Priority | None = None
    sensitivity: Sensitivity | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    team: str | None = None

    def requirements(self) -> Requirements:
        """The hard constraints among them. Raises InvalidRequest for impossible values."""
        if self is NO_FIELDS:
            return NO_REQUIREMENTS
        return Requirements(
            min_quality=self.min_quality,
            max_cost_usd=self.max_cost_usd,
            max_latency_ms=self.max_latency_ms,
            deadline=self.deadline,
            private=self.private,
        )


NO_FIELDS = CallerFields()
_NAMES = frozenset(CallerFields.__struct_fields__)


def with_headers(fields: CallerFields, headers: Iterable[tuple[bytes, bytes]]) -> CallerFields:
    """The body's fields, completed by `x-podium-*` headers; the body wins where both speak.

    Raises InvalidRequest for an unknown header of ours or a value of the wrong type.
    """
    given: dict[str, object] = {}
    for raw_name, raw_value in headers:
        if not raw_name.startswith(b"x-podium-"):
            continue
        name = raw_name[len(HEADER) :].decode("ascii", "replace")
        if name in _ANSWER_HEADERS:
            continue
        key = name.replace("-", "_")
        if key not in _NAMES:
            raise InvalidRequest(
                f"{HEADER}{name} is not a header Podium knows.",
                remedy="Known: " + ", ".join(sorted(HEADER + known.replace("_", "-") for known in _NAMES)) + ".",
                param=HEADER + name,
            )
        value = raw_value.decode("utf-8", "replace").strip()
        given[key] = _tags(value) if key == "tags" else value
    if not given:
        return fields
    try:
        heard = msgspec.convert(given, CallerFields, strict=False)
    except msgspec.ValidationError as exc:
        text = str(exc)
        header = text.rpartition("$.")[2].rstrip("`").replace("_", "-")
        raise InvalidRequest(f"{HEADER}{header}: {text.partition(' - at')[0]}.", param=HEADER + header) from exc
    if fields is NO_FIELDS:
        return heard
    merged = msgspec.structs.asdict(heard)
    for name in _NAMES:
        value = getattr(fields, name)
        if value != getattr(NO_FIELDS, name):
            merged[name] = value
    return CallerFields(**merged)


def _tags(value: str) -> dict[str, str]:
    """`ticket=4711,kind=refund`."""
    tags: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in value.split(","))):
        name, equals, content = pair.partition("=")
        if not equals or not name.strip():
            raise InvalidRequest(
                f"{HEADER}tags: {pair!r} is not name=value.",
                remedy="Write x-podium-tags: ticket=4711,kind=refund",
                param=HEADER + "tags",
            )
        tags[name.strip()] = content.strip()
    return tags
