#!/usr/bin/env bash
# Sets up everything powerplan needs in .venv and plans a shipped product on real quantized models.
set -eu
cd "$(dirname "$0")"
. ./environment.sh
make_environment .venv .
exec .venv/bin/powerplan report scenarios/wake_word_remote.yaml "$@"
