/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* req-impl: what the parts of req share (not installed, not for programs). */
#ifndef AU_REQ_IMPL_H
#define AU_REQ_IMPL_H

#include <string.h>

#include "req.h"

struct au_net {
	const struct au_net_opts *opts;
	const struct au_run *run;
	struct au_http *http;
	const char *cacert;          /* http was opened with these two */
	json_t *anchors;
	char *cacert_own;
	/* the document at hand */
	json_t *doc;
	const struct au_acct_opts *acct;
	int64_t deadline;
	bool allow_http;
	char *origin;                /* of its directory, NULL before there is one */
	char *warned;                /* the other origin that was last warned of */
	/* the key opened last, for the documents that follow */
	char *key_name;
	struct au_key *key;
};

/* Milliseconds of a clock that never jumps, as the deadline counts them. */
int64_t au_req_mono(const struct au_net *net);

static inline bool au_req_same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

#endif
