#!/usr/bin/env bash
# Puts a report into the one comment on a GitHub pull request that carries its marker, or makes that comment.
# It needs `gh` and GH_TOKEN.
set -euo pipefail

comments=${1:?usage: scripts/comment.sh repos/OWNER/NAME/issues/NUMBER/comments REPORT.md}
report=${2:?usage: scripts/comment.sh repos/OWNER/NAME/issues/NUMBER/comments REPORT.md}

if [[ ! -f $report ]]; then
    echo "There is no report $report: the check could not judge, its message says why." >&2
    exit 0
fi
marker=$(head -n 1 "$report")
own=$(MARKER=$marker gh api --paginate "$comments" --jq '.[] | select(.body | startswith(env.MARKER)) | .id')
own=${own%%$'\n'*}
if [[ -n $own ]]; then
    gh api --method PATCH "${comments%/*/comments}/comments/$own" --field body=@"$report" --silent
else
    gh api --method POST "$comments" --field body=@"$report" --silent
fi
