/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* key-pbes2: encrypted PKCS#8 (RFC 8018 section 6.2): PBKDF2 and a block cipher in CBC mode. */
#include <gnutls/crypto.h>
#include <string.h>

#include "key-impl.h"
#include "mem.h"

#define SPAN(s) { (const uint8_t *)(s), sizeof(s) - 1 }

static const struct au_span oid_pbes2 = SPAN("\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d");
static const struct au_span oid_pbkdf2 = SPAN("\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c");

static const struct prf {
	struct au_span oid;
	gnutls_mac_algorithm_t mac;
} prfs[] = {
	{ SPAN("\x2a\x86\x48\x86\xf7\x0d\x02\x07"), GNUTLS_MAC_SHA1 },
	{ SPAN("\x2a\x86\x48\x86\xf7\x0d\x02\x08"), GNUTLS_MAC_SHA224 },
	{ SPAN("\x2a\x86\x48\x86\xf7\x0d\x02\x09"), GNUTLS_MAC_SHA256 },
	{ SPAN("\x2a\x86\x48\x86\xf7\x0d\x02\x0a"), GNUTLS_MAC_SHA384 },
	{ SPAN("\x2a\x86\x48\x86\xf7\x0d\x02\x0b"), GNUTLS_MAC_SHA512 },
};

static const struct scheme {
	struct au_span oid;
	gnutls_cipher_algorithm_t cipher;
} schemes[] = {
	{ SPAN("\x60\x86\x48\x01\x65\x03\x04\x01\x02"), GNUTLS_CIPHER_AES_128_CBC },
	{ SPAN("\x60\x86\x48\x01\x65\x03\x04\x01\x16"), GNUTLS_CIPHER_AES_192_CBC },
	{ SPAN("\x60\x86\x48\x01\x65\x03\x04\x01\x2a"), GNUTLS_CIPHER_AES_256_CBC },
	{ SPAN("\x2a\x86\x48\x86\xf7\x0d\x03\x07"), GNUTLS_CIPHER_3DES_CBC },
};

/* What the AlgorithmIdentifier says. */
struct pbes2 {
	gnutls_mac_algorithm_t mac;
	gnutls_cipher_algorithm_t cipher;
	struct au_span salt, iv;
	unsigned rounds;
};

static bool unsupported(struct au_err *err, const char *what)
{
	return au_fail(err, AU_KEY, "encrypted with a %s that is not supported: write it anew with PBES2, PBKDF2 and "
		       "AES in CBC mode", what);
}

static bool malformed(struct au_err *err)
{
	return au_fail(err, AU_KEY, "not a well-formed encrypted PKCS#8 private key");
}

static bool rounds_take(struct au_span *in, unsigned *rounds, struct au_err *err)
{
	struct au_der e;
	uint64_t v = 0;

	if (!au_der_take(in, AU_DER_INTEGER, &e) || e.in.n == 0 || (e.in.p[0] & 0x80))
		return malformed(err);
	for (size_t i = 0; i < e.in.n && v <= AU_MAX_KDF_ROUNDS; i++)
		v = v << 8 | e.in.p[i];
	if (v > AU_MAX_KDF_ROUNDS)
		return au_fail(err, AU_KEY, "encrypted with more than %u rounds of PBKDF2", AU_MAX_KDF_ROUNDS);
	if (v == 0)
		return au_fail(err, AU_KEY, "encrypted with no rounds of PBKDF2");
	*rounds = (unsigned)v;
	return true;
}

static bool kdf(struct au_span in, struct pbes2 *p, struct au_err *err)
{
	struct au_der e, seq;

	p->mac = GNUTLS_MAC_SHA1;
	if (!au_der_take(&in, AU_DER_OID, &e))
		return malformed(err);
	if (!au_span_equal(e.in, oid_pbkdf2))
		return unsupported(err, "key derivation");
	if (!au_der_take(&in, AU_DER_SEQUENCE, &seq) || in.n != 0 || !au_der_take(&seq.in, AU_DER_OCTET_STRING, &e))
		return malformed(err);
	p->salt = e.in;
	if (!rounds_take(&seq.in, &p->rounds, err))
		return false;
	au_der_take(&seq.in, AU_DER_INTEGER, &e);   /* key length: the cipher says it, too */
	if (seq.in.n == 0)
		return true;
	if (!au_der_take(&seq.in, AU_DER_SEQUENCE, &e) || seq.in.n != 0 || !au_der_take(&e.in, AU_DER_OID, &seq))
		return malformed(err);
	for (size_t i = 0; i < sizeof prfs / sizeof *prfs; i++)
		if (au_span_equal(seq.in, prfs[i].oid)) {
			p->mac = prfs[i].mac;
			return true;
		}
	return unsupported(err, "hash");
}

static bool scheme(struct au_span in, struct pbes2 *p, struct au_err *err)
{
	struct au_der oid, iv;

	if (!au_der_take(&in, AU_DER_OID, &oid))
		return malformed(err);
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		if (!au_span_equal(oid.in, schemes[i].oid))
			continue;
		p->cipher = schemes[i].cipher;
		if (!au_der_take(&in, AU_DER_OCTET_STRING, &iv) || in.n != 0 ||
		    iv.in.n != gnutls_cipher_get_iv_size(p->cipher))
			return malformed(err);
		p->iv = iv.in;
		return true;
	}
	return unsupported(err, "cipher");
}

/*
 * How old tools did it (PKCS#5 version 1.5, PKCS#12). GnuTLS knows these, and frees copies of the passphrase
 * unwiped.
 */
static bool open_old(struct au_span der, const void *pass, struct au_buf *plain, struct au_err *err)
{
	const gnutls_datum_t in = { .data = (void *)(uintptr_t)der.p, .size = (unsigned)der.n };
	AU_AUTO_PARTS struct au_parts parts = { 0 };
	gnutls_x509_privkey_t soft;
	int r = gnutls_x509_privkey_init(&soft);

	if (r < 0)
		return au_fail_gnutls(err, AU_KEY, "private key", r);
	r = gnutls_x509_privkey_import_pkcs8(soft, &in, GNUTLS_X509_FMT_DER, pass, 0);
	if (r < 0) {
		gnutls_x509_privkey_deinit(soft);
		return r == GNUTLS_E_DECRYPTION_FAILED ? au_fail(err, AU_KEY, "the passphrase is wrong") :
							 unsupported(err, "method");
	}
	return au_parts_from_soft_take(soft, &parts, err) && au_parts_write_pkcs8(&parts, plain, err);
}

int au_cbc(gnutls_cipher_algorithm_t cipher, const uint8_t *key, struct au_span iv, uint8_t *text, size_t n, bool seal)
{
	const gnutls_datum_t k = { .data = (void *)(uintptr_t)key, .size = (unsigned)gnutls_cipher_get_key_size(cipher) };
	uint8_t copy[16];
	gnutls_datum_t v = { .data = copy, .size = (unsigned)iv.n };
	gnutls_cipher_hd_t handle;

	if (iv.n > sizeof copy)
		return GNUTLS_E_INVALID_REQUEST;
	memcpy(copy, iv.p, iv.n);
	int r = gnutls_cipher_init(&handle, cipher, &k, &v);
	if (r < 0)
		return r;
	r = seal ? gnutls_cipher_encrypt(handle, text, n) : gnutls_cipher_decrypt(handle, text, n);
	gnutls_cipher_deinit(handle);
	return r;
}

static int cipher_run(const struct pbes2 *p, const void *pass, size_t n, uint8_t *text, size_t text_n, bool seal)
{
	uint8_t key[32];
	const gnutls_datum_t secret = { .data = (void *)(uintptr_t)pass, .size = (unsigned)n };
	const gnutls_datum_t salt = { .data = (void *)(uintptr_t)p->salt.p, .size = (unsigned)p->salt.n };
	int r = gnutls_pbkdf2(p->mac, &secret, &salt, p->rounds, key, gnutls_cipher_get_key_size(p->cipher));

	if (r >= 0)
		r = au_cbc(p->cipher, key, p->iv, text, text_n, seal);
	au_wipe(key, sizeof key);
	return r;
}

/* RFC 8018 section 6.1.1 step 4; a wrong passphrase shows here, or in what is inside. */
bool au_cbc_unpad(struct au_buf *b, size_t start, size_t block)
{
	size_t pad = b->n > start ? b->p[b->n - 1] : 0;

	if (pad == 0 || pad > block || pad > b->n - start)
		return false;
	for (size_t i = 0; i < pad; i++)
		if (b->p[b->n - 1 - i] != pad)
			return false;
	b->n -= pad;
	b->p[b->n] = 0;
	return b->n > start && b->p[start] == AU_DER_SEQUENCE;
}

bool au_pbes2_open(struct au_span der, const void *pass, size_t n, struct au_buf *plain, struct au_err *err)
{
	struct au_span rest = der;
	struct au_der seq, alg, text, oid, kd, sc;
	struct pbes2 p;

	if (memchr(pass, 0, n))
		return au_fail(err, AU_KEY, "the passphrase holds a NUL");
	if (!au_der_take(&rest, AU_DER_SEQUENCE, &seq) || rest.n != 0 ||
	    !au_der_take(&seq.in, AU_DER_SEQUENCE, &alg) || !au_der_take(&seq.in, AU_DER_OCTET_STRING, &text) ||
	    seq.in.n != 0 || !au_der_take(&alg.in, AU_DER_OID, &oid))
		return malformed(err);
	if (!au_span_equal(oid.in, oid_pbes2))
		return open_old(der, pass, plain, err);
	if (!au_der_take(&alg.in, AU_DER_SEQUENCE, &seq) || alg.in.n != 0 ||
	    !au_der_take(&seq.in, AU_DER_SEQUENCE, &kd) || !au_der_take(&seq.in, AU_DER_SEQUENCE, &sc) || seq.in.n != 0)
		return malformed(err);
	if (!kdf(kd.in, &p, err) || !scheme(sc.in, &p, err))
		return false;
	size_t start = plain->n, block = gnutls_cipher_get_block_size(p.cipher);
	if (text.in.n == 0 || text.in.n % block != 0)
		return malformed(err);
	if (!au_buf_add(plain, text.in.p, text.in.n, err))
		return false;
	int r = cipher_run(&p, pass, n, plain->p + start, text.in.n, false);
	if (r < 0)
		return au_fail_gnutls(err, AU_KEY, "decryption", r);
	return au_cbc_unpad(plain, start, block) || au_fail(err, AU_KEY, "the passphrase is wrong");
}

/* --- sealing ----------------------------------------------------------------------- */

#define prf_sha256 prfs[2]
#define aes_256_cbc schemes[2]
/* OWASP's figure of 2023 for PBKDF2 with HMAC-SHA256; a fraction of a second. */
#define ROUNDS 600000u
enum { BLOCK = 16 };

static bool put_oid(struct au_buf *der, struct au_span oid, struct au_err *err)
{
	return au_der_put(der, AU_DER_OID, oid.p, oid.n, err);
}

/* An algorithm with its parameters: SEQUENCE { oid, parameters as they stand }. */
static bool put_algorithm(struct au_buf *der, struct au_span oid, const struct au_buf *params, struct au_err *err)
{
	AU_AUTO_BUF struct au_buf in = AU_BUF(0);

	return put_oid(&in, oid, err) && au_buf_add(&in, params->p, params->n, err) &&
	       au_der_put(der, AU_DER_SEQUENCE, in.p, in.n, err);
}

static bool put_kdf(struct au_buf *der, const struct pbes2 *p, struct au_err *err)
{
	const uint8_t rounds[] = { ROUNDS >> 16, (ROUNDS >> 8) & 0xff, ROUNDS & 0xff };
	AU_AUTO_BUF struct au_buf null = AU_BUF(0), in = AU_BUF(0), seq = AU_BUF(0);

	return au_der_put(&in, AU_DER_OCTET_STRING, p->salt.p, p->salt.n, err) &&
	       au_der_put(&in, AU_DER_INTEGER, rounds, sizeof rounds, err) &&
	       au_der_put(&null, AU_DER_NULL, "", 0, err) && put_algorithm(&in, prf_sha256.oid, &null, err) &&
	       au_der_put(&seq, AU_DER_SEQUENCE, in.p, in.n, err) && put_algorithm(der, oid_pbkdf2, &seq, err);
}

static bool put_pbes2(struct au_buf *der, const struct pbes2 *p, struct au_err *err)
{
	AU_AUTO_BUF struct au_buf iv = AU_BUF(0), in = AU_BUF(0), seq = AU_BUF(0);

	return au_der_put(&iv, AU_DER_OCTET_STRING, p->iv.p, p->iv.n, err) && put_kdf(&in, p, err) &&
	       put_algorithm(&in, aes_256_cbc.oid, &iv, err) && au_der_put(&seq, AU_DER_SEQUENCE, in.p, in.n, err) &&
	       put_algorithm(der, oid_pbes2, &seq, err);
}

bool au_pbes2_seal(const void *plain, size_t plain_n, const void *pass, size_t n, struct au_buf *der,
		   struct au_err *err)
{
	AU_AUTO_BUF struct au_buf text = AU_BUF(AU_MAX_KEYFILE), in = AU_BUF(AU_MAX_KEYFILE);
	uint8_t fresh[2 * BLOCK], padding[BLOCK], pad = (uint8_t)(BLOCK - plain_n % BLOCK);
	struct pbes2 p = { .mac = prf_sha256.mac, .cipher = aes_256_cbc.cipher, .salt = { fresh, BLOCK },
			    .iv = { fresh + BLOCK, BLOCK }, .rounds = ROUNDS };

	if (memchr(pass, 0, n))
		return au_fail(err, AU_KEY, "the passphrase holds a NUL");
	int r = gnutls_rnd(GNUTLS_RND_NONCE, fresh, sizeof fresh);
	if (r < 0)
		return au_fail_gnutls(err, AU_KEY, "random numbers", r);
	memset(padding, pad, sizeof padding);
	if (!au_buf_add(&text, plain, plain_n, err) || !au_buf_add(&text, padding, pad, err))
		return false;
	r = cipher_run(&p, pass, n, text.p, text.n, true);
	if (r < 0)
		return au_fail_gnutls(err, AU_KEY, "encryption", r);
	return put_pbes2(&in, &p, err) && au_der_put(&in, AU_DER_OCTET_STRING, text.p, text.n, err) &&
	       au_der_put(der, AU_DER_SEQUENCE, in.p, in.n, err);
}
