/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* req: nonces, signatures, retries and deadlines between a document and its server. */
#include "req.h"

#include <string.h>

#include "b64.h"
#include "ident.h"
#include "jwk.h"
#include "jws.h"
#include "mem.h"
#include "problem.h"

struct au_net {
	const struct au_net_opts *opts;
	const struct au_run *run;
	struct au_http *http;
	const char *cacert;          /* http was opened with these two */
	json_t *anchors;
	char *cacert_own;
	/* the document at hand */
	json_t *doc;
	const struct au_acct_opts *acct;
	int64_t deadline;
	bool allow_http;
	char *origin;                /* of its directory, NULL before there is one */
	char *warned;                /* the other origin that was last warned of */
	/* the key opened last, for the documents that follow */
	char *key_name;
	struct au_key *key;
};

/* --- process and document -------------------------------------------------- */

bool au_net_open(const struct au_net_opts *opts, const struct au_run *run, struct au_net **net, struct au_err *err)
{
	if (opts->ip4 && opts->ip6)
		return au_fail(err, AU_USAGE, "-4 and -6 exclude each other");
	if (opts->timeout <= 0 || opts->request_timeout <= 0)
		return au_fail(err, AU_USAGE, "a time-out of 0 leaves no time for anything");
	*net = au_alloc(sizeof **net);
	if (!*net)
		return au_fail_mem(err);
	(*net)->opts = opts;
	(*net)->run = run;
	return true;
}

void au_net_free(struct au_net *net)
{
	if (!net)
		return;
	au_http_free(net->http);
	json_decref(net->anchors);
	au_free(net->cacert_own);
	au_free(net->origin);
	au_free(net->warned);
	au_free(net->key_name);
	au_key_free(net->key);
	au_free(net);
}

int au_net_done(struct au_run *run, int status)
{
	au_net_free(run->state);
	return status;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* One HTTP handle as long as documents agree on what to trust. */
static bool open_http(struct au_net *net, struct au_err *err)
{
	const char *cacert = net->opts->cacert;
	json_t *anchors = NULL;

	if (!cacert && !au_json_str(net->doc, "tls.cacert", AU_MAY, &cacert, err))
		return false;
	if (!cacert && !au_json_arr(net->doc, "tls.anchors", AU_MAY, &anchors, err))
		return false;
	if (net->http && same_text(cacert, net->cacert) && (!net->anchors || json_equal(anchors, net->anchors)))
		return true;
	au_http_free(net->http);
	net->http = NULL;
	json_decref(net->anchors);
	net->anchors = json_incref(anchors);
	au_free(net->cacert_own);
	net->cacert = net->cacert_own = au_strdup(cacert);
	if (cacert && !net->cacert)
		return au_fail_mem(err);
	const struct au_http_opts o = { .cacert = net->cacert, .anchors = net->anchors,
					.ip = net->opts->ip4 ? 4 : net->opts->ip6 ? 6 : 0,
					.allow_http = net->allow_http };
	return au_http_open(&o, &net->http, err);
}

static int64_t mono(const struct au_net *net)
{
	return net->run->clock->mono(net->run->clock);
}

bool au_req_begin(struct au_net *net, json_t *doc, const struct au_acct_opts *acct, struct au_err *err)
{
	json_t *directory = NULL;
	const char *url = NULL;

	net->doc = doc;
	net->acct = acct;
	net->deadline = mono(net) + net->opts->timeout * 1000;
	au_free(net->origin);
	net->origin = NULL;
	bool http_before = net->allow_http;
	net->allow_http = net->opts->allow_http;
	if (!au_json_obj(doc, "directory", AU_MAY, &directory, err) ||
	    !au_json_str(directory, "url", AU_MAY, &url, err))
		return au_fail_in(err, "document");
	if (url && !strncmp(url, "http:", 5))
		net->allow_http = true;
	if (directory && !au_directory_check(directory, net->allow_http, err))
		return false;
	if (url && !(net->origin = au_url_origin(url)))
		return au_fail(err, AU_INPUT, "directory.url: not a URL: %s", url);
	if (net->allow_http != http_before) {
		au_http_free(net->http);
		net->http = NULL;
	}
	return (acct && acct->unsigned_) || open_http(net, err);
}

bool au_req_allows_http(const struct au_net *net)
{
	return net->allow_http;
}

bool au_req_endpoint(struct au_net *net, const char *name, const char **url, struct au_err *err)
{
	const json_t *directory = json_object_get(net->doc, "directory");

	if (!directory)
		return au_fail(err, AU_INPUT, "directory: missing in the document; begin with acme-directory");
	*url = json_string_value(json_object_get(directory, name));
	if (!*url)
		return au_fail(err, AU_REFUSED, "%s: the server's directory does not offer it", name);
	return true;
}

/* --- where a server may send us --------------------------------------------- */

/* Is the host of this origin, as a URL writes it, this machine or its link? */
static bool is_near(const char *origin)
{
	static const char *const v4[] = { "127.", "169.254.", "0." };
	static const char *const v6[] = { "[::1]", "[::]", "[::ffff:", "[fe8", "[fe9", "[fea", "[feb" };
	const char *host = strstr(origin, "://");

	host = host ? host + 3 : origin;
	size_t n = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
	if (n == strspn(host, "0123456789.")) {
		for (size_t i = 0; i < sizeof v4 / sizeof *v4; i++)
			if (!strncmp(host, v4[i], strlen(v4[i])))
				return true;
	}
	for (size_t i = 0; i < sizeof v6 / sizeof *v6; i++)
		if (!strncmp(host, v6[i], strlen(v6[i])))
			return true;
	return (n == 9 && !strncmp(host, "localhost", 9)) || (n > 10 && !strncmp(host + n - 10, ".localhost", 10));
}

bool au_req_url(struct au_net *net, const char *url, const char *what, struct au_err *err)
{
	if (!au_url_check(url, what, net->allow_http, err))
		return false;
	AU_AUTO_MEM char *origin = au_url_origin(url);
	if (!origin)
		return au_fail_mem(err);
	if (!net->origin || !strcmp(origin, net->origin))
		return true;
	if (is_near(origin) && !is_near(net->origin))
		return au_fail(err, AU_PROTOCOL, "%s: the server at %s points at this host's own %s", what, net->origin,
			       url);
	if (net->opts->same_origin)
		return au_fail(err, AU_PROTOCOL, "%s: not on the directory's host %s: %s", what, net->origin, url);
	if (!net->warned || strcmp(origin, net->warned)) {
		au_note(net->run, 0, "warning: %s: not on the directory's host %s: %s", what, net->origin, url);
		au_free(net->warned);
		net->warned = au_strdup(origin);
	}
	return true;
}

/* --- one exchange ------------------------------------------------------------ */

void au_reply_free(struct au_reply *reply)
{
	au_free(reply->location);
	au_free(reply->url);
	json_decref(reply->body);
	json_decref(reply->links);
	json_decref(reply->headers);
	au_buf_free(&reply->raw);
	*reply = (struct au_reply){ 0 };
}

static bool is_json_type(const char *type)
{
	return type && (!strcmp(type, "application/json") || !strcmp(type, "application/problem+json"));
}

/* Move what http learned into the reply, and the nonce into the document. */
static bool digest(struct au_net *net, struct au_http_response *h, const char *accept, struct au_reply *r,
		   struct au_err *err)
{
	au_reply_free(r);
	r->status = h->status;
	r->retry_after = -1;
	if (h->retry_after && !au_retry_after(h->retry_after, net->run->clock->now(net->run->clock) / 1000,
					      &r->retry_after))
		r->retry_after = -1;
	r->location = au_steal(&h->location);
	r->url = au_steal(&h->url);
	r->links = au_steal(&h->links);
	r->headers = au_steal(&h->headers);
	if (h->nonce && !au_json_set_take(net->doc, "nonce", json_string(h->nonce), err))
		return false;
	bool json = is_json_type(h->content_type);
	if (json && h->body.n && h->status >= 400) {
		/* an error whose body cannot be read is still an error with a status */
		AU_AUTO_ERR struct au_err ignored = { 0 };
		r->body = au_json_load(h->body.p, h->body.n, AU_MAX_DEPTH_SERVER, &ignored);
	} else if (json && h->body.n && !accept) {
		r->body = au_json_load(h->body.p, h->body.n, AU_MAX_DEPTH_SERVER, err);
		if (!r->body || !json_is_object(r->body)) {
			if (r->body)
				au_fail(err, AU_PROTOCOL, "not a JSON object");
			au_fail_as(err, err->code == AU_SYSTEM ? AU_SYSTEM : AU_PROTOCOL);
			return au_fail_in(err, "%s: answer", r->url);
		}
	} else if (h->status < 300 && h->body.n && !same_text(h->content_type, accept)) {
		return au_fail(err, AU_PROTOCOL, "%s: answered %ld with content type %s, %s was expected", r->url,
			       h->status, h->content_type ? h->content_type : "(none)",
			       accept ? accept : "application/json");
	}
	r->raw = h->body;
	h->body = (struct au_buf){ 0 };
	return true;
}

/* The system's anchors that led here, so that the next program need not read all of them. */
static void remember_anchors(struct au_net *net)
{
	AU_AUTO_ERR struct au_err ignored = { 0 };
	json_t *tls = json_object_get(net->doc, "tls");

	if (net->cacert || json_object_get(tls, "anchors"))
		return;
	json_t *anchors = au_http_anchors(net->http);
	if (anchors && !tls && au_json_set_take(net->doc, "tls", json_object(), &ignored))
		tls = json_object_get(net->doc, "tls");
	if (anchors && tls)
		au_json_set_take(tls, "anchors", anchors, &ignored);
	else
		json_decref(anchors);
}

static bool exchange(struct au_net *net, const struct au_http_request *request, const char *accept,
		     struct au_reply *reply, struct au_err *err)
{
	struct au_http_request q = *request;
	struct au_http_response h = { 0 };
	int64_t left = net->deadline - mono(net);

	if (left <= 0)
		return au_fail(err, AU_NET, "%s: no time left of the %ld s of --timeout", q.url, net->opts->timeout);
	q.timeout_ms = net->opts->request_timeout * 1000;
	if (q.timeout_ms > left)
		q.timeout_ms = left;
	bool ok = au_http_do(net->http, &q, &h, err) && digest(net, &h, accept, reply, err);
	if (ok) {
		au_note(net->run, 1, "%s %s: %ld", q.method, q.url, reply->status);
		remember_anchors(net);
	}
	au_http_response_free(&h);
	return ok;
}

bool au_req_send(struct au_net *net, const char *method, const char *url, const void *body, size_t n,
		 const char *content_type, const char *accept, struct au_reply *reply, struct au_err *err)
{
	const struct au_http_request q = { .method = method ? method : "POST", .url = url, .body = body, .n = n,
					   .content_type = content_type, .accept = accept ? accept : "application/json" };
	return au_req_url(net, url, "request", err) && exchange(net, &q, accept, reply, err);
}

bool au_req_refused(struct au_err *err, const char *url, const struct au_reply *reply)
{
	if (reply->status < 400)
		return au_fail(err, AU_PROTOCOL, "%s: answered %ld%s", url, reply->status,
			       reply->status >= 300 ? ", a redirect is followed for directories only" : "");
	return au_problem_fail(err, url, reply->status, reply->body, reply->retry_after);
}

bool au_req_get(struct au_net *net, const char *url, struct au_reply *reply, struct au_err *err)
{
	const struct au_http_request q = { .method = "GET", .url = url, .accept = "application/json",
					   .redirects = AU_MAX_REDIRECTS };
	if (!au_req_url(net, url, "URL", err) || !exchange(net, &q, NULL, reply, err))
		return false;
	if (reply->status != 200)
		return au_req_refused(err, url, reply);
	if (!reply->body)
		return au_fail(err, AU_PROTOCOL, "%s: answered 200 with nothing", url);
	return strcmp(reply->url, url) == 0 || au_req_url(net, reply->url, "redirect", err);
}

/* --- nonces ------------------------------------------------------------------- */

bool au_req_nonce(struct au_net *net, struct au_err *err)
{
	AU_AUTO_REPLY struct au_reply reply = { 0 };
	const char *nonce = json_string_value(json_object_get(net->doc, "nonce")), *url;

	if (nonce && strlen(nonce) <= AU_MAX_NONCE && au_b64url_is(nonce))
		return true;
	json_object_del(net->doc, "nonce");
	if (!au_req_endpoint(net, "newNonce", &url, err) || !au_req_url(net, url, "newNonce", err))
		return false;
	const struct au_http_request q = { .method = "HEAD", .url = url };
	if (!exchange(net, &q, NULL, &reply, err))
		return false;
	if (reply.status != 200 && reply.status != 204)
		return au_req_refused(err, url, &reply);
	if (!json_object_get(net->doc, "nonce"))
		return au_fail(err, AU_PROTOCOL, "%s: answered %ld without a usable Replay-Nonce", url, reply.status);
	return true;
}

/* --- signing ------------------------------------------------------------------- */

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
		return mono(net) < net->deadline;
	}
	return reply->status == 503 && unavailable <= 3 && au_req_pause(net, unavailable + 3, reply->retry_after, err);
}

bool au_req_post(struct au_net *net, const struct au_post *post, struct au_reply *reply, struct au_err *err)
{
	AU_AUTO_MEM char *payload = post->payload ? au_json_dump(post->payload) : au_strdup("");
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
				 err))
			return false;
		if (reply->status >= 200 && reply->status < 300)
			return true;
		au_req_refused(err, post->url, reply);
		nonces = au_problem_is(err, "badNonce") ? nonces + 1 : 0;
		unavailable += reply->status == 503;
		if (!again(net, reply, err, nonces, unavailable, &waiting))
			return nonces > 1 ? au_fail_in(err, "refused %u times in a row", nonces) : false;
		au_err_clear(err);
	}
}

/* --- what several programs fetch ----------------------------------------------- */

/* Is the name of an authorization that of an identifier, its star taken off, or (RFC 9444) a domain above it? */
static bool covers(const json_t *authz, const json_t *ident)
{
	const json_t *own = json_object_get(authz, "identifier");
	const char *type = json_string_value(json_object_get(ident, "type")),
		   *value = json_string_value(json_object_get(ident, "value")),
		   *name = json_string_value(json_object_get(own, "value"));
	bool wildcard = json_is_true(json_object_get(authz, "wildcard"));

	if (!type || !value || !name || !same_text(type, json_string_value(json_object_get(own, "type"))))
		return false;
	if (strcmp(type, "dns"))
		return !wildcard && !strcmp(value, name);
	bool star = !strncmp(value, "*.", 2);
	if (star)
		value += 2;
	if (!strcasecmp(value, name))
		return star == wildcard;
	size_t v = strlen(value), n = strlen(name);
	return v > n && value[v - n - 1] == '.' && !strcasecmp(value + v - n, name) &&
	       json_is_true(json_object_get(authz, "subdomainAuthAllowed"));
}

static bool is_of_order(const json_t *authz, const json_t *order, struct au_err *err)
{
	const json_t *ident;
	size_t i;

	json_array_foreach(json_object_get(order, "identifiers"), i, ident)
		if (covers(authz, ident))
			return true;
	AU_AUTO_MEM char *text = au_authz_text(authz);
	return au_fail(err, AU_PROTOCOL, "it is for %s, which the order does not name", text ? text : "?");
}

/* An authorization does not come to be for another name than it was. */
static bool is_as_before(const json_t *old, const json_t *authz, struct au_err *err)
{
	const json_t *name = json_object_get(old, "identifier");

	if (!name || (au_ident_equal(name, json_object_get(authz, "identifier")) &&
		      json_is_true(json_object_get(old, "wildcard")) == json_is_true(json_object_get(authz, "wildcard"))))
		return true;
	AU_AUTO_MEM char *was = au_authz_text(old), *is = au_authz_text(authz);
	return au_fail(err, AU_PROTOCOL, "it was for %s before, now it is for %s", was ? was : "?", is ? is : "?");
}

bool au_req_authorization(struct au_net *net, const char *url, const json_t *order, json_t *list, long *retry_after,
			  struct au_err *err)
{
	AU_AUTO_REPLY struct au_reply reply = { 0 };
	const struct au_post post = { .url = url, .into = "authorizations" };
	enum au_status status;
	const json_t *old;
	size_t i;

	if (!au_req_post(net, &post, &reply, err) || reply.unsent)
		return !err->code;
	if (!reply.body)
		return au_fail(err, AU_PROTOCOL, "%s: answered %ld with nothing", url, reply.status);
	if (retry_after)
		*retry_after = reply.retry_after;
	if (!au_authz_check(reply.body, net->allow_http, &status, err) ||
	    (order && !is_of_order(reply.body, order, err)))
		return au_fail_in(err, "authorization %s", url);
	if (!au_json_set_take(reply.body, "url", json_string(url), err))
		return false;
	json_array_foreach(list, i, old)
		if (same_text(json_string_value(json_object_get(old, "url")), url))
			return is_as_before(old, reply.body, err)
				? json_array_set(list, i, reply.body) == 0 || au_fail_mem(err)
				: au_fail_in(err, "authorization %s", url);
	return au_json_add_take(list, json_incref(reply.body), err);
}

bool au_req_order(struct au_net *net, enum au_status *status, struct au_reply *reply, struct au_err *err)
{
	struct au_post post = { .into = "order" };

	if (!au_json_str(net->doc, "order.url", AU_MUST, &post.url, err))
		return false;
	AU_AUTO_MEM char *url = au_strdup(post.url);
	post.url = url;
	if (!url)
		return au_fail_mem(err);
	if (!au_req_post(net, &post, reply, err) || reply->unsent)
		return !err->code;
	if (!reply->body)
		return au_fail(err, AU_PROTOCOL, "%s: answered %ld with nothing", url, reply->status);
	if (!au_order_check(reply->body, net->allow_http, status, err))
		return au_fail_in(err, "order %s", url);
	return au_json_set_take(reply->body, "url", json_string(url), err) &&
	       au_json_set_take(net->doc, "order", json_incref(reply->body), err);
}

bool au_req_pause(struct au_net *net, unsigned n, long retry_after, struct au_err *err)
{
	int64_t left = net->deadline - mono(net), ms;

	if (retry_after >= 0) {
		ms = retry_after < 1 ? 1000 : retry_after > INT64_MAX / 1000 ? INT64_MAX : (int64_t)retry_after * 1000;
	} else {
		ms = n < 8 ? 20 << n : 5000;
		/* pollers that started together drift apart */
		ms += ms * (net->run->clock->now(net->run->clock) % 100) / 400;
	}
	if (ms >= left) {
		au_fail(err, AU_PENDING, "no time left of the %ld s of --timeout", net->opts->timeout);
		err->retry_after = retry_after;
		return false;
	}
	net->run->clock->sleep(net->run->clock, ms);
	return true;
}
