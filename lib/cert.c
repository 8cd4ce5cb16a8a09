/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading and writing of chains; cert-check.c judges them, cert-show.c shows them. */
#include "cert-impl.h"

#include <string.h>

#include "b64.h"
#include "fdio.h"
#include "gnutls-key.h"
#include "mem.h"
#include "pem.h"

/* A certificate of 100 names of 255 octets, or of the largest signature there is, is half of this. */
#define MAX_CERT (128u << 10)
/* A certificate has ten of them, and GnuTLS compares each with each. */
#define MAX_EXTENSIONS 64u
/* No CA uses a public exponent beyond 32 bits, and its length is what verifying costs. */
#define MAX_RSA_E 8u

static const uint8_t id_ce[] = { 0x55, 0x1d };
/* pkcs-1 (1.2.840.113549.1.1), the arc above rsaEncryption and RSASSA-PSS */
static const uint8_t pkcs1[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01 };

bool au_cert_fault(struct au_err *err)
{
	return err->code == AU_INPUT || err->code == AU_KEY ? au_fail_as(err, AU_PROTOCOL) : false;
}

bool au_cert_ext_next(struct au_span *rest, struct au_cert_ext *ext)
{
	struct au_der e, oid, critical, value;

	if (!au_der_take(rest, AU_DER_SEQUENCE, &e) || !au_der_take(&e.in, AU_DER_OID, &oid))
		return false;
	/* FALSE is the default and so never written */
	bool flag = au_der_take(&e.in, AU_DER_BOOLEAN, &critical);
	if ((flag && critical.in.p[0] == 0) || !au_der_take(&e.in, AU_DER_OCTET_STRING, &value) || e.in.n != 0)
		return false;
	*ext = (struct au_cert_ext){ oid.in, value.in, flag };
	return true;
}

bool au_cert_ext_is(const struct au_cert_ext *ext, unsigned arc)
{
	return ext->oid.n == 3 && memcmp(ext->oid.p, id_ce, sizeof id_ce) == 0 && ext->oid.p[2] == arc;
}

bool au_cert_ext_find(const struct au_cert *cert, unsigned arc, struct au_span *value)
{
	struct au_span rest = cert->extensions;
	struct au_cert_ext ext;

	while (au_cert_ext_next(&rest, &ext))
		if (au_cert_ext_is(&ext, arc)) {
			*value = ext.value;
			return true;
		}
	return false;
}

bool au_cert_aki(const struct au_cert *cert, struct au_span *id)
{
	struct au_span value;
	struct au_der seq, key;

	if (!au_cert_ext_find(cert, AU_CE_AUTHORITY_KEY_ID, &value) || !au_der_valid(value.p, value.n) ||
	    !au_der_take(&value, AU_DER_SEQUENCE, &seq) || !au_der_take(&seq.in, AU_DER_CTX(0), &key) || key.in.n == 0)
		return false;
	*id = key.in;
	return true;
}

/* [3] { SEQUENCE OF Extension }; that each is there once (RFC 5280 section 4.2) is GnuTLS's work. */
static bool extensions_read(struct au_cert *cert, struct au_span tbs)
{
	struct au_der skip, outer, seq;
	struct au_cert_ext ext;

	au_der_take(&tbs, AU_DER_CTX(1), &skip);
	au_der_take(&tbs, AU_DER_CTX(2), &skip);
	if (tbs.n == 0)
		return true;
	if (!au_der_take(&tbs, AU_DER_CTX_C(3), &outer) || tbs.n != 0 ||
	    !au_der_take(&outer.in, AU_DER_SEQUENCE, &seq) || outer.in.n != 0 || seq.in.n == 0)
		return false;
	cert->extensions = seq.in;
	struct au_span rest = seq.in;
	for (unsigned count = 0; rest.n != 0; count++)
		if (count == MAX_EXTENSIONS || !au_cert_ext_next(&rest, &ext))
			return false;
	return true;
}

/* Find the ranges. What is inside of them is GnuTLS's work, after this. */
static bool ranges_read(struct au_cert *cert)
{
	struct au_span rest = { cert->der.p, cert->der.n };
	struct au_der c, tbs, alg, alg2, sig, version, serial, issuer, dates, subject, spki;

	if (!au_der_take(&rest, AU_DER_SEQUENCE, &c) || !au_der_take(&c.in, AU_DER_SEQUENCE, &tbs) ||
	    !au_der_take(&c.in, AU_DER_SEQUENCE, &alg) || !au_der_take(&c.in, AU_DER_BIT_STRING, &sig) || c.in.n != 0)
		return false;
	cert->tbs = tbs.all;
	if (sig.in.p[0] != 0)
		return false;
	cert->signature = (struct au_span){ sig.in.p + 1, sig.in.n - 1 };
	au_der_take(&tbs.in, AU_DER_CTX_C(0), &version);
	if (!au_der_take(&tbs.in, AU_DER_INTEGER, &serial) || !au_der_take(&tbs.in, AU_DER_SEQUENCE, &alg2) ||
	    !au_der_take(&tbs.in, AU_DER_SEQUENCE, &issuer) || !au_der_take(&tbs.in, AU_DER_SEQUENCE, &dates) ||
	    !au_der_take(&tbs.in, AU_DER_SEQUENCE, &subject) || !au_der_take(&tbs.in, AU_DER_SEQUENCE, &spki))
		return false;
	cert->serial = serial.in;
	cert->issuer = issuer.all;
	cert->subject = subject.all;
	cert->spki = spki.all;
	return au_span_equal(alg.all, alg2.all) && extensions_read(cert, tbs.in);
}

/* The lengths of an RSA modulus and exponent, before anything is computed with them. */
static bool rsa_bounded(const struct au_cert *cert, struct au_err *err)
{
	struct au_span rest = cert->spki;
	struct au_der spki, alg, oid, bits, rsa, m, e;

	if (!au_der_take(&rest, AU_DER_SEQUENCE, &spki) || !au_der_take(&spki.in, AU_DER_SEQUENCE, &alg) ||
	    !au_der_take(&alg.in, AU_DER_OID, &oid) || !au_der_take(&spki.in, AU_DER_BIT_STRING, &bits))
		return au_fail(err, AU_PROTOCOL, "a public key that is none");
	if (oid.in.n != sizeof pkcs1 + 1 || memcmp(oid.in.p, pkcs1, sizeof pkcs1) != 0)
		return true;
	rest = (struct au_span){ bits.in.p + 1, bits.in.n - 1 };
	if (!au_der_valid(rest.p, rest.n) || !au_der_take(&rest, AU_DER_SEQUENCE, &rsa) ||
	    !au_der_take(&rsa.in, AU_DER_INTEGER, &m) || !au_der_take(&rsa.in, AU_DER_INTEGER, &e))
		return au_fail(err, AU_PROTOCOL, "an RSA key that is none");
	if (m.in.n > AU_MAX_RSA_BITS / 8 + 1)
		return au_fail(err, AU_PROTOCOL, "an RSA modulus of more than %u bits", AU_MAX_RSA_BITS);
	return e.in.n <= MAX_RSA_E || au_fail(err, AU_PROTOCOL, "an RSA exponent of %zu octets", e.in.n);
}

static bool cert_read(struct au_cert *cert, struct au_err *err)
{
	gnutls_datum_t d = { cert->der.p, (unsigned)cert->der.n };
	int r;

	if (!au_der_valid(cert->der.p, cert->der.n))
		return au_fail(err, AU_PROTOCOL, "not DER");
	if (!ranges_read(cert))
		return au_fail(err, AU_PROTOCOL, "not a certificate as RFC 5280 has it");
	if (!rsa_bounded(cert, err))
		return false;
	if (gnutls_x509_crt_init(&cert->crt) < 0)
		return au_fail_mem(err);
	r = gnutls_x509_crt_import(cert->crt, &d, GNUTLS_X509_FMT_DER);
	return r >= 0 || au_fail_gnutls(err, AU_PROTOCOL, "not a certificate", r);
}

static bool one_read(struct au_chain *chain, struct au_pem *pem, bool explained, bool *found, struct au_err *err)
{
	struct au_buf der AU_AUTO_BUF = AU_BUF(MAX_CERT);
	char label[64];

	if (!au_pem_next(pem, explained, label, &der, found, err))
		return au_cert_fault(err);
	if (!*found)
		return true;
	if (strcmp(label, "CERTIFICATE") != 0)
		return au_fail(err, AU_PROTOCOL, "line %zu: a %s in a certificate chain", pem->begin, label);
	if (chain->n == AU_MAX_CHAIN)
		return au_fail(err, AU_PROTOCOL, "more than %u certificates", AU_MAX_CHAIN);
	struct au_cert *cert = &chain->cert[chain->n++];
	cert->der = der;
	der = (struct au_buf)AU_BUF(MAX_CERT);
	return cert_read(cert, err) || au_fail_in(err, "certificate %zu", chain->n);
}

static bool chain_read(const void *pem, size_t n, bool explained, struct au_chain **chain, struct au_err *err)
{
	AU_AUTO_CHAIN struct au_chain *c = au_alloc(sizeof *c);
	struct au_pem rest = AU_PEM(pem, n);
	bool found = true;

	if (!c)
		return au_fail_mem(err);
	while (found)
		if (!one_read(c, &rest, explained, &found, err))
			return false;
	if (c->n == 0)
		return au_fail(err, AU_PROTOCOL, "no certificate inside");
	*chain = au_steal(&c);
	return true;
}

bool au_chain_read(const void *pem, size_t n, struct au_chain **chain, struct au_err *err)
{
	return chain_read(pem, n, false, chain, err) || au_fail_in(err, "certificate chain");
}

/* Not by au_json_str(): a chain has line ends. */
static bool chain_of_doc(const json_t *doc, struct au_chain **chain, struct au_err *err)
{
	const json_t *pem = au_json_at(doc, "certificate.chain");

	if (!json_is_string(pem))
		return au_fail(err, AU_INPUT, "%s", pem ? "not a string" : "missing in the document, and no file is named");
	return chain_read(json_string_value(pem), json_string_length(pem), false, chain, err);
}

bool au_chain_open(const char *file, const json_t *doc, struct au_chain **chain, struct au_err *err)
{
	struct au_buf text AU_AUTO_BUF = AU_BUF(AU_MAX_REPLY);

	if (file && !au_file_read(file, text.max, AU_INPUT, &text, err))
		return false;
	if (file ? chain_read(text.p, text.n, true, chain, err) : chain_of_doc(doc, chain, err))
		return true;
	if (err->code == AU_PROTOCOL)
		au_fail_as(err, AU_INPUT);
	return au_fail_in(err, "%s", file ? file : "certificate.chain");
}

void au_chain_free(struct au_chain *chain)
{
	if (!chain)
		return;
	for (size_t i = 0; i < chain->n; i++) {
		if (chain->cert[i].crt)
			gnutls_x509_crt_deinit(chain->cert[i].crt);
		au_buf_free(&chain->cert[i].der);
	}
	au_free(chain);
}

void au_chain_freep(struct au_chain **chain)
{
	au_chain_free(*chain);
}

size_t au_chain_length(const struct au_chain *chain)
{
	return chain->n;
}

bool au_chain_pem(const struct au_chain *chain, size_t i, struct au_buf *pem, struct au_err *err)
{
	return au_pem_write("CERTIFICATE", chain->cert[i].der.p, chain->cert[i].der.n, pem, err);
}

bool au_chain_der(const struct au_chain *chain, size_t i, struct au_buf *der, struct au_err *err)
{
	return au_buf_add(der, chain->cert[i].der.p, chain->cert[i].der.n, err);
}

bool au_chain_key(const struct au_chain *chain, struct au_key **key, struct au_err *err)
{
	struct au_span spki = chain->cert[0].spki;

	return au_key_from_spki(spki.p, spki.n, key, err) || au_fail_in(err, "the certificate's key");
}

bool au_chain_same_leaf(const struct au_chain *a, const struct au_chain *b)
{
	const struct au_buf *x = &a->cert[0].der, *y = &b->cert[0].der;

	return au_span_equal((struct au_span){ x->p, x->n }, (struct au_span){ y->p, y->n });
}

char *au_chain_ari_id(const struct au_chain *chain, struct au_err *err)
{
	const struct au_cert *leaf = &chain->cert[0];
	AU_AUTO_MEM char *aki = NULL, *serial = NULL;
	struct au_span id;
	char *out;

	if (!au_cert_aki(leaf, &id))
		return au_fail(err, AU_INPUT, "the certificate has no authority key identifier, which RFC 9773 "
			       "names it by"), NULL;
	aki = au_b64url(id.p, id.n);
	serial = au_b64url(leaf->serial.p, leaf->serial.n);
	if (!aki || !serial || !(out = au_asprintf("%s.%s", aki, serial)))
		return au_fail_mem(err), NULL;
	return out;
}

bool au_chain_validity(const struct au_chain *chain, int64_t *not_before, int64_t *not_after, struct au_err *err)
{
	time_t from = gnutls_x509_crt_get_activation_time(chain->cert[0].crt);
	time_t to = gnutls_x509_crt_get_expiration_time(chain->cert[0].crt);

	if (from == (time_t)-1 || to == (time_t)-1)
		return au_fail(err, AU_PROTOCOL, "the certificate's dates cannot be read");
	*not_before = from;
	*not_after = to;
	return true;
}
