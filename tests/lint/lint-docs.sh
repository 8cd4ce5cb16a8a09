#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A program is there when a stranger can find out what it does, complete its options and see it tested.
# shellcheck disable=SC2317 # checks are called by name
. "$(dirname "$0")/lint.sh"

complete() {
	for p in $(programs); do
		for f in "bin/$p.c" "man/$p.1.in" "tests/bats/$p.bats"; do [ -s "$f" ] || echo "$p: no $f"; done
		[ "$p" = acme ] || grep -qx "@BRIEF $p@" man/acme.7.in || echo "$p: not in acme(7)"
		[ "$p" = acme ] || for f in "$p" "_$p" "$p.fish"; do
			[ -s "$build/completions/$f" ] || echo "$p: no completions/$f"
		done
	done
	# and nothing that no list names
	for f in bin/acme*.c; do f=${f##*/} && programs | grep -qx "${f%.c}" || echo "bin/$f is in no list"; done
	for f in man/*.1.in; do f=${f##*/} && programs | grep -qx "${f%.1.in}" || echo "man/$f: of no program"; done
}

pages() { find "$build/man" -maxdepth 1 -name '*.[178]' | grep . || echo "$build/man: no page"; }
mandoc_lint() { pages | xargs mandoc -T lint -W warning; }

sections() {
	pages | grep '\.1$' | while read -r page; do
		for s in NAME SYNOPSIS DESCRIPTION 'EXIT STATUS' EXAMPLES 'SEE ALSO'; do
			grep -qE "^\.Sh \"?$s" "$page" || echo "${page##*/}: no $s"
		done
	done
}

# A reference leads somewhere.
references() {
	pages | while read -r page; do
		sed -nE 's/^\.Xr (acme[a-z0-9-]*) ([178]).*/\1.\2/p' "$page" | sort -u | while read -r to; do
			[ -e "$build/man/$to" ] || echo "${page##*/}: refers to $to, which is not there"
		done
	done
}

check "each program has its source, page, test and completions, and none is left over" complete
check "the pages are clean mdoc" mandoc_lint
check "each page has the sections a reader looks for" sections
check "each page referred to exists" references
done_checking
