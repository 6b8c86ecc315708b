#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Installs the Debian packages that are missing, saying what and why.
# Each argument is PACKAGE:PURPOSE:PROOF; PROOF is a file, a command, or empty.
set -eu
missing=
for need in "$@"; do
	package=${need%%:*}
	rest=${need#*:}
	purpose=$(printf '%s' "${rest%%:*}" | tr _ ' ')
	proof=${rest#*:}
	case $proof in
	/*) [ -e "$proof" ] && continue ;;
	*) command -v "$proof" >/dev/null 2>&1 && continue ;;
	esac
	printf 'missing: %s (%s)\n' "$package" "$purpose"
	missing="$missing $package"
done
[ -n "$missing" ] || exit 0
sudo=
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null 2>&1 || {
		echo "not root and no sudo here; run as root: apt-get install$missing" >&2
		exit 1
	}
	sudo=sudo
fi
command -v apt-get >/dev/null 2>&1 || {
	echo "no apt-get here; install by other means:$missing" >&2
	exit 1
}
echo "installing with apt:$missing"
$sudo apt-get -q update >/dev/null || echo 'apt-get update failed; trying with the lists that are there' >&2
# shellcheck disable=SC2086
$sudo env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends $missing >/dev/null
