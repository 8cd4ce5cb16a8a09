/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pem: RFC 7468 text, strictly: one label, base64 lines without blanks, the same label. */
#ifndef AU_PEM_H
#define AU_PEM_H

#include "buf.h"

/* What is left of a text; line counts from 1, begin is that of the last block's first line. */
struct au_pem {
	const char *p;
	size_t n, line, begin;
};
#define AU_PEM(text, n_) { .p = (const char *)(text), .n = (n_), .line = 1 }

/*
 * Take the next block: its label into label (NUL-terminated), its octets appended to der. *found is false at
 * the end of the text. Lines before a block are skipped when they may be there (`explained`: what tools print
 * round a block for people), else only empty lines are let through. AU_INPUT, with the line.
 */
bool au_pem_next(struct au_pem *pem, bool explained, char label[static 64], struct au_buf *der, bool *found,
		 struct au_err *err);

/* Append der as a block with this label, lines of 64 characters. */
bool au_pem_write(const char *label, const void *der, size_t n, struct au_buf *pem, struct au_err *err);

#endif
