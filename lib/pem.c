/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pem.h"

#include <nettle/base64.h>
#include <string.h>

#include "b64.h"
#include "der.h"

#define BEGIN "-----BEGIN "
#define END "-----END "
#define DASHES "-----"
#define LABEL 64u

/* The next line without its end; false when there is none. */
static bool line_next(struct au_pem *pem, struct au_span *line)
{
	if (pem->n == 0)
		return false;
	const char *nl = memchr(pem->p, '\n', pem->n);
	size_t n = nl ? (size_t)(nl - pem->p) : pem->n;
	size_t step = nl ? n + 1 : n;

	*line = (struct au_span){ (const uint8_t *)pem->p, n };
	if (n > 0 && pem->p[n - 1] == '\r')
		line->n--;
	pem->p += step;
	pem->n -= step;
	pem->line++;
	return true;
}

/* "-----BEGIN LABEL-----": upper-case words (RFC 7468 allows more; nothing uses it). */
static bool boundary(struct au_span line, const char *start, char label[static LABEL])
{
	size_t s = strlen(start), d = strlen(DASHES);

	if (line.n <= s + d || line.n - s - d >= LABEL || memcmp(line.p, start, s) != 0 ||
	    memcmp(line.p + line.n - d, DASHES, d) != 0)
		return false;
	size_t n = line.n - s - d;
	for (size_t i = 0; i < n; i++) {
		uint8_t c = line.p[s + i];
		if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' '))
			return false;
	}
	memcpy(label, line.p + s, n);
	label[n] = '\0';
	return true;
}

static bool begin_find(struct au_pem *pem, bool explained, char label[static LABEL], bool *found, struct au_err *err)
{
	struct au_span line;

	*found = false;
	while (line_next(pem, &line)) {
		if (boundary(line, BEGIN, label)) {
			pem->begin = pem->line - 1;
			*found = true;
			return true;
		}
		bool dashes = line.n >= 5 && memcmp(line.p, DASHES, 5) == 0;
		if (line.n == 0 || (explained && !dashes))
			continue;
		return au_fail(err, AU_INPUT, "line %zu: %s", pem->line - 1,
			       dashes ? "not a PEM boundary that belongs here" : "text outside of PEM");
	}
	return true;
}

bool au_pem_next(struct au_pem *pem, bool explained, char label[static 64], struct au_buf *der, bool *found,
		 struct au_err *err)
{
	struct au_span line = { 0 };
	char end[LABEL];

	if (!begin_find(pem, explained, label, found, err))
		return false;
	if (!*found)
		return true;
	const char *body = pem->p;
	size_t was = der->n;
	do {
		if (!line_next(pem, &line))
			return au_fail(err, AU_INPUT, "line %zu: the end of %s is missing", pem->begin, label);
		if (line.n == 0)
			return au_fail(err, AU_INPUT, "line %zu: an empty line inside of %s", pem->line - 1, label);
	} while (line.p[0] != '-');
	if (!boundary(line, END, end) || strcmp(end, label) != 0)
		return au_fail(err, AU_INPUT, "line %zu: not the end of %s", pem->line - 1, label);
	if (!au_b64_read(body, (size_t)((const char *)line.p - body), der, err))
		return au_fail_in(err, "line %zu: %s", pem->begin, label);
	if (der->n == was)
		return au_fail(err, AU_INPUT, "line %zu: %s: nothing inside", pem->begin, label);
	return true;
}

bool au_pem_write(const char *label, const void *der, size_t n, struct au_buf *pem, struct au_err *err)
{
	enum { OCTETS = 48 };
	const uint8_t *p = der;
	char line[BASE64_ENCODE_RAW_LENGTH(OCTETS) + 1];

	if (!au_buf_addf(pem, err, BEGIN "%s" DASHES "\n", label))
		return false;
	for (size_t at = 0; at < n; at += OCTETS) {
		size_t k = n - at < OCTETS ? n - at : OCTETS;
		size_t len = BASE64_ENCODE_RAW_LENGTH(k);
		base64_encode_raw(line, k, p + at);
		line[len] = '\n';
		if (!au_buf_add(pem, line, len + 1, err))
			return false;
	}
	return au_buf_addf(pem, err, END "%s" DASHES "\n", label);
}
