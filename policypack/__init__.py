"""Policies for LLM backends behind Google Cloud load balancers."""

from __future__ import annotations

from typing import Final

PACK_NAME: Final = "llm-backends-gcp"

# The same as in PulumiPolicy.yaml, which the Pulumi CLI reads.
VERSION: Final = "0.1.0"

# Where this is published. The owner is a placeholder until `scripts/release.py owner NAME` writes it everywhere.
REPOSITORY: Final = "https://github.com/OWNER/llm-policypack"
IS_PUBLISHED: Final = "/OWNER/" not in REPOSITORY
