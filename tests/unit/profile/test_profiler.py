"""The profiler at its seam: a Task in, a Profile out, for any task whatever."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.core.messages import (
    AudioPart,
    ImagePart,
    Message,
    OpaquePart,
    Options,
    Part,
    Role,
    Schema,
    TextPart,
    Tool,
    ToolCall,
)
from podium.core.ports import Profiler
from podium.core.tasks import Domain, Guess, Modality, Profile, Sensitivity, Task, TaskType
from podium.policies.profile import HeuristicProfiler, estimate_tokens
from podium.policies.profile.cues import features
from podium.policies.profile.lexicon import (
    CONDITION_WORDS,
    CONSTRAINT_WORDS,
    DOMAIN_WORDS,
    HARD_WORDS,
    STEP_WORDS,
    STOPWORDS,
    TASK_CUES,
)
from podium.policies.profile.reading import ASK_HEAD, ASK_TAIL, read
from podium.policies.profile.task_type import WEIGHTS, score_task_types

NOW = datetime(2030, 1, 1, tzinfo=UTC)
PROFILER: Profiler = HeuristicProfiler()


def user(*parts: str | Part) -> Message:
    return Message(role="user", parts=tuple(TextPart(part) if isinstance(part, str) else part for part in parts))


def task(*messages: Message, **fields: Any) -> Task:
    return Task(id="tsk_1", messages=messages, received_at=NOW, **fields)


def profile(text: str, **fields: Any) -> Profile:
    return PROFILER.profile(task(user(text), **fields))


# --- what the caller declares ------------------------------------------------------------------------------------


def test_declared_type_wins_with_full_confidence() -> None:
    assert profile("Write a poem about rain", task_type=TaskType.EXTRACTION).task_type == Guess(
        TaskType.EXTRACTION, 1.0
    )


def test_declared_sensitivity_wins_and_findings_are_still_listed() -> None:
    judged = profile("Card 4111 1111 1111 1111", sensitivity=Sensitivity.NONE)
    assert judged.sensitivity == Guess(Sensitivity.NONE, 1.0)
    assert judged.findings == ("card",)


# --- what the request brings -------------------------------------------------------------------------------------


def test_pictures_and_sound_set_type_and_modalities() -> None:
    picture = ImagePart(url="https://example.com/a")
    sound = AudioPart(data="UklGRg==", format="wav")
    seen = PROFILER.profile(task(user("What is this?", picture)))
    assert (seen.task_type.value, seen.modalities.value) == (TaskType.VISION, (Modality.TEXT, Modality.IMAGE))
    heard = PROFILER.profile(task(user(sound)))
    assert (heard.task_type.value, heard.modalities.value) == (TaskType.AUDIO, (Modality.TEXT, Modality.AUDIO))
    both = PROFILER.profile(task(user("Compare them", picture, sound)))
    assert both.modalities.value == (Modality.TEXT, Modality.IMAGE, Modality.AUDIO)
    assert profile("Compare them").modalities.value == (Modality.TEXT,)


def test_an_earlier_picture_must_still_be_readable_but_does_not_decide_the_type() -> None:
    judged = PROFILER.profile(
        task(
            user("What is this?", ImagePart(url="https://example.com/a")),
            Message(role="assistant", parts=(TextPart("A lighthouse."),)),
            user("Translate your answer into German, please."),
        )
    )
    assert Modality.IMAGE in judged.modalities.value
    assert judged.task_type.value is TaskType.TRANSLATION


def test_a_tool_result_at_the_end_is_tool_execution() -> None:
    call = ToolCall(id="c1", name="get_order", arguments='{"id": 7}')
    judged = PROFILER.profile(
        task(
            user("Why is my order late?"),
            Message(role="assistant", tool_calls=(call,)),
            Message(role="tool", parts=(TextPart('{"status": "held"}'),), tool_call_id="c1"),
            options=Options(tools=(Tool(name="get_order"),)),
        )
    )
    assert judged.task_type.value is TaskType.TOOL_EXECUTION
    assert judged.needs_tools


def test_needs_follow_the_options() -> None:
    plain = profile("Hello there")
    assert (plain.needs_tools, plain.needs_schema, plain.needs_logprobs) == (False, False, False)
    asking = profile("Hello there", options=Options(tools=(Tool(name="t"),), schema=Schema(), logprobs=True))
    assert asking.needs_tools
    assert asking.needs_schema
    assert asking.needs_logprobs


# --- tokens --------------------------------------------------------------------------------------------------------


def test_tokens_count_everything_the_model_reads() -> None:
    base = profile("Hello there").input_tokens
    parameters = {"type": "object", "properties": {"city": {"type": "string", "description": "Where to look"}}}
    with_tool = profile("Hello there", options=Options(tools=(Tool(name="weather", parameters=parameters),)))
    with_schema = profile("Hello there", options=Options(schema=Schema(body=MappingProxyType(parameters))))
    with_history = PROFILER.profile(task(user("An earlier question"), user("Hello there")))
    with_call = PROFILER.profile(
        task(user("Hello there"), Message(role="assistant", tool_calls=(ToolCall(id="1", name="f", arguments="{}"),)))
    )
    for longer in (with_tool, with_schema, with_history, with_call):
        assert longer.input_tokens > base


def test_pictures_cost_a_flat_number_of_tokens() -> None:
    def tokens(*parts: str | Part) -> int:
        return PROFILER.profile(task(user("Look", *parts))).input_tokens

    assert tokens(ImagePart(url="data:image/png;base64," + "A" * 9_999)) - tokens() == 1_000
    assert tokens(ImagePart(url="https://example.com/a", detail="low")) - tokens() == 100
    assert tokens(AudioPart(data="A" * 64_000, format="wav")) - tokens() == 31


def test_private_data_is_found_wherever_the_model_would_see_it() -> None:
    iban = "DE89 3704 0044 0532 0130 00"
    places: list[Task] = [
        task(Message(role="system", parts=(TextPart(iban),)), user("Hi")),
        task(user(iban), Message(role="assistant", parts=(TextPart("ok"),)), user("Hi")),
        task(user("Hi"), Message(role="tool", parts=(TextPart(f'{{"iban": "{iban}"}}'),), tool_call_id="1")),
        task(
            user("Hi"),
            Message(role="assistant", tool_calls=(ToolCall(id="1", name="pay", arguments=f'{{"to":"{iban}"}}'),)),
        ),
        task(user("Hi"), options=Options(tools=(Tool(name="pay", description=f"Pays to {iban}"),))),
        task(user("Hi"), options=Options(tools=(Tool(name="pay", parameters={"default": iban}),))),
        task(user("word " * 50_000 + iban + " word" * 50_000)),
    ]
    for place in places:
        judged = PROFILER.profile(place)
        assert (judged.findings, judged.sensitivity.value) == (("iban",), Sensitivity.CONFIDENTIAL)


def test_findings_never_hold_the_data() -> None:
    judged = profile("mail jo@example.com, card 4111 1111 1111 1111")
    assert judged.findings == ("card", "email")
    assert "4111" not in repr(judged)
    assert "jo@" not in repr(judged)


# --- complexity ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("easier", "harder"),
    [
        ("What is the capital of Peru?", "Prove that there are infinitely many primes of the form 4k+3."),
        (
            "Write a function that adds two numbers.",
            "Design a distributed rate limiter: compare consistency trade-offs.",
        ),
        ("Summarize this note.", "Summarize this note.\n" + "The board met and discussed the plan. " * 400),
        (
            "List the names.",
            "List the names.\n1. of people\n2. of cities\n3. of firms\n4. of rivers, must be exactly ten",
        ),
    ],
)
def test_harder_work_scores_higher(easier: str, harder: str) -> None:
    assert profile(harder).complexity.value > profile(easier).complexity.value


# --- bounded, deterministic, explainable ----------------------------------------------------------------------------


def test_windows_are_bounded_whatever_the_length() -> None:
    reading = read(task(user("word " * 400_000)))
    assert len(reading.ask) <= ASK_HEAD + ASK_TAIL + 1
    assert reading.ask_chars == 2_000_000


def test_the_question_after_long_material_is_heard() -> None:
    material = "The harbour was quiet and the boats lay still under the grey sky. " * 300
    assert profile(f"{material}\n\nSummarize the text above.").task_type.value is TaskType.SUMMARISATION
    assert profile(f"{material}\n\nTranslate the text above into German.").task_type.value is TaskType.TRANSLATION


def test_the_last_user_turn_counts_not_the_history() -> None:
    judged = PROFILER.profile(
        task(
            user("Write a Python function that sorts a list and add unit tests."),
            Message(role="assistant", parts=(TextPart("def f(): ..."),)),
            user("Now write a poem about the sea."),
        )
    )
    assert judged.task_type.value is TaskType.CREATIVE


def test_scores_explain_the_judgement() -> None:
    found = features(read(task(user("Translate this into French: good morning"))), "en")
    scores = score_task_types(found)
    assert set(scores) == set(TaskType)
    assert max(scores, key=lambda kind: scores[kind]) is TaskType.TRANSLATION


def test_same_task_same_profile() -> None:
    one = task(user("Compare the two offers and mail the result to jo@example.com"))
    assert PROFILER.profile(one) == HeuristicProfiler().profile(one)


def test_languages_without_spaces_are_heard_too() -> None:
    assert profile("请把下面的句子翻译成英文：我们明天见。").task_type.value is TaskType.TRANSLATION
    assert (
        profile("이 글을 세 문장으로 요약해 주세요: 오늘 회의가 있었습니다.").task_type.value is TaskType.SUMMARISATION
    )


def test_undetermined_language_says_so() -> None:
    judged = profile("xkcd 42 qwrt")
    assert judged.language.value == "und"
    assert judged.language.confidence < 0.5


# --- the word lists -------------------------------------------------------------------------------------------------


def test_every_entry_of_the_lexicon_can_match() -> None:
    for group, text in TASK_CUES.items():
        for entry in text.split():
            assert entry == entry.lower() or "\u0130" in entry.upper(), (group, entry)
            if entry.endswith("*"):
                assert len(entry) == 7, (group, entry)
            else:
                assert entry.count("_") <= 1, (group, entry)
    for text in (
        *DOMAIN_WORDS.values(),
        *STOPWORDS.values(),
        HARD_WORDS,
        CONSTRAINT_WORDS,
        CONDITION_WORDS,
        STEP_WORDS,
    ):
        assert [word for word in text.split() if "_" in word or word.endswith("*")] == []


def test_every_cue_group_has_weights() -> None:
    # `say_self` is only an ingredient of `tells_of_self`.
    assert {f"say_{group}" for group in TASK_CUES} - {"say_self"} <= set(WEIGHTS)
    assert set(DOMAIN_WORDS) == set(Domain) - {Domain.GENERAL}


# --- any task at all -------------------------------------------------------------------------------------------------

texts = st.text(alphabet=st.characters(), max_size=300) | st.sampled_from(
    (
        "sk-",
        "+49 30",
        "@",
        "?",
        "1. a\n2. b",
        "```",
        "eyJ.eyJ.",
        "DE89",
        "[a, b, c]",
        "你好",
        "\ud800",
        "",
        " \n",
        "?" * 9,
    )
)
parts = st.one_of(
    st.builds(TextPart, texts),
    st.builds(ImagePart, url=texts, detail=st.none() | texts),
    st.builds(AudioPart, data=texts, format=texts),
    st.builds(OpaquePart, kind=texts),
)
roles: st.SearchStrategy[Role] = st.sampled_from(("system", "user", "assistant", "tool"))
calls = st.builds(ToolCall, id=texts, name=texts, arguments=texts)
messages = st.builds(
    Message,
    role=roles,
    parts=st.lists(parts, max_size=3).map(tuple),
    tool_calls=st.lists(calls, max_size=2).map(tuple),
    name=st.none() | texts,
)
json_texts = st.text(max_size=20)
schemas = st.none() | st.dictionaries(
    json_texts,
    st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | json_texts, st.lists, max_leaves=5),
)
options = st.builds(
    Options,
    tools=st.lists(st.builds(Tool, name=texts, description=texts, parameters=schemas), max_size=2).map(tuple),
    schema=st.none() | st.builds(Schema, body=schemas),
    logprobs=st.booleans(),
)
tasks = st.builds(
    Task,
    id=st.just("tsk_1"),
    messages=st.lists(messages, max_size=5).map(tuple),
    received_at=st.just(NOW),
    options=options,
    task_type=st.none() | st.sampled_from(TaskType),
    sensitivity=st.none() | st.sampled_from(Sensitivity),
)


@settings(max_examples=300, deadline=None)
@given(tasks)
def test_any_task_gets_a_sound_profile(given_task: Task) -> None:
    judged = PROFILER.profile(given_task)
    guesses = (
        judged.task_type,
        judged.complexity,
        judged.domain,
        judged.modalities,
        judged.language,
        judged.sensitivity,
    )
    assert all(0.0 <= guess.confidence <= 1.0 for guess in guesses)
    assert 1 <= judged.complexity.value <= 10
    assert judged.input_tokens >= 0
    assert Modality.TEXT in judged.modalities.value
    assert judged.language.value == "und" or len(judged.language.value) == 2
    assert list(judged.findings) == sorted(set(judged.findings))
    assert PROFILER.profile(given_task) == judged


def test_no_messages_at_all_is_still_a_profile() -> None:
    assert PROFILER.profile(task()).input_tokens == 0
    assert estimate_tokens("") == 0


def test_importing_the_profiler_loads_nothing_heavy() -> None:
    code = (
        "import sys, podium.policies.profile; "
        "print([name for name in ('phonenumbers', 'stdnum', 'asyncio', 'sqlalchemy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
