"""Rules made ready to be asked, and what they ask for: the first matching rule that sets a field decides that field.

Everything a rule names is looked up when the router is made, so a misspelt model is a start-up error with a
suggestion, never a rule that silently does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from podium.core.settings import ModelRole, Rule, Use, When
from podium.core.tasks import Locality, Priority, Profile, Task, TaskType

from .naming import Naming
from .traits import Traits

Condition = Callable[[Task, Profile, Priority], bool]


class Pins(Struct, frozen=True, kw_only=True):
    """The `models` of one rule, found."""

    places: Mapping[str, int]
    """Deployment -> its entry's place in the list, 0 first."""
    pool: tuple[Traits, ...]
    """The catalog, and with it any pinned deployment that is not listed there."""


class ReadyRule(Struct, frozen=True, kw_only=True):
    """One rule, ready to be asked."""

    name: str
    conditions: tuple[Condition, ...]
    use: Use
    types: frozenset[TaskType] | None = None
    """The kinds of work it is for; None for all."""
    pins: Pins | None = None
    denials: frozenset[str] | None = None
    """Names of models, providers and `provider/model` that may not be used."""

    def matches(self, task: Task, profile: Profile, priority: Priority) -> bool:
        """Whether every condition holds."""
        for condition in self.conditions:  # noqa: SIM110  # all() over a generator costs three times as much
            if not condition(task, profile, priority):
                return False
        return True


class Wish(Struct, kw_only=True):
    """What the rules asked for together. Filled while they are asked, read-only after."""

    spoke: tuple[str, ...] = ()
    tier: int | None = None
    max_tier: int | None = None
    locality: Locality | None = None
    pins: Pins | None = None
    denials: frozenset[str] | None = None
    role: ModelRole | None = None
    prefer: str | None = None
    tier_rule: str = ""
    max_tier_rule: str = ""
    locality_rule: str = ""
    pins_rule: str = ""
    denials_rule: str = ""


def ask(rules: Iterable[ReadyRule], task: Task, profile: Profile, priority: Priority) -> Wish:
    """Ask every rule in order."""
    wish, spoke = Wish(), []
    for rule in rules:
        if rule.matches(task, profile, priority) and _adopt(wish, rule):
            spoke.append(rule.name)
    wish.spoke = tuple(spoke)
    return wish


def by_type(rules: Sequence[ReadyRule]) -> dict[TaskType, tuple[ReadyRule, ...]]:
    """The rules that may speak for each kind of work, in order."""
    return {kind: tuple(rule for rule in rules if rule.types is None or kind in rule.types) for kind in TaskType}


def prohibitions(rules: Iterable[ReadyRule]) -> tuple[ReadyRule, ...]:
    """Of these rules what binds a caller who names a model: where it may run, what is denied, what orders equals."""
    return tuple(
        ReadyRule(
            name=rule.name,
            conditions=rule.conditions,
            use=Use(locality=rule.use.locality, prefer=rule.use.prefer),
            denials=rule.denials,
        )
        for rule in rules
        if rule.use.locality is not None or rule.denials is not None or rule.use.prefer is not None
    )


def _adopt(wish: Wish, rule: ReadyRule) -> bool:
    """Take over the fields nobody decided yet; whether there was one."""
    use, took = rule.use, False
    if use.tier is not None and wish.tier is None:
        wish.tier, wish.tier_rule, took = use.tier, rule.name, True
    if use.max_tier is not None and wish.max_tier is None:
        wish.max_tier, wish.max_tier_rule, took = use.max_tier, rule.name, True
    if use.locality is not None and wish.locality is None:
        wish.locality, wish.locality_rule, took = use.locality, rule.name, True
    if rule.pins is not None and wish.pins is None:
        wish.pins, wish.pins_rule, took = rule.pins, rule.name, True
    if rule.denials is not None and wish.denials is None:
        wish.denials, wish.denials_rule, took = rule.denials, rule.name, True
    if use.role is not None and wish.role is None:
        wish.role, took = use.role, True
    if use.prefer is not None and wish.prefer is None:
        wish.prefer, took = use.prefer, True
    return took


def make_ready(rules: Iterable[Rule], *, naming: Naming, where: str) -> tuple[ReadyRule, ...]:
    """Look up what the rules name. `where` is their place in the configuration, such as `routes.support.rules`.

    Raises ConfigError for a model or provider that is not here.
    """
    return tuple(
        _ready(rule, name=rule.name or f"{where}[{place}]", naming=naming, where=f"{where}[{place}].use")
        for place, rule in enumerate(rules)
    )


def _ready(rule: Rule, *, name: str, naming: Naming, where: str) -> ReadyRule:
    use = rule.use
    return ReadyRule(
        name=name,
        conditions=conditions(rule.when),
        types=_types(rule.when),
        use=use,
        pins=None if use.models is None else _pins(use.models, naming, f"{where}.models"),
        denials=None if use.deny is None else _denials(use.deny, naming, f"{where}.deny"),
    )


def _pins(names: tuple[str, ...], naming: Naming, where: str) -> Pins:
    places: dict[str, int] = {}
    trusted: dict[str, Traits] = {}
    for place, name in enumerate(names):
        for traits in naming.require(name, field=where):
            places.setdefault(traits.id, place)
            if traits.trusted:
                trusted[traits.id] = traits
    pool = [trusted.pop(traits.id, traits) for traits in naming.every]
    return Pins(places=places, pool=(*pool, *trusted.values()))


def _denials(names: tuple[str, ...], naming: Naming, where: str) -> frozenset[str]:
    """The words themselves: they must also hold for a model that nobody listed when the rule was read."""
    for name in names:
        if name not in naming.providers:
            naming.require(name, field=where)
    return frozenset(names)


def _types(when: When) -> frozenset[TaskType] | None:
    return None if when.task_type is None else _any_of(when.task_type)


def conditions(when: When) -> tuple[Condition, ...]:
    """One small function for each field given but `task_type` (see `by_type`); none given always holds."""
    made: list[Condition] = []
    if when.domain is not None:
        domains = _any_of(when.domain)
        made.append(lambda task, profile, priority: profile.domain.value in domains)
    if when.modality is not None:
        modalities = _any_of(when.modality)
        made.append(lambda task, profile, priority: not modalities.isdisjoint(profile.modalities.value))
    if when.language is not None:
        languages = _any_of(when.language)
        made.append(lambda task, profile, priority: profile.language.value in languages)
    if when.sensitivity is not None:
        least = when.sensitivity.rank
        made.append(lambda task, profile, priority: profile.sensitivity.value.rank >= least)
    if when.priority is not None:
        priorities = _any_of(when.priority)
        made.append(lambda task, profile, priority: priority in priorities)
    made += _bounds(when)
    if when.tools is not None:
        tools = when.tools
        made.append(lambda task, profile, priority: profile.needs_tools == tools)
    if when.user is not None:
        users = _any_of(when.user)
        made.append(lambda task, profile, priority: task.user in users)
    if when.team is not None:
        teams = _any_of(when.team)
        made.append(lambda task, profile, priority: task.team in teams)
    if when.tags:
        tags = when.tags.items()
        made.append(lambda task, profile, priority: tags <= task.tags.items())
    return tuple(made)


def _bounds(when: When) -> list[Condition]:
    made: list[Condition] = []
    if when.min_complexity is not None:
        from_level = when.min_complexity
        made.append(lambda task, profile, priority: profile.complexity.value >= from_level)
    if when.max_complexity is not None:
        to_level = when.max_complexity
        made.append(lambda task, profile, priority: profile.complexity.value <= to_level)
    if when.min_tokens is not None:
        from_tokens = when.min_tokens
        made.append(lambda task, profile, priority: profile.input_tokens >= from_tokens)
    if when.max_tokens is not None:
        to_tokens = when.max_tokens
        made.append(lambda task, profile, priority: profile.input_tokens <= to_tokens)
    return made


def _any_of(value: Any) -> frozenset[Any]:
    """A setting that takes one value or a list of them, as a set."""
    return frozenset(value) if isinstance(value, tuple) else frozenset((value,))
