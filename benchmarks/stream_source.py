"""A provider of paced event streams, in OpenAI's and Anthropic's form: each chunk in a write of its own.

A request's ``max_tokens`` is the number of text chunks it gets; ``temperature`` 0 asks for all of them at once, as fast
as they can be written. Otherwise the pace comes from the command line, so that every gateway of a run meets the same.

usage: python benchmarks/stream_source.py PORT FIRST_MS GAP_MS
"""

import asyncio
import json
import sys
from typing import cast

import uvloop

WORDS = ("lorem ipsum ", "dolor sit amet ")
"""In turn: a gateway may take one text again and again for a model that is stuck."""
MODEL = "static-model"


def _sse(event: object, name: str = "") -> bytes:
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(event)}\n\n".encode()


def _chat_chunk(delta: object, finish: str | None = None) -> bytes:
    return _sse(
        {
            "id": "chatcmpl-static",
            "object": "chat.completion.chunk",
            "created": 1700000000,
            "model": MODEL,
            "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}],
        }
    )


Form = tuple[bytes, tuple[bytes, ...], bytes]


def _chat(count: int) -> Form:
    """(opening, text chunks to send in turn, end) of a chat completion stream."""
    usage = {"prompt_tokens": 400, "completion_tokens": count, "total_tokens": 400 + count}
    last = _sse({"id": "chatcmpl-static", "object": "chat.completion.chunk", "choices": [], "usage": usage})
    end = _chat_chunk({}, "stop") + last + b"data: [DONE]\n\n"
    return (
        _chat_chunk({"role": "assistant", "content": ""}),
        tuple(_chat_chunk({"content": word}) for word in WORDS),
        end,
    )


def _messages(count: int) -> Form:
    """(opening, text chunks to send in turn, end) of an Anthropic message stream."""
    message = {
        "id": "msg_static",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 400, "output_tokens": 1},
    }
    block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    opening = _sse({"type": "message_start", "message": message}, "message_start") + _sse(block, "content_block_start")
    texts = [{"type": "text_delta", "text": word} for word in WORDS]
    deltas = [{"type": "content_block_delta", "index": 0, "delta": text} for text in texts]
    stopped = {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
        "usage": {"output_tokens": count},
    }
    end = (
        _sse({"type": "content_block_stop", "index": 0}, "content_block_stop")
        + _sse(stopped, "message_delta")
        + _sse({"type": "message_stop"}, "message_stop")
    )
    return opening, tuple(_sse(delta, "content_block_delta") for delta in deltas), end


_FORMS = {b"/v1/chat/completions": _chat, b"/v1/messages": _messages}
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def _chunked(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


class Source(asyncio.Protocol):
    """One connection: requests in turn, each answered by a paced stream."""

    first_s = 0.0
    gap_s = 0.0

    def __init__(self) -> None:
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one without inheriting from it

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, mark, rest = bytes(self._received).partition(b"\r\n\r\n")
        if not mark:
            return
        lines = head.split(b"\r\n")
        sizes = [line.partition(b":")[2] for line in lines if line.lower().startswith(b"content-length:")]
        if len(rest) < (int(sizes[0]) if sizes else 0):
            return
        self._received.clear()
        path = lines[0].split(b" ")[1].partition(b"?")[0]
        form = _FORMS.get(path)
        if form is None:
            listing = json.dumps({"object": "list", "data": [{"id": MODEL, "object": "model"}]}).encode()
            answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
            self._transport.write(answer % len(listing) + listing)
            return
        asked = json.loads(rest or b"{}")
        count = int(asked.get("max_tokens") or asked.get("max_completion_tokens") or 16)
        self._gap_s = 0.0 if asked.get("temperature") == 0 else self.gap_s
        opening, chunks, end = form(count)
        loop = asyncio.get_running_loop()
        self._chunks = [_chunked(chunk) for chunk in chunks]
        self._end, self._left = _chunked(end) + b"0\r\n\r\n", count
        loop.call_later(self.first_s, self._begin, _HEAD + _chunked(opening))

    def _begin(self, opening: bytes) -> None:
        self._transport.write(opening)
        if self._gap_s:
            self._next_at = asyncio.get_running_loop().time()
            self._step()
            return
        both, odd = divmod(self._left, 2)
        self._transport.write(b"".join(self._chunks) * both + self._chunks[0] * odd + self._end)

    def _step(self) -> None:
        if self._transport.is_closing():
            return
        if self._left == 0:
            self._transport.write(self._end)
            return
        self._transport.write(self._chunks[self._left % 2])
        self._left -= 1
        self._next_at += self._gap_s
        asyncio.get_running_loop().call_at(self._next_at, self._step)


async def main(port: int, first_ms: float, gap_ms: float) -> None:
    """Serve until ended."""
    Source.first_s, Source.gap_s = first_ms / 1000, gap_ms / 1000
    server = await asyncio.get_running_loop().create_server(Source, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))
