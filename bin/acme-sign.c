/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* acme-sign: the request in a document to a JWS: the part of the plumbing that has the key and no network. */
#include <string.h>

#include "acmeutil.h"

struct opts {
	const char *key, *passphrase;
};

static const struct au_opt opts[] = {
	{ 'k', "key", "KEY", "the key to sign with (file, URL or fd:N) in place of the document's", au_set_key,
	  offsetof(struct opts, key), NULL, NULL },
	{ 0, "account-key", "KEY", NULL, au_set_key, offsetof(struct opts, key), NULL, NULL },
	{ 0, "passphrase-file", "FILE", "file or fd:N with the passphrase or PIN of the key", au_set_file,
	  offsetof(struct opts, passphrase), NULL, NULL },
	{ 0 }
};

static const struct au_member in[] = {
	{ "request", AU_MUST, "what to sign, as a program's --unsigned wrote it" },
	{ "request.url", AU_MUST, "where the request goes" },
	{ "request.payload", AU_MUST, "the octets to sign in base64url; empty for POST-as-GET" },
	{ "request.auth", AU_MAY, "kid (the account's URL names the key) or jwk (the key itself is sent); kid by default" },
	{ "request.protected", AU_MAY, "protected header: an object to complete, or base64url of octets to sign as they are" },
	{ "nonce", AU_MAY, "spent unless the protected header has one" },
	{ "key", AU_MAY, "name of the account key" },
	{ "account.url", AU_MAY, "the kid" },
	{ 0 }
};

static const struct au_member out[] = {
	{ "request.jws", AU_MUST, "flattened JWS: protected, payload, signature" },
	{ 0 }
};

/* The key last opened: most streams have one, and fd:N can be read once only. */
struct state {
	char *name;
	struct au_key *key;
};

static bool setup(struct au_run *run, struct au_err *err)
{
	const struct opts *o = run->opt;

	if (o->key && strcmp(o->key, "-") == 0)
		return au_fail(err, AU_USAGE, "--key -: standard input has the documents; name a file or fd:N");
	run->state = au_alloc(sizeof(struct state));
	return run->state || au_fail_mem(err);
}

static int done(struct au_run *run, int status)
{
	struct state *s = run->state;

	if (s) {
		au_free(s->name);
		au_key_free(s->key);
	}
	au_free(s);
	return status;
}

static bool key_for(struct au_run *run, const json_t *doc, const struct au_key **key, struct au_err *err)
{
	const struct opts *o = run->opt;
	struct state *s = run->state;
	const char *name = o->key;

	if (!name && !au_json_str(doc, "key", AU_MAY, &name, err))
		return false;
	if (!name)
		return au_fail(err, AU_INPUT, "key: missing in the document: name the key with --key");
	if (!s->name || strcmp(s->name, name) != 0) {
		au_key_free(s->key);
		au_free(s->name);
		s->key = NULL;
		s->name = NULL;
		if (!au_key_open(name, AU_KEY_PRIVATE, o->passphrase, &s->key, err))
			return false;
		s->name = au_strdup(name);
		if (!s->name)
			return au_fail_mem(err);
	}
	*key = s->key;
	return true;
}

/* kid or jwk. */
static bool add_auth(json_t *header, const json_t *doc, const struct au_key *key, struct au_err *err)
{
	const char *auth = "kid", *kid;

	if (json_object_get(header, "kid") || json_object_get(header, "jwk"))
		return true;
	if (json_object_get(json_object_get(doc, "request"), "auth") &&
	    !au_json_str(doc, "request.auth", AU_MUST, &auth, err))
		return false;
	if (strcmp(auth, "jwk") == 0) {
		json_t *jwk = au_jwk(key, AU_KEY_PUBLIC, err);
		return jwk && au_json_set_take(header, "jwk", jwk, err);
	}
	if (strcmp(auth, "kid") != 0)
		return au_fail(err, AU_INPUT, "request.auth: %s: neither kid nor jwk", auth);
	if (!au_json_str(doc, "account.url", AU_MUST, &kid, err))
		return au_fail_in(err, "request.auth is kid");
	return au_json_set_take(header, "kid", json_string(kid), err);
}

/* What the header lacks; *spent when the document's nonce went into it. */
static bool complete(json_t *header, const json_t *doc, const struct au_key *key, bool *spent, struct au_err *err)
{
	const char *nonce, *url;

	*spent = !json_object_get(header, "nonce");
	if (*spent) {
		if (!json_object_get(doc, "nonce"))
			return au_fail(err, AU_INPUT, "nonce: missing in the document: acme-directory --nonce fetches one");
		if (!au_json_str(doc, "nonce", AU_MUST, &nonce, err) ||
		    !au_json_set_take(header, "nonce", json_string(nonce), err))
			return false;
	}
	if (!au_json_str(doc, "request.url", AU_MUST, &url, err))
		return false;
	if (!json_object_get(header, "url") && !au_json_set_take(header, "url", json_string(url), err))
		return false;
	return add_auth(header, doc, key, err);
}

/* Header octets as they stand, for those who send what is wrong on purpose; alg is looked for and need not be there. */
static json_t *sign_raw(const struct au_key *key, const char *text, const struct au_buf *payload, struct au_err *err)
{
	struct au_buf octets AU_AUTO_BUF = AU_BUF(0);
	AU_AUTO_ERR struct au_err ignored = { 0 };
	AU_AUTO_JSON json_t *header = NULL;

	if (!au_b64url_read(text, strlen(text), &octets, err))
		return au_fail_in(err, "request.protected"), NULL;
	header = octets.n ? au_json_load(octets.p, octets.n, AU_MAX_DEPTH_SERVER, &ignored) : NULL;
	const char *alg = json_string_value(json_object_get(header, "alg"));
	if (!alg || !au_key_alg_fits(key, alg))
		alg = au_key_alg_peek(key);
	return au_jws_sign_raw(key, alg, octets.p, octets.n, payload->p, payload->n, err);
}

static json_t *sign(const json_t *doc, const struct au_key *key, const struct au_buf *payload, bool *spent,
		    struct au_err *err)
{
	const json_t *given = au_json_at(doc, "request.protected");
	AU_AUTO_JSON json_t *header = given ? json_copy((json_t *)(uintptr_t)given) : json_object();

	if (json_is_string(given))
		return sign_raw(key, json_string_value(given), payload, err);
	if (!header)
		return au_fail_mem(err), NULL;
	if (!json_is_object(header))
		return au_fail(err, AU_INPUT, "request.protected: neither an object nor a string"), NULL;
	return complete(header, doc, key, spent, err) ? au_jws_sign(key, header, payload->p, payload->n, err) : NULL;
}

static bool run(struct au_run *run, json_t *doc, struct au_err *err)
{
	struct au_buf payload AU_AUTO_BUF = AU_BUF(0);
	const struct au_key *key = NULL;
	const char *text;
	json_t *request, *jws;
	bool spent = false;

	if (!au_json_obj(doc, "request", AU_MUST, &request, err) ||
	    !au_json_str(doc, "request.payload", AU_MUST, &text, err) || !key_for(run, doc, &key, err))
		return false;
	if (!au_b64url_read(text, strlen(text), &payload, err))
		return au_fail_in(err, "request.payload");
	jws = sign(doc, key, &payload, &spent, err);
	if (!jws || !au_json_set_take(request, "jws", jws, err))
		return false;
	if (spent)
		json_object_del(doc, "nonce");
	return true;
}

static const struct au_cmd acme_sign = {
	.name = "acme-sign",
	.brief = "sign the request in a document",
	.opts = opts, .optsize = sizeof(struct opts), .in = in, .out = out,
	.flags = AU_CMD_SECRET,
	.setup = setup, .run = run, .done = done,
};
AU_MAIN(acme_sign)
