/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any JSON as a problem document: one line for people, one object that travels on. The first octet picks the status. */
#include <string.h>

#include "fuzz.h"
#include "mem.h"
#include "problem.h"

static void check(const struct au_err *failure)
{
	struct au_err err AU_AUTO_ERR = { 0 };
	json_t *doc AU_AUTO_JSON = au_problem_doc(failure, "acme-order");
	size_t n = strlen(failure->text);
	const char *program = NULL, *detail;
	int64_t code = -1;

	MUST(n > 0 && n < AU_ERR_TEXT);
	for (size_t i = 0; i < n; i++)
		MUST((unsigned char)failure->text[i] >= ' ' && failure->text[i] != 0x7f);
	MUST(doc && au_json_str(doc, "program", AU_MUST, &program, &err) && strcmp(program, "acme-order") == 0);
	MUST(au_json_int(doc, "exit", AU_MUST, &code, &err) && code == (int64_t)failure->code);
	detail = json_string_value(json_object_get(doc, "detail"));
	MUST(!detail || strlen(detail) <= AU_ERR_TEXT);
	MUST(json_array_size(json_object_get(doc, "subproblems")) <= AU_MAX_SUBPROBLEMS);
	char *text AU_AUTO_MEM = au_json_dump(doc);
	MUST(text);
	json_t *again AU_AUTO_JSON = au_json_load(text, strlen(text), AU_MAX_DEPTH_DOC, &err);
	MUST(again && json_equal(again, doc));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const long statuses[] = { 400, 401, 403, 404, 429, 500, 503 };
	struct au_err err AU_AUTO_ERR = { 0 };

	if (size == 0)
		return 0;
	json_t *body AU_AUTO_JSON = au_json_load(data + 1, size - 1, AU_MAX_DEPTH_SERVER, &err);
	json_t *before AU_AUTO_JSON = json_deep_copy(body);
	long status = statuses[*data % (sizeof statuses / sizeof *statuses)];

	MUST(!au_problem_fail(&err, "https://ca.test/x", status, body, *data & 0x80 ? -1 : *data));
	MUST(err.code == AU_REFUSED || err.code == AU_RATE);
	MUST(!au_problem_is(&err, "rateLimited") || err.code == AU_RATE);
	check(&err);
	MUST(!au_problem_invalid(&err, "dns:a.test", body) && err.code == AU_INVALID);
	check(&err);
	MUST(!body || json_equal(body, before));
	return 0;
}
