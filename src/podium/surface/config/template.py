"""The commented `podium.yaml` that `podium init` writes.

Everything in it is commented out, so the file changes nothing until a line is taken in. Groups of plain values are made
from the Structs, with their defaults; examples are written here and a test loads each of them.
"""

from __future__ import annotations

import textwrap

from msgspec import Struct

from .kinds import Described, described
from .reference import written

_HEAD = """\
Podium's configuration. Every setting is optional, and everything below is commented out: as it stands,
this file changes nothing.

Lines that begin with ## explain. To use an example, take "# " away from the lines of it you want.
`podium config check` says what is wrong with the file, `podium config schema` prints its JSON schema for
your editor. All settings: docs/configuration.md.
"""

_EXAMPLES: tuple[tuple[str, str], ...] = (
    (
        """\
Providers. Keys found in the environment (OPENAI_API_KEY, ANTHROPIC_API_KEY ...) and model servers on this
machine are used without being named here. Name one to change it, to add another, or to leave it out.
${NAME} stands for an environment variable; the error says so if it is not set.
""",
        """\
providers:
  anthropic: {}                        # a known name needs nothing more: its key is in ANTHROPIC_API_KEY
  openai:
    api_key: ${TEAM_OPENAI_KEY}        # another variable than the usual one
    models: [gpt-4.1, gpt-4.1-mini]    # only these of its models
    timeout_s: 60
  house:                               # any server with an OpenAI-compatible API
    base_url: http://10.0.0.5:8000/v1
    locality: local                    # private data may go there
    headers: {x-team: support}
  mistral: {enabled: false}            # left out, even if its key is in the environment
""",
    ),
    (
        """\
Models, by provider/model: what to change or add about one. Prices are dollars for a million tokens, read
exactly as written. A price nobody states is unknown, never 0.
""",
        """\
models:
  house/llama-3.3-70b:
    tier: 2                            # 1 small and cheap, 2 middle, 3 strongest
    context: 131072
    price: {input: 0.10, output: 0.40}
    capabilities: [text, tools, json_schema]
    strengths: [extraction, summarisation]
    speed: {first_token_ms: 350, tokens_per_s: 60}
  anthropic/claude-opus-4-1: {enabled: false}
""",
    ),
    (
        """\
Routes: ways of choosing a model, asked for as model="auto/<name>"; `default` changes plain "auto". Rules are
asked in order, before the built-in ones; the first that sets a field decides it.
""",
        """\
routes:
  default:
    rules:
      - name: long reads
        when: {min_tokens: 50000}
        use: {tier: 2, prefer: cost}
  support:
    require: {min_quality: 0.9, max_latency_ms: 4000, max_cost_usd: 0.02}
    priority: interactive
    rules:
      - name: personal data stays here
        when: {sensitivity: personal}
        use: {locality: local}
      - name: simple questions
        when:
          task_type: [simple_qa, classification]
          max_complexity: 4
          tags: {channel: chat}
        use: {tier: 1, max_tier: 2}
      - name: code
        when: {domain: code, tools: true}
        use: {role: coder, deny: [house/llama-3.3-70b]}
""",
    ),
)


def commented_config() -> str:
    """The text of a `podium.yaml` that documents the main settings and, as written, equals the defaults."""
    blocks = [_explained(_HEAD)]
    blocks += [_explained(words) + _commented(example) for words, example in _EXAMPLES]
    blocks += [
        _explained(setting.meaning) + _commented(_defaults(setting)) for setting in described() if _plain(setting)
    ]
    return "\n".join(blocks)


def _plain(setting: Described) -> bool:
    """Whether a setting at the top is a single value, or a group of such: what its defaults can show."""
    return not setting.group and (isinstance(setting.default, Struct) or setting.inner is None)


def _defaults(setting: Described) -> str:
    """The lines that state a setting's default, each field explained."""
    if setting.inner is None:
        return f"{setting.name}: {written(setting.default)}\n"
    lines = [f"{setting.name}:"]
    for field in described():
        if field.group == setting.path:
            line = f"  {field.name}: {written(field.default)}"
            lines.append(f"{line:<37}# {field.meaning}")
    return "\n".join(lines) + "\n"


def _explained(text: str) -> str:
    return "".join(f"## {line}".rstrip() + "\n" for line in text.strip().splitlines())


def _commented(text: str) -> str:
    return textwrap.indent(text, "# ")
