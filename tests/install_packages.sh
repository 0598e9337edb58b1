#!/bin/sh
# Installs Chromium, fonts for Chinese and Vietnamese, and systemd-analyze from Debian's packages when they are missing.
set -eu
missing=""
command -v chromium >/dev/null || missing="$missing chromium"
{ command -v fc-list >/dev/null && fc-list :lang=zh family | grep -q .; } || missing="$missing fonts-noto-cjk"
{ command -v fc-list >/dev/null && fc-list :lang=vi family | grep -q .; } || missing="$missing fonts-dejavu-core"
command -v systemd-analyze >/dev/null || missing="$missing systemd"
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
    echo "The tests need:$missing. Install them, for example: sudo apt-get install$missing" >&2
    exit 1
fi
echo "installing$missing from the system's packages"
apt-get update -qq
# shellcheck disable=SC2086  # a list of package names
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
