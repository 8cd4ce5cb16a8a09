/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* acme-newkey: a fresh private key into a file that only its owner can read, and its public half to standard output. */
#include <string.h>

#include "acmeutil.h"

struct opts {
	const char *type, *passphrase;
	bool jwk;
};

static const struct au_opt opts[] = {
	{ 't', "type", "TYPE", "p256, p384, p521, rsa2048 to rsa8192, ed25519 or ed448", au_set_str,
	  offsetof(struct opts, type), "p256", NULL },
	{ 0, "jwk", NULL, "write a JWK instead of PKCS#8 PEM", au_set_flag, offsetof(struct opts, jwk), NULL, NULL },
	{ 0, "passphrase-file", "FILE", "encrypt the key with the passphrase in this file (or fd:N)", au_set_file,
	  offsetof(struct opts, passphrase), NULL, NULL },
	{ 0 }
};

static bool setup(struct au_run *run, struct au_err *err)
{
	const struct opts *o = run->opt;

	if (run->argc != 1)
		return au_fail(err, AU_USAGE, "name one file for the key");
	if (strcmp(run->argv[0], "-") == 0)
		return au_fail(err, AU_USAGE, "the key goes into a file; standard output is for its public half");
	if (o->jwk && o->passphrase)
		return au_fail(err, AU_USAGE, "--jwk with --passphrase-file: a JWK is not encrypted; leave --jwk out");
	return true;
}

/* The contents of the file. */
static bool render(const struct au_key *key, const struct opts *o, struct au_buf *out, struct au_err *err)
{
	struct au_buf pass AU_AUTO_BUF = AU_BUF(0);
	AU_AUTO_JSON json_t *jwk = NULL;
	AU_AUTO_MEM char *text = NULL;

	if (o->passphrase)
		return au_secret_read(o->passphrase, &pass, err) && au_key_pem(key, pass.p, pass.n, out, err);
	if (!o->jwk)
		return au_key_pem(key, NULL, 0, out, err);
	jwk = au_jwk(key, AU_KEY_PRIVATE, err);
	if (!jwk)
		return false;
	text = au_json_dump(jwk);
	return text ? au_buf_adds(out, text, err) && au_buf_adds(out, "\n", err) : au_fail_mem(err);
}

static bool run(struct au_run *run, json_t *doc, struct au_err *err)
{
	const struct opts *o = run->opt;
	AU_AUTO_KEY struct au_key *key = NULL;
	AU_AUTO_JSON json_t *public = NULL;
	AU_AUTO_MEM char *text = NULL;
	struct au_buf file AU_AUTO_BUF = AU_BUF(AU_MAX_KEYFILE);
	enum au_key_type type;
	unsigned bits;

	(void)doc;
	if (!au_key_type_read(o->type, &type, &bits, err))
		return au_fail_in(err, "--type");
	if (!au_key_generate(type, bits, &key, err) || !render(key, o, &file, err))
		return false;
	public = au_jwk(key, AU_KEY_PUBLIC, err);
	if (!public)
		return false;
	text = au_json_dump(public);
	if (!text)
		return au_fail_mem(err);
	run->texts = true;
	return au_buf_adds(&run->text, text, err) && au_buf_adds(&run->text, "\n", err) &&
	       au_file_write(run->argv[0], file.p, file.n, AU_FILE_PRIVATE | AU_FILE_NEW, err);
}

static const struct au_cmd acme_newkey = {
	.name = "acme-newkey",
	.brief = "make a private key",
	.operands = "FILE",
	.opts = opts, .optsize = sizeof(struct opts),
	.flags = AU_CMD_SOURCE | AU_CMD_SECRET,
	.setup = setup, .run = run,
};
AU_MAIN(acme_newkey)
