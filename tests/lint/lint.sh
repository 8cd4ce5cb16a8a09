# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
#
# lint.sh: sourced by each lint. A check is a command that prints what it objects to; silence passes.
#
#   . "$(dirname "$0")/lint.sh"
#   check "what must hold" COMMAND...
#   done_checking

top=${SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
build=${BUILDDIR:-$PWD}
# a make that runs us shall not steer the ones we ask
unset MAKEFLAGS MFLAGS MAKELEVEL
export LC_ALL=C.UTF-8
lint_n=0

check() { # TEXT COMMAND...
	lint_text=$1 lint_rc=0
	shift
	lint_n=$((lint_n + 1))
	lint_out=$(cd "$top" && "$@" 2>&1) || lint_rc=$?
	if [ -z "$lint_out" ] && [ $lint_rc = 0 ]; then
		echo "ok $lint_n - $lint_text"
	else
		printf '%s\n' "${lint_out:-status $lint_rc}" | head -n 100 | sed 's/^/# /'
		echo "not ok $lint_n - $lint_text"
	fi
}

done_checking() { echo "1..$lint_n"; }

# no CMD...: objects to each line CMD prints; that it finds none is no failure.
no() { "$@" || :; }

# The sources, as paths from the top: not what a build or git has put there.
sources() {
	(cd "$top" && find . \( -name .git -o -name autom4te.cache -o -name build-aux -o -name m4 -o -name 'build*' \
		-o -name _build -o -name _inst \) -prune -o -type f -print) |
		sed 's|^\./||' |
		grep -vE '^(aclocal\.m4|configure~?|config\.h\.in~?|Makefile\.in|.*\.(o|lo|la))$' | sort
}

# The words of a variable in the .mk files.
# shellcheck disable=SC2016 # make's variable
words() { # VARIABLE
	(cd "$top" && printf 'include bin/files.mk\ninclude lib/files.mk\ninclude man/files.mk\nall:\n\t@echo $(%s)\n' "$1" |
		make -s -f - all | tr ' ' '\n' | grep .)
}

net_programs() { words NET_PROGS | sed 's|^bin/||'; }
offline_programs() { echo acme && words OFFLINE_PROGS | sed 's|^bin/||'; }
programs() { offline_programs && net_programs; }

# The program itself where libtool has put a script in front of it.
binary() { if [ -e "$build/bin/.libs/$1" ]; then echo "$build/bin/.libs/$1"; else echo "$build/bin/$1"; fi; }
library() { ls "$build"/.libs/libacmeutil.so.*.*.*; }

sanitized() { readelf -d "$(library)" | grep -qE 'NEEDED.*lib(a|ub)san'; }
