"""A stand-in for the Google Cloud CLI: buckets are folders, what they note of objects and secrets are files."""

from __future__ import annotations

import sys
from pathlib import Path

# Answers as the Google Cloud CLI does: output, errors, patterns in names, versions that were replaced.
GCLOUD = f"""#!{sys.executable} -SE
import glob, json, os, pathlib, shutil, sys
bucket = pathlib.Path(os.environ["BUCKETS"])
noted = bucket / "noted.json"
hashes = json.loads(noted.read_text()) if noted.exists() else {{}}
def fail(text):
    sys.exit("ERROR: (gcloud.storage." + sys.argv[2] + ") " + text)
def place(url):
    return bucket / url.removeprefix("gs://")
with (bucket / "calls").open("a") as calls:
    print(*sys.argv[2:], file=calls)
*_, last = sys.argv
if os.environ.get("DENIED", "nothing") in sys.argv[2:]:
    fail("[ci@example.com] does not have permission to access b instance [weights-bucket] (or it may not exist)")
if sys.argv[1:4] == ["secrets", "versions", "add"] and sys.argv[5:] == ["--data-file=-"]:
    (bucket / ("secret-" + sys.argv[4])).write_text(sys.stdin.read())
    sys.exit()
match sys.argv[2]:
    case "objects":
        url = sys.argv[4].removesuffix("**")
        name, _, prefix = url.removeprefix("gs://").partition("/")
        if not (bucket / name).is_dir():
            fail("gs://" + name + " not found: 404.")
        rows = []
        for file in sorted((bucket / name).rglob("*")):
            path = file.relative_to(bucket / name).as_posix()
            if file.is_file() and path.startswith(prefix):
                row = {{"name": path, "size": file.stat().st_size}}
                if path in hashes:
                    row["custom_fields"] = {{"sha256": hashes[path]}}
                rows += [row, {{**row, "noncurrent_time": "2026-01-01T00:00:00+0000", "custom_fields": None}}]
        print(json.dumps(rows + [{{"name": prefix, "size": 0}}]))
    case "cat":
        print(place(last).read_text(), end="")
    case "cp":
        *options, source, url = sys.argv[3:]
        if any(letter in url for letter in "*?["):
            fail("Destination (" + url + ") contains an unexpected wildcard.")
        (source,) = glob.glob(source)
        if "--if-generation-match=0" in options and place(url).exists():
            fail("HTTPError 412: At least one of the pre-conditions you specified did not hold.")
        place(url).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, place(url))
        hashes[url.split("/", 3)[3]] = options[0].removeprefix("--custom-metadata=sha256=")
        noted.write_text(json.dumps(hashes))
"""


def put_gcloud(folder: Path) -> None:
    """Puts it into a folder for `PATH`; the environment variable `BUCKETS` says where the buckets are."""
    gcloud = folder / "gcloud"
    gcloud.parent.mkdir(exist_ok=True)
    gcloud.write_text(GCLOUD)
    gcloud.chmod(0o755)
