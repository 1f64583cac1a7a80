"""Where settings come from, and what values mean."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from podium.core.errors import ConfigError
from podium.core.settings import (
    DiscoverSettings,
    ModelSettings,
    PriceSettings,
    ProviderSettings,
    RequireSettings,
    ServerSettings,
    Settings,
    SpeedSettings,
)
from podium.core.tasks import TaskType
from podium.surface.config import ENVIRONMENT, InvalidConfig, LoadedSettings, load_settings, read_settings

PRESETS = frozenset({"openai", "anthropic"})


def read(text: str, **environ: str) -> Settings:
    return read_settings(text, name="podium.yaml", environ=environ, presets=PRESETS).settings


def warnings(text: str, **environ: str) -> tuple[str, ...]:
    return read_settings(text, name="podium.yaml", environ=environ, presets=PRESETS).warnings


def load(folder: Path, path: str | None = None, **environ: str) -> LoadedSettings:
    return load_settings(None if path is None else Path(path), environ=environ, cwd=folder, presets=PRESETS)


def port(number: int) -> str:
    return f"server: {{port: {number}}}\n"


class TestSearch:
    def test_nothing_gives_the_defaults(self, tmp_path: Path) -> None:
        assert load(tmp_path) == LoadedSettings(settings=Settings(), source=None)

    def test_the_order(self, tmp_path: Path) -> None:
        (tmp_path / "podium.yml").write_text(port(1))
        assert load(tmp_path).source == tmp_path / "podium.yml"
        (tmp_path / "podium.yaml").write_text(port(2))
        found = load(tmp_path)
        assert (found.settings.server.port, found.source) == (2, tmp_path / "podium.yaml")
        assert found.warnings == ("podium.yml is not read, because podium.yaml is there too.",)
        (tmp_path / "named.yaml").write_text(port(3))
        assert load(tmp_path, PODIUM_CONFIG="named.yaml").settings.server.port == 3
        (tmp_path / "given.yaml").write_text(port(4))
        found = load(tmp_path, "given.yaml", PODIUM_CONFIG="named.yaml")
        assert (found.settings.server.port, found.source, found.warnings) == (4, tmp_path / "given.yaml", ())

    def test_an_empty_variable_names_no_file(self, tmp_path: Path) -> None:
        assert load(tmp_path, PODIUM_CONFIG="").source is None

    def test_a_file_given_must_be_there(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"^gone\.yaml: there is no such file\. Check the name, .*podium init"):
            load(tmp_path, "gone.yaml")

    def test_a_file_named_by_the_environment_must_be_there(self, tmp_path: Path) -> None:
        (tmp_path / "podium.yaml").write_text(port(1))
        with pytest.raises(ConfigError, match=r"^\$PODIUM_CONFIG: there is no file `gone\.yaml`\. Correct or unset"):
            load(tmp_path, PODIUM_CONFIG="gone.yaml")

    def test_a_link_to_nowhere_is_not_taken_for_no_file(self, tmp_path: Path) -> None:
        (tmp_path / "podium.yaml").symlink_to(tmp_path / "gone")
        with pytest.raises(ConfigError, match="there is no such file"):
            load(tmp_path)

    def test_a_folder_is_no_file(self, tmp_path: Path) -> None:
        (tmp_path / "podium.yaml").mkdir()
        with pytest.raises(ConfigError, match=r"is a folder\. Name the file in it"):
            load(tmp_path)

    def test_bytes_that_are_no_text(self, tmp_path: Path) -> None:
        (tmp_path / "podium.yaml").write_bytes(b"store: x\n# caf\xe9\n")
        with pytest.raises(ConfigError, match=r"podium\.yaml:2: is not UTF-8 text\. Save"):
            load(tmp_path)

    def test_a_file_too_large_to_be_meant(self, tmp_path: Path) -> None:
        (tmp_path / "podium.yaml").write_bytes(b"#" * 1_000_001)
        with pytest.raises(ConfigError, match=r"larger than 1 MB\. Is it the right file"):
            load(tmp_path)

    def test_a_name_no_file_can_have(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError):
            load(tmp_path, "a\0b")
        with pytest.raises(ConfigError):
            load(tmp_path, PODIUM_CONFIG="a\0b")

    def test_errors_name_the_file_as_it_was_given(self, tmp_path: Path) -> None:
        (tmp_path / "sub").mkdir()
        (tmp_path / "sub" / "p.yaml").write_text("zz: 1\n")
        with pytest.raises(InvalidConfig, match=r"^sub/p\.yaml:1:1: zz: is not a setting"):
            load(tmp_path, "sub/p.yaml")

    def test_the_presets_podium_ships_are_known_without_saying(self, tmp_path: Path) -> None:
        (tmp_path / "podium.yaml").write_text("providers: {anthropic: {}, ollama: {}}\n")
        found = load_settings(None, environ={}, cwd=tmp_path)
        assert set(found.settings.providers) == {"anthropic", "ollama"}


class TestEnvironment:
    def test_it_overrides_the_file(self) -> None:
        text = "server: {host: 10.0.0.1, port: 1, drain_s: 7}\nstore: sqlite:///file.db\n"
        settings = read(text, PODIUM_HOST="0.0.0.0", PODIUM_PORT="8080", PODIUM_STORE="postgresql://h/d")
        assert settings.server == ServerSettings(host="0.0.0.0", port=8080, drain_s=7.0)
        assert settings.store == "postgresql://h/d"

    @pytest.mark.parametrize(("value", "both"), [("0", False), ("1", True)])
    def test_discovery_is_switched_as_a_whole(self, value: str, both: bool) -> None:
        settings = read("discover: {local: false}\n", PODIUM_DISCOVER=value)
        assert settings.discover == DiscoverSettings(environment=both, local=both)

    def test_empty_counts_as_not_set(self) -> None:
        assert read("", **{variable.name: "" for variable in ENVIRONMENT}) == Settings()

    @pytest.mark.parametrize(
        ("name", "value", "field", "message", "remedy"),
        [
            ("PODIUM_PORT", "http", "server.port", "from 0 to 65535", "unset PODIUM_PORT"),
            ("PODIUM_PORT", "70000", "server.port", "not `70000`", "unset PODIUM_PORT"),
            ("PODIUM_DISCOVER", "yes", "discover.environment", "must be 0 or 1", "unset PODIUM_DISCOVER"),
            ("PODIUM_STORE", "hush", "store", "SQLite or PostgreSQL", "sqlite:///"),
            ("PODIUM_HOST", "a:1", "server.host", "no address", "its own setting"),
        ],
    )
    def test_a_bad_value_names_the_variable(self, name: str, value: str, field: str, message: str, remedy: str) -> None:
        with pytest.raises(InvalidConfig) as caught:
            read("server: {host: x}\n", **{name: value})
        problem = caught.value.problems[0]
        assert (problem.where, problem.field) == (f"${name}", field)
        assert message in problem.message
        assert remedy in problem.remedy
        assert "hush" not in str(caught.value)

    def test_its_problems_come_with_the_files(self) -> None:
        with pytest.raises(InvalidConfig) as caught:
            read("zz: 1\n", PODIUM_PORT="x")
        assert [problem.where for problem in caught.value.problems] == ["podium.yaml:1:1", "$PODIUM_PORT"]

    def test_each_variable_sets_what_the_table_says(self) -> None:
        values = {"PODIUM_STORE": "sqlite:///e.db", "PODIUM_HOST": "h", "PODIUM_PORT": "5", "PODIUM_DISCOVER": "0"}
        assert {variable.name for variable in ENVIRONMENT} == {"PODIUM_CONFIG", *values}
        for variable in ENVIRONMENT[1:]:
            changed = read("", **{variable.name: values[variable.name]})
            assert changed != Settings()
            for path in variable.sets:
                before: object = Settings()
                after: object = changed
                for step in path:
                    before, after = getattr(before, str(step)), getattr(after, str(step))
                assert before != after


class TestValues:
    def test_money_is_read_exactly_as_written(self) -> None:
        settings = read(
            "models:\n  openai/x:\n    price: {input: 0.1, output: 3, cached: '0.025', cache_write: 1e-9}\n"
            "routes:\n  r: {require: {max_cost_usd: 0.10000000000000000000000000001}}\n"
        )
        assert settings.models["openai/x"].price == PriceSettings(
            input=Decimal("0.1"), output=Decimal(3), cached=Decimal("0.025"), cache_write=Decimal("1e-9")
        )
        assert str(settings.models["openai/x"].price.input) == "0.1"  # type: ignore[union-attr]
        assert settings.routes["r"].require.max_cost_usd == Decimal("0.10000000000000000000000000001")

    @pytest.mark.parametrize(
        ("written", "number"),
        [("1e3", 1000), ("1_000", 1000), ("1000.0", 1000), ("+7", 7), ("1.5e1", 15), ("0", 0), ("'${N}'", 12)],
    )
    def test_whole_numbers(self, written: str, number: int) -> None:
        value = read(f"engine: {{backoff_ms: {written}}}\n", N="12").engine.backoff_ms
        assert (value, type(value)) == (number, int)

    @pytest.mark.parametrize(
        ("written", "number"), [("1e1", 10.0), (".5", 0.5), ("5.", 5.0), ("3", 3.0), ("1E-2", 0.01)]
    )
    def test_numbers(self, written: str, number: float) -> None:
        value = read(f"engine: {{timeout_s: {written}}}\n").engine.timeout_s
        assert (value, type(value)) == (number, float)

    @pytest.mark.parametrize(
        ("written", "value"),
        [("true", True), ("yes", True), ("On", True), ("TRUE", True), ("no", False), ("OFF", False), ("False", False)],
    )
    def test_switches(self, written: str, value: bool) -> None:
        assert read(f"record: {{text: {written}}}\n").record.text is value

    def test_text_stays_as_written(self) -> None:
        when = (
            read(
                """\
routes:
  r:
    rules:
      - when:
          language: [no, "on", en]
          user: [0123, 1:30, 2024-01-31, 1e3, .inf, "null", yes]
          tags: {on: off, 1: 2.50, yes: "true"}
        use: {tier: 1}
"""
            )
            .routes["r"]
            .rules[0]
            .when
        )
        assert when.language == ("no", "on", "en")
        assert when.user == ("0123", "1:30", "2024-01-31", "1e3", ".inf", "null", "yes")
        assert when.tags == {"on": "off", "1": "2.50", "yes": "true"}

    def test_one_word_or_a_list_of_them(self) -> None:
        rules = (
            read(
                "routes: {r: {rules: [{when: {task_type: code}, use: {tier: 1}},"
                " {when: {task_type: [code, vision]}, use: {tier: 1}}]}}\n"
            )
            .routes["r"]
            .rules
        )
        assert rules[0].when.task_type is TaskType.CODE
        assert rules[1].when.task_type == (TaskType.CODE, TaskType.VISION)

    def test_nothing_is_an_empty_group_a_list_or_not_set(self) -> None:
        settings = read(
            "providers:\n  anthropic:\n  openai: {preset: ~, headers: , models: null}\n"
            "routes:\n  r:\n    rules:\n    require:\n    priority:\nengine:\nmodels:\n"
        )
        assert settings.providers == {"anthropic": ProviderSettings(), "openai": ProviderSettings()}
        assert settings.routes["r"].rules == ()
        assert settings.routes["r"].require == RequireSettings()
        assert settings.routes["r"].priority is None

    @pytest.mark.parametrize("text", ["", "\n", "# only a comment\n", "---\n", "{}\n", "~\n"])
    def test_an_empty_file_gives_the_defaults(self, text: str) -> None:
        assert read(text) == Settings()

    def test_anchors_and_merging(self) -> None:
        settings = read(
            """\
models:
  openai/a: &base
    tier: 2
    speed: {first_token_ms: 100, tokens_per_s: 10}
  openai/b:
    tier: 3
    <<: *base
  openai/c:
    <<: [{context: 5}, *base]
  openai/d: *base
"""
        ).models
        speed = SpeedSettings(first_token_ms=100, tokens_per_s=10.0)
        assert settings["openai/b"] == ModelSettings(tier=3, speed=speed)
        assert settings["openai/c"] == ModelSettings(tier=2, context=5, speed=speed)
        assert settings["openai/a"] == settings["openai/d"] == ModelSettings(tier=2, speed=speed)

    def test_merging_a_group_into_itself_is_refused(self) -> None:
        with pytest.raises(InvalidConfig, match="contains itself"):
            read("server: &s\n  port: 1\n  <<: *s\n")

    def test_an_anchors_slip_is_reported_once(self) -> None:
        with pytest.raises(InvalidConfig) as caught:
            read("models:\n  openai/a: &a {tier: 1, tier: 2}\n  openai/b: *a\n")
        assert [problem.where for problem in caught.value.problems] == ["podium.yaml:2:26"]


class TestReferences:
    @pytest.mark.parametrize(
        ("written", "value"),
        [
            ("${A}", "one"),
            ("x-${A}-${B}-y", "x-one-${A}-y"),
            ("'${A}'", "one"),
            ("$${A}", "${A}"),
            ("$$${A}", "$${A}"),
            ("$A $", "$A $"),
            ("a$", "a$"),
            ("'${EMPTY}'", ""),
        ],
    )
    def test_in_text(self, written: str, value: str) -> None:
        text = f"providers:\n  openai:\n    headers:\n      h: {written}\n"
        headers = read(text, A="one", B="${A}", EMPTY="").providers["openai"].headers
        assert headers == {"h": value}

    def test_for_numbers_switches_words_and_money(self) -> None:
        settings = read(
            "server: {port: '${PORT}'}\nrecord: {text: '${TEXT}'}\nprivacy:\n  local_only: ${LEVEL}\n"
            "routes: {r: {require: {max_cost_usd: '${USD}'}}}\n",
            PORT="81", TEXT="true", LEVEL="never", USD="0.10",
        )  # fmt: skip
        assert (settings.server.port, settings.record.text, settings.privacy.local_only) == (81, True, "never")
        assert str(settings.routes["r"].require.max_cost_usd) == "0.10"

    def test_names_are_not_replaced(self) -> None:
        with pytest.raises(InvalidConfig, match="no name for a provider"):
            read('providers: {"${A}": {base_url: "http://h"}}\n', A="x")


class TestWarnings:
    def test_a_key_in_the_file(self) -> None:
        (warning,) = warnings("providers:\n  openai:\n    api_key: sk-hush\n")
        assert warning.startswith("podium.yaml:3:5: providers.openai.api_key: the key is written in the file")
        assert "hush" not in warning

    @pytest.mark.parametrize(
        "provider",
        [
            "openai: {api_key: '${KEY}'}",
            "mine: {base_url: 'http://127.0.0.1:1/v1', api_key: none}",
            "mine: {base_url: 'http://10.0.0.1/v1', locality: local, api_key: none}",
        ],
    )
    def test_no_fuss_about_a_reference_or_a_local_server(self, provider: str) -> None:
        assert warnings(f"providers: {{{provider}}}\n", KEY="sk-hush") == ()

    def test_a_rule_that_asks_for_nothing(self) -> None:
        (warning,) = warnings("routes:\n  r:\n    rules:\n      - {when: {domain: code}, use: {}}\n")
        assert warning.startswith("podium.yaml:4:32: routes.r.rules[0].use: the rule asks for nothing")

    def test_azures_address_may_be_copied_as_its_portal_gives_it(self) -> None:
        url = "https://r.openai.azure.com/openai/deployments/x/chat/completions?api-version=2024-10-21"
        text = f"providers:\n  azure: {{base_url: '{url}'}}\n"
        presets = frozenset({"azure"})
        assert read_settings(text, name="podium.yaml", environ={}, presets=presets).settings.providers

    @pytest.mark.parametrize("name", ["gpt-99-nonsense", "openai/gpt-99-nonsense"])
    def test_a_rule_naming_a_model_nobody_knows(self, name: str) -> None:
        (warning,) = warnings(f"routes:\n  r:\n    rules:\n      - {{use: {{models: [gpt-4o, {name}]}}}}\n")
        assert warning.startswith("podium.yaml:4:")
        assert (
            f"routes.r.rules[0].use.models[1]: neither Podium's catalog nor this file knows a model `{name}`" in warning
        )

    @pytest.mark.parametrize("name", ["gpt-4o", "openai/gpt-4o", "mine", "house/mine", "box/anything"])
    def test_no_word_of_models_that_may_exist(self, name: str) -> None:
        providers = (
            "providers:\n  house: {preset: openai, models: [mine]}\n  box: {base_url: 'http://127.0.0.1:1/v1'}\n"
        )
        assert warnings(f"{providers}routes:\n  r:\n    rules:\n      - {{use: {{models: [{name}]}}}}\n") == ()

    def test_a_variable_that_looks_like_a_slip(self) -> None:
        assert warnings("", PODIUM_PROT="1") == ("$PODIUM_PROT is set and means nothing; did you mean $PODIUM_PORT?",)
        assert warnings("", PODIUM_SOMETHING_ELSE="1", POD="2") == ()
