/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tlsserve: a TLS server that speaks "acme-tls/1" (RFC 8737), shows a certificate and hangs up. */
#ifndef TLSSERVE_H
#define TLSSERVE_H

#include "acmeutil.h"

struct tlsserve;

/* Serve on a listening socket, from a thread of its own. fd is taken. AU_SYSTEM. */
bool tlsserve_start_take(int fd, struct tlsserve **t, struct au_err *err);

/*
 * From now on show this certificate (DER) of the key (PKCS#8 PEM) to who asks for sni; *replaced: in place of an older
 * one, as there can be but one.
 */
bool tlsserve_put(struct tlsserve *t, const char *sni, const struct au_buf *der, const struct au_buf *pem,
		  bool *replaced, struct au_err *err);

/* Hang up and close the socket. NULL is fine. */
void tlsserve_stop(struct tlsserve *t);

#endif
