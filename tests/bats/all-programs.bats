#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a user may rely on in every program, whatever it does. Which programs there are is asked of the front end.

load ../helpers

setup_file() {
	mapfile -t names < <(acme --help | sed -n 's/^  \([a-z]\)/acme-\1/p')
	export PROGRAMS="${names[*]}"
	make_key "$BATS_FILE_TMPDIR/key.pem"
	# 127.0.0.1:9 listens nowhere; no test here gets as far as a network
	export KEY=$BATS_FILE_TMPDIR/key.pem
}

# options PROGRAM: what it cannot do without, in $options. Filters are the programs that need a document.
options() {
	case $1 in
	acme-account) options=(-k "$KEY") ;;
	acme-answer) options=(-t http-01) ;;
	acme-authz) options=(--refresh) ;;
	acme-dns01) options=(--print) ;;
	acme-finalize) options=(-k "$KEY") ;;
	acme-http01) options=(--webroot .) ;;
	acme-order) options=(-d www.example.test) ;;
	acme-tlsalpn01) options=(--listen 127.0.0.1:0 cat) ;;
	*) options=() ;;
	esac
}

is_filter() {
	case $1 in
	# makes a key, converts one, begins a document
	acme-newkey | acme-jwk | acme-directory) false ;;
	# can do without a document
	acme-csr | acme-renewal | acme-revoke) false ;;
	esac
}

filters() {
	local p
	for p in $PROGRAMS; do if is_filter "$p"; then echo "$p"; fi; done
}

failed='{"acmeutils":1,"problem":{"detail":"no","exit":7,"program":"acme-else","type":"urn:x"},"thing":[1,{"a":"\u00e9"}]}'

@test "there are programs, and each file that was built is one" {
	read -ra names <<<"$PROGRAMS"
	[ "${#names[@]}" -ge 20 ]
	for p in $PROGRAMS; do command -v "$p"; done
	[ -n "${PROGDIR:-}" ] || for f in "$BUILDDIR"/bin/acme-*; do
		case ${f##*/} in *.*) continue ;; esac
		[[ " $PROGRAMS " == *" ${f##*/} "* ]] || fail "${f##*/} is not known to the front end"
	done
	[ "$(filters | wc -l)" -ge 12 ]
}

@test "--help and -h: standard output, status 0, every line fits" {
	for p in acme $PROGRAMS; do
		for option in --help -h; do
			must_pass "$p" $option
			[[ $output == "usage: ${p}"* && -z $stderr ]] || wrong "not a help text" "$p" $option
		done
		lacks "$OUT" '^.{160}'
	done
}

@test "--version and -V: standard output, status 0" {
	for p in acme $PROGRAMS; do
		for option in --version -V; do
			must_pass "$p" $option
			[[ $output == "$p (acmeutils) "[0-9]* && -z $stderr ]] || wrong "not a version" "$p" $option
		done
	done
}

@test "completions and manual page parts come from the program" {
	for p in $PROGRAMS; do
		for form in bash zsh fish mdoc; do
			must_pass "$p" --help=$form
			[[ $output == *pretty* && -z $stderr ]] || wrong "no --pretty in it" "$p" --help=$form
		done
		must_fail 2 "$p: " "$p" --help=klingon </dev/null
		[[ $stderr == *klingon* ]]
	done
}

@test "an unknown option is named, status 2" {
	for p in $PROGRAMS; do
		options "$p"
		must_fail 2 "$p: --no-such-thing: " "$p" "${options[@]:0:2}" --no-such-thing </dev/null
		must_fail 2 "$p: -Z: " "$p" -Z </dev/null
		# what can do without a document has begun one, to tell the next program
		[ -z "$output" ] || doc_is '.problem.exit == 2' || wrong "wrote something" "$p" -Z
		[ "$(wc -l <"$ERR")" -eq 1 ] || wrong "more than one line" "$p" -Z
	done
}

@test "an option without its argument, a flag with one, status 2" {
	for p in $PROGRAMS; do
		must_fail 2 "$p: --pretty=yes: takes no argument" "$p" --pretty=yes </dev/null
		option=$("$p" --help | sed -nE 's/^ .*(--[a-z0-9-]+) [A-Z[].*/\1/p' | head -n 1)
		[ -n "$option" ] || continue
		must_fail 2 "$p: $option: its argument is missing" "$p" "$option" </dev/null
	done
}

@test "a usage error travels with the documents that came in" {
	for p in $(filters); do
		must_fail 2 "$p: --no-such-thing: " "$p" --no-such-thing <<<'{"thing":1}'
		doc_is ".thing == 1 and .problem.exit == 2 and .problem.program == \"$p\""
	done
}

@test "no document: status 3, and it says so" {
	for p in $(filters); do
		options "$p"
		must_fail 3 "$p: standard input: no document" "$p" "${options[@]}" </dev/null
		[ -z "$output" ] || wrong "wrote something" "$p"
		must_fail 3 "$p: standard input: no document" "$p" "${options[@]}" <<<"  "
	done
}

@test "what is no document: status 3, with the position" {
	for p in $(filters); do
		options "$p"
		for garbage in '[1]' '"text"' 'hello' '{"a":1' '{"a":1,"a":2}' '{"a":"\ud800"}' $'{"a":\n\nx}' '{"a":1}}'; do
			must_fail 3 "$p: standard input" "$p" "${options[@]}" <<<"$garbage"
			[[ $stderr == *"line "[0-9]* ]] || wrong "no position" "$p" "$garbage"
			[ "$(grep -c "^$p: " "$ERR")" -ge 1 ]
		done
		must_fail 3 "line 3" "$p" "${options[@]}" <<<$'{"a":\n\nx}'
		must_fail 3 "$p: standard input" "$p" "${options[@]}" < <(printf '{"a":"\xff"}')
		must_fail 3 "$p: standard input" "$p" "${options[@]}" < <(head -c 100000 /dev/zero | tr '\0' '[')
	done
}

@test "a document of another format is refused" {
	for p in $(filters); do
		options "$p"
		must_fail 3 "format" "$p" "${options[@]}" <<<'{"acmeutils":2}'
		doc_is '.acmeutils == 2 and .problem.exit == 3'
	done
}

@test "a member that is missing is named, and the document travels on" {
	for p in $(filters); do
		# these answer what there is to answer, and nothing is fine
		case $p in acme-answer | acme-dns01 | acme-http01 | acme-tlsalpn01) continue ;; esac
		options "$p"
		must_fail 3 "$p: " "$p" "${options[@]}" <<<'{"acmeutils":1,"thing":[1]}'
		doc_is ".thing == [1] and .problem.exit == 3 and .problem.program == \"$p\" and (.problem.type | startswith(\"urn:\"))"
		[[ $stderr == *missing* ]] || wrong "does not say what is missing" "$p"
	done
}

@test "a document that failed passes unchanged, with its status" {
	doc=$(jq -Sc . <<<"$failed")
	for p in $(filters) acme-csr acme-renewal; do
		options "$p"
		[ "$p" != acme-csr ] || options=(-k "$KEY")
		must_fail 7 "" "$p" "${options[@]}" <<<"$failed"
		[ "$output" = "$doc" ] || wrong "changed it" "$p"
		[ -z "$stderr" ] || wrong "says it again" "$p"
	done
}

@test "the first failure of a stream is the status, and all of it passes" {
	for p in $(filters); do
		options "$p"
		must_fail 7 "" "$p" "${options[@]}" < <(echo "$failed" "${failed/\"exit\":7/\"exit\":9}")
		[ "$(jq -c .problem.exit "$OUT" | tr '\n' ' ')" = "7 9 " ] || wrong "not both" "$p"
	done
}

@test "a full disk is status 11" {
	full() { "$@" >/dev/full; }
	for p in acme $PROGRAMS; do
		must_fail 11 "$p: standard output: No space left on device" full "$p" --help
		must_fail 11 "$p: standard output: " full "$p" --version
	done
	# the same where a document is what cannot be written
	must_fail 11 "acme-csr: standard output: " full acme-csr -k "$KEY" -d www.example.test </dev/null
}

@test "a closed standard output is status 11" {
	closed() { "$@" >&-; }
	for p in $PROGRAMS; do must_fail 11 "$p: standard output: " closed "$p" --help; done
}

@test "a reader that has left ends a program quietly" {
	mkfifo pipe
	left() {
		exec 8<>pipe 9>pipe 8>&-
		"$@" >&9
	}
	for p in $PROGRAMS; do
		status=0
		(left "$p" --help) 2>"$ERR" || status=$?
		[ "$status" -eq 141 ] || fail "$p: status $status"
		[ ! -s "$ERR" ] || fail "$p: $(cat "$ERR")"
	done
	for p in $(filters); do
		options "$p"
		status=0
		(left "$p" "${options[@]}" <<<"$failed") 2>"$ERR" || status=$?
		# what the reader left here is the cat, and its end is worth a word
		[ "$p" != acme-tlsalpn01 ] || continue
		case $status in 141 | 7) ;; *) fail "$p: status $status" ;; esac
		[ ! -s "$ERR" ] || fail "$p: $(cat "$ERR")"
	done
}

@test "documents flow: one that is there is done before the next has come" {
	mkfifo in out
	for p in $(filters); do
		options "$p"
		status=0
		timeout 20 "$p" "${options[@]}" <in >out &
		pid=$!
		exec 7>in 8<out
		echo "$failed" >&7
		read -r -t 10 line <&8 || fail "$p holds a document back"
		[ "$(jq -r .problem.exit <<<"$line")" -eq 7 ]
		exec 7>&- 8<&-
		wait "$pid" || status=$?
		[ "$status" -eq 7 ] || fail "$p: status $status"
	done
}

@test "--pretty indents, and is the same document" {
	for p in $(filters); do
		options "$p"
		must_fail 7 "" "$p" --pretty "${options[@]}" <<<"$failed"
		[ "$(wc -l <"$OUT")" -gt 5 ] || wrong "not indented" "$p"
		cmp <(jq -S . "$OUT") <(jq -S . <<<"$failed")
	done
}

@test "the front end runs a program by its name, and knows what is none" {
	must_pass acme newkey --version
	[[ $output == "acme-newkey "* ]]
	must_fail 2 "acme: acme-nonsense: no such command" acme nonsense
	must_fail 2 "acme-order: --no-such-thing: " acme order --no-such-thing </dev/null
	must_fail 2 "acme: " acme ../../bin/sh
	must_fail 2 "acme: " acme
}
