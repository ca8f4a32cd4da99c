"""Pulumi Cloud, and what speaks its REST API: https://www.pulumi.com/docs/reference/cloud-rest-api/."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote, urlsplit

from policypack.audit.error import TargetError, UnreadableState
from policypack.audit.stores.content import too_large
from policypack.audit.stores.store import Entry

_DEFAULT_API: Final = "https://api.pulumi.com"
_READERS: Final = 8
_ATTEMPTS: Final = 5
_TIMEOUT_SECONDS: Final = (10, 120)
_SECONDS_TO_READ: Final = 300
_READS: Final = 3
_OK: Final = 200
_RETRIED: Final = (429, 500, 502, 503, 504)
_CHUNK_BYTES: Final = 1024 * 1024
_BYTES_A_RESOURCE: Final = 3000
_NAMES: Final = ("orgName", "projectName", "stackName")
_BAD_TOKEN: Final = "the token in PULUMI_ACCESS_TOKEN is refused: it is wrong, or it has expired"


@dataclass(frozen=True)
class CloudStore:
    """The stacks of an organization in Pulumi Cloud.

    Requests that fail with status 429 (after as long as `Retry-After` says), 500, 502, 503 or 504, or because a
    connection breaks, are repeated (urllib3).

    Attributes:
        organization: its name.
        project: the project whose stacks are meant; `None` for all.
        api: the address of the API.
    """

    organization: str
    project: str | None
    api: str

    @property
    def target(self) -> str:
        return f"pulumi://{self.organization}{f'/{self.project}' if self.project else ''}"

    @property
    def readers(self) -> int:
        return _READERS

    def entries(self) -> Iterator[Entry]:
        """The stacks of the organization; see `Store.entries`.

        The list says when a stack's last update began, which is no version: a state changes until the update ends.
        """
        query: dict[str, str] | None = {"organization": self.organization}
        if self.project:
            query = {**(query or {}), "project": self.project}
        listed, any_found, seen = 0, False, set[str]()
        while query is not None:
            page = self._page(query)
            for stack in page["stacks"]:
                listed += 1
                entry = self._entry(stack, listed)
                if entry:
                    any_found = True
                    yield entry
            token = str(page.get("continuationToken") or "")
            if token in seen:
                raise TargetError(f"{self.api} lists the same stacks again and again")
            seen.add(token)
            query = {**query, "continuationToken": token} if token else None
        if not any_found:
            raise TargetError("there is no stack that the token in PULUMI_ACCESS_TOKEN may see")

    def read(self, entry: Entry, max_bytes: int) -> bytes:
        """The state of a stack, its secrets encrypted; see `Store.read`."""
        import requests
        from urllib3.exceptions import HTTPError, ProtocolError

        try:
            for _ in range(_READS - 1):
                # An answer that breaks off, after which urllib3 does not ask again.
                with suppress(ProtocolError):
                    return self._content(entry, max_bytes)
            return self._content(entry, max_bytes)
        except (requests.RequestException, HTTPError) as error:
            raise UnreadableState(
                f"it cannot be read from {self.api}: {type(error).__name__}. Run the audit again"
            ) from error

    def advice(self, entry: Entry) -> str:
        """See `Store.advice`."""
        stack = f"{self.organization}/{entry.project}/{entry.name}"
        return f"Pulumi Cloud keeps earlier versions: `pulumi stack export --stack {stack} --version NUMBER`."

    def _content(self, entry: Entry, max_bytes: int) -> bytes:
        content, end = bytearray(), time.monotonic() + _SECONDS_TO_READ
        with _session().get(f"{self.api}{entry.key}", timeout=_TIMEOUT_SECONDS, stream=True) as response:
            if response.status_code != _OK:
                raise UnreadableState(_problem(response.status_code))
            # As it arrives: one that comes byte by byte is not waited for.
            while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
                if time.monotonic() > end:
                    raise UnreadableState(f"it did not arrive within {_SECONDS_TO_READ} seconds: run the audit again")
                content += chunk
                if len(content) > max_bytes:
                    raise too_large(max_bytes)
        return bytes(content)

    def _page(self, query: dict[str, str]) -> dict[str, Any]:
        session = _session()
        import requests

        try:
            response = session.get(f"{self.api}/api/user/stacks", params=query, timeout=_TIMEOUT_SECONDS)
        except requests.RequestException as error:
            raise TargetError(f"{self.api} does not answer ({type(error).__name__})") from error
        if response.status_code != _OK:
            raise TargetError(f"{self.api} gives no list of stacks: {_problem(response.status_code)}")
        try:
            page = response.json()
        except ValueError:
            page = None
        if not isinstance(page, dict) or not isinstance(page.get("stacks"), list):
            raise TargetError(f"{self.api} gives no list of stacks; is this Pulumi Cloud's API?")
        return page

    def _entry(self, stack: Any, number: int) -> Entry | None:
        """The stack that the list has at a place; `None` if it is of another organization or project."""
        host = "" if self.api == _DEFAULT_API else f"?api={quote(self.api, safe='')}"
        found = [stack.get(key) if isinstance(stack, dict) else None for key in _NAMES]
        names = [name for name in found if isinstance(name, str) and name]
        if len(names) < len(_NAMES):
            return Entry(f"{self.target}#{number}{host}", "", 0, error=f"{self.api} lists it without its names")
        wanted = (self.organization, self.project)
        if any(name and name.casefold() != own.casefold() for name, own in zip(wanted, names, strict=False)):
            return None
        path = "/".join(quote(name, safe="", errors="surrogatepass") for name in names)
        resources = stack.get("resourceCount")
        size = (resources if isinstance(resources, int) else 0) * _BYTES_A_RESOURCE
        # The size is a guess: it has to keep no state from being read.
        return Entry(f"pulumi://{path}{host}", f"/api/stacks/{path}/export", size, project=names[1], name=names[2])


def _problem(status: int) -> str:
    return _PROBLEMS.get(status, f"status {status}")


_PROBLEMS: Final = {
    401: _BAD_TOKEN,
    403: "the token in PULUMI_ACCESS_TOKEN has no permission",
    404: "there is no such organization or stack, or the token in PULUMI_ACCESS_TOKEN may not see it",
    429: "too many requests, even after some waiting",
}


def open_cloud(organization: str, project: str | None) -> CloudStore:
    """The stacks of an organization.

    Raises:
        TargetError: there is no token, or the environment names no address of an API.
    """
    if not os.environ.get("PULUMI_ACCESS_TOKEN"):
        raise TargetError("pulumi:// needs a token: set PULUMI_ACCESS_TOKEN (one that may read all stacks is enough)")
    return CloudStore(organization, project, _api())


def _api() -> str:
    backend = os.environ.get("PULUMI_BACKEND_URL", "")
    api = os.environ.get("PULUMI_API") or (backend if backend.startswith(("https://", "http://")) else _DEFAULT_API)
    parts = urlsplit(api)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username or parts.query:
        raise TargetError(f"PULUMI_API has to be the address of an API, such as {_DEFAULT_API}")
    return api.rstrip("/")


@lru_cache
def _session() -> Any:
    try:
        import requests
        from requests.adapters import HTTPAdapter
        from urllib3.util.retry import Retry
    except ModuleNotFoundError as error:
        raise TargetError(f"pulumi:// needs the package {error.name}: install llm-policypack[audit]") from error

    session = requests.Session()
    retry = Retry(_ATTEMPTS, status_forcelist=_RETRIED, backoff_factor=0.5, raise_on_status=False)
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=_READERS, max_retries=retry))
    session.auth = _authenticate
    session.headers["Accept"] = "application/vnd.pulumi+8"
    session.headers["Content-Type"] = "application/json"
    return session


def _authenticate(request: Any) -> Any:
    """Requests would else take the password of a .netrc, and it takes the header off when it is sent elsewhere."""
    request.headers["Authorization"] = f"token {os.environ.get('PULUMI_ACCESS_TOKEN', '')}"
    return request
