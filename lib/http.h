/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * http: one request, one bounded answer, whatever the server does. The only
 * file that includes curl; part of libacmenet, so programs that do not talk to
 * a server do not pay for it. Knows nothing of ACME but the header fields it uses.
 */
#ifndef AU_HTTP_H
#define AU_HTTP_H

#include "buf.h"
#include "clock.h"

struct au_http;

/*
 * cacert      file of trust anchors, the only ones trusted then; NULL is the system's bundle
 * anchors     JSON array of hex SHA-256 fingerprints, or NULL: which of the
 *             system's anchors sufficed before (au_http_anchors). A hint that saves parsing all of them;
 *             it can only narrow what the system trusts, and when it does not lead to
 *             a trusted chain the whole bundle is tried
 * bundle      the system's trust anchors when they are not where the build expects them, or NULL
 * ip          0, 4 or 6
 * allow_http  http: URLs are allowed too
 */
struct au_http_opts {
	const char *cacert;
	const json_t *anchors;
	const char *bundle;
	unsigned ip;
	bool allow_http;
};

struct au_http_request {
	const char *method;          /* GET, HEAD, POST, or any other with a body */
	const char *url;
	const void *body;            /* NULL for none */
	size_t n;
	const char *content_type, *accept;
	int64_t timeout_ms;          /* for all of it: connect, TLS, head, body, redirects */
	unsigned redirects;          /* how many to follow; 0 for POST */
};

/* All owned by the response; au_http_response_free() releases it. */
struct au_http_response {
	long status;
	char *content_type;          /* media type in lower case without parameters, or NULL */
	char *location;              /* as sent, or resolved against the request's URL when relative; unchecked; or NULL */
	char *nonce;                 /* Replay-Nonce when it is one (RFC 8555 section 6.5.1) and there once; else NULL */
	char *retry_after;           /* as sent, or NULL; NULL too when there are two that differ */
	json_t *links;               /* [{"rel","url"}], resolved, in order; relation types split */
	json_t *headers;             /* [[name in lower case, value]], all; octets that are no text escaped */
	char *url;                   /* after redirects */
	struct au_buf body;
};

/* Options are copied. AU_SYSTEM; AU_INPUT when cacert cannot be read. */
bool au_http_open(const struct au_http_opts *opts, struct au_http **http, struct au_err *err);
void au_http_free(struct au_http *http);

/*
 * AU_NET: could not resolve, connect, speak TLS, or ran out of time, or the body was cut short.
 * AU_PROTOCOL: a scheme that is not allowed, over the limits, not HTTP, a status that is no
 * final answer. Any status of 200 to 599 is an answer and returns true, but 206 and 304, which
 * nothing here asks for.
 */
bool au_http_do(struct au_http *http, const struct au_http_request *request, struct au_http_response *response,
		struct au_err *err);
void au_http_response_free(struct au_http_response *response);

/*
 * Fingerprints of the system's anchors that the last TLS server's chain leads to, for the next program;
 * NULL when cacert is set, when the anchors given at the start sufficed, or nothing is known. Reads the whole
 * bundle once a server. The caller json_decref()s.
 */
json_t *au_http_anchors(struct au_http *http);

#endif
