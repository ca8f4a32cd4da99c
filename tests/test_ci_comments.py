"""The scripts that keep one comment or note, against stand-ins of GitHub and GitLab."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
from markdown_it import MarkdownIt

ROOT = Path(__file__).parent.parent

# Without the packages of the environment it starts in half of the time.
GH = f"""#!{sys.executable} -IS
import fcntl, json, os, sys
from pathlib import Path

folder = Path(os.environ["GITHUB"])
path, *rest = sys.argv[2:]
method = rest[rest.index("--method") + 1] if "--method" in rest else "GET"
with open(folder / "lock", "w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    state = json.loads((folder / "state.json").read_text())
    kind, _, last = path.removeprefix("repos/acme/llm/").rpartition("/")
    if method == "GET" and last == "artifacts":
        items = [dict(id=i, name=name, size_in_bytes=(*size, 0)[0]) for i, name, _, *size in state["artifacts"]]
        print(json.dumps([dict(artifacts=items)]))
    elif method == "GET" and last == "zip":
        import io, zipfile
        (report,) = [text for i, _, text, *_ in state["artifacts"] if str(i) == kind.rpartition("/")[2]]
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(os.environ["REPORT"], report)
        sys.stdout.buffer.write(file.getvalue()[report == "damaged":])
    elif method == "GET" and kind == "actions/runs":
        print(json.dumps(state["run"]))
    elif method == "GET" and last == "pulls":
        # As GitHub does: by owner and branch.
        (wanted,) = [one.removeprefix("head=") for one in rest if one.startswith("head=")]
        print(json.dumps([[pull for pull in state["pulls"] if pull["head"]["label"] == wanted]]))
    elif path == "graphql":
        assert set(("owner=acme", "name=llm", "number=7")) <= set(rest), rest
        nodes = [
            dict(fullDatabaseId=i, body=body, viewerDidAuthor=i not in state["others"])
            for i, body in state["comments"].items()
        ]
        found = [dict(pullRequest=dict(comments=dict(nodes=page))) for page in (nodes[:1], nodes[1:])]
        print(json.dumps([dict(data=dict(repository=repository)) for repository in found]))
    else:
        body = sys.stdin.read() if method != "DELETE" else ""
        if method == "POST":
            state["comments"][str(len(state["written"]) + 100)] = body
        elif method == "PATCH":
            state["comments"][last] = body
        else:
            del state["comments"][last]
        state["written"].append([method, path])
        # What other jobs do while this one writes.
        state["artifacts"] += state["meanwhile"]
        state["meanwhile"] = []
        (folder / "state.json").write_text(json.dumps(state))
"""
MARKER = "<!-- llm-policypack -->"


def report(stack: str, verdict: str, more: str = "") -> str:
    return f"{MARKER}\n### LLM policy pack: {verdict}\n\n44 rules judged llm, stack {stack}.\n\nAll of {stack}.{more}\n"


PROD: list[Any] = [1, "policy-report-prod-1", report("prod", "2 violations, none of them mandatory")]
DEV = [2, "policy-report-dev-2", report("dev", "No violations")]


@pytest.fixture
def github(tmp_path: Path) -> Path:
    (tmp_path / "gh").write_text(GH)
    (tmp_path / "gh").chmod(0o755)
    return tmp_path


def start(folder: Path, *kind: str, pull_request: str = "7") -> subprocess.Popen[str]:
    report = f"{kind[0] if kind else 'policy'}.md"
    # This `python3`: another on the PATH may be a script of pyenv, which takes longer than Python.
    path = f"{folder}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "GITHUB": str(folder), "REPORT": report}
    command = [str(ROOT / "scripts/comment.py"), "acme/llm", pull_request, "55", *kind]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def comments_after(
    folder: Path, *kind: str, jobs: int = 1, pull_request: str = "7", **given: Any
) -> tuple[dict[str, str], list[list[str]]]:
    """The comments of the pull request, and what was written, after so many jobs have commented at the same time."""
    state = {"artifacts": [], "comments": {"5": "Looks good"}, "meanwhile": [], "written": [], "others": ["5"], **given}
    (folder / "state.json").write_text(json.dumps(state))
    for job in [start(folder, *kind, pull_request=pull_request) for _ in range(jobs)]:
        errors = job.communicate(timeout=60)[1]
        assert job.returncode == 0, errors
    after = json.loads((folder / "state.json").read_text())
    return after["comments"], after["written"]


def test_the_comment_of_one_stack_is_its_report(github: Path) -> None:
    comments, _ = comments_after(github, artifacts=[PROD])
    assert comments == {"5": "Looks good", "100": PROD[2]}


def test_the_comment_that_is_there_is_written_anew(github: Path) -> None:
    comments, written = comments_after(github, artifacts=[PROD], comments={"11": f"{MARKER}\nold"})
    assert comments == {"11": PROD[2]}
    assert written == [["PATCH", "repos/acme/llm/issues/comments/11"]]


def test_the_comment_of_somebody_else_is_left_alone_whatever_it_begins_with(github: Path) -> None:
    quoted = {"11": f"{MARKER}\nmine", "12": f"{MARKER}\nold"}
    comments, written = comments_after(github, artifacts=[PROD], comments=quoted, others=["11"])
    assert comments == {"11": quoted["11"], "12": PROD[2]}
    assert [path for _, path in written] == ["repos/acme/llm/issues/comments/12"]


def test_the_comment_holds_every_stack_and_shows_those_that_fail_first(github: Path) -> None:
    comments, _ = comments_after(github, artifacts=[DEV, PROD])
    text = comments["100"]
    assert text.startswith(f"{MARKER}\n### LLM policy pack: 2 reports\n")
    places = [text.index(part) for part in ("**2 violations", "**No violations", "All of prod.", "All of dev.")]
    assert places == sorted(places)


def test_a_report_that_comes_while_another_is_written_is_in_the_comment(github: Path) -> None:
    comments, _ = comments_after(github, artifacts=[DEV], meanwhile=[PROD])
    assert "All of prod." in comments["100"]
    assert "All of dev." in comments["100"]


def test_jobs_that_comment_at_the_same_time_leave_one_comment_with_all(github: Path) -> None:
    comments, _ = comments_after(github, jobs=4, artifacts=[DEV], meanwhile=[PROD])
    (text,) = [body for body in comments.values() if body.startswith(MARKER)]
    assert "All of prod." in text
    assert "All of dev." in text


def test_a_stack_that_is_judged_again_counts_once(github: Path) -> None:
    again = [9, PROD[1], report("prod", "No violations")]
    comments, _ = comments_after(github, artifacts=[PROD, again])
    assert comments["100"] == again[2]


def test_reports_that_do_not_fit_leave_every_verdict(github: Path) -> None:
    long = [[i + 10, f"policy-report-{i}", report(f"s{i}", f"{i} violations", "x" * 30_000)] for i in range(1, 6)]
    comments, _ = comments_after(github, artifacts=[*long, DEV])
    text = comments["100"]
    assert len(text) <= 65_536
    assert all(f"**{i} violations**: 44 rules judged llm, stack s{i}." in text for i in range(1, 6))
    assert "3 of the reports do not fit here" in text


def test_without_a_report_there_is_no_comment(github: Path) -> None:
    comments, written = comments_after(github)
    assert (comments, written) == ({"5": "Looks good"}, [])


def test_the_report_of_another_kind_has_a_comment_of_its_own(github: Path) -> None:
    changes = "<!-- llm-policypack-ecosystem -->\n### Ecosystem: the same verdicts\n"
    artifacts = [DEV, [3, "ecosystem-report-all", changes]]
    comments, written = comments_after(github, "ecosystem", comments={"11": f"{MARKER}\nold"}, artifacts=artifacts)
    assert comments == {"11": f"{MARKER}\nold", "100": changes}
    assert [method for method, _ in written] == ["POST", "PATCH"]


FORK = {"id": 9, "full_name": "mallory/llm", "owner": {"login": "mallory"}}
RUN = {"event": "pull_request", "head_repository": FORK, "head_branch": "patch-1", "head_sha": "abc"}


def pull(number: int = 7, sha: str = "abc", repository: Any = FORK, label: str = "mallory:patch-1") -> dict[str, Any]:
    return {"number": number, "head": {"sha": sha, "repo": repository, "label": label}}


def fork_comment(github: Path, run: Any, pulls: Any, *artifacts: Any) -> tuple[str, list[list[str]]]:
    """The comment on a pull request from a fork, and what was written."""
    comments, written = comments_after(github, pull_request="fork", run=run, pulls=pulls, artifacts=artifacts)
    return comments.get("100", ""), written


def quotation(comment: str) -> str:
    """What a comment quotes, which is the only part of it that is not ours."""
    tokens = MarkdownIt().parse(comment)
    heading = ["heading_open", "inline", "heading_close", "paragraph_open", "inline", "paragraph_close"]
    assert [token.type for token in tokens] == ["html_block", *heading, "fence"]
    assert (tokens[0].content, tokens[2].content) == (f"{MARKER}\n", "LLM policy pack: a pull request from a fork")
    assert "[the run](https://github.com/acme/llm/actions/runs/55)" in tokens[5].content
    return tokens[-1].content


def test_the_report_of_a_fork_is_quoted_on_its_pull_request(github: Path) -> None:
    pulls = [pull(8, label="victim:patch-1"), pull(9, sha="def"), pull()]
    details = [1, PROD[1], report("prod", "2 violations", "\n<details>all</details>")]
    text, written = fork_comment(github, RUN, pulls, details, DEV, [3, "policy-report-3", "damaged"])
    assert written[0] == ["POST", "repos/acme/llm/issues/7/comments"]
    shown = [
        *("### LLM policy pack: 2 violations", "44 rules judged llm, stack prod.", "All of prod."),
        *("### LLM policy pack: No violations", "44 rules judged llm, stack dev.", "All of dev."),
    ]
    assert quotation(text) == "\n\n".join(shown) + "\n"


NOT_ONE = {
    "none": (RUN, []),
    "pushed to meanwhile": (RUN, [pull(sha="def")]),
    "two from one branch": (RUN, [pull(), pull(8)]),
    "another repository of its owner": (RUN, [pull(repository={**FORK, "id": 10})]),
    "a fork that is gone": (RUN, [pull(repository=None)]),
    "a run of a fork that is gone": ({**RUN, "head_repository": None}, [pull()]),
    "a run for a push": ({**RUN, "event": "push"}, [pull()]),
    "a branch of the repository": ({**RUN, "head_repository": {**FORK, "full_name": "acme/llm"}}, [pull()]),
}


@pytest.mark.parametrize(("run", "pulls"), NOT_ONE.values(), ids=NOT_ONE.keys())
def test_without_the_one_pull_request_of_a_fork_there_is_no_comment(github: Path, run: Any, pulls: Any) -> None:
    assert fork_comment(github, run, pulls, PROD) == ("", [])


HOSTILE = {
    "a fence": ("````\n@acme/admins approve", "```\n@acme/admins approve"),
    "a longer fence": ("`" * 500 + "\n<b>", "```\n<b>"),
    "a fence with what cannot be seen in it": ("``\u200b``\n<b>", "```\n<b>"),
    "lines that end otherwise": ("a\r````\r\nb\x85````\u2028c", "a```\nb```c"),
    "text that reads backwards": ("a\u202eb", "ab"),
    "a second marker": (f"{MARKER}\na", f"{MARKER}\na"),
    "more than a comment takes": ("`\n" * 500_000, "`\n" * 32_000),
}


@pytest.mark.parametrize(("told", "shown"), HOSTILE.values(), ids=HOSTILE.keys())
def test_what_a_fork_reports_stays_in_its_quotation(told: str, shown: str) -> None:
    text = runpy.run_path(str(ROOT / "scripts/comment.py"))["quoted"]([told], MARKER, "acme/llm", "55")
    assert quotation(text).rstrip("\n") == shown.rstrip("\n")
    assert len(text) <= 65_536


def test_what_is_too_large_for_a_report_is_not_read(github: Path) -> None:
    endless, large = [3, "policy-report-3", "x" * 5_000_000], [*PROD, 50_000_001]
    text, _ = fork_comment(github, RUN, [pull()], endless, large)
    assert quotation(text) == "x" * 64_000 + "\n"


def test_a_kind_that_is_not_there_is_refused(github: Path) -> None:
    job = start(github, "policies")
    assert (job.communicate(timeout=60)[1].splitlines()[2][:6], job.returncode) == ("usage:", 2)


class GitLab(BaseHTTPRequestHandler):
    """The notes of merge request 7, in pages of two, and who asks."""

    notes: dict[int, tuple[int, str]]
    token = "t-1"

    def do_GET(self) -> None:
        if self.path == "/api/v4/user":
            return self.answer({"id": 3})
        page = int(parse_qs(urlparse(self.path).query)["page"][0])
        found = [{"id": key, "author": {"id": author}, "body": body} for key, (author, body) in self.notes.items()]
        return self.answer(found[2 * page - 2 : 2 * page], str(page + 1) if found[2 * page :] else "")

    def do_PUT(self) -> None:
        self.keep(int(self.path.rpartition("/")[2]))

    def do_POST(self) -> None:
        assert self.path == "/api/v4/projects/5/merge_requests/7/notes"
        self.keep(100)

    def keep(self, number: int) -> None:
        body = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())["body"][0]
        type(self).notes[number] = (3, body)
        self.answer({})

    def answer(self, document: Any, following: str = "") -> None:
        self.send_response(200 if self.headers["PRIVATE-TOKEN"] == self.token else 403)
        self.send_header("X-Next-Page", following)
        self.end_headers()
        self.wfile.write(json.dumps(document).encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def gitlab() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), GitLab)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/api/v4"
    server.shutdown()
    server.server_close()


def note(folder: Path, url: str, token: str = "t-1") -> subprocess.CompletedProcess[str]:
    (folder / "policy.md").write_text(PROD[2])
    place = {"CI_API_V4_URL": url, "CI_PROJECT_ID": "5", "CI_MERGE_REQUEST_IID": "7", "POLICY_NOTE_TOKEN": token}
    return subprocess.run(
        [sys.executable, "-I", ROOT / "scripts/note.py", "policy.md"],
        cwd=folder,
        env=os.environ | place,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


OTHERS = {1: (9, "Looks good"), 2: (9, f"{MARKER}\nmine now"), 3: (3, "hello")}


@pytest.mark.parametrize(
    ("before", "number"), [(OTHERS, 100), (OTHERS | {4: (3, f"{MARKER}\nold")}, 4)], ids=["a new one", "written anew"]
)
def test_a_merge_request_has_one_note(
    tmp_path: Path, gitlab: str, before: dict[int, tuple[int, str]], number: int
) -> None:
    GitLab.notes = dict(before)
    result = note(tmp_path, gitlab)
    assert (result.returncode, result.stderr) == (0, "")
    assert GitLab.notes == before | {number: (3, PROD[2])}


@pytest.mark.parametrize(
    ("token", "message"),
    [
        ("", "Not set: POLICY_NOTE_TOKEN. The comments in docs/ci/gitlab-ci.yml say where they come from.\n"),
        ("wrong", "GitLab answers 403 to {url}/user: has POLICY_NOTE_TOKEN the scope `api`?\n"),
    ],
    ids=["no token", "a wrong token"],
)
def test_a_note_that_cannot_be_written_says_why(tmp_path: Path, gitlab: str, token: str, message: str) -> None:
    GitLab.notes = {}
    result = note(tmp_path, gitlab, token)
    assert (result.returncode, result.stderr) == (2, message.format(url=gitlab))
