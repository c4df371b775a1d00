#!/bin/sh
# Turns each requirements*.in into its lock: every version pinned, for every supported Python and system, with
# the hashes of all its files and no address of an index. `scripts/lock.sh --upgrade` takes what is newest.
set -eu
cd "$(dirname "$0")/.."

compile() {
    .venv/bin/python -m uv pip compile --quiet --no-config --universal --python-version 3.11 \
        --fork-strategy fewest --generate-hashes --no-header --no-annotate --no-emit-index-url \
        --no-emit-find-links "$@"
}

compile "$@" requirements.in -o requirements.lock
compile "$@" -c requirements.lock requirements-dev.in -o requirements-dev.lock
compile "$@" -c requirements.lock -c requirements-dev.lock requirements-bench.in -o requirements-bench.lock
