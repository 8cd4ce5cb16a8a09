#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# dns-01: records by hand, by a hook, and by dynamic update of a real name server.
#
# shellcheck disable=SC2016,SC2086,SC2153 # scripts for other shells; $WELL_KNOWN and $TOKEN are plain words of chall.bash

load ../helpers
load ../chall

setup_file() {
	start_pebble
	make_key "$BATS_FILE_TMPDIR/account.pem"
	if [ -z "${NO_PEBBLE:-}" ]; then start_named; fi
}

setup() {
	scratch
	doc=$(document dns:www.a.test=dns-01,http-01)
}

# A name server for example.test that takes updates with a key, and a Pebble that asks it. Exports NAMED_DIR, NAMED_PORT,
# and ACME_DIRECTORY_NAMED.
start_named() {
	export NAMED_DIR=$BATS_FILE_TMPDIR/named
	NAMED_PORT=$(free_port)
	export NAMED_PORT
	mkdir "$NAMED_DIR"
	(umask 077 && tsig-keygen -a hmac-sha256 acme >"$NAMED_DIR/key" && tsig-keygen -a hmac-sha256 acme >"$NAMED_DIR/wrong")
	cat >"$NAMED_DIR/named.conf" <<-EOT
	include "$NAMED_DIR/key";
	options {
		directory "$NAMED_DIR"; pid-file none; session-keyfile none; recursion no; dnssec-validation no;
		listen-on port $NAMED_PORT { 127.0.0.1; }; listen-on-v6 { none; };
	};
	controls {};
	zone "example.test" { type primary; file "zone"; update-policy { grant acme zonesub TXT; }; };
	EOT
	cat >"$NAMED_DIR/zone" <<-EOT
	\$TTL 60
	@ IN SOA ns admin 1 3600 600 86400 60
	@ IN NS ns
	ns IN A 127.0.0.1
	EOT
	daemon "$NAMED_DIR" named named -g -n 1 -c "$NAMED_DIR/named.conf"
	local port mgmt
	port=$(free_port) mgmt=$(free_port)
	jq --arg port "$port" --arg mgmt "$mgmt" '.pebble.listenAddress = "127.0.0.1:\($port)" |
		.pebble.managementListenAddress = "127.0.0.1:\($mgmt)"' "$PEBBLE_DIR/pebble.json" >"$NAMED_DIR/pebble.json"
	daemon "$NAMED_DIR" pebble env PEBBLE_VA_NOSLEEP=1 PEBBLE_AUTHZREUSE=0 \
		pebble -strict -config "$NAMED_DIR/pebble.json" -dnsserver "127.0.0.1:$NAMED_PORT"
	export ACME_DIRECTORY_NAMED=https://localhost:$port/dir
	pebble_ready "$ACME_DIRECTORY_NAMED"
	wait_for named_has example.test SOA . || { cat "$NAMED_DIR/named.log" >&2; return 1; }
}

teardown_file() {
	[ -z "${NAMED_DIR:-}" ] || pebble_down "$NAMED_DIR"
	stop_pebble
}

asked() { dig +short +tries=1 +time=2 @127.0.0.1 -p "$NAMED_PORT" "$1" "$2"; }
named_has() { asked "$1" "$2" | grep -q "$3"; }
records() { asked _acme-challenge."$1" TXT | tr -d '"' | sort; }

order() { # DIRECTORY ARG...
	local directory=$1
	shift
	cp "$BATS_FILE_TMPDIR/account.pem" .
	acme-directory "$directory" | acme-account -k account.pem --agree-tos | acme-order "$@"
}
nsupdate_with() { acme-dns01 --nsupdate --nsupdate-server "127.0.0.1:$NAMED_PORT" --nsupdate-key "$@"; }

# --- options

@test "what must be said, and what does not fit together" {
	must_fail 2 "one of --print, --hook PROG and --nsupdate" acme-dns01 <<<"$doc"
	must_fail 2 "one of --print, --hook PROG and --nsupdate" acme-dns01 --print --nsupdate <<<"$doc"
	must_fail 2 "--print: not with a PROGRAM" acme-dns01 --print cat <<<"$doc"
	must_fail 2 "--print: not with a PROGRAM or --remove" acme-dns01 --print --remove <<<"$doc"
	recorder hook
	must_fail 2 "--remove: not with a PROGRAM" acme-dns01 --hook ./hook --remove cat <<<"$doc"
	must_fail 2 "only with --nsupdate" acme-dns01 --hook ./hook --nsupdate-key x <<<"$doc"
	must_fail 2 "--ttl" acme-dns01 --print --ttl x <<<"$doc"
	must_fail 2 "--ttl" acme-dns01 --print --ttl 99999999999 <<<"$doc"
	must_fail 2 "--delay" acme-dns01 --hook ./hook --delay -1 <<<"$doc"
	[ ! -e hook.log ]
}

@test "tools that are not there are said before any document is read" {
	must_fail 2 "--hook: ./nobody: cannot run it: No such file" acme-dns01 --hook ./nobody cat <<<"$doc"
	must_fail 2 "--hook: nobody-of-this-name: not found in PATH" acme-dns01 --hook nobody-of-this-name <<<"$doc"
	echo x >plain
	must_fail 2 "--hook: ./plain: cannot run it: Permission denied" acme-dns01 --hook ./plain <<<"$doc"
	mkdir path
	ln -s "$(command -v acme-dns01)" path
	must_fail 2 "--nsupdate: nsupdate: not found in PATH" env PATH="$PWD/path" acme-dns01 --nsupdate <<<"$doc"
	must_fail 4 "--nsupdate-key nobody: No such file" acme-dns01 --nsupdate --nsupdate-key nobody <<<"$doc"
	doc_is '.problem.exit == 4 and (.answers | not)'
}

# --- by hand

@test "--print: zone file lines in place of documents" {
	must_pass acme-dns01 --print < <(document dns:www.a.test=dns-01 'dns:*.a.test=dns-01' dns:b.test=http-01)
	[ "$output" = "_acme-challenge.www.a.test. 60 IN TXT \"$DIGEST\"
_acme-challenge.a.test. 60 IN TXT \"$DIGEST\"" ]
	must_pass acme-dns01 --print --ttl 5m --account-label < <(document dns:a.test=dns-account-01,dns-01)
	[ "$output" = "_ujmmovf2vn55tgye._acme-challenge.a.test. 300 IN TXT \"$DIGEST\"" ]
	must_pass acme-dns01 --print < <(document dns:a.test=http-01)
	[ -z "$output" ]
}

# --- by a hook

@test "the hook's arguments and environment, and nothing but its work on standard output" {
	recorder hook 'tr "\0" "\n" </proc/$$/environ | grep ^ACME_DNS_ | sort >>env.log; echo noise; echo more noise >&2; cat >stdin'
	must_pass env ACME_DNS_NAME=evil acme-dns01 --hook ./hook <<<"$doc"
	[ "$(cat hook.log)" = "add -- _acme-challenge.www.a.test TXT $DIGEST" ]
	[ "$(cat env.log)" = "ACME_DNS_ACTION=add
ACME_DNS_NAME=_acme-challenge.www.a.test
ACME_DNS_RECORD=TXT
ACME_DNS_TTL=60
ACME_DNS_VALUE=$DIGEST" ]
	doc_is '.answers[0].provision.name == "_acme-challenge.www.a.test"'
	[ "$stderr" = $'noise\nmore noise' ]
	[ ! -s stdin ]
	cp "$OUT" answered
	: >hook.log
	must_pass acme-dns01 --hook ./hook --remove <answered
	[ "$(cat hook.log)" = "remove -- _acme-challenge.www.a.test TXT $DIGEST" ]
	cmp answered "$OUT"
}

@test "it is found in PATH, and its own environment is ours" {
	mkdir path
	recorder path/my-hook 'echo "$MARK" >>hook.log'
	must_pass env MARK=seen PATH="$PWD/path:$PATH" acme-dns01 --hook my-hook <<<"$doc"
	[ "$(tail -n 1 hook.log)" = seen ]
}

@test "with a program: made before, removed after, also when it fails" {
	recorder hook
	must_fail 6 "" acme-dns01 --hook ./hook sh -c 'read -r line; cat hook.log; exit 6' <<<"$doc"
	[ "$output" = "add -- _acme-challenge.www.a.test TXT $DIGEST" ]
	[ "$(cut -d' ' -f1 hook.log)" = $'add\nremove' ]
}

@test "a hook that fails: its status, its last words, and what it had begun is removed" {
	recorder hook 'case $1 in add) echo first; printf "no such zone\033\n" >&2; exit 3 ;; esac'
	must_fail 11 './hook add _acme-challenge.www.a.test: ended with status 3: no such zone\x1b' acme-dns01 --hook ./hook cat <<<"$doc"
	doc_is '.problem.exit == 11 and (.problem.detail | startswith("answers[0]: ./hook add"))'
	[ "$(cut -d' ' -f1 hook.log)" = $'add\nremove' ]
	recorder hook 'kill -9 $$'
	must_fail 11 "./hook add _acme-challenge.www.a.test: killed by signal 9 (Killed)" acme-dns01 --hook ./hook <<<"$doc"
	mkfifo wait
	recorder hook 'exec cat wait'
	must_fail 11 "./hook add _acme-challenge.www.a.test: ended after more than 1 s" acme-dns01 --hook ./hook --timeout 1 <<<"$doc"
	recorder hook 'trap "" TERM; while :; do read -r x <wait; done'
	must_fail 11 "ended after more than 1 s" acme-dns01 --hook ./hook --timeout 1 <<<"$doc"
}

@test "a hook that leaves a process behind is not waited for" {
	mkfifo wait
	recorder hook 'cat wait & echo $! >left'
	must_pass acme-dns01 --hook ./hook <<<"$doc"
	kill "$(cat left)"
}

@test "a removal that fails is said, and does not change what the program achieved" {
	recorder hook 'case $1 in remove) exit 1 ;; esac'
	must_pass acme-dns01 --hook ./hook cat <<<"$doc"
	[[ $stderr == *"left behind: ./hook remove _acme-challenge.www.a.test: ended with status 1"* ]]
	acme-answer -t dns-01 <<<"$doc" >answered
	must_fail 11 "answers[0]: ./hook remove" acme-dns01 --hook ./hook --remove <answered
}

@test "--remove goes on after a failure, and acts on a document that failed" {
	document dns:a.test=dns-01 dns:b.test=dns-01 | acme-answer -t dns-01 | jq -c '.problem = { type: "urn:x", exit: 8 }' >failed
	recorder hook
	must_fail 8 "" acme-dns01 --hook ./hook --remove <failed
	[ "$(wc -l <hook.log)" -eq 2 ]
	recorder hook 'case $3 in *.a.test) exit 1 ;; esac'
	must_fail 11 "answers[0]" acme-dns01 --hook ./hook --remove <failed
	[ "$(wc -l <hook.log)" -eq 4 ]
	# but nothing is made for it
	: >hook.log
	must_fail 8 "" acme-dns01 --hook ./hook <failed
	[ ! -s hook.log ]
}

@test "status 42: the name is another's" {
	recorder mine 'case $3 in *.mine.test) ;; *) exit 42 ;; esac'
	recorder other 'case $3 in *.other.test) ;; *) exit 42 ;; esac'
	document dns:mine.test=dns-01 dns:other.test=dns-01 dns:nobody.test=dns-01 >doc
	must_pass acme-dns01 --hook ./mine <doc
	doc_is '[.answers[].identifier.value] == ["mine.test"]'
	must_pass acme-dns01 --hook ./mine acme-dns01 --hook ./other cat <doc
	doc_is '[.answers[] | [.identifier.value, .held]] == [["mine.test", 1], ["other.test", 2]]'
	# an answer that was there already stays
	acme-answer -t dns-01 <doc >answered
	must_pass acme-dns01 --hook ./mine cat <answered
	doc_is '[.answers[].held] == [1, null, null]'
}

@test "--delay waits when records were made, and only then" {
	recorder hook
	begun=$(date +%s%N)
	must_pass acme-dns01 --hook ./hook --delay 1 <<<"$doc"
	[ $(($(date +%s%N) - begun)) -ge 1000000000 ]
	must_pass acme-dns01 --hook ./hook --delay 100d < <(document dns:a.test=http-01)
}

@test "answers that would make other records are refused" {
	recorder hook
	acme-answer -t dns-01 <<<"$doc" >good
	must_pass acme-dns01 --hook ./hook <good
	rm hook.log
	for name in www.a.test _acme-challenge. '_acme-challenge.a b' '_acme-challenge.a;b' $'_acme-challenge.a\nb.test' '_acme-challenge.$(x)' \
		'_dmarc.a.test' '-x' 'x._acme-challenge.a.test' '_A._acme-challenge.a.test' '_.a._acme-challenge.a.test' ''; do
		jq -c --arg v "$name" '.answers[0].provision.name = $v' good >bad
		must_fail 3 "answers[0]: provision" acme-dns01 --hook ./hook cat <bad
		must_fail 3 "answers[0]: provision" acme-dns01 --hook ./hook --remove <bad
		must_fail 3 "answers[0]: provision" acme-dns01 --print <bad
	done
	for value in x '"' "$DIGEST\"" "$DIGEST$DIGEST" $'a\nsend'; do
		jq -c --arg v "$value" '.answers[0].provision.value = $v' good >bad
		must_fail 3 "answers[0]: provision" acme-dns01 --hook ./hook <bad
	done
	must_fail 3 "provision.record: not TXT" acme-dns01 --hook ./hook < <(jq -c '.answers[0].provision.record = "A"' good)
	[ ! -e hook.log ]
}

@test "what is not asked for is left to others" {
	recorder hook
	must_pass acme-dns01 --hook ./hook < <(document ip:192.0.2.1=dns-01 dns:b.test=http-01)
	doc_is '.answers == null'
	must_pass acme-dns01 --hook ./hook --account-label <<<"$doc"
	doc_is '.answers == null'
	[ ! -e hook.log ]
}

@test "validated through a hook, a name and its wildcard side by side" {
	recorder hook 'case $1 in
		add) curl -sf -d "{\"host\":\"$3.\",\"value\":\"$5\"}" "$PEBBLE_DNS_MGMT/set-txt" ;;
		remove) curl -sf -d "{\"host\":\"$3.\"}" "$PEBBLE_DNS_MGMT/clear-txt" ;; esac'
	order "$ACME_DIRECTORY" -d '*.example.test' -d example.test -d www.example.test >doc
	must_pass acme-dns01 --hook ./hook acme-respond <doc
	doc_is '[.authorizations[].status] == ["valid", "valid", "valid"]'
	[ "$(grep -c ^add hook.log)" -eq 3 ]
	[ "$(grep -c ^remove hook.log)" -eq 3 ]
}

# --- by dynamic update

@test "nsupdate: made with the key, seen by the CA, removed" {
	order "$ACME_DIRECTORY_NAMED" -d '*.example.test' -d example.test >doc
	must_pass nsupdate_with "$NAMED_DIR/key" acme-respond <doc
	doc_is '[.authorizations[].status] == ["valid", "valid"]'
	[ -z "$(records example.test)" ]
}

@test "nsupdate: both records stand while the program runs, and a third one is not touched" {
	printf 'server 127.0.0.1 %s\nupdate add _acme-challenge.example.test. 60 IN TXT "third"\nsend\n' "$NAMED_PORT" |
		nsupdate -k "$NAMED_DIR/key"
	document_of "$TOKEN" dns:example.test=dns-01 >one
	document_of "$TOKEN2" 'dns:*.example.test=dns-01' >two
	must_pass nsupdate_with "$NAMED_DIR/key" sh -c 'read -r x; read -r x; dig +short @127.0.0.1 -p "$NAMED_PORT" _acme-challenge.example.test TXT' \
		< <(cat one two)
	[ "$(tr -d '"' <"$OUT" | sort)" = "$(printf '%s\n' "$DIGEST" "$DIGEST2" third | sort)" ]
	[ "$(records example.test)" = third ]
	must_pass nsupdate_with "$NAMED_DIR/key" <one
	cp "$OUT" answered
	[ "$(records example.test)" = "$(printf '%s\n' "$DIGEST" third | sort)" ]
	must_pass nsupdate_with "$NAMED_DIR/key" --remove <answered
	[ "$(records example.test)" = third ]
	must_pass nsupdate_with "$NAMED_DIR/key" --remove <answered
}

@test "nsupdate: the label of an account" {
	must_pass nsupdate_with "$NAMED_DIR/key" --account-label < <(document dns:www.example.test=dns-account-01)
	named_has _ujmmovf2vn55tgye._acme-challenge.www.example.test TXT "$DIGEST"
}

@test "nsupdate: a wrong key, no key, a zone that is not there" {
	document dns:x.example.test=dns-01 >doc
	must_pass nsupdate_with "$NAMED_DIR/key" cat <doc
	must_fail 5 "nsupdate add _acme-challenge.x.example.test: ended with status 2: update failed: NOTAUTH(BADSIG)" \
		nsupdate_with "$NAMED_DIR/wrong" cat <doc
	doc_is '.problem.exit == 5'
	must_fail 5 "REFUSED" acme-dns01 --nsupdate --nsupdate-server "127.0.0.1:$NAMED_PORT" <doc
	must_fail 5 "nsupdate add _acme-challenge.x.elsewhere.test" nsupdate_with "$NAMED_DIR/key" < <(document dns:x.elsewhere.test=dns-01)
	[ -z "$(records x.example.test)" ]
}

@test "nsupdate: the key is in no argument, the commands come by standard input" {
	mkdir path
	printf '#!/bin/sh\necho "$@" >args\ncat >commands\n' >path/nsupdate
	chmod +x path/nsupdate
	must_pass env PATH="$PWD/path:$PATH" acme-dns01 --nsupdate --nsupdate-key "$NAMED_DIR/key" \
		--nsupdate-server '[2001:db8::1]:5353' --ttl 2m <<<"$doc"
	[ "$(cat args)" = "-k $NAMED_DIR/key" ]
	[ "$(cat commands)" = "server 2001:db8::1 5353
update add _acme-challenge.www.a.test. 120 IN TXT \"$DIGEST\"
send" ]
	for server in 192.0.2.1 192.0.2.1:53 ns.example.test:53 2001:db8::1; do
		must_pass env PATH="$PWD/path:$PATH" acme-dns01 --nsupdate --nsupdate-server "$server" <<<"$doc"
	done
	[ "$(head -n 1 commands)" = "server 2001:db8::1" ]
	[ -z "$(cat args)" ]
	for server in '' -x 'a b' $'a\nb' 'a;b' 192.0.2.1: 192.0.2.1:x '[::1' '[]:53' 192.0.2.1:123456; do
		must_fail 2 "--nsupdate-server" env PATH="$PWD/path:$PATH" acme-dns01 --nsupdate --nsupdate-server "$server" <<<"$doc"
	done
}
