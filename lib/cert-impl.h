/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cert-impl: what the files of cert share (not installed). */
#ifndef AU_CERT_IMPL_H
#define AU_CERT_IMPL_H

#include <gnutls/x509.h>

#include "cert.h"
#include "der.h"

/* One certificate: GnuTLS's view, and the ranges of the DER (RFC 5280 section 4.1) that it does not hand out. */
struct au_cert {
	gnutls_x509_crt_t crt;
	struct au_buf der;
	struct au_span tbs, serial, issuer, subject, spki, signature;
	struct au_span extensions;   /* what is inside the SEQUENCE; empty when there are none */
};

struct au_chain {
	size_t n;
	struct au_cert cert[AU_MAX_CHAIN];
};

/* Certificate extensions, id-ce (2.5.29), by their last arc. */
enum {
	AU_CE_KEY_USAGE = 15, AU_CE_SUBJECT_ALT_NAME = 17, AU_CE_BASIC_CONSTRAINTS = 19, AU_CE_NAME_CONSTRAINTS = 30,
	AU_CE_CRL_POINTS = 31, AU_CE_POLICIES = 32, AU_CE_POLICY_MAPPINGS = 33, AU_CE_AUTHORITY_KEY_ID = 35,
	AU_CE_POLICY_CONSTRAINTS = 36, AU_CE_EXT_USAGE = 37, AU_CE_INHIBIT_ANY_POLICY = 54,
};

struct au_cert_ext {
	struct au_span oid, value;   /* content of the OBJECT IDENTIFIER, of the OCTET STRING */
	bool critical;
};

/* Take the next Extension off the front; false at the end or when it is none. */
bool au_cert_ext_next(struct au_span *rest, struct au_cert_ext *ext);

/* Is it id-ce arc? */
bool au_cert_ext_is(const struct au_cert_ext *ext, unsigned arc);

/* The value of extension id-ce arc; false when there is none. */
bool au_cert_ext_find(const struct au_cert *cert, unsigned arc, struct au_span *value);

/* The keyIdentifier of the authority key identifier; false when there is none. */
bool au_cert_aki(const struct au_cert *cert, struct au_span *id);

/* What a reader of one part calls bad input or a bad key is, in what a CA sent, its fault. Returns false. */
bool au_cert_fault(struct au_err *err);

#endif
