/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * acme-http01: answer http-01 challenges and put the key authorizations where the
 * CA looks for them: below the document root of a web server, or in a web server of its own.
 */
#include <string.h>
#include <unistd.h>

#include "chainload.h"
#include "listen.h"
#include "webroot.h"
#include "webserve.h"

#define PREFIX "/.well-known/acme-challenge/"

struct opts {
	const char *webroot, *listen, *port_file;
	bool remove;
};

static const struct au_opt opts[] = {
	{ 'w', "webroot", "DIR", "put files below this document root of a web server", au_set_file,
	  offsetof(struct opts, webroot), NULL, NULL },
	{ 'l', "listen", "[ADDR]:PORT", "serve them on this address and port while PROGRAM runs", au_set_str,
	  offsetof(struct opts, listen), NULL, NULL },
	{ 0, "port-file", "FILE", "with --listen: write the port into this file when it is open", au_set_file,
	  offsetof(struct opts, port_file), NULL, NULL },
	{ 0, "remove", NULL, "with --webroot: remove the files that the answers name", au_set_flag,
	  offsetof(struct opts, remove), NULL, NULL },
	{ 0 }
};

static void take_away(struct au_run *run);

static struct state {
	struct chainload chain;
	struct webroot webroot;
	struct webserve *server;
	json_t *put;                 /* names of the files that stand */
	bool announced;
} state = { .chain = CHAINLOAD(take_away) };

static void take_away(struct au_run *run)
{
	const struct opts *o = run->opt;
	const char *token;
	json_t *yes;

	json_object_foreach(state.put, token, yes) {
		AU_AUTO_ERR struct au_err err = { 0 };
		if (!webroot_remove(&state.webroot, token, &err))
			au_note(run, 0, "%s", err.text);
	}
	if (o->webroot)
		webroot_tidy(&state.webroot);
	if (state.announced && o->port_file)
		unlink(o->port_file);
}

/* A document can come from anywhere: what names a file is checked where it is used. */
static bool read_file(const json_t *provision, const char **path, const char **token, const char **content,
		      struct au_err *err)
{
	size_t n = strlen(PREFIX);

	if (!au_json_str(provision, "path", AU_MUST, path, err) ||
	    !au_json_str(provision, "content", AU_MUST, content, err))
		return au_fail_in(err, "provision");
	*token = *path + n;
	if (strncmp(*path, PREFIX, n) != 0 || !au_b64url_is(*token) || strlen(*token) > 256)
		return au_fail(err, AU_INPUT, "provision.path: not that of an http-01 token: %s", *path);
	n = strlen(*token);
	if (strncmp(*content, *token, n) != 0 || (*content)[n] != '.' || !au_b64url_is(*content + n + 1))
		return au_fail(err, AU_INPUT, "provision.content: not a key authorization for %s", *token);
	return true;
}

static enum put put(struct au_run *run, const json_t *answer, const json_t *provision, struct au_err *err)
{
	const char *path, *token, *content;
	bool done;

	(void)answer;
	if (!read_file(provision, &path, &token, &content, err))
		return PUT_FAILED;
	if (state.server)
		return webserve_put(state.server, path, content, err) ? PUT_DONE : PUT_FAILED;
	done = webroot_put(&state.webroot, token, content, err) &&
	       (!run->argc || au_json_set_take(state.put, token, json_true(), err));
	return done ? PUT_DONE : PUT_FAILED;
}

static enum put drop(struct au_run *run, const json_t *answer, const json_t *provision, struct au_err *err)
{
	const char *path, *token, *content;

	(void)run, (void)answer;
	return read_file(provision, &path, &token, &content, err) && webroot_remove(&state.webroot, token, err)
	       ? PUT_DONE : PUT_FAILED;
}

static bool check(const struct au_run *run, const struct opts *o, struct au_err *err)
{
	if (!o->webroot == !o->listen)
		return au_fail(err, AU_USAGE, "one of --webroot DIR and --listen [ADDR]:PORT must be given");
	if (o->listen && !run->argc)
		return au_fail(err, AU_USAGE, "--listen: needs a PROGRAM to run meanwhile, such as acme-respond");
	if (o->port_file && !o->listen)
		return au_fail(err, AU_USAGE, "--port-file: only with --listen");
	if (o->remove && (o->listen || run->argc))
		return au_fail(err, AU_USAGE, "--remove: only with --webroot, and without a PROGRAM");
	return true;
}

static bool listen_here(struct au_run *run, const struct opts *o, struct au_err *err)
{
	int fd;

	if (!listen_open(o->listen, &fd, err))
		return false;
	state.announced = listen_announce(run, fd, o->port_file, err);
	return state.announced ? webserve_start_take(fd, &state.server, err) : (close(fd), false);
}

static bool setup(struct au_run *run, struct au_err *err)
{
	const struct opts *o = run->opt;

	state.webroot.root = o->webroot;
	state.put = json_object();
	if (!state.put)
		return au_fail_mem(err);
	return check(run, o, err) && chainload_arm(&state.chain, run, err) &&
	       (!o->listen || listen_here(run, o, err)) && chainload_start(&state.chain, err);
}

static bool run(struct au_run *run, json_t *doc, struct au_err *err)
{
	const struct opts *o = run->opt;
	bool done;

	if (o->remove)
		return chainload_each(run, doc, "file", drop, err);
	if (json_object_get(doc, "problem"))
		return true;
	chainload_lock(&state.chain);
	done = chainload_provision(&state.chain, doc, "http-01", "file", put, err);
	chainload_unlock(&state.chain);
	return done;
}

static int done(struct au_run *run, int status)
{
	const struct opts *o = run->opt;

	status = chainload_finish(&state.chain, status);
	webserve_stop(state.server);
	if (state.announced && o->port_file)
		unlink(o->port_file);
	json_decref(state.put);
	return status;
}

static const struct au_cmd cmd = {
	.name = "acme-http01",
	.brief = "answer http-01 challenges with files or a web server of its own",
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
