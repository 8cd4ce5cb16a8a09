/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * b64: nettle does the alphabet; what it lets through (white space, padding
 * where none may be, unused bits that are set) is refused here.
 */
#include "b64.h"

#include <nettle/base64.h>
#include <string.h>

#include "mem.h"

char *au_b64url(const void *p, size_t n)
{
	struct base64_encode_ctx c;
	char *s = n < SIZE_MAX / 16 ? au_alloc(BASE64_ENCODE_LENGTH(n) + BASE64_ENCODE_FINAL_LENGTH + 1) : NULL;
	if (!s)
		return NULL;
	base64url_encode_init(&c);
	size_t k = base64_encode_update(&c, s, n, p);
	k += base64_encode_final(&c, s + k);
	while (k && s[k - 1] == '=')
		s[--k] = 0;
	au_wipe(&c, sizeof c);
	return s;
}

static bool alphabet(unsigned char c, const char *extra)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == extra[0] ||
	       c == extra[1];
}

bool au_b64url_is(const char *text)
{
	for (const char *p = text; *p; p++)
		if (!alphabet((unsigned char)*p, "-_"))
			return false;
	return *text;
}

/* text holds only characters of the alphabet, without padding. */
static bool read(struct base64_decode_ctx *c, const char *text, size_t n, struct au_buf *out, struct au_err *err)
{
	size_t len = 0;

	if (n % 4 == 1)
		return au_fail(err, AU_INPUT, "not base64: %zu characters cannot be", n);
	/* what comes out and no more, so that a value that fits its ceiling is not refused */
	if (!au_buf_room(out, n / 4 * 3 + (n % 4 ? n % 4 - 1 : 0), err))
		return false;
	bool ok = base64_decode_update(c, &len, out->p + out->n, n, text);
	/* nettle keeps the last bits; they must all be zero for the spelling to be the only one */
	if (!ok || c->word & ((1u << c->bits) - 1)) {
		au_wipe(out->p + out->n, len + 1);
		return au_fail(err, AU_INPUT, ok ? "not base64: unused bits are set" : "not base64");
	}
	out->n += len;
	out->p[out->n] = 0;
	return true;
}

bool au_b64url_read(const char *text, size_t n, struct au_buf *out, struct au_err *err)
{
	struct base64_decode_ctx c;

	for (size_t i = 0; i < n; i++)
		if (!alphabet((unsigned char)text[i], "-_"))
			return au_fail(err, AU_INPUT, "not base64url without padding: character %zu", i + 1);
	base64url_decode_init(&c);
	bool ok = read(&c, text, n, out, err);
	au_wipe(&c, sizeof c);
	return ok;
}

bool au_b64_read(const char *text, size_t n, struct au_buf *out, struct au_err *err)
{
	struct base64_decode_ctx c;
	AU_AUTO_MEM char *tight = au_alloc(n + 1);
	size_t k = 0, pad = 0;

	if (!tight)
		return au_fail_mem(err);
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\n' || text[i] == '\r')
			continue;
		if (text[i] == '=')
			pad++;
		else if (pad || !alphabet((unsigned char)text[i], "+/"))
			return au_fail(err, AU_INPUT, "not base64: character %zu", i + 1);
		else
			tight[k++] = text[i];
	}
	if (pad > 2 || (k + pad) % 4)
		return au_fail(err, AU_INPUT, "not base64: wrong padding");
	base64_decode_init(&c);
	bool ok = read(&c, tight, k, out, err);
	au_wipe(&c, sizeof c);
	return ok;
}
