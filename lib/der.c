/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "der.h"

#include <stdio.h>
#include <string.h>

/* No structure of X.509 nests half as deep. */
#define DEPTH 32u

static bool length_read(struct au_span *s, size_t *len)
{
	if (s->n < 1)
		return false;
	uint8_t first = *s->p++;
	s->n--;
	if (first < 0x80) {
		*len = first;
		return *len <= s->n;
	}
	size_t octets = first & 0x7fu;
	if (octets == 0 || octets > 4 || octets > s->n || s->p[0] == 0)
		return false;
	*len = 0;
	for (size_t i = 0; i < octets; i++)
		*len = *len << 8 | s->p[i];
	s->p += octets;
	s->n -= octets;
	return *len >= 0x80 && *len <= s->n;
}

bool au_der_next(struct au_span *rest, struct au_der *out)
{
	struct au_span s = *rest;
	size_t len;

	if (s.n < 2 || (s.p[0] & 0x1f) == 0x1f)
		return false;
	uint8_t tag = *s.p++;
	s.n--;
	if (!length_read(&s, &len))
		return false;
	*out = (struct au_der){
		.tag = tag,
		.in = { s.p, len },
		.all = { rest->p, (size_t)(s.p - rest->p) + len },
	};
	rest->p += out->all.n;
	rest->n -= out->all.n;
	return true;
}

bool au_der_take(struct au_span *rest, unsigned tag, struct au_der *out)
{
	struct au_span was = *rest;

	if (au_der_next(rest, out) && out->tag == tag)
		return true;
	*rest = was;
	return false;
}

static bool integer_valid(struct au_span s)
{
	if (s.n == 0)
		return false;
	/* the first nine bits are neither all zero nor all one */
	return s.n == 1 || !((s.p[0] == 0x00 && s.p[1] < 0x80) || (s.p[0] == 0xff && s.p[1] >= 0x80));
}

static bool bits_valid(struct au_span s)
{
	if (s.n == 0 || s.p[0] > 7 || (s.n == 1 && s.p[0] != 0))
		return false;
	return s.n == 1 || (s.p[s.n - 1] & ((1u << s.p[0]) - 1)) == 0;
}

static bool oid_valid(struct au_span s)
{
	bool start = true;

	if (s.n == 0 || s.p[s.n - 1] >= 0x80)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (start && s.p[i] == 0x80)
			return false;
		start = s.p[i] < 0x80;
	}
	return true;
}

static bool primitive_valid(const struct au_der *e)
{
	switch (e->tag) {
	case AU_DER_BOOLEAN:
		return e->in.n == 1 && (e->in.p[0] == 0x00 || e->in.p[0] == 0xff);
	case AU_DER_INTEGER:
		return integer_valid(e->in);
	case AU_DER_BIT_STRING:
		return bits_valid(e->in);
	case AU_DER_NULL:
		return e->in.n == 0;
	case AU_DER_OID:
		return oid_valid(e->in);
	case AU_DER_SEQUENCE & ~0x20:
	case AU_DER_SET & ~0x20:
		return false;
	default:
		return true;
	}
}

static bool all_valid(struct au_span rest, unsigned depth)
{
	struct au_der e;

	while (rest.n != 0) {
		if (!au_der_next(&rest, &e))
			return false;
		if ((e.tag & 0x20) == 0) {
			if (!primitive_valid(&e))
				return false;
			continue;
		}
		/* of the universal types only SEQUENCE and SET are constructed in DER */
		if ((e.tag & 0xc0) == 0 && e.tag != AU_DER_SEQUENCE && e.tag != AU_DER_SET)
			return false;
		if (depth == 0 || !all_valid(e.in, depth - 1))
			return false;
	}
	return true;
}

bool au_der_valid(const void *p, size_t n)
{
	struct au_span rest = { p, n };
	struct au_der e;

	return au_der_next(&rest, &e) && rest.n == 0 && all_valid((struct au_span){ p, n }, DEPTH);
}

struct au_oid_text au_der_oid_text(struct au_span oid)
{
	struct au_oid_text t = { "" };
	uint64_t arc = 0;
	size_t at = 0;

	for (size_t i = 0; i < oid.n && at < sizeof t.s - 24; i++) {
		arc = arc << 7 | (oid.p[i] & 0x7f);
		if (oid.p[i] >= 0x80)
			continue;
		/* the first two arcs share one number */
		unsigned first = at ? 0 : arc < 80 ? (unsigned)arc / 40 : 2;
		int n = at ? snprintf(t.s + at, sizeof t.s - at, ".%llu", (unsigned long long)arc) :
			     snprintf(t.s, sizeof t.s, "%u.%llu", first, (unsigned long long)arc - 40 * first);
		at += (size_t)n;
		arc = 0;
	}
	return t;
}

bool au_span_equal(struct au_span a, struct au_span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
