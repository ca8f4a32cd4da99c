#!/usr/bin/env python3
"""Keeps one comment of a kind on a GitHub pull request, with every report of that kind that a workflow run has.

usage: scripts/comment.py REPOSITORY PULL_REQUEST RUN_ID [KIND]        with `gh` and GH_TOKEN

KIND is `policy` (the default) or `ecosystem`. Each job that makes a report keeps it as an artifact `KIND-report-...` of
the run, with `KIND.md` in it, before a job of its own calls this. Jobs may call it at the same time: each writes all
reports that the run has, and goes on as long as another one has come meanwhile. Whichever writes last has therefore
seen all of them.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile

MARKERS = {"policy": "<!-- llm-policypack -->", "ecosystem": "<!-- llm-policypack-ecosystem -->"}
HEADING, NO_VIOLATIONS = "### LLM policy pack: ", "No violations"
# GitHub takes 65,536 characters.
LONGEST = 65_000
MOST_ROUNDS = 20
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
    marker = MARKERS[kind]
    actions = f"repos/{repository}/actions"
    reports: dict[int, str] = {}
    found = artifacts_of(actions, run, kind)
    for _ in range(MOST_ROUNDS):
        for number in found.values():
            if number not in reports:
                reports[number] = report_in(gh(f"{actions}/artifacts/{number}/zip"), kind)
        texts = [reports[number] for _, number in sorted(found.items()) if reports[number]]
        if texts:
            write(repository, pull_request, marker, merged(texts, marker))
        before, found = found, artifacts_of(actions, run, kind)
        if found == before:
            break
    if not found:
        print("No job of this run has a report: none could judge, their messages say why.", file=sys.stderr)
    return 0


def gh(path: str, *arguments: str, text: str | None = None) -> bytes:
    """What GitHub's API answers."""
    command = ["gh", "api", path, *arguments]
    return subprocess.run(command, input=text and text.encode(), stdout=subprocess.PIPE, check=True).stdout


def artifacts_of(actions: str, run: str, kind: str) -> dict[str, int]:
    """The newest artifact of each name that holds a report."""
    pages = json.loads(gh(f"{actions}/runs/{run}/artifacts", "--paginate", "--slurp"))
    found = sorted((int(one["id"]), str(one["name"])) for page in pages for one in page["artifacts"])
    return {name: number for number, name in found if name.startswith(f"{kind}-report-")}


def report_in(archive: bytes, kind: str) -> str:
    """The report in an artifact, without the marker; empty if it has none."""
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        if f"{kind}.md" not in files.namelist():
            return ""
        return files.read(f"{kind}.md").decode("utf-8", "replace").removeprefix(MARKERS[kind]).strip()


def merged(reports: list[str], marker: str) -> str:
    """One comment: every verdict, and behind them the reports as far as they fit, those with violations first."""
    if len(reports) == 1:
        return f"{marker}\n{reports[0]}\n"[:LONGEST]
    failing_first = sorted(reports, key=lambda report: NO_VIOLATIONS in report.partition("\n")[0])
    text = f"{marker}\n### LLM policy pack: {len(reports)} reports\n"
    for report in failing_first:
        verdict, _, rest = report.partition("\n")
        text += f"\n- **{verdict.removeprefix(HEADING)}**: {rest.strip().partition(chr(10))[0]}"
    text, left_out = text[: LONGEST // 2], 0
    for report in failing_first:
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
