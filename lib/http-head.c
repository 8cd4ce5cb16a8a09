/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* http-head: the header fields of an answer, bounded, and taken apart without believing them. */
#include "config.h"

#include "http-impl.h"

#include <curl/curl.h>
#include <string.h>

#include "b64.h"
#include "json.h"
#include "mem.h"

/* RFC 9110 section 15.2: a server may send any number of interim answers; nobody needs more. */
#define MAX_INFORMATIONAL 20

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* RFC 9110 section 5.6.2. */
static bool is_tchar(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c != 0 && strchr("!#$%&'*+-.^_`|~", c));
}

static void lower(char *s)
{
	for (; *s; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s += 'a' - 'A';
}

/* Is line the field `name`, and its value (trimmed) where? */
static bool field_is(const char *line, size_t n, const char *name, const char **value, size_t *length)
{
	size_t k = strlen(name);

	if (n <= k || line[k] != ':' || strncasecmp(line, name, k) != 0)
		return false;
	for (line += k + 1, n -= k + 1; n > 0 && is_blank(*line); n--)
		line++;
	while (n > 0 && (is_blank(line[n - 1]) || line[n - 1] == '\r' || line[n - 1] == '\n'))
		n--;
	*value = line;
	*length = n;
	return true;
}

/*
 * curl undoes every Transfer-Encoding it knows, and we ask for no coding at all: whoever sends one means to blow
 * something up.
 */
static bool coding_fits(struct au_http_head *head, const char *line, size_t n)
{
	const char *value;
	size_t length;

	if (field_is(line, n, "transfer-encoding", &value, &length)) {
		if (head->chunked || length != 7 || strncasecmp(value, "chunked", 7) != 0)
			return au_fail(head->err, AU_PROTOCOL, "transfer coding %.*s: was not asked for",
				       (int)length, value);
		head->chunked = true;
	}
	if (field_is(line, n, "content-encoding", &value, &length) && length > 0 &&
	    (length != 8 || strncasecmp(value, "identity", 8) != 0))
		return au_fail(head->err, AU_PROTOCOL, "content coding %.*s: was not asked for", (int)length, value);
	return true;
}

static bool status_fits(struct au_http_head *head, const char *line, size_t n)
{
	const char *code = memchr(line, ' ', n);

	head->chunked = false;
	if (!code || code + 4 > line + n || code[1] != '1')
		return true;
	if (memcmp(code + 1, "101", 3) == 0)
		return au_fail(head->err, AU_PROTOCOL, "status 101 is no answer");
	if (++head->informational > MAX_INFORMATIONAL)
		return au_fail(head->err, AU_PROTOCOL, "more than %d interim answers", MAX_INFORMATIONAL);
	return true;
}

bool au_http_head_line(struct au_http_head *head, const char *line, size_t n)
{
	head->octets += n;
	if (n > AU_MAX_HEADER)
		return au_fail(head->err, AU_PROTOCOL, "a header field is larger than %u octets", AU_MAX_HEADER);
	if (head->octets > AU_MAX_HEADERS)
		return au_fail(head->err, AU_PROTOCOL, "the header is larger than %u octets", AU_MAX_HEADERS);
	if (n > 5 && memcmp(line, "HTTP/", 5) == 0)
		return status_fits(head, line, n);
	return coding_fits(head, line, n);
}

json_t *au_http_text(const char *p, size_t n)
{
	bool plain = true;
	char *text AU_AUTO_MEM = NULL;
	json_t *value;

	for (size_t i = 0; i < n; i++)
		plain = plain && (uint8_t)p[i] >= ' ' && p[i] != 0x7f;
	value = plain ? json_stringn(p, n) : NULL;
	if (value)
		return value;
	/* au_escape makes at most four octets of one; the tail is for its NUL. */
	text = au_alloc(4 * n + 8);
	if (!text)
		return NULL;
	au_escape(text, 4 * n + 8, p, n);
	return json_string(text);
}

char *au_http_media_type(const char *value)
{
	const char *p = value;
	unsigned slashes = 0;
	char *type;

	for (; is_tchar(*p) || *p == '/'; p++)
		slashes += *p == '/';
	for (const char *q = p; *q && *q != ';'; q++)
		if (!is_blank(*q))
			return NULL;
	if (slashes != 1 || *value == '/' || p[-1] == '/')
		return NULL;
	type = au_memdup0(value, (size_t)(p - value));
	if (type)
		lower(type);
	return type;
}

static bool has_scheme(const char *s)
{
	if (!((*s >= 'A' && *s <= 'Z') || (*s >= 'a' && *s <= 'z')))
		return false;
	while ((*s >= '0' && *s <= '9') || (*s >= 'A' && *s <= 'Z') || (*s >= 'a' && *s <= 'z') || (*s && strchr("+-.", *s)))
		s++;
	return *s == ':';
}

char *au_http_resolve(const char *base, const char *reference)
{
	char *whole = NULL, *copy = NULL;
	CURLU *u;

	/* An account URL is signed as it was given: not one octet of it is ours to normalise. */
	if (has_scheme(reference))
		return au_strdup(reference);
	u = curl_url();
	if (u && *reference && curl_url_set(u, CURLUPART_URL, base, 0) == CURLUE_OK &&
	    curl_url_set(u, CURLUPART_URL, reference, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_URL, &whole, 0) == CURLUE_OK)
		copy = au_strdup(whole);
	curl_free(whole);
	curl_url_cleanup(u);
	return copy;
}

/* --- Link: RFC 8288 appendix B.2 --- */

/* Where reading stands. Functions return false for what is malformed, too; `failed` is for lack of memory. */
struct reading {
	const char *p, *base;
	json_t *links;
	struct au_err *err;
	bool failed;
};

struct link {
	char *target;
	struct au_buf rel;
	bool has_rel, anchored;
};

static bool give_up(struct reading *r)
{
	r->failed = true;
	return false;
}

static void skip_blanks(struct reading *r)
{
	while (is_blank(*r->p))
		r->p++;
}

static bool keep(struct reading *r, struct au_buf *value, const char *p, size_t n)
{
	return au_buf_add(value, p, n, r->err) || give_up(r);
}

/* A token or quoted string, appended to value. */
static bool read_word(struct reading *r, struct au_buf *value)
{
	if (*r->p != '"') {
		const char *start = r->p;
		/* More than a token's characters: rel=urn:x is common and harmless. */
		while (*r->p && !is_blank(*r->p) && *r->p != ';' && *r->p != ',')
			r->p++;
		return keep(r, value, start, (size_t)(r->p - start));
	}
	for (r->p++; *r->p != '"'; r->p++) {
		if (*r->p == '\\')
			r->p++;
		if (!*r->p || !keep(r, value, r->p, 1))
			return false;
	}
	r->p++;
	return true;
}

/* "name=value". */
static bool read_param(struct reading *r, struct link *link)
{
	struct au_buf value AU_AUTO_BUF = AU_BUF(AU_MAX_HEADER);
	const char *name = r->p;
	size_t n;

	while (is_tchar(*r->p))
		r->p++;
	n = (size_t)(r->p - name);
	skip_blanks(r);
	if (n == 0)
		return false;
	if (*r->p == '=') {
		r->p++;
		skip_blanks(r);
		if (!read_word(r, &value))
			return false;
	}
	skip_blanks(r);
	if (n == 6 && strncasecmp(name, "anchor", 6) == 0)
		link->anchored = true;
	/* Only the first rel counts. */
	if (n == 3 && strncasecmp(name, "rel", 3) == 0 && !link->has_rel) {
		link->has_rel = true;
		return value.n == 0 || keep(r, &link->rel, (const char *)value.p, value.n);
	}
	return true;
}

static bool add_relation(struct reading *r, const char *rel, size_t n, const char *url)
{
	json_t *element AU_AUTO_JSON = json_object();

	return (au_json_set_take(element, "rel", au_http_text(rel, n), r->err) &&
		au_json_set_take(element, "url", au_http_text(url, strlen(url)), r->err) &&
		au_json_add_take(r->links, au_steal(&element), r->err)) || give_up(r);
}

/* One element for each relation type. A link about something else (anchor) is none of this resource. */
static bool add_link(struct reading *r, struct link *link)
{
	char *url AU_AUTO_MEM = NULL;
	char *rel = (char *)link->rel.p;

	if (link->anchored || !rel)
		return true;
	url = au_http_resolve(r->base, link->target);
	if (!url)
		return true;
	lower(rel);
	for (size_t n; *rel; rel += n) {
		n = strspn(rel, " \t");
		rel += n;
		n = strcspn(rel, " \t");
		if (n > 0 && !add_relation(r, rel, n, url))
			return false;
	}
	return true;
}

/* "<target>;param;param" */
static bool read_link(struct reading *r, struct link *link)
{
	const char *end = *r->p == '<' ? strchr(r->p, '>') : NULL;

	if (!end)
		return false;
	link->target = au_memdup0(r->p + 1, (size_t)(end - r->p - 1));
	if (!link->target)
		return au_fail_mem(r->err) || give_up(r);
	r->p = end + 1;
	for (skip_blanks(r); *r->p == ';'; skip_blanks(r)) {
		r->p++;
		skip_blanks(r);
		if (*r->p && *r->p != ';' && *r->p != ',' && !read_param(r, link))
			return false;
	}
	return (!*r->p || *r->p == ',') && add_link(r, link);
}

bool au_http_links(const char *value, const char *base, json_t *links, struct au_err *err)
{
	struct reading r = { .p = value, .base = base, .links = links, .err = err };
	bool more = true;

	while (more) {
		struct link link = { .rel = AU_BUF(AU_MAX_HEADER) };

		r.p += strspn(r.p, " \t,");
		more = *r.p && read_link(&r, &link);
		au_free(link.target);
		au_buf_free(&link.rel);
	}
	return !r.failed;
}

/* --- the fields together --- */

/* The value of a field that may be there once. Twice with another value: *twice. NULL: absent. Borrowed. */
static const char *single(const json_t *headers, const char *name, bool *twice)
{
	const char *found = NULL;
	size_t i;
	json_t *pair;

	*twice = false;
	json_array_foreach(headers, i, pair) {
		const char *value = json_string_value(json_array_get(pair, 1));

		if (strcmp(json_string_value(json_array_get(pair, 0)), name) != 0)
			continue;
		*twice = *twice || (found && strcmp(found, value) != 0);
		found = found ? found : value;
	}
	return found;
}

/* A field whose value decides what the answer means: two of them are an attack or a broken proxy. */
static bool decisive(const json_t *headers, const char *name, const char **value, struct au_err *err)
{
	bool twice;

	*value = single(headers, name, &twice);
	return !twice || au_fail(err, AU_PROTOCOL, "%s: two fields that differ", name);
}

/* RFC 8555 section 6.5.1: what is not a nonce is ignored. */
static bool read_nonce(const json_t *headers, char **nonce, struct au_err *err)
{
	const char *value = NULL;
	unsigned count = 0;
	size_t i;
	json_t *pair;

	json_array_foreach(headers, i, pair) {
		if (strcmp(json_string_value(json_array_get(pair, 0)), "replay-nonce") == 0) {
			value = json_string_value(json_array_get(pair, 1));
			count++;
		}
	}
	if (count != 1 || strlen(value) > AU_MAX_NONCE || !au_b64url_is(value))
		return true;
	*nonce = au_strdup(value);
	return *nonce || au_fail_mem(err);
}

static bool read_links(struct au_http_response *response, struct au_err *err)
{
	size_t i;
	json_t *pair;

	response->links = json_array();
	if (!response->links)
		return au_fail_mem(err);
	json_array_foreach(response->headers, i, pair) {
		if (strcmp(json_string_value(json_array_get(pair, 0)), "link") == 0 &&
		    !au_http_links(json_string_value(json_array_get(pair, 1)), response->url, response->links, err))
			return false;
	}
	return true;
}

bool au_http_head_read(struct au_http_response *response, struct au_err *err)
{
	const char *type, *location, *length, *retry;
	bool twice;

	if (!decisive(response->headers, "content-type", &type, err) ||
	    !decisive(response->headers, "content-length", &length, err) ||
	    !decisive(response->headers, "location", &location, err))
		return false;
	if (type)
		response->content_type = au_http_media_type(type);
	if (location) {
		response->location = au_http_resolve(response->url, location);
		/* Left as it is for the caller, who checks URLs before use and can show what is wrong with this one. */
		if (!response->location)
			response->location = au_strdup(location);
		if (!response->location)
			return au_fail_mem(err);
	}
	retry = single(response->headers, "retry-after", &twice);
	if (retry && !twice) {
		response->retry_after = au_strdup(retry);
		if (!response->retry_after)
			return au_fail_mem(err);
	}
	return read_nonce(response->headers, &response->nonce, err) && read_links(response, err);
}
