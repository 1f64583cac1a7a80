"""The document's tree read into Structs, setting by setting, with every problem noted and none fatal.

Each Struct says what its fields take (`kinds`), so the walk needs no list of settings of its own, and because it goes
down the tree itself it knows the line of everything it refuses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches

from msgspec import UNSET, UnsetType, inspect

from podium.core.settings import Settings

from .document import Entry, Group, Listing, Node, Scalar, Unusable
from .kinds import alternatives, described, root, words
from .planned import PLANNED_FIELDS, PLANNED_VALUES
from .references import resolve
from .report import FieldPath, Report, Spot
from .scalars import SCALAR_KINDS, Misread, read_scalar

_NAMED_FIELD = re.compile(r"`(\w+)` (.*)", re.DOTALL)


class Reader:
    """Reads one document. What cannot be read is UNSET and is left out of what holds it."""

    def __init__(self, report: Report, environ: Mapping[str, str]) -> None:
        self._report = report
        self._environ = environ

    def settings(self, document: Node | None) -> Settings:
        """The settings of a document; the defaults for an empty one, and for one that is no group of fields."""
        read = UNSET if document is None else self._read(document, root(), ())
        return read if isinstance(read, Settings) else Settings()

    def _read(self, node: Node, kind: inspect.Type, path: FieldPath) -> object:
        options, nullable = alternatives(kind)
        if isinstance(node, Scalar) and node.is_null:
            return None if nullable else self._nothing(node, options, path)
        for option in options:
            match node, option:
                case Scalar(), _ if isinstance(option, SCALAR_KINDS):
                    return self._scalar(node, option, path)
                case Listing(), inspect.VarTupleType():
                    return self._listing(node, option, path)
                case Group(), inspect.DictType():
                    return self._names(node, option, path)
                case Group(), inspect.StructType():
                    return self._struct(node, option, path)
        if not isinstance(node, Unusable):
            self._wrong_shape(node, kind, path)
        return UNSET

    def _nothing(self, node: Scalar, options: tuple[inspect.Type, ...], path: FieldPath) -> object:
        """An empty value is an empty group or list (`anthropic:` alone is a provider), but never a number or text."""
        for option in options:
            match option:
                case inspect.StructType():
                    return self._struct(Group(entries=(), start=node.start), option, path)
                case inspect.DictType():
                    return {}
                case inspect.VarTupleType():
                    return ()
        wanted = " or ".join(words(option) for option in options)
        self._report.reject(path, "has no value.", f"Write {wanted}, or remove the line for the default.", on="key")
        return UNSET

    def _wrong_shape(self, node: Scalar | Listing | Group, kind: inspect.Type, path: FieldPath) -> None:
        wanted = words(kind)
        match node:
            case Scalar():
                found, remedy = "a single value", _grouping(node, kind)
            case Listing():
                found, remedy = "a list", "Remove the dashes or square brackets."
            case Group():
                found, remedy = "a group of fields", f"Write {wanted} instead of `name: value` lines."
        if not path:
            remedy = f"Begin with a setting's name, such as `providers:`. {remedy}"
        self._report.reject(path, f"must be {wanted}, not {found}.", remedy, spot=node.start)

    def _scalar(self, node: Scalar, kind: inspect.Type, path: FieldPath) -> object:
        resolved = resolve(node.text, self._environ)
        for fault in resolved.faults:
            self._report.reject(path, fault.message, fault.remedy, spot=_inside(node, fault.written))
        if resolved.faults:
            return UNSET
        if resolved.names:
            self._report.note_reference(path)
        try:
            return read_scalar(
                resolved.text,
                kind,
                # Inside brackets a reference has to be quoted, so quotes cannot mean "text" there.
                quoted=node.quoted and not resolved.names,
                shown=node.text if resolved.names else None,
            )
        except Misread as exc:
            self._report.reject(path, exc.message, exc.remedy, spot=node.start)
            return UNSET

    def _listing(self, node: Listing, kind: inspect.VarTupleType, path: FieldPath) -> tuple[object, ...]:
        values = []
        for place, item in enumerate(node.items):
            here = (*path, place)
            self._report.note(here, value=item.start)
            value = self._read(item, kind.item_type, here)
            if value is UNSET:
                self._report.drop(here)
            else:
                values.append(value)
        return tuple(values)

    def _names(self, node: Group, kind: inspect.DictType, path: FieldPath) -> dict[str, object]:
        values = {}
        for entry in node.entries:
            value = self._read(entry.value, kind.value_type, self._arrive(entry, path))
            if value is not UNSET:
                values[entry.name] = value
        return values

    def _struct(self, node: Group, kind: inspect.StructType, path: FieldPath) -> object:
        fields = {field.encode_name: field for field in kind.fields}
        values: dict[str, object] = {}
        given = set()
        for entry in node.entries:
            here = self._arrive(entry, path)
            given.add(entry.name)
            if self._is_planned(entry, kind, here):
                continue
            if entry.name not in fields:
                self._report.reject(here, "is not a setting.", _suggestion(entry.name, fields, path), on="key")
                continue
            value = self._read(entry.value, fields[entry.name].type, here)
            if value is not UNSET:
                values[fields[entry.name].name] = value
        lacking = [name for name, field in fields.items() if field.required and name not in given]
        for name in lacking:
            self._report.reject((*path, name), "is missing.", f"Add `{name}:` with {_wanted(fields[name].type)}.")
        if any(field.required and field.name not in values for field in kind.fields):
            return UNSET
        return self._build(kind, values, path)

    def _build(self, kind: inspect.StructType, values: dict[str, object], path: FieldPath) -> object | UnsetType:
        """The Struct, unless its own check refuses; a message that begins with a field's name points at that field."""
        try:
            return kind.cls(**values)
        except ValueError as exc:
            named = _NAMED_FIELD.fullmatch(str(exc))
            if named is not None and named[1] in values:
                self._report.reject((*path, named[1]), f"{named[2]}.", "Change the value.")
            else:
                self._report.reject(path, f"{exc}.", "Change the values.", on="key")
            return UNSET

    def _arrive(self, entry: Entry, path: FieldPath) -> FieldPath:
        here = (*path, entry.name)
        self._report.note(here, key=entry.name_at, value=entry.value.start)
        return here

    def _is_planned(self, entry: Entry, kind: inspect.StructType, here: FieldPath) -> bool:
        meanwhile = PLANNED_FIELDS.get((kind.cls, entry.name))
        if meanwhile is not None:
            self._report.reject(
                here,
                f"this version does not have `{entry.name}` yet.",
                f"Remove it. {meanwhile}",
                on="key",
            )
            return True
        values = PLANNED_VALUES.get((kind.cls, entry.name), frozenset())
        if isinstance(entry.value, Scalar) and entry.value.text in values:
            default = next(field.default for field in kind.fields if field.encode_name == entry.name)
            self._report.reject(
                here,
                f"this version does not have `{entry.value.text}` {entry.name} yet.",
                f"Write `{default}`, or remove the line.",
            )
            return True
        return False


def _grouping(node: Scalar, kind: inspect.Type) -> str:
    """How to write the group that a single value was written for."""
    if not node.quoted and re.fullmatch(r"[\w-]+:\S+", node.text):
        return "Put a space after the colon: `name: value`."
    if not node.quoted and isinstance(alternatives(kind)[0][0], inspect.DictType) and " " not in node.text:
        return f"Put a colon after the name: `{node.text}:`."
    return "Write its parts below it, indented, or in brackets on one line."


def _wanted(kind: inspect.Type) -> str:
    option = alternatives(kind)[0][0]
    if isinstance(option, inspect.StructType):
        return f"fields such as {', '.join(f'`{field.encode_name}`' for field in option.fields[:3])}"
    return words(kind)


def _inside(node: Scalar, written: str) -> Spot:
    """Where a reference stands within its value, which may span lines."""
    at = node.raw.find(written)
    if at < 0:  # written with an escape inside double quotes
        return node.start
    before = node.raw[:at]
    if "\n" not in before:
        return Spot(node.start.line, node.start.column + at)
    return Spot(node.start.line + before.count("\n"), at - before.rfind("\n"))


def _suggestion(name: str, fields: Mapping[str, inspect.Field], path: FieldPath) -> str:
    """Where the name belongs, or which one may have been meant."""
    homes = [setting.path for setting in described() if setting.name == name]
    if homes:
        head = str(path[0]) if path else ""
        homes.sort(key=lambda home: (not home.startswith(head), home.count(".")))
        return f"It belongs at `{homes[0]}`."
    like = get_close_matches(name.lower(), fields, n=1)
    if like:
        return f"Did you mean `{like[0]}`?"
    return f"Allowed here: {', '.join(f'`{field}`' for field in fields)}."
