#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Reading and writing goes wrong at each call in turn: status 11, a word on standard error, the old file or
# the new one and nothing else. And where it only trickles or is interrupted, all is as always.

load ../helpers

setup_file() {
	start_pebble PEBBLE_WFE_NONCEREJECT=0
	cd "$BATS_FILE_TMPDIR" || return
	make_key account.pem
	make_key www.pem
	acme-directory "$ACME_DIRECTORY" | acme-account -k account.pem --agree-tos >account.json
	acme-order -d io.example.test <account.json >order.json
	acme-http01 --listen "127.0.0.1:$ACME_TEST_HTTP_PORT" acme-respond <order.json | acme-finalize -k www.pem >valid.json
}

setup() {
	scratch
	d=$BATS_FILE_TMPDIR
	in=/dev/null
}

# errors by number, as the kernel has them on every Linux
EIO=5 ENOSPC=28 EDQUOT=122
words_of() { case $1 in "$EIO") echo "Input/output error" ;; "$ENOSPC") echo "No space left on device" ;; "$EDQUOT") echo "Disk quota exceeded" ;; esac; }

broken() { # CALLS ERRNO AT ON CMD...
	local calls=$1 error=$2 at=$3 on=$4
	shift 4
	timeout 20 env FAIL_CALLS="$calls" FAIL_ERRNO="$error" FAIL_AT="$at" FAIL_ON="$on" FAIL_COUNT="$BATS_TEST_TMPDIR/.count" \
		LD_PRELOAD="$BUILDDIR/tests/preload/failio.so" "$@" <"$in"
}

# break_each CALLS ERRNO CMD...: each of these calls failing once, and from there on. whole() is asked after each run.
whole() { :; }
break_each() {
	local calls=$1 error=$2 n i on said
	said=$(words_of "$2")
	shift 2
	must_pass broken "$calls" "$error" 0 0 "$@"
	whole 0
	n=$(<.count)
	echo "$n of $calls: $*"
	[ "$n" -ge 1 ]
	for on in 0 1; do
		for ((i = 1; i <= n; i++)); do
			must_fail 11 "$said" broken "$calls" "$error" "$i" "$on" "$@"
			[[ $stderr == "$1: "* ]] || wrong "says it under another name" "$@"
			whole 11 || wrong "$calls $i of $n: what is left is not whole" "$@"
		done
	done
}

# A chain that is old or whole, new after success, and nothing beside it. (It is new, too, when only the directory
# could not be told to the disk.)
old_or_new() { # NAME STATUS
	if [ "$(<"$1")" = old ]; then
		[ "$2" != 0 ]
	else
		certtool --certificate-info --infile "$1" >/dev/null && [ "$(tail -n 1 "$1")" = "-----END CERTIFICATE-----" ]
	fi || return
	[ "$(ls)" = "$1" ] || { ls -A; return 1; }
	echo old >"$1"
}

# A key that is whole or not there, and nothing beside it; then it is taken away.
key_or_none() { # NAME STATUS
	if [ -e "$1" ] || [ "$2" = 0 ]; then acme-jwk --private "$1" >/dev/null || return; fi
	rm -f "$1"
	[ -z "$(ls)" ] || { ls -A; return 1; }
}

@test "acme-newkey: nothing is left of a key that could not be written" {
	whole() { key_or_none k.pem "$1"; }
	break_file() { break_each "$@" acme-newkey k.pem; }
	break_file fsync $EIO
	break_file open $ENOSPC
	break_file link,rename $EDQUOT
	break_file write $ENOSPC
}

@test "acme-cert -o: the old chain stays until the new one is whole" {
	in=$d/valid.json
	echo old >chain.pem
	whole() { old_or_new chain.pem "$1"; }
	break_each fsync $EIO acme-cert -o chain.pem
	break_each rename $EDQUOT acme-cert -o chain.pem
	break_each write $ENOSPC acme-cert -o chain.pem
}

@test "acme-jwk -o: a new file is whole or not there" {
	whole() { key_or_none j.jwk "$1"; }
	break_each fsync $EIO acme-jwk --private -o j.jwk "$d/account.pem"
	break_each write $ENOSPC acme-jwk --private -o j.jwk "$d/account.pem"
}

@test "acme-http01 --webroot: no token is left that could not be written" {
	in=$d/order.json
	mkdir www
	whole() {
		[ "$1" != 0 ] || grep -rqE '^[A-Za-z0-9_-]{22,}\.[A-Za-z0-9_-]{43}$' www || return
		[ "$1" = 0 ] || [ -z "$(find www -type f)" ] || { find www; return 1; }
		rm -rf www/.well-known
	}
	whole 0 || :
	must_fail 11 "No space left on device" broken write $ENOSPC 1 1 acme-http01 --webroot www
	doc_is '.problem.exit == 11' || [ -z "$output" ]
	whole 11
	must_pass broken write $ENOSPC 0 0 acme-http01 --webroot www
	whole 0
}

@test "standard output that fails is status 11 in every program that writes a document" {
	in=$d/order.json
	for p in "acme-answer -t http-01" "acme-csr -k $d/www.pem" "acme-dns01 --print"; do
		read -ra words <<<"$p"
		must_pass broken write $EIO 0 0 "${words[@]}"
		must_fail 11 "standard output: Input/output error" broken write $EIO 1 1 "${words[@]}"
		[ -z "$output" ]
		must_fail 11 "standard output: " broken close $EIO "$(broken close 5 0 0 "${words[@]}" >/dev/null && cat .count)" 0 "${words[@]}"
	done
}

@test "standard input that fails is status 11, not an end" {
	in=$d/order.json
	must_fail 11 "standard input: Input/output error" broken read $EIO 1 0 acme-answer -t http-01
	must_fail 11 "standard input: Input/output error" broken read $EIO 1 1 acme-answer -t http-01
	# after a whole document
	must_fail 11 "standard input: Input/output error" broken read $EIO 2 0 acme-answer -t http-01
}

@test "a key file that cannot be read is a matter of the key" {
	must_fail 4 "Input/output error" broken read $EIO 1 0 acme-jwk "$d/account.pem"
	must_pass acme-jwk "$d/account.pem"
}

@test "interrupted calls and one octet at a time change nothing" {
	in=$d/order.json
	for p in "acme-answer -t http-01" "acme-dns01 --print" "acme-jwk --private $d/account.pem"; do
		read -ra words <<<"$p"
		must_pass "${words[@]}" <"$in"
		wanted=$output
		FAIL_TRICKLE=1 must_pass broken none 0 0 0 "${words[@]}"
		[ "$output" = "$wanted" ]
	done
	FAIL_TRICKLE=1 must_pass broken none 0 0 0 acme-newkey k.pem
	certtool --key-info --infile k.pem >/dev/null
}

@test "an enrolment over calls that are interrupted and trickle" {
	cp "$d"/*.pem .
	trickling() {
		export FAIL_TRICKLE=1 LD_PRELOAD=$BUILDDIR/tests/preload/failio.so
		acme-directory "$ACME_DIRECTORY" | acme-account -k account.pem --agree-tos | acme-order -d trickle.example.test |
			acme-http01 --listen "127.0.0.1:$ACME_TEST_HTTP_PORT" acme-respond | acme-finalize -k www.pem | acme-cert
	}
	must_pass eval '(trickling)'
	cp "$OUT" chain.pem
	certifies chain.pem trickle.example.test www.pem
}
