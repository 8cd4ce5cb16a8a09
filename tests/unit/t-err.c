/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The error object, and octets made fit to be shown. */
#include <errno.h>

#include "err.h"
#include "unit.h"

static void escape(void)
{
	static const struct { const char *in, *out; } rows[] = {
		{ "", "" }, { "plain text", "plain text" },
		{ "b\xc3\xbc" "cher \xf0\x9f\x98\x80", "b\xc3\xbc" "cher \xf0\x9f\x98\x80" },
		{ "a\nb\r\tc", "a\\x0ab\\x0d\\x09c" }, { "\x1b[2J\x7f", "\\x1b[2J\\x7f" }, { "\\x1b", "\\\\x1b" },
		{ "\xff\xfe", "\\xff\\xfe" }, { "\xc3", "\\xc3" }, { "\xc3(", "\\xc3(" }, { "\xc0\xaf", "\\xc0\\xaf" },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" }, { "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
		{ "\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80" }, { "\xe2\x82", "\\xe2\\x82" },
		/* the C1 control CSI, in UTF-8 */
		{ "\xc2\x9b" "2J", "\\u{009b}2J" }, { "\xc2\xa0", "\xc2\xa0" },
		{ "abc\xe2\x80\xae" "def", "abc\\u{202e}def" }, { "\xe2\x81\xa6", "\\u{2066}" }, { "\xe2\x80\x8b", "\\u{200b}" },
		{ "\xe2\x80\xa8", "\\u{2028}" }, { "\xef\xbb\xbf", "\\u{feff}" }, { "\xd8\x9c", "\\u{061c}" },
		{ "\xf3\xa0\x81\x81", "\\u{e0041}" },
	};
	char out[64];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t n = au_escape(out, sizeof out, rows[i].in, strlen(rows[i].in));
		is_str(out, rows[i].out, "escaped: %s", rows[i].out);
		ok(n == strlen(out), "and its length");
	}
	ok(au_escape(out, sizeof out, "a\0b", 3) == 6 && strcmp(out, "a\\x00b") == 0, "NUL");

	/* Whatever the room, the result ends, fits, and holds whole pieces. */
	static const char text[] = "ab\xc3\xbc\x1b\xe2\x80\xae\xf0\x9f\x98\x80z\\";
	bool good = true;
	for (size_t size = 8; size < 48; size++) {
		char exact[48];
		memset(exact, '#', sizeof exact);
		size_t n = au_escape(exact, size, text, strlen(text));
		char again[200];
		au_escape(again, sizeof again, exact, n);
		good = good && n < size && exact[n] == '\0' && exact[size] == '#' && strlen(exact) == n && !strstr(again, "\\xc3") &&
		       !strstr(again, "\\xf0") && (n == 23 || strcmp(exact + n - 3, "...") == 0);
	}
	ok(good, "cut at whole characters at every size");
}

static void filling(void)
{
	struct au_err err = { 0 };

	ok(!au_fail(&err, AU_NET, "%s: %d", "a\x1b", 7), "returns false");
	is_str(err.text, "a\\x1b: 7", "text");
	ok(err.code == AU_NET && err.retry_after == -1 && !err.problem, "code, retry_after");
	ok(!au_fail_in(&err, "at %s", "b\n"), "context");
	is_str(err.text, "at b\\x0a: a\\x1b: 7", "in front, and what was escaped is not escaped again");
	ok(!au_fail_as(&err, AU_PROTOCOL) && err.code == AU_PROTOCOL, "another code");
	err.problem = json_object();
	json_t *kept = json_incref(err.problem);
	au_fail(&err, AU_INPUT, "%s", "new");
	ok(!err.problem && kept->refcount == 1, "a new failure releases the problem of the old");
	json_decref(kept);
	au_fail(&err, AU_INPUT, "old: %s", err.text);
	is_str(err.text, "old: new", "its own text as argument");
	errno = ENOENT;
	ok(!au_fail_errno(&err, "%s", "f\n"), "errno");
	is_str(err.text, "f\\x0a: No such file or directory", "is told");
	ok(err.code == AU_SYSTEM, "as system");
	au_fail_mem(&err);
	ok(err.code == AU_SYSTEM && strstr(err.text, "out of memory"), "memory");
	au_err_clear(&err);
	ok(err.code == AU_OK && !err.text[0] && err.retry_after == 0, "cleared");
}

static void cutting(void)
{
	struct au_err err = { 0 };
	char *text AU_AUTO_MEM = au_alloc(20001);

	for (size_t i = 0; i < 20000; i += 2)
		memcpy(text + i, "\xc3\xbc", 2);
	au_fail(&err, AU_INPUT, "x%s", text);
	ok(strlen(err.text) < sizeof err.text && strcmp(err.text + strlen(err.text) - 5, "\xc3\xbc...") == 0,
	   "a long text ends in ...");
	au_fail_in(&err, "y%s", text);
	size_t n = strlen(err.text);
	char *middle = strstr(err.text, ": x");
	ok(n < sizeof err.text && strcmp(err.text + n - 5, "\xc3\xbc...") == 0, "so it does with context");
	ok(middle && (size_t)(middle - err.text) < sizeof err.text / 2 && memcmp(middle - 5, "\xc3\xbc...", 5) == 0,
	   "and the context, of which both are left");
	for (int i = 0; i < 100; i++)
		au_fail_in(&err, "%s", text);
	ok(strlen(err.text) < sizeof err.text, "a hundred contexts");
	errno = EIO;
	au_fail_errno(&err, "%s", text);
	ok(strstr(err.text, "...: Input/output error"), "a long place before an errno");
	au_err_clear(&err);
}

static void codes(void)
{
	bool good = true;

	for (unsigned i = 0; i <= AU_SYSTEM; i++)
		good = good && au_code_name((enum au_code)i) && au_code_doc((enum au_code)i);
	ok(good && AU_SYSTEM == 11, "a name and a sentence for 0 to 11");
	ok(!au_code_name((enum au_code)12) && !au_code_doc((enum au_code)12), "and none for 12");
}

int main(void)
{
	escape();
	filling();
	cutting();
	codes();
	return done();
}
