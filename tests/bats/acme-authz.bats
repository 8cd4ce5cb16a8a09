#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Authorizations by themselves. Pebble has no newAuthz, so that part talks to a server made of a script.

load ../helpers
load ../rawserve

setup_file() {
	start_pebble
	make_key "$BATS_FILE_TMPDIR/account.pem"
	acme-directory "$ACME_DIRECTORY" | acme-account -k "$BATS_FILE_TMPDIR/account.pem" --agree-tos >"$BATS_FILE_TMPDIR/account.json"
}

account() { cat "$BATS_FILE_TMPDIR/account.json"; }

# scripted TEXT...: a server whose rules these are, and a document that has met it, in doc.json.
scripted() {
	raw_serve < <(printf '%s\n' "$@" 'on HEAD /nonce' 'status 200')
	export ACME_CACERT=$RAW_CA
	jq -n --arg base "$RAW_URL" --arg ca "$RAW_CA" --arg key "$BATS_FILE_TMPDIR/account.pem" '{acmeutils: 1,
		directory: {url: "\($base)/dir", newNonce: "\($base)/nonce", newAccount: "\($base)/account", newOrder: "\($base)/order",
			newAuthz: "\($base)/new-authz"},
		tls: {cacert: $ca}, key: $key, account: {status: "valid", url: "\($base)/account/1"}}' >doc.json
}

PENDING='{"status":"pending","identifier":{"type":"dns","value":"a.test"},"challenges":[{"type":"dns-01","url":"@BASE@/c/1","status":"pending","token":"DGyRejmCefe7v4NfDGDKfA"}]}'

# posted N JQ: is true of the Nth POST.
posted() { raw_log "[.[] | select(.method == \"POST\")] | .[$1 - 1] | $2"; }

@test "newAuthz: the authorization is in the document, with its URL, and the request is what RFC 8555 wants" {
	scripted 'on POST /new-authz' "json 201 $PENDING" 'header Location: @BASE@/authz/1'
	must_pass acme-authz -d A.Test <doc.json
	doc_is '.authorizations | length == 1 and .[0].status == "pending" and (.[0].url | endswith("/authz/1"))'
	posted 1 '.target == "/new-authz" and .payload == {"identifier": {"type": "dns", "value": "a.test"}} and (.protected.kid | endswith("/account/1"))'
	[ -z "$stderr" ]
	# the same again is in the place of the old
	cp "$OUT" doc.json
	must_pass acme-authz -d a.test <doc.json
	doc_is '.authorizations | length == 1'
}

@test "newAuthz: several names, and --subdomains as RFC 9444 spells it" {
	sub=${PENDING/\"status\":\"pending\",/\"status\":\"pending\",\"subdomainAuthAllowed\":true,}
	scripted 'once POST /new-authz' "json 201 $sub" 'header Location: @BASE@/authz/1' \
		'on POST /new-authz' "json 201 ${PENDING//a.test/b.test}" 'header Location: @BASE@/authz/2'
	must_pass acme-authz --subdomains -d a.test dns:b.test <doc.json
	doc_is '[.authorizations[].identifier.value] == ["a.test", "b.test"]'
	posted 1 '.payload.identifier == {"type": "dns", "value": "a.test", "subdomainAuthAllowed": true}'
	posted 2 '.payload.identifier.subdomainAuthAllowed == true'
	[[ $stderr == *"warning: dns:b.test: the server does not extend it"* && $stderr != *a.test* ]]
}

@test "newAuthz: a server that has none is told so, with status 6" {
	account >doc.json
	jq -e '.directory.newAuthz == null' doc.json
	must_fail 6 "newAuthz: the server's directory does not offer it" acme-authz -d a.test <doc.json
	doc_is '.problem.exit == 6 and .problem.program == "acme-authz" and .account.url and .authorizations == null'
}

@test "newAuthz: what a server must not answer" {
	scripted 'once POST /new-authz' "json 201 $PENDING" 'header Location: @BASE@/authz/1' \
		'once POST /new-authz' "json 201 ${PENDING//a.test/evil.test}" 'header Location: @BASE@/authz/2' \
		'once POST /new-authz' "json 201 ${PENDING/pending/pending\",\"wildcard\":true,\"x\":\"}" 'header Location: @BASE@/authz/3' \
		'once POST /new-authz' "json 201 $PENDING" \
		'once POST /new-authz' "json 201 $PENDING" 'header Location: http://localhost/authz' \
		'once POST /new-authz' "json 201 ${PENDING/@BASE@/http://localhost}" 'header Location: @BASE@/authz/1' \
		'once POST /new-authz' "json 201 ${PENDING/\"pending\"/\"PENDING\"}" 'header Location: @BASE@/authz/1' \
		'on POST /new-authz' 'problem 403 rejectedIdentifier no'
	must_pass acme-authz -d a.test <doc.json
	must_fail 10 "it is for dns:evil.test, dns:a.test was asked for" acme-authz -d a.test <doc.json
	# it is kept all the same: whoever looks into it later finds its URL
	doc_is '.authorizations[0].url | endswith("/authz/2")'
	must_fail 10 "it is for dns:*.a.test, dns:a.test was asked for" acme-authz -d a.test <doc.json
	must_fail 10 "without the authorization's Location" acme-authz -d a.test <doc.json
	must_fail 10 "http, not https" acme-authz -d a.test <doc.json
	must_fail 10 "http, not https" acme-authz -d a.test <doc.json
	must_fail 10 'status: "PENDING"' acme-authz -d a.test <doc.json
	must_fail 6 "rejectedIdentifier: no" acme-authz -d a.test <doc.json
}

@test "usage: what cannot be meant is refused before anything is sent" {
	account >doc.json
	must_fail 2 "nothing to do" acme-authz <doc.json
	must_fail 2 "names are for new authorizations" acme-authz -d a.test --refresh <doc.json
	must_fail 2 "--subdomains: of which name?" acme-authz --subdomains --refresh <doc.json
	must_fail 2 "exclude each other" acme-authz --refresh --deactivate <doc.json
	must_fail 2 "a wildcard is proved for its order only" acme-authz -d '*.a.test' <doc.json
	must_fail 2 "not a DNS name" acme-authz -d a_b.test <doc.json
	must_fail 2 "one request, this takes 2" acme-authz --unsigned -d a.test -d b.test <doc.json
	must_fail 3 "authorizations: none in the document" acme-authz --refresh <doc.json
	must_fail 3 "account: missing" acme-authz --refresh <<<'{"directory":{}}'
}

@test "--unsigned: the request is in the document, and acme-sign and acme-post do the rest" {
	scripted 'on POST /new-authz' "json 201 $PENDING" 'header Location: @BASE@/authz/1'
	must_pass acme-authz --unsigned -d a.test <doc.json
	doc_is '.request.into == "authorizations" and (.request.url | endswith("/new-authz")) and .request.auth == "kid"'
	[ ! -s "$RAW_LOG" ]
	signed() { acme-authz --unsigned -d a.test <doc.json | jq -c '.nonce = "bm9uY2U"' | acme-sign | acme-post; }
	must_pass signed
	doc_is '.authorizations[0].status == "pending" and (.authorizations[0].url | endswith("/authz/1")) and .request == null'
	cp "$OUT" met.json
	must_pass acme-authz --unsigned --refresh <met.json
	doc_is '.request.into == "authorizations" and (.request.url | endswith("/authz/1")) and .request.payload == ""'
}

@test "--refresh: as the server has it now, those the document lacks as well" {
	account | acme-order -d a.test -d b.test >order.json
	jq -c '.authorizations[0].status = "valid" | .authorizations[0].stale = 1 | del(.authorizations[1])' order.json >doc.json
	must_pass acme-authz --refresh <doc.json
	doc_is '[.authorizations[].status] == ["pending", "pending"] and .authorizations[0].stale == null'
	doc_is '([.authorizations[].url] | sort) == (.order.authorizations | sort)'
	url=$(jq -r '.authorizations[1].url' order.json)
	must_pass acme-authz --url "$url" < <(account)
	doc_is "[.authorizations[].url] == [\"$url\"]"
	must_fail 6 "HTTP status 404" acme-authz --url "${url}x" < <(account)
}

@test "--refresh: an authorization that is for another name than the order's stops" {
	other=${PENDING//a.test/evil.test}
	scripted 'once POST /authz/1' "json 200 $PENDING" 'on POST /authz/1' "json 200 $other"
	jq -c --arg base "$RAW_URL" '.order = {identifiers: [{type: "dns", value: "a.test"}], authorizations: ["\($base)/authz/1"]}' \
		doc.json >with-order.json
	must_pass acme-authz --refresh <with-order.json
	must_fail 10 "it is for dns:evil.test, which the order does not name" acme-authz --refresh <with-order.json
}

@test "--refresh: an authorization that is suddenly for another name than before stops" {
	scripted 'once POST /authz/1' "json 200 $PENDING" 'on POST /authz/1' "json 200 ${PENDING//a.test/evil.test}"
	must_pass acme-authz --url "$RAW_URL/authz/1" <doc.json
	cp "$OUT" met.json
	must_fail 10 "it was for dns:a.test before, now it is for dns:evil.test" acme-authz --refresh <met.json
	doc_is '[.authorizations[].identifier.value] == ["a.test"]'
}

@test "--deactivate: the server's authorizations are deactivated, the document says so" {
	account | acme-order -d a.test -d b.test >order.json
	must_pass acme-authz --deactivate <order.json
	doc_is '[.authorizations[].status] == ["deactivated", "deactivated"]'
	cp "$OUT" gone.json
	must_pass acme-authz --refresh <gone.json
	doc_is '[.authorizations[].status] == ["deactivated", "deactivated"]'
	# one of two
	account | acme-order -d c.test -d d.test >order.json
	url=$(jq -r '.authorizations[1].url' order.json)
	must_pass acme-authz --deactivate --url "$url" <order.json
	doc_is '[.authorizations[].status] == ["pending", "deactivated"]'
}

@test "--deactivate: a server that only says it did is not believed" {
	gone=${PENDING/pending/deactivated}
	scripted 'once POST /authz/1' "json 200 $gone" \
		'once POST /authz/1' "json 200 $PENDING" \
		'once POST /authz/1' 'status 200' 'once POST /authz/1' "json 200 $gone"
	url=$RAW_URL/authz/1
	must_pass acme-authz --deactivate --url "$url" --url "$url" <doc.json
	[ "$(raw_count 'POST /authz/1')" -eq 1 ]
	posted 1 '.payload == {"status": "deactivated"}'
	must_fail 10 "still pending after its deactivation" acme-authz --deactivate --url "$url" <doc.json
	# an empty answer: it is asked for
	must_pass acme-authz --deactivate --url "$url" <doc.json
	doc_is '.authorizations[0].status == "deactivated"'
	posted 4 '.payload == null or .payload == ""'
}

@test "a document that has failed passes through, a stream goes on after a failure" {
	account | jq -c '.problem = {type: "x", exit: 8}' >doc.json
	must_fail 8 "" acme-authz -d a.test <doc.json
	doc_is '.problem.exit == 8'
	account | acme-order -d a.test >order.json
	stream() { { echo '{"directory":{},"account":{}}'; cat order.json; } | acme-authz --refresh; }
	must_fail 3 "authorizations: none in the document" stream
	[ "$(jq -s 'length' "$OUT")" -eq 2 ]
	[ "$(jq -s '.[1].authorizations[0].status' "$OUT")" = '"pending"' ]
}
