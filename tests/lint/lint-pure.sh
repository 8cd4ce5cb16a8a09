#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the objects call. Asked of the compiled code, so that no macro and no comment can mislead.
# shellcheck disable=SC2317 # checks are called by name
. "$(dirname "$0")/lint.sh"

objects() { find "$build/$1" -name '*.o' ! -path '*/tests/*' | grep . || echo "no object under $1"; }

# calls REGEX OBJECT...: "object: function" for each undefined symbol that matches; the sanitizers' wrappers and the
# checking variants of <bits/*> count as what they stand for
calls() {
	regex=$1
	shift
	nm -Au "$@" | sed -E 's/^(.*):.* U (.*)$/\1 \2/; s/@.*//' | awk -v re="^($regex)\$" -v top="$build/" '{
		name = $2
		sub(/^__isoc(99|23)_/, "", name)
		if (name ~ /^__.*_chk$/) { sub(/^__/, "", name); sub(/_chk$/, "", name) }
		if (name ~ re) { sub(top, "", $1); print $1 ": calls " $2 }
	}' | sort -u
}

# The library is used by programs that we do not know, with threads, in places where standard output is a protocol.
silent() {
	# shellcheck disable=SC2046 # one word a file
	calls 'v?f?printf|v?dprintf|f?puts|puts|f?putc|putchar|perror|warnx?|errx?|syslog|stdout|stderr|stdin|fwrite|exit|_exit|abort|quick_exit|getenv|secure_getenv|setenv|putenv|time|clock_gettime|gettimeofday|sleep|usleep|nanosleep|clock_nanosleep|rand|srand|random|srandom|setlocale|signal|sigaction|atexit' \
		$(objects lib | grep -vE '/(libcore_la-)?cli(-[a-z]*)?\.o$')
}

# http needs the time left of a deadline: it is given a clock, too. Functions that overflow, keep state between calls, read
# numbers without saying where they end, or depend on the locale.
banned() {
	# shellcheck disable=SC2046
	calls 'strcpy|strcat|sprintf|vsprintf|gets|strtok|gmtime|localtime|ctime|asctime|atoi|atol|atoll|atof|alloca|scanf|sscanf|fscanf|tmpnam|tempnam|mktemp|system|popen|inet_ntoa|inet_addr|gethostbyname|usleep|rand|srand|bcopy|bzero|isalpha|isdigit|isalnum|toupper|tolower' \
		$(objects lib; objects bin)
}

# malloc and free belong to mem.c, where every free wipes.
memory() {
	# shellcheck disable=SC2046
	calls 'malloc|calloc|realloc|free|strdup|strndup|asprintf|vasprintf|getline|getdelim|open_memstream' \
		$(objects lib | grep -vE '/(libcore_la-)?mem\.o$')
}

# A variable that can change is state that two documents share.
state() {
	# shellcheck disable=SC2046
	objdump -t $(objects lib | grep -vE '/(libcore_la-)?cli(-[a-z]*)?\.o$') |
		awk '/:     file format/ { file = $1; sub(/.*\//, "", file) }
			$0 ~ / O \.(data|bss|tdata|tbss)[ \t]/ { print file " " $NF }'
}

check "the library does not print, exit, read the environment, tell the time or draw random numbers by itself" silent
check "no function that overflows, depends on the locale or keeps state" banned
check "memory comes from mem.c" memory
if sanitized; then
	echo "# variables are looked at in builds without sanitizers, which add their own"
else
	check "the library has no variable that changes" state
fi
done_checking
