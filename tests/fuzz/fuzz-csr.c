/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any octets as a CSR, and as a list of names. */
#include <string.h>

#include "csr.h"
#include "fuzz.h"
#include "san.h"

static void names_are_sorted(const json_t *names)
{
	const char *type = "", *value = "";
	json_t *one;
	size_t i;

	json_array_foreach(names, i, one) {
		const char *t = json_string_value(json_object_get(one, "type"));
		const char *v = json_string_value(json_object_get(one, "value"));
		MUST(t && v);
		int c = strcmp(type, t);
		MUST(c < 0 || (c == 0 && strcmp(value, v) < 0));
		type = t;
		value = v;
	}
}

static void list(const uint8_t *data, size_t size)
{
	struct au_err err AU_AUTO_ERR = { 0 };
	struct au_buf der AU_AUTO_BUF = AU_BUF(0);
	AU_AUTO_JSON json_t *names = au_san_read((struct au_span){ data, size }, false, &err), *again = NULL, *all = NULL;

	if (!names) {
		MUST(err.code == AU_INPUT);
		return;
	}
	names_are_sorted(names);
	MUST(au_san_write(names, &der, &err));
	again = au_san_read((struct au_span){ der.p, der.n }, false, &err);
	MUST(again && json_equal(names, again));
	all = au_san_read((struct au_span){ data, size }, true, &err);
	MUST(all && json_array_size(all) >= json_array_size(names));
	names_are_sorted(all);
}

static void parts(const uint8_t *der, size_t n)
{
	struct au_err err AU_AUTO_ERR = { 0 };
	AU_AUTO_KEY struct au_key *key = NULL;
	AU_AUTO_JSON json_t *names = au_csr_identifiers(der, n, &err);

	if (names)
		names_are_sorted(names);
	else
		MUST(err.code == AU_INPUT);
	if (!au_csr_key(der, n, &key, &err))
		MUST(err.code == AU_INPUT || err.code == AU_KEY);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct au_err err AU_AUTO_ERR = { 0 };
	struct au_buf der AU_AUTO_BUF = AU_BUF(0), pem AU_AUTO_BUF = AU_BUF(0), again AU_AUTO_BUF = AU_BUF(0);

	if (au_csr_read(data, size, &der, &err)) {
		MUST(au_csr_pem(der.p, der.n, &pem, &err) && au_csr_read(pem.p, pem.n, &again, &err));
		MUST(der.n == again.n && memcmp(der.p, again.p, der.n) == 0);
		parts(der.p, der.n);
	} else {
		MUST(err.code == AU_INPUT || err.code == AU_KEY);
	}
	/* signed or not */
	parts(data, size);
	list(data, size);
	return 0;
}
