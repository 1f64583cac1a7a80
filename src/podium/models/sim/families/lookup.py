"""Short questions whose answer stands in a given context, directly or over one link."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from podium.core.messages import ToolCall
from podium.core.tasks import TaskType

from ..checkable import Answer, Draft, Question, Solution, last_number, level
from .grammar import Grammar

FAMILY = "lookup"
TASK_TYPE = TaskType.SIMPLE_QA
WORKLOADS = ("support", "coding")

_NAMES = {
    "support": ("Starter", "Basic", "Team", "Studio", "Business", "Campus", "Flex", "Pro"),
    "coding": ("billing", "search", "mailer", "gateway", "indexer", "auth", "exporter", "scheduler"),
}
_FACTS = {
    "price": ("The {name} plan costs {v} EUR a month.", "For the {name} plan we charge {v} EUR a month."),
    "storage": ("The {name} plan includes {v} GB of storage.", "With the {name} plan come {v} GB of storage."),
    "reply": ("Tickets on the {name} plan are answered within {v} hours.",),
    "seats": ("The {name} plan allows up to {v} seats.", "Up to {v} seats fit on the {name} plan."),
    "port": ("The {name} service listens on port {v}.", "Port {v} belongs to the {name} service."),
    "timeout": ("The {name} service gives up after {v} seconds.", "Calls to the {name} service time out after {v} s."),
    "retries": ("The {name} service retries {v} times.",),
    "workers": ("The {name} service runs {v} workers.", "There are {v} workers for the {name} service."),
}
_QUESTIONS = {
    "price": ("How many EUR a month does {subject} cost?", "What is the monthly price of {subject} in EUR?"),
    "storage": ("How many GB of storage come with {subject}?", "What is the storage of {subject} in GB?"),
    "reply": ("Within how many hours are tickets on {subject} answered?",),
    "seats": ("How many seats does {subject} allow?", "What is the seat limit of {subject}?"),
    "port": ("Which port does {subject} listen on?", "What is the port of {subject}?"),
    "timeout": ("After how many seconds does {subject} give up?",),
    "retries": ("How many times does {subject} retry?",),
    "workers": ("How many workers does {subject} run?", "What is the number of workers of {subject}?"),
}
_LINK = {"support": ("Account {key} is on the {name} plan.",), "coding": ("Host {key} runs the {name} service.",)}
_ATTRIBUTES = {"support": ("price", "storage", "reply", "seats"), "coding": ("port", "timeout", "retries", "workers")}
_SLOTS = {"name": r"\w+", "v": r"\d{1,12}", "key": r"\w+", "subject": r"the [\w ]+?"}
_GRAMMAR = Grammar({**_FACTS, "link": (*_LINK["support"], *_LINK["coding"])}, _SLOTS)
_ASKING = Grammar(_QUESTIONS, _SLOTS)
_LEADS = (
    "Answer from the context alone.",
    "Use only the facts below.",
    "Here is our handbook.",
    "The answer stands in these notes.",
)


def make(rng: Random, workload: str) -> Draft:
    """Write a context and ask for one of its facts."""
    names = rng.sample(_NAMES[workload], rng.randint(2, 8))
    attributes = rng.sample(_ATTRIBUTES[workload], rng.randint(1, 4))
    table = {(name, attr): rng.randint(2, 9000 if attr == "port" else 240) for name in names for attr in attributes}
    facts = [_GRAMMAR.write(rng, attr, name=name, v=value) for (name, attr), value in table.items()]
    name, attribute = rng.choice(list(table))
    linked = rng.random() < 0.3
    subject = f"the {name} {'plan' if workload == 'support' else 'service'}"
    if linked:
        keys = rng.sample(range(1000, 9999), min(3, len(names)))
        owners = [name, *rng.sample([other for other in names if other != name], len(keys) - 1)]
        facts += [
            rng.choice(_LINK[workload]).format(key=key, name=owner) for key, owner in zip(keys, owners, strict=True)
        ]
        subject = f"the plan of account {keys[0]}" if workload == "support" else f"the service on host {keys[0]}"
    rng.shuffle(facts)
    ask = _ASKING.write(rng, attribute, subject=subject)
    text = f"{rng.choice(_LEADS)}\n\nContext:\n" + "\n".join(f"- {fact}" for fact in facts) + f"\n\nQuestion: {ask}"
    expected = table[name, attribute]

    def judge(said: str, _calls: Sequence[ToolCall]) -> bool:
        return last_number(said) == expected

    return Draft(text=text, difficulty=_difficulty(len(facts), linked), expected=str(expected), judge=judge)


def _difficulty(facts: int, linked: bool) -> int:
    return level(1 + facts / 7 + 3 * linked)


def solve(question: Question) -> Solution | None:
    """Read the facts, follow the link if the question needs one, and look the figure up."""
    head, mark, ask = question.text.rpartition("\n\nQuestion: ")
    asked = _ASKING.find(ask) if mark and len(ask) < 300 else None
    _, mark, context = head.partition("\n\nContext:\n")
    if asked is None or not mark:
        return None
    attribute, slots = asked
    facts: dict[tuple[str, str], int] = {}
    links: dict[str, str] = {}
    lines = context.split("\n")
    for line in lines:
        kind, found = _GRAMMAR.read(line.removeprefix("- ")) or ("", {})
        if kind == "link":
            links[found["key"]] = found["name"]
        elif kind:
            facts[found["name"], kind] = int(found["v"])
    words = slots["subject"].split()
    name = links.get(words[-1]) if len(words) > 3 else words[1]
    value = facts.get((name or "", attribute))
    if value is None:
        return None
    figure = value

    def near_miss(rng: Random) -> Answer:
        others = [v for (_, attr), v in facts.items() if attr == attribute and v != figure]
        return Answer(text=f"According to the context: {rng.choice(others or [figure + 1])}")

    return Solution(
        family=FAMILY,
        task_type=TASK_TYPE,
        difficulty=_difficulty(len(lines), len(words) > 3),
        right=Answer(text=f"According to the context: {figure}"),
        near_miss=near_miss,
    )
