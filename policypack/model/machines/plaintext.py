"""Finding secrets in text by their form: known tokens, private keys, and values assigned to names of credentials.

What is found is named by kind only. Shell variables, commands, templates and names of secrets are no secrets.
"""

from __future__ import annotations

import base64
import binascii
import functools
import itertools
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

# Metadata holds at most 512 KB; what is longer was never accepted.
_MAX_TEXT: Final = 1 << 20
_MAX_DEPTH: Final = 2
# How many times its length an encoded text is unpacked to at most.
_MAX_GROWTH: Final = 8

# An encrypted key has headers here, and another word above.
_KEY_BODY: Final = r"(?:\\r|\\n|\s){0,200}[A-Za-z0-9+/=]{16}"
# Kind -> form. A token starts where no longer word is cut in two.
_TOKENS: Final = {
    "a private key": rf"-----BEGIN (?!ENCRYPTED )(?:[A-Z0-9]+ ){{0,3}}PRIVATE KEY(?: BLOCK)?-----{_KEY_BODY}",
    "a Hugging Face token": r"(?<![A-Za-z0-9_])(?:hf|api_org)_[A-Za-z0-9]{30,}",
    "an API key of the form `sk-`": r"(?<![A-Za-z0-9_-])sk-[A-Za-z0-9_-]{20,}",
    "a GitHub token": r"(?<![A-Za-z0-9_])(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})",
    "a GitLab token": r"(?<![A-Za-z0-9_])gl(?:pat|dt|rt|ptt|cbt)-[A-Za-z0-9_.-]{20,}",
    "a Google API key": r"(?<![A-Za-z0-9_-])AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])",
    "a Google access token": r"(?<![A-Za-z0-9_])ya29\.[A-Za-z0-9_-]{20,}",
    "a Google client secret": r"(?<![A-Za-z0-9_])GOCSPX-[A-Za-z0-9_-]{20,}",
    "an AWS access key": r"(?<![A-Za-z0-9])A(?:KI|SI)A[A-Z0-9]{16}(?![A-Za-z0-9])",
    "a Slack token": r"(?<![A-Za-z0-9_])xox[abeoprs]-[A-Za-z0-9-]{10,}|hooks\.slack\.com/services/T\w+/B\w+/\w{16,}",
    "an NVIDIA API key": r"(?<![A-Za-z0-9_])nvapi-[A-Za-z0-9_-]{20,}",
    "a Stripe key": r"(?<![A-Za-z0-9_])[rs]k_live_[A-Za-z0-9]{16,}",
    "a package registry token": r"(?<![A-Za-z0-9_])(?:npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,}|dckr_pat_[\w-]{20,})",
    "a JSON Web Token": r"(?<![A-Za-z0-9_])eyJ[A-Za-z0-9_-]{10,999}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
}
_TOKEN_FORMS: Final = {kind: re.compile(form) for kind, form in _TOKENS.items()}
_MIN_CHARACTERS: Final = 8
_STAND_IN: Final = re.compile(r"[xX]{6}|\*{3}|\.{3}")
_STANDS_IN: Final = "xxxxxx"

_NAME: Final = (
    r"(?P<name>[A-Za-z0-9_.-]{0,60}?"
    r"(?P<kind>pass(?:word|wd|phrase)|pwd|token|api[_-]?key|(?:access|secret|auth|private|account|encryption)[_-]?key"
    r"|secret|credentials?))"
)
_VALUE: Final = r"(?:\"(?P<double>[^\"\n]*)\"|'(?P<single>[^'\n]*)'|(?P<bare>[^\s\"'`,;|&(){}\[\]<>]+))"
_ASSIGNMENT: Final = re.compile(
    rf"(?<![A-Za-z0-9_.$\-]){_NAME}(?:\\?[\"'])?[ \t]*(?P<operator>:(?!=)|=(?![=~>]))[ \t]*\\?{_VALUE}",
    re.IGNORECASE,
)
_FLAG: Final = re.compile(rf"(?<![\w-])--?{_NAME}(?P<operator>=|[ \t]+){_VALUE}", re.IGNORECASE)
_CONTAINER_VARIABLE: Final = re.compile(
    rf"name[\"']?:[ \t]*[\"']?{_NAME}[\"']?,?\s{{1,80}}(?P<operator>[\"']?value[\"']?:)[ \t]*{_VALUE}", re.IGNORECASE
)
_HEADER: Final = re.compile(
    r"(?:authorization[\"']?[ \t]*[:=][ \t]*[\"']?(?:bearer|basic|token)|x-(?:api-key|auth-token)[\"']?[ \t]*:)"
    r"[ \t]+(?P<value>[A-Za-z0-9+/_.=-]{8,})",
    re.IGNORECASE,
)
_URL: Final = re.compile(
    r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@\"'$<>{}]{0,80}:(?P<value>[^\s/@\"'$<>{}%\\]{3,80})@", re.I
)
_CHPASSWD: Final = re.compile(
    r"echo[ \t]+[\"']?[\w.-]{1,40}:(?P<value>[^\s\"'$`|]{3,})[\"']?[ \t]*\|[ \t]*(?:sudo )?chpasswd"
)
# The list of users of cloud-init; R and RANDOM ask for random passwords.
_CLOUD_INIT_USERS: Final = re.compile(
    r"chpasswd:\s{1,40}(?:expire:[^\n]{0,40}\s{1,40})?list:[ \t]*\|?-?\s{1,40}(?:-[ \t]{1,9})?[\"']?[\w.-]{1,40}:"
    r"(?P<value>(?!R\b|RANDOM\b)[^\s$\"':]{3,})"
)
# Passwords that commands take without naming them: `docker login -p`, `sshpass -p`, `curl -u user:password`.
_COMMAND: Final = re.compile(
    r"(?:\b(?:docker|podman|nerdctl|oras|helm registry)[ \t]+(?:registry[ \t]+)?login\b[^\n|;&]{0,200}?[ \t]-p[ \t=]*"
    r"|\bsshpass[ \t]+-p[ \t]*|\b(?:curl|wget)\b[^\n|;&]{0,200}?[ \t](?:-u|--user)[ \t=]*[\"']?[\w.@-]{1,60}:)"
    r"[\"']?(?P<value>[^\s\"'`$|;&<>(){}\[\]%-][^\s\"'`$|;&<>]{3,})"
)
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]{24,}(?:[ \t]*\r?\n[ \t]*[A-Za-z0-9+/]{2,})*={0,2}")

# Tokens of a language model's vocabulary and of paging are no credentials.
_HARMLESS_NAMES: Final = re.compile(
    r"(?:^|[_.-])(?:eos|bos|pad|unk|sep|cls|mask|stop|image|audio|video|special|next|page|end|start|first|last|sync"
    r"|continuation|max|per)[_-]?token$|(?:^|[_-])(?:imagepull|pull)secret$",
    re.IGNORECASE,
)
_PLACEHOLDERS: Final = re.compile(
    r"x{4,}|\*{3,}|\.{3,}|your[-_]|replace|placeholder|redacted|dummy|example|insert|<|>|not[-_ ]?(?:needed|used|set)"
    r"|(?:^(?:true|false|yes|no|on|off|none|null|nil|empty|auto|any|required|optional|enabled|disabled|default|unused"
    r"|str|string|int|bool|bytes|object|self|this|undefined|todo|test|prompt|ask)$)",
    re.IGNORECASE,
)
_PASSWORDS: Final = ("password", "passwd", "passphrase", "pwd")
_NAME_OF_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_NAME_OF_RESOURCE: Final = re.compile(r"[a-z][a-z0-9]{0,15}(?:[-_.][a-z0-9]{1,15})*")
_WORD: Final = re.compile(r"[A-Z]{1,15}|[A-Z]?[a-z]{1,15}(?:[A-Z][a-z]{1,15}){0,2}")
_COMPUTED: Final = re.compile(r"^[$`|&<(\[{\\]|\s|\$[A-Za-z_{(]|\{\{|%\(|^%[A-Za-z]|\\\(|`")
_IDENTIFIER: Final = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*")
_LOCATION: Final = re.compile(r"~?\.{0,2}/|[A-Za-z]:\\|[a-z][a-z0-9+.-]*://|projects/|secrets?/|[a-z]+\.[a-z.]+/")


@dataclass(frozen=True)
class Findings:
    """The secrets in a text.

    Attributes:
        certain: their kinds, such as `a Hugging Face token`, each once.
        possible: kinds of what may be a secret or the name of one, with the names that they are assigned to.
    """

    certain: tuple[str, ...] = ()
    possible: tuple[str, ...] = ()

    @property
    def doubt(self) -> str:
        """What it is not known of, and what would tell, a clause."""
        return f"{', '.join(self.possible)}, or the name of one, which a variable such as `LLM_KEY_SECRET` would tell"


def find_secrets(key: str, text: str) -> Findings:
    """The secrets in a text that is stored under a key.

    What is encoded in base64, compressed or not, is read as well.

    Args:
        key: the key, which may say itself that the whole text is a credential.
        text: the text; beyond 1 MiB it is not read.
    """
    found = list(_found_in(text[:_MAX_TEXT]))
    if not any(is_certain for _, is_certain in found):
        found += _judge_entry(key, text)
    certain = dict.fromkeys(kind for kind, is_certain in found if is_certain)
    possible = dict.fromkeys(kind for kind, is_certain in found if not is_certain)
    return Findings(tuple(certain), tuple(kind for kind in possible if kind not in certain))


@functools.lru_cache(maxsize=16)
def _found_in(text: str) -> tuple[tuple[str, bool], ...]:
    """Machines of all regions start by the same texts."""
    return tuple(_find(text, _MAX_DEPTH))


def can_be_named(name: str) -> bool:
    """Whether a name consists of words, so that no message which has it shows a secret."""
    return all(_WORD.fullmatch(word) for word in re.split(r"[-_.]", name))


def _find(text: str, depth: int) -> Iterator[tuple[str, bool]]:
    rest = text
    for kind, form in _TOKEN_FORMS.items():
        rest, is_there = _cut(form, rest, _can_be_token)
        if is_there:
            yield kind, True
    rest, is_there = _cut(_HEADER, rest, _has_credential)
    if is_there:
        yield "an authorization header", True
    for pattern in (_ASSIGNMENT, _FLAG, _CONTAINER_VARIABLE):
        for match in pattern.finditer(rest):
            if not _is_comment(rest, match.start()):
                yield from _judge_assignment(match)
    for pattern in (_URL, _CHPASSWD, _CLOUD_INIT_USERS, _COMMAND):
        if any(not _PLACEHOLDERS.search(match["value"]) for match in pattern.finditer(rest)):
            yield "a password", True
    if depth:
        for decoded in _decoded(text):
            yield from _find(decoded, depth - 1)


def _cut(form: re.Pattern[str], text: str, is_one: Callable[[re.Match[str]], bool]) -> tuple[str, bool]:
    """The text with stand-ins for what is found, so that no name tells of it again; and whether anything is."""
    found = [match.span() for match in form.finditer(text) if is_one(match)]
    ends = [0, *(end for _, end in found)]
    starts = [*(start for start, _ in found), len(text)]
    return _STANDS_IN.join(text[end:start] for end, start in zip(ends, starts, strict=True)), bool(found)


def _has_credential(header: re.Match[str]) -> bool:
    return _is_mixed(header["value"]) and _is_literal(header["value"])


def _can_be_token(match: re.Match[str]) -> bool:
    """Whether it is no stand-in; `sk-` begins ordinary names as well, which are not mixed."""
    token = match.group()
    if _STAND_IN.search(token):
        return False
    return not token.startswith("sk-") or (_is_mixed(token) and len(set(token)) >= _MIN_CHARACTERS)


def _is_mixed(value: str) -> bool:
    """Whether it has digits, or capital and small letters."""
    return any(c.isdigit() for c in value) or (any(c.isupper() for c in value) and any(c.islower() for c in value))


def _judge_entry(key: str, text: str) -> Iterator[tuple[str, bool]]:
    match = re.fullmatch(_NAME, key, re.IGNORECASE)
    value = text.strip()
    if match and value and not re.search(r"\s", value):
        yield from _judge_value(match["name"], match["kind"], value)


def _judge_assignment(match: re.Match[str]) -> Iterator[tuple[str, bool]]:
    value = next((part for part in match.group("double", "single", "bare") if part is not None), "")
    if match["bare"] is not None and _is_code(match):
        return
    for kind, is_certain in _judge_value(match["name"], match["kind"], value):
        yield kind if is_certain or not can_be_named(match["name"]) else f"{kind} in `{match['name']}`", is_certain


def _is_code(match: re.Match[str]) -> bool:
    """Whether an unquoted value is part of an expression or of a sentence, or YAML's or a command's syntax."""
    value, rest = match["bare"], match.string[match.end() : match.end() + 200].split("\n", 1)[0]
    if value[0] in "-!*@#.%^" or rest[:1] in ("(", "[", "{", "<"):
        return True
    is_name = _IDENTIFIER.fullmatch(value) is not None
    if is_name and rest[:1] in (")", ","):
        return True
    if match["operator"] == "=" and match.string[match.start("operator") - 1].isspace():
        return is_name and not any(c.isdigit() for c in value)
    return match["operator"] == ":" and bool(rest.partition("#")[0].strip(" \t\r\"'\\,}"))


def _judge_value(name: str, kind: str, value: str) -> Iterator[tuple[str, bool]]:
    word = kind.lower()
    if _HARMLESS_NAMES.search(name) or not _is_literal(value):
        return
    if word in _PASSWORDS:
        if len(value) >= 4:
            yield "a password", True
        return
    is_secret = word in ("secret", "credential", "credentials")
    label = "a token" if word == "token" else "a secret" if is_secret else "an API key or another key"
    if len(value) < 8 or value.isdigit() or _NAME_OF_VARIABLE.fullmatch(value):
        return
    if _NAME_OF_RESOURCE.fullmatch(value) and not _looks_random(value):
        # A variable that is called a secret usually holds the name of one in Secret Manager.
        if not is_secret:
            yield label, False
        return
    yield label, True


def _looks_random(value: str) -> bool:
    """Whether a lower-case value is no name made of words: its letters and digits change often."""
    pairs = [pair for pair in itertools.pairwise(value) if pair[0].isalnum() and pair[1].isalnum()]
    return sum(first.isdigit() != second.isdigit() for first, second in pairs) >= 4


def _is_literal(value: str) -> bool:
    """Whether it is a value itself, and not a variable, a command, a template, a place or a stand-in."""
    if not value or _COMPUTED.search(value) or _PLACEHOLDERS.search(value):
        return False
    return not _LOCATION.match(value)


def _is_comment(text: str, position: int) -> bool:
    line = text[text.rfind("\n", 0, position) + 1 : position].lstrip()
    return line.startswith(("#", "//", ";", "REM "))


def _decoded(text: str) -> Iterator[str]:
    left = _MAX_GROWTH * len(text)
    for match in _BASE64.finditer(text):
        encoded = re.sub(r"[\s=]", "", match.group())
        encoded = encoded[: len(encoded) - (len(encoded) % 4 == 1)]
        try:
            data = base64.b64decode(encoded + "=" * (-len(encoded) % 4))
            if data.startswith(b"\x1f\x8b"):
                data = zlib.decompressobj(wbits=31).decompress(data, max(left, 1))
            left -= len(data)
            yield data.decode()
        except (binascii.Error, zlib.error, UnicodeDecodeError):
            continue
