"""The file systems of fsspec that read Pulumi's backends, with the credentials that Pulumi would take.

They repeat requests that fail by themselves: gcsfs on status 408, 429 and 5xx, on connections that break and on wrong
checksums; s3fs and botocore on throttling, 5xx and connections that break; adlfs (azure-core) on 408, 429, 5xx and
connections that break.
"""

from __future__ import annotations

import importlib
import json
import os
import warnings
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from policypack.audit.error import TargetError
from policypack.audit.stores.backend_url import BackendURL

# The class in gcsfs.core speaks the JSON API only; the package's own one asks a gRPC API for the kind of bucket first.
_PACKAGES: Final = {"gs": "gcsfs.core", "s3": "s3fs", "azblob": "adlfs"}
_EXTRAS: Final = {"gs": "gcs", "s3": "s3", "azblob": "azure"}
_CLASSES: Final = {
    "gs": "GCSFileSystem",
    "s3": "S3FileSystem",
    "azblob": "AzureBlobFileSystem",
}
_ATTEMPTS: Final = 5
_AZURE_DOMAIN: Final = "blob.core.windows.net"
_AZURE_CONNECTION: Final = ("AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGEBLOB_CONNECTIONSTRING")


def open_filesystem(url: BackendURL) -> Any:
    """The file system of a bucket; the same one each time, within a process.

    Raises:
        TargetError: its package is not installed, or the environment lacks what it needs.
    """
    return _open(url.scheme, tuple(sorted(url.parameters.items())))


@lru_cache
def _open(scheme: str, parameters: tuple[tuple[str, str], ...]) -> Any:
    url = BackendURL(scheme, "", "", dict(parameters))
    filesystem = _class(scheme)
    try:
        return filesystem(use_listings_cache=False, **options_of(url))
    except TargetError:
        raise
    except Exception as error:
        raise TargetError(f"{scheme}:// cannot be opened: {type(error).__name__}: {error}") from error


def _class(scheme: str) -> Any:
    package = _PACKAGES[scheme]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return getattr(importlib.import_module(package), _CLASSES[scheme])
    except ModuleNotFoundError as error:
        name, extra = (error.name or package).partition(".")[0], _EXTRAS[scheme]
        raise TargetError(f"reading {scheme}:// needs the package {name}: install llm-policypack[{extra}]") from error


def options_of(url: BackendURL) -> dict[str, Any]:
    """What the file system of a bucket is made with, from its URL and the environment."""
    return {"gs": _gs_options, "s3": _s3_options, "azblob": _azure_options}[url.scheme](url)


def _gs_options(url: BackendURL) -> dict[str, Any]:
    return {"access": "read_only", "token": _google_token(url, os.environ)}


def _google_token(url: BackendURL, environment: Mapping[str, str]) -> Any:
    """What Pulumi takes: its own two variables, else Application Default Credentials."""
    if url.is_on("anonymous") or url.parameters.get("access_id") == "-" or environment.get("STORAGE_EMULATOR_HOST"):
        return "anon"
    if credentials := environment.get("GOOGLE_CREDENTIALS"):
        try:
            return json.loads(credentials)
        except ValueError:
            raise TargetError("the variable GOOGLE_CREDENTIALS has to hold the JSON of a key") from None
    if token := environment.get("GOOGLE_OAUTH_ACCESS_TOKEN"):
        from google.oauth2.credentials import Credentials

        return Credentials(token)  # type: ignore[no-untyped-call, unused-ignore]
    return "google_default"


def _s3_options(url: BackendURL) -> dict[str, Any]:
    config: dict[str, Any] = {"retries": {"max_attempts": _ATTEMPTS, "mode": "standard"}}
    s3: dict[str, Any] = {}
    if any(url.is_on(name) for name in ("use_path_style", "s3ForcePathStyle", "hostname_immutable")):
        s3["addressing_style"] = "path"
    if url.is_on("accelerate"):
        s3["use_accelerate_endpoint"] = True
    if s3:
        config["s3"] = s3
    if url.is_on("dualstack"):
        config["use_dualstack_endpoint"] = True
    if url.is_on("fips"):
        config["use_fips_endpoint"] = True
    if validation := url.parameters.get("response_checksum_validation"):
        config["response_checksum_validation"] = validation.lower()
    insecure = url.is_on("disable_https") or url.is_on("disableSSL")
    # With one reader an object it asks for no size first.
    options: dict[str, Any] = {"config_kwargs": config, "use_ssl": not insecure, "max_concurrency": 1}
    if endpoint := url.parameters.get("endpoint"):
        options["endpoint_url"] = endpoint if "://" in endpoint else f"http{'' if insecure else 's'}://{endpoint}"
    if region := url.parameters.get("region"):
        options["client_kwargs"] = {"region_name": region}
    if profile := url.parameters.get("profile"):
        options["profile"] = profile
    if url.is_on("anonymous"):
        options["anon"] = True
    return options


def _azure_options(url: BackendURL) -> dict[str, Any]:
    """https://pkg.go.dev/gocloud.dev/blob/azureblob: which credentials are taken, and how the address is made."""
    connection = next((os.environ[name] for name in _AZURE_CONNECTION if os.environ.get(name)), None)
    key, token = os.environ.get("AZURE_STORAGE_KEY"), os.environ.get("AZURE_STORAGE_SAS_TOKEN")
    account = azure_account(url)
    if connection and not (account and key) and not token:
        return {"connection_string": connection}
    if not account:
        raise TargetError("azblob:// needs the storage account: set AZURE_STORAGE_ACCOUNT or add ?storage_account=NAME")
    address = _azure_address(url, account)
    if token and not key and address != _azure_address(BackendURL("azblob", "", ""), account):
        raise TargetError(
            "AZURE_STORAGE_SAS_TOKEN is not sent to another address: set AZURE_STORAGE_DOMAIN instead of `domain`"
        )
    if key:
        return {
            "connection_string": f"AccountName={account};AccountKey={key};BlobEndpoint={address};",
            "account_name": account,
        }
    if token:
        return {
            "connection_string": f"BlobEndpoint={address};SharedAccessSignature={token.removeprefix('?')};",
            "account_name": account,
        }
    if not address.startswith("https://"):
        raise TargetError("azblob:// over plain HTTP needs AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN")
    return {"account_name": account, "account_host": address.removeprefix("https://"), "anon": False}


def azure_account(url: BackendURL) -> str | None:
    """The storage account of a container."""
    return url.parameters.get("storage_account") or os.environ.get("AZURE_STORAGE_ACCOUNT")


def _azure_address(url: BackendURL, account: str) -> str:
    domain = url.parameters.get("domain") or os.environ.get("AZURE_STORAGE_DOMAIN") or _AZURE_DOMAIN
    protocol = url.parameters.get("protocol") or os.environ.get("AZURE_STORAGE_PROTOCOL") or "https"
    if domain.startswith(("127.0.0.1", "localhost")) or _azure_switch(url, "localemu", "IS_LOCAL_EMULATOR"):
        return f"{protocol}://{domain}/{account}"
    if _azure_switch(url, "cdn", "IS_CDN"):
        return f"{protocol}://{domain}"
    return f"{protocol}://{account}.{domain}"


def _azure_switch(url: BackendURL, name: str, variable: str) -> bool:
    if name in url.parameters:
        return url.is_on(name)
    return os.environ.get(f"AZURE_STORAGE_{variable}", "").lower() in ("1", "t", "true")
