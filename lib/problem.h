/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* problem: RFC 9457 problem documents as ACME uses them (RFC 8555 section 6.7), to errors and back. */
#ifndef AU_PROBLEM_H
#define AU_PROBLEM_H

#include "json.h"

#define AU_ACME_ERROR "urn:ietf:params:acme:error:"

/*
 * The server answered `status` with problem document `body` (NULL: none could
 * be read) to a request for `url`. Fills err: AU_RATE for rateLimited (and for 429 and 503 of
 * unknown type), else AU_REFUSED; text from type, detail, subproblems (at most
 * AU_MAX_SUBPROBLEMS, each named by its identifier) and `instance`; retry_after
 * as given (-1: unknown). Returns false.
 */
bool au_problem_fail(struct au_err *err, const char *url, long status, const json_t *body, long retry_after);

/* The `error` of an authorization's challenge or an order, as AU_INVALID under `where`. Returns false. */
bool au_problem_invalid(struct au_err *err, const char *where, const json_t *error);

/* Does the failure carry this type ("badNonce")? The type URN decides, not the status or text. */
bool au_problem_is(const struct au_err *err, const char *type);

/*
 * The `problem` member a failed document travels on with: the server's object
 * (detail cut at AU_MAX_DETAIL) or one of ours
 * ("urn:acmeutils:error:" and the code's name, detail = text), plus program, exit and retryAfter.
 */
json_t *au_problem_doc(const struct au_err *err, const char *program) AU_MUST_CHECK;

#endif
