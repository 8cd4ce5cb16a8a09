/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any octets as a chain, and as one certificate in DER: what is read can be written, shown and judged. */
#include <string.h>

#include "cert.h"
#include "fuzz.h"
#include "json.h"
#include "mem.h"
#include "pem.h"

static void show(const struct au_chain *chain)
{
	for (size_t i = 0; i < au_chain_length(chain); i++) {
		struct au_err err AU_AUTO_ERR = { 0 };
		AU_AUTO_JSON json_t *d = au_chain_describe(chain, i, &err);
		AU_AUTO_MEM char *text = d ? au_json_dump(d) : NULL;
		MUST(d ? text != NULL : err.code == AU_INPUT);
	}
}

static void judge(const struct au_chain *chain)
{
	struct au_err err AU_AUTO_ERR = { 0 };
	AU_AUTO_KEY struct au_key *key = NULL;
	AU_AUTO_MEM char *id = au_chain_ari_id(chain, &err);
	int64_t from, to;

	MUST(id ? strchr(id, '.') != NULL : err.code == AU_INPUT);
	if (au_chain_validity(chain, &from, &to, &err))
		(void)au_chain_check(chain, NULL, NULL, &from, &err);
	if (!au_chain_check(chain, NULL, NULL, NULL, &err))
		MUST(err.code == AU_PROTOCOL);
	if (!au_chain_key(chain, &key, &err))
		MUST(err.code == AU_KEY || err.code == AU_INPUT);
	else
		MUST(au_chain_check(chain, key, NULL, NULL, &err) || !strstr(err.text, "another key"));
	(void)au_chain_matches(chain, "Root");
	(void)au_chain_matches(chain, "aki:00:01");
}

static void chain(const void *pem, size_t n)
{
	AU_AUTO_CHAIN struct au_chain *c = NULL, *again = NULL;
	struct au_err err AU_AUTO_ERR = { 0 };
	struct au_buf out AU_AUTO_BUF = AU_BUF(0);

	if (!au_chain_read(pem, n, &c, &err)) {
		MUST(err.code == AU_PROTOCOL);
		return;
	}
	MUST(au_chain_length(c) >= 1 && au_chain_length(c) <= AU_MAX_CHAIN);
	for (size_t i = 0; i < au_chain_length(c); i++)
		MUST(au_chain_pem(c, i, &out, &err));
	MUST(au_chain_read(out.p, out.n, &again, &err));
	MUST(au_chain_length(again) == au_chain_length(c) && au_chain_same_leaf(c, again));
	show(c);
	judge(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct au_buf pem AU_AUTO_BUF = AU_BUF(0);
	struct au_err err AU_AUTO_ERR = { 0 };

	chain(data, size);
	/* no mutation of base64 finds its way to the DER inside */
	if (size && data[0] == 0x30) {
		MUST(au_pem_write("CERTIFICATE", data, size, &pem, &err));
		chain(pem.p, pem.n);
	}
	return 0;
}
