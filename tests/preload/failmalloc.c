/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * failmalloc: LD_PRELOAD; one allocation fails.
 *
 * FAIL_AT=N     the Nth allocation that counts (preload.h) returns NULL; 0: none does
 * FAIL_ON=1     and so do all that follow
 * FAIL_COUNT=F  at the end, F holds how many there were
 */
#include "preload.h"

#include <malloc.h>

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t m);
extern void *__libc_realloc(void *p, size_t n);

static unsigned long at, seen;
static bool on;

static void preload_start(void)
{
	at = env_number("FAIL_AT");
	on = env_number("FAIL_ON");
}

static bool fails(const void *caller)
{
	unsigned long n;

	if (!counts(caller))
		return false;
	n = __atomic_add_fetch(&seen, 1, __ATOMIC_RELAXED);
	if (!at || n < at || (n > at && !on))
		return false;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t n)
{
	return fails(CALLER) ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t m)
{
	return fails(CALLER) ? NULL : __libc_calloc(n, m);
}

void *realloc(void *p, size_t n)
{
	return n && fails(CALLER) ? NULL : __libc_realloc(p, n);
}

__attribute__((destructor)) static void finish(void)
{
	char text[32];

	running_ = false;
	snprintf(text, sizeof text, "%lu\n", seen);
	report("FAIL_COUNT", text);
}
