#!/usr/bin/env bash
# Installs what is published, and the command, each into a clean environment from its own requirements, and tries them.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Installing pip, and compiling what is never imported, would take longer than what is tried.
install() {
    .venv/bin/python -m venv --without-pip "$folder/$1"
    .venv/bin/python -m pip --python "$folder/$1/bin/python" install --quiet --disable-pip-version-check --no-compile "${@:2}"
}

echo "The policy pack, as a machine of an organization has it:"
scripts/pack.sh "$folder/pack"
install pack-venv --requirement "$folder/pack/requirements.txt"
TESTED_PACK=$folder/pack TESTED_PACK_PYTHON=$folder/pack-venv/bin/python .venv/bin/python -m pytest --quiet tests/test_wire.py

echo "The command, as pipx installs it:"
install command-venv "${root}[cli]"
cd "$folder"
status=0
"$folder/command-venv/bin/llm-policypack" check "$root/tests/recordings/exported_state.json" \
    --output report.json --output report.sarif --output report.xml --output report.md --output report.html --format json \
    > printed.json || status=$?
[[ $status == 1 ]] && cmp report.json printed.json
"$folder/command-venv/bin/llm-policypack" explain llm-backend-regions > /dev/null
ls -l report.*
