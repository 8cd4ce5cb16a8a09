/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* req: a document and its server: trust, deadlines, nonces, and one exchange at a time. */
#include "req-impl.h"

#include <string.h>

#include "b64.h"
#include "mem.h"
#include "problem.h"

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

/* One HTTP handle as long as documents agree on what to trust. */
static bool open_http(struct au_net *net, struct au_err *err)
{
	const char *cacert = net->opts->cacert;
	json_t *anchors = NULL;

	if (!cacert && !au_json_str(net->doc, "tls.cacert", AU_MAY, &cacert, err))
		return false;
	if (!cacert && !au_json_arr(net->doc, "tls.anchors", AU_MAY, &anchors, err))
		return false;
	if (net->http && au_req_same_text(cacert, net->cacert) && (!net->anchors || json_equal(anchors, net->anchors)))
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

int64_t au_req_mono(const struct au_net *net)
{
	return net->run->clock->mono(net->run->clock);
}

bool au_req_begin(struct au_net *net, json_t *doc, const struct au_acct_opts *acct, struct au_err *err)
{
	json_t *directory = NULL;
	const char *url = NULL;

	net->doc = doc;
	net->acct = acct;
	net->deadline = au_req_mono(net) + net->opts->timeout * 1000;
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
	} else if (h->status < 300 && h->body.n && !au_req_same_text(h->content_type, accept)) {
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
	int64_t left = net->deadline - au_req_mono(net);

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

bool au_req_pause(struct au_net *net, unsigned n, long retry_after, struct au_err *err)
{
	int64_t left = net->deadline - au_req_mono(net), ms;

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
