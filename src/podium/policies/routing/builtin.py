"""The rules that speak when a route's own rules are silent: kind of work x complexity -> tier.

They are data, written with the same words as `podium.yaml`, so `explain` can name each and a route can overrule
any. The first rule that sets a field decides it, so the list runs from the strongest demand to the weakest. The
bands are priors from common practice (most work is routine, a tenth is hard), not measurements.
"""

from __future__ import annotations

from podium.core.settings import Rule, Use, When
from podium.core.tasks import Domain, TaskType

ROUTINE = (
    TaskType.CLASSIFICATION,
    TaskType.EXTRACTION,
    TaskType.SIMPLE_QA,
    TaskType.TRANSLATION,
    TaskType.TOOL_EXECUTION,
    TaskType.AUDIO,
)
"""Work with one right answer that mostly stands in the prompt: small models do it."""
OPEN = (TaskType.SUMMARISATION, TaskType.CONVERSATION, TaskType.CREATIVE, TaskType.VISION)
"""Work that asks for judgement or a good ear: the middle tier earlier."""
THINKING = (TaskType.PLANNING, TaskType.REASONING)
"""Work in several steps that build on each other: never the smallest tier."""
REGULATED = (Domain.LEGAL, Domain.MEDICAL, Domain.FINANCE)
"""Fields in which a wrong answer costs more than a better model."""

BUILTIN_RULES: tuple[Rule, ...] = (
    # tier 3
    Rule(name="hard-thinking", when=When(task_type=THINKING, min_complexity=7), use=Use(tier=3)),
    Rule(name="hard-code", when=When(task_type=TaskType.CODE, min_complexity=7), use=Use(tier=3)),
    Rule(name="hard-regulated", when=When(domain=REGULATED, min_complexity=7), use=Use(tier=3)),
    Rule(name="hard-open", when=When(task_type=OPEN, min_complexity=8), use=Use(tier=3)),
    Rule(name="hard-routine", when=When(task_type=ROUTINE, min_complexity=9), use=Use(tier=3)),
    # tier 2
    Rule(name="regulated", when=When(domain=REGULATED), use=Use(tier=2)),
    Rule(name="thinking", when=When(task_type=THINKING), use=Use(tier=2)),
    Rule(name="code", when=When(task_type=TaskType.CODE, min_complexity=4), use=Use(tier=2)),
    Rule(name="open", when=When(task_type=OPEN, min_complexity=5), use=Use(tier=2)),
    Rule(name="demanding-routine", when=When(task_type=ROUTINE, min_complexity=6), use=Use(tier=2)),
    # tier 1
    Rule(name="routine", use=Use(tier=1)),
    # who goes first within a tier
    Rule(name="orchestrator-first", when=When(task_type=THINKING), use=Use(role="orchestrator")),
    Rule(name="coder-first", when=When(task_type=TaskType.CODE), use=Use(role="coder")),
    # what orders models of equal fit
    Rule(name="interactive", when=When(priority="interactive"), use=Use(prefer="latency")),
    Rule(name="background", when=When(priority="background"), use=Use(prefer="cost")),
)
