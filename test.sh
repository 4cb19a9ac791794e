#!/usr/bin/env bash
# Sets up .venv-test and runs everything that must hold: lint, types, tests. Arguments go to pytest.
set -eu
cd "$(dirname "$0")"
. ./environment.sh
make_environment .venv-test -e '.[test]'
install_browser
.venv-test/bin/python -m ruff check .
.venv-test/bin/python -m mypy
exec .venv-test/bin/python -m pytest -q -n 2 --dist loadfile "$@"
