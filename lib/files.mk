# SPDX-License-Identifier: LGPL-2.1-or-later
# The library, lowest layer first. A challenge type is one word in CHALL and one file in lib/chall/.
CHALL = http-01 dns-01 dns-account-01 tls-alpn-01

# The modules whose headers make up acmeutil.h, in the order they stand there.
API = limits err mem buf b64 clock json fdio cli key jwk jws csr cert renewal url ident problem object chall

LIB_SRC = \
	lib/err.c lib/mem.c lib/buf.c lib/b64.c lib/clock.c \
	lib/json.c lib/fdio.c \
	lib/cli.c lib/cli-help.c lib/key.c lib/key-parts.c lib/key-rsa.c lib/key-oldpem.c lib/key-policy.c lib/key-der.c lib/key-pbes2.c lib/key-read.c lib/key-token.c lib/key-sign.c lib/jwk.c lib/jws.c lib/der.c lib/pem.c lib/san.c lib/csr.c lib/cert.c lib/cert-check.c lib/cert-show.c lib/renewal.c \
	lib/url.c lib/ident.c lib/problem.c lib/object.c lib/chall.c \
	lib/chall/http-01.c lib/chall/dns-01.c lib/chall/dns-account-01.c lib/chall/tls-alpn-01.c

# Internal headers, not installed.
LIB_HDR = lib/chall-half.h lib/gnutls-key.h lib/cli-help.h lib/der.h lib/pem.h lib/san.h lib/cert-impl.h lib/key-impl.h

NET_SRC = lib/http.c lib/http-head.c lib/http-trust.c lib/http-fail.c lib/http-impl.h lib/http.h lib/req.c lib/req-post.c lib/req-fetch.c lib/req-impl.h lib/req.h
