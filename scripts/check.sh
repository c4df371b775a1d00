#!/bin/sh
# check.sh [PYTEST ARGUMENTS...]: lint, types, import contracts, and the tests beside them. All of them run,
# whichever fails, and the tests' closing line is the last but for a list of what failed.
set -u
cd "$(dirname "$0")/.."
python=.venv/bin/python
failed=
tests_failed=$(mktemp)
trap 'rm -f "$tests_failed"' EXIT

run() {
    name=$1
    shift
    echo "== $name"
    "$@" || failed="$failed $name"
}

tests() {
    "$python" -m pytest --color="$colour" -n "${UTILITY_CRM_TEST_WORKERS:-2}" --dist loadfile \
        --no-loadscope-reorder "$@" || echo " tests" >"$tests_failed"
}

colour=no
[ ! -t 1 ] || colour=yes

# Types take a minute of one core, tests minutes of all: they begin together, and what the tests say waits in
# the pipe. Which files come first, tests/conftest.py says.
tests "$@" | {
    run lint "$python" -m ruff check .
    run types "$python" -m mypy
    run contracts .venv/bin/python -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'
    echo "== tests"
    cat
    failed="$failed$(cat "$tests_failed")"
    [ -z "$failed" ] || { echo "Failed:$failed" >&2; exit 1; }
}
