/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rawserve: what its files share. The script format is described in rawserve.c. */
#ifndef RAWSERVE_H
#define RAWSERVE_H

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

enum act {
	ACT_REPLY,                   /* an answer put together from its parts */
	ACT_SEND, ACT_REPEAT, ACT_DELAY, ACT_SLOW, ACT_STALL, ACT_CLOSE, ACT_CUT, ACT_RESET,
};

/* The parts of a composed answer; texts still hold their @NAMES@. */
struct reply {
	char *status, *nonce, *length;
	struct au_buf headers, body;
};

struct action {
	enum act act;
	long number;
	char *text;
	size_t n;
	struct reply reply;
	struct action *next;
};

struct rule {
	char *method, *target;
	bool prefix, limited;
	unsigned left;
	struct action *actions, *last;
	struct rule *next;
};

/* --- rawserve-script.c --- */

/* Append the rules of a file. Ends the process, naming file and line, when it is wrong. */
void script_read(const char *file, struct rule **rules);

/* The rule for a request, used up by one; NULL when there is none. The caller holds the lock. */
struct rule *script_find(struct rule *rules, const char *method, const char *target);

/* "NAME=VALUE" for @NAME@ in scripts. */
void script_define(const char *text);

/* text with its @NAMES@ replaced, appended. @NONCE@ calls fresh_nonce each time. */
void script_render(const char *text, size_t n, struct au_buf *out, const char *(*fresh_nonce)(void));

/* --- rawserve-tls.c --- */

struct tls_opts {
	const char *cert, *key;      /* PEM files, or */
	const char *make;            /* a directory: a CA and a certificate are made, DIR/ca.pem is written */
	const char *name;            /* that the certificate made is for, in place of localhost */
	long from, days;             /* its validity: seconds from now, days */
	const char *priority;
};

bool tls_prepare(const struct tls_opts *opts, gnutls_certificate_credentials_t *credentials);

/* For all: print and end with status 2. */
void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
