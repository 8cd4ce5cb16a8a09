/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* der: reading strict DER (ITU-T X.690), for the ranges inside certificates and CSRs that GnuTLS does not hand out. */
#ifndef AU_DER_H
#define AU_DER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Identifier octets. */
enum {
	AU_DER_BOOLEAN = 0x01, AU_DER_INTEGER = 0x02, AU_DER_BIT_STRING = 0x03, AU_DER_OCTET_STRING = 0x04,
	AU_DER_NULL = 0x05, AU_DER_OID = 0x06, AU_DER_SEQUENCE = 0x30, AU_DER_SET = 0x31,
};
/* [n] context-specific, primitive or constructed. */
#define AU_DER_CTX(n) (0x80u | (n))
#define AU_DER_CTX_C(n) (0xa0u | (n))

/* Octets inside someone else's buffer. */
struct au_span {
	const uint8_t *p;
	size_t n;
};

/* One element: its identifier octet, its content, and all of it with the header. */
struct au_der {
	uint8_t tag;
	struct au_span in, all;
};

/*
 * Take the next element off the front of *rest. False, with *rest as it was: nothing is left, a length that is
 * not the shortest or runs past the end, or a tag number above 30 (no X.509 type has one).
 */
bool au_der_next(struct au_span *rest, struct au_der *out);

/* The same when the next element has this tag; else false and *rest as it was. */
bool au_der_take(struct au_span *rest, unsigned tag, struct au_der *out);

/*
 * Are these n octets one element, nothing behind it, and DER all the way down? Looks into constructed
 * elements; what OCTET STRINGs hold is not looked at. At most 32 levels.
 */
bool au_der_valid(const void *p, size_t n);

/* The content of an OBJECT IDENTIFIER as "2.5.29.17"; cut when it does not fit. */
struct au_oid_text { char s[96]; };
struct au_oid_text au_der_oid_text(struct au_span oid);

bool au_span_equal(struct au_span a, struct au_span b);

#endif
