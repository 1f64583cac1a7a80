"""Going on from kept answers: what is kept, what is sent again, who can go on, what is listed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from podium.core.errors import InvalidRequest
from podium.core.messages import Finished, FinishReason, Message, ReasoningPart, Reply, TextDelta, TextPart, ToolCall
from podium.core.tasks import Task
from podium.models.dialects.dialect import Incoming, Quirks
from podium.models.dialects.openai_responses import (
    Expanded,
    OpenAIResponses,
    expand,
    final_response,
    list_input,
    not_found,
    to_keep,
)
from podium.models.dialects.openai_responses.sealing import seal_part

Maker = Callable[..., Task]


def asked(**fields: Any) -> Incoming:
    return OpenAIResponses().read_request(json.dumps({"model": "auto", **fields}).encode())


def gone_on(earlier: Sequence[dict[str, Any]], output: Sequence[dict[str, Any]], **fields: Any) -> Expanded:
    more = {name: fields.pop(name) for name in ("reachable",) if name in fields}
    body = json.dumps({"id": "resp_1", "status": "completed", "output": list(output)}).encode()
    incoming = asked(previous_response_id="resp_1", **fields)
    return expand(incoming, items=json.dumps(list(earlier)).encode(), body=body, provider="acme", **more)


def items_of(expanded: Expanded) -> Any:
    return json.loads(bytes(expanded.incoming.payload.fields["input"]))


ASKED = {"role": "user", "content": "What is it?"}
THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAA"}
BARE = {"type": "reasoning", "id": "rs_2", "summary": [{"type": "summary_text", "text": "Hm."}]}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{}", "status": "completed"}
CALL_AGAIN = {name: value for name, value in CALL.items() if name != "id"}
RESULT = {"type": "function_call_output", "call_id": "c1", "output": "42"}
SAID = {
    "type": "message",
    "id": "msg_1",
    "role": "assistant",
    "status": "completed",
    "phase": "final_answer",
    "content": [{"type": "output_text", "text": "It is ", "annotations": []}, {"type": "output_text", "text": "42."}],
}
SAID_AGAIN = {"type": "message", "role": "assistant", "content": "It is 42.", "phase": "final_answer"}
NEXT = {"type": "message", "role": "user", "content": "Why?"}


def test_a_new_question_goes_to_anyone() -> None:
    expanded = gone_on([ASKED, THOUGHT, CALL, RESULT], [THOUGHT, SAID], input="Why?", instructions="Be brief.")
    assert items_of(expanded) == [ASKED, CALL_AGAIN, RESULT, SAID_AGAIN, NEXT]
    assert expanded.keeper is None
    assert expanded.notes == ()
    assert expanded.incoming.messages == (
        Message(role="system", parts=(TextPart("Be brief."),)),
        Message(role="user", parts=(TextPart("What is it?"),)),
        Message(role="assistant", tool_calls=(ToolCall(id="c1", name="f", arguments="{}"),)),
        Message(role="tool", parts=(TextPart("42"),), tool_call_id="c1"),
        Message(role="assistant", parts=(TextPart("It is 42."),)),
        Message(role="user", parts=(TextPart("Why?"),)),
    )


def test_a_tools_result_goes_back_with_the_reasoning_to_its_maker() -> None:
    old = THOUGHT | {"id": "rs_0"}
    expanded = gone_on([ASKED, old, SAID_AGAIN, NEXT], [THOUGHT, BARE, CALL], input=[RESULT])
    assert items_of(expanded) == [ASKED, SAID_AGAIN, NEXT, THOUGHT, CALL_AGAIN, RESULT]
    assert expanded.keeper == "acme"
    thoughts = [part for turn in expanded.incoming.messages for part in turn.parts if isinstance(part, ReasoningPart)]
    assert thoughts == [ReasoningPart(data="gAA", id="rs_1", origin="openai-responses")]


def test_a_maker_that_cannot_serve_pins_nothing() -> None:
    expanded = gone_on([ASKED], [THOUGHT, CALL], input=[RESULT], reachable=False)
    assert items_of(expanded) == [ASKED, CALL_AGAIN, RESULT]
    assert expanded.keeper is None
    assert len(expanded.notes) == 1


def test_reasoning_of_all_turns_is_carried_where_it_is_asked_for() -> None:
    expanded = gone_on([ASKED, THOUGHT, SAID_AGAIN, NEXT], [SAID], input="And?", reasoning={"context": "all_turns"})
    assert THOUGHT in items_of(expanded)
    assert expanded.keeper == "acme"


def test_sealed_reasoning_of_another_wire_comes_back_to_its_maker() -> None:
    sealed = THOUGHT | {"encrypted_content": seal_part(ReasoningPart(signature="s", origin="anthropic"))}
    expanded = gone_on([ASKED], [sealed, CALL], input=[RESULT])
    assert expanded.keeper == "acme"
    assert expanded.incoming.messages[1].parts == (ReasoningPart(signature="s", origin="anthropic"),)


def test_what_podium_does_not_know_is_sent_as_it_was() -> None:
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    assert items_of(gone_on([ASKED], [search, SAID], input="Why?"))[1] == search


def test_the_identifier_is_echoed_and_never_forwarded(dialect: OpenAIResponses) -> None:
    expanded = gone_on([ASKED], [SAID], input="Why?")
    task = Task(
        id="tsk_1",
        messages=expanded.incoming.messages,
        received_at=datetime(2030, 1, 1, tzinfo=UTC),
        payload=expanded.incoming.payload,
    )
    assert b"previous_response_id" not in dialect.write_request(task, model="m", stream=False, quirks=Quirks()).body
    answer = json.loads(dialect.write_reply(Reply(text="Hi."), task=task, model="m"))
    assert answer["previous_response_id"] == "resp_1"


# --- what is kept --------------------------------------------------------------------------------------------------


def test_whole_answers_are_kept_whoever_wrote_them(dialect: OpenAIResponses, caller: Maker) -> None:
    task = caller(input="What is it?")
    assert task.payload is not None
    body = dialect.write_reply(Reply(text="42.", model="gpt-x"), task=task, model="m")
    kept = to_keep(task.payload, body)
    assert kept is not None
    assert (kept.id, kept.model, kept.body) == ("resp_0193aa", "gpt-x", body)
    assert json.loads(kept.items) == [{"type": "message", "role": "user", "content": "What is it?"}]
    theirs = to_keep(task.payload, b'{"id":"resp_theirs","status":"incomplete","output":[],"strange":1}')
    assert theirs is not None
    assert theirs.id == "resp_theirs"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"{",
        b'{"output":[]}',
        b'{"id":"r","status":"failed","output":[]}',
        b'{"id":"r","status":"completed"}',
        b"\xff",
    ],
)
def test_what_nobody_can_go_on_from_is_not_kept(caller: Maker, answer: bytes) -> None:
    payload = caller().payload
    assert payload is not None
    assert to_keep(payload, answer) is None


def test_a_conversation_goes_on_turn_after_turn(dialect: OpenAIResponses, caller: Maker) -> None:
    """Streamed and whole, three turns: each knows everything before it."""
    incoming = asked(input="1?")
    for turn in (2, 3, 4):
        task = Task(
            id=f"tsk_{turn}",
            messages=incoming.messages,
            received_at=datetime(2030, 1, 1, tzinfo=UTC),
            payload=incoming.payload,
        )
        if turn % 2:
            answer: bytes | None = dialect.write_reply(Reply(text=f"{turn - 1}."), task=task, model="m")
        else:
            writer = dialect.stream_writer(task=task, model="m", input_tokens=1)
            writer.write([TextDelta(f"{turn - 1}."), Finished(FinishReason.STOP)])
            answer = final_response(writer.close())
        assert answer is not None
        kept = to_keep(incoming.payload, answer)
        assert kept is not None
        assert kept.id == f"resp_{turn}"
        following = asked(input=f"{turn}?", previous_response_id=kept.id)
        incoming = expand(following, items=kept.items, body=kept.body, provider="acme").incoming
    assert [(turn.role, turn.text) for turn in incoming.messages] == [
        ("user", "1?"),
        ("assistant", "1."),
        ("user", "2?"),
        ("assistant", "2."),
        ("user", "3?"),
        ("assistant", "3."),
        ("user", "4?"),
    ]


def test_an_answer_that_is_gone_is_said_to_be() -> None:
    error = not_found("resp_9")
    assert error.param == "previous_response_id"
    assert "resp_9" in error.message
    assert "record.responses_h" in error.remedy


# --- listed --------------------------------------------------------------------------------------------------------


def test_input_items_are_listed_newest_first_in_pages() -> None:
    from openai.types.responses import ResponseItemList

    earlier = [ASKED, THOUGHT, CALL, RESULT, SAID_AGAIN, NEXT]
    items = json.dumps(earlier).encode()
    page = ResponseItemList.model_validate_json(list_input(items, "resp_1", limit=4))
    assert [item.type for item in page.data] == ["message", "message", "function_call_output", "function_call"]
    assert page.has_more
    rest = ResponseItemList.model_validate_json(list_input(items, "resp_1", limit=4, after=page.last_id))
    assert [item.type for item in rest.data] == ["reasoning", "message"]
    assert not rest.has_more
    forth = ResponseItemList.model_validate_json(list_input(items, "resp_1", order="asc"))
    assert [item.id for item in forth.data] == [item.id for item in [*page.data, *rest.data][::-1]]
    assert json.loads(list_input(b"[]", "resp_1"))["data"] == []


@pytest.mark.parametrize("wish", [{"limit": 0}, {"limit": 101}, {"after": "msg_nobody"}])
def test_impossible_pages_are_refused(wish: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        list_input(b"[]", "resp_1", **wish)
