# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# helpers: what every bats file loads ("load ../helpers").
#
#   must_pass CMD...              status 0
#   must_fail STATUS TEXT CMD...  exactly this status, TEXT in standard error
#   doc_get JQ, doc_is JQ         jq -er, and "is true of each document", on what the last of these two printed
#   lacks FILE REGEX              no line matches
#   start_pebble / stop_pebble    an ACME server of its own, from setup_file (see pebble.sh for what it exports)
#   pebble_count METHOD REGEX     how many requests it has seen
#   dns_txt NAME VALUE, dns_txt_clear NAME
#   enrol NAME, certifies FILE NAME KEYFILE
#   spawn CMD..., free_port, wait_for CMD..., make_key FILE [TYPE]
#
# Both must_* leave $status, $output (standard output), $stderr, and the same
# as files in $OUT and $ERR. They run the command in this shell, with the standard
# input they were given: `must_pass acme-order -d a.test <<<"$doc"`.
#
# A file that needs its own setup or teardown calls scratch and reap in them.

# --- where things are

SRCDIR=${SRCDIR:-$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)}
BUILDDIR=${BUILDDIR:-$PWD}
export SRCDIR BUILDDIR

# The programs themselves rather than libtool's wrappers round them: pid, argv[0] and LD_PRELOAD are the program's then.
# PROGDIR names another place, such as an installation.
if [ -n "${PROGDIR:-}" ]; then
	PATH=$PROGDIR:$PATH
else
	PATH=$BUILDDIR/bin/.libs:$BUILDDIR/bin:$PATH
	LD_LIBRARY_PATH=$BUILDDIR/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
	export LD_LIBRARY_PATH
fi
export PATH

# A finding of a sanitizer has a status that no program uses, so no test can take it for the failure it expects.
export ASAN_OPTIONS=${ASAN_OPTIONS:-exitcode=199:detect_stack_use_after_return=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-exitcode=199:halt_on_error=1:print_stacktrace=1}
export LC_ALL=C.UTF-8 TZ=UTC
# Nothing of the caller's environment steers a program under test. (This file is read again for each test, with
# what start_pebble exported.)
[ -n "${PEBBLE_DIR:-}" ] || unset ACME_DIRECTORY ACME_CACERT
unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY CDPATH

bats_load_library bats-support
bats_load_library bats-assert
# shellcheck source=pebble.sh
. "$SRCDIR/tests/pebble.sh"
export TESTS_PORTS=${TESTS_PORTS:-${BATS_RUN_TMPDIR:?}/ports}
mkdir -p "$TESTS_PORTS"

# --- one test

scratch() {
	[ -z "${NO_PEBBLE:-}" ] || skip "no pebble"
	cd "$BATS_TEST_TMPDIR" || return
	OUT=$BATS_TEST_TMPDIR/.out ERR=$BATS_TEST_TMPDIR/.err
}

setup() { scratch; }
teardown() { reap; }

# --- running a program

capture() {
	status=0
	"$@" >"$OUT" 2>"$ERR" || status=$?
	# shellcheck disable=SC2034 # for the tests
	output=$(tr -d '\0' <"$OUT")
	stderr=$(tr -d '\0' <"$ERR")
}

# wrong WHY CMD...: say what happened and fail the test.
wrong() {
	local why=$1
	shift
	{
		echo "$why"
		printf 'command:'
		printf ' %q' "$@"
		printf '\nstatus: %s\n' "$status"
		printf -- '-- stdout (first 40 lines)\n%s\n' "$(head -n 40 "$OUT" | cut -c 1-2000)"
		printf -- '-- stderr (first 60 lines)\n%s\n--\n' "$(head -n 60 "$ERR" | cut -c 1-2000)"
	} >&2
	return 1
}

must_pass() {
	capture "$@"
	[ "$status" -eq 0 ] || wrong "expected status 0" "$@"
}

must_fail() {
	local want=$1 text=$2
	shift 2
	capture "$@"
	# 0 to 11 are ours; a signal, a sanitizer or "not found" is never the failure a test wants
	[ "$status" -le 64 ] || { wrong "died instead of failing" "$@"; return 1; }
	[ "$status" -eq "$want" ] || { wrong "expected status $want" "$@"; return 1; }
	[[ $stderr == *"$text"* ]] || wrong "standard error lacks: $text" "$@"
}

# doc_get JQ [FILE]: null, false and a broken document fail.
doc_get() { jq -er "$1" "${2:-$OUT}"; }

# doc_is JQ: the expression is true of every document printed.
doc_is() {
	jq -es "length > 0 and all(.[]; $1)" "$OUT" >/dev/null || {
		echo "not true: $1" >&2
		jq . "$OUT" >&2 || cat "$OUT" >&2
		return 1
	}
}

# lacks FILE REGEX: no line of it matches. (Not "must_fail 1 grep": $OUT is where that would write.)
lacks() {
	local rc=0
	grep -nE -e "$2" "$1" >&2 || rc=$?
	[ $rc -eq 1 ] || { echo "$1 has a line that matches: $2" >&2; return 1; }
}

# --- processes and keys

# spawn CMD...: in the background until the test ends; its pid in $spawned. Redirect the output at the call.
SPAWNED=()
spawn() {
	"$@" 3>&- 4>&- </dev/null &
	spawned=$!
	SPAWNED+=("$spawned")
}

reap() {
	local pid
	for pid in "${SPAWNED[@]}"; do end_pid "$pid"; done
	SPAWNED=()
}

listens() { (exec 9<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# make_key FILE [ecdsa|rsa|ed25519 [CURVE|BITS]]: a private key not made by the programs under test.
make_key() {
	case ${2:-ecdsa} in
	ecdsa) set -- "$1" --key-type ecdsa --curve "${3:-secp256r1}" ;;
	rsa) set -- "$1" --key-type rsa --bits "${3:-2048}" ;;
	*) set -- "$1" --key-type "$2" ;;
	esac
	(umask 077 && certtool --generate-privkey --pkcs8 --password '' --no-text --outfile "$@" 2>/dev/null)
}

# certifies FILE NAME KEYFILE: the first certificate of a chain names NAME and nothing else, and holds this key.
certifies() {
	[ "$(certtool --certificate-info --infile "$1" | sed -nE 's/^\t+(DNSname|IPAddress|RFC822Name): //p')" = "$2" ] &&
	cmp <(certtool --load-certificate "$1" --pubkey-info --no-text 2>/dev/null) \
		<(certtool --load-privkey "$3" --pubkey-info --no-text 2>/dev/null)
}

# --- the server

# start_pebble [--eab] [--no-strict] [NAME=VALUE...]: see pebble.sh. From setup_file (one server a file) or from a test.
start_pebble() {
	if [ -n "${TESTS_ALLOW_SKIP:-}" ] && ! { command -v pebble && command -v pebble-challtestsrv; } >/dev/null; then
		export NO_PEBBLE=1
		return
	fi
	pebble_up "$(mktemp -d "${BATS_FILE_TMPDIR:?}/pebble.XXXXXX")" "$@"
}

# stop_pebble: all servers this file has started.
stop_pebble() {
	local dir
	for dir in "${BATS_FILE_TMPDIR:?}"/pebble.*/; do pebble_down "$dir"; done
}

teardown_file() { stop_pebble; }

# pebble_count METHOD REGEX: requests so far whose path begins like this.
pebble_count() { pebble_requests | grep -cE "^($1) ($2)" || :; }

# enrol NAME: the pipeline, with account.pem and www.pem of the directory we are in.
enrol() {
	acme-directory "$ACME_DIRECTORY" | acme-account -k account.pem --agree-tos -m me@example.org |
		acme-order -d "$1" | acme-http01 --listen "127.0.0.1:$ACME_TEST_HTTP_PORT" acme-respond |
		acme-finalize -k www.pem | acme-cert
}

dns_post() { curl -sf --noproxy '*' -d "$2" "$PEBBLE_DNS_MGMT/$1"; }
dns_txt() { dns_post set-txt "{\"host\":\"${1%.}.\",\"value\":\"$2\"}"; }
dns_txt_clear() { dns_post clear-txt "{\"host\":\"${1%.}.\"}"; }
