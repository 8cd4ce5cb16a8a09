#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# acme, the front end: finds programs by name and nothing else.

load ../helpers

@test "acme COMMAND is acme-COMMAND, arguments and status included" {
	must_pass acme newkey --help
	direct=$output
	must_pass acme-newkey --help
	[ "$direct" = "$output" ]
	must_fail 2 "acme-newkey: --nonsense" acme newkey --nonsense
}

@test "a command that somebody else installed is found in PATH" {
	mkdir more
	printf '#!/bin/sh\necho "mine: $*"\nexit 7\n' >more/acme-mine
	chmod +x more/acme-mine
	PATH=$PWD/more:$PATH must_fail 7 "" acme mine a b
	[ "$output" = "mine: a b" ]
}

@test "--help lists every program, on standard output" {
	must_pass acme --help
	[ -z "$stderr" ]
	for c in directory account order respond finalize cert; do
		grep -qx "  $c" "$OUT"
	done
	must_pass acme help
	must_pass acme --version
	[[ $output == "acme (acmeutils) "* ]]
}

@test "no command, no such command, and what is not a command" {
	must_pass acme newkey --version
	must_fail 2 "acme: the command is missing" acme
	must_fail 2 "acme: acme-nonsense: no such command" acme nonsense
	must_fail 2 "acme: not a command" acme --nonsense
	must_fail 2 "acme: not a command" acme ../acme-newkey
	must_fail 2 "acme: not a command" acme "$(printf 'x%.0s' {1..80})"
}

@test "help that cannot be written is not a success" {
	must_pass acme --help
	run_full() { acme "$@" >/dev/full; }
	must_fail 11 "acme: standard output: No space left" run_full --help
}
