/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* acme-cert: the certificate an order ended in: fetched, checked, chosen among its chains, put where it belongs. */
#include <string.h>

#include "acmeutil.h"
#include "req.h"

#define PEM_CHAIN "application/pem-certificate-chain"

struct options {
	struct au_net_opts net;
	struct au_acct_opts acct;
	const char *key, *key_passphrase, *preferred, *output, *leaf_file, *chain_file;
	bool no_key_check, require, alternates, json;
};

static const struct au_opt opts[] = {
	{ 'k', "key", "KEY", "the certificate must be for this key: file (certificate and CSR, too), URL or fd:N", au_set_key,
	  offsetof(struct options, key), NULL, NULL },
	{ 0, "key-passphrase-file", "FILE", "file or fd:N with the passphrase or PIN of that key", au_set_file,
	  offsetof(struct options, key_passphrase), NULL, NULL },
	{ 0, "no-key-check", NULL, "take a certificate although nothing says which key it is for", au_set_flag,
	  offsetof(struct options, no_key_check), NULL, NULL },
	{ 'o', "output", "FILE", "write the chain to this file, all or nothing, instead of standard output", au_set_file,
	  offsetof(struct options, output), NULL, NULL },
	{ 0, "leaf-file", "FILE", "write the certificate alone to this file, too", au_set_file,
	  offsetof(struct options, leaf_file), NULL, NULL },
	{ 0, "chain-file", "FILE", "write the certificates above it to this file, too", au_set_file,
	  offsetof(struct options, chain_file), NULL, NULL },
	{ 0, "preferred-chain", "ISSUER",
	  "choose the chain with this issuer: common name, SHA-256 fingerprint, or aki:HEX", au_set_str,
	  offsetof(struct options, preferred), NULL, NULL },
	{ 0, "require-chain", NULL, "fail when no chain has the preferred issuer", au_set_flag,
	  offsetof(struct options, require), NULL, NULL },
	{ 0, "alternates", NULL, "fetch all chains there are", au_set_flag,
	  offsetof(struct options, alternates), NULL, NULL },
	{ 0, "json", NULL, "put the chain into the document instead of writing PEM", au_set_flag,
	  offsetof(struct options, json), NULL, NULL },
	AU_ACCT_ROWS(struct options, acct),
	AU_NET_ROWS(struct options, net),
	{ 0 }
};

static const struct au_member in[] = {
	{ "order", AU_MUST, "the order, with its certificate URL and identifiers" },
	{ "csr", AU_MAY, "its key must be the certificate's" },
	{ "popKey", AU_MAY, "the key proved in the order must be the certificate's" },
	{ "account.url", AU_MUST, "the account that ordered" },
	{ "key", AU_MAY, "name of the account key" },
	{ "nonce", AU_MAY, "spent and renewed" },
	{ 0 }
};
static const struct au_member out[] = {
	{ "certificate", AU_MAY, "with --json: url, chain (PEM), certificates (what stands in them), and alternates, a list"
	  " of the same" },
	{ 0 }
};

static struct {
	struct au_net *net;
	struct au_key *key;
	unsigned documents;
} st;

static bool setup(struct au_run *run, struct au_err *err)
{
	const struct options *o = run->opt;

	if (o->require && !o->preferred)
		return au_fail(err, AU_USAGE, "--require-chain says nothing without --preferred-chain");
	if (o->key && o->no_key_check)
		return au_fail(err, AU_USAGE, "--key and --no-key-check exclude each other");
	if (o->key && !au_key_open(o->key, AU_KEY_PUBLIC, o->key_passphrase, &st.key, err))
		return false;
	return au_net_open(&o->net, run, &st.net, err);
}

/* --- what it must be ------------------------------------------------------------- */

struct wanted {
	struct au_key *key[3];       /* of --key, `csr` and `popKey`; not all are there */
	const char *from[3];
	json_t *identifiers;
	int64_t now;
};

static void wanted_free(struct wanted *w)
{
	/* key[0] is the process's */
	au_key_free(w->key[1]);
	au_key_free(w->key[2]);
}

/* The keys that the document tells of. */
static bool doc_keys(const json_t *doc, struct wanted *w, struct au_err *err)
{
	struct au_buf der AU_AUTO_BUF = AU_BUF(AU_MAX_REPLY), spki AU_AUTO_BUF = AU_BUF(AU_MAX_REPLY);
	const char *csr, *pop;

	if (!au_json_str(doc, "csr", AU_MAY, &csr, err) || !au_json_str(doc, "popKey", AU_MAY, &pop, err))
		return false;
	if (csr && (!au_b64url_read(csr, strlen(csr), &der, err) || !au_csr_key(der.p, der.n, &w->key[1], err)))
		return au_fail_in(err, "csr");
	if (pop && (!au_b64url_read(pop, strlen(pop), &spki, err) || !au_key_from_spki(spki.p, spki.n, &w->key[2], err)))
		return au_fail_in(err, "popKey");
	return true;
}

static bool wanted_read(const struct au_run *run, const json_t *doc, struct wanted *w, struct au_err *err)
{
	const struct options *o = run->opt;

	*w = (struct wanted){ .key = { st.key }, .from = { o->key, "csr", "popKey" },
			      .now = run->clock->now(run->clock) / 1000 };
	if (!au_json_arr(doc, "order.identifiers", AU_MUST, &w->identifiers, err))
		return false;
	if (o->no_key_check)
		return true;
	if (!doc_keys(doc, w, err))
		return false;
	return w->key[0] || w->key[1] || w->key[2] ||
	       au_fail(err, AU_INPUT, "nothing says which key the certificate is for: the document has neither csr nor "
		       "popKey; name the key with -k, or say --no-key-check");
}

static bool fits(const struct au_chain *chain, const struct wanted *w, struct au_err *err)
{
	if (!au_chain_check(chain, NULL, w->identifiers, &w->now, err))
		return false;
	for (size_t i = 0; i < 3; i++)
		if (w->key[i] && !au_chain_check(chain, w->key[i], NULL, NULL, err))
			return au_fail_in(err, "%s", w->from[i]);
	return true;
}

/* --- fetching ---------------------------------------------------------------------- */

static bool fetch(const char *url, const char *into, struct au_reply *reply, struct au_chain **chain,
		  struct au_err *err)
{
	const struct au_post post = { .auth = AU_AUTH_KID, .url = url, .accept = PEM_CHAIN, .into = into };

	if (!au_req_post(st.net, &post, reply, err))
		return false;
	return reply->unsent || au_chain_read(reply->raw.p, reply->raw.n, chain, err) || au_fail_in(err, "%s", url);
}

static bool chain_text(const struct au_chain *chain, size_t from, size_t to, struct au_buf *pem, struct au_err *err)
{
	for (size_t i = from; i < to; i++)
		if (!au_chain_pem(chain, i, pem, err))
			return false;
	return true;
}

/* {"url","chain","certificates"}; NULL on failure. */
static json_t *record(const char *url, const struct au_chain *chain, struct au_err *err)
{
	struct au_buf pem AU_AUTO_BUF = AU_BUF(0);
	AU_AUTO_JSON json_t *r = json_object(), *list = json_array();

	if (!r || !list)
		return au_fail_mem(err), NULL;
	for (size_t i = 0; i < au_chain_length(chain); i++) {
		json_t *one = au_chain_describe(chain, i, err);
		if (!one || !au_json_add_take(list, one, err))
			return NULL;
	}
	if (!chain_text(chain, 0, au_chain_length(chain), &pem, err) ||
	    !au_json_set_take(r, "url", json_string(url), err) ||
	    !au_json_set_take(r, "chain", json_stringn((const char *)pem.p, pem.n), err) ||
	    !au_json_set_take(r, "certificates", json_incref(list), err))
		return NULL;
	return au_steal(&r);
}

/* The chains an order has: the default first, then alternates as far as they were asked for. */
struct chains {
	size_t n, chosen;
	struct au_chain *chain[1 + AU_MAX_ALTERNATES];
	char *url[1 + AU_MAX_ALTERNATES];
};

static void chains_free(struct chains *c)
{
	for (size_t i = 0; i < c->n; i++) {
		au_chain_free(c->chain[i]);
		au_free(c->url[i]);
	}
}

static bool chains_add_take(struct chains *c, const char *url, struct au_chain *chain, struct au_err *err)
{
	c->url[c->n] = au_strdup(url);
	c->chain[c->n++] = chain;
	return c->url[c->n - 1] || au_fail_mem(err);
}

/* One that cannot be had or does not fit is left out: the default chain is there. */
static bool alternate(struct au_run *run, const char *url, const struct wanted *w, struct chains *c,
		      struct au_err *err)
{
	AU_AUTO_CHAIN struct au_chain *chain = NULL;
	AU_AUTO_REPLY struct au_reply reply = { 0 };

	if (fetch(url, NULL, &reply, &chain, err) && fits(chain, w, err)) {
		if (au_chain_same_leaf(c->chain[0], chain))
			return chains_add_take(c, url, au_steal(&chain), err);
		au_fail(err, AU_PROTOCOL, "%s: an alternate chain of another certificate", url);
	}
	if (err->code == AU_SYSTEM)
		return false;
	au_note(run, 0, "warning: alternate chain left out: %s", err->text);
	au_err_clear(err);
	return true;
}

static bool alternates(struct au_run *run, const json_t *links, const struct wanted *w, struct chains *c,
		       struct au_err *err)
{
	const struct options *o = run->opt;
	unsigned seen = 0;
	json_t *link;
	size_t i;

	json_array_foreach(links, i, link) {
		const char *rel = json_string_value(json_object_get(link, "rel"));
		const char *url = json_string_value(json_object_get(link, "url"));
		size_t was = c->n;
		if (!rel || !url || strcmp(rel, "alternate") != 0)
			continue;
		if (seen++ == AU_MAX_ALTERNATES) {
			au_note(run, 0, "warning: more than %u alternate chains; the rest is left out", AU_MAX_ALTERNATES);
			break;
		}
		if (!alternate(run, url, w, c, err))
			return false;
		if (o->preferred && c->chosen == 0 && c->n > was && au_chain_matches(c->chain[was], o->preferred))
			c->chosen = was;
		if (c->chosen && !o->alternates)
			break;
	}
	return true;
}

static bool choose(struct au_run *run, const json_t *links, const struct wanted *w, struct chains *c,
		   struct au_err *err)
{
	const struct options *o = run->opt;
	bool first = o->preferred && au_chain_matches(c->chain[0], o->preferred);

	if (o->alternates || (o->preferred && !first)) {
		if (!alternates(run, links, w, c, err))
			return false;
		c->chosen = first ? 0 : c->chosen;
	}
	if (!o->preferred || first || c->chosen)
		return true;
	if (o->require)
		return au_fail(err, AU_REFUSED, "none of the server's %zu chains has the issuer %s", c->n, o->preferred);
	au_note(run, 0, "warning: none of the server's %zu chains has the issuer %s; this is the default one", c->n,
		o->preferred);
	return true;
}

/* --- putting ------------------------------------------------------------------------ */

static bool into_doc(json_t *doc, const struct chains *c, struct au_err *err)
{
	AU_AUTO_JSON json_t *main = record(c->url[c->chosen], c->chain[c->chosen], err), *others = json_array();

	if (!main)
		return false;
	if (!others)
		return au_fail_mem(err);
	for (size_t i = 0; i < c->n; i++) {
		json_t *other = i == c->chosen ? NULL : record(c->url[i], c->chain[i], err);
		if (i != c->chosen && (!other || !au_json_add_take(others, other, err)))
			return false;
	}
	return au_json_set_take(main, "alternates", json_incref(others), err) &&
	       au_json_set_take(doc, "certificate", json_incref(main), err);
}

static bool into_file(const char *file, const struct au_chain *chain, size_t from, size_t to, struct au_err *err)
{
	struct au_buf pem AU_AUTO_BUF = AU_BUF(0);

	return !file || (chain_text(chain, from, to, &pem, err) && au_file_write(file, pem.p, pem.n, 0, err));
}

static bool put(struct au_run *run, json_t *doc, const struct chains *c, struct au_err *err)
{
	const struct options *o = run->opt;
	const struct au_chain *chain = c->chain[c->chosen];
	size_t n = au_chain_length(chain);

	/*
	 * Into the document first: when a file cannot be written it travels on with the certificate inside. The
	 * file that servers read last: who waits for it finds the others there.
	 */
	if (!into_doc(doc, c, err) || !into_file(o->chain_file, chain, 1, n, err) ||
	    !into_file(o->leaf_file, chain, 0, 1, err) || !into_file(o->output, chain, 0, n, err))
		return false;
	run->texts = !o->json;
	return o->json || o->output || chain_text(chain, 0, n, &run->text, err);
}

/* --- one document --------------------------------------------------------------------- */

static bool certificate_url(const json_t *doc, const char **url, struct au_err *err)
{
	const char *status;

	if (!au_json_str(doc, "order.status", AU_MUST, &status, err) ||
	    !au_json_str(doc, "order.certificate", AU_MAY, url, err))
		return false;
	if (*url)
		return true;
	if (strcmp(status, "invalid") == 0)
		return au_problem_invalid(err, "order", au_json_at(doc, "order.error"));
	return au_fail(err, AU_PENDING, "the order has no certificate yet, its status is %s; acme-finalize comes first%s",
		       status, strcmp(status, "processing") == 0 ? ", or acme-wait" : "");
}

static bool fetch_all(struct au_run *run, json_t *doc, const char *url, const struct wanted *w, struct chains *c,
		      struct au_err *err)
{
	const struct options *o = run->opt;
	AU_AUTO_REPLY struct au_reply reply = { 0 };
	AU_AUTO_CHAIN struct au_chain *chain = NULL;

	if (!au_req_begin(st.net, doc, &o->acct, err) || !fetch(url, "certificate", &reply, &chain, err))
		return false;
	if (reply.unsent)
		return true;
	if (!fits(chain, w, err) || !chains_add_take(c, url, au_steal(&chain), err))
		return false;
	if (au_chain_length(c->chain[0]) == 1)
		au_note(run, 0, "warning: %s: the certificate came without its issuer", url);
	return choose(run, reply.links, w, c, err) && put(run, doc, c, err);
}

static bool run_cert(struct au_run *run, json_t *doc, struct au_err *err)
{
	const struct options *o = run->opt;
	__attribute__((cleanup(wanted_free))) struct wanted w = { 0 };
	__attribute__((cleanup(chains_free))) struct chains c = { 0 };
	const char *url;

	if (st.documents++ && (o->output || o->leaf_file || o->chain_file))
		return au_fail(err, AU_USAGE, "a file holds the certificate of one document, and this is another; use --json");
	return certificate_url(doc, &url, err) && wanted_read(run, doc, &w, err) && fetch_all(run, doc, url, &w, &c, err);
}

static int done(struct au_run *run, int status)
{
	(void)run;
	au_net_free(st.net);
	au_key_free(st.key);
	return status;
}

static const struct au_cmd cmd = {
	.name = "acme-cert", .brief = "fetch the certificate of an order, check it and put it in place",
	.opts = opts, .optsize = sizeof(struct options), .in = in, .out = out,
	.flags = AU_CMD_SECRET, .setup = setup, .run = run_cert, .done = done,
};

AU_MAIN(cmd)
