# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC3043 # every sh of Debian has local
#
# pebble.sh: an ACME server of one's own on the loopback: Pebble, pebble-challtestsrv as its resolver, TLS by a CA
# made for the occasion. Sourced by the tests, by contrib/quickstart and by the benchmark.
#
#   pebble_up DIR [--eab] [--no-strict] [NAME=VALUE...]
#   pebble_down DIR
#
# NAME=VALUE are Pebble's own variables; those of the environment count, too:
# PEBBLE_WFE_NONCEREJECT (5, as Pebble has it), PEBBLE_AUTHZREUSE (0 here, for tests that count),
# PEBBLE_VA_NOSLEEP (1 here), PEBBLE_VA_ALWAYS_VALID, PEBBLE_ALTERNATE_ROOTS, PEBBLE_CHAIN_LENGTH,
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

# wait_for CMD...: until it succeeds, 15 s at most.
wait_for() {
	local tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ "$tries" -lt 500 ] || { echo "waited in vain for: $*" >&2; return 1; }
		sleep 0.03
	done
}

# free_port: a TCP and UDP port that nobody uses, below the range the kernel hands out by itself; never twice within
# one TESTS_PORTS directory.
free_port() {
	local port
	while :; do
		port=$(shuf -i 20000-31999 -n 1)
		grep -qsF "$(printf ':%04X ' "$port")" /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6 && continue
		mkdir "${TESTS_PORTS:?}/$port" 2>/dev/null && break
	done
	echo "$port"
}

# end_pid PID: TERM, then KILL after 5 s; returns when it is gone.
end_pid() {
	local tries=0
	kill "$1" 2>/dev/null || return 0
	while kill -0 "$1" 2>/dev/null; do
		tries=$((tries + 1))
		[ "$tries" -ne 150 ] || kill -KILL "$1" 2>/dev/null || :
		sleep 0.03
	done
}

# daemon DIR NAME CMD...: in the background, log and pid in DIR. It ends with this shell at the latest.
daemon() {
	local dir="$1" name="$2"
	shift 2
	setpriv --pdeathsig TERM "$@" >"$dir/$name.log" 2>&1 </dev/null 3>&- 4>&- &
	echo $! >"$dir/$name.pid"
}

# A CA and a certificate for the server.
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

pebble_ready() { # URL
	wait_for curl -sf --noproxy '*' --cacert "$ACME_CACERT" "$1" || { cat "$PEBBLE_DIR"/*.log >&2; return 1; }
}

pebble_up() {
	local dir="$1" eab=false strict=-strict keys='' port mgmt dns dnsmgmt
	shift
	while :; do
		case ${1:-} in
		--eab) eab=true ;;
		--no-strict) strict=-strict=false ;;
		*) break ;;
		esac
		shift
	done
	TESTS_PORTS=${TESTS_PORTS:-$dir/ports}
	mkdir -p "$dir" "$TESTS_PORTS" && pebble_tls "$dir" || return
	port=$(free_port) mgmt=$(free_port) dns=$(free_port) dnsmgmt=$(free_port)
	ACME_TEST_HTTP_PORT=$(free_port)
	ACME_TEST_TLS_PORT=$(free_port)
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
	daemon "$dir" pebble env PEBBLE_WFE_NONCEREJECT="${PEBBLE_WFE_NONCEREJECT:-5}" \
		PEBBLE_AUTHZREUSE="${PEBBLE_AUTHZREUSE:-0}" PEBBLE_VA_NOSLEEP="${PEBBLE_VA_NOSLEEP:-1}" "$@" \
		pebble $strict -config "$dir/pebble.json" -dnsserver "127.0.0.1:$dns"
	ACME_DIRECTORY=https://localhost:$port/dir
	ACME_CACERT=$dir/ca.pem
	PEBBLE_DIR=$dir PEBBLE_LOG=$dir/pebble.log
	PEBBLE_MGMT=https://localhost:$mgmt
	PEBBLE_DNS=127.0.0.1:$dns
	PEBBLE_DNS_MGMT=http://127.0.0.1:$dnsmgmt
	export ACME_DIRECTORY ACME_CACERT ACME_TEST_HTTP_PORT ACME_TEST_TLS_PORT
	export PEBBLE_DIR PEBBLE_LOG PEBBLE_MGMT PEBBLE_DNS PEBBLE_DNS_MGMT
	pebble_ready "$ACME_DIRECTORY" && pebble_ready "$PEBBLE_MGMT/roots/0" || return
	# it answers 404 or 405 to a GET, and that is an answer
	wait_for curl -s --noproxy '*' "$PEBBLE_DNS_MGMT"
}

pebble_down() {
	local f
	for f in "$1"/*.pid; do
		[ -s "$f" ] || continue
		end_pid "$(cat "$f")"
		rm -f "$f"
	done
}

# pebble_requests: all it has handled so far, "METHOD PATH" a line, for differences (a refused nonce is one, too).
pebble_requests() {
	sed -n 's/.* \([A-Z]*\) \(\/[^ ]*\) -> calling handler.*/\1 \2/p' "$PEBBLE_LOG"
}
