#!/usr/bin/env bash
# Sets up everything powerplan needs in .venv and plans a shipped product on real quantized models.
set -eu
cd "$(dirname "$0")"
. ./environment.sh
make_environment .venv .
echo "compiling the engines, once ..." >&2
.venv/bin/powerplan doctor --warm-up >/dev/null
exec .venv/bin/powerplan report scenarios/wake_word_remote.yaml "$@"
