/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* certs: certificates for tests, each as good or as bad as its spec says. */
#ifndef CERTS_H
#define CERTS_H

#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "pem.h"
#include "unit.h"

/* 2026-01-01T00:00:00Z; certificates live from a day before to 90 days behind. */
#define NOW INT64_C(1767225600)
#define DAY INT64_C(86400)

struct spec {
	const char *cn;
	gnutls_privkey_t key;
	const char *dns[4];
	const char *ip, *email, *uri;
	bool ca, no_ca;              /* CA:TRUE, CA:FALSE; neither: no basic constraints */
	int path;                    /* with ca: path length, -1 for none */
	unsigned usage;              /* GNUTLS_KEY_..., 0 for none */
	int64_t from, to;            /* 0: as above */
	gnutls_digest_algorithm_t digest;
	const char *serial;          /* octets in hex */
	const char *critical;        /* OID of a critical extension */
	const char *san;             /* subjectAltName value in hex, in place of dns, ip... */
	const char *aki;             /* hex; NULL: the issuer's */
	bool no_aki;
};

static inline void must_tls(int r, int line)
{
	if (r < 0) {
		printf("Bail out! certs.h line %d: %s\n", line, gnutls_strerror(r));
		exit(99);
	}
}
#define must(r) must_tls((r), __LINE__)

static inline size_t unhex(const char *hex, uint8_t *out)
{
	size_t n = 0;

	for (unsigned v; hex[0] && sscanf(hex, "%2x", &v) == 1; hex += 2)
		out[n++] = (uint8_t)v;
	return n;
}

static inline gnutls_privkey_t new_key(gnutls_pk_algorithm_t pk, unsigned bits)
{
	gnutls_privkey_t k;

	must(gnutls_privkey_init(&k));
	must(gnutls_privkey_generate(k, pk, bits, 0));
	return k;
}

static inline gnutls_privkey_t new_p256(void)
{
	return new_key(GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1));
}

static inline gnutls_pubkey_t public_of(gnutls_privkey_t key)
{
	gnutls_pubkey_t pub;

	must(gnutls_pubkey_init(&pub));
	must(gnutls_pubkey_import_privkey(pub, key, 0, 0));
	return pub;
}

static inline void set_names(gnutls_x509_crt_t c, const struct spec *s)
{
	uint8_t raw[2048];

	if (s->san) {
		must(gnutls_x509_crt_set_extension_by_oid(c, "2.5.29.17", raw, unhex(s->san, raw), 0));
		return;
	}
	for (size_t i = 0; i < 4 && s->dns[i]; i++)
		must(gnutls_x509_crt_set_subject_alt_name(c, GNUTLS_SAN_DNSNAME, s->dns[i], (unsigned)strlen(s->dns[i]),
							  GNUTLS_FSAN_APPEND));
	if (s->ip)
		must(gnutls_x509_crt_set_subject_alt_name(c, GNUTLS_SAN_IPADDRESS, raw, (unsigned)unhex(s->ip, raw),
							  GNUTLS_FSAN_APPEND));
	if (s->email)
		must(gnutls_x509_crt_set_subject_alt_name(c, GNUTLS_SAN_RFC822NAME, s->email, (unsigned)strlen(s->email),
							  GNUTLS_FSAN_APPEND));
	if (s->uri)
		must(gnutls_x509_crt_set_subject_alt_name(c, GNUTLS_SAN_URI, s->uri, (unsigned)strlen(s->uri),
							  GNUTLS_FSAN_APPEND));
}

static inline void set_key_ids(gnutls_x509_crt_t c, const struct spec *s, const struct spec *issuer)
{
	uint8_t id[64], raw[64];
	size_t n = sizeof id;
	gnutls_pubkey_t pub = public_of(s->key);

	must(gnutls_x509_crt_set_pubkey(c, pub));
	if (s->ca) {
		must(gnutls_pubkey_get_key_id(pub, 0, id, &n));
		must(gnutls_x509_crt_set_subject_key_id(c, id, 20));
	}
	gnutls_pubkey_deinit(pub);
	if (s->no_aki)
		return;
	pub = public_of(issuer->key);
	n = sizeof id;
	must(gnutls_pubkey_get_key_id(pub, 0, id, &n));
	n = s->aki ? unhex(s->aki, raw) : 20;
	must(gnutls_x509_crt_set_authority_key_id(c, s->aki ? raw : id, n));
	gnutls_pubkey_deinit(pub);
}

/* The subject of a certificate is its CN and nothing else, so the issuer need not be there as a certificate. */
static inline void set_issuer(gnutls_x509_crt_t c, const struct spec *issuer)
{
	if (issuer->cn)
		must(gnutls_x509_crt_set_issuer_dn_by_oid(c, GNUTLS_OID_X520_COMMON_NAME, 0, issuer->cn,
							  (unsigned)strlen(issuer->cn)));
}

/* Sign what has been put together. GnuTLS takes the issuer's name from a certificate that must be imported. */
static inline void sign_cert(gnutls_x509_crt_t c, const struct spec *issuer, gnutls_digest_algorithm_t digest)
{
	gnutls_x509_crt_t by, again;
	gnutls_pubkey_t pub = public_of(issuer->key);
	gnutls_datum_t d;

	must(gnutls_x509_crt_init(&by));
	must(gnutls_x509_crt_set_version(by, 3));
	must(gnutls_x509_crt_set_serial(by, "\x01", 1));
	must(gnutls_x509_crt_set_dn_by_oid(by, GNUTLS_OID_X520_COMMON_NAME, 0, issuer->cn, (unsigned)strlen(issuer->cn)));
	must(gnutls_x509_crt_set_activation_time(by, NOW));
	must(gnutls_x509_crt_set_expiration_time(by, NOW));
	must(gnutls_x509_crt_set_pubkey(by, pub));
	digest = digest ? digest : GNUTLS_DIG_SHA256;
	must(gnutls_x509_crt_privkey_sign(by, by, issuer->key, digest, 0));
	must(gnutls_x509_crt_export2(by, GNUTLS_X509_FMT_DER, &d));
	must(gnutls_x509_crt_init(&again));
	must(gnutls_x509_crt_import(again, &d, GNUTLS_X509_FMT_DER));
	must(gnutls_x509_crt_privkey_sign(c, again, issuer->key, digest, 0));
	gnutls_free(d.data);
	gnutls_x509_crt_deinit(by);
	gnutls_x509_crt_deinit(again);
	gnutls_pubkey_deinit(pub);
}

/* DER of the certificate that s describes, issued by `issuer` (NULL: by itself); appended. */
static inline void cert_der(const struct spec *s, const struct spec *issuer, struct au_buf *der)
{
	gnutls_x509_crt_t c;
	gnutls_datum_t d;
	uint8_t raw[64];
	struct au_err err = { 0 };

	issuer = issuer ? issuer : s;
	must(gnutls_x509_crt_init(&c));
	must(gnutls_x509_crt_set_version(c, 3));
	must(gnutls_x509_crt_set_serial(c, raw, unhex(s->serial ? s->serial : "4123456789abcdef", raw)));
	if (s->cn)
		must(gnutls_x509_crt_set_dn_by_oid(c, GNUTLS_OID_X520_COMMON_NAME, 0, s->cn, (unsigned)strlen(s->cn)));
	must(gnutls_x509_crt_set_activation_time(c, s->from ? s->from : NOW - DAY));
	must(gnutls_x509_crt_set_expiration_time(c, s->to ? s->to : NOW + 90 * DAY));
	set_key_ids(c, s, issuer);
	set_names(c, s);
	if (s->ca)
		must(gnutls_x509_crt_set_basic_constraints(c, 1, s->path));
	if (s->no_ca)
		must(gnutls_x509_crt_set_basic_constraints(c, 0, -1));
	if (s->usage)
		must(gnutls_x509_crt_set_key_usage(c, s->usage));
	if (s->critical)
		must(gnutls_x509_crt_set_extension_by_oid(c, s->critical, "\x05\x00", 2, 1));
	sign_cert(c, issuer, s->digest);
	must(gnutls_x509_crt_export2(c, GNUTLS_X509_FMT_DER, &d));
	if (!au_buf_add(der, d.data, d.size, &err))
		must(GNUTLS_E_MEMORY_ERROR);
	gnutls_free(d.data);
	gnutls_x509_crt_deinit(c);
}

/* The same as PEM, appended. */
static inline void cert_pem(const struct spec *s, const struct spec *issuer, struct au_buf *pem)
{
	struct au_buf der AU_AUTO_BUF = AU_BUF(0);
	struct au_err err = { 0 };

	cert_der(s, issuer, &der);
	if (!au_pem_write("CERTIFICATE", der.p, der.n, pem, &err))
		must(GNUTLS_E_MEMORY_ERROR);
}

#endif
