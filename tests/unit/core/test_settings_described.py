"""Settings: every field says what it is, in what unit, and has a default that is itself allowed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from podium.core.settings import PriceSettings, RequireSettings, RouteSettings, Settings, json_schema


def _groups(group: type[msgspec.Struct], seen: set[type] | None = None) -> Iterator[type[msgspec.Struct]]:
    """Every group of settings, from the root down."""
    seen = set() if seen is None else seen
    if group in seen:
        return
    seen.add(group)
    yield group
    for hint in get_type_hints(group).values():
        for part in _parts(hint):
            yield from _groups(part, seen)


def _parts(hint: Any) -> Iterator[type[msgspec.Struct]]:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        yield hint
    for inner in get_args(hint):
        yield from _parts(inner)


_GROUPS = list(_groups(Settings))
_FIELDS = [(group, field) for group in _GROUPS for field in msgspec.structs.fields(group)]


def test_the_walk_finds_them_all() -> None:
    assert {"ProviderSettings", "When", "Use", "Rule", "SpeedSettings", "PriceSettings"} <= {
        g.__name__ for g in _GROUPS
    }
    assert len(_FIELDS) > 60


@pytest.mark.parametrize(("group", "field"), _FIELDS, ids=[f"{g.__name__}.{f.name}" for g, f in _FIELDS])
def test_every_setting_is_described(group: type[msgspec.Struct], field: Any) -> None:
    hint = get_type_hints(group, include_extras=True)[field.name]
    metas = [meta for meta in getattr(hint, "__metadata__", ()) if isinstance(meta, msgspec.Meta) and meta.description]
    assert len(metas) == 1, f"{group.__name__}.{field.name} has no description of its own"
    assert metas[0].description.endswith(".")
    assert len(metas[0].description) > 8


@pytest.mark.parametrize("group", _GROUPS, ids=lambda group: group.__name__)
def test_every_group_says_where_it_lives_and_refuses_what_it_does_not_know(group: type[msgspec.Struct]) -> None:
    assert group.__doc__
    assert group.__struct_config__.forbid_unknown_fields
    assert group.__struct_config__.frozen


def test_the_defaults_are_a_set_up_that_reads_back() -> None:
    assert msgspec.json.decode(msgspec.json.encode(Settings()), type=Settings) == Settings()


def test_the_schema_carries_the_descriptions() -> None:
    schema = json_schema()
    assert schema["title"] == "podium.yaml"
    for name, definition in schema["$defs"].items():
        for field, facts in definition.get("properties", {}).items():
            assert "description" in facts, f"{name}.{field}"


@pytest.mark.parametrize("price", ["-1", "nan", "inf"])
def test_a_price_is_an_amount(price: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="input"):
        msgspec.json.decode(f'{{"input": "{price}", "output": "1"}}', type=PriceSettings)
    with pytest.raises(msgspec.ValidationError, match="max_cost_usd"):
        msgspec.json.decode(f'{{"max_cost_usd": "{price}"}}', type=RequireSettings)


def test_the_priority_of_a_route() -> None:
    settings = Settings(
        routes={"support": RouteSettings(priority="interactive"), "default": RouteSettings(priority="background")}
    )
    assert settings.priority_on("auto/support") == "interactive"
    assert settings.priority_on("auto") == "background"
    assert settings.priority_on("openai/gpt") == "background"
    assert settings.priority_on("auto/unknown") == "normal"
    assert Settings().priority_on("auto") == "normal"
