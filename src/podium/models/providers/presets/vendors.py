"""Companies that serve their own models over their own API."""

from __future__ import annotations

from podium.models.dialects import Quirks

from .preset import Listing, Preset, Slot, Wire

_OPENAI = Quirks(
    max_tokens_field="max_completion_tokens",
    developer=True,
    message_fields=frozenset({"annotations", "audio", "function_call", "name", "refusal"}),
)
ANTHROPIC_VERSION = "2023-06-01"
"""The version whose request still has `temperature`, `top_p` and `top_k`, which translated requests carry. A caller's
own version goes with its own body (`Written.headers`)."""

VENDORS = (
    Preset(
        name="openai",
        title="OpenAI",
        base_url="https://api.openai.com/v1",
        wires=(
            Wire(dialect="openai-chat", quirks=_OPENAI),
            Wire(dialect="openai-responses"),
            Wire(dialect="openai-embeddings"),
            Wire(dialect="openai-transcription"),
        ),
        key_variables=("OPENAI_API_KEY",),
        batching="openai",
        sign_up="platform.openai.com",
        source="the official openai SDK's types; OpenAI API reference, page Overview",
    ),
    Preset(
        name="azure",
        title="Azure OpenAI (Microsoft Foundry)",
        base_url="{endpoint}/openai/v1",
        wires=(
            Wire(dialect="openai-chat", quirks=_OPENAI),
            Wire(dialect="openai-responses"),
            Wire(dialect="openai-embeddings"),
            Wire(dialect="openai-transcription"),
        ),
        auth="api-key",
        key_variables=("AZURE_OPENAI_API_KEY",),
        slots=(Slot(name="endpoint", variables=("AZURE_OPENAI_ENDPOINT",)),),
        batching="openai",
        sign_up="portal.azure.com",
        source="Azure OpenAI v1 API, page API version lifecycle",
        note="A model is called by its deployment's name, which Azure does not list: name yours under `models`.",
    ),
    Preset(
        name="anthropic",
        title="Anthropic",
        base_url="https://api.anthropic.com/v1",
        wires=(Wire(dialect="anthropic", headers={"anthropic-version": ANTHROPIC_VERSION}),),
        auth="x-api-key",
        key_variables=("ANTHROPIC_API_KEY",),
        listings=(Listing(reader="anthropic"),),
        batching="anthropic",
        sign_up="console.anthropic.com",
        source="Claude API reference, pages Messages, Models, Versions",
    ),
    Preset(
        name="google",
        title="Google Gemini",
        base_url="https://generativelanguage.googleapis.com/v1beta",
        wires=(
            Wire(dialect="gemini", quirks=Quirks(image_urls=False)),
            # The compatibility layer's own examples send the key as a bearer token.
            Wire(dialect="openai-embeddings", path="/openai/embeddings", auth="bearer"),
        ),
        auth="x-goog-api-key",
        key_variables=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        listings=(Listing(reader="gemini"),),
        batching="gemini",
        sign_up="aistudio.google.com",
        source="the official google-genai SDK; Gemini API docs, page OpenAI compatibility",
        unverified="that embeddings take the key as a bearer token under /openai, beyond the page's examples",
    ),
    Preset(
        name="mistral",
        title="Mistral",
        base_url="https://api.mistral.ai/v1",
        wires=(
            Wire(
                dialect="openai-chat",
                quirks=Quirks(
                    stream_usage=False,  # refused as an unknown field; usage comes without being asked for
                    renames={"seed": "random_seed"},
                    message_fields=frozenset({"prefix"}),
                    call_ids="[a-zA-Z0-9]{9}",
                    efforts=("none", "high"),
                    refuses=frozenset(
                        {
                            "audio",
                            "logit_bias",
                            "logprobs",
                            "modalities",
                            "service_tier",
                            "store",
                            "top_logprobs",
                            "user",
                            "verbosity",
                            "web_search_options",
                        }
                    ),
                ),
            ),
            Wire(dialect="openai-embeddings", quirks=Quirks(refuses=frozenset({"dimensions", "user"}))),
            Wire(dialect="openai-transcription"),
        ),
        key_variables=("MISTRAL_API_KEY",),
        batching="mistral",
        sign_up="console.mistral.ai",
        source="Mistral API specification, page Chat; its refusals of unknown fields as users report them (422)",
        unverified="that an effort between none and high is refused",
    ),
    Preset(
        name="cohere",
        title="Cohere",
        base_url="https://api.cohere.ai/compatibility/v1",
        wires=(
            Wire(
                dialect="openai-chat",
                quirks=Quirks(
                    image_urls=False,
                    refuses=frozenset(
                        {
                            "audio",
                            "logit_bias",
                            "metadata",
                            "modalities",
                            "n",
                            "parallel_tool_calls",
                            "prediction",
                            "service_tier",
                            "store",
                            "top_logprobs",
                        }
                    ),
                ),
            ),
            Wire(dialect="openai-embeddings", quirks=Quirks(refuses=frozenset({"dimensions", "user"}))),
        ),
        key_variables=("COHERE_API_KEY", "CO_API_KEY"),
        listings=(Listing(path="/v1/models?page_size=1000", reader="cohere", at_root=True),),
        sign_up="dashboard.cohere.com",
        source="Cohere docs, page Compatibility API with its list of unsupported parameters; the official cohere SDK",
        unverified="whether it fetches an image itself: the page shows data URLs only",
        note="Through its OpenAI-compatible endpoint; citations and documents of its own API are out of reach. "
        "A tool marked `strict` is answered with a 422, which is passed on.",
    ),
    Preset(
        name="deepseek",
        title="DeepSeek",
        base_url="https://api.deepseek.com/v1",
        wires=(
            Wire(
                dialect="openai-chat",
                quirks=Quirks(json_schema=False, reasoning_field="reasoning_content", image_urls=False),
            ),
        ),
        key_variables=("DEEPSEEK_API_KEY",),
        sign_up="platform.deepseek.com",
        source="DeepSeek API docs, pages Thinking Mode, JSON Output",
    ),
    Preset(
        name="xai",
        title="xAI",
        base_url="https://api.x.ai/v1",
        wires=(
            Wire(
                dialect="openai-chat",
                quirks=Quirks(
                    max_tokens_field="max_completion_tokens",
                    efforts=("none", "low", "medium", "high", "xhigh"),
                    refuses=frozenset({"frequency_penalty", "presence_penalty"}),
                ),
            ),
            Wire(dialect="openai-responses"),
        ),
        key_variables=("XAI_API_KEY",),
        sign_up="console.x.ai",
        source="xAI docs, pages Chat Completions, Image Understanding; its refusals of penalties as users report them "
        "(400)",
        unverified="max_completion_tokens, stream_options, n and logit_bias",
        note="Its reasoning models refuse `stop` with a 400, which is passed on.",
    ),
    Preset(
        name="perplexity",
        title="Perplexity",
        base_url="https://api.perplexity.ai/v1",
        wires=(
            Wire(
                dialect="openai-responses",
                quirks=Quirks(
                    refuses=frozenset(
                        {
                            "include",
                            "metadata",
                            "parallel_tool_calls",
                            "prompt_cache_key",
                            "safety_identifier",
                            "service_tier",
                            "text",  # its schema is asked for in a field of another name and shape
                            "tool_choice",
                            "top_logprobs",
                            "truncation",
                            "user",
                        }
                    ),
                ),
            ),
        ),
        key_variables=("PERPLEXITY_API_KEY",),
        listings=(),  # its list answers without a key too, and so proves nothing of one
        sign_up="www.perplexity.ai",
        source="Perplexity docs, pages Agent API, OpenAI Compatibility, Models; the official perplexityai SDK's types",
        unverified="the refusals (its SDK knows none of these fields) and what it makes of temperature and top_p",
        note="Its Agent API, whose models are called `maker/model` (`perplexity/sonar`); it searches the web where a "
        "tool asks for that. Chat completions with Sonar ended in September 2026: who still has them sets up a "
        "provider of another name, with base_url https://api.perplexity.ai.",
    ),
    Preset(
        name="moonshot",
        title="Moonshot AI (Kimi)",
        base_url="https://api.moonshot.ai/v1",
        wires=(
            Wire(
                dialect="openai-chat",
                quirks=Quirks(
                    max_tokens_field="max_completion_tokens",
                    reasoning_field="reasoning_content",
                    image_urls=False,  # an image comes as base64 or by the identifier of an upload
                    refuses=frozenset({"logit_bias", "logprobs", "top_logprobs"}),
                ),
            ),
        ),
        key_variables=("MOONSHOT_API_KEY",),
        batching="openai",
        sign_up="platform.moonshot.ai",
        source="Kimi API platform docs, its OpenAPI description and pages Overview, Use the Kimi Vision Model",
        unverified="that logit_bias, logprobs and top_logprobs are refused: its description has none of them",
        note="From kimi-k2.5 on, temperature, top_p, n and the penalties are fixed: another value is answered with an "
        "error, which is passed on. Older models give up to 5 answers at once.",
    ),
    Preset(
        name="zai",
        title="Z.ai (GLM)",
        base_url="https://api.z.ai/api/paas/v4",
        wires=(
            Wire(
                dialect="openai-chat",
                quirks=Quirks(
                    json_schema=False,
                    reasoning_field="reasoning_content",
                    refuses=frozenset({"logit_bias", "logprobs", "n", "top_logprobs"}),
                ),
            ),
        ),
        key_variables=("ZAI_API_KEY", "Z_AI_API_KEY"),
        sign_up="z.ai",
        source="Z.AI docs, pages OpenAI Python SDK, Structured Output; the official zai-sdk's types; "
        "parallel_tool_calls as an integration's author tried it",
        unverified="the refusals (its SDK knows none of these fields), Z_AI_API_KEY, that it fetches images itself",
        note="Subscribers of its coding plan have another address: set base_url to it.",
    ),
)
