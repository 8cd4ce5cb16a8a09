#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Memory runs out at each allocation in turn, and after it for good: the program
# says so with status 11, and never crashes, lies or leaves half a file.

load ../helpers

setup_file() {
	start_pebble PEBBLE_WFE_NONCEREJECT=0
	cd "$BATS_FILE_TMPDIR" || return
	make_key account.pem
	make_key www.pem
	make_key rsa.pem rsa
	acme-directory "$ACME_DIRECTORY" | acme-account -k account.pem --agree-tos >account.json
	# what the offline programs need of it: the shorter, the fewer allocations to fail
	acme-order -d a.example.test <account.json |
		jq -c '{ acmeutils, account: (.account | { url, thumbprint }), order: (.order | { identifiers }),
			authorizations: [ .authorizations[0] | .challenges |= map(select(.type == "http-01" or .type == "dns-01")) ] }' >order.json
	acme-order -d oom.example.test <account.json |
		acme-http01 --listen "127.0.0.1:$ACME_TEST_HTTP_PORT" acme-respond | acme-finalize -k www.pem >valid.json
	acme-order -d u.example.test --unsigned <account.json | jq -c '{ acmeutils, key, nonce, account: { url: .account.url }, request }' >unsigned.json
	acme-sign <unsigned.json >signed.json
}

setup() {
	scratch
	# absolute names, so that nothing but what a program makes is in here
	in=/dev/null
	same=1
	step=1
	online=
}

# (PRELOAD_ALL=1 would show that GMP aborts and GnuTLS crashes without memory, which we cannot mend.)
starved() { # AT ON CMD...
	local at=$1 on=$2
	shift 2
	timeout 20 env FAIL_AT="$at" FAIL_ON="$on" FAIL_COUNT="$BATS_TEST_TMPDIR/.count" \
		LD_PRELOAD="$BUILDDIR/tests/preload/failmalloc.so" "$@" <"$in"
}

# try AT ON CMD...: capture, without a process more than it takes.
try() {
	status=0
	starved "$@" >"$OUT" 2>"$ERR" || status=$?
	IFS= read -r -d '' output <"$OUT" || :
	IFS= read -r -d '' stderr <"$ERR" || :
}

# starve CMD...: CMD with every allocation of ours failing once. The input is $in. Clear $same where
# two runs print different things, and raise $step where a program allocates a lot. made() is asked after each run, with its status: is what is there whole?
made() { :; }
starve() {
	local n i on wanted
	try 0 0 "$@"
	[ "$status" -eq 0 ] || wrong "fails with all the memory it wants" "$@"
	made 0
	wanted=$output
	n=$(<.count)
	echo "$n allocations: $*"
	[ "$n" -ge 10 ]
	for on in 0 1; do
		# for good: samples, as what follows a failure is mostly the way out
		for ((i = 1 + on; i <= n; i += step + on * 6)); do
			try "$i" "$on" "$@"
			case $status in
			11) [ $on = 1 ] || [[ $stderr == "$1: "*"out of memory"* || $stderr == "$1: "*"Cannot allocate memory"* ]] ||
				wrong "allocation $i of $n: says something else" "$@" ;;
			# it could do without, and then did all of its work
			0) [ -z "$same" ] || [ "$output" = "$wanted" ] || wrong "allocation $i of $n: other output" "$@" ;;
			# of an answer that could be kept in part only, other things may be said, if they stop it
			[4-9] | 10) [ -n "$online" ] && { [ $on = 1 ] || [[ $stderr == "$1: https://"* ]]; } || wrong "allocation $i of $n: says something else" "$@" ;;
			*) wrong "allocation $i of $n (and all after it: $on): neither 11 nor 0" "$@" ;;
			esac
			[ "$status" = 0 ] || [ -z "$output" ] || jq -e .problem.exit "$OUT" >/dev/null ||
				wrong "allocation $i of $n: half a document" "$@"
			made "$status" || wrong "allocation $i of $n: what it left is not whole" "$@"
		done
	done
}

@test "acme-newkey: a whole key or none" {
	# none after a failure, or a whole one: it may be the public half that could not be shown
	made() {
		if [ -e k.pem ] || [ "$1" = 0 ]; then certtool --key-info --infile k.pem >/dev/null 2>&1 || return; fi
		rm -f k.pem
		[ -z "$(ls)" ]
	}
	same=
	starve acme-newkey k.pem
}
