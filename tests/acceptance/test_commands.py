"""Every command as a process: what it prints, that its JSON parses, and its exit code."""

from __future__ import annotations

import socket
from typing import Any

PROMPT = "What is 12 * 12?"


def test_ask(podium: Any) -> None:
    done = podium("ask", PROMPT, "--user", "ann", "--team", "support", "--tag", "ticket=4711")
    assert done.code == 0, done.err
    assert done.out.strip()
    assert "pico" in done.err
    told = podium("ask", PROMPT, "--json").json()
    assert told["model"] in {"pico", "north/pico"}
    assert told["text"] == done.out.strip()
    piped = podium("ask", "-", "--json", stdin=PROMPT).json()
    assert piped["text"] == told["text"]
    assert podium("ask", PROMPT, "--model", "grande", "--json").json()["model"].endswith("grande")


def test_explain_calls_nobody(podium: Any) -> None:
    before = podium.vendor.state.requests
    shown = podium("explain", PROMPT)
    assert shown.code == 0, shown.err
    for word in ("north/pico", "north/grande", "task type", "complexity", "input tokens", "candidate"):
        assert word in shown.out
    told = podium("explain", PROMPT, "--json").json()
    assert [each["deployment"] for each in told["candidates"]] == ["north/pico", "north/grande"]
    assert told["why"] in shown.out
    assert podium.vendor.state.requests == before


def test_costs_and_recorded_decisions(podium: Any) -> None:
    empty = podium("costs")
    assert empty.code == 0
    assert "Nothing recorded" in empty.out
    asked = podium("ask", PROMPT, "--team", "support", "--json").json()
    keys = ("task", "user", "team", "provider", "model")
    for by, done in zip(keys, podium.each(*(("costs", "--by", by, "--json") for by in keys)), strict=True):
        told = done.json()
        (row,) = told["rows"]
        assert (told["by"], row["requests"]) == (by, 1)
        assert row["cost"] == asked["cost"]
    assert "support" in podium("costs", "--by", "team").out
    assert podium("costs", "--since", "2999-01-01", "--json").json()["rows"] == []
    recorded = podium("explain", "--decision", asked["decision"]["id"])
    assert recorded.json()["team"] == "support"


def test_models_and_providers(podium: Any) -> None:
    models = podium("models")
    assert models.code == 0, models.err
    assert "north/pico" in models.out
    told = podium("models", "--json").json()
    assert [each["id"] for each in told["usable"]] == ["north/pico", "north/grande"]
    assert len(told["not_usable"]) > 20
    providers = podium("providers")
    assert (providers.code, "north" in providers.out) == (0, True)
    told = podium("providers", "--json").json()
    assert told["providers"][0]["usable"] is True
    assert "openai" in told["not_set_up"]


def test_with_nothing_set_up(bare: Any) -> None:
    assert "No model is usable yet" in bare("models").out
    assert bare("models", "--json").json()["usable"] == []
    assert bare("providers", "--json").json()["providers"] == []
    asked = bare("ask", PROMPT)
    assert asked.code == 2
    assert "key" in asked.err
    assert asked.out == ""


def test_init_and_config(bare: Any) -> None:
    made = bare("init")
    assert made.code == 0, made.err
    assert bare("config", "check").code == 0
    assert bare("config", "check", "--json").json()["ok"] is True
    again = bare("init")
    assert again.code == 2
    assert "--force" in again.err
    assert bare("init", "--force").code == 0
    assert bare("init", "nowhere/podium.yaml").code == 2
    schema = bare("config", "schema").json()
    assert schema["$schema"].startswith("https://json-schema.org")


BROKEN = """\
providers:
  north:
    base_ulr: http://127.0.0.1:1/v1
engine:
  retries: many
"""


def test_a_broken_configuration_names_line_field_and_remedy(bare: Any) -> None:
    (bare.folder / "podium.yaml").write_text(BROKEN)
    commands = (("config", "check"), ("ask", "x"), ("models",), ("costs",), ("up", "--port", "0"), ("explain", "x"))
    for done in bare.each(*commands):
        assert done.code == 2
        assert done.out == ""
        assert "podium.yaml:3" in done.err
        assert "base_url" in done.err
        assert "podium.yaml:5" in done.err
        assert "engine.retries" in done.err
        assert "Traceback" not in done.err


USAGE: list[tuple[tuple[str, ...], str]] = [
    ((), "Usage"),
    (("nonsense",), "nonsense"),
    (("ask",), "prompt"),
    (("ask", "x", "--min-quality", "high"), "--min-quality"),
    (("ask", "x", "--min-quality", "2"), "min_quality"),
    (("ask", "x", "--max-cost", "cheap"), "max_cost"),
    (("ask", "x", "--task-type", "magic"), "magic"),
    (("ask", "x", "--sensitivity", "some"), "some"),
    (("ask", "x", "--priority", "now"), "--priority"),
    (("ask", "x", "--tag", "no-equals"), "--tag"),
    (("ask", "x", "--model", "nobody"), "nobody"),
    (("ask", "x", "--private"), "local"),
    (("ask", "x", "--config", "missing.yaml"), "missing.yaml"),
    (("explain",), "PROMPT"),
    (("explain", "--decision", "dec_0"), "dec_0"),
    (("costs", "--by", "colour"), "colour"),
    (("costs", "--since", "yesterday"), "--since"),
    (("up", "--port", "99999"), "--port"),
    (("up", "--log-level", "loud"), "--log-level"),
    (("demo", "--tasks", "1"), "--tasks"),
]


def test_wrong_usage_is_exit_code_2_and_says_why(podium: Any) -> None:
    for (arguments, says), done in zip(USAGE, podium.each(*(given for given, _ in USAGE)), strict=True):
        assert done.code == 2, (arguments, done.out, done.err)
        assert says in done.err + done.out, (arguments, done.err)
        assert "Traceback" not in done.err, arguments


def test_work_that_fails_is_exit_code_1(podium: Any) -> None:
    text = (podium.folder / "podium.yaml").read_text()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    (podium.folder / "podium.yaml").write_text(text.replace(podium.vendor.base_url, f"http://127.0.0.1:{port}/v1"))
    done = podium("ask", PROMPT)
    assert done.code == 1
    assert "could not be reached" in done.err
    assert "north/pico" in done.err
    assert "Traceback" not in done.err
    assert podium("costs", "--json").json()["rows"][0]["failed"] == 1


def test_help_and_version(bare: Any) -> None:
    from podium import __version__

    assert bare("--version").out.strip() == __version__
    told = bare("--help")
    assert told.code == 0
    commands = ("up", "ask", "explain", "models", "providers", "costs", "init", "demo", "config")
    for command, done in zip(commands, bare.each(*((command, "--help") for command in commands)), strict=True):
        assert command in told.out
        assert (done.code, "Usage" in done.out) == (0, True)


def test_a_store_that_cannot_be_written(podium: Any) -> None:
    (podium.folder / "file").write_text("not a folder")
    commands = (("ask", PROMPT), ("costs",), ("up", "--port", "0"))
    for done in podium.each(*commands, PODIUM_STORE="sqlite:///file/podium.db"):
        assert done.code in {1, 2}
        assert "file" in done.err
        assert "Traceback" not in done.err
