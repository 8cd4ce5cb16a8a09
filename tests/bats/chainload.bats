#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# A provisioner and the program behind it: whatever ends either, nothing stays.
#
# shellcheck disable=SC2016,SC2086,SC2153 # scripts for other shells; $WELL_KNOWN and $TOKEN are plain words of chall.bash

load ../helpers
load ../chall

setup() {
	scratch
	mkdir www
	doc=$(document dns:a.test=http-01,dns-01)
}

file=www/$WELL_KNOWN/$TOKEN

# A program that does what is given, says that it is there, reads to the end, and does what is given for then.
program() { # SCRIPT [SCRIPT]
	printf '#!/bin/sh\n%s\necho $$ >ready.new\nmv ready.new ready\nwhile read -r line; do echo "$line"; done\n%s\n' \
		"$1" "${2:-}" >program
	chmod +x program
}

is_empty() { [ -z "$(ls -A "$1")" ]; }
gone() { [ ! -d "/proc/$1" ] || grep -q '^State:.*zombie' "/proc/$1/status"; }
holds() { grep -q "$2" "$1"; }

@test "the program gets each document when its things are in place, and they go when it ends" {
	must_pass acme-http01 -w www sh -c 'read -r line && echo "$line" && cat "$0"' "$file" <<<"$doc"
	[ "$(tail -n 1 "$OUT")" = "$TOKEN.$THUMB" ]
	head -n 1 "$OUT" | jq -e '.answers[0].provision.kind == "file" and .answers[0].held == 1'
	is_empty www
	[ -z "$stderr" ]
}

@test "the program and the hooks inherit nothing of ours" {
	list='cat >/dev/null; ls /proc/self/fd'
	must_pass sh -c "$list" <<<"$doc"
	mine=$output
	must_pass acme-http01 --listen 127.0.0.1:0 sh -c "$list" <<<"$doc"
	[ "$output" = "$mine" ]
	recorder hook 'ls /proc/self/fd >fds'
	must_pass acme-dns01 --hook ./hook sh -c "$list" <<<"$doc"
	[ "$output" = "$mine" ]
	[ "$(cat fds)" = "$mine" ]
	must_pass acme-tlsalpn01 --listen 127.0.0.1:0 sh -c "$list" <<<"$doc"
	[ "$output" = "$mine" ]
}

@test "its status is the program's" {
	must_fail 7 "" acme-http01 -w www sh -c 'cat; exit 7' <<<"$doc"
	doc_is .answers
	is_empty www
	must_pass acme-http01 -w www cat <<<"$doc"
}

@test "no document at all is an error, as everywhere" {
	must_fail 3 "no document" acme-http01 -w www cat </dev/null
}

@test "a program that cannot be run is said before anything is done" {
	must_fail 2 "./nobody: cannot run it: No such file or directory" \
		acme-http01 --listen 127.0.0.1:0 --port-file port ./nobody <<<"$doc"
	doc_is '.problem.exit == 2 and (.answers | not)'
	must_fail 2 "nobody-of-this-name: cannot run it" acme-http01 -w www nobody-of-this-name <<<"$doc"
	echo x >plain
	must_fail 2 "./plain: cannot run it: Permission denied" acme-http01 -w www ./plain <<<"$doc"
	is_empty www
	[ ! -e port ]
}

@test "a program that is killed: status 11, and all is taken away" {
	must_fail 11 "sh: killed by signal 9 (Killed)" acme-http01 -w www sh -c 'read -r line; test -e "$0" && kill -9 $$' "$file" <<<"$doc"
	is_empty www
	must_fail 11 "sh: killed by signal 15 (Terminated)" acme-http01 -w www sh -c 'cat; kill -TERM $$' <<<"$doc"
}

@test "a program that ends early ends both, though more documents may come" {
	begin "acme-http01 -w www sh -c 'read -r line; test -e $file && exit 5'"
	feed <<<"$doc"
	ended
	[ "$status" -eq 5 ]
	is_empty www
}

@test "a program that never reads ends both, without a word of ours" {
	begin "acme-http01 -w www true"
	ended
	[ "$status" -eq 0 ]
	[ ! -s err ]
	for _ in {1..2000}; do printf '%s\n' "$doc"; done >many
	must_pass acme-http01 -w www true <many
	[ -z "$stderr" ]
	must_fail 4 "" acme-http01 -w www sh -c 'exec <&-; exit 4' <many
	[ -z "$stderr" ]
	is_empty www
}

# ends_by SIGNAL STATUS
ends_by() {
	program "trap 'echo $1 >>got; exit 3' $1"
	rm -f ready got port in
	begin "acme-http01 --listen 127.0.0.1:0 --port-file port ./program"
	feed <<<"$doc"
	wait_for holds out "$TOKEN"
	listens "$(cat port)"
	port=$(cat port)
	kill -"$1" "$spawned"
	ended
	[ "$status" -eq "$2" ]
	[ "$(cat got)" = "$1" ]
	must_fail 1 "" listens "$port"
	[ ! -e port ]
	feed_end
}

@test "SIGTERM, SIGINT and SIGHUP go to the program, and then end us" {
	ends_by TERM 143
	ends_by INT 130
	ends_by HUP 129
}

@test "a signal leaves no file behind" {
	program ''
	begin "acme-http01 -w www ./program"
	feed <<<"$doc"
	wait_for holds out "$TOKEN"
	[ -e "$file" ]
	kill -TERM "$spawned"
	ended
	[ "$status" -eq 143 ]
	is_empty www
	wait_for gone "$(cat ready)"
}

@test "a signal that was ignored from the start stays ignored" {
	program ''
	begin "env --ignore-signal=HUP acme-http01 -w www ./program"
	feed <<<"$doc"
	wait_for holds out "$TOKEN"
	kill -HUP "$spawned"
	feed < <(document_of "$TOKEN2" dns:b.test=http-01)
	wait_for holds out "$TOKEN2"
	feed_end
	ended
	[ "$status" -eq 0 ]
	is_empty www
}

@test "SIGKILL: the program is ended, the port is free" {
	mkfifo wait
	program 'trap "echo TERM >got; exit 3" TERM' 'read -r line <wait'
	begin "acme-http01 --listen 127.0.0.1:0 --port-file port ./program"
	feed <<<"$doc"
	wait_for holds out "$TOKEN"
	listens "$(cat port)"
	kill -KILL "$spawned"
	ended
	[ "$status" -eq 137 ]
	wait_for gone "$(cat ready)"
	[ "$(cat got)" = TERM ]
	must_fail 1 "" listens "$(cat port)"
}

@test "nested: each takes what is left, the innermost gets all" {
	recorder hook
	document dns:a.test=http-01 'dns:*.b.test=dns-01' dns:c.test=dns-01,http-01 >doc
	must_pass acme-http01 -w www acme-dns01 --hook ./hook sh -c 'cat; exit 0' <doc
	doc_is '[.answers[] | [.identifier.value, .type, .held]] == [["a.test", "http-01", 1], ["c.test", "http-01", 1], ["b.test", "dns-01", 2]]'
	[ "$(cut -d' ' -f1,3 hook.log)" = $'add _acme-challenge.b.test\nremove _acme-challenge.b.test' ]
	is_empty www
	must_fail 9 "" acme-http01 -w www acme-dns01 --hook ./hook sh -c 'exit 9' <doc
}

@test "nested: the inner one leaves alone what the outer one holds" {
	recorder hook
	must_pass acme-dns01 --hook ./hook acme-dns01 --hook ./hook cat < <(document dns:a.test=dns-01)
	[ "$(wc -l <hook.log)" -eq 2 ]
}

@test "nested: SIGTERM and SIGKILL at the top tidy up below" {
	recorder hook
	program ''
	for signal in TERM KILL; do
		rm -f in hook.log ready
		begin "acme-http01 --listen 127.0.0.1:0 --port-file port acme-dns01 --hook ./hook ./program"
		feed < <(document dns:a.test=dns-01)
		wait_for holds out "$TOKEN"
		kill -"$signal" "$spawned"
		ended
		[ "$status" -eq $((128 + $(kill -l "$signal"))) ]
		wait_for gone "$(cat ready)"
		wait_for holds hook.log "remove -- _acme-challenge.a.test TXT $DIGEST"
		feed_end
	done
}

@test "what answers ask for is put in place, those of an earlier run as well" {
	must_pass acme-http01 -w www cat <<<"$doc"
	doc_is '.answers[0].held == 1'
	cp "$OUT" again
	is_empty www
	must_pass acme-http01 -w www sh -c 'read -r line && cat "$0"' "$file" <again
	[ "$output" = "$TOKEN.$THUMB" ]
	acme-answer -t http-01 <<<"$doc" >answered
	must_pass acme-http01 -w www sh -c 'read -r line && cat "$0"' "$file" <answered
	[ "$output" = "$TOKEN.$THUMB" ]
	# nothing is put in place for what is proved
	jq -c '.authorizations[0].status = "valid"' answered >proved
	must_pass acme-http01 -w www sh -c 'read -r line && ls -A www' <proved
	[ -z "$output" ]
}

@test "a document that failed goes to the program as it is, and its status is not lost" {
	jq -c '.problem = { type: "urn:x", exit: 6 }' <<<"$doc" >failed
	must_fail 6 "" acme-http01 -w www cat <failed
	doc_is '.problem.exit == 6 and (.answers | not)'
	must_fail 8 "" acme-http01 -w www sh -c 'cat; exit 8' <failed
}

@test "in a stream one that fails here does not stop the others" {
	{ document dns:a.test=http-01 && document_of ../../x dns:b.test=http-01 && document_of "$TOKEN2" dns:c.test=http-01; } >three
	must_fail 10 "authorizations[0]" acme-http01 -w www cat <three
	[ "$(jq -c '[(.problem.exit // 0), (.answers | length)]' "$OUT" | tr -d '\n')" = '[0,1][10,0][0,1]' ]
}

@test "a hook that runs gets the signal, too, and what it began is removed" {
	recorder hook 'case $1 in add) trap "echo interrupted >>hook.log; exit 1" TERM; while :; do read -r x <wait; done ;; esac'
	mkfifo wait
	program ''
	begin "acme-dns01 --hook ./hook ./program"
	feed < <(document dns:a.test=dns-01)
	wait_for holds hook.log add
	kill -TERM "$spawned"
	ended
	[ "$status" -eq 143 ]
	[ "$(cut -d' ' -f1 hook.log)" = $'add\ninterrupted\nremove' ]
}
