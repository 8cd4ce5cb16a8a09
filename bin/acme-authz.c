/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* acme-authz: authorizations by themselves: made before any order (RFC 8555, 7.4.1), looked at again, given up. */
#include <string.h>

#include "acmeutil.h"
#include "req.h"

struct opts {
	struct au_net_opts net;
	struct au_acct_opts acct;
	struct au_list names, urls;
	bool subdomains, refresh, deactivate;
};

static const struct au_opt opts[] = {
	{ 'd', "domain", "NAME", "authorize this DNS name before any order; may be repeated", au_set_list,
	  offsetof(struct opts, names), NULL, NULL },
	{ 0, "subdomains", NULL, "ask for the names below it as well (RFC 9444)", au_set_flag,
	  offsetof(struct opts, subdomains), NULL, NULL },
	{ 0, "refresh", NULL, "fetch each authorization of the document again", au_set_flag,
	  offsetof(struct opts, refresh), NULL, NULL },
	{ 0, "deactivate", NULL, "give up each authorization of the document", au_set_flag,
	  offsetof(struct opts, deactivate), NULL, NULL },
	{ 0, "url", "URL", "fetch, or with --deactivate give up, this authorization; may be repeated", au_set_list,
	  offsetof(struct opts, urls), NULL, NULL },
	AU_NET_ROWS(struct opts, net),
	AU_ACCT_ROWS(struct opts, acct),
	{ 0 }
};

static const struct au_member reads[] = {
	{ "directory", AU_MUST, "for newAuthz; run acme-directory first" },
	{ "account", AU_MUST, "for its url; run acme-account first" },
	{ "authorizations", AU_MAY, "those to fetch again or to give up" },
	{ "order", AU_MAY, "for its authorizations, when they are not in the document yet" },
	{ "key", AU_MAY, "name of the account key" },
	{ "nonce", AU_MAY, "spent first, when there is one" },
	{ 0 }
};

static const struct au_member adds[] = {
	{ "authorizations", AU_MUST, "the authorization objects as served, plus their urls" },
	{ "request", AU_MAY, "with --unsigned: what acme-sign and acme-post do next" },
	{ 0 }
};

static bool setup(struct au_run *run, struct au_err *err)
{
	const struct opts *o = run->opt;
	bool names = o->names.n || run->argc, old = o->refresh || o->deactivate || o->urls.n;

	if (!names && !old)
		return au_fail(err, AU_USAGE, "nothing to do: -d NAME or TYPE:VALUE to authorize, --refresh, --deactivate or --url");
	if (names && old)
		return au_fail(err, AU_USAGE, "names are for new authorizations, --refresh, --deactivate and --url for old ones");
	if (o->subdomains && !names)
		return au_fail(err, AU_USAGE, "--subdomains: of which name? (-d NAME)");
	if (o->refresh && o->deactivate)
		return au_fail(err, AU_USAGE, "--refresh and --deactivate exclude each other");
	return au_net_open(&o->net, run, (struct au_net **)&run->state, err);
}

/* --- new ones ------------------------------------------------------------------ */

/* All of them, before anything is sent. */
static json_t *identifiers(const struct au_run *run, struct au_err *err)
{
	const struct opts *o = run->opt;
	AU_AUTO_JSON json_t *list = au_ident_list(o->names.v, o->names.n, run->argv, run->argc, err);
	json_t *id;
	size_t i;

	json_array_foreach(list, i, id) {
		const char *value = json_string_value(json_object_get(id, "value"));
		if (value[0] == '*' && !strcmp(json_string_value(json_object_get(id, "type")), "dns"))
			return au_fail(err, AU_USAGE, "%s: a wildcard is proved for its order only (RFC 8555 section 7.4.1)",
				       value), NULL;
		if (o->subdomains && !au_json_set_take(id, "subdomainAuthAllowed", json_true(), err))
			return NULL;
	}
	return au_steal(&list);
}

/* The document's list, made when there is none. */
static json_t *authorizations(json_t *doc, struct au_err *err)
{
	json_t *list;

	if (!au_json_arr(doc, "authorizations", AU_MAY, &list, err))
		return NULL;
	if (!list && !au_json_set_take(doc, "authorizations", list = json_array(), err))
		return NULL;
	return list;
}

/* Put an authorization over the one with its url, else at the end. */
static bool keep(json_t *list, json_t *authz, const char *url, struct au_err *err)
{
	const json_t *old;
	size_t i;

	if (!au_json_set_take(authz, "url", json_string(url), err))
		return false;
	json_array_foreach(list, i, old)
		if (json_equal(json_object_get(old, "url"), json_object_get(authz, "url")))
			return json_array_set(list, i, authz) == 0 || au_fail_mem(err);
	return au_json_add_take(list, json_incref(authz), err);
}

/* Is what came back for the name that was asked for, and no wildcard in its place? */
static bool check_new(struct au_run *run, const json_t *asked, const json_t *authz, struct au_err *err)
{
	enum au_status status;
	AU_AUTO_MEM char *want = au_ident_text(asked), *got = au_authz_text(authz);

	if (!want || !got)
		return au_fail_mem(err);
	if (!au_authz_check(authz, au_req_allows_http(run->state), &status, err))
		return false;
	if (!au_ident_equal(asked, json_object_get(authz, "identifier")) || json_is_true(json_object_get(authz, "wildcard")))
		return au_fail(err, AU_PROTOCOL, "it is for %s, %s was asked for", got, want);
	if (json_object_get(asked, "subdomainAuthAllowed") && !json_is_true(json_object_get(authz, "subdomainAuthAllowed")))
		au_note(run, 0, "warning: %s: the server does not extend it to the names below", got);
	return true;
}

static bool create(struct au_run *run, json_t *list, const json_t *id, struct au_err *err)
{
	AU_AUTO_REPLY struct au_reply reply = { 0 };
	AU_AUTO_JSON json_t *payload = json_pack("{s:O}", "identifier", id);
	struct au_post post = { .into = "authorizations", .payload = payload };

	if (!payload)
		return au_fail_mem(err);
	if (!au_req_endpoint(run->state, "newAuthz", &post.url, err) || !au_req_post(run->state, &post, &reply, err) ||
	    reply.unsent)
		return !err->code;
	if (!reply.location || !reply.body)
		return au_fail(err, AU_PROTOCOL, "%s: answered %ld without %s", post.url, reply.status,
			       reply.body ? "the authorization's Location" : "an authorization");
	/* into the document before anything else can fail */
	if (!keep(list, reply.body, reply.location, err))
		return false;
	if (!au_req_url(run->state, reply.location, "authorization", err) || !check_new(run, id, reply.body, err))
		return au_fail_in(err, "authorization %s", reply.location);
	return true;
}

/* --- old ones ------------------------------------------------------------------ */

static bool add_url(json_t *urls, const char *url, struct au_err *err)
{
	const json_t *old;
	size_t i;

	json_array_foreach(urls, i, old)
		if (!strcmp(json_string_value(old), url))
			return true;
	return au_json_add_take(urls, json_string(url), err);
}

/* Which ones are meant: those of --url, else those of the document and of its order, each once. */
static json_t *targets(const struct opts *o, const json_t *doc, struct au_err *err)
{
	AU_AUTO_JSON json_t *urls = json_array();
	const json_t *element;
	json_t *list = NULL, *ordered = NULL;
	const char *url;
	size_t i;

	if (!urls)
		return au_fail_mem(err), NULL;
	for (i = 0; i < o->urls.n; i++)
		if (!add_url(urls, o->urls.v[i], err))
			return NULL;
	if (o->urls.n)
		return au_steal(&urls);
	if (!au_json_arr(doc, "authorizations", AU_MAY, &list, err) ||
	    !au_json_arr(doc, "order.authorizations", AU_MAY, &ordered, err))
		return NULL;
	json_array_foreach(list, i, element)
		if (!au_json_str(element, "url", AU_MUST, &url, err) || !add_url(urls, url, err))
			return au_fail_in(err, "authorizations: element %zu", i), NULL;
	json_array_foreach(ordered, i, element)
		if (json_is_string(element) && !add_url(urls, json_string_value(element), err))
			return NULL;
	if (json_array_size(urls) == 0)
		return au_fail(err, AU_INPUT, "authorizations: none in the document; name one with --url"), NULL;
	return au_steal(&urls);
}

static bool is_ordered(const json_t *doc, const char *url)
{
	const json_t *element;
	size_t i;

	json_array_foreach(au_json_at(doc, "order.authorizations"), i, element)
		if (json_is_string(element) && !strcmp(json_string_value(element), url))
			return true;
	return false;
}

static bool fetch(struct au_net *net, const json_t *doc, json_t *list, const char *url, struct au_err *err)
{
	/* What the order names must be for one of its names; the others are whatever they were made for. */
	const json_t *order = is_ordered(doc, url) ? json_object_get(doc, "order") : NULL;

	return au_req_authorization(net, url, order, list, NULL, err);
}

static bool deactivate(struct au_net *net, const json_t *doc, json_t *list, const char *url, struct au_err *err)
{
	AU_AUTO_REPLY struct au_reply reply = { 0 };
	AU_AUTO_JSON json_t *payload = json_pack("{s:s}", "status", "deactivated");
	const struct au_post post = { .into = "authorizations", .payload = payload, .url = url };
	enum au_status status;

	if (!payload)
		return au_fail_mem(err);
	if (!au_req_post(net, &post, &reply, err) || reply.unsent)
		return !err->code;
	if (!reply.body)
		return fetch(net, doc, list, url, err);
	if (!au_authz_check(reply.body, au_req_allows_http(net), &status, err))
		return au_fail_in(err, "authorization %s", url);
	if (!keep(list, reply.body, url, err))
		return false;
	return status == AU_ST_DEACTIVATED ||
	       au_fail(err, AU_PROTOCOL, "authorization %s: still %s after its deactivation", url, au_status_name(status));
}

/* --- all ----------------------------------------------------------------------- */

static bool each(struct au_run *run, const json_t *doc, const json_t *todo, json_t *list, struct au_err *err)
{
	const struct opts *o = run->opt;
	const json_t *element;
	size_t i;

	json_array_foreach(todo, i, element) {
		const char *url = json_string_value(element);
		if (!(json_is_object(element) ? create(run, list, element, err)
		      : o->deactivate ? deactivate(run->state, doc, list, url, err) : fetch(run->state, doc, list, url, err)))
			return false;
	}
	return true;
}

static bool run(struct au_run *run, json_t *doc, struct au_err *err)
{
	const struct opts *o = run->opt;
	AU_AUTO_JSON json_t *todo = o->names.n || run->argc ? identifiers(run, err) : targets(o, doc, err);
	json_t *list;

	if (!todo)
		return false;
	if (o->acct.unsigned_ && json_array_size(todo) > 1)
		return au_fail(err, AU_USAGE, "--unsigned makes one request, this takes %zu; name one, or one --url at a time",
			       json_array_size(todo));
	if (!au_req_begin(run->state, doc, &o->acct, err) || !(list = authorizations(doc, err)))
		return false;
	bool ok = each(run, doc, todo, list, err);
	if (json_array_size(list) == 0)
		json_object_del(doc, "authorizations");
	return ok;
}

static const struct au_cmd acme_authz = {
	.name = "acme-authz",
	.brief = "make, fetch and deactivate authorizations",
	.operands = "[TYPE:VALUE...]",
	.opts = opts, .optsize = sizeof(struct opts), .in = reads, .out = adds, .flags = AU_CMD_SECRET,
	.setup = setup, .run = run, .done = au_net_done,
};
AU_MAIN(acme_authz)
