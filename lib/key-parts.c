/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* key-parts: keys as numbers, to GnuTLS and back, and the numbers that can be computed from others. */
#include <gnutls/crypto.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecc.h>
#include <nettle/eddsa.h>
#include <string.h>

#include "key-impl.h"
#include "mem.h"

#define RSA_PARTS 8

void au_parts_free(struct au_parts *parts)
{
	for (unsigned i = 0; i < AU_PARTS; i++)
		au_buf_free(&parts->v[i]);
}

bool au_part_set(struct au_parts *parts, enum au_part part, const void *p, size_t n, struct au_err *err)
{
	static const uint8_t zeros[66];
	size_t width = au_key_kinds[parts->type].width;
	const uint8_t *s = p;
	struct au_buf *b = &parts->v[part];

	while (n > width && *s == 0)
		s++, n--;
	if (width && n > width)
		return au_fail(err, AU_KEY, "a number is too long for %s", au_key_kinds[parts->type].name);
	au_buf_free(b);
	b->max = AU_MAX_KEYFILE;
	return au_buf_add(b, zeros, width ? width - n : 0, err) && au_buf_add(b, s, n, err);
}

static gnutls_datum_t datum(const struct au_buf *b)
{
	return (gnutls_datum_t){ .data = b->p, .size = (unsigned)b->n };
}

/* --- GnuTLS to numbers ------------------------------------------------------------ */

/* Take what GnuTLS exported: d[i] becomes part i; NULL data are left out. Wipes and releases them all. */
static bool adopt(struct au_parts *parts, gnutls_datum_t *d, unsigned n, int r, struct au_err *err)
{
	bool ok = r >= 0 || au_fail_gnutls(err, AU_KEY, "key", r);

	for (unsigned i = 0; i < n; i++) {
		ok = ok && (!d[i].data || au_part_set(parts, i, d[i].data, d[i].size, err));
		au_datum_free(&d[i]);
	}
	return ok;
}

static bool export_public(gnutls_pubkey_t pub, struct au_parts *parts, struct au_err *err)
{
	gnutls_datum_t d[2] = { 0 };
	gnutls_ecc_curve_t curve;
	int r = parts->type == AU_KEY_RSA ? gnutls_pubkey_export_rsa_raw2(pub, &d[0], &d[1], 0) :
					    gnutls_pubkey_export_ecc_raw2(pub, &curve, &d[0], &d[1], 0);

	return adopt(parts, d, 2, r, err);
}

static bool export_private(gnutls_x509_privkey_t soft, struct au_parts *parts, struct au_err *err)
{
	gnutls_datum_t d[RSA_PARTS] = { 0 };
	gnutls_ecc_curve_t curve;
	int r;

	if (parts->type != AU_KEY_RSA) {
		r = gnutls_x509_privkey_export_ecc_raw(soft, &curve, &d[0], &d[1], &d[2]);
		return adopt(parts, d, 3, r, err);
	}
	/* the order of au_part; GnuTLS names qi u, dp e1 and dq e2 */
	r = gnutls_x509_privkey_export_rsa_raw2(soft, &d[AU_PART_N], &d[AU_PART_E], &d[AU_PART_D], &d[AU_PART_P],
						&d[AU_PART_Q], &d[AU_PART_QI], &d[AU_PART_DP], &d[AU_PART_DQ]);
	return adopt(parts, d, RSA_PARTS, r, err);
}

bool au_parts_of(const struct au_key *key, enum au_key_want want, struct au_parts *parts, struct au_err *err)
{
	parts->type = key->type;
	if (want == AU_KEY_PUBLIC)
		return export_public(key->pub, parts, err);
	if (!key->priv)
		return au_fail(err, AU_KEY, "this is a public key; the private one is needed");
	if (!key->soft)
		return au_fail(err, AU_KEY, "the private key cannot leave its token");
	return export_private(key->soft, parts, err);
}

static bool soft_type(gnutls_x509_privkey_t soft, enum au_key_type *type)
{
	int pk = gnutls_x509_privkey_get_pk_algorithm(soft);
	gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;
	gnutls_datum_t d[3] = { 0 };

	*type = AU_KEY_RSA;
	if (pk == GNUTLS_PK_RSA)
		return true;
	if (pk != GNUTLS_PK_ECDSA && pk != GNUTLS_PK_EDDSA_ED25519 && pk != GNUTLS_PK_EDDSA_ED448)
		return false;
	if (gnutls_x509_privkey_export_ecc_raw(soft, &curve, &d[0], &d[1], &d[2]) < 0)
		return false;
	for (unsigned i = 0; i < 3; i++)
		au_datum_free(&d[i]);
	for (*type = AU_KEY_P256; *type < AU_KEY_KINDS; ++*type)
		if (au_key_kinds[*type].curve == curve)
			return true;
	return false;
}

bool au_parts_from_soft_take(gnutls_x509_privkey_t soft, struct au_parts *parts, struct au_err *err)
{
	bool ok = soft_type(soft, &parts->type) ? export_private(soft, parts, err) :
						  au_fail(err, AU_KEY, "a private key of a type that is not known");

	gnutls_x509_privkey_deinit(soft);
	return ok;
}

/* --- numbers to GnuTLS --------------------------------------------------------------- */

static int import_public(gnutls_pubkey_t pub, const struct au_parts *parts)
{
	const struct au_key_kind *kind = &au_key_kinds[parts->type];
	gnutls_datum_t a = datum(&parts->v[0]), b = datum(&parts->v[1]);

	if (parts->type == AU_KEY_RSA)
		return gnutls_pubkey_import_rsa_raw(pub, &a, &b);
	return gnutls_pubkey_import_ecc_raw(pub, kind->curve, &a, b.size ? &b : NULL);
}

/* RSA goes in as DER: the function that takes numbers leaves copies of them in memory. */
static int import_private(gnutls_x509_privkey_t soft, const struct au_parts *parts, struct au_err *err)
{
	gnutls_datum_t x = datum(&parts->v[AU_PART_X]), y = datum(&parts->v[AU_PART_Y]), d = datum(&parts->v[AU_PART_D]);
	AU_AUTO_BUF struct au_buf pkcs1 = AU_BUF(AU_MAX_KEYFILE);
	const char *label;

	if (parts->type != AU_KEY_RSA)
		return gnutls_x509_privkey_import_ecc_raw(soft, au_key_kinds[parts->type].curve, &x, y.size ? &y : NULL, &d);
	if (!au_parts_write_traditional(parts, &label, &pkcs1, err))
		return GNUTLS_E_MEMORY_ERROR;
	d = datum(&pkcs1);
	return gnutls_x509_privkey_import(soft, &d, GNUTLS_X509_FMT_DER);
}

/* The halves of a software key, shown to belong together. */
static bool add_private(struct au_key *key, const struct au_parts *parts, struct au_err *err)
{
	int r = gnutls_x509_privkey_init(&key->soft);

	if (r >= 0)
		r = gnutls_privkey_init(&key->priv);
	if (r < 0)
		return au_fail_gnutls(err, AU_KEY, "private key", r);
	r = import_private(key->soft, parts, err);
	if (r >= 0)
		r = gnutls_x509_privkey_verify_params(key->soft);
	if (r == GNUTLS_E_MEMORY_ERROR)
		return au_fail_mem(err);
	if (r < 0)
		return au_fail(err, AU_KEY, "private key: its numbers do not belong together");
	r = gnutls_privkey_import_x509(key->priv, key->soft, 0);
	return r >= 0 || au_fail_gnutls(err, AU_KEY, "private key", r);
}

/*
 * RFC 7518 section 6.3.2 has all numbers of RSA or none but d. When one is missing those that are there count for
 * nothing: GnuTLS loses memory over factors that are none.
 */
static bool complete(struct au_parts *parts, struct au_err *err)
{
	if (parts->type != AU_KEY_RSA)
		return parts->v[AU_PART_X].n || au_parts_public(parts, err);
	for (unsigned i = AU_PART_P; i <= AU_PART_QI; i++)
		if (!parts->v[i].n)
			return au_parts_complete_rsa(parts, err);
	return true;
}

bool au_key_from_parts(struct au_parts *parts, enum au_key_want want, struct au_key **key, struct au_err *err)
{
	AU_AUTO_KEY struct au_key *k = au_alloc(sizeof *k);

	if (!k)
		return au_fail_mem(err);
	/* RSA is judged before its numbers are computed with: they may be huge */
	if (want == AU_KEY_PRIVATE && parts->type != AU_KEY_RSA && !complete(parts, err))
		return false;
	int r = gnutls_pubkey_init(&k->pub);
	if (r < 0)
		return au_fail_gnutls(err, AU_KEY, "public key", r);
	r = import_public(k->pub, parts);
	if (r == GNUTLS_E_MEMORY_ERROR)
		return au_fail_mem(err);
	if (r < 0)
		return au_fail(err, AU_KEY, "%s: the public key is none of this type", au_key_kinds[parts->type].name);
	if (!au_key_identify(k, err))
		return false;
	if (want == AU_KEY_PRIVATE && (!complete(parts, err) || !add_private(k, parts, err)))
		return false;
	*key = au_steal(&k);
	return true;
}

/* --- the public half from the private ---------------------------------------------------- */

static void number_out(const mpz_t z, uint8_t *out, size_t width)
{
	size_t n = (mpz_sizeinbase(z, 2) + 7) / 8;

	memset(out, 0, width);
	mpz_export(out + width - n, NULL, 1, 1, 1, 0, z);
}

/* P = d G. GMP does not wipe what it frees: the secret stays in our limbs and nettle's scalar, wiped here. */
static bool ec_public(const struct ecc_curve *curve, const uint8_t *d, size_t width, uint8_t x[66], uint8_t y[66])
{
	mp_limb_t limbs[66 / sizeof(mp_limb_t) + 1] = { 0 };
	struct ecc_scalar scalar;
	struct ecc_point point;
	mpz_t z, zx, zy;

	for (size_t i = 0; i < width; i++)
		limbs[i / sizeof *limbs] |= (mp_limb_t)d[width - 1 - i] << 8 * (i % sizeof *limbs);
	ecc_scalar_init(&scalar, curve);
	bool ok = ecc_scalar_set(&scalar, mpz_roinit_n(z, limbs, sizeof limbs / sizeof *limbs));
	if (ok) {
		ecc_point_init(&point, curve);
		mpz_init(zx);
		mpz_init(zy);
		ecc_point_mul_g(&point, &scalar);
		ecc_point_get(&point, zx, zy);
		number_out(zx, x, width);
		number_out(zy, y, width);
		mpz_clear(zx);
		mpz_clear(zy);
		ecc_point_clear(&point);
	}
	au_wipe(scalar.p, (size_t)ecc_size(curve) * sizeof *scalar.p);
	ecc_scalar_clear(&scalar);
	au_wipe(limbs, sizeof limbs);
	return ok;
}

bool au_parts_public(struct au_parts *parts, struct au_err *err)
{
	const struct ecc_curve *curve = NULL;
	size_t width = au_key_kinds[parts->type].width;
	const uint8_t *d = parts->v[AU_PART_D].p;
	uint8_t x[66], y[66];

	if (parts->v[AU_PART_D].n != width || !width)
		return au_fail(err, AU_KEY, "private key: the number d is missing");
	switch (parts->type) {
	case AU_KEY_P256: curve = nettle_get_secp_256r1(); break;
	case AU_KEY_P384: curve = nettle_get_secp_384r1(); break;
	case AU_KEY_P521: curve = nettle_get_secp_521r1(); break;
	case AU_KEY_ED25519: ed25519_sha512_public_key(x, d); break;
	case AU_KEY_ED448: ed448_shake256_public_key(x, d); break;
	case AU_KEY_RSA: break;
	}
	if (curve && !ec_public(curve, d, width, x, y))
		return au_fail(err, AU_KEY, "private key: d is not between 1 and the order of the curve");
	return au_part_set(parts, AU_PART_X, x, width, err) && (!curve || au_part_set(parts, AU_PART_Y, y, width, err));
}
