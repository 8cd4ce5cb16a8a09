#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# acme-cert against Pebble with alternate chains, and against a server that sends chains which must not be taken.

load ../helpers
load ../rawserve

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	start_pebble PEBBLE_ALTERNATE_ROOTS=2 PEBBLE_CHAIN_LENGTH=2
	make_key account.pem
	make_key www.pem
	make_key other.pem
	make_key ca.key
	[ -n "${NO_PEBBLE:-}" ] || acme-directory "$ACME_DIRECTORY" |
		acme-account -k "$PWD/account.pem" --agree-tos |
		acme-order -d www.example.test -d b.example.test |
		acme-http01 --listen "127.0.0.1:$ACME_TEST_HTTP_PORT" acme-respond |
		acme-finalize -k www.pem >done.json
}

setup() {
	scratch
	cp "$BATS_FILE_TMPDIR"/*.pem "$BATS_FILE_TMPDIR"/*.key .
	[ ! -e "$BATS_FILE_TMPDIR/done.json" ] || cp "$BATS_FILE_TMPDIR/done.json" .
}

# blocks FILE: how many certificates; names FILE: the names in the first.
blocks() { grep -c '^-----BEGIN CERTIFICATE-----$' "$1"; }
names() { certtool --certificate-info --infile "$1" | sed -nE 's/^\t+(DNSname|IPAddress|RFC822Name): //p' | sort; }

@test "the chain on standard output" {
	must_pass acme-cert <done.json
	[ -z "$stderr" ]
	[ "$(blocks "$OUT")" = 3 ]
	[ "$(names "$OUT")" = $'b.example.test\nwww.example.test' ]
	curl -sf --cacert "$ACME_CACERT" "$PEBBLE_MGMT/roots/0" >root.pem
	certtool --verify --load-ca-certificate root.pem --verify-hostname www.example.test --infile "$OUT"
	[ "$(grep -cvE '^(-----(BEGIN|END) CERTIFICATE-----|[A-Za-z0-9+/]{1,64}={0,2})$' "$OUT")" = 0 ]
}

@test "files: the chain, the certificate, what is above it; nothing on standard output" {
	must_pass acme-cert -o chain.pem --leaf-file leaf.pem --chain-file above.pem <done.json
	[ -z "$output$stderr" ]
	cat leaf.pem above.pem | cmp - chain.pem
	[ "$(blocks leaf.pem)" = 1 ]
	[ "$(blocks above.pem)" = 2 ]
	[ "$(stat -c %a chain.pem)" = 644 ]
	must_pass acme-cert -o chain.pem --json <done.json
	doc_is '.certificate.chain != null'
}

@test "the document with --json" {
	must_pass acme-cert --json <done.json
	doc_is '.certificate.url == .order.certificate and .certificate.alternates == []'
	doc_is '.certificate.certificates | length == 3'
	doc_is '.certificate.certificates[0] | .key == "p256" and (.names | map(.value)) == ["b.example.test", "www.example.test"]'
	doc_is '.certificate.certificates[1].subject == .certificate.certificates[0].issuer and (.nonce | length > 0)'
	doc_get .certificate.chain >chain.pem
	certtool --certificate-info --infile chain.pem >info
	[ "$(doc_get '.certificate.certificates[0].serial')" = "$(sed -n 's/.*Serial Number (hex): //p; T; q' info)" ]
}

# what EXPRESSION: of the document with all chains
what() { jq -er "$1" all.json; }

@test "chains are chosen by name, fingerprint and authority key identifier" {
	must_pass acme-cert --json --alternates <done.json
	cp "$OUT" all.json
	doc_is '[.certificate.url] + [.certificate.alternates[].url] | unique | length == 3'
	doc_is '[.certificate, .certificate.alternates[]] | map(.certificates[0].sha256) | unique | length == 1'
	default=$(what .certificate.url)
	for i in 0 1; do
		alt=".certificate.alternates[$i]"
		cn=$(what "$alt.certificates[-1].issuer | sub(\"^CN=\"; \"\")")
		must_pass acme-cert --json --preferred-chain "$cn" <done.json
		[ "$(doc_get .certificate.url)" = "$(what "$alt.url")" ]
		[ "$(doc_get .certificate.chain)" = "$(what "$alt.chain")" ]
		must_pass acme-cert --json --preferred-chain "$(what "$alt.certificates[-1].sha256" | sed 's/../&:/g; s/:$//')" <done.json
		[ "$(doc_get .certificate.url)" = "$(what "$alt.url")" ]
		must_pass acme-cert --json --preferred-chain "aki:$(what "$alt.certificates[-1].aki")" <done.json
		[ "$(doc_get .certificate.url)" = "$(what "$alt.url")" ]
	done
	must_pass acme-cert --preferred-chain "$cn" <done.json
	[ "$output" = "$(what '.certificate.alternates[1].chain')" ]
	must_pass acme-cert --json --preferred-chain "$(what '.certificate.certificates[-1].sha256')" <done.json
	[ "$(doc_get .certificate.url)" = "$default" ]
}

@test "no chain has the preferred issuer" {
	must_pass acme-cert --preferred-chain 'Old Root' <done.json
	[[ $stderr == *"warning: none of the server's 3 chains has the issuer Old Root"* ]]
	[ "$(blocks "$OUT")" = 3 ]
	must_fail 6 "none of the server's 3 chains has the issuer Old Root" \
		acme-cert --preferred-chain 'Old Root' --require-chain -o chain.pem <done.json
	[ ! -e chain.pem ]
	must_fail 2 "--require-chain says nothing without" acme-cert --require-chain <done.json
}

@test "keys: the document's, a given one, none" {
	jq -c 'del(.csr)' done.json >keyless.json
	must_fail 3 "nothing says which key the certificate is for" acme-cert <keyless.json
	must_pass acme-cert --no-key-check <keyless.json
	must_pass acme-cert -k www.pem <keyless.json
	acme-csr -k www.pem -d x.test --pem </dev/null >www.csr
	must_pass acme-cert -k www.csr <keyless.json
	must_fail 10 "other.pem: the certificate that was sent: it is for another key" acme-cert -k other.pem <keyless.json
	must_fail 10 "other.pem: " acme-cert -k other.pem <done.json
	jq -c --arg c "$(acme-csr -k other.pem -d x.test </dev/null | jq -r .csr)" '.csr = $c' done.json >wrong.json
	must_fail 10 "csr: the certificate that was sent: it is for another key" acme-cert <wrong.json
	must_fail 2 "exclude each other" acme-cert -k www.pem --no-key-check <done.json
	jq -c '.popKey = .csr' done.json >pop.json
	must_fail 4 "popKey: " acme-cert <pop.json
	jq -c --arg p "$(certtool --load-privkey www.pem --pubkey-info --no-text --outder | base64 -w 0 | tr +/ -_ | tr -d =)" \
		'.popKey = $p' keyless.json >pop.json
	must_pass acme-cert <pop.json
	jq -c --arg p "$(certtool --load-privkey other.pem --pubkey-info --no-text --outder | base64 -w 0 | tr +/ -_ | tr -d =)" \
		'.popKey = $p' keyless.json >pop.json
	must_fail 10 "popKey: the certificate that was sent: it is for another key" acme-cert <pop.json
}

@test "names: those of the order and no others" {
	jq -c '.order.identifiers |= .[1:]' done.json >fewer.json
	must_fail 10 "it names what was not asked for: dns:" acme-cert <fewer.json
	jq -c '.order.identifiers += [{"type":"ip","value":"192.0.2.1"}]' done.json >more.json
	must_fail 10 "it lacks ip:192.0.2.1" acme-cert <more.json
}

@test "an order without a certificate" {
	jq -c 'del(.order.certificate) | .order.status = "processing"' done.json >early.json
	must_fail 9 "no certificate yet, its status is processing; acme-finalize comes first, or acme-wait" acme-cert <early.json
	doc_is '.problem.exit == 9 and .order.url'
	jq -c 'del(.order.certificate) | .order.status = "invalid" | .order.error = {
		"type": "urn:ietf:params:acme:error:badCSR", "detail": "no good"}' done.json >bad.json
	must_fail 8 "no good" acme-cert <bad.json
	doc_is '.problem.type == "urn:ietf:params:acme:error:badCSR"'
}

@test "a failure leaves files and the document as they were" {
	echo old >chain.pem
	must_fail 10 "other.pem" acme-cert -k other.pem -o chain.pem <done.json
	[ "$(cat chain.pem)" = old ]
	doc_is '.problem.program == "acme-cert" and .order.certificate'
	must_fail 11 "nowhere/chain.pem" acme-cert -o nowhere/chain.pem <done.json
	doc_is '.certificate.chain | startswith("-----BEGIN")'
	must_fail 8 "" acme-cert -o chain.pem <<<'{"problem":{"exit":8}}'
	[ "$(cat chain.pem)" = old ]
}

@test "a stream: PEM after PEM, documents after documents, but not into one file" {
	cat done.json done.json >two.json
	must_pass acme-cert <two.json
	[ "$(blocks "$OUT")" = 6 ]
	must_pass acme-cert --json <two.json
	[ "$(jq -sc 'map(.certificate.certificates | length)' "$OUT")" = '[3,3]' ]
	must_fail 2 "a file holds the certificate of one document" acme-cert -o chain.pem <two.json
	[ "$(blocks chain.pem)" = 3 ]
}

@test "--unsigned: the request is left to acme-sign and acme-post" {
	must_pass acme-cert --unsigned --json <done.json
	doc_is '.request.url == .order.certificate and .request.payload == "" and .request.auth == "kid"'
	doc_is '.request.accept == "application/pem-certificate-chain" and (has("certificate") | not)'
}

# --- servers that send what they should not

# template LINE...: a certificate for www.pem, signed by the CA below, as PEM.
template() {
	{
		printf 'dns_name = a.test\nserial = 77\nexpiration_days = 10\n'
		printf '%s\n' "$@"
	} >t
	certtool --generate-certificate --load-privkey www.pem --load-ca-certificate ca.pem --load-ca-privkey ca.key \
		--template t --no-text 2>/dev/null
}

make_ca() {
	printf 'cn = "Test CA"\nca\ncert_signing_key\nexpiration_days = 20\n' >t
	certtool --generate-self-signed --load-privkey ca.key --template t --no-text --outfile ca.pem 2>/dev/null
}

# doc: an order that is done, at the raw server.
doc() {
	jq -nc --arg u "$RAW_URL" --arg ca "$RAW_CA" --arg key "$PWD/account.pem" '{ acmeutils: 1, key: $key, nonce: "AAAA",
		tls: { cacert: $ca }, account: { url: ($u + "/acct/1") },
		directory: { url: ($u + "/dir"), newNonce: ($u + "/nonce"), newAccount: ($u + "/new"), newOrder: ($u + "/order"),
			revokeCert: ($u + "/revoke"), keyChange: ($u + "/key") },
		order: { url: ($u + "/order/1"), status: "valid", identifiers: [{ type: "dns", value: "a.test" }],
			authorizations: [], finalize: ($u + "/f"), certificate: ($u + "/cert") } }'
}

# raw: raw_serve, trusted in place of Pebble
raw() {
	raw_serve "$@"
	export ACME_CACERT=$RAW_CA
}

# serve CHAIN-FILE [RULE-LINE...]: as /cert, with more rules and header lines from standard input
serve() {
	cp "$1" served.pem
	shift
	raw <<-EOF
	on POST /cert
	status 200
	type application/pem-certificate-chain
	$(printf '%s\n' "$@")
	file $PWD/served.pem
	$(cat)
	EOF
}

# sent CHAIN-FILE: what acme-cert makes of it
accepts() {
	serve "$1" </dev/null
	must_pass acme-cert -k www.pem <<<"$(doc)"
}
refuses() {
	serve "$2" </dev/null
	must_fail 10 "$1" acme-cert -k www.pem -o chain.pem <<<"$(doc)"
	[ ! -e chain.pem ]
}

@test "certificates that must not be taken" {
	make_ca
	template >good.pem
	cat good.pem ca.pem >chain
	accepts chain
	template 'dns_name = b.test' >1.pem
	refuses 'it names what was not asked for: dns:b.test' 1.pem
	template ca >1.pem
	refuses 'it is the certificate of a CA' 1.pem
	template 'activation_date = "2001-01-01 00:00:00 UTC"' 'expiration_date = "2001-02-01 00:00:00 UTC"' >1.pem
	refuses 'expired on 2001-02-01T00:00:00Z' 1.pem
	template 'activation_date = "2090-01-01 00:00:00 UTC"' 'expiration_date = "2091-02-01 00:00:00 UTC"' >1.pem
	refuses 'not valid before 2090-01-01T00:00:00Z' 1.pem
	template 'add_critical_extension = "2.999.1 0x0500"' >1.pem
	refuses 'critical extension 2.999.1 is unknown' 1.pem
	refuses 'it is the certificate of a CA' ca.pem
	cat ca.pem good.pem >1.pem
	refuses 'it is the certificate of a CA' 1.pem
	make_key ca.key
	make_ca
	cat good.pem ca.pem >1.pem
	refuses 'certificate 1: ' 1.pem
}

@test "texts that are no chain" {
	make_ca
	template >good.pem
	accepts good.pem
	[[ $stderr == *"warning: "*"came without its issuer"* ]]
	{ echo "Hello"; cat good.pem; } >1.pem
	refuses 'line 1: text outside of PEM' 1.pem
	cat good.pem www.pem >1.pem
	refuses 'a PRIVATE KEY in a certificate chain' 1.pem
	sed '3s/^/ /' good.pem >1.pem
	refuses 'not base64' 1.pem
	sed '3,$d' good.pem >1.pem
	refuses 'the end of CERTIFICATE is missing' 1.pem
	: >1.pem
	refuses 'no certificate inside' 1.pem
	for _ in $(seq 21); do cat good.pem; done >1.pem
	refuses 'more than 20 certificates' 1.pem
	{
		echo '-----BEGIN CERTIFICATE-----'
		{ certtool --certificate-info --infile good.pem --outder 2>/dev/null; printf x; } | base64
		echo '-----END CERTIFICATE-----'
	} >1.pem
	refuses 'certificate 1: not DER' 1.pem
}

@test "the wrong content type, a refusal, a redirect" {
	make_ca
	template >good.pem
	raw <<-EOF
	on POST /cert
	status 200
	type text/html
	file $PWD/good.pem
	EOF
	must_fail 10 "content type text/html" acme-cert -k www.pem <<<"$(doc)"
	raw <<-'EOF'
	on POST /cert
	problem 403 unauthorized not yours
	EOF
	must_fail 6 "not yours" acme-cert -k www.pem <<<"$(doc)"
	raw <<-'EOF'
	on POST /cert
	status 302
	header Location: @BASE@/elsewhere
	EOF
	must_fail 10 "answered 302" acme-cert -k www.pem <<<"$(doc)"
	[ "$(raw_count '.*/elsewhere')" = 0 ]
}

@test "alternates of another certificate, broken ones, too many" {
	make_ca
	template >good.pem
	template 'serial = 78' >twin.pem
	cat good.pem ca.pem >chain
	links=()
	for i in $(seq 12); do links+=("header Link: <@BASE@/alt/$i>;rel=\"alternate\""); done
	serve chain "${links[@]}" <<-EOF
	on POST /alt/1
	status 200
	type application/pem-certificate-chain
	file $PWD/twin.pem
	on POST /alt/2
	problem 500 serverInternal oops
	on POST /alt/3
	status 200
	type application/pem-certificate-chain
	file $PWD/good.pem
	on POST /alt/*
	status 200
	type application/pem-certificate-chain
	body nothing
	EOF
	must_pass acme-cert -k www.pem --alternates --json <<<"$(doc)"
	doc_is '.certificate.alternates | map(.url | sub(".*/"; "")) == ["3"]'
	[[ $stderr == *"/alt/1: an alternate chain of another certificate"* ]]
	[[ $stderr == *"alternate chain left out: "*"oops"* ]]
	[[ $stderr == *"more than 10 alternate chains; the rest is left out"* ]]
	[ "$(raw_count 'POST /alt/.*')" = 10 ]
}

@test "alternates are fetched only when they are needed" {
	make_ca
	template >good.pem
	cat good.pem ca.pem >chain
	serve chain 'header Link: <@BASE@/alt/1>;rel="alternate"' 'header Link: <@BASE@/alt/2>;rel="alternate"' <<-EOF
	on POST /alt/*
	status 200
	type application/pem-certificate-chain
	file $PWD/good.pem
	EOF
	must_pass acme-cert -k www.pem <<<"$(doc)"
	must_pass acme-cert -k www.pem --preferred-chain 'Test CA' <<<"$(doc)"
	[ "$(raw_count 'POST /alt/.*')" = 0 ]
	must_pass acme-cert -k www.pem --preferred-chain "$(certtool --fingerprint --hash sha256 --infile ca.pem)" <<<"$(doc)"
	[ "$(raw_count 'POST /alt/.*')" = 0 ]
	must_pass acme-cert -k www.pem --preferred-chain 'Other CA' <<<"$(doc)"
	[ "$(raw_count 'POST /alt/.*')" = 2 ]
	must_pass acme-cert -k www.pem --alternates <<<"$(doc)"
	[ "$(raw_count 'POST /alt/.*')" = 4 ]
}
