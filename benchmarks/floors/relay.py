"""The least a Python gateway can cost: a plain ASGI relay on uvicorn, httptools, uvloop and pyreqwest.

It reads the request body, posts it to ``RELAY_UPSTREAM`` and returns what comes back: no parsing, no routing, no
records. Streams pass through chunk by chunk. Served by ``uvicorn relay:app`` (see ``targets.py``).
"""

import os
from typing import Any

from pyreqwest.client import Client, ClientBuilder

UPSTREAM = os.environ["RELAY_UPSTREAM"] + "/v1/chat/completions"
client: Client = ClientBuilder().no_proxy().build()


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Relays one HTTP request to the upstream."""
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    request = client.post(UPSTREAM).header("content-type", "application/json").body_bytes(body)
    if b'"stream": true' in body:
        request = request.streamed_read_buffer_limit(0)  # else the first 64 KB of a stream would be held back
    async with request.build_streamed() as response:
        kind = (response.get_header("content-type") or "application/octet-stream").encode()
        start = {"type": "http.response.start", "status": response.status}
        if kind.startswith(b"text/event-stream"):
            await send({**start, "headers": [(b"content-type", kind)]})
            while (chunk := await response.body_reader.read_chunk()) is not None:
                await send({"type": "http.response.body", "body": bytes(chunk), "more_body": True})
            await send({"type": "http.response.body", "body": b""})
            return
        answer = bytes(await response.bytes())
        length = str(len(answer)).encode()
        await send({**start, "headers": [(b"content-type", kind), (b"content-length", length)]})
        await send({"type": "http.response.body", "body": answer})
