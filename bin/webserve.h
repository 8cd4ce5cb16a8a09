/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* webserve: a web server that knows the tokens it was given and nothing else. */
#ifndef WEBSERVE_H
#define WEBSERVE_H

#include "acmeutil.h"

struct webserve;

/* Serve on a listening socket, from a thread of its own. fd is taken. AU_SYSTEM. */
bool webserve_start_take(int fd, struct webserve **w, struct au_err *err);

/* From now on GET path gives content. */
bool webserve_put(struct webserve *w, const char *path, const char *content, struct au_err *err);

/* Hang up and close the socket. NULL is fine. */
void webserve_stop(struct webserve *w);

#endif
