#!/usr/bin/env python3
"""Keeps one comment of a kind on a GitHub pull request, with every report of that kind that a workflow run has.

usage: scripts/comment.py REPOSITORY PULL_REQUEST RUN_ID [KIND]        with `gh` and GH_TOKEN

PULL_REQUEST is a number, or `fork`: the one from a fork that the run is for. Anybody can open one, and decides what its
run keeps: so GitHub tells which it is, and what the run kept is quoted as text.

KIND is `policy` (the default) or `ecosystem`. Each job that makes a report keeps it as an artifact `KIND-report-...` of
the run, with `KIND.md` in it, before a job of its own calls this. Jobs may call it at the same time: each writes all
reports that the run has, and goes on as long as another one has come meanwhile. Whichever writes last has therefore
seen all of them.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import zipfile

MARKERS = {"policy": "<!-- llm-policypack -->", "ecosystem": "<!-- llm-policypack-ecosystem -->"}
HEADING, NO_VIOLATIONS = "### LLM policy pack: ", "No violations"
# GitHub takes 65,536 characters.
LONGEST = 65_000
MOST_ROUNDS = 20
# What is more, or larger, is no report of ours.
MOST_REPORTS, LARGEST_ARTIFACT = 100, 50_000_000
# The REST API does not say which comments are the token's own: it has no user for the token of a workflow.
COMMENTS = """
query($owner: String!, $name: String!, $number: Int!, $endCursor: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      comments(first: 100, after: $endCursor) {
        nodes { fullDatabaseId viewerDidAuthor body }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}
"""


def main() -> int:
    """Writes the comment until no further report has come."""
    repository, pull_request, run, kind = [*sys.argv[1:], "policy"][:4] if len(sys.argv) in (4, 5) else [""] * 4
    if kind not in MARKERS:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        keep_comment(repository, pull_request, run, kind)
    except subprocess.CalledProcessError as error:
        asked = " ".join(error.cmd[:3])
        print(f"`{asked}` failed: the job needs `actions: read` and `pull-requests: write`.", file=sys.stderr)
        return 2
    return 0


def keep_comment(repository: str, pull_request: str, run: str, kind: str) -> None:
    """Writes the comment until no further report has come."""
    marker = MARKERS[kind]
    actions = f"repos/{repository}/actions"
    from_fork = pull_request == "fork"
    if from_fork and not (pull_request := pull_request_from_fork(repository, run)):
        print("No single open pull request from a fork has the commit of this run as its head.", file=sys.stderr)
        return
    reports: dict[int, str] = {}
    found = artifacts_of(actions, run, kind)
    for _ in range(MOST_ROUNDS):
        for number in found.values():
            if number not in reports:
                reports[number] = report_in(gh(f"{actions}/artifacts/{number}/zip"), kind)
        by_name = [reports[number] for _, number in sorted(found.items()) if reports[number]]
        texts = sorted(by_name, key=lambda report: NO_VIOLATIONS in report.partition("\n")[0])
        if texts:
            text = quoted(texts, marker, repository, run) if from_fork else merged(texts, marker)
            write(repository, pull_request, marker, text)
        before, found = found, artifacts_of(actions, run, kind)
        if found == before:
            break
    if not found:
        print("No job of this run has a report: none could judge, their messages say why.", file=sys.stderr)


def gh(path: str, *arguments: str, text: str | None = None) -> bytes:
    """What GitHub's API answers."""
    command = ["gh", "api", path, *arguments]
    answer: bytes = subprocess.run(command, input=text and text.encode(), stdout=subprocess.PIPE, check=True).stdout
    return answer


def pull_request_from_fork(repository: str, run: str) -> str:
    """The number of the open pull request that a run is for, by what GitHub knows; empty unless exactly one fits."""
    judged = json.loads(gh(f"repos/{repository}/actions/runs/{run}"))
    fork = judged["head_repository"]
    if judged["event"] != "pull_request" or not fork or fork["full_name"] == repository:
        return ""
    wanted = ("-f", "state=open", "-f", f"head={fork['owner']['login']}:{judged['head_branch']}")
    pages = json.loads(gh(f"repos/{repository}/pulls", "--method", "GET", *wanted, "--paginate", "--slurp"))
    heads = {pull["number"]: pull["head"] for page in pages for pull in page}
    found = [
        number
        for number, head in heads.items()
        if head["sha"] == judged["head_sha"] and head["repo"] and head["repo"]["id"] == fork["id"]
    ]
    return str(found[0]) if len(found) == 1 else ""


def artifacts_of(actions: str, run: str, kind: str) -> dict[str, int]:
    """The newest artifact of each name that holds a report."""
    pages = json.loads(gh(f"{actions}/runs/{run}/artifacts", "--paginate", "--slurp"))
    found = sorted(
        (int(one["id"]), str(one["name"]))
        for page in pages
        for one in page["artifacts"]
        if one["name"].startswith(f"{kind}-report-") and one["size_in_bytes"] <= LARGEST_ARTIFACT
    )
    return {name: number for number, name in found[-MOST_REPORTS:]}


def report_in(archive: bytes, kind: str) -> str:
    """The report in an artifact, without the marker; empty if it has none, or is damaged."""
    try:
        # Of what was packed to grow without end no more is read than a comment takes.
        with zipfile.ZipFile(io.BytesIO(archive)) as files, files.open(f"{kind}.md") as report:
            text = report.read(4 * LONGEST).decode("utf-8", "replace")
    except Exception as error:
        # No more of it: GitHub takes commands from what a job prints.
        print(f"An artifact has no report that can be read ({type(error).__name__}).", file=sys.stderr)
        return ""
    return text.removeprefix(MARKERS[kind]).strip()


def merged(reports: list[str], marker: str) -> str:
    """One comment: every verdict, and behind them the reports as far as they fit."""
    if len(reports) == 1:
        return f"{marker}\n{reports[0]}\n"[:LONGEST]
    text = f"{marker}\n### LLM policy pack: {len(reports)} reports\n"
    for report in reports:
        verdict, _, rest = report.partition("\n")
        text += f"\n- **{verdict.removeprefix(HEADING)}**: {rest.strip().partition(chr(10))[0]}"
    text, left_out = text[: LONGEST // 2], 0
    for report in reports:
        verdict, _, rest = report.partition("\n")
        summary, _, body = rest.strip().partition("\n")
        summary = f"{verdict.removeprefix(HEADING)}. {summary}"
        details = f"\n\n<details><summary>{summary}</summary>\n\n{body.strip()}\n\n</details>"
        if len(text) + len(details) <= LONGEST:
            text += details
        else:
            left_out += 1
    return f"{text}\n" + (
        f"\n{left_out} of the reports do not fit here: see the summaries of the jobs.\n" if left_out else ""
    )


def quoted(reports: list[str], marker: str, repository: str, run: str) -> str:
    """One comment: what reports begin with as text, in which no link, image, mention or HTML has an effect."""
    texts = "\n\n".join(report.partition("\n<details>")[0].strip() for report in reports)
    # What cannot be seen could show something else than it is; four backticks would end the quotation.
    shown = "".join(character for character in texts if character == "\n" or character.isprintable())
    shown = re.sub("`{4,}", "```", shown)[: LONGEST - 1000]
    summary = f"{os.environ.get('GITHUB_SERVER_URL', 'https://github.com')}/{repository}/actions/runs/{run}"
    note = (
        "The code of this pull request ran while this report was made, and may have changed it: trust it as far as the "
        f"code. It is quoted as text, and [the run]({summary}) has the details."
    )
    return f"{marker}\n{HEADING}a pull request from a fork\n\n{note}\n\n````text\n{shown}\n````\n"


def write(repository: str, pull_request: str, marker: str, body: str) -> None:
    """Puts a text into its oldest comment with the marker, or makes it; of two made at the same time one goes."""
    issues = f"repos/{repository}/issues"
    if not own_comments(repository, pull_request, marker):
        gh(f"{issues}/{pull_request}/comments", "--method", "POST", "--field", "body=@-", "--silent", text=body)
    first, *others = own_comments(repository, pull_request, marker)
    for number in others:
        subprocess.run(["gh", "api", f"{issues}/comments/{number}", "--method", "DELETE", "--silent"], check=False)
    gh(f"{issues}/comments/{first}", "--method", "PATCH", "--field", "body=@-", "--silent", text=body)


def own_comments(repository: str, pull_request: str, marker: str) -> list[int]:
    """The ids of the comments with the marker that this token's user wrote, from the oldest: others may quote it."""
    owner, _, name = repository.partition("/")
    given = ("-f", f"owner={owner}", "-f", f"name={name}", "-F", f"number={pull_request}", "-f", f"query={COMMENTS}")
    answers = json.loads(gh("graphql", "--paginate", "--slurp", *given))
    found = [one for page in answers for one in page["data"]["repository"]["pullRequest"]["comments"]["nodes"]]
    return sorted(
        int(one["fullDatabaseId"]) for one in found if one["viewerDidAuthor"] and one["body"].startswith(marker)
    )


if __name__ == "__main__":
    sys.exit(main())
