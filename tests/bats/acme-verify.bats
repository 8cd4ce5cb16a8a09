#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# acme-verify: what it says of good, changed and forged signatures.

load ../helpers

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	make_key ec.pem
	make_key ed.pem ed25519
	make_key other.pem
	printf '%s' '{"acmeutils":1,"nonce":"bm9uY2U","account":{"url":"https://ca.test/acct/1"},
		"request":{"url":"https://ca.test/order","payload":"eyJhIjoxfQ","auth":"jwk"}}' >unsigned.json
	acme-sign -k ec.pem <unsigned.json >signed.json
}

setup() {
	scratch
	cp "$BATS_FILE_TMPDIR"/{*.pem,*.json} .
}

# RFC 8037 appendix A.4
rfc8037=eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg
rfc8037_key='{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}'

@test "the payload, octet for octet" {
	must_pass acme-verify -k ec.pem <signed.json
	printf '{"a":1}' | cmp - "$OUT"
	must_pass acme-verify < <(jq -c ".key = \"$PWD/ec.pem\"" signed.json)
	must_pass acme-verify --account-key ec.pem < <(jq -c '.key = "/nowhere"' signed.json)
	acme-jwk ec.pem >public.json
	must_pass acme-verify -k public.json <signed.json
	[ "$output" = '{"a":1}' ]
}

@test "a JWS that stands alone, compact or not" {
	must_pass acme-verify -k ec.pem < <(jq .request.jws signed.json)
	[ "$output" = '{"a":1}' ]
	jq .request.jws signed.json >jws.json
	must_pass acme-verify -k ec.pem --jws jws.json </dev/null
	[ "$output" = '{"a":1}' ]
	printf '%s\n' "$rfc8037" >compact
	printf '%s' "$rfc8037_key" >key.json
	must_pass acme-verify -k key.json --jws compact </dev/null
	[ "$output" = 'Example of Ed25519 signing' ]
	must_pass acme-verify -k fd:3 --jws - <compact 3<key.json
	[ "$output" = 'Example of Ed25519 signing' ]
}

@test "--json" {
	must_pass acme-verify --json -k ec.pem <signed.json
	doc_is '.payload == {"a":1} and .header.alg == "ES256" and .header.url == "https://ca.test/order" and (has("payloadOctets") | not)'
	[ "$(doc_get .thumbprint)" = "$(acme-jwk --thumbprint ec.pem)" ]
	printf '%s' "$rfc8037" >compact
	printf '%s' "$rfc8037_key" >key.json
	must_pass acme-verify --json -k key.json --jws compact
	doc_is '.payloadOctets == "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc" and (has("payload") | not)'
	[ "$(wc -l <"$OUT")" -eq 1 ]
}

@test "--self: the key inside, with a warning" {
	must_pass acme-verify --self <signed.json
	[ "$output" = '{"a":1}' ]
	[[ $stderr == *"this does not show who signed it"* ]]
	must_pass acme-verify --self < <(cat signed.json signed.json)
	[ "$(grep -c 'does not show' "$ERR")" -eq 1 ]
	acme-sign -k ec.pem < <(jq -c '.request.auth = "kid"' unsigned.json) >kid.json
	must_fail 3 "--self: the protected header has no jwk" acme-verify --self <kid.json
	must_fail 2 "choose one" acme-verify --self -k ec.pem <signed.json
}

@test "what does not verify: status 1, said with -v, no payload" {
	must_fail 1 "does not verify" acme-verify -v -k other.pem <signed.json
	[[ $output != *'{"a":1}'* ]]
	doc_is '.problem.exit == 1 and .problem.program == "acme-verify"'
	must_fail 1 "" acme-verify -k other.pem <signed.json
	[ -z "$stderr" ]
	for change in '.payload = "eyJhIjoyfQ"' '.signature |= (if startswith("A") then "B" else "A" end) + .[1:]' \
		'.protected = "eyJhbGciOiJFUzI1NiJ9"' '.signature = ""'; do
		must_fail 1 "does not verify" acme-verify -v -k ec.pem < <(jq -c ".request.jws |= ($change)" signed.json)
	done
	# an algorithm that this key does not have
	must_fail 1 "does not verify: algorithm ES256 does not go with a key of type ed25519" acme-verify -v -k ed.pem <signed.json
	for alg in none HS256; do
		p=$(printf '{"alg":"%s"}' $alg | basenc --base64url -w 0 | tr -d =)
		must_fail 1 "does not verify: algorithm $alg" acme-verify -v -k ec.pem < <(jq -c ".request.jws.protected = \"$p\"" signed.json)
	done
	jq .request.jws signed.json >jws.json
	must_fail 1 "does not verify" acme-verify -v -k other.pem --jws jws.json
	[ -z "$output" ]
}

@test "what is no JWS: status 3" {
	must_fail 3 "request.jws: missing" acme-verify -k ec.pem <unsigned.json
	must_fail 3 "unprotected header" acme-verify -k ec.pem < <(jq -c '.request.jws.header = {}' signed.json)
	must_fail 3 "several signatures" acme-verify -k ec.pem < <(jq -c '.request.jws.signatures = []' signed.json)
	must_fail 3 "signature: missing" acme-verify -k ec.pem < <(jq -c 'del(.request.jws.signature)' signed.json)
	must_fail 3 "signature: not base64url" acme-verify -k ec.pem < <(jq -c '.request.jws.signature += "="' signed.json)
	p=$(printf '{"alg":"ES256","crit":["b64"],"b64":false}' | basenc --base64url -w 0 | tr -d =)
	must_fail 3 "crit is not supported" acme-verify -k ec.pem < <(jq -c ".request.jws.protected = \"$p\"" signed.json)
	printf 'a.b' >two
	must_fail 3 "two: not a JWS in compact form" acme-verify -k ec.pem --jws two
	must_fail 3 "nowhere" acme-verify -k ec.pem --jws nowhere
}

@test "in a stream each is answered, and the first failure is the status" {
	must_fail 1 "does not verify" acme-verify -v --json -k ec.pem < <(cat signed.json; acme-sign -k other.pem <unsigned.json; cat signed.json)
	[ "$(wc -l <"$OUT")" -eq 3 ]
	[ "$(jq -sc 'map(has("thumbprint"))' "$OUT")" = '[true,false,true]' ]
}

@test "usage" {
	must_fail 3 "name the signer's key" acme-verify <signed.json
	must_fail 2 "name the signer's key" acme-verify --jws x </dev/null
	must_fail 2 "--key -: standard input has what is to be verified" acme-verify -k - <signed.json
	must_fail 4 "nowhere.pem" acme-verify -k nowhere.pem <signed.json
}
