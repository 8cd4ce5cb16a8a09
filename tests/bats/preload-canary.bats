#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# No secret is left in memory that a program gives back: private numbers as octets and as base64url, PEM text,
# passphrases, MAC keys.

load ../helpers

setup_file() {
	start_pebble --eab
	cd "$BATS_FILE_TMPDIR" || return
	make_key account.pem
	make_key www.pem
	make_key rsa.pem rsa
	make_key ed.pem ed25519
	printf 'correct horse battery' >passphrase
	certtool --load-privkey account.pem --to-p8 --pkcs-cipher aes-256 --password "$(cat passphrase)" --no-text --outfile locked.pem 2>/dev/null ||
		certtool --key-info --pkcs8 --infile account.pem --to-p8 --password "$(cat passphrase)" --outfile locked.pem
	acme-jwk --private account.pem >account.jwk
	acme-jwk --private rsa.pem >rsa.jwk
	acme-directory "$ACME_DIRECTORY" >directory.json
	acme-account -k account.pem --agree-tos --eab-kid "$PEBBLE_EAB_KID" --eab-hmac-key-file "$PEBBLE_EAB_HMAC_FILE" \
		<directory.json >account.json
	acme-order -d canary.example.test <account.json >order.json
	acme-order -d u.example.test --unsigned <account.json >unsigned.json
}

setup() {
	scratch
	d=$BATS_FILE_TMPDIR
	in=/dev/null
}

hex() { od -An -v -tx1 | tr -d ' \n'; }

# secrets KEYFILE: its private numbers, raw and as base64url, and the middle of its PEM, as CANARY wants them.
secrets() {
	local member out=
	for member in d p q dp dq qi; do
		jq -e "has(\"$member\")" >/dev/null <<<"$(acme-jwk --private "$1")" || continue
		acme-jwk --private "$1" | jq -j ".$member" >secret.b64
		out+=$(hex <secret.b64 | cut -c 1-200),
		out+=$(tr -- '-_' '+/' <secret.b64 | base64 -d 2>/dev/null | hex | cut -c 1-200),
	done
	# PEM's lines, past the octets that say what kind of key it is
	out+=$(sed -n 2p "$1" | cut -c 52-64 | tr -d '\n' | hex)
	rm secret.b64
	echo "$out"
}

# watched CMD...: with $CANARY to look for
watched() { CANARY_SEEN=$BATS_TEST_TMPDIR/.seen LD_PRELOAD=$BUILDDIR/tests/preload/canary.so "$@" <"$in"; }
clean() {
	must_pass watched "$@"
	# it did look
	[ "$(<.seen)" -ge 10 ] || wrong "looked at $(<.seen) blocks" "$@"
}

@test "the canary sings: a program that frees a secret is found" {
	cat >leak.c <<-'EOT'
	#include <stdlib.h>
	#include <string.h>
	int main(int argc, char **argv)
	{
		char *p = malloc(64);
		strcpy(p, "here is the secret of mine");
		if (argc > 1 && *argv[1] == 'w')
			memset(p, 0, 64);
		if (argc > 1 && *argv[1] == 'r')
			p = realloc(p, 1 << 20);
		free(p);
		return 0;
	}
	EOT
	${CC:-cc} -O0 -fno-builtin -o leak leak.c
	export CANARY
	CANARY=$(printf 'the secret of' | hex)
	must_pass watched ./leak wipe
	status=0
	watched ./leak 2>err || status=$?
	[ "$status" -eq 99 ]
	grep -q 'memory given to free' err
	status=0
	watched ./leak realloc 2>err || status=$?
	[ "$status" -eq 99 ]
	grep -q 'memory given to realloc' err
}

@test "converting keys" {
	export CANARY
	for key in account.pem rsa.pem ed.pem; do
		CANARY=$(secrets "$d/$key")
		clean acme-jwk "$d/$key"
		clean acme-jwk --private "$d/$key"
		clean acme-jwk --pem --private "$d/$key"
		clean acme-jwk --private -o "out.$key" "$d/$key"
		clean acme-jwk --pem --private "out.$key"
		clean acme-jwk --thumbprint "out.$key"
	done
}

@test "encrypted keys: the passphrase and the key" {
	export CANARY
	CANARY=$(secrets "$d/account.pem"),$(hex <"$d/passphrase")
	clean acme-jwk --passphrase-file "$d/passphrase" "$d/locked.pem"
	clean acme-jwk --private --passphrase-file "$d/passphrase" "$d/locked.pem"
	clean acme-jwk --pem --private --new-passphrase-file "$d/passphrase" "$d/account.pem"
	CANARY=$(hex <"$d/passphrase")
	clean acme-newkey --passphrase-file "$d/passphrase" k.pem
}

@test "signing: CSRs, requests, orders" {
	export CANARY
	CANARY=$(secrets "$d/www.pem")
	clean acme-csr -k "$d/www.pem" -d a.example.test
	CANARY=$(secrets "$d/account.pem")
	in=$d/unsigned.json
	clean acme-sign
	clean acme-sign -k "$d/account.jwk"
	in=$d/account.json
	clean acme-order -d more.example.test
	clean acme-order -d more.example.test --account-key "$d/account.jwk"
	in=$d/directory.json
	clean acme-account -k "$d/account.jwk" --find
}

@test "the MAC key of an external account binding" {
	export CANARY
	make_key fresh.pem
	CANARY=$(hex <"$PEBBLE_EAB_HMAC_FILE"),$(tr -- '-_' '+/' <"$PEBBLE_EAB_HMAC_FILE" | base64 -d 2>/dev/null | hex),$(secrets fresh.pem)
	in=$d/directory.json
	clean acme-account -k fresh.pem --agree-tos --eab-kid "$PEBBLE_EAB_KID" --eab-hmac-key-file "$PEBBLE_EAB_HMAC_FILE"
}

@test "on the way out of a failure, too" {
	export CANARY
	CANARY=$(secrets "$d/account.pem")
	in=$d/account.json
	# the server refuses; a file with two keys; a key that is cut short
	must_fail 6 "acme-order: " watched acme-order carrier-pigeon:coo
	cat "$d/account.pem" "$d/www.pem" >two.pem
	in=/dev/null
	capture watched acme-jwk --private two.pem
	[ "$status" -le 11 ] || wrong "left something" acme-jwk two.pem
	head -c 100 "$d/account.jwk" >cut.jwk
	must_fail 4 "cut.jwk" watched acme-jwk cut.jwk
	head -n 3 "$d/account.pem" >cut.pem
	must_fail 4 "cut.pem" watched acme-jwk cut.pem
}
