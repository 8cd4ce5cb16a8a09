# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# helpers: what every bats file loads ("load ../helpers").
#
#   must_pass CMD...              status 0
#   must_fail STATUS TEXT CMD...  exactly this status, TEXT in standard error
#   doc_get JQ                    jq -er on what the last of these two printed
#   start_pebble / stop_pebble    an ACME server of its own, from setup_file
#   pebble_count METHOD REGEX     how many requests it has seen
#   dns_txt NAME VALUE, dns_txt_clear NAME
#   spawn CMD..., free_port, wait_for CMD..., make_key FILE [CURVE]
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
	LD_LIBRARY_PATH=$BUILDDIR/.libs:$BUILDDIR/lib/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
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

# --- one test

scratch() {
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

# --- waiting, ports, processes

# wait_for CMD...: until it succeeds, 15 s at most.
wait_for() {
	local end=$((SECONDS + 15))
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || { echo "waited in vain for: $*" >&2; return 1; }
		sleep 0.02
	done
}

# A TCP and UDP port of the loopback that nobody uses or was given before, below the range the kernel
# hands out by itself.
free_port() {
	local port hex reserved=${TESTS_PORTS:-${BATS_RUN_TMPDIR:?}}
	while :; do
		port=$((20000 + SRANDOM % 12000))
		printf -v hex ':%04X ' "$port"
		grep -qsF "$hex" /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6 && continue
		mkdir "$reserved/port.$port" 2>/dev/null && break
	done
	echo "$port"
}

listens() { (exec 9<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# spawn CMD...: in the background until the test ends; its pid in $spawned. Redirect the output at the call.
SPAWNED=()
spawn() {
	"$@" 3>&- 4>&- </dev/null &
	spawned=$!
	SPAWNED+=("$spawned")
}

# end_pid PID: TERM, then KILL after 5 s.
end_pid() {
	local end=$((SECONDS + 5))
	kill "$1" 2>/dev/null || return 0
	while kill -0 "$1" 2>/dev/null; do
		[ $SECONDS -lt $end ] || kill -KILL "$1" 2>/dev/null || :
		wait "$1" 2>/dev/null || sleep 0.02
	done
}

reap() {
	local pid
	for pid in "${SPAWNED[@]}"; do end_pid "$pid"; done
	SPAWNED=()
}

# make_key FILE [ecdsa|rsa|ed25519 [CURVE|BITS]]: a private key not made by the programs under test.
make_key() {
	case ${2:-ecdsa} in
	ecdsa) set -- "$1" --key-type ecdsa --curve "${3:-secp256r1}" ;;
	rsa) set -- "$1" --key-type rsa --bits "${3:-2048}" ;;
	*) set -- "$1" --key-type "$2" ;;
	esac
	(umask 077 && certtool --generate-privkey --pkcs8 --password '' --no-text --outfile "$@" 2>/dev/null)
}

# --- the server

# start_pebble [--eab] [--no-strict] [NAME=VALUE...]
#
# From setup_file (one server a file) or from a test. NAME=VALUE are Pebble's own variables:
# PEBBLE_WFE_NONCEREJECT (5 here, its default), PEBBLE_AUTHZREUSE (0 here, for tests that count),
# PEBBLE_VA_NOSLEEP (1), PEBBLE_VA_ALWAYS_VALID, PEBBLE_ALTERNATE_ROOTS, PEBBLE_CHAIN_LENGTH,
# PEBBLE_WFE_ORDERS_PER_PAGE.
#
# Every name resolves to 127.0.0.1, and the server validates for real at the
# ports below. Exports
#   ACME_DIRECTORY, ACME_CACERT                  for the programs
#   ACME_TEST_HTTP_PORT, ACME_TEST_TLS_PORT      where http-01 and tls-alpn-01 are looked at
#   PEBBLE_MGMT      management URL (/roots/0, /cert-status-by-serial/HEX)
#   PEBBLE_DNS       address:port of the resolver it uses; PEBBLE_DNS_MGMT to change its records
#   PEBBLE_LOG, PEBBLE_DIR
#   PEBBLE_EAB_KID, PEBBLE_EAB_HMAC_FILE         with --eab
start_pebble() {
	local dir port mgmt dns dnsmgmt eab=false strict=-strict keys='' known
	local -a env=()
	while [ $# -gt 0 ]; do
		case $1 in
		--eab) eab=true ;;
		--no-strict) strict=-strict=false ;;
		PEBBLE_*=*) env+=("$1") ;;
		*) echo "start_pebble: $1?" >&2; return 2 ;;
		esac
		shift
	done
	dir=$(mktemp -d "${BATS_FILE_TMPDIR:?}/pebble.XXXXXX") || return
	port=$(free_port) mgmt=$(free_port) dns=$(free_port) dnsmgmt=$(free_port)
	ACME_TEST_HTTP_PORT=$(free_port)
	ACME_TEST_TLS_PORT=$(free_port)
	pebble_tls "$dir" || return
	if $eab; then
		PEBBLE_EAB_KID=kid-1 PEBBLE_EAB_HMAC_FILE=$dir/eab.hmac
		(umask 077 && head -c 32 /dev/urandom | base64 -w 0 | tr '+/' '-_' | tr -d '=' >"$dir/eab.hmac")
		keys=", \"externalAccountMACKeys\": { \"$PEBBLE_EAB_KID\": \"$(cat "$dir/eab.hmac")\" }"
		export PEBBLE_EAB_KID PEBBLE_EAB_HMAC_FILE
	fi
	cat >"$dir/pebble.json" <<-EOT
	{ "pebble": {
		"listenAddress": "127.0.0.1:$port", "managementListenAddress": "127.0.0.1:$mgmt",
		"certificate": "$dir/server.pem", "privateKey": "$dir/server.key",
		"httpPort": $ACME_TEST_HTTP_PORT, "tlsPort": $ACME_TEST_TLS_PORT, "ocspResponderURL": "",
		"externalAccountBindingRequired": $eab $keys } }
	EOT
	daemon "$dir" dns pebble-challtestsrv -defaultIPv4 127.0.0.1 -defaultIPv6 "" -dns01 "127.0.0.1:$dns" \
		-http01 "" -https01 "" -tlsalpn01 "" -management "127.0.0.1:$dnsmgmt"
	daemon "$dir" pebble env -i PATH=/usr/bin:/bin PEBBLE_WFE_NONCEREJECT="${PEBBLE_WFE_NONCEREJECT:-5}" \
		PEBBLE_AUTHZREUSE="${PEBBLE_AUTHZREUSE:-0}" PEBBLE_VA_NOSLEEP="${PEBBLE_VA_NOSLEEP:-1}" "${env[@]}" \
		pebble $strict -config "$dir/pebble.json" -dnsserver "127.0.0.1:$dns"
	ACME_DIRECTORY=https://localhost:$port/dir
	ACME_CACERT=$dir/ca.pem
	PEBBLE_DIR=$dir PEBBLE_LOG=$dir/pebble.log
	PEBBLE_MGMT=https://localhost:$mgmt
	PEBBLE_DNS=127.0.0.1:$dns
	PEBBLE_DNS_MGMT=http://127.0.0.1:$dnsmgmt
	export ACME_DIRECTORY ACME_CACERT ACME_TEST_HTTP_PORT ACME_TEST_TLS_PORT
	export PEBBLE_DIR PEBBLE_LOG PEBBLE_MGMT PEBBLE_DNS PEBBLE_DNS_MGMT
	for known in "$ACME_DIRECTORY" "$PEBBLE_MGMT/roots/0"; do
		wait_for curl -sf --noproxy '*' --cacert "$ACME_CACERT" "$known" || { cat "$dir"/*.log >&2; return 1; }
	done
	wait_for listens "$dnsmgmt" || { cat "$dir"/*.log >&2; return 1; }
}

# A CA of its own, and a certificate for the server.
pebble_tls() (
	cd "$1" || exit
	umask 077
	printf 'cn = "test CA"\nca\ncert_signing_key\nexpiration_days = 30\n' >ca.cfg
	printf 'cn = "pebble"\ndns_name = localhost\nip_address = 127.0.0.1\nsigning_key\ntls_www_server\nexpiration_days = 30\n' >server.cfg
	{
		certtool --generate-privkey --key-type ecdsa --curve secp256r1 --no-text --outfile ca.key &&
		certtool --generate-self-signed --load-privkey ca.key --template ca.cfg --no-text --outfile ca.pem &&
		certtool --generate-privkey --key-type ecdsa --curve secp256r1 --no-text --outfile server.key &&
		certtool --generate-certificate --load-privkey server.key --load-ca-certificate ca.pem \
			--load-ca-privkey ca.key --template server.cfg --no-text --outfile server.pem
	} 2>certtool.log || { cat certtool.log >&2; exit 1; }
)

# daemon DIR NAME CMD...: in the background, log and pid in DIR. It ends with this shell at the latest.
daemon() {
	local dir=$1 name=$2
	shift 2
	setpriv --pdeathsig TERM "$@" >"$dir/$name.log" 2>&1 </dev/null 3>&- 4>&- &
	echo $! >"$dir/$name.pid"
}

# stop_pebble: all servers this file has started.
stop_pebble() {
	local f
	for f in "${BATS_FILE_TMPDIR:?}"/pebble.*/*.pid; do
		[ -s "$f" ] || continue
		end_pid "$(cat "$f")"
		rm -f "$f"
	done
}

teardown_file() { stop_pebble; }

# pebble_requests: all it has handled so far, "METHOD PATH" a line, for differences (a refused nonce is one, too).
pebble_requests() {
	sed -n 's/.* \([A-Z]*\) \(\/[^ ]*\) -> calling handler.*/\1 \2/p' "$PEBBLE_LOG"
}

# pebble_count METHOD REGEX: those whose path begins like this.
pebble_count() { pebble_requests | grep -cE "^($1) ($2)" || :; }

dns_post() { curl -sf --noproxy '*' -d "$2" "$PEBBLE_DNS_MGMT/$1"; }
dns_txt() { dns_post set-txt "{\"host\":\"${1%.}.\",\"value\":\"$2\"}"; }
dns_txt_clear() { dns_post clear-txt "{\"host\":\"${1%.}.\"}"; }
