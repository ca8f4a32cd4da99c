"""The boot sequence of a machine: what it fetches, how often, and what its journal says of what it cannot have."""

from __future__ import annotations

import dataclasses
import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_stack.machines.cloud_init import cloud_init
from tests.reference_stack.boot.google import METADATA, SECRET_MANAGER, STORAGE, Cut, Google, serving
from tests.reference_stack.boot.machine import Machine, Unit
from tests.reference_stack.boot.test_stack_server import settings

KEY = "projects/my-llm-project/secrets/api-key/versions/latest:access"
FOLDER = "weights-bucket/qwen3-4b/v1"
# What folders of models hold, and what else a manifest may name.
WEIGHTS = {
    "config.json": b"{}",
    "empty.txt": b"",
    "part/deeper/weights.bin": b"0123456789" * 2000,
    "chat template's (v2).jinja": b"{{ messages }}",
    "50% + 1?#.txt": b"odd",
    "größe.txt": b"8B",
    ".hidden/.file": b"hidden",
    "-rf": b"dash",
    "--output": b"dashes",
    "$(reboot)`reboot`;&.txt": b"shell",
}
LARGE = "part/deeper/weights.bin"
FEW = {name: WEIGHTS[name] for name in ("config.json", LARGE)}


@pytest.fixture
def google(tmp_path: Path) -> Google:
    google = Google(tmp_path / "buckets")
    google.secrets[f"v1/{KEY}"] = "key-1"
    return google


@pytest.fixture
def curl_home(google: Google, tmp_path: Path) -> Iterator[Path]:
    with serving(google, tmp_path / "curl") as folder:
        yield folder


def put(google: Google, files: dict[str, bytes], manifest: str | None = None) -> str:
    """Uploads a model; gives the hash of its manifest."""
    folder = google.buckets / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    if manifest is None:
        manifest = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items())
    (folder / "SHA256SUMS").write_bytes(manifest.encode())
    return hashlib.sha256(manifest.encode()).hexdigest()


@dataclasses.dataclass
class Region:
    """Where machines are made: their stack's folder, what they ask, and the folder that they are in."""

    stack_dir: Path
    curl_home: Path
    root: Path

    def machine(self, manifest_sha256: str, patience: int = 6) -> Machine:
        wanted = dataclasses.replace(settings(self.stack_dir, "dev"), manifest_sha256=manifest_sha256)
        return Machine(self.root, self.curl_home, cloud_init(wanted), patience)


@pytest.fixture
def region(stack_dir: Path, curl_home: Path, tmp_path: Path) -> Region:
    return Region(stack_dir, curl_home, tmp_path / "machine")


def test_first_boot(google: Google, region: Region) -> None:
    machine = region.machine(put(google, WEIGHTS))
    assert machine.boot() == ""
    assert machine.served == WEIGHTS
    assert machine.keys == ["LLAMA_API_KEY=key-1"]
    assert machine.pauses == []
    names = [call.split()[:3] for call in machine.calls]
    expected = [
        "systemctl daemon-reload",
        "systemctl start --no-block",
        "docker network inspect",
        "docker network create",
    ]
    expected += ["iptables --wait --insert", "docker-credential-gcr configure-docker --registries=us-docker.pkg.dev"]
    expected += ["docker image inspect", "docker pull --quiet"] * 2
    expected += ["docker rm --force", "docker run --rm"] * 2
    assert names == [call.split() for call in expected]


def test_the_key_is_in_no_log_and_no_command_and_readable_by_root_alone(google: Google, region: Region) -> None:
    machine = region.machine(put(google, FEW))
    journal = machine.boot()
    assert "key-1" not in journal + "\n".join(machine.calls)
    files = [file for file in region.root.rglob("*") if file.is_file() and b"key-1" in file.read_bytes()]
    assert {file.name for file in files} == {"key.env", "keys"}
    assert machine.folder_of("%t").stat().st_mode & 0o077 == 0
    assert (machine.folder_of("%t") / "key.env").stat().st_mode & 0o077 == 0


def test_the_server_may_read_the_weights_as_any_user(google: Google, region: Region) -> None:
    machine = region.machine(put(google, FEW))
    machine.boot()
    (model,) = (machine.folder_of("%S") / "models").glob("[0-9a-f]*[0-9a-f]")
    assert all(place.stat().st_mode & 0o004 for place in [model, *model.rglob("*")])


def test_a_reboot_downloads_nothing_again(google: Google, region: Region) -> None:
    machine = region.machine(put(google, FEW))
    machine.boot()
    google.requests.clear()
    assert machine.boot() == ""
    assert google.asked(STORAGE) == []
    assert len(google.asked(SECRET_MANAGER)) == 1
    assert machine.served == FEW
    assert [call.split()[:2] for call in machine.calls].count(["docker", "pull"]) == 2
    assert [call for call in machine.calls if call.startswith("docker network create")] == ["docker network create llm"]


def test_a_server_that_ends_is_started_again_with_the_newest_key(google: Google, region: Region) -> None:
    machine = region.machine(put(google, FEW))
    machine.boot()
    google.secrets[f"v1/{KEY}"] = "key-2"
    google.requests.clear()
    assert machine.start("llm-server.service") == ""
    assert machine.keys == ["LLAMA_API_KEY=key-1", "LLAMA_API_KEY=key-2"]
    assert google.asked(STORAGE) == []


def test_a_lost_connection_is_taken_up_where_it_broke(google: Google, region: Region) -> None:
    machine = region.machine(put(google, FEW))
    path = f"{STORAGE}/{FOLDER}/{LARGE}"
    google.faults[path] = [Cut(6000), Cut(4000), 503]
    journal = machine.boot()
    assert machine.served == FEW
    assert machine.pauses == [15, 30, 60]
    assert [request.first_byte for request in google.asked(path)] == [0, 6000, 10000, 10000]
    assert all(len(google.asked(f"{STORAGE}/{FOLDER}/{name}")) == 1 for name in FEW if name != LARGE)
    said = [line for line in journal.splitlines() if line.startswith("gs://")]
    assert len(said) == 3
    assert all(line.startswith(f"gs://weights-bucket/qwen3-4b/v1/{LARGE}: ") for line in said)
    assert "503" in said[2]


def test_a_file_that_was_complete_when_the_machine_stopped_is_not_fetched_again(google: Google, region: Region) -> None:
    manifest = put(google, FEW)
    machine = region.machine(manifest)
    partial = machine.folder_of("%S") / "models" / f"{manifest}.partial" / LARGE
    partial.parent.mkdir(parents=True)
    partial.write_bytes(FEW[LARGE])
    assert machine.boot() == ""
    assert machine.served == FEW


def test_the_rest_of_another_file_is_thrown_away(google: Google, region: Region) -> None:
    manifest = put(google, FEW)
    machine = region.machine(manifest)
    partial = machine.folder_of("%S") / "models" / f"{manifest}.partial" / LARGE
    partial.parent.mkdir(parents=True)
    partial.write_bytes(b"other")
    journal = machine.boot()
    assert machine.pauses == [15]
    assert f"/{LARGE}: its SHA-256 is " in journal
    assert machine.served == FEW


# What a machine may lack at first, in the order in which it asks, and how its journal says so.
LACKING: list[tuple[str, int | Cut, str]] = [
    (
        f"{METADATA}/computeMetadata/v1/instance/service-accounts/default/token",
        404,
        "The metadata server gives no token",
    ),
    (f"{SECRET_MANAGER}/v1/{KEY}", 403, "secret api-key: this machine's service account may not read it (HTTP 403)."),
    (f"{SECRET_MANAGER}/v1/{KEY}", 404, "secret api-key: there is no such thing. Add a version with: gcloud secrets"),
    (f"{SECRET_MANAGER}/v1/{KEY}", Cut(20), "secret api-key: "),
    (
        f"{STORAGE}/{FOLDER}/SHA256SUMS",
        404,
        "gs://weights-bucket/qwen3-4b/v1/SHA256SUMS: there is no such thing. Upload it",
    ),
    (
        f"{STORAGE}/{FOLDER}/config.json",
        403,
        "gs://weights-bucket/qwen3-4b/v1/config.json: this machine's service account",
    ),
    (
        f"{STORAGE}/{FOLDER}/config.json",
        429,
        "gs://weights-bucket/qwen3-4b/v1/config.json: The requested URL returned error: 429",
    ),
    (
        f"{STORAGE}/{FOLDER}/config.json",
        Cut(-1),
        "gs://weights-bucket/qwen3-4b/v1/config.json: Empty reply from server.",
    ),
]


def test_what_comes_later_is_said_in_one_line_and_waited_for(google: Google, region: Region) -> None:
    machine = region.machine(put(google, FEW), patience=20)
    for path, fault, _ in LACKING:
        google.faults[path].append(fault)
    lines = machine.boot().splitlines()
    pauses = [15, 30, 60, 120, 240, 300, 300, 300]
    assert machine.pauses == pauses
    assert lines[1::2] == [f"Not ready to start the server. Next try in {pause} s." for pause in pauses]
    for line, (_, _, said) in zip(lines[::2], LACKING, strict=True):
        assert line.startswith(said)
    assert machine.served == FEW


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({LARGE: None}, "there is no such thing. Upload it with upload_model.py.", id="missing"),
        pytest.param({LARGE: b"others"}, "Upload it again, or correct model.manifest_sha256.", id="wrong"),
    ],
)
def test_what_never_comes_is_asked_for_more_and_more_seldom(
    google: Google, region: Region, change: dict[str, bytes | None], said: str
) -> None:
    machine = region.machine(put(google, FEW), patience=6)
    for name, content in change.items():
        file = google.buckets / FOLDER / name
        file.unlink() if content is None else file.write_bytes(content)
    lines = machine.boot().splitlines()
    assert machine.pauses[:6] == [15, 30, 60, 120, 240, 300]
    assert machine.served is None
    objects = [line for line in lines if line.startswith("gs://")]
    assert len(objects) == 6
    assert all(
        line.startswith(f"gs://weights-bucket/qwen3-4b/v1/{LARGE}: ") and line.endswith(said) for line in objects
    )
    # What was verified is not fetched again meanwhile.
    assert len(google.asked(f"{STORAGE}/{FOLDER}/config.json")) == 1


def test_another_manifest_than_the_pinned_one_is_refused(google: Google, region: Region) -> None:
    put(google, FEW)
    machine = region.machine("ab" * 32, patience=1)
    found = hashlib.sha256((google.buckets / FOLDER / "SHA256SUMS").read_bytes()).hexdigest()
    assert f"gs://weights-bucket/qwen3-4b/v1/SHA256SUMS: its SHA-256 is {found}, not abab" in machine.boot()
    assert machine.served is None
    assert {request.path for request in google.asked(STORAGE)} == {f"{STORAGE}/{FOLDER}/SHA256SUMS"}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("../x", id="above"),
        pytest.param("..", id="parent"),
        pytest.param("a/./x", id="itself-in-the-middle"),
        pytest.param("/tmp/x", id="absolute"),
        pytest.param("a//x", id="no-name"),
        pytest.param("", id="empty"),
        pytest.param("a\x1b[2Jb", id="escape"),
        pytest.param("a\nb", id="newline"),
    ],
)
def test_a_hostile_name_is_refused_before_anything_is_fetched(google: Google, region: Region, name: str) -> None:
    digest = hashlib.sha256(b"x").hexdigest()
    machine = region.machine(
        put(google, {"config.json": b"{}"}, f"{digest}  config.json\n{digest}  {name}\n"), patience=1
    )
    first = machine.boot().splitlines()[0]
    assert "names no file of the model" in first
    assert first.isprintable()
    assert {request.path for request in google.asked(STORAGE)} == {f"{STORAGE}/{FOLDER}/SHA256SUMS"}
    assert machine.served is None


def test_a_name_that_sha256sum_escapes_is_refused(google: Google, region: Region) -> None:
    digest = hashlib.sha256(b"x").hexdigest()
    machine = region.machine(put(google, FEW, f"\\{digest}  a\\nb\n"), patience=1)
    assert "names no file of the model" in machine.boot()


@pytest.mark.parametrize("value", ["", "one\ntwo"], ids=["empty", "two-lines"])
def test_a_key_that_is_not_one_line_is_refused(google: Google, region: Region, value: str) -> None:
    google.secrets[f"v1/{KEY}"] = value
    machine = region.machine(put(google, FEW), patience=1)
    assert "secret api-key: its newest version is not one line of text." in machine.boot()
    assert machine.keys == []


def test_another_model_takes_the_place_of_the_old_one(google: Google, region: Region) -> None:
    region.machine(put(google, FEW)).boot()
    fewer = {"config.json": b"[]"}
    machine = region.machine(put(google, fewer))
    machine.boot()
    assert machine.served == fewer
    assert len(list((machine.folder_of("%S") / "models").iterdir())) == 2


def test_only_the_server_and_the_proxy_in_front_of_it_are_started_again_and_again(
    google: Google, region: Region
) -> None:
    machine = region.machine(put(google, FEW))
    machine.boot()
    for name in ("llm-server.service", "llm-proxy.service"):
        unit = Unit.of((region.root / "etc/systemd/system" / name).read_text())
        assert (unit["Restart"], unit["StartLimitIntervalSec"]) == ("always", "0")
        assert int(unit["RestartSec"]) >= 5
    # The proxy is started once the server's start is over, so that it does not fail while weights are fetched.
    assert unit["After"] == "llm-server.service"
