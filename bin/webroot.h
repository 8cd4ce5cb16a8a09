/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* webroot: a token's file below the document root of somebody else's web server. */
#ifndef WEBROOT_H
#define WEBROOT_H

#include "acmeutil.h"

/*
 * Below root, which must exist, .well-known/acme-challenge is made when it is not there. No symbolic link
 * below root is followed: whoever may write there must not choose where we write.
 */
struct webroot {
	const char *root;
	unsigned made;               /* how many of the two directories we made */
};

/* Whole or absent to a reader; mode 0644 less umask. token has been checked. AU_SYSTEM. */
bool webroot_put(struct webroot *w, const char *token, const char *content, struct au_err *err);

/* Not being there is success. */
bool webroot_remove(struct webroot *w, const char *token, struct au_err *err);

/* Remove the directories we made, unless something is in them. */
void webroot_tidy(struct webroot *w);

#endif
