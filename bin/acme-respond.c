/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* acme-respond: tell the server that the challenges can be validated (RFC 8555 section 7.5.1), and wait until it has decided. */
#include <string.h>

#include "acmeutil.h"
#include "req.h"

struct opts {
	struct au_net_opts net;
	struct au_acct_opts acct;
	bool no_wait;
};

static const struct au_opt opts[] = {
	{ 0, "no-wait", NULL, "post the answers and do not wait for the decisions", au_set_flag,
	  offsetof(struct opts, no_wait), NULL, NULL },
	AU_NET_ROWS(struct opts, net),
	AU_ACCT_ROWS(struct opts, acct),
	{ 0 }
};

static const struct au_member reads[] = {
	{ "directory", AU_MUST, "run acme-directory first" },
	{ "account", AU_MUST, "for its url" },
	{ "authorizations", AU_MAY, "what is to be proved; none are needed for an order that is ready" },
	{ "answers", AU_MAY, "what to post to which challenge; acme-answer, acme-http01 and their sisters make them" },
	{ "order", AU_MAY, "for its identifiers: authorizations for other names are refused" },
	{ "key", AU_MAY, "name of the account key" },
	{ "nonce", AU_MAY, "spent first, when there is one" },
	{ 0 }
};

static const struct au_member adds[] = {
	{ "authorizations", AU_MUST, "as the server decided" },
	{ "request", AU_MAY, "with --unsigned: the first answer that was not posted yet" },
	{ 0 }
};

static bool setup(struct au_run *run, struct au_err *err)
{
	const struct opts *o = run->opt;
	return au_net_open(&o->net, run, (struct au_net **)&run->state, err);
}

/* Says what was tried when the server found a proof wrong. */
static bool fail_invalid(const json_t *authz, enum au_status status, struct au_err *err)
{
	AU_AUTO_MEM char *name = au_authz_text(authz);
	const json_t *challenge;
	size_t i;

	json_array_foreach(json_object_get(authz, "challenges"), i, challenge) {
		const json_t *error = json_object_get(challenge, "error");
		const char *type = json_string_value(json_object_get(challenge, "type"));
		if (!error)
			continue;
		au_problem_invalid(err, name ? name : "?", error);
		return au_fail_in(err, "%s", type ? type : "challenge");
	}
	return au_fail(err, AU_INVALID, "authorization for %s: %s", name ? name : "?", au_status_name(status));
}

static bool fail_unanswered(const json_t *authz, struct au_err *err)
{
	AU_AUTO_MEM char *name = au_authz_text(authz);
	struct au_buf types AU_AUTO_BUF = AU_BUF(1024);
	AU_AUTO_ERR struct au_err full = { 0 };
	const json_t *challenge;
	size_t i;

	json_array_foreach(json_object_get(authz, "challenges"), i, challenge) {
		const char *type = json_string_value(json_object_get(challenge, "type"));
		if (type && !au_buf_addf(&types, &full, "%s%s", types.n ? ", " : "", type))
			break;
	}
	return au_fail(err, AU_INPUT, "%s: no answer in the document; the server offers %s (acme-answer, acme-http01, "
		       "acme-dns01, acme-tlsalpn01 make answers)", name ? name : "?", types.n ? (char *)types.p : "no challenge");
}

/* A challenge that was answered before (a resumed document) is left alone. */
static bool to_be_posted(const json_t *authz, const char *url)
{
	const json_t *challenge;
	size_t i;

	json_array_foreach(json_object_get(authz, "challenges"), i, challenge) {
		const char *own = json_string_value(json_object_get(challenge, "url")),
			   *status = json_string_value(json_object_get(challenge, "status"));
		if (own && !strcmp(own, url))
			return !status || !strcmp(status, "pending");
	}
	return true;
}

static bool post_answer(struct au_net *net, const json_t *answer, struct au_err *err)
{
	AU_AUTO_REPLY struct au_reply reply = { 0 };
	struct au_post post = { .payload = json_object_get(answer, "response") };
	enum au_status status;

	if (!json_is_object(post.payload))
		return au_fail(err, AU_INPUT, "answers: an answer without a response object");
	if (!au_json_str(answer, "challenge", AU_MUST, &post.url, err))
		return au_fail_in(err, "answers");
	if (!au_req_post(net, &post, &reply, err) || reply.unsent)
		return !err->code;
	return !reply.body || au_challenge_check(reply.body, au_req_allows_http(net), &status, err) ||
	       au_fail_in(err, "challenge %s", post.url);
}

/* Every authorization that is open has an answer, else nothing is posted. Collects what to post. */
static bool plan(const struct au_net *net, const json_t *doc, json_t *todo, struct au_err *err)
{
	const json_t *authz;
	size_t i;

	json_array_foreach(json_object_get(doc, "authorizations"), i, authz) {
		enum au_status status;
		if (!au_authz_check(authz, au_req_allows_http(net), &status, err))
			return au_fail_in(err, "authorizations: element %zu", i);
		if (status == AU_ST_VALID)
			continue;
		if (status != AU_ST_PENDING)
			return fail_invalid(authz, status, err);
		const json_t *answer = au_chall_answered(doc, authz);
		if (!answer)
			return fail_unanswered(authz, err);
		const char *url = json_string_value(json_object_get(answer, "challenge"));
		if (url && to_be_posted(authz, url) && json_array_append(todo, (json_t *)answer))
			return au_fail_mem(err);
	}
	return true;
}

/* One look at each authorization that is open; *open says how many remain so. */
static bool look(struct au_net *net, json_t *doc, size_t *open, long *retry_after, const char **name, struct au_err *err)
{
	json_t *list = json_object_get(doc, "authorizations");

	*open = 0;
	*retry_after = -1;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *authz = json_array_get(list, i);
		const char *url;
		enum au_status status;
		long wait = -1;
		if (!au_authz_check(authz, au_req_allows_http(net), &status, err) ||
		    !au_json_str(authz, "url", AU_MUST, &url, err))
			return au_fail_in(err, "authorizations: element %zu", i);
		if (status == AU_ST_VALID)
			continue;
		AU_AUTO_MEM char *own = au_strdup(url);
		if (!own)
			return au_fail_mem(err);
		if (!au_req_authorization(net, own, json_object_get(doc, "order"), list, &wait, err))
			return false;
		authz = json_array_get(list, i);
		if (!au_authz_check(authz, au_req_allows_http(net), &status, err))
			return false;
		if (status != AU_ST_PENDING && status != AU_ST_VALID)
			return fail_invalid(authz, status, err);
		if (status == AU_ST_PENDING) {
			++*open;
			*name = json_string_value(au_json_at(authz, "identifier.value"));
			if (wait > *retry_after)
				*retry_after = wait;
		}
	}
	return true;
}

static bool run(struct au_run *run, json_t *doc, struct au_err *err)
{
	const struct opts *o = run->opt;
	struct au_net *net = run->state;
	AU_AUTO_JSON json_t *todo = json_array();
	json_t *list = NULL, *answers = NULL;
	const json_t *answer;
	size_t i, open = 0;

	if (!todo)
		return au_fail_mem(err);
	if (!au_json_arr(doc, "authorizations", AU_MAY, &list, err) || !au_json_arr(doc, "answers", AU_MAY, &answers, err) ||
	    !au_req_begin(net, doc, &o->acct, err) || !plan(net, doc, todo, err))
		return false;
	if (!json_array_size(list)) {
		const char *status = json_string_value(au_json_at(doc, "order.status"));
		if (!status || !strcmp(status, "pending"))
			return au_fail(err, AU_INPUT, "authorizations: missing in the document; run acme-order or acme-authz first");
		return true;
	}
	json_array_foreach(todo, i, answer) {
		if (!post_answer(net, answer, err))
			return false;
		if (o->acct.unsigned_)
			return true;
	}
	if (o->no_wait || o->acct.unsigned_)
		return true;
	long retry_after = -1;
	const char *name = NULL;
	for (unsigned n = 0;; n++) {
		/* even a server next door needs a moment to look at what was just answered */
		if ((n || json_array_size(todo)) && !au_req_pause(net, n, retry_after, err))
			return au_fail_in(err, "%s%s still pending", name ? name : "the authorization",
					  open > 1 ? " and others" : "");
		if (!look(net, doc, &open, &retry_after, &name, err))
			return false;
		if (!open)
			return true;
	}
}

static const struct au_cmd acme_respond = {
	.name = "acme-respond",
	.brief = "post the answers to challenges and wait until each authorization is decided",
	.opts = opts, .optsize = sizeof(struct opts), .in = reads, .out = adds, .flags = AU_CMD_SECRET,
	.setup = setup, .run = run, .done = au_net_done,
};
AU_MAIN(acme_respond)
