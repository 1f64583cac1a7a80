"""More of what every SDK's users do, where it matters which wire stands behind the gateway.

The suite of all pairs plays `sdk_list.SCENARIOS` and these. Most look at what the vendor was sent, or at what the
caller's figures and headers say, so they ask more of their stage.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Protocol

import pytest
from sdk_list import CLOCK, PNG, SCENARIOS, SHAPE, WEATHER, WORDS, Scenario, Stage
from sdk_sent import answered_calls, sent_reasoning
from sdk_talk import Driver, Said, Setup

from podium.testing import Fault


class PairStage(Stage, Protocol):
    """What these scenarios need to know besides."""

    client: str
    wire: str
    """What the vendor behind the gateway is spoken to in."""
    secretive: str
    """A model some of whose reasoning nobody can read."""
    terse: str
    """A model whose calls have no ids and whose streams finish late, where the wire has such; else the usual one."""
    hoarder: str
    """A model that finds half of every prompt in its cache."""
    elsewhere: tuple[str, ...]
    """Models that reason, of every other vendor."""
    twin: str
    """A model that another vendor has, too."""
    prices: Mapping[str, Decimal]
    """Dollars for a million tokens: `input`, `output`, `cached`."""
    picture: str
    """Address of a picture on this machine."""

    def asked(self) -> int:
        """Requests the vendor has seen."""
        ...

    def fetched(self) -> int:
        """How often the picture was fetched."""
        ...

    def headers(self) -> Mapping[str, str]:
        """Of the latest response the SDK had."""
        ...

    def booked(self) -> Mapping[str, Any]:
        """The ledger's latest entry."""
        ...


MORE: list[Scenario] = []
Play = Callable[[Driver, Any], None]


def scenario(*needs: str) -> Callable[[Play], Play]:
    """Puts a function on the list, under its own name."""

    def add(play: Play) -> Play:
        MORE.append(Scenario(name=play.__name__.replace("_", " "), play=play, needs=frozenset(needs)))
        return play

    return add


def every_scenario() -> tuple[Scenario, ...]:
    """The whole list."""
    return (*SCENARIOS, *MORE)


# --- figures -------------------------------------------------------------------------------------------------------


def _cost(said: Said, prices: Mapping[str, Decimal]) -> Decimal:
    fresh = said.input_tokens - said.cached_tokens
    total = fresh * prices["input"] + said.cached_tokens * prices["cached"] + said.output_tokens * prices["output"]
    return total / 1_000_000


@scenario()
def figures_are_the_vendors_own_and_priced_once(driver: Driver, stage: PairStage) -> None:
    for stream in (False, True):
        said = driver.begin(Setup(model=stage.model)).say(f"Repeat after me: {WORDS}", stream=stream)
        # The simulated vendors' rule: four characters a token, and four tokens for each message.
        assert said.input_tokens == 4 + -(-len(f"Repeat after me: {WORDS}") // 4)
        assert said.output_tokens == -(-len(WORDS) // 4)
        if not stream:
            assert Decimal(stage.headers()["x-podium-cost-usd"]) == _cost(said, stage.prices)
        booked = stage.booked()
        assert Decimal(str(booked["cost_usd"])) == _cost(said, stage.prices)


@scenario("cached figures")
def cached_tokens_are_told_and_priced_as_such(driver: Driver, stage: PairStage) -> None:
    for stream in (False, True):
        said = driver.begin(Setup(model=stage.hoarder)).say(f"Repeat after me: {WORDS}", stream=stream)
        assert said.cached_tokens == said.input_tokens // 2
        assert Decimal(str(stage.booked()["cost_usd"])) == _cost(said, stage.prices)


# --- instructions and options --------------------------------------------------------------------------------------


@scenario()
def several_instructions_all_reach_the_model(driver: Driver, stage: PairStage) -> None:
    setup = Setup(model=stage.model, system="Be brief.", also=("Be kind: żółw.", "Be exact."))
    assert driver.begin(setup).say("Repeat after me: hello").text == "hello"
    sent = json.dumps(json.loads(stage.sent()), ensure_ascii=False)
    assert "Be brief." in sent
    assert sent.index("Be kind: żółw.") < sent.index("Be exact.")


@scenario("late instructions")
def instructions_in_the_middle_reach_the_model(driver: Driver, stage: PairStage) -> None:
    talk = driver.begin(Setup(model=stage.model, system="Be brief."))
    talk.say("Repeat after me: one")
    talk.instruct("From here on, be long-winded.")
    assert talk.say("Repeat after me: two").text == "two"
    assert "From here on, be long-winded." in stage.sent()


@scenario("sampling")
def sampling_reaches_the_model(driver: Driver, stage: PairStage) -> None:
    # One at a time: newer Claude models take no two at once.
    driver.begin(Setup(model=stage.model, temperature=0.25)).say("Repeat after me: hello")
    assert "0.25" in stage.sent()
    driver.begin(Setup(model=stage.model, top_p=0.875)).say("Repeat after me: hello", stream=True)
    assert "0.875" in stage.sent()


@scenario("seed")
def a_seed_reaches_the_model(driver: Driver, stage: PairStage) -> None:
    driver.begin(Setup(model=stage.model, seed=424_242)).say("Repeat after me: hello")
    assert "424242" in stage.sent()


@scenario("several answers")
def several_answers_are_several(driver: Driver, stage: PairStage) -> None:
    assert driver.begin(Setup(model=stage.model, answers=2)).say("Repeat after me: hello").answers == 2


@scenario("logprobs")
def log_probabilities_come_with_the_answer(driver: Driver, stage: PairStage) -> None:
    assert driver.begin(Setup(model=stage.model, logprobs=True)).say("Repeat after me: hello").logprobs


@scenario("json")
def json_of_any_shape_is_json(driver: Driver, stage: PairStage) -> None:
    for stream in (False, True):
        setup = Setup(model=stage.model, json=True, system="Answer in JSON.")
        said = driver.begin(setup).say('Repeat after me: {"anything": [1, 2]}', stream=stream)
        assert json.loads(said.text) == {"anything": [1, 2]}
        assert not said.calls


@scenario("cache marks")
def a_cache_mark_reaches_the_vendor(driver: Driver, stage: PairStage) -> None:
    setup = Setup(model=stage.model, system=f"You are a librarian of {stage.client}. " * 40, cached=True)
    first = driver.begin(setup).say("Repeat after me: one")
    assert '"cache_control"' in stage.sent() or '"cachePoint"' in stage.sent()
    second = driver.begin(setup).say("Repeat after me: two", stream=True)
    if stage.wire in ("anthropic", "bedrock-converse"):  # whose vendor keeps what is marked
        assert (first.cached_tokens, second.written_tokens) == (0, 0)
        # OpenAI's chat has no figure for what was written.
        assert second.cached_tokens > 300
        if stage.client == "anthropic":
            assert first.written_tokens == second.cached_tokens
        assert abs(first.input_tokens - second.input_tokens) <= 1


@scenario()
def characters_cut_in_two_on_the_way_are_whole(driver: Driver, stage: PairStage) -> None:
    """The vendor writes an é at the end of every piece, and the network cuts each in two."""
    stage.fails(Fault(kind="split_character"))
    for stream in (False, True):
        said = driver.begin(Setup(model=stage.model)).say(f"Repeat after me: {WORDS}", stream=stream)
        assert said.text.replace("é", "") == WORDS
        assert "é" in said.text


_NONSENSE = r"sent a stream|sent something that is no"


@scenario()
def half_a_character_is_no_answer(driver: Driver, stage: PairStage) -> None:
    stage.fails(Fault(kind="half_character"))
    for stream in (False, True):
        with pytest.raises(Exception, match=_NONSENSE):
            driver.begin(Setup(model=stage.model)).say(f"Repeat after me: {WORDS}", stream=stream)


# --- tools ---------------------------------------------------------------------------------------------------------


@scenario()
def results_in_another_order_find_their_calls(driver: Driver, stage: PairStage) -> None:
    for stream in (False, True):
        talk = driver.begin(Setup(model=stage.terse, tools=(WEATHER, CLOCK)))
        said = talk.say(
            'Call get_weather {"city": "Oslo"} and what_time {} and get_weather {"city": "Riga"}', stream=stream
        )
        assert [call.name for call in said.calls] == ["get_weather", "what_time", "get_weather"]
        told = talk.give(["snow in Oslo", "noon", "sun in Riga"], order=(2, 0, 1), stream=stream)
        assert all(result in told.text for result in ("snow in Oslo", "noon", "sun in Riga"))
        found = answered_calls(stage.wire, stage.sent())
        if not all(call.id for call in said.calls):
            # Without ids nothing but their order tells two calls of one name apart, and the caller changed it.
            assert {result: name for result, (name, _) in found.items()} == {
                "snow in Oslo": "get_weather",
                "noon": "what_time",
                "sun in Riga": "get_weather",
            }
        else:
            assert found == {
                "snow in Oslo": ("get_weather", {"city": "Oslo"}),
                "noon": ("what_time", {}),
                "sun in Riga": ("get_weather", {"city": "Riga"}),
            }


@scenario()
def a_late_finish_still_means_the_calls(driver: Driver, stage: PairStage) -> None:
    talk = driver.begin(Setup(model=stage.terse, tools=(WEATHER,)))
    said = talk.say('Call get_weather {"city": "Oslo"}', stream=True)
    assert [call.arguments for call in said.calls] == [{"city": "Oslo"}]
    assert said.end == "tool_calls"
    assert talk.give(["snow"], stream=True).end == "stop"


@scenario()
def tools_that_may_not_be_called_are_not(driver: Driver, stage: PairStage) -> None:
    for stream in (False, True):
        talk = driver.begin(Setup(model=stage.model, tools=(WEATHER, CLOCK), force="none"))
        said = talk.say("Call get_weather {}", stream=stream)
        assert not said.calls
        assert said.end == "stop"


@scenario("schema", "tools beside a schema")
def tools_and_a_schema_go_together(driver: Driver, stage: PairStage) -> None:
    talk = driver.begin(Setup(model=stage.model, tools=(WEATHER,), schema=SHAPE))
    said = talk.say('Call get_weather {"city": "Oslo"}', stream=True)
    assert [call.name for call in said.calls] == ["get_weather"]
    told = json.loads(talk.give(["snow"]).text)
    assert set(told) == {"order_id", "urgent"}


# --- images --------------------------------------------------------------------------------------------------------


@scenario("images")
def two_images_arrive_in_order(driver: Driver, stage: PairStage) -> None:
    talk = driver.begin(Setup(model=stage.model))
    talk.say("Repeat after me: look", image=PNG)
    said = talk.say("Describe the images", image=PNG + b"\0")
    assert f"{len(PNG)} bytes" in said.text
    assert said.text.index(f"{len(PNG)} bytes") < said.text.index(f"{len(PNG) + 1} bytes")


@scenario("image addresses")
def an_images_address_is_passed_on(driver: Driver, stage: PairStage) -> None:
    said = driver.begin(Setup(model=stage.model)).say("Describe the image", image=stage.picture)
    assert said.text == f"image at {stage.picture}"
    assert stage.fetched() == 0, "the address is private; nobody here may look behind it"


# --- reasoning -----------------------------------------------------------------------------------------------------


@scenario("reasoning", "signed reasoning")
def signed_reasoning_goes_back_to_its_maker(driver: Driver, stage: PairStage) -> None:
    """The vendor checks every signature and every cipher it is shown, and wants them in the middle of tool use."""
    for stream in (False, True):
        talk = driver.begin(Setup(model=stage.thinker, thinks=True, max_tokens=4096, tools=(WEATHER,)))
        said = talk.say('Call get_weather {"city": "Oslo"}', stream=stream)
        assert said.calls
        assert "minus one" in talk.give(["minus one"], stream=stream).text
        assert sent_reasoning(stage.wire, stage.sent()), "no proof of the reasoning went back"
        assert talk.say("Repeat after me: thanks", stream=stream).text == "thanks"


@scenario()
def reasoning_nobody_asked_to_see_goes_back_too(driver: Driver, stage: PairStage) -> None:
    """Gemini's models think and sign their calls unasked, and refuse to go on without the signature."""
    for stream in (False, True):
        talk = driver.begin(Setup(model=stage.thinker, max_tokens=4096, tools=(WEATHER, CLOCK)))
        said = talk.say('Call get_weather {"city": "Oslo"} and what_time {}', stream=stream)
        assert [call.name for call in said.calls] == ["get_weather", "what_time"]
        assert "minus one" in talk.give(["minus one", "noon"], stream=stream).text
        if stage.wire == "gemini":
            assert sent_reasoning(stage.wire, stage.sent()), "the call went back without its own signature"
        assert talk.say("Repeat after me: thanks", stream=stream).text == "thanks"


@scenario("reasoning", "sealed reasoning")
def sealed_reasoning_goes_back_to_its_maker(driver: Driver, stage: PairStage) -> None:
    for stream in (False, True):
        talk = driver.begin(Setup(model=stage.secretive, thinks=True, max_tokens=4096, tools=(WEATHER,)))
        talk.say('Call get_weather {"city": "Oslo"}', stream=stream)
        assert "minus one" in talk.give(["minus one"], stream=stream).text
        assert sent_reasoning(stage.wire, stage.sent(), sealed=True), "what was sealed did not go back"


@scenario("reasoning")
def a_conversation_goes_on_at_another_vendor(driver: Driver, stage: PairStage) -> None:
    """In the middle of tool use: no vendor takes another's signatures, and each refuses what it does not know."""
    for number, elsewhere in enumerate(stage.elsewhere):
        stream = number % 2 == 0
        setup = Setup(model=elsewhere, thinks=True, max_tokens=4096, tools=(WEATHER, CLOCK))
        talk = driver.begin(setup)
        talk.say('Call get_weather {"city": "Oslo"} and what_time {}', stream=stream)
        talk.move(stage.thinker)
        assert "minus one" in talk.give(["minus one", "noon"], stream=stream).text
        assert talk.say("Repeat after me: here", stream=not stream).text == "here"
        talk.move(elsewhere)
        assert talk.say("Repeat after me: back", stream=stream).text == "back"


@scenario("kept answers")
def a_conversation_goes_on_from_a_kept_answer(driver: Driver, stage: PairStage) -> None:
    """By the identifier of an answer; reasoning goes back with the tool's result though the caller sends none."""
    responses = driver.client.responses  # type: ignore[attr-defined]  # the one SDK whose API has this
    tool = {"type": "function", "name": WEATHER.name, "parameters": dict(WEATHER.parameters), "strict": False}
    fields: Any = {"model": stage.thinker, "tools": [tool], "reasoning": {"effort": "low"}, "max_output_tokens": 4096}
    fields["include"] = ["reasoning.encrypted_content"]  # OpenAI's own answers lack it otherwise
    first = responses.create(input='Call get_weather {"city": "Oslo"}', **fields)
    (call,) = [item for item in first.output if item.type == "function_call"]
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "minus one"}
    second = responses.create(previous_response_id=first.id, input=[result], **fields)
    assert "minus one" in second.output_text
    if stage.wire != "openai-chat":
        assert sent_reasoning(stage.wire, stage.sent()), "no proof of the reasoning went back"
    with responses.stream(previous_response_id=second.id, input="Repeat after me: thanks", **fields) as events:
        assert events.get_final_response().output_text == "thanks"
    assert "Oslo" in stage.sent()


@scenario("reasoning", "forced thought")
def a_forced_tool_leaves_no_room_for_thought(driver: Driver, stage: PairStage) -> None:
    setup = Setup(model=stage.thinker, thinks=True, max_tokens=4096, tools=(WEATHER,), force="get_weather")
    assert driver.begin(setup).say("Good morning.").calls


# --- what goes wrong -----------------------------------------------------------------------------------------------


def _error(driver: Driver, stage: PairStage, fault: Fault, status: int, *, stream: bool) -> Exception:
    stage.fails(fault)
    with pytest.raises(driver.raises(status)) as caught:
        driver.begin(Setup(model=stage.model)).say(f"Repeat after me: {WORDS}", stream=stream)
    assert driver.status_of(caught.value) == status
    return caught.value


@scenario()
def an_error_keeps_its_meaning(driver: Driver, stage: PairStage) -> None:
    """The vendor's refusal of a request is the caller's to mend; its refusal of Podium's key is not."""
    overloaded = 529 if stage.wire == "anthropic" else 503
    for fault, status in ((400, 400), (401, 502), (500, 502), (overloaded, 503)):
        error = _error(driver, stage, Fault(kind="status", status=fault), status, stream=fault in (401, overloaded))
        assert status < 500 or stage.wire in str(error), "the error names the vendor that failed"
    assert stage.headers().get("request-id" if stage.client == "anthropic" else "x-request-id")


@scenario()
def how_long_to_wait_is_passed_on(driver: Driver, stage: PairStage) -> None:
    for stream in (False, True):
        _error(driver, stage, Fault(kind="status", status=429, retry_after_s=9), 429, stream=stream)
        assert 1 <= int(stage.headers()["retry-after"]) <= 9


@scenario()
def an_overload_before_any_content_goes_to_another_vendor(driver: Driver, stage: PairStage) -> None:
    for kind, stream in (("error_event", True), ("error_event", False), ("cut", True)):
        stage.fails(Fault(kind=kind, after=0))  # type: ignore[arg-type]  # one of its words
        before = stage.asked()
        said = driver.begin(Setup(model=stage.twin)).say(f"Repeat after me: {WORDS}", stream=stream)
        assert said.text == WORDS
        assert said.end == "stop"
        assert stage.asked() > before, "the cheaper vendor was asked first"
        assert stage.headers()["x-podium-provider"] == "spare"


@scenario()
def end_marks_may_be_missing_or_doubled(driver: Driver, stage: PairStage) -> None:
    """But where the end mark is the finish itself, a stream without it was cut."""
    stage.fails(Fault(kind="two_ends"))
    talk = driver.begin(Setup(model=stage.model))
    assert talk.say(f"Repeat after me: {WORDS}", stream=True).text == WORDS
    stage.fails(Fault(kind="no_end"))
    if stage.wire == "openai-responses":
        with pytest.raises(Exception, match=r"before the answer was finished|ended its stream|broke"):
            talk.say(f"Repeat after me: {WORDS}", stream=True)
    else:
        # Bedrock's last event is its figures: they are counted then.
        said = talk.say(f"Repeat after me: {WORDS}", stream=True)
        assert (said.text, said.end) == (WORDS, "stop")
        assert said.output_tokens > 5


@scenario()
def nonsense_in_a_stream_is_no_answer(driver: Driver, stage: PairStage) -> None:
    stage.fails(Fault(kind="garbage", after=2))
    with pytest.raises(Exception, match=_NONSENSE):
        driver.begin(Setup(model=stage.model)).say(f"Repeat after me: {WORDS}", stream=True)


@scenario()
def an_error_after_content_is_no_answer(driver: Driver, stage: PairStage) -> None:
    stage.fails(Fault(kind="error_event", after=2))
    with pytest.raises(Exception, match="Simulated failure inside the stream"):
        driver.begin(Setup(model=stage.model)).say(f"Repeat after me: {WORDS}", stream=True)
