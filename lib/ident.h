/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ident: identifiers (RFC 8555 section 9.7.7; RFC 8738 for ip; RFC 9444 for ancestorDomain). */
#ifndef AU_IDENT_H
#define AU_IDENT_H

#include "json.h"

/*
 * "-d NAME": a DNS name as people write it to the identifier the wire wants:
 * IDNA2008 A-labels, lower case, no final dot, letters, digits and hyphens,
 * an optional "*." in front. AU_USAGE says what is wrong. The caller json_decref()s.
 */
json_t *au_ident_dns(const char *name, struct au_err *err) AU_MUST_CHECK;

/*
 * "type:value": dns as above; ip is checked and written as RFC 8738 wants (section 4 of RFC 5952: no mixed notation);
 * any other type goes through as it stands (a type is letters, digits, - and _).
 */
json_t *au_ident_read(const char *text, struct au_err *err) AU_MUST_CHECK;

/*
 * Is `value` an LDH DNS name as au_ident_dns makes them (wildcard says whether "*." may stand in front)?
 * Either case. For names that a server sent.
 */
bool au_ident_is_dns(const char *value, bool wildcard);

/*
 * Has an identifier from a server a type and a value, and a dns or ip one a value of that kind? AU_PROTOCOL.
 * Other members pass.
 */
bool au_ident_check(const json_t *identifier, bool wildcard, struct au_err *err);

/*
 * Same type and value (dns: ASCII case does not matter; ip: same address)? Other members
 * (ancestorDomain) do not count.
 */
bool au_ident_equal(const json_t *a, const json_t *b);

/*
 * Are the two arrays of identifiers the same set? AU_PROTOCOL, naming the one
 * that is missing or too many: what the client asked for against what came back.
 */
bool au_ident_same_set(const json_t *asked, const json_t *got, struct au_err *err);

/* "dns:www.example.org" for messages. The caller au_free()s; NULL for lack of memory. */
char *au_ident_text(const json_t *identifier);

/*
 * What a command line names: n DNS names (-d) and then count "type:value" operands, as an array in that order, each
 * identifier once. AU_USAGE. The caller json_decref()s.
 */
json_t *au_ident_list(const char *const *names, size_t n, char *const *operands, int count, struct au_err *err) AU_MUST_CHECK;

#endif
