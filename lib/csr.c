/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "csr.h"

#include <gnutls/x509-ext.h>
#include <gnutls/x509.h>
#include <string.h>

#include "gnutls-key.h"
#include "ident.h"
#include "jwk.h"
#include "mem.h"
#include "pem.h"
#include "san.h"

/* RFC 5280 appendix A.1: ub-common-name and ub-organization-name, in characters. */
#define MAX_DN_TEXT 64u
#define OID_SAN "2.5.29.17"
#define OID_EXT_USAGE "2.5.29.37"
/* RFC 7633: the TLS extension a must-staple certificate asks for is status_request. */
#define TLS_STATUS_REQUEST 5u

static void crq_freep(gnutls_x509_crq_t *crq)
{
	if (*crq)
		gnutls_x509_crq_deinit(*crq);
}
#define AUTO_CRQ __attribute__((cleanup(crq_freep)))

static const struct {
	const char *name;
	unsigned bit;
} usages[] = {
	{ "digitalSignature", GNUTLS_KEY_DIGITAL_SIGNATURE },
	{ "nonRepudiation", GNUTLS_KEY_NON_REPUDIATION },
	{ "contentCommitment", GNUTLS_KEY_NON_REPUDIATION },
	{ "keyEncipherment", GNUTLS_KEY_KEY_ENCIPHERMENT },
	{ "dataEncipherment", GNUTLS_KEY_DATA_ENCIPHERMENT },
	{ "keyAgreement", GNUTLS_KEY_KEY_AGREEMENT },
	{ "keyCertSign", GNUTLS_KEY_KEY_CERT_SIGN },
	{ "cRLSign", GNUTLS_KEY_CRL_SIGN },
	{ "encipherOnly", GNUTLS_KEY_ENCIPHER_ONLY },
	{ "decipherOnly", GNUTLS_KEY_DECIPHER_ONLY },
};

static const struct {
	const char *name, *oid;
} purposes[] = {
	{ "serverAuth", GNUTLS_KP_TLS_WWW_SERVER },
	{ "clientAuth", GNUTLS_KP_TLS_WWW_CLIENT },
	{ "codeSigning", GNUTLS_KP_CODE_SIGNING },
	{ "emailProtection", GNUTLS_KP_EMAIL_PROTECTION },
	{ "timeStamping", GNUTLS_KP_TIME_STAMPING },
	{ "OCSPSigning", GNUTLS_KP_OCSP_SIGNING },
	{ "ipsecIKE", GNUTLS_KP_IPSEC_IKE },
};

/* The next word of a comma list; NULL at its end. An empty word is a word. */
static const char *word_next(const char **list, size_t *n)
{
	const char *word = *list;

	if (!word)
		return NULL;
	*n = strcspn(word, ",");
	*list = word[*n] ? word + *n + 1 : NULL;
	return word;
}

static bool is_word(const char *word, size_t n, const char *name)
{
	return strlen(name) == n && strncmp(word, name, n) == 0;
}

static bool usage_read(const char *list, unsigned *bits, struct au_err *err)
{
	const char *word;
	size_t n;

	*bits = 0;
	while ((word = word_next(&list, &n))) {
		unsigned bit = 0;
		for (size_t i = 0; i < sizeof usages / sizeof *usages; i++)
			if (is_word(word, n, usages[i].name))
				bit = usages[i].bit;
		if (!bit)
			return au_fail(err, AU_USAGE, "key usage \"%.*s\": unknown; digitalSignature, "
				       "keyEncipherment, keyAgreement... as RFC 5280 names them", (int)n, word);
		*bits |= bit;
	}
	return true;
}

/* "1.3.6.1": two arcs or more, shortest digits, the first two within their range. */
static bool oid_is(const char *s)
{
	unsigned arcs = 0, first = 0;

	for (;;) {
		size_t n = strspn(s, "0123456789");
		if (n == 0 || n > 9 || (n > 1 && s[0] == '0'))
			return false;
		if (arcs == 0 && (n > 1 || (first = (unsigned)(s[0] - '0')) > 2))
			return false;
		if (arcs == 1 && first < 2 && (n > 2 || (n == 2 && s[0] > '3')))
			return false;
		arcs++;
		if (s[n] == '\0')
			return arcs >= 2;
		if (s[n] != '.')
			return false;
		s += n + 1;
	}
}

static bool purpose_add(gnutls_x509_key_purposes_t set, const char *word, size_t n, struct au_err *err)
{
	AU_AUTO_MEM char *own = au_memdup0(word, n);
	const char *oid = own;
	int r;

	if (!own)
		return au_fail_mem(err);
	for (size_t i = 0; i < sizeof purposes / sizeof *purposes; i++)
		if (strcmp(own, purposes[i].name) == 0)
			oid = purposes[i].oid;
	if (!oid_is(oid))
		return au_fail(err, AU_USAGE, "extended key usage \"%s\": neither serverAuth, clientAuth, codeSigning, "
			       "emailProtection... nor an object identifier", oid);
	if ((r = gnutls_x509_key_purpose_set(set, oid)) < 0)
		return au_fail_gnutls(err, AU_USAGE, oid, r);
	return true;
}

/* GnuTLS's own setter makes the extension critical, which a CA may copy; no verifier needs that. */
static bool purposes_set(gnutls_x509_crq_t crq, const char *list, struct au_err *err)
{
	gnutls_x509_key_purposes_t set;
	gnutls_datum_t ext = { 0 };
	const char *word;
	bool ok = true;
	size_t n;

	if (gnutls_x509_key_purpose_init(&set) < 0)
		return au_fail_mem(err);
	while (ok && (word = word_next(&list, &n)))
		ok = purpose_add(set, word, n, err);
	if (ok) {
		int r = gnutls_x509_ext_export_key_purposes(set, &ext);
		if (r >= 0)
			r = gnutls_x509_crq_set_extension_by_oid(crq, OID_EXT_USAGE, ext.data, ext.size, 0);
		ok = r >= 0 || au_fail_gnutls(err, AU_SYSTEM, "extended key usage", r);
	}
	gnutls_free(ext.data);
	gnutls_x509_key_purpose_deinit(set);
	return ok;
}

static bool dn_set(gnutls_x509_crq_t crq, const char *oid, const char *what, const char *text, struct au_err *err)
{
	size_t chars = 0;
	int r;

	if (!text)
		return true;
	for (const char *p = text; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return au_fail(err, AU_USAGE, "%s \"%s\": a control character", what, text);
		chars += ((unsigned char)*p & 0xc0) != 0x80;
	}
	if (chars == 0 || chars > MAX_DN_TEXT)
		return au_fail(err, AU_USAGE, "%s \"%s\": must have 1 to %u characters (RFC 5280)", what, text, MAX_DN_TEXT);
	if ((r = gnutls_x509_crq_set_dn_by_oid(crq, oid, 0, text, (unsigned)strlen(text))) < 0)
		return au_fail_gnutls(err, AU_USAGE, what, r);
	return true;
}

static bool names_set(gnutls_x509_crq_t crq, const json_t *identifiers, struct au_err *err)
{
	struct au_buf san AU_AUTO_BUF = AU_BUF(0);
	int r;

	if (json_array_size(identifiers) == 0)
		return true;
	if (!au_san_write(identifiers, &san, err))
		return false;
	if ((r = gnutls_x509_crq_set_extension_by_oid(crq, OID_SAN, san.p, san.n, 0)) < 0)
		return au_fail_gnutls(err, AU_INPUT, "subject alternative name", r);
	return true;
}

static bool must_staple_set(gnutls_x509_crq_t crq, struct au_err *err)
{
	gnutls_x509_tlsfeatures_t f;
	int r;

	if ((r = gnutls_x509_tlsfeatures_init(&f)) < 0)
		return au_fail_mem(err);
	r = gnutls_x509_tlsfeatures_add(f, TLS_STATUS_REQUEST);
	if (r >= 0)
		r = gnutls_x509_crq_set_tlsfeatures(crq, f);
	gnutls_x509_tlsfeatures_deinit(f);
	return r >= 0 || au_fail_gnutls(err, AU_SYSTEM, "must-staple", r);
}

static bool extensions_set(gnutls_x509_crq_t crq, const struct au_csr_spec *spec, struct au_err *err)
{
	unsigned bits;
	int r;

	if (spec->key_usage) {
		if (!usage_read(spec->key_usage, &bits, err))
			return false;
		if ((r = gnutls_x509_crq_set_key_usage(crq, bits)) < 0)
			return au_fail_gnutls(err, AU_SYSTEM, "key usage", r);
	}
	if (spec->ext_usage && !purposes_set(crq, spec->ext_usage, err))
		return false;
	return !spec->must_staple || must_staple_set(crq, err);
}

/*
 * The signature is looked at before it is given away: a token whose public object is not
 * that of its private key shows here, not at the CA.
 */
static bool sign(gnutls_x509_crq_t crq, const struct au_key *key, struct au_err *err)
{
	int r;

	r = gnutls_x509_crq_privkey_sign(crq, au_key_gnutls_private_peek(key), au_key_gnutls_digest(key), 0);
	if (r < 0)
		return au_fail_gnutls(err, AU_KEY, "signing the CSR", r);
	if ((r = gnutls_x509_crq_verify(crq, 0)) < 0)
		return au_fail_gnutls(err, AU_KEY, "the CSR just signed does not verify with its own key", r);
	return true;
}

bool au_csr_make(const struct au_key *key, const struct au_csr_spec *spec, struct au_buf *der, struct au_err *err)
{
	AUTO_CRQ gnutls_x509_crq_t crq = NULL;
	gnutls_datum_t out = { 0 };
	int r;

	if (!au_key_is_private(key))
		return au_fail(err, AU_KEY, "a CSR is signed with the private key; this one is public");
	if (json_array_size(spec->identifiers) == 0 && !spec->cn && !spec->organization)
		return au_fail(err, AU_INPUT, "a CSR without a name");
	if (gnutls_x509_crq_init(&crq) < 0)
		return au_fail_mem(err);
	if ((r = gnutls_x509_crq_set_version(crq, 1)) < 0 ||
	    (r = gnutls_x509_crq_set_pubkey(crq, au_key_gnutls_public_peek(key))) < 0)
		return au_fail_gnutls(err, AU_KEY, "the key in a CSR", r);
	if (!dn_set(crq, GNUTLS_OID_X520_ORGANIZATION_NAME, "organization", spec->organization, err) ||
	    !dn_set(crq, GNUTLS_OID_X520_COMMON_NAME, "common name", spec->cn, err) ||
	    !names_set(crq, spec->identifiers, err) || !extensions_set(crq, spec, err) || !sign(crq, key, err))
		return false;
	if ((r = gnutls_x509_crq_export2(crq, GNUTLS_X509_FMT_DER, &out)) < 0)
		return au_fail_gnutls(err, AU_SYSTEM, "writing the CSR", r);
	bool ok = au_buf_add(der, out.data, out.size, err);
	gnutls_free(out.data);
	return ok;
}

/* DER that GnuTLS, and before it our own stricter reader, takes for a CSR. */
static bool import(const void *der, size_t n, gnutls_x509_crq_t *crq, struct au_err *err)
{
	gnutls_datum_t d = { (void *)(uintptr_t)der, (unsigned)n };
	int r;

	if (n > AU_MAX_REPLY || !au_der_valid(der, n))
		return au_fail(err, AU_INPUT, "CSR: not DER");
	if (gnutls_x509_crq_init(crq) < 0)
		return au_fail_mem(err);
	if ((r = gnutls_x509_crq_import(*crq, &d, GNUTLS_X509_FMT_DER)) < 0)
		return au_fail_gnutls(err, AU_INPUT, "CSR", r);
	return true;
}

/* SubjectPublicKeyInfo inside CertificationRequestInfo (RFC 2986 section 4.1), as it was sent. */
static bool spki_range(const void *der, size_t n, struct au_span *spki)
{
	struct au_span rest = { der, n };
	struct au_der csr, info, version, subject, key;

	if (!au_der_take(&rest, AU_DER_SEQUENCE, &csr) || !au_der_take(&csr.in, AU_DER_SEQUENCE, &info) ||
	    !au_der_take(&info.in, AU_DER_INTEGER, &version) || !au_der_take(&info.in, AU_DER_SEQUENCE, &subject) ||
	    !au_der_take(&info.in, AU_DER_SEQUENCE, &key))
		return false;
	*spki = key.all;
	return true;
}

bool au_csr_key(const void *der, size_t n, struct au_key **key, struct au_err *err)
{
	struct au_span spki;

	if (!au_der_valid(der, n) || !spki_range(der, n, &spki))
		return au_fail(err, AU_INPUT, "CSR: not DER");
	return au_key_from_spki(spki.p, spki.n, key, err) || au_fail_in(err, "CSR");
}

static bool pem_to_der(const void *p, size_t n, struct au_buf *der, struct au_err *err)
{
	struct au_pem pem = AU_PEM(p, n);
	struct au_buf more AU_AUTO_BUF = AU_BUF(0);
	char label[64];
	bool found;

	if (!au_pem_next(&pem, true, label, der, &found, err))
		return false;
	if (!found)
		return au_fail(err, AU_INPUT, "neither PEM nor DER of a CSR");
	if (strcmp(label, "CERTIFICATE REQUEST") != 0 && strcmp(label, "NEW CERTIFICATE REQUEST") != 0)
		return au_fail(err, AU_INPUT, "PEM of a %s where a CERTIFICATE REQUEST is wanted", label);
	if (!au_pem_next(&pem, true, label, &more, &found, err))
		return false;
	return !found || au_fail(err, AU_INPUT, "a %s behind the CSR", label);
}

bool au_csr_read(const void *p, size_t n, struct au_buf *der, struct au_err *err)
{
	AUTO_CRQ gnutls_x509_crq_t crq = NULL;
	AU_AUTO_KEY struct au_key *key = NULL;
	struct au_buf d AU_AUTO_BUF = AU_BUF(AU_MAX_REPLY);
	int r;

	if (n > 0 && *(const uint8_t *)p == AU_DER_SEQUENCE) {
		if (!au_buf_add(&d, p, n, err))
			return false;
	} else if (!pem_to_der(p, n, &d, err)) {
		return false;
	}
	/* the key first: what a degenerate key signed proves nothing */
	if (!import(d.p, d.n, &crq, err) || !au_csr_key(d.p, d.n, &key, err))
		return false;
	if ((r = gnutls_x509_crq_verify(crq, 0)) < 0)
		return au_fail_gnutls(err, AU_INPUT, "CSR: not signed by its own key", r);
	return au_buf_add(der, d.p, d.n, err);
}

/*
 * RFC 8555 section 7.4 lets an identifier stand in the common name alone. A common name that is no host is
 * a person's, a product's: no identifier.
 */
static bool common_names_add(gnutls_x509_crq_t crq, json_t *names, struct au_err *err)
{
	for (unsigned i = 0;; i++) {
		char cn[512];
		size_t n = sizeof cn;
		int r = gnutls_x509_crq_get_dn_by_oid(crq, GNUTLS_OID_X520_COMMON_NAME, i, 0, cn, &n);
		if (r == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			return true;
		if (r == GNUTLS_E_SHORT_MEMORY_BUFFER)
			continue;
		if (r < 0)
			return au_fail_gnutls(err, AU_INPUT, "CSR: common name", r);
		if (!au_san_add_host(names, cn, n, err))
			return au_fail_in(err, "CSR: common name");
	}
}

json_t *au_csr_identifiers(const void *der, size_t n, struct au_err *err)
{
	AUTO_CRQ gnutls_x509_crq_t crq = NULL;
	AU_AUTO_JSON json_t *names = NULL;
	gnutls_datum_t san = { 0 }, second = { 0 };
	unsigned critical;

	if (!import(der, n, &crq, err))
		return NULL;
	int r = gnutls_x509_crq_get_extension_by_oid2(crq, OID_SAN, 0, &san, &critical);
	if (r >= 0 && gnutls_x509_crq_get_extension_by_oid2(crq, OID_SAN, 1, &second, &critical) >= 0) {
		gnutls_free(second.data);
		au_fail(err, AU_INPUT, "CSR: more than one subject alternative name extension");
	} else if (r >= 0) {
		names = au_san_read((struct au_span){ san.data, san.size }, false, err);
	} else if (r == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE) {
		if (!(names = json_array()))
			au_fail_mem(err);
	} else {
		au_fail_gnutls(err, AU_INPUT, "CSR: subject alternative name", r);
	}
	gnutls_free(san.data);
	if (!names || !common_names_add(crq, names, err))
		return NULL;
	return au_steal(&names);
}

bool au_csr_pem(const void *der, size_t n, struct au_buf *pem, struct au_err *err)
{
	return au_pem_write("CERTIFICATE REQUEST", der, n, pem, err);
}

/* One of a that b has not, borrowed, or NULL. */
static const json_t *lacking(const json_t *a, const json_t *b)
{
	size_t i, k;
	json_t *x, *y;

	json_array_foreach(a, i, x) {
		bool found = false;
		json_array_foreach(b, k, y)
			found = found || au_ident_equal(x, y);
		if (!found)
			return x;
	}
	return NULL;
}

static bool names_fit(const json_t *have, const json_t *wanted, struct au_err *err)
{
	const json_t *id = lacking(wanted, have);
	bool missing = id != NULL;

	if (!id && !(id = lacking(have, wanted)))
		return true;
	AU_AUTO_MEM char *text = au_ident_text(id);
	if (!text)
		return au_fail_mem(err);
	return au_fail(err, AU_INPUT, missing ? "it lacks %s" : "it names what was not ordered: %s", text);
}

bool au_csr_fits(const void *der, size_t n, const json_t *identifiers, const char *account, struct au_err *err)
{
	AU_AUTO_KEY struct au_key *key = NULL;
	char own[44];

	if (!au_csr_key(der, n, &key, err) || !au_jwk_thumbprint_text(key, own, err))
		return false;
	if (account && !strcmp(account, own))
		return au_fail(err, AU_KEY, "the certificate's key is the account key, which RFC 8555 section 11.1 forbids; "
			       "make another with acme-newkey");
	if (!identifiers)
		return true;
	AU_AUTO_JSON json_t *have = au_csr_identifiers(der, n, err);
	return have && names_fit(have, identifiers, err);
}
