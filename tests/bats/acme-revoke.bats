#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# acme-revoke against Pebble, and the request itself against a server that logs it.

load ../helpers
load ../rawserve

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	start_pebble PEBBLE_WFE_NONCEREJECT=0 # acme-post sends once
	make_key account.pem
	make_key stranger.pem
	make_key www.pem
	make_key other.pem
	[ -n "${NO_PEBBLE:-}" ] || {
		acme-directory "$ACME_DIRECTORY" >directory.json
		acme-account -k "$PWD/account.pem" --agree-tos <directory.json >account.json
	}
}

setup() {
	scratch
	cp "$BATS_FILE_TMPDIR"/*.pem .
	[ ! -e "$BATS_FILE_TMPDIR/account.json" ] || cp "$BATS_FILE_TMPDIR"/*.json .
}

# issue: a fresh certificate into chain.pem, its document into done.json
issue() {
	acme-order -d "r$BATS_TEST_NUMBER.example.test" <account.json |
		acme-http01 --listen "127.0.0.1:$ACME_TEST_HTTP_PORT" acme-respond |
		acme-finalize -k www.pem | acme-cert --json >done.json
	jq -r .certificate.chain done.json >chain.pem
	serial=$(jq -r '.certificate.certificates[0].serial | ltrimstr("00")' done.json)
}

# state: what Pebble says of that certificate: Valid or Revoked, and the reason
state() { curl -sf --cacert "$ACME_CACERT" "$PEBBLE_MGMT/cert-status-by-serial/$serial" | jq -r '"\(.Status) \(.Reason)"'; }

@test "by the account, the document's certificate" {
	issue
	[ "$(state)" = "Valid null" ]
	must_pass acme-revoke <done.json
	[ -z "$stderr" ]
	doc_is '.certificate.chain and .order.url and (has("problem") | not)'
	[ "$(state)" = "Revoked null" ]
	must_fail 6 "alreadyRevoked" acme-revoke <done.json
}

@test "by the account, a file, with a reason" {
	issue
	must_pass acme-revoke -r superseded chain.pem <account.json
	[ "$(state)" = "Revoked 4" ]
}

@test "by the certificate's key, without an account" {
	issue
	must_fail 4 "other.pem: not the key of this certificate" acme-revoke -k other.pem chain.pem <directory.json
	[ "$(state)" = "Valid null" ]
	must_pass acme-revoke --key www.pem --reason 1 chain.pem <directory.json
	[ "$(state)" = "Revoked 1" ]
}

@test "not by a stranger" {
	issue
	acme-account -k stranger.pem --agree-tos <directory.json >stranger.json
	must_fail 6 "" acme-revoke chain.pem <stranger.json
	doc_is '.problem.exit == 6'
	[ "$(state)" = "Valid null" ]
	must_pass acme-revoke chain.pem <account.json
}

@test "--unsigned: another host signs" {
	issue
	acme-revoke --unsigned -r 4 <done.json | acme-sign >signed.json
	must_pass acme-post <signed.json
	[ "$(state)" = "Revoked 4" ]
	must_pass acme-revoke --unsigned --key elsewhere.pem chain.pem <directory.json
	doc_is '.request.auth == "jwk"'
}

# --- what is sent

raw_doc() {
	jq -nc --arg u "$RAW_URL" --arg key "$PWD/account.pem" '{ acmeutils: 1, key: $key, nonce: "AAAA",
		account: { url: ($u + "/acct/1") },
		directory: { url: ($u + "/dir"), newNonce: ($u + "/nonce"), newAccount: ($u + "/new"), newOrder: ($u + "/order"),
			revokeCert: ($u + "/revoke"), keyChange: ($u + "/key") } }'
}

raw() {
	printf 'dns_name = a.test\nexpiration_days = 9\n' >t
	certtool --generate-self-signed --load-privkey www.pem --template t --no-text --outfile cert.pem 2>/dev/null
	raw_serve <<-'EOF'
	on POST /revoke
	status 200
	EOF
	export ACME_CACERT=$RAW_CA
}

@test "every reason, by number and by name" {
	raw
	n=0
	while read -r number name other; do
		for reason in "$number" "$name" "$other"; do
			must_pass acme-revoke -r "$reason" cert.pem <<<"$(raw_doc)"
			n=$((n + 1))
			raw_log "length == $n and .[-1].payload.reason == $number"
		done
	done <<-'EOF'
	0 unspecified UNSPECIFIED
	1 keyCompromise key-compromise
	2 cACompromise ca_compromise
	3 affiliationChanged affiliation-changed
	4 superseded Superseded
	5 cessationOfOperation cessation-of-operation
	6 certificateHold certificatehold
	9 privilegeWithdrawn privilege-withdrawn
	10 aACompromise aacompromise
	EOF
	for reason in 7 8 11 -1 01 '' removeFromCRL key 1x; do
		must_fail 2 "--reason $reason: none of unspecified (0)" acme-revoke --reason="$reason" cert.pem <<<"$(raw_doc)"
	done
	raw_log "length == $n"
}

@test "the payload and the signer" {
	raw
	must_pass acme-revoke cert.pem <<<"$(raw_doc)"
	raw_log '.[0].payload | keys == ["certificate"]'
	jq -r .payload.certificate "$RAW_LOG" | tr -- -_ +/ >b64
	[ "$(tr -d '=\n' <b64)" = "$(certtool --certificate-info --infile cert.pem --outder 2>/dev/null | base64 -w 0 | tr -d =)" ]
	raw_log '.[0].protected | (.kid | endswith("/acct/1")) and (has("jwk") | not) and (.url | endswith("/revoke"))'
	must_pass acme-revoke -k www.pem cert.pem <<<"$(raw_doc | jq -c 'del(.account, .key)')"
	raw_log '.[1].protected | .jwk.kty == "EC" and (has("kid") | not)'
}

@test "what is missing or wrong" {
	raw
	must_fail 3 "certificate.chain: missing in the document, and no file is named" acme-revoke <<<"$(raw_doc)"
	must_fail 3 "gone.pem" acme-revoke gone.pem <<<"$(raw_doc)"
	must_fail 3 "www.pem: line 1: a PRIVATE KEY" acme-revoke www.pem <<<"$(raw_doc)"
	must_fail 3 "directory.revokeCert: missing" acme-revoke cert.pem <<<"$(raw_doc | jq -c 'del(.directory.revokeCert)')"
	must_fail 2 "one certificate at a time" acme-revoke cert.pem cert.pem <<<"$(raw_doc)"
	must_fail 2 "exclude each other" acme-revoke -k www.pem --account-key account.pem cert.pem <<<"$(raw_doc)"
	must_fail 4 "gone.pem" acme-revoke -k gone.pem cert.pem <<<"$(raw_doc)"
	[ ! -s "$RAW_LOG" ]
}
