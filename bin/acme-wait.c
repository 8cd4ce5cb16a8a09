/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* acme-wait: ask about orders, authorizations or any other object until they are where they should be. */
#include <string.h>

#include "acmeutil.h"
#include "req.h"

struct opts {
	struct au_net_opts net;
	struct au_acct_opts acct;
	const char *until;
	bool authz, changes;
};

static const struct au_opt opts[] = {
	{ 0, "until", "STATUS[,STATUS]", "wait for one of these; without it, for ready or valid", au_set_str,
	  offsetof(struct opts, until), NULL, NULL },
	{ 0, "authz", NULL, "wait for the document's authorizations in place of its order", au_set_flag,
	  offsetof(struct opts, authz), NULL, NULL },
	{ 0, "changes", NULL, "print each change of a status as it is seen, in place of the document", au_set_flag,
	  offsetof(struct opts, changes), NULL, NULL },
	AU_NET_ROWS(struct opts, net),
	AU_ACCT_ROWS(struct opts, acct),
	{ 0 }
};

static const struct au_member reads[] = {
	{ "directory", AU_MUST, "run acme-directory first" },
	{ "account", AU_MUST, "for its url" },
	{ "order", AU_MAY, "what is waited for, when no operand and no --authz says otherwise" },
	{ "authorizations", AU_MAY, "with --authz: what is waited for" },
	{ "key", AU_MAY, "name of the account key" },
	{ "nonce", AU_MAY, "spent first, when there is one" },
	{ 0 }
};

static const struct au_member adds[] = {
	{ "order", AU_MAY, "as it was seen last" },
	{ "authorizations", AU_MAY, "as they were seen last" },
	{ "waited", AU_MAY, "the objects of other URLs as they were seen last, plus their urls" },
	{ "request", AU_MAY, "with --unsigned: one look, for acme-sign and acme-post" },
	{ 0 }
};

/* --- statuses ------------------------------------------------------------------ */

#define BIT(status) (1u << (status))

static bool read_status(const char *name, size_t n, enum au_status *status)
{
	const char *known;

	for (unsigned i = 0; (known = au_status_name((enum au_status)i)); i++)
		if (strlen(known) == n && !memcmp(known, name, n)) {
			*status = (enum au_status)i;
			return true;
		}
	return false;
}

/* The statuses that end the waiting, as bits. */
static bool read_until(const char *list, unsigned *wanted, struct au_err *err)
{
	*wanted = 0;
	for (const char *p = list; p; p = *p ? p + 1 : NULL) {
		size_t n = strcspn(p, ",");
		enum au_status status;
		if (!read_status(p, n, &status))
			return au_fail(err, AU_USAGE, "--until: %.*s: not one of pending, processing, ready, valid, invalid, "
				       "deactivated, expired, revoked", (int)(n < 80 ? n : 80), p);
		*wanted |= BIT(status);
		p += n;
	}
	return true;
}

static unsigned wanted_of(const struct opts *o)
{
	struct au_err ignored = { 0 };
	unsigned wanted = BIT(AU_ST_READY) | BIT(AU_ST_VALID);

	if (o->until)
		read_until(o->until, &wanted, &ignored);
	return wanted;
}

/* What an object can still become, as bits: pending, ready, processing, valid in this order; the rest are final. */
static unsigned ahead(enum au_status status)
{
	static const unsigned char rank[] = { [AU_ST_PENDING] = 0, [AU_ST_READY] = 1, [AU_ST_PROCESSING] = 2,
					      [AU_ST_VALID] = 3,
					      [AU_ST_INVALID] = 4, [AU_ST_DEACTIVATED] = 4, [AU_ST_EXPIRED] = 4,
					      [AU_ST_REVOKED] = 4 };
	unsigned bits = 0;

	for (unsigned i = 0; i < sizeof rank; i++)
		bits |= rank[i] > rank[status] ? BIT(i) : 0;
	return bits;
}

static bool setup(struct au_run *run, struct au_err *err)
{
	const struct opts *o = run->opt;
	unsigned wanted;

	if (o->authz && run->argc)
		return au_fail(err, AU_USAGE, "--authz: the URLs say already what to wait for");
	if (o->changes && o->acct.unsigned_)
		return au_fail(err, AU_USAGE, "--changes: with --unsigned nothing is asked");
	if (o->until && !read_until(o->until, &wanted, err))
		return false;
	return au_net_open(&o->net, run, (struct au_net **)&run->state, err);
}

/* --- what is waited for --------------------------------------------------------- */

static bool add_subject(json_t *subjects, const char *url, struct au_err *err)
{
	json_t *s = json_pack("{s:s}", "url", url);
	return au_json_add_take(subjects, s, err);
}

/* [{"url"}], to which looking adds "status". */
static json_t *find_subjects(const struct au_run *run, const json_t *doc, struct au_err *err)
{
	const struct opts *o = run->opt;
	AU_AUTO_JSON json_t *subjects = json_array();
	json_t *list = NULL;
	const json_t *element;
	const char *url = NULL;
	size_t i;

	if (!subjects)
		return au_fail_mem(err), NULL;
	for (int k = 0; k < run->argc; k++)
		if (!add_subject(subjects, run->argv[k], err))
			return NULL;
	if (run->argc)
		return au_steal(&subjects);
	if (!o->authz) {
		if (!au_json_str(doc, "order.url", AU_MAY, &url, err))
			return NULL;
		if (!url)
			return au_fail(err, AU_INPUT, "order: missing in the document; run acme-order first, or name a URL"), NULL;
		return add_subject(subjects, url, err) ? au_steal(&subjects) : NULL;
	}
	if (!au_json_arr(doc, "authorizations", AU_MAY, &list, err))
		return NULL;
	json_array_foreach(list, i, element)
		if (!au_json_str(element, "url", AU_MUST, &url, err) || !add_subject(subjects, url, err))
			return au_fail_in(err, "authorizations: element %zu", i), NULL;
	if (json_array_size(subjects) == 0)
		return au_fail(err, AU_INPUT, "authorizations: none in the document; run acme-order or acme-authz first"), NULL;
	return au_steal(&subjects);
}

/* --- one look ------------------------------------------------------------------- */

static const json_t *with_url(const json_t *list, const char *url)
{
	const json_t *element;
	size_t i;

	json_array_foreach(list, i, element) {
		const char *own = json_string_value(json_object_get(element, "url"));
		if (own && !strcmp(own, url))
			return element;
	}
	return NULL;
}

/* An object that has no place in the document: into `waited`. */
static bool look_elsewhere(struct au_net *net, json_t *doc, const char *url, const json_t **object, long *retry_after,
			   struct au_err *err)
{
	AU_AUTO_REPLY struct au_reply reply = { 0 };
	const struct au_post post = { .url = url };
	json_t *list, *old;
	size_t i;

	if (!au_json_arr(doc, "waited", AU_MAY, &list, err) ||
	    (!list && !au_json_set_take(doc, "waited", list = json_array(), err)) ||
	    !au_req_post(net, &post, &reply, err))
		return false;
	if (!reply.body)
		return au_fail(err, AU_PROTOCOL, "%s: answered %ld without an object", url, reply.status);
	*retry_after = reply.retry_after;
	if (!au_json_set_take(reply.body, "url", json_string(url), err))
		return false;
	json_array_foreach(list, i, old)
		if (json_equal(json_object_get(old, "url"), json_object_get(reply.body, "url")))
			break;
	*object = reply.body;
	if (i < json_array_size(list))
		return json_array_set(list, i, reply.body) == 0 || au_fail_mem(err);
	return au_json_add_take(list, json_incref(reply.body), err);
}

static bool look(struct au_net *net, json_t *doc, const char *url, const json_t **object, long *retry_after,
		 struct au_err *err)
{
	const char *order = json_string_value(au_json_at(doc, "order.url"));
	json_t *authorizations = json_object_get(doc, "authorizations");

	if (order && !strcmp(order, url)) {
		AU_AUTO_REPLY struct au_reply reply = { 0 };
		enum au_status status;
		if (!au_req_order(net, &status, &reply, err))
			return false;
		*retry_after = reply.retry_after;
		*object = json_object_get(doc, "order");
		return true;
	}
	if (!with_url(authorizations, url))
		return look_elsewhere(net, doc, url, object, retry_after, err);
	if (!au_req_authorization(net, url, NULL, authorizations, retry_after, err))
		return false;
	*object = with_url(authorizations, url);
	return true;
}

/* {"time","url","status"} and, after the first, "was". */
static bool print_change(const struct au_run *run, const json_t *subject, const char *status, struct au_err *err)
{
	const json_t *was = json_object_get(subject, "status");
	struct au_time_text now = au_time_text(run->clock->now(run->clock) / 1000);
	AU_AUTO_JSON json_t *change = json_pack("{s:s,s:O,s:s,s:O*}", "time", now.s, "url", json_object_get(subject, "url"),
						"status", status, "was", was);
	AU_AUTO_MEM char *text = change ? au_json_dump(change) : NULL;
	AU_AUTO_MEM char *line = text ? au_asprintf("%s\n", text) : NULL;

	return line ? au_write_all(run->out_fd, "standard output", line, strlen(line), err) : au_fail_mem(err);
}

static bool see(const struct au_run *run, json_t *subject, const json_t *object, enum au_status *status,
		struct au_err *err)
{
	const struct opts *o = run->opt;
	const char *url = json_string_value(json_object_get(subject, "url")), *name;

	if (!au_json_str(object, "status", AU_MUST, &name, err)) {
		au_fail_in(err, "%s", url);
		return au_fail_as(err, AU_PROTOCOL);
	}
	if (!read_status(name, strlen(name), status))
		return au_fail(err, AU_PROTOCOL, "%s: status: \"%.80s\" is none that RFC 8555 knows", url, name);
	const char *was = json_string_value(json_object_get(subject, "status"));
	if (was && !strcmp(was, name))
		return true;
	au_note(run, 1, "%s: %s", url, name);
	if (o->changes && !print_change(run, subject, name, err))
		return false;
	return au_json_set_take(subject, "status", json_string(name), err);
}

/* It will not become what it should: status 8 when it is lost, 1 when it is only beyond. */
static bool fail_passed(const char *url, enum au_status status, const json_t *object, struct au_err *err)
{
	const json_t *error = json_object_get(object, "error"), *challenge;
	size_t i;

	if (ahead(status))
		return au_fail(err, AU_NO, "%s is %s and will not go back", url, au_status_name(status));
	json_array_foreach(json_object_get(object, "challenges"), i, challenge)
		if (!error)
			error = json_object_get(challenge, "error");
	if (error)
		return au_problem_invalid(err, url, error);
	return au_fail(err, AU_INVALID, "%s: %s", url, au_status_name(status));
}

/* --- all ------------------------------------------------------------------------ */

/* One look at each that is not there yet; *open is how many remain so, *name one of them. */
static bool round_of_looks(struct au_run *run, json_t *doc, json_t *subjects, unsigned wanted, size_t *open,
			   const char **name, long *retry_after, struct au_err *err)
{
	size_t i;
	json_t *subject;

	*open = 0;
	*retry_after = -1;
	json_array_foreach(subjects, i, subject) {
		const char *url = json_string_value(json_object_get(subject, "url"));
		const json_t *object = NULL;
		enum au_status status = AU_ST_PENDING;
		long wait = -1;
		if (json_is_true(json_object_get(subject, "done")))
			continue;
		if (!look(run->state, doc, url, &object, &wait, err) || !see(run, subject, object, &status, err))
			return false;
		if (wanted & BIT(status)) {
			if (!au_json_set_take(subject, "done", json_true(), err))
				return false;
			continue;
		}
		if (!(ahead(status) & wanted))
			return fail_passed(url, status, object, err);
		++*open;
		*name = url;
		if (wait > *retry_after)
			*retry_after = wait;
	}
	return true;
}

static bool ask_unsigned(struct au_run *run, const json_t *doc, const json_t *subjects, struct au_err *err)
{
	AU_AUTO_REPLY struct au_reply reply = { 0 };
	const char *url = json_string_value(au_json_at(json_array_get(subjects, 0), "url"));
	const char *order = json_string_value(au_json_at(doc, "order.url"));
	const struct au_post post = { .url = url, .into = order && !strcmp(order, url) ? "order"
							  : with_url(json_object_get(doc, "authorizations"), url) ? "authorizations" : NULL };

	if (json_array_size(subjects) > 1)
		return au_fail(err, AU_USAGE, "--unsigned makes one request, this takes %zu; name one URL",
			       json_array_size(subjects));
	return au_req_post(run->state, &post, &reply, err);
}

static bool run(struct au_run *run, json_t *doc, struct au_err *err)
{
	const struct opts *o = run->opt;
	AU_AUTO_JSON json_t *subjects = find_subjects(run, doc, err);
	const unsigned wanted = wanted_of(o);

	if (!subjects || !au_req_begin(run->state, doc, &o->acct, err))
		return false;
	if (o->acct.unsigned_)
		return ask_unsigned(run, doc, subjects, err);
	for (unsigned n = 0;; n++) {
		const char *name = NULL;
		size_t open;
		long retry_after;
		if (!round_of_looks(run, doc, subjects, wanted, &open, &name, &retry_after, err))
			return false;
		if (!open) {
			run->texts = o->changes;
			return true;
		}
		if (!au_req_pause(run->state, n, retry_after, err)) {
			const char *status = json_string_value(json_object_get(with_url(subjects, name), "status"));
			return au_fail_in(err, "%s still %s", name, status ? status : "?");
		}
	}
}

static const struct au_cmd acme_wait = {
	.name = "acme-wait",
	.brief = "wait until an order, an authorization or another object has a status",
	.operands = "[URL...]",
	.opts = opts, .optsize = sizeof(struct opts), .in = reads, .out = adds, .flags = AU_CMD_SECRET,
	.setup = setup, .run = run, .done = au_net_done,
};
AU_MAIN(acme_wait)
