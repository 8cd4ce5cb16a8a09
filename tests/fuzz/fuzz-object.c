/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any JSON as each of the server's objects: what passes keeps what the checks promise. Any text as a URL. */
#include <string.h>
#include <strings.h>

#include "fuzz.h"
#include "ident.h"
#include "mem.h"
#include "object.h"

static const char *text_of(const json_t *o, const char *name)
{
	return json_string_value(json_object_get(o, name));
}

static bool is_url(const char *url)
{
	char *origin AU_AUTO_MEM = url ? au_url_origin(url) : NULL;
	return origin && strncmp(origin, "https://", 8) == 0;
}

static void failed(const struct au_err *err)
{
	MUST(err->code == AU_PROTOCOL && err->text[0]);
}

static void order(const json_t *o)
{
	struct au_err err AU_AUTO_ERR = { 0 };
	enum au_status st;

	if (!au_order_check(o, false, &st, &err)) {
		failed(&err);
		return;
	}
	MUST(strcmp(text_of(o, "status"), au_status_name(st)) == 0 && is_url(text_of(o, "finalize")));
	const json_t *list = json_object_get(o, "authorizations");
	for (size_t i = 0; i < json_array_size(list); i++)
		MUST(is_url(json_string_value(json_array_get(list, i))));
	MUST(st != AU_ST_VALID || json_object_get(o, "certificate") || json_object_get(o, "star-certificate"));
	MUST(au_ident_same_set(json_object_get(o, "identifiers"), json_object_get(o, "identifiers"), &err));
}

static void authz(const json_t *o)
{
	struct au_err err AU_AUTO_ERR = { 0 };
	const char *token;

	char *text AU_AUTO_MEM = au_authz_text(o);
	MUST(text && strchr(text, ':'));
	if (!au_authz_check(o, false, NULL, &err)) {
		failed(&err);
		return;
	}
	const json_t *challenge = au_authz_challenge(o, "http-01");
	if (!challenge)
		return;
	MUST(is_url(text_of(challenge, "url")));
	if (au_token_check(challenge, &token, &err))
		MUST(strlen(token) >= 22 && strlen(token) <= 256 && !strpbrk(token, "./\\ %$`;=\"'"));
	else
		failed(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct au_err err AU_AUTO_ERR = { 0 };
	char *text AU_AUTO_MEM = au_memdup0(data, size);

	if (au_url_check(text, "url", false, &err))
		MUST(is_url(text) && strlen(text) <= AU_MAX_URL && !strpbrk(text, "#\\ \"<>") && strncasecmp(text,
		     "https://", 8) == 0);
	else
		failed(&err);
	json_t *o AU_AUTO_JSON = au_json_load(data, size, AU_MAX_DEPTH_SERVER, &err);
	if (!o)
		return 0;
	order(o);
	authz(o);
	if (au_directory_check(o, false, &err))
		MUST(is_url(text_of(o, "newNonce")));
	else
		failed(&err);
	if (!au_account_check(o, &err))
		failed(&err);
	if (!au_challenge_check(o, false, NULL, &err))
		failed(&err);
	return 0;
}
