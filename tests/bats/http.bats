#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# lib/http*.c alone, by tools/httpget: what any server can do to any client. HNN are rows of the catalogue of hostile
# servers; what a program does about them is in hostile.bats.

load ../helpers
load ../rawserve

get() { httpget --cacert "$RAW_CA" "$@"; }

# passes PATH [OPTION...], fails STATUS TEXT PATH [OPTION...]
passes() { must_pass get "${@:2}" "$RAW_URL$1"; }
fails() { must_fail "$1" "$2" get "${@:4}" "$RAW_URL$3"; }

# --- what is sent

@test "a request has the fields it should have and no others" {
	raw_serve <<-'EOT'
	on GET /a/../b%7e?x=%41
	json 200 {}
	header Set-Cookie: a=b
	on POST /
	json 201 {}
	EOT
	printf 'machine localhost login me password secret\n' >.netrc
	HOME=$PWD passes '/a/../b%7e?x=%41'
	raw_log '.[0] | .target == "/a/../b%7e?x=%41" and (.headers | keys) ==
		["accept", "accept-language", "host", "user-agent"]'
	raw_log '.[0].headers["user-agent"] | test("^acmeutils/[0-9.]+ libcurl/[0-9.]+ GnuTLS/[0-9.]+$")'
	HOME=$PWD must_pass get --method POST --type application/jose+json --accept application/pem-certificate-chain \
		--body '{"a":1}' "$RAW_URL/" "$RAW_URL/"
	raw_log '.[1:] | length == 2 and all(.[]; .body == "{\"a\":1}" and .headers == (.headers + {
		"content-type": "application/jose+json", "content-length": "7", "accept": "application/pem-certificate-chain"})
		and (.headers | keys) == ["accept", "accept-language", "content-length", "content-type", "host", "user-agent"])'
	# one connection for both
	raw_log '.[1].connection == .[2].connection'
}

@test "an empty POST has a length and no type of curl's own" {
	raw_serve <<-'EOT'
	on POST /
	json 200 {}
	EOT
	passes / --method POST --body '' --type application/jose+json
	raw_log '.[0].headers | .["content-length"] == "0" and .["content-type"] == "application/jose+json"'
}

@test "a large body is sent at once: nobody waits for 100 Continue" {
	raw_serve <<-'EOT'
	on POST /
	json 200 {}
	EOT
	passes / --method POST --fill 3000000 --type application/octet-stream
	raw_log '.[0].headers | .["content-length"] == "3000000" and (has("expect") | not)'
}

# --- what comes back

@test "an answer is taken apart" {
	raw_serve <<-'EOT'
	on GET /dir/one
	status 201
	type Application/JSON; charset=utf-8
	header Location: ../acct/1
	header Retry-After: Fri, 31 Dec 1999 23:59:59 GMT
	header Link: <@BASE@/dir>;rel="index", </c/1>; rel="alternate up"
	header lINK: <next?page=2>;rel=next
	nonce abc_-9
	body {"a":1}
	EOT
	passes /dir/one
	doc_is ".status == 201 and .type == \"application/json\" and .location == \"$RAW_URL/acct/1\" and .nonce == \"abc_-9\""
	doc_is '.retryAfter == "Fri, 31 Dec 1999 23:59:59 GMT" and .body == "{\"a\":1}"'
	doc_is ".url == \"$RAW_URL/dir/one\" and .links == [{rel: \"index\", url: \"$RAW_URL/dir\"},
		{rel: \"alternate\", url: \"$RAW_URL/c/1\"}, {rel: \"up\", url: \"$RAW_URL/c/1\"},
		{rel: \"next\", url: \"$RAW_URL/dir/next?page=2\"}]"
	doc_is '[.headers[][0]] == ["replay-nonce", "content-type", "location", "retry-after", "link", "link", "content-length"]'
}

@test "HEAD has no body, whatever the length says" {
	raw_serve <<-'EOT'
	on HEAD /nonce
	status 200
	length 1000
	EOT
	passes /nonce --method HEAD
	doc_is '.status == 200 and .size == 0 and .nonce == "rawserve-nonce-000001"'
}

@test "interim answers and trailers are not the answer" {
	raw_serve <<-'EOT'
	on GET /
	send HTTP/1.1 103 Early Hints\r\nReplay-Nonce: early\r\nLink: </x>;rel=up\r\n\r\n
	send HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nReplay-Nonce: right\r\n\r\n
	send 2\r\n{}\r\n0\r\nReplay-Nonce: late\r\nLocation: /x\r\n\r\n
	EOT
	passes /
	doc_is '.nonce == "right" and .links == [] and .location == null and .body == "{}"'
}

@test "a folded field is one" {
	raw_serve <<-'EOT'
	on GET /
	send HTTP/1.1 200 OK\r\nLink: </x>;\r\n  rel=up\r\nContent-Length: 0\r\n\r\n
	EOT
	passes /
	doc_is ".links == [{rel: \"up\", url: \"$RAW_URL/x\"}]"
}

@test "H06 a nonce that is none is ignored" {
	raw_serve <<-'EOT'
	on GET /good
	status 200
	nonce AZaz09-_
	on GET /1
	status 200
	nonce
	on GET /2
	status 200
	nonce abc=
	on GET /3
	status 200
	nonce a b
	on GET /4
	status 200
	nonce a\x01b
	on GET /5
	status 200
	nonce \xc3\xa4
	on GET /6
	status 200
	header Replay-Nonce: second
	on GET /7
	status 200
	nonce none
	fill-header 1 Replay-Nonce:\x20
	fill-header 1025 a
	fill-header 1 \r\n
	on GET /longest
	status 200
	nonce none
	fill-header 1 Replay-Nonce:\x20
	fill-header 1024 a
	fill-header 1 \r\n
	EOT
	passes /good
	doc_is '.nonce == "AZaz09-_"'
	passes /longest
	doc_is '.nonce | length == 1024'
	for path in 1 2 3 4 5 6 7; do
		passes /$path
		doc_is '.nonce == null and .status == 200'
	done
}

@test "H12 a body that is cut short is none" {
	raw_serve <<-'EOT'
	on GET /whole
	status 200
	body {"a":1}
	on GET /short
	status 200
	length 8
	body {"a":1}
	close
	on GET /chunks
	send HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{"a":1}\r\n0\r\n\r\n
	on GET /chunk
	send HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{"a":1}
	close
	on GET /last
	send HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{"a":1}\r\n
	close
	on GET /bad
	send HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n{"a":1}\r\n0\r\n\r\n
	on GET /end
	send HTTP/1.1 200 OK\r\n\r\n{"a":1}
	close
	on GET /cut
	send HTTP/1.1 200 OK\r\n\r\n{"a":1}
	cut
	on GET /nothing
	close
	on GET /reset
	send HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{"a"
	reset
	EOT
	for path in whole chunks end; do
		passes /$path
		doc_is '.body == "{\"a\":1}"'
	done
	for path in short chunk last; do
		fails 5 "$RAW_URL/$path: receive: the answer was cut short" /$path
	done
	fails 5 "receive: Illegal or missing hexadecimal sequence" /bad
	fails 5 "receive: GnuTLS recv error (-110): The TLS connection was non-properly terminated." /cut
	fails 5 "the server closed the connection without an answer" /nothing
	fails 5 "/reset: receive: " /reset
}

@test "H14 a body has 1 MiB at most" {
	raw_serve <<-'EOT'
	on GET /most
	status 200
	fill 1048576 x
	on GET /more
	status 200
	fill 1048577 x
	on GET /told
	status 200
	length 104857600
	on GET /endless
	send HTTP/1.1 200 OK\r\n\r\n
	repeat 104857600 x
	on GET /chunked
	send HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n
	repeat 100000000 1\r\nx\r\n
	EOT
	passes /most
	doc_is '.size == 1048576'
	for path in more told endless chunked; do
		fails 10 "$RAW_URL/$path: the body is larger than 1048576 octets" /$path
	done
}

@test "H16 a coding that nobody asked for is refused, not undone" {
	raw_serve <<-'EOT'
	on GET /plain
	json 200 {}
	header Content-Encoding: identity
	on GET /gzip
	json 200 {}
	header Content-Encoding: gzip
	on GET /transfer
	send HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n
	on GET /twice
	send HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n
	EOT
	passes /plain
	fails 10 "$RAW_URL/gzip: content coding gzip: was not asked for" /gzip
	fails 10 "$RAW_URL/transfer: transfer coding gzip, chunked: was not asked for" /transfer
	fails 10 "$RAW_URL/twice: transfer coding chunked: was not asked for" /twice
	raw_log 'all(.[]; .headers | has("accept-encoding") or has("te") | not)'
}

@test "H17 header fields are bounded, each and together" {
	raw_serve <<-'EOT'
	on GET /large
	status 200
	fill-header 1 X:\x20
	fill-header 8187 a
	fill-header 1 \r\n
	on GET /larger
	status 200
	fill-header 1 X:\x20
	fill-header 8188 a
	fill-header 1 \r\n
	on GET /huge
	status 200
	fill-header 1 X:\x20
	fill-header 1048576 a
	fill-header 1 \r\n
	on GET /many
	status 200
	fill-header 1000 X: y\r\n
	on GET /more
	status 200
	fill-header 10000 X: abcd\r\n
	on GET /endless
	send HTTP/1.1 200 OK\r\n
	repeat 100000000 X: y\r\n
	on GET /nameless
	send HTTP/1.1 200 OK\r\n
	repeat 100000000 x
	EOT
	passes /large
	passes /many
	doc_is '.headers | length == 1002'
	for path in larger huge nameless; do
		fails 10 "$RAW_URL/$path: a header field is larger than 8192 octets" /$path
	done
	for path in more endless; do
		fails 10 "$RAW_URL/$path: the header is larger than 65536 octets" /$path
	done
}

@test "H18 the deadline is for all of a request, not for each read" {
	raw_serve <<-'EOT'
	on GET /
	slow 1
	json 200 {}
	on GET /head
	slow 20
	json 200 {}
	on GET /body
	send HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n
	slow 20
	repeat 1000 x
	EOT
	passes /
	fails 5 "$RAW_URL/head: timed out: " /head --timeout 300
	fails 5 "octets of the body had arrived after 0.3 s" /body --timeout 300
}

@test "H19 silence is timed out, and the step named" {
	raw_serve <<-'EOT'
	on GET /
	json 200 {}
	on GET /silent
	stall
	on GET /half
	send HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc
	stall
	EOT
	passes / --timeout 10000
	fails 5 "$RAW_URL/silent: timed out: still waiting for an answer after 0.3 s" /silent --timeout 300
	fails 5 "$RAW_URL/half: timed out: 3 octets of the body had arrived after 0.3 s" /half --timeout 300
	fails 5 "timed out: nothing is left of 0 s" / --timeout 0
	raw_serve <<-'EOT'
	once accept
	stall
	on GET /
	json 200 {}
	EOT
	fails 5 "$RAW_URL/: timed out: still in the TLS handshake after 0.3 s" / --timeout 300
	passes /
}

@test "H21 redirects: five at most, GET and HEAD only, https only, one deadline" {
	raw_serve <<-'EOT'
	on GET /loop
	status 302
	header Location: /loop
	on GET /5
	status 301
	header Location: 4
	on GET /4
	status 302
	header Location: @BASE@/3
	on GET /3
	status 303
	header Location: /2
	on GET /2
	status 307
	header Location: ?x
	on GET /2?x
	status 308
	header Location: //localhost:@PORT@/1
	on * /1
	json 200 {}
	on HEAD /5
	status 301
	header Location: /1
	on POST /5
	status 307
	header Location: /1
	on GET /plain
	status 302
	header Location: http://localhost:@PORT@/1
	on GET /file
	status 302
	header Location: file:///etc/passwd
	on GET /user
	status 302
	header Location: https://user:secret@localhost:@PORT@/1
	on GET /nowhere
	status 302
	on GET /slow1
	delay 150
	status 302
	header Location: /slow2
	on GET /slow2
	delay 150
	status 302
	header Location: /slow3
	on GET /slow3
	delay 150
	json 200 {}
	EOT
	passes /5 --redirects 5
	doc_is ".status == 200 and .url == \"$RAW_URL/1\""
	passes /5 --redirects 5 --method HEAD
	doc_is '.status == 200'
	passes /5
	doc_is ".status == 301 and .location == \"$RAW_URL/4\""
	fails 10 "$RAW_URL/5: more than 4 redirects" /5 --redirects 4
	: >"$RAW_LOG"
	fails 10 "$RAW_URL/loop: more than 5 redirects" /loop --redirects 5
	[ "$(raw_count 'GET /loop')" = 6 ]
	passes /5 --redirects 5 --method POST --body x
	doc_is '.status == 307'
	[ "$(raw_count '.* /1')" = 0 ]
	fails 10 "/plain: redirect: http://localhost:$RAW_PORT/1: URL refused: http, not https" /plain --redirects 5
	fails 10 "/plain: redirect: http://localhost:$RAW_PORT/1: URL refused: http, not https" /plain --redirects 5 --allow-http
	fails 10 "/file: redirect: file:///etc/passwd: URL refused: the scheme is not https" /file --redirects 5
	fails 10 "/user: redirect: https://user:secret@localhost:$RAW_PORT/1: URL refused: it has user information" /user --redirects 5
	passes /nowhere --redirects 5
	doc_is ".url == \"$RAW_URL/nowhere\""
	passes /slow1 --redirects 5
	fails 5 "timed out" /slow1 --redirects 5 --timeout 370
}

@test "H22 a status that is no final answer" {
	raw_serve <<-'EOT'
	on GET /20
	send HTTP/1.1 103 Early Hints\r\n\r\n
	json 200 {}
	on GET /flood
	repeat 1000000 HTTP/1.1 103 Early Hints\r\n\r\n
	on GET /101
	send HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n
	on GET /999
	status 999
	on GET /600
	status 600
	on GET /204
	status 204
	on GET /206
	status 206
	on GET /304
	status 304
	on GET /599
	status 599
	on GET /000
	status 000
	EOT
	for path in 204 599; do
		passes /$path
		doc_is ".status == $path"
	done
	passes /20
	fails 10 "$RAW_URL/flood: more than 20 interim answers" /flood
	fails 10 "$RAW_URL/101: status 101 is no answer" /101
	fails 10 "$RAW_URL/999: status 999 is no answer" /999
	for path in 600 206 304; do
		fails 10 "$RAW_URL/$path: status $path is no answer" /$path
	done
	fails 10 "$RAW_URL/000: " /000
}

@test "H23 what is not HTTP" {
	raw_serve <<-'EOT'
	on GET /
	send HTTP/1.0 200 OK\r\n\r\nfine
	close
	on GET /09
	send <html>hello</html>
	close
	on GET /ssh
	send SSH-2.0-OpenSSH_9.2p1\r\n
	close
	on GET /colon
	send HTTP/1.1 200 OK\r\nbroken header\r\nContent-Length: 0\r\n\r\n
	on GET /nul
	send HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n
	EOT
	passes /
	fails 10 "$RAW_URL/09: receive: the answer is not HTTP/1" /09
	fails 10 "$RAW_URL/ssh: receive: the answer is not HTTP/1" /ssh
	fails 10 "$RAW_URL/colon: receive: " /colon
	fails 10 "$RAW_URL/nul: receive: " /nul
	raw_serve <<-'EOT'
	once accept
	send SSH-2.0-OpenSSH_9.2p1\r\n
	stall
	on GET /
	json 200 {}
	EOT
	fails 5 "$RAW_URL/: TLS: " /
	passes /
}

@test "fields that decide what the answer means are there once" {
	raw_serve <<-'EOT'
	on GET /same
	status 200
	header Location: /a
	header Location: /a
	on GET /location
	status 200
	header Location: /a
	header Location: /b
	on GET /type
	status 200
	type a/b
	type c/d
	on GET /length
	send HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc
	EOT
	passes /same
	fails 10 "/location: location: two fields that differ" /location
	fails 10 "/type: content-type: two fields that differ" /type
	fails 10 "/length: content-length: two fields that differ" /length
}

@test "H72 octets that are no text come out escaped" {
	raw_serve <<-'EOT'
	on GET /
	status 200
	header X: a\x1b[31m\xff
	on GET /bad
	status 200
	header Content-Encoding: \x1b]0;x\x07
	EOT
	passes /
	doc_is '.headers[1] == ["x", "a\\x1b[31m\\xff"]'
	fails 10 'content coding \x1b]0;x\x07: was not asked for' /bad
}

# --- TLS

@test "H27 a certificate that is expired, not yet valid, for another name, or from nobody we know" {
	raw_serve <<<$'on GET /\njson 200 {}'
	passes /
	good=$RAW_CA
	raw_serve --from -864000 --days 1 <<<$'on GET /\njson 200 {}'
	fails 5 "$RAW_URL/: TLS: " /
	[[ $stderr == *expired* || $stderr == *"expiration date has passed"* ]]
	[ "$(raw_count '.*')" = 0 ]
	raw_serve --from 86400 <<<$'on GET /\njson 200 {}'
	fails 5 "$RAW_URL/: TLS: " /
	[[ $stderr == *"not valid yet"* || $stderr == *"not activated yet"* ]]
	raw_serve --name other.test <<<$'on GET /\njson 200 {}'
	fails 5 "$RAW_URL/: TLS: the certificate was refused: " /
	[[ $stderr == *localhost* ]]
	[ "$(raw_count '.*')" = 0 ]
	raw_serve <<<$'on GET /\njson 200 {}'
	must_fail 5 'the certificate is not trusted: its chain ends at issuer "CN=rawserve CA"' httpget --cacert "$good" "$RAW_URL/"
	[[ $stderr == *"the anchors in $good do not have it"* ]]
	must_fail 5 'if this is a private CA, name its root with --cacert' httpget "$RAW_URL/"
	[ "$(raw_count '.*')" = 0 ]
	passes /
}

@test "H27 TLS 1.2 and 1.3, nothing older" {
	for version in 1.2 1.3; do
		raw_serve --priority "NORMAL:-VERS-ALL:+VERS-TLS$version" <<<$'on GET /\njson 200 {}'
		passes /
	done
	for version in 1.0 1.1; do
		raw_serve --priority "NORMAL:-VERS-ALL:+VERS-TLS$version" <<<$'on GET /\njson 200 {}'
		fails 5 "$RAW_URL/: TLS: " /
		[ "$(raw_count '.*')" = 0 ]
	done
}

@test "with --cacert that file is trusted and nothing else" {
	raw_serve <<<$'on GET /\njson 200 {}'
	other=$RAW_CA
	raw_serve <<<$'on GET /\njson 200 {}'
	must_pass httpget --bundle "$RAW_CA" "$RAW_URL/"
	must_fail 5 "the certificate is not trusted" httpget --bundle "$RAW_CA" --cacert "$other" "$RAW_URL/"
	must_fail 5 "the certificate is not trusted" httpget --bundle "$other" "$RAW_URL/"
	cat "$other" "$RAW_CA" >both.pem
	must_pass httpget --bundle "$other" --cacert both.pem "$RAW_URL/"
}

@test "the system's directory of certificates is not read, with --cacert or without" {
	raw_serve <<<$'on GET /\njson 200 {}'
	for trust in --cacert --bundle; do
		ASAN_OPTIONS=$ASAN_OPTIONS:verify_asan_link_order=0 LD_PRELOAD=$BUILDDIR/tests/preload/nodir.so \
			must_pass httpget $trust "$RAW_CA" "$RAW_URL/"
	done
	ASAN_OPTIONS=$ASAN_OPTIONS:verify_asan_link_order=0 LD_PRELOAD=$BUILDDIR/tests/preload/nodir.so \
		must_fail 2 "opens a directory" ls /
}

@test "a file of anchors that is none is said so before anything is sent" {
	raw_serve <<<$'on GET /\njson 200 {}'
	echo nothing >empty.pem
	must_fail 3 "none.pem: " httpget --cacert none.pem "$RAW_URL/"
	must_fail 3 "empty.pem: no certificate in PEM form" httpget --cacert empty.pem "$RAW_URL/"
	printf -- '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' >bad.pem
	must_fail 3 "bad.pem: no trust anchors in PEM form" httpget --cacert bad.pem "$RAW_URL/"
	[ "$(raw_count '.*')" = 0 ]
}

# --- the anchors that sufficed before

@test "anchors: found for the next program, used by it, and no more than a hint" {
	raw_serve <<<$'on GET /\njson 200 {}'
	other=$RAW_CA
	raw_serve <<<$'on GET /\njson 200 {}'
	# one that has the name, but as its issuer's, is no anchor of this chain
	make_key k.pem
	printf 'cn = "rawserve CA"\nca\n' >k.cfg
	certtool --generate-self-signed --load-privkey k.pem --template k.cfg --no-text --outfile k.crt 2>/dev/null
	printf 'cn = "below it"\nca\n' >below.cfg
	certtool --generate-certificate --load-privkey k.pem --load-ca-certificate k.crt --load-ca-privkey k.pem \
		--template below.cfg --no-text --outfile below.crt 2>/dev/null
	{ echo "a comment"; cat "$other" below.crt "$RAW_CA"; } >bundle.pem
	# both CAs have the same name, so both may be what the chain leads to
	must_pass httpget --bundle bundle.pem "$RAW_URL/" "$RAW_URL/"
	doc_is '.anchors | length == 2 and all(.[]; test("^[0-9a-f]{64}$"))'
	right=$(certtool --fingerprint --hash sha256 --infile "$RAW_CA")
	wrong=$(certtool --fingerprint --hash sha256 --infile "$other")
	doc_is ".anchors == [\"$wrong\", \"$right\"]"
	: >"$RAW_LOG"
	must_pass httpget --bundle bundle.pem --anchors "[\"$right\"]" "$RAW_URL/"
	doc_is '.anchors == null'
	# the wrong one: a handshake that fails, then one with all anchors
	must_pass httpget --bundle bundle.pem --anchors "[\"$wrong\"]" "$RAW_URL/"
	doc_is '.anchors | length == 2'
	raw_log '.[1].connection - .[0].connection == 2'
	# what says nothing is passed over
	must_pass httpget --bundle bundle.pem --anchors '["", 1, null, "zz", {"a": []}]' "$RAW_URL/"
	raw_log '.[2].connection - .[1].connection == 1'
	# what the system does not trust is not trusted by being named
	must_fail 5 "the certificate is not trusted" httpget --bundle "$other" --anchors "[\"$right\"]" "$RAW_URL/"
	# and --cacert stands above all
	must_fail 5 "the certificate is not trusted" httpget --cacert "$other" --bundle bundle.pem --anchors "[\"$right\"]" "$RAW_URL/"
	must_pass httpget --cacert "$RAW_CA" --anchors "[\"$wrong\"]" "$RAW_URL/"
	doc_is '.anchors == null'
}

# --- where it goes

@test "http only when allowed" {
	raw_serve --plain <<<$'on GET /\njson 200 {}'
	url=http://localhost:$RAW_PORT/
	must_pass httpget --allow-http "$url"
	must_fail 10 "request: $url: URL refused: http, not https" httpget "$url"
	for url in file:///etc/passwd ftp://localhost/ gopher://localhost/ dict://localhost/; do
		must_fail 10 "request: $url: URL refused: " httpget --allow-http "$url"
	done
}

@test "H19 nobody listens, no such name, the wrong family" {
	raw_serve <<<$'on GET /\njson 200 {}'
	must_pass get --ip 4 "$RAW_URL/"
	must_fail 5 "$RAW_URL/: " get --ip 6 "$RAW_URL/"
	port=$(free_port)
	must_fail 5 "https://localhost:$port/: connect: Connection refused" get "https://localhost:$port/"
	name=$(printf 'a%.0s' {1..64}).test
	must_fail 5 "https://$name/: resolve: the name has no address" get "https://$name/"
}

@test "a proxy of the environment is used, and no_proxy heard" {
	raw_serve <<<$'on GET /\njson 200 {}'
	url=$RAW_URL/ ca=$RAW_CA log=$RAW_LOG
	raw_serve --plain <<-'EOT'
	on CONNECT localhost:*
	status 403
	header X: y
	EOT
	export https_proxy=http://127.0.0.1:$RAW_PORT
	must_fail 5 "$url: " httpget --cacert "$ca" "$url"
	[[ $stderr == *403* ]]
	[ "$(raw_count 'CONNECT localhost:.*')" = 1 ]
	no_proxy=localhost must_pass httpget --cacert "$ca" "$url"
	[ "$(wc -l <"$log")" = 1 ]
}

@test "a connection that was closed meanwhile is made again" {
	raw_serve <<-'EOT'
	on GET /first
	json 200 {}
	close
	on GET /next
	json 200 {}
	EOT
	must_pass get "$RAW_URL/first" "$RAW_URL/next" "$RAW_URL/next"
	raw_log '[.[].connection] == [1, 2, 2]'
}
