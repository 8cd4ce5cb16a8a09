/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* err: filling the error object, and making any octets fit to be shown. */
#include "err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name, *doc;
} codes[] = {
	[AU_OK] = { "ok", "done" },
	[AU_NO] = { "no", "a question was answered no (not due, does not verify, not yet)" },
	[AU_USAGE] = { "usage", "bad option or operand" },
	[AU_INPUT] = { "input", "bad input: not a document, a member missing or of the wrong kind" },
	[AU_KEY] = { "key", "a key, secret or credential could not be read or used" },
	[AU_NET] = { "network", "network: resolve, connect, TLS, time-out" },
	[AU_REFUSED] = { "refused", "the server refused (an ACME problem document)" },
	[AU_RATE] = { "rateLimited", "rate limited; problem.retryAfter says how long" },
	[AU_INVALID] = { "invalid", "an authorization or the order became invalid" },
	[AU_PENDING] = { "pending", "still pending when the waiting budget ended; running the same step again is safe" },
	[AU_PROTOCOL] = { "protocol", "the server broke the protocol" },
	[AU_SYSTEM] = { "system", "the system: I/O, disk full, memory" },
};

const char *au_code_name(enum au_code code)
{
	return (size_t)code < sizeof codes / sizeof *codes ? codes[code].name : NULL;
}

const char *au_code_doc(enum au_code code)
{
	return (size_t)code < sizeof codes / sizeof *codes ? codes[code].doc : NULL;
}

/* One UTF-8 character at s: its length and value; 0 when the octets are not one. */
static size_t utf8(const unsigned char *s, size_t n, uint32_t *value)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = s[0] < 0x80 ? 1 : s[0] >= 0xf0 && s[0] < 0xf8 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc0 ? 2 : 0;
	if (s[0] >= 0xf8 || !len || len > n)
		return 0;
	uint32_t v = len == 1 ? s[0] : s[0] & (0xff >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (s[i] & 0x3f);
	}
	if (len > 1 && (v < least[len] || v > 0x10ffff || (v >= 0xd800 && v < 0xe000)))
		return 0;
	*value = v;
	return len;
}

/* Characters that move, hide or reorder what stands around them on a terminal. */
static bool deceives(uint32_t v)
{
	return (v >= 0x80 && v < 0xa0) || v == 0xad || v == 0x61c || v == 0x115f || v == 0x1160 || v == 0x180e ||
	       (v >= 0x200b && v <= 0x200f) || (v >= 0x2028 && v <= 0x202e) || (v >= 0x2060 && v <= 0x206f) ||
	       v == 0x3164 || v == 0xfeff || v == 0xffa0 || (v >= 0xfff0 && v <= 0xfffb) ||
	       (v >= 0xe000 && v <= 0xf8ff) || (v >= 0xe0000 && v <= 0xe0fff);
}

size_t au_escape(char *dst, size_t size, const void *src, size_t n)
{
	const unsigned char *s = src;
	size_t k = 0, keep = 0;       /* keep: where "..." still fits */

	while (n) {
		char piece[16];
		uint32_t v;
		size_t len = utf8(s, n, &v), m;
		if (!len || (len == 1 && (v < 0x20 || v == 0x7f))) {
			m = (size_t)snprintf(piece, sizeof piece, "\\x%02x", *s);
			len = 1;
		} else if (len > 1 && deceives(v)) {
			m = (size_t)snprintf(piece, sizeof piece, "\\u{%04x}", (unsigned)v);
		} else if (*s == '\\') {
			memcpy(piece, "\\\\", m = 2);
		} else {
			memcpy(piece, s, m = len);
		}
		if (k + m >= size) {
			memcpy(dst + keep, "...", 4);
			return keep + 3;
		}
		memcpy(dst + k, piece, m);
		k += m;
		if (k + 3 < size)
			keep = k;
		s += len;
		n -= len;
	}
	dst[k] = 0;
	return k;
}

AU_PRINTF(3, 0) static size_t format(char *dst, size_t size, const char *fmt, va_list ap)
{
	/* Longer than any dst, so that what is cut here is cut, and marked, by au_escape() as well. */
	char raw[AU_ERR_TEXT + 8];
	int n = vsnprintf(raw, sizeof raw, fmt, ap);
	if (n < 0)
		n = 0;
	return au_escape(dst, size, raw, (size_t)n < sizeof raw ? (size_t)n : sizeof raw - 1);
}

bool au_fail(struct au_err *err, enum au_code code, const char *fmt, ...)
{
	va_list ap;
	char text[AU_ERR_TEXT];

	/* the arguments may point into the error that is replaced */
	va_start(ap, fmt);
	format(text, sizeof text, fmt, ap);
	va_end(ap);
	au_err_clear(err);
	err->code = code;
	err->retry_after = -1;
	memcpy(err->text, text, strlen(text) + 1);
	return false;
}

/* Put `where`, escaped and at most half as long as a text, in front. The end gives way, marked. */
static bool prepend(struct au_err *err, const char *where)
{
	size_t w = strlen(where), t = strlen(err->text), room = sizeof err->text - w - 3;

	if (t > room) {
		for (t = room - 3; t && ((unsigned char)err->text[t] & 0xc0) == 0x80; t--)
			;
		memcpy(err->text + t, "...", 4);
		t += 3;
	}
	memmove(err->text + w + 2, err->text, t + 1);
	memcpy(err->text, where, w);
	memcpy(err->text + w, ": ", 2);
	return false;
}

bool au_fail_in(struct au_err *err, const char *fmt, ...)
{
	va_list ap;
	char where[AU_ERR_TEXT / 2];

	va_start(ap, fmt);
	format(where, sizeof where, fmt, ap);
	va_end(ap);
	return prepend(err, where);
}

bool au_fail_as(struct au_err *err, enum au_code code)
{
	err->code = code;
	return false;
}

bool au_fail_mem(struct au_err *err)
{
	return au_fail(err, AU_SYSTEM, "out of memory");
}

bool au_fail_errno(struct au_err *err, const char *fmt, ...)
{
	int e = errno;
	va_list ap;
	char where[AU_ERR_TEXT / 2];

	va_start(ap, fmt);
	format(where, sizeof where, fmt, ap);
	va_end(ap);
	au_fail(err, AU_SYSTEM, "%s", strerror(e));
	return prepend(err, where);
}

void au_err_clear(struct au_err *err)
{
	json_decref(err->problem);
	err->problem = NULL;
	err->code = AU_OK;
	err->retry_after = 0;
	err->text[0] = 0;
}
