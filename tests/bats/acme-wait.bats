#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Waiting: on Pebble for what it does by itself, on a server made of a script for every path a status can take.

load ../helpers
load ../rawserve

setup_file() {
	start_pebble
	make_key "$BATS_FILE_TMPDIR/account.pem"
	make_key "$BATS_FILE_TMPDIR/www.pem"
	acme-directory "$ACME_DIRECTORY" | acme-account -k "$BATS_FILE_TMPDIR/account.pem" --agree-tos >"$BATS_FILE_TMPDIR/account.json"
}

account() { cat "$BATS_FILE_TMPDIR/account.json"; }

# scripted TEXT...: a server whose rules these are, and a document with an order and two authorizations there, in doc.json.
scripted() {
	raw_serve < <(printf '%s\n' "$@" 'on HEAD /nonce' 'status 200')
	export ACME_CACERT=$RAW_CA
	jq -n --arg base "$RAW_URL" --arg ca "$RAW_CA" --arg key "$BATS_FILE_TMPDIR/account.pem" '{acmeutils: 1,
		directory: {url: "\($base)/dir", newNonce: "\($base)/nonce", newAccount: "\($base)/account", newOrder: "\($base)/new-order"},
		tls: {cacert: $ca}, key: $key, account: {status: "valid", url: "\($base)/account/1"},
		order: {url: "\($base)/order/1", status: "pending", authorizations: ["\($base)/authz/1", "\($base)/authz/2"]},
		authorizations: [{url: "\($base)/authz/1", status: "pending"}, {url: "\($base)/authz/2", status: "pending"}]}' >doc.json
}

# An answer of the script: an order, an authorization.
order() { echo "json 200 {\"status\":\"$1\",\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.test\"}],\"authorizations\":[\"@BASE@/authz/1\",\"@BASE@/authz/2\"],\"finalize\":\"@BASE@/finalize\"${2:+,$2}}"; }
authz() { echo "json 200 {\"status\":\"$2\",\"identifier\":{\"type\":\"dns\",\"value\":\"$1.test\"},\"challenges\":[{\"type\":\"dns-01\",\"url\":\"@BASE@/c/1\",\"status\":\"$2\"${3:+,$3}}]}"; }
looks() { raw_count "POST $1"; }
CERT='"certificate":"@BASE@/cert"'

@test "an order on Pebble: --no-wait in the steps before, acme-wait after them" {
	must_pass acme-order -d w.example.test < <(account)
	cp "$OUT" order.json
	steps() {
		acme-http01 --listen "127.0.0.1:$ACME_TEST_HTTP_PORT" acme-respond <order.json | acme-wait --until ready |
			acme-finalize -k "$BATS_FILE_TMPDIR/www.pem" --no-wait | acme-wait
	}
	must_pass steps
	doc_is '.order.status == "valid" and .order.certificate and .order.url'
	cp "$OUT" valid.json
	must_pass acme-wait --authz <valid.json
	doc_is '[.authorizations[].status] == ["valid"]'
}

@test "an order that stays pending: status 9, the document with its URL travels on" {
	must_pass acme-order -d p.example.test < <(account)
	cp "$OUT" order.json
	must_fail 9 "still pending: no time left of the 1 s of --timeout" acme-wait --timeout 1 <order.json
	doc_is '.problem.exit == 9 and .order.url and .order.status == "pending"'
	must_pass acme-wait --until pending <order.json
	must_fail 9 "still pending" acme-wait --authz --timeout 1s <order.json
}

@test "each status on the way is seen, and the last one ends it" {
	scripted 'once POST /order/1' "$(order pending)" 'once POST /order/1' "$(order pending)" \
		'once POST /order/1' "$(order processing)" 'on POST /order/1' "$(order valid "$CERT")"
	must_pass acme-wait <doc.json
	doc_is '.order.status == "valid" and (.order.url | endswith("/order/1")) and .waited == null'
	[ "$(looks /order/1)" -eq 4 ]
	raw_log 'all(.[] | select(.target == "/order/1"); .payload == null or .payload == "")'
}

@test "--changes: a line for each change, nothing else" {
	scripted 'once POST /order/1' "$(order pending)" 'once POST /order/1' "$(order pending)" \
		'once POST /order/1' "$(order processing)" 'on POST /order/1' "$(order valid "$CERT")"
	must_pass acme-wait --changes <doc.json
	doc_is '(.url | endswith("/order/1")) and (.time | test("^20..-..-..T..:..:..Z$")) and .problem == null and .order == null'
	[ "$(jq -s -c 'map([.was, .status])' "$OUT")" = '[[null,"pending"],["pending","processing"],["processing","valid"]]' ]
	[ "$(wc -l <"$OUT")" -eq 3 ]
}

@test "--changes: a failure is the last line, as a document" {
	scripted 'once POST /order/1' "$(order pending)" 'on POST /order/1' "$(order invalid)"
	must_fail 8 "/order/1: invalid" acme-wait --changes <doc.json
	[ "$(jq -s -c 'map(.status // .problem.exit)' "$OUT")" = '["pending","invalid",8]' ]
}

@test "an order that becomes invalid: status 8, with the reason the server gives" {
	scripted 'on POST /order/1' "$(order invalid '"error":{"type":"urn:ietf:params:acme:error:caa","detail":"CAA forbids it"}')"
	must_fail 8 "/order/1: invalid: caa: CAA forbids it" acme-wait <doc.json
	doc_is '.problem.type == "urn:ietf:params:acme:error:caa" and .problem.exit == 8 and .order.status == "invalid"'
	# unless that is what was waited for
	must_pass acme-wait --until valid,invalid <doc.json
	doc_is '.order.status == "invalid" and .problem == null'
}

@test "--authz: all of them, each asked only until it is decided" {
	scripted 'on POST /authz/1' "$(authz a valid)" \
		'once POST /authz/2' "$(authz b pending)" 'once POST /authz/2' "$(authz b pending)" 'on POST /authz/2' "$(authz b valid)"
	must_pass acme-wait --authz <doc.json
	doc_is '[.authorizations[].status] == ["valid", "valid"]'
	[ "$(looks /authz/1)" -eq 1 ]
	[ "$(looks /authz/2)" -eq 3 ]
}

@test "--authz: one that fails says why by its challenge" {
	scripted 'on POST /authz/1' "$(authz a valid)" \
		'on POST /authz/2' "$(authz b invalid '"error":{"type":"urn:ietf:params:acme:error:unauthorized","detail":"wrong\u001b[2J"}')"
	must_fail 8 '/authz/2: invalid: unauthorized: wrong\x1b[2J' acme-wait --authz <doc.json
	doc_is '[.authorizations[].status] == ["valid", "invalid"]'
}

@test "--until: a status that lies behind is not waited for" {
	scripted 'on POST /order/1' "$(order processing)"
	# an answer to a question: not complained of
	must_fail 1 "" acme-wait --until ready <doc.json
	[ -z "$stderr" ]
	doc_is '.problem.exit == 1 and (.problem.detail | endswith("/order/1 is processing and will not go back"))'
	must_fail 1 "" acme-wait --until ready,pending <doc.json
	must_pass acme-wait --until ready,processing <doc.json
	must_fail 9 "still processing" acme-wait --until valid --timeout 1 <doc.json
	must_fail 9 "still processing" acme-wait --until deactivated --timeout 1 <doc.json
}

@test "operands: any URL; objects without a place of their own are kept in waited" {
	scripted 'once POST /c/9' 'json 200 {"type":"x-01","status":"processing"}' 'on POST /c/9' 'json 200 {"type":"x-01","status":"valid","proof":7}' \
		'on POST /order/1' "$(order ready)"
	must_pass acme-wait "$RAW_URL/c/9" "$RAW_URL/order/1" <doc.json
	doc_is '.order.status == "ready" and (.waited | length == 1) and .waited[0].proof == 7 and (.waited[0].url | endswith("/c/9"))'
	cp "$OUT" again.json
	must_pass acme-wait "$RAW_URL/c/9" <again.json
	doc_is '.waited | length == 1'
}

@test "Retry-After, in both forms, is waited for and no longer" {
	scripted 'once POST /order/1' "$(order pending)" 'header Retry-After: 1' \
		'once POST /order/1' "$(order pending)" 'header Retry-After: Sun, 06 Nov 1994 08:49:37 GMT' \
		'on POST /order/1' "$(order ready)"
	must_pass acme-wait <doc.json
	# three looks need two pauses of a second each; a back-off of its own would begin with milliseconds
	[ "$(looks /order/1)" -eq 3 ]
	scripted 'on POST /order/1' "$(order pending)" 'header Retry-After: 315360000'
	must_fail 9 "still pending: no time left" acme-wait --timeout 5 <doc.json
	doc_is '.problem.retryAfter == 315360000'
	[ "$(looks /order/1)" -eq 1 ]
}

@test "answers that are none: stop" {
	scripted 'once POST /order/1' "$(order ready)" 'once POST /order/1' "$(order VALID)" 'once POST /order/1' "$(order valid)" \
		'once POST /order/1' 'json 200 []' 'once POST /order/1' 'status 204' 'once POST /order/1' 'problem 404 malformed gone' \
		'once POST /x' 'json 200 {"status":"done"}' 'once POST /x' 'json 200 {"status":7}' 'once POST /x' 'json 200 {}' \
		'on POST /authz/1' "$(authz a valid)" 'on POST /authz/2' 'json 200 {"status":"pending","identifier":{"type":"dns","value":"x;y.test"},"challenges":[]}'
	must_pass acme-wait <doc.json
	must_fail 10 'status: "VALID" is not one' acme-wait <doc.json
	must_fail 10 "valid, but without a certificate URL" acme-wait <doc.json
	must_fail 10 "not a JSON object" acme-wait <doc.json
	must_fail 10 "answered 204 with nothing" acme-wait <doc.json
	must_fail 6 "HTTP status 404: malformed: gone" acme-wait <doc.json
	must_fail 10 'status: "done" is none that RFC 8555 knows' acme-wait "$RAW_URL/x" <doc.json
	must_fail 10 "status: not a string" acme-wait "$RAW_URL/x" <doc.json
	must_fail 10 "status: missing" acme-wait "$RAW_URL/x" <doc.json
	must_fail 10 "not a DNS name" acme-wait --authz <doc.json
	must_fail 10 "http, not https" acme-wait "http://localhost/x" <doc.json
}

@test "--unsigned: one look, for acme-sign and acme-post" {
	scripted 'on POST /order/1' "$(order ready)"
	must_pass acme-wait --unsigned <doc.json
	doc_is '.request.into == "order" and (.request.url | endswith("/order/1"))'
	signed() { acme-wait --unsigned <doc.json | jq -c '.nonce = "bm9uY2U"' | acme-sign | acme-post; }
	must_pass signed
	doc_is '.order.status == "ready" and (.order.url | endswith("/order/1"))'
	must_fail 2 "one request, this takes 2" acme-wait --unsigned --authz <doc.json
}

@test "usage" {
	account >doc.json
	must_fail 3 "order: missing in the document" acme-wait <doc.json
	must_fail 3 "authorizations: none in the document" acme-wait --authz <doc.json
	must_fail 2 "--until: done: not one of" acme-wait --until "done" <doc.json
	must_fail 2 "--until: : not one of" acme-wait --until valid, <doc.json
	must_fail 2 "--until: : not one of" acme-wait --until "" <doc.json
	must_fail 2 "--authz: the URLs say already" acme-wait --authz https://ca.test/x <doc.json
	must_fail 2 "--changes: with --unsigned" acme-wait --changes --unsigned <doc.json
}
