/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * key-policy: which keys are worth a signature. GnuTLS imports keys under which
 * anyone can sign, or whose private half anyone can compute; here they end. Only public numbers come in,
 * so GMP's ordinary (not constant-time, not wiping) functions will do.
 */
#include <gmp.h>
#include <string.h>

#include "key-impl.h"

/* --- RSA ----------------------------------------------------------------------- */

/* A factor below this is found by anyone (CA/Browser Forum BR 6.1.6). */
#define SMALLEST_FACTOR 752u
/* Rounds of Fermat's method, which finds p and q that are close (BR 6.1.1.3). */
#define FERMAT_ROUNDS 100u

/*
 * CVE-2017-15361 (ROCA): the smart cards concerned made primes that are powers of 65537 modulo all small primes,
 * so the modulus is one, too.
 */
static bool power_of_65537(unsigned long residue, unsigned long prime)
{
	unsigned long v = 1;

	do {
		if (v == residue)
			return true;
		v = v * (65537 % prime) % prime;
	} while (v != 1);
	return false;
}

static bool roca(const mpz_t n)
{
	static const uint8_t primes[] = { 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73,
		79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167 };

	for (size_t i = 0; i < sizeof primes; i++)
		if (!power_of_65537(mpz_fdiv_ui(n, primes[i]), primes[i]))
			return false;
	return true;
}

static bool close_primes(const mpz_t n)
{
	bool found = false;
	mpz_t a, b;

	mpz_inits(a, b, NULL);
	mpz_sqrt(a, n);
	for (unsigned i = 0; i <= FERMAT_ROUNDS && !found; i++) {
		mpz_mul(b, a, a);
		mpz_sub(b, b, n);
		found = mpz_sgn(b) >= 0 && mpz_perfect_square_p(b);
		mpz_add_ui(a, a, 1);
	}
	mpz_clears(a, b, NULL);
	return found;
}

static const char *rsa_fault(const mpz_t n, const mpz_t e)
{
	if (mpz_even_p(n))
		return "the modulus is even";
	if (mpz_even_p(e) || mpz_cmp_ui(e, 65537) < 0)
		return "the exponent is not an odd number of at least 65537";
	if (mpz_sizeinbase(e, 2) > AU_MAX_RSA_EXPONENT)
		return "the exponent is too large";
	for (unsigned p = 3; p < SMALLEST_FACTOR; p += 2)
		if (mpz_divisible_ui_p(n, p))
			return "the modulus has a small factor";
	if (roca(n))
		return "the modulus is of the kind that CVE-2017-15361 (ROCA) is about";
	if (close_primes(n))
		return "the factors of the modulus are too close to each other";
	return NULL;
}

static bool rsa(const struct au_parts *parts, unsigned bits, struct au_err *err)
{
	const struct au_buf *nb = &parts->v[AU_PART_N], *eb = &parts->v[AU_PART_E];
	mpz_t n, e;

	if (bits < AU_MIN_RSA_KEY || bits > AU_MAX_RSA_KEY || nb->n > AU_MAX_RSA_KEY / 8)
		return au_fail(err, AU_KEY, "RSA of %u bits: %u to %u are accepted", bits, AU_MIN_RSA_KEY,
			       AU_MAX_RSA_KEY);
	if (eb->n > AU_MAX_RSA_KEY / 8)
		return au_fail(err, AU_KEY, "RSA: the exponent is too large");
	mpz_inits(n, e, NULL);
	mpz_import(n, nb->n, 1, 1, 1, 0, nb->p);
	mpz_import(e, eb->n, 1, 1, 1, 0, eb->p);
	const char *fault = rsa_fault(n, e);
	mpz_clears(n, e, NULL);
	return !fault || au_fail(err, AU_KEY, "RSA: %s", fault);
}

/* --- Ed25519 and Ed448 (RFC 8032 sections 5.1.3, 5.2.3) ------------------------------ */

/* The field, and what is in x^2 (d y^2 - a) = y^2 - 1, with a = -1 and 1. */
struct edwards {
	mpz_t p, d;
	int a;
};

static void edwards_init(struct edwards *c, enum au_key_type type)
{
	mpz_inits(c->p, c->d, NULL);
	if (type == AU_KEY_ED25519) {
		mpz_ui_pow_ui(c->p, 2, 255);
		mpz_sub_ui(c->p, c->p, 19);
		mpz_set_ui(c->d, 121666);
		mpz_invert(c->d, c->d, c->p);
		mpz_mul_si(c->d, c->d, -121665);
		c->a = -1;
		return;
	}
	mpz_t t;
	mpz_init(t);
	mpz_ui_pow_ui(c->p, 2, 448);
	mpz_ui_pow_ui(t, 2, 224);
	mpz_sub(c->p, c->p, t);
	mpz_sub_ui(c->p, c->p, 1);
	mpz_set_si(c->d, -39081);
	c->a = 1;
	mpz_clear(t);
}

/*
 * x^2 = u / v with u = y^2 - 1, v = d y^2 - a. Of small order are y = 1 and y = -1 (u = 0), y = 0, and the
 * points whose double has y = 0: with a = -1 those where x^2 = -y^2, so u + y^2 v = 0.
 */
static const char *edwards_fault(const struct edwards *c, const mpz_t y)
{
	const char *fault = NULL;
	mpz_t y2, u, v, t;

	if (mpz_cmp(y, c->p) >= 0)
		return "not the canonical form of a point";
	mpz_inits(y2, u, v, t, NULL);
	mpz_mul(y2, y, y);
	mpz_sub_ui(u, y2, 1);
	mpz_mod(u, u, c->p);
	mpz_mul(v, y2, c->d);
	if (c->a < 0)
		mpz_add_ui(v, v, 1);
	else
		mpz_sub_ui(v, v, 1);
	mpz_mod(v, v, c->p);
	mpz_mul(t, y2, v);
	mpz_add(t, t, u);
	mpz_mod(t, t, c->p);
	if (mpz_sgn(u) == 0 || mpz_sgn(y) == 0 || (c->a < 0 && mpz_sgn(t) == 0)) {
		fault = "a point of small order";
	} else {
		mpz_mul(t, u, v);
		if (mpz_jacobi(t, c->p) != 1)
			fault = "not a point of the curve";
	}
	mpz_clears(y2, u, v, t, NULL);
	return fault;
}

static bool edwards(const struct au_parts *parts, struct au_err *err)
{
	const struct au_key_kind *kind = &au_key_kinds[parts->type];
	const struct au_buf *x = &parts->v[AU_PART_X];
	uint8_t octets[57];
	struct edwards c;
	mpz_t y;

	if (x->n != kind->width)
		return au_fail(err, AU_KEY, "%s: %zu octets are no point", kind->crv, x->n);
	memcpy(octets, x->p, x->n);
	octets[x->n - 1] &= 0x7f;   /* the sign of x */
	edwards_init(&c, parts->type);
	mpz_init(y);
	mpz_import(y, x->n, -1, 1, 1, 0, octets);
	const char *fault = edwards_fault(&c, y);
	mpz_clears(y, c.p, c.d, NULL);
	return !fault || au_fail(err, AU_KEY, "%s: %s", kind->crv, fault);
}

/* --- all ------------------------------------------------------------------------------- */

bool au_key_policy(const struct au_key *key, struct au_err *err)
{
	AU_AUTO_PARTS struct au_parts parts = { 0 };

	if (!au_parts_of(key, AU_KEY_PUBLIC, &parts, err))
		return false;
	switch (key->type) {
	case AU_KEY_RSA:
		return rsa(&parts, key->bits, err);
	case AU_KEY_ED25519:
	case AU_KEY_ED448:
		return edwards(&parts, err);
	default:
		return gnutls_pubkey_verify_params(key->pub) >= 0 ||
		       au_fail(err, AU_KEY, "%s: not a point of the curve", au_key_kinds[key->type].crv);
	}
}
