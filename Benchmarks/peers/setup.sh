#!/usr/bin/env bash
# A virtual environment with pinned versions, outside the repository. Starts nothing.
#   PEERS_HOME  where (default $HOME/.cache/baton-peers)     PYTHON  which interpreter (default python3)
# Debian packages needed: python3-venv redis-server, and what scripts/setup installs
set -euo pipefail
HERE="$(cd "$(dirname "$0")" && pwd)"
PEERS_HOME="${PEERS_HOME:-$HOME/.cache/baton-peers}"
PYTHON="${PYTHON:-python3}"
mkdir -p "$PEERS_HOME"
req="$HERE/requirements.txt" venv="$PEERS_HOME/venv"
[ -x "$venv/bin/python" ] || "$PYTHON" -m venv "$venv"
if ! cmp -s "$req" "$venv/.installed"; then
  "$venv/bin/pip" install -q --disable-pip-version-check -r "$req"
  cp "$req" "$venv/.installed"
fi
echo "ready: $PEERS_HOME"
