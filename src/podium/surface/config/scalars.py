"""One written value as the kind of value its setting takes.

The setting decides, not YAML: `no` is a truth value where one is asked for and Norwegian where a language is, `0.10`
is exactly ten cents, `1e3` is a thousand. What different YAML readers take for different numbers (`010`, `1:30`,
`0x10`) is refused, with the plain way to write it.
"""

from __future__ import annotations

import re
from decimal import Decimal
from difflib import get_close_matches

from msgspec import inspect

from .kinds import choices, within, words

SCALAR_KINDS = (
    inspect.BoolType,
    inspect.IntType,
    inspect.FloatType,
    inspect.DecimalType,
    inspect.StrType,
    inspect.EnumType,
    inspect.LiteralType,
)

_TRUTH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_NUMBER = re.compile(r"[+-]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?")
_AMBIGUOUS_ZERO = re.compile(r"[+-]?0[0-9_]+")
_LONGEST_NUMBER = 60
_LARGEST_EXPONENT = 30
_LARGEST_INT = 2**63 - 1
_SLIPS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"[0-9]+(:[0-9]+)+"), "Colons are read in base 60 by some YAML readers: write one plain number."),
    (re.compile(r"[+-]?0[xXoObB][0-9A-Fa-f_]+"), "Write the number in decimal."),
    (re.compile(r"[+-]?\.(inf|nan)", re.IGNORECASE), "Write a finite number."),
    (re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+"), "Write it without commas."),
    (re.compile(r"[+-]?[0-9]*,[0-9]+"), "Use a point for decimals."),
    (re.compile(r"[0-9.]+ ?%"), "Write a share of 1: 95 % is 0.95."),
    (re.compile(r"[$€£] ?[0-9.]+|[0-9.]+ ?([$€£]|usd)", re.IGNORECASE), "Write the number of dollars alone."),
    (re.compile(r"[0-9.]+ ?[A-Za-z]+"), "Write the number alone; its unit is in the field's name or meaning."),
)


class Misread(ValueError):
    """A value that is not what its setting takes."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


def read_scalar(text: str, kind: inspect.Type, *, quoted: bool = False, shown: str | None = None) -> object:
    """`text` as a value of `kind`, which must be one of SCALAR_KINDS. Raises Misread.

    `shown` is what an error quotes instead of the text, for a text that came from the environment and may be secret.
    """
    quote = _quote(text if shown is None else shown)
    match kind:
        case inspect.StrType():
            return text
        case inspect.EnumType() | inspect.LiteralType():
            return _choice(text, kind, quote)
        case inspect.BoolType():
            return _truth(text, quoted, quote)
        case inspect.DecimalType():
            # Quoted amounts are welcome: some tools write them so to keep every digit.
            return _decimal(text.strip(), words(kind), quote)
        case inspect.IntType() | inspect.FloatType():
            if quoted:
                raise Misread(
                    f"must be {words(kind)}, not the text {quote}.", "Write the number without quotation marks."
                )
            return _number(text, kind, quote)
    raise TypeError(f"settings of the kind {kind!r} cannot be read; teach surface.config.scalars about it")


def _choice(text: str, kind: inspect.EnumType | inspect.LiteralType, quote: str) -> object:
    allowed = choices(kind)
    if text in allowed:
        return kind.cls(text) if isinstance(kind, inspect.EnumType) else text
    like = get_close_matches(text.lower(), allowed, n=1)
    remedy = f"Did you mean `{like[0]}`?" if like else f"Write {words(kind)}."
    raise Misread(f"must be {words(kind)}, not {quote}.", remedy)


def _truth(text: str, quoted: bool, quote: str) -> bool:
    value = _TRUTH.get(text.lower()) if text in (text.lower(), text.upper(), text.capitalize()) else None
    if quoted and value is not None:
        raise Misread(f"must be true or false, not the text {quote}.", "Write it without quotation marks.")
    if value is None:
        raise Misread(f"must be true or false, not {quote}.", "Write `true` or `false`.")
    return value


def _number(text: str, kind: inspect.IntType | inspect.FloatType, quote: str) -> int | float:
    wanted = words(kind)
    exact = _decimal(text, wanted, quote)
    value: int | float
    if isinstance(kind, inspect.IntType):
        value = int(exact)
        if value != exact:
            raise Misread(f"must be {wanted}, not {quote}.", "Write a number without decimals.")
        if abs(value) > _LARGEST_INT:
            raise Misread(f"must be {wanted}; {quote} is too large to be meant.", "Count the digits.")
    else:
        value = float(exact)
    if not within(kind, value):
        raise Misread(f"must be {wanted}, not {quote}.", f"Choose {wanted}.")
    return value


def _decimal(text: str, wanted: str, quote: str) -> Decimal:
    """The number exactly as written."""
    if _NUMBER.fullmatch(text) is None:
        slip = next((remedy for pattern, remedy in _SLIPS if pattern.fullmatch(text)), f"Write {wanted}.")
        raise Misread(f"must be {wanted}, not {quote}.", slip)
    if _AMBIGUOUS_ZERO.fullmatch(text) is not None:
        plain = text.replace("_", "").lstrip("+-0") or "0"
        raise Misread(
            f"must be {wanted}; {quote} begins with a 0, which some YAML readers take for base 8.", f"Write {plain}."
        )
    exact = Decimal(text.replace("_", "")) if len(text) <= _LONGEST_NUMBER else None
    if exact is None or (exact and abs(exact.adjusted()) > _LARGEST_EXPONENT):
        raise Misread(f"must be {wanted}; {quote} has too many digits to be meant.", "Count the digits.")
    return exact


def _quote(text: str) -> str:
    """The value for an error message: short, on one line, printable."""
    if not text:
        return "empty"
    line = "".join(character if character.isprintable() else "?" for character in text[:41])
    return f"`{line}`" if len(text) <= 40 else f"`{line[:39]}…`"
