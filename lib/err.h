/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* err: what went wrong, once, in words for a person and a number for a script. */
#ifndef AU_ERR_H
#define AU_ERR_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "limits.h"

/* The exit statuses, the same in every program (acme(7)). */
enum au_code {
	AU_OK = 0,       /* done */
	AU_NO = 1,       /* a question was answered no; actions never use it */
	AU_USAGE = 2,    /* bad option or operand */
	AU_INPUT = 3,    /* not a document, a member missing or of the wrong kind */
	AU_KEY = 4,      /* a key, secret or credential could not be read or used */
	AU_NET = 5,      /* resolve, connect, TLS, time-out */
	AU_REFUSED = 6,  /* the server refused with a problem document */
	AU_RATE = 7,     /* rate limited */
	AU_INVALID = 8,  /* an authorization or the order became invalid */
	AU_PENDING = 9,  /* still pending when the waiting budget ended */
	AU_PROTOCOL = 10, /* the server broke the protocol */
	AU_SYSTEM = 11,  /* I/O, disk full, memory */
};

/*
 * The one error object. Start it as { 0 }; the first failure fills it, callers
 * on the way up add where they were; au_err_clear() releases it.
 *
 * text         one line "where: what: why", escaped, NUL-terminated
 * problem      the server's RFC 9457 object as served, owned, or NULL
 * retry_after  seconds until trying again makes sense, or -1 when unknown
 *              (0 in an unfilled object)
 */
struct au_err {
	enum au_code code;
	long retry_after;
	json_t *problem;
	char text[AU_ERR_TEXT];
};

#define AU_PRINTF(a, b) __attribute__((format(printf, a, b)))
#define AU_MUST_CHECK __attribute__((warn_unused_result))

/*
 * Fill err (replacing what it held) and return false, so that a function can
 * end with `return au_fail(...)`. The text is escaped after formatting, so
 * hostile octets may be passed as arguments. err must not be NULL.
 */
bool au_fail(struct au_err *err, enum au_code code, const char *fmt, ...) AU_PRINTF(3, 4);

/* Put "where: " in front of the text of a failure. Returns false. */
bool au_fail_in(struct au_err *err, const char *fmt, ...) AU_PRINTF(2, 3);

/* Change the code of a failure (a getter says AU_INPUT; of a server's object it is AU_PROTOCOL). Returns false. */
bool au_fail_as(struct au_err *err, enum au_code code);

/* AU_SYSTEM, "out of memory". Returns false. */
bool au_fail_mem(struct au_err *err);

/* AU_SYSTEM with "where: strerror(errno)". Returns false. */
bool au_fail_errno(struct au_err *err, const char *fmt, ...) AU_PRINTF(2, 3);

/* Release the problem and make err empty again. */
void au_err_clear(struct au_err *err);

/* One word ("usage", "network"), and one sentence, for a code; NULL past the last. */
const char *au_code_name(enum au_code code);
const char *au_code_doc(enum au_code code);

/*
 * Write src (n octets, any) into dst as one printable line: control
 * characters and octets that are not UTF-8 become \xNN, format characters
 * that reorder or hide text (U+202A..., U+200B...) become \u{NNNN}, a
 * backslash is doubled. Always NUL-terminates; cuts at a whole character,
 * ending in "..." . Returns the length written. size is at least 8.
 */
size_t au_escape(char *dst, size_t size, const void *src, size_t n);

#define AU_AUTO_ERR __attribute__((cleanup(au_err_clear)))

#endif
