"""What every SDK's users do, as one list: each scenario talks through a driver and asserts what came of it.

A suite gives a `Stage` (a gateway, and what stands behind it) and runs every scenario that its pair can play. What an
API or a wire lacks is declared by name, in `LACKS` for the SDKs and by the suite for the wires behind the gateway.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any, Protocol

import pytest
from msgspec import Struct
from sdk_anthropic import AnthropicDriver
from sdk_gemini import GeminiDriver
from sdk_openai_chat import OpenAIChatDriver
from sdk_openai_responses import OpenAIResponsesDriver
from sdk_talk import Driver, Function, Setup

from podium.testing import Fault

DRIVERS: Mapping[str, Callable[..., Driver]] = {
    "openai-chat": OpenAIChatDriver,
    "openai-responses": OpenAIResponsesDriver,
    "anthropic": AnthropicDriver,
    "gemini": GeminiDriver,
}
"""By the dialect they speak; each takes the gateway's address and, by keyword, `key` and `hear`."""

LACKS: Mapping[str, frozenset[str]] = {
    "openai-chat": frozenset(),
    "openai-responses": frozenset({"stop"}),
    "anthropic": frozenset(),
    "gemini": frozenset({"one call"}),
}
"""What an API has no word for: no scenario asks it of its SDK."""


class Stage(Protocol):
    """What a scenario needs to know of the house behind the gateway."""

    model: str
    """A model that sees, calls tools and answers at once."""
    thinker: str
    """One that reasons first."""

    def sent(self) -> str:
        """The last request that reached a vendor, as text."""
        ...

    def abandoned(self) -> int:
        """Requests whose caller left, so far."""
        ...

    def fails(self, fault: Fault | None) -> None:
        """From now on every vendor fails so; None: all are well."""
        ...

    def eventually(self, check: Callable[[], bool], what: str) -> None: ...


class Scenario(Struct, frozen=True, kw_only=True):
    """One thing users do."""

    name: str
    play: Callable[[Driver, Stage], None]
    needs: frozenset[str] = frozenset()


SCENARIOS: list[Scenario] = []


def scenario(*needs: str) -> Callable[[Callable[[Driver, Stage], None]], Callable[[Driver, Stage], None]]:
    """Puts a function on the list, under its own name."""

    def add(play: Callable[[Driver, Stage], None]) -> Callable[[Driver, Stage], None]:
        SCENARIOS.append(Scenario(name=play.__name__.replace("_", " "), play=play, needs=frozenset(needs)))
        return play

    return add


# --- plain answers -------------------------------------------------------------------------------------------------

WORDS = "the quick brown fox jumps over the lazy dog and comes back for its hat"
EVERY_SCRIPT = 'Zażółć "gęślą" jaźń \\ 漢字かな 한국어 العربية עברית हिन्दी 👩‍👩‍👧‍👦🇪🇺 tab\there\nnew line </script> €'


@scenario()
def whole_and_streamed_say_the_same(driver: Driver, stage: Stage) -> None:
    whole = driver.begin(Setup(model=stage.model)).say(f"Repeat after me: {WORDS}")
    streamed = driver.begin(Setup(model=stage.model)).say(f"Repeat after me: {WORDS}", stream=True)
    assert whole.text == streamed.text == WORDS
    assert whole.end == streamed.end == "stop"
    assert streamed.pieces > 1


@scenario()
def figures_are_the_same_whole_and_streamed(driver: Driver, stage: Stage) -> None:
    whole = driver.begin(Setup(model=stage.model)).say(f"Repeat after me: {WORDS}")
    streamed = driver.begin(Setup(model=stage.model)).say(f"Repeat after me: {WORDS}", stream=True)
    assert (whole.input_tokens, whole.output_tokens) == (streamed.input_tokens, streamed.output_tokens)
    assert whole.input_tokens > 5
    assert whole.output_tokens > 5


@scenario()
def every_script_survives(driver: Driver, stage: Stage) -> None:
    for stream in (False, True):
        said = driver.begin(Setup(model=stage.model)).say(f"Repeat after me: {EVERY_SCRIPT}", stream=stream)
        assert said.text == EVERY_SCRIPT


@scenario()
def a_system_prompt_reaches_the_model(driver: Driver, stage: Stage) -> None:
    talk = driver.begin(Setup(model=stage.model, system="Answer like a lighthouse keeper."))
    talk.say("Repeat after me: hello")
    assert "Answer like a lighthouse keeper." in stage.sent()


@scenario()
def a_second_turn_brings_the_first_along(driver: Driver, stage: Stage) -> None:
    talk = driver.begin(Setup(model=stage.model))
    talk.say("Repeat after me: parrot")
    said = talk.say("Repeat after me: cage", stream=True)
    assert said.text == "cage"
    sent = stage.sent()
    assert "Repeat after me: parrot" in sent
    assert sent.count("parrot") == 2


@scenario()
def a_limit_cuts_and_says_so(driver: Driver, stage: Stage) -> None:
    for stream in (False, True):
        said = driver.begin(Setup(model=stage.model, max_tokens=16)).say(
            f"Repeat after me: {WORDS} {WORDS} {WORDS}", stream=stream
        )
        assert said.end == "length"
        assert said.output_tokens <= 16
        assert WORDS.startswith(said.text[:20])


@scenario("stop")
def a_stop_sequence_ends_the_answer(driver: Driver, stage: Stage) -> None:
    for stream in (False, True):
        said = driver.begin(Setup(model=stage.model, stop=("fox",))).say(f"Repeat after me: {WORDS}", stream=stream)
        assert said.text.rstrip() == "the quick brown"
        assert said.end == "stop"


@scenario("refusal")
def a_refusal_is_told_as_one(driver: Driver, stage: Stage) -> None:
    assert driver.begin(Setup(model=stage.model)).say("Refuse this, please.").end == "refusal"


@scenario("refusal", "refusal in words")
def a_streamed_refusal_is_told_as_one(driver: Driver, stage: Stage) -> None:
    assert driver.begin(Setup(model=stage.model)).say("Refuse this, please.", stream=True).end == "refusal"


# --- tools ---------------------------------------------------------------------------------------------------------

WEATHER = Function(
    name="get_weather",
    description="The weather in a city.",
    parameters={"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)
CLOCK = Function(name="what_time", description="The time now.")


@scenario()
def a_tool_is_called_and_its_result_answered(driver: Driver, stage: Stage) -> None:
    for stream in (False, True):
        talk = driver.begin(Setup(model=stage.model, tools=(WEATHER, CLOCK)))
        said = talk.say('Call get_weather {"city": "Łódź \\"old\\" town"}', stream=stream)
        assert said.end == "tool_calls"
        assert [(call.name, call.arguments) for call in said.calls] == [("get_weather", {"city": 'Łódź "old" town'})]
        told = talk.give(["4 °C, drizzle"], stream=stream)
        assert told.end == "stop"
        assert "4 °C, drizzle" in told.text
        assert not told.calls


@scenario()
def parallel_calls_keep_their_order_and_results(driver: Driver, stage: Stage) -> None:
    for stream in (False, True):
        talk = driver.begin(Setup(model=stage.model, tools=(WEATHER, CLOCK)))
        said = talk.say(
            'Call get_weather {"city": "Oslo"} and what_time {} and get_weather {"city": "Riga"}', stream=stream
        )
        assert [(call.name, call.arguments) for call in said.calls] == [
            ("get_weather", {"city": "Oslo"}),
            ("what_time", {}),
            ("get_weather", {"city": "Riga"}),
        ]
        assert len({call.id for call in said.calls}) == 3
        told = talk.give(["snow in Oslo", "noon", "sun in Riga"], stream=stream)
        places = [told.text.index(result) for result in ("snow in Oslo", "noon", "sun in Riga")]
        assert places == sorted(places)
        assert talk.say("Repeat after me: thanks", stream=stream).text == "thanks"


@scenario()
def a_call_can_be_forced(driver: Driver, stage: Stage) -> None:
    for force in ("any", "what_time"):
        for stream in (False, True):
            talk = driver.begin(Setup(model=stage.model, tools=(WEATHER, CLOCK), force=force))
            said = talk.say("Good morning.", stream=stream)
            assert said.calls
            assert said.calls[0].name == ("what_time" if force == "what_time" else "get_weather")


@scenario("one call")
def parallel_calls_can_be_forbidden(driver: Driver, stage: Stage) -> None:
    talk = driver.begin(Setup(model=stage.model, tools=(WEATHER, CLOCK), parallel=False))
    said = talk.say('Call get_weather {"city": "Oslo"} and what_time {}')
    assert [call.name for call in said.calls] == ["get_weather"]


# --- images and shapes ---------------------------------------------------------------------------------------------

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c63f8cfc0f01f000500010082a4c1560000000049454e44ae426082"
)


@scenario("images")
def an_image_arrives_byte_for_byte(driver: Driver, stage: Stage) -> None:
    digest = blake2b(PNG, digest_size=6).hexdigest()
    for stream in (False, True):
        said = driver.begin(Setup(model=stage.model)).say("Describe the image", image=PNG, stream=stream)
        assert "image/png" in said.text
        assert digest in said.text


SHAPE: Mapping[str, Any] = {
    "type": "object",
    "properties": {"order_id": {"type": "string"}, "urgent": {"type": "boolean"}},
    "required": ["order_id", "urgent"],
    "additionalProperties": False,
}


@scenario("schema")
def an_answer_keeps_to_its_schema(driver: Driver, stage: Stage) -> None:
    for stream in (False, True):
        said = driver.begin(Setup(model=stage.model, schema=SHAPE)).say("Repeat after me: A-12345", stream=stream)
        value = json.loads(said.text)
        assert set(value) == {"order_id", "urgent"}
        assert value["order_id"] == "A-12345"
        assert value["urgent"] is False
        assert not said.calls
        assert said.end == "stop"


# --- reasoning -----------------------------------------------------------------------------------------------------


@scenario("reasoning")
def reasoning_is_shown_and_counted(driver: Driver, stage: Stage) -> None:
    figures = []
    for stream in (False, True):
        said = driver.begin(Setup(model=stage.thinker, thinks=True, max_tokens=4096)).say(
            "Repeat after me: forty-two", stream=stream
        )
        assert said.thoughts
        assert said.text == "forty-two"
        figures.append((said.input_tokens, said.output_tokens))
    assert figures[0] == figures[1]
    assert figures[0][1] > 10


@scenario("reasoning")
def reasoning_goes_back_with_the_tool_results(driver: Driver, stage: Stage) -> None:
    for stream in (False, True):
        talk = driver.begin(Setup(model=stage.thinker, thinks=True, max_tokens=4096, tools=(WEATHER,)))
        said = talk.say('Call get_weather {"city": "Oslo"}', stream=stream)
        assert [call.arguments for call in said.calls] == [{"city": "Oslo"}]
        assert "minus one" in talk.give(["minus one"], stream=stream).text


# --- what goes wrong -----------------------------------------------------------------------------------------------


def _fails(driver: Driver, stage: Stage, setup: Setup, status: int, says: str, *, stream: bool) -> None:
    with pytest.raises(driver.raises(status), match=says) as caught:
        driver.begin(setup).say("Repeat after me: hello", stream=stream)
    assert driver.status_of(caught.value) == status


@scenario()
def an_unknown_model_is_the_sdks_own_error(driver: Driver, stage: Stage) -> None:
    for stream in (False, True):
        _fails(driver, stage, Setup(model="nobody-has-this"), 404, "nobody-has-this", stream=stream)


@scenario()
def a_busy_vendor_is_the_sdks_own_error(driver: Driver, stage: Stage) -> None:
    stage.fails(Fault(kind="status", status=429, retry_after_s=9))
    for stream in (False, True):
        _fails(driver, stage, Setup(model=stage.model), 429, "answered", stream=stream)


@scenario()
def nobody_there_is_the_sdks_own_error(driver: Driver, stage: Stage) -> None:
    stage.fails(Fault(kind="refuse"))
    for stream in (False, True):
        _fails(driver, stage, Setup(model=stage.model), 503, "answered", stream=stream)


@scenario()
def a_stream_that_breaks_is_no_answer(driver: Driver, stage: Stage) -> None:
    """The SDK raises: a cut answer never looks like a whole one."""
    stage.fails(Fault(kind="cut", after=2))
    with pytest.raises(Exception, match=r"before the answer was finished|ended its stream|broke"):
        driver.begin(Setup(model=stage.model)).say(f"Repeat after me: {WORDS}", stream=True)


@scenario()
def leaving_a_stream_ends_the_vendors_work(driver: Driver, stage: Stage) -> None:
    before = stage.abandoned()
    stage.fails(Fault(kind="stall", after=3))
    assert driver.begin(Setup(model=stage.model)).leave(f"Repeat after me: {WORDS}")
    stage.eventually(lambda: stage.abandoned() > before, "the vendor's caller left")
