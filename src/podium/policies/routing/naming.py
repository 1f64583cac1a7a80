"""What a model name means here: `provider/model`, a plain name with or without slashes, or nothing we know.

Callers and rules name models by the same grammar, so both ask here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from difflib import get_close_matches

from podium.core.errors import ConfigError, UnknownModel
from podium.models.catalog import Catalog, Deployment, find_card

from .traits import Traits

Unlisted = Callable[[str, str], Deployment | None]
"""(provider, model) -> a deployment taken on trust, or None where the provider is not configured."""


class Naming:
    """Finds deployments by name. Immutable after construction."""

    def __init__(
        self, catalog: Catalog, *, answer_share: float, unlisted: Unlisted | None, absent: Collection[str] = ()
    ) -> None:
        self._catalog = catalog
        self._answer_share = answer_share
        self._unlisted = unlisted
        self._absent = frozenset(absent)
        self.every = tuple(Traits.of(each, answer_share=answer_share) for each in catalog.deployments)
        """Every deployment, in the catalog's order."""
        self.providers = catalog.providers | self._absent
        """Names of providers, usable now or not."""
        self._named = {
            each.id: traits if each.listed else Traits.of(each, answer_share=answer_share, trust=True)
            for each, traits in zip(catalog.deployments, self.every, strict=True)
        }

    def find(self, name: str) -> tuple[Traits, ...]:
        """The deployments a name means, unlisted ones included; empty where it means nothing here.

        The whole name goes first, as an identifier and then as a model's name, because models carry slashes too
        (`meta-llama/Llama-3.1-8B`). Only then is what stands before the first slash taken for a provider, which gets
        the rest as it stands. A plain name with a date that nobody lists means the model without it.
        """
        exact = self._named.get(name)
        if exact is not None:
            return (exact,)
        found = tuple(self._named[each.id] for each in self._catalog.named(name))
        if found:
            return found
        provider, slash, model = name.partition("/")
        if not slash:
            bare = self._catalog.undated(name)
            return () if bare is None else tuple(self._named[each.id] for each in self._catalog.named(bare))
        if not (provider and model):
            return ()
        there = tuple(self._named[each.id] for each in self._catalog.named(model) if each.provider == provider)
        if there or self._unlisted is None:
            return there
        taken = self._unlisted(provider, model)
        return () if taken is None else (Traits.of(taken, answer_share=self._answer_share, trust=True),)

    def remark(self, name: str) -> str | None:
        """What is to be said of a name that was not taken literally; None of all others."""
        bare = None if "/" in name else self._catalog.undated(name)
        if bare is None:
            return None
        providers = dict.fromkeys(each.id.partition("/")[0] for each in self.find(name))
        exact = next((provider for provider in providers if self._takes(provider, name)), None)
        return f"{name} was taken as {bare}{f'; {exact}/{name} asks for exactly this version' if exact else ''}."

    def for_caller(self, name: str) -> tuple[Traits, ...]:
        """As `find`. Raises UnknownModel, with the closest names, where there is nothing."""
        found = self.find(name)
        if not found:
            raise UnknownModel(
                f"There is no model {name!r} here.",
                remedy=f"{self._suggestion(name)}{self._exactly(name)}"
                "`podium models` lists what is usable; `auto` lets Podium choose.",
                param="model",
            )
        return found

    def require(self, name: str, *, field: str) -> tuple[Traits, ...]:
        """As `find`, for a rule; empty where it names something that exists but is not usable now.

        A key that is missing or a server that is down today must not make yesterday's rules a mistake. Raises
        ConfigError, with the closest names, for what does not exist.
        """
        found = self.find(name)
        if not found and not self._exists(name):
            raise ConfigError(
                f"a rule names {name!r}, which is no usable model or provider.",
                remedy=f"{self._suggestion(name, providers=True)}`podium models` lists what is usable.",
                field=field,
            )
        return found

    def _exists(self, name: str) -> bool:
        """Whether the name means something that is only not usable now."""
        provider, slash, _ = name.partition("/")
        return provider in self._absent or (not slash and find_card(name) is not None)

    def _exactly(self, name: str) -> str:
        """How to ask for a model that is not listed; empty where that would not help."""
        helps = "/" not in name and any(self._takes(provider, name) for provider in self._catalog.providers)
        return f"A model no list has is asked for as PROVIDER/{name}. " if helps else ""

    def _takes(self, provider: str, model: str) -> bool:
        """Whether this provider would be asked for a model that no list has."""
        return self._unlisted is not None and self._unlisted(provider, model) is not None

    def _suggestion(self, name: str, *, providers: bool = False) -> str:
        close = list(dict.fromkeys(self._catalog.like(name)))
        if providers:
            close = get_close_matches(name, sorted(self.providers), n=1) + close
        if not close:
            usable = sorted(self._catalog.providers)
            return f"Usable providers: {', '.join(usable)}. " if usable else "No provider is configured. "
        return f"Did you mean {' or '.join(close)}? "
