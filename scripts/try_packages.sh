#!/usr/bin/env bash
# Installs what is published, and the command, each into a clean environment from its own requirements, and tries them.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

echo "The policy pack, as a machine of an organization has it:"
scripts/pack.sh "$folder/pack"
.venv/bin/python -m venv "$folder/pack-venv"
"$folder/pack-venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$folder/pack/requirements.txt"
TESTED_PACK=$folder/pack TESTED_PACK_PYTHON=$folder/pack-venv/bin/python .venv/bin/python -m pytest --quiet tests/test_wire.py

echo "The command, as pipx installs it:"
.venv/bin/python -m venv "$folder/command-venv"
"$folder/command-venv/bin/python" -m pip install --quiet --disable-pip-version-check "$root[cli]"
cd "$folder"
status=0
"$folder/command-venv/bin/llm-policypack" check "$root/tests/recordings/exported_state.json" \
    --output report.json --output report.sarif --output report.xml --output report.md --output report.html --format json \
    > printed.json || status=$?
[[ $status == 1 ]] && cmp report.json printed.json
"$folder/command-venv/bin/llm-policypack" explain llm-backend-regions > /dev/null
ls -l report.*
