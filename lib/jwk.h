/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* jwk: keys as JSON (RFC 7517, 7518, 8037) and their thumbprint (RFC 7638). */
#ifndef AU_JWK_H
#define AU_JWK_H

#include "key.h"

/*
 * The key as a JWK object: kty first in meaning, full-width x, y and d. The
 * caller json_decref()s. Private members only when asked for; AU_KEY when the
 * key is public or in a token.
 */
json_t *au_jwk(const struct au_key *key, enum au_key_want want, struct au_err *err) AU_MUST_CHECK;

/*
 * Read a JWK: RSA (with or without CRT values), EC P-256/384/521, OKP
 * Ed25519/Ed448. Values strictly base64url and of full width; unknown members
 * are ignored (section 4 of RFC 7517), "oct" and unknown kty refused. Policy applied.
 */
bool au_jwk_read(const json_t *jwk, enum au_key_want want, struct au_key **key, struct au_err *err);

/* RFC 7638 SHA-256 thumbprint: 32 octets, and its 43 characters of base64url plus NUL. */
bool au_jwk_thumbprint(const struct au_key *key, uint8_t out[32], struct au_err *err);
bool au_jwk_thumbprint_text(const struct au_key *key, char out[44], struct au_err *err);

#endif
