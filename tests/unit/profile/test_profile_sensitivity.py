"""Private data is found, look-alikes are left alone, and no text makes the scan slow.

Keys are written in pieces so that no tool takes this file for a leak.
"""

from __future__ import annotations

import time
from random import Random

import pytest

from podium.core.tasks import Sensitivity
from podium.policies.profile.language import judge_language
from podium.policies.profile.reading import split_words
from podium.policies.profile.sensitivity import find_private, judge_sensitivity

RANDOM = Random(7)
LETTERS = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def noise(length: int, alphabet: str = LETTERS) -> str:
    return "".join(RANDOM.choice(alphabet) for _ in range(length - 2)) + "a7"


JWT = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0." + noise(43)
PEM = "-----BEGIN RSA " + "PRIVATE KEY-----\n" + noise(64) + "\n" + noise(64) + "\n-----END RSA " + "PRIVATE KEY-----"

FOUND = [
    # personal
    ("Write to maria.lopez@mail.example.org today.", {"email"}),
    ("<jörg.müller@büro-köln.de> hat geschrieben", {"email"}),
    ("mailto:a+b@sub.example.co.uk?subject=x", {"email"}),
    ('{"to":"o.neil@example.com"}', {"email"}),
    ("联系邮箱：wang@example.cn。", {"email"}),
    ("Call me at +1 202 555 0143 after five.", {"phone"}),
    ("My number is (212) 736-5000.", {"phone"}),
    ("415.555.2671 is the best number", {"phone"}),
    ("Ring 020 7946 0958 and ask for Tom, please.", {"phone"}),
    ("You can text me on my mobile 07911 123456.", {"phone"}),
    ("Bitte rufen Sie mich unter 030 901820 an, danke.", {"phone"}),
    ("Meine Nummer ist 0171-1234567, ich bin ab acht da.", {"phone"}),
    ("Mon numéro est le 06 12 34 56 78, merci de me rappeler.", {"phone"}),
    ("Mon numéro est le 06\u00a012\u00a034\u00a056\u00a078, merci de me rappeler.", {"phone"}),
    ("Mi móvil es 612 345 678, gracias.", {"phone"}),
    ("WhatsApp: +91 98765 43210", {"phone"}),
    ("電話番号は 03-1234-5678 です。", {"phone"}),
    ("手机 13800138000", {"phone"}),
    ("Мой телефон 8 (495) 123-45-67, звоните.", {"phone"}),
    ("tel:+33612345678", {"phone"}),
    ("Am 12.05.2024 war besetzt, die Nummer 0171 1234567 ist neu.", {"phone"}),
    # confidential
    ("Charge 4111 1111 1111 1111, exp 09/27.", {"card"}),
    ("card=5555555555554444", {"card"}),
    ("Amex 3782 822463 10005 please", {"card"}),
    ("Meine Karte 4012-8888-8888-1881 geht nicht.", {"card"}),
    ("pan:6011111111111117;cvv:123", {"card"}),
    ("Überweisung auf DE89 3704 0044 0532 0130 00 bitte", {"iban"}),
    ("IBAN: GB29NWBK60161331926819", {"iban"}),
    ("send it to gb29 nwbk 6016 1331 9268 19", {"iban"}),
    ("NL91 ABNA 0417 1643 00 is mijn rekening", {"iban"}),
    ("FR1420041010050500013M02606", {"iban"}),
    ("IT60 X054 2811 1010 0000 0123 456", {"iban"}),
    ("cuenta ES9121000418450200051332.", {"iban"}),
    ("PL61 1090 1014 0000 0712 1981 2874", {"iban"}),
    ("SSN 536-90-4399", {"us_ssn"}),
    ("Patient (536-90-4399) was admitted", {"us_ssn"}),
    ("her social security number is 536904399", {"us_ssn"}),
    ("Meine Steuer-ID lautet 36 574 261 809.", {"de_idnr"}),
    ("Steueridentifikationsnummer: 36574261809", {"de_idnr"}),
    ("n° 2 95 10 99 126 111 93", {"fr_nir"}),
    ("NIR 295109912611193", {"fr_nir"}),
    ("Mi DNI es 54362315K", {"es_dni"}),
    ("NIE X2482300W", {"es_nie"}),
    ("codice fiscale RCCMNL83S18D969H", {"it_codice_fiscale"}),
    ("rccmnl83s18d969h,", {"it_codice_fiscale"}),
    ("BSN: 111222333", {"nl_bsn"}),
    ("PESEL 44051401359", {"pl_pesel"}),
    ("CPF 390.533.447-05", {"br_cpf"}),
    ("meu cpf e 39053344705", {"br_cpf"}),
    ("T.C. kimlik no 17291716060", {"tr_tckn"}),
    ("SIN 123-456-782", {"ca_sin"}),
    ("Aadhaar 2341 2341 2346", {"in_aadhaar"}),
    ("NHS number 943 476 5870", {"gb_nhs"}),
    ("National Insurance number QQ123456C? No: AB123456C", {"uk_nino"}),
    ("my NI number is AB 12 34 56 C", {"uk_nino"}),
    ("身份证 360426199101010071", {"cn_ric"}),
    ("주민등록번호 971013-9019902", {"kr_rrn"}),
    ("AHV 756.9217.0769.85", {"ch_ahv"}),
    # other numbers around them
    ("exp 2027 4111 1111 1111 1111 123", {"card"}),
    ("10 20 30 40 50 60 70 80 90 11 22 33 44 55 66 77 88 99 4111 1111 1111 1111", {"card"}),
    ("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 4012-8888-8888-1881 5 6 7", {"card"}),
    ("BE68 5390 0754 7034 from Anna", {"iban"}),
    ("BSN 111222333 12-03-1990", {"nl_bsn"}),
    ("PESEL 44051401359 12.05.2024", {"pl_pesel"}),
    ("SSN 536904399 06/01/1980", {"us_ssn"}),
    ("536-90-4399 06/01/1980 and 7", {"us_ssn"}),
    ("Bitte anrufen: 030 901820 / 0171 1234567 - 089 123456, danke", {"phone"}),
    # secret
    ("OPENAI_API_KEY=sk-proj-" + noise(48), {"openai_key"}),
    ("key: sk-" + noise(48), {"openai_key"}),
    ("use sk-ant-api03-" + noise(60), {"anthropic_key"}),
    ("aws_access_key_id = AKIA" + "IOSFODNN7EXAMPLE", {"aws_key"}),
    ("git clone with gh" + "p_" + noise(36), {"github_token"}),
    ("github_" + "pat_" + noise(40), {"github_token"}),
    ("xox" + "b-123456789012-1234567890123-" + noise(24), {"slack_token"}),
    ("?key=AI" + "za" + noise(35), {"google_key"}),
    ("gl" + "pat-" + noise(20), {"gitlab_token"}),
    ("sk_" + "live_" + noise(24), {"stripe_key"}),
    ("h" + "f_" + noise(34), {"huggingface_token"}),
    (PEM, {"private_key"}),
    (PEM.replace("\n", "\\n"), {"private_key"}),
    ("cookie=" + JWT, {"jwt"}),
    ("Authorization: Bearer " + noise(32), {"bearer_token"}),
    ('"authorization": "bearer ' + noise(32) + '"', {"bearer_token"}),
    ("line one\\ngh" + "p_" + noise(36), {"github_token"}),
    ("postgresql://app:" + "s3cr3t-Pa55@db.internal:5432/x", {"url_password"}),
    # several at once
    ("jo@example.com, +44 20 7946 0958, 4111111111111111", {"email", "phone", "card"}),
]

CLEAN = [
    "Order 4711-0815 was placed on 2024-03-11 at 10:22:31.",
    "order number 4012888888881881 has not shipped",  # passes Luhn, but says what it is
    "Tracking 1Z999AA10123456784",
    "550e8400-e29b-41d4-a716-446655440000",
    "00000000-0000-0000-0000-000000000000",
    "timestamp 1700000000000 and 1700000000",
    '{"ts": 1719412345678, "id": 4111111111111112}',  # fails Luhn
    "commit 8f14e45fceea167a5a36dedd4bea2543",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "version 10.15.7 build 20240312.1834 of python 3.12.1",
    "192.168.100.254 and 10.0.0.1:8080 and 2001:0db8:85a3:0000:0000:8a2e:0370:7334",
    "pi is 3.14159265358979323846 and e 2.718281828459045",
    "total 1,234,567.89 EUR, VAT 19 %, margin 0.4111111111111111",
    "ISBN 978-3-16-148410-0",
    "IMEI 490154203237518",
    "EAN 4006381333931",
    "range(1000000, 9999999) # 100000 steps",
    "x = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]",
    "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20",
    "2019 2020 2021 2022 2023 2024",
    "01/02/2024 03/04/2024 05/06/2024",
    "12.05.2024 bis 14.05.2024, 08:00-16:30",
    "The 2020-2024 plan needs 1200000 to 1500000 units",
    "@app.route('/users') def users(): pass",
    "npm install @scope/package@1.2.3 left-pad@1.3.0 react@18.2.0-rc.1",
    "icon@2x.png and logo@3x.jpg",
    "git@github.com:acme/widgets.git",
    "follow @acme on the web, price @ 5.99",
    "a @ b.c",
    "mailto: nobody",
    "sk-learn-compatible-estimator-interface",
    "class='sk-circle-fade-dot-animation-delay-before'",
    "sk-your-api-key-goes-right-here",
    "OPENAI_API_KEY=sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "Authorization: Bearer <token>",
    "Authorization: Bearer ${ACCESS_TOKEN_FOR_THE_SERVICE}",
    "the bearer internationalization_of_the_component said",
    "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA\n-----END PUBLIC KEY-----",
    "the file must start with -----BEGIN PRIVATE KEY----- or it is refused",
    "postgresql://user:password@localhost/db and redis://cache:6379/0",
    "https://example.com/a/b@c?x=1",
    "https://user:${PASSWORD}@host/path",
    "def test_configuration_loader_with_nested_sections_and_defaults_2(): ...",
    "GHPC_AKIABCDEF AKIA is a prefix, ghp_ too, and xoxb- and AIza",
    "SKU AB123456C, part 12345678Z, model X1234567L",  # no word names a scheme; the last fails its check letter
    "serial 536904399 and 111222333 and 44051401359",
    "case 05-1234-5678-90 refers to 2023/000123456",
    "coordinates 52.520008, 13.404954 and -33.868820, 151.209290",
    "matrix 0.123456 0.234567 0.345678 0.456789",
    "phone the office when you have 12 minutes",
    "call function 3 with 1024 and 2048",
    "ref 49 30 901820 12345",
    "invoice F-2231 of 14 March, 1 200,00 € and 240,00 €",
    "DE123456789 is a VAT number, not an account",
    "AB12 CDEF 3456 7890 1234 is no IBAN",
    "0x1234567890abcdef 0b1010101010 0o7654321",
    "aaaaaa11b22c333d",
    "rule 10.2.3.4.5.6.7.8.9",
    "log: 2024-01-15 10:30:45,123 INFO [4711] took 1234567 us id=1700000000977",
    "3.500.000 Einwohner, 1.234.567 Stimmen",
    "The train 0815 leaves at 09:45 from platform 12",
]


def kinds(text: str) -> set[str]:
    language = judge_language(text, split_words(text)).value
    return set(find_private(text.encode("utf-8", "surrogatepass"), language))


@pytest.mark.parametrize(("text", "expected"), FOUND, ids=range(len(FOUND)))
def test_found(text: str, expected: set[str]) -> None:
    assert kinds(text) == expected


@pytest.mark.parametrize("text", CLEAN, ids=range(len(CLEAN)))
def test_left_alone(text: str) -> None:
    assert kinds(text) == set()


def test_one_secret_is_found_at_any_place_of_a_long_text() -> None:
    filler = "The committee met again and talked about the budget of 2024, page 12. " * 3_000
    for place in (0, len(filler) // 2, len(filler)):
        for text, expected in FOUND[::5]:
            assert kinds(f"{filler[:place]}\n{text}\n{filler[place:]}") >= expected - {"phone"}


def test_levels_follow_the_worst_kind_and_a_declaration_wins() -> None:
    assert judge_sensitivity((), None).value is Sensitivity.NONE
    assert judge_sensitivity(("email", "phone"), None).value is Sensitivity.PERSONAL
    assert judge_sensitivity(("email", "iban"), None).value is Sensitivity.CONFIDENTIAL
    assert judge_sensitivity(("email", "jwt", "card"), None).value is Sensitivity.SECRET
    declared = judge_sensitivity(("jwt",), Sensitivity.NONE)
    assert (declared.value, declared.confidence) == (Sensitivity.NONE, 1.0)


def test_every_identity_check_exists_and_runs() -> None:
    from podium.policies.profile import numbers

    for kind in numbers.NATIONAL_IDS - {"uk_nino"}:
        assert numbers._valid(kind, b"not a number") is False


ADVERSARIAL = {
    "digits": "1" * 200_000,
    "digits and spaces": "1 " * 100_000,
    "digit pairs": "12-" * 66_666,
    "fours": "4111 1111 1111 1112 " * 10_000,
    "plus": "+1" * 100_000,
    "phone shapes": "0171 0000000 x " * 13_000,
    "called numbers": "tel 99999999, " * 14_000,
    "ats": "@" * 200_000,
    "labels": "a@" + "a." * 99_999,
    "long label": "a@" + "a" * 199_998,
    "many long labels": ("a@" + "a" * 60 + ".") * 3_000,
    "token run": "a" * 200_000,
    "keys that are not": ("sk-" + "a" * 20 + " ") * 8_000,
    "jwt heads": "eyJ" * 66_666,
    "jwt dots": ("eyJ" + "a" * 20 + ".") * 8_000,
    "pem heads": "-----BEGIN PRIVATE KEY-----" * 7_400,
    "urls": "://a:" * 40_000,
    "url at": "://" + "a:" * 99_000 + "@",
    "iban heads": "DE89 " * 40_000,
    "iban letters": "AA00" * 50_000,
    "iban digits": "GB29NWBK123456 " * 13_000,
    "ssn": "000-00-0000 " * 16_000,
    "bearer": "bearer " * 28_000,
    "newlines": "\n" * 200_000,
    "nbsp": "1\u00a0" * 66_000,
    "surrogates": "\ud800" * 66_000,
}


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_the_scan_is_linear_whatever_the_text(name: str) -> None:
    """Doubling 100 kB to 200 kB must not quadruple the work; a quadratic scan of these takes minutes, not a second."""
    text = ADVERSARIAL[name]
    find_private(b"tel +49 30 901820", "de")  # load what is loaded lazily
    times = []
    for part in (text[: len(text) // 2], text):
        blob = part.encode("utf-8", "surrogatepass")
        start = time.process_time()
        find_private(blob, "en")
        times.append(time.process_time() - start)
    assert times[1] < 1.0
    assert times[1] < 0.02 or times[1] < 8 * max(times[0], 0.002)
