#!/bin/bash
# shellcheck disable=SC2153
# Runs before each start of the server and does only what is still missing. It ends at what cannot be had, and says so
# in one line; retry.sh runs it again.
set -euo pipefail

# systemd makes both folders; the first outlives a reboot.
readonly KEY_FILE="$RUNTIME_DIRECTORY/key.env"
readonly MODELS="$STATE_DIRECTORY/models"
readonly MODEL="$MODELS/$MANIFEST_SHA256"
readonly DOWNLOADS=4

fail() {
  echo "$1" >&2
  exit 1
}

authorization() {
  local url=http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token
  curl --fail --silent --connect-timeout 5 --max-time 30 --header "Metadata-Flavor: Google" "$url" |
    sed --quiet 's/.*"access_token" *: *"\([^"]*\)".*/Authorization: Bearer \1/p'
}

# Fetches a URL into a file, from where an earlier try ended, and gives up once nothing comes for a minute.
download() {
  local what="$1" url="$2" file="$3" where_missing="$4" token answer status problem
  token="$(authorization)" || true
  [[ -n "$token" ]] || fail "The metadata server gives no token for this machine's service account."
  answer="$(curl --fail --silent --location --connect-timeout 10 --speed-limit 1024 --speed-time 60 --continue-at - \
    --header @<(echo "$token") --output "$file" --write-out '%{http_code} %{errormsg}' "$url")" && return
  read -r status problem <<< "$answer"
  case "$status" in
    401 | 403) fail "$what: this machine's service account may not read it (HTTP $status)." ;;
    404) fail "$what: there is no such thing. $where_missing" ;;
    *) fail "$what: $problem." ;;
  esac
}

# A name as URLs have it: every byte but the usual ones in hexadecimal.
url_encoded() {
  local LC_ALL=C text="$1" number code
  for ((number = 0; number < ${#text}; number++)); do
    case "${text:number:1}" in
      [A-Za-z0-9/._~-]) printf '%s' "${text:number:1}" ;;
      *) printf -v code '%d' "'${text:number:1}"; printf '%%%02X' $((code & 255)) ;;
    esac
  done
}

# Fetches an object of the bucket; one with another hash than expected is thrown away.
fetch() {
  local name="$1" expected="$2" file="$3" found
  local object="gs://$BUCKET/$WEIGHTS/$name"
  download "$object" "https://storage.googleapis.com/$BUCKET/$(url_encoded "$WEIGHTS/$name")" "$file" \
    "Upload it with upload_model.py."
  found="$(sha256sum < "$file")"
  found="${found%% *}"
  if [[ "$found" == "$expected" ]]; then return; fi
  rm "$file"
  fail "$object: its SHA-256 is $found, not $expected. Upload it again, or correct model.manifest_sha256."
}

fetch_listed() {
  local expected="${1:0:64}" name="${1:66}"
  local partial="$MODEL.partial/$name" verified="$MODEL.verified/$name"
  if [[ -e "$verified" ]]; then return; fi
  mkdir --parents "${partial%/*}" "${verified%/*}"
  fetch "$name" "$expected" "$partial"
  mv "$partial" "$verified"
}

# Each line has a hash and the path of a file below the folder. What leaves it, or is escaped, is no part of a model.
check_names() {
  local bad
  bad="$(LC_ALL=C grep --text --invert-match --extended-regexp '^[0-9a-f]{64} [ *]([^/[:cntrl:]]+/)*[^/[:cntrl:]]+$' "$1" ||
    LC_ALL=C grep --text --extended-regexp '(^.{66}|/)[.]{1,2}(/|$)' "$1")" || return 0
  fail "gs://$BUCKET/$WEIGHTS/SHA256SUMS: ${bad@Q} names no file of the model. Rename it, and upload the model again."
}

# The pinned manifest names and hashes every file: what is served is what was reviewed, and nothing else.
fetch_weights() {
  if [[ -d "$MODEL" ]]; then return; fi
  mkdir --parents "$MODELS"
  find "$MODELS" -mindepth 1 -maxdepth 1 ! -name "$MANIFEST_SHA256.*" -exec rm --recursive --force {} +
  rm --force "$MODEL.manifest"
  fetch SHA256SUMS "$MANIFEST_SHA256" "$MODEL.manifest"
  check_names "$MODEL.manifest"
  mkdir --parents "$MODEL.verified"

  local line running=0 failed=""
  while IFS= read -r line && [[ -z "$failed" ]]; do
    fetch_listed "$line" &
    running=$((running + 1))
    if ((running == DOWNLOADS)); then
      wait -n || failed=yes
      running=$((running - 1))
    fi
  done < "$MODEL.manifest"
  for ((; running > 0; running--)); do wait -n || failed=yes; done
  if [[ -n "$failed" ]]; then exit 1; fi

  sync --file-system "$MODELS"
  mv "$MODEL.verified" "$MODEL"
  rm --recursive --force "$MODEL.partial"
}

# The newest version of the secret. Its file is for docker, which takes one line a variable.
fetch_key() (
  umask 077
  answer="$RUNTIME_DIRECTORY/secret"
  rm --force "$answer"
  download "secret $SECRET" "https://secretmanager.googleapis.com/v1/projects/$PROJECT/secrets/$SECRET/versions/latest:access" \
    "$answer" "Add a version with: gcloud secrets versions add $SECRET --project=$PROJECT --data-file=-"
  value="$(sed --quiet 's/.*"data" *: *"\([^"]*\)".*/\1/p' "$answer" | base64 --decode)"
  rm "$answer"
  if [[ -z "$value" || "$value" == *$'\n'* ]]; then fail "secret $SECRET: its newest version is not one line of text."; fi
  printf '%s=%s\n' "$KEY_VARIABLE" "$value" > "$KEY_FILE"
)

install_driver() {
  cos-extensions install gpu -- -version="$GPU_DRIVER"
  mountpoint --quiet /var/lib/nvidia || mount --bind /var/lib/nvidia /var/lib/nvidia
  mount --options remount,exec /var/lib/nvidia
  /var/lib/nvidia/bin/nvidia-smi
}

# A container that is broken into must not get the machine's identity.
close_metadata() {
  local rule=(DOCKER-USER --destination 169.254.169.254 --jump REJECT)
  iptables --wait --check "${rule[@]}" 2>/dev/null || iptables --wait --insert "${rule[@]}"
}

docker network inspect llm >/dev/null 2>&1 || docker network create llm
close_metadata
if [[ -n "$GPU_DRIVER" && ! -e /dev/nvidia-uvm ]]; then install_driver; fi
fetch_key
fetch_weights
docker-credential-gcr configure-docker --registries="$REGISTRY"
for image in $IMAGE $PROXY_IMAGE; do
  docker image inspect "$image" >/dev/null 2>&1 || docker pull --quiet "$image"
done
