"""`instance-no-plaintext-secrets` on texts with and without secrets, and on machines of every kind."""

from __future__ import annotations

import base64
import gzip
from pathlib import Path
from typing import Any

import pytest

from policypack.model.values.values import UNKNOWN
from tests.rules.machines import KINDS, machine, on_path, with_path
from tests.stacks import Computed, Expected, Out, R, build, check_verdict, finding, findings

RULE = "instance-no-plaintext-secrets"
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGH"
# Put together here, so that no scanner of repositories takes them for real.
HF = "hf_" + LETTERS
PEM = "-----BEGIN {}PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEAx1x2y3\n"
SCRIPT = f"#!/bin/bash\nexport HF_TOKEN={HF}\n"

TOKENS = [
    ("a Hugging Face token", HF),
    ("a private key", PEM.format("")),
    ("a private key", PEM.format("RSA ")),
    ("a private key", PEM.format("OPENSSH ").replace("\n", "\\n")),
    ("a private key", PEM.format("EC ").replace("\n", "\n      ")),
    ("an API key of the form `sk-`", "sk-" + "1234567890abcdef1234567890"),
    ("an API key of the form `sk-`", "sk-proj-" + "Ab3_" * 10),
    ("an API key of the form `sk-`", "sk-ant-api03-" + "Ab3-" * 10),
    ("a GitHub token", "ghp_" + "a1B2" * 9),
    ("a GitHub token", "github_pat_" + "a1B2" * 9),
    ("a GitLab token", "glpat-" + "abcDEF123456_7890abc"),
    ("a Google API key", "AIza" + "Sy1234567_-" * 3 + "ab"),
    ("a Google access token", "ya29." + "a0AfH6SMB" * 4),
    ("a Google client secret", "GOCSPX-" + LETTERS),
    ("an AWS access key", "AKIA" + "IOSFODNN7EXAMPL1"),
    ("a Slack token", "xoxb-" + "123456789012-abcdefGHIJ"),
    ("an NVIDIA API key", "nvapi-" + LETTERS),
    ("a package registry token", "npm_" + "a1B2" * 9),
    ("a JSON Web Token", "eyJ" + LETTERS + ".eyJ" + LETTERS + "." + LETTERS),
]


@pytest.mark.parametrize(("kind", "token"), TOKENS)
@pytest.mark.parametrize("around", ["{}", "export X={}\n", 'run --flag="{}" \\\n', "x: '{}'", "# {}\n"])
def test_tokens_of_known_form(kind: str, token: str, around: str) -> None:
    found = finding(RULE, *on_path(machine({"metadata": {"user-data": around.format(token)}})))
    assert found.status == "failed"
    assert kind in found.problems[0].observed


SECRETS = [
    "password: hunter22",
    "password: hunter22  # for now",
    "passwd='x y' password='hunter22'",
    "DB_PASSWORD='S3cret!'",
    "password = hunter2",
    "plain_text_passwd: changeme",
    'api_key = "9f8a7b6c5d4e3f2a"',
    '{"token": "9f8a7b6c5d4e3f2a1b"}',
    '\\"token\\": \\"9f8a7b6c5d4e3f2a1b\\"',
    "  - name: HF_TOKEN\n    value: 'abcdEFGH1234'",
    '{"name": "WANDB_API_KEY", "value": "abcdEFGH1234"}',
    'curl -H "Authorization: Bearer abc123DEF456ghi" https://example.com',
    "X-API-Key: abc123DEF456ghi",
    "postgres://llm:s3cr3t@10.0.0.2/db",
    "redis://:s3cr3t@10.0.0.2",
    "echo root:toor123 | chpasswd",
    "docker login -u bot -p hunter2hunter2 registry.example.com",
    'curl -sS -u "bot:s3cr3t99" https://example.com',
    "sshpass -p s3cr3t99 scp weights host:",
    "chpasswd:\n  expire: false\n  list: |\n    root:abc123\n",
    "docker run -e WANDB_API_KEY=0123456789abcdef0123456789abcdef01234567 x",
    "docker run --env HF_TOKEN=AbCdEf123456 x",
    "vllm serve m --api-key=mY5ecretKey1",
    "vllm serve m --api-key mY5ecretKey1 --port 8000",
    "secret: 8s7df6g5h4j3k2l1",
    'os.environ["HF_TOKEN"] = x; client_secret = "aB3dE5gH7jK9"',
    "export API_KEY=AbCdEf123456; run",
    "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCY",
    base64.b64encode(SCRIPT.encode()).decode(),
    base64.encodebytes(gzip.compress(SCRIPT.encode(), mtime=0)).decode(),
    base64.b64encode(b"data: " + base64.b64encode(SCRIPT.encode())).decode(),
]


@pytest.mark.parametrize("text", SECRETS)
def test_secrets_by_name(text: str) -> None:
    check_verdict(RULE, with_path({"metadata": {"startup-script": text}}), "failed")


HARMLESS = [
    "TOKEN=$(curl -s http://metadata.google.internal/token)",
    'export HF_TOKEN="$(gcloud secrets versions access latest --secret=hf-token)"',
    "API_KEY=${API_KEY:?}",
    'vllm serve --api-key "$KEY"',
    "token = get_token()",
    "token = os.environ['HF_TOKEN']",
    "login(token=hf_token)",
    "api_key = settings.api_key",
    "password: str = None",
    "def f(token: str, password: Optional[str]=None):",
    "max_tokens: 4096",
    "--max-num-batched-tokens 8192",
    "eos_token: '</s>'",
    'pad_token="<|endoftext|>"',
    'image_token="vision1234start"',
    "tokenizer: Qwen/Qwen3-8B",
    """sed --quiet 's/.*"access_token" *: *"\\([^"]*\\)".*/Authorization: Bearer \\1/p'""",
    """sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/p'""",
    'KEY_VARIABLE="VLLM_API_KEY"',
    'SECRET="llm-prod-api-key"',
    "api_key_env=VLLM_API_KEY",
    "secret: projects/p/secrets/hf/versions/latest",
    "lock_passwd: true",
    "passwd: $6$rounds=4096$abc",
    "token: YOUR_TOKEN_HERE",
    "hf_token: <your token>",
    'if [ "$TOKEN" = "abcdefgh1" ]; then',
    "password-file: /run/secrets/x",
    "PASSWORD_FILE=/run/secrets/x",
    "docker login --password-stdin",
    "OPENAI_API_KEY=EMPTY",
    "# password: read it from Secret Manager",
    "grep -q 'BEGIN PRIVATE KEY' key.pem",
    "printf -- '-----BEGIN PRIVATE KEY-----\n%s' \"$KEY\"",
    "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOC\n",
    "-----BEGIN CERTIFICATE-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOC\n",
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOC\n",
    "pip install sk-learn-extra-package-for-training",
    "git tag sk-" + "a1" * 12,
    "hf_hub_download_with_a_very_long_function_name_indeed",
    "hf_" + "x" * 34,
    "docker.io/vllm/vllm-openai:v0.11.0@sha256:014a95f21c9edf6abe0aea6b07353f96baa4ec291c427bb1176dc7c93a85845c",
    "git clone ssh://git@github.com:22/x",
    "curl http://user:${PASS}@h",
    "docker login -u bot -p $PASSWORD registry.example.com",
    'docker login -u bot -p "$(gcloud auth print-access-token)" registry.example.com',
    "docker login -u bot registry.example.com; docker run -p 8000:8000 vllm/vllm-openai",
    "curl -u bot:$PASSWORD https://example.com",
    "token_endpoint: https://oauth2.googleapis.com/token",
    "GOOGLE_APPLICATION_CREDENTIALS=/var/key.json",
    'curl -H "Authorization: Bearer $TOKEN" -H "X-aws-ec2-metadata-token-ttl-seconds: 21600"',
    "token: ''",
    "HF_TOKEN=\n",
    "password={{ password }}",
    'password="%s"',
    "TOKEN=`cat /run/token`",
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7 user@host",
    base64.b64encode(b"#!/bin/bash\necho hello to everybody\n").decode(),
]


@pytest.mark.parametrize("text", HARMLESS)
def test_no_alarm(text: str) -> None:
    check_verdict(RULE, with_path({"metadata": {"startup-script": text}}), "passed")


@pytest.mark.parametrize("text", ["api_key: my-llm-key", "HF_TOKEN=hf-token-prod", "--api-key correct-horse-battery"])
def test_a_secret_or_the_name_of_one(text: str) -> None:
    check_verdict(RULE, with_path({"metadata": {"startup-script": text}}), "undecided")


def test_what_is_a_secret_for_certain_goes_before_what_may_be_one() -> None:
    text = f"HF_TOKEN={HF}\napi_key: my-llm-key\n"
    found = finding(RULE, *on_path(machine({"metadata": {"startup-script": text}})))
    assert (found.status, found.reasons) == ("failed", ())


def test_the_cloud_init_document_of_the_reference_stack_has_none() -> None:
    template = Path(__file__).parents[2] / "reference_stack" / "llm_stack" / "machines" / "server.cloud-init.yaml"
    check_verdict(RULE, with_path({"metadata": {"user-data": template.read_text()}}), "passed")


PASSWORD = R("random:index/randomPassword:RandomPassword", "api-key", {}, {"outputs": {"result": "gR7-xx_pq0"}})
KEY_PAIR = R("tls:index/privateKey:PrivateKey", "pair", {}, {"outputs": {"privateKeyPem": "pem of this key",
                                                                       "privateKeyOpenssh": UNKNOWN}})  # fmt: skip
NOT_YET = R("random:index/randomPassword:RandomPassword", "api-key", {}, {"outputs": {"result": UNKNOWN}})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({}, "passed"),
        ({"metadata": {}}, "passed"),
        ({"metadata": {"foo": "bar", "empty": "", "none": None, "number": 7}}, "passed"),
        ({"metadata": {"foo": HF}}, "failed"),
        ({"metadata": {"hf-token": "AbCdEf123456"}}, "failed"),
        ({"metadata": {"admin_password": "hunter2"}}, "failed"),
        ({"metadata": {"api-key-secret": "llm-key"}}, "passed"),
        ({"metadataStartupScript": SCRIPT}, "failed"),
        ({"metadataStartupScript": "echo hello"}, "passed"),
        ({"metadataStartupScript": Computed((), SCRIPT)}, ("undecided", "failed")),
        ({"partnerMetadata": {"ns": f'{{"x": "{HF}"}}'}}, "failed"),
        ({"metadata": Computed((), {"user-data": SCRIPT})}, ("undecided", "failed")),
        ({"metadata": {"user-data": Computed((), "echo hello")}}, ("undecided", "passed")),
        ({"metadata": {"user-data": Computed(), "foo": HF}}, "failed"),
        ({"metadata": [HF]}, "undecided"),
        ({"metadata": {"x": Computed((PASSWORD,), "-k gR7-xx_pq0")}}, ("undecided", "failed")),
        ({"metadata": {"x": Computed((PASSWORD,), "its id")}}, ("undecided", "passed")),
        ({"metadata": {"x": Computed((KEY_PAIR,), "its id")}}, "undecided"),
    ],
)
def test_machines(inputs: dict[str, Any], expected: Expected, kind: str) -> None:
    check_verdict(RULE, with_path(inputs, PASSWORD, KEY_PAIR, kind=kind), expected)


def test_the_output_of_a_secret_resource_that_is_not_known_yet() -> None:
    (reason,) = finding(RULE, *on_path(machine({"metadata": {"x": Out(NOT_YET, "result")}})), NOT_YET).reasons
    assert reason == (
        "the metadata value `x` is computed, also from `api-key`, and may contain the secret; read the secret "
        "at boot instead"
    )


@pytest.mark.parametrize(
    ("added", "status"),
    [
        ({"metadata": {"foo": HF}}, "failed"),
        ({"metadata": {"foo": "bar"}}, "passed"),
        ({"metadata": Computed()}, "undecided"),
        (Computed(), "undecided"),
    ],
)
def test_what_the_group_adds(added: Any, status: str) -> None:
    check_verdict(RULE, with_path({}, group={"allInstancesConfig": added}), status)


@pytest.mark.parametrize("text", [*SECRETS, *(token for _, token in TOKENS)])
def test_nothing_that_is_reported_quotes_a_value_or_a_key_that_may_be_one(text: str) -> None:
    subject = machine({"metadata": {"my-key-s3cr3t": text, "user-data": text}})
    (found,) = findings(RULE, build(*on_path(subject)))
    reported = " ".join(part for p in found.problems for part in (p.observed, p.required, p.fix)) + str(found.reasons)
    assert "my-key-s3cr3t" not in reported
    assert not any(word in reported for word in text.split() if len(word) > 8)


COMPUTED = "is computed, so it cannot be checked; write the text out"
READ_BY_NAME = "or the name of one, which a variable such as `LLM_KEY_SECRET` would tell"


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        pytest.param({"startup-script": "export HF_TOKEN=hf-token-prod"},
                     f"the metadata value `startup-script` contains a token in `HF_TOKEN`, {READ_BY_NAME}",
                     id="a variable of a script"),
        pytest.param({"startup-script": "export xK9dm_TOKEN=hf-token-prod"},
                     f"the metadata value `startup-script` contains a token, {READ_BY_NAME}",
                     id="a variable with a name that may be a secret"),
        pytest.param({"hfToken": "hf-token-prod"},
                     f"the metadata value `hfToken` contains a token, {READ_BY_NAME}", id="a key"),
        pytest.param({"llm-config": Computed()},
                     f"the metadata value `llm-config` {COMPUTED}",
                     id="a computed value"),
        pytest.param({"k3y-x9z": Computed()},
                     f"a metadata value with another key {COMPUTED}",
                     id="a computed value with a key that may be a secret"),
        pytest.param(Computed(),
                     f"its metadata as a whole {COMPUTED}",
                     id="all of it"),
    ],
)  # fmt: skip
def test_what_is_not_known_is_named_with_a_way_out(metadata: Any, reason: str) -> None:
    assert finding(RULE, *on_path(machine({"metadata": metadata}))).reasons == (reason,)


def test_the_message_names_known_keys_and_kinds() -> None:
    inputs = {"metadata": {"user-data": f"{SCRIPT} password: hunter2", "foo": HF}, "metadataStartupScript": SCRIPT}
    (problem,) = finding(RULE, *on_path(machine(inputs))).problems
    assert problem.observed == (
        "It has plaintext secrets in the metadata value `user-data`: a Hugging Face token, a password. "
        "It has plaintext secrets in the metadata value `foo`: a Hugging Face token. "
        "It has plaintext secrets in `metadata_startup_script`: a Hugging Face token."
    )


OTHER = "Zx9Qw8rTy7uIo6"


@pytest.mark.parametrize(
    ("key", "text", "kinds"),
    [
        pytest.param("HF_TOKEN", HF, "a Hugging Face token", id="a key"),
        pytest.param("HF_TOKEN", OTHER, "a token", id="a key of what has no known form"),
        pytest.param("x", f"HF_TOKEN={HF}", "a Hugging Face token", id="a variable"),
        pytest.param("x", f"name: HF_TOKEN\n  value: {HF}", "a Hugging Face token", id="a variable of a container"),
        pytest.param("x", f"run --token {HF}", "a Hugging Face token", id="a flag"),
        pytest.param("x", f"Authorization: Bearer {HF}", "a Hugging Face token", id="a header"),
        pytest.param("x", f"https://bot:{HF}@example.com", "a Hugging Face token", id="a URL"),
        pytest.param("x", f"docker login -p {HF}", "a Hugging Face token", id="a command"),
        pytest.param("x", f"x-api-key: {OTHER}", "an authorization header", id="a header of its own name"),
        pytest.param("x", f"A_TOKEN={HF} B_TOKEN={OTHER}", "a Hugging Face token, a token", id="two tokens"),
        pytest.param("x", f"Authorization: Bearer {OTHER}\nPASSWORD={OTHER}", "an authorization header, a password",
                     id="a header and a password"),
    ],
)  # fmt: skip
def test_one_secret_is_of_one_kind(key: str, text: str, kinds: str) -> None:
    (problem,) = finding(RULE, *on_path(machine({"metadata": {key: text}}))).problems
    assert problem.observed.partition(": ")[2] == f"{kinds}."


def test_a_secret_after_a_text_that_is_unpacked_in_part() -> None:
    parts = [gzip.compress(b"echo " * 20_000), f"HF_TOKEN={HF}".encode()]
    text = "\n- ".join(base64.b64encode(part).decode() for part in parts)
    check_verdict(RULE, with_path({"metadata": {"user-data": text}}), "failed")


def test_a_long_text_takes_no_long_time() -> None:
    texts = ["-eyJ" * 60_000, "password: " * 20_000, "A" * 250_000, "\n".join(["A" * 30] * 8_000)]
    bomb = base64.b64encode(gzip.compress(b"\0" * 50_000_000)).decode()
    subject = machine({"metadata": {str(number): text for number, text in enumerate([*texts, bomb])}})
    assert finding(RULE, *on_path(subject)).status in ("passed", "failed", "undecided")
