/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* acme-tlsalpn01: answer tls-alpn-01 challenges and show the certificates they ask for while PROGRAM runs. */
#include <string.h>
#include <unistd.h>

#include "chainload.h"
#include "listen.h"
#include "tlsserve.h"

struct opts {
	const char *listen, *port_file;
};

static const struct au_opt opts[] = {
	{ 'l', "listen", "[ADDR]:PORT", "show certificates on this address and port while PROGRAM runs", au_set_str,
	  offsetof(struct opts, listen), NULL, NULL },
	{ 0, "port-file", "FILE", "write the port into this file when it is open", au_set_file,
	  offsetof(struct opts, port_file), NULL, NULL },
	{ 0 }
};

static void take_away(struct au_run *run);

static struct state {
	struct chainload chain;
	struct tlsserve *server;
	struct au_key *key;          /* of all certificates */
	struct au_buf pem;
	bool announced;
} state = { .chain = CHAINLOAD(take_away) };

/* The certificates end with the process. */
static void take_away(struct au_run *run)
{
	const struct opts *o = run->opt;

	if (state.announced && o->port_file)
		unlink(o->port_file);
}

static bool read_provision(const json_t *answer, const json_t *provision, const json_t **identifier, const char **sni,
			   struct au_buf *sha256, struct au_err *err)
{
	const char *text;
	json_t *object;

	if (!au_json_obj(answer, "identifier", AU_MUST, &object, err) ||
	    !au_json_str(provision, "sni", AU_MUST, sni, err) ||
	    !au_json_str(provision, "sha256", AU_MUST, &text, err) ||
	    !au_b64url_read(text, strlen(text), sha256, err))
		return au_fail_in(err, "provision");
	*identifier = object;
	if (!au_ident_is_dns(*sni, false))
		return au_fail(err, AU_INPUT, "provision.sni: not a DNS name: %s", *sni);
	return sha256->n == 32 || au_fail(err, AU_INPUT, "provision.sha256: not 32 octets");
}

static enum put put(struct au_run *run, const json_t *answer, const json_t *provision, struct au_err *err)
{
	struct au_buf sha256 AU_AUTO_BUF = AU_BUF(64), der AU_AUTO_BUF = AU_BUF(16384);
	const json_t *identifier = NULL;
	const char *sni = NULL;
	bool replaced;

	if (!read_provision(answer, provision, &identifier, &sni, &sha256, err) ||
	    !au_chall_tls_alpn_cert(identifier, sha256.p, state.key, run->clock->now(run->clock) / 1000, &der, err) ||
	    !tlsserve_put(state.server, sni, &der, &state.pem, &replaced, err))
		return PUT_FAILED;
	if (replaced)
		au_note(run, 0, "%s: another document proves this name: only its certificate is shown now", sni);
	return PUT_DONE;
}

static bool listen_here(struct au_run *run, const struct opts *o, struct au_err *err)
{
	int fd;

	if (!listen_open(o->listen, &fd, err))
		return false;
	state.announced = listen_announce(run, fd, o->port_file, err);
	return state.announced ? tlsserve_start_take(fd, &state.server, err) : (close(fd), false);
}

static bool setup(struct au_run *run, struct au_err *err)
{
	const struct opts *o = run->opt;

	if (!o->listen)
		return au_fail(err, AU_USAGE, "--listen [ADDR]:PORT must be given");
	if (!run->argc)
		return au_fail(err, AU_USAGE, "needs a PROGRAM to run meanwhile, such as acme-respond");
	return au_key_generate(AU_KEY_P256, 0, &state.key, err) &&
	       au_key_pem(state.key, NULL, 0, &state.pem, err) && chainload_arm(&state.chain, run, err) &&
	       listen_here(run, o, err) && chainload_start(&state.chain, err);
}

static bool run(struct au_run *run, json_t *doc, struct au_err *err)
{
	bool done;

	(void)run;
	chainload_lock(&state.chain);
	done = chainload_provision(&state.chain, doc, "tls-alpn-01", "tls-alpn", put, err);
	chainload_unlock(&state.chain);
	return done;
}

static int done(struct au_run *run, int status)
{
	const struct opts *o = run->opt;

	status = chainload_finish(&state.chain, status);
	tlsserve_stop(state.server);
	if (state.announced && o->port_file)
		unlink(o->port_file);
	au_key_free(state.key);
	au_buf_free(&state.pem);
	return status;
}

static const struct au_cmd cmd = {
	.name = "acme-tlsalpn01",
	.brief = "answer tls-alpn-01 challenges with a TLS server of its own",
	.operands = "PROGRAM [ARG...]",
	.opts = opts,
	.optsize = sizeof(struct opts),
	.in = chainload_in,
	.out = chainload_out,
	.flags = AU_CMD_MORE | AU_CMD_SECRET,
	.setup = setup,
	.run = run,
	.done = done,
};

AU_MAIN(cmd)
