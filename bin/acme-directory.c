/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* acme-directory: fetch a server's directory (RFC 8555 section 7.1.1) and begin the document that flows through the pipe. */
#include <stdlib.h>
#include <string.h>

#include "acmeutil.h"
#include "req.h"

struct opts {
	struct au_net_opts net;
	const char *directory;
	bool nonce;
};

static const struct au_opt opts[] = {
	{ 's', "directory", "URL", "directory URL, in place of the operand", au_set_str, offsetof(struct opts, directory),
	  NULL, "ACME_DIRECTORY" },
	{ 0, "server", "URL", NULL, au_set_str, offsetof(struct opts, directory), NULL, NULL },
	{ 0, "nonce", NULL, "fetch a nonce, too; for acme-sign, which has no network", au_set_flag,
	  offsetof(struct opts, nonce), NULL, NULL },
	AU_NET_ROWS(struct opts, net),
	{ 0 }
};

static const struct au_member adds[] = {
	{ "directory", AU_MUST, "the directory object as served, plus its url" },
	{ "tls.cacert", AU_MAY, "absolute path of the trust anchors of --cacert; later programs use them" },
	{ "tls.anchors", AU_MAY, "fingerprints of the system's anchors that the server needs, a hint that saves time" },
	{ "nonce", AU_MAY, "a fresh nonce, with --nonce" },
	{ 0 }
};

static bool setup(struct au_run *run, struct au_err *err)
{
	const struct opts *o = run->opt;
	if (run->argc > 1)
		return au_fail(err, AU_USAGE, "%s: more than one directory", run->argv[1]);
	if (!run->argc && !o->directory)
		return au_fail(err, AU_USAGE, "no directory: name its URL, or set ACME_DIRECTORY");
	return au_net_open(&o->net, run, (struct au_net **)&run->state, err);
}

/* Later programs may run in another directory, so the path is made absolute. */
static bool remember_cacert(json_t *doc, const char *cacert, struct au_err *err)
{
	char *path = realpath(cacert, NULL);
	if (!path)
		return au_fail_errno(err, "%s", cacert), au_fail_as(err, AU_INPUT);
	bool ok = au_json_set_take(doc, "tls", json_pack("{s:s}", "cacert", path), err);
	free(path);
	return ok;
}

static bool run(struct au_run *run, json_t *doc, struct au_err *err)
{
	const struct opts *o = run->opt;
	struct au_net *net = run->state;
	AU_AUTO_REPLY struct au_reply reply = { 0 };
	const char *url = run->argc ? run->argv[0] : o->directory;

	/* what the user typed is a mistake of the user's */
	if (!au_url_check(url, "directory", o->net.allow_http, err)) {
		if (!strncmp(url, "http:", 5))
			au_fail_in(err, "servers in a laboratory need --allow-http");
		return au_fail_as(err, AU_USAGE);
	}
	if ((o->net.cacert && !remember_cacert(doc, o->net.cacert, err)) || !au_req_begin(net, doc, NULL, err) ||
	    !au_req_get(net, url, &reply, err))
		return false;
	if (!au_directory_check(reply.body, o->net.allow_http, err))
		return au_fail_in(err, "%s", url);
	if (!au_json_set_take(reply.body, "url", json_string(reply.url), err) ||
	    !au_json_set_take(doc, "directory", json_incref(reply.body), err))
		return false;
	return !o->nonce || (au_req_begin(net, doc, NULL, err) && au_req_nonce(net, err));
}

static const struct au_cmd acme_directory = {
	.name = "acme-directory",
	.brief = "fetch an ACME server's directory and begin a document",
	.operands = "[URL]",
	.opts = opts, .optsize = sizeof(struct opts), .out = adds, .flags = AU_CMD_SOURCE,
	.setup = setup, .run = run, .done = au_net_done,
};
AU_MAIN(acme_directory)
