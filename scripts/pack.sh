#!/usr/bin/env bash
# Puts the policy pack alone into a folder, as `pulumi policy publish` has to find it: the CLI archives everything in the
# pack's folder that no .gitignore there or above excludes.
set -euo pipefail

folder=${1:?usage: scripts/pack.sh EMPTY_FOLDER}
root=$(cd "$(dirname "$0")/.." && pwd)

mkdir -p "$folder"
if [[ -n $(ls -A "$folder") ]]; then
    echo "$folder is not empty: name another folder." >&2
    exit 2
fi
tar -C "$root" --exclude=__pycache__ -cf - PulumiPolicy.yaml __main__.py requirements.txt LICENSE policypack \
    | tar -C "$folder" -xf -
# Installing the pack there makes these, and `pulumi policy publish` archives what is not ignored.
printf '.venv/\n__pycache__/\n' > "$folder/.gitignore"
