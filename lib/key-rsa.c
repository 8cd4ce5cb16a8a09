/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * key-rsa: RSA numbers that have to be computed: a fresh key, and what is missing of one that was written as n, e
 * and d only (RFC 7518 section 6.3.2 allows that; NIST SP 800-56B appendix C has the method).
 *
 * Secrets that are read are in limbs from au_alloc and in GMP's mpn_sec functions, which take their scratch space
 * from the caller. Making primes leaves candidates in memory that GMP frees; the key itself is wiped.
 */
#include <gnutls/crypto.h>
#include <nettle/rsa.h>
#include <string.h>

#include "key-impl.h"
#include "mem.h"

#define LIMB sizeof(mp_limb_t)

/* --- p and q ------------------------------------------------------------------------- */

struct work {
	mp_size_t n, k_n;
	/* modulus; its neighbour n - 1; e d - 1 = 2^twos r; g^r and its squares; what is left of gcd */
	mp_limb_t *mod, *minus1, *r, *y, *x, *u, *scratch;
	mp_bitcnt_t twos, r_bits;
};

static mp_size_t limbs(size_t octets)
{
	return (mp_size_t)((octets + LIMB - 1) / LIMB);
}

static void limbs_in(mp_limb_t *out, const struct au_buf *b)
{
	for (size_t i = 0; i < b->n; i++)
		out[i / LIMB] |= (mp_limb_t)b->p[b->n - 1 - i] << 8 * (i % LIMB);
}

static bool part_out(struct au_parts *parts, enum au_part part, const mp_limb_t *v, mp_size_t n, struct au_err *err)
{
	size_t len = (size_t)n * LIMB;
	AU_AUTO_MEM uint8_t *octets = au_alloc(len);

	if (!octets)
		return au_fail_mem(err);
	for (size_t i = 0; i < len; i++)
		octets[len - 1 - i] = (uint8_t)(v[i / LIMB] >> 8 * (i % LIMB));
	return au_part_set(parts, part, octets, len, err);
}

static mp_size_t normal(const mp_limb_t *v, mp_size_t n)
{
	while (n && !v[n - 1])
		n--;
	return n;
}

/* r = e d - 1 without its factors 2. */
static bool odd_part(struct work *w, const struct au_parts *parts)
{
	mp_size_t dn = limbs(parts->v[AU_PART_D].n), en = limbs(parts->v[AU_PART_E].n);
	AU_AUTO_MEM mp_limb_t *d = au_alloc((size_t)dn * LIMB), *e = au_alloc((size_t)en * LIMB);
	AU_AUTO_MEM mp_limb_t *scratch = au_alloc((size_t)mpn_sec_mul_itch(dn, en) * LIMB);

	if (!d || !e || !scratch)
		return false;
	limbs_in(d, &parts->v[AU_PART_D]);
	limbs_in(e, &parts->v[AU_PART_E]);
	if (dn >= en)
		mpn_sec_mul(w->r, d, dn, e, en, scratch);
	else
		mpn_sec_mul(w->r, e, en, d, dn, scratch);
	mpn_sub_1(w->r, w->r, w->k_n, 1);
	mp_size_t k = normal(w->r, w->k_n);
	if (!k)
		return false;
	w->twos = mpn_scan1(w->r, 0);
	mp_size_t whole = (mp_size_t)(w->twos / (8 * LIMB));
	memmove(w->r, w->r + whole, (size_t)(k - whole) * LIMB);
	k -= whole;
	if (w->twos % (8 * LIMB))
		mpn_rshift(w->r, w->r, k, w->twos % (8 * LIMB));
	w->r_bits = (mp_bitcnt_t)k * 8 * LIMB;
	return true;
}

static bool is_one(const mp_limb_t *v, mp_size_t n)
{
	return normal(v, n) == 1 && v[0] == 1;
}

/* x = y^2 mod n */
static void square(struct work *w)
{
	mpn_sec_sqr(w->u, w->y, w->n, w->scratch);
	mpn_sec_div_r(w->u, 2 * w->n, w->mod, w->n, w->scratch);
	memcpy(w->x, w->u, (size_t)w->n * LIMB);
}

/* Look along g^r, g^2r, g^4r ... for a square root of 1 other than 1 and -1, into y. -1: e and d are no pair for n. */
static int root_of_one(struct work *w, mp_limb_t g)
{
	mpn_sec_powm(w->y, &g, 1, w->r, w->r_bits, w->mod, w->n, w->scratch);
	if (is_one(w->y, w->n))
		return 0;
	for (mp_bitcnt_t i = 0; i < w->twos; i++) {
		if (mpn_cmp(w->y, w->minus1, w->n) == 0)
			return 0;
		square(w);
		if (is_one(w->x, w->n))
			return 1;
		memcpy(w->y, w->x, (size_t)w->n * LIMB);
	}
	return -1;
}

/* p = gcd(y - 1, n), q = n / p; the larger one is called p. */
static bool split(struct work *w, struct au_parts *parts, struct au_err *err)
{
	mpn_sub_1(w->y, w->y, w->n, 1);
	memcpy(w->u, w->mod, (size_t)w->n * LIMB);
	mp_size_t pn = mpn_gcd(w->x, w->u, w->n, w->y, normal(w->y, w->n));
	mp_size_t qn = w->n - pn + 1;

	if (is_one(w->x, pn))
		return au_fail(err, AU_KEY, "RSA: p and q cannot be found");
	mpn_tdiv_qr(w->u, w->y, 0, w->mod, w->n, w->x, pn);
	qn = normal(w->u, qn);
	bool larger = pn > qn || (pn == qn && mpn_cmp(w->x, w->u, pn) > 0);
	return part_out(parts, larger ? AU_PART_P : AU_PART_Q, w->x, pn, err) &&
	       part_out(parts, larger ? AU_PART_Q : AU_PART_P, w->u, qn, err);
}

static bool search(struct work *w, struct au_parts *parts, struct au_err *err)
{
	/* each has a chance of one half */
	static const uint8_t bases[] = { 2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71,
		73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167, 173 };

	for (size_t i = 0; i < sizeof bases; i++) {
		int found = root_of_one(w, bases[i]);
		if (found > 0)
			return split(w, parts, err);
		if (found < 0)
			break;
	}
	return au_fail(err, AU_KEY, "RSA: n, e and d do not belong together");
}

static mp_size_t max_size(mp_size_t a, mp_size_t b)
{
	return a > b ? a : b;
}

static bool factor(struct au_parts *parts, struct au_err *err)
{
	struct au_buf *v = parts->v;
	struct work w = { .n = limbs(v[AU_PART_N].n), .k_n = limbs(v[AU_PART_D].n) + limbs(v[AU_PART_E].n) };

	if (!v[AU_PART_D].n || !v[AU_PART_E].n || v[AU_PART_D].n > v[AU_PART_N].n)
		return au_fail(err, AU_KEY, "RSA: the private exponent d is missing or longer than the modulus");
	mp_size_t n = w.n, bits = w.k_n * (mp_size_t)(8 * LIMB);
	mp_size_t scratch = max_size(mpn_sec_powm_itch(1, (mp_bitcnt_t)bits, n),
				     max_size(mpn_sec_sqr_itch(n), mpn_sec_div_r_itch(2 * n, n)));
	AU_AUTO_MEM mp_limb_t *all = au_alloc((size_t)(6 * n + w.k_n + scratch) * LIMB);
	if (!all)
		return au_fail_mem(err);
	w.mod = all;
	w.minus1 = all + n;
	w.y = all + 2 * n;
	w.x = all + 3 * n;
	w.u = all + 4 * n;
	w.r = all + 6 * n;
	w.scratch = w.r + w.k_n;
	limbs_in(w.mod, &v[AU_PART_N]);
	mpn_sub_1(w.minus1, w.mod, n, 1);
	if (!odd_part(&w, parts))
		return au_fail(err, AU_KEY, "RSA: n, e and d do not belong together");
	return search(&w, parts, err);
}

/* --- dp, dq, qi ---------------------------------------------------------------------- */

/* d mod (prime - 1) */
static bool exponent(struct au_parts *parts, enum au_part prime, enum au_part out, struct au_err *err)
{
	mp_size_t pn = limbs(parts->v[prime].n), dn = max_size(limbs(parts->v[AU_PART_D].n), pn);
	AU_AUTO_MEM mp_limb_t *all = au_alloc((size_t)(pn + dn + mpn_sec_div_r_itch(dn, pn)) * LIMB);
	mp_limb_t *p = all, *d = all + pn;

	if (!all)
		return au_fail_mem(err);
	limbs_in(p, &parts->v[prime]);
	limbs_in(d, &parts->v[AU_PART_D]);
	p[0] &= ~(mp_limb_t)1;   /* odd, so this is p - 1 */
	mpn_sec_div_r(d, dn, p, pn, d + dn);
	return part_out(parts, out, d, pn, err);
}

/* q^-1 mod p; p is the larger one. */
static bool coefficient(struct au_parts *parts, struct au_err *err)
{
	mp_size_t n = limbs(parts->v[AU_PART_P].n);
	AU_AUTO_MEM mp_limb_t *all = au_alloc((size_t)(3 * n + mpn_sec_invert_itch(n)) * LIMB);
	mp_limb_t *p = all, *q = all + n, *inverse = all + 2 * n;

	if (!all)
		return au_fail_mem(err);
	limbs_in(p, &parts->v[AU_PART_P]);
	limbs_in(q, &parts->v[AU_PART_Q]);
	if (!mpn_sec_invert(inverse, q, p, n, (mp_bitcnt_t)n * 16 * LIMB, all + 3 * n))
		return au_fail(err, AU_KEY, "RSA: p and q are not different primes");
	return part_out(parts, AU_PART_QI, inverse, n, err);
}

bool au_parts_complete_rsa(struct au_parts *parts, struct au_err *err)
{
	return factor(parts, err) && exponent(parts, AU_PART_P, AU_PART_DP, err) &&
	       exponent(parts, AU_PART_Q, AU_PART_DQ, err) && coefficient(parts, err);
}

/* --- a fresh key ------------------------------------------------------------------------ */

/* The generator has worked a moment before, and the caller of this cannot be told that it does not any more. */
static void random_octets(void *ctx, size_t n, uint8_t *out)
{
	(void)ctx;
	while (gnutls_rnd(GNUTLS_RND_KEY, out, n) < 0)
		;
}

/* Into part, and wiped. */
static bool part_take(struct au_parts *parts, enum au_part part, mpz_t v, struct au_err *err)
{
	mp_size_t n = (mp_size_t)mpz_size(v);
	bool ok = part_out(parts, part, mpz_limbs_read(v), n, err);

	au_wipe(mpz_limbs_modify(v, n), (size_t)n * LIMB);
	return ok;
}

bool au_parts_generate_rsa(struct au_parts *parts, unsigned bits, struct au_err *err)
{
	struct rsa_public_key pub;
	struct rsa_private_key key;
	uint8_t probe;
	int r = gnutls_rnd(GNUTLS_RND_KEY, &probe, 1);

	if (r < 0)
		return au_fail_gnutls(err, AU_KEY, "random numbers", r);
	rsa_public_key_init(&pub);
	rsa_private_key_init(&key);
	mpz_set_ui(pub.e, 65537);
	bool ok = rsa_generate_keypair(&pub, &key, NULL, random_octets, NULL, NULL, bits, 0) ||
		  au_fail(err, AU_KEY, "new key: no RSA key of %u bits", bits);
	mpz_ptr v[AU_PARTS] = { [AU_PART_N] = pub.n, [AU_PART_E] = pub.e, [AU_PART_D] = key.d, [AU_PART_P] = key.p,
				[AU_PART_Q] = key.q, [AU_PART_DP] = key.a, [AU_PART_DQ] = key.b, [AU_PART_QI] = key.c };
	for (unsigned i = 0; i < AU_PARTS; i++)
		ok = ok && part_take(parts, i, v[i], err);
	rsa_private_key_clear(&key);
	rsa_public_key_clear(&pub);
	return ok;
}
