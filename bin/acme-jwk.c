/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* acme-jwk: any key, from anywhere, as JWK or PEM, and the names that others know it by. */
#include <gnutls/crypto.h>
#include <string.h>

#include "acmeutil.h"

struct opts {
	const char *key, *passphrase, *output, *new_passphrase;
	bool private, pem, traditional, spki, thumbprint, key_id, force;
};

static const struct au_opt opts[] = {
	{ 'k', "key", "KEY", "the key: file, URL or fd:N, in place of the operand", au_set_key,
	  offsetof(struct opts, key), NULL, NULL },
	{ 0, "passphrase-file", "FILE", "file or fd:N with the passphrase or PIN of the key", au_set_file,
	  offsetof(struct opts, passphrase), NULL, NULL },
	{ 0, "private", NULL, "write the private key, not only the public half", au_set_flag,
	  offsetof(struct opts, private), NULL, NULL },
	{ 0, "pem", NULL, "write PEM (PKCS#8 or SubjectPublicKeyInfo) instead of a JWK", au_set_flag,
	  offsetof(struct opts, pem), NULL, NULL },
	{ 0, "traditional", NULL, "with --pem --private, write PKCS#1 or SEC 1, which some clients insist on", au_set_flag,
	  offsetof(struct opts, traditional), NULL, NULL },
	{ 0, "new-passphrase-file", "FILE", "with --pem --private, encrypt with the passphrase in this file (or fd:N)",
	  au_set_file, offsetof(struct opts, new_passphrase), NULL, NULL },
	{ 0, "spki", NULL, "write the SubjectPublicKeyInfo as base64url", au_set_flag,
	  offsetof(struct opts, spki), NULL, NULL },
	{ 0, "thumbprint", NULL, "write the thumbprint (RFC 7638), as key authorizations hold it", au_set_flag,
	  offsetof(struct opts, thumbprint), NULL, NULL },
	{ 0, "key-id", NULL, "write the SHA-256 of the SubjectPublicKeyInfo in hexadecimal", au_set_flag,
	  offsetof(struct opts, key_id), NULL, NULL },
	{ 'o', "output", "FILE", "write into a new file, which for --private only its owner can read", au_set_file,
	  offsetof(struct opts, output), NULL, NULL },
	{ 0, "force", NULL, "let --output replace a file", au_set_flag, offsetof(struct opts, force), NULL, NULL },
	{ 0 }
};

static bool setup(struct au_run *run, struct au_err *err)
{
	const struct opts *o = run->opt;
	bool pem_private = o->pem && o->private;

	if (run->argc > 1 || (run->argc == 1 && o->key))
		return au_fail(err, AU_USAGE, "name one key");
	if (o->pem + o->spki + o->thumbprint + o->key_id > 1)
		return au_fail(err, AU_USAGE, "--pem, --spki, --thumbprint, --key-id: choose one");
	if (o->private && (o->spki || o->thumbprint || o->key_id))
		return au_fail(err, AU_USAGE, "--private goes with a JWK or --pem");
	if ((o->traditional || o->new_passphrase) && !pem_private)
		return au_fail(err, AU_USAGE, "--traditional and --new-passphrase-file go with --pem --private");
	if (o->traditional && o->new_passphrase)
		return au_fail(err, AU_USAGE, "--traditional with --new-passphrase-file: only PKCS#8 is encrypted");
	if (o->force && !o->output)
		return au_fail(err, AU_USAGE, "--force goes with --output");
	return true;
}

static bool put_line(struct au_buf *out, const char *text, struct au_err *err)
{
	return text ? au_buf_adds(out, text, err) && au_buf_adds(out, "\n", err) : au_fail_mem(err);
}

static bool put_jwk(const struct au_key *key, bool private, struct au_buf *out, struct au_err *err)
{
	AU_AUTO_JSON json_t *jwk = au_jwk(key, private ? AU_KEY_PRIVATE : AU_KEY_PUBLIC, err);
	AU_AUTO_MEM char *text = jwk ? au_json_dump(jwk) : NULL;

	return jwk && put_line(out, text, err);
}

static bool put_private_pem(const struct au_key *key, const struct opts *o, struct au_buf *out, struct au_err *err)
{
	struct au_buf pass AU_AUTO_BUF = AU_BUF(0);

	if (o->traditional)
		return au_key_pem_traditional(key, out, err);
	if (!o->new_passphrase)
		return au_key_pem(key, NULL, 0, out, err);
	return au_secret_read(o->new_passphrase, &pass, err) && au_key_pem(key, pass.p, pass.n, out, err);
}

static bool put_thumbprint(const struct au_key *key, struct au_buf *out, struct au_err *err)
{
	char text[44];

	return au_jwk_thumbprint_text(key, text, err) && put_line(out, text, err);
}

static bool put_spki(const struct au_key *key, bool digest, struct au_buf *out, struct au_err *err)
{
	struct au_buf der AU_AUTO_BUF = AU_BUF(AU_MAX_KEYFILE);
	uint8_t hash[32];

	if (!au_key_spki(key, &der, err))
		return false;
	if (!digest) {
		AU_AUTO_MEM char *text = au_b64url(der.p, der.n);
		return put_line(out, text, err);
	}
	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, der.p, der.n, hash) < 0)
		return au_fail(err, AU_KEY, "SHA-256 is not available");
	for (size_t i = 0; i < sizeof hash; i++)
		if (!au_buf_addf(out, err, "%02x", hash[i]))
			return false;
	return au_buf_adds(out, "\n", err);
}

static bool render(const struct au_key *key, const struct opts *o, struct au_buf *out, struct au_err *err)
{
	if (o->thumbprint)
		return put_thumbprint(key, out, err);
	if (o->spki || o->key_id)
		return put_spki(key, o->key_id, out, err);
	if (!o->pem)
		return put_jwk(key, o->private, out, err);
	return o->private ? put_private_pem(key, o, out, err) : au_key_pem_public(key, out, err);
}

static bool run(struct au_run *run, json_t *doc, struct au_err *err)
{
	const struct opts *o = run->opt;
	const char *name = o->key ? o->key : run->argc ? run->argv[0] : "-";
	AU_AUTO_KEY struct au_key *key = NULL;

	(void)doc;
	run->texts = true;
	if (!au_key_open(name, o->private ? AU_KEY_PRIVATE : AU_KEY_PUBLIC, o->passphrase, &key, err) ||
	    !render(key, o, &run->text, err))
		return false;
	if (!o->output)
		return true;
	bool ok = au_file_write(o->output, run->text.p, run->text.n,
				(o->private ? AU_FILE_PRIVATE : 0) | (o->force ? 0 : AU_FILE_NEW), err);
	au_buf_free(&run->text);
	return ok;
}

static const struct au_cmd acme_jwk = {
	.name = "acme-jwk",
	.brief = "convert keys and show what they are called",
	.operands = "[KEY]",
	.opts = opts, .optsize = sizeof(struct opts),
	.flags = AU_CMD_SOURCE | AU_CMD_SECRET,
	.setup = setup, .run = run,
};
AU_MAIN(acme_jwk)
