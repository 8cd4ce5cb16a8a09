/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unit: TAP from C. A test is a main() of ok() calls that ends in
 * `return done();`. A program that dies before has no plan, which run.sh sees.
 */
#ifndef UNIT_H
#define UNIT_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "json.h"
#include "mem.h"

static unsigned unit_tests, unit_failed;

/* One test: cond is what is claimed, the format says what that is. True when it holds. */
#define ok(cond, ...) unit_ok((cond), __LINE__, __VA_ARGS__)

/* got and want are strings, or NULL, and equal. */
#define is_str(got, want, ...) unit_is_str((got), (want), __LINE__, __VA_ARGS__)

/* The call returned failure, and err holds this code and this text somewhere; err is cleared. */
#define fails(failed, err, code, text, ...) unit_fails((failed), (err), (code), (text), __LINE__, __VA_ARGS__)

__attribute__((format(printf, 3, 0)))
static inline bool unit_report(bool good, int line, const char *fmt, va_list ap)
{
	char name[512];

	vsnprintf(name, sizeof name, fmt, ap);
	for (char *p = name; *p; p++)
		if (*p == '#' || (unsigned char)*p < ' ')
			*p = '?';
	printf("%sok %u - %s\n", good ? "" : "not ", ++unit_tests, name);
	if (!good) {
		unit_failed++;
		printf("# line %d\n", line);
	}
	fflush(stdout);
	return good;
}

__attribute__((format(printf, 3, 4)))
static inline bool unit_ok(bool good, int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	good = unit_report(good, line, fmt, ap);
	va_end(ap);
	return good;
}

__attribute__((format(printf, 4, 5)))
static inline bool unit_is_str(const char *got, const char *want, int line, const char *fmt, ...)
{
	bool good = got && want ? strcmp(got, want) == 0 : got == want;
	va_list ap;

	va_start(ap, fmt);
	unit_report(good, line, fmt, ap);
	va_end(ap);
	if (!good)
		printf("#  got: %.400s\n# want: %.400s\n", got ? got : "(null)", want ? want : "(null)");
	return good;
}

__attribute__((format(printf, 6, 7)))
static inline bool unit_fails(bool failed, struct au_err *err, enum au_code code, const char *text, int line,
			      const char *fmt, ...)
{
	bool good = failed && err->code == code && strstr(err->text, text);
	va_list ap;

	va_start(ap, fmt);
	unit_report(good, line, fmt, ap);
	va_end(ap);
	if (!good)
		printf("#  got: %s, %d, %.400s\n# want: %d, %.400s\n", failed ? "failure" : "success", (int)err->code, err->text,
		       (int)code, text);
	au_err_clear(err);
	return good;
}

static inline int done(void)
{
	printf("1..%u\n", unit_tests);
	return unit_failed ? 1 : 0;
}

/* JSON written with ' for ", which reads better in C; must be good. The caller json_decref()s. */
static inline json_t *json_q(const char *text)
{
	struct au_err err = { 0 };
	char *copy = au_strdup(text);
	json_t *value;

	for (char *p = copy; *p; p++)
		if (*p == '\'')
			*p = '"';
	value = au_json_load(copy, strlen(copy), 64, &err);
	if (!value) {
		printf("Bail out! bad JSON in the test: %s: %s\n", copy, err.text);
		exit(99);
	}
	au_free(copy);
	return value;
}

#endif
