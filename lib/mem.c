/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mem: the size stands in front of each block, so that releasing it can wipe it. */
#include "mem.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

union head {
	size_t n;
	max_align_t align;
};

void *au_alloc(size_t n)
{
	union head *h;
	if (n > SIZE_MAX - sizeof *h)
		return NULL;
	h = calloc(1, sizeof *h + n);
	if (!h)
		return NULL;
	h->n = n;
	return h + 1;
}

void *au_realloc(void *p, size_t n)
{
	void *q = au_alloc(n);
	if (q && p) {
		size_t old = ((union head *)p - 1)->n;
		memcpy(q, p, old < n ? old : n);
		au_free(p);
	}
	return q;
}

void au_free(void *p)
{
	if (!p)
		return;
	union head *h = (union head *)p - 1;
	explicit_bzero(p, h->n);
	free(h);
}

void au_freep(void *pp)
{
	au_free(*(void **)pp);
}

char *au_memdup0(const void *p, size_t n)
{
	char *q = n < SIZE_MAX ? au_alloc(n + 1) : NULL;
	if (q && n)
		memcpy(q, p, n);
	return q;
}

char *au_strdup(const char *s)
{
	return s ? au_memdup0(s, strlen(s)) : NULL;
}

char *au_asprintf(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	char *s = n < 0 ? NULL : au_alloc((size_t)n + 1);
	if (!s)
		return NULL;
	va_start(ap, fmt);
	vsnprintf(s, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return s;
}

void au_wipe(void *p, size_t n)
{
	explicit_bzero(p, n);
}
