#!/bin/sh
# check.sh [PYTEST ARGUMENTS...]: lint, types, import contracts, then the tests. All of them run, whichever
# fails, and the tests' closing line is the last but for a list of what failed.
set -u
cd "$(dirname "$0")/.."
python=.venv/bin/python
failed=

run() {
    name=$1
    shift
    echo "== $name"
    "$@" || failed="$failed $name"
}

run lint "$python" -m ruff check .
run types "$python" -m mypy
run contracts .venv/bin/python -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'
run tests "$python" -m pytest -n "${UTILITY_CRM_TEST_WORKERS:-2}" --dist loadfile "$@"

[ -z "$failed" ] || { echo "Failed:$failed" >&2; exit 1; }
