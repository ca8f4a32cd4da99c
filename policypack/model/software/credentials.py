"""What the programs of a machine need its service account for."""

from __future__ import annotations

import re
from typing import Final

from policypack.model.machines.machine import Machine
from policypack.model.values.values import UNKNOWN, Unknown

# Without an account the metadata server has no token, and so no Google API that wants one answers:
# https://cloud.google.com/compute/docs/access/authenticate-workloads
_TOKEN: Final = re.compile(r"/service-accounts/default/(?:token|identity)")
_SECRETS: Final = re.compile(r"\bgcloud\s+secrets\b|\bsecretmanager\.googleapis\.com\b")
# Other credentials, which take the place of the account.
_OWN: Final = re.compile(r"GOOGLE_APPLICATION_CREDENTIALS|activate-service-account|--cred-file")
# These are public or not.
_MAYBE: Final = re.compile(r"\bgs://|\bstorage\.googleapis\.com\b|\bpkg\.dev/|\bgcr\.io/|\bdocker-credential-gcr\b")
_COMMENT: Final = re.compile(r"^\s*#.*$", re.MULTILINE)


def reads_secrets(machine: Machine) -> bool:
    """Whether its metadata reads Secret Manager, as far as it is known."""
    return any(_SECRETS.search(text) for text in _known_texts(machine))


def _known_texts(machine: Machine) -> list[str]:
    return [_COMMENT.sub("", text.text) for text in machine.texts if isinstance(text.text, str)]


def needs_account(machine: Machine) -> str | Unknown | None:
    """What a machine certainly cannot do without a service account, by its metadata; `None` if it needs none."""
    texts, known = machine.texts, _known_texts(machine)
    if any(_TOKEN.search(text) for text in known):
        return "asks the metadata server for a token"
    if any(_OWN.search(text) for text in known):
        return None
    if len(known) < len(texts):
        return UNKNOWN
    if any(_SECRETS.search(text) for text in known):
        return "reads Secret Manager"
    return UNKNOWN if any(_MAYBE.search(text) for text in known) else None
