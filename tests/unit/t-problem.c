/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Problem documents: what they mean, what is shown of them, what travels on. */
#include "ident.h"
#include "problem.h"
#include "unit.h"

#define URN "urn:ietf:params:acme:error:"

static void codes(void)
{
	static const struct { const char *body; long status; enum au_code code; const char *text; } rows[] = {
		{ "{'type':'" URN "badCSR','detail':'too weak'}", 400, AU_REFUSED,
		  "https://ca.test/f: HTTP status 400: badCSR: too weak" },
		{ "{'type':'" URN "rateLimited','detail':'slow'}", 429, AU_RATE, "rateLimited: slow" },
		{ "{'type':'" URN "rateLimited'}", 403, AU_RATE, "rateLimited" },
		{ "{'type':'" URN "badNonce'}", 429, AU_REFUSED, "badNonce" },
		{ "{'type':'" URN "serverInternal'}", 503, AU_REFUSED, "serverInternal" },
		{ "{'type':'" URN "tooManyElves','detail':'x'}", 400, AU_REFUSED, "tooManyElves: x" },
		{ "{'type':'" URN "tooManyElves','detail':'x'}", 503, AU_RATE, "tooManyElves: x" },
		{ "{'type':'rateLimited'}", 403, AU_REFUSED, "rateLimited" },
		{ "{'type':'badNonce'}", 429, AU_RATE, "badNonce" },
		{ "{'type':'https://ca.test/p/9','title':'T'}", 500, AU_REFUSED, "https://ca.test/p/9: T" },
		{ "{'type':'about:blank','title':'Not Found'}", 404, AU_REFUSED, "HTTP status 404: Not Found" },
		{ "{'detail':'no type'}", 429, AU_RATE, "HTTP status 429: no type" },
		{ "{}", 500, AU_REFUSED, "no reason given" },
		{ "{'type':7,'detail':[],'subproblems':{},'instance':{}}", 500, AU_REFUSED, "no reason given" },
		{ "{'type':'" URN "malformed','detail':'a\\u001b[2Jb\\nc\\u202ed'}", 400, AU_REFUSED, "a\\x1b[2Jb\\x0ac\\u{202e}d" },
		{ "{'type':'" URN "userActionRequired','detail':'terms changed','instance':'https://ca.test/tos'}", 403,
		  AU_REFUSED, "userActionRequired: terms changed; see https://ca.test/tos" },
	};
	struct au_err err = { 0 };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		json_t *body AU_AUTO_JSON = json_q(rows[i].body);
		bool r = au_problem_fail(&err, "https://ca.test/f", rows[i].status, body, 17);
		ok(err.retry_after == 17 && json_is_object(err.problem) && err.problem != body, "filled from %s", rows[i].body);
		fails(!r, &err, rows[i].code, rows[i].text, "status %ld means %s", rows[i].status, au_code_name(rows[i].code));
	}
	fails(!au_problem_fail(&err, "https://ca.test/f", 500, NULL, -1), &err, AU_REFUSED,
	      "HTTP status 500 without a problem document", "no body");
	fails(!au_problem_fail(&err, "https://ca.test/f", 429, NULL, 5), &err, AU_RATE, "HTTP status 429", "429 without body");
	fails(!au_problem_fail(&err, "https://ca.test/f", 503, NULL, -1), &err, AU_RATE, "HTTP status 503",
	      "503 without body");
	json_t *array AU_AUTO_JSON = json_q("[]");
	fails(!au_problem_fail(&err, "https://ca.test/f", 400, array, -1), &err, AU_REFUSED, "without a problem", "an array");
}

/* The example of RFC 8555 section 6.7.1, its facts in our words. */
static void subproblems(void)
{
	json_t *body AU_AUTO_JSON = json_q(
		"{'type':'" URN "malformed','detail':'two names','subproblems':["
		"{'type':'" URN "malformed','detail':'underscore','identifier':{'type':'dns','value':'_example.org'}},"
		"{'type':'" URN "rejectedIdentifier','detail':'policy','identifier':{'type':'dns','value':'example.net'}},"
		"{'type':'" URN "caa'}, 7]}");
	struct au_err err = { 0 };

	au_problem_fail(&err, "https://ca.test/new-order", 403, body, -1);
	is_str(err.text, "https://ca.test/new-order: HTTP status 403: malformed: two names; dns:_example.org: malformed: "
	       "underscore; dns:example.net: rejectedIdentifier: policy; caa; no reason given",
	       "each named by its identifier");
	ok(au_problem_is(&err, "malformed") && !au_problem_is(&err, "malforme") && !au_problem_is(&err, "caa"),
	   "the type is the outer one");
	au_err_clear(&err);

	json_t *many AU_AUTO_JSON = json_q("{'type':'" URN "compound'}");
	json_t *list = json_array();
	for (int i = 0; i < 10000; i++)
		json_array_append_new(list, json_q("{'detail':'d','subproblems':[{'detail':'inner'}]}"));
	json_object_set_new(many, "subproblems", list);
	au_problem_fail(&err, "u", 400, many, -1);
	ok(strstr(err.text, "and 9900 more") && !strstr(err.text, "inner"), "10,000 of them are cut, theirs left out");
	json_t *doc AU_AUTO_JSON = au_problem_doc(&err, "acme-order");
	ok(json_array_size(json_object_get(doc, "subproblems")) == 100, "and 100 travel on");
	ok(!json_object_get(json_array_get(json_object_get(doc, "subproblems"), 0), "subproblems"), "without theirs");
	ok(json_array_size(json_object_get(many, "subproblems")) == 10000, "the server's object is as it was");
	au_err_clear(&err);
}

static void is(void)
{
	static const struct { const char *body; bool nonce; } rows[] = {
		{ "{'type':'" URN "badNonce'}", true }, { "{'type':'badNonce'}", false },
		{ "{'type':'" URN "badNonce2'}", false }, { "{'type':'urn:acme:error:badNonce'}", false },
		{ "{'detail':'JWS has invalid anti-replay nonce'}", false }, { "{'type':null}", false },
	};
	struct au_err err = { 0 };

	ok(!au_problem_is(&err, "badNonce"), "no failure is no badNonce");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		static const long status[] = { 400, 401, 403, 500 };
		json_t *body AU_AUTO_JSON = json_q(rows[i].body);
		for (size_t j = 0; j < 4; j++) {
			au_problem_fail(&err, "u", status[j], body, -1);
			ok(au_problem_is(&err, "badNonce") == rows[i].nonce, "%s with status %ld", rows[i].body, status[j]);
		}
	}
	au_err_clear(&err);
}

static void invalid(void)
{
	json_t *error AU_AUTO_JSON = json_q("{'type':'" URN "unauthorized','detail':'404','status':403}");
	json_t *text AU_AUTO_JSON = json_q("['boo']");
	struct au_err err = { 0 };

	ok(!au_problem_invalid(&err, "dns:a.test: http-01", error) && err.retry_after == -1 &&
	   au_problem_is(&err, "unauthorized"),
	   "keeps the object");
	fails(true, &err, AU_INVALID, "dns:a.test: http-01: invalid: unauthorized: 404", "the error of a challenge");
	fails(!au_problem_invalid(&err, "order", NULL), &err, AU_INVALID, "order: invalid, no reason given", "none");
	fails(!au_problem_invalid(&err, "order", text), &err, AU_INVALID, "order: invalid, no reason given", "not an object");
}

static void doc(void)
{
	struct au_err err = { 0 };
	json_t *body AU_AUTO_JSON = json_q("{'type':'" URN "badCSR','detail':'d','program':'evil','exit':0,"
					   "'retryAfter':1,'x':[1]}");

	au_fail(&err, AU_NET, "https://ca.test/: could not connect\x1b");
	json_t *own AU_AUTO_JSON = au_problem_doc(&err, "acme-directory");
	char *dump AU_AUTO_MEM = au_json_dump(own);
	is_str(dump, "{\"detail\":\"https://ca.test/: could not connect\\\\x1b\",\"exit\":5,\"program\":\"acme-directory\","
	       "\"type\":\"urn:acmeutils:error:network\"}", "one of ours");

	au_problem_fail(&err, "https://ca.test/f", 400, body, -1);
	json_t *theirs AU_AUTO_JSON = au_problem_doc(&err, "acme-finalize");
	char *dump2 AU_AUTO_MEM = au_json_dump(theirs);
	is_str(dump2, "{\"detail\":\"d\",\"exit\":6,\"program\":\"acme-finalize\",\"status\":400,"
	       "\"type\":\"" URN "badCSR\",\"x\":[1]}",
	       "the server's, our members not forged");

	au_problem_fail(&err, "https://ca.test/f", 429, body, 30);
	json_t *rate AU_AUTO_JSON = au_problem_doc(&err, "acme-finalize");
	ok(json_integer_value(json_object_get(rate, "retryAfter")) == 30, "retryAfter");
	au_err_clear(&err);
}

/* A detail of a megabyte, two octets a character, so that the cut could fall inside of one. */
static void long_detail(void)
{
	struct au_err err = { 0 };
	char *text = au_alloc((1 << 20) + 2);

	text[0] = 'x';
	for (size_t i = 1; i < 1 << 20; i += 2)
		memcpy(text + i, "\xc3\xbc", 2);
	text[1 << 20 | 1] = '\0';
	json_t *body AU_AUTO_JSON = json_object();
	json_object_set_new(body, "type", json_string(text));
	json_object_set_new(body, "detail", json_string(text));
	json_object_set_new(body, "instance", json_string(text));
	fails(!au_problem_fail(&err, text, 400, body, -1), &err, AU_REFUSED, "...", "everything is a megabyte");

	json_object_set_new(body, "type", json_string(URN "caa"));
	au_problem_fail(&err, "u", 400, body, -1);
	ok(strlen(err.text) < AU_ERR_TEXT && strstr(err.text, "xü") && strstr(err.text, "..."), "the line is cut");
	json_t *doc AU_AUTO_JSON = au_problem_doc(&err, "acme-order");
	size_t n = json_string_length(json_object_get(doc, "detail"));
	ok(n <= AU_MAX_DETAIL && n >= AU_MAX_DETAIL - 1, "the detail that travels on is cut at a whole character (%zu)", n);
	au_err_clear(&err);
	au_free(text);
}

int main(void)
{
	codes();
	subproblems();
	is();
	invalid();
	doc();
	long_detail();
	return done();
}
