/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any octets as JSON: refused with AU_INPUT, or a value that is written and read back as itself. */
#include <string.h>

#include "fuzz.h"
#include "json.h"
#include "mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct au_err err AU_AUTO_ERR = { 0 };
	json_t *value AU_AUTO_JSON = au_json_load(data, size, AU_MAX_DEPTH_SERVER, &err);

	if (!value) {
		MUST(err.code == AU_INPUT && err.text[0]);
		return 0;
	}
	char *text AU_AUTO_MEM = au_json_dump(value);
	MUST(text && !strchr(text, '\n'));
	json_t *again AU_AUTO_JSON = au_json_load(text, strlen(text), AU_MAX_DEPTH_SERVER, &err);
	MUST(again && json_equal(value, again));
	char *same AU_AUTO_MEM = au_json_dump(again);
	MUST(same && strcmp(text, same) == 0);
	return 0;
}
