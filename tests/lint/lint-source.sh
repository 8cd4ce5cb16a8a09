#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What can be seen by reading.
# shellcheck disable=SC2317,SC2016,SC2046 # checks are called by name, awk has variables, a word is a file
. "$(dirname "$0")/lint.sh"

texts() { sources | grep -vE '\.corpus/|^tests/vectors/|\.(pem|der|json|jwk|key|bin|raw)$'; }
code() { sources | grep -E '\.[ch]$'; }
each() { xargs -d '\n' -r "$@" || :; }

# Who may use a file is said in it, by one line that tools understand. Data and plain prose are covered by COPYING.
licence() {
	texts | grep -vE '^(README|HACKING|NEWS|COPYING|\.gitignore)$|\.(sym|txt|md|pc\.in)$' |
		while read -r f; do
			head -n 3 "$f" | grep -q 'SPDX-License-Identifier: LGPL-2.1-or-later$\|SPDX-License-Identifier: LGPL-2.1-or-later \*/$' || echo "$f"
		done
}

# JSON is made by the encoder, which quotes; a format string does not.
json_by_hand() { no grep -nF '{\"' $(code | grep -E '^(lib|bin)/'); }

# The tree reads the same everywhere.
layout() {
	texts | grep -vE '^COPYING$' | each grep -nE '[ 	]+$' /dev/null
	texts | grep -vE '^COPYING$' | each grep -nP '\r' /dev/null
	code | each grep -nE '^ {2,}[^ *]' /dev/null
	code | each awk 'length($0) > 130 { print FILENAME ":" FNR ": " length($0) " characters" }'
	texts | while read -r f; do [ ! -s "$f" ] || [ -z "$(tail -c 1 "$f")" ] || echo "$f: no newline at its end"; done
}

# Nobody else has our directories, and nobody needs a network to build.
places() {
	texts | grep -v '^tests/lint/lint-source.sh$' |
		each grep -nE '(^|[^a-zA-Z0-9_.$}-])(/work/|/root/|/home/[a-z]|/tmp/b-)|deb\.debian\.org|snapshot\.debian|pypi\.org|registry\.npmjs|proxy\.golang' /dev/null
}

check "each file says its licence in its first lines" licence
check "no JSON in a format string" json_by_hand
check "no trailing blanks, no carriage returns, tabs, lines that fit, a newline at the end" layout
check "no directory of one machine, no package host" places
done_checking
