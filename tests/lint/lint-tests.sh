#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A test that cannot fail is worse than none.
# shellcheck disable=SC2317 # checks are called by name
. "$(dirname "$0")/lint.sh"

# bash -e does not stop at "! cmd", and a failure in the middle of a pipe is lost.
lost_failures() {
	no grep -nE '^[[:space:]]*! |^[[:space:]]*run ' tests/bats/*.bats
	no grep -nE '^[[:space:]]*must_(pass|fail) .*\| ' tests/bats/*.bats | grep -vF '< <(' | grep -vE "'[^']*\|[^']*'|\"[^\"]*\|[^\"]*\"" || :
}

# Time is no synchronisation, and other people's processes are not ours.
patience() { no grep -nE '(^|[;&|[:space:]])(sleep [0-9]|pkill|killall)' tests/bats/*.bats; }

# A module that nobody tests alone is tested by accident.
units() {
	for f in lib/*.c; do
		m=${f##*/} m=${m%.c}
		case $m in cli|cli-*|http*|req*) continue ;; esac # these have bats files and servers of their own
		[ -e "tests/unit/t-$m.c" ] || [ -e "tests/unit/t-${m%%-*}.c" ] || echo "$f: no tests/unit/t-$m.c"
	done
}

corpora() {
	for f in tests/fuzz/fuzz-*.c; do
		d=${f#tests/fuzz/fuzz-}
		d=tests/fuzz/${d%.c}.corpus
		[ -n "$(find "$d" -type f 2>/dev/null | head -n 1)" ] || echo "$f: no inputs in $d"
	done
}

helpers_loaded() {
	for f in tests/bats/*.bats; do grep -qE '^load .*helpers' "$f" || echo "$f: does not load the helpers"; done
}

check "no failure is lost in a bats file" lost_failures
check "no test sleeps or ends processes by name" patience
check "each module has a unit test" units
check "each fuzz target has inputs" corpora
check "each bats file loads the helpers" helpers_loaded
done_checking
