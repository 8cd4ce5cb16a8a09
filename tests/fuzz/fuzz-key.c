/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any octets as a key file, and as an SPKI: refused with AU_KEY, or a key within the policy that is written and read
 * back as itself.
 */
#include <string.h>

#include "fuzz.h"
#include "key.h"
#include "mem.h"

static void written(const struct au_key *key)
{
	struct au_err err AU_AUTO_ERR = { 0 };
	struct au_buf spki AU_AUTO_BUF = AU_BUF(0), pem AU_AUTO_BUF = AU_BUF(0);
	AU_AUTO_KEY struct au_key *from_spki = NULL, *from_pem = NULL;

	MUST(au_key_policy(key, &err));
	MUST(au_key_spki(key, &spki, &err) && au_key_from_spki(spki.p, spki.n, &from_spki, &err));
	MUST(au_key_equal(key, from_spki) && strcmp(au_key_name_peek(key), au_key_name_peek(from_spki)) == 0);
	if (!au_key_is_private(key))
		return;
	MUST(au_key_pem(key, NULL, 0, &pem, &err));
	MUST(au_key_read(pem.p, pem.n, AU_KEY_PRIVATE, NULL, "again", &from_pem, &err) && au_key_equal(key, from_pem));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum au_key_want wants[] = { AU_KEY_PRIVATE, AU_KEY_PUBLIC };
	struct au_err err AU_AUTO_ERR = { 0 };
	AU_AUTO_KEY struct au_key *spki = NULL;

	for (size_t i = 0; i < 2; i++) {
		AU_AUTO_KEY struct au_key *key = NULL;
		if (au_key_read(data, size, wants[i], NULL, "input", &key, &err)) {
			MUST(au_key_is_private(key) == (wants[i] == AU_KEY_PRIVATE));
			written(key);
		} else {
			MUST(err.code == AU_KEY && strncmp(err.text, "input: ", 7) == 0);
		}
	}
	if (au_key_from_spki(data, size, &spki, &err)) {
		struct au_buf again AU_AUTO_BUF = AU_BUF(0);
		MUST(au_key_spki(spki, &again, &err) && again.n == size && memcmp(again.p, data, size) == 0);
	} else {
		MUST(err.code == AU_KEY && err.text[0]);
	}
	return 0;
}
