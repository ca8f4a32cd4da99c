#!/usr/bin/env python3
"""Keeps one note on a GitLab merge request that holds the newest report.

usage: scripts/note.py policy.md

Runs in a job of a merge request's pipeline, with POLICY_NOTE_TOKEN, a token with the scope `api`. The note is that of
the token's user which begins with the report's first line; there is a new one only where there is none yet.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

NEEDED = ("CI_API_V4_URL", "CI_PROJECT_ID", "CI_MERGE_REQUEST_IID", "POLICY_NOTE_TOKEN")
# GitLab takes 1,000,000 characters.
LONGEST = 900_000
TIMEOUT_SECONDS = 30


def main() -> int:
    """Writes the note; 2 if it cannot."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    if missing := [name for name in NEEDED if not os.environ.get(name)]:
        print(
            f"Not set: {', '.join(missing)}. The comments in docs/ci/gitlab-ci.yml say where they come from.",
            file=sys.stderr,
        )
        return 2
    try:
        report = Path(sys.argv[1]).read_text("utf-8", "replace")[:LONGEST]
        write(report)
    except urllib.error.HTTPError as error:
        print(f"GitLab answers {error.code} to {error.url}: has POLICY_NOTE_TOKEN the scope `api`?", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"The note could not be written: {error}", file=sys.stderr)
        return 2
    return 0


def write(report: str) -> None:
    """Puts a report into the note with its first line, or makes that note."""
    notes = f"projects/{os.environ['CI_PROJECT_ID']}/merge_requests/{os.environ['CI_MERGE_REQUEST_IID']}/notes"
    marker, user = report.partition("\n")[0], gitlab("GET", "user")["id"]
    page: str | int = 1
    while page:
        found, page = pages(f"{notes}?sort=asc&per_page=100&page={page}")
        for note in found:
            if note["author"]["id"] == user and note["body"].startswith(marker):
                gitlab("PUT", f"{notes}/{note['id']}", report)
                return
    gitlab("POST", notes, report)


def gitlab(method: str, path: str, body: str | None = None) -> Any:
    """What GitLab's API answers."""
    with opened(method, path, body) as response:
        return json.load(response)


def pages(path: str) -> tuple[list[dict[str, Any]], str]:
    """A page of a list, and the number of the next; empty for the last."""
    with opened("GET", path) as response:
        return json.load(response), response.headers.get("X-Next-Page", "")


def opened(method: str, path: str, body: str | None = None) -> Any:
    """A response of GitLab's API."""
    request = urllib.request.Request(
        f"{os.environ['CI_API_V4_URL']}/{path}",
        method=method,
        data=None if body is None else urllib.parse.urlencode({"body": body}).encode(),
        headers={"PRIVATE-TOKEN": os.environ["POLICY_NOTE_TOKEN"]},
    )
    return urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
