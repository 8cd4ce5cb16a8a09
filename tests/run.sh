#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# run.sh [NAME...]: every test there is, as TAP, and one last line "N passed, N failed".
#
# What there is, is read from the source tree: unit/t-*.c, fuzz/fuzz-*.c with their corpora, lint/lint-*.sh,
# bats/*.bats. A source without a program built from it fails, and so does a file that runs no test, fewer
# than it planned, or ends in a status that its results do not explain. NAMEs select: acme-order, t-jws,
# lint-layers; or lint, fuzz, preload and the like for all that begin so.
#
# Environment
#   SRCDIR, BUILDDIR    top of the sources and of the build (make check sets them)
#   SANITIZERS          yes: a build with sanitizers, whose malloc a preloaded library cannot replace; bats/preload-*
#                       is left to a build without
#   TESTS_JOBS          files at the same time (2; Pebble stalls when many clients talk at once)
#   TESTS_ALLOW_SKIP    when set, a test may be skipped for want of a tool; otherwise a skip is a failure
set -eu

# one test, and one file of tests, in seconds
export BATS_TEST_TIMEOUT="${BATS_TEST_TIMEOUT:-400}"
file_timeout=1200

here=$(cd "$(dirname "$0")" && pwd)
SRCDIR=${SRCDIR:-${here%/tests}}
BUILDDIR=${BUILDDIR:-$PWD}
export SRCDIR BUILDDIR

# --- one file: run.sh --one KIND NAME, writes $TESTS_RUN/NAME.tap and prints it

# Any TAP to ours: "ok - NAME: TEST", checked against its plan and the status it ended with.
normalise() { # NAME STATUS
	awk -v name="$1" -v rc="$2" -v lenient="${TESTS_ALLOW_SKIP:+1}" '
	function bad(why) { print "not ok - " name ": " why; failed++ }
	/^1\.\.[0-9]+/ { plan = substr($1, 4); if (plan == 0 && /# *[Ss][Kk][Ii][Pp]/) { whole = 1; print "ok - " name ": # skip" } next }
	/^(not )?ok( |$)/ {
		n++
		text = $0
		sub(/^(not )?ok *[0-9]* *(- )?/, "", text)
		if (/^not/)
			bad(text)
		else if (text ~ /# *[Ss][Kk][Ii][Pp]/ && !lenient)
			bad("skipped: " text)
		else
			print "ok - " name ": " text
		next
	}
	/^#/ { print; next }
	NF { print "# " $0 }
	END {
		if (plan == "")
			bad("no plan: it did not get to its end")
		else if (plan != n)
			bad("planned " plan " tests, ran " n + 0)
		else if (!n && !(whole && lenient))
			bad("ran no test")
		if (rc && !failed)
			bad("ended with status " rc)
	}'
}

fuzz_replay() { # NAME: one test
	set -- "$1" "$SRCDIR/tests/fuzz/${1#fuzz-}.corpus"
	n=$(find "$2" -type f 2>/dev/null | wc -l)
	echo 1..1
	if [ "$n" -gt 0 ] && find "$2" -type f -exec "$BUILDDIR/tests/fuzz/$1" {} + 2>&1; then
		echo "ok 1 replays $n inputs"
	else
		echo "not ok 1 replays $n inputs"
	fi
}

one() { # KIND NAME
	out=$TESTS_RUN/$2.tap rc=0
	case $1 in
	unit) timeout 120 "$BUILDDIR/tests/unit/$2" ;;
	fuzz) fuzz_replay "$2" ;;
	lint) timeout 600 sh "$SRCDIR/tests/lint/$2.sh" ;;
	bats) timeout -k 20 $file_timeout bats --tap "$SRCDIR/tests/bats/$2.bats" ;;
	esac >"$out.raw" 2>&1 </dev/null || rc=$?
	normalise "$2" "$rc" <"$out.raw" >"$out"
	flock "$TESTS_RUN" cat "$out"
}

if [ "${1:-}" = --one ]; then
	shift
	one "$@"
	exit
fi

# --- all of them

TESTS_RUN=$(mktemp -d "${TMPDIR:-/tmp}/acmeutils-tests.XXXXXX")
trap 'rm -rf "$TESTS_RUN"' EXIT
trap 'exit 130' INT TERM HUP
TESTS_PORTS=$TESTS_RUN/ports
mkdir "$TESTS_PORTS"
export TESTS_RUN TESTS_PORTS
# In the library and the programs: a finding of a sanitizer ends the program with a status that is none of ours.
export ASAN_OPTIONS="${ASAN_OPTIONS:-exitcode=199:detect_stack_use_after_return=1}"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-exitcode=199:halt_on_error=1:print_stacktrace=1}"

list() { # KIND GLOB
	for f in "$SRCDIR"/tests/$2; do
		[ -e "$f" ] || continue
		name=${f##*/}
		echo "$1 ${name%.*}"
	done
}

# The long ones first, so that they overlap with the rest.
{
	list bats 'bats/p*.bats'
	list bats 'bats/[!p]*.bats'
	list unit 'unit/t-*.c'
	list fuzz 'fuzz/fuzz-*.c'
	list lint 'lint/lint-*.sh'
} >"$TESTS_RUN/all"
if [ "${SANITIZERS:-no}" = yes ]; then
	sed -i '/ preload-/d' "$TESTS_RUN/all"
fi
if [ $# -gt 0 ]; then
	for name; do
		grep -E " $name\$" "$TESTS_RUN/all" || grep -E " $name-" "$TESTS_RUN/all" || { echo "run.sh: no test file is called $name" >&2; exit 2; }
	done >"$TESTS_RUN/list"
else
	mv "$TESTS_RUN/all" "$TESTS_RUN/list"
fi

echo "TAP version 13"
# A job's own failures are in its output; a job that could not even run has none, which the count below finds.
xargs -L 1 -P "${TESTS_JOBS:-2}" sh "$here/run.sh" --one <"$TESTS_RUN/list" || :

passed=0 failed=0 skipped=0
while read -r _ name; do
	tap=$TESTS_RUN/$name.tap
	if [ ! -s "$tap" ]; then
		echo "not ok - $name: gave no result"
		failed=$((failed + 1))
		continue
	fi
	s=$(grep -ciE '^ok .*# *skip' "$tap" || :)
	p=$(grep -c '^ok ' "$tap" || :)
	f=$(grep -c '^not ok ' "$tap" || :)
	passed=$((passed + p - s)) failed=$((failed + f)) skipped=$((skipped + s))
	[ "$f" = 0 ] || grep '^not ok ' "$tap" >>"$TESTS_RUN/failed"
done <"$TESTS_RUN/list"
echo "1..$((passed + failed + skipped))"
[ "$passed" -gt 0 ] || failed=$((failed + 1))
if [ -s "$TESTS_RUN/failed" ]; then
	echo "# these failed:"
	sed 's/^not ok - /#   /' "$TESTS_RUN/failed"
fi
[ "$skipped" = 0 ] || more=", $skipped skipped"
echo "$passed passed, $failed failed${more:-}"
[ "$failed" = 0 ]
