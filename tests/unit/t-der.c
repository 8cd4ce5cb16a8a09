/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "der.h"

#include "unit.h"

static bool valid(const char *hex)
{
	uint8_t p[256];
	size_t n = 0;

	for (unsigned v; hex[0] && sscanf(hex, "%2x", &v) == 1; hex += 2)
		p[n++] = (uint8_t)v;
	return au_der_valid(p, n);
}

/* Each pair differs in the one thing that is wrong. */
static void strictness(void)
{
	static const struct {
		const char *good, *bad, *what;
	} t[] = {
		{ "0500", "050000", "something behind it" },
		{ "0500", "0501", "a length past the end" },
		{ "0500", "05", "no length" },
		{ "0500", "", "nothing" },
		{ "0500", "050100", "a NULL with content" },
		{ "3003020105", "308103020105", "a long form where the short one does" },
		{ "3003020105", "30800201050000", "an indefinite length" },
		{ "3003020105", "3003020205", "an inner length past the outer end" },
		{ "3003020105", "10030201050000", "a primitive SEQUENCE" },
		{ "020105", "0200", "an INTEGER of no octets" },
		{ "020105", "02020005", "a leading zero" },
		{ "02020080", "0203000080", "two leading zeros" },
		{ "0201ff", "0202ffff", "a leading 255" },
		{ "0101ff", "010101", "a BOOLEAN that is neither" },
		{ "0101ff", "0102ffff", "a BOOLEAN of two octets" },
		{ "03020780", "03020880", "eight unused bits" },
		{ "03020780", "030207c0", "an unused bit that is set" },
		{ "030100", "030101", "unused bits of nothing" },
		{ "030100", "0300", "a BIT STRING without its first octet" },
		{ "0603551d11", "0603551d91", "an OID that does not end" },
		{ "0603551d11", "060455801d11", "an arc with a leading zero" },
		{ "0603551d11", "0600", "an OID of nothing" },
		{ "040101", "1f0101", "a tag number above 30" },
		{ "040101", "2403040101", "a constructed OCTET STRING" },
		{ "a003020105", "a003020205", "inside of a context tag" },
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		ok(valid(t[i].good), "%s: good without", t[i].what);
		ok(!valid(t[i].bad), "%s: refused", t[i].what);
	}
}

static bool nested(unsigned levels)
{
	uint8_t p[256];
	size_t n = 0;

	for (unsigned i = 0; i < levels; i++) {
		p[n++] = AU_DER_SEQUENCE;
		p[n++] = (uint8_t)(2 * (levels - i - 1));
	}
	return au_der_valid(p, n);
}

static void lengths(void)
{
	uint8_t p[300] = { AU_DER_OCTET_STRING, 0x82, 0x01, 0x00 }, huge[] = { 0x04, 0x84, 0xff, 0xff, 0xff, 0xff, 0 };
	struct au_span s = { p, 260 };
	struct au_der e;

	ok(au_der_next(&s, &e) && e.in.n == 256 && e.all.n == 260 && s.n == 0, "256 octets");
	p[2] = 0;
	p[3] = 0xff;
	ok(!au_der_valid(p, 4 + 255), "255 octets in two octets of length");
	p[1] = 0x81;
	p[2] = 0xff;
	ok(au_der_valid(p, 3 + 255), "255 octets in one");
	ok(!au_der_valid(huge, sizeof huge), "4 GiB in five octets");
}

static void taking(void)
{
	const uint8_t p[] = { 0x02, 0x01, 0x07, 0x05, 0x00 };
	struct au_span s = { p, sizeof p };
	struct au_der e;

	ok(!au_der_take(&s, AU_DER_OID, &e) && s.n == sizeof p, "another tag leaves all as it was");
	ok(au_der_take(&s, AU_DER_INTEGER, &e) && e.in.n == 1 && e.in.p[0] == 7, "the right one is taken");
	ok(au_der_next(&s, &e) && e.tag == AU_DER_NULL && e.in.n == 0, "the next");
	ok(!au_der_next(&s, &e), "the end");
}

static void oids(void)
{
	static const struct {
		uint8_t p[24];
		size_t n;
		const char *text;
	} t[] = {
		{ { 0x55, 0x1d, 0x11 }, 3, "2.5.29.17" },
		{ { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01 }, 8, "1.2.840.113549.1.1" },
		{ { 0x88, 0x37 }, 2, "2.999" },
		{ { 0x27 }, 1, "0.39" },
		{ { 0x00 }, 1, "0.0" },
	};
	uint8_t endless[1000] = { 0x55 };

	for (size_t i = 0; i < sizeof t / sizeof *t; i++)
		is_str(au_der_oid_text((struct au_span){ t[i].p, t[i].n }).s, t[i].text, "OID %s", t[i].text);
	ok(strlen(au_der_oid_text((struct au_span){ endless, sizeof endless }).s) < sizeof(struct au_oid_text),
	   "an endless OID is cut");
}

int main(void)
{
	strictness();
	ok(nested(32) && !nested(33), "32 levels and no more");
	lengths();
	taking();
	oids();
	ok(au_span_equal((struct au_span){ NULL, 0 }, (struct au_span){ NULL, 0 }), "nothing equals nothing");
	return done();
}
