/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* json: strict loading, getters that name the path in their errors, and one way to print. */
#ifndef AU_JSON_H
#define AU_JSON_H

#include "buf.h"

/*
 * One JSON text of n octets: UTF-8, no duplicate members, no lone surrogates,
 * no NUL, numbers within range, at most `depth` levels, nothing behind it.
 * AU_INPUT with line and column. The caller json_decref()s.
 */
json_t *au_json_load(const void *text, size_t n, unsigned depth, struct au_err *err) AU_MUST_CHECK;

/* Compact, members sorted, UTF-8: equal values are equal octets. NULL for lack of memory. The caller au_free()s. */
char *au_json_dump(const json_t *value) AU_MUST_CHECK;

/* Whether a member must be there. A member that is null counts as absent where it may be. */
enum au_need { AU_MUST, AU_MAY };

/*
 * Read what stands at `path` ("order.url", members joined by dots) below
 * `root`. *out is borrowed from root, and left NULL (or as it was, for numbers
 * and booleans) when an AU_MAY member is absent. Failures are AU_INPUT and
 * name the path: "order.url: missing", "order.url: not a string".
 * A NULL root is an object without members. A string holding a control
 * character is an error.
 */
bool au_json_str(const json_t *root, const char *path, enum au_need need, const char **out, struct au_err *err);
bool au_json_int(const json_t *root, const char *path, enum au_need need, int64_t *out, struct au_err *err);
bool au_json_bool(const json_t *root, const char *path, enum au_need need, bool *out, struct au_err *err);
bool au_json_obj(const json_t *root, const char *path, enum au_need need, json_t **out, struct au_err *err);
bool au_json_arr(const json_t *root, const char *path, enum au_need need, json_t **out, struct au_err *err);

/* What stands at path, borrowed, or NULL: no error. */
json_t *au_json_at(const json_t *root, const char *path);

/* Set member `name`, consuming `value` (NULL is lack of memory, reported as such). */
bool au_json_set_take(json_t *object, const char *name, json_t *value, struct au_err *err);

/* Append to an array, consuming `value`. */
bool au_json_add_take(json_t *array, json_t *value, struct au_err *err);

void au_json_freep(json_t **value);
#define AU_AUTO_JSON __attribute__((cleanup(au_json_freep)))

#endif
