"""What holds for every file: only ConfigError is raised, and settings survive being written and read."""

from __future__ import annotations

import string
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

import msgspec
import pytest
import yaml
from hypothesis import HealthCheck, assume, given
from hypothesis import settings as run
from hypothesis import strategies as st
from msgspec import inspect

from podium.core.errors import ConfigError
from podium.core.settings import Settings, Use, When
from podium.surface.config import InvalidConfig, load_settings, read_settings
from podium.surface.config.kinds import alternatives, bare, described, root, words
from podium.surface.config.scalars import SCALAR_KINDS, Misread, read_scalar

PRESETS = frozenset({"openai", "anthropic", "ollama"})
FIELDS = sorted({setting.name for setting in described()})

# No deadline: a first example also pays for imports, and machines are shared.
often = run(deadline=None)
# A whole configuration is a large value; sixty of them take about two seconds.
seldom = run(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

# --- arbitrary documents ----------------------------------------------------------------------------------------------

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.dates(),
    st.text(max_size=12),
    st.sampled_from(["${X}", "${", "$${A}", "<<", "=", "1:30", "auto", "code", "openai/x", "1e9999999", "9" * 99]),
)
names = st.one_of(st.sampled_from(FIELDS), st.sampled_from(["openai", "openai/x", "auto", "<<"]), st.text(max_size=5))
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names | scalars, inner, max_size=5),
    max_leaves=25,
)
pieces = [f"{name}:" for name in FIELDS]
structure = ["- ", "  ", "\n", "\n  ", "\n    ", ": ", "{", "}", "[", "]", ",", "? ", "---\n", "...\n", "|\n", ">-\n"]
signs = ["&a ", "*a", "<<: *a", "!t ", "'", '"', "\\", "#", "%", "@", "\t", "~", "1", "${X}", "\r", "\x85", "\x00"]
yaml_like = st.lists(
    st.one_of(*(st.sampled_from(part) for part in (pieces, structure, signs)), st.text(max_size=4)), max_size=40
).map("".join)


E = TypeVar("E", bound=Exception)


def raised(expected: type[E], action: Callable[[], object]) -> E | None:
    """The error of this kind, or None where there was none."""
    try:
        action()
    except expected as error:
        return error
    return None


def only_config_errors(text: str) -> None:
    """Anything but a ConfigError fails the test by itself."""
    error = raised(InvalidConfig, lambda: read_settings(text, name="f", environ={"X": "x"}, presets=PRESETS))
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for problem in error.problems if error else ():
        assert problem.spot is not None
        assert 1 <= problem.spot.line <= len(lines)
        assert 1 <= problem.spot.column <= len(lines[problem.spot.line - 1]) + 1
        assert problem.message
        assert problem.remedy


@often
@given(document=documents)
def test_any_document_loads_or_is_refused_with_a_place(document: object) -> None:
    only_config_errors(yaml.safe_dump(document))


@often
@given(text=yaml_like)
def test_any_yaml_like_text_loads_or_is_refused_with_a_place(text: str) -> None:
    only_config_errors(text)


@often
@given(data=st.binary(max_size=60))
def test_any_bytes_load_or_are_refused(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(data)
    error = raised(ConfigError, lambda: load_settings(path, environ={}, cwd=path.parent, presets=PRESETS))
    assert error is None or error.where.startswith(str(path))


@often
@given(text=st.text(max_size=20), quoted=st.booleans(), kind=st.sampled_from([s.kind for s in described()]))
def test_any_text_is_a_value_or_misread(text: str, quoted: bool, kind: inspect.Type) -> None:
    for option in alternatives(kind)[0]:
        if isinstance(option, SCALAR_KINDS):
            misread = raised(Misread, lambda option=option: read_scalar(text, option, quoted=quoted))
            if misread is not None:
                assert misread.message
                assert misread.remedy
            else:
                value = read_scalar(text, option, quoted=quoted)
                assert msgspec.convert(msgspec.to_builtins(value), _plain(option)) == value


def _plain(kind: inspect.Type) -> Any:
    simple = {
        inspect.BoolType: bool,
        inspect.IntType: int,
        inspect.FloatType: float,
        inspect.DecimalType: Decimal,
        inspect.StrType: str,
        inspect.LiteralType: str,
    }
    return kind.cls if isinstance(kind, inspect.EnumType) else simple[type(kind)]


# --- round trip -------------------------------------------------------------------------------------------------------

NAMES = st.text(string.ascii_letters + string.digits, min_size=1, max_size=8).filter(lambda name: name != "auto")
# PyYAML writes NEL and its like as line ends and reads them as spaces: its own round trip, not ours.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x85\u2028\u2029"), max_size=12)
HEADER = st.text(st.characters(min_codepoint=32, max_codepoint=126))
SPECIAL = {
    "base_url": st.sampled_from(["http://h/v1", "https://10.0.0.1:8000/v1", "http://[::1]:80"]),
    "preset": st.sampled_from(sorted(PRESETS)),
    "api_key": st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20),
    "host": st.sampled_from(["127.0.0.1", "::", "gateway.example"]),
    "store": st.sampled_from(["sqlite:///x.db", "postgresql://u:p@h/d", "postgresql+psycopg://h/d"]),
    "language": st.sampled_from(["en", "no", "und"]),
    "models": st.lists(NAMES, min_size=1, max_size=3).map(tuple),
    "deny": st.lists(NAMES.map("not-".__add__), max_size=3).map(tuple),
}


def values(kind: inspect.Type, name: str = "") -> st.SearchStrategy[Any]:
    """Values of a kind, null included where it may be."""
    options, nullable = alternatives(kind)
    special = SPECIAL.get(name) if isinstance(options[0], (*SCALAR_KINDS, inspect.VarTupleType)) else None
    strategies = [_values(option, name) for option in options] if special is None else [special]
    return st.one_of(*([st.none()] if nullable else []), *strategies)


def _values(kind: inspect.Type, name: str) -> st.SearchStrategy[Any]:
    match kind:
        case inspect.BoolType():
            return st.booleans()
        case inspect.IntType():
            low = kind.ge if kind.ge is not None else (0 if kind.gt is None else kind.gt + 1)
            high = kind.le or 10**12
            return st.integers(low, high)
        case inspect.FloatType():
            low, high = kind.ge or kind.gt or 0.0, kind.le or kind.lt or 1e12
            return st.floats(low, high, exclude_min=kind.ge is None, exclude_max=kind.le is None).filter(
                lambda number: number == 0 or number > 1e-25
            )
        case inspect.DecimalType():
            return st.decimals(0, 10**9, allow_nan=False, allow_infinity=False, places=9)
        case inspect.EnumType():
            return st.sampled_from(list(kind.cls))
        case inspect.LiteralType():
            return st.sampled_from(kind.values)
        case inspect.StrType():
            return TEXT
        case inspect.VarTupleType():
            return st.lists(values(kind.item_type), min_size=1, max_size=3).map(tuple)
        case inspect.DictType():
            keys = NAMES.map("openai/".__add__) if name == "models" else NAMES
            inner = HEADER if name == "headers" else values(kind.value_type)
            return st.dictionaries(keys, inner, max_size=3)
        case inspect.StructType():
            return st.fixed_dictionaries(
                {field.name: values(field.type, field.encode_name) for field in kind.fields}
            ).map(lambda fields: built(kind.cls, fields))
    raise AssertionError(kind)


def built(cls: type, fields: dict[str, Any]) -> Any:
    """A Struct that passes the checks across fields: bounds in order, something to reach a provider by."""
    if cls is When:
        for what in ("complexity", "tokens"):
            low, high = fields[f"min_{what}"], fields[f"max_{what}"]
            if low is not None and high is not None:
                fields[f"min_{what}"], fields[f"max_{what}"] = min(low, high), max(low, high)
        if isinstance(fields["language"], tuple):
            fields["language"] = ("en",)
    if cls is Use and fields["tier"] is not None and fields["max_tier"] is not None:
        fields["max_tier"] = max(fields["tier"], fields["max_tier"])
    if "base_url" in fields and fields["preset"] is None:
        fields["base_url"] = fields["base_url"] or "http://h/v1"
    if "max_output" in fields and fields["context"] is not None:
        fields["max_output"] = None
    if "require" in fields and fields["require"].private:
        assume(all(rule.use.locality != "cloud" for rule in fields["rules"]))
    return cls(**fields)


def escaped(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("${", "$${")
    if isinstance(value, dict):
        return {key: escaped(inner) for key, inner in value.items()}
    return [escaped(inner) for inner in value] if isinstance(value, list | tuple) else value


@seldom
@given(settings=values(root()), flow=st.sampled_from([True, False, None]))
def test_settings_survive_being_written_and_read(settings: Settings, flow: bool | None) -> None:
    text = yaml.safe_dump(escaped(msgspec.to_builtins(settings)), default_flow_style=flow, allow_unicode=True)
    loaded = read_settings(text, name="f", environ={}, presets=PRESETS)
    assert loaded.settings == settings


@often
@given(amount=st.decimals(0, 10**9, allow_nan=False, allow_infinity=False))
def test_an_amount_is_the_amount_written(amount: Decimal) -> None:
    assume(not amount or amount.adjusted() > -30)
    text = f"models: {{openai/x: {{price: {{input: {amount}, output: '{amount:f}'}}}}}}"
    assume(len(f"{amount:f}") <= 60)
    price = read_settings(text, name="f", environ={}, presets=PRESETS).settings.models["openai/x"].price
    assert price is not None
    assert price.input.as_tuple() == amount.as_tuple()
    assert price.output == amount


# --- every kind of setting is taught --------------------------------------------------------------------------------


def test_every_kind_of_setting_has_words_and_no_constraint_is_overlooked() -> None:
    """The reader keeps the bounds of numbers and nothing else: a new kind of constraint must be taught to it first."""
    for setting in described():
        assert words(setting.kind)
        for option in alternatives(setting.kind)[0]:
            inner = [option]
            if isinstance(option, inspect.VarTupleType):
                inner.append(bare(option.item_type))
            elif isinstance(option, inspect.DictType):
                assert isinstance(bare(option.key_type), inspect.StrType)
                inner.append(bare(option.value_type))
            for kind in inner:
                for constraint in ("min_length", "max_length", "pattern", "multiple_of"):
                    assert getattr(kind, constraint, None) is None, (setting.path, constraint)
        shapes = [type(option) for option in alternatives(setting.kind)[0]]
        assert sum(issubclass(shape, SCALAR_KINDS) for shape in shapes) <= 1, setting.path
