#!/usr/bin/env bash
# Looks for known vulnerabilities in what requirements-dev.txt pins. Exit status: 0 for none, 1 for some, 2 if nobody could say.
set -uo pipefail

cd "$(dirname "$0")/.."
if ! command -v pip-audit >/dev/null; then
    echo "make vulnerabilities needs pip-audit on PATH: install it with pipx install pip-audit." >&2
    exit 2
fi
# Without --strict it passes what it could not look up.
output=$(pip-audit --strict --progress-spinner off --timeout 20 --disable-pip --require-hashes --requirement requirements-dev.txt 2>&1)
status=$?
if [[ $status == 0 ]] || grep -q '^Found [0-9]* known vulnerabilit' <<< "$output"; then
    echo "$output"
    exit "$status"
fi
tail -n 1 <<< "$output" >&2
echo "make vulnerabilities could not ask the database of vulnerabilities, so it says nothing of what is pinned: it needs a network that reaches the package index." >&2
exit 2
