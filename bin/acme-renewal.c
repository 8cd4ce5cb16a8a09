/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* acme-renewal: is a certificate due? As the CA suggests (RFC 9773), else by its dates. */
#include <string.h>
#include <unistd.h>

#include "acmeutil.h"
#include "req.h"

struct options {
	struct au_net_opts net;
	const char *at;
	long days, next;
	bool no_ari, require_ari;
};

static au_opt_set set_days;

static const struct au_opt opts[] = {
	{ 0, "days", "N", "without the CA's advice: due when N days are left, not by a share of the lifetime", set_days,
	  offsetof(struct options, days), NULL, NULL },
	{ 0, "next", "TIME", "how long until the next look: due, too, when the time comes before then", au_set_duration,
	  offsetof(struct options, next), "0", NULL },
	{ 0, "at", "DATE", "answer as if it were this time (RFC 3339), not now", au_set_str,
	  offsetof(struct options, at), NULL, NULL },
	{ 0, "no-ari", NULL, "do not ask the CA", au_set_flag, offsetof(struct options, no_ari), NULL, NULL },
	{ 0, "require-ari", NULL, "fail when the CA gives no usable advice", au_set_flag,
	  offsetof(struct options, require_ari), NULL, NULL },
	AU_NET_ROWS(struct options, net),
	{ 0 }
};

static const struct au_member in[] = {
	{ "certificate.chain", AU_MAY, "the certificate, when no file is named" },
	{ "directory.renewalInfo", AU_MAY, "where the CA is asked; without it the dates decide" },
	{ 0 }
};
static const struct au_member out[] = {
	{ "renewal", AU_MAY, "the CA's suggestedWindow and explanationURL; id (RFC 9773 section 4.1), unless this CA does not"
	  " know of it; time, when the"
	  " certificate is due; due, whether that has come; source of the answer: ari, lifetime, days or"
	  " expired; retryAfter, the seconds until asking again makes sense" },
	{ 0 }
};

static struct {
	struct au_net *net;
	int64_t at;
} st;

/* Whole days, as seconds. */
static bool set_days(const struct au_opt *opt, void *field, const char *arg, struct au_err *err)
{
	unsigned days = 0;

	if (!au_set_uint(opt, &days, arg, err))
		return false;
	if (days > 36500)
		return au_fail(err, AU_USAGE, "--%s: more than a century: %s", opt->l, arg);
	*(long *)field = 24L * 3600 * (long)days;
	return true;
}

static bool setup(struct au_run *run, struct au_err *err)
{
	const struct options *o = run->opt;

	if (run->argc > 1)
		return au_fail(err, AU_USAGE, "%s: one certificate at a time", run->argv[1]);
	if (o->no_ari && o->require_ari)
		return au_fail(err, AU_USAGE, "--no-ari and --require-ari exclude each other");
	if (o->at && !au_time_read(o->at, &st.at, err)) {
		au_fail_as(err, AU_USAGE);
		return au_fail_in(err, "--at");
	}
	run->no_input = run->argc && isatty(0);
	return au_net_open(&o->net, run, &st.net, err);
}

/* What is asked, and what is found out on the way to the answer. */
struct question {
	char *id;                    /* NULL: the certificate has none */
	int64_t now, not_before, not_after, time;
	const char *source;
	long retry_after;
};

static void question_free(struct question *q)
{
	au_free(q->id);
}

/* An explanation is for people: a URL they can open, or none. */
static void explanation_check(const struct au_run *run, json_t *info)
{
	AU_AUTO_ERR struct au_err err = { 0 };
	const char *url = NULL;

	if (au_json_str(info, "explanationURL", AU_MAY, &url, &err) &&
	    (!url || au_url_check(url, "explanationURL", true, &err)))
		return;
	au_note(run, 0, "warning: left out: %s", err.text);
	json_object_del(info, "explanationURL");
}

/* The CA's answer into *renewal and q. */
static bool ask(struct au_run *run, json_t *doc, const char *base, struct question *q, json_t **renewal,
		struct au_err *err)
{
	AU_AUTO_REPLY struct au_reply reply = { .retry_after = -1 };
	AU_AUTO_MEM char *url = NULL;
	int64_t start, end;

	if (!q->id)
		return au_fail(err, AU_INPUT, "the certificate has no authority key identifier, which RFC 9773 needs");
	size_t n = strlen(base);
	url = au_asprintf("%s%s%s", base, n && base[n - 1] == '/' ? "" : "/", q->id);
	if (!url)
		return au_fail_mem(err);
	bool ok = au_req_begin(st.net, doc, NULL, err) && au_req_get(st.net, url, &reply, err);
	q->retry_after = au_renewal_retry(reply.retry_after);
	if (!ok)
		return false;
	if (!au_renewal_window(reply.body, q->not_before, q->not_after, &start, &end, err))
		return au_fail_in(err, "%s", url);
	explanation_check(run, reply.body);
	*renewal = au_steal(&reply.body);
	q->time = au_renewal_pick(q->id, start, end);
	q->source = "ari";
	return true;
}

/* By the dates alone. */
static void by_dates(const struct options *o, struct question *q)
{
	q->time = o->days ? q->not_after - o->days : au_renewal_by_lifetime(q->not_before, q->not_after);
	q->source = o->days ? "days" : "lifetime";
}

static bool answer(struct au_run *run, json_t *doc, struct question *q, json_t **renewal, struct au_err *err)
{
	const struct options *o = run->opt;
	AU_AUTO_ERR struct au_err why = { 0 };
	const char *base;

	q->retry_after = AU_RENEWAL_RETRY_DEFAULT;
	if (!au_json_str(doc, "directory.renewalInfo", AU_MAY, &base, err))
		return false;
	if (!base && au_json_at(doc, "directory")) {
		/* acme-order would tell this server what is replaced, by a member that it does not know */
		au_free(au_steal(&q->id));
	}
	if (q->now >= q->not_after) {
		/* RFC 9773 section 4.3: nobody is asked about a certificate that has expired */
		q->time = q->not_after;
		q->source = "expired";
		return true;
	}
	by_dates(o, q);
	if (o->no_ari)
		return true;
	if (!base)
		return !o->require_ari || au_fail(err, AU_REFUSED, "the server's directory has no renewalInfo");
	if (ask(run, doc, base, q, renewal, &why))
		return true;
	if (o->require_ari || why.code == AU_SYSTEM) {
		*err = why;
		why = (struct au_err){ 0 };
		return false;
	}
	au_note(run, 0, "warning: no advice from the CA, the certificate's dates decide: %s", why.text);
	return true;
}

static bool store_take(json_t *doc, json_t *renewal, const struct question *q, bool due, struct au_err *err)
{
	AU_AUTO_JSON json_t *r = renewal ? renewal : json_object();

	if (!r)
		return au_fail_mem(err);
	return (!q->id || au_json_set_take(r, "id", json_string(q->id), err)) &&
	       au_json_set_take(r, "time", json_string(au_time_text(q->time).s), err) &&
	       au_json_set_take(r, "due", json_boolean(due), err) &&
	       au_json_set_take(r, "source", json_string(q->source), err) &&
	       au_json_set_take(r, "retryAfter", json_integer(q->retry_after), err) &&
	       au_json_set_take(doc, "renewal", json_incref(r), err);
}

static bool not_due(const struct question *q, struct au_err *err)
{
	au_fail(err, AU_NO, "not due before %s", au_time_text(q->time).s);
	err->retry_after = (long)(q->time - q->now);
	return false;
}

static bool run_renewal(struct au_run *run, json_t *doc, struct au_err *err)
{
	const struct options *o = run->opt;
	AU_AUTO_CHAIN struct au_chain *chain = NULL;
	AU_AUTO_JSON json_t *renewal = NULL;
	AU_AUTO_ERR struct au_err no_id = { 0 };
	__attribute__((cleanup(question_free))) struct question q = { 0 };

	q.now = o->at ? st.at : run->clock->now(run->clock) / 1000;
	if (!au_chain_open(run->argc ? run->argv[0] : NULL, doc, &chain, err) ||
	    !au_chain_validity(chain, &q.not_before, &q.not_after, err))
		return false;
	q.id = au_chain_ari_id(chain, &no_id);
	if (!answer(run, doc, &q, &renewal, err))
		return false;
	bool due = q.time - q.now <= o->next;
	const char *explanation = json_string_value(json_object_get(renewal, "explanationURL"));
	if (due && explanation)
		au_note(run, 0, "the CA explains: %s", explanation);
	return store_take(doc, au_steal(&renewal), &q, due, err) && (due || not_due(&q, err));
}

static int done(struct au_run *run, int status)
{
	(void)run;
	au_net_free(st.net);
	return status;
}

static const struct au_cmd cmd = {
	.name = "acme-renewal", .brief = "is a certificate due for renewal?", .operands = "[FILE]",
	.opts = opts, .optsize = sizeof(struct options), .in = in, .out = out,
	.flags = AU_CMD_MAYBE, .setup = setup, .run = run_renewal, .done = done,
};

AU_MAIN(cmd)
