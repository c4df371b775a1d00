#!/bin/sh
# install.sh run|dev|bench: makes .venv and installs the platform into it; with `dev` also what testing needs,
# with `bench` also the peers it is measured against. Does nothing where that is already done.
# $UTILITY_CRM_PYTHON chooses the Python to make .venv with.
set -eu
cd "$(dirname "$0")/.."
kind=${1:-run}
python=.venv/bin/python

locks_of() {
    case $1 in
    run) echo "requirements.lock" ;;
    dev) echo "requirements.lock requirements-dev.lock" ;;
    bench) echo "requirements.lock requirements-dev.lock requirements-bench.lock" ;;
    *) echo "install.sh run|dev|bench" >&2; return 2 ;;
    esac
}
locks=$(locks_of "$kind")

# What is installed depends on this much; the folder counts because the installed project points into it.
fingerprint() {
    { cat requirements.in pyproject.toml $(locks_of "$1"); pwd; "$python" -V; } | cksum
}

is_installed() {
    [ -f ".venv/installed-$kind" ] && "$python" -c '' 2>/dev/null &&
        [ "$(cat ".venv/installed-$kind")" = "$(fingerprint "$kind")" ]
}

# What a larger kind installs, the smaller ones need not install again.
mark_installed() {
    for each in run dev bench; do
        fingerprint "$each" > ".venv/installed-$each"
        [ "$each" != "$kind" ] || break
    done
}

# Prints a Python of 3.11 or newer that can make virtual environments, or says what to install.
find_python() {
    incomplete=
    for candidate in ${UTILITY_CRM_PYTHON:-python3 python3.13 python3.12 python3.11 python3.14}; do
        version=$("$candidate" -c '
import sys
if sys.version_info < (3, 11): sys.exit(1)
print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
        if "$candidate" -c 'import venv, ensurepip' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
        incomplete=${incomplete:-$version}
    done
    if [ -n "$incomplete" ]; then
        echo "Python $incomplete is here, but cannot make virtual environments." >&2
        echo "On Debian or Ubuntu: apt-get install python$incomplete-venv" >&2
    else
        echo "Python 3.11 or newer is needed." >&2
        echo "On Debian or Ubuntu: apt-get install python3 python3-venv; on macOS: brew install python@3.13" >&2
    fi
    return 1
}

install_all() {
    rm -f .venv/installed-*
    if ! "$python" -m pip --version >/dev/null 2>&1; then
        found=$(find_python)
        echo "Making .venv with $("$found" -V)"
        "$found" -m venv --clear .venv
    fi
    echo "Installing from $locks"
    requirements=
    for lock in $locks; do requirements="$requirements -r $lock"; done
    # shellcheck disable=SC2086 # one word a lock
    "$python" -m pip install --quiet --disable-pip-version-check --require-hashes $requirements
    # Setuptools has opinions on editable installs that help nobody here.
    PYTHONWARNINGS=ignore "$python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
    mark_installed
}

is_installed || install_all
