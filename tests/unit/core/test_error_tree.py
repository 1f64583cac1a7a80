"""The error tree: the drawing in the docstring is the truth, and every error speaks to people."""

from __future__ import annotations

import inspect
import re

import pytest

from podium.core import errors
from podium.core.errors import (
    AllAttemptsFailed,
    ConfigError,
    FailureKind,
    InvalidRequest,
    PodiumError,
    ProviderError,
    RequestTooLarge,
    RequirementsNotMet,
    StoreError,
    UnknownModel,
)

_LINE = re.compile(r"^ {4}(?P<limbs>[│├└─ ]*)(?P<name>[A-Z]\w+)(?: +(?P<rest>.*))?$")


def _drawing() -> dict[str, tuple[str | None, str]]:
    """Class -> (its parent, what is written beside it), as drawn."""
    drawn: dict[str, tuple[str | None, str]] = {}
    branch: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        found = _LINE.match(line)
        if found is None:
            continue
        depth = len(found["limbs"]) // 4
        del branch[depth:]
        drawn[found["name"]] = (branch[-1] if branch else None, found["rest"] or "")
        branch.append(found["name"])
    return drawn


def _classes() -> dict[str, type[PodiumError]]:
    found = inspect.getmembers(errors, inspect.isclass)
    return {name: cls for name, cls in found if issubclass(cls, PodiumError)}


def test_the_drawing_is_the_tree() -> None:
    real = {name: cls.__base__.__name__ if cls is not PodiumError else None for name, cls in _classes().items()}  # type: ignore[union-attr]  # every class has a base
    drawn = {name: parent for name, (parent, _) in _drawing().items()}
    assert drawn == real
    assert len(drawn) >= 10, "a drawing that cannot be read would prove nothing"


def test_the_statuses_drawn_are_the_statuses_sent() -> None:
    statuses = {name: found[0] for name, (_, text) in _drawing().items() if (found := re.match(r"\d+", text))}
    assert {"InvalidRequest", "UnknownModel", "RequestTooLarge", "RequirementsNotMet"} <= statuses.keys()
    for name, status in statuses.items():
        if name != "AllAttemptsFailed":
            assert str(_classes()[name].status) == status


def test_codes_are_unique_but_for_the_families_own() -> None:
    codes = [cls.code for cls in _classes().values() if cls not in (errors.RequestError,)]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (PodiumError("It broke."), "It broke."),
        (PodiumError("It broke.", remedy="Mend it."), "It broke. Mend it."),
        (ConfigError("Wrong.", where="podium.yaml:3", field="engine.retries"), "podium.yaml:3: engine.retries: Wrong."),
        (ConfigError("Wrong.", field="store", remedy="Fix."), "store: Wrong. Fix."),
        (ConfigError("Wrong."), "Wrong."),
        (StoreError("Gone.", remedy="Look."), "Gone. Look."),
        (InvalidRequest("No.", param="model"), "No."),
        (UnknownModel("Who?", remedy="Try x."), "Who? Try x."),
        (RequestTooLarge("Big."), "Big."),
        (RequirementsNotMet("None.", reasons=("a: cost",)), "None."),
        (ProviderError("Down.", kind=FailureKind.TIMEOUT, provider="acme", remedy="Wait."), "Down. Wait."),
        (AllAttemptsFailed("All.", remedy="Later.", decision_id="dec_1", tried=("a: b",)), "All. Later."),
    ],
)  # fmt: skip
def test_an_error_says_what_happened_and_what_to_do(error: PodiumError, text: str) -> None:
    assert str(error) == text
    assert isinstance(error, Exception)


def test_what_errors_carry() -> None:
    provider = ProviderError("x", kind=FailureKind.RATE_LIMITED, provider="acme", retry_after_s=2.0, http_status=429)
    assert (provider.kind, provider.retry_after_s, provider.http_status) == (FailureKind.RATE_LIMITED, 2.0, 429)
    everything = AllAttemptsFailed("x", remedy="y", decision_id="dec_1", tried=("a",), http_status=503)
    assert (everything.request_id, everything.http_status, everything.retry_after_s) == ("dec_1", 503, None)
