/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any JSON as a JWK: refused with AU_KEY, or a key that is written and read back as itself. */
#include <string.h>

#include "fuzz.h"
#include "json.h"
#include "jwk.h"
#include "mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum au_key_want wants[] = { AU_KEY_PRIVATE, AU_KEY_PUBLIC };
	struct au_err err AU_AUTO_ERR = { 0 };
	json_t *jwk AU_AUTO_JSON = au_json_load(data, size, AU_MAX_DEPTH_DOC, &err);

	for (size_t i = 0; jwk && i < 2; i++) {
		AU_AUTO_KEY struct au_key *key = NULL, *again = NULL;
		uint8_t a[32], b[32];
		if (!au_jwk_read(jwk, wants[i], &key, &err)) {
			MUST(err.code == AU_KEY && strncmp(err.text, "JWK: ", 5) == 0);
			continue;
		}
		json_t *out AU_AUTO_JSON = au_jwk(key, wants[i], &err);
		MUST(out && au_jwk_read(out, wants[i], &again, &err) && au_key_equal(key, again));
		MUST(au_jwk_thumbprint(key, a, &err) && au_jwk_thumbprint(again, b, &err) && memcmp(a, b, sizeof a) == 0);
		/* the public members of what was read are those written: one key has one spelling */
		for (const char *const *m = (const char *const[]){ "kty", "crv", "n", "e", "x", "y", NULL }; *m; m++)
			MUST(!json_object_get(out, *m) || json_equal(json_object_get(out, *m), json_object_get(jwk, *m)));
	}
	return 0;
}
