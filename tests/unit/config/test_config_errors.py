"""Bad files: each error names the place, the setting, what is wrong and what to do.

`‹` in a text marks where the error must point; it is taken out before the text is read.
"""

# ruff: noqa: E501 - one case a line, so that the table can be scanned

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from podium.core.errors import ConfigError
from podium.core.settings import RouteSettings, Settings
from podium.surface.config import InvalidConfig, load_settings, read_settings
from podium.surface.config.planned import PLANNED_FIELDS, PLANNED_VALUES
from podium.surface.config.report import SHOWN_PROBLEMS

PRESETS = frozenset({"openai", "anthropic", "mistral", "ollama"})
ENVIRON = {
    "PORT": "8080",
    "WORD": "secret-word",
    "SPACED": "key with space",
    "EMPTY": "",
    "PG_URL": "mysql://u:hush@h/d",
}


class Bad(NamedTuple):
    text: str
    field: str
    message: str
    remedy: str


def rules(rule: str) -> str:
    return f"routes:\n  r:\n    rules:\n      - {rule}\n"


BAD = {
    # --- YAML's syntax ---
    "tab": Bad("server:\n‹\tport: 1\n", "", "tab", "spaces"),
    "tab after a value": Bad("server:\n  host: a‹\tb\n", "", "tab", "spaces"),
    "open quote": Bad('store: ‹"sqlite:///x\nrecord: {text: true}\n', "", "never closed", "Close it"),
    "open bracket": Bad("providers:\n  openai: {models: [a, b‹}\n", "", "closing `]`", "comma"),
    "reference in brackets": Bad("providers:\n  openai: {api_key: ‹${KEY}}\n", "", "inside brackets", '"${NAME}"'),
    "two colons": Bad("store: sqlite‹: x\n", "", "two colons", "Quote"),
    "line without a colon": Bad("server:\n  ‹port 4000\n  host: x\n", "", "without a colon", "name: value"),
    "the same with a comment": Bad("server:\n  ‹port 4000 # see\n\n  # more\n  host: x\n", "", "without a colon", "name"),
    "no space after a colon": Bad("server:\n  ‹port:4000\n  host: x\n", "", "space after it", "name: value"),
    "no space, alone": Bad("server:\n  ‹port:4000\n", "server", "group of fields", "space after the colon"),
    "too deep": Bad("store: x\n  ‹record: {}\n", "", "indented", "exactly like"),
    "between two levels": Bad("server:\n    port: 1\n  ‹host: x\n", "", "matches nothing above", "Indent"),
    "text above is not blamed": Bad("server:\n  host: |\n    one line\n ‹port: 1\n", "", "matches nothing above", "Indent"),
    "list and names": Bad("providers:\n- a\n ‹b: 1\n", "", "indented", "Indent"),
    "list and names at one level": Bad("providers:\n  - a\n  ‹b: 1\n", "", "begins on line 2", "cannot stand at one level"),
    "two values": Bad("server:\n  host: 'a' ‹'b'\n", "", "after a value", "Quote"),
    "bracket open to the end": Bad("store: sqlite:///x\nserver: ‹{port: 1\n", "", "never closed", "`}`"),
    "bracket too many": Bad("server: ‹}\n", "", "where a value", "quote"),
    "name without a colon, last": Bad("providers:\n  openai: {}\n  ‹mistral\n", "", "without a colon", "name: value"),
    "name without a colon, alone": Bad("providers:\n  ‹mistral\n", "providers", "groups of fields by name", "`mistral:`"),
    "anchor without a name": Bad("server: &‹\n", "", "anchor", "quote"),
    "version": Bad("‹%YAML 2.0\n---\nstore: x\n", "", "YAML 2", "Remove"),
    "reserved sign": Bad("server: {host: ‹@here}\n", "", "begins with `@`", "quotation"),
    "unknown alias": Bad("server: ‹*gone\n", "", "alias", "anchor"),
    "anchor twice": Bad("server: &a {port: 1}\nrecord: ‹&a {text: true}\n", "", "second time, first on line 1", "name"),
    "two documents": Bad("store: sqlite:///a\n‹---\nstore: sqlite:///b\n", "", "second document", "one document"),
    "unknown escape": Bad('store: "sqlite:\\‹q"\n', "", "escape", "twice"),
    "no such character": Bad('store: "\\U‹00ffffff"\n', "", "no character", "itself"),
    "control character": Bad("store: a‹\x07b\n", "", "U+0007", "Remove"),
    "half a character": Bad('store: ‹"a\\ud800"\n', "store", "half a character", "itself"),
    # --- shapes and names ---
    "a list": Bad("‹- providers\n", "", "not a list", "such as `providers:`"),
    "a word": Bad("‹hello\n", "", "not a single value", "such as `providers:`"),
    "duplicate": Bad("server:\n  port: 1\n  host: x\n  ‹port: 2\n", "server.port", "twice, first on line 2", "Keep one"),
    "duplicate at the top": Bad("server: {}\nstore: sqlite:///x\n‹server: {}\n", "server", "twice", "join"),
    "misspelt": Bad("server:\n  ‹prot: 1\n", "server.prot", "not a setting", "`port`"),
    "misspelt at the top": Bad("‹provider: {}\n", "provider", "not a setting", "`providers`"),
    "misspelt deep down": Bad(rules("{when: {‹tasktype: code}, use: {tier: 1}}"), "routes.r.rules[0].when.tasktype", "not", "`task_type`"),
    "misplaced": Bad("‹port: 4000\n", "port", "not a setting", "`server.port`"),
    "misplaced in a rule": Bad(rules("{‹task_type: code, use: {tier: 1}}"), "routes.r.rules[0].task_type", "not", "rules[].when.task_type"),
    "unknown": Bad("record:\n  ‹zzz: 1\n", "record.zzz", "not a setting", "Allowed here: `text`"),
    "list as a name": Bad("server:\n  ? ‹[a, b]\n  : 1\n", "server", "not plain text", "plain name"),
    "empty name": Bad("server:\n  ‹: 1\n", "", "no name", "name: value"),
    "blank name": Bad("server:\n  ‹'': 1\n", "server", "empty", "plain name"),
    "custom tag": Bad("server: {host: ‹!secret here}\n", "server.host", "`!secret`", "without `!`"),
    "python tag": Bad("store: ‹!!python/name:os.system x\n", "store", "!!python", "without"),
    "loop": Bad("providers: ‹&a\n  x:\n    headers: *a\n", "providers.x.headers", "contains itself", "alias"),
    "merge of a word": Bad("server:\n  ‹<<: word\n", "server", "<<", "anchor"),
    "group for a number": Bad("server:\n  port: ‹{a: 1}\n", "server.port", "whole number from 0 to 65535, not a group", "Write"),
    "list for a number": Bad("server:\n  port:\n    ‹- 1\n", "server.port", "not a list", "dashes"),
    "word for a list": Bad("routes:\n  r: {rules: ‹none}\n", "routes.r.rules", "list of groups", "below"),
    "list for a group": Bad("providers:\n  ‹- openai\n", "providers", "by name, not a list", "Remove the dashes"),
    "word for a group": Bad("providers:\n  openai: ‹yes\n", "providers.openai", "group of fields", "indented"),
    "empty number": Bad("server:\n  ‹port:\n", "server.port", "no value", "whole number"),
    "null text": Bad("‹store: ~\n", "store", "no value", "text"),
    "required missing": Bad("models:\n  openai/x:\n    ‹price: {input: 1}\n", "models[\"openai/x\"].price.output", "missing", "`output:`"),
    "rule without use": Bad(rules("‹when: {domain: code}"), "routes.r.rules[0].use", "missing", "`tier`"),
    # --- kinds of values ---
    "text for a number": Bad("server: {port: ‹http}\n", "server.port", "whole number from 0 to 65535, not `http`", "Write"),
    "quoted number": Bad("server:\n  port: ‹'80'\n", "server.port", "the text", "without quotation"),
    "out of range": Bad("server:\n  port: ‹65536\n", "server.port", "not `65536`", "from 0 to 65535"),
    "fraction": Bad("engine: {retries: ‹1.5}\n", "engine.retries", "whole number", "without decimals"),
    "base 60": Bad("engine:\n  timeout_s: ‹1:30\n", "engine.timeout_s", "above 0, not `1:30`", "base 60"),
    "base 8": Bad("server:\n  port: ‹0123\n", "server.port", "base 8", "Write 123."),
    "base 16": Bad("server:\n  port: ‹0x50\n", "server.port", "`0x50`", "decimal"),
    "infinite": Bad("engine: {timeout_s: ‹.inf}\n", "engine.timeout_s", "`.inf`", "finite"),
    "zero seconds": Bad("engine: {timeout_s: ‹0}\n", "engine.timeout_s", "above 0", "above 0"),
    "with a unit": Bad("engine: {timeout_s: ‹30s}\n", "engine.timeout_s", "`30s`", "number alone"),
    "percent": Bad("routing:\n  low_confidence: ‹50%\n", "routing.low_confidence", "from 0 to 1", "0.95"),
    "decimal comma": Bad("routing:\n  low_confidence: ‹0,5\n", "routing.low_confidence", "`0,5`", "point"),
    "above 1": Bad("routes:\n  r: {require: {min_quality: ‹90}}\n", "routes.r.require.min_quality", "from 0 to 1", "Choose"),
    "date for a number": Bad("server:\n  port: ‹2024-01-31\n", "server.port", "`2024-01-31`", "whole number"),
    "huge exponent": Bad("models:\n  openai/x: {context: ‹1e99999999}\n", "models[\"openai/x\"].context", "too many digits", "Count"),
    "endless digits": Bad(f"models:\n  openai/x: {{context: ‹{'9' * 5000}}}\n", "models[\"openai/x\"].context", "digits", "Count"),
    "more than a word of memory": Bad("models:\n  openai/x: {context: ‹99999999999999999999}\n", "models[\"openai/x\"].context", "too large", "Count"),
    "not a switch": Bad("record:\n  text: ‹maybe\n", "record.text", "true or false, not `maybe`", "`true`"),
    "quoted switch": Bad("record:\n  text: ‹'true'\n", "record.text", "the text", "without quotation"),
    "odd capitals": Bad("record:\n  text: ‹yEs\n", "record.text", "true or false", "`true`"),
    "unknown word": Bad("privacy:\n  local_only: ‹always\n", "privacy.local_only", "`personal`", "Write one of"),
    "misspelt word": Bad(rules("{when: {task_type: [code, ‹summarization]}, use: {}}"), "routes.r.rules[0].when.task_type[1]", "one of", "Did you mean `summarisation`?"),
    "wrong case": Bad("providers:\n  openai: {locality: ‹Local}\n", "providers.openai.locality", "`cloud`", "Did you mean `local`?"),
    "dollars with a sign": Bad("routes:\n  r: {require: {max_cost_usd: ‹$0.01}}\n", "routes.r.require.max_cost_usd", "dollars", "alone"),
    "negative price": Bad("models:\n  openai/x: {price: {input: ‹-1, output: 1}}\n", "models[\"openai/x\"].price.input", "0 or more, not -1", "Change"),
    "negative cost": Bad("routes:\n  r:\n    require:\n      max_cost_usd: ‹-0.5\n", "routes.r.require.max_cost_usd", "0 or more", "Change"),
    # --- the environment ---
    "variable not set": Bad("providers:\n  openai:\n    api_key: ‹${NOPE}\n", "providers.openai.api_key", "`NOPE`, which is not set", "export NOPE"),
    "variable in the middle": Bad("providers:\n  openai:\n    base_url: http://‹${NOPE}/v1\n", "providers.openai.base_url", "`NOPE`", "Set it"),
    "variable in many lines": Bad("providers:\n  openai:\n    headers:\n      a: |\n        one\n        two ‹${NOPE}\n", "providers.openai.headers.a", "`NOPE`", "Set it"),
    "variable alike": Bad("store: ‹${PG_URI}\n", "store", "not set", "`PG_URL` is set"),
    "no variable": Bad("store: ‹${PG-URL:-x}\n", "store", "names no environment variable", "$${"),
    "reference not closed": Bad("store: x‹${PG_URL\n", "store", "names no environment variable", "$${"),
    "variable of another kind": Bad("server:\n  port: ‹${WORD}\n", "server.port", "not `${WORD}`", "whole number"),
    "empty key": Bad("providers:\n  openai: {api_key: ‹\"${EMPTY}\"}\n", "providers.openai.api_key", "empty", "remove the line"),
    "spaced key": Bad("providers:\n  openai: {api_key: ‹\"${SPACED}\"}\n", "providers.openai.api_key", "space", "Copy the key again"),
    # --- what fits together ---
    "unknown provider": Bad("providers:\n  ‹house: {locality: local}\n", "providers.house", "neither `preset` nor `base_url`", "`base_url:`"),
    "misspelt provider": Bad("providers:\n  ‹antropic:\n", "providers.antropic", "neither", "Did you mean `anthropic`?"),
    "unknown preset": Bad("providers:\n  mine: {preset: ‹open-ai}\n", "providers.mine.preset", "no preset", "`openai`"),
    "no address": Bad("providers:\n  mine: {base_url: ‹localhost:8000}\n", "providers.mine.base_url", "http", "127.0.0.1:8000/v1"),
    "broken address": Bad("providers:\n  mine: {base_url: ‹'http://[::1'}\n", "providers.mine.base_url", "http", "Write it like"),
    "password in an address": Bad("providers:\n  mine:\n    base_url: ‹https://me:hush@h/v1\n", "providers.mine.base_url", "password", "api_key"),
    "query in an address": Bad("providers:\n  mine:\n    base_url: ‹https://h/v1?key=1\n", "providers.mine.base_url", "query", "Leave it out"),
    "fragment in an address": Bad("providers:\n  mine:\n    base_url: ‹'https://h/v1#top'\n", "providers.mine.base_url", "fragment", "Leave it out"),
    "port too large": Bad("providers:\n  mine:\n    base_url: ‹http://h:99999/v1\n", "providers.mine.base_url", "http", "Write it like"),
    "header's name": Bad("providers:\n  openai: {headers: {‹'x y': z}}\n", "providers.openai.headers[\"x y\"]", "header", "letters"),
    "header in two lines": Bad("providers:\n  openai:\n    headers:\n      x: ‹\"a\\nb\"\n", "providers.openai.headers.x", "line break", "one line"),
    "provider called auto": Bad("providers:\n  ‹auto: {preset: openai}\n", "providers.auto", "`auto`", "another name"),
    "provider with a slash": Bad("providers:\n  ‹a/b: {preset: openai}\n", "providers[\"a/b\"]", "slash", "`a-b`"),
    "model without a slash": Bad("models:\n  ‹gpt-4: {tier: 1}\n", "models.gpt-4", "provider/model", "PROVIDER/gpt-4"),
    "model of nobody": Bad("models:\n  ‹opnai/gpt-4: {tier: 1}\n", "models[\"opnai/gpt-4\"]", "`opnai`", "`openai/gpt-4`"),
    "model with a colon": Bad("models:\n  ‹zzz/llama3.1:8b: {tier: 1}\n", "models[\"zzz/llama3.1:8b\"]", "`zzz`", "under `providers`"),
    "output above context": Bad("models:\n  openai/x: {context: 100, max_output: ‹200}\n", "models[\"openai/x\"].max_output", "more than the context", "raise"),
    "route called auto": Bad("routes:\n  ‹auto: {}\n", "routes.auto", "`auto`", "`default`"),
    "route with a slash": Bad("routes:\n  ‹a/b: {}\n", "routes[\"a/b\"]", "slash or a space", "`a-b`"),
    "route with a space": Bad("routes:\n  ‹my route: {}\n", "routes[\"my route\"]", "slash or a space", "`my-route`"),
    "route with a sign": Bad("routes:\n  ‹-x: {}\n", "routes[\"-x\"]", "no name for a route", "letter or digit"),
    "complexity reversed": Bad(rules("{when: {min_complexity: ‹7, max_complexity: 3}, use: {tier: 1}}"), "routes.r.rules[0].when.min_complexity", "never match", "Swap"),
    "tokens reversed": Bad(rules("{when: {max_tokens: 10, min_tokens: ‹11}, use: {tier: 1}}"), "routes.r.rules[0].when.min_tokens", "never match", "Swap"),
    "any of nothing": Bad(rules("{when: {task_type: ‹[]}, use: {tier: 1}}"), "routes.r.rules[0].when.task_type", "never match", "remove"),
    "language by name": Bad(rules("{when: {language: ‹German}, use: {tier: 1}}"), "routes.r.rules[0].when.language", "ISO 639-1", "`ge`"),
    "language in capitals": Bad(rules("{when: {language: [en, ‹DE]}, use: {tier: 1}}"), "routes.r.rules[0].when.language[1]", "never match", "`de`"),
    "tiers reversed": Bad(rules("{use: {tier: 3, max_tier: ‹2}}"), "routes.r.rules[0].use.max_tier", "below `tier` 3", "Raise"),
    "no model left": Bad(rules("{use: {models: ‹[]}}"), "routes.r.rules[0].use.models", "no model is left", "remove"),
    "asked and denied": Bad(rules("{use: {models: [a, ‹b], deny: [b]}}"), "routes.r.rules[0].use.models[1]", "denied", "Take it out"),
    "unnamed model": Bad(rules("{use: {deny: [a, ‹'']}}"), "routes.r.rules[0].use.deny[1]", "empty", "Name"),
    "private in the cloud": Bad("routes:\n  r:\n    require: {private: true}\n    rules: [{use: {locality: ‹cloud}}]\n", "routes.r.rules[0].use.locality", "private", "`local`"),
    "store without a scheme": Bad("store: ‹podium.db\n", "store", "SQLite or PostgreSQL", "sqlite:///"),
    "store of another kind": Bad("store: ‹${PG_URL}\n", "store", "SQLite or PostgreSQL", "postgresql://"),
    "postgres": Bad("store: ‹postgres://h/d\n", "store", "SQLite or PostgreSQL", "`postgresql://` instead"),
    "host with port": Bad("server:\n  host: ‹127.0.0.1:4000\n", "server.host", "no address", "its own setting"),
    # --- planned ---
    "budgets": Bad("‹budgets: {team/support: {usd: 500, per: month}}\n", "budgets", "does not have `budgets` yet", "Remove it"),
    "cascade": Bad("routes:\n  r:\n    ‹cascade: adaptive\n", "routes.r.cascade", "does not have `cascade` yet", "Remove it"),
    "delivery": Bad("routes:\n  r: {‹delivery: verified}\n", "routes.r.delivery", "does not have `delivery` yet", "Remove it"),
    "hedged": Bad("routes:\n  r: {failover: ‹hedged}\n", "routes.r.failover", "does not have `hedged` failover yet", "`sequential`"),
    "another failover": Bad("routes:\n  r: {failover: ‹serial}\n", "routes.r.failover", "must be `sequential`", "`sequential`"),
}  # fmt: skip


def marked(text: str) -> tuple[str, int, int]:
    before, _, after = text.partition("‹")
    return before + after, before.count("\n") + 1, len(before) - before.rfind("\n")


def problems_of(text: str) -> InvalidConfig:
    with pytest.raises(InvalidConfig) as caught:
        read_settings(text, name="podium.yaml", environ=ENVIRON, presets=PRESETS)
    return caught.value


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_a_bad_file_is_refused_at_the_right_place_with_a_remedy(bad: Bad) -> None:
    text, line, column = marked(bad.text)
    error = problems_of(text)
    assert len(error.problems) == 1, [str(problem) for problem in error.problems]
    problem = error.problems[0]
    assert (problem.field, problem.where) == (bad.field, f"podium.yaml:{line}:{column}")
    assert bad.message in problem.message
    assert bad.remedy in problem.remedy
    assert isinstance(error, ConfigError)
    assert (error.where, error.field, error.message, error.remedy) == (
        problem.where, problem.field, problem.message, problem.remedy
    )  # fmt: skip
    assert str(error) == str(problem)


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_windows_line_ends_and_a_byte_order_mark_move_nothing(bad: Bad, tmp_path: Path) -> None:
    text, line, column = marked(bad.text)
    path = tmp_path / "c.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    with pytest.raises(InvalidConfig) as caught:
        load_settings(path, environ=ENVIRON, cwd=tmp_path, presets=PRESETS)
    assert caught.value.where == f"{path}:{line}:{column}"


def test_all_problems_are_reported_at_once_from_top_to_bottom() -> None:
    error = problems_of(
        """\
server:
  prot: 1
  port: 70000
providers:
  house: {}
  openai: {api_key: "${NOPE} ${NADA}"}
routes:
  a b:
    rules:
      - when: {min_tokens: 5}
      - when: {min_complexity: 9, max_complexity: 2}
        use: {tier: 9}
budgets: {}
models:
  house/x: {tier: 2, tier: 3}
"""
    )
    assert [(problem.spot.line, problem.field) for problem in error.problems if problem.spot] == [
        (2, "server.prot"),
        (3, "server.port"),
        (5, "providers.house"),
        (6, "providers.openai.api_key"),
        (6, "providers.openai.api_key"),
        (8, 'routes["a b"]'),
        (10, 'routes["a b"].rules[0].use'),
        (11, 'routes["a b"].rules[1].when.min_complexity'),
        (12, 'routes["a b"].rules[1].use.tier'),
        (13, "budgets"),
        (15, 'models["house/x"].tier'),
    ]
    text = str(error)
    assert text.startswith("podium.yaml: 11 problems\n  podium.yaml:2:3: server.prot: is not a setting.")
    assert all(str(problem) in text for problem in error.problems)


def test_one_slip_is_one_problem() -> None:
    """A provider whose address cannot be read is not also called one without an address, and so on."""
    error = problems_of(
        """\
providers:
  house: {base_url: [http://h/v1]}
models:
  house/x: {tier: high}
routes:
  r:
    require: {private: maybe}
    rules:
      - {use: {tier: 3, max_tier: x, locality: cloud}}
"""
    )
    assert [problem.field for problem in error.problems] == [
        "providers.house.base_url",
        'models["house/x"].tier',
        "routes.r.require.private",
        "routes.r.rules[0].use.max_tier",
    ]


def test_a_long_list_is_cut_in_the_message_only() -> None:
    error = problems_of("".join(f"zz{number}: 1\n" for number in range(SHOWN_PROBLEMS + 7)))
    assert len(error.problems) == SHOWN_PROBLEMS + 7
    assert str(error).endswith("and 7 more")
    assert str(error).count("\n") == SHOWN_PROBLEMS + 1


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_nesting_without_end_is_refused(opening: str) -> None:
    assert "nested too deeply" in problems_of(opening * 2000).message


def test_secrets_are_never_quoted() -> None:
    text = """\
server: {port: "${WORD}"}
store: mysql://user:hush@host/x
providers:
  openai: {api_key: "k ey-hush", headers: {x: "hush\\n"}}
  mistral: {api_key: "${SPACED}"}
"""
    shown = str(problems_of(text))
    assert len(problems_of(text).problems) == 5
    for secret in ("hush", "secret-word", "key with space", "k ey"):
        assert secret not in shown


@pytest.mark.parametrize(("group", "field"), PLANNED_FIELDS)
def test_what_is_built_is_no_longer_called_planned(group: type, field: str) -> None:
    assert group in (Settings, RouteSettings)
    assert field not in group.__struct_fields__


def test_planned_values_are_not_allowed_yet() -> None:
    for (group, field), values in PLANNED_VALUES.items():
        assert group is RouteSettings
        for value in values:
            assert problems_of(f"routes: {{r: {{{field}: {value}}}}}").message.startswith("this version does not have")
