"""YAML's syntax errors in words that say what to mend, at the place where the slip is.

The parser reports where it gave up, which is often a line after the slip: an open quotation mark is noticed at the
end of the file, a forgotten colon at the next one. What can be traced back is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    import yaml

_QUOTE_IT = "Put the value in quotation marks."
_NO_SPACE = re.compile(r"[\w.-]+:[^\s/]\S*")
_MISFIT = re.compile(r"expected <block end>, but found '(.+)'")
_NO_CONTENT = re.compile(r"expected the node content, but found '(.)'")
_FLOW = re.compile(r"expected ',' or '([\]}])', but got")
_BAD_START = re.compile(r"found character '(.+)' that cannot start any token")


class Fault(Struct, frozen=True, kw_only=True):
    """One syntax error; `index` is its offset in the text."""

    index: int
    message: str
    remedy: str


def explain(error: yaml.MarkedYAMLError, text: str) -> Fault:
    """What is wrong, where it begins and how to mend it."""
    problem = error.problem or error.context or "cannot be read"
    mark = error.problem_mark or error.context_mark
    index = 0 if mark is None else mark.index
    opened = index if error.context_mark is None else error.context_mark.index
    opened_line = text.count("\n", 0, opened) + 1
    bad = _BAD_START.search(problem)
    if bad is not None:
        return _bad_start(bad[1], index)
    if "mapping values are not allowed" in problem:
        return _stray_colon(text, index)
    flow = _FLOW.search(problem)
    if flow is not None:
        if "stream end" in problem:
            return Fault(index=opened, message="has a bracket that is never closed.", remedy=f"Add `{flow[1]}`.")
        return _open_bracket(text, index, opened_line, flow[1])
    misfit = _MISFIT.search(problem)
    if misfit is not None:
        return _misfit(text, index, opened_line, misfit[1])
    if "quoted scalar" in (error.context or "") and "end of stream" in problem:
        return Fault(
            index=opened, message="has a quotation mark that is never closed.", remedy="Close it on the same line."
        )
    if "expected ':'" in problem:
        return Fault(index=opened, message="has a name without a colon.", remedy="Write `name: value`.")
    if "unknown escape" in problem:
        return Fault(
            index=index,
            message="has an unknown escape in double quotes.",
            remedy="Write the backslash twice, or use single quotes.",
        )
    return _named_fault(problem, error, index, opened_line)


def _named_fault(problem: str, error: yaml.MarkedYAMLError, index: int, opened_line: int) -> Fault:
    if "undefined alias" in problem:
        return Fault(
            index=index,
            message="uses an alias (`*name`) that no anchor (`&name`) above defines.",
            remedy="Define the anchor first, or quote the value if the asterisk is part of it.",
        )
    if "duplicate anchor" in (error.context or ""):
        return Fault(
            index=index,
            message=f"defines an anchor a second time, first on line {opened_line}.",
            remedy="Give the second anchor another name.",
        )
    if "another document" in problem:
        return Fault(
            index=index, message="begins a second document with `---`.", remedy="Keep one document in the file."
        )
    if "incompatible YAML" in problem:
        return Fault(index=index, message="asks for YAML 2.", remedy="Remove the %YAML line.")
    found = _NO_CONTENT.search(problem)
    if found is not None:
        return Fault(
            index=index,
            message=f"has `{found[1]}` where a value should stand.",
            remedy="Write the value, or quote it if the sign is part of it.",
        )
    words = ": ".join(part for part in (error.context, problem) if part)
    return Fault(index=index, message=f"is not YAML here: {words}.", remedy="Mend or quote what stands there.")


def _bad_start(character: str, index: int) -> Fault:
    if character == "\\t":
        return Fault(
            index=index,
            message="has a tab where YAML takes only spaces.",
            remedy="Replace the tab with spaces, two for each level.",
        )
    return Fault(
        index=index, message=f"has a value that begins with `{character}`, which YAML reserves.", remedy=_QUOTE_IT
    )


def _open_bracket(text: str, index: int, opened_line: int, closing: str) -> Fault:
    kind = "list" if closing == "]" else "group"
    line = text[text.rfind("\n", 0, index) + 1 :].split("\n", 1)[0]
    if text[index : index + 1] == "{" and text[index - 1 : index] == "$":
        return Fault(
            index=index - 1,
            message="has `${` inside brackets, where `{` begins a group of its own.",
            remedy='Put it in quotation marks: "${NAME}".',
        )
    hint = " If a colon is part of a value, quote the value." if ":" in line else ""
    return Fault(
        index=index,
        message=f"lacks a `,` or the closing `{closing}` before this, in the {kind} that begins on line {opened_line}.",
        remedy=f"Close the {kind} with `{closing}`, or put a comma between its parts.{hint}",
    )


def _stray_colon(text: str, index: int) -> Fault:
    """A colon where no name can stand. The slip is in this line if it holds two, else often in the line above."""
    begin = text.rfind("\n", 0, index) + 1
    before = text[begin:index]
    if ": " in before:
        return Fault(
            index=index, message="has two colons in one line.", remedy="Quote the value that holds the second."
        )
    return _slip_above(text, begin) or Fault(
        index=begin + _depth(before),
        message="is indented as if it belonged to the value above it.",
        remedy="Indent it exactly like the lines it belongs with.",
    )


def _misfit(text: str, index: int, opened_line: int, found: str) -> Fault:
    """Something that continues nothing: in the middle of a line, after a value; at its begin, by its indentation."""
    begin = text.rfind("\n", 0, index) + 1
    if found == ":":
        return Fault(index=index, message="has a colon with no name before it.", remedy="Write `name: value`.")
    if text[begin:index].strip():
        return Fault(index=index, message="goes on after a value that was complete.", remedy="Quote the whole value.")
    return _slip_above(text, begin) or Fault(
        index=index,
        message=f"does not fit what begins on line {opened_line}: its indentation matches nothing above.",
        remedy="Indent it exactly like the lines it belongs with; a list and names cannot stand at one level.",
    )


def _slip_above(text: str, begin: int) -> Fault | None:
    """A line above that was meant as `name: value` and was read as plain text, so that the next one fits nothing."""
    above_begin, above = _line_above(text, begin)
    code = above.split(" #", 1)[0].strip()
    # Only a line at the same depth: a deeper one may well be text that goes over several lines.
    if _depth(above) != _depth(text[begin:]) or code.startswith(tuple("-[]{}")) or set(code) & set("\"'"):
        return None
    index = above_begin + _depth(above)
    if _NO_SPACE.fullmatch(code):
        return Fault(index=index, message="has a colon without a space after it.", remedy="Write `name: value`.")
    if code and ":" not in code:
        return Fault(index=index, message="has a line without a colon.", remedy="Write `name: value`.")
    return None


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _line_above(text: str, begin: int) -> tuple[int, str]:
    """Where the nearest line above with something other than a comment begins, and the line."""
    while begin > 0:
        end = begin - 1
        begin = text.rfind("\n", 0, end) + 1
        line = text[begin:end]
        if line.strip() and not line.lstrip().startswith("#"):
            return begin, line
    return 0, ""
