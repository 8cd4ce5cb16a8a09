#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# acme-jwk: keys of every kind and of other clients, in and out, and what is no key.

load ../helpers

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	openssl ecparam -name prime256v1 -genkey -out ec.pem # with a block of parameters in front
	openssl genrsa -traditional -out rsa.pem 2048 2>/dev/null
	openssl genpkey -algorithm ed25519 -out ed.pem
	openssl genpkey -algorithm ed448 -out ed448.pem
	printf 'geheim\n' >pass
}

setup() {
	scratch
	cp "$BATS_FILE_TMPDIR"/{ec,rsa,ed,ed448}.pem "$BATS_FILE_TMPDIR/pass" .
}

# same FILE...: acme-jwk finds the public key of ec.pem in each.
same() {
	local f want
	want=$(openssl pkey -in ec.pem -pubout)
	for f; do
		must_pass acme-jwk --pem --passphrase-file pass "$f"
		[ "$output" = "$want" ] || wrong "another key" acme-jwk "$f"
	done
}

@test "PEM and DER of every kind" {
	openssl pkcs8 -topk8 -nocrypt -in ec.pem -out pkcs8.pem
	openssl ec -in ec.pem -outform DER -out sec1.der 2>/dev/null
	openssl ec -in ec.pem -no_public -out short.pem 2>/dev/null
	openssl pkcs8 -topk8 -nocrypt -in ec.pem -outform DER -out pkcs8.der
	openssl pkey -in ec.pem -pubout -out public.pem
	openssl pkey -in ec.pem -pubout -outform DER -out public.der
	same ec.pem pkcs8.pem sec1.der short.pem pkcs8.der public.pem public.der
	openssl req -new -x509 -key ec.pem -subj /CN=x -out cert.pem
	openssl x509 -in cert.pem -outform DER -out cert.der
	openssl req -new -key ec.pem -subj /CN=x -out csr.pem
	openssl req -new -key ec.pem -subj /CN=x -outform DER -out csr.der
	same cert.pem cert.der csr.pem csr.der
	# key and certificate in one file, text between, Windows line ends, and a private key is worth more
	openssl x509 -in cert.pem -text | cat - pkcs8.pem | sed 's/$/\r/' >all.pem
	same all.pem
	must_pass acme-jwk --private all.pem
	doc_is 'has("d")'
}

@test "encrypted keys, old and new" {
	for cipher in aes128 aes256 des3 camellia256; do
		openssl ec -in ec.pem -$cipher -passout file:pass -out old-$cipher.pem 2>/dev/null
	done
	for cipher in aes-128-cbc aes-256-cbc des3; do
		openssl pkcs8 -topk8 -in ec.pem -v2 $cipher -passout file:pass -out v2-$cipher.pem
	done
	for prf in hmacWithSHA1 hmacWithSHA256 hmacWithSHA512; do
		openssl pkcs8 -topk8 -in ec.pem -v2 aes-256-cbc -v2prf $prf -passout file:pass -out $prf.pem
	done
	openssl pkcs8 -topk8 -in ec.pem -v1 PBE-SHA1-3DES -passout file:pass -out v1.pem
	openssl pkcs8 -topk8 -in ec.pem -outform DER -passout file:pass -out v2.der
	certtool --to-p8 --load-privkey ec.pem --password geheim --outfile gnutls.pem 2>/dev/null
	same old-*.pem v2-*.pem hmac*.pem v1.pem v2.der gnutls.pem
	printf 'falsch\n' >wrong
	for f in old-*.pem v2-*.pem v1.pem; do
		must_fail 4 "$f: the key is encrypted" acme-jwk "$f"
		must_fail 4 "$f: the passphrase is wrong" acme-jwk --passphrase-file wrong "$f"
	done
	openssl pkcs8 -topk8 -in ec.pem -scrypt -passout file:pass -out scrypt.pem
	must_fail 4 "scrypt.pem: encrypted with a key derivation that is not supported" acme-jwk --passphrase-file pass scrypt.pem
}

@test "there and back: JWK, PKCS#8, PKCS#1, SEC 1, encrypted" {
	for type in ec rsa ed ed448; do
		openssl pkey -in $type.pem -out $type.p8
		must_pass acme-jwk --private -o $type.jwk $type.pem
		must_pass acme-jwk --private --pem $type.jwk
		cmp "$OUT" $type.p8
		must_pass acme-jwk --private --pem --new-passphrase-file pass -o $type.enc $type.jwk
		openssl pkey -in $type.enc -passin file:pass | cmp - $type.p8
		must_pass acme-jwk --private --passphrase-file pass $type.enc
		cmp "$OUT" $type.jwk
	done
	must_pass acme-jwk --private --pem --traditional rsa.jwk
	cmp "$OUT" rsa.pem
	must_pass acme-jwk --private --pem --traditional ec.jwk
	cmp "$OUT" <(openssl ec -in ec.pem 2>/dev/null)
	must_fail 4 "Ed25519 has no form but PKCS#8" acme-jwk --private --pem --traditional ed.pem
}

@test "account keys of other clients" {
	n=$(openssl rsa -in rsa.pem -noout -modulus | sed 's/.*=//' | basenc --base16 -d | basenc --base64url -w 0 | tr -d =)
	# certbot: josepy writes members in its own order, and no kid
	acme-jwk --private rsa.pem | jq -c '{n, e, d, p, q, dp, dq, qi, kty}' >private_key.json
	must_pass acme-jwk private_key.json
	doc_is ".n == \"$n\""
	# Posh-ACME
	acme-jwk --private ec.pem | jq '{id: "1", status: "valid", alg: "ES256", key: ., KeyLength: "ec-256"}' >acct.json
	same acct.json
	# Traefik
	openssl rsa -in rsa.pem -traditional -outform DER 2>/dev/null | base64 -w 0 |
		jq -R '{le: {Account: {Email: "a@example.test", PrivateKey: ., KeyType: "2048"}, Certificates: null}}' >acme.json
	must_pass acme-jwk acme.json
	doc_is ".n == \"$n\""
	jq -c '.other = .le' acme.json >two.json
	must_fail 4 "two.json: account keys of 2 resolvers" acme-jwk two.json
	# lego, acme.sh, uacme, dehydrated: PEM as in the other tests; a JWK Set as step and jose have
	acme-jwk --private ec.pem | jq -c '{keys: [.]}' >set.json
	same set.json
	jq -c '.keys += .keys' set.json >sets.json
	must_fail 4 "sets.json: a JWK Set with 2 private keys among 2" acme-jwk sets.json
}

@test "thumbprint, SPKI, key id" {
	cat >rfc7638.json <<-'EOT'
	{ "kty": "RSA", "e": "AQAB", "alg": "RS256", "kid": "2011-04-29",
	  "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw" }
	EOT
	must_pass acme-jwk --thumbprint rfc7638.json
	[ "$output" = NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs ]
	must_pass acme-jwk --spki ec.pem
	[ "$output" = "$(openssl pkey -in ec.pem -pubout -outform DER | basenc --base64url -w 0 | tr -d =)" ]
	must_pass acme-jwk --key-id ec.pem
	[ "$output" = "$(openssl pkey -in ec.pem -pubout -outform DER | sha256sum | cut -d ' ' -f 1)" ]
}

@test "from a file, an option, standard input, a descriptor" {
	want=$(acme-jwk ec.pem)
	must_pass acme-jwk -k ec.pem
	[ "$output" = "$want" ]
	must_pass acme-jwk <ec.pem
	[ "$output" = "$want" ]
	must_pass acme-jwk - <ec.pem
	[ "$output" = "$want" ]
	must_pass acme-jwk fd:7 7<ec.pem
	[ "$output" = "$want" ]
	must_fail 4 "fd:9: " acme-jwk fd:9 9>&-
	must_fail 4 "none.pem: No such file" acme-jwk none.pem
	must_fail 4 "standard input: empty" acme-jwk </dev/null
}

@test "files: private ones are 0600, and none is replaced unasked" {
	umask 022
	must_pass acme-jwk --private -o k.jwk ec.pem
	[ -z "$output" ]
	[ "$(stat -c %a k.jwk)" = 600 ]
	must_pass acme-jwk -o public.jwk ec.pem
	[ "$(stat -c %a public.jwk)" = 644 ]
	cp k.jwk before
	must_fail 11 "k.jwk: " acme-jwk --private -o k.jwk ed.pem
	cmp k.jwk before
	must_pass acme-jwk --private --force -o k.jwk ed.pem
	cmp k.jwk <(acme-jwk --private ed.pem)
	[ "$(stat -c %a k.jwk)" = 600 ]
	# replacing a file that all could read
	chmod 644 k.jwk
	must_pass acme-jwk --private --force -o k.jwk ed.pem
	[ "$(stat -c %a k.jwk)" = 600 ]
}

@test "the private key comes out only when it is asked for" {
	d=$(acme-jwk --private ec.pem | jq -r .d)
	for option in '' --pem --spki --thumbprint --key-id; do
		must_pass acme-jwk $option -v ec.pem
		[[ $output$stderr != *"$d"* && $output != *PRIVATE* ]] || fail "acme-jwk $option"
	done
	openssl pkey -in ec.pem -pubout -out public.pem
	must_fail 4 "public.pem: only a public key here" acme-jwk --private public.pem
	acme-jwk ec.pem >public.jwk
	must_fail 4 "public.jwk: JWK: a public JWK" acme-jwk --private public.jwk
}

@test "keys that prove nothing are refused" {
	openssl genrsa -out small.pem 1024 2>/dev/null
	must_fail 4 "small.pem: RSA of 1024 bits: 2048 to 8192 are accepted" acme-jwk small.pem
	openssl ecparam -name secp256k1 -genkey -noout -out k1.pem
	must_fail 4 "k1.pem: EC: not one of the curves" acme-jwk k1.pem
	openssl genpkey -algorithm x25519 -out x.pem
	must_fail 4 "x.pem: a private key of a type that is not known" acme-jwk x.pem
	printf '{"kty":"OKP","crv":"Ed25519","x":"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}' >identity.json
	must_fail 4 "identity.json: JWK: Ed25519: a point of small order" acme-jwk identity.json
	must_pass acme-jwk rsa.pem
	cp "$OUT" rsa.jwk
	for e in AQ Aw AQAA; do
		jq -c --arg e $e '.e = $e' rsa.jwk >e.jwk
		must_fail 4 "e.jwk: JWK: RSA: the exponent is not an odd number of at least 65537" acme-jwk e.jwk
	done
	# halves of two keys
	acme-jwk --private ec.pem | jq -c --arg d "$(acme-jwk --private ed.pem | jq -r .d)" '.d = $d' >halves.jwk
	must_fail 4 "halves.jwk: JWK: private key: its numbers do not belong together" acme-jwk --private halves.jwk
	# a certificate of such a key
	openssl req -new -x509 -key small.pem -subj /CN=x -out small.crt
	must_fail 4 "small.crt: RSA of 1024 bits" acme-jwk small.crt
}

@test "what is no key" {
	printf 'hello\n' >text
	must_fail 4 "text: not a JWK, PEM or DER key" acme-jwk text
	printf '{"a":1}' >a.json
	must_fail 4 "a.json: JSON, but not a JWK or JWK Set" acme-jwk a.json
	printf '{"kty":"EC","kty":"EC"}' >twice.json
	must_fail 4 "twice.json: line 1" acme-jwk twice.json
	ssh-keygen -q -t ed25519 -N '' -f ssh 2>/dev/null || printf '%s\n' '-----BEGIN OPENSSH PRIVATE KEY-----' AAAA '-----END OPENSSH PRIVATE KEY-----' >ssh
	must_fail 4 "ssh: an OpenSSH key: make PKCS#8 of a copy with ssh-keygen" acme-jwk ssh
	cat ec.pem ed.pem >both.pem
	must_fail 4 "both.pem: more than one private key" acme-jwk both.pem
	head -c 300000 /dev/zero >zero
	must_fail 4 "zero: larger than 262144 octets" acme-jwk zero
	must_fail 4 "" acme-jwk .
}

@test "usage" {
	must_fail 2 "name one key" acme-jwk ec.pem ed.pem
	must_fail 2 "name one key" acme-jwk -k ec.pem ed.pem
	must_fail 2 "choose one" acme-jwk --pem --spki ec.pem
	must_fail 2 "--private goes with" acme-jwk --private --thumbprint ec.pem
	must_fail 2 "go with --pem --private" acme-jwk --traditional --pem ec.pem
	must_fail 2 "go with --pem --private" acme-jwk --new-passphrase-file pass --private ec.pem
	must_fail 2 "only PKCS#8 is encrypted" acme-jwk --new-passphrase-file pass --pem --private --traditional ec.pem
	must_fail 2 "--force goes with" acme-jwk --force ec.pem
}
