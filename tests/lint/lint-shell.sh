#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The shell is where quoting goes wrong.
# shellcheck disable=SC2317 # checks are called by name
. "$(dirname "$0")/lint.sh"

scripts() { # REGEX of the first line
	sources | grep -vE '\.(c|h|in|awk|pem|json|bats|bash)$|\.corpus/' | while read -r f; do
		head -n 1 "$f" | tr -d '\0' | grep -qE "$1" && echo "$f"
	done
}

# shellcheck disable=SC2046 # one word a file
sh_scripts() { shellcheck -x --source-path=SCRIPTDIR $(scripts '^#!.*[/ ](sh|dash|bash)') tests/pebble.sh tests/lint/lint.sh; }
# shellcheck disable=SC2046
bats_files() { shellcheck -x --source-path=SCRIPTDIR -S warning -s bats -e SC2154,SC2030,SC2031,SC2317,SC2119,SC2120 $(sources | grep '\.bats$'); }
helpers() { shellcheck -x --source-path=SCRIPTDIR -s bash tests/*.bash; }
# shellcheck disable=SC2046
completions() {
	set -- $(find "$build/completions" -maxdepth 1 -name 'acme*' ! -name '*.fish')
	[ $# -gt 0 ] && shellcheck -s bash -e SC2207,SC2034,SC2148,SC2194 "$@"
}

check "shell scripts" sh_scripts
check "bats files" bats_files
check "what bats files load" helpers
check "bash completions" completions
done_checking
