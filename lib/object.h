/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * object: the server's directory, account, order, authorization and challenge
 * objects (RFC 8555 section 7.1), checked once when they arrive. All failures
 * are AU_PROTOCOL. The objects themselves stay as served.
 */
#ifndef AU_OBJECT_H
#define AU_OBJECT_H

#include "json.h"
#include "url.h"

enum au_status {
	AU_ST_PENDING, AU_ST_PROCESSING, AU_ST_READY, AU_ST_VALID, AU_ST_INVALID,
	AU_ST_DEACTIVATED, AU_ST_EXPIRED, AU_ST_REVOKED,
};

/*
 * Each check reads the members the type must have and the URLs it holds;
 * members that no program acts on are not looked at. A challenge without type or URL is passed
 * over; one with a URL that may not be followed refuses its authorization. status may be NULL.
 */
bool au_directory_check(const json_t *directory, bool allow_http, struct au_err *err);
bool au_account_check(const json_t *account, struct au_err *err);
bool au_order_check(const json_t *order, bool allow_http, enum au_status *status, struct au_err *err);
bool au_authz_check(const json_t *authz, bool allow_http, enum au_status *status, struct au_err *err);
bool au_challenge_check(const json_t *challenge, bool allow_http, enum au_status *status, struct au_err *err);

const char *au_status_name(enum au_status status);

/*
 * The first challenge of this type in an authorization, borrowed, or NULL. At most AU_MAX_CHALLENGES are
 * looked at, those without a url passed over.
 */
json_t *au_authz_challenge(const json_t *authz, const char *type);

/* RFC 8555 section 8: does the token match ^[A-Za-z0-9_-]{22,256}$ (128 bits at least)? Before any use of it. */
bool au_token_check(const json_t *challenge, const char **token, struct au_err *err);

/* "dns:*.example.org" (the wildcard flag seen) for messages. The caller au_free()s. */
char *au_authz_text(const json_t *authz);

#endif
