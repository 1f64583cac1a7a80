"""What kind of value each setting takes, found out from the Structs themselves and said in words.

The reader, the error messages, the JSON schema and the documentation all ask here, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from msgspec import NODEFAULT, Struct, inspect

from podium.core.settings import Settings

_ENTRY_NAMES = {"models": "<provider/model>"}


@cache
def root() -> inspect.StructType:
    """The kind of the whole file. Made once: it describes code, which does not change."""
    kind = inspect.type_info(Settings)
    assert isinstance(kind, inspect.StructType)
    return kind


def bare(kind: inspect.Type) -> inspect.Type:
    """Without the description that may be wrapped around it."""
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    return kind


def alternatives(kind: inspect.Type) -> tuple[tuple[inspect.Type, ...], bool]:
    """The kinds a value may have, and whether it may also be null."""
    kind = bare(kind)
    if not isinstance(kind, inspect.UnionType):
        return (kind,), False
    choices = tuple(bare(choice) for choice in kind.types)
    return tuple(c for c in choices if not isinstance(c, inspect.NoneType)), any(
        isinstance(c, inspect.NoneType) for c in choices
    )


def choices(kind: inspect.Type) -> tuple[str, ...]:
    """The words allowed, for an enumeration; empty for every other kind."""
    if isinstance(kind, inspect.EnumType):
        return tuple(str(member.value) for member in kind.cls)
    if isinstance(kind, inspect.LiteralType):
        return tuple(str(value) for value in kind.values)
    return ()


def words(kind: inspect.Type) -> str:
    """The kind as people say it: `a whole number from 1 to 3`."""
    options, _ = alternatives(kind)
    if len(options) == 2 and isinstance(options[1], inspect.VarTupleType) and bare(options[1].item_type) == options[0]:
        return f"{_words(options[0])}, or a list of such"
    return " or ".join(_words(option) for option in options)


def _words(kind: inspect.Type) -> str:
    match kind:
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType():
            return f"a whole number{_range(kind)}"
        case inspect.FloatType():
            return f"a number{_range(kind)}"
        case inspect.DecimalType():
            return "an amount in dollars, 0 or more"
        case inspect.StrType():
            return "text"
        case inspect.EnumType() | inspect.LiteralType():
            allowed = choices(kind)
            return f"{'one of ' if len(allowed) > 1 else ''}{', '.join(f'`{word}`' for word in allowed)}"
        case inspect.VarTupleType():
            return f"a list of {_plural(bare(kind.item_type))}"
        case inspect.DictType():
            return f"{_plural(bare(kind.value_type))} by name"
        case inspect.StructType():
            return "a group of fields"
    raise TypeError(f"no words for settings of the kind {kind!r}; teach surface.config.kinds and .scalars about it")


def _plural(kind: inspect.Type) -> str:
    match kind:
        case inspect.StrType():
            return "texts"
        case inspect.StructType():
            return "groups of fields"
        case _:
            return _words(kind).removeprefix("one of ")


def _range(kind: inspect.IntType | inspect.FloatType) -> str:
    if kind.ge is not None and kind.le is not None:
        return f" from {kind.ge:g} to {kind.le:g}"
    bounds = (("above", kind.gt), ("of at least", kind.ge), ("below", kind.lt), ("of at most", kind.le))
    parts = [f"{word} {bound:g}" for word, bound in bounds if bound is not None]
    return f" {' and '.join(parts)}" if parts else ""


def within(kind: inspect.IntType | inspect.FloatType, value: float) -> bool:
    """Whether a number keeps the bounds of its kind."""
    return (
        (kind.gt is None or value > kind.gt)
        and (kind.ge is None or value >= kind.ge)
        and (kind.lt is None or value < kind.lt)
        and (kind.le is None or value <= kind.le)
    )


class Described(Struct, frozen=True, kw_only=True):
    """One setting, for documentation and for suggestions."""

    path: str
    """`routes.<name>.rules[].use.tier`."""
    group: str
    """The path of what holds it; empty at the top."""
    name: str
    kind: inspect.Type
    meaning: str
    required: bool
    default: object
    """The default's value; None where there is none or where it is null."""

    @property
    def inner(self) -> tuple[str, inspect.StructType] | None:
        """The group of fields inside, if this is one, a list of them, or names with them: its path and kind."""
        for option in alternatives(self.kind)[0]:
            suffix = ""
            if isinstance(option, inspect.VarTupleType):
                suffix, option = "[]", bare(option.item_type)
            elif isinstance(option, inspect.DictType):
                suffix, option = f".{_ENTRY_NAMES.get(self.name, '<name>')}", bare(option.value_type)
            if isinstance(option, inspect.StructType):
                return self.path + suffix, option
        return None


@cache
def described() -> tuple[Described, ...]:
    """Every setting, a group before what is in it, in the order of the Structs."""
    return tuple(_described(root(), ""))


def _described(kind: inspect.StructType, group: str) -> Iterator[Described]:
    for field in kind.fields:
        setting = Described(
            path=f"{group}.{field.encode_name}" if group else field.encode_name,
            group=group,
            name=field.encode_name,
            kind=field.type,
            meaning=_meaning(field.type),
            required=field.required,
            default=_default(field),
        )
        yield setting
        if setting.inner is not None:
            path, inner = setting.inner
            yield from _described(inner, path)


def _meaning(kind: inspect.Type) -> str:
    while isinstance(kind, inspect.Metadata):
        text = (kind.extra_json_schema or {}).get("description")
        if text:
            return str(text)
        kind = kind.type
    return ""


def _default(field: inspect.Field) -> object:
    if field.default is not NODEFAULT:
        return field.default
    return field.default_factory() if field.default_factory is not NODEFAULT else None
