"""What the command line is pointed at: backends, organizations, exported states."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from policypack.audit.error import TargetError
from policypack.audit.stores.backend_url import SCHEMES, BackendURL, parse_backend_url, real_path
from policypack.audit.stores.cloud import open_cloud
from policypack.audit.stores.copies import CHECKPOINTS
from policypack.audit.stores.filesystem import azure_account
from policypack.audit.stores.objects import SUFFIXES, Kind, ObjectStore, has_glob
from policypack.audit.stores.store import Store
from policypack.wording import printable

_OTHER_NAMES: Final = {"gcs": "gs", "az": "azblob", "abfs": "azblob", "abfss": "azblob", "s3a": "s3"}
_FORMS: Final = (
    "give a backend (file://, gs://, s3://, azblob://), an organization of Pulumi Cloud (pulumi://ORG), or a file, "
    "a folder or a glob of states"
)


def open_target(target: str) -> Store:
    """The store that a target names.

    Args:
        target: a URL as `pulumi login` takes it, `pulumi://ORGANIZATION` or `pulumi://ORGANIZATION/PROJECT`, or the
            path of a file, a folder or a glob. A URL of a bucket may name a state or a glob of states too.

    Raises:
        TargetError: it is none of these, or the environment lacks what it needs.
    """
    try:
        return _open(target)
    except (OSError, ValueError, RuntimeError) as error:
        # Of a path: too long, with a NUL, in a folder that may not be entered, or of a user who is not there.
        raise TargetError(f"it cannot be opened: {getattr(error, 'strerror', None) or error}") from error


def _open(target: str) -> Store:
    scheme, separator, rest = target.partition("://")
    if not separator:
        return _open_path(target)
    if scheme == "pulumi":
        return _open_cloud(rest)
    if scheme in ("http", "https"):
        raise TargetError(
            f"{scheme}:// is not a target: for Pulumi Cloud give pulumi://ORG, and set PULUMI_API to this address"
        )
    if scheme not in SCHEMES:
        hint = f"did you mean {_OTHER_NAMES[scheme]}://?" if scheme in _OTHER_NAMES else _FORMS
        raise TargetError(f"there are no targets with {scheme}://; {hint}")
    return _open_url(parse_backend_url(target))


def _open_path(target: str) -> Store:
    if not target or target == "-":
        raise TargetError(f"`{target}` is not a target: {_FORMS}")
    path = Path(target).expanduser()
    if path.is_dir():
        return _local_store(path, "backend" if (path / CHECKPOINTS).is_dir() else "folder")
    if not os.path.lexists(path) and not has_glob(target):
        raise TargetError(f"there is no file or folder {target}; {_FORMS}")
    return _local_store(path, "files")


def _local_store(path: Path, kind: Kind) -> Store:
    url = BackendURL("file", "", f"{real_path(str(path)).rstrip('/')}/")
    return ObjectStore(printable(url.shown), url, kind)


def _open_cloud(rest: str) -> Store:
    organization, *more = rest.rstrip("/").split("/")
    if not organization or len(more) > 1 or "?" in rest:
        raise TargetError("pulumi:// needs an organization: pulumi://ORG, or pulumi://ORG/PROJECT for one project")
    return open_cloud(organization, more[0] if more else None)


def _open_url(url: BackendURL) -> Store:
    if url.scheme == "azblob" and "storage_account" not in url.identity and (account := azure_account(url)):
        # A container's name says nothing without its account.
        url = BackendURL(url.scheme, url.bucket, url.path, url.parameters, {**url.identity, "storage_account": account})
    path = url.path.rstrip("/")
    kind: Kind = "files" if has_glob(path) or path.endswith(SUFFIXES) else "backend"
    return ObjectStore(printable(url.shown), url, kind)
