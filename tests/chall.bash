# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# chall: documents that wait for answers, for the bats files of acme-answer and the provisioners ("load ../chall",
# behind the helpers).
#
#   document IDENTIFIER=TYPE,TYPE... ...   a document with these authorizations, all pending: dns:*.a.test=dns-01
#   document_of TOKEN IDENTIFIER=TYPES...  the same with this token rather than $TOKEN
#   recorder FILE [SCRIPT]                 a hook that appends its arguments to hook.log and then does SCRIPT
#   begin COMMAND                          a simple command of the shell in the background, output in out and err, input a
#                                          pipe that stays open: "feed" writes into it, "feed_end" closes it; "ended" waits
#                                          and sets $status
#
# The token and thumbprint are those of RFC 8555 section 8.3; DIGEST is their key authorization's by openssl dgst.

# shellcheck disable=SC2034 # for the tests
TOKEN=LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0 \
TOKEN2=evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA \
THUMB=9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI \
DIGEST=LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo \
DIGEST2=lCM7cZyQXcVHK2nnW3jjAhNT3Fvm18UN-kWZZknKoYM \
WELL_KNOWN=.well-known/acme-challenge
export TOKEN TOKEN2 WELL_KNOWN

PATH=$BUILDDIR/tests/tools:$PATH

document_of() {
	local token=$1 a n=0
	shift
	for a; do
		n=$((n + 1))
		jq -nc --arg ident "${a%%=*}" --arg types "${a#*=}" --arg token "$token" --argjson n "$n" '
			{ status: "pending", url: "https://ca.test/authz/\($n)",
			  identifier: { type: ($ident | sub(":.*"; "")), value: ($ident | sub("^[^:]*:([*][.])?"; "")) },
			  challenges: [ $types | split(",")[] |
				{ type: ., url: "https://ca.test/chall/\($n)/\(.)", status: "pending", token: $token } ] } +
			if $ident | test("^[^:]*:[*]") then { wildcard: true } else {} end'
	done | jq -sc --arg thumb "$THUMB" '
		{ acmeutils: 1, account: { url: "https://example.com/acme/acct/ExampleAccount", thumbprint: $thumb },
		  authorizations: . }'
}

document() { document_of "$TOKEN" "$@"; }

recorder() {
	{
		printf '#!/bin/sh\n'
		# shellcheck disable=SC2016 # for the hook
		printf 'echo "$*" >>%q/hook.log\n' "$PWD"
		printf '%s\n' "${2:-}"
	} >"$1"
	chmod +x "$1"
}

begin() {
	mkfifo in
	exec {feeding}<>in
	# the signals as a terminal's programs have them; a shell has its background programs ignore some
	spawn env --default-signal=INT,QUIT bash -c "exec $1 <in $feeding<&- >out 2>err"
}

feed() { cat >&"$feeding"; }

# What held the pipe open were we alone.
feed_end() { exec {feeding}>&-; }

ended() {
	status=0
	wait "${spawned:?}" || status=$?
}
