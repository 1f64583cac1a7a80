"""The dialect as one object, for whoever holds dialects by name: the provider's half."""

from __future__ import annotations

from podium.core.messages import Reply
from podium.core.tasks import Operation, Task

from ..dialect import Quirks, Written
from ..model_names import name_in_path
from . import bodies, replies
from .stream import ConverseStreamReader
from .wire import NAME, STREAM_TYPE


class BedrockConverse:
    """Amazon Bedrock Converse, towards providers."""

    name = NAME
    operation = Operation.CHAT
    stream_type = STREAM_TYPE

    def path(self, model: str, *, stream: bool) -> str:
        """A model's id may be a whole ARN: its colons and slashes are encoded, as Amazon's own clients do."""
        return f"/model/{name_in_path(model, safe='')}/converse{'-stream' if stream else ''}"

    def write_request(
        self, task: Task, *, model: str, stream: bool, quirks: Quirks, max_tokens: int | None = None
    ) -> Written:
        """`stream` changes the address alone: the body is the same."""
        return bodies.write_request(task, model=model, quirks=quirks, max_tokens=max_tokens)

    def read_reply(self, body: bytes, *, provider: str) -> Reply:
        return replies.read_reply(body, provider=provider)

    def stream_reader(self, *, provider: str) -> ConverseStreamReader:
        return ConverseStreamReader(provider=provider)
