"""The settings as Markdown tables, and docs/configuration.md kept in step with them.

`python -m podium.surface.config docs/configuration.md` renews the page; a test fails until that was done.
"""

from __future__ import annotations

import re
from decimal import Decimal
from enum import Enum
from itertools import groupby

from msgspec import Struct

from .environment import ENVIRONMENT
from .kinds import Described, described, words
from .report import field_name

_GENERATED = re.compile(r"(<!-- generated: (?P<what>[a-z]+)[^>]*-->\n).*?(\n<!-- end -->)", re.DOTALL)


def describe_settings() -> str:
    """Every setting in Markdown: a table for each group with path, type, default and meaning."""
    sections = []
    headings = {setting.inner[0]: setting.meaning for setting in described() if setting.inner is not None}
    # Stable sorting keeps the order of the Structs; a group's fields come together, before what is inside them.
    order = {group: place for place, group in enumerate(["", *headings])}
    settings = sorted(described(), key=lambda setting: order[setting.group])
    for group, members in groupby(settings, key=lambda setting: setting.group):
        title = f"### `{group}`\n\n{headings[group]}" if group else "### The whole file"
        rows = [_row(setting) for setting in members]
        sections.append("\n".join([title, "", "| setting | type | default | meaning |", "|---|---|---|---|", *rows]))
    return "\n\n".join(sections)


def describe_environment() -> str:
    """The environment variables in Markdown."""
    rows = [
        f"| `{variable.name}` | {', '.join(f'`{field_name(path)}`' for path in variable.sets) or '-'} "
        f"| {variable.meaning} |"
        for variable in ENVIRONMENT
    ]
    return "\n".join(["| variable | overrides | meaning |", "|---|---|---|", *rows])


def renewed(page: str) -> str:
    """A page with the text between its `<!-- generated: settings -->` and `<!-- end -->` marks made anew.

    Raises KeyError for a mark that names nothing known.
    """
    makers = {"settings": describe_settings, "environment": describe_environment}
    return _GENERATED.sub(lambda match: f"{match[1]}\n{makers[match['what']]()}\n{match[3]}", page)


def _row(setting: Described) -> str:
    cells = (f"`{setting.path}`", words(setting.kind), default_of(setting), setting.meaning)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def default_of(setting: Described) -> str:
    """The default as one writes it in the file, in backticks; `required` or `-` where there is none."""
    if setting.required:
        return "required"
    value = setting.default
    if value is None or isinstance(value, Struct) or value in ((), {}):
        return "-"
    return f"`{written(value)}`"


def written(value: object) -> str:
    """A plain value as it stands in YAML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, str | int | Decimal):
        return str(value)
    raise TypeError(f"no way to write the default {value!r}; teach surface.config.reference about it")
