/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* t-http: header fields taken apart: Link (RFC 8288), media types, nonces, references, limits. */
#include "http-impl.h"
#include "unit.h"

#define BASE "https://ca.test:8443/acme/dir?x=1"

static struct au_err err;

/* The links of one field as compact JSON of [rel, url, rel, url...]. */
static char *links(const char *value)
{
	json_t *found = json_array(), *flat = json_array(), *link;
	size_t i;
	char *text;

	if (!au_http_links(value, BASE, found, &err))
		return NULL;
	json_array_foreach(found, i, link) {
		json_array_append(flat, json_object_get(link, "rel"));
		json_array_append(flat, json_object_get(link, "url"));
	}
	text = json_dumps(flat, JSON_COMPACT);
	json_decref(found);
	json_decref(flat);
	return text;
}

static void test_links(void)
{
	static const struct {
		const char *value, *want, *what;
	} rows[] = {
		{ "<https://ca.test/d>;rel=\"index\"", "[\"index\",\"https://ca.test/d\"]", "the form of RFC 8555" },
		{ "<https://ca.test/d>; rel=index", "[\"index\",\"https://ca.test/d\"]", "a token" },
		{ " <https://ca.test/d> ; REL = \"Index\" ", "[\"index\",\"https://ca.test/d\"]", "blanks and case" },
		{ "<https://a.test/1>;rel=up,<https://a.test/2>;rel=alternate",
		  "[\"up\",\"https://a.test/1\",\"alternate\",\"https://a.test/2\"]", "two in a field" },
		{ "<https://a.test/1>;rel=\"up  next\"",
		  "[\"up\",\"https://a.test/1\",\"next\",\"https://a.test/1\"]", "two relations" },
		{ "<https://a.test/1,2;3>;rel=up", "[\"up\",\"https://a.test/1,2;3\"]", "separators inside the target" },
		{ "<https://a.test/1>;title=\"a,b;rel=x\\\">\";rel=up",
		  "[\"up\",\"https://a.test/1\"]", "separators inside quotes" },
		{ "<https://a.test/1>;rel=up;rel=down", "[\"up\",\"https://a.test/1\"]", "only the first rel counts" },
		{ "<https://a.test/1>;x;;rel=up", "[\"up\",\"https://a.test/1\"]", "a parameter without value, an empty one" },
		{ ",, <https://a.test/1>;rel=up ,", "[\"up\",\"https://a.test/1\"]", "empty elements" },
		{ "<../x>;rel=up", "[\"up\",\"https://ca.test:8443/x\"]", "a relative target" },
		{ "</x?y>;rel=up", "[\"up\",\"https://ca.test:8443/x?y\"]", "an absolute path" },
		{ "<//b.test/x>;rel=up", "[\"up\",\"https://b.test/x\"]", "a host without scheme" },
		{ "<HTTPS://A.test/a/../b>;rel=up", "[\"up\",\"HTTPS://A.test/a/../b\"]", "a whole URL stays as it is" },
		{ "<urn:x>;rel=urn:example:r", "[\"urn:example:r\",\"urn:x\"]", "a relation that is a URI" },
		{ "<https://a.test/1>;rel=up;anchor=\"/other\"", "[]", "a link about something else" },
		{ "<https://a.test/1>", "[]", "no rel" },
		{ "<https://a.test/1>;rel=\"\"", "[]", "an empty rel" },
		{ "<https://a.test/1>;rel", "[]", "a rel without value" },
		{ "<>;rel=up", "[]", "an empty target" },
		{ "", "[]", "nothing" },
		{ "https://a.test/1;rel=up", "[]", "no angle brackets" },
		{ "<https://a.test/1;rel=up", "[]", "a bracket that does not close" },
		{ "<https://a.test/1>;rel=\"up", "[]", "a quote that does not close" },
		{ "<https://a.test/1>;rel=\"up\\", "[]", "an escape of nothing" },
		{ "<https://a.test/1>;=up;rel=up", "[]", "a parameter without name" },
		{ "<https://a.test/1>;rel=up junk", "[]", "text behind a parameter" },
		{ "<https://a.test/1>;rel=up,junk,<https://a.test/2>;rel=up",
		  "[\"up\",\"https://a.test/1\"]", "what stands before the fault counts" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *got = links(rows[i].value);
		is_str(got, rows[i].want, "Link: %s", rows[i].what);
		free(got);
	}
}

static void test_media_types(void)
{
	static const struct {
		const char *value, *want;
	} rows[] = {
		{ "application/json", "application/json" }, { "Application/JSON; charset=utf-8", "application/json" },
		{ "application/problem+json ;x", "application/problem+json" }, { "text/plain ", "text/plain" },
		{ "", NULL }, { "json", NULL }, { "/json", NULL }, { "application/", NULL }, { "a/b/c", NULL },
		{ "text/html, application/json", NULL }, { "text/plain x", NULL }, { "text/pl\xc3\xa4in", NULL },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *got = au_http_media_type(rows[i].value);
		is_str(got, rows[i].want, "media type %zu", i);
		au_free(got);
	}
}

/* A response with these header fields, taken apart; name and value in turns, ending with NULL. */
static bool read_head(struct au_http_response *r, const char *const *fields)
{
	*r = (struct au_http_response){ .url = au_strdup(BASE), .headers = json_array() };
	for (; *fields; fields += 2)
		json_array_append_new(r->headers, json_pack("[s, s]", fields[0], fields[1]));
	return au_http_head_read(r, &err);
}
#define HEAD(r, ...) read_head((r), (const char *const[]){ __VA_ARGS__, NULL })

static void test_nonces(void)
{
	struct au_http_response r;
	char longest[AU_MAX_NONCE + 2];
	static const char *const bad[] = { "", "abc=", "a b", "a+b", "a/b", "a\x1b", "\xc3\xa4", "a,b", "\"ab\"" };

	ok(HEAD(&r, "replay-nonce", "abc-_09"), "a head with a nonce");
	is_str(r.nonce, "abc-_09", "the nonce");
	au_http_response_free(&r);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ok(HEAD(&r, "replay-nonce", bad[i]) && !r.nonce, "nonce %zu is ignored", i);
		au_http_response_free(&r);
	}
	ok(HEAD(&r, "replay-nonce", "abc", "replay-nonce", "abc") && !r.nonce, "two nonces are none");
	au_http_response_free(&r);
	ok(HEAD(&r, "x-replay-nonce", "abc") && !r.nonce, "another field's name");
	au_http_response_free(&r);
	memset(longest, 'a', sizeof longest);
	longest[AU_MAX_NONCE] = 0;
	ok(HEAD(&r, "replay-nonce", longest) && r.nonce, "a nonce of %u characters", AU_MAX_NONCE);
	au_http_response_free(&r);
	longest[AU_MAX_NONCE] = 'a';
	longest[AU_MAX_NONCE + 1] = 0;
	ok(HEAD(&r, "replay-nonce", longest) && !r.nonce, "one more is too many");
	au_http_response_free(&r);
}

static void test_fields(void)
{
	struct au_http_response r;

	ok(HEAD(&r, "content-type", "text/PLAIN;x", "location", "/a/1", "retry-after", "120", "link", "<x>;rel=up",
		"link", "</y>;rel=index"), "a full head");
	is_str(r.content_type, "text/plain", "content type");
	is_str(r.location, "https://ca.test:8443/a/1", "location, resolved");
	is_str(r.retry_after, "120", "Retry-After");
	ok(json_array_size(r.links) == 2, "links of two fields");
	au_http_response_free(&r);
	ok(HEAD(&r, "location", "https://Ca.test/a/../b%7e"), "a whole location");
	is_str(r.location, "https://Ca.test/a/../b%7e", "stays as it is");
	au_http_response_free(&r);
	ok(HEAD(&r, "location", "http://[::bad/"), "a location that is no URL");
	is_str(r.location, "http://[::bad/", "is left to the caller's check");
	au_http_response_free(&r);
	ok(HEAD(&r, "retry-after", "1", "retry-after", "2") && !r.retry_after, "two different Retry-After are none");
	au_http_response_free(&r);
	ok(HEAD(&r, "location", "/a", "location", "/a"), "the same field twice passes");
	au_http_response_free(&r);
	fails(!HEAD(&r, "location", "/a", "location", "/b"), &err, AU_PROTOCOL,
	      "location: two fields that differ", "two locations");
	au_http_response_free(&r);
	fails(!HEAD(&r, "content-type", "a/b", "content-type", "c/d"), &err, AU_PROTOCOL,
	      "content-type: two", "two types");
	au_http_response_free(&r);
	fails(!HEAD(&r, "content-length", "1", "content-length", "2"), &err, AU_PROTOCOL,
	      "content-length: two", "two lengths");
	au_http_response_free(&r);
}

/* The first line that is refused, counted from 1; 0 when none is. */
static unsigned first_refused(const char *line, size_t n, unsigned times)
{
	struct au_http_head head = { .err = &err };

	for (unsigned i = 1; i <= times; i++)
		if (!au_http_head_line(&head, line, n))
			return i;
	return 0;
}

static void test_limits(void)
{
	char line[AU_MAX_HEADER + 1];

	memset(line, 'a', sizeof line);
	ok(first_refused(line, AU_MAX_HEADER, 8) == 0, "eight fields of the largest size");
	ok(first_refused(line, AU_MAX_HEADER, 9) == 9, "the ninth is too much");
	fails(first_refused(line, AU_MAX_HEADER, 9) != 0, &err, AU_PROTOCOL,
	      "the header is larger than 65536 octets", "too much in all");
	fails(first_refused(line, AU_MAX_HEADER + 1, 1) != 0, &err, AU_PROTOCOL,
	      "a header field is larger than 8192 octets", "one too large");
	ok(first_refused("HTTP/1.1 103 x\r\n", 16, 20) == 0, "twenty interim answers");
	ok(first_refused("HTTP/1.1 103 x\r\n", 16, 21) == 21, "one more");
	au_err_clear(&err);
	fails(first_refused("HTTP/1.1 101 x\r\n", 16, 1) != 0, &err, AU_PROTOCOL, "status 101 is no answer", "an upgrade");
	ok(first_refused("HTTP/1.1 200 x\r\n", 16, 100) == 0, "final answers are not counted");
	ok(first_refused("HTTP/1.1 ", 9, 1) == 0, "a line that ends behind its blank");
	ok(first_refused("Transfer-Encoding: Chunked \r\n", 29, 1) == 0, "chunked");
	fails(first_refused("Transfer-Encoding: chunked\r\n", 28, 2) != 0, &err, AU_PROTOCOL,
	      "transfer coding chunked", "chunked twice");
	fails(first_refused("transfer-encoding:gzip, chunked\r\n", 33, 1) != 0, &err, AU_PROTOCOL,
	      "transfer coding gzip, chunked: was not asked for", "gzip");
	ok(first_refused("Content-Encoding: identity\r\n", 28, 1) == 0, "identity");
	ok(first_refused("Content-Encoding:\r\n", 19, 1) == 0, "no coding");
	fails(first_refused("Content-Encoding: br\r\n", 22, 1) != 0, &err, AU_PROTOCOL,
	      "content coding br: was not asked for", "br");
}

static void test_text(void)
{
	json_t *plain = au_http_text("caf\xc3\xa9 \\", 7), *wild = au_http_text("a\x1b[0m\xff\n", 7);

	is_str(json_string_value(plain), "caf\xc3\xa9 \\", "text stays as it is");
	is_str(json_string_value(wild), "a\\x1b[0m\\xff\\x0a", "what is none is escaped");
	json_decref(plain);
	json_decref(wild);
}

int main(void)
{
	test_links();
	test_media_types();
	test_nonces();
	test_fields();
	test_limits();
	test_text();
	return done();
}
