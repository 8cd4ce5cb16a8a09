#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# http-01: files below a document root, and a web server of its own.
#
# shellcheck disable=SC2016,SC2086,SC2153 # scripts for other shells; $WELL_KNOWN and $TOKEN are plain words of chall.bash

load ../helpers
load ../chall

setup_file() {
	start_pebble
	make_key "$BATS_FILE_TMPDIR/account.pem"
}

setup() {
	scratch
	mkdir www
	doc=$(document dns:a.test=http-01,dns-01)
}

file=www/$WELL_KNOWN/$TOKEN

is_empty() { [ -z "$(ls -A "$1")" ]; }
order() {
	cp "$BATS_FILE_TMPDIR/account.pem" .
	acme-directory | acme-account -k account.pem --agree-tos | acme-order "$@"
}

# serving [OPTION...] -- SCRIPT: the script runs, with $port, while the token of $doc is served.
serving() {
	local args=()
	while [ "$1" != -- ]; do
		args+=("$1")
		shift
	done
	acme-http01 --listen 127.0.0.1:0 "${args[@]}" --port-file port \
		bash -c "read -r line; port=\$(cat port) url=http://127.0.0.1:\$port path=\$url/$WELL_KNOWN; $2" <<<"$doc"
}

# --- options

@test "what must be said, and what does not fit together" {
	must_fail 2 "one of --webroot DIR and --listen" acme-http01 <<<"$doc"
	must_fail 2 "one of --webroot DIR and --listen" acme-http01 --webroot www --listen :0 cat <<<"$doc"
	must_fail 2 "needs a PROGRAM" acme-http01 --listen 127.0.0.1:0 <<<"$doc"
	must_fail 2 "--port-file: only with --listen" acme-http01 --webroot www --port-file port <<<"$doc"
	must_fail 2 "--remove: only with --webroot" acme-http01 --listen 127.0.0.1:0 --remove cat <<<"$doc"
	must_fail 2 "--remove: only with --webroot, and without a PROGRAM" acme-http01 --webroot www --remove cat <<<"$doc"
	is_empty www
}

@test "addresses to listen on that are none" {
	must_pass acme-http01 --listen 127.0.0.1:0 cat <<<"$doc"
	for where in '' 80 127.0.0.1 : 127.0.0.1: a.test:80 127.0.0.1:65536 127.0.0.1:-1 '[::1]' '[]:80' '::1:80' '[127.0.0.1]:80' \
		'127.0.0.1:80x' fd:x fd:; do
		must_fail 2 "--listen" acme-http01 --listen "$where" cat <<<"$doc"
	done
	must_fail 2 "not a socket that listens" acme-http01 --listen fd:0 cat <<<"$doc"
}

@test "an address that is taken, or not ours" {
	port=$(free_port)
	mkdir empty
	spawn webdir empty "$port"
	wait_for listens "$port"
	must_fail 11 "--listen 127.0.0.1:$port: Address already in use" acme-http01 --listen "127.0.0.1:$port" cat <<<"$doc"
	doc_is '.problem.exit == 11'
	must_fail 11 "Cannot assign requested address" acme-http01 --listen 192.0.2.1:0 cat <<<"$doc"
}

# --- below a document root

@test "without a program the file stays until --remove" {
	must_pass acme-http01 --webroot www <<<"$doc"
	[ "$(cat "$file")" = "$TOKEN.$THUMB" ]
	[ "$(stat -c %a "$file")" = 644 ]
	[ "$(stat -c %a www/.well-known www/$WELL_KNOWN | tr -d '\n')" = 755755 ]
	[ "$(ls -A www/$WELL_KNOWN)" = "$TOKEN" ]
	doc_is '.answers[0].held == null'
	cp "$OUT" answered
	echo other >www/$WELL_KNOWN/other
	must_pass acme-http01 --webroot www --remove <answered
	cmp answered "$OUT"
	[ "$(ls -A www/$WELL_KNOWN)" = other ]
	# what is gone is gone
	must_pass acme-http01 --webroot www --remove <answered
	must_pass acme-http01 --webroot www --remove <<<"$doc"
	rm -r www/.well-known
	must_pass acme-http01 --webroot www --remove <answered
}

@test "--remove acts on a document that failed, whose status stays" {
	must_pass acme-http01 --webroot www <<<"$doc"
	jq -c '.problem = { type: "urn:x", exit: 8 }' "$OUT" >failed
	must_fail 8 "" acme-http01 --webroot www --remove <failed
	[ ! -e "$file" ]
	cmp failed <(jq -cS . "$OUT") || cmp <(jq -cS . failed) <(jq -cS . "$OUT")
}

@test "the umask is honoured" {
	(umask 077 && acme-http01 --webroot www <<<"$doc" >/dev/null)
	[ "$(stat -c %a "$file" www/.well-known | tr '\n' ' ')" = '600 700 ' ]
}

@test "directories that were there stay, those it made go" {
	must_pass acme-http01 --webroot www cat <<<"$doc"
	is_empty www
	mkdir www/.well-known
	must_pass acme-http01 --webroot www cat <<<"$doc"
	[ "$(find www | sort | tr '\n' ' ')" = 'www www/.well-known ' ]
	must_pass acme-http01 --webroot www sh -c "cat; touch www/$WELL_KNOWN/x" <<<"$doc"
	[ -e www/$WELL_KNOWN/x ]
	[ ! -e "$file" ]
}

@test "an older file of the token is replaced" {
	mkdir -p www/$WELL_KNOWN
	echo old >"$file"
	must_pass acme-http01 --webroot www <<<"$doc"
	[ "$(cat "$file")" = "$TOKEN.$THUMB" ]
}

@test "a root that is missing or no directory" {
	must_pass acme-http01 --webroot www <<<"$doc"
	must_fail 11 "nowhere: No such file or directory" acme-http01 --webroot nowhere <<<"$doc"
	doc_is '.problem.exit == 11'
	echo x >plain
	must_fail 11 "plain: Not a directory" acme-http01 --webroot plain <<<"$doc"
	echo x >www/.well-known.x
	rm -r www/.well-known
	mv www/.well-known.x www/.well-known
	must_fail 11 "www/.well-known: is no directory" acme-http01 --webroot www <<<"$doc"
}

@test "symbolic links below the root are not followed, the root may be one" {
	mkdir elsewhere
	ln -s ../elsewhere www/.well-known
	must_fail 11 "www/.well-known: is no directory (a symbolic link is not followed)" acme-http01 --webroot www <<<"$doc"
	rm www/.well-known
	mkdir www/.well-known
	ln -s ../../elsewhere www/$WELL_KNOWN
	must_fail 11 "www/.well-known/acme-challenge: is no directory" acme-http01 --webroot www <<<"$doc"
	is_empty elsewhere
	rm www/$WELL_KNOWN
	mkdir www/$WELL_KNOWN
	echo precious >elsewhere/precious
	ln -s ../../../elsewhere/precious "$file"
	ln -s www root
	must_pass acme-http01 --webroot root <<<"$doc"
	[ "$(cat elsewhere/precious)" = precious ]
	[ -f "$file" ]
	[ ! -L "$file" ]
}

@test "a file that cannot be written whole leaves nothing behind" {
	must_pass acme-http01 --webroot www <<<"$doc"
	rm "$file"
	# the files of the test itself are written by others
	must_fail 11 "" bash -c 'exec > >(cat >said) 2> >(cat >complained); trap "" XFSZ; ulimit -f 0; exec acme-http01 --webroot www' <<<"$doc"
	wait_for grep -F "$TOKEN: File too large" complained
	is_empty www/$WELL_KNOWN
}

@test "an answer that would write elsewhere is refused" {
	must_pass acme-answer -t http-01 <<<"$doc"
	cp "$OUT" good
	must_pass acme-http01 --webroot www <good
	rm -r www/.well-known
	for path in /etc/passwd "/$WELL_KNOWN/../../x" "/$WELL_KNOWN/" "/$WELL_KNOWN/a/b" "/$WELL_KNOWN/." "$WELL_KNOWN/$TOKEN" \
		"/$WELL_KNOWN/$(printf 'a%.0s' {1..257})"; do
		jq -c --arg path "$path" '.answers[0].provision.path = $path' good >bad
		must_fail 3 "answers[0]: provision.path" acme-http01 --webroot www <bad
		must_fail 3 "answers[0]: provision.path" acme-http01 --webroot www --remove <bad
		must_fail 3 "answers[0]: provision.path" acme-http01 --listen 127.0.0.1:0 cat <bad
	done
	for content in '<?php evil' "$TOKEN2.$THUMB" "$TOKEN" "$TOKEN."; do
		jq -c --arg content "$content" '.answers[0].provision.content = $content' good >bad
		must_fail 3 "answers[0]: provision.content" acme-http01 --webroot www <bad
	done
	must_fail 3 "provision: content: missing" acme-http01 --webroot www < <(jq -c 'del(.answers[0].provision.content)' good)
	is_empty www
}

@test "what is not asked for is left to others" {
	must_pass acme-http01 --webroot www < <(document 'dns:*.a.test=http-01' dns:b.test=dns-01 dns:c.test=new-01)
	doc_is '.answers == null'
	is_empty www
}

# --- a web server of its own

@test "the token is served, and nothing else" {
	must_pass serving -- 'curl -s $path/$TOKEN; echo; curl -s -o /dev/null -w "%{http_code} %{content_type}\n" $path/$TOKEN
		curl -s -o /dev/null -w "%{http_code}\n" $path/$TOKEN2
		curl -s -o /dev/null -w "%{http_code}\n" $path/${TOKEN}x
		curl -s -o /dev/null -w "%{http_code}\n" $url/
		curl -s -o /dev/null -w "%{http_code}\n" --path-as-is $url/../../etc/passwd
		curl -s -o /dev/null -w "%{http_code} %header{allow}\n" -d x $path/$TOKEN
		curl -s -o /dev/null -w "%{http_code}\n" -X DELETE $path/$TOKEN
		curl -sI -o /dev/null -w "%{http_code} %header{content-length}\n" $path/$TOKEN'
	[ "$output" = "$TOKEN.$THUMB
200 application/octet-stream
404
404
404
404
405 GET, HEAD
405
200 87" ]
}

@test "the port is written to a file and said with -v" {
	must_pass serving -v -- 'echo "$port"; ls -A'
	[[ $output =~ ^[0-9]+ ]]
	[ "$stderr" = "acme-http01: listening on port ${output%%[!0-9]*}" ]
	[ ! -e port ]
	must_fail 11 "--port-file: nowhere/port" acme-http01 --listen 127.0.0.1:0 --port-file nowhere/port cat <<<"$doc"
}

@test "a socket handed down" {
	must_pass perl -MIO::Socket::INET -e '$^F = 99;
		my $s = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1:0") or die;
		exec "acme-http01", "--listen", "fd:" . fileno($s), "--port-file", "port", @ARGV' \
		sh -c 'read -r line; curl -sf "http://127.0.0.1:$(cat port)/$WELL_KNOWN/$TOKEN"; ls -l /proc/self/fd >&2' <<<"$doc"
	[ "$output" = "$TOKEN.$THUMB" ]
	lacks "$ERR" socket
}

@test "all addresses, IPv4 and IPv6" {
	port=$(free_port)
	must_pass acme-http01 --listen ":$port" sh -c "read -r line; curl -sf http://127.0.0.1:$port/$WELL_KNOWN/$TOKEN" <<<"$doc"
	[ "$output" = "$TOKEN.$THUMB" ]
	if [ -e /proc/net/if_inet6 ] && grep -q ' lo$' /proc/net/if_inet6; then
		must_pass acme-http01 --listen ":$port" sh -c "read -r line; curl -gsf 'http://[::1]:$port/$WELL_KNOWN/$TOKEN'" <<<"$doc"
		[ "$output" = "$TOKEN.$THUMB" ]
		must_pass acme-http01 --listen "[::1]:$port" sh -c "read -r line; curl -gsf 'http://[::1]:$port/$WELL_KNOWN/$TOKEN'" <<<"$doc"
		[ "$output" = "$TOKEN.$THUMB" ]
	fi
}

@test "peers that stall do not keep others out" {
	# sooner than their time is over
	must_pass serving -- 'for i in {1..300}; do exec {fd}<>/dev/tcp/127.0.0.1/$port && printf "GET /x HTTP/1.1\r\nX" >&$fd; done
		curl -s --max-time 8 $path/$TOKEN'
	[ "$output" = "$TOKEN.$THUMB" ]
}

@test "many documents, each served when the program has it" {
	for i in {1..50}; do document_of "$(printf 'token%017d' "$i")" dns:a.test=http-01; done >many
	must_pass acme-http01 --listen 127.0.0.1:0 --port-file port bash -c 'n=0
		while read -r line; do
			path=$(jq -r ".answers[0].provision.path" <<<"$line")
			[ "$(curl -sf "http://127.0.0.1:$(cat port)$path")" = "$(jq -r ".answers[0].provision.content" <<<"$line")" ] && n=$((n + 1))
		done; echo $n' <many
	[ "$output" = 50 ]
}

# --- for a real CA

@test "validated through its own server" {
	order -d www.example.test ip:127.0.0.1 >doc
	must_pass acme-http01 --listen "127.0.0.1:$ACME_TEST_HTTP_PORT" acme-respond <doc
	doc_is '[.authorizations[].status] == ["valid", "valid"] and ([.answers[].type] == ["http-01", "http-01"])'
	must_fail 1 "" listens "$ACME_TEST_HTTP_PORT"
}

@test "validated through a web server that runs anyway" {
	spawn webdir www "$ACME_TEST_HTTP_PORT"
	wait_for listens "$ACME_TEST_HTTP_PORT"
	order -d www.example.test >doc
	must_pass acme-http01 --webroot www acme-respond <doc
	doc_is '.authorizations[0].status == "valid"'
	is_empty www
	order -d www.example.test >doc
	must_pass acme-http01 --webroot www <doc
	cp "$OUT" answered
	must_pass acme-respond <answered
	doc_is '.authorizations[0].status == "valid"'
	cp "$OUT" proved
	must_pass acme-http01 --webroot www --remove <proved
	[ -z "$(find www -type f)" ]
}

@test "validation that fails: the CA's reason, and nothing stays" {
	order -d www.example.test >doc
	must_fail 8 "http-01: dns:www.example.test: invalid: connection" acme-http01 --webroot www acme-respond <doc
	doc_is '.problem.exit == 8 and .authorizations[0].status == "invalid"'
	is_empty www
	mkdir elsewhere
	spawn webdir elsewhere "$ACME_TEST_HTTP_PORT"
	wait_for listens "$ACME_TEST_HTTP_PORT"
	order -d www.example.test >doc
	must_fail 8 "http-01: dns:www.example.test: invalid: unauthorized" acme-http01 --webroot www acme-respond <doc
	is_empty www
}
