/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* req-post: signed requests (RFC 8555 section 6.2), and when one is sent again. */
#include "req-impl.h"

#include <string.h>

#include "b64.h"
#include "jwk.h"
#include "jws.h"
#include "mem.h"
#include "problem.h"

bool au_req_account_key(struct au_net *net, const struct au_key **key, struct au_err *err)
{
	const char *name = net->acct ? net->acct->key : NULL, *thumbprint = NULL;

	if (!name && !au_json_str(net->doc, "key", AU_MAY, &name, err))
		return au_fail_in(err, "document");
	if (!name)
		return au_fail(err, AU_INPUT, "key: the document names no account key; name it with --account-key");
	if (!net->key || strcmp(name, net->key_name)) {
		au_key_free(net->key);
		net->key = NULL;
		au_free(net->key_name);
		net->key_name = au_strdup(name);
		if (!net->key_name)
			return au_fail_mem(err);
		if (!au_key_open(name, AU_KEY_PRIVATE, net->acct ? net->acct->passphrase : NULL, &net->key, err))
			return false;
	}
	*key = net->key;
	char own[44];
	if (!au_json_str(net->doc, "account.thumbprint", AU_MAY, &thumbprint, err) ||
	    !au_jwk_thumbprint_text(net->key, own, err))
		return false;
	if (thumbprint && strcmp(thumbprint, own))
		return au_fail(err, AU_KEY, "%s: not the key of this account: its thumbprint is %s, the document says %s",
			       name, own, thumbprint);
	return true;
}

static json_t *protected_header(struct au_net *net, const struct au_post *post, const struct au_key *key,
				struct au_err *err)
{
	AU_AUTO_JSON json_t *h = json_object();
	const char *kid = NULL;

	if (!h)
		return au_fail_mem(err), NULL;
	if (post->auth == AU_AUTH_JWK) {
		json_t *jwk = au_jwk(key, AU_KEY_PUBLIC, err);
		if (!jwk || !au_json_set_take(h, "jwk", jwk, err))
			return NULL;
	} else {
		if (!au_json_str(net->doc, "account.url", AU_MUST, &kid, err))
			return au_fail_in(err, "document (run acme-account first)"), NULL;
		if (!au_json_set_take(h, "kid", json_string(kid), err))
			return NULL;
	}
	json_t *nonce = json_incref(json_object_get(net->doc, "nonce"));
	json_object_del(net->doc, "nonce");
	return au_json_set_take(h, "nonce", nonce, err) && au_json_set_take(h, "url", json_string(post->url), err)
		? au_steal(&h) : NULL;
}

static bool sign(struct au_net *net, const struct au_post *post, const char *payload, char **body, struct au_err *err)
{
	const struct au_key *key = post->key;

	if ((!key && !au_req_account_key(net, &key, err)) || !au_req_nonce(net, err))
		return false;
	AU_AUTO_JSON json_t *h = protected_header(net, post, key, err);
	AU_AUTO_JSON json_t *jws = h ? au_jws_sign(key, h, payload, strlen(payload), err) : NULL;
	if (!jws)
		return false;
	*body = au_json_dump(jws);
	return *body || au_fail_mem(err);
}

/* --unsigned: what acme-sign and acme-post need to do the rest. */
static bool store(struct au_net *net, const struct au_post *post, const char *payload, struct au_err *err)
{
	AU_AUTO_MEM char *b64 = au_b64url(payload, strlen(payload));
	AU_AUTO_JSON json_t *q = json_object();

	if (!b64 || !q)
		return au_fail_mem(err);
	return au_json_set_take(q, "url", json_string(post->url), err) &&
	       au_json_set_take(q, "payload", json_string(b64), err) &&
	       au_json_set_take(q, "auth", json_string(post->auth == AU_AUTH_JWK ? "jwk" : "kid"), err) &&
	       (!post->accept || au_json_set_take(q, "accept", json_string(post->accept), err)) &&
	       (!post->into || au_json_set_take(q, "into", json_string(post->into), err)) &&
	       au_json_set_take(net->doc, "request", au_steal(&q), err);
}

/* Should the refused request be sent again? Waits as long as is due. */
static bool again(struct au_net *net, const struct au_reply *reply, const struct au_err *refusal, unsigned nonces,
		  unsigned unavailable, struct au_err *err)
{
	if (net->opts->no_retry)
		return false;
	if (au_problem_is(refusal, "badNonce")) {
		/* a few in a row are the server's game (Pebble refuses on purpose); more are slowed down */
		if (nonces > AU_MAX_NONCE_RETRIES)
			return false;
		if (nonces > 8)
			net->run->clock->sleep(net->run->clock, 10);
		return au_req_mono(net) < net->deadline;
	}
	return reply->status == 503 && unavailable <= 3 && au_req_pause(net, unavailable + 3, reply->retry_after, err);
}

static void move(struct au_err *to, struct au_err *from)
{
	au_err_clear(to);
	*to = *from;
	from->problem = NULL;
	au_err_clear(from);
}

bool au_req_post(struct au_net *net, const struct au_post *post, struct au_reply *reply, struct au_err *err)
{
	AU_AUTO_MEM char *payload = post->payload ? au_json_dump(post->payload) : au_strdup("");
	AU_AUTO_ERR struct au_err refusal = { 0 };
	unsigned nonces = 0, unavailable = 0;

	if (!payload)
		return au_fail_mem(err);
	if (!au_req_url(net, post->url, post->into ? post->into : "request", err))
		return false;
	if (net->acct && net->acct->unsigned_) {
		reply->unsent = true;
		return store(net, post, payload, err);
	}
	for (;;) {
		AU_AUTO_MEM char *body = NULL;
		AU_AUTO_ERR struct au_err waiting = { 0 };
		if (!sign(net, post, payload, &body, err) ||
		    !au_req_send(net, "POST", post->url, body, strlen(body), "application/jose+json", post->accept, reply,
				 err)) {
			/* that time ran out says less than what the server kept refusing until then */
			if (refusal.code && au_req_mono(net) >= net->deadline)
				move(err, &refusal);
			return false;
		}
		if (reply->status >= 200 && reply->status < 300)
			return true;
		au_req_refused(err, post->url, reply);
		nonces = au_problem_is(err, "badNonce") ? nonces + 1 : 0;
		unavailable += reply->status == 503;
		if (!again(net, reply, err, nonces, unavailable, &waiting))
			return nonces > 1 ? au_fail_in(err, "refused %u times in a row", nonces) : false;
		move(&refusal, err);
	}
}
