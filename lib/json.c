/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* json: jansson, held to what RFC 8259 and RFC 8555 say and no more. */
#include "json.h"

#include <string.h>

#include "mem.h"

/*
 * jansson recurses once a level and its own limit is 2048; ours is checked on
 * the text first, outside of strings, so that depth costs nothing.
 */
static bool shallow(const char *s, size_t n, unsigned depth)
{
	unsigned level = 0;
	bool in_string = false;

	for (size_t i = 0; i < n; i++) {
		if (in_string) {
			if (s[i] == '\\')
				i++;
			else if (s[i] == '"')
				in_string = false;
		} else if (s[i] == '"') {
			in_string = true;
		} else if (s[i] == '{' || s[i] == '[') {
			if (++level > depth)
				return false;
		} else if ((s[i] == '}' || s[i] == ']') && level) {
			level--;
		}
	}
	return true;
}

json_t *au_json_load(const void *text, size_t n, unsigned depth, struct au_err *err)
{
	json_error_t je;

	if (!shallow(text, n, depth))
		return au_fail(err, AU_INPUT, "nested deeper than %u levels", depth), NULL;
	json_t *v = json_loadb(text, n, JSON_REJECT_DUPLICATES, &je);
	if (v)
		return v;
	/* jansson calls it a syntax error when memory runs out inside a string: a second look tells the two apart */
	v = json_loadb(text, n, JSON_REJECT_DUPLICATES, &je);
	AU_AUTO_MEM void *probe = au_alloc(4096);
	if (!v && (!probe || !*je.text))
		return au_fail_mem(err), NULL;
	if (!v)
		return au_fail(err, AU_INPUT, "line %d column %d: %s", je.line, je.column, je.text), NULL;
	return v;
}

char *au_json_dump(const json_t *value)
{
	const size_t flags = JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY;
	size_t n = json_dumpb(value, NULL, 0, flags);
	char *s = n ? au_alloc(n + 1) : NULL;

	if (s && json_dumpb(value, s, n, flags) != n) {
		au_free(s);
		return NULL;
	}
	return s;
}

json_t *au_json_at(const json_t *root, const char *path)
{
	const json_t *v = root;
	for (const char *p = path; v && *p;) {
		const char *dot = strchrnul(p, '.');
		size_t n = (size_t)(dot - p);
		v = json_object_getn(v, p, n);
		p = *dot ? dot + 1 : dot;
	}
	return (json_t *)v;
}

static const char *kind(json_type t)
{
	static const char *const names[] = { [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array",
		[JSON_STRING] = "a string", [JSON_INTEGER] = "an integer", [JSON_REAL] = "an integer",
		[JSON_TRUE] = "true or false", [JSON_FALSE] = "true or false", [JSON_NULL] = "null" };
	return names[t];
}

/* *v is the member, or NULL when it may be absent and is. */
static bool member(const json_t *root, const char *path, enum au_need need, json_type type, json_t **v,
		   struct au_err *err)
{
	*v = au_json_at(root, path);
	if (!*v || (json_is_null(*v) && need == AU_MAY)) {
		*v = NULL;
		return need == AU_MAY || au_fail(err, AU_INPUT, "%s: missing", path);
	}
	json_type is = json_typeof(*v);
	if (is == JSON_FALSE)
		is = JSON_TRUE;
	return is == type || au_fail(err, AU_INPUT, "%s: not %s", path, kind(type));
}

bool au_json_str(const json_t *root, const char *path, enum au_need need, const char **out, struct au_err *err)
{
	json_t *v;
	if (!member(root, path, need, JSON_STRING, &v, err))
		return false;
	*out = json_string_value(v);
	for (const unsigned char *p = (const unsigned char *)*out; p && *p; p++)
		if (*p < 0x20 || *p == 0x7f)
			return au_fail(err, AU_INPUT, "%s: holds a control character", path);
	return true;
}

bool au_json_int(const json_t *root, const char *path, enum au_need need, int64_t *out, struct au_err *err)
{
	json_t *v;
	if (!member(root, path, need, JSON_INTEGER, &v, err))
		return false;
	if (v)
		*out = json_integer_value(v);
	return true;
}

bool au_json_bool(const json_t *root, const char *path, enum au_need need, bool *out, struct au_err *err)
{
	json_t *v;
	if (!member(root, path, need, JSON_TRUE, &v, err))
		return false;
	if (v)
		*out = json_is_true(v);
	return true;
}

bool au_json_obj(const json_t *root, const char *path, enum au_need need, json_t **out, struct au_err *err)
{
	return member(root, path, need, JSON_OBJECT, out, err);
}

bool au_json_arr(const json_t *root, const char *path, enum au_need need, json_t **out, struct au_err *err)
{
	return member(root, path, need, JSON_ARRAY, out, err);
}

bool au_json_set_take(json_t *object, const char *name, json_t *value, struct au_err *err)
{
	return json_object_set_new(object, name, value) == 0 || au_fail_mem(err);
}

bool au_json_add_take(json_t *array, json_t *value, struct au_err *err)
{
	return json_array_append_new(array, value) == 0 || au_fail_mem(err);
}

void au_json_freep(json_t **value)
{
	json_decref(*value);
}
