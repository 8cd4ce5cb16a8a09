# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# rawserve: the scripted server of tools/rawserve.c, for bats files ("load ../rawserve", behind the helpers).
#
#   raw_serve [OPTION...] [-- SCRIPT...] <<script
#                      until the test ends; the rules on standard input come before those of the SCRIPTs. With TLS, unless
#                      the first option is --plain. Sets RAW_URL, RAW_PORT, RAW_CA, RAW_LOG
#   raw_requests       "METHOD TARGET" a line, all that have come
#   raw_count LINE     how many of these are LINE (extended regular expression, the whole line)
#   raw_log JQ         the expression is true of the array of all requests

PATH=$BUILDDIR/tests/tools:$PATH

raw_up() { [ -s "$1" ] || ! kill -0 "$2" 2>/dev/null; }

raw_serve() {
	local dir options tls=true
	dir=$(mktemp -d "${BATS_TEST_TMPDIR:-${BATS_FILE_TMPDIR:?}}/raw.XXXXXX") || return
	cat >"$dir/script"
	options=(--make "$dir")
	if [ "${1:-}" = --plain ]; then
		options=() tls=false
		shift
	fi
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	[ $# -eq 0 ] || shift
	RAW_LOG=$dir/log
	: >"$RAW_LOG"
	spawn rawserve "${options[@]}" --log "$RAW_LOG" "$dir/script" "$@" >"$dir/out" 2>"$dir/err"
	# shellcheck disable=SC2154 # set by spawn
	wait_for raw_up "$dir/out" "$spawned"
	# jq takes longer to start than the server
	[[ $(cat "$dir/out") =~ ^\{\"url\":\"([^\"]+)\",\"port\":([0-9]+) ]] || { cat "$dir/err" >&2; return 1; }
	RAW_URL=${BASH_REMATCH[1]} RAW_PORT=${BASH_REMATCH[2]}
	if $tls; then RAW_CA=$dir/ca.pem; else RAW_CA=; fi
	export RAW_URL RAW_PORT RAW_CA RAW_LOG
}

raw_requests() { jq -r '"\(.method) \(.target)"' "$RAW_LOG"; }

raw_count() { raw_requests | grep -cxE "$1" || :; }

raw_log() {
	jq -es "$1" "$RAW_LOG" >/dev/null || {
		echo "not true of the requests: $1" >&2
		jq -c . "$RAW_LOG" | cut -c 1-2000 >&2
		return 1
	}
}
