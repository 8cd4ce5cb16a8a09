#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# tls-alpn-01: the certificate, who is shown it, and who is not.
#
# shellcheck disable=SC2016,SC2086,SC2153 # scripts for other shells; $WELL_KNOWN and $TOKEN are plain words of chall.bash

load ../helpers
load ../chall

setup_file() {
	start_pebble
	make_key "$BATS_FILE_TMPDIR/account.pem"
}

setup() {
	scratch
	doc=$(document dns:a.test=tls-alpn-01,dns-01)
}

order() {
	cp "$BATS_FILE_TMPDIR/account.pem" .
	acme-directory | acme-account -k account.pem --agree-tos | acme-order "$@"
}

# hex_of TEXT: 32 octets in base64url.
hex_of() { printf '%s=' "$1" | tr -- -_ +/ | base64 -d | od -An -v -tx1 | tr -d ' \n'; }

# A client: ./asks NAME [OPTION...] leaves the certificate it was shown in shown.pem.
client() {
	cat >asks <<-'EOT'
	#!/bin/sh
	name=$1
	shift
	rm -f shown.pem
	exec timeout 30 gnutls-cli --no-ca-verification --sni-hostname="$name" --save-cert=shown.pem -p "$(cat port)" "$@" \
		127.0.0.1 </dev/null >said 2>&1
	EOT
	chmod +x asks
}

# showing SCRIPT: it runs while the certificates of $doc are shown.
showing() {
	client
	acme-tlsalpn01 --listen 127.0.0.1:0 --port-file port bash -c "read -r line; $1" <<<"$doc"
}

@test "what must be said" {
	must_fail 2 "--listen [ADDR]:PORT must be given" acme-tlsalpn01 cat <<<"$doc"
	must_fail 2 "needs a PROGRAM" acme-tlsalpn01 --listen 127.0.0.1:0 <<<"$doc"
	must_fail 2 "--listen a.test:443: not [ADDRESS]:PORT" acme-tlsalpn01 --listen a.test:443 cat <<<"$doc"
	must_fail 2 "./nobody: cannot run it" acme-tlsalpn01 --listen 127.0.0.1:0 --port-file port ./nobody <<<"$doc"
	[ ! -e port ]
}

@test "the certificate: one name, the digest in a critical extension, self-signed" {
	must_pass showing './asks a.test --alpn=acme-tls/1; cp shown.pem kept.pem'
	certtool --certificate-info --infile kept.pem >info
	[ "$(sed -nE 's/^\t+(DNSname|IPAddress|URI|RFC822Name): //p' info)" = a.test ]
	# OCTET STRING of the 32 octets
	grep -A 3 '1.3.6.1.5.5.7.1.31 (critical)' info | grep "Hexdump: 0420$(hex_of "$DIGEST")\$"
	grep -q 'Public Key Algorithm: EC/ECDSA' info
	[ "$(sed -n 's/^\t*Issuer: //p' info)" = "$(sed -n 's/^\t*Subject: //p' info)" ]
	[ ! -e port ]
}

@test "TLS 1.2 and 1.3 are spoken, older ones are not" {
	must_pass showing './asks a.test --alpn=acme-tls/1 --priority NORMAL:-VERS-ALL:+VERS-TLS1.3 && test -s shown.pem'
	must_pass showing './asks a.test --alpn=acme-tls/1 --priority NORMAL:-VERS-ALL:+VERS-TLS1.2 && test -s shown.pem'
	must_fail 1 "" showing './asks a.test --alpn=acme-tls/1 --priority NORMAL:-VERS-ALL:+VERS-TLS1.1:+VERS-TLS1.0'
	grep -q 'protocol version\|Packet with illegal or unsupported version' said
}

@test "case of the name does not matter" {
	must_pass showing './asks A.Test --alpn=acme-tls/1 && test -s shown.pem'
}

@test "who offers another protocol, or none, or asks for another name, is shown nothing" {
	must_pass showing './asks a.test --alpn=acme-tls/1'
	for args in 'a.test --alpn=h2' 'a.test --alpn=http/1.1' a.test 'b.test --alpn=acme-tls/1' 'www.a.test --alpn=acme-tls/1' \
		'a.test --alpn=acme-tls/1 --disable-sni'; do
		must_fail 1 "" showing "./asks $args; status=\$?; test ! -s shown.pem || exit 9; exit \$status"
		grep -q 'alert' said
	done
	# among others it is found
	must_pass showing './asks a.test --alpn=h2 --alpn=acme-tls/1 && test -s shown.pem'
}

@test "an address is asked for by its reverse name" {
	doc=$(document ip:192.0.2.1=tls-alpn-01 ip:2001:db8::1=tls-alpn-01)
	must_pass showing './asks 1.2.0.192.in-addr.arpa --alpn=acme-tls/1 && cp shown.pem four.pem &&
		./asks 1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa --alpn=acme-tls/1 && cp shown.pem six.pem'
	[ "$(certtool --certificate-info --infile four.pem | sed -nE 's/^\t+(DNSname|IPAddress): //p')" = 192.0.2.1 ]
	[ "$(certtool --certificate-info --infile six.pem | sed -nE 's/^\t+(DNSname|IPAddress): //p')" = 2001:db8::1 ]
}

@test "several names, and a newer answer in place of an older one" {
	client
	cat >program <<-'EOT'
	read -r line && ./asks a.test --alpn=acme-tls/1 && mv shown.pem a1.pem &&
	./asks b.test --alpn=acme-tls/1 && mv shown.pem b.pem &&
	read -r line && ./asks a.test --alpn=acme-tls/1 && mv shown.pem a2.pem
	EOT
	begin "acme-tlsalpn01 --listen 127.0.0.1:0 --port-file port sh program"
	feed < <(document dns:a.test=tls-alpn-01 dns:b.test=tls-alpn-01)
	wait_for test -e b.pem
	[ ! -s err ]
	feed < <(document_of "$TOKEN2" dns:a.test=tls-alpn-01)
	ended
	[ "$status" -eq 0 ]
	[ "$(certtool --certificate-info --infile b.pem | sed -nE 's/^\t+DNSname: //p')" = b.test ]
	grep 'a.test: another document proves this name' err
	certtool --certificate-info --infile a1.pem | grep "Hexdump: 0420$(hex_of "$DIGEST")\$"
	certtool --certificate-info --infile a2.pem | grep "Hexdump: 0420$(hex_of "$DIGEST2")\$"
}

@test "peers that stall, or speak something else, do not keep others out" {
	must_pass showing 'port=$(cat port)
		for i in {1..200}; do exec {fd}<>/dev/tcp/127.0.0.1/$port && printf "\x16\x03\x01\x02\x00\x01" >&$fd; done
		for i in {1..20}; do exec {fd}<>/dev/tcp/127.0.0.1/$port && printf "GET / HTTP/1.1\r\n\r\n" >&$fd; done
		./asks a.test --alpn=acme-tls/1 && test -s shown.pem'
}

@test "an answer that is not for a name is refused" {
	acme-answer -t tls-alpn-01 <<<"$doc" >good
	must_pass acme-tlsalpn01 --listen 127.0.0.1:0 cat <good
	must_fail 3 "provision.sni: not a DNS name" acme-tlsalpn01 --listen 127.0.0.1:0 cat < <(jq -c '.answers[0].provision.sni = "a b"' good)
	must_fail 3 "provision.sha256: not 32 octets" acme-tlsalpn01 --listen 127.0.0.1:0 cat < <(jq -c '.answers[0].provision.sha256 = "AAAA"' good)
	must_fail 3 "provision" acme-tlsalpn01 --listen 127.0.0.1:0 cat < <(jq -c '.answers[0].provision.sha256 = "="' good)
	must_fail 10 "not a DNS name" acme-tlsalpn01 --listen 127.0.0.1:0 cat < <(jq -c '.answers[0].identifier.value = "a_b"' good)
}

@test "what is not asked for is left to others" {
	must_pass acme-tlsalpn01 --listen 127.0.0.1:0 cat < <(document 'dns:*.a.test=tls-alpn-01' dns:b.test=dns-01)
	doc_is '.answers == null'
}

@test "validated by a CA: names and addresses" {
	order -d www.example.test -d example.test ip:127.0.0.1 >doc
	must_pass acme-tlsalpn01 --listen "127.0.0.1:$ACME_TEST_TLS_PORT" acme-respond <doc
	doc_is '[.authorizations[].status] == ["valid", "valid", "valid"] and ([.answers[].type] | unique == ["tls-alpn-01"])'
	must_fail 1 "" listens "$ACME_TEST_TLS_PORT"
}

@test "three kinds at once, nested" {
	cat >hook <<-'EOT'
	#!/bin/sh
	case $1:$3 in
	*:_acme-challenge.example.test) ;;
	*) exit 42 ;;
	esac
	[ "$1" = remove ] || exec curl -sf -d "{\"host\":\"$3.\",\"value\":\"$5\"}" "$PEBBLE_DNS_MGMT/set-txt"
	EOT
	chmod +x hook
	order -d '*.example.test' -d www.example.test ip:127.0.0.1 >doc
	must_pass acme-dns01 --hook ./hook acme-tlsalpn01 --listen "127.0.0.1:$ACME_TEST_TLS_PORT" acme-respond <doc
	doc_is '[.authorizations[].status] == ["valid", "valid", "valid"]'
	doc_is '[.answers[].type] | sort == ["dns-01", "tls-alpn-01", "tls-alpn-01"]'
}

@test "validation that fails: the CA's reason" {
	order -d www.example.test >doc
	port=$(free_port)
	must_fail 8 "tls-alpn-01: dns:www.example.test: invalid" acme-tlsalpn01 --listen "127.0.0.1:$port" acme-respond <doc
	must_fail 1 "" listens "$port"
}
