/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* buf: octets that grow up to a ceiling; growing wipes what was outgrown. */
#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "mem.h"

bool au_buf_room(struct au_buf *b, size_t n, struct au_err *err)
{
	size_t max = b->max ? b->max : AU_MAX_DOC;
	if (n > max || b->n > max - n)
		return au_fail(err, AU_INPUT, "larger than %zu octets", max);
	if (b->p && b->cap - b->n > n)
		return true;
	size_t cap = b->cap ? b->cap : 256;
	while (cap <= b->n + n)
		cap *= 2;
	uint8_t *p = au_realloc(b->p, cap);
	if (!p)
		return au_fail_mem(err);
	b->p = p;
	b->cap = cap;
	b->p[b->n + n] = 0;
	return true;
}

bool au_buf_add(struct au_buf *b, const void *p, size_t n, struct au_err *err)
{
	if (!au_buf_room(b, n, err))
		return false;
	if (n)
		memcpy(b->p + b->n, p, n);
	b->n += n;
	b->p[b->n] = 0;
	return true;
}

bool au_buf_adds(struct au_buf *b, const char *s, struct au_err *err)
{
	return au_buf_add(b, s, strlen(s), err);
}

bool au_buf_addf(struct au_buf *b, struct au_err *err, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return au_fail_errno(err, "format");
	if (!au_buf_room(b, (size_t)n, err))
		return false;
	va_start(ap, fmt);
	vsnprintf((char *)b->p + b->n, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)n;
	return true;
}

char *au_buf_take(struct au_buf *b)
{
	char *s = b->p ? (char *)b->p : au_alloc(1);
	b->p = NULL;
	b->n = b->cap = 0;
	return s;
}

void au_buf_free(struct au_buf *b)
{
	au_free(b->p);
	b->p = NULL;
	b->n = b->cap = 0;
}
