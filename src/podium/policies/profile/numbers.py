"""Finds digits that identify a person or an account: payment cards, bank accounts, national identity numbers, phones.

The text is first mapped to classes (digit, separator, letter, other), so one regular expression with a literal first
byte finds stretches of digits at memory speed. Only those stretches are looked at, and check digits decide wherever
the scheme has them; a scheme without strong ones also needs a word in front that names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from types import MappingProxyType
from typing import Final

from .phones import CALL_WORDS, PhoneCheck

_SEPARATORS: Final = b" -./()"
_CLASS_TABLE: Final = bytes(
    ord("0")
    if chr(code) in "0123456789"
    else ord("-")
    if code in _SEPARATORS
    else ord("a")
    if code >= 0x80 or chr(code).isalpha() or code == ord("_")
    else ord(",")
    for code in range(256)
)
_DIGITS: Final = b"0123456789"
_LETTER: Final = ord("a")
_FEWEST_DIGITS: Final = 6
_LOOKS: Final = 6
"""Numbers whose surroundings are read before asking whether that can lead anywhere."""
_STRETCH: Final = re.compile(rb"0[0-]{5,}")
_HARMLESS: Final = frozenset(
    (b"0000-00-00", b"00-00-0000", b"0000-00-00-00", b"00-00-00", b"0000-0000", b"000-000-0-0", b"00-0000", b"0000-00")
)
"""Shapes of dates, date and hour, year ranges and addresses of machines: most digits in logs and letters."""

_ISSUER: Final = re.compile(
    rb"(?:4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|"
    rb"3(?:0[0-5]|[68]\d)\d{11}|6(?:011|4[4-9]\d|5\d\d)\d{12,15}|35(?:2[89]|[3-8]\d)\d{12,15}|62\d{14,17})\Z"
)
_CARD: Final = re.compile(
    rb"(?<![\w-])(?<!\d[.,])(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{4}(?:\1\d{3})?|\d{4}([ -])\d{6}\2\d{4,5})"
    rb"(?![\w-]|[.,]\d)"
)
_REFERENCE: Final = re.compile(
    rb"(?:order|tracking|invoice|shipment|parcel|serial|transaction|reference|ticket|bestell\w*|commande|pedido)"
    rb"[ _]{0,2}(?:number|nummer|no\.?|nr\.?|id|#)?\W{0,4}\Z"
)

_IBAN: Final = re.compile(rb"(?<![A-Z0-9])[A-Z]{2}\d\d(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Z0-9])")
_IBAN_LEAD: Final = 16
_IBAN_LENGTH: Final = 42
_SHORTEST_IBAN: Final = 15

_CODICE_FISCALE: Final = b"aaaaaa00a00a000a"
_NINO_SHAPES: Final = (b"aa000000a", b"aa-00-00-00-a")
_NINO: Final = re.compile(rb"(?<!\w)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d\d ?\d\d ?\d\d ?[A-D](?!\w)", re.IGNORECASE)
_NINO_WORD: Final = re.compile(rb"\b(?:nino|national insurance|ni (?:number|no)|insurance (?:number|no))\b")

# Shapes so particular that check digits alone are proof enough: (pattern, kind, stdnum module).
_SELF_EVIDENT: Final = re.compile(
    rb"""
    (?<![\w.-]) (?:
        (?P<us_ssn> \d{3}-\d\d-\d{4} )
      | (?P<br_cpf> \d{3}\.\d{3}\.\d{3}-\d\d )
      | (?P<ch_ahv> 756\.\d{4}\.\d{4}\.\d\d )
      | (?P<fr_nir> [12][ ]?\d\d[ ]?[0-9]\d[ ]?\d\d[ ]?\d{3}[ ]?\d{3}[ ]?\d\d )
      | (?P<cn_ric> \d{6}(?:19|20)\d{9}[\dXx] )
      | (?P<kr_rrn> \d{6}-\d{7} )
    ) (?![\w-])
    """,
    re.VERBOSE,
)
_NIE: Final = re.compile(rb"(?<!\w)[XYZ]-?\d{7}-?[A-Z](?!\w)", re.IGNORECASE)
_NIE_WORD: Final = re.compile(rb"\b(?:nie|dni|nif|documento|identidad|extranjer|residen)")
_DNI: Final = re.compile(rb"(?<!\w)\d{8}-?[A-Z](?!\w)", re.IGNORECASE)
_BARE: Final = re.compile(rb"(?<![\w.])\d[\d ./-]{5,22}\d(?!\w)")
_RUN: Final = re.compile(rb"(?<![\w.])\d{8,15}(?!\w)")
_GAP: Final = re.compile(rb"[ ./-]+")
_SHORTEST_ID: Final = 8

_SELF_EVIDENT_SHAPE: Final = re.compile(
    rb"0{3}-00-0{4}|0{3}-0{3}-0{3}-00|0{3}-0{4}-0{4}-00|0{6}-0{7}|0{15}|0-00-00-00-0{3}-?0{3}"
)
_CARD_PLAIN: Final = b"0" * 13
_CARD_FOURS: Final = b"0000-0000-0000-0000"
_CARD_SIX: Final = b"0000-000000-0000"
# What stands before an IBAN's long run of digits: DE89, GB29NWBK, GB29 NWBK, IT60X, IT60 X.
_IBAN_LEADS: Final = (b"aa", b"aa00aaaa", b"aa00-aaaa-", b"aa00a", b"aa00-a")

# Words that name a scheme, and the kinds they may mean; check digits have the last word.
_SCHEMES: Final = MappingProxyType(
    {
        word.encode(): tuple(kinds.split())
        for words, kinds in (
            ("ssn security", "us_ssn"),
            ("steuerid steueridentifikationsnummer steuer identifikationsnummer idnr", "de_idnr"),
            ("tax tin", "de_idnr us_ssn"),
            ("pesel", "pl_pesel"),
            ("kimlik tckn tc", "tr_tckn"),
            ("bsn burgerservicenummer sofinummer", "nl_bsn"),
            ("cpf", "br_cpf"),
            ("insurance", "ca_sin us_ssn"),
            ("sin", "ca_sin"),
            ("aadhaar aadhar", "in_aadhaar"),
            ("dni nif documento identidad nie", "es_dni"),
            ("nir sécurité nss", "fr_nir"),
            ("personnummer", "se_personnummer"),
            ("cpr", "dk_cpr"),
            ("fødselsnummer", "no_fodselsnummer"),
            ("rijksregisternummer rijksregister national", "be_nn"),
            ("contribuinte nif", "pt_nif es_dni"),
            ("nhs", "gb_nhs"),
            ("инн ИНН", "ru_inn"),
            ("рнокпп РНОКПП іпн ІПН", "ua_rntrc"),
            ("マイナンバー 個人番号", "jp_mynumber"),
        )
        for word in words.split()
    }
)
_REACH: Final = 64
"""Bytes in front of a number in which a word may say what it is."""
_WORD: Final = re.compile(rb"[a-z\x80-\xff]+")

_MODULES: Final = {
    "us_ssn": "us.ssn",
    "de_idnr": "de.idnr",
    "pl_pesel": "pl.pesel",
    "tr_tckn": "tr.tckimlik",
    "nl_bsn": "nl.bsn",
    "br_cpf": "br.cpf",
    "ca_sin": "ca.sin",
    "in_aadhaar": "in_.aadhaar",
    "es_dni": "es.dni",
    "es_nie": "es.nie",
    "it_codice_fiscale": "it.codicefiscale",
    "fr_nir": "fr.nir",
    "se_personnummer": "se.personnummer",
    "dk_cpr": "dk.cpr",
    "no_fodselsnummer": "no.fodselsnummer",
    "be_nn": "be.nn",
    "pt_nif": "pt.nif",
    "gb_nhs": "gb.nhs",
    "ru_inn": "ru.inn",
    "ua_rntrc": "ua.rntrc",
    "jp_mynumber": "jp.in_",
    "ch_ahv": "ch.ssn",
    "cn_ric": "cn.ric",
    "kr_rrn": "kr.rrn",
}
_TELLING: Final = frozenset(_SCHEMES) | CALL_WORDS
_NO_WORDS: Final[frozenset[bytes]] = frozenset()
NATIONAL_IDS: Final = frozenset((*_MODULES, "uk_nino"))
"""Kinds that are national identity, tax or insurance numbers."""


def find_numbers(blob: bytes, language: str) -> Iterator[str]:
    """The kind of each identifying number in UTF-8 `blob`, repeats included. Linear in its length."""
    if len(blob) - len(blob.translate(None, _DIGITS)) < _FEWEST_DIGITS:
        return
    if b"\xc2\xa0" in blob:  # the no-break space of French numbers; as many plain ones keep the offsets
        blob = blob.replace(b"\xc2\xa0", b"  ")
    classes = blob.translate(_CLASS_TABLE)
    yield from _lettered(blob, classes)
    phones: PhoneCheck | None = PhoneCheck(blob, language)
    named = _NamedNumbers(blob)
    for stretch in _STRETCH.finditer(classes):
        shape = stretch[0].rstrip(b"-")
        if shape in _HARMLESS:
            continue
        digits = shape.count(b"0")
        if digits <= _FEWEST_DIGITS:
            continue
        start = stretch.start()
        end = start + len(shape)
        # Digits glued to letters are hashes, product codes and the like, unless check digits say otherwise.
        glued = start > 0 and classes[start - 1] == _LETTER
        kind = _evident(blob, classes, start, end, shape, digits)
        if kind is None and not glued:
            words = named.words_before(start)
            kind = named.kind_of(words, start, end) if words else None
            if kind is None and phones is not None and phones.holds(start, end, shape, called=bool(words & CALL_WORDS)):
                phones = None  # one is enough
                yield "phone"
        if kind:
            yield kind


def _evident(blob: bytes, classes: bytes, start: int, end: int, shape: bytes, digits: int) -> str | None:
    """What the digits at `start` to `end` identify by their shape and check digits alone."""
    near = start > 1 and (classes[start - 1] == _LETTER or classes[start - 2] == _LETTER)
    if (
        digits >= 8
        and near
        and classes[max(0, start - 11) : start].endswith(_IBAN_LEADS)
        and _is_iban(blob, start, end)
    ):
        return "iban"
    if digits >= 13 and (_CARD_PLAIN in shape or _CARD_FOURS in shape or _CARD_SIX in shape):
        match = _CARD.search(blob, start, end + 4)
        while match:
            if _is_card(blob, match):
                return "card"
            # Another number may stand in front: "2024 4111 1111 ..." must not hide the card behind its first group.
            match = _CARD.search(blob, match.start() + 1, end + 4)
    if digits >= 9 and _SELF_EVIDENT_SHAPE.search(shape):
        for match in _SELF_EVIDENT.finditer(blob, start, end + 1):
            kind = match.lastgroup
            if kind and _valid(kind, match[0]):
                return kind
    if digits == 7 and near:
        nie = _NIE.search(blob, max(0, start - 2), end + 2)
        if nie and _NIE_WORD.search(blob[max(0, start - _REACH) : start].lower()) and _valid("es_nie", nie[0]):
            return "es_nie"
    return None


class _NamedNumbers:
    """Identity numbers whose scheme is named in the words before them."""

    def __init__(self, blob: bytes) -> None:
        self._blob = blob
        self._looked = 0
        self._hopeless = False

    def words_before(self, start: int) -> frozenset[bytes]:
        """The telling words in the reach before `start`."""
        if self._hopeless:
            return _NO_WORDS
        self._looked += 1
        if self._looked == _LOOKS:
            # Many numbers: one pass over all words says whether any of them could be named at all.
            everything = _TELLING.intersection(_WORD.findall(self._blob.lower()))
            self._hopeless = not everything
        return _TELLING.intersection(_WORD.findall(self._blob[max(0, start - _REACH) : start].lower()))

    def kind_of(self, words: frozenset[bytes], start: int, end: int) -> str | None:
        """What the number at `start` is, if one of `words` names its scheme and the check digits agree."""
        for word in sorted(words):
            for kind in _SCHEMES.get(word, ()):
                if any(_valid(kind, number) for number in self._readings(kind, start, end)):
                    return kind
        return None

    def _readings(self, kind: str, start: int, end: int) -> Iterator[bytes]:
        """The number at `start` up to each of its gaps: a date may follow it with nothing but a space between."""
        pattern = _DNI if kind == "es_dni" else _BARE
        match = pattern.match(self._blob, start, end + 2)
        if match is None:
            run = _RUN.match(self._blob, start)
            if run:
                yield run[0]
            return
        number = match[0]
        yield number
        for gap in _GAP.finditer(number):
            if gap.start() >= _SHORTEST_ID:
                yield number[: gap.start()]


def _lettered(blob: bytes, classes: bytes) -> Iterator[str]:
    """Identity numbers of mostly letters, found by their exact shape."""
    place = classes.find(_CODICE_FISCALE)
    while place >= 0:
        end = place + len(_CODICE_FISCALE)
        alone = not classes[place - 1 : place].strip(b",-") and not classes[end : end + 1].strip(b",-")
        if alone and _valid("it_codice_fiscale", blob[place:end]):
            yield "it_codice_fiscale"
        place = classes.find(_CODICE_FISCALE, end)
    for shape in _NINO_SHAPES:
        place = classes.find(shape)
        while place >= 0:
            if _NINO.match(blob, place) and _NINO_WORD.search(blob[max(0, place - _REACH) : place].lower()):
                yield "uk_nino"
            place = classes.find(shape, place + len(shape))


def _is_iban(blob: bytes, start: int, end: int) -> bool:
    reach = min(end, start + _IBAN_LENGTH) + 20
    for match in _IBAN.finditer(blob[max(0, start - _IBAN_LEAD) : reach].upper()):
        groups = match[0].decode("ascii").split(" ")
        # The next words may look like more groups ("... 7034 from"), so shorter readings are tried too.
        while groups:
            text = "".join(groups)
            groups.pop()
            if len(text) < _SHORTEST_IBAN:
                break
            # The remainder is cheap and refuses 96 of 97; the library knows each country's length and format. Its
            # lists of banks are left out: they age, and a new bank's account is as private.
            if int("".join([str(int(char, 36)) for char in text[4:] + text[:4]])) % 97 == 1:
                from stdnum import iban

                if iban.is_valid(text, check_country=False):
                    return True
    return False


def _is_card(blob: bytes, match: re.Match[bytes]) -> bool:
    number = match[0].translate(None, b" -")
    if len(number) == len(match[0]) and _REFERENCE.search(blob[max(0, match.start() - 32) : match.start()].lower()):
        return False
    # Sixteen digits in fours and three more: a long card, or a card and its security code.
    readings = (number, number[:16]) if len(number) == 19 and len(match[0]) > 19 else (number,)
    for reading in readings:
        if _ISSUER.match(reading):
            from stdnum import luhn

            if luhn.is_valid(reading.decode("ascii")):
                return True
    return False


def _valid(kind: str, number: bytes) -> bool:
    module = import_module(f"stdnum.{_MODULES[kind]}")
    return bool(module.is_valid(number.decode("ascii", "replace")))
