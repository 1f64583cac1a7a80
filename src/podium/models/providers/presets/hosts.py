"""Companies that serve open models, and marketplaces that sell everybody's, all with an OpenAI-compatible API."""

from __future__ import annotations

from podium.models.dialects import Quirks

from .preset import Listing, Preset, Slot, Wire

_CHAT = Wire(dialect="openai-chat")
_EMBEDDINGS = Wire(dialect="openai-embeddings")
_TRANSCRIPTION = Wire(dialect="openai-transcription")

HOSTS = (
    Preset(
        name="groq",
        title="Groq",
        base_url="https://api.groq.com/openai/v1",
        wires=(
            Wire(
                dialect="openai-chat",
                quirks=Quirks(
                    max_tokens_field="max_completion_tokens",
                    # It takes `reasoning` too, but of models that reason only.
                    message_fields=frozenset({"function_call", "name"}),
                    efforts=("none", "low", "medium", "high"),
                    refuses=frozenset({"logit_bias", "logprobs", "n", "top_logprobs"}),
                ),
            ),
            Wire(dialect="openai-responses"),
            _TRANSCRIPTION,
        ),
        key_variables=("GROQ_API_KEY",),
        batching="openai",
        sign_up="console.groq.com",
        source="Groq docs, page OpenAI Compatibility; the official groq SDK's types",
    ),
    Preset(
        name="together",
        title="Together AI",
        base_url="https://api.together.ai/v1",
        wires=(_CHAT, _EMBEDDINGS, _TRANSCRIPTION),
        key_variables=("TOGETHER_API_KEY",),
        sign_up="api.together.ai",
        source="Together AI docs, pages OpenAI compatibility, List all models; the official together SDK",
        unverified="stream_options and parallel_tool_calls: its SDK knows neither",
        note="Its batches take files by an API of its own.",
    ),
    Preset(
        name="fireworks",
        title="Fireworks AI",
        base_url="https://api.fireworks.ai/inference/v1",
        wires=(
            Wire(
                dialect="openai-chat",
                quirks=Quirks(
                    reasoning_field="reasoning_content",
                    message_fields=frozenset({"function_call", "name", "reasoning_content"}),
                ),
            ),
            _EMBEDDINGS,
        ),
        key_variables=("FIREWORKS_API_KEY",),
        sign_up="fireworks.ai",
        source="Fireworks docs, pages OpenAI compatibility, Vision Models, Embeddings; the official fireworks-ai SDK's "
        "types; its list of models as users report it",
        note="It transcribes at another host, which is not spoken to.",
    ),
    Preset(
        name="cerebras",
        title="Cerebras",
        base_url="https://api.cerebras.ai/v1",
        wires=(
            Wire(
                dialect="openai-chat",
                quirks=Quirks(
                    max_tokens_field="max_completion_tokens",
                    message_fields=frozenset({"name"}),
                    efforts=("none", "low", "medium", "high"),
                    image_urls=False,
                    refuses=frozenset(
                        {
                            "frequency_penalty",
                            "logit_bias",
                            "parallel_tool_calls",
                            "presence_penalty",
                            "service_tier",
                        }
                    ),
                ),
            ),
        ),
        key_variables=("CEREBRAS_API_KEY",),
        sign_up="cloud.cerebras.ai",
        source="Cerebras Inference docs, pages OpenAI Compatibility, Image Inputs; the official cerebras SDK's types; "
        "its refusal of parallel_tool_calls as users report it (400, by some models)",
        unverified="that every model refuses the other fields: the SDK's newer types have them",
    ),
    Preset(
        name="sambanova",
        title="SambaNova",
        base_url="https://api.sambanova.ai/v1",
        wires=(
            Wire(
                dialect="openai-chat",
                quirks=Quirks(image_urls=False),  # images as base64 only
            ),
            _EMBEDDINGS,
            _TRANSCRIPTION,
        ),
        key_variables=("SAMBANOVA_API_KEY",),
        sign_up="cloud.sambanova.ai",
        source="SambaNova docs, page OpenAI compatibility; the official sambanova SDK's types",
        note="It accepts penalties and does nothing with them.",
    ),
    Preset(
        name="nvidia",
        title="NVIDIA NIM",
        base_url="https://integrate.api.nvidia.com/v1",
        wires=(
            Wire(
                dialect="openai-chat",
                quirks=Quirks(
                    stream_usage=False,  # some models then never answer, as users report
                    image_urls=False,
                    refuses=frozenset(
                        {
                            "audio",
                            "logit_bias",
                            "metadata",
                            "modalities",
                            "n",
                            "prediction",
                            "prompt_cache_key",
                            "safety_identifier",
                            "service_tier",
                            "store",
                            "user",
                            "verbosity",
                            "web_search_options",
                        }
                    ),
                ),
            ),
            Wire(dialect="openai-embeddings", quirks=Quirks(refuses=frozenset({"dimensions"}))),
        ),
        key_variables=("NVIDIA_API_KEY",),
        sign_up="build.nvidia.com",
        source="NVIDIA API catalog and NIM docs, pages Chat completions, Embeddings; its refusals of prompt_cache_key, "
        "verbosity and dimensions as users report them (400)",
        unverified="the other refusals (each model has a strict list of fields of its own), that it fetches no images",
        note="Its retrieval models want `input_type` with every embedding, which the caller must send.",
    ),
    Preset(
        name="huggingface",
        title="Hugging Face Inference Providers",
        base_url="https://router.huggingface.co/v1",
        wires=(_CHAT,),
        key_variables=("HF_TOKEN", "HUGGINGFACE_API_KEY"),
        marketplace=True,
        sign_up="huggingface.co",
        source="Hugging Face docs, page Inference Providers",
        unverified="HUGGINGFACE_API_KEY, stream_options, and what each provider behind it takes",
        note="Prices differ between the providers behind a model; where they do, the price is unknown.",
    ),
    Preset(
        name="deepinfra",
        title="DeepInfra",
        base_url="https://api.deepinfra.com/v1/openai",
        wires=(_CHAT, _EMBEDDINGS),
        key_variables=("DEEPINFRA_API_KEY", "DEEPINFRA_TOKEN"),
        sign_up="deepinfra.com",
        source="DeepInfra docs, pages OpenAI API, Tool Calling",
        unverified="JSON schemas, stream_options and n; that it fetches images itself is an integration's word",
        note="It chooses tools by `auto` and `none` only. Its batches and its transcription have other addresses, "
        "which are not spoken to.",
    ),
    Preset(
        name="openrouter",
        title="OpenRouter",
        base_url="https://openrouter.ai/api/v1",
        wires=(Wire(dialect="openai-chat", quirks=Quirks(cache_marks=True, developer=True)), _EMBEDDINGS),
        key_variables=("OPENROUTER_API_KEY",),
        marketplace=True,
        sign_up="openrouter.ai",
        source="OpenRouter docs, pages Models, Prompt Caching",
    ),
    Preset(
        name="litellm",
        title="A LiteLLM proxy",
        base_url="{endpoint}",
        wires=(
            Wire(dialect="openai-chat", quirks=Quirks(cache_marks=True, developer=True)),
            Wire(dialect="anthropic"),
            Wire(dialect="openai-responses"),
            _EMBEDDINGS,
            _TRANSCRIPTION,
        ),
        key_variables=("LITELLM_API_KEY",),
        key_optional=True,
        slots=(Slot(name="endpoint", variables=("LITELLM_BASE_URL",)),),
        listings=(Listing(path="/model/info", reader="litellm"), Listing()),
        marketplace=True,
        sign_up="docs.litellm.ai",
        source="LiteLLM docs, page Model Management",
        note="Its address is the one it runs at, up to and including /v1.",
    ),
)
