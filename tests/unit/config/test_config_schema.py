"""The JSON schema accepts what Podium accepts and describes every setting."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
import yaml

from podium.surface.config import InvalidConfig, commented_config, config_schema, read_settings
from podium.surface.config.kinds import described

PRESETS = frozenset({"openai", "anthropic", "mistral"})

GOOD = {
    "nothing": "{}",
    "empty groups": "providers: {anthropic: }\nroutes: {r: {rules: , require: }}\nengine:\n",
    "amounts": "models: {openai/x: {price: {input: 0.1, output: '0.4', cached: 0, cache_write: 1.0e-3}}}",
    "references": "server: {port: '${N}'}\nrecord: {text: '${B}'}\nprivacy: {local_only: '${W}'}\n"
    "routes: {r: {require: {max_cost_usd: '${N}'}}}",
    "one or many": "routes: {r: {rules: [{when: {task_type: code, team: [a, b], language: en}, use: {tier: 1}}]}}",
}
BAD = {
    "unknown at the top": "zz: 1",
    "unknown inside": "routes: {r: {rules: [{use: {teir: 1}}]}}",
    "above the range": "server: {port: 70000}",
    "not a share": "routing: {answer_share: 1}",
    "unknown word": "routes: {r: {rules: [{when: {domain: law}, use: {tier: 1}}]}}",
    "a list of one": "server: {host: [a]}",
    "negative price": "models: {openai/x: {price: {input: -1, output: 1}}}",
    "price without output": "models: {openai/x: {price: {input: 1}}}",
    "route called auto": "routes: {auto: {}}",
    "route with a slash": "routes: {a/b: {}}",
    "model without a slash": "models: {gpt: {tier: 1}}",
    "rule without use": "routes: {r: {rules: [{}]}}",
    "planned": "budgets: {}",
}


@pytest.fixture(scope="module")
def validator() -> Any:
    return jsonschema.Draft202012Validator(config_schema())


def test_it_is_a_schema_of_the_draft_it_names() -> None:
    schema = config_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "$id" not in schema


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD.keys())
def test_it_accepts_what_podium_accepts(text: str, validator: Any) -> None:
    environ = {"N": "5", "B": "true", "W": "never"}
    read_settings(text, name="f", environ=environ, presets=PRESETS)
    assert [error.message for error in validator.iter_errors(yaml.safe_load(text))] == []


@pytest.mark.parametrize("text", BAD.values(), ids=BAD.keys())
def test_it_refuses_what_podium_refuses(text: str, validator: Any) -> None:
    with pytest.raises(InvalidConfig):
        read_settings(text, name="f", environ={}, presets=PRESETS)
    assert not validator.is_valid(yaml.safe_load(text))


def test_it_accepts_the_template_taken_in_whole(validator: Any) -> None:
    taken_in = "".join(line[2:] + "\n" for line in commented_config().splitlines() if line.startswith("# "))
    document = yaml.safe_load(taken_in)
    assert len(document) > 5
    assert [error.message for error in validator.iter_errors(document)] == []


def test_every_setting_is_in_it_described_and_every_group_is_closed() -> None:
    schema = config_schema()
    settings = {(setting.name, setting.meaning) for setting in described()}
    seen = set()
    for name, definition in schema["$defs"].items():
        if "properties" in definition:
            assert definition["additionalProperties"] is False, name
            seen |= {(field, part["description"]) for field, part in definition["properties"].items()}
    assert seen == settings


def test_each_call_makes_its_own() -> None:
    config_schema()["$defs"].clear()
    assert config_schema()["$defs"]
