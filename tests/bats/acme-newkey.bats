#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# acme-newkey: keys that others can read, in files that others cannot.

load ../helpers

# bits NAME FILE: what OpenSSL says the key is.
kind() { openssl pkey -in "$1" -noout -text "${@:2}" | head -n 1; }

@test "P-256 in PKCS#8, mode 0600, and its public JWK" {
	umask 0
	must_pass acme-newkey k.pem
	[ "$(stat -c %a k.pem)" = 600 ]
	[ "$(head -n 1 k.pem)" = "-----BEGIN PRIVATE KEY-----" ]
	[[ $(kind k.pem) == *"(256 bit)"* ]]
	[ "$(wc -l <"$OUT")" -eq 1 ]
	doc_is '.kty == "EC" and .crv == "P-256" and (has("d") | not)'
	[ "$output" = "$(acme-jwk k.pem)" ]
	certtool --key-info --infile k.pem >/dev/null
}

@test "every type is what it says, for OpenSSL and for GnuTLS" {
	while read -r type text; do
		must_pass acme-newkey --type "$type" "$type.pem"
		[[ $(kind "$type.pem") == *"$text"* ]] || fail "$type: $(kind "$type.pem")"
		openssl pkey -in "$type.pem" -check -noout >/dev/null 2>&1 || openssl pkey -in "$type.pem" -noout
		openssl pkey -in "$type.pem" -pubout | cmp - <(acme-jwk --pem "$type.pem")
		certtool --key-info --infile "$type.pem" >/dev/null
		[ "$output" = "$(acme-jwk "$type.pem")" ]
	done <<-EOT
	p256 (256 bit
	p384 (384 bit
	p521 (521 bit
	rsa2048 (2048 bit
	rsa3072 (3072 bit
	ed25519 ED25519
	ed448 ED448
	ec-384 (384 bit
	ES256 (256 bit
	EOT
}

@test "a JWK, in a file of mode 0600" {
	must_pass acme-newkey --jwk -t ed25519 k.json
	[ "$(stat -c %a k.json)" = 600 ]
	jq -e '.kty == "OKP" and (.d | length == 43)' k.json
	[ "$output" = "$(jq -cS 'del(.d)' k.json)" ]
}

@test "a key that is there is never overwritten" {
	must_pass acme-newkey k.pem
	cp k.pem before
	must_fail 11 "k.pem: " acme-newkey k.pem
	[ -z "$output" ]
	cmp k.pem before
	ln -s nowhere link
	must_fail 11 "link: " acme-newkey link
	[ ! -e nowhere ]
	must_fail 11 "no/such/place.pem: " acme-newkey no/such/place.pem
	[ "$(find . -type f ! -name '.*' | sort | tr '\n' ' ')" = "./before ./k.pem " ]
}

@test "encrypted, as OpenSSL and GnuTLS can read it" {
	printf 'korrektes Pferd\n' >pass
	for type in p256 rsa2048 ed448; do
		must_pass acme-newkey -t $type --passphrase-file pass $type.pem
		[ "$(head -n 1 $type.pem)" = "-----BEGIN ENCRYPTED PRIVATE KEY-----" ]
		openssl pkey -in $type.pem -passin file:pass -pubout | cmp - <(acme-jwk --pem --passphrase-file pass $type.pem)
		[ "$output" = "$(acme-jwk --passphrase-file fd:3 $type.pem 3<pass)" ]
		certtool --key-info --infile $type.pem --password 'korrektes Pferd' >/dev/null
		must_fail 4 "$type.pem: the key is encrypted" acme-jwk $type.pem
		printf 'falsches Pferd\n' >wrong
		must_fail 4 "$type.pem: the passphrase is wrong" acme-jwk --passphrase-file wrong $type.pem
	done
	# a strong derivation: 600000 rounds with SHA-256
	openssl asn1parse -in p256.pem | grep -q 'INTEGER *:0927C0'
	openssl asn1parse -in p256.pem | grep -q hmacWithSHA256
	openssl asn1parse -in p256.pem | grep -q aes-256-cbc
}

@test "no two keys, salts or IVs are equal" {
	printf 'x\n' >pass
	for i in 1 2 3; do
		must_pass acme-newkey --passphrase-file pass $i.pem
		acme-jwk --thumbprint --passphrase-file pass $i.pem >>thumbprints
		openssl asn1parse -in $i.pem | sed -n 's/.*OCTET STRING *\[HEX DUMP\]:\([0-9A-F]\{32\}\)$/\1/p' >>random
	done
	[ "$(sort -u thumbprints | wc -l)" -eq 3 ]
	[ "$(sort -u random | wc -l)" -eq 6 ]
}

@test "usage" {
	must_fail 2 "name one file" acme-newkey
	must_fail 2 "name one file" acme-newkey a b
	must_fail 2 "standard output is for its public half" acme-newkey -
	must_fail 2 "not a key type" acme-newkey -t rsa512x k.pem
	must_fail 2 "an RSA key has 2048 to 8192 bits" acme-newkey -t rsa1024 k.pem
	printf 'x\n' >pass
	must_fail 2 "a JWK is not encrypted" acme-newkey --jwk --passphrase-file pass k.pem
	must_fail 4 "nowhere" acme-newkey --passphrase-file nowhere k.pem
	: >empty
	must_fail 4 "empty" acme-newkey --passphrase-file empty k.pem
	[ ! -e k.pem ]
}
