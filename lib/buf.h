/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * buf: octets that grow up to a ceiling and are wiped when released.
 *
 * Invariant: p is NULL or holds n octets followed by a NUL that n does not
 * count, so text can be used as a string when it holds no NUL of its own.
 */
#ifndef AU_BUF_H
#define AU_BUF_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct au_buf {
	uint8_t *p;
	size_t n, cap;
	size_t max;    /* ceiling of n; 0 means AU_MAX_DOC */
};

/* struct au_buf b AU_AUTO_BUF = AU_BUF(4096); */
#define AU_BUF(ceiling) { .max = (ceiling) }
#define AU_AUTO_BUF __attribute__((cleanup(au_buf_free)))

/* Append; AU_INPUT "larger than N octets" past the ceiling. */
bool au_buf_add(struct au_buf *b, const void *p, size_t n, struct au_err *err);
bool au_buf_adds(struct au_buf *b, const char *s, struct au_err *err);
bool au_buf_addf(struct au_buf *b, struct au_err *err, const char *fmt, ...) AU_PRINTF(3, 4);

/* Room for n more octets at p + n; the caller then raises n itself. */
bool au_buf_room(struct au_buf *b, size_t n, struct au_err *err);

/* The text as a string that the caller au_free()s; the buffer is empty afterwards. Never NULL but for lack of memory. */
char *au_buf_take(struct au_buf *b);

/* Wipe and forget the contents, keep the ceiling. */
void au_buf_free(struct au_buf *b);

#endif
