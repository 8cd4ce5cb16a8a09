/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory: zeroed, wiped when released, cleaned up by scope. */
#include <stdint.h>

#include "mem.h"
#include "unit.h"

static unsigned released;
static void count(char **p) { released += *p != NULL; au_freep(p); }

static char *stolen(void)
{
	__attribute__((cleanup(count))) char *p = au_strdup("x");
	return au_steal(&p);
}

int main(void)
{
	char *p = au_alloc(1000);
	bool zero = true;
	for (int i = 0; i < 1000; i++)
		zero = zero && p[i] == 0;
	ok(zero && (uintptr_t)p % _Alignof(max_align_t) == 0, "zeroed and aligned");
	memset(p, 'x', 1000);
	p = au_realloc(p, 2000);
	ok(p && p[0] == 'x' && p[999] == 'x' && p[1000] == 0 && p[1999] == 0, "grown, the rest zeroed");
	p = au_realloc(p, 10);
	ok(p && p[0] == 'x' && p[9] == 'x', "shrunk");
	char *q = au_realloc(NULL, 4);
	ok(q && q[3] == 0, "from nothing");
	volatile size_t huge = SIZE_MAX;
	ok(!au_alloc(huge) && !au_alloc(huge - 8) && !au_realloc(q, huge) && !au_memdup0("", huge), "sizes that overflow");
	au_free(q);
	au_free(p);
	au_free(NULL);

	void *none = au_alloc(0);
	ok(none != NULL, "nothing is something");
	au_free(none);

	char *d = au_memdup0("a\0b", 3), *s = au_strdup("text"), *f = au_asprintf("%s-%d", "a", 7);
	ok(d && memcmp(d, "a\0b", 4) == 0, "octets and a NUL");
	is_str(s, "text", "a string");
	is_str(f, "a-7", "a formatted string");
	ok(!au_strdup(NULL), "a copy of no string");
	au_wipe(s, 4);
	ok(memcmp(s, "\0\0\0\0", 4) == 0, "wiped");
	au_free(d);
	au_free(s);
	au_free(f);

	char *t = stolen();
	ok(t && released == 0, "stolen from its scope");
	{
		__attribute__((cleanup(count), unused)) char *u = t;
	}
	ok(released == 1, "released at the end of one");
	return done();
}
