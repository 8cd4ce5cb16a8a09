/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * url: which URLs of a server a client follows. Stricter than RFC 3986, which
 * has room for "https://ca.example@evil.example" and for talking to an SMTP
 * server: this reads the one form that ACME servers use, and no second parser
 * (curl's) can see another host in what passes here.
 */
#include "url.h"

#include <string.h>
#include <strings.h>

#include "mem.h"

struct url {
	bool tls;
	const char *host;        /* not NUL-terminated; with brackets when IPv6 */
	size_t host_n;
	unsigned port;
};

/* Services that a posted body could be mistaken by; none of them speaks HTTP. */
static const unsigned short bad_ports[] = {
	1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109,
	110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530,
	531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3306, 3659, 4045,
	4190, 5060, 5061, 5432, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080, 11211,
};

static bool in(char c, const char *set)
{
	return c != '\0' && strchr(set, c);
}

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* What is wrong with the characters of a URL, or NULL. */
static const char *text_fault(const char *text)
{
	if (strnlen(text, AU_MAX_URL + 1) > AU_MAX_URL)
		return "longer than 2048 characters";
	for (const char *p = text; *p; p++) {
		if (*p == '#')
			return "it has a fragment";
		if (!in(*p, LETTERS DIGITS "-._~:/?[]@!$&'()*+,;=%"))
			return "it holds a character that no URL has";
		if (*p == '%' && !(in(p[1], DIGITS "abcdefABCDEF") && in(p[2], DIGITS "abcdefABCDEF")))
			return "it holds a % that encodes nothing";
	}
	return NULL;
}

static const char *scheme_fault(const char **p, bool allow_http, struct url *url)
{
	size_t n = strcspn(*p, ":/?");

	if (strncmp(*p + n, "://", 3) != 0)
		return "not absolute";
	url->tls = n == 5 && strncasecmp(*p, "https", 5) == 0;
	if (!url->tls && (n != 4 || strncasecmp(*p, "http", 4) != 0))
		return "the scheme is not https";
	if (!url->tls && !allow_http)
		return "http, not https (--allow-http is for laboratories)";
	*p += n + 3;
	return NULL;
}

static const char *port_fault(const char *p, const char *end, struct url *url)
{
	url->port = url->tls ? 443 : 80;
	if (p == end)
		return NULL;
	if (*p++ != ':' || p == end)
		return "the port is not a number";
	for (url->port = 0; p < end; p++) {
		if (!in(*p, DIGITS))
			return "the port is not a number";
		url->port = url->port * 10 + (unsigned)(*p - '0');
		if (url->port > 65535)
			return "the port is over 65535";
	}
	if (url->port == 0)
		return "the port is 0";
	for (size_t i = 0; i < sizeof bad_ports / sizeof *bad_ports; i++)
		if (bad_ports[i] == url->port)
			return "the port belongs to a service that is not HTTP";
	return NULL;
}

/* What is wrong with the URL, or NULL and *url filled. */
static const char *parse(const char *text, bool allow_http, struct url *url)
{
	const char *p = text, *end, *fault = text_fault(text);

	if (fault || (fault = scheme_fault(&p, allow_http, url)))
		return fault;
	end = p + strcspn(p, "/?");
	if (memchr(p, '@', (size_t)(end - p)))
		return "it has user information";
	url->host = p;
	if (*p == '[') {
		p += 1 + strspn(p + 1, DIGITS "abcdefABCDEF:.");
		if (*p++ != ']' || p - url->host < 4)
			return "the host is no IPv6 address";
	} else {
		p += strspn(p, LETTERS DIGITS "-._");
	}
	url->host_n = (size_t)(p - url->host);
	if (url->host_n == 0)
		return "there is no host";
	if (p < end && *p != ':')
		return "the host holds a character that no host name has";
	return port_fault(p, end, url);
}

bool au_url_check(const char *url, const char *what, bool allow_http, struct au_err *err)
{
	struct url parts;
	const char *fault = parse(url, allow_http, &parts);

	return !fault || au_fail(err, AU_PROTOCOL, "%s: %.200s: URL refused: %s", what, url, fault);
}

char *au_url_origin(const char *url)
{
	struct url parts;
	char *origin;

	if (parse(url, true, &parts))
		return NULL;
	origin = au_asprintf("http%s://%.*s:%u", parts.tls ? "s" : "", (int)parts.host_n, parts.host, parts.port);
	for (char *p = origin; p && *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p + ('a' - 'A'));
	return origin;
}
