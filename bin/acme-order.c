/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* acme-order: ask for a certificate (RFC 8555 section 7.4) and fetch what must be proved for it. */
#include <string.h>

#include "acmeutil.h"
#include "req.h"

struct opts {
	struct au_net_opts net;
	struct au_acct_opts acct;
	struct au_list names;
	const char *not_before, *not_after, *profile, *replaces;
};

static const struct au_opt opts[] = {
	{ 'd', "domain", "NAME", "order this DNS name; may be repeated, *. in front is a wildcard", au_set_list,
	  offsetof(struct opts, names), NULL, NULL },
	{ 0, "not-before", "TIME", "ask for this notBefore date (RFC 3339)", au_set_str,
	  offsetof(struct opts, not_before), NULL, NULL },
	{ 0, "not-after", "TIME", "ask for this notAfter date (RFC 3339)", au_set_str,
	  offsetof(struct opts, not_after), NULL, NULL },
	{ 0, "profile", "NAME", "ask for this certificate profile", au_set_str, offsetof(struct opts, profile), NULL, NULL },
	{ 0, "replaces", "ID", "say which certificate is replaced (RFC 9773), in place of the document's renewal.id",
	  au_set_str, offsetof(struct opts, replaces), NULL, NULL },
	AU_NET_ROWS(struct opts, net),
	AU_ACCT_ROWS(struct opts, acct),
	{ 0 }
};

static const struct au_member reads[] = {
	{ "directory", AU_MUST, "for newOrder; run acme-directory first" },
	{ "account", AU_MUST, "for its url; run acme-account first" },
	{ "key", AU_MAY, "name of the account key" },
	{ "nonce", AU_MAY, "spent first, when there is one" },
	{ "renewal.id", AU_MAY, "what acme-renewal found due is replaced" },
	{ 0 }
};

static const struct au_member adds[] = {
	{ "order", AU_MUST, "the order object as served, plus its url" },
	{ "authorizations", AU_MAY, "the authorization objects as served, plus their urls" },
	{ "request", AU_MAY, "with --unsigned: what acme-sign and acme-post do next" },
	{ 0 }
};

static bool setup(struct au_run *run, struct au_err *err)
{
	const struct opts *o = run->opt;
	const struct { const char *option, *value; } dates[] = {
		{ "--not-before", o->not_before }, { "--not-after", o->not_after },
	};
	int64_t t;

	if (!o->names.n && !run->argc)
		return au_fail(err, AU_USAGE, "nothing to order: name what the certificate is for with -d NAME or type:value");
	for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
		if (dates[i].value && !au_time_read(dates[i].value, &t, err)) {
			au_fail_in(err, "%s", dates[i].option);
			return au_fail_as(err, AU_USAGE);
		}
	}
	return au_net_open(&o->net, run, (struct au_net **)&run->state, err);
}

static json_t *new_order(const struct au_run *run, const json_t *doc, struct au_err *err)
{
	const struct opts *o = run->opt;
	const char *replaces = o->replaces;
	json_t *names = au_ident_list(o->names.v, o->names.n, run->argv, run->argc, err);
	AU_AUTO_JSON json_t *order = names ? json_object() : NULL;

	if (!names || (!replaces && !au_json_str(doc, "renewal.id", AU_MAY, &replaces, err)) ||
	    !au_json_set_take(order, "identifiers", names, err))
		return NULL;
	const struct { const char *name, *value; } texts[] = {
		{ "notBefore", o->not_before }, { "notAfter", o->not_after },
		{ "profile", o->profile }, { "replaces", replaces },
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (texts[i].value && !au_json_set_take(order, texts[i].name, json_string(texts[i].value), err))
			return NULL;
	return au_steal(&order);
}

/* The server may have fewer or more names in its order than were asked for; then nothing is proved for it. */
static bool check_order(struct au_net *net, const json_t *asked, const json_t *order, struct au_err *err)
{
	enum au_status status;
	if (!au_order_check(order, au_req_allows_http(net), &status, err))
		return false;
	return au_ident_same_set(json_object_get(asked, "identifiers"), json_object_get(order, "identifiers"), err);
}

static bool fetch_authorizations(struct au_net *net, json_t *doc, struct au_err *err)
{
	const json_t *order = json_object_get(doc, "order"), *url;
	json_t *list = json_array();
	size_t i;

	if (!au_json_set_take(doc, "authorizations", list, err))
		return false;
	json_array_foreach(json_object_get(order, "authorizations"), i, url) {
		if (!au_req_authorization(net, json_string_value(url), order, list, NULL, err))
			return false;
	}
	return true;
}

static bool run(struct au_run *run, json_t *doc, struct au_err *err)
{
	const struct opts *o = run->opt;
	struct au_net *net = run->state;
	AU_AUTO_REPLY struct au_reply reply = { 0 };
	struct au_post post = { .into = "order" };
	AU_AUTO_JSON json_t *payload = new_order(run, doc, err);

	if (!payload || !au_req_begin(net, doc, &o->acct, err) || !au_req_endpoint(net, "newOrder", &post.url, err))
		return false;
	post.payload = payload;
	if (!au_req_post(net, &post, &reply, err) || reply.unsent)
		return !err->code;
	if (!reply.location || !reply.body)
		return au_fail(err, AU_PROTOCOL, "%s: answered %ld without %s", post.url, reply.status,
			       reply.body ? "the order's Location" : "an order");
	/* into the document before anything else can fail: an order's URL is never lost */
	if (!au_json_set_take(reply.body, "url", json_string(reply.location), err) ||
	    !au_json_set_take(doc, "order", json_incref(reply.body), err))
		return false;
	if (!au_req_url(net, reply.location, "order", err) || !check_order(net, payload, reply.body, err))
		return au_fail_in(err, "order %s", reply.location);
	au_note(run, 1, "order %s", reply.location);
	return fetch_authorizations(net, doc, err);
}

static const struct au_cmd acme_order = {
	.name = "acme-order",
	.brief = "order a certificate from an ACME server",
	.operands = "[TYPE:VALUE...]",
	.opts = opts, .optsize = sizeof(struct opts), .in = reads, .out = adds, .flags = AU_CMD_SECRET,
	.setup = setup, .run = run, .done = au_net_done,
};
AU_MAIN(acme_order)
