"""The journal: what goes in comes out, whoever died in between."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from podium.core.tasks import Outcome
from podium.records.ledger.entries import Entry, entry_of
from podium.records.ledger.journal import Journal


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return tmp_path / "podium.db"


@pytest.fixture
def entries(make_outcome: Callable[..., Outcome]) -> list[Entry]:
    return [entry_of(make_outcome(user=f"ünï\n{number}"), record_text=True) for number in range(7)]


def _drain(journal: Journal, limit: int = 3) -> list[Entry]:
    drained: list[Entry] = []
    while taken := journal.take(limit):
        drained += taken
        journal.written()
    return drained


def test_out_comes_what_went_in_and_the_file_goes(base: Path, entries: list[Entry]) -> None:
    journal = Journal(base)
    journal.append(entries[:4])
    journal.append(entries[4:])
    assert journal.waiting == 7
    assert _drain(journal) == entries
    assert journal.waiting == 0
    assert list(base.parent.iterdir()) == []
    journal.close()


def test_nothing_is_created_before_it_is_needed(base: Path) -> None:
    journal = Journal(base)
    assert journal.adopt() == 0
    assert journal.take(10) == []
    journal.close()
    assert list(base.parent.iterdir()) == []


def test_what_was_taken_but_not_written_comes_again(base: Path, entries: list[Entry]) -> None:
    journal = Journal(base)
    journal.append(entries)
    assert journal.take(3) == entries[:3]
    assert journal.take(3) == entries[:3]
    assert journal.waiting == 7
    journal.close()


def test_new_entries_do_not_disturb_a_reading(base: Path, entries: list[Entry]) -> None:
    journal = Journal(base)
    journal.append(entries[:2])
    first = journal.take(1)
    journal.append(entries[2:])
    journal.written()
    assert first + _drain(journal) == entries
    journal.close()


def test_the_living_keep_their_files_and_the_dead_are_inherited(base: Path, entries: list[Entry]) -> None:
    owner, heir = Journal(base), Journal(base)
    owner.append(entries)
    assert heir.adopt() == 0
    owner.close()
    assert heir.adopt() == 7
    assert heir.adopt() == 0, "adopted once"
    assert _drain(heir) == entries
    assert list(base.parent.iterdir()) == []
    heir.close()


def test_a_torn_line_is_set_aside_and_the_rest_is_kept(
    base: Path, entries: list[Entry], caplog: pytest.LogCaptureFixture
) -> None:
    journal = Journal(base)
    journal.append(entries)
    journal.close()
    (path,) = base.parent.iterdir()
    path.write_bytes(path.read_bytes()[:-20])
    heir = Journal(base)
    heir.adopt()
    with caplog.at_level(logging.ERROR):
        assert _drain(heir) == entries[:-1]
    assert "cannot be read" in caplog.text
    (damaged,) = base.parent.iterdir()
    assert damaged.suffix == ".damaged"
    assert heir.waiting == 0
    heir.close()


def test_a_later_versions_columns_are_overlooked(base: Path, entries: list[Entry]) -> None:
    journal = Journal(base)
    journal.append(entries[:1])
    journal.close()
    (path,) = base.parent.iterdir()
    path.write_bytes(path.read_bytes().replace(b'{"decision":{', b'{"decision":{"mood":"sunny",'))
    heir = Journal(base)
    heir.adopt()
    assert _drain(heir) == entries[:1]
    heir.close()


def test_an_empty_leftover_is_cleared_away(base: Path) -> None:
    base.with_name("podium.db.pending-jnl_0.jsonl").touch()
    journal = Journal(base)
    assert journal.adopt() == 0
    assert list(base.parent.iterdir()) == []
    journal.close()


def test_a_refused_entry_is_kept_for_people(base: Path, entries: list[Entry]) -> None:
    journal = Journal(base)
    path = journal.refuse(entries[0])
    assert path.name == "podium.db.refused.jsonl"
    assert str(entries[0][0][0]) in path.read_text()
    assert journal.adopt() == 0, "nobody tries it again"
    journal.close()
