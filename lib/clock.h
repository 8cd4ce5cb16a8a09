/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* clock: time as a thing that is handed in, and its three notations. */
#ifndef AU_CLOCK_H
#define AU_CLOCK_H

#include "err.h"

/*
 * now    milliseconds since 1970-01-01T00:00:00Z
 * mono   milliseconds of a clock that never jumps
 * sleep  wait that long; false when a signal ended it
 */
struct au_clock {
	int64_t (*now)(const struct au_clock *);
	int64_t (*mono)(const struct au_clock *);
	bool (*sleep)(const struct au_clock *, int64_t ms);
};

/* "2026-11-22T16:00:00Z" with optional fraction and offset (RFC 3339) to seconds since 1970. AU_INPUT. */
bool au_time_read(const char *text, int64_t *seconds, struct au_err *err);

/* Seconds since 1970 as RFC 3339 in UTC; saturates at the years 0 and 9999. */
struct au_time_text { char s[32]; };
struct au_time_text au_time_text(int64_t seconds);

/* The three date forms of RFC 9110 section 5.6.7; now tells the century of a year of two digits. AU_PROTOCOL. */
bool au_time_read_http(const char *text, int64_t now_seconds, int64_t *seconds, struct au_err *err);

/*
 * A Retry-After value (RFC 9110 section 10.2.3), seconds or a date, to seconds
 * from now: saturates at AU_MAX_SECONDS, a past date gives 0. False when it is neither.
 */
bool au_retry_after(const char *text, int64_t now_seconds, long *seconds);

/* A duration: 90, 90s, 5m, 12h, 30d. AU_USAGE. */
bool au_duration_read(const char *text, long *seconds, struct au_err *err);

#endif
