/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * key-sign: signatures in JOSE's forms (RFC 7518 section 3, RFC 8037 section 3.1, RFC 9864). Which alg goes with which
 * curve is said here: GnuTLS would sign with P-256 and SHA-512.
 */
#include <gnutls/crypto.h>
#include <string.h>

#include "key-impl.h"
#include "mem.h"

#define CURVES ((1u << AU_KEY_P256) | (1u << AU_KEY_P384) | (1u << AU_KEY_P521))

static const struct alg {
	const char *name;
	enum au_key_type type;
	gnutls_sign_algorithm_t sign;
} algs[] = {
	{ "RS256", AU_KEY_RSA, GNUTLS_SIGN_RSA_SHA256 },
	{ "RS384", AU_KEY_RSA, GNUTLS_SIGN_RSA_SHA384 },
	{ "RS512", AU_KEY_RSA, GNUTLS_SIGN_RSA_SHA512 },
	{ "PS256", AU_KEY_RSA, GNUTLS_SIGN_RSA_PSS_SHA256 },
	{ "PS384", AU_KEY_RSA, GNUTLS_SIGN_RSA_PSS_SHA384 },
	{ "PS512", AU_KEY_RSA, GNUTLS_SIGN_RSA_PSS_SHA512 },
	{ "ES256", AU_KEY_P256, GNUTLS_SIGN_ECDSA_SHA256 },
	{ "ES384", AU_KEY_P384, GNUTLS_SIGN_ECDSA_SHA384 },
	{ "ES512", AU_KEY_P521, GNUTLS_SIGN_ECDSA_SHA512 },
	{ "EdDSA", AU_KEY_ED25519, GNUTLS_SIGN_EDDSA_ED25519 },
	{ "EdDSA", AU_KEY_ED448, GNUTLS_SIGN_EDDSA_ED448 },
	{ "Ed25519", AU_KEY_ED25519, GNUTLS_SIGN_EDDSA_ED25519 },
	{ "Ed448", AU_KEY_ED448, GNUTLS_SIGN_EDDSA_ED448 },
};

static const struct alg *alg_for(const struct au_key *key, const char *name)
{
	for (size_t i = 0; i < sizeof algs / sizeof *algs; i++)
		if (algs[i].type == key->type && strcmp(algs[i].name, name) == 0)
			return &algs[i];
	return NULL;
}

const char *au_key_alg_peek(const struct au_key *key)
{
	return au_key_kinds[key->type].alg;
}

bool au_key_alg_fits(const struct au_key *key, const char *alg)
{
	return alg_for(key, alg) != NULL;
}

static bool unfit(const struct au_key *key, const char *alg, struct au_err *err)
{
	return au_fail(err, AU_KEY, "algorithm %s does not go with a key of type %s", alg, key->name);
}

static bool ecdsa(const struct au_key *key)
{
	return CURVES & 1u << key->type;
}

/* One of r and s at the curve's width; GnuTLS hands out the shortest form, or one with a zero in front. */
static bool widen(const gnutls_datum_t *v, size_t width, struct au_buf *sig, struct au_err *err)
{
	static const uint8_t zeros[66];
	const uint8_t *p = v->data;
	size_t n = v->size;

	while (n > width && *p == 0)
		p++, n--;
	if (n > width)
		return au_fail(err, AU_KEY, "signing: the signature is too long");
	return au_buf_add(sig, zeros, width - n, err) && au_buf_add(sig, p, n, err);
}

static bool raw_rs(const struct au_key *key, const gnutls_datum_t *der, struct au_buf *sig, struct au_err *err)
{
	AU_AUTO_DATUM gnutls_datum_t r = { 0 };
	AU_AUTO_DATUM gnutls_datum_t s = { 0 };
	size_t width = au_key_kinds[key->type].width;
	int code = gnutls_decode_rs_value(der, &r, &s);

	if (code < 0)
		return au_fail_gnutls(err, AU_KEY, "signing", code);
	return widen(&r, width, sig, err) && widen(&s, width, sig, err);
}

bool au_key_sign(const struct au_key *key, const char *alg, const void *p, size_t n, struct au_buf *sig,
		 struct au_err *err)
{
	const gnutls_datum_t data = { .data = (void *)(uintptr_t)p, .size = (unsigned)n };
	const struct alg *a = alg_for(key, alg);
	AU_AUTO_DATUM gnutls_datum_t out = { 0 };

	if (!a)
		return unfit(key, alg, err);
	if (!key->priv)
		return au_fail(err, AU_KEY, "signing: this is a public key; the private one is needed");
	int r = gnutls_privkey_sign_data2(key->priv, a->sign, 0, &data, &out);
	if (r < 0)
		return au_fail_gnutls(err, AU_KEY, "signing", r);
	return ecdsa(key) ? raw_rs(key, &out, sig, err) : au_buf_add(sig, out.data, out.size, err);
}

static size_t signature_length(const struct au_key *key)
{
	return key->type == AU_KEY_RSA ? (key->bits + 7) / 8 : 2 * au_key_kinds[key->type].width;
}

bool au_key_verify(const struct au_key *key, const char *alg, const void *p, size_t n, const void *sig, size_t sign,
		   struct au_err *err)
{
	const gnutls_datum_t data = { .data = (void *)(uintptr_t)p, .size = (unsigned)n };
	const struct alg *a = alg_for(key, alg);
	AU_AUTO_DATUM gnutls_datum_t der = { 0 };
	gnutls_datum_t in = { .data = (void *)(uintptr_t)sig, .size = (unsigned)sign };

	if (!a)
		return unfit(key, alg, err);
	if (sign != signature_length(key))
		return au_fail(err, AU_NO, "the signature does not verify: %zu octets, %s has %zu", sign, alg,
			       signature_length(key));
	if (ecdsa(key)) {
		const gnutls_datum_t r = { .data = in.data, .size = in.size / 2 };
		const gnutls_datum_t s = { .data = in.data + in.size / 2, .size = in.size / 2 };
		int code = gnutls_encode_rs_value(&der, &r, &s);
		if (code < 0)
			return au_fail_gnutls(err, AU_NO, "the signature does not verify", code);
		in = der;
	}
	int r = gnutls_pubkey_verify_data2(key->pub, a->sign, 0, &data, &in);
	if (r == GNUTLS_E_MEMORY_ERROR)
		return au_fail_mem(err);
	return r >= 0 || au_fail(err, AU_NO, "the signature does not verify");
}
