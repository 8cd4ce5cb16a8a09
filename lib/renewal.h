/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* renewal: when a certificate is due, as the CA suggests (RFC 9773) or by its own dates. Pure arithmetic. */
#ifndef AU_RENEWAL_H
#define AU_RENEWAL_H

#include "json.h"

/* Seconds between two questions: what a server may ask for (RFC 9773 section 4.3.2), and when it says nothing. */
#define AU_RENEWAL_RETRY_MIN 60
#define AU_RENEWAL_RETRY_MAX (24L * 3600)
#define AU_RENEWAL_RETRY_DEFAULT (6L * 3600)

/*
 * The suggestedWindow of a renewalInfo object for a certificate with these dates. AU_PROTOCOL when it cannot be
 * used, and then the object counts as no answer: dates missing or wrong, an end that is not behind the
 * start, all of it before the certificate was valid (a CA that says so of each new certificate would have it renewed
 * for ever) or after it expires. An end behind notAfter is moved there.
 */
bool au_renewal_window(const json_t *info, int64_t not_before, int64_t not_after, int64_t *start, int64_t *end,
		       struct au_err *err);

/*
 * A time within [start, end), uniform over certificates, and the same whenever it is asked for one certificate and
 * window: drawing anew at each look would favour the beginning of the window. id is au_chain_ari_id().
 */
int64_t au_renewal_pick(const char *id, int64_t start, int64_t end);

/* Without a CA's advice: when a third of the lifetime is left; half for lifetimes under 10 days. */
int64_t au_renewal_by_lifetime(int64_t not_before, int64_t not_after);

/* A Retry-After (-1: none was given) within bounds. */
long au_renewal_retry(long retry_after);

#endif
