#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Hostile servers: nonces, retries and HTTP.

load ../helpers
load ../rawserve
load ../hostile

# --- 3.1 nonces and retries

@test "H01 badNonce now and then: once more, with the nonce of the refusal" {
	row account order
	[ "$(raw_count 'HEAD /nonce')" = 0 ]
	fine <<-'EOT'
	times 3 POST /neworder
	problem 400 badNonce try again
	EOT
	[ "$(raw_count 'POST /neworder')" = 4 ]
	[ "$(raw_count 'HEAD /nonce')" = 0 ]
	raw_log '[.[:4][].protected.nonce][1:] == ["rawserve-nonce-000001", "rawserve-nonce-000002", "rawserve-nonce-000003"]'
	# --no-retry shows the refusal
	CMD+=(--no-retry)
	bad 6 "badNonce: try again" 1 <<-'EOT'
	times 3 POST /neworder
	problem 400 badNonce try again
	EOT
}

@test "H02 badNonce for ever: an end is put to it" {
	row account order
	bad 6 "badNonce: never" 130 <<-'EOT'
	on POST /neworder
	problem 400 badNonce never
	EOT
	[[ $stderr == *"times in a row"* ]]
	[ "$(raw_count 'POST /neworder')" -gt 5 ]
	# a problem in between starts the count again: it is not what stops
	CMD=(order --timeout 3)
	bad 6 "badNonce" 130 <<-'EOT'
	on POST /neworder
	problem 400 badNonce never
	EOT
}

@test "H03 badNonce is known by its type, whatever the status" {
	row account order
	for code in 401 403 500; do
		fine <<-EOT
		once POST /neworder
		problem $code badNonce once more
		EOT
		[ "$(raw_count 'POST /neworder')" = 2 ]
	done
	# and its text says nothing
	bad 6 "malformed: badNonce urn:ietf:params:acme:error:badNonce" 1 <<-'EOT'
	once POST /neworder
	problem 400 malformed badNonce urn:ietf:params:acme:error:badNonce
	EOT
}

@test "H05 no nonce in an answer: one is fetched before the next request" {
	row account order
	fine <<-'EOT'
	on POST /neworder
	json 201 {"status":"pending","identifiers":[{"type":"dns","value":"www.example.test"}],"authorizations":["@BASE@/authz/1"],"finalize":"@BASE@/finalize/1"}
	header Location: @BASE@/order/1
	nonce none
	EOT
	[ "$(raw_requests | paste -sd ' ')" = "POST /neworder HEAD /nonce POST /authz/1" ]
	raw_log '.[2].protected.nonce == "rawserve-nonce-000001"'
}

@test "H06 a nonce that is none is not sent" {
	row account order
	for nonce in '' 'a=' 'a b' 'a+b' 'a\x01' '\xc3\xa4'; do
		fine <<-EOT
		on POST /neworder
		json 201 {"status":"pending","identifiers":[{"type":"dns","value":"www.example.test"}],"authorizations":["@BASE@/authz/1"],"finalize":"@BASE@/finalize/1"}
		header Location: @BASE@/order/1
		nonce $nonce
		EOT
		[ "$(raw_count 'HEAD /nonce')" = 1 ]
	done
	fine <<-'EOT'
	on POST /neworder
	json 201 {"status":"pending","identifiers":[{"type":"dns","value":"www.example.test"}],"authorizations":["@BASE@/authz/1"],"finalize":"@BASE@/finalize/1"}
	header Location: @BASE@/order/1
	header Replay-Nonce: a-second-one
	EOT
	[ "$(raw_count 'HEAD /nonce')" = 1 ]
	bad 10 "a header field is larger than 8192 octets" 1 <<-'EOT'
	on POST /neworder
	status 201
	nonce none
	fill-header 1 Replay-Nonce:\x20
	fill-header 1048576 a
	fill-header 1 \r\n
	EOT
}

@test "H07 newNonce without a nonce, with an error, or with a page" {
	row begun account
	[ "$(raw_requests | paste -sd ' ')" = "HEAD /nonce POST /newacct" ]
	bad 10 "/nonce: answered 200 without a usable Replay-Nonce" 1 <<-'EOT'
	on HEAD /nonce
	status 200
	nonce none
	EOT
	bad 6 "/nonce: HTTP status 500" 1 <<-'EOT'
	on HEAD /nonce
	status 500
	nonce none
	EOT
	bad 6 "/nonce: HTTP status 404" 1 <<-'EOT'
	on HEAD /nonce
	status 404
	EOT
	bad 10 "without a usable Replay-Nonce" 1 <<-'EOT'
	on HEAD /nonce
	status 200
	nonce none
	type text/html
	body <html>
	EOT
}

@test "H08 the same nonce each time" {
	row account order
	fine <<-'EOT'
	on POST /neworder
	json 201 {"status":"pending","identifiers":[{"type":"dns","value":"www.example.test"}],"authorizations":["@BASE@/authz/1"],"finalize":"@BASE@/finalize/1"}
	header Location: @BASE@/order/1
	nonce same
	on POST /authz/1
	json 200 {"status":"valid","identifier":{"type":"dns","value":"www.example.test"},"challenges":[]}
	nonce same
	EOT
	bad 6 "badNonce: used before" 130 <<-'EOT'
	on POST /neworder
	problem 400 badNonce used before
	nonce same
	on HEAD /nonce
	status 200
	nonce same
	EOT
}

# --- 3.2 HTTP

@test "H10 a page with 200: its type is shown, not the page" {
	row account order
	bad 10 "/neworder: answered 200 with content type text/html, application/json was expected" 1 <<-'EOT'
	on POST /neworder
	status 200
	type text/html
	body <html>Sign in to <b>continue</b></html>
	EOT
	[[ $stderr != *continue* ]]
	row '' directory
	bad 10 "/dir: answered 200 with content type text/html" 1 <<-'EOT'
	on GET /dir
	status 200
	type text/html
	body <html>
	EOT
}

@test "H11 a problem as application/json is one, JSON as text is none" {
	row account order
	bad 6 "malformed: no such thing" 1 <<-'EOT'
	on POST /neworder
	json 400 {"type":"urn:ietf:params:acme:error:malformed","detail":"no such thing"}
	EOT
	for type in text/plain text/json ''; do
		bad 10 "/neworder: answered 201 with" 1 <<-EOT
		on POST /neworder
		status 201
		${type:+type $type}
		body {"status":"pending"}
		EOT
	done
	bad 6 "/neworder: HTTP status 500 without a problem document" 1 <<-'EOT'
	on POST /neworder
	status 500
	type text/html
	body <html>
	EOT
}

@test "H12 an answer that was cut short is not read" {
	row account order
	bad 5 "the answer was cut short" 1 <<-'EOT'
	on POST /neworder
	status 201
	type application/json
	header Location: @BASE@/order/1
	length 1000
	body {"status":"pending"}
	close
	EOT
	row issued acme-cert
	bad 5 "the answer was cut short" 1 <<-'EOT'
	on POST /cert/1
	status 200
	type application/pem-certificate-chain
	length 100000
	file chain.pem
	close
	EOT
}

@test "H14 H16 H17 too much of anything" {
	row account order
	bad 10 "the body is larger than 1048576 octets" 1 <<-'EOT'
	on POST /neworder
	send HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n\r\n{"a":"
	repeat 104857600 x
	EOT
	bad 10 "content coding gzip: was not asked for" 1 <<-'EOT'
	on POST /neworder
	json 201 {}
	header Content-Encoding: gzip
	EOT
	bad 10 "the header is larger than 65536 octets" 1 <<-'EOT'
	on POST /neworder
	json 201 {}
	fill-header 10000 X: abcd\r\n
	EOT
}

@test "H15 a chain of too many certificates, or too large" {
	for _ in {1..19}; do cat "$BATS_FILE_TMPDIR/inter.crt"; done >more.pem
	row issued acme-cert -o kept.pem
	cp kept.pem before.pem
	bad 10 "/cert/1: certificate chain: more than 20 certificates" 1 <<-'EOT'
	on POST /cert/1
	status 200
	type application/pem-certificate-chain
	file chain.pem
	file more.pem
	EOT
	bad 10 "the body is larger than 1048576 octets" 1 <<-'EOT'
	on POST /cert/1
	send HTTP/1.1 200 OK\r\nContent-Type: application/pem-certificate-chain\r\n\r\n
	repeat 1000000 -----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n
	EOT
	cmp kept.pem before.pem
}

@test "H18 H19 slow or silent: a deadline for the request in total" {
	row account order --request-timeout 1
	bad 5 "/neworder: timed out: still waiting for an answer after 1 s" 1 <<-'EOT'
	on POST /neworder
	stall
	EOT
	bad 5 "/neworder: timed out" 1 <<-'EOT'
	on POST /neworder
	slow 20
	json 201 {"status":"pending"}
	EOT
	bad 5 "timed out: still in the TLS handshake after 1 s" 0 <<-'EOT'
	on accept
	stall
	EOT
}

@test "H21 redirects of the directory; none of a POST" {
	row '' directory
	# another host: of a GET only, and not unnoticed
	fine <<-'EOT'
	on GET /dir
	status 302
	header Location: https://127.0.0.1:@PORT@/elsewhere
	on GET /elsewhere
	json 200 {"newNonce":"https://127.0.0.1:@PORT@/n","newAccount":"https://127.0.0.1:@PORT@/a","newOrder":"https://127.0.0.1:@PORT@/o"}
	EOT
	doc_is ".directory.url == \"https://127.0.0.1:$RAW_PORT/elsewhere\""
	bad 10 "/dir: more than 5 redirects" 6 <<-'EOT'
	on GET /dir
	status 302
	header Location: /dir
	EOT
	bad 10 "URL refused: http, not https" 1 <<-'EOT'
	on GET /dir
	status 302
	header Location: http://localhost:@PORT@/dir
	EOT
	row account order
	for code in 301 302 303 307 308; do
		bad 10 "/neworder: answered $code, a redirect is followed" 1 <<-EOT
		on POST /neworder
		status $code
		header Location: @BASE@/other
		on * /other
		json 201 {}
		EOT
	done
}

@test "H22 statuses that are no answer" {
	row account order
	bad 10 "answered 204 without" 1 <<-'EOT'
	on POST /neworder
	status 204
	EOT
	bad 10 "/neworder: status 304 is no answer" 1 <<-'EOT'
	on POST /neworder
	status 304
	EOT
	bad 10 "status 999 is no answer" 1 <<-'EOT'
	on POST /neworder
	status 999
	EOT
	bad 10 "more than 20 interim answers" 1 <<-'EOT'
	on POST /neworder
	repeat 1000000 HTTP/1.1 100 Continue\r\n\r\n
	EOT
	row issued acme-cert
	bad 10 "/cert/1: status 206 is no answer" 1 <<-'EOT'
	on POST /cert/1
	status 206
	type application/pem-certificate-chain
	header Content-Range: bytes 0-100/5000
	file chain.pem
	EOT
}

@test "H23 not HTTP at all" {
	row account order
	for text in '<html>hello</html>' 'SSH-2.0-OpenSSH_9.2p1\r\n' '\x16\x03\x01'; do
		bad 10 "/neworder: receive: the answer is not HTTP/1" 1 <<-EOT
		on POST /neworder
		send $text
		close
		EOT
	done
}

@test "H24 Retry-After: too far away ends the wait and is passed on, nonsense is none" {
	row answered acme-respond --timeout 3
	for value in 315360000 2147483648 4294967296 9223372036854775808 99999999999999999999999; do
		bad 9 "www.example.test still pending" 3 <<-EOT
		on POST /authz/1
		json 200 {"status":"pending","identifier":{"type":"dns","value":"www.example.test"},"challenges":[{"type":"http-01","url":"@BASE@/chall/1","status":"pending","token":"http-01-token-http-01-token"}]}
		header Retry-After: $value
		EOT
		doc_is '.problem.retryAfter >= 315360000'
	done
	bad 9 "www.example.test still pending" 3 <<-'EOT'
	on POST /authz/1
	json 200 {"status":"pending","identifier":{"type":"dns","value":"www.example.test"},"challenges":[{"type":"http-01","url":"@BASE@/chall/1","status":"pending","token":"http-01-token-http-01-token"}]}
	header Retry-After: Wed, 01 Jan 2098 00:00:00 GMT
	EOT
	doc_is '.problem.retryAfter > 1000000000'
	for value in -5 NaN 1e30 '' 'Wed, 99 Jan 2098 00:00:00 GMT' 'soon'; do
		fine <<-EOT
		times 2 POST /authz/1
		json 200 {"status":"pending","identifier":{"type":"dns","value":"www.example.test"},"challenges":[{"type":"http-01","url":"@BASE@/chall/1","status":"pending","token":"http-01-token-http-01-token"}]}
		header Retry-After: $value
		EOT
	done
	# never below a second: the second look does not come before the deadline
	CMD=(acme-respond --timeout 1)
	for value in 0 'Wed, 01 Jan 2020 00:00:00 GMT'; do
		bad 9 "www.example.test still pending" 2 <<-EOT
		on POST /authz/1
		json 200 {"status":"pending","identifier":{"type":"dns","value":"www.example.test"},"challenges":[{"type":"http-01","url":"@BASE@/chall/1","status":"pending","token":"http-01-token-http-01-token"}]}
		header Retry-After: $value
		EOT
	done
}

@test "H26 429 and 503 without Retry-After" {
	row account order --timeout 30
	bad 7 "rateLimited: too many" 1 <<-'EOT'
	on POST /neworder
	problem 429 rateLimited too many
	EOT
	bad 7 "/neworder: HTTP status 429 without a problem document" 1 <<-'EOT'
	on POST /neworder
	status 429
	EOT
	# unavailable for a moment, and for longer
	fine <<-'EOT'
	once POST /neworder
	status 503
	EOT
	bad 7 "/neworder: HTTP status 503 without a problem document" 4 <<-'EOT'
	on POST /neworder
	status 503
	EOT
	bad 7 "rateLimited: too many" 1 <<-'EOT'
	on POST /neworder
	problem 429 rateLimited too many
	header Retry-After: 3600
	EOT
	doc_is '.problem.retryAfter == 3600 and .problem.type == "urn:ietf:params:acme:error:rateLimited"'
}

@test "H27 TLS that cannot be trusted: nothing is sent" {
	row '' directory
	CMD=(acme-directory)
	serve </dev/null
	export ACME_DIRECTORY=$RAW_URL/dir
	must_fail 5 "the certificate is not trusted" acme-directory
	raw_log 'length == 0'
	must_pass acme-directory --cacert "$RAW_CA"
}
