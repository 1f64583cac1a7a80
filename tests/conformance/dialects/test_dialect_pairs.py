"""One list of scenarios for every pair of a client's dialect and a provider's, by official SDKs and over sockets.

Where a gap is declared (`gaps`), the scenario is played all the same, whole and streamed, and must meet that gap: an
error in the caller's dialect or a word in the answer's headers. A gap that has closed fails here until it is struck.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest
from anthropic.resources.messages import Messages
from gaps import CLIENTS, GAPS, LACKS, NEEDS, WIRES, Gap, Missing, gap_of, lacking
from google.genai import types
from openai.resources.chat.completions import Completions
from openai.resources.responses import Responses
from sdk_list import LACKS as SDK_LACKS
from sdk_list import Scenario
from sdk_pairs import every_scenario
from sdk_talk import Conversation, Driver, Lacking, Setup

SEEN_AS = {"anthropic": "anthropic-messages"}
"""What a vendor calls the wire it was spoken to in, where that is not the dialect's name."""
_ALL = every_scenario()
_PAIRS = [(client, wire) for client in CLIENTS for wire in WIRES]


def _label(value: Any) -> str:
    return value.name if isinstance(value, Scenario) else "--".join(value)


def _played(
    wanted: Callable[[str | None, Gap | None], bool],
) -> list[tuple[tuple[str, str], Scenario]]:
    return [
        ((client, wire), scenario)
        for client, wire in _PAIRS
        for scenario in _ALL
        if wanted(lacking(client, scenario.needs), gap_of(client, wire, scenario.needs))
    ]


@pytest.mark.parametrize(
    ("pair", "scenario"),
    _played(lambda lacks, gap: lacks is None and gap is None),
    indirect=["pair"],
    ids=_label,
)
def test_a_pair_plays(pair: Any, scenario: Scenario) -> None:
    before = pair.asked()
    scenario.play(pair.driver, pair)
    if pair.asked() > before:
        assert pair.vendor.seen[-1].wire == SEEN_AS.get(pair.wire, pair.wire)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(
    ("pair", "scenario"),
    _played(lambda lacks, gap: lacks is None and gap is not None and gap.how != "absent"),
    indirect=["pair"],
    ids=_label,
)
def test_a_gap_is_told(pair: Any, scenario: Scenario, stream: bool) -> None:
    gap = gap_of(pair.client, pair.wire, scenario.needs)
    assert gap is not None
    error = _error_of(lambda: scenario.play(_Only(pair.driver, stream=stream), pair))
    assert error is not None, f"{gap.need} works from {pair.client} to {pair.wire}: strike the gap"
    if isinstance(error, AssertionError):
        assert gap.how == "reported", "it answered, without what was asked for"
        assert re.search(gap.says, pair.headers().get("x-podium-warnings", "")), "the loss is not reported"
        return
    assert gap.how == "refused", error
    assert isinstance(error, pair.driver.raises(400)), f"not a refusal of the caller's SDK: {error!r}"
    assert 400 <= pair.driver.status_of(error) < 500, error
    assert re.search(gap.says, str(error)), error


@pytest.mark.parametrize(
    ("client", "need", "missing"),
    [(client, need, missing) for client, lacks in LACKS.items() for need, missing in lacks.items()],
    ids=str,
)
def test_a_client_lacks_the_word(client: str, need: str, missing: Missing, house: Any) -> None:
    """By the SDK's own signatures; and the driver says so instead of asking something else."""
    assert not _words(missing.call) & set(missing.words), f"the SDK can say {need} now: strike it from LACKS"
    scenarios = [scenario for scenario in _ALL if need in scenario.needs]
    assert scenarios, f"no scenario needs {need!r}"
    if need in ("json", "kept answers"):
        return  # nothing a driver could be asked for
    with pytest.raises(Lacking):
        _ask_for(house.drivers[client], need)


def test_every_need_is_named_for_readers() -> None:
    assert {need for scenario in _ALL for need in scenario.needs} == NEEDS.keys()


def test_every_gap_is_met_by_a_scenario() -> None:
    for gap in GAPS:
        met = [scenario for scenario in _ALL if gap.need in scenario.needs]
        assert met, f"no scenario needs {gap.need!r}"
        for client in gap.clients:
            if gap.need not in LACKS[client]:
                assert any(gap_of(client, gap.wire, scenario.needs) is gap for scenario in met), (client, gap)
    for client, needs in SDK_LACKS.items():
        assert needs <= LACKS[client].keys(), "what the gateway's own suite leaves out is declared here too"


def _error_of(play: Callable[[], None]) -> Exception | None:
    try:
        play()
    except Exception as error:  # noqa: BLE001  # of any SDK, or a scenario's own; judged by who asked
        return error
    return None


def _words(call: str) -> set[str]:
    """The parameters of an SDK's method, or the fields of its type."""
    match call:
        case "responses.create":
            return set(inspect.signature(Responses.create).parameters)
        case "completions.create":
            return set(inspect.signature(Completions.create).parameters)
        case "messages.create":
            return set(inspect.signature(Messages.create).parameters)
        case name:
            return set(getattr(types, name).model_fields)


def _ask_for(driver: Driver, need: str) -> None:
    asking: dict[str, Setup] = {
        "stop": Setup(stop=("x",)),
        "seed": Setup(seed=1),
        "several answers": Setup(answers=2),
        "cache marks": Setup(system="x", cached=True),
        "logprobs": Setup(logprobs=True),
        "one call": Setup(parallel=False),
    }
    talk = driver.begin(asking.get(need, Setup()))
    if need == "late instructions":
        talk.instruct("x")


class _Only:
    """A driver all of whose answers are whole, or all streamed."""

    def __init__(self, driver: Driver, *, stream: bool) -> None:
        self._driver = driver
        self._stream = stream

    def begin(self, setup: Setup) -> Conversation:
        return _OnlySo(self._driver.begin(setup), self._stream)  # what it lacks it hands on

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)


class _OnlySo:
    def __init__(self, talk: Conversation, stream: bool) -> None:
        self._talk = talk
        self._stream = stream

    def say(self, text: str, **more: Any) -> Any:
        return self._talk.say(text, **{**more, "stream": self._stream})

    def give(self, results: Any, **more: Any) -> Any:
        return self._talk.give(results, **{**more, "stream": self._stream})

    def __getattr__(self, name: str) -> Any:
        return getattr(self._talk, name)
