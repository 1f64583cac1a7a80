"""Long texts left in the body: to whoever has the part there is no difference, and what looks past it says so."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any, cast

import msgspec
import pytest
from msgspec import Raw

from podium.core.deferred import late, peek, unread, written
from podium.core.errors import InvalidRequest
from podium.core.messages import AudioPart, FilePart, ImagePart, Message, Part

URL = "data:image/png;base64,QUJD/é"
HEAD, REST = URL[:22], Raw(b'"QUJD\\/\xc3\xa9"')
PARTS: dict[str, Callable[[], Part]] = {
    "image, one piece": lambda: ImagePart(url=cast(str, Raw(msgspec.json.encode(URL)))),
    "image, two pieces": lambda: ImagePart(url=late(REST, head=HEAD)),
    "file, two pieces": lambda: FilePart(url=late(REST, head=HEAD), name="a.png"),
    "sound, mended": lambda: AudioPart(data=late(REST, mend=str.upper), format="wav"),
}
READ: dict[str, Part] = {
    "image, one piece": ImagePart(url=URL),
    "image, two pieces": ImagePart(url=URL),
    "file, two pieces": FilePart(url=URL, name="a.png"),
    "sound, mended": AudioPart(data="QUJD/É", format="wav"),
}
each_part = pytest.mark.parametrize("name", PARTS)


@each_part
def test_an_unread_part_equals_what_it_says(name: str) -> None:
    new, same = PARTS[name], READ[name]
    assert new() == same
    assert same == new()
    assert new() == new()
    assert (new() != same) is False
    assert (same != new()) is False
    other = ImagePart(url="data:,x") if not isinstance(same, ImagePart) else ImagePart(url=URL + "=")
    assert new() != other
    assert other != new()
    assert new() != "data:,x"  # type: ignore[comparison-overlap]  # that is the point
    assert hash(new()) == hash(same)
    assert {new(), same, new()} == {same}
    assert repr(new()) == repr(same)
    assert Message(role="user", parts=(new(),)) == Message(role="user", parts=(same,))
    assert repr(Message(role="user", parts=(new(),))) == repr(Message(role="user", parts=(same,)))


def test_one_unread_part_differs_from_another() -> None:
    assert ImagePart(url=late(REST, head=HEAD)) != ImagePart(url=late(REST, head="data:,"))
    assert ImagePart(url=late(REST, head=HEAD)) != ImagePart(url=late(REST, head=HEAD), detail="low")


COPIES: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda part: pickle.loads(pickle.dumps(part)),
    "replace": lambda part: msgspec.structs.replace(part),
}


@each_part
@pytest.mark.parametrize("way", COPIES)
def test_a_copy_of_an_unread_part_reads_the_same(name: str, way: str) -> None:
    unread = PARTS[name]()
    copied = COPIES[way](unread)
    assert copied == READ[name]
    assert unread == READ[name]


@each_part
def test_an_unread_part_is_encoded_with_the_hook_as_if_it_were_read(name: str) -> None:
    new, same = PARTS[name], READ[name]
    assert msgspec.json.encode(new(), enc_hook=written) == msgspec.json.encode(same)
    assert msgspec.to_builtins(new(), enc_hook=written) == msgspec.to_builtins(same)
    with pytest.raises(TypeError, match="unsupported"):
        msgspec.to_builtins(new())
    part = new()
    assert part == same
    assert msgspec.to_builtins(part) == msgspec.to_builtins(same), "once read, it is as any other"
    assert msgspec.json.encode(part) == msgspec.json.encode(same)


def test_json_of_one_piece_is_written_as_it_came_and_of_two_pieces_refused_without_the_hook() -> None:
    one = PARTS["image, one piece"]()
    assert msgspec.json.decode(msgspec.json.encode(one), type=ImagePart) == one
    with pytest.raises(TypeError, match="unsupported"):
        msgspec.json.encode(PARTS["image, two pieces"]())


def test_the_hook_is_for_deferred_texts_only() -> None:
    with pytest.raises(NotImplementedError):
        written(object())


@pytest.mark.parametrize("most", [0, 5, 22, 24, 1000])
def test_a_peek_sees_both_pieces_and_reads_neither(most: int) -> None:
    plain = "data:image/png;base64,QUJD"
    for url in (plain, Raw(msgspec.json.encode(plain)), late(Raw(b'"QUJD"'), head=HEAD)):
        assert peek(ImagePart(url=url), "url", most) == (plain[:most], len(plain))  # type: ignore[arg-type]  # a Raw too
    assert peek(FilePart(file_id="f"), "url", most) == ("", 0)


def test_what_is_no_text_is_the_callers_fault_to_readers_and_harmless_to_others() -> None:
    def broken() -> ImagePart:
        return ImagePart(url=late(Raw(b'"\xff"'), head=HEAD))

    with pytest.raises(InvalidRequest, match="not a text"):
        _ = broken().url
    with pytest.raises(InvalidRequest):
        hash(broken())
    assert broken() != ImagePart(url=URL)
    assert "ImagePart" in repr(broken())


def test_who_writes_it_into_other_json_gets_what_is_json_already() -> None:
    plain = Raw(msgspec.json.encode(URL))
    one = ImagePart(url=cast(str, plain))
    assert unread(one, "url") is plain
    assert one.url == URL
    assert unread(one, "url") == URL
    assert unread(PARTS["image, two pieces"](), "url") == URL
    assert unread(FilePart(file_id="f"), "url") is None
