#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Answers for every type of the table, and for types that nobody knows.
#
# shellcheck disable=SC2016,SC2086,SC2153 # scripts for other shells; $WELL_KNOWN and $TOKEN are plain words of chall.bash

load ../helpers
load ../chall

setup_file() {
	start_pebble
	make_key "$BATS_FILE_TMPDIR/account.pem"
}

@test "each type: what to post, and what must exist first" {
	document dns:www.example.org=http-01,dns-01,tls-alpn-01,dns-account-01 >doc
	must_pass acme-answer -t http-01 <doc
	doc_is '.answers == [{ challenge: "https://ca.test/chall/1/http-01", type: "http-01", response: {},
		identifier: { type: "dns", value: "www.example.org" },
		provision: { kind: "file", path: "/\(env.WELL_KNOWN)/\(env.TOKEN)", content: "'"$TOKEN.$THUMB"'" } }]'
	must_pass acme-answer -t dns-01 <doc
	doc_is '.answers[0].provision == { kind: "dns", record: "TXT", name: "_acme-challenge.www.example.org", value: "'"$DIGEST"'" }'
	must_pass acme-answer -t dns-account-01 <doc
	doc_is '.answers[0].provision.name == "_ujmmovf2vn55tgye._acme-challenge.www.example.org"'
	must_pass acme-answer -t tls-alpn-01 <doc
	doc_is '.answers[0].provision == { kind: "tls-alpn", sni: "www.example.org", sha256: "'"$DIGEST"'" }'
	[ -z "$stderr" ]
}

@test "the first type that is offered and can prove it is taken" {
	document dns:a.test=http-01,dns-01 'dns:*.b.test=http-01,dns-01' ip:192.0.2.1=dns-01,http-01 >doc
	must_pass acme-answer -t nothing-01 --response '{}' -t http-01 -t dns-01 -p <doc
	doc_is '[.answers[].type] == ["http-01", "dns-01", "http-01"]'
	must_pass acme-answer -t dns-01 -t http-01 <doc
	doc_is '[.answers[].type] == ["dns-01", "dns-01", "http-01"]'
}

@test "an authorization that offers none of the types is an error that says what it offers" {
	document dns:a.test=http-01 'dns:*.b.test=http-01,dns-01' >doc
	must_pass acme-answer -t http-01 -t dns-01 <doc
	must_fail 3 "authorizations[1]: dns:*.b.test: none of the types asked for can prove it; offered: http-01, dns-01" \
		acme-answer -t http-01 <doc
	doc_is '.problem.exit == 3 and (.answers | length == 1)'
	must_pass acme-answer -p -t http-01 <doc
	doc_is '.answers | length == 1'
}

@test "hostile type names are shown escaped" {
	document dns:a.test=x-01 | jq -c '.authorizations[0].challenges[0].type = "x\u001b[31m\u202e"' >doc
	must_fail 3 'offered: x\x1b[31m\u{202e}' acme-answer -t http-01 <doc
}

@test "answers are not given twice; --challenge replaces one" {
	document dns:a.test=http-01,dns-01 >doc
	must_pass acme-answer -t http-01 <doc
	cp "$OUT" answered
	must_pass acme-answer -t dns-01 <answered
	doc_is '[.answers[].type] == ["http-01"]'
	must_pass acme-answer --challenge https://ca.test/chall/1/dns-01 <answered
	doc_is '[.answers[].type] == ["dns-01"]'
	must_fail 3 "no challenge in the document has this URL" acme-answer --challenge https://ca.test/chall/2/dns-01 <doc
}

@test "what is decided is left alone" {
	document dns:a.test=http-01 | jq -c '.authorizations[0].status = "valid"' >doc
	must_pass acme-answer -t dns-01 <doc
	doc_is '.answers == null'
}

@test "an unknown type takes a given response: text, file or descriptor" {
	document dns:a.test=new-01 | jq -c 'del(.authorizations[0].challenges[0].token)' >doc
	must_fail 2 "--type new-01: not known here" acme-answer -t new-01 <doc
	must_pass acme-answer -t new-01 --response '{"b":[1],"a":"x"}' <doc
	doc_is '.answers == [{ challenge: "https://ca.test/chall/1/new-01", type: "new-01",
		identifier: { type: "dns", value: "a.test" }, response: { a: "x", b: [1] } }]'
	echo '{"from":"file"}' >response
	must_pass acme-answer --challenge https://ca.test/chall/1/new-01 --response response <doc
	doc_is '.answers[0].response.from == "file"'
	must_pass acme-answer -t new-01 --response fd:5 <doc 5<response
	doc_is '.answers[0].response.from == "file"'
	must_fail 3 "new-01: a challenge type that has no answer here" \
		acme-answer --challenge https://ca.test/chall/1/new-01 <doc
}

@test "a known type takes one as well" {
	document dns:a.test=dns-01 >doc
	must_pass acme-answer -t dns-01 --response '{"x":1}' <doc
	doc_is '.answers[0].response == { x: 1 } and .answers[0].provision.value == "'"$DIGEST"'"'
}

@test "responses that are none" {
	document dns:a.test=dns-01 >doc
	must_fail 2 "--response" acme-answer -t dns-01 --response '{"x":1' <doc
	must_fail 2 "duplicate" acme-answer -t dns-01 --response '{"x":1,"x":2}' <doc
	must_fail 2 "standard input has the documents" acme-answer -t dns-01 --response - <doc
	must_fail 3 "No such file" acme-answer -t dns-01 --response nobody <doc
	echo '[1]' >list
	must_fail 3 "--response: not a JSON object" acme-answer -t dns-01 --response list <doc
}

@test "tokens that are none are refused before they are used" {
	must_pass acme-answer -t http-01 < <(document_of "$TOKEN" dns:a.test=http-01)
	for token in ../../etc/cron.d/x /abs .. a/b 'a\b' %2e%2e "$TOKEN=" short ''; do
		must_fail 10 token acme-answer -t http-01 < <(document_of "$token" dns:a.test=http-01)
		doc_is '.answers == null'
	done
	document dns:a.test=http-01 | jq -c 'del(.authorizations[0].challenges[0].token)' >doc
	must_fail 10 token acme-answer -t http-01 <doc
}

@test "names that are none are refused before they are used" {
	must_pass acme-answer -t dns-01 < <(document dns:a.test=dns-01)
	for name in 'a.test$(x)' '`x`' 'a;b' $'a\nb' -a.test 'a"b' '*.*.a' ../a; do
		must_fail 10 "" acme-answer -t dns-01 < <(document dns:a.test=dns-01 |
			jq -c --arg name "$name" '.authorizations[0].identifier.value = $name')
		doc_is '.answers == null'
	done
}

@test "the thumbprint is needed" {
	document dns:a.test=http-01 >doc
	must_fail 3 "account.thumbprint" acme-answer -t http-01 < <(jq -c 'del(.account.thumbprint)' doc)
	must_fail 3 "account.thumbprint" acme-answer -t http-01 < <(jq -c '.account.thumbprint = "../x"' doc)
}

@test "the table is printed, and no document is waited for" {
	must_pass acme-answer --list </dev/null
	for type in http-01 dns-01 dns-account-01 tls-alpn-01; do grep -qE "^$type +dns,(ip|wildcard) " "$OUT"; done
}

@test "what must be said" {
	document dns:a.test=http-01 >doc
	must_fail 2 "--type TYPE" acme-answer <doc
	must_fail 2 "one of --type" acme-answer -t http-01 --challenge https://ca.test/x <doc
}

@test "answers of acme-answer are put in place by hand and accepted" {
	cp "$BATS_FILE_TMPDIR/account.pem" .
	acme-directory | acme-account -k account.pem --agree-tos | acme-order -d www.example.test -d '*.example.test' >order
	must_pass acme-answer -t dns-01 <order
	cp "$OUT" answered
	jq -r '.answers[].provision | "\(.name) \(.value)"' answered |
		while read -r name value; do dns_txt "$name" "$value"; done
	must_pass acme-respond <answered
	doc_is '[.authorizations[].status] == ["valid", "valid"]'
}
