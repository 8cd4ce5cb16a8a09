#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# acme-sign: the protected header it makes, the one it is given, and signatures that OpenSSL verifies.

load ../helpers

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	make_key ec.pem
	make_key rsa.pem rsa
	make_key ed.pem ed25519
	make_key other.pem
}

setup() {
	scratch
	cp "$BATS_FILE_TMPDIR"/*.pem .
	doc='{"acmeutils":1,"nonce":"bm9uY2U","account":{"url":"https://ca.test/acct/1"},
		"request":{"url":"https://ca.test/order","payload":"eyJhIjoxfQ","into":"order"},"other":[1]}'
}

unb64() { basenc --base64url -d <<<"$1$(printf '%*s' $((-${#1} & 3)) '' | tr ' ' =)"; }
header() { unb64 "$(doc_get .request.jws.protected)"; }
with() { jq -c "$1" <<<"$doc"; }

@test "the header has alg, kid, nonce, url; the nonce is spent; the rest stays" {
	must_pass acme-sign -k ec.pem <<<"$doc"
	[ "$(header)" = '{"alg":"ES256","kid":"https://ca.test/acct/1","nonce":"bm9uY2U","url":"https://ca.test/order"}' ]
	doc_is '(.request.jws | keys == ["payload", "protected", "signature"]) and .request.jws.payload == .request.payload'
	doc_is '(has("nonce") | not) and .other == [1] and .request.into == "order"'
}

@test "auth jwk: the public key in place of the account's URL" {
	must_pass acme-sign -k ec.pem < <(with '.request.auth = "jwk" | del(.account)')
	[ "$(header | jq -cS .jwk)" = "$(acme-jwk ec.pem)" ]
	[ "$(header | jq -c keys)" = '["alg","jwk","nonce","url"]' ]
}

@test "OpenSSL verifies RS256, PS256 and EdDSA; acme-verify all" {
	to_sign() { printf %s "$(doc_get '.request.jws | .protected + "." + .payload')"; }
	signature() { unb64 "$(doc_get .request.jws.signature)"; }
	must_pass acme-sign -k rsa.pem <<<"$doc"
	to_sign >input
	signature >sig
	openssl pkey -in rsa.pem -pubout -out rsa.pub
	openssl dgst -sha256 -verify rsa.pub -signature sig input
	must_pass acme-sign -k rsa.pem < <(with '.request.protected = {alg: "PS256"}')
	to_sign >input
	signature >sig
	openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -verify rsa.pub -signature sig input
	must_pass acme-sign -k ed.pem <<<"$doc"
	to_sign >input
	signature >sig
	openssl pkey -in ed.pem -pubout -out ed.pub
	openssl pkeyutl -verify -pubin -inkey ed.pub -rawin -in input -sigfile sig
	for key in ec rsa ed; do
		acme-sign -k $key.pem <<<"$doc" >signed.json
		must_pass acme-verify -k $key.pem <signed.json
		[ "$output" = '{"a":1}' ]
	done
}

@test "the document names the key; --key and --account-key come first" {
	must_pass acme-sign < <(with ".key = \"$PWD/ec.pem\"")
	cp "$OUT" signed.json
	must_pass acme-verify -k ec.pem <signed.json
	must_pass acme-sign --account-key ed.pem < <(with ".key = \"$PWD/ec.pem\"")
	[ "$(header | jq -r .alg)" = EdDSA ]
	must_fail 3 "key: missing in the document" acme-sign <<<"$doc"
	doc_is '.problem.exit == 3 and .nonce == "bm9uY2U" and .other == [1]'
	must_fail 4 "nowhere.pem" acme-sign -k nowhere.pem <<<"$doc"
	must_fail 2 "--key -: standard input has the documents" acme-sign -k - <<<"$doc"
}

@test "several documents, one descriptor for the key" {
	must_pass acme-sign -k fd:5 < <(for i in 1 2 3; do with ".nonce = \"n$i\""; done) 5<ec.pem
	[ "$(jq -r .request.jws.protected "$OUT" | while read -r p; do unb64 "$p" | jq -r .nonce; done | tr '\n' ' ')" = "n1 n2 n3 " ]
	# a key for each
	must_pass acme-sign < <(for k in ec ed ec; do with ".key = \"$PWD/$k.pem\""; done)
	[ "$(jq -r .request.jws.protected "$OUT" | while read -r p; do unb64 "$p" | jq -r .alg; done | tr '\n' ' ')" = "ES256 EdDSA ES256 " ]
}

@test "a protected header that is an object is completed" {
	must_pass acme-sign -k ec.pem < <(with '.request.protected = {nonce: "mine", url: "https://else.test/", x: [1]}')
	[ "$(header)" = '{"alg":"ES256","kid":"https://ca.test/acct/1","nonce":"mine","url":"https://else.test/","x":[1]}' ]
	doc_is '.nonce == "bm9uY2U"'
	must_pass acme-sign -k ec.pem < <(with '.request.protected = {jwk: {kty: "none"}} | del(.account)')
	[ "$(header | jq -c '[.jwk, has("kid")]')" = '[{"kty":"none"},false]' ]
	must_fail 4 "algorithm RS256 does not go with a key of type p256" acme-sign -k ec.pem < <(with '.request.protected.alg = "RS256"')
	must_fail 4 "algorithm none" acme-sign -k ec.pem < <(with '.request.protected.alg = "none"')
	must_fail 3 "alg: not a string" acme-sign -k ec.pem < <(with '.request.protected.alg = 1')
	must_fail 3 "request.protected: neither an object nor a string" acme-sign -k ec.pem < <(with '.request.protected = [1]')
}

@test "a protected header that is a string is signed as it stands" {
	raw=$(printf '{"alg":"none","nonce":"a","nonce":"b" ' | basenc --base64url -w 0 | tr -d =)
	must_pass acme-sign -k ed.pem < <(with ".request.protected = \"$raw\" | del(.nonce, .account)")
	doc_is ".request.jws.protected == \"$raw\""
	input=$(doc_get '.request.jws | .protected + "." + .payload')
	printf %s "$input" >input
	unb64 "$(doc_get .request.jws.signature)" >sig
	openssl pkey -in ed.pem -pubout -out ed.pub
	openssl pkeyutl -verify -pubin -inkey ed.pub -rawin -in input -sigfile sig
	# alg is taken from it when it can be made
	ps=$(printf '{"alg":"PS256"}' | basenc --base64url -w 0 | tr -d =)
	must_pass acme-sign -k rsa.pem < <(with ".request.protected = \"$ps\"")
	cp "$OUT" signed.json
	must_pass acme-verify -k rsa.pem <signed.json
	must_fail 3 "request.protected: not base64url" acme-sign -k ed.pem < <(with '.request.protected = "a b"')
}

@test "POST-as-GET, and payloads of any octets" {
	must_pass acme-sign -k ec.pem < <(with '.request.payload = ""')
	doc_is '.request.jws.payload == ""'
	must_pass acme-sign -k ec.pem < <(with '.request.payload = "AP8"')
	cp "$OUT" signed.json
	must_pass acme-verify -k ec.pem <signed.json
	[ "$(od -An -tx1 "$OUT" | tr -d ' ')" = 00ff ]
	must_fail 3 "request.payload: not base64url" acme-sign -k ec.pem < <(with '.request.payload = "AP8="')
	must_fail 3 "request.payload: not a string" acme-sign -k ec.pem < <(with '.request.payload = {}')
}

@test "what is missing is named" {
	must_fail 3 "nonce: missing in the document: acme-directory --nonce fetches one" acme-sign -k ec.pem < <(with 'del(.nonce)')
	must_fail 3 "account.url: missing" acme-sign -k ec.pem < <(with 'del(.account)')
	must_fail 3 "request" acme-sign -k ec.pem < <(with 'del(.request)')
	must_fail 3 "request.url: missing" acme-sign -k ec.pem < <(with 'del(.request.url)')
	must_fail 3 "request.auth: secret: neither kid nor jwk" acme-sign -k ec.pem < <(with '.request.auth = "secret"')
	# what was not signed keeps its nonce
	doc_is '.nonce == "bm9uY2U" and (.request | has("jws") | not)'
}

@test "a public key does not sign" {
	acme-jwk --pem -o public.pem ec.pem
	must_fail 4 "public.pem: only a public key here" acme-sign -k public.pem <<<"$doc"
}
