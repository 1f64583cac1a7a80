"""How connections to one provider are made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from msgspec import Struct
from pyreqwest.client import Client, ClientBuilder
from pyreqwest.response import Response

_LIST_S = 15.0


def header_of(response: Response) -> Callable[[str], str | None]:
    """An answer's headers by name. One that holds bytes no text is made of counts as absent."""

    def header(name: str) -> str | None:
        try:
            return response.get_header(name)
        except ValueError:
            return None

    return header


class Transport(Struct, frozen=True, kw_only=True):
    """How connections are made, for one provider."""

    connect_timeout_s: float
    silence_timeout_s: float
    """The longest wait for the next bytes."""
    direct: bool = False
    """Never through a proxy of the environment: what is meant to stay on this machine or network must."""

    @property
    def list_timeout_s(self) -> float:
        """For a whole list of models: at home it is there at once or nobody is; a marketplace's is long."""
        return self.connect_timeout_s if self.direct else max(_LIST_S, self.connect_timeout_s)

    def client(self) -> Client:
        """A pooled client. Redirects are refused: a prompt goes where it was sent."""
        builder = (
            ClientBuilder()
            .connect_timeout(timedelta(seconds=self.connect_timeout_s))
            .read_timeout(timedelta(seconds=self.silence_timeout_s))
            .follow_redirects(False)
            .user_agent("podium")
        )
        return (builder.no_proxy() if self.direct else builder).build()
