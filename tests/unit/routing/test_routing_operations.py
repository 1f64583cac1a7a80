"""Work goes to models made for it: vectors, transcripts, pictures, files, and state that one provider keeps."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.core.errors import InvalidRequest, RequirementsNotMet
from podium.core.messages import Message, Options, TextPart
from podium.core.settings import Rule, Use, When
from podium.core.tasks import Modality, Operation, Requirements, Sensitivity, TaskType
from podium.core.usage import Money
from podium.models.catalog import Price, Rates

EMBEDS = frozenset({"embedding"})
HEARS = frozenset({"transcription"})
SEES = frozenset({"text", "vision"})
READS = frozenset({"text", "vision", "files"})


def embedder(make: Any, id: str, name: str, **more: Any) -> Any:
    return make.deployment(id, name=name, capabilities=EMBEDS, **more)


def embed(make: Any, model: str = "auto", **more: Any) -> Any:
    return make.task(model, operation=Operation.EMBED, **more)


@pytest.mark.parametrize("operation", Operation)
def test_each_operation_has_its_own_models(make: Any, operation: Operation) -> None:
    router = make.router(
        [
            make.deployment("a/chat", price="9"),
            make.deployment("b/vectors", capabilities=EMBEDS),
            make.deployment("c/ears", capabilities=HEARS),
        ]
    )
    fits = {Operation.CHAT: "a/chat", Operation.EMBED: "b/vectors", Operation.TRANSCRIBE: "c/ears"}
    decision = make.decide(router, make.task(operation=operation))
    assert make.ids(decision) == [fits[operation]]
    assert decision.rejected == (), "models made for other work are no candidates"


@pytest.mark.parametrize(("operation", "word"), [(Operation.EMBED, "embed"), (Operation.TRANSCRIBE, "transcri")])
def test_without_such_a_model_the_refusal_says_so(make: Any, operation: Operation, word: str) -> None:
    with pytest.raises(RequirementsNotMet, match=word) as refused:
        make.decide(make.router([make.deployment("a/chat")]), make.task(operation=operation))
    assert word in refused.value.remedy
    with pytest.raises(RequirementsNotMet, match="a/vectors may not do this task: cannot answer in text"):
        make.decide(make.router([make.deployment("a/vectors", capabilities=EMBEDS)]), make.task("a/vectors"))


def test_auto_never_chooses_among_embedding_models(make: Any) -> None:
    models = [embedder(make, "a/small", "small"), embedder(make, "b/other", "other"), make.deployment("a/chat")]
    with pytest.raises(InvalidRequest, match="vectors of different models cannot be compared") as refused:
        make.decide(make.router(models), embed(make))
    assert "a/small" in refused.value.remedy
    assert refused.value.param == "model"
    assert make.ids(make.decide(make.router(models), embed(make, "other"))) == ["b/other"]
    pinned = make.router(models, Rule(use=Use(models=("b/other",))))
    assert make.ids(make.decide(pinned, embed(make))) == ["b/other"]
    denied = make.router(models, Rule(use=Use(deny=("a",))))
    assert make.ids(make.decide(denied, embed(make))) == ["b/other"]


def test_what_one_request_holds_does_not_choose_the_vectors(make: Any) -> None:
    models = [embedder(make, "a/small", "small"), embedder(make, "l/home", "home", local=True, price="0")]
    for held in (Sensitivity.NONE, Sensitivity.CONFIDENTIAL):
        with pytest.raises(InvalidRequest, match="vectors"):
            make.decide(make.router(models), embed(make), sensitivity=held)
    with pytest.raises(InvalidRequest, match="vectors"):
        make.decide(make.router(models), embed(make, requirements=Requirements(max_cost_usd=Decimal(0))))


def test_failover_of_vectors_stays_with_the_model(make: Any) -> None:
    models = [embedder(make, "a/small", "small", price="2"), embedder(make, "b/s", "small"), make.deployment("b/chat")]
    decision = make.decide(make.router(models), embed(make))
    assert make.ids(decision) == ["b/s", "a/small"]
    assert "the one embedding model here" in decision.why
    assert "tier" not in decision.why
    assert decision.warnings == ()


def test_vectors_cost_what_is_read_and_have_no_window_for_all_inputs_together(make: Any) -> None:
    model = embedder(
        make, "a/small", "small", context=512, price=Price(rates=Rates(input=Decimal(2), output=Decimal(9)))
    )
    task = embed(make, requirements=Requirements(max_cost_usd=Decimal("0.2")))
    chosen = make.decide(make.router([model]), task, input_tokens=100_000, task_type=TaskType.EXTRACTION).chosen
    assert chosen.expected_cost == chosen.worst_cost == Money.of("0.2")
    assert chosen.max_tokens is None


def test_a_transcript_costs_by_the_length_of_the_sound(make: Any) -> None:
    hour = Price(rates=Rates(input=Decimal(0), output=Decimal(0), audio_hour=Decimal("0.36")))
    tokens = Price(rates=Rates(input=Decimal(1), output=Decimal(10), audio_input=Decimal(6)))
    router = make.router(
        [
            make.deployment("a/hour", price=hour, capabilities=HEARS),
            make.deployment("b/tokens", price=tokens, capabilities=HEARS),
        ]
    )
    decision = make.decide(
        router,
        make.task(operation=Operation.TRANSCRIBE),
        input_tokens=601,
        audio_seconds=60.0,
        task_type=TaskType.AUDIO,
    )
    costs = {each.deployment: each.expected_cost for each in decision.candidates}
    assert costs["a/hour"] == Money.of("0.006")
    assert costs["b/tokens"] == Money.of("0.006001")  # 600 x 6 + 1 x 1 + 240 x 10, in millionths
    assert make.ids(decision) == ["a/hour", "b/tokens"]
    bounded = make.task(operation=Operation.TRANSCRIBE, requirements=Requirements(max_cost_usd=Decimal("0.0061")))
    kept = make.decide(router, bounded, input_tokens=601, audio_seconds=60.0, task_type=TaskType.AUDIO)
    assert make.ids(kept) == ["a/hour"], "an answer's limit cannot hold down what is heard"


@pytest.mark.parametrize(
    ("modality", "constraint"), [(Modality.IMAGE, "vision"), (Modality.FILE, "files"), (Modality.AUDIO, "audio")]
)
def test_what_must_be_read_needs_who_can(make: Any, modality: Modality, constraint: str) -> None:
    able = make.deployment("b/able", price="50", capabilities=READS | {"audio"})
    decision = make.decide(make.router([make.deployment("a/text"), able]), modalities=(Modality.TEXT, modality))
    assert make.ids(decision) == ["b/able"]
    assert [(no.deployment, no.constraint) for no in decision.rejected] == [("a/text", constraint)]


@settings(max_examples=150, deadline=None)
@given(
    prices=st.lists(st.tuples(st.integers(0, 40), st.booleans(), st.integers(1, 3)), min_size=1, max_size=8),
    task_type=st.sampled_from([kind for kind in TaskType if kind is not TaskType.VISION]),
    complexity=st.integers(1, 10),
)
def test_text_never_pays_for_sight(
    make: Any, prices: list[tuple[int, bool, int]], task_type: TaskType, complexity: int
) -> None:
    """Sight changes neither who may do a text task nor the order; within a tier the cheapest is first."""

    def decide(sighted: bool) -> Any:
        router = make.router(
            [
                make.deployment(
                    f"p{place}/m",
                    price=str(dollars),
                    tier=tier,
                    capabilities=READS if sees and sighted else frozenset({"text"}),
                    strengths=frozenset({TaskType.VISION}) if sees and sighted else frozenset(),
                )
                for place, (dollars, sees, tier) in enumerate(prices)
            ]
        )
        return make.decide(router, task_type=task_type, complexity=complexity)

    with_sight, without = decide(True), decide(False)
    assert make.ids(with_sight) == make.ids(without)
    chosen = with_sight.chosen
    equals = [each.expected_cost for each in with_sight.candidates if each.tier == chosen.tier]
    assert chosen.expected_cost == min(equals)


def test_a_longer_prompt_goes_to_a_larger_window(make: Any) -> None:
    router = make.router([make.deployment("a/small", context=8_000), make.deployment("b/large", price="9")])
    assert make.ids(make.decide(router, input_tokens=3_000))[0] == "a/small"
    decision = make.decide(router, input_tokens=50_000)
    assert make.ids(decision) == ["b/large"]
    assert decision.rejected[0].constraint == "context"


def test_state_stays_with_its_keeper(make: Any) -> None:
    router = make.router([make.deployment("a/m"), make.deployment("b/m", price="9"), make.deployment("b/n", price="5")])
    decision = make.decide(router, make.task(keeper="b"))
    assert make.ids(decision) == ["b/n", "b/m"]
    assert [(no.constraint, no.detail) for no in decision.rejected] == [
        ("state", "the task goes on from reasoning that only b can read")
    ]
    with pytest.raises(RequirementsNotMet, match="only gone can read") as refused:
        make.decide(router, make.task(keeper="gone"))
    assert "gone" in refused.value.remedy


def test_an_unknown_price_is_said(make: Any) -> None:
    decision = make.decide(make.router([make.deployment("a/m", price=None)]))
    assert decision.warnings == ("The price of a/m is unknown: its cost will be shown as unknown.",)
    assert make.decide(make.router([make.deployment("a/m", price="0")])).warnings == ()


def test_a_cache_kept_for_an_hour_counts_in_a_bound_only_where_it_is_asked_for(make: Any) -> None:
    rates = Rates(input=Decimal(1), output=Decimal(0), cache_write=Decimal("1.25"), cache_write_1h=Decimal(2))
    router = make.router([make.deployment("a/m", price=Price(rates=rates))])
    for mark, worst in (("1h", "0.002"), ("5m", "0.00125"), (None, "0.00125")):
        task = make.task(requirements=Requirements(max_cost_usd=Decimal(1)))
        said = Message(role="user", parts=(TextPart("hi", mark),))
        task = type(task)(**{**{f: getattr(task, f) for f in task.__struct_fields__}, "messages": (said,)})
        assert make.decide(router, task).chosen.worst_cost == Money.of(worst)


def test_a_call_s_own_price_and_the_tokens_of_sound_are_in_the_estimate(make: Any) -> None:
    rates = Rates(input=Decimal(1), output=Decimal(0), request=Decimal("0.01"), audio_input=Decimal(11))
    router = make.router([make.deployment("a/m", price=Price(rates=rates), capabilities=SEES | {"audio"})])
    assert make.decide(router, input_tokens=1_000).chosen.expected_cost == Money.of("0.011")
    heard = make.decide(router, input_tokens=1_000, audio_seconds=10.0, modalities=(Modality.TEXT, Modality.AUDIO))
    assert heard.chosen.expected_cost == Money.of("0.012")  # 900 x 1 + 100 x 11, in millionths, and the call


def test_rules_may_ask_for_files(make: Any) -> None:
    rule = Rule(when=When(modality=Modality.FILE), use=Use(models=("b/m",)))
    router = make.router(
        [make.deployment("a/m", capabilities=READS), make.deployment("b/m", price="9", capabilities=READS)], rule
    )
    assert make.ids(make.decide(router, modalities=(Modality.TEXT, Modality.FILE)))[0] == "b/m"
    assert make.ids(make.decide(router, make.task(options=Options()))) == ["a/m", "b/m"]
