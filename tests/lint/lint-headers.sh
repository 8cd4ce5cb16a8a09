#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A header can be included first, twice, and where the promise was made, from C++.
# shellcheck disable=SC2317 # checks are called by name
. "$(dirname "$0")/lint.sh"
flags=$(pkg-config --cflags gnutls nettle jansson)

alone() {
	find lib bin tests/unit -name '*.h' | sort | while read -r h; do
		# shellcheck disable=SC2086 # words
		printf '#include "%s"\n#include "%s"\ntypedef int not_empty;\n' "${h##*/}" "${h##*/}" |
			gcc -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -fsyntax-only -iquote "${h%/*}" -iquote lib -iquote bin -iquote "$build/lib" -I"$build" \
				$flags -xc - || echo "$h"
	done
}

installed() { # COMPILER LANGUAGE
	# shellcheck disable=SC2086 # words
	printf '#include "acmeutil.h"\n#include "acmeutil.h"\nint f(void);\nint f(void) { return AU_OK; }\n' |
		"$1" "-x$2" -Wall -Wextra -Werror -fsyntax-only -I"$build/lib" $flags -
}

guards() {
	find lib bin tests/unit -name '*.h' | while read -r h; do
		awk '/^#ifndef/ { name = $2; getline; if ($0 == "#define " name) found = 1; exit } END { exit !found }' "$h" ||
			echo "$h: the first directive is not its guard"
	done
}

check "each header compiles alone, and twice" alone
check "each header has a guard" guards
check "acmeutil.h is C" installed gcc c
check "acmeutil.h is C++" installed g++ c++
done_checking
