/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* acme-csr: a key and names to a certificate signing request, or one that exists into the document. */
#include <string.h>
#include <unistd.h>

#include "acmeutil.h"

struct options {
	const char *key, *passphrase, *csr, *profile, *key_usage, *ext_usage, *cn, *organization;
	struct au_list names;
	bool must_staple, pem, der;
};

static const struct au_opt opts[] = {
	{ 'k', "key", "KEY", "key of the certificate: file, URL or fd:N", au_set_key,
	  offsetof(struct options, key), NULL, NULL },
	{ 0, "passphrase-file", "FILE", "file or fd:N with the passphrase or PIN of the key", au_set_file,
	  offsetof(struct options, passphrase), NULL, NULL },
	{ 'd', "domain", "NAME", "DNS name, when the document has no order; may be repeated", au_set_list,
	  offsetof(struct options, names), NULL, NULL },
	{ 0, "csr", "FILE", "take this CSR (PEM or DER; - or fd:N) instead of making one", au_set_file,
	  offsetof(struct options, csr), NULL, NULL },
	{ 0, "profile", "NAME", "usages to ask for: tls-server, tls-client, code-signing, email", au_set_str,
	  offsetof(struct options, profile), "tls-server", NULL },
	{ 0, "key-usage", "LIST", "key usages in place of the profile's, as RFC 5280 names them; empty for none", au_set_str,
	  offsetof(struct options, key_usage), NULL, NULL },
	{ 0, "ext-usage", "LIST", "extended key usages in place of the profile's, names or OIDs; empty for none", au_set_str,
	  offsetof(struct options, ext_usage), NULL, NULL },
	{ 0, "cn", "TEXT", "common name of the subject, which is empty otherwise", au_set_str,
	  offsetof(struct options, cn), NULL, NULL },
	{ 0, "organization", "TEXT", "organization of the subject", au_set_str,
	  offsetof(struct options, organization), NULL, NULL },
	{ 0, "must-staple", NULL, "ask for a certificate that is worthless without a stapled OCSP answer (RFC 7633)",
	  au_set_flag, offsetof(struct options, must_staple), NULL, NULL },
	{ 0, "pem", NULL, "write the CSR as PEM instead of the document", au_set_flag,
	  offsetof(struct options, pem), NULL, NULL },
	{ 0, "der", NULL, "write the CSR as DER instead of the document", au_set_flag,
	  offsetof(struct options, der), NULL, NULL },
	{ 0 }
};

static const struct au_member in[] = {
	{ "order.identifiers", AU_MAY, "the names; without an order they come from the command line" },
	{ "account.thumbprint", AU_MAY, "the key must not be the account's" },
	{ 0 }
};
static const struct au_member out[] = {
	{ "csr", AU_MAY, "base64url of the CSR in DER" },
	{ 0 }
};

/*
 * A CA that issues for TLS servers puts the usages in by itself; several refuse a CSR that
 * asks, so that profile asks for nothing.
 */
static const struct profile {
	const char *name, *key_usage, *ext_usage;
} profiles[] = {
	{ "tls-server", NULL, NULL },
	{ "tls-client", "digitalSignature", "clientAuth" },
	{ "code-signing", "digitalSignature", "codeSigning" },
	{ "email", "digitalSignature", "emailProtection" },
};

/* From setup to done. */
static struct {
	struct au_key *key;
	struct au_buf csr;           /* --csr, in DER */
	json_t *names;               /* of the command line; NULL when it has none */
	const struct profile *profile;
} st;

static bool names_read(const struct au_run *run, const struct options *o, struct au_err *err)
{
	if (!o->names.n && !run->argc)
		return true;
	st.names = au_ident_list(o->names.v, o->names.n, run->argv, run->argc, err);
	return st.names != NULL;
}

static bool profile_find(const struct options *o, struct au_err *err)
{
	for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++)
		if (strcmp(o->profile, profiles[i].name) == 0) {
			st.profile = &profiles[i];
			return true;
		}
	return au_fail(err, AU_USAGE, "--profile %s: unknown; there are tls-server, tls-client, code-signing and email",
		       o->profile);
}

static bool csr_read(const struct options *o, struct au_err *err)
{
	struct au_buf text AU_AUTO_BUF = AU_BUF(AU_MAX_REPLY);

	if (o->key_usage || o->ext_usage || o->cn || o->organization || o->must_staple || st.profile != profiles)
		return au_fail(err, AU_USAGE, "--csr: what stands in that CSR cannot be changed by options");
	return au_file_read(o->csr, text.max, AU_INPUT, &text, err) &&
	       (au_csr_read(text.p, text.n, &st.csr, err) || au_fail_in(err, "%s", o->csr));
}

static bool setup(struct au_run *run, struct au_err *err)
{
	const struct options *o = run->opt;

	if (o->pem && o->der)
		return au_fail(err, AU_USAGE, "--pem and --der exclude each other");
	if (!o->key && !o->csr)
		return au_fail(err, AU_USAGE, "-k KEY is missing (or --csr FILE)");
	if (!names_read(run, o, err) || !profile_find(o, err) || (o->csr && !csr_read(o, err)))
		return false;
	run->no_input = isatty(0);
	return !o->key || au_key_open(o->key, o->csr ? AU_KEY_PUBLIC : AU_KEY_PRIVATE, o->passphrase, &st.key, err);
}

/* A CA refuses a CSR that does not fit, too, but only after the challenges. */
static bool fits(const struct au_buf *der, const json_t *doc, const json_t *names, struct au_err *err)
{
	const char *account = NULL;
	return au_json_str(doc, "account.thumbprint", AU_MAY, &account, err) &&
	       au_csr_fits(der->p, der->n, names, account, err);
}

static bool csr_check(const struct options *o, const json_t *doc, const json_t *names, struct au_err *err)
{
	AU_AUTO_KEY struct au_key *key = NULL;

	if (!au_csr_key(st.csr.p, st.csr.n, &key, err))
		return au_fail_in(err, "%s", o->csr);
	if (st.key && !au_key_equal(key, st.key))
		return au_fail(err, AU_KEY, "%s: for another key than %s", o->csr, o->key);
	return fits(&st.csr, doc, names, err) || au_fail_in(err, "%s", o->csr);
}

static const char *usage(const char *given, const char *preset)
{
	return !given ? preset : *given ? given : NULL;
}

static bool csr_make(const struct options *o, const json_t *doc, const json_t *names, struct au_buf *der,
		     struct au_err *err)
{
	const struct au_csr_spec spec = {
		.identifiers = names, .cn = o->cn, .organization = o->organization,
		.key_usage = usage(o->key_usage, st.profile->key_usage),
		.ext_usage = usage(o->ext_usage, st.profile->ext_usage),
		.must_staple = o->must_staple,
	};

	if (!names)
		return au_fail(err, AU_USAGE, "no names: the document has no order, and there is neither -d nor an operand");
	return au_csr_make(st.key, &spec, der, err) && fits(der, doc, NULL, err);
}

static bool run_csr(struct au_run *run, json_t *doc, struct au_err *err)
{
	const struct options *o = run->opt;
	struct au_buf der AU_AUTO_BUF = AU_BUF(0);
	json_t *names = NULL;

	if (!au_json_arr(doc, "order.identifiers", AU_MAY, &names, err))
		return false;
	if (names && st.names)
		return au_fail(err, AU_USAGE, "the order has names already; -d and operands are for documents without one");
	if (!names)
		names = st.names;
	if (o->csr ? !csr_check(o, doc, names, err) || !au_buf_add(&der, st.csr.p, st.csr.n, err)
		   : !csr_make(o, doc, names, &der, err))
		return false;
	AU_AUTO_MEM char *text = au_b64url(der.p, der.n);
	if (!text)
		return au_fail_mem(err);
	if (!au_json_set_take(doc, "csr", json_string(text), err))
		return false;
	run->texts = o->pem || o->der;
	if (o->pem)
		return au_csr_pem(der.p, der.n, &run->text, err);
	return !o->der || au_buf_add(&run->text, der.p, der.n, err);
}

static int done(struct au_run *run, int status)
{
	(void)run;
	au_key_free(st.key);
	au_buf_free(&st.csr);
	json_decref(st.names);
	return status;
}

static const struct au_cmd cmd = {
	.name = "acme-csr", .brief = "make or check a certificate signing request", .operands = "[TYPE:VALUE...]",
	.opts = opts, .optsize = sizeof(struct options), .in = in, .out = out,
	.flags = AU_CMD_MAYBE | AU_CMD_SECRET, .setup = setup, .run = run_csr, .done = done,
};

AU_MAIN(cmd)
