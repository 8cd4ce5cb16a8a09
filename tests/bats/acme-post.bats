#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# acme-post with acme-sign: the plumbing, in which whoever opens a key has no network and the other way round.

load ../helpers

setup_file() { start_pebble PEBBLE_WFE_NONCEREJECT=0; }

setup() {
	scratch
	make_key account.pem
	make_key www.pem
}

# send: sign the request on standard input and post it.
send() { acme-sign -k account.pem | acme-post "$@"; }
account() { acme-directory --nonce | acme-account -k account.pem --agree-tos --unsigned | send; }

@test "a whole enrolment in single steps gives what the composites give" {
	account >account.json
	must_pass acme-account -k account.pem --find < <(acme-directory)
	[ "$(doc_get '.account | [.url, .thumbprint, .status] | @csv')" = \
	  "$(doc_get '.account | [.url, .thumbprint, .status] | @csv' account.json)" ]
	acme-order -d www.example.test --unsigned <account.json | send >order.json
	doc_get .order.url order.json
	url=$(doc_get '.order.authorizations[0]' order.json)
	jq -c --arg url "$url" '.request = {url: $url, payload: "", auth: "kid", into: "authorizations"}' order.json | send >authz.json
	[ "$(doc_get '.authorizations[0].url' authz.json)" = "$url" ]
	acme-http01 --listen "127.0.0.1:$ACME_TEST_HTTP_PORT" acme-respond <authz.json >proved.json
	acme-finalize -k www.pem --unsigned <proved.json | send >finalized.json
	must_pass acme-finalize <finalized.json
	cp "$OUT" done.json
	must_pass acme-cert <done.json
	cp "$OUT" chain.pem
	certifies chain.pem www.example.test www.pem
}

@test "an answer without a place is kept whole" {
	account >account.json
	jq -c '.request = {url: .account.url, payload: "", auth: "kid"}' account.json | acme-sign -k account.pem >signed.json
	must_pass acme-post <signed.json
	doc_is '.response.status == 200 and .response.body.status == "valid" and (.response.headers | length > 2)'
	doc_is '(has("request") | not) and (.nonce | length > 0)'
	jq -c '.request = {url: .account.url, payload: "", auth: "kid", into: "account"} | del(.response)' "$OUT" |
		acme-sign -k account.pem >signed.json
	must_pass acme-post <signed.json
	doc_is 'has("response") | not'
	doc_is ".account.thumbprint == \"$(jq -r .account.thumbprint account.json)\""
}

@test "a refusal: the problem, the answer, the request without its signature, the next nonce" {
	account >account.json
	acme-order -d www.example.test --unsigned <account.json | acme-sign -k account.pem >signed.json
	must_pass acme-post <signed.json
	# a nonce is good for one request
	must_fail 6 "badNonce" acme-post <signed.json
	doc_is '.problem.exit == 6 and .response.status == 400 and (.request | has("jws") | not) and .request.url'
	jq -c 'del(.problem)' "$OUT" | acme-sign -k account.pem >again.json
	must_pass acme-post <again.json
	doc_is '.order.url'
}

@test "acme-post needs no key, acme-sign no network" {
	account >account.json
	acme-order -d www.example.test --unsigned <account.json >unsigned.json
	must_pass unshare -n acme-sign -k account.pem <unsigned.json
	cp "$OUT" signed.json
	mv account.pem gone.pem
	must_pass acme-post <signed.json
}

@test "requests that are none" {
	account >account.json
	acme-order -d www.example.test --unsigned <account.json | acme-sign -k account.pem >signed.json
	must_fail 3 "request: missing in the document" acme-post <account.json
	must_fail 3 "jws: missing" acme-post < <(jq -c 'del(.request.jws)' signed.json)
	must_fail 3 "not account, order or authorizations" acme-post < <(jq -c '.request.into = "key"' signed.json)
	must_fail 3 "request.method: not a method" acme-post < <(jq -c '.request.method = "GET /"' signed.json)
	must_fail 10 "gopher" acme-post < <(jq -c '.request.url = "gopher://localhost/"' signed.json)
	must_pass acme-post <signed.json
}

@test "other methods and content types are sent as they are asked for" {
	account >account.json
	acme-order -d www.example.test --unsigned <account.json | acme-sign -k account.pem >signed.json
	must_fail 6 "" acme-post < <(jq -c '.request.contentType = "application/json"' signed.json)
	doc_is '.response.status == 415'
	must_fail 6 "" acme-post < <(jq -c '.request.method = "PUT" | .request.url = .directory.newNonce' signed.json)
	doc_is '.response.status == 405'
}
