"""What is not spelled as those have properties for whom a message is meant."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from policypack.evaluate import Finding
from policypack.model.values.spelling import Spelling
from policypack.rules import RULES
from policypack.wording import facts_of, spans

# What is configured is spelled alike everywhere.
_OPTIONS = {name for rule in RULES for name in rule.options.__dataclass_fields__}
_WORDS = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
# Words of Kubernetes, URLs and annotations, which are the same in every language.
_KUBERNETES = (
    "sectionName|topologySpreadConstraints|valueFrom|secretKeyRef|targetPorts?|containerPort|appProtocol|allowedRoutes"
)
_CAMEL = re.compile(rf"spec[.=:]|^metadata=|[/{{]|^instanceGroup|^(?:{_KUBERNETES})(?:: |$)")
_SNAKE = ("total_latencies", "max_rate_per_endpoint", "max_connections_per_endpoint")


def misspelled(finding: Finding, spelling: Spelling, names: Collection[str]) -> Iterator[str]:
    """The parts between backticks with a word that is not spelled so; `names` are those of resources."""
    for _, text in facts_of(finding):
        for is_code, part in spans(text):
            if is_code and part not in names and any(_is_wrong(word, part, spelling) for word in _WORDS.findall(part)):
                yield f"{part} in {text}"
        if "``" in text:
            yield text


def _is_wrong(word: str, part: str, spelling: Spelling) -> bool:
    if word in _OPTIONS or part in _SNAKE:
        return False
    if spelling == "pulumi":
        return bool(re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)+", word))
    return bool(re.fullmatch(r"[a-z]+([A-Z][a-z]+)+", word)) and not _CAMEL.search(part)
