"""Every family: tasks are solved from their text, right answers pass the check, near misses never do."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from math import sqrt
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.core.messages import ToolCall
from podium.core.tasks import TaskType
from podium.models.sim import tasks as tasks_module
from podium.models.sim.ask import Ask, Spoken
from podium.models.sim.checkable import Draft
from podium.models.sim.mind import answer, solved
from podium.models.sim.tasks import CODING_AGENT, FAMILIES, MIXED, SUPPORT_DESK, make_tasks
from podium.models.sim.wires.openai_chat_request import read as read_request
from podium.testing import CheckableTask, SimModel

RIGHT = SimModel(name="right", skill=1.0, verbosity=3)
WRONG = SimModel(name="wrong", skill=0.0, verbosity=3)


def _request(task: CheckableTask) -> Ask:
    return read_request(json.dumps(task.request("any")).encode())


def _passes(task: CheckableTask, spoken: Spoken) -> bool:
    calls = [ToolCall(id=call.id, name=call.name, arguments=call.arguments) for call in spoken.calls]
    return task.check(spoken.text, calls)


@pytest.mark.parametrize("model", [RIGHT, WRONG], ids=lambda model: model.name)
@pytest.mark.parametrize("family", FAMILIES)
def test_full_skill_is_always_right_and_no_skill_always_wrong(family: str, model: SimModel) -> None:
    def play(task: CheckableTask) -> bool:
        return _passes(task, answer(model, 1, _request(task)))

    tasks = make_tasks(20260, 200, {family: 1})
    with ThreadPoolExecutor(2) as pool:  # checking code starts processes
        results = list(pool.map(play, tasks))
    unexpected = [(t.prompt, t.expected) for t, right in zip(tasks, results, strict=True) if right != (model is RIGHT)]
    assert not unexpected


@pytest.mark.parametrize("family", FAMILIES)
def test_the_solver_reads_the_family_type_and_difficulty_from_the_text(family: str) -> None:
    for task in make_tasks("levels", 200, {family: 1}):
        solution = solved(_request(task))
        assert solution is not None, task.prompt
        assert (solution.family, solution.task_type, solution.difficulty) == (family, task.task_type, task.difficulty)


@pytest.mark.parametrize("family", FAMILIES)
def test_difficulty_spreads_and_stays_within_bounds(family: str) -> None:
    levels = Counter(task.difficulty for task in make_tasks(3, 300, {family: 1}))
    assert min(levels) <= 2
    assert max(levels) >= 8
    assert set(levels) <= set(range(1, 11))


@pytest.mark.parametrize("family", FAMILIES)
def test_strange_answers_are_wrong_without_raising(family: str) -> None:
    strange = ("", "{", "[]", "null", "```\n```", "\x00", "0" * 5000, "I do not know.")
    call = ToolCall(id="1", name="lookup_order", arguments="{not json")
    for task in make_tasks(4, 5, {family: 1}):
        assert not any(task.check(text) for text in strange)
        assert not task.check("", [call])


@pytest.mark.parametrize(("skill", "slope"), [(0.9, 0.05), (0.6, 0.0), (1.0, 0.1)])
def test_measured_accuracy_is_the_stated_one(skill: float, slope: float) -> None:
    model = SimModel(name="middling", skill=skill, slope=slope, skill_by_type={TaskType.EXTRACTION: 0.4})
    quick = {family: 1.0 for family in FAMILIES if family != "code"}  # checking code starts a process each time
    tasks = make_tasks(11, 1500, quick)
    chances = [model.chance(task.task_type, task.difficulty) for task in tasks]
    right = sum(_passes(task, answer(model, 5, _request(task))) for task in tasks)
    spread = sqrt(sum(chance * (1 - chance) for chance in chances))
    assert abs(right - sum(chances)) < 3.5 * spread


def test_the_same_seed_gives_the_same_tasks_and_answers_and_another_does_not() -> None:
    def played(seed: int) -> list[tuple[str, Spoken]]:
        model = SimModel(name="m", skill=0.5)
        return [(task.prompt, answer(model, seed, _request(task))) for task in make_tasks(seed, 60)]

    def texts(seed: int) -> list[tuple[str, str]]:
        return [(prompt, spoken.text + str(spoken.calls)) for prompt, spoken in played(seed)]

    assert texts(1) == texts(1)
    assert texts(1) != texts(2)


def test_two_models_err_on_different_tasks() -> None:
    tasks = make_tasks(8, 200, {"lookup": 1})
    errs = {
        name: {t.prompt for t in tasks if not _passes(t, answer(SimModel(name=name, skill=0.5), 1, _request(t)))}
        for name in ("a", "b")
    }
    assert 60 < len(errs["a"]) < 140
    assert errs["a"] != errs["b"]


def test_prompts_differ_and_carry_the_workload() -> None:
    tasks = make_tasks(9, 1000)
    assert len({task.prompt for task in tasks}) == 1000
    assert {task.tags["workload"] for task in tasks} == {"support", "coding"}
    assert {task.tags["family"] for task in tasks} == set(FAMILIES)
    assert {f"{t.tags['workload']}/{t.tags['family']}" for t in make_tasks(9, 400, SUPPORT_DESK)} == set(SUPPORT_DESK)
    assert {f"{t.tags['workload']}/{t.tags['family']}" for t in make_tasks(9, 400, CODING_AGENT)} == set(CODING_AGENT)
    assert set(MIXED) == {*SUPPORT_DESK, *CODING_AGENT}


@pytest.mark.parametrize(
    ("mix", "words"),
    [
        ({"poetry": 1}, "no kind of task"),
        ({"support/code": 1}, "no kind of task"),
        ({"code": -1}, "weight"),
        ({}, "empty"),
    ],
)
def test_a_bad_mix_is_explained(mix: dict[str, float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make_tasks(1, 1, mix)


def test_asking_for_more_tasks_than_there_are_wordings_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def make(rng: Random, workload: str) -> Draft:
        return Draft(text=f"number {rng.randint(1, 3)}", difficulty=1, expected="", judge=lambda text, calls: False)

    monkeypatch.setattr(tasks_module, "_FAMILIES", {"tiny": (TaskType.CODE, ("coding",), make)})
    assert len(make_tasks(1, 3, {"tiny": 1})) == 3
    with pytest.raises(ValueError, match="too few wordings"):
        make_tasks(1, 4, {"tiny": 1})


@given(
    seed=st.integers(0, 10_000),
    family=st.sampled_from(FAMILIES),
    place=st.floats(0, 1),
    cut=st.integers(0, 40),
    paste=st.one_of(
        st.text(max_size=20), st.sampled_from(["9" * 5000, "0", ", ,", "2023-02-30", "31 April 2024", "{", "`"])
    ),
)
@settings(max_examples=300, deadline=None)
def test_a_damaged_prompt_is_answered_somehow(seed: int, family: str, place: float, cut: int, paste: str) -> None:
    task = make_tasks(seed, 1, {family: 1})[0]
    at = int(place * len(task.prompt))
    text = task.prompt[:at] + paste + task.prompt[at + cut :]
    body = {"model": "m", "messages": [{"role": "user", "content": text}], **task.options}
    request = read_request(json.dumps(body).encode())
    for model in (RIGHT, WRONG):
        spoken = answer(model, seed, request)
        assert spoken.text or spoken.calls


def test_a_prompt_of_no_family_is_answered_plainly() -> None:
    for text in ("Tell me a joke.", "x" * 200_000, "", "How many days?", "`len(` python", "Labels: .\n\n"):
        request = read_request(json.dumps({"model": "m", "messages": [{"role": "user", "content": text}]}).encode())
        assert solved(request) is None
        assert "simulated model" in answer(RIGHT, 1, request).text
