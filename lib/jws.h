/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* jws: flattened JSON signatures as ACME uses them (RFC 7515; RFC 8555 section 6.2), and EAB's HMAC. */
#ifndef AU_JWS_H
#define AU_JWS_H

#include "key.h"

/*
 * Sign: protected is an object that gets "alg" added when it has none (it must
 * fit the key when it has one). payload: n octets, any; n = 0 is POST-as-GET.
 * The result {"protected","payload","signature"} belongs to the caller.
 */
json_t *au_jws_sign(const struct au_key *key, const json_t *protected_, const void *payload, size_t n,
		    struct au_err *err) AU_MUST_CHECK;

/*
 * The same over header octets as they stand (nothing added, nothing checked but that alg can be made): for tools that
 * send faults on purpose.
 */
json_t *au_jws_sign_raw(const struct au_key *key, const char *alg, const void *header, size_t header_n,
			const void *payload, size_t n, struct au_err *err) AU_MUST_CHECK;

/*
 * External account binding (RFC 8555 section 7.3.4): the account key's JWK under
 * HS256, HS384 or HS512 with the CA's MAC key. url is the newAccount URL.
 */
json_t *au_jws_eab(const struct au_key *account, const char *kid, const char *alg, const void *mac_key, size_t n,
		   const char *url, struct au_err *err) AU_MUST_CHECK;

/*
 * Verify a flattened or compact JWS by `key`: alg must fit the key (none and HS* never
 * do), crit and b64 are refused, no unprotected header. On success *header
 * (when not NULL; caller json_decref()s) and the payload octets, appended.
 * AU_NO: the signature is wrong. AU_INPUT: not a JWS of that form.
 */
bool au_jws_verify(const struct au_key *key, const json_t *jws, json_t **header, struct au_buf *payload,
		   struct au_err *err);

/* "aaa.bbb.ccc" to the flattened object; the caller json_decref()s. */
json_t *au_jws_from_compact(const char *text, struct au_err *err) AU_MUST_CHECK;

/* The decoded protected header, strictly read; the caller json_decref()s. */
json_t *au_jws_header(const json_t *jws, struct au_err *err) AU_MUST_CHECK;

#endif
