/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dns-01: a TXT record below the name holds the digest of the key
 * authorization (RFC 8555 section 8.4). Not for ip (RFC 8738 section 7).
 */
#include "../chall-half.h"

#include "../mem.h"

/* The same for the name and its wildcard: both records stand side by side. */
static char *record_name(const char *domain)
{
	return au_asprintf("_acme-challenge.%s", domain);
}

static bool answer(const struct au_chall_ctx *ctx, json_t *response, json_t *provision, struct au_err *err)
{
	const char *domain;

	(void)response; /* posted empty */
	return au_chall_dns(ctx, &domain, err) &&
	       au_chall_txt_answer_take(ctx, record_name(domain), provision, err);
}

static bool verify(const struct au_chall_ctx *ctx, const json_t *response, const struct au_probe *probe,
		   struct au_err *err)
{
	const char *domain;

	(void)response;
	return au_chall_dns(ctx, &domain, err) &&
	       au_chall_txt_verify_take(ctx, record_name(domain), probe, err);
}

const struct au_chall au_chall_dns_01 = {
	.type = "dns-01",
	.spec = "RFC 8555, 8.4",
	.brief = "a TXT record below the name",
	.proves = AU_PROVES_DNS | AU_PROVES_WILDCARD,
	.answer = answer,
	.verify = verify,
};
