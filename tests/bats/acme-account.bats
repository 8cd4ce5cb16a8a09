#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# acme-account: an account's life, from creation to deactivation, and what is never implied.

load ../helpers

setup_file() { start_pebble; }

setup() {
	scratch
	make_key account.pem
	acme-directory >dir.json
}

created() { acme-account -k account.pem --agree-tos "$@" <dir.json; }

@test "new: the object as served, its url and thumbprint; the key by absolute name" {
	must_pass created -m me@example.org -m two@example.org
	doc_is '.account.status == "valid" and (.account.contact == ["mailto:me@example.org", "mailto:two@example.org"])'
	doc_is ".key == \"$PWD/account.pem\""
	must_pass acme-jwk -k account.pem --thumbprint
	thumbprint=$output
	must_pass created
	doc_is ".account.thumbprint == \"$thumbprint\""
}

@test "the same key gives the same account, and says so with -v" {
	must_pass created
	url=$(doc_get .account.url)
	[ -z "$stderr" ]
	must_pass created -v
	doc_is ".account.url == \"$url\""
	[[ $stderr == *"the account existed"* ]]
}

@test "terms of service are agreed to by --agree-tos and by nothing else" {
	must_fail 2 "--agree-tos" acme-account -k account.pem <dir.json
	doc_is '.problem.exit == 2 and (has("account") | not)'
	must_pass created
}

@test "--find finds, and creates nothing" {
	must_fail 6 "accountDoesNotExist" acme-account -k account.pem --find <dir.json
	must_pass created
	url=$(doc_get .account.url)
	must_pass acme-account -k account.pem --find <dir.json
	doc_is ".account.url == \"$url\""
	must_fail 2 "--find changes nothing" acme-account -k account.pem --find -m me@example.org <dir.json
}

@test "--update sets the contacts, --no-contact removes them" {
	created -m one@example.org >a.json
	must_pass acme-account --update -m two@example.org <a.json
	doc_is '.account.contact == ["mailto:two@example.org"]'
	must_pass acme-account --find <a.json
	doc_is '.account.contact == ["mailto:two@example.org"]'
	must_pass acme-account --update --contact mailto:three@example.org <a.json
	doc_is '.account.contact == ["mailto:three@example.org"]'
	must_fail 2 "--update takes either" acme-account --update <a.json
	must_fail 2 "--update takes either" acme-account --update --no-contact -m x@example.org <a.json
	must_fail 2 "goes with --update" acme-account --no-contact <a.json
}

@test "contacts that the server refuses: its words, its status, and the document goes on" {
	must_pass created -m me@example.org
	must_fail 6 "acme-account: " acme-account -k account.pem --agree-tos --update --contact "tel:+1" <dir.json
	doc_is '.problem.type | startswith("urn:ietf:params:acme:error:")'
	doc_is '.problem.status >= 400 and .problem.exit == 6'
}

@test "key change: the account stays, the old key is nobody's" {
	make_key new.pem
	created >a.json
	url=$(doc_get .account.url a.json)
	must_pass acme-account --new-key new.pem <a.json
	doc_is ".account.url == \"$url\" and .key == \"$PWD/new.pem\""
	cp "$OUT" b.json
	must_pass acme-jwk -k new.pem --thumbprint
	[ "$(doc_get .account.thumbprint b.json)" = "$output" ]
	must_pass acme-account -k new.pem --find <dir.json
	doc_is ".account.url == \"$url\""
	must_fail 6 "accountDoesNotExist" acme-account -k account.pem --find <dir.json
	# the document works on, with the new key
	must_pass acme-order -d www.example.test <b.json
}

@test "key change to another key type, to the key itself, to one that has an account" {
	make_key rsa.pem rsa
	make_key other.pem
	created >a.json
	must_pass acme-account -k other.pem --agree-tos <dir.json
	must_fail 6 "acme-account: " acme-account --new-key other.pem <a.json
	# RFC 8555 section 7.3.5 says 409; Pebble 2.4 says 500
	doc_is '.problem.status == 409 or .problem.status == 500'
	must_fail 2 "that is the account's key already" acme-account --new-key account.pem <a.json
	must_pass acme-account --new-key rsa.pem <a.json
	must_pass acme-account -k rsa.pem --find <dir.json
}

@test "orders: all pages" {
	start_pebble PEBBLE_WFE_ORDERS_PER_PAGE=2
	acme-directory | acme-account -k account.pem --agree-tos >a.json
	for n in 1 2 3 4 5; do
		must_pass acme-order -d "n$n.example.test" <a.json
		doc_get .order.url >>urls
	done
	must_pass acme-account --orders <a.json
	[ "$(doc_get '.orders[]' | sort)" = "$(sort urls)" ]
}

@test "deactivated is for ever" {
	created >a.json
	must_pass acme-order -d www.example.test <a.json
	must_pass acme-account --deactivate <a.json
	doc_is '.account.status == "deactivated"'
	must_fail 6 "acme-order: " acme-order -d www.example.test <a.json
}

@test "external account binding: demanded, made, and refused with a wrong MAC key" {
	start_pebble --eab
	acme-directory >dir.json
	must_fail 2 "external account binding" created
	must_pass created --eab-kid "$PEBBLE_EAB_KID" --eab-hmac-key-file "$PEBBLE_EAB_HMAC_FILE"
	make_key b.pem
	must_pass acme-account -k b.pem --agree-tos --eab-kid "$PEBBLE_EAB_KID" --eab-hmac-key-file fd:5 <dir.json \
		5<"$PEBBLE_EAB_HMAC_FILE"
	make_key c.pem
	head -c 33 /dev/urandom | base64 -w 0 | tr '+/' '-_' >wrong
	must_fail 6 "acme-account: " acme-account -k c.pem --agree-tos --eab-kid "$PEBBLE_EAB_KID" --eab-hmac-key-file wrong \
		<dir.json
	must_fail 4 "nothing: No such file" acme-account -k c.pem --agree-tos --eab-kid x --eab-hmac-key-file nothing <dir.json
	must_fail 2 "takes both" acme-account -k c.pem --agree-tos --eab-kid x <dir.json
	echo 'not base64url!' >wrong
	must_fail 4 "wrong: " acme-account -k c.pem --agree-tos --eab-kid x --eab-hmac-key-file wrong <dir.json
}

@test "keys: none named, none there, through a descriptor, and one that is not the account's" {
	make_key other.pem
	must_pass created
	cp "$OUT" a.json
	must_fail 2 "no account key" acme-account --agree-tos <dir.json
	must_fail 4 "nothing.pem: No such file" acme-account -k nothing.pem --agree-tos <dir.json
	doc_is '.problem.exit == 4 and .directory.newOrder'
	must_pass acme-account -k fd:5 --agree-tos <dir.json 5<account.pem
	doc_is 'has("key") | not'
	cp "$OUT" nokey.json
	must_fail 3 "name it with --account-key" acme-order -d www.example.test <nokey.json
	must_pass acme-order -d www.example.test --account-key account.pem <nokey.json
	must_fail 4 "not the key of this account" acme-order -d www.example.test --account-key other.pem <a.json
}

@test "two things at a time are one too many" {
	created >a.json
	must_pass acme-account --orders <a.json
	must_fail 2 "at a time" acme-account --orders --deactivate <a.json
	must_pass acme-account --find <a.json
	doc_is '.account.status == "valid"'
}

@test "accounts by every kind of key" {
	for spec in "rsa 2048" "rsa 3072" "ecdsa secp256r1" "ecdsa secp384r1" "ecdsa secp521r1"; do
		read -r type size <<<"$spec"
		make_key "$type$size.pem" "$type" "$size"
		must_pass acme-account -k "$type$size.pem" --agree-tos <dir.json
	done
	# Pebble knows no Ed25519; it must be told so by us in its own words
	make_key ed.pem ed25519
	must_fail 6 "acme-account: " acme-account -k ed.pem --agree-tos <dir.json
	doc_is '.problem.type == "urn:ietf:params:acme:error:badSignatureAlgorithm" or (.problem.type | endswith("malformed")) or (.problem.type | endswith("badPublicKey"))'
}
