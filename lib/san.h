/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* san: subject alternative names (RFC 5280 section 4.2.1.6) and ACME identifiers, one to the other (not installed). */
#ifndef AU_SAN_H
#define AU_SAN_H

#include "der.h"
#include "json.h"

/*
 * The names in the value of a subjectAltName extension as a sorted array of
 * {"type","value"} without repetitions: dns (lower case), ip, email; with
 * `others` also uri, and {"type":"other"} for what has no text. AU_INPUT: not such a value, an octet
 * that no name of that type has, an address of neither 4 nor 16 octets.
 */
json_t *au_san_read(struct au_span value, bool others, struct au_err *err) AU_MUST_CHECK;

/*
 * The value of a subjectAltName extension for these identifiers, appended. AU_INPUT: a type without a place there, or
 * a value that cannot be.
 */
bool au_san_write(const json_t *identifiers, struct au_buf *der, struct au_err *err);

/*
 * The identifiers of the types dns, ip and email as au_san_read() spells them, sorted; others are left out. Addresses
 * that are none are AU_INPUT.
 */
json_t *au_san_canonical(const json_t *identifiers, struct au_err *err) AU_MUST_CHECK;

/*
 * Add what a common name (n octets) can be taken for: an address, or a host name (letters, digits, hyphens, at
 * least one dot, "*." possible in front). Any other text is no identifier and is left alone.
 */
bool au_san_add_host(json_t *names, const char *name, size_t n, struct au_err *err);

/* Add an identifier to such an array, in its place, unless it is there. */
bool au_san_add(json_t *names, const char *type, const char *value, size_t n, struct au_err *err);

#endif
