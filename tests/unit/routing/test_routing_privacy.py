"""Private data: local models from the threshold on, a warning below it, a refusal rather than an exception."""

from __future__ import annotations

from typing import Any

import pytest

from podium.core.errors import RequirementsNotMet
from podium.core.settings import Rule, Use, When
from podium.core.tasks import Requirements, Sensitivity

LEVELS = ["personal", "confidential", "secret", "never"]


@pytest.mark.parametrize("threshold", LEVELS)
@pytest.mark.parametrize("level", list(Sensitivity))
def test_from_the_threshold_on_only_local_models(make: Any, threshold: str, level: Sensitivity) -> None:
    cloud, home = make.deployment("cloud/m"), make.deployment("home/m", local=True, price=None)
    router = make.router([cloud, home], local_only=threshold)
    decision = make.decide(router, sensitivity=level, findings=("email",))
    stays = level.rank > 0 and threshold != "never" and level.rank >= Sensitivity(threshold).rank
    assert make.ids(decision) == (["home/m"] if stays else ["cloud/m", "home/m"])
    warned = any("may be answered in the cloud" in warning for warning in decision.warnings)
    assert warned == (not stays and level is not Sensitivity.NONE)


def test_without_a_local_model_it_is_refused_with_the_three_ways_out(make: Any) -> None:
    router = make.router([make.deployment("cloud/m")])
    for model in ("auto", "cloud/m", "m"):
        with pytest.raises(RequirementsNotMet, match=r"confidential data \(card\)") as refusal:
            make.decide(router, make.task(model), sensitivity=Sensitivity.CONFIDENTIAL, findings=("card",))
        remedy = refusal.value.remedy
        assert "local model server" in remedy
        assert "sensitivity: none" in remedy
        assert "privacy.local_only" in remedy


def test_private_requirement_names_itself(make: Any) -> None:
    with pytest.raises(RequirementsNotMet, match="asks for private") as refusal:
        make.decide(make.router([make.deployment("cloud/m")]), make.task(requirements=Requirements(private=True)))
    assert "without `private`" in refusal.value.remedy


def test_a_rule_may_be_stricter_than_the_setting(make: Any) -> None:
    rule = Rule(name="home", when=When(sensitivity=Sensitivity.PERSONAL), use=Use(locality="local"))
    router = make.router([make.deployment("cloud/m"), make.deployment("home/m", local=True)], rule)
    assert make.ids(make.decide(router, sensitivity=Sensitivity.PERSONAL)) == ["home/m"]
    assert len(make.decide(router).candidates) == 2


def test_a_rule_cannot_be_laxer_than_the_setting(make: Any) -> None:
    router = make.router(
        [make.deployment("cloud/m"), make.deployment("home/m", local=True)], Rule(use=Use(locality="cloud"))
    )
    with pytest.raises(RequirementsNotMet):
        make.decide(router, sensitivity=Sensitivity.SECRET)
