/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* csr: certificate signing requests (RFC 2986) for ACME identifiers (RFC 8555 section 7.4). */
#ifndef AU_CSR_H
#define AU_CSR_H

#include "key.h"

/*
 * What goes into a CSR.
 * identifiers   array of {"type","value"}: dns and ip become SANs, email an
 *               rfc822Name; a type that has no place in a SAN is AU_INPUT
 * cn            subject common name, or NULL for an empty subject
 * organization  or NULL
 * key_usage     comma list: digitalSignature, keyEncipherment, keyAgreement, nonRepudiation... or NULL
 * ext_usage     comma list: serverAuth, clientAuth, codeSigning, emailProtection, or dotted OIDs; or NULL
 * must_staple   RFC 7633 TLS feature status_request
 */
struct au_csr_spec {
	const json_t *identifiers;
	const char *cn, *organization, *key_usage, *ext_usage;
	bool must_staple;
};

/* DER, appended. AU_KEY when the key cannot sign one. */
bool au_csr_make(const struct au_key *key, const struct au_csr_spec *spec, struct au_buf *der, struct au_err *err);

/*
 * A CSR that exists, PEM (with text round it) or DER, to DER; its self-signature is checked. AU_INPUT; AU_KEY for
 * a key against the policy.
 */
bool au_csr_read(const void *p, size_t n, struct au_buf *der, struct au_err *err);

/* "CERTIFICATE REQUEST", appended. */
bool au_csr_pem(const void *der, size_t n, struct au_buf *pem, struct au_err *err);

/* The public key; canonical encoding and policy as everywhere. */
bool au_csr_key(const void *der, size_t n, struct au_key **key, struct au_err *err);

/*
 * The names as a sorted array of {"type","value"} with types dns, ip, email: the SANs, and what in a common
 * name is a host name or an address (RFC 8555 section 7.4 takes it from either place).
 */
json_t *au_csr_identifiers(const void *der, size_t n, struct au_err *err) AU_MUST_CHECK;

/*
 * Does a CSR fit an order? identifiers (NULL: not looked at) are exactly its names: AU_INPUT names the first that is
 * missing or too many. account (NULL: not looked at), the thumbprint of the account's key, is not that of its
 * key: AU_KEY, RFC 8555 section 11.1.
 */
bool au_csr_fits(const void *der, size_t n, const json_t *identifiers, const char *account, struct au_err *err);

#endif
