/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* b64: base64url without padding (RFC 4648 section 5, RFC 7515 section 2), and strict reading of it. */
#ifndef AU_B64_H
#define AU_B64_H

#include "buf.h"

/* n octets as text, or NULL for lack of memory. The caller au_free()s. */
char *au_b64url(const void *p, size_t n) AU_MUST_CHECK;

/*
 * Append the octets that text (n characters) stands for. Refused, AU_INPUT:
 * padding, white space, characters of the other alphabet, a length of 1 mod 4
 * and unused bits that are not zero, so each octet string has one spelling.
 */
bool au_b64url_read(const char *text, size_t n, struct au_buf *out, struct au_err *err);

/* The same for standard base64 with padding and optional line breaks (PEM bodies, "pk" values of older drafts). */
bool au_b64_read(const char *text, size_t n, struct au_buf *out, struct au_err *err);

/* Is text 1 or more characters of the base64url alphabet and nothing else? (nonces, tokens) */
bool au_b64url_is(const char *text);

#endif
