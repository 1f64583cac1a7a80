"""The router: one pure function from a task and its profile to an ordered, explained list of candidates."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from difflib import get_close_matches

from msgspec import Struct

from podium.core.errors import UnknownModel
from podium.core.health import Standing
from podium.core.ids import new_id
from podium.core.settings import PrivacySettings, RouteSettings, RoutingSettings
from podium.core.tasks import Decision, Modality, Operation, Profile, Rejected, Requirements, Task
from podium.models.catalog import Catalog, Deployment

from .constraints import Check, Demand, able_at_all, checks_for, needed_abilities, steady_checks_for
from .estimates import Load, load_of, load_of_transcript, load_of_vectors
from .naming import Naming
from .order import Aim, Ranked, rank
from .privacy import Privacy
from .refusal import many_vectors, nothing_configured, nothing_fits, too_late
from .routes import DEFAULT_ROUTE, Route, ready_routes, route_for_named
from .rules import Wish, ask
from .traits import Traits
from .wording import why

STRONGEST_TIER = 3


class _Choice(Struct, frozen=True, kw_only=True):
    """What the task's `model` field left to choose from."""

    route: Route
    named: str | None
    """The model the caller named; None for `auto`."""
    pool: tuple[Traits, ...]


class Router:
    """Decides. Immutable after construction and free of I/O, so one serves every request.

    Raises ConfigError at construction for a rule that names a model or provider that is not here.
    """

    def __init__(
        self,
        *,
        catalog: Catalog,
        routes: Mapping[str, RouteSettings],
        routing: RoutingSettings,
        privacy: PrivacySettings,
        unlisted: Callable[[str, str], Deployment | None] | None = None,
        absent: Collection[str] = (),
    ) -> None:
        """`unlisted` makes a deployment of a model no catalog lists, None where its provider is not configured.
        `absent` names providers that are known but not usable now: rules may name them."""
        self._low_confidence = routing.low_confidence
        self._privacy = Privacy(privacy)
        self._naming = Naming(catalog, answer_share=routing.answer_share, unlisted=unlisted, absent=absent)
        every = self._naming.every
        self._pools = {
            operation: tuple(each for each in every if able_at_all(each, operation)) or every for operation in Operation
        }
        """Whom `auto` may choose from: models made for other work are no candidates, and not worth a line in a
        decision. Where there is none, everybody, so that a refusal can say what each lacks."""
        self._routes = ready_routes(routes, self._naming)
        self._named = route_for_named(self._routes[DEFAULT_ROUTE])

    def decide(self, task: Task, profile: Profile, *, now: datetime, standing: Mapping[str, Standing]) -> Decision:
        """The candidates in order, those rejected, and why. `standing` is by deployment; one it lacks is healthy.

        Raises UnknownModel for a model or route that is not here, RequirementsNotMet where nothing may do the task,
        InvalidRequest for embeddings where several models could make them and none was named.
        """
        choice = self._choice(task.model, task.operation)
        route, named = choice.route, choice.named
        requirements = route.requirements_with(task.requirements)
        if requirements.deadline is not None and requirements.deadline <= now:
            raise too_late(requirements.deadline, now)
        wish = ask(route.rules[profile.task_type.value], task, profile, task.priority)
        demand = self._demand(task, profile, requirements, wish, now=now, standing=standing)
        pool = choice.pool if wish.pins is None else wish.pins.pool
        if task.operation is Operation.EMBED:
            _only_one_kind(pool, demand)
        checks = checks_for(demand)
        fits, rejected = _sift(pool, checks, demand)
        if not fits:
            if not pool:
                raise nothing_configured()
            remedy = self._privacy.remedy(profile, requirements) if demand.local_reason is not None else ""
            raise nothing_fits(pool, checks, demand, named=named, local_remedy=remedy)
        aim, spoke = self._aim(wish, profile, named, task.operation)
        ranked = rank(fits, demand, aim, now=now)
        return Decision(
            id=new_id("dec"),
            task_id=task.id,
            route=route.name,
            candidates=ranked.candidates,
            rejected=rejected,
            rules=spoke,
            why=why(profile, ranked, aim=aim, named=named, rejected=len(rejected)),
            profile=profile,
            requirements=requirements,
            warnings=self._warnings(profile, demand, ranked, aim, fits, named),
        )

    def _choice(self, model: str, operation: Operation) -> _Choice:
        """Read the task's `model` field."""
        if model in {"auto", ""}:
            return _Choice(route=self._routes[DEFAULT_ROUTE], named=None, pool=self._pools[operation])
        if not model.startswith("auto/"):
            return _Choice(route=self._named, named=model, pool=self._naming.for_caller(model))
        name = model.removeprefix("auto/") or DEFAULT_ROUTE
        route = self._routes.get(name)
        if route is None:
            close = get_close_matches(name, self._routes, n=3, cutoff=0.5) or sorted(self._routes)[:10]
            raise UnknownModel(
                f"There is no route {name!r} here.",
                remedy=f"Try {' or '.join(f'auto/{each}' for each in close)}; `routes` in podium.yaml sets them.",
                param="model",
            )
        return _Choice(route=route, named=None, pool=self._pools[operation])

    def _demand(
        self,
        task: Task,
        profile: Profile,
        requirements: Requirements,
        wish: Wish,
        *,
        now: datetime,
        standing: Mapping[str, Standing],
    ) -> Demand:
        task_type = profile.task_type.value
        cost, deadline = requirements.max_cost, requirements.deadline
        return Demand(
            abilities=needed_abilities(profile, task.operation),
            load=_load(task, profile, bounded=cost is not None, now=now),
            max_tokens=task.options.max_tokens,
            task_type=task_type,
            complexity=min(max(profile.complexity.value, 1), 10),
            wish=wish,
            operation=task.operation,
            keeper=task.keeper,
            local_reason=self._privacy.local_reason(profile, requirements),
            min_quality=requirements.min_quality,
            max_cost=None if cost is None else cost.usd,
            max_latency_ms=requirements.max_latency_ms,
            remaining_ms=None if deadline is None else (deadline - now).total_seconds() * 1000.0,
            standing=standing,
        )

    def _aim(
        self, wish: Wish, profile: Profile, named: str | None, operation: Operation
    ) -> tuple[Aim, tuple[str, ...]]:
        """The tier to start at, and the rules that spoke with `low-confidence` among them where it did."""
        tier, words, spoke = None, "", wish.spoke
        if operation is Operation.EMBED:
            words = "" if named is not None else "the one embedding model here"
        elif named is None and wish.pins is None:
            tier = wish.tier or 1
            words = f"tier {tier} by rule '{wish.tier_rule}'" if wish.tier else f"tier {tier}, as no rule sets one"
            most = wish.max_tier or STRONGEST_TIER
            sure = min(profile.task_type.confidence, profile.complexity.confidence)
            raised = tier + 1 if sure < self._low_confidence else tier
            if min(raised, most) > tier:
                tier, words = raised, f"tier {raised}, one up from {words} for low confidence"
                spoke = (*spoke, "low-confidence")
            elif tier > most:
                tier, words = most, f"tier {most}, held down by rule '{wish.max_tier_rule}'"
        return (
            Aim(
                tier=tier,
                tier_words=words,
                role=wish.role,
                pins=wish.pins,
                pins_rule=wish.pins_rule,
                fast=wish.prefer == "latency",
            ),
            spoke,
        )

    def _warnings(
        self, profile: Profile, demand: Demand, ranked: Ranked, aim: Aim, fits: list[Traits], named: str | None
    ) -> tuple[str, ...]:
        warnings: list[str] = []
        chosen = ranked.candidates[0]
        if profile.sensitivity.value.rank and demand.local_reason is None and not all(each.local for each in fits):
            warnings.append(self._privacy.warning(profile))
        warnings += [
            f"{each.id} is not in the catalog: its abilities, window and quality are taken on trust."
            for each in fits
            if each.trusted
        ]
        if chosen.expected_cost is None:
            warnings.append(f"The price of {chosen.deployment} is unknown: its cost will be shown as unknown.")
        if ranked.first_rests:
            warnings.append(
                f"{chosen.deployment} failed repeatedly just now, as did all its equals; it is tried all the same."
            )
        if aim.tier is not None and chosen.tier < aim.tier:
            warnings.append(f"No model of tier {aim.tier} or above may do this; tier {chosen.tier} is the last resort.")
        if chosen.max_tokens is not None:
            warnings.append(f"max_cost_usd limits the answer to {chosen.max_tokens:,} tokens.")
        if named is not None and (remark := self._naming.remark(named)) is not None:
            warnings.append(remark)
        return tuple(warnings)


def _load(task: Task, profile: Profile, *, bounded: bool, now: datetime) -> Load:
    tokens, seconds = profile.input_tokens, profile.audio_seconds
    if task.operation is Operation.EMBED:
        return load_of_vectors(input_tokens=tokens, now=now)
    if task.operation is Operation.TRANSCRIBE:
        return load_of_transcript(input_tokens=tokens, audio_seconds=seconds, now=now)
    options = task.options
    return load_of(
        profile.task_type.value,
        input_tokens=tokens,
        max_tokens=options.max_tokens,
        answers=options.n,
        audio=Modality.AUDIO in profile.modalities.value,
        now=now,
        audio_seconds=seconds,
        kept=bounded and _asks_for_long_cache(task),
    )


def _asks_for_long_cache(task: Task) -> bool:
    marks = [tool.cache for tool in task.options.tools]
    for message in task.messages:
        marks += [message.cache, *(getattr(part, "cache", None) for part in message.parts)]
    return "1h" in marks


def _only_one_kind(pool: tuple[Traits, ...], demand: Demand) -> None:
    """Raises InvalidRequest where the rules leave several embedding models. What this request happens to hold (private
    data, a cost bound) must not choose between them: the next one would be answered with other vectors."""
    checks = steady_checks_for(demand)
    able = [traits for traits in pool if not demand.abilities & ~traits.abilities]
    kinds: dict[str, str] = {}
    for traits in able:
        if not any(check(traits, demand) for check in checks):
            kinds.setdefault(traits.kin, traits.id)
    if len(kinds) > 1:
        raise many_vectors(tuple(kinds.values()))


def _sift(
    pool: tuple[Traits, ...], checks: tuple[Check, ...], demand: Demand
) -> tuple[list[Traits], tuple[Rejected, ...]]:
    """Those without a fault, and the others with their first."""
    fits: list[Traits] = []
    rejected: list[Rejected] = []
    for traits in pool:
        for check in checks:
            fault = check(traits, demand)
            if fault is not None:
                rejected.append(Rejected(deployment=traits.id, constraint=fault[0], detail=fault[1]))
                break
        else:
            fits.append(traits)
    return fits, tuple(rejected)
