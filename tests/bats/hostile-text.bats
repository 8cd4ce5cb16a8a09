#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Hostile servers: bodies, text, certificates, and what goes with them.

load ../helpers
load ../rawserve
load ../hostile

# --- 3.6 bodies and text

@test "H69 H70 JSON that two readers would read differently, or none" {
	row account order
	local rest='"identifiers":[{"type":"dns","value":"www.example.test"}],"authorizations":["@BASE@/authz/1"],"finalize":"@BASE@/finalize/1"'
	for body in \
		"{\"status\":\"pending\",\"status\":\"valid\",$rest}" \
		"{\"status\":\"pending\",$rest,\"finalize\":\"@BASE@/other\"}" \
		"{\"status\":\"pending\",$rest,\"x\":1e999}" \
		"{\"status\":\"pending\",$rest,\"x\":18446744073709551616}" \
		"{\"status\":\"pending\",$rest,\"x\":\"\\ud800\"}" \
		"{\"status\":\"pending\",$rest,\"x\":\"\\u0000\"}" \
		"{\"status\":\"pending\",$rest,\"x\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}" \
		"{\"status\":\"pending\",$rest}{}" \
		"{\"status\":\"pending\",$rest} x" \
		"{\"status\":\"pending\",$rest" \
		"{'status':'pending'}" \
		"[{\"status\":\"pending\",$rest}]" '"x"' 'null' ' '; do
		bad 10 "/neworder: answer: " 1 <<-EOT
		on POST /neworder
		json 201 $body
		header Location: @BASE@/order/1
		EOT
	done
	for octets in '{"x":"\xff"}' '{"x":"\xc0\x80"}' '{"x":"\xed\xa0\x80"}' '\xef\xbb\xbf{}' '{"x":"\x01"}' '{}\0' '\xff\xfe{\0}\0'; do
		bad 10 "/neworder: answer: " 1 <<-EOT
		on POST /neworder
		status 201
		type application/json
		header Location: @BASE@/order/1
		body $octets
		EOT
	done
	bad 10 "/neworder: answer: " 1 <<-'EOT'
	on POST /neworder
	status 201
	type application/json
	header Location: @BASE@/order/1
	fill 100000 [
	fill 100000 ]
	EOT
}

@test "H71 an empty certificate: the file that was there stays" {
	row issued acme-cert -o kept.pem
	cp kept.pem before.pem
	touch -d '2020-01-01' kept.pem
	bad 10 "/cert/1: certificate chain: no certificate inside" 1 <<-'EOT'
	on POST /cert/1
	status 200
	type application/pem-certificate-chain
	EOT
	bad 10 "/cert/1: answered 200 with content type application/octet-stream" 1 <<-'EOT'
	on POST /cert/1
	status 200
	type application/octet-stream
	file chain.pem
	EOT
	cmp kept.pem before.pem
	[ "$(stat -c %Y kept.pem)" = "$(date -d '2020-01-01' +%s)" ]
	[ "$(find . -name '*kept*' | wc -l)" = 1 ]
}

@test "H72 H74 text that would steer a terminal" {
	row account order
	bad 6 'malformed: a\x1b[31mb\x0ac\u{202e}d\x7f' 1 <<-'EOT'
	on POST /neworder
	json 400 {"type":"urn:ietf:params:acme:error:malformed","detail":"a\u001b[31mb\nc\u202ed\u007f"}
	EOT
	bad 6 'evil\x1b]0;x\x07' 1 <<-'EOT'
	on POST /neworder
	json 400 {"type":"urn:evil\u001b]0;x\u0007","detail":"x"}
	EOT
	bad 6 'see \x1bhttps://x' 1 <<-'EOT'
	on POST /neworder
	json 403 {"type":"urn:ietf:params:acme:error:userActionRequired","detail":"new terms","instance":"\u001bhttps://x"}
	EOT
	bad 10 'status: ' 1 <<-'EOT'
	on POST /neworder
	json 201 {"status":"\u001b[31m","identifiers":[{"type":"dns","value":"www.example.test"}],"authorizations":["@BASE@/authz/1"],"finalize":"@BASE@/finalize/1"}
	header Location: @BASE@/order/1
	EOT
	bad 10 'URL refused' 1 <<-'EOT'
	on POST /neworder
	json 201 {"status":"pending","identifiers":[{"type":"dns","value":"www.example.test"}],"authorizations":["@BASE@/authz/1"],"finalize":"@BASE@/finalize/1"}
	header Location: @BASE@/\x1b]0;x\x07
	EOT
	bad 10 'content coding \x1b[31m\xff: was not asked for' 1 <<-'EOT'
	on POST /neworder
	status 201
	header Content-Encoding: \x1b[31m\xff
	EOT
	# the terms' URL is shown to people
	row begun acme-account -k "$CERTS/account.pem" --agree-tos
	stage begun | jq -c '.directory.meta.termsOfService = "https://x/\u202e\u200b"' >.in
	must_fail 2 'terms of service, https://x/\u{202e}\u{200b}: agree to them with --agree-tos' acme-account -k "$CERTS/account.pem" <.in
	printable "$ERR"
	# what the server said stays as it was in the document
	row answered acme-respond
	bad 8 'it said \x1b[2Jno' 4 <<-'EOT'
	on POST /authz/1
	json 200 {"status":"invalid","identifier":{"type":"dns","value":"www.example.test"},"challenges":[{"type":"http-01","url":"@BASE@/chall/1","status":"invalid","token":"http-01-token-http-01-token","error":{"type":"urn:ietf:params:acme:error:unauthorized","detail":"it said \u001b[2Jno"}}]}
	EOT
	doc_is '.problem.detail == "it said \u001b[2Jno"'
}

@test "H73 H75 more text than anyone reads" {
	row account order
	bad 6 "malformed: xxxx" 1 <<-'EOT'
	on POST /neworder
	status 400
	type application/problem+json
	body {"type":"urn:ietf:params:acme:error:malformed","detail":"
	fill 1000000 x
	body "}
	EOT
	doc_is '.problem.detail | length == 4096'
	[ "$(wc -c <"$ERR")" -le 9000 ]
	bad 6 "malformed: in all" 1 <<-'EOT'
	on POST /neworder
	status 400
	type application/problem+json
	body {"type":"urn:ietf:params:acme:error:malformed","detail":"in all","subproblems":[
	fill 10000 {"type":"urn:ietf:params:acme:error:dns","detail":"no","identifier":{"type":"dns","value":"a"}},
	body {"type":"urn:ietf:params:acme:error:dns","subproblems":[{"subproblems":[]}]}]}
	EOT
	doc_is '.problem.subproblems | length == 100'
	for subproblems in 7 null '{}' '[7]' '[null]' '[{"identifier":7}]' '[{"identifier":{"type":7}}]' '[{"type":7,"detail":[]}]'; do
		bad 6 "malformed: in all" 1 <<-EOT
		on POST /neworder
		json 400 {"type":"urn:ietf:params:acme:error:malformed","detail":"in all","subproblems":$subproblems}
		EOT
	done
}

# --- 3.7 certificates

# A file as a run without a fault leaves it.
keep() {
	row issued acme-cert -o kept.pem
	cp kept.pem before.pem
}

# sent FILE STATUS TEXT: the chain in FILE is refused, and the file that was there stays.
sent() {
	cp "$1" sent.pem
	bad "$2" "$3" 1 <<-'EOT'
	on POST /cert/1
	status 200
	type application/pem-certificate-chain
	file sent.pem
	EOT
	cmp kept.pem before.pem
}

# leaf NAME KEY TEMPLATE [OPTION...]: a chain NAME.pem of another leaf and the intermediate
leaf() {
	local made
	made=$(pwd)
	(cd "$CERTS" && crt "$1" "$2" "$3" "${BY[@]/CA/inter}" "${@:4}" && cat "$1.crt" inter.crt >"$made/$1.pem")
}

FOR_WWW='dns_name = www.example.test
signing_key
tls_www_server'

@test "H77 a certificate that is not valid now" {
	keep
	leaf expired www.pem "$FOR_WWW
activation_date = \"2020-01-01 00:00:00 UTC\"
expiration_date = \"2020-04-01 00:00:00 UTC\""
	sent expired.pem 10 "expired on 2020-04-01T00:00:00Z"
	leaf future www.pem "$FOR_WWW
activation_date = \"2090-01-01 00:00:00 UTC\"
expiration_date = \"2090-04-01 00:00:00 UTC\""
	sent future.pem 10 "not valid before 2090-01-01T00:00:00Z"
}

@test "H78 a certificate for another key or other names" {
	keep
	leaf otherkey other.pem "$FOR_WWW
expiration_days = 90"
	sent otherkey.pem 10 "it is for another key than the one that was asked for"
	leaf othername www.pem "dns_name = other.example.test
expiration_days = 90"
	sent othername.pem 10 "it lacks dns:www.example.test"
	leaf morenames www.pem "$FOR_WWW
dns_name = more.example.test
expiration_days = 90"
	sent morenames.pem 10 "it names what was not asked for: dns:more.example.test"
}

@test "H80 a chain that is missing, out of order, unrelated or a loop" {
	keep
	cat "$CERTS/leaf.crt" "$CERTS/inter.crt" "$CERTS/root.crt" >whole.pem
	fine <<-'EOT'
	on POST /cert/1
	status 200
	type application/pem-certificate-chain
	file whole.pem
	EOT
	cp before.pem kept.pem
	cat "$CERTS/leaf.crt" "$CERTS/root.crt" "$CERTS/inter.crt" >order.pem
	sent order.pem 10 "its issuer is not the next certificate's subject"
	cat "$CERTS/inter.crt" "$CERTS/leaf.crt" >reversed.pem
	sent reversed.pem 10 "it is the certificate of a CA"
	cat "$CERTS/leaf.crt" "$CERTS/inter.crt" "$CERTS/root.crt" "$CERTS/root.crt" >loop.pem
	sent loop.pem 10 "stands there twice"
	sent "$CERTS/root.crt" 10 "it is the certificate of a CA"
	(cd "$CERTS" && crt stranger other.pem "cn = test intermediate
ca
cert_signing_key" --generate-self-signed)
	cat "$CERTS/leaf.crt" "$CERTS/stranger.crt" >unrelated.pem
	sent unrelated.pem 10 "certificate 1: its authority key identifier is not that of the next certificate"
	# without its issuer: taken, and said
	cp "$CERTS/leaf.crt" leaf.pem
	fine <<-'EOT'
	on POST /cert/1
	status 200
	type application/pem-certificate-chain
	file leaf.pem
	EOT
	[[ $stderr == *"the certificate came without its issuer"* ]]
}

@test "H82 a certificate that no verifier would take" {
	keep
	leaf ca www.pem "$FOR_WWW
ca
expiration_days = 90"
	sent ca.pem 10 "it is the certificate of a CA"
	leaf critical www.pem "$FOR_WWW
add_critical_extension = \"1.2.3.4 0x0500\"
expiration_days = 90"
	sent critical.pem 10 "critical extension 1.2.3.4 is unknown"
	leaf sha1 www.pem "$FOR_WWW
expiration_days = 90" --hash SHA1
	sent sha1.pem 10 "signed with SHA1"
}

@test "H83 PEM that two readers would read differently" {
	keep
	{ echo "-----BEGIN PRIVATE KEY-----"; echo AAAA; echo "-----END PRIVATE KEY-----"; cat chain.pem; } >key.pem
	sent key.pem 10 "a PRIVATE KEY in a certificate chain"
	{ echo "hello"; cat chain.pem; } >text.pem
	sent text.pem 10 "/cert/1: certificate chain: line 1: text outside of PEM"
	{ cat chain.pem; echo "hello"; } >behind.pem
	sent behind.pem 10 "text outside of PEM"
	sed '3s/./& /30' chain.pem >blank.pem
	sent blank.pem 10 "CERTIFICATE: not base64: character "
	{
		echo "-----BEGIN CERTIFICATE-----"
		{ certtool --certificate-info --infile chain.pem --outder --no-text; printf 'x'; } | base64 -w 64
		echo "-----END CERTIFICATE-----"
	} >trailing.pem
	sent trailing.pem 10 "certificate 1: not DER"
	head -n 5 chain.pem >cut.pem
	sent cut.pem 10 "the end of CERTIFICATE is missing"
}

@test "H84 alternates: ten at most, of the same certificate, at URLs that may be followed" {
	leaf again www.pem "$FOR_WWW
expiration_days = 80"
	cat "$CERTS/leaf.crt" "$CERTS/inter.crt" "$CERTS/root.crt" >longer.pem
	row issued acme-cert --json --alternates
	doc_is '.certificate.alternates == []'
	fine <<-'EOT'
	on POST /cert/1
	status 200
	type application/pem-certificate-chain
	header Link: </alt/1>;rel="alternate"
	file chain.pem
	on POST /alt/*
	status 200
	type application/pem-certificate-chain
	file longer.pem
	EOT
	doc_is '.certificate.alternates | length == 1'
	serve <<-EOT
	on POST /cert/1
	status 200
	type application/pem-certificate-chain
	$(for n in {1..500}; do echo "header Link: </alt/$n>;rel=\"alternate\""; done)
	file chain.pem
	on POST /alt/*
	status 200
	type application/pem-certificate-chain
	file longer.pem
	EOT
	stage issued >.in
	must_pass acme-cert --json --alternates <.in
	[[ $stderr == *"more than 10 alternate chains"* ]]
	[ "$(raw_count 'POST /alt/.*')" = 10 ]
	fine <<-'EOT'
	on POST /cert/1
	status 200
	type application/pem-certificate-chain
	header Link: </alt/1>;rel="alternate", <http://localhost/alt>;rel="alternate", <https://localhost:22/alt>;rel="alternate"
	file chain.pem
	on POST /alt/*
	status 200
	type application/pem-certificate-chain
	file again.pem
	EOT
	doc_is '.certificate.alternates == []'
	[[ $stderr == *"an alternate chain of another certificate"* && $stderr == *"http, not https"* && $stderr == *"not HTTP"* ]]
}

@test "H86 the account's key is no certificate's" {
	row proved finalize
	# shellcheck disable=SC2034 # bad runs it
	CMD=(acme-finalize -k "$CERTS/account.pem")
	bad 4 "the certificate's key is the account key" 0 </dev/null
}

# --- 3.8 renewal information, key change, external accounts

@test "H87 H88 H89 H90 renewal information that cannot be right" {
	row cert acme-renewal --require-ari --next 3d
	doc_is '.renewal.source == "ari" and .renewal.retryAfter == 21600'
	local day="$((24 * 3600))" window
	for window in '"start":"2099-01-02T00:00:00Z","end":"2099-01-01T00:00:00Z"' '"start":"@ARI_START@","end":"@ARI_START@"' \
		'"start":"1990-01-01T00:00:00Z","end":"1990-01-02T00:00:00Z"' '"start":"9999-01-01T00:00:00Z","end":"9999-12-31T00:00:00Z"' \
		'"start":"soon","end":"later"' '"start":1,"end":2' '"start":"@ARI_START@"'; do
		bad 10 ": suggestedWindow" 1 <<-EOT
		on GET /ari/*
		json 200 {"suggestedWindow":{$window}}
		EOT
	done
	bad 10 ": suggestedWindow" 1 <<-'EOT'
	on GET /ari/*
	json 200 {"suggestedWindow":[]}
	EOT
	bad 6 "HTTP status 500 without a problem document" 1 <<-'EOT'
	on GET /ari/*
	status 500
	EOT
	for pair in 0:60 1:60 315360000:$day -5:21600 NaN:21600; do
		fine <<-EOT
		on GET /ari/*
		json 200 {"suggestedWindow":{"start":"@ARI_START@","end":"@ARI_END@"}}
		header Retry-After: ${pair%:*}
		EOT
		doc_is ".renewal.retryAfter == ${pair#*:}"
	done
	fine <<-'EOT'
	on GET /ari/*
	json 200 {"suggestedWindow":{"start":"@ARI_START@","end":"@ARI_END@"},"explanationURL":"javascript:alert(1)"}
	EOT
	doc_is '.renewal | has("explanationURL") | not'
	fine <<-'EOT'
	on GET /ari/*
	json 200 {"suggestedWindow":{"start":"@ARI_START@","end":"@ARI_END@"},"explanationURL":"https://x/\u001b[31m"}
	EOT
	doc_is '.renewal | has("explanationURL") | not'
	printable "$ERR"
	# without advice the certificate's own dates decide, and it is not due
	serve <<-'EOT'
	on GET /ari/*
	status 500
	EOT
	stage cert >.in
	must_fail 1 "the certificate's dates decide" acme-renewal <.in
	doc_is '.renewal.source == "lifetime" and .renewal.retryAfter == 21600'
}

@test "H91 replaced already" {
	row account order --replaces aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE
	bad 6 "alreadyReplaced: by another" 1 <<-'EOT'
	on POST /neworder
	problem 409 alreadyReplaced by another
	EOT
}

@test "H93 a key change that meets another account" {
	row account acme-account -k "$CERTS/account.pem" --new-key "$CERTS/other.pem"
	doc_is ".key == \"$CERTS/other.pem\""
	bad 6 "malformed: in use" 1 <<-'EOT'
	on POST /keychange
	problem 409 malformed in use
	header Location: @BASE@/acct/2
	EOT
	doc_is ".key == \"$CERTS/account.pem\" and .account.url == \"$RAW_URL/acct/1\""
}

@test "H94 an external account, or new terms, wanted afterwards" {
	row account order
	bad 6 "externalAccountRequired: bind it" 1 <<-'EOT'
	on POST /neworder
	problem 403 externalAccountRequired bind it
	EOT
	bad 6 "userActionRequired: agree; see https://x/terms" 1 <<-'EOT'
	on POST /neworder
	json 403 {"type":"urn:ietf:params:acme:error:userActionRequired","detail":"agree","instance":"https://x/terms"}
	EOT
}

@test "H95 H97 a directory with members missing or of the wrong kind" {
	row '' directory
	for change in 'del(.newNonce)' 'del(.newAccount)' 'del(.newOrder)' '.newNonce = null' '.newOrder = ["x"]' '.newAccount = 7' \
		'.renewalInfo = {}' '.meta = []' '.meta = "x"' '.meta.externalAccountRequired = "true"' '.meta.termsOfService = 7' \
		'.meta.termsOfService = "a\u0001"' '.meta.profiles = []'; do
		bad 10 "directory: $(sed -E 's,^del\(,,; s,^\.,,; s,[ )].*,,' <<<"$change")" 1 <<-EOT
		on GET /dir
		json 200 $(stage begun | jq -c ".directory | del(.url) | $change")
		EOT
	done
	for change in 'del(.keyChange)' 'del(.meta)' '.meta = {}' '.other = [1, {}]' '.revokeCert = null'; do
		fine <<-EOT
		on GET /dir
		json 200 $(stage begun | jq -c ".directory | del(.url) | $change")
		EOT
	done
}
