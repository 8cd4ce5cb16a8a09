/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON: what must be refused however it is spelled, getters that name the path, one way to print. */
#include "json.h"
#include "unit.h"

#define TEXT(s) s, sizeof(s) - 1

static void refused(void)
{
	static const struct { const char *what, *text; size_t n; const char *why; } bad[] = {
		{ "nothing", TEXT(""), "" },
		{ "blanks", TEXT(" \n"), "" },
		{ "a member twice", TEXT("{\"status\":\"valid\",\"status\":\"invalid\"}"), "duplicate" },
		{ "a member twice, once escaped", TEXT("{\"url\":1,\"\\u0075rl\":2}"), "duplicate" },
		{ "a member twice, deep inside", TEXT("{\"a\":[{\"b\":1,\"b\":1}]}"), "duplicate" },
		{ "text behind", TEXT("{} x"), "line 1 column 4" },
		{ "a second object", TEXT("{}{}"), "line 1" },
		{ "a comma behind", TEXT("{},"), "line 1" },
		{ "a byte order mark", TEXT("\xef\xbb\xbf{}"), "line 1" },
		{ "UTF-16", TEXT("{\0\"\0a\0\"\0:\0""1\0}\0"), "line 1" },
		{ "overlong UTF-8", TEXT("{\"a\":\"\xc0\xaf\"}"), "unable to decode" },
		{ "overlong NUL", TEXT("{\"a\":\"\xc0\x80\"}"), "unable to decode" },
		{ "a surrogate in UTF-8", TEXT("{\"a\":\"\xed\xa0\x80\"}"), "unable to decode" },
		{ "beyond Unicode", TEXT("{\"a\":\"\xf4\x90\x80\x80\"}"), "unable to decode" },
		{ "half a character", TEXT("{\"a\":\"\xc3\"}"), "unable to decode" },
		{ "Latin-1", TEXT("{\"a\":\"\xfc\"}"), "unable to decode" },
		{ "a lone high surrogate", TEXT("{\"a\":\"\\ud800\"}"), "invalid Unicode" },
		{ "a lone low surrogate", TEXT("{\"a\":\"\\udc00\"}"), "invalid Unicode" },
		{ "surrogates the wrong way round", TEXT("{\"a\":\"\\udc00\\ud800\"}"), "invalid Unicode" },
		{ "NUL in a string", TEXT("{\"a\":\"x\\u0000y\"}"), "\\\\u0000" },
		{ "NUL in a name", TEXT("{\"a\\u0000b\":1}"), "" },
		{ "a raw NUL", TEXT("{\"a\":\"x\0y\"}"), "line 1" },
		{ "a raw control character", TEXT("{\"a\":\"x\ny\"}"), "newline" },
		{ "a raw tab", TEXT("{\"a\":\"x\ty\"}"), "control" },
		{ "2^63", TEXT("{\"a\":9223372036854775808}"), "too big" },
		{ "2^64", TEXT("{\"a\":18446744073709551616}"), "too big" },
		{ "1e400", TEXT("{\"a\":1e400}"), "overflow" },
		{ "-1e400", TEXT("{\"a\":-1e400}"), "overflow" },
		{ "NaN", TEXT("{\"a\":NaN}"), "line 1" },
		{ "Infinity", TEXT("{\"a\":Infinity}"), "line 1" },
		{ "a leading zero", TEXT("{\"a\":01}"), "line 1" },
		{ "a plus", TEXT("{\"a\":+1}"), "line 1" },
		{ "a bare point", TEXT("{\"a\":.5}"), "line 1" },
		{ "a point without digits", TEXT("{\"a\":1.}"), "line 1" },
		{ "hexadecimal", TEXT("{\"a\":0x10}"), "line 1" },
		{ "a comma before the end", TEXT("{\"a\":1,}"), "line 1" },
		{ "a name without quotes", TEXT("{a:1}"), "line 1" },
		{ "single quotes", TEXT("{'a':1}"), "line 1" },
		{ "a comment", TEXT("{/**/}"), "line 1" },
		{ "True", TEXT("{\"a\":True}"), "line 1" },
		{ "an unknown escape", TEXT("{\"a\":\"\\x41\"}"), "line 1" },
		{ "a string alone", TEXT("\"a\""), "line 1" },
		{ "a number alone", TEXT("7"), "line 1" },
		{ "cut off", TEXT("{\"a\":"), "line 1" },
		{ "cut off in a string", TEXT("{\"a"), "line 1" },
		{ "second line", TEXT("{\n  \"a\": x}"), "line 2" },
		{ "wrong closing", TEXT("{]"), "line 1" },
	};
	struct au_err err = { 0 };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		fails(!au_json_load(bad[i].text, bad[i].n, 16, &err), &err, AU_INPUT, bad[i].why, "refused: %s", bad[i].what);
}

static void depth(void)
{
	struct au_err err = { 0 };
	char *text = au_alloc(200001);
	static const char nest[] = "{\"a\":{\"a\":{\"a\":[]}}}", quoted[] = "{\"a\":\"[[[[[{{{{{\\\"[[[\"}";

	json_t *v AU_AUTO_JSON = au_json_load(TEXT(nest), 4, &err);
	ok(v != NULL, "as deep as allowed");
	fails(!au_json_load(TEXT(nest), 3, &err), &err, AU_INPUT, "deeper than 3", "one deeper");
	json_t *w AU_AUTO_JSON = au_json_load(TEXT(quoted), 1, &err);
	ok(w != NULL, "brackets in a string are no levels");
	memset(text, '[', 100000);
	memset(text + 100000, ']', 100000);
	fails(!au_json_load(text, 200000, AU_MAX_DEPTH_SERVER, &err), &err, AU_INPUT, "deeper than 16", "100,000 levels");
	au_free(text);
}

static void accepted(void)
{
	static const struct { const char *in, *out; } good[] = {
		{ "{}", "{}" }, { " [ ] ", "[]" },
		{ "\r\n\t{ \"b\" : 1 , \"a\" : [ true , false , null ] }\n", "{\"a\":[true,false,null],\"b\":1}" },
		{ "{\"a\":\"\\ud83d\\ude00\\u00fc\\/\\n\"}", "{\"a\":\"\xf0\x9f\x98\x80\xc3\xbc/\\n\"}" },
		{ "{\"a\":9223372036854775807,\"b\":-9223372036854775808}",
		  "{\"a\":9223372036854775807,\"b\":-9223372036854775808}" },
		{ "{\"\":{}}", "{\"\":{}}" }, { "{\"B\":1,\"a\":1,\"A\":1}", "{\"A\":1,\"B\":1,\"a\":1}" },
	};
	struct au_err err = { 0 };

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		json_t *v AU_AUTO_JSON = au_json_load(good[i].in, strlen(good[i].in), 16, &err);
		char *dump AU_AUTO_MEM = v ? au_json_dump(v) : NULL;
		is_str(dump, good[i].out, "%s: %s", good[i].out, err.text);
	}
	json_t *s AU_AUTO_JSON = json_string("x");
	char *dump AU_AUTO_MEM = au_json_dump(s);
	is_str(dump, "\"x\"", "a string alone can be written");
}

static void getters(void)
{
	json_t *root AU_AUTO_JSON = json_q("{'order':{'url':'u','n':7,'r':1.0,'t':true,'f':false,'z':null,'a':[1],'o':{},"
					   "'c':'a\\tb','d':'\\u007f'}}");
	struct au_err err = { 0 };
	const char *s = "old";
	int64_t n = 5;
	bool b = true;
	json_t *j = root;

	ok(au_json_str(root, "order.url", AU_MUST, &s, &err) && strcmp(s, "u") == 0, "a string");
	ok(au_json_str(root, "order.nope", AU_MAY, &s, &err) && !s, "a string that may be absent");
	s = "old";
	ok(au_json_str(root, "order.z", AU_MAY, &s, &err) && !s, "null is absent");
	fails(!au_json_str(root, "order.z", AU_MUST, &s, &err), &err, AU_INPUT, "order.z: not a string",
	      "but not where it must be");
	fails(!au_json_str(root, "order.nope", AU_MUST, &s, &err), &err, AU_INPUT, "order.nope: missing", "missing");
	fails(!au_json_str(root, "order.url.x", AU_MUST, &s, &err), &err, AU_INPUT, "order.url.x: missing", "below a string");
	fails(!au_json_str(root, "order.n", AU_MAY, &s, &err), &err, AU_INPUT, "order.n: not a string",
	      "a number is no string");
	fails(!au_json_str(root, "order.c", AU_MUST, &s, &err), &err, AU_INPUT, "order.c: holds a control character",
	      "control character");
	fails(!au_json_str(root, "order.d", AU_MAY, &s, &err), &err, AU_INPUT, "order.d: holds a control character", "DEL");
	fails(!au_json_str(NULL, "a.b", AU_MUST, &s, &err), &err, AU_INPUT, "a.b: missing", "no root");
	ok(au_json_int(root, "order.n", AU_MUST, &n, &err) && n == 7, "an integer");
	n = 5;
	ok(au_json_int(root, "order.x", AU_MAY, &n, &err) && n == 5, "an absent integer leaves the default");
	fails(!au_json_int(root, "order.r", AU_MUST, &n, &err), &err, AU_INPUT, "order.r: not an integer", "1.0 is none");
	ok(au_json_bool(root, "order.f", AU_MUST, &b, &err) && !b, "false");
	ok(au_json_bool(root, "order.t", AU_MUST, &b, &err) && b, "true");
	ok(au_json_bool(root, "order.x", AU_MAY, &b, &err) && b, "an absent boolean leaves the default");
	fails(!au_json_bool(root, "order.n", AU_MUST, &b, &err), &err, AU_INPUT, "order.n: not true or false",
	      "7 is no boolean");
	ok(au_json_obj(root, "order.o", AU_MUST, &j, &err) && json_is_object(j), "an object");
	fails(!au_json_obj(root, "order.a", AU_MUST, &j, &err), &err, AU_INPUT, "order.a: not an object",
	      "an array is no object");
	ok(au_json_arr(root, "order.a", AU_MUST, &j, &err) && json_array_size(j) == 1, "an array");
	ok(au_json_arr(root, "order.x", AU_MAY, &j, &err) && !j, "an absent array");
	fails(!au_json_arr(root, "order.o", AU_MUST, &j, &err), &err, AU_INPUT, "order.o: not an array",
	      "an object is no array");
	ok(au_json_at(root, "order.url") && !au_json_at(root, "order.x.y") && !au_json_at(NULL, "x"),
	   "looking without errors");
	ok(au_json_set_take(root, "new", json_integer(1), &err) && json_integer_value(au_json_at(root, "new")) == 1, "set");
	fails(!au_json_set_take(root, "new", NULL, &err), &err, AU_SYSTEM, "out of memory", "set nothing");
	fails(!au_json_add_take(au_json_at(root, "order.a"), NULL, &err), &err, AU_SYSTEM, "out of memory", "add nothing");
}

int main(void)
{
	refused();
	depth();
	accepted();
	getters();
	return done();
}
