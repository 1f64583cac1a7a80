"""Rules that contradict themselves or can never match.

A rule that silently never speaks is worse than a missing one: people believe in it.
"""

from __future__ import annotations

import re

from podium.core.settings import RouteSettings, Use, When

from .report import FieldPath, Report

_LANGUAGE = re.compile(r"[a-z]{2}|und")
_ANY_OF = ("task_type", "domain", "modality", "language", "priority", "user", "team")


def check_rules(route_path: FieldPath, route: RouteSettings, report: Report) -> None:
    """Reject the rules of a route that can never match or never be followed; warn of those that ask for nothing."""
    # Counting would be wrong: a rule that could not be read is not in the list.
    places = report.steps_under((*route_path, "rules"))
    for place, rule in zip(places, route.rules, strict=True):
        path = (*route_path, "rules", place)
        if report.sound((*path, "when")):
            _check_when((*path, "when"), rule.when, report)
        if not report.sound((*path, "use")):
            continue
        _check_use((*path, "use"), rule.use, report)
        if rule.use == Use():
            report.warn((*path, "use"), "the rule asks for nothing, so it changes nothing.")
        if route.require.private and rule.use.locality == "cloud":
            report.reject(
                (*path, "use", "locality"),
                "asks for cloud models on a route whose `require` says `private: true`.",
                "Write `local`, or take one of the two away.",
            )


def _check_when(path: FieldPath, when: When, report: Report) -> None:
    for what in ("complexity", "tokens"):
        low, high = getattr(when, f"min_{what}"), getattr(when, f"max_{what}")
        if low is not None and high is not None and low > high:
            report.reject(
                (*path, f"min_{what}"),
                f"is {low}, above `max_{what}` {high}: the rule can never match.",
                "Swap the two, or remove one.",
            )
    for name in _ANY_OF:
        if getattr(when, name) == ():
            report.reject(
                (*path, name), "is an empty list: the rule can never match.", "Name a value, or remove the line."
            )
    if when.language is not None:
        _check_language((*path, "language"), when.language, report)


def _check_language(path: FieldPath, language: str | tuple[str, ...], report: Report) -> None:
    single = isinstance(language, str)
    for place, code in enumerate((language,) if isinstance(language, str) else language):
        if _LANGUAGE.fullmatch(code) is None:
            short = code.strip().lower()[:2]
            example = f"such as `{short}`" if _LANGUAGE.fullmatch(short) else "such as `de`"
            report.reject(
                path if single else (*path, place),
                "is no ISO 639-1 code: the rule can never match.",
                f"Write the two small letters of the language, {example}.",
            )


def _check_use(path: FieldPath, use: Use, report: Report) -> None:
    if use.tier is not None and use.max_tier is not None and use.max_tier < use.tier:
        report.reject(
            (*path, "max_tier"),
            f"is {use.max_tier}, below `tier` {use.tier}: no model can be both.",
            "Raise `max_tier`, or lower `tier`.",
        )
    if use.models == ():
        report.reject((*path, "models"), "is an empty list: no model is left.", "Name a model, or remove the line.")
    for place, model in enumerate(use.models or ()):
        if model in (use.deny or ()):
            report.reject(
                (*path, "models", place),
                "is asked for and denied by the same rule.",
                "Take it out of one of the lists.",
            )
    for name in ("models", "deny"):
        for place, model in enumerate(getattr(use, name) or ()):
            if not model.strip():
                report.reject((*path, name, place), "is empty.", "Name a model, or remove the line.")
