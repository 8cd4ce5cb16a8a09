/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any octets as a JWS: a verdict, never a forgery. No input may verify under this key but what its owner signed
 * (RFC 8037 appendix A.4), whose payload and header then are what they were.
 */
#include <string.h>

#include "b64.h"
#include "fuzz.h"
#include "json.h"
#include "jwk.h"
#include "jws.h"
#include "mem.h"

#include "../vectors/rfc-keys.h"

static struct au_key *signer(void)
{
	struct au_err err AU_AUTO_ERR = { 0 };
	struct au_buf spki AU_AUTO_BUF = AU_BUF(0);
	struct au_key *key = NULL;

	MUST(au_buf_add(&spki, "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", 12, &err));
	MUST(au_b64url_read(RFC8037_X, strlen(RFC8037_X), &spki, &err));
	MUST(au_key_from_spki(spki.p, spki.n, &key, &err));
	return key;
}

static void verdict(const struct au_key *key, const json_t *jws)
{
	struct au_err err AU_AUTO_ERR = { 0 };
	struct au_buf payload AU_AUTO_BUF = AU_BUF(0);
	json_t *header AU_AUTO_JSON = NULL;

	if (!au_jws_verify(key, jws, &header, &payload, &err)) {
		MUST((err.code == AU_NO || err.code == AU_KEY || err.code == AU_INPUT) && err.text[0]);
		MUST(payload.n == 0 && !header);
		return;
	}
	MUST(payload.n == strlen(RFC8037_PAYLOAD) && memcmp(payload.p, RFC8037_PAYLOAD, payload.n) == 0);
	MUST(json_object_size(header) == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct au_err err AU_AUTO_ERR = { 0 };
	AU_AUTO_KEY struct au_key *key = signer();
	json_t *json AU_AUTO_JSON = au_json_load(data, size, AU_MAX_DEPTH_DOC, &err);
	char *text AU_AUTO_MEM = au_memdup0(data, size);
	json_t *compact AU_AUTO_JSON = au_jws_from_compact(text, &err);

	if (json)
		verdict(key, json);
	if (compact)
		verdict(key, compact);
	return 0;
}
