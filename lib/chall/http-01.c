/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * http-01: a file on the web site of the name or address holds the key
 * authorization (RFC 8555 section 8.3; RFC 8738 section 4 for ip).
 */
#include "../chall-half.h"

#include <string.h>

#include "../mem.h"

/* White space that may stand behind the key authorization, and one octet more to notice that there is more. */
#define SLACK 64

static char *path_of(const struct au_chall_ctx *ctx, struct au_err *err)
{
	char *path;

	if (!ctx->key_authorization)
		return au_fail(err, AU_PROTOCOL, "challenge.token: missing"), NULL;
	path = au_asprintf("/.well-known/acme-challenge/%s", ctx->token);
	if (!path)
		au_fail_mem(err);
	return path;
}

static bool answer(const struct au_chall_ctx *ctx, json_t *response, json_t *provision, struct au_err *err)
{
	char *path AU_AUTO_MEM = path_of(ctx, err);

	(void)response; /* posted empty */
	return path &&
	       au_json_set_take(provision, "kind", json_string("file"), err) &&
	       au_json_set_take(provision, "path", json_string(path), err) &&
	       au_json_set_take(provision, "content", json_string(ctx->key_authorization), err);
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool verify(const struct au_chall_ctx *ctx, const json_t *response, const struct au_probe *probe,
		   struct au_err *err)
{
	char *path AU_AUTO_MEM = path_of(ctx, err);
	struct au_buf body AU_AUTO_BUF = AU_BUF(0);
	size_t want, max, n;
	uint8_t addr[16];
	const char *host;

	(void)response;
	if (!path || !au_chall_host(ctx, &host, addr, &n, err))
		return false;
	want = strlen(ctx->key_authorization);
	max = want + SLACK;
	if (!probe->fetch(probe->ctx, host, path, max, &body, err))
		return false;
	n = body.n;
	while (n > 0 && n < max && is_blank(body.p[n - 1]))
		n--;
	if (n != want || memcmp(body.p, ctx->key_authorization, want) != 0)
		return au_fail(err, AU_NO, "http://%s%s: not the key authorization", host, path);
	return true;
}

const struct au_chall au_chall_http_01 = {
	.type = "http-01",
	.spec = "RFC 8555, 8.3; RFC 8738",
	.brief = "a file on the web site of the name or address",
	.proves = AU_PROVES_DNS | AU_PROVES_IP,
	.answer = answer,
	.verify = verify,
};
