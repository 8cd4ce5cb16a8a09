/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * key-oldpem: PEM with headers of its own that say how it is encrypted (RFC 1421 in form), as OpenSSL wrote keys before
 * PKCS#8: the key of the cipher is an MD5 of passphrase and salt. Read only.
 */
#include <gnutls/crypto.h>
#include <string.h>

#include "key-impl.h"
#include "mem.h"
#include "pem.h"

const char au_oldpem_mark[] = "Proc-Type: 4,ENCRYPTED";

#define BEGIN "-----BEGIN "
#define DEK "DEK-Info: "

static const struct {
	const char *name;
	gnutls_cipher_algorithm_t cipher;
} ciphers[] = {
	{ "AES-128-CBC", GNUTLS_CIPHER_AES_128_CBC },
	{ "AES-192-CBC", GNUTLS_CIPHER_AES_192_CBC },
	{ "AES-256-CBC", GNUTLS_CIPHER_AES_256_CBC },
	{ "DES-EDE3-CBC", GNUTLS_CIPHER_3DES_CBC },
	{ "CAMELLIA-128-CBC", GNUTLS_CIPHER_CAMELLIA_128_CBC },
	{ "CAMELLIA-192-CBC", GNUTLS_CIPHER_CAMELLIA_192_CBC },
	{ "CAMELLIA-256-CBC", GNUTLS_CIPHER_CAMELLIA_256_CBC },
};

struct dek {
	gnutls_cipher_algorithm_t cipher;
	uint8_t iv[16];
	size_t iv_n;
};

static bool malformed(struct au_err *err)
{
	return au_fail(err, AU_KEY, "not well-formed encrypted PEM");
}

/* The line that begins at *rest, without its end; *rest goes to the next one. */
static struct au_span line_take(struct au_span *rest)
{
	const uint8_t *nl = memchr(rest->p, '\n', rest->n);
	size_t n = nl ? (size_t)(nl - rest->p) : rest->n, step = nl ? n + 1 : n;
	struct au_span line = { rest->p, n > 0 && rest->p[n - 1] == '\r' ? n - 1 : n };

	rest->p += step;
	rest->n -= step;
	return line;
}

static bool starts(struct au_span line, const char *with)
{
	return line.n >= strlen(with) && memcmp(line.p, with, strlen(with)) == 0;
}

static int digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "AES-256-CBC,0123..." */
static bool dek_read(struct au_span value, struct dek *dek, struct au_err *err)
{
	const uint8_t *comma = memchr(value.p, ',', value.n);
	size_t name_n = comma ? (size_t)(comma - value.p) : 0, hex_n = comma ? value.n - name_n - 1 : 0;
	size_t i;

	for (i = 0; i < sizeof ciphers / sizeof *ciphers; i++)
		if (strlen(ciphers[i].name) == name_n && memcmp(ciphers[i].name, value.p, name_n) == 0)
			break;
	if (i == sizeof ciphers / sizeof *ciphers)
		return au_fail(err, AU_KEY, "encrypted with a cipher that is not supported: write it anew as PKCS#8");
	dek->cipher = ciphers[i].cipher;
	dek->iv_n = gnutls_cipher_get_iv_size(dek->cipher);
	if (hex_n != 2 * dek->iv_n || dek->iv_n > sizeof dek->iv)
		return malformed(err);
	for (i = 0; i < dek->iv_n; i++) {
		int high = digit(comma[1 + 2 * i]), low = digit(comma[2 + 2 * i]);
		if (high < 0 || low < 0)
			return malformed(err);
		dek->iv[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* The block with its headers taken out, as au_pem_next wants it. */
static bool plain_pem(struct au_span text, struct dek *dek, struct au_buf *pem, struct au_err *err)
{
	const uint8_t *mark = memmem(text.p, text.n, au_oldpem_mark, strlen(au_oldpem_mark));
	bool found = false;

	if (!mark || mark == text.p)
		return malformed(err);
	/* the block is the last that begins before the mark */
	for (const uint8_t *p; (p = memmem(text.p + 1, (size_t)(mark - text.p) - 1, BEGIN, strlen(BEGIN)));) {
		text.n -= (size_t)(p - text.p);
		text.p = p;
	}
	struct au_span begin = line_take(&text);
	if (!starts(begin, BEGIN) || text.p != mark)
		return malformed(err);
	for (struct au_span line = line_take(&text); line.n > 0; line = line_take(&text))
		if (starts(line, DEK)) {
			line.p += strlen(DEK);
			line.n -= strlen(DEK);
			if (!dek_read(line, dek, err))
				return false;
			found = true;
		}
	return found ? au_buf_add(pem, begin.p, begin.n, err) && au_buf_adds(pem, "\n", err) &&
		       au_buf_add(pem, text.p, text.n, err) : malformed(err);
}

/* OpenSSL's EVP_BytesToKey with one round: MD5(pass salt), MD5(that pass salt)... */
static bool derive(const struct dek *dek, const void *pass, size_t n, uint8_t key[static 32], struct au_err *err)
{
	enum { MD5 = 16, SALT = 8 };

	for (size_t at = 0; at < gnutls_cipher_get_key_size(dek->cipher); at += MD5) {
		AU_AUTO_BUF struct au_buf in = AU_BUF(0);
		uint8_t digest[MD5];
		if (!au_buf_add(&in, key + at - (at ? MD5 : 0), at ? MD5 : 0, err) || !au_buf_add(&in, pass, n, err) ||
		    !au_buf_add(&in, dek->iv, SALT, err))
			return false;
		int r = gnutls_hash_fast(GNUTLS_DIG_MD5, in.p, in.n, digest);
		if (r < 0)
			return au_fail_gnutls(err, AU_KEY, "decryption (MD5)", r);
		memcpy(key + at, digest, at + MD5 <= 32 ? MD5 : 32 - at);
		au_wipe(digest, sizeof digest);
	}
	return true;
}

bool au_oldpem_open(const void *text, size_t text_n, const void *pass, size_t n, char label[static 64],
		    struct au_buf *der, struct au_err *err)
{
	AU_AUTO_BUF struct au_buf copy = AU_BUF(2 * AU_MAX_KEYFILE);
	uint8_t key[32];
	struct dek dek = { 0 };
	size_t start = der->n;
	bool found;

	if (!plain_pem((struct au_span){ text, text_n }, &dek, &copy, err))
		return false;
	struct au_pem pem = AU_PEM(copy.p, copy.n);
	if (!au_pem_next(&pem, true, label, der, &found, err))
		return false;
	size_t block = gnutls_cipher_get_block_size(dek.cipher);
	if (!found || (der->n - start) % block != 0)
		return malformed(err);
	if (!derive(&dek, pass, n, key, err))
		return false;
	int r = au_cbc(dek.cipher, key, (struct au_span){ dek.iv, dek.iv_n }, der->p + start, der->n - start, false);
	au_wipe(key, sizeof key);
	if (r < 0)
		return au_fail_gnutls(err, AU_KEY, "decryption", r);
	return au_cbc_unpad(der, start, block) || au_fail(err, AU_KEY, "the passphrase is wrong");
}
