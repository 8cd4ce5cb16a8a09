#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Start-up time is decided by what is linked, and a program without a network library cannot be talked into using the network.
# shellcheck disable=SC2317 # checks are called by name
. "$(dirname "$0")/lint.sh"

# everything the dynamic linker would load
needs() { LD_LIBRARY_PATH=$build/.libs ldd "$(binary "$1")" | awk '{ print $1 }'; }

offline() {
	for p in $(offline_programs); do
		needs "$p" | grep -E 'libcurl' | sed "s/^/$p loads /"
	done
}

# that the question above is asked rightly
online() {
	for p in $(net_programs); do
		needs "$p" | grep -q 'libcurl-gnutls' || echo "$p does not load libcurl-gnutls"
	done
}

# every library named is used by the object itself: nothing by accident
direct() {
	readelf -d "$(library)" | grep -oE 'NEEDED.*\[[^]]*' | sed 's/.*\[//' |
		grep -vE '^(libgnutls|libnettle|libhogweed|libgmp|libjansson|libidn2|libtasn1|libc|libasan|libubsan|ld-linux)' | sed 's/^/libacmeutil needs /'
	# libstdc++ comes with libubsan
	needs acme | grep -vE '^(linux-vdso|libc\.|/lib|libasan|libubsan|libstdc\+\+|libm\.|libgcc_s|libdl|libpthread|librt)' | sed 's/^/the front end loads /'
}

check "programs that do not talk to a server do not load libcurl" offline
check "programs that do, load the GnuTLS flavour of it" online
check "nothing else is linked" direct
done_checking
