/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* key-der: private keys in DER, read strictly and written canonically. */
#include <string.h>

#include "key-impl.h"
#include "mem.h"

#define EC_OID "\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"

static bool malformed(struct au_err *err, const char *form)
{
	return au_fail(err, AU_KEY, "not a well-formed %s private key", form);
}

static bool der_integer(struct au_span *rest, struct au_parts *parts, enum au_part part, struct au_err *err)
{
	struct au_der e;

	if (!au_der_take(rest, AU_DER_INTEGER, &e) || e.in.n == 0 || (e.in.p[0] & 0x80))
		return au_fail(err, AU_KEY, "not DER, or a number that is negative");
	return au_part_set(parts, part, e.in.p, e.in.n, err);
}

/* INTEGER of one octet */
static bool version_take(struct au_span *rest, uint8_t *version)
{
	struct au_der e;

	if (!au_der_take(rest, AU_DER_INTEGER, &e) || e.in.n != 1)
		return false;
	*version = e.in.p[0];
	return true;
}

static bool whole(struct au_span der, struct au_span *in)
{
	struct au_der e;

	if (!au_der_take(&der, AU_DER_SEQUENCE, &e) || der.n != 0)
		return false;
	*in = e.in;
	return true;
}

/* --- PKCS#1 ---------------------------------------------------------------------- */

bool au_parts_read_pkcs1(struct au_span der, struct au_parts *parts, struct au_err *err)
{
	struct au_span in;
	uint8_t version;

	parts->type = AU_KEY_RSA;
	if (!whole(der, &in) || !version_take(&in, &version))
		return malformed(err, "RSA");
	if (version != 0)
		return au_fail(err, AU_KEY, "RSA: keys of more than two primes are not supported");
	for (unsigned i = AU_PART_N; i <= AU_PART_QI; i++)
		if (!der_integer(&in, parts, i, err))
			return au_fail_in(err, "RSA private key");
	return in.n == 0 || malformed(err, "RSA");
}

bool au_parts_read_pkcs1_public(struct au_span der, struct au_parts *parts, struct au_err *err)
{
	struct au_span in;

	parts->type = AU_KEY_RSA;
	if (!whole(der, &in) || !der_integer(&in, parts, AU_PART_N, err) ||
	    !der_integer(&in, parts, AU_PART_E, err) || in.n != 0)
		return au_fail(err, AU_KEY, "not a well-formed RSA public key");
	return true;
}

/* --- SEC 1 ------------------------------------------------------------------------- */

static bool curve_of(struct au_span oid, enum au_key_type *type)
{
	for (*type = AU_KEY_P256; *type <= AU_KEY_P521; ++*type) {
		const struct au_key_kind *k = &au_key_kinds[*type];
		if (au_span_equal(oid, (struct au_span){ (const uint8_t *)k->oid, k->oid_n }))
			return true;
	}
	return false;
}

/* [1] EXPLICIT BIT STRING: an uncompressed point. */
static bool point(struct au_span in, struct au_parts *parts, struct au_err *err)
{
	size_t width = au_key_kinds[parts->type].width;
	struct au_der e;

	if (!au_der_take(&in, AU_DER_BIT_STRING, &e) || in.n != 0 || e.in.n != 2 * width + 2 || e.in.p[0] != 0 ||
	    e.in.p[1] != 4)
		return au_fail(err, AU_KEY, "the public key inside is not an uncompressed point of this curve");
	return au_part_set(parts, AU_PART_X, e.in.p + 2, width, err) &&
	       au_part_set(parts, AU_PART_Y, e.in.p + 2 + width, width, err);
}

/* known: parts->type was said by PKCS#8 outside already. */
static bool sec1(struct au_span der, bool known, struct au_parts *parts, struct au_err *err)
{
	struct au_der d, e;
	struct au_span in;
	uint8_t version;
	enum au_key_type type;

	if (!whole(der, &in) || !version_take(&in, &version) || version != 1 ||
	    !au_der_take(&in, AU_DER_OCTET_STRING, &d))
		return malformed(err, "EC");
	if (au_der_take(&in, AU_DER_CTX_C(0), &e)) {
		if (!curve_of(e.in, &type))
			return au_fail(err, AU_KEY, "EC: not one of the curves P-256, P-384, P-521, by name");
		if (known && type != parts->type)
			return malformed(err, "EC");
		parts->type = type;
	} else if (!known) {
		return au_fail(err, AU_KEY, "EC: the curve is not named inside");
	}
	if (!au_part_set(parts, AU_PART_D, d.in.p, d.in.n, err))
		return false;
	if (au_der_take(&in, AU_DER_CTX_C(1), &e) && !point(e.in, parts, err))
		return false;
	return in.n == 0 || malformed(err, "EC");
}

bool au_parts_read_sec1(struct au_span der, struct au_parts *parts, struct au_err *err)
{
	return sec1(der, false, parts, err);
}

/* --- PKCS#8 ------------------------------------------------------------------------- */

/* RFC 8410 section 7: an OCTET STRING in the OCTET STRING. */
static bool okp(struct au_span in, struct au_parts *parts, struct au_err *err)
{
	struct au_der e;

	if (!au_der_take(&in, AU_DER_OCTET_STRING, &e) || in.n != 0 || e.in.n != au_key_kinds[parts->type].width)
		return malformed(err, au_key_kinds[parts->type].crv);
	return au_part_set(parts, AU_PART_D, e.in.p, e.in.n, err);
}

/* AlgorithmIdentifier to parts->type. */
static bool algorithm(struct au_span in, struct au_parts *parts, struct au_err *err)
{
	static const struct au_span ec = { (const uint8_t *)EC_OID, sizeof EC_OID - 1 };
	struct au_der oid;

	if (!au_der_take(&in, AU_DER_OID, &oid))
		return malformed(err, "PKCS#8");
	if (au_span_equal(oid.all, ec))
		return curve_of(in, &parts->type) ||
		       au_fail(err, AU_KEY, "EC: not one of the curves P-256, P-384, P-521, by name");
	for (unsigned i = 0; i < AU_KEY_KINDS; i++) {
		const struct au_key_kind *k = &au_key_kinds[i];
		if (k->crv && strcmp(k->kty, "EC") == 0)
			continue;
		if (au_span_equal(oid.all, (struct au_span){ (const uint8_t *)k->oid, k->oid_n })) {
			parts->type = i;
			return true;
		}
	}
	return au_fail(err, AU_KEY, "a private key of a type that is not known: not RSA, EC, Ed25519 or Ed448");
}

/* What may stand behind the key: [0] attributes, [1] public key (RFC 5958), which a JWK would call x. */
static bool extras(struct au_span in, struct au_parts *parts, struct au_err *err)
{
	struct au_der e, bits;

	au_der_take(&in, AU_DER_CTX_C(0), &e);
	bool is_okp = strcmp(au_key_kinds[parts->type].kty, "OKP") == 0;
	if (au_der_take(&in, AU_DER_CTX_C(1), &e)) {
		/* as some write it: explicit, though the module says implicit */
		if (!au_der_take(&e.in, AU_DER_BIT_STRING, &bits) || e.in.n != 0)
			return malformed(err, "PKCS#8");
		e = bits;
	} else if (!au_der_take(&in, AU_DER_CTX(1), &e)) {
		return in.n == 0 || malformed(err, "PKCS#8");
	}
	if (in.n != 0 || e.in.n < 1 || e.in.p[0] != 0)
		return malformed(err, "PKCS#8");
	if (is_okp && e.in.n - 1 != au_key_kinds[parts->type].width)
		return malformed(err, "PKCS#8");
	return !is_okp || au_part_set(parts, AU_PART_X, e.in.p + 1, e.in.n - 1, err);
}

bool au_parts_read_pkcs8(struct au_span der, struct au_parts *parts, struct au_err *err)
{
	struct au_der alg, inner;
	struct au_span in;
	uint8_t version;

	if (!whole(der, &in) || !version_take(&in, &version) || version > 1 ||
	    !au_der_take(&in, AU_DER_SEQUENCE, &alg) || !au_der_take(&in, AU_DER_OCTET_STRING, &inner))
		return malformed(err, "PKCS#8");
	if (!algorithm(alg.in, parts, err) || !extras(in, parts, err))
		return false;
	if (parts->type == AU_KEY_RSA)
		return au_parts_read_pkcs1(inner.in, parts, err);
	if (strcmp(au_key_kinds[parts->type].kty, "EC") == 0)
		return sec1(inner.in, true, parts, err);
	return okp(inner.in, parts, err);
}

/* --- writing ------------------------------------------------------------------------ */

bool au_der_put(struct au_buf *der, unsigned tag, const void *p, size_t n, struct au_err *err)
{
	uint8_t head[6] = { (uint8_t)tag };
	size_t k = 1;

	if (n < 0x80) {
		head[k++] = (uint8_t)n;
	} else {
		unsigned octets = n > 0xffff ? 3 : n > 0xff ? 2 : 1;
		head[k++] = (uint8_t)(0x80 | octets);
		while (octets--)
			head[k++] = (uint8_t)(n >> 8 * octets);
	}
	return au_buf_add(der, head, k, err) && au_buf_add(der, p, n, err);
}

static bool put_integer(struct au_buf *der, const struct au_buf *v, struct au_err *err)
{
	AU_AUTO_BUF struct au_buf positive = AU_BUF(AU_MAX_KEYFILE);

	return au_buf_add(&positive, "", v->n == 0 || (v->p[0] & 0x80) ? 1 : 0, err) &&
	       au_buf_add(&positive, v->p, v->n, err) &&
	       au_der_put(der, AU_DER_INTEGER, positive.p, positive.n, err);
}

static bool write_pkcs1(const struct au_parts *parts, struct au_buf *der, struct au_err *err)
{
	AU_AUTO_BUF struct au_buf in = AU_BUF(AU_MAX_KEYFILE);

	if (!au_der_put(&in, AU_DER_INTEGER, "", 1, err))
		return false;
	for (unsigned i = AU_PART_N; i <= AU_PART_QI; i++)
		if (!put_integer(&in, &parts->v[i], err))
			return false;
	return au_der_put(der, AU_DER_SEQUENCE, in.p, in.n, err);
}

static bool write_sec1(const struct au_parts *parts, bool named, struct au_buf *der, struct au_err *err)
{
	AU_AUTO_BUF struct au_buf in = AU_BUF(AU_MAX_KEYFILE), bits = AU_BUF(AU_MAX_KEYFILE);
	AU_AUTO_BUF struct au_buf string = AU_BUF(AU_MAX_KEYFILE);
	const struct au_key_kind *k = &au_key_kinds[parts->type];

	return au_der_put(&in, AU_DER_INTEGER, "\1", 1, err) &&
	       au_der_put(&in, AU_DER_OCTET_STRING, parts->v[AU_PART_D].p, parts->v[AU_PART_D].n, err) &&
	       (!named || au_der_put(&in, AU_DER_CTX_C(0), k->oid, k->oid_n, err)) &&
	       au_buf_add(&bits, "\0\4", 2, err) &&
	       au_buf_add(&bits, parts->v[AU_PART_X].p, parts->v[AU_PART_X].n, err) &&
	       au_buf_add(&bits, parts->v[AU_PART_Y].p, parts->v[AU_PART_Y].n, err) &&
	       au_der_put(&string, AU_DER_BIT_STRING, bits.p, bits.n, err) &&
	       au_der_put(&in, AU_DER_CTX_C(1), string.p, string.n, err) &&
	       au_der_put(der, AU_DER_SEQUENCE, in.p, in.n, err);
}

static bool put_algorithm(const struct au_parts *parts, struct au_buf *der, struct au_err *err)
{
	AU_AUTO_BUF struct au_buf in = AU_BUF(0);
	const struct au_key_kind *k = &au_key_kinds[parts->type];
	bool ec = strcmp(k->kty, "EC") == 0;

	return (!ec || au_buf_add(&in, EC_OID, sizeof EC_OID - 1, err)) && au_buf_add(&in, k->oid, k->oid_n, err) &&
	       (parts->type != AU_KEY_RSA || au_der_put(&in, AU_DER_NULL, "", 0, err)) &&
	       au_der_put(der, AU_DER_SEQUENCE, in.p, in.n, err);
}

bool au_parts_write_pkcs8(const struct au_parts *parts, struct au_buf *der, struct au_err *err)
{
	AU_AUTO_BUF struct au_buf in = AU_BUF(AU_MAX_KEYFILE), key = AU_BUF(AU_MAX_KEYFILE);
	bool ok;

	if (parts->type == AU_KEY_RSA)
		ok = write_pkcs1(parts, &key, err);
	else if (strcmp(au_key_kinds[parts->type].kty, "EC") == 0)
		ok = write_sec1(parts, false, &key, err);
	else
		ok = au_der_put(&key, AU_DER_OCTET_STRING, parts->v[AU_PART_D].p, parts->v[AU_PART_D].n, err);
	return ok && au_der_put(&in, AU_DER_INTEGER, "", 1, err) && put_algorithm(parts, &in, err) &&
	       au_der_put(&in, AU_DER_OCTET_STRING, key.p, key.n, err) &&
	       au_der_put(der, AU_DER_SEQUENCE, in.p, in.n, err);
}

bool au_parts_write_traditional(const struct au_parts *parts, const char **label, struct au_buf *der,
				struct au_err *err)
{
	if (parts->type == AU_KEY_RSA) {
		*label = "RSA PRIVATE KEY";
		return write_pkcs1(parts, der, err);
	}
	if (strcmp(au_key_kinds[parts->type].kty, "EC") == 0) {
		*label = "EC PRIVATE KEY";
		return write_sec1(parts, true, der, err);
	}
	return au_fail(err, AU_KEY, "%s has no form but PKCS#8", au_key_kinds[parts->type].crv);
}
