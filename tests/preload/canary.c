/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * canary: LD_PRELOAD; ends the program with status 99 when memory that is given back still holds a secret.
 *
 * CANARY=HEX,HEX...  the octets to look for: a private scalar, its base64url, a passphrase...
 * CANARY_SEEN=F      at the end, F holds how many blocks were looked at
 *
 * Looked at: blocks at free and realloc (which may move them), mappings at munmap. With PRELOAD_ALL=1 also
 * those that GnuTLS and others give back.
 */
#include "preload.h"

#include <malloc.h>
#include <sys/mman.h>

extern void __libc_free(void *p);
extern void *__libc_malloc(size_t n);
extern void *__libc_realloc(void *p, size_t n);

static struct { unsigned char p[4096]; size_t n; } patterns[16];
static unsigned n_patterns;
static unsigned long blocks;

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *d = c ? strchr(digits, c) : NULL;

	return d ? (int)(d - digits) : -1;
}

static void preload_start(void)
{
	const char *s = getenv("CANARY");

	if (!s || !*s) {
		dprintf(2, "canary: nothing to look for in CANARY\n");
		_exit(98);
	}
	for (; *s && n_patterns < 16; n_patterns++) {
		size_t n = 0;

		for (; hex_digit(s[0]) >= 0 && hex_digit(s[1]) >= 0 && n < sizeof patterns[0].p; s += 2)
			patterns[n_patterns].p[n++] = (unsigned char)(hex_digit(s[0]) << 4 | hex_digit(s[1]));
		if (n < 8 || (*s && *s != ',')) {
			dprintf(2, "canary: CANARY is not HEX,HEX of 8 octets and more\n");
			_exit(98);
		}
		patterns[n_patterns].n = n;
		s += *s == ',';
	}
	/* the environment holds the patterns, as digits; they do not match themselves */
}

static void look(const void *p, size_t n, const char *what, const void *caller)
{
	if (!p || !counts(caller))
		return;
	__atomic_add_fetch(&blocks, 1, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < n_patterns; i++) {
		if (n < patterns[i].n || !memmem(p, n, patterns[i].p, patterns[i].n))
			continue;
		dprintf(2, "canary: pattern %u is in memory given to %s\n", i + 1, what);
		report("CANARY_SEEN", "left\n");
		_exit(99);
	}
}

void free(void *p)
{
	look(p, p ? malloc_usable_size(p) : 0, "free", CALLER);
	__libc_free(p);
}

void *realloc(void *p, size_t n)
{
	look(p, p ? malloc_usable_size(p) : 0, "realloc", CALLER);
	return __libc_realloc(p, n);
}

int munmap(void *p, size_t n)
{
	look(p, n, "munmap", CALLER);
	return REAL(munmap)(p, n);
}

__attribute__((destructor)) static void finish(void)
{
	char text[32];

	running_ = false;
	snprintf(text, sizeof text, "%lu\n", blocks);
	report("CANARY_SEEN", text);
}
