"""Pulumi's own URL forms: where each leads, and what the file system is made with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from policypack.audit.error import TargetError
from policypack.audit.stores.backend_url import notes_on, parse_backend_url
from policypack.audit.stores.cloud import CloudStore
from policypack.audit.stores.filesystem import options_of
from policypack.audit.stores.objects import ObjectStore
from policypack.audit.stores.target import open_target

VARIABLES = (
    "AZURE_STORAGE_ACCOUNT",
    "AZURE_STORAGE_CONNECTION_STRING",
    "AZURE_STORAGE_DOMAIN",
    "AZURE_STORAGE_IS_LOCAL_EMULATOR",
    "AZURE_STORAGE_KEY",
    "AZURE_STORAGE_PROTOCOL",
    "AZURE_STORAGE_SAS_TOKEN",
    "AZURE_STORAGEBLOB_CONNECTIONSTRING",
    "GOOGLE_CREDENTIALS",
    "GOOGLE_OAUTH_ACCESS_TOKEN",
    "PULUMI_ACCESS_TOKEN",
    "PULUMI_API",
    "PULUMI_BACKEND_URL",
    "STORAGE_EMULATOR_HOST",
)


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


ROOTS = {
    "gs://states": "states/",
    "gs://states/": "states/",
    "gs://states/team/a": "states/team/a/",
    "gs://states?prefix=team/": "states/team/",
    "gs://states?prefix=team-": "states/team-",
    "gs://states/a?prefix=team/": "states/team/a/",
    "gs://states/with%20space": "states/with space/",
    "s3://states?region=eu-west-1&awssdk=v2": "states/",
    "azblob://states/team": "states/team/",
    "file://~": "HOME/",
    "file://~/states": "HOME/states/",
    "file://./states": "HOME/states/",
    "file://states": "HOME/states/",
    "file://.": "HOME/",
    "file:///srv/pulumi/": "/srv/pulumi/",
    "file:///srv/a%20b?metadata=skip&no_tmp_dir=true": "/srv/a b/",
    "file:///srv?prefix=team/": "/srv/team/",
}


@pytest.mark.parametrize(("url", "root"), ROOTS.items(), ids=ROOTS.keys())
def test_where_a_url_leads(tmp_path: Path, url: str, root: str) -> None:
    assert parse_backend_url(url).root == root.replace("HOME", str(tmp_path))


S3: dict[str, Any] = {
    "config_kwargs": {"retries": {"max_attempts": 5, "mode": "standard"}},
    "use_ssl": True,
    "max_concurrency": 1,
}


def s3(config: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {**S3, "config_kwargs": {**S3["config_kwargs"], **(config or {})}, **more}


PATH_STYLE = {"s3": {"addressing_style": "path"}}
OPTIONS: dict[str, tuple[str, dict[str, str], dict[str, Any]]] = {
    "s3": ("s3://b", {}, s3()),
    "s3 region and profile": (
        "s3://b?region=eu-west-1&profile=audit",
        {},
        s3(client_kwargs={"region_name": "eu-west-1"}, profile="audit"),
    ),
    "s3 of the old client": (
        "s3://b?endpoint=minio:9000&disableSSL=true&s3ForcePathStyle=true",
        {},
        s3(PATH_STYLE, endpoint_url="http://minio:9000", use_ssl=False),
    ),
    "s3 of the new client": (
        "s3://b?endpoint=https://minio.example.com&hostname_immutable=true&awssdk=v2",
        {},
        s3(PATH_STYLE, endpoint_url="https://minio.example.com"),
    ),
    "s3 with a host": ("s3://b?endpoint=fra1.example.com", {}, s3(endpoint_url="https://fra1.example.com")),
    "s3 disable_https": (
        "s3://b?endpoint=minio&disable_https=true&use_path_style=1",
        {},
        s3(PATH_STYLE, endpoint_url="http://minio", use_ssl=False),
    ),
    "s3 other addresses": (
        "s3://b?accelerate=true&dualstack=true&fips=true&response_checksum_validation=when_required",
        {},
        s3(
            {
                "s3": {"use_accelerate_endpoint": True},
                "use_dualstack_endpoint": True,
                "use_fips_endpoint": True,
                "response_checksum_validation": "when_required",
            }
        ),
    ),
    "s3 anonymous": ("s3://b?anonymous=true", {}, s3(anon=True)),
    "s3 switches off": ("s3://b?anonymous=false&use_path_style=F", {}, s3()),
    "s3 what is for writing": ("s3://b?ssetype=AES256&kmskeyid=k&rate_limiter_capacity=3", {}, s3()),
    "gs": ("gs://b", {}, {"access": "read_only", "token": "google_default"}),
    "gs anonymous": ("gs://b?anonymous=true", {}, {"access": "read_only", "token": "anon"}),
    "gs without access": ("gs://b?access_id=-", {}, {"access": "read_only", "token": "anon"}),
    "gs with a key": (
        "gs://b?private_key_path=k",
        {"GOOGLE_CREDENTIALS": '{"type": "service_account"}'},
        {"access": "read_only", "token": {"type": "service_account"}},
    ),
    "gs emulated": (
        "gs://b",
        {"STORAGE_EMULATOR_HOST": "http://localhost:9023"},
        {"access": "read_only", "token": "anon"},
    ),
    "azblob": (
        "azblob://c?storage_account=acme",
        {},
        {"account_name": "acme", "account_host": "acme.blob.core.windows.net", "anon": False},
    ),
    "azblob account": (
        "azblob://c",
        {"AZURE_STORAGE_ACCOUNT": "acme"},
        {"account_name": "acme", "account_host": "acme.blob.core.windows.net", "anon": False},
    ),
    "azblob domain": (
        "azblob://c?storage_account=acme&domain=blob.core.chinacloudapi.cn",
        {},
        {"account_name": "acme", "account_host": "acme.blob.core.chinacloudapi.cn", "anon": False},
    ),
    "azblob cdn": (
        "azblob://c?storage_account=acme&domain=cdn.acme.com&cdn=true",
        {},
        {"account_name": "acme", "account_host": "cdn.acme.com", "anon": False},
    ),
    "azblob key": (
        "azblob://c",
        {"AZURE_STORAGE_ACCOUNT": "acme", "AZURE_STORAGE_KEY": "a2V5"},
        {
            "connection_string": "AccountName=acme;AccountKey=a2V5;BlobEndpoint=https://acme.blob.core.windows.net;",
            "account_name": "acme",
        },
    ),
    "azblob emulated": (
        "azblob://c?domain=127.0.0.1:10000&protocol=http",
        {"AZURE_STORAGE_ACCOUNT": "acme", "AZURE_STORAGE_KEY": "a2V5"},
        {
            "connection_string": "AccountName=acme;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:10000/acme;",
            "account_name": "acme",
        },
    ),
    "azblob SAS token": (
        "azblob://c",
        {"AZURE_STORAGE_ACCOUNT": "acme", "AZURE_STORAGE_SAS_TOKEN": "?sv=1&sig=x"},
        {
            "connection_string": "BlobEndpoint=https://acme.blob.core.windows.net;SharedAccessSignature=sv=1&sig=x;",
            "account_name": "acme",
        },
    ),
    "azblob connection string": (
        "azblob://c",
        {"AZURE_STORAGE_CONNECTION_STRING": "AccountName=acme"},
        {"connection_string": "AccountName=acme"},
    ),
}


@pytest.mark.parametrize(("url", "environment", "options"), OPTIONS.values(), ids=OPTIONS.keys())
def test_what_a_file_system_is_made_with(
    monkeypatch: pytest.MonkeyPatch, url: str, environment: dict[str, str], options: dict[str, Any]
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert options_of(parse_backend_url(url)) == options


def test_every_s3_option_is_one_that_the_file_system_takes() -> None:
    import s3fs

    for url, _, options in OPTIONS.values():
        if url.startswith("s3://") and "profile" not in url:
            s3fs.S3FileSystem(skip_instance_cache=True, **options)


WRONG = {
    "an unknown scheme": ("ftp://host/states", ["no targets with ftp://", "gs://", "pulumi://ORG"]),
    "a scheme of fsspec": ("gcs://states", ["did you mean gs://?"]),
    "the address of the API": ("https://api.pulumi.com", ["pulumi://ORG", "PULUMI_API"]),
    "no bucket": ("gs://", ["needs the name of a bucket"]),
    "a password": ("s3://key:secret@states", ["needs the name of a bucket"]),
    "no switch": ("s3://b?anonymous=yes", ["`anonymous` has to be `true` or `false`, not `yes`"]),
    "twice": ("s3://b?region=a&region=b", ["`region` appears twice"]),
    "a role": ("s3://b?role=arn:aws:iam::1:role/r", ["`role`", "profile"]),
    "a universe": ("gs://b?universe_domain=x.goog", ["`universe_domain`"]),
    "an endpoint with a password": ("s3://b?endpoint=https://me:pw@minio", ["`endpoint` has to be a host"]),
    "a protocol": ("azblob://b?protocol=ftp", ["`protocol` has to be `http` or `https`"]),
    "no organization": ("pulumi://", ["pulumi://ORG"]),
    "a stack": ("pulumi://acme/llm/prod", ["pulumi://ORG/PROJECT"]),
    "no token": ("pulumi://acme", ["PULUMI_ACCESS_TOKEN"]),
    "no folder": ("file://", ["needs a folder"]),
    "no such file": ("states.json", ["no file or folder states.json"]),
    "standard input": ("-", ["`-` is not a target"]),
}


@pytest.mark.parametrize(
    ("url", "notes"),
    [
        ("gs://b?project=p", ["the parameter `project` of gs:// URLs has no effect on reading"]),
        ("s3://b?regoin=x", ["the parameter `regoin` of s3:// URLs has no effect on reading; did you mean `region`?"]),
        ("file:///srv?region=x", ["the parameter `region` of file:// URLs has no effect on reading"]),
        ("s3://b?region=x&kmskeyid=k", ["the parameter `kmskeyid` of s3:// URLs has no effect on reading"]),
        ("s3://b?region=x&prefix=p", []),
        ("gs://b?role=r", ["the parameter `role` of gs:// URLs has no effect on reading"]),
        ("states/*.json?x=y", []),
        ("pulumi://acme", []),
    ],
    ids=[
        "unknown",
        "misspelt",
        "of another scheme",
        "for writing",
        "known",
        "refused elsewhere",
        "a glob",
        "Pulumi Cloud",
    ],
)
def test_a_parameter_without_effect_is_noted(url: str, notes: list[str]) -> None:
    assert list(notes_on(url)) == notes
    if notes:
        assert not set(parse_backend_url(url).parameters) & {"project", "regoin", "kmskeyid"}


@pytest.mark.parametrize("url", ["s3://b?role=arn:aws:iam::1:role/r", "gs://b?universe_domain=x.goog"])
def test_a_parameter_that_is_refused_is_not_noted_as_without_effect(url: str) -> None:
    assert list(notes_on(url)) == []
    with pytest.raises(TargetError, match="is not supported"):
        parse_backend_url(url)


@pytest.mark.parametrize(("target", "phrases"), WRONG.values(), ids=WRONG.keys())
def test_what_is_no_target_is_refused_with_a_sentence(target: str, phrases: list[str]) -> None:
    with pytest.raises(TargetError) as caught:
        open_target(target)
    message = str(caught.value)
    assert [phrase for phrase in phrases if phrase not in message] == [], message


@pytest.mark.parametrize(
    ("environment", "url", "phrase"),
    [
        ({}, "azblob://c", "AZURE_STORAGE_ACCOUNT"),
        ({"GOOGLE_CREDENTIALS": "key.json"}, "gs://b", "GOOGLE_CREDENTIALS has to hold the JSON"),
        ({"AZURE_STORAGE_ACCOUNT": "acme"}, "azblob://c?protocol=http", "AZURE_STORAGE_KEY"),
        (
            {"AZURE_STORAGE_ACCOUNT": "acme", "AZURE_STORAGE_SAS_TOKEN": "sig=x"},
            "azblob://c?domain=evil.example.com",
            "is not sent to another address",
        ),
    ],
)
def test_what_the_environment_lacks(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], url: str, phrase: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(TargetError) as caught:
        options_of(parse_backend_url(url))
    assert phrase in str(caught.value)


def test_what_a_target_is_called_says_which_bucket_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT", "acme")
    assert open_target("s3://b/team?region=eu-west-1&profile=p").target == "s3://b/team"
    assert open_target("s3://b?endpoint=minio:9000").target == "s3://b?endpoint=minio%3A9000"
    assert open_target("azblob://c").target == "azblob://c?storage_account=acme"
    assert open_target("gs://b").target == "gs://b"


def test_a_url_may_name_exported_states() -> None:
    kinds = {}
    for url in ("gs://b", "gs://b/exports/*.json", "gs://b/exports/prod.json.gz", "gs://b/json"):
        store = open_target(url)
        assert isinstance(store, ObjectStore)
        kinds[url] = store.kind
    assert kinds == {
        "gs://b": "backend",
        "gs://b/exports/*.json": "files",
        "gs://b/exports/prod.json.gz": "files",
        "gs://b/json": "backend",
    }


APIS = {
    "Pulumi Cloud": ({}, "https://api.pulumi.com"),
    "self-hosted": ({"PULUMI_API": "https://api.acme.com/"}, "https://api.acme.com"),
    "logged in": ({"PULUMI_BACKEND_URL": "https://api.acme.com"}, "https://api.acme.com"),
    "logged in elsewhere": ({"PULUMI_BACKEND_URL": "gs://states"}, "https://api.pulumi.com"),
}


@pytest.mark.parametrize(("environment", "api"), APIS.values(), ids=APIS.keys())
def test_which_api_is_asked(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], api: str) -> None:
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "pul-1")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert open_target("pulumi://acme") == CloudStore("acme", None, api)
    assert open_target("pulumi://acme/llm") == CloudStore("acme", "llm", api)


def test_a_folder_that_may_not_be_read_is_no_folder_without_stacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / ".pulumi/stacks"
    closed.mkdir(parents=True)
    (closed / "prod.json").write_text("{}")
    scandir = os.scandir

    def refuse(path: str) -> Any:
        if os.fspath(path) == str(closed):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(TargetError, match=r"it cannot be listed: no permission"):
        list(open_target(str(tmp_path)).entries())
