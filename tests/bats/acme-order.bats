#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# acme-order: what is asked for, in which spelling, and that the answer is for that and nothing else.

load ../helpers

setup_file() {
	start_pebble
	make_key "$BATS_FILE_TMPDIR/account.pem"
	acme-directory | acme-account -k "$BATS_FILE_TMPDIR/account.pem" --agree-tos >"$BATS_FILE_TMPDIR/account.json"
}

setup() {
	scratch
	cp "$BATS_FILE_TMPDIR"/account.{pem,json} .
}

order() { acme-order "$@" <account.json; }

# The payload of the request that would have been sent.
payload() {
	must_pass order --unsigned "$@"
	jq -r '.request.payload | gsub("-"; "+") | gsub("_"; "/") | @base64d' "$OUT" >payload.json
}

@test "order and authorizations as served, with their urls" {
	must_pass order -d www.example.test -d other.example.test
	doc_is '.order.status == "pending" and .order.url and .order.finalize'
	doc_is '[.authorizations[].url] == .order.authorizations'
	doc_is '[.authorizations[].identifier.value] | sort == ["other.example.test", "www.example.test"]'
	doc_is '.authorizations[0].challenges | length > 0 and .[0].token and .[0].url'
	doc_is '(.nonce | length > 0) and (has("problem") | not)'
}

@test "one request for the order, one for each authorization" {
	start_pebble PEBBLE_WFE_NONCEREJECT=0
	acme-directory | acme-account -k account.pem --agree-tos >a.json
	before=$(pebble_requests | wc -l)
	must_pass acme-order -d a.example.test -d b.example.test -d c.example.test <a.json
	[ "$(pebble_requests | wc -l)" -eq $((before + 4)) ]
}

@test "-d is a DNS name: A-labels, lower case, no final dot, each once" {
	payload -d BÜCHER.example.test -d www.Example.TEST. -d www.example.test -d '*.example.test'
	jq -e '.identifiers == [{"type":"dns","value":"xn--bcher-kva.example.test"},{"type":"dns","value":"www.example.test"},
		{"type":"dns","value":"*.example.test"}]' payload.json
	must_fail 2 "a_b.example.test" order -d a_b.example.test
	must_fail 2 "192.0.2.1" order -d 192.0.2.1
	must_fail 2 "a..b" order -d a..b
	must_fail 2 "nothing to order" order
}

@test "operands: addresses in their one spelling, other types as they stand" {
	payload ip:2001:DB8:0:0:0:0:0:1 ip:192.0.2.1 dns:www.example.test permanent-identifier:A/b:c
	jq -e '.identifiers == [{"type":"ip","value":"2001:db8::1"},{"type":"ip","value":"192.0.2.1"},
		{"type":"dns","value":"www.example.test"},{"type":"permanent-identifier","value":"A/b:c"}]' payload.json
	must_fail 2 "999.0.2.1" order ip:999.0.2.1
	must_fail 2 "nonsense" order nonsense
}

@test "an identifier type that the server does not know is its refusal, and its words" {
	must_pass order ip:127.0.0.1
	must_fail 6 "acme-order: " order nonsense:value
	doc_is '.problem.type | startswith("urn:ietf:params:acme:error:")'
	doc_is '.account.url and (has("order") | not)'
}

@test "dates, profile and replaces go into the order" {
	payload -d www.example.test --not-before 2030-01-01T00:00:00Z --not-after 2030-02-01T00:00:00+01:00 --profile short \
		--replaces aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE
	jq -e '.notBefore == "2030-01-01T00:00:00Z" and .notAfter == "2030-02-01T00:00:00+01:00" and .profile == "short" and
		.replaces == "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"' payload.json
	must_fail 2 "--not-after" order -d www.example.test --not-after tomorrow
	jq -c '.renewal = {id: "aaaa.bbbb"}' account.json >due.json
	must_pass acme-order --unsigned -d www.example.test <due.json
	doc_is '.request.payload | gsub("-"; "+") | gsub("_"; "/") | @base64d | fromjson | .replaces == "aaaa.bbbb"'
}

@test "--unsigned: the request and nothing sent, no key opened" {
	jq -c ".key = \"$PWD/nothing.pem\"" account.json >tmp.json && mv tmp.json account.json
	before=$(pebble_requests | wc -l)
	must_pass order --unsigned -d www.example.test
	[ "$(pebble_requests | wc -l)" -eq "$before" ]
	doc_is '.request == {auth: "kid", into: "order", url: .directory.newOrder, payload: .request.payload}'
	must_fail 4 "nothing.pem: No such file" order -d www.example.test
}

@test "documents that lack something are named by what they lack" {
	must_pass order -d www.example.test
	must_fail 3 "account: missing in the document" acme-order -d www.example.test < <(jq -c 'del(.account)' account.json)
	must_fail 3 "directory: missing in the document" acme-order -d www.example.test < <(jq -c 'del(.directory)' account.json)
	must_fail 3 "account.url: missing" acme-order -d www.example.test < <(jq -c 'del(.account.url)' account.json)
	must_fail 3 "key: the document names no account key" acme-order -d www.example.test < <(jq -c 'del(.key)' account.json)
	must_fail 10 "newOrder" acme-order -d www.example.test < <(jq -c 'del(.directory.newOrder)' account.json)
}

@test "a URL on another host is warned of, and refused with --same-origin" {
	jq -c '.directory.newOrder |= sub("localhost"; "127.0.0.1")' account.json >moved.json
	must_pass order -d www.example.test
	must_fail 10 "not on the directory's host" acme-order --same-origin -d www.example.test <moved.json
	# Pebble itself refuses the other spelling, as the JWS url differs
	must_fail 6 "warning: order: not on the directory's host" acme-order -d www.example.test <moved.json
}

@test "unknown members pass through, in the document and in the server's objects" {
	jq -c '.future = {a: [1, 2.5, null, true]} | .account.future = "x"' account.json >future.json
	must_pass acme-order -d www.example.test <future.json
	doc_is '.future == {a: [1, 2.5, null, true]} and .account.future == "x"'
}

@test "no retry of a refused nonce with --no-retry, but the next nonce is kept" {
	jq -c '.nonce = "AAAAAAAAAAAAAAAAAAAAAA"' account.json >stale.json
	must_pass acme-order -d www.example.test <stale.json
	must_fail 6 "badNonce" acme-order --no-retry -d www.example.test <stale.json
	doc_is '.problem.type == "urn:ietf:params:acme:error:badNonce" and (.nonce | length > 0) and .nonce != "AAAAAAAAAAAAAAAAAAAAAA"'
}
