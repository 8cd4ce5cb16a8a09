/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mem: memory whose every free wipes, and cleanup by scope.
 *
 * All allocation of the library goes through here; the programs hand the same
 * pair to jansson, so that a private JWK does not outlive its object. A
 * library user who loads private JWKs does likewise at start:
 * json_set_alloc_funcs(au_alloc, au_free).
 */
#ifndef AU_MEM_H
#define AU_MEM_H

#include <stddef.h>

/* n zeroed octets, or NULL. Released with au_free only. */
void *au_alloc(size_t n);

/* As realloc: the old block is wiped. NULL leaves p as it was. */
void *au_realloc(void *p, size_t n);

/* Wipe and release; NULL is fine. */
void au_free(void *p);

/* Copies: of n octets plus a NUL, and of a string (NULL gives NULL). */
char *au_memdup0(const void *p, size_t n);
char *au_strdup(const char *s);

/* printf into a new string, or NULL. */
char *au_asprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Overwrite; never optimised away. */
void au_wipe(void *p, size_t n);

/* For the macro below: frees *pp. */
void au_freep(void *pp);

/* A variable that is au_free()d at the end of its scope; start it as NULL. */
#define AU_AUTO_MEM __attribute__((cleanup(au_freep)))

/* Take the pointer out of a variable with cleanup. */
#define au_steal(pp) __extension__({ __typeof__(*(pp)) steal_ = *(pp); *(pp) = NULL; steal_; })

#endif
