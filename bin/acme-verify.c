/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* acme-verify: does this JWS come from that key? If so, what it says. */
#include <string.h>

#include "acmeutil.h"

struct opts {
	const char *key, *passphrase, *jws;
	bool self, json;
};

static const struct au_opt opts[] = {
	{ 'k', "key", "KEY", "the signer's key (file, URL or fd:N) in place of the document's", au_set_key,
	  offsetof(struct opts, key), NULL, NULL },
	{ 0, "account-key", "KEY", NULL, au_set_key, offsetof(struct opts, key), NULL, NULL },
	{ 0, "passphrase-file", "FILE", "file or fd:N with the passphrase or PIN of the key", au_set_file,
	  offsetof(struct opts, passphrase), NULL, NULL },
	{ 0, "self", NULL, "take the key from the JWS: shows that nothing was changed, not who signed", au_set_flag,
	  offsetof(struct opts, self), NULL, NULL },
	{ 0, "jws", "FILE", "read one JWS, compact or JSON, from this file (- or fd:N) instead of documents", au_set_file,
	  offsetof(struct opts, jws), NULL, NULL },
	{ 0, "json", NULL, "write header, payload and the key's thumbprint as JSON instead of the payload", au_set_flag,
	  offsetof(struct opts, json), NULL, NULL },
	{ 0 }
};

static const struct au_member in[] = {
	{ "request.jws", AU_MAY, "the JWS; without it the document itself is one" },
	{ "protected", AU_MAY, "with payload and signature, of a JWS that stands alone" },
	{ "key", AU_MAY, "name of the account key" },
	{ 0 }
};

/* The key of --key, once opened; warned: that --self says little. */
struct state {
	struct au_key *key;
	bool warned;
};

static bool setup(struct au_run *run, struct au_err *err)
{
	const struct opts *o = run->opt;
	struct state *s;

	if (o->self && o->key)
		return au_fail(err, AU_USAGE, "--self with --key: choose one");
	if (o->jws && !o->self && !o->key)
		return au_fail(err, AU_USAGE, "name the signer's key with --key");
	if (o->key && strcmp(o->key, "-") == 0 && (!o->jws || strcmp(o->jws, "-") == 0))
		return au_fail(err, AU_USAGE, "--key -: standard input has what is to be verified; name a file or fd:N");
	run->no_input = o->jws != NULL;
	run->state = s = au_alloc(sizeof *s);
	if (!s)
		return au_fail_mem(err);
	return !o->key || au_key_open(o->key, AU_KEY_PUBLIC, o->passphrase, &s->key, err);
}

static int done(struct au_run *run, int status)
{
	struct state *s = run->state;

	if (s)
		au_key_free(s->key);
	au_free(s);
	return status;
}

/* Of a file: JSON or compact, with blanks round it. */
static json_t *jws_read(const char *name, struct au_err *err)
{
	struct au_buf b AU_AUTO_BUF = AU_BUF(0);
	AU_AUTO_MEM char *text = NULL;

	if (!au_file_read(name, AU_MAX_DOC, AU_INPUT, &b, err))
		return NULL;
	while (b.n && strchr(" \t\r\n", b.p[b.n - 1]))
		b.n--;
	if (b.n && b.p[0] == '{')
		return au_json_load(b.p, b.n, AU_MAX_DEPTH_DOC, err);
	text = au_memdup0(b.p, b.n);
	return text ? au_jws_from_compact(text, err) : (au_fail_mem(err), NULL);
}

static json_t *find(const struct opts *o, const json_t *doc, struct au_err *err)
{
	json_t *jws;

	if (o->jws) {
		jws = jws_read(o->jws, err);
		if (!jws)
			au_fail_in(err, "%s", o->jws);
		return jws;
	}
	jws = au_json_at(doc, "request.jws");
	if (jws)
		return json_incref(jws);
	if (json_object_get(doc, "protected"))
		return json_incref((json_t *)(uintptr_t)doc);
	return au_fail(err, AU_INPUT, "request.jws: missing, and the document is no JWS itself"), NULL;
}

/* The key in the JWS itself. */
static bool own_key(const json_t *jws, struct au_key **key, struct au_err *err)
{
	AU_AUTO_JSON json_t *header = au_jws_header(jws, err);
	const json_t *jwk = json_object_get(header, "jwk");

	if (!header)
		return false;
	if (!jwk)
		return au_fail(err, AU_INPUT, "--self: the protected header has no jwk");
	return au_jwk_read(jwk, AU_KEY_PUBLIC, key, err) || au_fail_in(err, "protected header");
}

/* *key is borrowed; what had to be opened for this JWS is in *owned. */
static bool key_for(struct au_run *run, const json_t *doc, const json_t *jws, const struct au_key **key,
		    struct au_key **owned, struct au_err *err)
{
	const struct opts *o = run->opt;
	struct state *s = run->state;
	const char *name = NULL;

	*key = s->key;
	if (s->key)
		return true;
	if (o->self) {
		if (!s->warned)
			au_note(run, 0, "--self: the key came with the message: this does not show who signed it");
		s->warned = true;
		if (!own_key(jws, owned, err))
			return false;
	} else {
		if (!au_json_str(doc, "key", AU_MAY, &name, err))
			return false;
		if (!name)
			return au_fail(err, AU_INPUT, "key: missing in the document: name the signer's key with --key");
		if (!au_key_open(name, AU_KEY_PUBLIC, o->passphrase, owned, err))
			return false;
	}
	*key = *owned;
	return true;
}

/* {"header","payload" (when it is JSON) or "payloadOctets" (base64url),"thumbprint"} */
static bool describe(const struct au_key *key, json_t *header, const struct au_buf *payload, struct au_buf *out,
		     struct au_err *err)
{
	AU_AUTO_ERR struct au_err not_json = { 0 };
	AU_AUTO_JSON json_t *o = json_object();
	AU_AUTO_JSON json_t *value = payload->n ? au_json_load(payload->p, payload->n, AU_MAX_DEPTH_DOC, &not_json) : NULL;
	AU_AUTO_MEM char *b64 = au_b64url(payload->p, payload->n), *text = NULL;
	char thumbprint[44];

	if (!o || !b64)
		return au_fail_mem(err);
	if (!au_jwk_thumbprint_text(key, thumbprint, err) ||
	    !au_json_set_take(o, "thumbprint", json_string(thumbprint), err) ||
	    !au_json_set_take(o, "header", json_incref(header), err))
		return false;
	if (!(value ? au_json_set_take(o, "payload", json_incref(value), err) :
		      au_json_set_take(o, "payloadOctets", json_string(b64), err)))
		return false;
	text = au_json_dump(o);
	return text ? au_buf_adds(out, text, err) && au_buf_adds(out, "\n", err) : au_fail_mem(err);
}

static bool run(struct au_run *run, json_t *doc, struct au_err *err)
{
	const struct opts *o = run->opt;
	AU_AUTO_JSON json_t *jws = find(o, doc, err);
	AU_AUTO_JSON json_t *header = NULL;
	AU_AUTO_KEY struct au_key *owned = NULL;
	struct au_buf payload AU_AUTO_BUF = AU_BUF(0);
	const struct au_key *key = NULL;

	if (!jws || !key_for(run, doc, jws, &key, &owned, err))
		return false;
	if (!au_jws_verify(key, jws, &header, &payload, err)) {
		/* that the key could not have made it is an answer, too */
		if (err->code == AU_KEY)
			au_fail_as(err, AU_NO);
		return err->code == AU_NO ? au_fail_in(err, "does not verify") : false;
	}
	run->texts = true;
	return o->json ? describe(key, header, &payload, &run->text, err) :
			 au_buf_add(&run->text, payload.p, payload.n, err);
}

static const struct au_cmd acme_verify = {
	.name = "acme-verify",
	.brief = "check a JWS and show what it says",
	.opts = opts, .optsize = sizeof(struct opts), .in = in,
	.flags = AU_CMD_SECRET,
	.setup = setup, .run = run, .done = done,
};
AU_MAIN(acme_verify)
