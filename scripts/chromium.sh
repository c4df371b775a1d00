#!/bin/sh
# Prints where Chromium is. Root gets it from the system's packages where it is absent; others are told how.
set -eu

find_chromium() {
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        path=$(command -v "$name") || continue
        # Ubuntu's package of that name may be a stand-in that only asks for a snap.
        "$path" --version >/dev/null 2>&1 && echo "$path" && return
    done
    mac="/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
    [ -x "$mac" ] && echo "$mac"
}

find_chromium && exit
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Chromium from the system's packages" >&2
    {
        apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
            chromium fonts-dejavu-core
    } >&2 || true
    find_chromium && exit
fi
echo "The tests drive a real Chromium, and there is none." >&2
echo "On Debian: apt-get install chromium; on Ubuntu: snap install chromium; on macOS: install Google Chrome." >&2
echo "\`make check\` does without." >&2
exit 1
