/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dnstool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A hook's way to say that another one looks after this name. */
#define NOT_MINE 42

static const char *const action[] = { [DNS_ADD] = "add", [DNS_REMOVE] = "remove" };

/* "_acme-challenge.NAME", or with one label of an account in front. */
static bool is_challenge_name(const char *name)
{
	static const char mark[] = "_acme-challenge.";
	size_t n = strcspn(name, ".");

	if (strncmp(name, mark, strlen(mark)) != 0) {
		if (name[0] != '_' || n < 2 || n > 63 || !name[n] ||
		    strspn(name + 1, "abcdefghijklmnopqrstuvwxyz0123456789-") != n - 1)
			return false;
		name += n + 1;
	}
	return strncmp(name, mark, strlen(mark)) == 0 && au_ident_is_dns(name + strlen(mark), false);
}

bool dns_record_read(const json_t *provision, struct dns_record *record, struct au_err *err)
{
	const char *type;

	if (!au_json_str(provision, "name", AU_MUST, &record->name, err) ||
	    !au_json_str(provision, "record", AU_MUST, &type, err) ||
	    !au_json_str(provision, "value", AU_MUST, &record->value, err))
		return au_fail_in(err, "provision");
	if (!is_challenge_name(record->name))
		return au_fail(err, AU_INPUT, "provision.name: not the name of a challenge's record: %s", record->name);
	if (strcmp(type, "TXT") != 0)
		return au_fail(err, AU_INPUT, "provision.record: not TXT: %s", type);
	if (strlen(record->value) != 43 || !au_b64url_is(record->value))
		return au_fail(err, AU_INPUT, "provision.value: not a digest in base64url: %s", record->value);
	return true;
}

/* --- a hook ------------------------------------------------------------------------ */

/* The values again, under names that nobody but us chooses. */
enum { ENV_ACTION, ENV_NAME, ENV_RECORD, ENV_VALUE, ENV_TTL, N_ENV };
static const char *const env_name[N_ENV] = {
	"ACME_DNS_ACTION=", "ACME_DNS_NAME=", "ACME_DNS_RECORD=", "ACME_DNS_VALUE=", "ACME_DNS_TTL="
};

struct env {
	char *own[N_ENV];
	const char **all;
};

static void env_free(struct env *env)
{
	for (size_t i = 0; i < N_ENV; i++)
		au_free(env->own[i]);
	au_free(env->all);
}

static bool is_ours(const char *entry)
{
	for (size_t i = 0; i < N_ENV; i++)
		if (strncmp(entry, env_name[i], strlen(env_name[i])) == 0)
			return true;
	return false;
}

static bool env_make(struct env *env, const char *const value[N_ENV], struct au_err *err)
{
	size_t n = 0, k = 0;

	while (environ[n])
		n++;
	env->all = au_alloc((n + N_ENV + 1) * sizeof *env->all);
	if (!env->all)
		return au_fail_mem(err);
	for (size_t i = 0; i < n; i++)
		if (!is_ours(environ[i]))
			env->all[k++] = environ[i];
	for (size_t i = 0; i < N_ENV; i++) {
		env->own[i] = au_asprintf("%s%s", env_name[i], value[i]);
		if (!env->own[i])
			return au_fail_mem(err);
		env->all[k++] = env->own[i];
	}
	return true;
}

static enum put run_hook(const struct dnstool *t, enum dns_what what, const struct dns_record *r, struct au_err *err)
{
	__attribute__((cleanup(env_free))) struct env env = { .all = NULL };
	AU_AUTO_MEM char *shown = au_asprintf("%s %s %s", t->hook, action[what], r->name);
	AU_AUTO_MEM char *ttl = au_asprintf("%ld", t->ttl);
	const char *const argv[] = { t->hook, action[what], "--", r->name, "TXT", r->value, NULL };
	struct tool_said said;
	int status;

	if (!shown || !ttl)
		return au_fail_mem(err), PUT_FAILED;
	if (!env_make(&env, (const char *[N_ENV]){ action[what], r->name, "TXT", r->value, ttl }, err) ||
	    !tool_run(&(struct tool){ .argv = argv, .env = env.all, .in = -1, .timeout = t->timeout, .shown = shown,
		      .slot = t->slot }, &status, &said, err))
		return PUT_FAILED;
	if (status == 0 || status == NOT_MINE)
		return status ? PUT_NOT_MINE : PUT_DONE;
	au_fail(err, AU_SYSTEM, "%s: ended with status %d%s%s", shown, status, said.s[0] ? ": " : "", said.s);
	return PUT_FAILED;
}

/* --- nsupdate ------------------------------------------------------------------------ */

/* "192.0.2.1", "192.0.2.1:53", "[::1]:53", "::1", "ns.example.org:53" to nsupdate's "server HOST PORT". */
static bool server_line(const char *server, struct au_buf *out, struct au_err *err)
{
	const char *colon = strrchr(server, ':'), *port = "";
	bool bracket = server[0] == '[';
	size_t n = strlen(server);

	if (colon && (bracket ? colon > server && colon[-1] == ']' : strchr(server, ':') == colon)) {
		port = colon + 1;
		n = (size_t)(colon - server);
		if (!*port || strlen(port) > 5 || port[strspn(port, "0123456789")])
			n = 0;
	}
	if (bracket) {
		server++;
		n = n > 2 && server[n - 2] == ']' ? n - 2 : 0;
	}
	if (!n || server[0] == '-' || strspn(server, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.:-") < n)
		return au_fail(err, AU_USAGE, "--nsupdate-server %s: not ADDRESS or ADDRESS:PORT", server - bracket);
	return au_buf_addf(out, err, "server %.*s%s%s\n", (int)n, server, *port ? " " : "", port);
}

static bool commands(const struct dnstool *t, enum dns_what what, const struct dns_record *r, struct au_buf *out,
		     struct au_err *err)
{
	if (t->server && !server_line(t->server, out, err))
		return false;
	/* one record, not the set: the name and its wildcard have theirs side by side */
	return what == DNS_ADD
	       ? au_buf_addf(out, err, "update add %s. %ld IN TXT \"%s\"\nsend\n", r->name, t->ttl, r->value)
	       : au_buf_addf(out, err, "update delete %s. IN TXT \"%s\"\nsend\n", r->name, r->value);
}

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static enum put run_nsupdate(const struct dnstool *t, enum dns_what what, const struct dns_record *r,
			     struct au_err *err)
{
	const char *const argv[] = { "nsupdate", t->key ? "-k" : NULL, t->key, NULL };
	__attribute__((cleanup(shut))) int in = memfd_create("nsupdate", MFD_CLOEXEC);
	AU_AUTO_MEM char *shown = au_asprintf("nsupdate %s %s", action[what], r->name);
	AU_AUTO_BUF struct au_buf text = AU_BUF(4096);
	struct tool_said said;
	int status;

	if (!shown)
		return au_fail_mem(err), PUT_FAILED;
	if (in < 0)
		return au_fail_errno(err, "memfd"), PUT_FAILED;
	if (!commands(t, what, r, &text, err) || !au_write_all(in, "memfd", text.p, text.n, err) ||
	    lseek(in, 0, SEEK_SET) < 0 ||
	    !tool_run(&(struct tool){ .argv = argv, .in = in, .timeout = t->timeout, .shown = shown, .slot = t->slot },
		      &status, &said, err))
		return PUT_FAILED;
	if (status == 0)
		return PUT_DONE;
	au_fail(err, AU_NET, "%s: ended with status %d%s%s", shown, status, said.s[0] ? ": " : "", said.s);
	return PUT_FAILED;
}

/* ----------------------------------------------------------------------------------------- */

bool dnstool_check(const struct dnstool *t, struct au_err *err)
{
	AU_AUTO_BUF struct au_buf line = AU_BUF(4096);

	if (t->hook)
		return child_find(t->hook, err) || au_fail_in(err, "--hook");
	if (!child_find("nsupdate", err))
		return au_fail_in(err, "--nsupdate");
	if (t->key && access(t->key, R_OK))
		return au_fail_errno(err, "--nsupdate-key %s", t->key), au_fail_as(err, AU_KEY);
	return !t->server || server_line(t->server, &line, err);
}

enum put dnstool_run(const struct dnstool *t, enum dns_what what, const json_t *provision, struct au_err *err)
{
	struct dns_record r;

	if (!dns_record_read(provision, &r, err))
		return PUT_FAILED;
	return t->hook ? run_hook(t, what, &r, err) : run_nsupdate(t, what, &r, err);
}
