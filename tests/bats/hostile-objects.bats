#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Hostile servers: statuses, URLs and challenges.

load ../helpers
load ../rawserve
load ../hostile

# --- 3.3 state machines

@test "H30 an authorization that stays pending: which one is said" {
	row answered acme-respond --timeout 1
	bad 9 "www.example.test still pending" <<-'EOT'
	on POST /authz/1
	json 200 {"status":"pending","identifier":{"type":"dns","value":"www.example.test"},"challenges":[{"type":"http-01","url":"@BASE@/chall/1","status":"processing","token":"http-01-token-http-01-token"}]}
	EOT
	# the same document again, when the server has decided; the challenge is not posted twice
	cp "$OUT" later
	serve </dev/null
	moved <later >.in
	must_pass acme-respond <.in
	[ "$(raw_count 'POST /chall/1')" = 0 ]
}

@test "H31 an order that stays processing: its URL is said, and a later run goes on" {
	row proved finalize --timeout 1
	bad 9 "/order/1 still processing" <<-'EOT'
	on POST /order/1
	json 200 {"status":"processing","identifiers":[{"type":"dns","value":"www.example.test"}],"authorizations":["@BASE@/authz/1"],"finalize":"@BASE@/finalize/1"}
	EOT
	[[ $stderr == *"$RAW_URL/order/1"* ]]
	cp "$OUT" later
	serve </dev/null
	moved <later >.in
	must_pass finalize <.in
	[ "$(raw_count 'POST /finalize/1')" = 0 ]
}

@test "H33 a status that is none, a problem type that is none" {
	row account order
	for state in '"VALID"' '"done"' '1' 'null' '["valid"]'; do
		bad 10 "status" 1 <<-EOT
		on POST /neworder
		json 201 {"status":$state,"identifiers":[{"type":"dns","value":"www.example.test"}],"authorizations":["@BASE@/authz/1"],"finalize":"@BASE@/finalize/1"}
		header Location: @BASE@/order/1
		EOT
		# what the server named is not lost
		doc_is ".order.url == \"$RAW_URL/order/1\""
	done
	bad 10 "status" 1 <<-'EOT'
	on POST /neworder
	json 201 {"identifiers":[{"type":"dns","value":"www.example.test"}],"authorizations":["@BASE@/authz/1"],"finalize":"@BASE@/finalize/1"}
	header Location: @BASE@/order/1
	EOT
	for state in '"VALID"' '7'; do
		bad 10 "status" 2 <<-EOT
		on POST /authz/1
		json 200 {"status":$state,"identifier":{"type":"dns","value":"www.example.test"},"challenges":[]}
		EOT
	done
	bad 6 "urn:example:unheard-of: so it is" 1 <<-'EOT'
	on POST /neworder
	json 403 {"type":"urn:example:unheard-of","detail":"so it is"}
	EOT
	for type in 7 null '{}' '"not a urn"'; do
		bad 6 "so it is" 1 <<-EOT
		on POST /neworder
		json 403 {"type":$type,"detail":"so it is"}
		EOT
	done
}

@test "H34 valid without a certificate" {
	row proved finalize
	bad 10 "without a certificate" 3 <<-'EOT'
	on POST /order/1
	json 200 {"status":"valid","identifiers":[{"type":"dns","value":"www.example.test"}],"authorizations":["@BASE@/authz/1"],"finalize":"@BASE@/finalize/1"}
	EOT
}

@test "H35 ready, however often it is finalized" {
	row proved finalize
	bad 10 "finalized three times, it is still ready" 6 <<-'EOT'
	on POST /finalize/1
	json 200 {"status":"ready","identifiers":[{"type":"dns","value":"www.example.test"}],"authorizations":["@BASE@/authz/1"],"finalize":"@BASE@/finalize/1"}
	EOT
	bad 6 "orderNotReady: not yet" 8 <<-'EOT'
	on POST /finalize/1
	problem 403 orderNotReady not yet
	on POST /order/1
	json 200 {"status":"ready","identifiers":[{"type":"dns","value":"www.example.test"}],"authorizations":["@BASE@/authz/1"],"finalize":"@BASE@/finalize/1"}
	EOT
}

@test "H36 no authorizations, ten thousand, the same twice" {
	row account order
	bad 10 "authorizations: empty, although the order is pending" 1 <<-'EOT'
	on POST /neworder
	json 201 {"status":"pending","identifiers":[{"type":"dns","value":"www.example.test"}],"authorizations":[],"finalize":"@BASE@/finalize/1"}
	header Location: @BASE@/order/1
	EOT
	bad 10 "authorizations: 10001 of them, more than 100" 1 <<-'EOT'
	on POST /neworder
	json 201 {"status":"pending","identifiers":[{"type":"dns","value":"www.example.test"}],"finalize":"@BASE@/finalize/1","authorizations":[
	fill 10000 "@BASE@/authz/1",
	body "@BASE@/authz/1"]}
	header Location: @BASE@/order/1
	EOT
	fine <<-'EOT'
	on POST /neworder
	json 201 {"status":"pending","identifiers":[{"type":"dns","value":"www.example.test"}],"authorizations":["@BASE@/authz/1","@BASE@/authz/1"],"finalize":"@BASE@/finalize/1"}
	header Location: @BASE@/order/1
	EOT
	doc_is '.authorizations | length == 1'
}

@test "H38 newAccount: 200 for a key that is new, 201 without a place" {
	row begun account -v
	fine <<-'EOT'
	on POST /newacct
	json 200 {"status":"valid"}
	header Location: @BASE@/acct/7
	EOT
	doc_is ".account.url == \"$RAW_URL/acct/7\""
	[[ $stderr == *"the account existed"* ]]
	bad 10 "/newacct: answered 201 without the account's Location" 2 <<-'EOT'
	on POST /newacct
	json 201 {"status":"valid"}
	EOT
	bad 10 "status" 2 <<-'EOT'
	on POST /newacct
	json 201 {"status":"pending"}
	header Location: @BASE@/acct/1
	EOT
}

@test "H39 a list of orders without an end" {
	row account account --orders
	doc_is ".orders == [\"$RAW_URL/order/1\"]"
	bad 10 "the list of orders does not end" 3 <<-'EOT'
	on POST /orders/1
	json 200 {"orders":["@BASE@/order/1"]}
	header Link: <@BASE@/orders/1>;rel="next"
	EOT
	bad 10 "the list of orders does not end" 4 <<-'EOT'
	on POST /orders/1
	json 200 {"orders":[]}
	header Link: </orders/2>;rel="next"
	on POST /orders/2
	json 200 {"orders":[]}
	header Link: </orders/1>;rel="next"
	EOT
	bad 10 "URL refused" 2 <<-'EOT'
	on POST /orders/1
	json 200 {"orders":["@BASE@/order/1"]}
	header Link: <http://localhost:@PORT@/orders/2>;rel="next"
	EOT
}

# --- 3.4 URLs

# What no URL of a server may be, and why.
BAD_URLS=(
	"http://localhost:@PORT@/x|http, not https"
	"file:///etc/passwd|the scheme is not https"
	"gopher://localhost/x|the scheme is not https"
	"data:text/plain,x|not absolute"
	"unix:/run/x|not absolute"
	"https://user:pw@localhost:@PORT@/x|it has user information"
	"https://localhost:@PORT@/x#f|it has a fragment"
	"https://localhost:@PORT@/a b|it holds a character that no URL has"
	"https://localhost:@PORT@\\\\\\\\x|it holds a character that no URL has"
	"https://localhost:22/x|the port belongs to a service that is not HTTP"
	"https://localhost:25/x|the port belongs to a service that is not HTTP"
	"/relative|not absolute"
	"|not absolute"
)

@test "H40 H43 H44 H45 the directory's URLs" {
	row '' directory
	for member in newNonce newAccount newOrder newAuthz revokeCert keyChange renewalInfo; do
		bad 10 "directory: $member: http://localhost/x: URL refused: http, not https" 1 <<-EOT
		on GET /dir
		json 200 $(stage begun | jq -c --arg m $member '.directory | .[$m] = "http://localhost/x"')
		EOT
	done
	for url in "${BAD_URLS[@]}"; do
		bad 10 "URL refused: ${url#*|}" 1 <<-EOT
		on GET /dir
		json 200 {"newNonce":"@BASE@/n","newAccount":"@BASE@/a","newOrder":"${url%|*}"}
		EOT
	done
	bad 10 "URL refused: longer than 2048 characters" 1 <<-'EOT'
	on GET /dir
	json 200 {"newNonce":"@BASE@/n","newAccount":"@BASE@/a","newOrder":"@BASE@/
	fill 500000 x
	body "}
	EOT
}

@test "H41 http: in an order, an authorization, a challenge, a Location, a Link" {
	row account order
	local order='{"status":"pending","identifiers":[{"type":"dns","value":"www.example.test"}],"authorizations":["@BASE@/authz/1"],"finalize":"@BASE@/finalize/1"}'
	# shellcheck disable=SC2016 # jq's
	for change in '.finalize = $u' '.authorizations = [$u]' '.certificate = $u'; do
		bad 10 "http://localhost/x: URL refused: http, not https" 1 <<-EOT
		on POST /neworder
		json 201 $(jq -c --arg u http://localhost/x "$change" <<<"$order")
		header Location: @BASE@/order/1
		EOT
	done
	bad 10 "order: http://localhost/order/1: URL refused: http, not https" 1 <<-EOT
	on POST /neworder
	json 201 $order
	header Location: http://localhost/order/1
	EOT
	bad 10 "http://localhost/x: URL refused: http, not https" 2 <<-'EOT'
	on POST /authz/1
	json 200 {"status":"pending","identifier":{"type":"dns","value":"www.example.test"},"challenges":[{"type":"http-01","url":"http://localhost/x","status":"pending","token":"http-01-token-http-01-token"}]}
	EOT
	row begun account
	bad 10 "http://localhost/acct/1: URL refused: http, not https" 2 <<-'EOT'
	on POST /newacct
	json 201 {"status":"valid"}
	header Location: http://localhost/acct/1
	EOT
	row proved finalize
	bad 10 "certificate: http://localhost/x: URL refused: http, not https" 3 <<-'EOT'
	on POST /order/1
	json 200 {"status":"valid","identifiers":[{"type":"dns","value":"www.example.test"}],"authorizations":["@BASE@/authz/1"],"finalize":"@BASE@/finalize/1","certificate":"http://localhost/x"}
	EOT
	row account account --orders
	bad 10 "URL refused: http, not https" 2 <<-'EOT'
	on POST /acct/1
	json 200 {"status":"valid"}
	on POST /orders/1
	json 200 {"orders":[]}
	header Link: <http://localhost/orders/2>;rel="next"
	EOT
}

@test "H42 another host: warned of, refused with --same-origin" {
	local other='on POST /neworder
json 201 {"status":"pending","identifiers":[{"type":"dns","value":"www.example.test"}],"authorizations":["https://127.0.0.1:@PORT@/authz/1"],"finalize":"@BASE@/finalize/1"}
header Location: @BASE@/order/1'
	row account order
	fine <<<"$other"
	[[ $stderr == *"warning: authorizations: not on the directory's host https://localhost:$RAW_PORT: https://127.0.0.1:$RAW_PORT/authz/1"* ]]
	printable "$ERR"
	row account order --same-origin
	bad 10 "not on the directory's host https://localhost:" 1 <<<"$other"
	[[ $stderr == *"https://127.0.0.1:$RAW_PORT/authz/1"* ]]
}

@test "H47 the finalize URL is the account's" {
	row proved finalize
	serve <<<''
	stage proved | jq -c '.order.finalize = .account.url' >.in
	must_fail 10 "" finalize <.in
	# what was posted there means nothing to an account
	raw_log 'all(.[]; .payload == "" or (.payload | keys) == ["csr"])'
}

@test "H48 an account URL that is too long to be sent with each request" {
	row begun account
	bad 10 "URL refused: longer than 2048 characters" 2 <<-'EOT'
	on POST /newacct
	json 201 {"status":"valid"}
	fill-header 1 Location: @BASE@/
	fill-header 3000 a
	fill-header 1 \r\n
	EOT
}

# --- 3.5 challenges

@test "H50 an order for something else than was asked" {
	row account order
	local lacks="dns:www.example.test: asked for, but not in the answer" case
	for case in '{"type":"dns","value":"www.example.test"},{"type":"dns","value":"more.example.test"}|dns:more.example.test: in the answer, but not asked for' \
		"{\"type\":\"dns\",\"value\":\"other.example.test\"}|$lacks" "{\"type\":\"ip\",\"value\":\"192.0.2.1\"}|$lacks" \
		"{\"type\":\"dns\",\"value\":\"*.www.example.test\"}|$lacks" "{\"type\":\"DNS\",\"value\":\"www.example.test\"}|$lacks" \
		'|identifiers: empty' '7|identifiers: 0: ' '{"type":"dns"}|identifiers: 0: ' '{"type":"dns","value":"a\\b"}|identifiers: 0: '; do
		bad 10 "${case#*|}" 1 <<-EOT
		on POST /neworder
		json 201 {"status":"pending","identifiers":[${case%|*}],"authorizations":["@BASE@/authz/1"],"finalize":"@BASE@/finalize/1"}
		header Location: @BASE@/order/1
		EOT
		doc_is ".order.url == \"$RAW_URL/order/1\""
	done
	# the case of a name is no difference
	fine <<-'EOT'
	on POST /neworder
	json 201 {"status":"pending","identifiers":[{"type":"dns","value":"WWW.example.test"}],"authorizations":["@BASE@/authz/1"],"finalize":"@BASE@/finalize/1"}
	header Location: @BASE@/order/1
	EOT
}

@test "H51 an authorization for another name than the order's" {
	row account order
	for ident in '"identifier":{"type":"dns","value":"victim.example.test"}' '"identifier":{"type":"ip","value":"192.0.2.1"}' \
		'"identifier":{"type":"dns","value":"www.example.test"},"wildcard":true' \
		'"identifier":{"type":"dns","value":"example.test"}'; do
		bad 10 "which the order does not name" 2 <<-EOT
		on POST /authz/1
		json 200 {"status":"pending",$ident,"challenges":[{"type":"http-01","url":"@BASE@/chall/1","status":"pending","token":"http-01-token-http-01-token"}]}
		EOT
	done
}

# offered CHALLENGES...: what acme-order makes of an authorization with these, into .offered
offered() {
	serve <<-EOT
	on POST /authz/1
	json 200 {"status":"pending","identifier":{"type":"dns","value":"www.example.test"},"challenges":[$1]}
	EOT
	stage account >.in
	must_pass order <.in
	cp "$OUT" .offered
}

http01() { jq -cn --arg t "$1" '{type: "http-01", url: "https://localhost/chall/1", status: "pending", token: $t}'; }

@test "H53 no challenge that we know: the types are shown, escaped" {
	mkdir root
	offered "$(http01 http-01-token-http-01-token)"
	must_pass acme-answer -t http-01 <.offered
	offered '{"type":"quantum-01","url":"@BASE@/c","status":"pending"},{"type":"evil\u202e-01","url":"@BASE@/d","status":"pending"}'
	must_fail 3 'offered: quantum-01, evil\u{202e}-01' acme-answer -t http-01 <.offered
	printable "$ERR"
	must_fail 3 'the server offers quantum-01, evil\u{202e}-01' acme-respond <.offered
	offered ''
	must_fail 3 "offered: nothing" acme-answer -t http-01 <.offered
}

@test "H54 H55 challenges that lack something, or come many times" {
	offered '{"url":"@BASE@/c","status":"pending"},{"type":"http-01","status":"pending"},7,null,'"$(http01 http-01-token-http-01-token)"
	must_pass acme-answer -t http-01 <.offered
	doc_is '.answers | length == 1 and .[0].challenge == "https://localhost/chall/1"'
	for token in '' '"token":null,' '"token":7,' '"token":["x"],'; do
		offered "{\"type\":\"http-01\",${token}\"url\":\"@BASE@/c\",\"status\":\"pending\"}"
		must_fail 10 "token" acme-answer -t http-01 <.offered
		doc_is '.answers == null'
	done
	many=$(http01 http-01-token-http-01-token)
	offered "$many,$many"
	must_pass acme-answer -t http-01 <.offered
	doc_is '.answers | length == 1'
	offered "$(for _ in {1..1000}; do printf '%s,' "$many"; done)$many"
	must_pass acme-answer -t http-01 <.offered
	doc_is '.answers | length == 1'
}

@test "H56 an authorization that is decided already" {
	authz() { echo "{\"status\":\"$1\",\"identifier\":{\"type\":\"dns\",\"value\":\"www.example.test\"},\"challenges\":[]}"; }
	row account order
	fine <<-EOT
	on POST /authz/1
	json 200 $(authz valid)
	EOT
	cp "$OUT" .decided
	must_pass acme-respond <.decided
	for state in invalid deactivated expired revoked; do
		fine <<-EOT
		on POST /authz/1
		json 200 $(authz $state)
		EOT
		cp "$OUT" .decided
		must_fail 8 "authorization for dns:www.example.test: $state" acme-respond <.decided
		[ "$(raw_count 'POST /chall/.*')" = 0 ]
	done
}

@test "H57 H58 H60 a token that would be a path, a command, or too short to prove anything" {
	mkdir root
	offered "$(http01 http-01-token-http-01-token)"
	must_pass acme-http01 --webroot root <.offered
	[ "$(cd root && find . -type f)" = ./.well-known/acme-challenge/http-01-token-http-01-token ]
	rm -r root && mkdir root
	touch "$BATS_TEST_TMPDIR/marker"
	local long
	long=$(printf 'a%.0s' {1..257})
	# shellcheck disable=SC2016 # nobody shall expand them
	for token in ../../../../etc/cron.d/xxxxxxxx /absolute/path/absolute/path .. . 'aaaaaaaaaaa/bbbbbbbbbbbb' 'aaaaaaaaaaa\bbbbbbbbbbbb' \
		'%2e%2e%2faaaaaaaaaaaaaaaaaaaaa' '' a aaaaaaaaaaaaaaaaaaaaa 'aaaaaaaaaaaaaaaaaaaaaaaa=' "$long" \
		'$(touch pwned)aaaaaaaaaaaaaaa' '`touch pwned`aaaaaaaaaaaaaaaa' ';touch pwned;aaaaaaaaaaaaaaa' $'aaaaaaaaaaaaaaaaaaaaaaaa\nb' \
		"aaaaaaaaaaaa'aaaaaaaaaaaa" 'aaaaaaaaaaaa aaaaaaaaaaaa' $'aaaaaaaaaaaaaaaaaaaaaaaa\u00e4'; do
		offered "$(http01 "$token")"
		for program in 'acme-http01 --webroot root' 'acme-answer -t http-01'; do
			# shellcheck disable=SC2086 # words
			must_fail 10 "token" $program <.offered
			printable "$ERR"
			doc_is '.answers == null or .answers == []'
		done
		[ -z "$(find root -type f)" ]
		[ ! -e pwned ]
	done
}

@test "H60 H61 H62 a hook gets names and values that were checked, behind --" {
	printf '#!/bin/sh\necho "$@" >>hook.log\nenv >>hook.env\n' >hook
	chmod +x hook
	local doc
	offered "$(http01 dns-01-token-dns-01-token | sed s/http-01/dns-01/)"
	must_pass acme-dns01 --hook ./hook <.offered
	grep -qx "add -- _acme-challenge.www.example.test TXT [A-Za-z0-9_-]\{43\}" hook.log
	doc=$(cat .offered)
	# shellcheck disable=SC2016 # nobody shall expand them
	for name in -x.example.test '$(touch pwned).test' 'a;b.test' 'a b.test' $'a\nb.test' 'PATH=.test' '../x' '' "$(printf 'a%.0s' {1..64}).test"; do
		rm -f hook.log
		jq -c --arg n "$name" '.authorizations[0].identifier.value = $n' <<<"$doc" >.in
		capture acme-dns01 --hook ./hook <.in
		[ "$status" = 10 ] || [ "$status" = 3 ] || { echo "$name: status $status"; return 1; }
		[ ! -e hook.log ]
		[ ! -e pwned ]
		printable "$ERR"
	done
}
