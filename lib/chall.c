/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * chall: from a challenge and an account to an answer, whatever the type. Here
 * is what all types have in common: which authorization may be answered, the
 * key authorization, and the checks of a token and an identifier that must
 * stand before they become part of a path or a name.
 */
#include "chall-half.h"

#include <arpa/inet.h>
#include <nettle/sha2.h>
#include <string.h>

#include "b64.h"
#include "ident.h"
#include "mem.h"
#include "object.h"

const struct au_chall *au_chall_find(const char *type)
{
	for (const struct au_chall *const *c = au_chall_table; *c; c++)
		if (strcmp((*c)->type, type) == 0)
			return *c;
	return NULL;
}

static const char *text_at(const json_t *root, const char *path)
{
	return json_string_value(au_json_at(root, path));
}

bool au_chall_proves(const struct au_chall *chall, const json_t *authorization)
{
	const char *type = text_at(authorization, "identifier.type");
	unsigned bit = AU_PROVES_OTHER;

	if (!type)
		return false;
	if (strcmp(type, "dns") == 0)
		bit = json_is_true(json_object_get(authorization, "wildcard")) ? AU_PROVES_WILDCARD : AU_PROVES_DNS;
	else if (strcmp(type, "ip") == 0)
		bit = AU_PROVES_IP;
	return chall->proves & bit;
}

/* --- what the halves in chall/ share */

bool au_chall_digest(const struct au_chall_ctx *ctx, uint8_t out[static 32], struct au_err *err)
{
	struct sha256_ctx sha;

	if (!ctx->key_authorization)
		return au_fail(err, AU_PROTOCOL, "challenge.token: missing");
	sha256_init(&sha);
	sha256_update(&sha, strlen(ctx->key_authorization), (const uint8_t *)ctx->key_authorization);
	sha256_digest(&sha, SHA256_DIGEST_SIZE, out);
	return true;
}

bool au_chall_digest_text(const struct au_chall_ctx *ctx, char out[static 44], struct au_err *err)
{
	uint8_t digest[32];
	char *text AU_AUTO_MEM = NULL;

	if (!au_chall_digest(ctx, digest, err))
		return false;
	text = au_b64url(digest, sizeof digest);
	if (!text)
		return au_fail_mem(err);
	memcpy(out, text, 44);
	return true;
}

static bool identifier(const struct au_chall_ctx *ctx, const char **type, const char **value, struct au_err *err)
{
	return (au_json_str(ctx->authorization, "identifier.type", AU_MUST, type, err) &&
		au_json_str(ctx->authorization, "identifier.value", AU_MUST, value, err)) ||
	       au_fail_as(err, AU_PROTOCOL);
}

bool au_chall_dns(const struct au_chall_ctx *ctx, const char **name, struct au_err *err)
{
	const char *type, *value;

	if (!identifier(ctx, &type, &value, err))
		return false;
	if (strcmp(type, "dns") != 0)
		return au_fail(err, AU_PROTOCOL, "%s:%s: not a name in the DNS, which this challenge is for", type, value);
	if (!au_ident_is_dns(value, false))
		return au_fail(err, AU_PROTOCOL, "identifier.value: not a DNS name: %s", value);
	*name = value;
	return true;
}

bool au_chall_host(const struct au_chall_ctx *ctx, const char **host, uint8_t addr[static 16], size_t *n,
		   struct au_err *err)
{
	const char *type, *value;

	*n = 0;
	if (!identifier(ctx, &type, &value, err))
		return false;
	if (strcmp(type, "ip") != 0)
		return au_chall_dns(ctx, host, err);
	if (inet_pton(AF_INET, value, addr) == 1)
		*n = 4;
	else if (inet_pton(AF_INET6, value, addr) == 1)
		*n = 16;
	else
		return au_fail(err, AU_PROTOCOL, "identifier.value: not an IP address: %s", value);
	*host = value;
	return true;
}

bool au_chall_txt_answer_take(const struct au_chall_ctx *ctx, char *name_, json_t *provision, struct au_err *err)
{
	char *name AU_AUTO_MEM = name_;
	char value[44];

	if (!name)
		return au_fail_mem(err);
	return au_chall_digest_text(ctx, value, err) &&
	       au_json_set_take(provision, "kind", json_string("dns"), err) &&
	       au_json_set_take(provision, "name", json_string(name), err) &&
	       au_json_set_take(provision, "record", json_string("TXT"), err) &&
	       au_json_set_take(provision, "value", json_string(value), err);
}

bool au_chall_txt_verify_take(const struct au_chall_ctx *ctx, char *name_, const struct au_probe *probe,
			      struct au_err *err)
{
	char *name AU_AUTO_MEM = name_;
	json_t *strings AU_AUTO_JSON = json_array(), *s;
	char want[44];
	size_t i;

	if (!name || !strings)
		return au_fail_mem(err);
	if (!au_chall_digest_text(ctx, want, err) || !probe->txt(probe->ctx, name, strings, err))
		return false;
	json_array_foreach(strings, i, s)
		if (json_is_string(s) && strcmp(json_string_value(s), want) == 0)
			return true;
	return au_fail(err, AU_NO, "%s: none of %zu TXT records is the right one", name, json_array_size(strings));
}

/* --- the client */

json_t *au_chall_answered(const json_t *doc, const json_t *authorization)
{
	json_t *answers = json_object_get(doc, "answers"), *challenges = json_object_get(authorization, "challenges");
	json_t *answer, *challenge;
	size_t i, k;

	json_array_foreach(answers, i, answer) {
		const char *url = text_at(answer, "challenge");
		if (!url)
			continue;
		json_array_foreach(challenges, k, challenge) {
			const char *own = text_at(challenge, "url");
			if (own && strcmp(own, url) == 0)
				return answer;
		}
	}
	return NULL;
}

/* token "." thumbprint, or NULL in *out when the challenge has no token. */
static bool key_authorization(const json_t *doc, const json_t *challenge, const char **token, char **out,
			      struct au_err *err)
{
	const char *thumbprint = NULL;

	if (!json_object_get(challenge, "token"))
		return true;
	if (!au_token_check(challenge, token, err) ||
	    !au_json_str(doc, "account.thumbprint", AU_MUST, &thumbprint, err))
		return false;
	if (strlen(thumbprint) != 43 || !au_b64url_is(thumbprint))
		return au_fail(err, AU_INPUT, "account.thumbprint: not a SHA-256 digest in base64url");
	*out = au_asprintf("%s.%s", *token, thumbprint);
	return *out || au_fail_mem(err);
}

static bool answer_by_type(const json_t *doc, const json_t *authorization, const json_t *challenge,
			   const struct au_chall *chall, json_t *response, json_t *provision, struct au_err *err)
{
	char *key_auth AU_AUTO_MEM = NULL;
	struct au_chall_ctx ctx = { .authorization = authorization, .challenge = challenge, .doc = doc };

	if (!au_chall_proves(chall, authorization)) {
		char *text AU_AUTO_MEM = au_authz_text(authorization);
		return au_fail(err, AU_INPUT, "%s: cannot be proved by %s", text ? text : "authorization", chall->type);
	}
	if (!au_json_str(doc, "account.url", AU_MAY, &ctx.account_url, err) ||
	    !key_authorization(doc, challenge, &ctx.token, &key_auth, err))
		return false;
	ctx.key_authorization = key_auth;
	return chall->answer(&ctx, response, provision, err) || au_fail_in(err, "%s", chall->type);
}

json_t *au_chall_answer(const json_t *doc, const json_t *authorization, const json_t *challenge,
			const json_t *override, struct au_err *err)
{
	json_t *answer AU_AUTO_JSON = json_object();
	json_t *response AU_AUTO_JSON = json_object(), *provision AU_AUTO_JSON = json_object();
	const char *type = NULL, *url = NULL;
	const struct au_chall *chall;
	json_t *ident = NULL;

	if (!answer || !response || !provision)
		return au_fail_mem(err), NULL;
	if (!au_json_str(challenge, "type", AU_MUST, &type, err) ||
	    !au_json_str(challenge, "url", AU_MUST, &url, err) ||
	    !au_json_obj(authorization, "identifier", AU_MUST, &ident, err))
		return au_fail_as(err, AU_PROTOCOL), NULL;
	chall = au_chall_find(type);
	if (!chall && !override)
		return au_fail(err, AU_INPUT, "%s: a challenge type that has no answer here but a given one", type), NULL;
	if (chall && !answer_by_type(doc, authorization, challenge, chall, response, provision, err))
		return NULL;
	if (!au_json_set_take(answer, "challenge", json_string(url), err) ||
	    !au_json_set_take(answer, "type", json_string(type), err) ||
	    !au_json_set_take(answer, "identifier", json_deep_copy(ident), err) ||
	    !au_json_set_take(answer, "response", override ? json_deep_copy(override) : json_incref(response), err) ||
	    (json_object_size(provision) &&
	     !au_json_set_take(answer, "provision", json_incref(provision), err)))
		return NULL;
	return au_steal(&answer);
}

/* Is there something to answer: still pending, and nobody did? */
static bool is_open(const json_t *doc, const json_t *authorization)
{
	const char *status = text_at(authorization, "status");

	return status && strcmp(status, "pending") == 0 && !au_chall_answered(doc, authorization);
}

bool au_chall_add_take(json_t *doc, const json_t *authorization, json_t *answer_, struct au_err *err)
{
	json_t *answer AU_AUTO_JSON = answer_, *answers = NULL, *old;

	if (!au_json_arr(doc, "answers", AU_MAY, &answers, err) ||
	    (!answers && (!au_json_set_take(doc, "answers", json_array(), err) ||
			  !au_json_arr(doc, "answers", AU_MUST, &answers, err))))
		return false;
	while ((old = au_chall_answered(doc, authorization)))
		for (size_t i = json_array_size(answers); i-- > 0;)
			if (json_array_get(answers, i) == old)
				json_array_remove(answers, i);
	return au_json_add_take(answers, au_steal(&answer), err);
}

bool au_chall_answer_all(json_t *doc, const char *type, size_t *count, struct au_err *err)
{
	const struct au_chall *chall = au_chall_find(type);
	json_t *authorizations = NULL, *authz;
	size_t i, n = 0;

	if (!au_json_arr(doc, "authorizations", AU_MAY, &authorizations, err))
		return false;
	json_array_foreach(authorizations, i, authz) {
		json_t *challenge = au_authz_challenge(authz, type), *answer;
		if (!challenge || !is_open(doc, authz) || (chall && !au_chall_proves(chall, authz)))
			continue;
		answer = au_chall_answer(doc, authz, challenge, NULL, err);
		if (!answer)
			return au_fail_in(err, "authorizations[%zu]", i);
		if (!au_chall_add_take(doc, authz, answer, err))
			return false;
		n++;
	}
	if (count)
		*count = n;
	return true;
}
