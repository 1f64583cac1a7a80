"""A provider's wires made ready: which one a call goes over, where it is sent, what is noted of what was lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from msgspec.structs import replace

from podium.core.errors import FailureKind, ProviderError
from podium.core.ports import Call
from podium.core.tasks import Operation, Task
from podium.models.dialects import Dialect, NotCarried, Quirks
from podium.models.dialects.model_names import name_in_path

from .presets import Auth, Wire
from .signing import key_headers

Dialects = Callable[[str], Dialect]
"""Dialects by name; raises KeyError for one there is none of."""

_DOING = {
    Operation.CHAT: "answer chats",
    Operation.EMBED: "make embeddings",
    Operation.TRANSCRIBE: "transcribe audio",
}


class Ready:
    """One wire of one provider: its dialect, its address and the headers every call over it has."""

    __slots__ = ("_base", "_path", "_stream_path", "_unreasoning", "dialect", "headers", "name", "quirks")

    def __init__(self, wire: Wire, dialect: Dialect, *, base_url: str, headers: Mapping[str, str]) -> None:
        self.name = dialect.name
        self.dialect = dialect
        self.quirks = wire.quirks
        self._unreasoning = replace(wire.quirks, efforts=())
        self.headers = headers
        self._base = base_url
        self._path = wire.path
        self._stream_path = wire.stream_path or wire.path

    def quirks_for(self, call: Call) -> Quirks:
        """The wire's quirks, and that there is nothing to ask an effort of where the model does not reason."""
        return self._unreasoning if call.reasons is False else self.quirks

    def url(self, model: str, *, stream: bool) -> str:
        """Where a call goes. Raises NotCarried for what is no model's name."""
        template = self._stream_path if stream else self._path
        if not template:
            return self._base + self.dialect.path(model, stream=stream)
        return self._base + template.replace("{model}", name_in_path(model))


class Wiring:
    """The wires of one provider, and the choice among them."""

    def __init__(
        self,
        wires: Iterable[Wire],
        *,
        provider: str,
        base_url: str,
        auth: Auth,
        key: str | None,
        headers: Mapping[str, str],
        dialects: Dialects,
    ) -> None:
        self._provider = provider
        self._base_url = base_url
        self._dialects = dialects
        self._wires: dict[str, Wire] = {}
        self._preferred: dict[Operation, str] = {}
        self._ready: dict[str, Ready] = {}  # made when first used: most providers are spoken to over one wire
        for wire in wires:
            self._wires.setdefault(wire.dialect, wire)
            self._preferred.setdefault(wire.operation, wire.dialect)
        own = {name.lower(): value for name, value in headers.items()}
        # A header of the configuration has the last word, also over how the key is sent.
        self._headers = {
            name: {"accept": "*/*", **key_headers(wire.auth or auth, key), **wire.headers, **own}
            for name, wire in self._wires.items()
        }
        first = next(iter(self._wires.values()), Wire(dialect=""))
        self.listing_headers = {"accept": "*/*", **key_headers(auth, key), **first.headers, **own}

    def of(self, call: Call) -> Ready:
        """The wire a call goes over: the one it names, its caller's own, or the preferred one for what it asks.

        Raises ProviderError(NOT_CARRIED) where the provider has none.
        """
        return self._ready.get(name := self.name_of(call)) or self._made(name)

    def name_of(self, call: Call) -> str:
        """The same by its dialect's name."""
        named = call.wire
        if named is not None:
            if named not in self._wires:
                raise self._none(f"does not speak {named}")
            return named
        task = call.task
        operation = task.operation
        if task.payload is not None:
            own = self._wires.get(task.payload.dialect)
            if own is not None and own.operation is operation:
                return own.dialect
        preferred = self._preferred.get(operation)
        if preferred is None:
            raise self._none(f"does not {_DOING[operation]}")
        return preferred

    def _made(self, name: str) -> Ready:
        ready = Ready(self._wires[name], self._dialects(name), base_url=self._base_url, headers=self._headers[name])
        self._ready[name] = ready
        return ready

    def _none(self, what: str) -> ProviderError:
        spoken = ", ".join(self._wires)
        return self.not_carried(NotCarried(f"{self._provider} {what}.", remedy=f"It speaks: {spoken}."))

    def not_carried(self, lost: NotCarried) -> ProviderError:
        """Ours for what no place was found for. Nothing was sent."""
        return ProviderError(
            lost.what,
            kind=FailureKind.NOT_CARRIED,
            provider=self._provider,
            remedy=lost.remedy,
            http_status=400,
        )

    def lost(self, task: Task, ready: Ready) -> tuple[str, ...]:
        """What the caller's body holds and no other wire carries, in words for the caller."""
        payload = task.payload
        if payload is None:
            return ()
        return tuple(
            f"`{name}` cannot be carried to {ready.name} and was left out."
            for name in self._dialects(payload.dialect).beyond(task)
        )
