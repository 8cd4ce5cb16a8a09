#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# acme-finalize: which CSR is sent, which never is, and how it gets to a certificate.

load ../helpers

setup_file() {
	start_pebble
	cd "$BATS_FILE_TMPDIR" || return
	make_key account.pem
	make_key www.pem
	acme-directory | acme-account -k account.pem --agree-tos >account.json
}

setup() {
	scratch
	cp "$BATS_FILE_TMPDIR"/*.{pem,json} .
}

proved() {
	acme-order -d "${1:-www.example.test}" <account.json >order.json
	acme-http01 --listen "127.0.0.1:$ACME_TEST_HTTP_PORT" acme-respond <order.json >proved.json
}

# csr_for FILE NAME...: a CSR made by another program
csr_for() {
	local out=$1 n
	shift
	{
		echo "cn = $1"
		for n; do echo "dns_name = $n"; done
	} >template
	certtool --generate-request --load-privkey www.pem --template template --no-text --outfile "$out" 2>/dev/null
}

@test "-k: a CSR on the fly, the certificate is there afterwards" {
	proved
	must_pass acme-finalize -k www.pem <proved.json
	doc_is '.order.status == "valid" and .order.certificate and .order.url and .csr'
	cp "$OUT" finalized.json
	must_pass acme-cert <finalized.json
	cp "$OUT" chain.pem
	certifies chain.pem www.example.test www.pem
}

@test "every kind of certificate key" {
	for spec in "rsa 2048" "ecdsa secp384r1" "ecdsa secp521r1" "ed25519"; do
		read -r type size <<<"$spec"
		make_key k.pem "$type" "$size"
		proved "$type$size.example.test"
		must_pass acme-finalize -k k.pem <proved.json
		cp "$OUT" finalized.json
	must_pass acme-cert <finalized.json
		cp "$OUT" chain.pem
		certifies chain.pem "$type$size.example.test" k.pem
		rm k.pem
	done
}

@test "--csr: one made elsewhere, PEM or DER; its names must be the order's" {
	csr_for www.csr www.example.test
	certtool --crq-info --infile www.csr --outder --no-text --outfile www.der 2>/dev/null
	csr_for other.csr other.example.test
	csr_for more.csr www.example.test other.example.test
	proved
	must_fail 3 "it lacks dns:www.example.test" acme-finalize --csr other.csr <proved.json
	must_fail 3 "it names what was not ordered: dns:other.example.test" acme-finalize --csr more.csr <proved.json
	doc_is '.order.url and .problem.exit == 3'
	must_fail 3 "www.pem" acme-finalize --csr www.pem <proved.json
	must_fail 3 "nothing.csr: No such file" acme-finalize --csr nothing.csr <proved.json
	must_pass acme-finalize --csr www.csr <proved.json
	proved
	must_pass acme-finalize --csr www.der <proved.json
	[ "$(doc_get .csr | tr -- '-_' '+/')" = "$(base64 -w 0 www.der | tr -d =)" ]
}

@test "the document's csr, as acme-csr makes it" {
	proved
	must_fail 2 "no CSR" acme-finalize <proved.json
	acme-csr -k www.pem <proved.json >csr.json
	must_pass acme-finalize <csr.json
	doc_is ".csr == \"$(jq -r .csr csr.json)\""
}

@test "the account's key is never a certificate's key" {
	proved
	must_fail 4 "the certificate's key is the account key" acme-finalize -k account.pem <proved.json
	must_pass acme-finalize -k www.pem <proved.json
}

@test "an order that is valid passes through; nothing is sent" {
	proved
	must_pass acme-finalize -k www.pem <proved.json
	cp "$OUT" done.json
	before=$(pebble_requests | wc -l)
	must_pass acme-finalize -k www.pem <done.json
	cmp "$OUT" done.json
	[ "$(pebble_requests | wc -l)" -eq "$before" ]
}

@test "an order that is not ready is the server's refusal, and stays in the document" {
	acme-order -d www.example.test <account.json >order.json
	must_fail 6 "orderNotReady" acme-finalize -k www.pem <order.json
	doc_is '.order.url and .order.status == "pending" and .problem.exit == 6'
	# a document that thinks all is proved: the order is waited for
	jq -c '.authorizations[].status = "valid"' order.json >optimistic.json
	before=$(pebble_count POST /my-order)
	must_fail 6 "orderNotReady" acme-finalize --timeout 2 -k www.pem <optimistic.json
	[ "$(pebble_count POST /my-order)" -gt $((before + 2)) ]
	proved
	must_pass acme-finalize -k www.pem <proved.json
}

@test "--no-wait returns what the server said; the same step later gets the rest" {
	proved
	must_pass acme-finalize --no-wait -k www.pem <proved.json
	cp "$OUT" sent.json
	must_pass acme-finalize -k www.pem <sent.json
	doc_is '.order.status == "valid"'
}

@test "--no-csr sends an empty object; Pebble wants a CSR and says so" {
	proved
	must_pass acme-finalize --unsigned --no-csr <proved.json
	doc_is '.request.payload == "e30" and .request.url == .order.finalize and .request.into == "order"'
	must_fail 6 "acme-finalize: " acme-finalize --no-csr <proved.json
	must_pass acme-finalize -k www.pem <proved.json
	must_fail 2 "at a time" acme-finalize --no-csr -k www.pem <proved.json
}

@test "an order that became invalid: status 8 and the server's reason" {
	acme-order -d www.example.test <account.json >order.json
	acme-answer -t http-01 <order.json >answered.json
	must_fail 8 "" acme-respond <answered.json
	jq -c 'del(.problem)' "$OUT" >bad.json
	must_fail 8 "order" acme-finalize -k www.pem <bad.json
	doc_is '.order.status == "invalid"'
	proved
	must_pass acme-finalize -k www.pem <proved.json
}

@test "the key of the certificate is not in the document" {
	proved
	must_pass acme-finalize -k www.pem <proved.json
	must_fail 1 "" grep -qF "$PWD/www.pem" "$OUT"
	must_fail 4 "nothing.pem: No such file" acme-finalize -k nothing.pem <proved.json
}
