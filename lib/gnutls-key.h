/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gnutls-key: the GnuTLS objects inside a key, for csr, cert and chall in this library only (not installed). */
#ifndef AU_GNUTLS_KEY_H
#define AU_GNUTLS_KEY_H

#include <gnutls/abstract.h>

#include "key.h"

/* Borrowed; the private one is NULL for a public key. */
gnutls_privkey_t au_key_gnutls_private_peek(const struct au_key *key);
gnutls_pubkey_t au_key_gnutls_public_peek(const struct au_key *key);

/* Wrap a public key that came out of a certificate or CSR; takes pub also on failure; policy applied. */
bool au_key_from_gnutls_take(gnutls_pubkey_t pub, struct au_key **key, struct au_err *err);

/* The digest GnuTLS must be told for X.509 signatures with this key (trap: Ed25519 fails with SHA-256). */
gnutls_digest_algorithm_t au_key_gnutls_digest(const struct au_key *key);

/* AU_KEY (or code) "where: gnutls text". Returns false. */
bool au_fail_gnutls(struct au_err *err, enum au_code code, const char *where, int gnutls_code);

#endif
