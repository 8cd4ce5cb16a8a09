#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# The examples of the manual pages (those marked "@run") and of README do what they say.

load ../helpers

setup_file() {
	start_pebble
	make_key "$BATS_FILE_TMPDIR/account.pem"
	make_key "$BATS_FILE_TMPDIR/www.pem"
}

# examples PAGE DIR: each marked literal block of an mdoc page as DIR/N.sh; the few escapes of mdoc taken back.
examples() {
	awk -v dir="$2" '
	/^\.\\" @run *$/ { marked = 1; next }
	marked && /^\.Bd -literal/ { inside = 1; marked = 0; file = dir "/" ++n ".sh"; next }
	inside && /^\.Ed/ { inside = 0; close(file); next }
	marked { print "line " FNR ": @run is not followed by .Bd -literal" > "/dev/stderr"; bad = 1; exit }
	inside {
		gsub(/\\&/, ""); gsub(/\\-/, "-"); gsub(/\\\(aq/, "\x27"); gsub(/\\\(dq/, "\""); gsub(/\\e/, "\\")
		print > file
	}
	END { exit bad }' "$1"
}

# run_all DIR: each script in an empty directory with the two keys.
run_all() {
	local script
	for script in "$1"/*.sh; do
		[ -e "$script" ] || return 0
		ran=$((ran + 1))
		rm -rf play
		mkdir play
		cp "$BATS_FILE_TMPDIR"/*.pem play
		(cd play && timeout 60 sh -e "$script" </dev/null >../play.out 2>&1) || {
			echo "status $? of this example of $2:"
			cat "$script"
			echo "which printed:"
			head -c 4000 play.out
			return 1
		}
	done
}

ran=0

@test "the examples of the manual pages run" {
	failed=''
	for page in "$SRCDIR"/man/*.in; do
		dir=$BATS_TEST_TMPDIR/${page##*/}.d
		mkdir "$dir"
		examples "$page" "$dir"
		run_all "$dir" "${page##*/}" || failed+=" ${page##*/}"
	done
	echo "ran $ran examples; failed:${failed:- none}"
	[ -z "$failed" ]
	[ "$ran" -ge 15 ]
}

@test "the pipeline of README runs, here" {
	mkdir readme.d
	awk '/^    acme-directory / { on = 1 } on && !/^    / { exit } on { sub(/^    /, ""); print }' "$SRCDIR/README" |
		sed "s|https://ca\\.example/dir|$ACME_DIRECTORY|; s|--listen :80|--listen 127.0.0.1:$ACME_TEST_HTTP_PORT|" >readme.d/1.sh
	[ "$(wc -l <readme.d/1.sh)" -ge 6 ]
	run_all "$PWD/readme.d" README
	certifies play/www.chain.pem www.example.org play/www.pem
}

@test "a marked example that fails is noticed" {
	printf '.\\" @run\n.Bd -literal -offset indent\ntrue |\nfalse \\&\n.Ed\n' >page
	mkdir page.d
	examples page page.d
	printf 'true |\nfalse \n' | cmp - page.d/1.sh
	status=0
	run_all "$PWD/page.d" page >said || status=$?
	[ "$status" -ne 0 ]
	grep -q 'of this example of page' said
}
