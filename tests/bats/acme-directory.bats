#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# acme-directory: where the URL comes from, what is trusted, what is refused.

load ../helpers

setup_file() { start_pebble; }

@test "the directory as served, plus its url; the anchors by absolute path" {
	must_pass acme-directory "$ACME_DIRECTORY"
	curl -sf --noproxy '*' --cacert "$ACME_CACERT" "$ACME_DIRECTORY" >served.json
	[ "$(jq -Sc '.directory | del(.url)' "$OUT")" = "$(jq -Sc . served.json)" ]
	doc_is '.directory.url == env.ACME_DIRECTORY and .acmeutils == 1 and .tls.cacert == env.ACME_CACERT'
	doc_is 'has("nonce") | not'
	[ "$(wc -l <"$OUT")" -eq 1 ]
}

@test "the operand goes before --directory, that before the environment; --server and -s are the same option" {
	url=$ACME_DIRECTORY
	nobody=https://localhost:$(free_port)/dir
	ACME_DIRECTORY=$nobody must_pass acme-directory "$url"
	ACME_DIRECTORY=$nobody must_pass acme-directory --directory "$url"
	ACME_DIRECTORY=$nobody must_pass acme-directory --server "$url"
	ACME_DIRECTORY=$nobody must_pass acme-directory -s "$url"
	ACME_DIRECTORY=$nobody must_pass acme-directory -s "$nobody" "$url"
	ACME_DIRECTORY=$nobody must_fail 5 "$nobody: connect" acme-directory
	must_pass env ACME_DIRECTORY="$url" acme-directory
}

@test "a relative --cacert becomes absolute, and one that is not there is bad input" {
	cp "$ACME_CACERT" ca.pem
	must_pass acme-directory --cacert ca.pem
	doc_is ".tls.cacert == \"$PWD/ca.pem\""
	must_fail 3 "nothing.pem: No such file" acme-directory --cacert nothing.pem
}

@test "--cacert trusts that file and no others; without it the system decides" {
	must_pass acme-directory --cacert "$ACME_CACERT"
	certtool --generate-privkey --key-type ecdsa --outfile k.pem 2>/dev/null
	printf 'cn = another\nca\ncert_signing_key\n' >t
	certtool --generate-self-signed --load-privkey k.pem --template t --outfile other.pem 2>/dev/null
	must_fail 5 "$ACME_DIRECTORY" acme-directory --cacert other.pem
	[[ $stderr == *certificate* ]]
	must_fail 5 "certificate" env -u ACME_CACERT acme-directory
}

@test "--nonce fetches one with the directory" {
	before=$(pebble_count HEAD /nonce-plz)
	must_pass acme-directory --nonce
	doc_is '.nonce | test("^[A-Za-z0-9_-]+$")'
	[ "$(pebble_count HEAD /nonce-plz)" -eq $((before + 1)) ]
	must_pass acme-directory
	[ "$(pebble_count HEAD /nonce-plz)" -eq $((before + 1)) ]
}

@test "URLs that are none, or not https, are the user's mistake" {
	must_pass acme-directory "$ACME_DIRECTORY"
	must_fail 2 "no directory" env -u ACME_DIRECTORY acme-directory
	must_fail 2 "directory" acme-directory ftp://localhost/dir
	must_fail 2 "directory" acme-directory localhost/dir
	must_fail 2 "--allow-http" acme-directory "http${ACME_DIRECTORY#https}"
	must_fail 2 "more than one directory" acme-directory "$ACME_DIRECTORY" "$ACME_DIRECTORY"
	[ ! -s "$OUT" ]
}

@test "what is no directory is the server's fault" {
	must_pass acme-directory "$ACME_DIRECTORY"
	must_fail 6 "404" acme-directory "${ACME_DIRECTORY%/dir}/nothing"
	doc_is '.problem.exit == 6 and .problem.program == "acme-directory"'
}

@test "-4 and -6" {
	must_pass acme-directory -4
	must_fail 5 "$ACME_DIRECTORY" acme-directory -6
	must_fail 2 "-4 and -6 exclude each other" acme-directory -4 -6
}

@test "a time-out is a duration, and 0 is none" {
	must_pass acme-directory --timeout 1m --request-timeout 10s
	must_fail 2 "time-out of 0" acme-directory --timeout 0
	must_fail 2 "--timeout" acme-directory --timeout soon
}
