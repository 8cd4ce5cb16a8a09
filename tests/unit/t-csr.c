/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "csr.h"

#include <gnutls/x509.h>

#include "certs.h"

static json_t *names;

static gnutls_x509_crq_t parsed(const struct au_buf *der)
{
	gnutls_datum_t d = { der->p, (unsigned)der->n };
	gnutls_x509_crq_t crq;

	must(gnutls_x509_crq_init(&crq));
	must(gnutls_x509_crq_import(crq, &d, GNUTLS_X509_FMT_DER));
	return crq;
}

static struct au_key *key_of(enum au_key_type type)
{
	struct au_err err = { 0 };
	struct au_key *key = NULL;

	if (!au_key_generate(type, 2048, &key, &err)) {
		printf("Bail out! %s\n", err.text);
		exit(99);
	}
	return key;
}

static void each_key(void)
{
	static const enum au_key_type types[] = {
		AU_KEY_P256, AU_KEY_P384, AU_KEY_P521, AU_KEY_RSA, AU_KEY_ED25519, AU_KEY_ED448,
	};

	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		AU_AUTO_KEY struct au_key *key = key_of(types[i]), *back = NULL;
		AU_AUTO_JSON json_t *got = NULL, *want = NULL;
		struct au_err err AU_AUTO_ERR = { 0 };
		struct au_buf der AU_AUTO_BUF = AU_BUF(0), again AU_AUTO_BUF = AU_BUF(0), pem AU_AUTO_BUF = AU_BUF(0);
		const char *type = au_key_name_peek(key);
		const struct au_csr_spec spec = { .identifiers = names };

		if (!ok(au_csr_make(key, &spec, &der, &err), "%s: made", type))
			printf("# %s\n", err.text);
		ok(au_csr_read(der.p, der.n, &again, &err) && again.n == der.n && memcmp(again.p, der.p, der.n) == 0,
		   "%s: read as DER", type);
		au_buf_free(&again);
		ok(au_csr_pem(der.p, der.n, &pem, &err) && au_csr_read(pem.p, pem.n, &again, &err) &&
		   again.n == der.n && memcmp(again.p, der.p, der.n) == 0, "%s: and as PEM", type);
		ok(au_csr_key(der.p, der.n, &back, &err) && au_key_equal(key, back), "%s: the key inside", type);
		got = au_csr_identifiers(der.p, der.n, &err);
		want = json_q("[{'type':'dns','value':'*.b.test'},{'type':'dns','value':'a.test'},"
			      "{'type':'email','value':'u@a.test'},{'type':'ip','value':'192.0.2.1'},"
			      "{'type':'ip','value':'2001:db8::1'}]");
		ok(json_equal(got, want), "%s: the names inside", type);
		gnutls_x509_crq_t crq = parsed(&der);
		gnutls_datum_t dn = { 0 };
		unsigned usage, critical;
		ok(gnutls_x509_crq_get_dn3(crq, &dn, 0) < 0 || dn.size == 0, "%s: an empty subject", type);
		ok(gnutls_x509_crq_get_key_usage(crq, &usage, &critical) < 0, "%s: no key usage", type);
		gnutls_free(dn.data);
		gnutls_x509_crq_deinit(crq);
	}
}

static void everything(void)
{
	AU_AUTO_KEY struct au_key *key = key_of(AU_KEY_P256);
	struct au_err err AU_AUTO_ERR = { 0 };
	struct au_buf der AU_AUTO_BUF = AU_BUF(0);
	const struct au_csr_spec spec = {
		.identifiers = names, .cn = "a.test", .organization = "M\303\274ller & Co",
		.key_usage = "digitalSignature,keyAgreement", .ext_usage = "codeSigning,1.3.6.1.5.5.7.3.2,2.999.1",
		.must_staple = true,
	};
	char text[200];
	unsigned usage, critical, feature = 0;
	size_t n = sizeof text;
	gnutls_x509_tlsfeatures_t f;

	ok(au_csr_make(key, &spec, &der, &err), "made");
	gnutls_x509_crq_t crq = parsed(&der);
	must(gnutls_x509_crq_get_dn_by_oid(crq, GNUTLS_OID_X520_COMMON_NAME, 0, 0, text, &n));
	is_str(text, "a.test", "the common name");
	n = sizeof text;
	must(gnutls_x509_crq_get_dn_by_oid(crq, GNUTLS_OID_X520_ORGANIZATION_NAME, 0, 0, text, &n));
	is_str(text, "M\303\274ller & Co", "the organization");
	must(gnutls_x509_crq_get_key_usage(crq, &usage, &critical));
	ok(usage == (GNUTLS_KEY_DIGITAL_SIGNATURE | GNUTLS_KEY_KEY_AGREEMENT), "the key usages");
	static const char *const oids[] = { GNUTLS_KP_CODE_SIGNING, GNUTLS_KP_TLS_WWW_CLIENT, "2.999.1" };
	for (unsigned i = 0; i < 3; i++) {
		n = sizeof text;
		must(gnutls_x509_crq_get_key_purpose_oid(crq, i, text, &n, &critical));
		is_str(text, oids[i], "extended key usage %u", i);
	}
	n = sizeof text;
	ok(gnutls_x509_crq_get_key_purpose_oid(crq, 3, text, &n, &critical) < 0, "and no more of them");
	must(gnutls_x509_tlsfeatures_init(&f));
	must(gnutls_x509_crq_get_tlsfeatures(crq, f, 0, 0));
	must(gnutls_x509_tlsfeatures_get(f, 0, &feature));
	ok(feature == 5, "must-staple");
	gnutls_x509_tlsfeatures_deinit(f);
	gnutls_x509_crq_deinit(crq);
}

#define SIXTEEN "0123456789abcdef"

static void not_made(void)
{
	static const struct {
		struct au_csr_spec spec;
		enum au_code code;
		const char *why;
	} t[] = {
		{ { .key_usage = "signing" }, AU_USAGE, "key usage \"signing\": unknown" },
		{ { .key_usage = "digitalSignature," }, AU_USAGE, "key usage \"\": unknown" },
		{ { .key_usage = "digitalSignature,,keyAgreement" }, AU_USAGE, "key usage \"\": unknown" },
		{ { .key_usage = "digitalsignature" }, AU_USAGE, "key usage \"digitalsignature\": unknown" },
		{ { .ext_usage = "webServer" }, AU_USAGE, "extended key usage \"webServer\"" },
		{ { .ext_usage = "1" }, AU_USAGE, "extended key usage \"1\"" },
		{ { .ext_usage = "3.1" }, AU_USAGE, "extended key usage \"3.1\"" },
		{ { .ext_usage = "1.40" }, AU_USAGE, "extended key usage \"1.40\"" },
		{ { .ext_usage = "1.3.06" }, AU_USAGE, "extended key usage \"1.3.06\"" },
		{ { .ext_usage = "1.3.6." }, AU_USAGE, "extended key usage \"1.3.6.\"" },
		{ { .ext_usage = "" }, AU_USAGE, "extended key usage \"\"" },
		{ { .cn = "" }, AU_USAGE, "common name \"\": must have 1 to 64" },
		{ { .cn = SIXTEEN SIXTEEN SIXTEEN SIXTEEN "x" }, AU_USAGE, "must have 1 to 64" },
		{ { .cn = "a\nb" }, AU_USAGE, "a control character" },
		{ { .organization = SIXTEEN SIXTEEN SIXTEEN SIXTEEN "x" }, AU_USAGE, "organization \"" },
	};
	AU_AUTO_KEY struct au_key *key = key_of(AU_KEY_P256), *pub = NULL;
	struct au_buf spki AU_AUTO_BUF = AU_BUF(0), der AU_AUTO_BUF = AU_BUF(0);
	struct au_err err AU_AUTO_ERR = { 0 };
	AU_AUTO_JSON json_t *pk = json_q("[{'type':'pk','value':'AAAA'}]"), *none = json_array();

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		struct au_csr_spec spec = t[i].spec;
		spec.identifiers = names;
		fails(!au_csr_make(key, &spec, &der, &err), &err, t[i].code, t[i].why, "%s", t[i].why);
	}
	ok(au_csr_make(key, &(struct au_csr_spec){ .identifiers = names, .cn = SIXTEEN SIXTEEN SIXTEEN SIXTEEN }, &der, &err),
	   "64 characters of common name");
	fails(!au_csr_make(key, &(struct au_csr_spec){ .identifiers = pk }, &der, &err), &err, AU_INPUT, "pk:AAAA",
	      "an identifier that is no name");
	fails(!au_csr_make(key, &(struct au_csr_spec){ .identifiers = none }, &der, &err), &err, AU_INPUT, "without a name",
	      "no name at all");
	ok(au_csr_make(key, &(struct au_csr_spec){ .identifiers = none, .cn = "Jane" }, &der, &err), "but with a common name");
	ok(au_key_spki(key, &spki, &err) && au_key_from_spki(spki.p, spki.n, &pub, &err), "the public half");
	fails(!au_csr_make(pub, &(struct au_csr_spec){ .identifiers = names }, &der, &err), &err, AU_KEY, "this one is public",
	      "signs nothing");
}

static void common_names(void)
{
	AU_AUTO_KEY struct au_key *key = key_of(AU_KEY_P256);
	static const struct {
		const char *cn, *names;
	} t[] = {
		{ "B.test", "[{'type':'dns','value':'a.test'},{'type':'dns','value':'b.test'}]" },
		{ "a.test", "[{'type':'dns','value':'a.test'}]" },
		{ "Jane Doe", "[{'type':'dns','value':'a.test'}]" },
		{ "192.0.2.7", "[{'type':'dns','value':'a.test'},{'type':'ip','value':'192.0.2.7'}]" },
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		AU_AUTO_JSON json_t *one = json_q("[{'type':'dns','value':'a.test'}]"), *want = json_q(t[i].names), *got = NULL;
		struct au_err err AU_AUTO_ERR = { 0 };
		struct au_buf der AU_AUTO_BUF = AU_BUF(0);
		ok(au_csr_make(key, &(struct au_csr_spec){ .identifiers = one, .cn = t[i].cn }, &der, &err), "%s", t[i].cn);
		got = au_csr_identifiers(der.p, der.n, &err);
		ok(json_equal(got, want), "%s: what the names are then", t[i].cn);
	}
}

static void not_read(void)
{
	AU_AUTO_KEY struct au_key *key = key_of(AU_KEY_P256);
	struct au_err err AU_AUTO_ERR = { 0 };
	struct au_buf der AU_AUTO_BUF = AU_BUF(0), pem AU_AUTO_BUF = AU_BUF(0), out AU_AUTO_BUF = AU_BUF(0);
	struct au_buf twice AU_AUTO_BUF = AU_BUF(0), other AU_AUTO_BUF = AU_BUF(0), text AU_AUTO_BUF = AU_BUF(0);

	ok(au_csr_make(key, &(struct au_csr_spec){ .identifiers = names }, &der, &err) &&
	   au_csr_read(der.p, der.n, &out, &err), "good as it is");
	uint8_t *last = &der.p[der.n - 1];
	*last ^= 1;
	fails(!au_csr_read(der.p, der.n, &out, &err), &err, AU_INPUT, "not signed by its own key", "a bit of the signature");
	*last ^= 1;
	fails(!au_csr_read(der.p, der.n - 1, &out, &err), &err, AU_INPUT, "CSR: not DER", "cut");
	ok(au_buf_add(&text, der.p, der.n, &err) && au_buf_add(&text, "\0", 1, &err), "an octet behind it:");
	fails(!au_csr_read(text.p, text.n, &out, &err), &err, AU_INPUT, "CSR: not DER", "refused");
	fails(!au_csr_read("", 0, &out, &err), &err, AU_INPUT, "neither PEM nor DER", "nothing");
	fails(!au_csr_read("hello\n", 6, &out, &err), &err, AU_INPUT, "neither PEM nor DER", "text");
	ok(au_csr_pem(der.p, der.n, &pem, &err) && au_buf_adds(&twice, "Certificate Request:\n    Data:\n", &err) &&
	   au_buf_add(&twice, pem.p, pem.n, &err) && au_csr_read(twice.p, twice.n, &out, &err), "text before PEM");
	ok(au_buf_add(&twice, pem.p, pem.n, &err), "two of them:");
	fails(!au_csr_read(twice.p, twice.n, &out, &err), &err, AU_INPUT, "behind the CSR", "refused");
	ok(au_pem_write("CERTIFICATE", der.p, der.n, &other, &err), "under another label:");
	fails(!au_csr_read(other.p, other.n, &out, &err), &err, AU_INPUT, "PEM of a CERTIFICATE", "refused");
	au_buf_free(&other);
	ok(au_pem_write("NEW CERTIFICATE REQUEST", der.p, der.n, &other, &err) && au_csr_read(other.p, other.n, &out, &err),
	   "under the old label");
}

/* Keys that sign nothing worth having: what is wrong with them is said before the signature is looked at. */
static void weak_key(void)
{
	gnutls_privkey_t k = new_key(GNUTLS_PK_RSA, 1024);
	gnutls_pubkey_t pub = public_of(k);
	gnutls_x509_crq_t crq;
	gnutls_datum_t d;
	struct au_err err AU_AUTO_ERR = { 0 };
	struct au_buf out AU_AUTO_BUF = AU_BUF(0);
	AU_AUTO_KEY struct au_key *key = NULL;

	must(gnutls_x509_crq_init(&crq));
	must(gnutls_x509_crq_set_version(crq, 1));
	must(gnutls_x509_crq_set_pubkey(crq, pub));
	must(gnutls_x509_crq_privkey_sign(crq, k, GNUTLS_DIG_SHA256, 0));
	must(gnutls_x509_crq_export2(crq, GNUTLS_X509_FMT_DER, &d));
	fails(!au_csr_read(d.data, d.size, &out, &err), &err, AU_KEY, "1024", "RSA of 1024 bits");
	fails(!au_csr_key(d.data, d.size, &key, &err), &err, AU_KEY, "1024", "its key alone");
	gnutls_free(d.data);
	gnutls_x509_crq_deinit(crq);
	gnutls_pubkey_deinit(pub);
	gnutls_privkey_deinit(k);
}

/* GnuTLS would hand out the first of two; a CA might take the other. */
static void two_lists(void)
{
	gnutls_privkey_t k = new_p256();
	gnutls_pubkey_t pub = public_of(k);
	gnutls_x509_crq_t crq;
	gnutls_datum_t d;
	struct au_err err AU_AUTO_ERR = { 0 };
	AU_AUTO_JSON json_t *got = NULL, *again = NULL;

	must(gnutls_x509_crq_init(&crq));
	must(gnutls_x509_crq_set_version(crq, 1));
	must(gnutls_x509_crq_set_pubkey(crq, pub));
	must(gnutls_x509_crq_set_extension_by_oid(crq, "2.5.29.17", "\x30\x03\x82\x01" "a", 5, 0));
	must(gnutls_x509_crq_set_extension_by_oid(crq, "2.5.29.99", "\x30\x03\x82\x01" "b", 5, 0));
	must(gnutls_x509_crq_privkey_sign(crq, k, GNUTLS_DIG_SHA256, 0));
	must(gnutls_x509_crq_export2(crq, GNUTLS_X509_FMT_DER, &d));
	got = au_csr_identifiers(d.data, d.size, &err);
	ok(json_array_size(got) == 1, "one list of names");
	uint8_t *oid = memmem(d.data, d.size, "\x06\x03\x55\x1d\x63", 5);
	oid[4] = 17;
	again = au_csr_identifiers(d.data, d.size, &err);
	fails(!again, &err, AU_INPUT, "more than one subject alternative name", "two of them");
	gnutls_free(d.data);
	gnutls_x509_crq_deinit(crq);
	gnutls_pubkey_deinit(pub);
	gnutls_privkey_deinit(k);
}

int main(void)
{
	names = json_q("[{'type':'dns','value':'a.test'},{'type':'dns','value':'*.B.test'},"
		       "{'type':'ip','value':'192.0.2.1'},{'type':'ip','value':'2001:db8:0::1'},"
		       "{'type':'email','value':'u@A.test'}]");
	each_key();
	everything();
	not_made();
	common_names();
	not_read();
	weak_key();
	two_lists();
	json_decref(names);
	return done();
}
