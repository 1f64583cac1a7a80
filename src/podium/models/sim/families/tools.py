"""Requests that want tools called: one call, or two and three in parallel."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from podium.core.messages import ToolCall
from podium.core.tasks import TaskType

from ..checkable import Answer, Draft, Question, Solution, level, misspelt
from .grammar import LONGEST, Grammar

FAMILY = "tools"
TASK_TYPE = TaskType.TOOL_EXECUTION
WORKLOADS = ("support", "coding")

Calls = tuple[tuple[str, Mapping[str, Any]], ...]

_CITIES = ("Oslo", "Lisbon", "Vienna", "Helsinki", "Dublin", "Warsaw", "Athens", "Riga", "Porto", "Ghent")
_UNITS = ("celsius", "fahrenheit")
_PATHS = ("src/api", "tests/unit", "src/billing", "tests/http", "lib/cache", "src/auth")
_QUERIES = ("retry_after", "open_session", "parse_header", "flush_queue", "load_config")
_TOOLS: dict[str, dict[str, tuple[str, dict[str, dict[str, Any]]]]] = {
    "support": {
        "get_weather": (
            "Current weather in a city.",
            {"city": {"type": "string"}, "unit": {"type": "string", "enum": list(_UNITS)}},
        ),
        "lookup_order": ("Status and history of an order.", {"order_id": {"type": "string"}}),
        "refund_order": (
            "Pay money back on an order.",
            {"order_id": {"type": "string"}, "amount_eur": {"type": "integer"}},
        ),
        "open_ticket": ("Open a ticket for the second line.", {"subject": {"type": "string"}}),
    },
    "coding": {
        "run_tests": ("Run the tests of a folder.", {"path": {"type": "string"}}),
        "search_code": ("Find a name in a folder.", {"query": {"type": "string"}, "path": {"type": "string"}}),
        "read_line": ("One line of a file.", {"path": {"type": "string"}, "line": {"type": "integer"}}),
        "git_log": ("Latest commits of a path.", {"path": {"type": "string"}}),
    },
}
_FORMS = {
    "weather": (
        "What is the weather in {city} right now, in {unit}?",
        "The courier asks about the weather in {city}. Please check it, in {unit}.",
    ),
    "weather2": (
        "Compare the current weather in {city} and {city2}, in {unit}.",
        "Is it warmer in {city} or in {city2}? Look both up, in {unit}.",
    ),
    "order": ("Where is order {order}?", "The customer asks about order {order}. Please look it up."),
    "order2": (
        "What is the status of the orders {order} and {order2}?",
        "Please look up order {order} and order {order2}.",
    ),
    "order3": ("Check the orders {order}, {order2} and {order3} for the customer on the phone.",),
    "refund": ("Please refund {n} EUR on order {order}.", "Order {order} gets {n} EUR back, please arrange it."),
    "refund+order": ("Refund {n} EUR on order {order} and look up order {order2}.",),
    "order+weather": ("Look up order {order} and check the weather in {city} for the courier, in {unit}.",),
    "tests": ("Run the tests in {path}.", "Do the tests in {path} still pass? Please run them."),
    "tests2": ("Run the tests in {path} and in {path2}.", "Please run both test folders, {path} and {path2}."),
    "search": ("Where in {path} do we use `{query}`?", "Search {path} for `{query}`."),
    "search2": ("Search {path} for `{query}` and {path2} for `{query2}`.",),
    "read": ("Show me line {n} of {path}/main.py.", "What stands in line {n} of {path}/main.py?"),
    "tests+search": ("Run the tests in {path} and search {path2} for `{query}`.",),
    "log": ("Who changed {path} last? Look at the log.", "Show the latest commits of {path}."),
}
_ORDER = r"[A-Z]{1,3}-\d{3,6}"
_SLOTS = {
    "city": r"[A-Z]\w+", "city2": r"[A-Z]\w+", "unit": "celsius|fahrenheit", "order": _ORDER, "order2": _ORDER,
    "order3": _ORDER, "n": r"\d{1,9}", "path": r"[\w/]+", "path2": r"[\w/]+", "query": r"\w+", "query2": r"\w+",
}  # fmt: skip
_GRAMMAR = Grammar(_FORMS, _SLOTS)
_KINDS = {
    "support": ("weather", "weather2", "order", "order", "order2", "order3", "refund", "refund+order", "order+weather"),
    "coding": ("tests", "tests2", "search", "search2", "read", "tests+search", "log"),
}
_EFFORT = {
    "weather": 3, "weather2": 6, "order": 1, "order2": 5, "order3": 7, "refund": 4, "refund+order": 8,
    "order+weather": 7, "tests": 1, "tests2": 5, "search": 3, "search2": 8, "read": 4, "tests+search": 7, "log": 2,
}  # fmt: skip


def _calls(kind: str, s: Mapping[str, str]) -> Calls:
    """The calls a request means."""
    match kind:
        case "weather":
            return (("get_weather", {"city": s["city"], "unit": s["unit"]}),)
        case "weather2":
            return tuple(("get_weather", {"city": s[city], "unit": s["unit"]}) for city in ("city", "city2"))
        case "order" | "order2" | "order3":
            return tuple(("lookup_order", {"order_id": s[o]}) for o in ("order", "order2", "order3") if o in s)
        case "refund":
            return (("refund_order", {"order_id": s["order"], "amount_eur": int(s["n"])}),)
        case "refund+order":
            return (*_calls("refund", s), ("lookup_order", {"order_id": s["order2"]}))
        case "order+weather":
            return (("lookup_order", {"order_id": s["order"]}), *_calls("weather", s))
        case "tests" | "tests2":
            return tuple(("run_tests", {"path": s[path]}) for path in ("path", "path2") if path in s)
        case "search":
            return (("search_code", {"query": s["query"], "path": s["path"]}),)
        case "search2":
            return (*_calls("search", s), ("search_code", {"query": s["query2"], "path": s["path2"]}))
        case "read":
            return (("read_line", {"path": f"{s['path']}/main.py", "line": int(s["n"])}),)
        case "tests+search":
            return (
                ("run_tests", {"path": s["path"]}),
                ("search_code", {"query": s["query"], "path": s["path2"]}),
            )
        case _:
            return (("git_log", {"path": s["path"]}),)


def _described(name: str, workload: str) -> dict[str, Any]:
    description, properties = _TOOLS[workload][name]
    schema = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": schema}}


def _needed(kind: str) -> set[str]:
    dummy = dict.fromkeys(_SLOTS, "0")
    return {name for name, _ in _calls(kind, dummy)}


def _canonical(calls: Sequence[tuple[str, Any]]) -> list[str]:
    return sorted(f"{name} {json.dumps(arguments, sort_keys=True)}" for name, arguments in calls)


def make(rng: Random, workload: str) -> Draft:
    """Write a request and offer the tools it needs among others."""
    kind = rng.choice(_KINDS[workload])
    city, city2 = rng.sample(_CITIES, 2)
    path, path2 = rng.sample(_PATHS, 2)
    query, query2 = rng.sample(_QUERIES, 2)
    orders = [f"{rng.choice(('A', 'KX', 'ORD'))}-{number}" for number in rng.sample(range(1000, 99999), 3)]
    values = {
        "city": city, "city2": city2, "unit": rng.choice(_UNITS), "path": path, "path2": path2, "query": query,
        "query2": query2, "order": orders[0], "order2": orders[1], "order3": orders[2], "n": str(rng.randint(5, 480)),
    }  # fmt: skip
    text = _GRAMMAR.write(rng, kind, **values)
    used = (_GRAMMAR.find(text) or ("", {}))[1]
    expected = _calls(kind, used)
    others = [name for name in _TOOLS[workload] if name not in _needed(kind)]
    offered = [*_needed(kind), *rng.sample(others, rng.randint(0, len(others)))]
    tools = [_described(name, workload) for name in sorted(offered)]

    def judge(_text: str, calls: Sequence[ToolCall]) -> bool:
        try:
            made = [(call.name, json.loads(call.arguments or "{}")) for call in calls]
        except ValueError:
            return False
        return _canonical(made) == _canonical(expected)

    return Draft(
        text=text,
        options={"tools": tools},
        difficulty=level(_EFFORT[kind] + (len(tools) > 3)),
        expected="; ".join(_canonical(expected)),
        judge=judge,
    )


def solve(question: Question) -> Solution | None:
    """Read the request and call what it needs, if that is on offer."""
    if not question.tools or len(question.text) > LONGEST or (reading := _GRAMMAR.find(question.text)) is None:
        return None
    kind, slots = reading
    right = _calls(kind, slots)
    if any(name not in question.tools for name, _ in right):
        return None

    def near_miss(rng: Random) -> Answer:
        if len(right) > 1 and rng.random() < 0.5:
            return Answer(calls=right[:-1])
        i = rng.randrange(len(right))
        name, arguments = right[i]
        return Answer(calls=(*right[:i], (name, _slipped(arguments, rng)), *right[i + 1 :]))

    return Solution(
        family=FAMILY,
        task_type=TASK_TYPE,
        difficulty=level(_EFFORT[kind] + (len(question.tools) > 3)),
        right=Answer(calls=right),
        near_miss=near_miss,
        chatty=False,
    )


def _slipped(arguments: Mapping[str, Any], rng: Random) -> dict[str, Any]:
    key = rng.choice(list(arguments))
    value = arguments[key]
    if isinstance(value, int):
        return {**arguments, key: value + rng.choice((1, 10))}
    if value in _UNITS:
        return {**arguments, key: _UNITS[value == _UNITS[0]]}
    return {**arguments, key: misspelt(value, rng)}
