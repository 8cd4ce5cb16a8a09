#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The list of exported names, what the library exports, and what the installed header declares are one list.
# shellcheck disable=SC2317 # checks are called by name
. "$(dirname "$0")/lint.sh"
sym=$top/lib/libacmeutil.sym
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sorted() { LC_ALL=C sort -uc "$sym"; }

LC_ALL=C sort -u "$sym" >"$work/listed"
nm -D --defined-only "$(library)" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' |
	grep -vE '^(_init|_fini|__odr_asan.*|__asan.*)$' | LC_ALL=C sort -u >"$work/exported"

# Functions as the compiler sees them; variables by their declaration.
echo '#include "acmeutil.h"' >"$work/user.c"
# shellcheck disable=SC2046 # words
gcc -std=gnu11 -fsyntax-only -aux-info "$work/aux" -I"$build/lib" $(pkg-config --cflags gnutls jansson) "$work/user.c"
{
	# "extern TYPE au_name (ARGUMENTS)", and "extern TYPE au_name" where the type is that of a function
	grep -E '^/\* [^ ]*acmeutil\.h:' "$work/aux" | grep -v ' static ' | sed -nE 's/^[^;]*[ *](au_[a-z0-9_]+)( \(.*)?;.*/\1/p'
	sed -nE 's/^extern .*[ *](au_[a-z0-9_]+)(\[\])?;.*/\1/p' "$build/lib/acmeutil.h"
} | LC_ALL=C sort -u >"$work/declared"

differ() { # WHAT A WHAT B
	comm -23 "$work/$2" "$work/$4" | sed "s/\$/: $1, not $3/"
	comm -13 "$work/$2" "$work/$4" | sed "s/\$/: $3, not $1/"
}

check "libacmeutil.sym is sorted, each name once" sorted
check "the library exports what is listed and nothing else" differ listed listed exported exported
check "the installed header declares what is listed and nothing else" differ listed listed declared declared
done_checking
