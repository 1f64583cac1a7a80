"""A YAML text as a small tree that knows where everything stands, with scalars kept exactly as written.

YAML 1.1 turns `no` into false, `1:30` into 90 and `2024-01-31` into a date before anyone can object. Here a scalar
stays text until the setting it belongs to says what it is (see `scalars`), so none of that happens. What a tree of
settings cannot hold (duplicate names, tags, names that are lists, loops) is rejected with its place.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, TypeGuard

from msgspec import Struct

from .report import FieldPath, Report, Spot
from .syntax import explain

if TYPE_CHECKING:
    import yaml

_STANDARD = "tag:yaml.org,2002:"
_KNOWN_TAGS = frozenset(
    _STANDARD + name for name in ("str", "int", "float", "bool", "null", "timestamp", "merge", "value", "map", "seq")
)
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


class Scalar(Struct, frozen=True, kw_only=True):
    """A single value, not yet a number or a truth value."""

    text: str
    quoted: bool
    raw: str
    """As it stands in the file, quotation marks and all."""
    start: Spot

    @property
    def is_null(self) -> bool:
        """Nothing, `~` or `null`, unquoted."""
        return not self.quoted and self.text in _NULLS


class Listing(Struct, frozen=True, kw_only=True):
    """A list."""

    items: tuple[Node, ...]
    start: Spot


class Entry(Struct, frozen=True, kw_only=True):
    """One `name: value`."""

    name: str
    name_at: Spot
    value: Node


class Group(Struct, frozen=True, kw_only=True):
    """Names with values."""

    entries: tuple[Entry, ...]
    start: Spot


class Unusable(Struct, frozen=True, kw_only=True):
    """Something already rejected: nothing more is said about it."""

    start: Spot


Node = Scalar | Listing | Group | Unusable


def read_document(text: str, report: Report) -> Node | None:
    """The tree of a YAML text; None for an empty one, and for one with a syntax error, which is rejected."""
    import yaml

    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = _Lines(text)
    try:
        # The pure Python loader on purpose: its marks count characters, and an error's words do not depend on how
        # PyYAML was built.
        loader = yaml.SafeLoader(text)
    except yaml.reader.ReaderError as exc:
        code = exc.character if isinstance(exc.character, int) else ord(exc.character[:1] or "\0")
        report.reject(
            (),
            f"holds the character U+{code:04X}, which YAML does not allow.",
            "Remove it, or write it as an escape inside double quotes.",
            spot=lines.spot(exc.position),
        )
        return None
    try:
        root = loader.get_single_node()
        return None if root is None else _Tree(text, lines, report).node(root, ())
    except yaml.MarkedYAMLError as exc:
        fault = explain(exc, text)
        report.reject((), fault.message, fault.remedy, spot=lines.spot(fault.index))
    except RecursionError:
        report.reject(
            (),
            "is nested too deeply to be a configuration.",
            "Check the brackets and the indentation.",
            spot=lines.spot(loader.get_mark().index),
        )
    except (ValueError, OverflowError):
        # PyYAML hands an escape such as "\UFFFFFFFF" to chr() unchecked.
        report.reject(
            (),
            "holds an escape that names no character.",
            "Write the character itself.",
            spot=lines.spot(loader.get_mark().index),
        )
    return None


class _Lines:
    """Turns an offset in the text into line and column, counting lines as editors do (YAML counts more breaks)."""

    def __init__(self, text: str) -> None:
        self._starts = [0]
        at = text.find("\n")
        while at >= 0:
            self._starts.append(at + 1)
            at = text.find("\n", at + 1)

    def spot(self, index: int) -> Spot:
        line = bisect_right(self._starts, index)
        return Spot(line, index - self._starts[line - 1] + 1)


class _Tree:
    """Makes our tree of PyYAML's, once for each node however many aliases point at it."""

    def __init__(self, text: str, lines: _Lines, report: Report) -> None:
        self._text = text
        self._lines = lines
        self._report = report
        self._made: dict[int, Node] = {}
        self._open: set[int] = set()

    def node(self, node: yaml.Node, path: FieldPath) -> Node:
        made = self._made.get(id(node))
        if made is not None:
            return made
        start = self._start(node)
        if id(node) in self._open:
            return self._refuse(path, start, "contains itself.", "Write the value out instead of using an alias.")
        if node.tag not in _KNOWN_TAGS:
            tag = node.tag.replace(_STANDARD, "!!")
            return self._refuse(
                path, start, f"has the tag `{tag}`, which is not used here.", "Write the value plainly, without `!`."
            )
        self._open.add(id(node))
        made = self._make(node, path, start)
        self._open.discard(id(node))
        self._made[id(node)] = made
        return made

    def _make(self, node: yaml.Node, path: FieldPath, start: Spot) -> Node:
        if _is_mapping(node):
            return Group(entries=tuple(self._entries(node, path).values()), start=start)
        if _is_sequence(node):
            items = tuple(self.node(item, (*path, place)) for place, item in enumerate(node.value))
            return Listing(items=items, start=start)
        text = str(node.value)
        if not _encodable(text):
            return self._refuse(path, start, "holds half a character.", "Write the character itself, not its escape.")
        quoted = getattr(node, "style", None) is not None and node.tag == _STANDARD + "str"
        raw = self._text[node.start_mark.index : node.end_mark.index]
        return Scalar(text=text, quoted=quoted, raw=raw, start=start)

    def _entries(self, node: yaml.MappingNode, path: FieldPath) -> dict[str, Entry]:
        """Own names first, then what `<<` merges in; an own name wins over a merged one."""
        entries: dict[str, Entry] = {}
        merged: list[tuple[yaml.Node, Spot]] = []
        for key, value in node.value:
            at = self._start(key)
            if key.tag == _STANDARD + "merge":
                merged.append((value, at))
                continue
            name = self._name(key, path, at)
            if name is None:
                continue
            first = entries.get(name)
            if first is not None:
                self._report.reject(
                    (*path, name),
                    f"is given twice, first on line {first.name_at.line}.",
                    "Keep one of the two; join their values if both are meant.",
                    spot=at,
                )
                continue
            entries[name] = Entry(name=name, name_at=at, value=self.node(value, (*path, name)))
        for value, at in merged:
            for name, entry in self._merged(value, path, at).items():
                entries.setdefault(name, entry)
        return entries

    def _merged(self, value: yaml.Node, path: FieldPath, at: Spot) -> dict[str, Entry]:
        sources = value.value if _is_sequence(value) else [value]
        entries: dict[str, Entry] = {}
        for source in sources:
            made = self.node(source, path)
            if isinstance(made, Group):
                for entry in made.entries:
                    entries.setdefault(entry.name, entry)
            elif not isinstance(made, Unusable):
                self._report.reject(
                    path,
                    "merges with `<<` something that has no fields.",
                    "Point `<<` at an anchor (`&name`) on a group of fields.",
                    spot=at,
                )
        return entries

    def _name(self, key: yaml.Node, path: FieldPath, at: Spot) -> str | None:
        """A name as written: `on`, `no` and `1` stay what they look like."""
        remedy = "Write a plain name before the colon."
        if not _is_scalar(key) or key.tag not in _KNOWN_TAGS:
            self._report.reject(path, "has a name that is not plain text.", remedy, spot=at)
            return None
        name = str(key.value)
        if not name.strip() or not _encodable(name):
            self._report.reject(path, "has an empty or unreadable name before a colon.", remedy, spot=at)
            return None
        return name

    def _refuse(self, path: FieldPath, start: Spot, message: str, remedy: str) -> Unusable:
        self._report.reject(path, message, remedy, spot=start)
        return Unusable(start=start)

    def _start(self, node: yaml.Node) -> Spot:
        return self._lines.spot(node.start_mark.index)


def _is_mapping(node: yaml.Node) -> TypeGuard[yaml.MappingNode]:
    import yaml

    return isinstance(node, yaml.MappingNode)


def _is_sequence(node: yaml.Node) -> TypeGuard[yaml.SequenceNode]:
    import yaml

    return isinstance(node, yaml.SequenceNode)


def _is_scalar(node: yaml.Node) -> TypeGuard[yaml.ScalarNode]:
    import yaml

    return isinstance(node, yaml.ScalarNode)


def _encodable(text: str) -> bool:
    """False for text with lone surrogates, which no file, terminal or database takes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
