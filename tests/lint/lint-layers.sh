#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Includes go down. A reader of one file needs to know only what lies below it, and the lower floors can be used without
# the upper ones.
# shellcheck disable=SC2317 # checks are called by name
. "$(dirname "$0")/lint.sh"

# layer, modules: X.c, X.h and X-*.c, X-*.h of lib/
layers='
0 limits err mem buf b64 clock
1 json fdio
2 ident problem cli gnutls-key key jwk jws der pem san csr cert renewal
3 url object chall http
4 req
'

includes() {
	find lib bin -name '*.[ch]' -exec grep -HnE '^ *# *include' {} + |
		sed -E 's/^([^:]+):([0-9]+): *# *include *[<"]([^>"]+)[>"].*/\1 \2 \3/'
}

downwards() {
	includes | awk -v layers="$layers" '
	BEGIN {
		n = split(layers, line, "\n")
		for (i = 1; i <= n; i++) {
			m = split(line[i], word, " ")
			for (j = 2; j <= m; j++)
				layer[word[j]] = word[1]
		}
	}
	# the module a file of lib/ belongs to: its longest known beginning
	function module(path,   m) {
		m = path
		sub(/^lib\//, "", m)
		if (m ~ /^chall\//)
			return "chall"
		sub(/\.[ch]$/, "", m)
		while (!(m in layer) && m ~ /-/)
			sub(/-[^-]*$/, "", m)
		return m
	}
	{ where = $1 ":" $2 ": " }
	$1 ~ /^lib\// && $3 ~ /\.h$/ && $3 !~ /\// && (getline x < ("lib/" $3)) >= 0 {
		close("lib/" $3)
		from = module($1); to = module("lib/" $3)
		if (!(from in layer))
			print where "which layer is " from " in?"
		else if (!(to in layer))
			print where "which layer is " to " in?"
		else if (layer[to] > layer[from])
			print where $3 " is above"
		else if ($1 ~ /^lib\/chall/ && (to == "http" || to == "cli"))
			print where "challenge types reach the world through struct au_probe"
	}'
}

only() { # REGEX-OF-INCLUDE REGEX-OF-FILES
	includes | awk -v what="$1" -v where="$2" '$3 ~ what && $1 !~ where { print $1 ":" $2 ": includes " $3 }'
}

programs_see() {
	includes | awk '$1 ~ /^bin\// && $3 ~ /\.h$/ && $3 !~ /^(acmeutil|req)\.h$/ { print $1, $2, $3 }' |
		while read -r file line header; do
			[ ! -e "lib/$header" ] || echo "$file:$line: includes lib/$header; a program uses acmeutil.h and req.h"
		done
}

check "includes go down the layers, and each file has one" downwards
check "curl is seen in http only" only '^curl/' '^lib/http'
check "GnuTLS is seen where keys and certificates are" only '^gnutls/' '^lib/(cli\.c|gnutls-key|key|jwk|jws|csr|cert|der|pem|san|chall/|http)|^bin/(tlsserve|acme-jwk)\.c'
check "libmicrohttpd is seen in the web server of acme-http01 only" only '^microhttpd' '^bin/webserve\.c'
check "programs include acmeutil.h and req.h only" programs_see
done_checking
