#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# The whole enrolment, and that no failure of one step is lost on the way to the last.

load ../helpers

setup_file() {
	start_pebble
	make_key "$BATS_FILE_TMPDIR/account.pem"
	make_key "$BATS_FILE_TMPDIR/www.pem"
}

setup() {
	scratch
	cp "$BATS_FILE_TMPDIR"/*.pem .
	# a name a test: now and then Pebble finds a valid authorization of an earlier one, asked not to
	name=t$BATS_TEST_NUMBER.example.test
}

# The document after each step, for the tests that begin in the middle.
directory() { acme-directory "$ACME_DIRECTORY"; }
account() { directory | acme-account -k account.pem --agree-tos; }
order() { account | acme-order -d "$name"; }
respond() { order | acme-http01 --listen "127.0.0.1:$ACME_TEST_HTTP_PORT" acme-respond; }
finalize() { respond | acme-finalize -k www.pem; }

# issued_all COUNT: COUNT pipelines one after the other, each with a certificate and each step with status 0.
issued_all() {
	local i n=0
	for ((i = 1; i <= $1; i++)); do
		set -o pipefail
		enrol "n$i.example.test" >chain.pem 2>err.txt || { echo "enrolment $i of $1: status $?" && cat err.txt chain.pem && return 1; }
		set +o pipefail
		certifies chain.pem "n$i.example.test" www.pem || return
		n=$((n + 1))
	done
	[ "$n" -eq "$1" ]
}

@test "a certificate: the right name, the right key, a chain up to the server's root" {
	must_pass enrol "$name"
	[ -z "$stderr" ]
	cp "$OUT" chain.pem
	certifies chain.pem "$name" www.pem
	curl -sf --cacert "$ACME_CACERT" "$PEBBLE_MGMT/roots/0" >root.pem
	certtool --verify --load-ca-certificate root.pem --verify-hostname "$name" --infile chain.pem
}

@test "the document after each step holds what the format promises, and no key" {
	must_pass finalize
	doc_is '.acmeutils == 1 and .directory.newOrder and .directory.url == env.ACME_DIRECTORY'
	doc_is '.tls.cacert == env.ACME_CACERT'
	doc_is '.key | startswith("/") and endswith("/account.pem")'
	doc_is '.account.status == "valid" and (.account.url | startswith("https://")) and (.account.thumbprint | length == 43)'
	doc_is '.order.status == "valid" and .order.url and .order.certificate'
	doc_is '.authorizations | length == 1 and .[0].status == "valid" and .[0].url'
	doc_is '.answers | length == 1 and .[0].type == "http-01"'
	doc_is '(.problem == null) and (.nonce | length > 0)'
	# the private scalar in none of its spellings
	scalar=$(certtool --key-info --infile account.pem | sed -n '/^private key:/,/^$/p' | tr -dc '0-9a-f\n' | tail -n +2 | tr -d '\n')
	[ "${#scalar}" -ge 64 ]
	lacks "$OUT" "${scalar: -64}"
	lacks "$OUT" "$(sed -n 2p account.pem | cut -c 10-30 | tr -c 'A-Za-z0-9\n' .)"
	printf "$(sed 's/../\\\\x&/g' <<<"${scalar: -64}")" >scalar
	lacks "$OUT" "$(basenc --base64url -w 0 scalar | tr -d =)"
}

@test "one document is one line; pretty means the same" {
	must_pass order
	[ "$(wc -l <"$OUT")" -eq 1 ]
	doc=$output
	must_pass jq -Sc . <<<"$doc"
	[ "$output" = "$doc" ]
	jq . <<<"$doc" >pretty.json
	must_pass acme-http01 --listen "127.0.0.1:$ACME_TEST_HTTP_PORT" acme-respond <pretty.json
	doc_is '.authorizations[0].status == "valid"'
}

@test "a stream of five documents gives five certificates" {
	directory | acme-account -k account.pem --agree-tos >one.json
	cat one.json one.json one.json one.json one.json >five.json
	must_pass acme-order -d "$name" <five.json
	doc_is '.order.status == "pending"'
	[ "$(jq -r .order.url "$OUT" | sort -u | wc -l)" -eq 5 ]
	cp "$OUT" orders.json
	must_pass acme-http01 --listen "127.0.0.1:$ACME_TEST_HTTP_PORT" acme-respond <orders.json
	cp "$OUT" ready.json
	must_pass acme-finalize -k www.pem <ready.json
	cp "$OUT" valid.json
	must_pass acme-cert --json <valid.json
	doc_is '.certificate.chain | startswith("-----BEGIN CERTIFICATE-----")'
	[ "$(jq -r .certificate.url "$OUT" | sort -u | wc -l)" -eq 5 ]
}

@test "in a stream, one failed document does not stop the others" {
	account >a.json
	{ cat a.json; jq -c '.directory.newOrder += "/nothing"' a.json; cat a.json; } >three.json
	must_fail 6 "acme-order: " acme-order -d "$name" <three.json
	[ "$(jq -sc 'map(has("problem"))' "$OUT")" = "[false,true,false]" ]
	cp "$OUT" said.json
	must_pass jq -sc 'map(.order.status)' said.json
	assert_output '["pending",null,"pending"]'
}

@test "100 of 100 certificates at 5 % nonce refusal" {
	before=$(pebble_count POST '/(sign-me-up|order-plz|chalZ/|finalize-order/|certZ/)')
	issued_all 100
	# the refusals did happen: these are posted once an enrolment otherwise
	[ "$(pebble_count POST '/(sign-me-up|order-plz|chalZ/|finalize-order/|certZ/)')" -gt $((before + 500)) ]
}

@test "20 of 20 certificates at 90 % nonce refusal" {
	start_pebble PEBBLE_WFE_NONCEREJECT=90
	issued_all 20
}

@test "a full pipeline makes one newNonce request and none that it does not need" {
	start_pebble PEBBLE_WFE_NONCEREJECT=0
	before=$(pebble_requests | wc -l)
	must_pass enrol "$name"
	pebble_requests | tail -n "+$((before + 1))" >requests
	cat requests
	[ "$(grep -c '^[A-Z]* /nonce-plz' requests)" -eq 1 ]
	[ "$(grep -c '^GET /dir' requests)" -eq 1 ]
	[ "$(grep -c '^POST /sign-me-up' requests)" -eq 1 ]
	[ "$(grep -c '^POST /order-plz' requests)" -eq 1 ]
	[ "$(grep -c '^POST /chalZ/' requests)" -eq 1 ]
	[ "$(grep -c '^POST /finalize-order/' requests)" -eq 1 ]
	[ "$(grep -c '^POST /certZ/' requests)" -eq 1 ]
	# the authorization: once to see what to do, then until it is valid; the order: until it has a certificate
	polls=$(grep -cE '^POST /authZ/' requests)
	[ "$polls" -ge 2 ] && [ "$polls" -le 6 ]
	[ "$(grep -cE '^POST /my-order/' requests)" -le 4 ]
	must_fail 1 "" grep -vE '^(GET /dir|HEAD /nonce-plz|POST /(sign-me-up|order-plz|authZ/|chalZ/|finalize-order/|my-order/|certZ/))' requests
}

@test "a valid authorization is not proved again" {
	start_pebble PEBBLE_WFE_NONCEREJECT=0 PEBBLE_AUTHZREUSE=100
	must_pass enrol again.example.test
	before=$(pebble_count POST /chalZ/)
	must_pass enrol again.example.test
	[ "$(pebble_count POST /chalZ/)" -eq "$before" ]
}

# --- each step, failing: what the last program makes of it. The same without the fault has passed above.

# lost STATUS PROGRAM TEXT CMD...: the pipeline CMD ends with STATUS, no certificate, and says who failed.
lost() {
	local want=$1 program=$2 text=$3
	shift 3
	must_fail "$want" "$program: " "$@"
	[[ $stderr == *"$text"* ]] || wrong "standard error lacks: $text" "$@"
	must_have_no_certificate
	doc_is ".problem.program == \"$program\" and .problem.exit == $want and .problem.detail"
	# said once, by the one who knows
	[ "$(grep -c "^acme-" "$ERR")" -eq 1 ]
}
must_have_no_certificate() { [[ $output != *CERTIFICATE* ]]; }

rest() { acme-finalize -k www.pem | acme-cert; }
proving() { acme-http01 --listen "127.0.0.1:$ACME_TEST_HTTP_PORT" acme-respond; }

@test "acme-directory fails: nobody listens" {
	port=$(free_port)
	broken() { acme-directory "https://localhost:$port/dir" | acme-account -k account.pem --agree-tos | acme-order -d "$name" | proving | rest; }
	lost 5 acme-directory "localhost" broken
}

@test "acme-directory fails: a server we do not trust" {
	make_key other.key
	printf 'cn = "other"\nca\ncert_signing_key\n' >other.cfg
	certtool --generate-self-signed --load-privkey other.key --template other.cfg --no-text --outfile other.pem 2>/dev/null
	broken() { acme-directory --cacert other.pem "$ACME_DIRECTORY" | acme-account -k account.pem --agree-tos | acme-order -d "$name" | proving | rest; }
	lost 5 acme-directory "certificate" broken
}

@test "acme-account fails: the terms are not agreed to" {
	make_key fresh.pem
	broken() { directory | acme-account -k fresh.pem | acme-order -d "$name" | proving | rest; }
	lost 2 acme-account "--agree-tos" broken
}

@test "acme-account fails: there is no such key" {
	broken() { directory | acme-account -k nowhere.pem --agree-tos | acme-order -d "$name" | proving | rest; }
	lost 4 acme-account "nowhere.pem" broken
}

@test "acme-order fails: the server does not know the type of identifier" {
	broken() { account | acme-order carrier-pigeon:coo | proving | rest; }
	lost 6 acme-order "" broken
}

@test "acme-order fails: the account is gone" {
	broken() { account | jq -c '.account.url += "0"' | acme-order -d "$name" | proving | rest; }
	lost 6 acme-order "ccount" broken
}

@test "acme-respond fails: nobody serves the token" {
	mkdir www
	broken() { order | acme-http01 --webroot www acme-respond | rest; }
	lost 8 acme-respond "$name" broken
	# the order's URL is not lost
	doc_get .order.url
}

@test "acme-finalize fails: nothing was proved, and nobody does it meanwhile" {
	broken() { order | acme-finalize -k www.pem --timeout 1 | acme-cert; }
	lost 6 acme-finalize "orderNotReady" broken
}

@test "acme-finalize fails: the CSR has another name" {
	must_pass acme-csr -k www.pem -d other.example.test </dev/null
	broken() { respond | jq -c --arg csr "$(jq -r .csr csr.json)" '.csr = $csr' | acme-finalize | acme-cert; }
	cp "$OUT" csr.json
	lost 3 acme-finalize "CSR" broken
}

@test "acme-cert fails: there is no such certificate" {
	broken() { finalize | jq -c '.order.certificate += "0"' | acme-cert; }
	lost 6 acme-cert "" broken
}

@test "acme-cert fails: the certificate is for another key" {
	make_key other.pem
	broken() { finalize | acme-cert -k other.pem; }
	lost 10 acme-cert "key" broken
}

@test "a document without problem re-enters where it stopped" {
	mkdir www
	order >order.json
	must_fail 6 "orderNotReady" acme-finalize -k www.pem --timeout 1 <order.json
	jq -c 'del(.problem)' "$OUT" >again.json
	again() { proving <again.json | rest; }
	must_pass again
	cp "$OUT" chain.pem
	certifies chain.pem "$name" www.pem
}
