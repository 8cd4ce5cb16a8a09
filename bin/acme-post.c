/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* acme-post: send a signed request and keep the answer: the part of the plumbing that has the network and no key. */
#include <string.h>

#include "acmeutil.h"
#include "req.h"

struct opts {
	struct au_net_opts net;
	bool keep;
};

static const struct au_opt opts[] = {
	{ 0, "keep-response", NULL, "keep the whole answer in the document, also when its place is known", au_set_flag,
	  offsetof(struct opts, keep), NULL, NULL },
	AU_NET_ROWS(struct opts, net),
	{ 0 }
};

static const struct au_member reads[] = {
	{ "request", AU_MUST, "url, jws and optionally method, contentType, accept and into, as a program's --unsigned and "
	  "acme-sign made it" },
	{ 0 }
};

static const struct au_member adds[] = {
	{ "response", AU_MAY, "status, headers, and body (JSON) or octets (base64url)" },
	{ "nonce", AU_MAY, "the answer's nonce" },
	{ "account", AU_MAY, "or order, or authorizations: where request.into says that the answer belongs" },
	{ 0 }
};

static bool setup(struct au_run *run, struct au_err *err)
{
	const struct opts *o = run->opt;
	return au_net_open(&o->net, run, (struct au_net **)&run->state, err);
}

/* The answer as it came. */
static json_t *response(const struct au_reply *reply, struct au_err *err)
{
	AU_AUTO_JSON json_t *r = json_object();

	if (!r)
		return au_fail_mem(err), NULL;
	if (!au_json_set_take(r, "status", json_integer(reply->status), err) ||
	    !au_json_set_take(r, "headers", json_incref(reply->headers), err))
		return NULL;
	if (reply->body)
		return au_json_set_take(r, "body", json_incref(reply->body), err) ? au_steal(&r) : NULL;
	AU_AUTO_MEM char *b64 = au_b64url(reply->raw.p, reply->raw.n);
	return b64 && au_json_set_take(r, "octets", json_string(b64), err) ? au_steal(&r) : NULL;
}

/* Nobody here has the account key, but a newAccount request carries its public half. */
static bool add_thumbprint(const json_t *jws, json_t *account, struct au_err *err)
{
	AU_AUTO_KEY struct au_key *key = NULL;
	AU_AUTO_ERR struct au_err no_header = { 0 };
	AU_AUTO_JSON json_t *header = au_jws_header(jws, &no_header);
	const json_t *jwk = json_object_get(header, "jwk");
	char thumbprint[44];

	return !jwk || (au_jwk_read(jwk, AU_KEY_PUBLIC, &key, err) && au_jwk_thumbprint_text(key, thumbprint, err) &&
			au_json_set_take(account, "thumbprint", json_string(thumbprint), err));
}

/* An object keeps its URL: the Location of a new one, else what it had, or what was fetched. */
static bool place(json_t *doc, const json_t *request, const json_t *jws, const char *into, const struct au_reply *reply,
		  struct au_err *err)
{
	AU_AUTO_JSON json_t *object = reply->body ? json_incref(reply->body) : json_object();
	const char *url = reply->location;
	const json_t *old = json_object_get(doc, into);

	if (!url)
		url = json_string_value(json_object_get(old, "url"));
	if (!url && !au_json_str(request, "url", AU_MUST, &url, err))
		return false;
	if (!au_json_set_take(object, "url", json_string(url), err))
		return false;
	if (!strcmp(into, "account")) {
		json_t *thumbprint = json_incref(json_object_get(old, "thumbprint"));
		if (thumbprint && !au_json_set_take(object, "thumbprint", thumbprint, err))
			return false;
		return add_thumbprint(jws, object, err) && au_json_set_take(doc, into, json_incref(object), err);
	}
	if (strcmp(into, "authorizations"))
		return au_json_set_take(doc, into, json_incref(object), err);
	json_t *list = json_object_get(doc, into), *other;
	size_t i;
	if (!json_is_array(list) && !au_json_set_take(doc, into, list = json_array(), err))
		return false;
	json_array_foreach(list, i, other)
		if (json_equal(json_object_get(other, "url"), json_object_get(object, "url")))
			return json_array_set(list, i, object) == 0 || au_fail_mem(err);
	return au_json_add_take(list, json_incref(object), err);
}

static bool check_into(const char *into, struct au_err *err)
{
	static const char *const known[] = { "account", "order", "authorizations" };
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (!into || !strcmp(into, known[i]))
			return true;
	return au_fail(err, AU_INPUT, "request.into: not account, order or authorizations: %s", into);
}

static bool run(struct au_run *run, json_t *doc, struct au_err *err)
{
	const struct opts *o = run->opt;
	struct au_net *net = run->state;
	AU_AUTO_REPLY struct au_reply reply = { 0 };
	AU_AUTO_JSON json_t *request = json_incref(json_object_get(doc, "request"));
	const char *url, *method = NULL, *type = "application/jose+json", *accept = NULL, *into = NULL;
	json_t *jws;

	if (!au_json_str(request, "url", AU_MUST, &url, err) || !au_json_str(request, "method", AU_MAY, &method, err) ||
	    !au_json_str(request, "accept", AU_MAY, &accept, err) || !au_json_str(request, "into", AU_MAY, &into, err) ||
	    !au_json_obj(request, "jws", AU_MUST, &jws, err))
		return au_fail_in(err, "request (acme-sign makes its jws)");
	if (json_object_get(request, "contentType") && !au_json_str(request, "contentType", AU_MUST, &type, err))
		return au_fail_in(err, "request");
	if (method && (!*method || strlen(method) > 32 || method[strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")]))
		return au_fail(err, AU_INPUT, "request.method: not a method: %s", method);
	AU_AUTO_MEM char *body = au_json_dump(jws);
	if (!body)
		return au_fail_mem(err);
	json_object_del(doc, "response");
	if (!check_into(into, err) || !au_req_begin(net, doc, NULL, err) ||
	    !au_req_send(net, method, url, body, strlen(body), type, accept, &reply, err))
		return false;
	/* a nonce is spent: a request that stays in the document is signed anew before it is sent again */
	AU_AUTO_JSON json_t *sent = json_incref(jws);
	json_object_del(request, "jws");
	json_t *r = response(&reply, err);
	if (!r || !au_json_set_take(doc, "response", r, err))
		return false;
	if (reply.status < 200 || reply.status >= 300)
		return au_req_refused(err, url, &reply);
	if (into && !place(doc, request, sent, into, &reply, err))
		return false;
	json_object_del(doc, "request");
	if (into && !o->keep)
		json_object_del(doc, "response");
	return true;
}

static const struct au_cmd acme_post = {
	.name = "acme-post",
	.brief = "send a signed request to an ACME server",
	.opts = opts, .optsize = sizeof(struct opts), .in = reads, .out = adds,
	.setup = setup, .run = run, .done = au_net_done,
};
AU_MAIN(acme_post)
