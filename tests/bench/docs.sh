#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# make bench-docs: put the tables $1 into the document $2, in place of the block
# between ``` that follows the line "<!-- make bench-docs writes this block: TABLES -->",
# where TABLES is the name of $1 without its folder.
set -eu
tables=$1
document=$2
mark="<!-- make bench-docs writes this block: ${tables##*/} -->"
[ -s "$tables" ] || { echo "$tables: no tables; run make bench" >&2; exit 1; }
grep -qxF "$mark" "$document" || { echo "$document: no line '$mark'" >&2; exit 1; }
awk -v mark="$mark" -v tables="$tables" '
	marked && $0 == "```" && !inside {
		print
		while ((getline line < tables) > 0)
			print line
		inside = 1
		next
	}
	inside && $0 == "```" { inside = marked = 0 }
	!inside { print }
	$0 == mark { marked = 1 }
' "$document" >"$document.new"
mv "$document.new" "$document"
