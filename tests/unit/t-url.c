/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* URLs that a server names: what is followed, what is not, and what origin is. */
#include "unit.h"
#include "url.h"

static const struct { const char *url, *origin; } good[] = {
	{ "https://ca.example/dir", "https://ca.example:443" },
	{ "https://ca.example", "https://ca.example:443" },
	{ "https://CA.Example:8443/a/b?c=d&e=f", "https://ca.example:8443" },
	{ "HTTPS://ca.example:0443/", "https://ca.example:443" },
	{ "https://ca.example?x", "https://ca.example:443" },
	{ "https://127.0.0.1:14000/dir", "https://127.0.0.1:14000" },
	{ "https://[2001:DB8::1]:14000/dir", "https://[2001:db8::1]:14000" },
	{ "https://[::1]/dir", "https://[::1]:443" },
	{ "https://ca.example/a%20b;c=~d!$&'()*+,@[]", "https://ca.example:443" },
	{ "https://a_b.example/", "https://a_b.example:443" },
	{ "https://ca.example/x?u=https://other.example/@y", "https://ca.example:443" },
};

static const struct { const char *url, *why; } bad[] = {
	{ "", "not absolute" }, { "/dir", "not absolute" }, { "dir", "not absolute" }, { "//ca.example/dir", "not absolute" },
	{ "https:/ca.example/", "not absolute" }, { "https:ca.example", "not absolute" }, { "ca.example:443", "not absolute" },
	{ "file:///etc/passwd", "not https" }, { "gopher://ca.example/", "not https" }, { "ftp://ca.example/", "not https" },
	{ "data:text/plain,x", "not absolute" }, { "javascript:alert(1)", "not absolute" }, { "unix:/run/x", "not absolute" },
	{ "httpss://ca.example/", "not https" }, { "xhttps://ca.example/", "not https" }, { "://ca.example/", "not https" },
	{ "https://", "no host" }, { "https:///dir", "no host" }, { "https://:443/", "no host" }, { "https://?x", "no host" },
	{ "https://user@ca.example/", "user information" }, { "https://user:pw@ca.example/", "user information" },
	{ "https://ca.example@evil.example/", "user information" }, { "https://@ca.example/", "user information" },
	{ "https://ca.example/#x", "fragment" }, { "https://ca.example#@evil.example/", "fragment" },
	{ "https://ca.example/a b", "character that no URL has" }, { " https://ca.example/", "character that no URL has" },
	{ "https://ca.example/a\r\nX: y", "character that no URL has" },
	{ "https://ca.example/\x7f", "character that no URL has" },
	{ "https://ca.example\\@evil.example/", "character that no URL has" },
	{ "https://ca.example/\xc3\xbc", "character that no URL has" },
	{ "https://ca.example/<x>", "character that no URL has" }, { "https://ca.example/\"", "character that no URL has" },
	{ "https://ca.example/%", "encodes nothing" }, { "https://ca.example/%4", "encodes nothing" },
	{ "https://ca.example/%zz", "encodes nothing" }, { "https://ca.example/%0g", "encodes nothing" },
	{ "https://ca%2eexample/", "the host holds" }, { "https://ca.example;x/", "the host holds" },
	{ "https://ca!example/", "the host holds" }, { "https://[::1/", "IPv6" }, { "https://[]/", "IPv6" },
	{ "https://[::1]x/", "the host holds" }, { "https://[evil.example]/", "IPv6" }, { "https://[::1%25lo]/", "IPv6" },
	{ "https://ca.example:/", "not a number" }, { "https://ca.example:x/", "not a number" },
	{ "https://ca.example:44x/", "not a number" }, { "https://ca.example:443:443/", "not a number" },
	{ "https://ca.example:0/", "port is 0" }, { "https://ca.example:65536/", "over 65535" },
	{ "https://ca.example:4294967739/", "over 65535" }, { "https://ca.example:18446744073709552059/", "over 65535" },
	{ "https://ca.example:22/", "not HTTP" }, { "https://ca.example:25/", "not HTTP" },
	{ "https://ca.example:0025/", "not HTTP" }, { "https://ca.example:6667/", "not HTTP" },
};

int main(void)
{
	struct au_err err = { 0 };
	char long_url[AU_MAX_URL + 2];

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		char *origin AU_AUTO_MEM = au_url_origin(good[i].url);
		ok(au_url_check(good[i].url, "url", false, &err), "%s", good[i].url);
		is_str(origin, good[i].origin, "its origin");
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char *origin AU_AUTO_MEM = au_url_origin(bad[i].url);
		fails(!au_url_check(bad[i].url, "order.finalize", true, &err), &err, AU_PROTOCOL, bad[i].why, "refused: %s",
		      bad[i].url);
		ok(!origin, "and has no origin");
	}
	fails(!au_url_check("http://ca.example/", "newNonce", false, &err), &err, AU_PROTOCOL,
	      "newNonce: http://ca.example/: URL refused: http, not https", "http");
	ok(au_url_check("http://ca.example/", "newNonce", true, &err), "http where it is allowed");
	char *origin AU_AUTO_MEM = au_url_origin("http://ca.example/");
	is_str(origin, "http://ca.example:80", "origin of http");

	memset(long_url, 'a', sizeof long_url);
	memcpy(long_url, "https://ca.example/", 19);
	long_url[AU_MAX_URL] = '\0';
	ok(au_url_check(long_url, "url", false, &err), "as long as it may be");
	long_url[AU_MAX_URL] = 'a';
	long_url[AU_MAX_URL + 1] = '\0';
	fails(!au_url_check(long_url, "url", false, &err), &err, AU_PROTOCOL, "longer than 2048", "one longer");
	return done();
}
