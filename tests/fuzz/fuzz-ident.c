/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any text as a name: what comes out is LDH and, given again, itself. */
#include <string.h>

#include "fuzz.h"
#include "ident.h"
#include "mem.h"

static void again(const json_t *identifier)
{
	struct au_err err AU_AUTO_ERR = { 0 };
	char *text AU_AUTO_MEM = au_ident_text(identifier);

	MUST(text);
	json_t *same AU_AUTO_JSON = au_ident_read(text, &err);
	MUST(same && json_equal(same, identifier) && au_ident_equal(same, identifier) && au_ident_check(same, true, &err));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct au_err err AU_AUTO_ERR = { 0 };
	char *text AU_AUTO_MEM = au_memdup0(data, size);

	json_t *name AU_AUTO_JSON = au_ident_dns(text, &err);
	if (name) {
		const char *value = json_string_value(json_object_get(name, "value"));
		MUST(au_ident_is_dns(value, true) && strlen(value) <= 253);
		MUST(strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789-.*") == strlen(value));
		again(name);
	} else {
		MUST(err.code == AU_USAGE && err.text[0]);
	}
	json_t *any AU_AUTO_JSON = au_ident_read(text, &err);
	if (any)
		again(any);
	else
		MUST(err.code == AU_USAGE && err.text[0]);
	return 0;
}
