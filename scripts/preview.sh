#!/usr/bin/env bash
# Previews a stack of the reference stack with the policy pack, through the real Pulumi CLI.
# Everything it makes is in .pulumi-local: a copy of the project, since a new stack writes into its configuration file,
# and a backend of its own. The user's login, stacks and selected stack stay as they are.
set -euo pipefail

stack=${1:?usage: scripts/preview.sh STACK}
root=$(cd "$(dirname "$0")/.." && pwd)
local_dir=$root/.pulumi-local
project=$local_dir/reference_stack

if [[ ! -f $root/reference_stack/Pulumi.$stack.yaml ]]; then
    echo "There is no reference_stack/Pulumi.$stack.yaml: name another stack with make preview STACK=NAME." >&2
    exit 2
fi
# The CLI hangs on a pack that is not installed.
if ! "$root/.venv/bin/python" -c 'import pulumi_policy' 2>/dev/null; then
    echo "The policy pack is not installed: run make preview, not this script." >&2
    exit 2
fi

has_credentials() {
    [[ -n ${GOOGLE_CREDENTIALS:-}${GOOGLE_APPLICATION_CREDENTIALS:-}${GOOGLE_OAUTH_ACCESS_TOKEN:-} ]] \
        || [[ -f ${CLOUDSDK_CONFIG:-$HOME/.config/gcloud}/application_default_credentials.json ]]
}

rm -rf "$local_dir"
mkdir -p "$local_dir/state" "$project"
tar -C "$root/reference_stack" --exclude=./venv --exclude=__pycache__ -cf - . | tar -C "$project" -xf -
ln -s "$root/reference_stack/venv" "$project/venv"

export PULUMI_BACKEND_URL=file://$local_dir/state
export PULUMI_CONFIG_PASSPHRASE=local
unset PULUMI_CONFIG_PASSPHRASE_FILE
export PULUMI_SKIP_UPDATE_CHECK=true

pulumi stack init "$stack" --no-select --non-interactive --cwd "$project"
if ! has_credentials; then
    # A preview asks Google for nothing, but the provider wants a token.
    pulumi config set gcp:accessToken placeholder --plaintext --stack "$stack" --non-interactive --cwd "$project"
fi
exec pulumi preview --stack "$stack" --policy-pack "$root" --non-interactive --cwd "$project"
