/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Identifiers: names as people write them, names as servers send them, and sets of them compared. */
#include "ident.h"
#include "unit.h"

static char long_label[80], long_name[300], fit_name[300];

static void make_long(void)
{
	memset(long_label, 'a', 64);
	memcpy(long_label + 64, ".test", 6);
	/* 63 + 1 + 63 + 1 + 63 + 1 + 61 = 253 */
	memset(fit_name, 'a', 253);
	fit_name[63] = fit_name[127] = fit_name[191] = '.';
	memcpy(long_name, fit_name, 253);
	long_name[253] = 'b';
}

static void dns(void)
{
	const struct { const char *in, *out; } good[] = {
		{ "www.example.org", "www.example.org" }, { "WWW.Example.ORG", "www.example.org" },
		{ "example.org.", "example.org" }, { "localhost", "localhost" }, { "*.example.org", "*.example.org" },
		{ "*.Example.org.", "*.example.org" }, { "1and1.example", "1and1.example" }, { "a-b.c", "a-b.c" },
		{ "3com.7up", "3com.7up" }, { fit_name, fit_name },
		/* IDNA2008 (RFC 5891): not the mapping of 2003, which made ss of the last letter */
		{ "b\xc3\xbc" "cher.example", "xn--bcher-kva.example" },
		{ "B\xc3\x9c" "CHER.example", "xn--bcher-kva.example" },
		{ "bu\xcc\x88" "cher.example", "xn--bcher-kva.example" },
		{ "*.b\xc3\xbc" "cher.example", "*.xn--bcher-kva.example" },
		{ "XN--BCHER-KVA.example", "xn--bcher-kva.example" }, { "fa\xc3\x9f.de", "xn--fa-hia.de" },
		{ "b\xc3\xbc" "cher\xe3\x80\x82" "example", "xn--bcher-kva.example" },
		{ "b\xc3\xbc" "cher.example.", "xn--bcher-kva.example" },
		{ "\xef\xbd\x85xample.test", "example.test" },
	};
	const struct { const char *in, *why; } bad[] = {
		{ "", "empty label" }, { ".", "empty label" }, { "..", "empty label" }, { "a..b", "empty label" },
		{ ".a", "empty label" }, { "a.b..", "empty label" }, { "*.", "empty label" }, { "*", "*" },
		{ "a.*.b", "*" }, { "*a.b", "*" }, { "*.*.b", "*" }, { "a_b.test", "letter, digit or hyphen" },
		{ "a b.test", "letter, digit or hyphen" }, { " a.test", "letter, digit or hyphen" },
		{ "a.test\n", "letter, digit or hyphen" }, { "$(x).test", "letter, digit or hyphen" },
		{ "a/b", "letter, digit or hyphen" }, { "http://a.test", "letter, digit or hyphen" },
		{ "user@a.test", "letter, digit or hyphen" }, { "a.test:443", "letter, digit or hyphen" },
		{ "-a.test", "begins or ends" }, { "a-.test", "begins or ends" }, { "--help", "begins or ends" },
		{ "192.0.2.1", "ip:ADDRESS" }, { "a.1", "ip:ADDRESS" }, { "1", "ip:ADDRESS" },
		{ "2001:db8::1", "letter, digit or hyphen" }, { long_label, "63" }, { long_name, "253" },
		{ "ab--cd.test", "not a DNS name" }, { "xn--a.test", "not a DNS name" }, { "xn--zzzzzz.test", "not a DNS name" },
		{ "\xf0\x9f\x92\xa9.test", "not a DNS name" }, { "\xff.test", "not a DNS name" },
		{ "\xc3\xbc_b.test", "letter, digit or hyphen" }, { "\xc3\xbc b.test", "not a DNS name" },
		{ "\xc3\xbc..test", "empty label" }, { "a\xe2\x80\x8d" "b.test", "not a DNS name" },
		{ "\xc3\xbc.\xef\xbc\x91", "ip:ADDRESS" },
	};
	struct au_err err = { 0 };

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		json_t *id AU_AUTO_JSON = au_ident_dns(good[i].in, &err);
		is_str(json_string_value(json_object_get(id, "value")), good[i].out, "-d %.40s", good[i].in);
		is_str(json_string_value(json_object_get(id, "type")), "dns", "and it is dns");
		ok(au_ident_is_dns(good[i].out, true), "and passes the check");
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		fails(!au_ident_dns(bad[i].in, &err), &err, AU_USAGE, bad[i].why, "no name: %.40s", bad[i].in);

	ok(au_ident_is_dns("www.example.org", false), "plain name");
	ok(au_ident_is_dns("WWW.example.ORG", false), "either case");
	ok(au_ident_is_dns("*.example.org", true) && !au_ident_is_dns("*.example.org", false), "wildcard only where allowed");
	ok(!au_ident_is_dns("../../etc/passwd", false) && !au_ident_is_dns("", true) && !au_ident_is_dns("*.", true) &&
	   !au_ident_is_dns("a.test.", false) && !au_ident_is_dns(long_label, false) &&
	   !au_ident_is_dns("b\xc3\xbc" "cher.example", false), "nothing else");
}

static void typed(void)
{
	static const struct { const char *in, *type, *value; } good[] = {
		{ "dns:WWW.example.org", "dns", "www.example.org" },
		{ "dns:*.example.org", "dns", "*.example.org" },
		/* RFC 8738 section 3 with RFC 5952 section 4 */
		{ "ip:192.0.2.1", "ip", "192.0.2.1" },
		{ "ip:2001:db8::1", "ip", "2001:db8::1" },
		{ "ip:2001:0DB8:0:0:0:0:0:0001", "ip", "2001:db8::1" },
		{ "ip:2001:db8:0:0:1:0:0:1", "ip", "2001:db8::1:0:0:1" },
		{ "ip:2001:db8:0:1:1:1:1:1", "ip", "2001:db8:0:1:1:1:1:1" },
		{ "ip:2001:0:0:1:0:0:0:1", "ip", "2001:0:0:1::1" },
		{ "ip:0:0:0:0:0:0:0:0", "ip", "::" }, { "ip:::", "ip", "::" }, { "ip:::1", "ip", "::1" },
		{ "ip:1::", "ip", "1::" }, { "ip:0:1:2:3:4:5:6:7", "ip", "0:1:2:3:4:5:6:7" },
		{ "ip:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ip", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
		{ "ip:::ffff:192.0.2.1", "ip", "::ffff:c000:201" }, { "ip:64:ff9b::192.0.2.1", "ip", "64:ff9b::c000:201" },
		{ "email:me@example.org", "email", "me@example.org" },
		{ "TNAuthList:MAigBhYEMTIzNA", "TNAuthList", "MAigBhYEMTIzNA" },
		{ "permanent-identifier:a:b:c", "permanent-identifier", "a:b:c" },
		{ "x_y-9:\xc3\xbc", "x_y-9", "\xc3\xbc" }, { "x: ", "x", " " },
	};
	static const struct { const char *in, *why; } bad[] = {
		{ "", "TYPE:VALUE" }, { "www.example.org", "dns:NAME" }, { ":x", "a type is" }, { "a b:x", "a type is" },
		{ "\xc3\xbc:x", "a type is" }, { "email:", "empty" }, { "dns:", "empty label" }, { "dns:a_b", "hyphen" },
		{ "ip:", "address" }, { "ip:192.0.2", "address" }, { "ip:192.0.2.256", "address" },
		{ "ip:192.0.2.01", "address" }, { "ip:0xc0.0.2.1", "address" }, { "ip:3221225985", "address" },
		{ "ip:192.0.2.1/32", "address" }, { "ip: 192.0.2.1", "address" }, { "ip:[2001:db8::1]", "address" },
		{ "ip:fe80::1%lo", "address" }, { "ip:1::2::3", "address" }, { "ip:12345::", "address" },
		{ "ip:1:2:3:4:5:6:7", "address" }, { "ip:www.example.org", "address" },
		{ "email:a\nb", "control" }, { "email:a\x7f", "control" }, { "email:\xff", "UTF-8" },
		{ "email:\xed\xa0\x80", "UTF-8" },
	};
	struct au_err err = { 0 };

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		json_t *id AU_AUTO_JSON = au_ident_read(good[i].in, &err);
		is_str(json_string_value(json_object_get(id, "value")), good[i].value, "%s", good[i].in);
		is_str(json_string_value(json_object_get(id, "type")), good[i].type, "and its type");
		ok(json_object_size(id) == 2 && au_ident_check(id, true, &err), "and passes the check");
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		fails(!au_ident_read(bad[i].in, &err), &err, AU_USAGE, bad[i].why, "refused: \"%s\"", bad[i].in);
}

static void check(void)
{
	static const struct { const char *json, *why; } bad[] = {
		{ "{}", "type: missing" }, { "[]", "type: missing" }, { "{'type':'dns'}", "value: missing" },
		{ "{'type':1,'value':'a'}", "type: not a string" }, { "{'type':'dns','value':null}", "value: not a string" },
		{ "{'type':'dns','value':'$(reboot).test'}", "not a DNS name" },
		{ "{'type':'dns','value':'*.a.test'}", "wildcard has no place" },
		{ "{'type':'ip','value':'a.test'}", "IPv4 or IPv6" },
		{ "{'type':'email','value':'a\\nb'}", "control character" },
	};
	struct au_err err = { 0 };
	json_t *sub AU_AUTO_JSON = json_q("{'type':'dns','value':'a.b.test','ancestorDomain':'b.test'}");

	ok(au_ident_check(sub, false, &err), "RFC 9444: ancestorDomain passes");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		json_t *id AU_AUTO_JSON = json_q(bad[i].json);
		fails(!au_ident_check(id, false, &err), &err, AU_PROTOCOL, bad[i].why, "%s", bad[i].json);
	}
}

static void equal(void)
{
	static const struct { const char *a, *b; bool same; } pairs[] = {
		{ "{'type':'dns','value':'a.test'}", "{'type':'dns','value':'a.test'}", true },
		{ "{'type':'dns','value':'a.test'}", "{'type':'dns','value':'A.TEST'}", true },
		{ "{'type':'dns','value':'a.test'}", "{'type':'dns','value':'a.test','ancestorDomain':'test'}", true },
		{ "{'type':'dns','value':'a.test'}", "{'type':'dns','value':'a.tes'}", false },
		{ "{'type':'dns','value':'a.test'}", "{'type':'dns','value':'a.test.'}", false },
		{ "{'type':'dns','value':'a.test'}", "{'type':'DNS','value':'a.test'}", false },
		{ "{'type':'dns','value':'a[.test'}", "{'type':'dns','value':'a{.test'}", false },
		{ "{'type':'ip','value':'2001:db8::1'}", "{'type':'ip','value':'2001:DB8:0::1'}", true },
		{ "{'type':'ip','value':'::ffff:192.0.2.1'}", "{'type':'ip','value':'::ffff:c000:201'}", true },
		{ "{'type':'ip','value':'::ffff:192.0.2.1'}", "{'type':'ip','value':'192.0.2.1'}", false },
		{ "{'type':'email','value':'a@b.test'}", "{'type':'email','value':'A@b.test'}", false },
		{ "{'type':'dns'}", "{'type':'dns'}", false }, { "{}", "{}", false }, { "[]", "[]", false },
	};
	struct au_err err = { 0 };

	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		json_t *a AU_AUTO_JSON = json_q(pairs[i].a), *b AU_AUTO_JSON = json_q(pairs[i].b);
		ok(au_ident_equal(a, b) == pairs[i].same && au_ident_equal(b, a) == pairs[i].same, "%s %s %s", pairs[i].a,
		   pairs[i].same ? "is" : "is not", pairs[i].b);
	}

	json_t *ab AU_AUTO_JSON = json_q("[{'type':'dns','value':'a.test'},{'type':'dns','value':'b.test'}]");
	json_t *ba AU_AUTO_JSON = json_q("[{'type':'dns','value':'B.test'},{'type':'dns','value':'a.test'}]");
	json_t *a AU_AUTO_JSON = json_q("[{'type':'dns','value':'a.test'}]");
	json_t *aa AU_AUTO_JSON = json_q("[{'type':'dns','value':'a.test'},{'type':'dns','value':'a.test'}]");
	json_t *junk AU_AUTO_JSON = json_q("[{'type':'dns','value':'a.test'},7]");
	json_t *none AU_AUTO_JSON = json_q("[]");
	ok(au_ident_same_set(ab, ba, &err), "order and case do not matter");
	ok(au_ident_same_set(a, aa, &err), "nor does saying it twice");
	ok(au_ident_same_set(none, none, &err), "two empty sets");
	fails(!au_ident_same_set(ab, a, &err), &err, AU_PROTOCOL, "dns:b.test: asked for", "one is missing");
	fails(!au_ident_same_set(a, ab, &err), &err, AU_PROTOCOL, "dns:b.test: in the answer", "one too many");
	fails(!au_ident_same_set(a, junk, &err), &err, AU_PROTOCOL, "?:?: in the answer", "one that is none");
	fails(!au_ident_same_set(a, none, &err), &err, AU_PROTOCOL, "dns:a.test: asked for", "all missing");

	char *text AU_AUTO_MEM = au_ident_text(json_array_get(a, 0));
	is_str(text, "dns:a.test", "as text");
}

int main(void)
{
	make_long();
	dns();
	typed();
	check();
	equal();
	return done();
}
