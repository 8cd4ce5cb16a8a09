/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dns-account-01: dns-01 at a name of the account's own, so that several
 * clients can each delegate theirs by CNAME (draft-ietf-acme-dns-account-label).
 */
#include "../chall-half.h"

#include <nettle/sha2.h>
#include <string.h>

#include "../mem.h"

#define LABEL_OCTETS 10

/* Base32 (RFC 4648 section 6) in lower case: 10 octets are 16 characters, no padding. */
static void base32(const uint8_t in[static LABEL_OCTETS], char out[static 17])
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint32_t bits = 0;
	unsigned have = 0;
	char *p = out;

	for (size_t i = 0; i < LABEL_OCTETS; i++) {
		bits = bits << 8 | in[i];
		for (have += 8; have >= 5; have -= 5)
			*p++ = digits[bits >> (have - 5) & 31];
	}
	*p = '\0';
}

/* "_" label "._acme-challenge." domain; the caller hands it on, NULL fills err. */
static char *record_name(const struct au_chall_ctx *ctx, struct au_err *err)
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx sha;
	const char *domain;
	char label[17], *name;

	if (!au_chall_dns(ctx, &domain, err))
		return NULL;
	if (!ctx->account_url)
		return au_fail(err, AU_INPUT, "account.url: missing"), NULL;
	sha256_init(&sha);
	sha256_update(&sha, strlen(ctx->account_url), (const uint8_t *)ctx->account_url);
	sha256_digest(&sha, sizeof digest, digest);
	base32(digest, label);
	name = au_asprintf("_%s._acme-challenge.%s", label, domain);
	if (!name)
		au_fail_mem(err);
	return name;
}

static bool answer(const struct au_chall_ctx *ctx, json_t *response, json_t *provision, struct au_err *err)
{
	char *name = record_name(ctx, err);

	(void)response; /* posted empty */
	return name && au_chall_txt_answer_take(ctx, name, provision, err);
}

static bool verify(const struct au_chall_ctx *ctx, const json_t *response, const struct au_probe *probe,
		   struct au_err *err)
{
	char *name = record_name(ctx, err);

	(void)response;
	return name && au_chall_txt_verify_take(ctx, name, probe, err);
}

const struct au_chall au_chall_dns_account_01 = {
	.type = "dns-account-01",
	.spec = "draft-ietf-acme-dns-account-label",
	.brief = "a TXT record below the name, at a label of the account's own",
	.proves = AU_PROVES_DNS | AU_PROVES_WILDCARD,
	.answer = answer,
	.verify = verify,
};
