/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Certificates for people and for choosing between chains. */
#include "cert-impl.h"

#include <gnutls/abstract.h>
#include <nettle/base16.h>
#include <nettle/sha2.h>
#include <string.h>

#include "mem.h"
#include "san.h"

static void digest_of(const struct au_cert *cert, uint8_t out[static SHA256_DIGEST_SIZE])
{
	struct sha256_ctx c;

	sha256_init(&c);
	sha256_update(&c, cert->der.n, cert->der.p);
	sha256_digest(&c, SHA256_DIGEST_SIZE, out);
}

/* Hex digits of `text` (colons between them skipped) against octets. */
static bool hex_equal(const char *text, const uint8_t *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	size_t k = 0;

	for (; *text; text++) {
		if (*text == ':')
			continue;
		char c = *text >= 'A' && *text <= 'F' ? (char)(*text - 'A' + 'a') : *text;
		if (k == 2 * n || c != digits[k % 2 ? p[k / 2] & 15 : p[k / 2] >> 4])
			return false;
		k++;
	}
	return k == 2 * n;
}

static bool fingerprint_matches(const struct au_cert *cert, const char *want)
{
	uint8_t digest[SHA256_DIGEST_SIZE];

	digest_of(cert, digest);
	return hex_equal(want, digest, sizeof digest);
}

/* Has the certificate's subject, or its issuer, this common name? */
static bool name_matches(const struct au_cert *cert, bool issuer, const char *want)
{
	for (int i = 0;; i++) {
		char cn[512];
		size_t n = sizeof cn;
		int r = issuer ? gnutls_x509_crt_get_issuer_dn_by_oid(cert->crt, GNUTLS_OID_X520_COMMON_NAME, i, 0, cn, &n) :
				 gnutls_x509_crt_get_dn_by_oid(cert->crt, GNUTLS_OID_X520_COMMON_NAME, i, 0, cn, &n);
		if (r >= 0 && n == strlen(want) && memcmp(cn, want, n) == 0)
			return true;
		if (r < 0 && r != GNUTLS_E_SHORT_MEMORY_BUFFER)
			return false;
	}
}

bool au_chain_matches(const struct au_chain *chain, const char *want)
{
	struct au_span aki;

	if (strncmp(want, "aki:", 4) == 0) {
		for (size_t i = 0; i < chain->n; i++)
			if (au_cert_aki(&chain->cert[i], &aki) && hex_equal(want + 4, aki.p, aki.n))
				return true;
		return false;
	}
	for (size_t i = 1; i < chain->n; i++)
		if (fingerprint_matches(&chain->cert[i], want) || name_matches(&chain->cert[i], false, want))
			return true;
	return name_matches(&chain->cert[chain->n - 1], true, want);
}

static json_t *hex(const uint8_t *p, size_t n)
{
	AU_AUTO_MEM char *s = au_alloc(BASE16_ENCODE_LENGTH(n) + 1);

	if (!s)
		return NULL;
	base16_encode_update(s, n, p);
	return json_string(s);
}

/* A distinguished name as RFC 4514 writes it; octets that are no text are escaped. NULL for lack of memory. */
static json_t *dn(const struct au_cert *cert, bool issuer)
{
	gnutls_datum_t d = { 0 };
	int r = issuer ? gnutls_x509_crt_get_issuer_dn3(cert->crt, &d, 0) : gnutls_x509_crt_get_dn3(cert->crt, &d, 0);
	json_t *out = NULL;
	bool plain = true;

	if (r < 0)
		return json_string("");
	for (unsigned i = 0; i < d.size; i++)
		plain = plain && d.data[i] >= 0x20 && d.data[i] != 0x7f;
	if (plain)
		out = json_stringn((const char *)d.data, d.size);
	if (!out) {
		char text[1024];
		au_escape(text, sizeof text, d.data, d.size);
		out = json_string(text);
	}
	gnutls_free(d.data);
	return out;
}

static json_t *names(const struct au_cert *cert, struct au_err *err)
{
	struct au_span san;

	if (au_cert_ext_find(cert, AU_CE_SUBJECT_ALT_NAME, &san))
		return au_san_read(san, true, err);
	json_t *none = json_array();
	return none ? none : (au_fail_mem(err), NULL);
}

/* "p256" of a key we could use, GnuTLS's word for any other. */
static json_t *key_name(const struct au_cert *cert)
{
	AU_AUTO_KEY struct au_key *key = NULL;
	struct au_err err AU_AUTO_ERR = { 0 };

	if (au_key_from_spki(cert->spki.p, cert->spki.n, &key, &err))
		return json_string(au_key_name_peek(key));
	const char *pk = gnutls_pk_get_name(gnutls_x509_crt_get_pk_algorithm(cert->crt, NULL));
	return json_string(pk ? pk : "unknown");
}

json_t *au_chain_describe(const struct au_chain *chain, size_t i, struct au_err *err)
{
	const struct au_cert *cert = &chain->cert[i];
	AU_AUTO_JSON json_t *out = json_object(), *sans = names(cert, err);
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct au_span aki;

	if (!out)
		return au_fail_mem(err), NULL;
	if (!sans)
		return au_fail_in(err, "certificate %zu", i + 1), NULL;
	digest_of(cert, digest);
	if (!au_json_set_take(out, "subject", dn(cert, false), err) ||
	    !au_json_set_take(out, "issuer", dn(cert, true), err) ||
	    !au_json_set_take(out, "serial", hex(cert->serial.p, cert->serial.n), err) ||
	    !au_json_set_take(out, "notBefore",
			      json_string(au_time_text(gnutls_x509_crt_get_activation_time(cert->crt)).s), err) ||
	    !au_json_set_take(out, "notAfter",
			      json_string(au_time_text(gnutls_x509_crt_get_expiration_time(cert->crt)).s), err) ||
	    !au_json_set_take(out, "names", json_incref(sans), err) ||
	    !au_json_set_take(out, "sha256", hex(digest, sizeof digest), err) ||
	    !au_json_set_take(out, "key", key_name(cert), err))
		return NULL;
	if (au_cert_aki(cert, &aki) && !au_json_set_take(out, "aki", hex(aki.p, aki.n), err))
		return NULL;
	return au_steal(&out);
}
