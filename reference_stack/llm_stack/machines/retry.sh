#!/bin/bash
# Runs a command until it succeeds. What it lacks may come soon, as after a deployment, or never: the pauses grow.
set -uo pipefail
pause=15
until "$@"; do
  echo "Not ready to start the server. Next try in $pause s." >&2
  sleep "$pause"
  pause=$((pause < 150 ? pause * 2 : 300))
done
