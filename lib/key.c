/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* key: what a key is; how it is read, judged and used is next door (key-*.c). */
#include "key.h"

#include <gnutls/crypto.h>
#include <stdio.h>
#include <string.h>

#include "key-impl.h"
#include "mem.h"
#include "pem.h"

#define OID(s) s, sizeof s - 1

const struct au_key_kind au_key_kinds[] = {
	[AU_KEY_RSA] = { "rsa", "RSA", NULL, "RS256", GNUTLS_ECC_CURVE_INVALID, 0,
			 OID("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01") },
	[AU_KEY_P256] = { "p256", "EC", "P-256", "ES256", GNUTLS_ECC_CURVE_SECP256R1, 32,
			  OID("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07") },
	[AU_KEY_P384] = { "p384", "EC", "P-384", "ES384", GNUTLS_ECC_CURVE_SECP384R1, 48,
			  OID("\x06\x05\x2b\x81\x04\x00\x22") },
	[AU_KEY_P521] = { "p521", "EC", "P-521", "ES512", GNUTLS_ECC_CURVE_SECP521R1, 66,
			  OID("\x06\x05\x2b\x81\x04\x00\x23") },
	[AU_KEY_ED25519] = { "ed25519", "OKP", "Ed25519", "EdDSA", GNUTLS_ECC_CURVE_ED25519, 32,
			     OID("\x06\x03\x2b\x65\x70") },
	[AU_KEY_ED448] = { "ed448", "OKP", "Ed448", "EdDSA", GNUTLS_ECC_CURVE_ED448, 57,
			   OID("\x06\x03\x2b\x65\x71") },
};

bool au_fail_gnutls(struct au_err *err, enum au_code code, const char *where, int gnutls_code)
{
	if (gnutls_code == GNUTLS_E_MEMORY_ERROR)
		return au_fail_mem(err);
	return au_fail(err, code, "%s: %s", where, gnutls_strerror(gnutls_code));
}

void au_datum_free(gnutls_datum_t *d)
{
	if (d->data)
		au_wipe(d->data, d->size);
	gnutls_free(d->data);
	d->data = NULL;
	d->size = 0;
}

void au_key_free(struct au_key *key)
{
	if (!key)
		return;
	if (key->priv)
		gnutls_privkey_deinit(key->priv);
	if (key->soft)
		gnutls_x509_privkey_deinit(key->soft);
	if (key->pub)
		gnutls_pubkey_deinit(key->pub);
	au_pin_free(key->pin);
	au_free(key);
}

void au_key_freep(struct au_key **key)
{
	au_key_free(*key);
	*key = NULL;
}

/* --- what it is -------------------------------------------------------------- */

static bool type_of(gnutls_pubkey_t pub, enum au_key_type *type, unsigned *bits)
{
	gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;
	int pk = gnutls_pubkey_get_pk_algorithm(pub, bits);

	if (pk == GNUTLS_PK_RSA) {
		*type = AU_KEY_RSA;
		return true;
	}
	if (pk != GNUTLS_PK_ECDSA && pk != GNUTLS_PK_EDDSA_ED25519 && pk != GNUTLS_PK_EDDSA_ED448)
		return false;
	if (gnutls_pubkey_export_ecc_raw2(pub, &curve, NULL, NULL, 0) < 0)
		return false;
	for (unsigned i = AU_KEY_P256; i < AU_KEY_KINDS; i++)
		if (au_key_kinds[i].curve == curve) {
			*type = i;
			*bits = 0;
			return true;
		}
	return false;
}

bool au_key_identify(struct au_key *key, struct au_err *err)
{
	if (!type_of(key->pub, &key->type, &key->bits)) {
		const char *what = gnutls_pk_get_name(gnutls_pubkey_get_pk_algorithm(key->pub, NULL));
		return au_fail(err, AU_KEY, "a key of type %s: RSA, P-256, P-384, P-521, Ed25519 and Ed448 are known",
			       what ? what : "unknown");
	}
	if (key->type == AU_KEY_RSA)
		snprintf(key->name, sizeof key->name, "rsa%u", key->bits);
	else
		snprintf(key->name, sizeof key->name, "%s", au_key_kinds[key->type].name);
	return au_key_policy(key, err);
}

bool au_key_from_gnutls_take(gnutls_pubkey_t pub, struct au_key **key, struct au_err *err)
{
	AU_AUTO_KEY struct au_key *k = au_alloc(sizeof *k);

	if (!k) {
		gnutls_pubkey_deinit(pub);
		return au_fail_mem(err);
	}
	k->pub = pub;
	if (!au_key_identify(k, err))
		return false;
	*key = au_steal(&k);
	return true;
}

bool au_key_from_spki(const void *der, size_t n, struct au_key **key, struct au_err *err)
{
	const gnutls_datum_t in = { .data = (void *)(uintptr_t)der, .size = (unsigned)n };
	AU_AUTO_DATUM gnutls_datum_t again = { 0 };
	gnutls_pubkey_t pub;

	/* GnuTLS reads BER and several spellings; one key must have one SPKI */
	if (n > AU_MAX_KEYFILE || !au_der_valid(der, n))
		return au_fail(err, AU_KEY, "public key: not DER");
	int r = gnutls_pubkey_init(&pub);
	if (r < 0)
		return au_fail_gnutls(err, AU_KEY, "public key", r);
	r = gnutls_pubkey_import(pub, &in, GNUTLS_X509_FMT_DER);
	if (r >= 0)
		r = gnutls_pubkey_export2(pub, GNUTLS_X509_FMT_DER, &again);
	if (r < 0) {
		gnutls_pubkey_deinit(pub);
		return au_fail_gnutls(err, AU_KEY, "public key", r);
	}
	if (again.size != n || memcmp(again.data, der, n) != 0) {
		gnutls_pubkey_deinit(pub);
		return au_fail(err, AU_KEY, "public key: not the canonical SubjectPublicKeyInfo of this key");
	}
	return au_key_from_gnutls_take(pub, key, err);
}

enum au_key_type au_key_type(const struct au_key *key)
{
	return key->type;
}

bool au_key_is_private(const struct au_key *key)
{
	return key->priv != NULL;
}

const char *au_key_name_peek(const struct au_key *key)
{
	return key->name;
}

gnutls_privkey_t au_key_gnutls_private_peek(const struct au_key *key)
{
	return key->priv;
}

gnutls_pubkey_t au_key_gnutls_public_peek(const struct au_key *key)
{
	return key->pub;
}

gnutls_digest_algorithm_t au_key_gnutls_digest(const struct au_key *key)
{
	static const gnutls_digest_algorithm_t digest[] = {
		[AU_KEY_RSA] = GNUTLS_DIG_SHA256, [AU_KEY_P256] = GNUTLS_DIG_SHA256,
		[AU_KEY_P384] = GNUTLS_DIG_SHA384, [AU_KEY_P521] = GNUTLS_DIG_SHA512,
		[AU_KEY_ED25519] = GNUTLS_DIG_SHA512, [AU_KEY_ED448] = GNUTLS_DIG_SHAKE_256,
	};
	return digest[key->type];
}

/* --- names of types ------------------------------------------------------------ */

bool au_key_type_read(const char *text, enum au_key_type *type, unsigned *bits, struct au_err *err)
{
	static const struct { const char *name; enum au_key_type type; } names[] = {
		{ "p256", AU_KEY_P256 }, { "p384", AU_KEY_P384 }, { "p521", AU_KEY_P521 },
		{ "ec256", AU_KEY_P256 }, { "ec384", AU_KEY_P384 }, { "ec521", AU_KEY_P521 },
		{ "ecp256", AU_KEY_P256 }, { "ecp384", AU_KEY_P384 }, { "ecp521", AU_KEY_P521 },
		{ "es256", AU_KEY_P256 }, { "es384", AU_KEY_P384 }, { "es512", AU_KEY_P521 },
		{ "secp256r1", AU_KEY_P256 }, { "secp384r1", AU_KEY_P384 }, { "secp521r1", AU_KEY_P521 },
		{ "prime256v1", AU_KEY_P256 }, { "ecdsa", AU_KEY_P256 }, { "ec", AU_KEY_P256 },
		{ "ed25519", AU_KEY_ED25519 }, { "ed448", AU_KEY_ED448 },
	};
	char s[16];
	size_t n = 0;

	/* case, and what people put between letters and numbers, does not matter */
	for (const char *p = text; *p && n < sizeof s - 1; p++)
		if (!strchr("-_:", *p))
			s[n++] = *p >= 'A' && *p <= 'Z' ? (char)(*p | 0x20) : *p;
	s[n] = '\0';
	*bits = 0;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(s, names[i].name) == 0) {
			*type = names[i].type;
			return true;
		}
	if (strncmp(s, "rsa", 3) == 0 && strlen(s) <= 8 && s[3 + strspn(s + 3, "0123456789")] == '\0') {
		for (const char *p = s + 3; *p; p++)
			*bits = *bits * 10 + (unsigned)(*p - '0');
		if (!s[3])
			*bits = 3072;
		if (*bits < AU_MIN_RSA_KEY || *bits > AU_MAX_RSA_KEY || *bits % 8)
			return au_fail(err, AU_USAGE, "%s: an RSA key has %u to %u bits, a multiple of 8", text,
				       AU_MIN_RSA_KEY, AU_MAX_RSA_KEY);
		*type = AU_KEY_RSA;
		return true;
	}
	return au_fail(err, AU_USAGE, "%s: not a key type: p256, p384, p521, rsa2048 to rsa8192, ed25519, ed448", text);
}

/* --- making, writing, comparing --------------------------------------------------- */

/* A scalar or seed from the random generator; a scalar past the group order is drawn again. */
static bool generate_curve(enum au_key_type type, struct au_parts *parts, struct au_err *err)
{
	uint8_t d[66];
	size_t n = au_key_kinds[type].width;
	bool ok = false;

	for (unsigned i = 0; i < 64 && !ok; i++) {
		int r = gnutls_rnd(GNUTLS_RND_KEY, d, n);
		if (r < 0)
			return au_fail_gnutls(err, AU_KEY, "random numbers", r);
		if (type == AU_KEY_P521)
			d[0] &= 1;
		ok = au_part_set(parts, AU_PART_D, d, n, err) && au_parts_public(parts, err);
	}
	au_wipe(d, sizeof d);
	return ok;
}

bool au_key_generate(enum au_key_type type, unsigned bits, struct au_key **key, struct au_err *err)
{
	AU_AUTO_PARTS struct au_parts parts = { .type = type };

	if (type == AU_KEY_RSA && (bits < AU_MIN_RSA_KEY || bits > AU_MAX_RSA_KEY))
		return au_fail(err, AU_KEY, "new key: %u bits: an RSA key has %u to %u", bits, AU_MIN_RSA_KEY,
			       AU_MAX_RSA_KEY);
	if (type == AU_KEY_RSA ? !au_parts_generate_rsa(&parts, bits, err) : !generate_curve(type, &parts, err))
		return false;
	au_err_clear(err);
	return au_key_from_parts(&parts, AU_KEY_PRIVATE, key, err);
}

bool au_key_spki(const struct au_key *key, struct au_buf *der, struct au_err *err)
{
	AU_AUTO_DATUM gnutls_datum_t d = { 0 };
	int r = gnutls_pubkey_export2(key->pub, GNUTLS_X509_FMT_DER, &d);

	if (r < 0)
		return au_fail_gnutls(err, AU_KEY, "public key", r);
	return au_buf_add(der, d.data, d.size, err);
}

bool au_key_pem_public(const struct au_key *key, struct au_buf *pem, struct au_err *err)
{
	AU_AUTO_BUF struct au_buf der = AU_BUF(AU_MAX_KEYFILE);

	return au_key_spki(key, &der, err) && au_pem_write("PUBLIC KEY", der.p, der.n, pem, err);
}

bool au_key_pem(const struct au_key *key, const void *passphrase, size_t n, struct au_buf *pem, struct au_err *err)
{
	AU_AUTO_PARTS struct au_parts parts = { 0 };
	AU_AUTO_BUF struct au_buf der = AU_BUF(AU_MAX_KEYFILE), sealed = AU_BUF(AU_MAX_KEYFILE);

	if (!au_parts_of(key, AU_KEY_PRIVATE, &parts, err) || !au_parts_write_pkcs8(&parts, &der, err))
		return false;
	if (!passphrase)
		return au_pem_write("PRIVATE KEY", der.p, der.n, pem, err);
	return au_pbes2_seal(der.p, der.n, passphrase, n, &sealed, err) &&
	       au_pem_write("ENCRYPTED PRIVATE KEY", sealed.p, sealed.n, pem, err);
}

bool au_key_pem_traditional(const struct au_key *key, struct au_buf *pem, struct au_err *err)
{
	AU_AUTO_PARTS struct au_parts parts = { 0 };
	AU_AUTO_BUF struct au_buf der = AU_BUF(AU_MAX_KEYFILE);
	const char *label;

	return au_parts_of(key, AU_KEY_PRIVATE, &parts, err) &&
	       au_parts_write_traditional(&parts, &label, &der, err) && au_pem_write(label, der.p, der.n, pem, err);
}

bool au_key_equal(const struct au_key *a, const struct au_key *b)
{
	AU_AUTO_BUF struct au_buf sa = AU_BUF(AU_MAX_KEYFILE), sb = AU_BUF(AU_MAX_KEYFILE);
	AU_AUTO_ERR struct au_err err = { 0 };

	return a->type == b->type && au_key_spki(a, &sa, &err) && au_key_spki(b, &sb, &err) && sa.n == sb.n &&
	       memcmp(sa.p, sb.p, sa.n) == 0;
}
