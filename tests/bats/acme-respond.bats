#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# acme-respond: everything answered or nothing posted, decisions waited for, resumed without doing things twice.

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

listener() { acme-http01 --listen "127.0.0.1:$ACME_TEST_HTTP_PORT" "$@"; }
ordered() { acme-order "$@" <account.json >order.json; }

@test "valid: the authorizations as decided" {
	ordered -d a.example.test -d b.example.test
	must_pass listener acme-respond <order.json
	doc_is '[.authorizations[].status] == ["valid", "valid"]'
	doc_is '.authorizations[0].url and (.answers | length == 2)'
}

@test "wrong proof: status 8, the server's reason, the document as decided" {
	ordered -d a.example.test
	must_pass listener acme-respond <order.json
	ordered -d b.example.test
	# nothing listens
	acme-answer -t http-01 <order.json >answered.json
	must_fail 8 "b.example.test" acme-respond <answered.json
	[[ $stderr == *http-01* && $stderr == *connection* ]]
	doc_is '.authorizations[0].status == "invalid" and .order.url and .problem.exit == 8'
	doc_is '.problem.type | startswith("urn:ietf:params:acme:error:")'
}

@test "an authorization without an answer: nothing is posted for any" {
	ordered -d a.example.test -d b.example.test
	acme-answer -t http-01 <order.json | jq -c '.answers |= .[:1]' >half.json
	before=$(pebble_count POST /chalZ)
	must_fail 3 "no answer in the document; the server offers" acme-respond <half.json
	[[ $stderr == *http-01* && $stderr == *dns-01* ]]
	[ "$(pebble_count POST /chalZ)" -eq "$before" ]
	must_pass listener acme-respond <order.json
}

@test "no authorizations: an error when the order is pending, nothing to do when it is ready" {
	ordered -d a.example.test
	must_fail 3 "authorizations: missing in the document" acme-respond < <(jq -c 'del(.authorizations)' order.json)
	must_pass acme-respond < <(jq -c 'del(.authorizations) | .order.status = "ready"' order.json)
}

@test "--no-wait posts and returns; the same step again waits and posts nothing twice" {
	ordered -d a.example.test
	must_pass listener sh -c 'acme-respond --no-wait | tee posted.json | acme-wait --authz' <order.json
	cp "$OUT" decided.json
	[ "$(doc_get '.authorizations[0].status' posted.json)" = pending ]
	before=$(pebble_count POST /chalZ)
	must_pass acme-respond <decided.json
	doc_is '.authorizations[0].status == "valid"'
	[ "$(pebble_count POST /chalZ)" -eq "$before" ]
}

@test "an order's authorization that is for something else is not answered" {
	ordered -d a.example.test
	acme-answer -t http-01 <order.json >answered.json
	jq -c '.order.identifiers[0].value = "c.example.test"' answered.json >foreign.json
	must_fail 10 "which the order does not name" acme-respond <foreign.json
}

@test "what was invalid before stays a failure" {
	ordered -d a.example.test
	must_fail 8 "a.example.test" acme-respond < <(jq -c '.authorizations[0].status = "deactivated"' order.json)
	must_pass listener acme-respond <order.json
}

@test "--unsigned: one request for the first open answer" {
	ordered -d a.example.test -d b.example.test
	acme-answer -t http-01 <order.json >answered.json
	must_pass acme-respond --unsigned <answered.json
	doc_is '.request.url == .answers[0].challenge and .request.payload == "e30"'
}
