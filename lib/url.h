/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* url: which URLs that a server names a client follows. */
#ifndef AU_URL_H
#define AU_URL_H

#include "err.h"

/*
 * May a client follow this URL? https (http with allow_http), absolute, at most
 * AU_MAX_URL characters, no user information, fragment, blanks, control
 * characters, backslash or non-ASCII, no port of a service that is not HTTP (22, 25, ...).
 * AU_PROTOCOL; `what` names it in the error.
 */
bool au_url_check(const char *url, const char *what, bool allow_http, struct au_err *err);

/*
 * The origin ("https://host:port", default port written out, host in lower
 * case). The caller au_free()s; NULL: not such a URL or no memory.
 */
char *au_url_origin(const char *url);

#endif
