# SPDX-License-Identifier: LGPL-2.1-or-later
# Programs that talk to an ACME server (and so pay for libcurl), and those that do not.
NET_PROGS = bin/acme-directory bin/acme-account bin/acme-order bin/acme-authz bin/acme-respond bin/acme-finalize bin/acme-cert bin/acme-revoke bin/acme-renewal bin/acme-wait bin/acme-post
OFFLINE_PROGS = bin/acme-newkey bin/acme-jwk bin/acme-answer bin/acme-http01 bin/acme-dns01 bin/acme-tlsalpn01 bin/acme-csr bin/acme-sign bin/acme-verify

# What some programs share.
BIN_SRC = bin/chainload.c bin/chainload.h bin/child.c bin/child.h bin/listen.c bin/listen.h bin/webroot.c bin/webroot.h bin/webserve.c bin/webserve.h bin/tlsserve.c bin/tlsserve.h bin/dnstool.c bin/dnstool.h
