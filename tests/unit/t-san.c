/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "san.h"

#include "unit.h"

static json_t *read_hex(const char *hex, bool others, struct au_err *err)
{
	static uint8_t p[512];
	size_t n = 0;

	for (unsigned v; hex[0] && sscanf(hex, "%2x", &v) == 1; hex += 2)
		p[n++] = (uint8_t)v;
	return au_san_read((struct au_span){ p, n }, others, err);
}

static void reading(void)
{
	static const struct {
		const char *hex, *names, *what;
	} t[] = {
		{ "3000", "[]", "no name" },
		{ "3003820161", "[{'type':'dns','value':'a'}]", "a name" },
		{ "3006820162820161", "[{'type':'dns','value':'a'},{'type':'dns','value':'b'}]", "two, sorted" },
		{ "3006820141820161", "[{'type':'dns','value':'a'}]", "the same in two cases, once" },
		{ "30068704c0000201", "[{'type':'ip','value':'192.0.2.1'}]", "an IPv4 address" },
		{ "3012871020010db8000000000000000000000001", "[{'type':'ip','value':'2001:db8::1'}]", "an IPv6 address" },
		{ "30058103414042", "[{'type':'email','value':'A@b'}]", "a mailbox: the domain in lower case" },
		{ "300686013a820161", "[{'type':'dns','value':'a'}]", "a URI is no identifier" },
		{ "3007a4023000820161", "[{'type':'dns','value':'a'}]", "a directory name is none either" },
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		struct au_err err AU_AUTO_ERR = { 0 };
		AU_AUTO_JSON json_t *want = json_q(t[i].names), *got = read_hex(t[i].hex, false, &err);
		ok(got && json_equal(got, want), "%s", t[i].what);
	}
	struct au_err err AU_AUTO_ERR = { 0 };
	AU_AUTO_JSON json_t *got = read_hex("300ba402300086025a3a820161", true, &err);
	AU_AUTO_JSON json_t *want = json_q("[{'type':'dns','value':'a'},{'type':'other','value':''},"
					   "{'type':'uri','value':'Z:'}]");
	ok(json_equal(got, want), "with others: URIs, and what has no text");
}

static void refusing(void)
{
	static const struct {
		const char *hex, *why;
	} t[] = {
		{ "", "not DER" },
		{ "300382016100", "not DER" },
		{ "30048201", "not DER" },
		{ "0403820161", "not DER" },
		{ "30028200", "not a name" },
		{ "30068204612e6200", "not a name" },
		{ "300482026120", "not a name" },
		{ "30048202c3a9", "not a name" },
		{ "30058703c00002", "an address of 3 octets" },
		{ "300a8708c0000201ffffff00", "an address of 8 octets" },
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		struct au_err err AU_AUTO_ERR = { 0 };
		AU_AUTO_JSON json_t *got = read_hex(t[i].hex, false, &err);
		fails(got == NULL, &err, AU_INPUT, t[i].why, "%s: %s", t[i].hex, t[i].why);
	}
}

static void writing(void)
{
	AU_AUTO_JSON json_t *names = json_q("[{'type':'dns','value':'*.b.test'},{'type':'ip','value':'192.0.2.1'},"
					    "{'type':'email','value':'u@b.test'},{'type':'ip','value':'2001:DB8::1'},"
					    "{'type':'dns','value':'a.test'}]");
	AU_AUTO_JSON json_t *back = NULL, *want = NULL;
	struct au_err err AU_AUTO_ERR = { 0 };
	struct au_buf der AU_AUTO_BUF = AU_BUF(0);

	ok(au_san_write(names, &der, &err), "all types");
	back = au_san_read((struct au_span){ der.p, der.n }, false, &err);
	want = au_san_canonical(names, &err);
	ok(json_array_size(want) == 5 && json_equal(back, want), "they read back as au_san_canonical spells them");
}

/* Lengths of one, two and three octets. */
static void long_lists(void)
{
	static const unsigned counts[] = { 1, 10, 11, 20, 21, 5000 };

	for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
		AU_AUTO_JSON json_t *names = json_array(), *back = NULL;
		struct au_err err AU_AUTO_ERR = { 0 };
		struct au_buf der AU_AUTO_BUF = AU_BUF(0);
		for (unsigned i = 0; i < counts[k]; i++)
			json_array_append_new(names, json_pack("{s:s,s:o}", "type", "dns", "value",
							       json_sprintf("%04u.a.test", i)));
		ok(au_san_write(names, &der, &err) && au_der_valid(der.p, der.n), "%u names", counts[k]);
		back = au_san_read((struct au_span){ der.p, der.n }, false, &err);
		ok(json_equal(back, names), "%u names come back", counts[k]);
	}
}

static void not_writing(void)
{
	static const struct {
		const char *names, *why;
	} t[] = {
		{ "[{'type':'pk','value':'AAAA'}]", "identifier pk:AAAA: a CSR has no place" },
		{ "[{'type':'ip','value':'192.0.2.256'}]", "not an address" },
		{ "[{'type':'ip','value':'192.0.2.0/24'}]", "not an address" },
		{ "[{'type':'dns','value':''}]", "not ASCII, empty" },
		{ "[{'type':'dns','value':'a b'}]", "with blanks" },
		{ "[{'type':'dns','value':'b\u00fccher.test'}]", "not ASCII" },
		{ "[{'type':'dns'}]", "identifier: value: missing" },
		{ "[{'value':'a'}]", "identifier: type: missing" },
		{ "['a']", "identifier: " },
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		AU_AUTO_JSON json_t *names = json_q(t[i].names);
		struct au_err err AU_AUTO_ERR = { 0 };
		struct au_buf der AU_AUTO_BUF = AU_BUF(0);
		fails(!au_san_write(names, &der, &err), &err, AU_INPUT, t[i].why, "%s", t[i].names);
	}
	AU_AUTO_JSON json_t *bad = json_q("[{'type':'ip','value':'x'}]"), *got;
	struct au_err err AU_AUTO_ERR = { 0 };
	got = au_san_canonical(bad, &err);
	fails(got == NULL, &err, AU_INPUT, "ip:x: not an address", "an address that is none has no canonical form");
}

static void canonical(void)
{
	AU_AUTO_JSON json_t *names = json_q("[{'type':'pk','value':'AAAA'},{'type':'dns','value':'B.test'},"
					    "{'type':'ip','value':'2001:0DB8:0::1'},{'type':'dns','value':'b.TEST'}]");
	AU_AUTO_JSON json_t *want = json_q("[{'type':'dns','value':'b.test'},{'type':'ip','value':'2001:db8::1'}]");
	struct au_err err AU_AUTO_ERR = { 0 };
	AU_AUTO_JSON json_t *got = au_san_canonical(names, &err);

	ok(json_equal(got, want), "one spelling, other types left out");
}

static void hosts(void)
{
	static const struct {
		const char *cn, *type, *value;
	} t[] = {
		{ "www.Example.test", "dns", "www.example.test" }, { "*.a.test", "dns", "*.a.test" },
		{ "192.0.2.1", "ip", "192.0.2.1" }, { "2001:DB8:0:0::1", "ip", "2001:db8::1" },
		{ "localhost", NULL, NULL }, { "Jane Doe", NULL, NULL }, { "a..test", NULL, NULL },
		{ ".a.test", NULL, NULL }, { "a.test.", NULL, NULL }, { "u@a.test", NULL, NULL }, { "", NULL, NULL },
		{ "*", NULL, NULL }, { "a.*.test", NULL, NULL }, { "Example Inc.", NULL, NULL },
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		AU_AUTO_JSON json_t *names = json_array();
		struct au_err err AU_AUTO_ERR = { 0 };
		bool added = au_san_add_host(names, t[i].cn, strlen(t[i].cn), &err);
		const json_t *one = json_array_get(names, 0);
		ok(added && json_array_size(names) == (t[i].type ? 1 : 0), "common name \"%s\"", t[i].cn);
		is_str(json_string_value(json_object_get(one, "type")), t[i].type, "its type");
		is_str(json_string_value(json_object_get(one, "value")), t[i].value, "its value");
	}
	AU_AUTO_JSON json_t *names = json_array();
	struct au_err err AU_AUTO_ERR = { 0 };
	ok(au_san_add_host(names, "a.test\0.b.test", 14, &err) && au_san_add_host(names, "192.0.2.1\0x", 11, &err) &&
	   json_array_size(names) == 0, "a NUL inside is no host");
}

int main(void)
{
	reading();
	refusing();
	writing();
	long_lists();
	not_writing();
	canonical();
	hosts();
	return done();
}
