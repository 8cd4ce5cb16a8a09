/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of http share; not for anyone else. */
#ifndef AU_HTTP_IMPL_H
#define AU_HTTP_IMPL_H

#include "http.h"

/* --- http-head.c: header fields, pure ----------------------------------------------------------------- */

/* The header section while it arrives, to be bounded before curl has all of it. */
struct au_http_head {
	size_t octets, informational;
	bool chunked;
	struct au_err *err;
};

/*
 * One line as it came, line end included. Refused (AU_PROTOCOL): over AU_MAX_HEADER or, all of them with those of
 * interim answers, over AU_MAX_HEADERS; a coding that was not asked for.
 */
bool au_http_head_line(struct au_http_head *head, const char *line, size_t n);

/* Take all of the response's headers apart into its other members; its `url` is what they are relative to. */
bool au_http_head_read(struct au_http_response *response, struct au_err *err);

/* Append the links of one Link field (RFC 8288 section 3) to links; what is not well-formed ends the field. */
bool au_http_links(const char *value, const char *base, json_t *links, struct au_err *err);

/* "Text/HTML; charset=x" to "text/html"; NULL when it is no media type. The caller au_free()s. */
char *au_http_media_type(const char *value);

/* A reference with a scheme as it stands, any other resolved. NULL when that cannot be done. The caller au_free()s. */
char *au_http_resolve(const char *base, const char *reference);

/* Octets of a field as text: control characters and what is not UTF-8 escaped. The caller json_decref()s. */
json_t *au_http_text(const char *p, size_t n);

/* --- http-trust.c: the system's anchors --------------------------------------------------------------- */

/* The file that holds them: `given`, else the first that can be read of those known, else NULL. Borrowed. */
const char *au_trust_bundle(const char *given);

/* A descriptor of a file with the anchors of `bundle` that have these fingerprints, or -1 when none has. */
int au_trust_narrow(const char *bundle, const json_t *fingerprints);

/* The fingerprints of the anchors in `bundle` that issued a certificate of `chain` (PEM), or NULL. */
json_t *au_trust_issuers(const char *bundle, const struct au_buf *chain);

/* --- http-fail.c: curl's errors in words -------------------------------------------------------------- */

/* What is known about a transfer that failed; curl is a CURL *, code a CURLcode. */
struct au_http_failure {
	void *curl;
	int code;
	const char *url, *cacert;
	const char *reason;          /* curl's own words, or "" */
	int64_t timeout_ms;          /* that was there for all of the request */
	size_t received;             /* octets of the body so far */
};
bool au_http_fail(const struct au_http_failure *f, struct au_err *err);

#endif
