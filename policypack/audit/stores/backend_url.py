"""The URLs of Pulumi's self-managed backends, with the query parameters that Pulumi takes.

Sources: https://www.pulumi.com/docs/iac/guides/basics/using-a-diy-backend/, and the packages of the Go CDK that it
opens them with: https://pkg.go.dev/gocloud.dev/blob/s3blob, gcsblob, azureblob, fileblob, and gocloud.dev/aws.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TypeAlias
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from policypack.audit.error import TargetError
from policypack.wording import closest, printable

_TRUE: Final = ("1", "t", "T", "TRUE", "true", "True")
_FALSE: Final = ("0", "f", "F", "FALSE", "false", "False")


@dataclass(frozen=True)
class BackendURL:
    """Where a backend is.

    Attributes:
        scheme: `file`, `gs`, `s3` or `azblob`.
        bucket: the bucket or container; empty for `file`.
        path: what the names of all its objects begin with: empty, or a folder with `/` at its end, or, where the
            parameter `prefix` says so, any beginning. For `file` it is an absolute path.
        parameters: the query parameters that matter to who reads, by Pulumi's names.
        identity: those of them that say which bucket it is.
    """

    scheme: str
    bucket: str
    path: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    identity: Mapping[str, str] = field(default_factory=dict)

    @property
    def root(self) -> str:
        """The path as fsspec takes it."""
        return self.path if self.scheme == "file" else f"{self.bucket}/{self.path}"

    @property
    def shown(self) -> str:
        """The URL for people, without parameters that only say how to read; never with anything secret."""
        return f"{self.scheme}://{self.root.removesuffix('/')}{self._query}"

    def url_of(self, path: str) -> str:
        return f"{self.scheme}://{quote(path, safe='/~', errors='surrogateescape')}{self._query}"

    @property
    def _query(self) -> str:
        return f"?{urlencode(sorted(self.identity.items()))}" if self.identity else ""

    def is_on(self, name: str) -> bool:
        return self.parameters.get(name) in _TRUE


_Kind: TypeAlias = Literal["text", "switch", "identity"]
# What has to do with reading; Pulumi takes more, which say how to write or to sign.
_PARAMETERS: Final[Mapping[str, Mapping[str, _Kind]]] = {
    "file": {"prefix": "text"},
    "gs": {"prefix": "text", "anonymous": "switch", "access_id": "text"},
    "s3": {
        "prefix": "text",
        "region": "text",
        "profile": "text",
        "anonymous": "switch",
        "endpoint": "identity",
        "hostname_immutable": "switch",
        "use_path_style": "switch",
        "s3ForcePathStyle": "switch",
        "disable_https": "switch",
        "disableSSL": "switch",
        "accelerate": "switch",
        "dualstack": "switch",
        "fips": "switch",
        "response_checksum_validation": "text",
    },
    "azblob": {
        "prefix": "text",
        "storage_account": "identity",
        "domain": "identity",
        "protocol": "text",
        "cdn": "switch",
        "localemu": "switch",
    },
}
SCHEMES: Final = tuple(_PARAMETERS)
_REFUSED: Final = {
    ("s3", "role"): "assume the role in a profile of the AWS configuration, and give `profile`",
    ("gs", "universe_domain"): "other universes than googleapis.com are not read",
}


def parse_backend_url(url: str) -> BackendURL:
    """Reads a URL as `pulumi login` takes it.

    Raises:
        TargetError: its scheme, a parameter or its form is none of Pulumi's.
    """
    scheme, _, rest = url.partition("://")
    parameters = _parameters(url, scheme)
    prefix = parameters.pop("prefix", "")
    identity = {name: value for name, value in parameters.items() if _PARAMETERS[scheme][name] == "identity"}
    if scheme == "file":
        folder = _local_path(rest.partition("?")[0])
        return BackendURL(scheme, "", f"{folder}/{prefix}", parameters, identity)
    parts = urlsplit(url)
    if not parts.netloc or "@" in parts.netloc or ":" in parts.netloc:
        raise TargetError(f"{scheme}:// needs the name of a bucket, such as {scheme}://my-pulumi-states")
    folder = unquote(parts.path).strip("/")
    return BackendURL(scheme, parts.netloc, prefix + (f"{folder}/" if folder else ""), parameters, identity)


def notes_on(url: str) -> Iterator[str]:
    """What a reader has to know about a URL: which of its parameters have no effect."""
    scheme, _, rest = url.partition("://")
    known = _PARAMETERS.get(scheme, {})
    for name, _ in parse_qsl(rest.partition("?")[2], keep_blank_values=True) if known else ():
        if name not in known and (scheme, name) not in _REFUSED:
            near = closest(name, known)
            hint = f"; did you mean `{near}`?" if near else ""
            yield printable(f"the parameter `{name}` of {scheme}:// URLs has no effect on reading{hint}")


def _parameters(url: str, scheme: str) -> dict[str, str]:
    """The parameters that have to do with reading."""
    known = _PARAMETERS[scheme]
    found: dict[str, str] = {}
    for name, value in parse_qsl(url.partition("?")[2], keep_blank_values=True):
        if (scheme, name) in _REFUSED:
            raise TargetError(f"the parameter `{name}` of {scheme}:// URLs is not supported: {_REFUSED[scheme, name]}")
        if name in found:
            raise TargetError(f"the parameter `{name}` appears twice: remove one of the two")
        if name not in known:
            continue
        _CHECKS.get(name, _no_check)(name, value)
        if known[name] == "switch" and value not in (*_TRUE, *_FALSE):
            raise TargetError(f"the parameter `{name}` has to be `true` or `false`, not `{value}`")
        found[name] = value
    return found


def _no_check(_name: str, _value: str) -> None: ...


def _check_endpoint(name: str, value: str) -> None:
    parts = urlsplit(value if "://" in value else f"https://{value}")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
        raise TargetError(f"the parameter `{name}` has to be a host, or a URL such as https://minio.example.com:9000")


def _check_protocol(name: str, value: str) -> None:
    if value not in ("http", "https"):
        raise TargetError(f"the parameter `{name}` has to be `http` or `https`, not `{value}`")


_CHECKS: Final[Mapping[str, Callable[[str, str], None]]] = {"endpoint": _check_endpoint, "protocol": _check_protocol}


def _local_path(path: str) -> str:
    """The folder of a `file://` URL: the home folder for `~`, and relative to this folder without `/` at its start."""
    plain = unquote(path, errors="surrogateescape")
    if plain == "~" or plain.startswith("~/"):
        plain = posixpath.join(str(Path.home()), plain[2:])
    if not plain:
        raise TargetError("file:// needs a folder, such as file://~ or file:///srv/pulumi")
    return real_path(plain).rstrip("/")


def real_path(path: str) -> str:
    """The one absolute path of a place, without `..` and links to folders; a link to a file keeps its own name."""
    folder, name = os.path.split(path.rstrip("/") or "/")
    if os.path.isdir(path) or name in ("", ".", ".."):
        return os.path.realpath(path)
    return os.path.join(os.path.realpath(folder or "."), name)
