/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* listen: "[ADDR]:PORT" to a socket that listens, and the file that says which port it became. */
#ifndef LISTEN_H
#define LISTEN_H

#include "acmeutil.h"

/*
 * :80 (every address, IPv6 and IPv4), 127.0.0.1:5002, [::1]:80, port 0 for any that is free, or fd:3 for a
 * socket that listens already. AU_USAGE: none of these; AU_SYSTEM, naming it: cannot listen there.
 */
bool listen_open(const char *where, int *fd, struct au_err *err);

/* Write the port, one line, into the file (when path is not NULL) and say it with -v. */
bool listen_announce(const struct au_run *run, int fd, const char *path, struct au_err *err);

#endif
