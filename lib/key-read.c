/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* key-read: keys as they are found in files; what a file holds is told from its content. */
#include <gnutls/x509.h>
#include <string.h>

#include "b64.h"
#include "fdio.h"
#include "jwk.h"
#include "json.h"
#include "key-impl.h"
#include "mem.h"
#include "pem.h"

struct source {
	enum au_key_want want;
	const char *passphrase;
	struct au_key **key;
};

typedef bool read_der(struct au_span der, const struct source *src, struct au_err *err);

/* --- private keys ------------------------------------------------------------------- */

typedef bool read_parts(struct au_span der, struct au_parts *parts, struct au_err *err);

static bool private_with(read_parts *read, struct au_span der, const struct source *src, struct au_err *err)
{
	AU_AUTO_PARTS struct au_parts parts = { 0 };
	AU_AUTO_KEY struct au_key *whole = NULL;

	if (!read(der, &parts, err) || !au_key_from_parts(&parts, AU_KEY_PRIVATE, &whole, err))
		return false;
	if (src->want == AU_KEY_PUBLIC)
		return au_key_from_parts(&parts, AU_KEY_PUBLIC, src->key, err);
	*src->key = au_steal(&whole);
	return true;
}

static bool pkcs8(struct au_span der, const struct source *src, struct au_err *err)
{
	return private_with(au_parts_read_pkcs8, der, src, err);
}

static bool sec1(struct au_span der, const struct source *src, struct au_err *err)
{
	return private_with(au_parts_read_sec1, der, src, err);
}

static bool pkcs1(struct au_span der, const struct source *src, struct au_err *err)
{
	return private_with(au_parts_read_pkcs1, der, src, err);
}

static bool passphrase_read(const struct source *src, struct au_buf *pass, struct au_err *err)
{
	if (!src->passphrase)
		return au_fail(err, AU_KEY, "the key is encrypted: its passphrase is needed (--passphrase-file)");
	return au_secret_read(src->passphrase, pass, err);
}

static bool encrypted(struct au_span der, const struct source *src, struct au_err *err)
{
	AU_AUTO_BUF struct au_buf pass = AU_BUF(0), plain = AU_BUF(AU_MAX_KEYFILE);

	return passphrase_read(src, &pass, err) && au_pbes2_open(der, pass.p, pass.n, &plain, err) &&
	       pkcs8((struct au_span){ plain.p, plain.n }, src, err);
}

static bool openssh(struct au_span der, const struct source *src, struct au_err *err)
{
	(void)der, (void)src;
	return au_fail(err, AU_KEY, "an OpenSSH key: make PKCS#8 of a copy with ssh-keygen -p -m PKCS8");
}

static bool tpm(struct au_span der, const struct source *src, struct au_err *err)
{
	(void)der, (void)src;
	return au_fail(err, AU_KEY, "a key that only its TPM can open: give its pkcs11: URL");
}

/* --- public keys ---------------------------------------------------------------------- */

static bool spki(struct au_span der, const struct source *src, struct au_err *err)
{
	return au_key_from_spki(der.p, der.n, src->key, err);
}

static bool pkcs1_public(struct au_span der, const struct source *src, struct au_err *err)
{
	AU_AUTO_PARTS struct au_parts parts = { 0 };

	return au_parts_read_pkcs1_public(der, &parts, err) &&
	       au_key_from_parts(&parts, AU_KEY_PUBLIC, src->key, err);
}

static bool certificate(struct au_span der, const struct source *src, struct au_err *err)
{
	const gnutls_datum_t in = { .data = (void *)(uintptr_t)der.p, .size = (unsigned)der.n };
	gnutls_pubkey_t pub;
	gnutls_x509_crt_t crt;
	int r = gnutls_x509_crt_init(&crt);

	if (r < 0)
		return au_fail_gnutls(err, AU_KEY, "certificate", r);
	r = gnutls_x509_crt_import(crt, &in, GNUTLS_X509_FMT_DER);
	if (r >= 0)
		r = gnutls_pubkey_init(&pub);
	if (r >= 0) {
		r = gnutls_pubkey_import_x509(pub, crt, 0);
		if (r < 0)
			gnutls_pubkey_deinit(pub);
	}
	gnutls_x509_crt_deinit(crt);
	if (r < 0)
		return au_fail_gnutls(err, AU_KEY, "certificate", r);
	return au_key_from_gnutls_take(pub, src->key, err);
}

static bool request(struct au_span der, const struct source *src, struct au_err *err)
{
	const gnutls_datum_t in = { .data = (void *)(uintptr_t)der.p, .size = (unsigned)der.n };
	gnutls_pubkey_t pub;
	gnutls_x509_crq_t crq;
	int r = gnutls_x509_crq_init(&crq);

	if (r < 0)
		return au_fail_gnutls(err, AU_KEY, "certificate request", r);
	r = gnutls_x509_crq_import(crq, &in, GNUTLS_X509_FMT_DER);
	if (r >= 0)
		r = gnutls_pubkey_init(&pub);
	if (r >= 0) {
		r = gnutls_pubkey_import_x509_crq(pub, crq, 0);
		if (r < 0)
			gnutls_pubkey_deinit(pub);
	}
	gnutls_x509_crq_deinit(crq);
	if (r < 0)
		return au_fail_gnutls(err, AU_KEY, "certificate request", r);
	return au_key_from_gnutls_take(pub, src->key, err);
}

/* --- DER and PEM ------------------------------------------------------------------------- */

static const struct kind {
	const char *label;
	enum au_key_want has;
	read_der *read;
} kinds[] = {
	{ "PRIVATE KEY", AU_KEY_PRIVATE, pkcs8 },
	{ "EC PRIVATE KEY", AU_KEY_PRIVATE, sec1 },
	{ "RSA PRIVATE KEY", AU_KEY_PRIVATE, pkcs1 },
	{ "ENCRYPTED PRIVATE KEY", AU_KEY_PRIVATE, encrypted },
	{ "OPENSSH PRIVATE KEY", AU_KEY_PRIVATE, openssh },
	{ "TSS2 PRIVATE KEY", AU_KEY_PRIVATE, tpm },
	{ "PUBLIC KEY", AU_KEY_PUBLIC, spki },
	{ "RSA PUBLIC KEY", AU_KEY_PUBLIC, pkcs1_public },
	{ "CERTIFICATE", AU_KEY_PUBLIC, certificate },
	{ "X509 CERTIFICATE", AU_KEY_PUBLIC, certificate },
	{ "CERTIFICATE REQUEST", AU_KEY_PUBLIC, request },
	{ "NEW CERTIFICATE REQUEST", AU_KEY_PUBLIC, request },
};

static const struct kind *kind_find(const char *label)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kinds[i].label, label) == 0)
			return &kinds[i];
	return NULL;
}

static bool public_only(const struct kind *kind, const struct source *src)
{
	return kind->has == AU_KEY_PUBLIC && src->want == AU_KEY_PRIVATE;
}

static bool no_private(struct au_err *err, const char *label)
{
	return au_fail(err, AU_KEY, "only a public key here (%s); the private one is needed", label);
}

/*
 * The private key, of which there may be one, or else the first public one: a file with a chain begins with the end
 * entity's certificate.
 */
static bool pem_choose(const void *p, size_t n, const struct kind **chosen, struct au_buf *der, struct au_err *err)
{
	struct au_pem pem = AU_PEM(p, n);
	char label[64];
	bool found;

	for (*chosen = NULL;;) {
		AU_AUTO_BUF struct au_buf block = AU_BUF(AU_MAX_KEYFILE);
		if (!au_pem_next(&pem, true, label, &block, &found, err))
			return false;
		if (!found)
			return true;
		const struct kind *kind = kind_find(label);
		if (!kind || (*chosen && kind->has == AU_KEY_PUBLIC))
			continue;
		if (*chosen && (*chosen)->has == AU_KEY_PRIVATE)
			return au_fail(err, AU_KEY, "more than one private key in one file");
		*chosen = kind;
		au_buf_free(der);
		if (!au_buf_add(der, block.p, block.n, err))
			return false;
	}
}

static bool old_pem(const void *p, size_t n, const struct source *src, struct au_err *err)
{
	AU_AUTO_BUF struct au_buf pass = AU_BUF(0), der = AU_BUF(AU_MAX_KEYFILE);
	char label[64];

	if (!passphrase_read(src, &pass, err) || !au_oldpem_open(p, n, pass.p, pass.n, label, &der, err))
		return false;
	const struct kind *kind = kind_find(label);
	if (!kind || kind->has != AU_KEY_PRIVATE)
		return au_fail(err, AU_KEY, "%s: encrypted, but not a key", label);
	return kind->read((struct au_span){ der.p, der.n }, src, err);
}

static bool pem_read(const void *p, size_t n, const struct source *src, struct au_err *err)
{
	AU_AUTO_BUF struct au_buf der = AU_BUF(AU_MAX_KEYFILE);
	const struct kind *kind;

	if (memmem(p, n, au_oldpem_mark, strlen(au_oldpem_mark)))
		return old_pem(p, n, src, err);
	if (!pem_choose(p, n, &kind, &der, err))
		return false;
	if (!kind)
		return au_fail(err, AU_KEY, "no key in this PEM file");
	if (public_only(kind, src))
		return no_private(err, kind->label);
	return kind->read((struct au_span){ der.p, der.n }, src, err);
}

/* What this DER is, by its first elements. */
static const struct kind *der_kind(struct au_span der)
{
	struct au_der whole, a, b;
	uint8_t version = 255;

	if (!au_der_next(&der, &whole) || whole.tag != AU_DER_SEQUENCE || !au_der_next(&whole.in, &a) ||
	    !au_der_next(&whole.in, &b))
		return NULL;
	if (a.tag == AU_DER_INTEGER && a.in.n == 1)
		version = a.in.p[0];
	if (version <= 1 && b.tag == AU_DER_SEQUENCE)
		return kind_find("PRIVATE KEY");
	if (version == 0 && b.tag == AU_DER_INTEGER)
		return kind_find("RSA PRIVATE KEY");
	if (version == 1 && b.tag == AU_DER_OCTET_STRING)
		return kind_find("EC PRIVATE KEY");
	if (a.tag == AU_DER_INTEGER && b.tag == AU_DER_INTEGER)
		return kind_find("RSA PUBLIC KEY");
	if (a.tag != AU_DER_SEQUENCE)
		return NULL;
	if (b.tag == AU_DER_OCTET_STRING)
		return kind_find("ENCRYPTED PRIVATE KEY");
	if (b.tag == AU_DER_BIT_STRING)
		return kind_find("PUBLIC KEY");
	/* a CSR's content starts with its version, a certificate's with [0] or the serial number, which is longer */
	if (b.tag == AU_DER_SEQUENCE && au_der_take(&a.in, AU_DER_INTEGER, &b) && b.in.n == 1 && b.in.p[0] == 0)
		return kind_find("CERTIFICATE REQUEST");
	return kind_find("CERTIFICATE");
}

static bool der_read(const void *p, size_t n, const struct source *src, struct au_err *err)
{
	struct au_span der = { p, n };
	const struct kind *kind = der_kind(der);

	if (!kind)
		return au_fail(err, AU_KEY, "not a JWK, PEM or DER key");
	if (public_only(kind, src))
		return no_private(err, kind->label);
	return kind->read(der, src, err);
}

/* --- JSON --------------------------------------------------------------------------------- */

static bool set_read(const json_t *keys, const struct source *src, struct au_err *err)
{
	const json_t *jwk, *found = NULL;
	size_t i, private_n = 0;

	json_array_foreach(keys, i, jwk)
		if (json_object_get(jwk, "d")) {
			found = jwk;
			private_n++;
		}
	if (private_n == 0 && src->want == AU_KEY_PUBLIC && json_array_size(keys) == 1) {
		found = json_array_get(keys, 0);
		private_n = 1;
	}
	if (private_n != 1)
		return au_fail(err, AU_KEY, "a JWK Set with %zu private keys among %zu: it must have one", private_n,
			       json_array_size(keys));
	return au_jwk_read(found, src->want, src->key, err);
}

/* Traefik's acme.json: {"RESOLVER": {"Account": {"PrivateKey": base64 of PKCS#1}}}. */
static bool traefik_read(const json_t *root, const struct source *src, struct au_err *err)
{
	AU_AUTO_BUF struct au_buf der = AU_BUF(AU_MAX_KEYFILE);
	const char *name, *text = NULL;
	json_t *resolver;
	size_t n = 0;

	json_object_foreach((json_t *)(uintptr_t)root, name, resolver) {
		const char *s = json_string_value(au_json_at(resolver, "Account.PrivateKey"));
		if (s) {
			text = s;
			n++;
		}
	}
	if (n == 0)
		return au_fail(err, AU_KEY, "JSON, but not a JWK or JWK Set");
	if (n > 1)
		return au_fail(err, AU_KEY, "account keys of %zu resolvers: there must be one", n);
	return au_b64_read(text, strlen(text), &der, err) && der_read(der.p, der.n, src, err);
}

static bool json_read(const void *p, size_t n, const struct source *src, struct au_err *err)
{
	AU_AUTO_JSON json_t *root = au_json_load(p, n, AU_MAX_DEPTH_DOC, err);
	json_t *inner;

	if (!root)
		return false;
	if (json_object_get(root, "kty"))
		return au_jwk_read(root, src->want, src->key, err);
	inner = json_object_get(root, "keys");
	if (json_is_array(inner))
		return set_read(inner, src, err);
	/* Posh-ACME's acct.json */
	inner = json_object_get(root, "key");
	if (json_is_object(inner))
		return au_jwk_read(inner, src->want, src->key, err);
	return traefik_read(root, src, err);
}

/* --- all ------------------------------------------------------------------------------------ */

static bool read_any(const uint8_t *p, size_t n, const struct source *src, struct au_err *err)
{
	size_t blank = 0;

	if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		p += 3, n -= 3;
	while (blank < n && strchr(" \t\r\n", p[blank]) && p[blank])
		blank++;
	if (blank == n)
		return au_fail(err, AU_KEY, "empty");
	if (p[blank] == '{')
		return json_read(p + blank, n - blank, src, err);
	if (memmem(p, n, "-----BEGIN ", 11))
		return pem_read(p, n, src, err);
	return der_read(p, n, src, err);
}

bool au_key_read(const void *p, size_t n, enum au_key_want want, const char *passphrase, const char *where,
		 struct au_key **key, struct au_err *err)
{
	const struct source src = { want, passphrase, key };

	if (n > AU_MAX_KEYFILE)
		return au_fail(err, AU_KEY, "%s: larger than %u octets", where, AU_MAX_KEYFILE);
	if (read_any(p, n, &src, err))
		return true;
	if (err->code == AU_INPUT)
		au_fail_as(err, AU_KEY);
	return au_fail_in(err, "%s", where);
}

bool au_key_open(const char *name, enum au_key_want want, const char *passphrase, struct au_key **key,
		 struct au_err *err)
{
	AU_AUTO_BUF struct au_buf content = AU_BUF(AU_MAX_KEYFILE);

	if (au_key_is_url(name))
		return au_key_open_url(name, want, passphrase, key, err);
	return au_file_read(name, AU_MAX_KEYFILE, AU_KEY, &content, err) &&
	       au_key_read(content.p, content.n, want, passphrase, strcmp(name, "-") == 0 ? "standard input" : name, key,
			   err);
}
