/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* req-fetch: orders and authorizations, fetched again and checked against what is known of them. */
#include "req-impl.h"

#include <string.h>

#include "ident.h"
#include "mem.h"

/* Is the name of an authorization that of an identifier, its star taken off, or (RFC 9444) a domain above it? */
static bool covers(const json_t *authz, const json_t *ident)
{
	const json_t *own = json_object_get(authz, "identifier");
	const char *type = json_string_value(json_object_get(ident, "type")),
		   *value = json_string_value(json_object_get(ident, "value")),
		   *name = json_string_value(json_object_get(own, "value"));
	bool wildcard = json_is_true(json_object_get(authz, "wildcard"));

	if (!type || !value || !name || !au_req_same_text(type, json_string_value(json_object_get(own, "type"))))
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
		if (au_req_same_text(json_string_value(json_object_get(old, "url")), url))
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
