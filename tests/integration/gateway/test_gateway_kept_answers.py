"""Kept answers through the gateway: to whom they are shown, and which are never kept."""

from __future__ import annotations

from typing import Any

import pytest

from podium.core.settings import PrivacySettings

PATH = "/v1/responses"
ANN = {"x-podium-user": "ann"}


def _ask(gateway: Any, text: str = "hi", headers: Any = None, **fields: Any) -> Any:
    return gateway.post({"model": "north/pico", "input": text, **fields}, PATH, headers)


@pytest.mark.parametrize("named", ["header", "user", "safety_identifier"])
def test_an_answer_is_shown_to_the_user_who_asked(house: Any, named: str) -> None:
    made = _ask(house, headers=ANN) if named == "header" else _ask(house, **{named: "ann"})
    number = made.json()["id"]
    nobodys = _ask(house).json()["id"]
    for headers in (None, {"x-podium-user": "bob"}, {"x-podium-user": ""}):
        for method, path in (("GET", ""), ("GET", "/input_items"), ("DELETE", "")):
            refused = house.ask(method, f"{PATH}/{number}{path}", headers=headers)
            assert (refused.status, refused.error["code"]) == (404, "response_not_found")
            assert "x-podium-user" in refused.error["message"]
        refused = _ask(house, previous_response_id=number, headers=headers)
        assert (refused.status, refused.error["param"]) == (400, "previous_response_id")
    assert house.ask("GET", f"{PATH}/{nobodys}", headers=ANN).status == 404
    assert _ask(house, previous_response_id=number, headers=ANN).status == 200
    assert _ask(house, previous_response_id=number, user="ann").status == 200
    assert house.ask("GET", f"{PATH}/{number}/input_items", headers=ANN).status == 200
    assert house.ask("DELETE", f"{PATH}/{number}", headers=ANN).status == 200
    assert house.ask("GET", f"{PATH}/{number}", headers=ANN).status == 404
    assert house.get(f"{PATH}/{nobodys}").status == 200


def test_a_name_beyond_ascii_is_the_same_in_body_and_header(house: Any) -> None:
    number = _ask(house, user="Jürgen").json()["id"]
    assert house.ask("GET", f"{PATH}/{number}", headers={"x-podium-user": "Jürgen".encode()}).status == 200


@pytest.mark.parametrize("stream", [False, True])
def test_what_is_confidential_is_never_kept_and_the_answer_says_so(
    start_gateway: Any, events_of: Any, stream: bool
) -> None:
    gateway = start_gateway(privacy=PrivacySettings(local_only="never"))

    def ask(text: str, **given: Any) -> tuple[str, str]:
        answer = _ask(gateway, text, stream=stream, **given)
        assert answer.status == 200, answer.text
        body = events_of(answer.text)[-1]["response"] if stream else answer.json()
        return body["id"], answer.headers.get("x-podium-warnings", "")

    card = "My card is 4111 1111 1111 1111, is it valid?"
    for text, headers, level in [
        (card, None, "confidential"),
        ("hi", {"x-podium-sensitivity": "confidential"}, "confidential"),
        ("hi", {"x-podium-sensitivity": "secret"}, "secret"),
    ]:
        number, warnings = ask(text, headers=headers)
        assert f"not kept because the conversation is {level}" in warnings
        assert gateway.get(f"{PATH}/{number}").status == 404
        refused = _ask(gateway, previous_response_id=number)
        assert (refused.status, refused.error["param"]) == (400, "previous_response_id")
        assert "confidential" in refused.error["message"]
    number, warnings = ask(card, headers={"x-podium-sensitivity": "personal"})
    assert "kept" not in warnings
    assert gateway.get(f"{PATH}/{number}").status == 200
    number, warnings = ask(card, store=False)
    assert "kept" not in warnings, "nobody asked for it"
    assert gateway.get(f"{PATH}/{number}").status == 404
    # A conversation that turns confidential is not kept from there on.
    first, _ = ask("hi")
    second, warnings = ask(card, previous_response_id=first)
    assert "not kept" in warnings
    assert [gateway.get(f"{PATH}/{each}").status for each in (first, second)] == [200, 404]
