#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Keys that stay in a PKCS#11 token: SoftHSM, with a token of its own for this file.

load ../helpers

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	mkdir tokens
	printf 'directories.tokendir = %s/tokens\nobjectstore.backend = file\nlog.level = ERROR\n' "$PWD" >softhsm.conf
	export SOFTHSM2_CONF=$PWD/softhsm.conf DIR=$PWD
	# SoftHSM loses some octets of each Ed25519 key in libcrypto
	echo 'leak:libcrypto' >lsan
	export LSAN_OPTIONS=suppressions=$PWD/lsan:print_suppressions=0
	softhsm2-util --init-token --free --label tests --pin 1234 --so-pin 5678 >/dev/null
	printf '1234\n' >pin
	printf '4321\n' >wrong
	for key in EC:prime256v1/ec/01 rsa:2048/rsa/02 EC:edwards25519/ed/03; do
		IFS=/ read -r type label id <<<"$key"
		pkcs11-tool --module "$(module)" --login --pin 1234 --token-label tests --keypairgen --key-type "$type" \
			--label "$label" --id "$id" >/dev/null 2>&1 || return
	done
}

module() { find /usr/lib -name libsofthsm2.so -print -quit; }

setup() { scratch; }

doc='{"acmeutils":1,"nonce":"bm9uY2U","request":{"url":"https://ca.test/a","payload":"","auth":"jwk"}}'

@test "the public half, by public object, by the private one, and certtool agrees" {
	for key in ec rsa ed; do
		must_pass acme-jwk --pem "pkcs11:token=tests;object=$key"
		p11tool --export "pkcs11:token=tests;object=$key;type=public" 2>/dev/null | sed -n '/BEGIN/,/END/p' >want.pem
		[ -s want.pem ]
		cmp "$OUT" want.pem
		must_pass acme-jwk --pem --passphrase-file "$DIR/pin" "pkcs11:token=tests;object=$key;type=private"
		cmp "$OUT" want.pem
	done
}

@test "each key signs JWS that verify" {
	for key in ec rsa ed; do
		url="pkcs11:token=tests;object=$key"
		must_pass acme-sign -k "$url" --passphrase-file "$DIR/pin" <<<"$doc"
		cp "$OUT" signed.json
		must_pass acme-verify -k "$url" <signed.json
		acme-jwk "$url" >public.json
		must_pass acme-verify -k public.json <signed.json
	done
}

@test "several documents and one login" {
	must_pass acme-sign -k "pkcs11:token=tests;object=ec" --passphrase-file fd:3 <<<"$doc $doc $doc" 3<"$DIR/pin"
	[ "$(wc -l <"$OUT")" -eq 3 ]
}

@test "the PIN: in a file, by pin-source, not in the URL" {
	url="pkcs11:token=tests;object=ec"
	must_pass acme-sign -k "$url?pin-source=file:$DIR/pin" <<<"$doc"
	must_pass acme-sign -k "$url?pin-source=$DIR/pin" <<<"$doc"
	must_pass acme-sign -k "$url;pinfile=$DIR/pin" <<<"$doc"
	must_fail 4 "the token wants a PIN" acme-sign -k "$url" <<<"$doc"
	must_fail 4 "key URL: a PIN inside" acme-sign -k "$url?pin-value=1234" <<<"$doc"
	[[ $output$stderr != *1234* ]] || fail "the PIN was shown"
	must_fail 4 "commands are not run" acme-sign -k "$url?pin-source=%7Ctouch%20ran" <<<"$doc"
	[ ! -e ran ]
}

@test "a wrong PIN is tried once" {
	url="pkcs11:token=tests;object=ec"
	for source in "-k $url?pin-source=file:$DIR/wrong" "-k $url --passphrase-file $DIR/wrong"; do
		# shellcheck disable=SC2086 # options
		GNUTLS_DEBUG_LEVEL=2 must_fail 4 "the token says that the PIN is wrong; it was tried once" acme-sign $source <<<"$doc"
		# GnuTLS says when it has to ask and gets no answer: that ends it
		[ "$(grep -c 'No suitable pin callback but login required' "$ERR")" -eq 1 ]
		doc_is '.problem.exit == 4 and .nonce == "bm9uY2U"'
		[[ $output$stderr != *4321* ]] || fail "the PIN was shown"
	done
	must_pass acme-sign -k "$url" --passphrase-file "$DIR/pin" <<<"$doc"
}

@test "a key in a token does not leave it" {
	for form in "--private" "--private --pem"; do
		# shellcheck disable=SC2086 # two options
		must_fail 4 "the private key cannot leave its token" acme-jwk $form --passphrase-file "$DIR/pin" "pkcs11:token=tests;object=ec"
	done
	[ -z "$output" ]
}

@test "what is not there" {
	must_fail 4 "pkcs11:token=tests;object=none: no such key in any token" acme-jwk --passphrase-file "$DIR/pin" "pkcs11:token=tests;object=none"
	must_fail 4 "no such key in any token" acme-jwk "pkcs11:token=other;object=ec"
	must_fail 4 "pkcs11:nonsense: " acme-jwk "pkcs11:nonsense"
	must_fail 4 "this build of GnuTLS does not know such URLs" acme-jwk "tpmkey:uuid=1"
}

@test "a CSR is signed in the token" {
	for key in ec rsa ed; do
		must_pass acme-csr -k "pkcs11:token=tests;object=$key" --passphrase-file "$DIR/pin" --pem -d www.example.test </dev/null
		certtool --crq-info --infile "$OUT" >info
		grep -q 'Self signature: verified' info
		grep -q 'DNSname: www.example.test' info
	done
}

@test "an account and a certificate with keys in a token" {
	start_pebble
	account="pkcs11:token=tests;object=ec?pin-source=file:$DIR/pin"
	www="pkcs11:token=tests;object=rsa?pin-source=file:$DIR/pin"
	acme-directory | acme-account -k "$account" --agree-tos >account.json
	[ "$(doc_get .account.thumbprint account.json)" = "$(acme-jwk --thumbprint "pkcs11:token=tests;object=ec")" ]
	[ "$(doc_get .key account.json)" = "$account" ]
	acme-order -d www.example.test <account.json |
		acme-http01 --listen "127.0.0.1:$ACME_TEST_HTTP_PORT" acme-respond >proved.json
	must_pass acme-finalize -k "$www" <proved.json
	cp "$OUT" final.json
	must_pass acme-cert <final.json
	cp "$OUT" chain.pem
	acme-jwk --pem chain.pem | cmp - <(acme-jwk --pem "pkcs11:token=tests;object=rsa")
	stop_pebble
}
