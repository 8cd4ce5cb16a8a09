/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * acme-dns01: answer dns-01 challenges and have the TXT records made, by a hook, by nsupdate or by the person who
 * reads them. The names come from a server: they are checked before any tool sees them, and no shell ever does.
 */
#include <string.h>

#include "chainload.h"
#include "dnstool.h"

struct opts {
	bool print, nsupdate, account_label, remove;
	const char *hook, *key, *server;
	long timeout, delay, ttl;
};

static const struct au_opt opts[] = {
	{ 0, "print", NULL, "print the records in zone file form in place of the documents", au_set_flag,
	  offsetof(struct opts, print), NULL, NULL },
	{ 0, "hook", "PROG", "have records made by: PROG add|remove -- NAME TXT VALUE", au_set_file,
	  offsetof(struct opts, hook), NULL, NULL },
	{ 0, "nsupdate", NULL, "have records made by nsupdate, that is by RFC 2136", au_set_flag,
	  offsetof(struct opts, nsupdate), NULL, NULL },
	{ 0, "nsupdate-key", "FILE", "TSIG key file for nsupdate", au_set_file, offsetof(struct opts, key), NULL, NULL },
	{ 0, "nsupdate-server", "ADDR[:PORT]", "send updates there rather than to the server that the zone names",
	  au_set_str, offsetof(struct opts, server), NULL, NULL },
	{ 0, "account-label", NULL, "answer dns-account-01 in place of dns-01", au_set_flag,
	  offsetof(struct opts, account_label), NULL, NULL },
	{ 0, "ttl", "TIME", "time to live of the records", au_set_duration, offsetof(struct opts, ttl), "60", NULL },
	{ 0, "delay", "TIME", "wait this long when records have been made, for all servers of the zone to have them",
	  au_set_duration, offsetof(struct opts, delay), "0", NULL },
	{ 0, "timeout", "TIME", "end a hook or nsupdate that takes longer", au_set_duration,
	  offsetof(struct opts, timeout), "300", NULL },
	{ 0, "remove", NULL, "have the records removed that the answers name", au_set_flag,
	  offsetof(struct opts, remove), NULL, NULL },
	{ 0 }
};

static void take_away(struct au_run *run);

static struct state {
	struct chainload chain;
	struct dnstool tool;
	json_t *made;                /* provisions of the records that stand */
	bool fresh;                  /* this document had some made */
} state = { .chain = CHAINLOAD(take_away) };

static void take_away(struct au_run *run)
{
	json_t *provision;
	size_t i;

	json_array_foreach(state.made, i, provision) {
		AU_AUTO_ERR struct au_err err = { 0 };
		if (dnstool_run(&state.tool, DNS_REMOVE, provision, &err) == PUT_FAILED)
			au_note(run, 0, "left behind: %s", err.text);
	}
}

static enum put add(struct au_run *run, const json_t *answer, const json_t *provision, struct au_err *err)
{
	struct dns_record record;
	enum put r;

	(void)answer;
	if (!dns_record_read(provision, &record, err))
		return PUT_FAILED;
	r = dnstool_run(&state.tool, DNS_ADD, provision, err);
	/* A hook that failed may have got half way: it is asked to undo that, too. */
	if (r != PUT_NOT_MINE && run->argc && !au_json_add_take(state.made, json_deep_copy(provision), err))
		return PUT_FAILED;
	state.fresh |= r == PUT_DONE;
	return r;
}

static enum put drop(struct au_run *run, const json_t *answer, const json_t *provision, struct au_err *err)
{
	(void)run, (void)answer;
	return dnstool_run(&state.tool, DNS_REMOVE, provision, err);
}

static enum put print(struct au_run *run, const json_t *answer, const json_t *provision, struct au_err *err)
{
	const struct opts *o = run->opt;
	struct dns_record record;

	(void)answer;
	if (!dns_record_read(provision, &record, err))
		return PUT_FAILED;
	return au_buf_addf(&run->text, err, "%s. %ld IN TXT \"%s\"\n", record.name, o->ttl, record.value)
	       ? PUT_DONE : PUT_FAILED;
}

static bool check(const struct au_run *run, const struct opts *o, struct au_err *err)
{
	if (o->print + o->nsupdate + !!o->hook != 1)
		return au_fail(err, AU_USAGE, "one of --print, --hook PROG and --nsupdate must be given");
	if (o->print && (run->argc || o->remove))
		return au_fail(err, AU_USAGE, "--print: not with a PROGRAM or --remove");
	if (o->remove && run->argc)
		return au_fail(err, AU_USAGE, "--remove: not with a PROGRAM, which it is done after anyway");
	if (!o->nsupdate && (o->key || o->server))
		return au_fail(err, AU_USAGE, "--nsupdate-key and --nsupdate-server: only with --nsupdate");
	if (o->ttl > 0x7fffffff)
		return au_fail(err, AU_USAGE, "--ttl: longer than DNS knows");
	return true;
}

static bool setup(struct au_run *run, struct au_err *err)
{
	const struct opts *o = run->opt;

	state.made = json_array();
	state.tool = (struct dnstool){ .hook = o->hook, .key = o->key, .server = o->server, .ttl = o->ttl,
				       .timeout = o->timeout, .slot = &state.chain.slot };
	if (!state.made)
		return au_fail_mem(err);
	return check(run, o, err) && (o->print || dnstool_check(&state.tool, err)) &&
	       chainload_arm(&state.chain, run, err) && chainload_start(&state.chain, err);
}

static bool provision(struct au_run *run, json_t *doc, struct au_err *err)
{
	const struct opts *o = run->opt;
	bool done;

	chainload_lock(&state.chain);
	state.fresh = false;
	done = chainload_provision(&state.chain, doc, o->account_label ? "dns-account-01" : "dns-01", "dns",
				   o->print ? print : add, err);
	chainload_unlock(&state.chain);
	if (done && state.fresh && o->delay)
		run->clock->sleep(run->clock, o->delay * 1000);
	run->texts = o->print;
	return done;
}

static bool run(struct au_run *run, json_t *doc, struct au_err *err)
{
	const struct opts *o = run->opt;

	if (o->remove)
		return chainload_each(run, doc, "dns", drop, err);
	return json_object_get(doc, "problem") || provision(run, doc, err);
}

static int done(struct au_run *run, int status)
{
	(void)run;
	status = chainload_finish(&state.chain, status);
	json_decref(state.made);
	return status;
}

static const struct au_cmd cmd = {
	.name = "acme-dns01",
	.brief = "answer dns-01 challenges with records made by a hook, nsupdate or hand",
	.operands = "[PROGRAM ARG...]",
	.opts = opts,
	.optsize = sizeof(struct opts),
	.in = chainload_in,
	.out = chainload_out,
	.flags = AU_CMD_MORE | AU_CMD_OWN_PROBLEM,
	.setup = setup,
	.run = run,
	.done = done,
};

AU_MAIN(cmd)
