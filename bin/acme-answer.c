/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * acme-answer: what to post to which challenge, for every type in the table, or for any other type with a response
 * that is given. Puts nothing in place: `provision` in the answer says what somebody else must.
 */
#include <stdio.h>
#include <string.h>

#include "acmeutil.h"

struct opts {
	struct au_list types;
	const char *challenge, *response;
	bool partial, list;
};

static const struct au_opt opts[] = {
	{ 't', "type", "TYPE", "answer challenges of this type; may be repeated, the first that is offered is taken",
	  au_set_list, offsetof(struct opts, types), NULL, NULL },
	{ 0, "challenge", "URL", "answer this challenge, in place of any answer to its authorization", au_set_str,
	  offsetof(struct opts, challenge), NULL, NULL },
	{ 0, "response", "JSON|FILE", "post this object, for types unknown here and for trying things out", au_set_file,
	  offsetof(struct opts, response), NULL, NULL },
	{ 'p', "partial", NULL, "leave authorizations that offer none of the types to other programs", au_set_flag,
	  offsetof(struct opts, partial), NULL, NULL },
	{ 0, "list", NULL, "print the types known here, what they prove, and where they are specified", au_set_flag,
	  offsetof(struct opts, list), NULL, NULL },
	{ 0 }
};

static const struct au_member in[] = {
	{ "account.thumbprint", AU_MAY, "RFC 7638 thumbprint of the account key, part of most answers" },
	{ "account.url", AU_MAY, "account URL, part of some answers" },
	{ "authorizations", AU_MAY, "those that are pending and have no answer are answered" },
	{ 0 }
};

static const struct au_member out[] = {
	{ "answers", AU_MAY, "for each authorization: challenge (URL), type, identifier, response (what to post) and provision"
	  " (what must exist first)" },
	{ 0 }
};

/* --- --list ------------------------------------------------------------------------ */

static bool add_proves(unsigned proves, struct au_buf *text, struct au_err *err)
{
	static const struct {
		unsigned bit;
		const char *name;
	} bits[] = { { AU_PROVES_DNS, "dns" }, { AU_PROVES_WILDCARD, "wildcard" }, { AU_PROVES_IP, "ip" },
		     { AU_PROVES_OTHER, "other" } };
	const char *comma = "";
	char names[64] = "";
	size_t n = 0;

	for (size_t i = 0; i < sizeof bits / sizeof *bits; i++)
		if (proves & bits[i].bit) {
			n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", comma, bits[i].name);
			comma = ",";
		}
	return au_buf_addf(text, err, "%-14s", names);
}

static bool list(struct au_run *run, struct au_err *err)
{
	for (const struct au_chall *const *c = au_chall_table; *c; c++)
		if (!au_buf_addf(&run->text, err, "%-16s", (*c)->type) ||
		    !add_proves((*c)->proves, &run->text, err) ||
		    !au_buf_addf(&run->text, err, "%s (%s)\n", (*c)->brief, (*c)->spec))
			return false;
	run->texts = true;
	return true;
}

/* --- answers ------------------------------------------------------------------------- */

static bool answer(json_t *doc, const json_t *authz, const json_t *challenge, const json_t *response,
		   struct au_err *err)
{
	json_t *a = au_chall_answer(doc, authz, challenge, response, err);

	return a && au_chall_add_take(doc, authz, a, err);
}

static bool answer_url(struct au_run *run, json_t *doc, json_t *authorizations, struct au_err *err)
{
	const struct opts *o = run->opt;
	json_t *authz, *challenge;
	size_t i, k;

	json_array_foreach(authorizations, i, authz)
		json_array_foreach(json_object_get(authz, "challenges"), k, challenge) {
			const char *url = json_string_value(json_object_get(challenge, "url"));
			if (url && strcmp(url, o->challenge) == 0)
				return answer(doc, authz, challenge, run->state, err) ||
				       au_fail_in(err, "authorizations[%zu].challenges[%zu]", i, k);
		}
	return au_fail(err, AU_INPUT, "--challenge %s: no challenge in the document has this URL", o->challenge);
}

/* Which of the types asked for is offered, can be answered, and comes first? */
static const json_t *choose(const struct opts *o, const json_t *authz, const json_t *response)
{
	for (size_t i = 0; i < o->types.n; i++) {
		const struct au_chall *chall = au_chall_find(o->types.v[i]);
		const json_t *challenge = au_authz_challenge(authz, o->types.v[i]);
		if (challenge && (chall ? au_chall_proves(chall, authz) : response != NULL))
			return challenge;
	}
	return NULL;
}

static bool not_offered(const json_t *authz, struct au_err *err)
{
	AU_AUTO_MEM char *who = au_authz_text(authz);
	AU_AUTO_BUF struct au_buf types = AU_BUF(4096);
	json_t *challenge;
	size_t i;

	json_array_foreach(json_object_get(authz, "challenges"), i, challenge) {
		const char *type = json_string_value(json_object_get(challenge, "type"));
		if (type && types.n < 1024 && !au_buf_addf(&types, err, "%s%.64s", types.n ? ", " : "", type))
			return false;
	}
	return au_fail(err, AU_INPUT, "%s: none of the types asked for can prove it; offered: %s", who ? who : "?",
		       types.n ? (char *)types.p : "nothing");
}

static bool answer_types(struct au_run *run, json_t *doc, json_t *authorizations, struct au_err *err)
{
	const struct opts *o = run->opt;
	json_t *authz;
	size_t i;

	json_array_foreach(authorizations, i, authz) {
		const char *status = json_string_value(json_object_get(authz, "status"));
		const json_t *challenge = choose(o, authz, run->state);
		if (!status || strcmp(status, "pending") != 0 || au_chall_answered(doc, authz))
			continue;
		if (!challenge && o->partial)
			continue;
		if (!(challenge ? answer(doc, authz, challenge, run->state, err) : not_offered(authz, err)))
			return au_fail_in(err, "authorizations[%zu]", i);
	}
	return true;
}

/* --- the program ----------------------------------------------------------------------- */

static bool read_response(const char *given, void **response, struct au_err *err)
{
	AU_AUTO_BUF struct au_buf text = AU_BUF(0);

	if (strcmp(given, "-") == 0 || strcmp(given, "fd:0") == 0)
		return au_fail(err, AU_USAGE, "--response: standard input has the documents; use a file or fd:N");
	if (given[0] == '{' ? !au_buf_adds(&text, given, err)
			    : !au_file_read(given, AU_MAX_REPLY, AU_INPUT, &text, err))
		return au_fail_in(err, "--response");
	*response = au_json_load(text.p, text.n, AU_MAX_DEPTH_DOC, err);
	if (!*response)
		return au_fail_in(err, "--response"), given[0] == '{' ? au_fail_as(err, AU_USAGE) : false;
	return json_is_object((json_t *)*response) || au_fail(err, AU_INPUT, "--response: not a JSON object");
}

static bool setup(struct au_run *run, struct au_err *err)
{
	const struct opts *o = run->opt;

	if (o->list) {
		run->no_input = true;
		return true;
	}
	if (!o->types.n == !o->challenge)
		return au_fail(err, AU_USAGE, "one of --type TYPE (--list prints them) and --challenge URL must be given");
	for (size_t i = 0; i < o->types.n && !o->response; i++)
		if (!au_chall_find(o->types.v[i]))
			return au_fail(err, AU_USAGE, "--type %s: not known here (see --list): it needs --response",
				       o->types.v[i]);
	return !o->response || read_response(o->response, &run->state, err);
}

static bool run(struct au_run *run, json_t *doc, struct au_err *err)
{
	const struct opts *o = run->opt;
	json_t *authorizations = NULL;

	if (o->list)
		return list(run, err);
	if (!au_json_arr(doc, "authorizations", AU_MAY, &authorizations, err))
		return false;
	return o->challenge ? answer_url(run, doc, authorizations, err) : answer_types(run, doc, authorizations, err);
}

static int done(struct au_run *run, int status)
{
	json_decref(run->state);
	return status;
}

static const struct au_cmd cmd = {
	.name = "acme-answer",
	.brief = "say what to post to challenges of any type",
	.opts = opts,
	.optsize = sizeof(struct opts),
	.in = in,
	.out = out,
	.setup = setup,
	.run = run,
	.done = done,
};

AU_MAIN(cmd)
