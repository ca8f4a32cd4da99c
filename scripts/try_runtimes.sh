#!/usr/bin/env bash
# Runs the pack over gRPC with the oldest and the newest pulumi-policy that requirements.txt allows, on each Python at hand.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

requirement=$(grep '^pulumi-policy' requirements.txt)
oldest=${requirement#*>=}
oldest=${oldest%%,*}

find_python() {
    local candidate
    for candidate in "$(command -v "python$1" || true)" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python; do
        if [[ -x $candidate ]] && "$candidate" -c '' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
}

for version in 3.11 3.12 3.13 3.14; do
    python=$(find_python "$version")
    if [[ -z $python ]]; then
        echo "Python $version: not on this machine, skipped"
        continue
    fi
    for choice in "pulumi-policy==$oldest" "$requirement"; do
        environment=$folder/$version-$choice
        # Installing pip, and compiling what is never imported, would take longer than the tests.
        "$python" -m venv --without-pip "$environment"
        .venv/bin/python -m pip --python "$environment/bin/python" install --quiet --disable-pip-version-check --no-compile "$choice"
        result=$(TESTED_PACK_PYTHON=$environment/bin/python .venv/bin/python -m pytest --quiet tests/test_wire.py) \
            || { echo "$result"; echo "Python $version with $choice: failed" >&2; exit 1; }
        echo "Python $version with $choice: $(tail -n 1 <<< "$result")"
    done
done
