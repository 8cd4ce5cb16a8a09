/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* base64url: RFC 4648 and 7515 vectors, every octet, and one spelling for each value. */
#include "b64.h"
#include "unit.h"

static void vectors(void)
{
	static const struct { const char *raw, *url, *std; } rows[] = {
		/* RFC 4648 section 10 */
		{ "", "", "" }, { "f", "Zg", "Zg==" }, { "fo", "Zm8", "Zm8=" }, { "foo", "Zm9v", "Zm9v" },
		{ "foob", "Zm9vYg", "Zm9vYg==" }, { "fooba", "Zm9vYmE", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy", "Zm9vYmFy" },
		/* RFC 7515 appendix C: 3, 236, 255, 224, 193 */
		{ "\x03\xec\xff\xe0\xc1", "A-z_4ME", "A+z/4ME=" },
	};
	struct au_err err = { 0 };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct au_buf b AU_AUTO_BUF = AU_BUF(64), s AU_AUTO_BUF = AU_BUF(64);
		char *text AU_AUTO_MEM = au_b64url(rows[i].raw, strlen(rows[i].raw));
		size_t n = strlen(rows[i].raw);
		is_str(text, rows[i].url, "encode to %s", rows[i].url);
		ok(au_b64url_read(rows[i].url, strlen(rows[i].url), &b, &err) && b.n == n &&
		   (n == 0 || memcmp(b.p, rows[i].raw, n) == 0),
		   "and back");
		ok(au_b64_read(rows[i].std, strlen(rows[i].std), &s, &err) && s.n == n &&
		   (n == 0 || memcmp(s.p, rows[i].raw, n) == 0),
		   "and from %s", rows[i].std);
	}
}

static void refused(void)
{
	static const char *const url[] = {
		"Z", "A", "Zm9vY", "Zm9vA", "Zg==", "Zg=", "Zh", "Zm9", "Zm9=", "Zm 9v", "Zm9v\n", "\nZm9v",
		"Zm+v", "Zm/v", "Zm9v.", "Zm\xc3\xbc",
		"=", "====", "Zg==Zg==", "Zm9vZh", "Zm9vZm9",
	};
	static const char *const std[] = {
		"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm8", "Zm9v=", "Zm9v====", "Zm 9v", "Zm-v", "Zm_v", "Z=g=", "=", "====",
		"Zg==Zg==", "\tZm9v",
	};
	struct au_err err = { 0 };

	for (size_t i = 0; i < sizeof url / sizeof *url; i++) {
		struct au_buf b AU_AUTO_BUF = AU_BUF(64);
		au_buf_adds(&b, "abc", &err);
		bool r = au_b64url_read(url[i], strlen(url[i]), &b, &err);
		ok(b.n == 3 && memcmp(b.p, "abc", 4) == 0, "the buffer is as it was");
		fails(!r, &err, AU_INPUT, "not base64", "no base64url: \"%s\"", url[i]);
	}
	for (size_t i = 0; i < sizeof std / sizeof *std; i++) {
		struct au_buf b AU_AUTO_BUF = AU_BUF(64);
		fails(!au_b64_read(std[i], strlen(std[i]), &b, &err), &err, AU_INPUT, "not base64", "no base64: \"%s\"", std[i]);
	}
	struct au_buf b AU_AUTO_BUF = AU_BUF(64);
	fails(!au_b64url_read("Zm\0v", 4, &b, &err), &err, AU_INPUT, "character 3", "NUL inside");
	ok(au_b64_read("Zm9v\r\nYg=\n=\n", 12, &b, &err) && b.n == 4, "line breaks where they may be");
}

static void all(void)
{
	struct au_err err = { 0 };
	uint8_t raw[256];
	bool good = true;

	for (unsigned i = 0; i < 256; i++)
		raw[i] = (uint8_t)(i * 37 + 11);
	for (size_t n = 0; n <= sizeof raw && good; n++) {
		/* exactly the room it takes */
		struct au_buf b AU_AUTO_BUF = AU_BUF(n ? n : 1);
		char *text AU_AUTO_MEM = au_b64url(raw, n);
		good = strlen(text) == (n * 4 + 2) / 3 && (n == 0 || au_b64url_is(text)) &&
		       au_b64url_read(text, strlen(text), &b, &err) && b.n == n && (n == 0 || memcmp(b.p, raw, n) == 0);
	}
	ok(good, "every length to 256, into a buffer of just that size: %s", err.text);

	/* The last of two characters may only end in 4 zero bits, the last of three in 2. */
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned two = 0, three = 0;
	for (unsigned i = 0; i < 64; i++) {
		struct au_buf b AU_AUTO_BUF = AU_BUF(8);
		char text[4] = { 'A', alphabet[i] };
		two += au_b64url_read(text, 2, &b, &err);
		text[2] = alphabet[i];
		three += au_b64url_read(text, 3, &b, &err);
	}
	ok(two == 4 && three == 16, "one spelling each (%u, %u)", two, three);
	au_err_clear(&err);

	struct au_buf small AU_AUTO_BUF = AU_BUF(2);
	fails(!au_b64url_read("Zm9v", 4, &small, &err), &err, AU_INPUT, "larger than 2", "over the ceiling");
	ok(au_b64url_is("A-z_09") && !au_b64url_is("") && !au_b64url_is("a=") && !au_b64url_is("a b") &&
	   !au_b64url_is("a\n") &&
	   !au_b64url_is("\xc3\xbc"), "what is of the alphabet");
}

int main(void)
{
	vectors();
	refused();
	all();
	return done();
}
