/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * key-impl: what the rooms of key (key*.c, jwk.c) share. Not installed.
 *
 * Private keys go in and out as raw numbers in wiped buffers (struct au_parts),
 * and JWK and DER are two ways of writing those. GnuTLS is handed the numbers:
 * its own DER reading and writing leaves copies in memory it frees unwiped.
 */
#ifndef AU_KEY_IMPL_H
#define AU_KEY_IMPL_H

#include <gnutls/x509.h>

#include "der.h"
#include "gnutls-key.h"

struct au_key {
	enum au_key_type type;
	unsigned bits;                /* of the RSA modulus, else 0 */
	char name[16];
	gnutls_pubkey_t pub;
	gnutls_privkey_t priv;        /* NULL: a public key */
	gnutls_x509_privkey_t soft;   /* what priv uses; NULL: public, or in a token */
	struct au_pin *pin;           /* of the token, which may ask again for each signature */
};

/* What is fixed for a type; width is that of a coordinate and of r and s. */
struct au_key_kind {
	const char *name, *kty, *crv, *alg;
	gnutls_ecc_curve_t curve;
	size_t width;
	/* of the curve (EC), of the algorithm (others); DER with its header */
	const char *oid;
	size_t oid_n;
};
extern const struct au_key_kind au_key_kinds[];
#define AU_KEY_KINDS 6

/* The numbers of a key: big-endian, EC and OKP at full width, RSA without leading zeros. */
enum au_part {
	AU_PART_X, AU_PART_Y, AU_PART_D,
	AU_PART_N = AU_PART_X, AU_PART_E = AU_PART_Y, /* D */ AU_PART_P = 3, AU_PART_Q, AU_PART_DP, AU_PART_DQ,
	AU_PART_QI, AU_PARTS
};
struct au_parts {
	enum au_key_type type;
	struct au_buf v[AU_PARTS];
};
void au_parts_free(struct au_parts *parts);
#define AU_AUTO_PARTS __attribute__((cleanup(au_parts_free)))

/*
 * Set one part of n octets, replacing what it held: RSA's leading zeros are
 * dropped, others are widened to the type's width (AU_KEY when too long).
 */
bool au_part_set(struct au_parts *parts, enum au_part part, const void *p, size_t n, struct au_err *err);

/* The numbers of a key; the private ones only when asked for (AU_KEY: public, or in a token). */
bool au_parts_of(const struct au_key *key, enum au_key_want want, struct au_parts *parts, struct au_err *err);

/*
 * A key of these numbers, policy applied, and a private one's halves shown to belong together. What can be
 * computed may be absent: the public half of EC and OKP, all but n, e and d of RSA; it is filled in.
 */
bool au_key_from_parts(struct au_parts *parts, enum au_key_want want, struct au_key **key, struct au_err *err);

/* The public half of EC and OKP from D; AU_KEY when D is out of range. */
bool au_parts_public(struct au_parts *parts, struct au_err *err);
/* p, q and what follows from them from n, e and d; AU_KEY when they do not belong together. */
bool au_parts_complete_rsa(struct au_parts *parts, struct au_err *err);
bool au_parts_generate_rsa(struct au_parts *parts, unsigned bits, struct au_err *err);

/* Private keys in DER: PKCS#8 (RFC 5208, 5958), SEC 1 (RFC 5915), PKCS#1 (RFC 8017). AU_KEY. */
bool au_parts_read_pkcs8(struct au_span der, struct au_parts *parts, struct au_err *err);
bool au_parts_read_sec1(struct au_span der, struct au_parts *parts, struct au_err *err);
bool au_parts_read_pkcs1(struct au_span der, struct au_parts *parts, struct au_err *err);
/* "RSA PUBLIC KEY" */
bool au_parts_read_pkcs1_public(struct au_span der, struct au_parts *parts, struct au_err *err);
bool au_parts_write_pkcs8(const struct au_parts *parts, struct au_buf *der, struct au_err *err);
/* PKCS#1 or SEC 1; *label is the PEM label. AU_KEY: Ed25519 and Ed448 have none. */
bool au_parts_write_traditional(const struct au_parts *parts, const char **label, struct au_buf *der,
				struct au_err *err);
/* Append an element. */
bool au_der_put(struct au_buf *der, unsigned tag, const void *p, size_t n, struct au_err *err);

/* EncryptedPrivateKeyInfo to PrivateKeyInfo and back; the passphrase is n octets. */
bool au_pbes2_open(struct au_span der, const void *pass, size_t n, struct au_buf *plain, struct au_err *err);
bool au_pbes2_seal(const void *plain, size_t plain_n, const void *pass, size_t n, struct au_buf *der,
		   struct au_err *err);

/* CBC in place; the length of key is the cipher's. A GnuTLS code. */
int au_cbc(gnutls_cipher_algorithm_t cipher, const uint8_t *key, struct au_span iv, uint8_t *text, size_t n, bool seal);
/* Take off the padding of what was decrypted behind start; false: it has none, or is not DER. */
bool au_cbc_unpad(struct au_buf *b, size_t start, size_t block);
/* The first block of PEM that is encrypted as OpenSSL did before PKCS#8, to its label and DER. */
bool au_oldpem_open(const void *text, size_t text_n, const void *pass, size_t n, char label[static 64],
		    struct au_buf *der, struct au_err *err);
extern const char au_oldpem_mark[];

/* The numbers of a key that GnuTLS read; takes soft. */
bool au_parts_from_soft_take(gnutls_x509_privkey_t soft, struct au_parts *parts, struct au_err *err);

void au_pin_free(struct au_pin *pin);
/* A key in a token, by GnuTLS URL; the URL in errors has lost what says where the PIN is. */
bool au_key_is_url(const char *name);
bool au_key_open_url(const char *url, enum au_key_want want, const char *passphrase, struct au_key **key,
		     struct au_err *err);

/* Fill type, bits and name from pub, and apply the policy. */
bool au_key_identify(struct au_key *key, struct au_err *err);

/* Wipe and release what GnuTLS allocated. */
void au_datum_free(gnutls_datum_t *d);
#define AU_AUTO_DATUM __attribute__((cleanup(au_datum_free)))

#endif
