#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# acme-renewal: by dates, and by what a server says (Pebble as Debian has it offers no renewal information).

load ../helpers
load ../rawserve

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	make_key www.pem
	make_key ca.key
	printf 'cn = "Test CA"\nca\ncert_signing_key\nexpiration_days = 20\n' >t
	certtool --generate-self-signed --load-privkey ca.key --template t --no-text --outfile ca.pem
	certificate 2026-01-01 2026-04-01 >cert.pem
	certificate 2026-01-01 2026-01-07 >short.pem
	printf 'dns_name = a.test\nserial = 7\nactivation_date = "2026-01-01 00:00:00 UTC"\nexpiration_date = "2026-04-01 00:00:00 UTC"\n' >t
	certtool --generate-self-signed --load-privkey www.pem --template t --no-text | openssl x509 -text >nobody.pem
}

# certificate FROM TO: of www.pem, with an authority key identifier
certificate() {
	cat >t <<-EOT
	dns_name = a.test
	serial = 34434
	activation_date = "$1 00:00:00 UTC"
	expiration_date = "$2 00:00:00 UTC"
	EOT
	certtool --generate-certificate --load-privkey www.pem --load-ca-certificate ca.pem --load-ca-privkey ca.key \
		--template t --no-text 2>/dev/null
}

setup() {
	scratch
	cp "$BATS_FILE_TMPDIR"/*.pem .
}

# at TIME [ARG...]: acme-renewal at a time of 2026
at() { acme-renewal --at "2026-$1Z" "${@:2}" </dev/null; }

@test "without a CA: a third of the lifetime, half of a short one, or days" {
	must_fail 1 "" at 03-01T23:59:59 cert.pem
	[ -z "$stderr" ]
	doc_is '.renewal.source == "lifetime" and .renewal.time == "2026-03-02T00:00:00Z" and .renewal.due == false'
	doc_is '.problem.exit == 1 and .problem.retryAfter == 1 and .problem.detail == "not due before 2026-03-02T00:00:00Z"'
	must_pass at 03-02T00:00:00 cert.pem
	doc_is '.renewal.due == true and (has("problem") | not)'
	must_fail 1 "not due before 2026-03-02T00:00:00Z" at 03-01T23:59:59 -v cert.pem
	must_fail 1 "" at 01-03T23:59:59 short.pem
	must_pass at 01-04T00:00:00 short.pem
	must_fail 1 "" at 03-21T23:59:59 --days 10 cert.pem
	doc_is '.renewal.source == "days" and .renewal.time == "2026-03-22T00:00:00Z"'
	must_pass at 03-22T00:00:00 --days 10 cert.pem
}

@test "the time until the next look" {
	must_fail 1 "" at 03-01T00:00:00 --next 86399 cert.pem
	must_pass at 03-01T00:00:00 --next 1d cert.pem
}

@test "an expired certificate is due" {
	must_pass at 04-01T00:00:00 cert.pem
	doc_is '.renewal.source == "expired"'
}

@test "the identifier of RFC 9773" {
	must_pass at 03-03T00:00:00 cert.pem
	aki=$(certtool --certificate-info --infile cert.pem | sed -n '/Authority Key Identifier/{n;s/^\t*//;p}')
	want=$(printf %s "$aki" | sed 's/../\\x&/g')
	# serial 0x8682 has its top bit set: three octets, 00 first
	# shellcheck disable=SC2059 # octets
	[ "$(doc_get .renewal.id)" = "$(printf "$want" | base64 -w 0 | tr +/ -_ | tr -d =).AIaC" ]
	must_pass at 03-03T00:00:00 nobody.pem
	doc_is '.renewal | has("id") | not'
}

@test "the document's certificate, and what is no certificate" {
	must_pass acme-renewal --at 2026-03-03T00:00:00Z <<<"$(jq -nRc '{acmeutils: 1, certificate: {chain: [inputs] | join("\n")}}' cert.pem)"
	must_fail 3 "certificate.chain: missing" acme-renewal <<<'{}'
	must_fail 3 "certificate.chain: missing" acme-renewal </dev/null
	must_fail 3 "www.pem: line 1: a PRIVATE KEY in a certificate chain" acme-renewal www.pem </dev/null
	must_fail 3 "gone.pem" acme-renewal gone.pem </dev/null
}

@test "options" {
	must_fail 2 "--at: " acme-renewal --at tomorrow cert.pem </dev/null
	must_fail 2 "--days: not a number" acme-renewal --days soon cert.pem </dev/null
	must_fail 2 "more than a century" acme-renewal --days 40000 cert.pem </dev/null
	must_fail 2 "one certificate at a time" acme-renewal cert.pem cert.pem </dev/null
	must_fail 2 "exclude each other" acme-renewal --no-ari --require-ari cert.pem </dev/null
}

# --- a CA that offers renewal information

# ari <<RULES: a server
ari() {
	raw_serve
	export ACME_CACERT=$RAW_CA
}

doc() {
	jq -nc --arg u "$RAW_URL" '{ acmeutils: 1, directory: { url: ($u + "/dir"), newNonce: ($u + "/nonce"),
		newAccount: ($u + "/new"), newOrder: ($u + "/order"), revokeCert: ($u + "/revoke"), keyChange: ($u + "/key"),
		renewalInfo: ($u + "/ari") } }'
}

# asked TIME [ARG...]: the same at that server
asked() { acme-renewal --at "2026-$1Z" "${@:2}" cert.pem <<<"$(doc)"; }

# window START END [MORE]: its answer
window() { printf '{"suggestedWindow":{"start":"%s","end":"%s"}%s}' "$1" "$2" "${3:-}"; }

@test "the window decides, and the time in it is the same at each look" {
	ari <<-EOF
	on GET /ari/*
	json 200 $(window 2026-02-01T00:00:00Z 2026-02-03T00:00:00Z ',"more":{"x":1}')
	header Retry-After: 21600
	EOF
	must_fail 1 "" asked 01-31T23:59:59
	doc_is '.renewal.source == "ari" and .renewal.due == false and .renewal.retryAfter == 21600'
	doc_is '.renewal.suggestedWindow.start == "2026-02-01T00:00:00Z" and .renewal.more.x == 1'
	time=$(doc_get .renewal.time)
	[[ $time > 2026-01-31T23:59:59Z && $time < 2026-02-03T00:00:00Z ]]
	id=$(doc_get .renewal.id)
	raw_log ".[0].target == \"/ari/$id\" and .[0].method == \"GET\""
	must_fail 1 "" asked 01-15T00:00:00
	[ "$(doc_get .renewal.time)" = "$time" ]
	must_fail 1 "" asked "$(date -u -d "$time - 1 second" +%m-%dT%H:%M:%S)"
	must_pass asked "$(date -u -d "$time" +%m-%dT%H:%M:%S)"
	must_pass asked 02-03T00:00:00
	must_pass asked 03-31T00:00:00
	raw_log 'map(.target) | unique | length == 1'
	raw_log 'all(.[]; .headers.authorization == null)'
}

@test "no renewal information, or none wanted: the dates" {
	ari <<-EOF
	on GET /ari/*
	json 200 $(window 2026-02-01T00:00:00Z 2026-02-03T00:00:00Z)
	EOF
	must_pass asked 02-10T00:00:00
	must_fail 1 "" asked 02-10T00:00:00 --no-ari
	doc_is '.renewal.source == "lifetime" and .renewal.id'
	must_fail 1 "" acme-renewal --at 2026-02-10T00:00:00Z cert.pem <<<"$(doc | jq -c 'del(.directory.renewalInfo)')"
	# a server that does not know renewal information is not told what is replaced
	doc_is '.renewal.source == "lifetime" and (.renewal | has("id") | not)'
	must_fail 6 "the server's directory has no renewalInfo" \
		acme-renewal --require-ari cert.pem --at 2026-02-10T00:00:00Z <<<"$(doc | jq -c 'del(.directory.renewalInfo)')"
	must_fail 1 "" acme-renewal --at 2026-02-10T00:00:00Z nobody.pem <<<"$(doc)"
	[[ $stderr == *"no authority key identifier"* ]]
	must_pass asked 04-02T00:00:00
	doc_is '.renewal.source == "expired"'
	raw_log 'length == 1'
}

@test "windows that are no answer" {
	n=0
	while read -r body why; do
		n=$((n + 1))
		ari <<-EOF
		on GET /ari/*
		json 200 $body
		EOF
		must_fail 1 "" asked 02-10T00:00:00
		[[ $stderr == *"warning: no advice from the CA, the certificate's dates decide: "*"$why"* ]]
		doc_is '.renewal.source == "lifetime" and (.renewal | has("suggestedWindow") | not)'
		must_fail 10 "$why" asked 02-10T00:00:00 --require-ari
	done <<-EOF
	$(window 2026-02-03T00:00:00Z 2026-02-01T00:00:00Z) not after its start
	$(window 2026-02-01T00:00:00Z 2026-02-01T00:00:00Z) not after its start
	$(window 1970-01-01T00:00:00Z 1970-01-02T00:00:00Z) before the certificate was valid
	$(window 2026-04-01T00:00:00Z 2026-04-02T00:00:00Z) when the certificate has expired
	$(window soon 2026-02-01T00:00:00Z) suggestedWindow.start
	{"suggestedWindow":{"start":"2026-02-01T00:00:00Z"}} suggestedWindow.end: missing
	{"suggestedWindow":[]} suggestedWindow
	{} suggestedWindow
	[] not a JSON object
	EOF
	[ "$n" = 9 ]
}

@test "errors: the dates decide, and the next question is when the server says" {
	while read -r status wait want; do
		ari <<-EOF
		on GET /ari/*
		problem $status serverInternal oops
		$wait
		EOF
		must_fail 1 "" asked 02-10T00:00:00
		[[ $stderr == *"dates decide: "*oops* ]]
		doc_is ".renewal.retryAfter == $want and .renewal.source == \"lifetime\""
		must_pass asked 03-10T00:00:00
	done <<-'EOF'
	500 # 21600
	404 # 21600
	EOF
	for pair in 0:60 10:60 7200:7200 315360000:86400 soon:21600; do
		ari <<-EOF
		on GET /ari/*
		json 200 $(window 2026-02-01T00:00:00Z 2026-02-03T00:00:00Z)
		header Retry-After: ${pair%:*}
		EOF
		must_pass asked 02-10T00:00:00
		doc_is ".renewal.retryAfter == ${pair#*:}"
	done
	ari <<-'EOF'
	on GET /ari/*
	problem 503 serverInternal oops
	header Retry-After: 3600
	EOF
	must_fail 1 "" asked 02-10T00:00:00
	doc_is '.renewal.retryAfter == 3600'
}

@test "nobody is there" {
	ari </dev/null
	must_fail 1 "" asked 02-10T00:00:00
	[[ $stderr == *"404"* ]]
	doc >there
	sed "s/:$RAW_PORT/:$(free_port)/g" there >nowhere
	must_fail 1 "" acme-renewal --at 2026-02-10T00:00:00Z cert.pem <nowhere
	[[ $stderr == *"dates decide: "* ]]
	must_fail 5 "" acme-renewal --at 2026-02-10T00:00:00Z --require-ari cert.pem <nowhere
}

@test "the explanation is shown when it counts, and only one that can be" {
	ari <<-EOF
	on GET /ari/*
	json 200 $(window 2026-02-01T00:00:00Z 2026-02-03T00:00:00Z ',"explanationURL":"https://ca.test/why?x=1"')
	EOF
	must_fail 1 "" asked 01-10T00:00:00
	[ -z "$stderr" ]
	must_pass asked 02-10T00:00:00
	[ "$stderr" = "acme-renewal: the CA explains: https://ca.test/why?x=1" ]
	doc_is '.renewal.explanationURL == "https://ca.test/why?x=1"'
	for bad in 'https://ca.test/\u001b[31m' 'javascript:alert(1)' 'https://ca.test/a b'; do
		ari <<-EOF
		on GET /ari/*
		json 200 $(window 2026-02-01T00:00:00Z 2026-02-03T00:00:00Z ",\"explanationURL\":\"${bad//\\/\\\\}\"")
		EOF
		must_pass asked 02-10T00:00:00
		[[ $stderr == *"warning: left out: explanationURL"* ]]
		[[ $stderr != *$'\033'* ]]
		doc_is '.renewal | has("explanationURL") | not'
	done
}

@test "what is not due is left alone by the programs behind" {
	must_fail 1 "" at 02-01T00:00:00 cert.pem
	cp "$OUT" answer.json
	must_fail 1 "" acme-csr -k www.pem -d a.test <answer.json
	cmp "$OUT" answer.json
}
