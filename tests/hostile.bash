# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# hostile: what the hostile-*.bats files load ("load ../hostile", behind the helpers and rawserve). They show what the
# programs do about a server that misbehaves, row by row of the catalogue (HNN). Each test first runs the same command
# against the same server without the fault, from the same document.
#
#   row STAGE CMD...           the command, and its run without a fault. STAGE: begun, account, order, answered, proved,
#                              issued, cert; '' for none
#   bad STATUS TEXT [MAX]      again with the rules on standard input before acme.raw's: exactly this status and text, the
#                              document travels on with its order, printable lines, at most MAX requests (12)
#   fine                       again with such rules, and still good
#   directory, account, order, finalize: the program with the options it needs; CERTS has the keys and certificates

BASE=$SRCDIR/tests/acme.raw

# One run without a fault; what each step left is kept.
setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	make_certs
	make_key account.pem
	serve </dev/null
	acme-directory --cacert "$RAW_CA" "$RAW_URL/dir" >begun.doc
	acme-account -k account.pem --agree-tos <begun.doc >account.doc
	acme-order -d www.example.test <account.doc >order.doc
	acme-answer -t http-01 <order.doc >answered.doc
	acme-respond <answered.doc >proved.doc
	acme-finalize -k www.pem <proved.doc >issued.doc
	acme-cert <issued.doc >got.pem
	cmp got.pem chain.pem
	acme-cert --json <issued.doc >cert.doc
	sed -i "s#$RAW_URL#@BASE@#g; s#$RAW_CA#@CA@#g" ./*.doc
	reap
}

# A CA of two levels, and certificates for www.pem and the faults of section 3.7.
make_certs() {
	local ca='ca
cert_signing_key
expiration_days = 3650' leaf='dns_name = www.example.test
signing_key
tls_www_server'
	make_key root.key && make_key inter.key && make_key www.pem && make_key other.pem
	crt root root.key "cn = test root
$ca" --generate-self-signed
	crt inter inter.key "cn = test intermediate
$ca" "${BY[@]/CA/root}"
	crt leaf www.pem "$leaf
expiration_days = 90" "${BY[@]/CA/inter}"
	cat leaf.crt inter.crt >chain.pem
}

# crt NAME KEY TEMPLATE HOW...: BY is HOW for a certificate by CA.
BY=(--generate-certificate --load-ca-certificate CA.crt --load-ca-privkey CA.key)
crt() {
	printf '%s\n' "$3" >"$1.cfg"
	certtool "${@:4}" --load-privkey "$2" --template "$1.cfg" --no-text --outfile "$1.crt" 2>"$1.log" || { cat "$1.log" >&2; return 1; }
}

setup() {
	scratch
	cp "$BATS_FILE_TMPDIR/chain.pem" .
	CERTS=$BATS_FILE_TMPDIR
}

serve() {
	raw_serve --set "ARI_START=$(date -u -d '+1 day' +%FT%TZ)" --set "ARI_END=$(date -u -d '+2 days' +%FT%TZ)" -- "$BASE"
}

# stage NAME: the document as it was then, at this server.
stage() {
	[ -z "$1" ] || sed "s#@BASE@#$RAW_URL#g; s#@CA@#$RAW_CA#g" "$BATS_FILE_TMPDIR/$1.doc"
}

# moved: a document of another server (standard input), at this one and without its problem.
moved() { jq -c 'del(.problem)' | sed "s#https://localhost:[0-9]*#$RAW_URL#g; s#\"cacert\":\"[^\"]*\"#\"cacert\":\"$RAW_CA\"#"; }

row() {
	STAGE=$1
	CMD=("${@:2}")
	serve </dev/null
	stage "$STAGE" >.in
	must_pass "${CMD[@]}" <.in
}

fine() {
	serve
	stage "$STAGE" >.in
	must_pass "${CMD[@]}" <.in
}

bad() {
	local order='true'
	serve
	stage "$STAGE" >.in
	must_fail "$1" "$2" "${CMD[@]}" <.in
	case $STAGE in order | answered | proved | issued) order=".order.url == \"$RAW_URL/order/1\"" ;; esac
	doc_is ".problem.exit == $1 and $order"
	printable "$ERR"
	[ "$(wc -l <"$RAW_LOG")" -le "${3:-12}" ] || { raw_requests >&2; return 1; }
}

# No octet in the file that a terminal would obey.
printable() {
	[ "$(LC_ALL=C tr -d '\12\40-\176\200-\377' <"$1" | wc -c)" = 0 ]
	[ "$(wc -L <"$1")" -le 10000 ]
}

directory() { acme-directory --cacert "$RAW_CA" "$@" "$RAW_URL/dir"; }
account() { acme-account -k "$CERTS/account.pem" --agree-tos "$@"; }
order() { acme-order -d www.example.test "$@"; }
finalize() { acme-finalize -k "$CERTS/www.pem" "$@"; }
