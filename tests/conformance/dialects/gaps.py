"""What each client API cannot say, what each provider wire cannot carry, and what happens then. Data, and strict.

A need is a word a scenario asks for. The suite plays every scenario on every pair; where a gap is declared it requires
that the gap is there: that the caller is refused with an error of its own SDK, or told in `x-podium-warnings`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

CLIENTS = ("openai-chat", "openai-responses", "anthropic", "gemini")
"""Each spoken by its vendor's own, unmodified SDK."""
WIRES = ("openai-chat", "openai-responses", "anthropic", "gemini", "bedrock-converse")
"""Each spoken to a vendor that is spoken to in nothing else."""

How = Literal["refused", "reported", "absent"]


class Missing(Struct, frozen=True, kw_only=True):
    """One thing an API has no word for: no scenario can ask it of its SDK."""

    reason: str
    call: str
    """The SDK's method or type that would take it."""
    words: tuple[str, ...]
    """Parameters that would say it. The SDK must not have them, else this is no gap any more."""


class Gap(Struct, frozen=True, kw_only=True):
    """One thing a wire cannot carry, or not for every client."""

    wire: str
    need: str
    how: How
    """`refused`: an error with status 400 to 499 in the caller's dialect. `reported`: an answer without it, and
    `x-podium-warnings` says so. `absent`: the wire has nothing of the kind, so there is nothing to ask for."""
    says: str = ""
    """What error or warning holds, as a regular expression."""
    reason: str
    clients: tuple[str, ...] = CLIENTS


NEEDS: Mapping[str, str] = {
    "cache marks": "marks on what the vendor should cache (`cache_control`)",
    "cached figures": "figures of cached tokens",
    "forced thought": "a forced tool together with thinking",
    "image addresses": "images by address",
    "images": "images",
    "json": "JSON mode without a schema",
    "kept answers": "going on from a kept answer (`previous_response_id`)",
    "late instructions": "instructions in the middle of a conversation",
    "logprobs": "log probabilities",
    "one call": "forbidding parallel calls (`parallel_tool_calls: false`)",
    "reasoning": "reasoning that is shown",
    "refusal": "refusals",
    "refusal in words": "refusals with words of their own",
    "sampling": "`temperature` and `top_p`",
    "schema": "answers by a schema",
    "sealed reasoning": "redacted reasoning sent back",
    "seed": "a seed",
    "several answers": "several answers (`n`)",
    "signed reasoning": "signed or encrypted reasoning sent back",
    "stop": "stop sequences",
    "tools beside a schema": "tools and a schema in one request",
}
"""Every need, in words for a reader."""


def _missing_kept(call: str) -> Missing:
    return Missing(
        reason="Conversations are sent whole; nothing is kept to go on from.",
        call=call,
        words=("previous_response_id", "previous_interaction_id"),
    )


LACKS: Mapping[str, Mapping[str, Missing]] = {
    "openai-chat": {"kept answers": _missing_kept("completions.create")},
    "openai-responses": {
        "stop": Missing(reason="It has no stop sequences.", call="responses.create", words=("stop", "stop_sequences")),
        "seed": Missing(reason="It has no seed.", call="responses.create", words=("seed",)),
        "several answers": Missing(
            reason="It gives one answer a request.", call="responses.create", words=("n", "candidate_count")
        ),
        "cache marks": Missing(
            reason="It marks no part of a prompt for the cache.", call="responses.create", words=("cache_control",)
        ),
    },
    "anthropic": {
        "kept answers": _missing_kept("messages.create"),
        "json": Missing(
            reason="It has schemas, but no JSON mode without one.",
            call="messages.create",
            words=("response_format", "response_mime_type"),
        ),
        "seed": Missing(reason="It has no seed.", call="messages.create", words=("seed",)),
        "several answers": Missing(
            reason="It gives one answer a request.", call="messages.create", words=("n", "candidate_count")
        ),
        "logprobs": Missing(
            reason="It has no log probabilities.", call="messages.create", words=("logprobs", "top_logprobs")
        ),
    },
    "gemini": {
        "kept answers": _missing_kept("GenerateContentConfig"),
        "one call": Missing(
            reason="It cannot forbid several calls at once.",
            call="FunctionCallingConfig",
            words=("parallel_tool_calls", "disable_parallel_tool_use", "parallel_function_calls"),
        ),
        "cache marks": Missing(
            reason="It marks no part of a prompt for the cache.", call="Part", words=("cache_control", "cache_point")
        ),
        "late instructions": Missing(
            reason="Its instructions stand before the conversation, never in it.",
            call="Content",
            words=("system", "instruction"),
        ),
    },
}
"""By client, then by need."""

_ONE_ANSWER = "It gives one answer a request. Podium does not ask several times for one request's price."
_NO_FETCHING = (
    "It takes an image's bytes, not its address. Podium fetches public addresses for it, and refuses private and "
    "link-local ones: the suite's picture lies on this machine."
)
_NO_SEED = "It has no seed: answers cannot be repeated by one."
_OWN_CACHE = "It caches prompts by itself; marks mean nothing to it."
_SOME_THOUGHT = "Nothing of its reasoning is sealed apart: what the suite asks for here, it never sends."
_FORCED_THOUGHT = "A model that thinks may not be made to call a tool; the vendor refuses both at once."
_NO_LOGPROBS = "It has no log probabilities, and none are invented."
_OTHER_LOGPROBS = "Log probabilities have another shape on each wire and are not translated."
_VENDOR = "Forwarded as it came; it is the simulated vendor that refuses it, as vendors of models without it do."

GAPS: tuple[Gap, ...] = (
    # --- openai-chat
    Gap(
        wire="openai-chat",
        need="signed reasoning",
        how="absent",
        reason="Chat completions take no reasoning back, so there is no proof of it to carry.",
    ),
    Gap(wire="openai-chat", need="sealed reasoning", how="absent", reason=_SOME_THOUGHT),
    Gap(
        wire="openai-chat",
        need="cache marks",
        how="reported",
        says="[Cc]ache marks were left out",
        reason=_OWN_CACHE,
        clients=("anthropic",),
    ),
    Gap(
        wire="openai-chat",
        need="several answers",
        how="refused",
        says="'n' must be 1",
        reason=_VENDOR,
        clients=("openai-chat",),
    ),
    Gap(
        wire="openai-chat",
        need="several answers",
        how="refused",
        says="2 answers at once cannot be carried",
        reason="Several answers are not translated between two wires.",
        clients=("gemini",),
    ),
    Gap(
        wire="openai-chat",
        need="logprobs",
        how="refused",
        says="gives no log prob",
        reason=_VENDOR,
        clients=("openai-chat",),
    ),
    Gap(
        wire="openai-chat",
        need="logprobs",
        how="refused",
        says="Log probabilities do not come through",
        reason=_OTHER_LOGPROBS,
        clients=("openai-responses", "gemini"),
    ),
    # --- openai-responses
    Gap(
        wire="openai-responses",
        need="stop",
        how="refused",
        says="no stop sequences",
        reason="It has no stop sequences, and an answer that runs on past one is another answer.",
    ),
    Gap(wire="openai-responses", need="seed", how="reported", says="seed", reason=_NO_SEED),
    Gap(wire="openai-responses", need="cache marks", how="reported", says="[Cc]ache", reason=_OWN_CACHE),
    Gap(wire="openai-responses", need="several answers", how="refused", says="one answer", reason=_ONE_ANSWER),
    Gap(wire="openai-responses", need="sealed reasoning", how="absent", reason=_SOME_THOUGHT),
    Gap(
        wire="openai-responses",
        need="logprobs",
        how="refused",
        says="Log probabilities do not come through",
        reason=_OTHER_LOGPROBS,
        clients=("openai-chat", "gemini"),
    ),
    Gap(
        wire="openai-responses",
        need="logprobs",
        how="absent",
        reason="Forwarded as they came; the simulated vendor answers without any.",
        clients=("openai-responses",),
    ),
    # --- anthropic
    Gap(wire="anthropic", need="seed", how="reported", says="seed", reason=_NO_SEED),
    Gap(wire="anthropic", need="several answers", how="refused", says="one answer", reason=_ONE_ANSWER),
    Gap(wire="anthropic", need="logprobs", how="refused", says="log prob", reason=_NO_LOGPROBS),
    Gap(wire="anthropic", need="forced thought", how="refused", says="[Tt]hink", reason=_FORCED_THOUGHT),
    Gap(
        wire="anthropic",
        need="late instructions",
        how="refused",
        says="role",
        reason="Claude models before the ones that take them refuse instructions in the middle. Other clients' are put "
        "before the conversation; this wire's own body is forwarded as it came.",
        clients=("anthropic",),
    ),
    # --- gemini
    Gap(
        wire="gemini", need="one call", how="reported", says="one tool at a time", reason="It always may call several."
    ),
    Gap(wire="gemini", need="cache marks", how="reported", says="cache marks were left out", reason=_OWN_CACHE),
    Gap(
        wire="gemini",
        need="several answers",
        how="refused",
        says="2 answers at once",
        reason="Several answers are not translated between two wires.",
        clients=("openai-chat",),
    ),
    Gap(
        wire="gemini",
        need="several answers",
        how="refused",
        says="Multiple candidates",
        reason=_VENDOR,
        clients=("gemini",),
    ),
    Gap(
        wire="gemini",
        need="tools beside a schema",
        how="refused",
        says="either tools or a schema",
        reason="Gemini models before the third generation take tools or a schema, not both. Its own clients' requests "
        "are forwarded as they came.",
        clients=("openai-chat", "openai-responses", "anthropic"),
    ),
    Gap(
        wire="gemini",
        need="image addresses",
        how="refused",
        says="not a public address",
        reason=_NO_FETCHING + " Its own clients' addresses are passed on.",
        clients=("openai-chat", "openai-responses", "anthropic"),
    ),
    Gap(wire="gemini", need="sealed reasoning", how="absent", reason=_SOME_THOUGHT),
    Gap(
        wire="gemini",
        need="logprobs",
        how="refused",
        says="log probabilities have another shape",
        reason=_OTHER_LOGPROBS,
        clients=("openai-chat", "openai-responses"),
    ),
    Gap(wire="gemini", need="logprobs", how="refused", says="not enabled", reason=_VENDOR, clients=("gemini",)),
    # --- bedrock-converse
    Gap(
        wire="bedrock-converse",
        need="one call",
        how="reported",
        says="one tool at a time",
        reason="It always may call several.",
    ),
    Gap(wire="bedrock-converse", need="seed", how="reported", says="seed", reason=_NO_SEED),
    Gap(wire="bedrock-converse", need="several answers", how="refused", says="one answer", reason=_ONE_ANSWER),
    Gap(wire="bedrock-converse", need="logprobs", how="refused", says="log prob", reason=_NO_LOGPROBS),
    Gap(wire="bedrock-converse", need="forced thought", how="refused", says="[Tt]hink", reason=_FORCED_THOUGHT),
    Gap(
        wire="bedrock-converse",
        need="image addresses",
        how="refused",
        says="not a public address",
        reason=_NO_FETCHING,
    ),
)


def gap_of(client: str, wire: str, needs: frozenset[str]) -> Gap | None:
    """Why a scenario with these needs cannot be played on a pair; None where it can."""
    return next((gap for gap in GAPS if gap.wire == wire and gap.need in needs and client in gap.clients), None)


def lacking(client: str, needs: frozenset[str]) -> str | None:
    """The need a client's API has no word for."""
    return next((need for need in sorted(needs) if need in LACKS[client]), None)
