#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# acme-csr: keys and names to CSRs, and CSRs against orders. GnuTLS's certtool and, where it is, OpenSSL look at them.

load ../helpers

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	make_key p256.pem
	make_key other.pem
}

setup() {
	scratch
	cp "$BATS_FILE_TMPDIR"/*.pem .
}

# order JSON-ARRAY-OF-NAMES [THUMBPRINT]: a document as acme-order leaves it, as far as is of interest here.
order() {
	jq -nc --argjson names "$1" --arg t "${2:-}" '{ acmeutils: 1, order: { identifiers: $names },
		account: (if $t == "" then {} else { thumbprint: $t } end) }'
}

# csr_names: the names certtool sees in the CSR just printed as PEM.
csr_names() { certtool --crq-info --infile "$OUT" | sed -nE 's/^\t+(DNSname|IPAddress|RFC822Name): //p'; }

thumbprint() { acme-jwk --thumbprint "$1" </dev/null; }

dns() { printf '[{"type":"dns","value":"%s"}]' "$1"; }

@test "the names of an order" {
	must_pass acme-csr -k p256.pem --pem <<<"$(order '[{"type":"dns","value":"*.example.test"},
		{"type":"ip","value":"192.0.2.7"},{"type":"ip","value":"2001:db8::7"},{"type":"email","value":"u@example.test"}]')"
	[ "$(csr_names)" = $'*.example.test\n192.0.2.7\n2001:db8::7\nu@example.test' ]
	certtool --crq-info --infile "$OUT" | grep -q 'Self signature: verified'
}

@test "names of the command line, without a document" {
	must_pass acme-csr -k p256.pem --pem -d a.example.test -d '*.B.example.test' ip:192.0.2.7 </dev/null
	[ "$(csr_names)" = $'a.example.test\n*.b.example.test\n192.0.2.7' ]
	must_pass acme-csr -k p256.pem -d a.example.test </dev/null
	doc_is '.acmeutils == 1 and (.csr | type == "string") and (keys == ["acmeutils", "csr"])'
}

@test "no names, names twice, names that are none" {
	must_fail 2 "no names" acme-csr -k p256.pem </dev/null
	must_fail 2 "the order has names already" acme-csr -k p256.pem -d a.test <<<"$(order "$(dns a.test)")"
	must_fail 2 "a..test" acme-csr -k p256.pem -d a..test </dev/null
	must_fail 3 "a CSR has no place for names of this type" acme-csr -k p256.pem pk:AAAA </dev/null
	must_fail 3 "order.identifiers: not an array" acme-csr -k p256.pem <<<'{"order":{"identifiers":{}}}'
}

@test "the CSR in the document is the one as PEM and DER" {
	must_pass acme-csr -k p256.pem -d a.test </dev/null
	doc_get .csr | tr -- -_ +/ | sed 's/$/===/' | base64 -d 2>/dev/null >1.der || [ -s 1.der ]
	must_pass acme-csr --csr 1.der --pem </dev/null
	cp "$OUT" 1.pem
	certtool --crq-info --infile 1.pem --outder 2>/dev/null | cmp - 1.der
	must_pass acme-csr --csr 1.pem --der </dev/null
	cmp "$OUT" 1.der
	must_fail 2 "exclude each other" acme-csr --csr 1.pem --der --pem </dev/null
}

@test "every kind of key" {
	for kind in 'ecdsa secp384r1' 'ecdsa secp521r1' 'rsa 2048' ed25519 ed448; do
		# shellcheck disable=SC2086 # two words
		make_key key.pem $kind
		must_pass acme-csr -k key.pem --pem -d a.test </dev/null
		certtool --crq-info --infile "$OUT" | grep -q 'Self signature: verified'
		cmp <(certtool --load-request "$OUT" --pubkey-info --no-text) <(certtool --load-privkey key.pem --pubkey-info --no-text)
		rm key.pem
	done
}

@test "OpenSSL reads it, too" {
	must_pass acme-csr -k p256.pem --pem -d a.test --cn a.test --must-staple </dev/null
	openssl req -in "$OUT" -noout -verify -text >said 2>&1
	grep -q 'DNS:a.test' said
	grep -qE 'status_request|1.3.6.1.5.5.7.1.24' said
}

@test "profiles, usages, subject" {
	must_pass acme-csr -k p256.pem --pem -d a.test </dev/null
	certtool --crq-info --infile "$OUT" >said
	grep -q 'Subject: *$' said
	[ "$(grep -cE 'Key Usage|Key Purpose|TLS Features' said)" = 0 ]
	for p in "tls-client TLS WWW Client" "code-signing Code signing" "email Email protection"; do
		must_pass acme-csr -k p256.pem --pem -d a.test --profile "${p%% *}" </dev/null
		certtool --crq-info --infile "$OUT" >said
		grep -q 'Digital signature' said
		grep -q "${p#* }" said
		grep -q 'Key Purpose (not critical)' said
	done
	must_pass acme-csr -k p256.pem --pem -d a.test --profile code-signing --key-usage keyAgreement --ext-usage '' \
		--cn 'Jané Doe' --organization 'Example, "Ltd"' --must-staple </dev/null
	certtool --crq-info --infile "$OUT" >said
	grep -q 'Key agreement' said
	[ "$(grep -c 'Key Purpose' said)" = 0 ]
	grep -q 'CN=Jané Doe' said
	grep -q 'O=Example' said
	grep -q 'TLS Features' said
	must_fail 2 "--profile tls: unknown" acme-csr -k p256.pem -d a.test --profile tls </dev/null
	must_fail 2 'key usage "sign": unknown' acme-csr -k p256.pem -d a.test --key-usage sign </dev/null
	must_fail 2 'extended key usage "sign"' acme-csr -k p256.pem -d a.test --ext-usage sign </dev/null
	must_fail 2 'must have 1 to 64' acme-csr -k p256.pem -d a.test --cn "$(printf '%065d' 1)" </dev/null
}

@test "the account's key is refused, whatever file it is in" {
	t=$(thumbprint p256.pem)
	must_pass acme-csr -k other.pem <<<"$(order "$(dns a.test)" "$t")"
	must_fail 4 "the certificate's key is the account key" acme-csr -k p256.pem <<<"$(order "$(dns a.test)" "$t")"
	doc_is '.problem.exit == 4 and (has("csr") | not)'
	must_pass acme-csr -k p256.pem -d a.test --pem </dev/null
	cp "$OUT" own.csr
	must_fail 4 "own.csr: the certificate's key is the account key" acme-csr --csr own.csr <<<"$(order "$(dns a.test)" "$t")"
}

@test "a CSR that exists is checked against the order" {
	printf 'dns_name = a.test\ndns_name = b.test\ncn = a.test\n' >t
	certtool --generate-request --load-privkey p256.pem --template t --no-text --outfile has.csr 2>/dev/null
	both='[{"type":"dns","value":"B.test"},{"type":"dns","value":"a.test"}]'
	must_pass acme-csr --csr has.csr <<<"$(order "$both")"
	doc_is '.csr | type == "string"'
	must_pass acme-csr --csr has.csr -k p256.pem -d a.test -d b.test </dev/null
	must_fail 3 "has.csr: it names what was not ordered: dns:b.test" acme-csr --csr has.csr <<<"$(order "$(dns a.test)")"
	must_fail 3 "has.csr: it lacks dns:c.test" acme-csr --csr has.csr -d a.test -d b.test -d c.test </dev/null
	must_fail 4 "has.csr: for another key than other.pem" acme-csr --csr has.csr -k other.pem <<<"$(order "$both")"
	must_fail 2 "cannot be changed by options" acme-csr --csr has.csr --cn b.test <<<"$(order "$both")"
	must_pass acme-csr --csr - <has.csr
	doc_is '.csr | type == "string"'
}

@test "a CSR that is none" {
	must_pass acme-csr -k p256.pem -d a.test --der </dev/null
	cp "$OUT" good.der
	must_pass acme-csr --csr good.der </dev/null
	head -c 100 good.der >cut.der
	{ cat good.der; printf x; } >long.der
	{ head -c -1 good.der; printf '\0'; } >spoiled.der
	must_fail 3 "cut.der: CSR: not DER" acme-csr --csr cut.der </dev/null
	must_fail 3 "long.der: CSR: not DER" acme-csr --csr long.der </dev/null
	must_fail 3 "spoiled.der: " acme-csr --csr spoiled.der </dev/null
	must_fail 3 "p256.pem: PEM of a PRIVATE KEY" acme-csr --csr p256.pem </dev/null
	must_fail 3 "nothing.pem: " acme-csr --csr nothing.pem </dev/null
}

@test "keys: missing, public, broken" {
	must_fail 2 "-k KEY is missing" acme-csr -d a.test </dev/null
	certtool --load-privkey p256.pem --pubkey-info --no-text --outfile public.pem 2>/dev/null
	must_fail 4 "public.pem" acme-csr -k public.pem -d a.test </dev/null
	must_fail 4 "gone.pem" acme-csr -k gone.pem -d a.test </dev/null
	must_pass acme-csr -k fd:8 -d a.test 8<p256.pem </dev/null
}

@test "a stream, and a document that failed before" {
	{ order "$(dns a.test)"; order "$(dns 'a b')"; order "$(dns c.test)"; echo '{"problem":{"exit":8}}'; } >docs
	must_fail 3 "with blanks" acme-csr -k p256.pem <docs
	[ "$(jq -sc 'map([has("csr"), .problem.exit])' "$OUT")" = '[[true,null],[false,3],[true,null],[false,8]]' ]
}

@test "a key in a token" {
	mkdir tokens
	printf 'directories.tokendir = %s\n' "$PWD/tokens" >softhsm.conf
	export SOFTHSM2_CONF=$PWD/softhsm.conf
	module=$(find /usr/lib -name libsofthsm2.so -print -quit)
	softhsm2-util --init-token --free --label T --pin 4711 --so-pin 0815 >/dev/null
	printf 4711 >pin
	printf 4712 >wrong
	for kind in EC:prime256v1 rsa:2048; do
		url="pkcs11:token=T;object=${kind%:*};type=private"
		pkcs11-tool --module "$module" --login --pin 4711 --keypairgen --key-type "$kind" --label "${kind%:*}" \
			--id "${#kind}" >/dev/null 2>&1
		must_pass acme-csr -k "$url" --passphrase-file pin -d a.test --pem </dev/null
		certtool --crq-info --infile "$OUT" | grep -q 'Self signature: verified'
		must_fail 4 "" acme-csr -k "$url" --passphrase-file wrong -d a.test --pem </dev/null
	done
}
