"""What rules say of their failing examples: `python -m tests.rules.update_messages` writes `messages.json` anew."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from policypack.authoring.examples import example
from policypack.config.options import Setting
from policypack.evaluate import Finding, apply_to_stack
from policypack.rules import RULES
from policypack.sources.program import run
from tests.projects import ENVIRONMENT, program_stack
from tests.warm_interpreter import warm_interpreter

FILE = Path(__file__).with_name("messages.json")


def messages_of(findings: Iterable[Finding]) -> list[dict[str, str]]:
    """The sentences of each problem."""
    problems = [problem for finding in findings for problem in finding.problems]
    return [{"observed": one.observed, "required": one.required, "fix": one.fix} for one in problems]


def main() -> None:
    messages = {}
    with warm_interpreter(ENVIRONMENT / "bin/python") as run.execute:
        for rule in sorted(RULES, key=lambda rule: rule.name):
            stack = program_stack(example(rule, "Fails"))
            messages[rule.name] = messages_of(apply_to_stack(rule, stack, Setting(rule.level, rule.options())))
    FILE.write_text(json.dumps(messages, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
