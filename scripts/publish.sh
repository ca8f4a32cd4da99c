#!/usr/bin/env bash
# Publishes the policy pack, and nothing else of this folder, to an organization of Pulumi Cloud.
set -euo pipefail

organization=${1:-}
root=$(cd "$(dirname "$0")/.." && pwd)

if [[ -z $organization ]]; then
    echo "Name the organization: make publish ORG=acme" >&2
    exit 2
fi
# Outside of the repository, whose .gitignore would count for the folder too.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$root/scripts/pack.sh" "$folder"
cd "$folder"
pulumi install
pulumi policy publish "$organization"
