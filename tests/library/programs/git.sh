#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# git gc of a clone of this repository (of a made one where the checkout is none):
# with one thread the packs must be the same files; then repacked with two, which
# may pack otherwise but must keep every object.
# processes: git
set -eu
if [ "$1" = prepare ]; then
	command -v git >/dev/null || { echo 'no git here' >&2; exit 77; }
	git -c safe.directory='*' clone -q --mirror --no-hardlinks "$KMEMSIM_ROOT" repo.git 2>/dev/null && exit 0
	# 400 commits, each of which changes some lines of 30 files.
	git init -q --bare repo.git
	awk 'BEGIN {
		seed = 1
		for (c = 1; c <= 400; c++) {
			printf "commit refs/heads/main\ncommitter A <a@b> %d +0000\ndata 2\nc\n", 1000000000 + c
			for (f = 1; f <= 30; f++) {
				text = ""
				for (l = 1; l <= 60; l++) {
					seed = (seed * 16807) % 2147483647
					if (c == 1 || seed % 50 == 0)
						line[f, l] = "line " l " of file " f ": " seed
					text = text line[f, l] "\n"
				}
				printf "M 644 inline file%d\ndata %d\n%s\n", f, length(text), text
			}
		}
	}' | git -C repo.git fast-import --quiet
	exit 0
fi
mkdir scratch
cp -R "$2/repo.git" repo.git
git -C repo.git -c pack.threads=1 -c gc.pruneExpire=now gc --quiet
[ -z "${KMEMSIM_SHORT-}" ] || exit 0
cp -R repo.git scratch/repo.git
cd scratch/repo.git
git -c pack.threads=2 repack -q -a -d -f
git fsck --full --strict 2>&1
git cat-file --batch-all-objects --batch-check | sort
git log --all --oneline --stat | cksum
