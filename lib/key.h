/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * key: private and public keys, wherever they are kept, and what they may do.
 *
 * A key is opened by name: a file (JWK, JWK Set of one key, PEM of every
 * common kind: PKCS#8, encrypted PKCS#8, SEC1, PKCS#1, "BEGIN PUBLIC KEY",
 * certificate or CSR for a public key; bare DER; the kind is told from the
 * content), "fd:N" with the same contents, or a GnuTLS URL (pkcs11:, tpmkey:).
 */
#ifndef AU_KEY_H
#define AU_KEY_H

#include "buf.h"

struct au_key;

enum au_key_type { AU_KEY_RSA, AU_KEY_P256, AU_KEY_P384, AU_KEY_P521, AU_KEY_ED25519, AU_KEY_ED448 };

/* What is asked of a key that is opened. */
enum au_key_want { AU_KEY_PRIVATE, AU_KEY_PUBLIC };

/*
 * How the passphrase of an encrypted key or the PIN of a token is found: the
 * name of a file or fd:N (au_secret_read), or NULL for none. A PIN in the URL
 * (pin-source=) works without it. Never asks.
 */
bool au_key_open(const char *name, enum au_key_want want, const char *passphrase,
		 struct au_key **key, struct au_err *err);

/* The same from octets that were read already (n octets of JWK, PEM or DER); where names them in errors. */
bool au_key_read(const void *p, size_t n, enum au_key_want want, const char *passphrase,
		 const char *where, struct au_key **key, struct au_err *err);

/* A public key from DER SubjectPublicKeyInfo: canonical DER only, and au_key_policy() is applied. */
bool au_key_from_spki(const void *der, size_t n, struct au_key **key, struct au_err *err);

/* Make a fresh private key. bits is for RSA (2048 to 8192), else ignored. */
bool au_key_generate(enum au_key_type type, unsigned bits, struct au_key **key, struct au_err *err);

void au_key_free(struct au_key *key);
void au_key_freep(struct au_key **key);
#define AU_AUTO_KEY __attribute__((cleanup(au_key_freep)))

enum au_key_type au_key_type(const struct au_key *key);
bool au_key_is_private(const struct au_key *key);
/* Canonical name: "rsa2048", "p256", "p384", "p521", "ed25519", "ed448". Borrowed from the key. */
const char *au_key_name_peek(const struct au_key *key);
/*
 * "p256", "ec-256", "es256", "prime256v1", "rsa3072", "RSA:3072", "rsa" (3072), "ed25519"... AU_USAGE. bits is 0 for
 * others than RSA.
 */
bool au_key_type_read(const char *text, enum au_key_type *type, unsigned *bits, struct au_err *err);

/*
 * The one policy for keys, ours and theirs: RSA 2048 to 8192 bits, odd modulus
 * without small factor, without close primes and not of the ROCA kind, odd
 * exponent of 65537 to 256 bits; EC points on their curve; Ed25519 and Ed448
 * points in canonical form, on their curve, not of small order. AU_KEY. Every way
 * of opening a key applies it, so a struct au_key that exists has passed.
 */
bool au_key_policy(const struct au_key *key, struct au_err *err);

/* DER SubjectPublicKeyInfo, appended. */
bool au_key_spki(const struct au_key *key, struct au_buf *der, struct au_err *err);

/*
 * The private key as PKCS#8 PEM, unencrypted or (passphrase of n octets, not NULL) PBES2 with AES-256. AU_KEY when it
 * lives in a token.
 */
bool au_key_pem(const struct au_key *key, const void *passphrase, size_t n, struct au_buf *pem, struct au_err *err);

/*
 * The private key in the form it had before PKCS#8, which some clients insist on: "BEGIN EC PRIVATE KEY", "BEGIN RSA
 * PRIVATE KEY". AU_KEY for Ed25519 and Ed448.
 */
bool au_key_pem_traditional(const struct au_key *key, struct au_buf *pem, struct au_err *err);

/* "BEGIN PUBLIC KEY". */
bool au_key_pem_public(const struct au_key *key, struct au_buf *pem, struct au_err *err);

/* Same public key? */
bool au_key_equal(const struct au_key *a, const struct au_key *b);

/*
 * Sign n octets as JOSE does for this key and alg, raw r||s for
 * ECDSA of the curve's full width; appended to sig. AU_KEY.
 */
bool au_key_sign(const struct au_key *key, const char *alg, const void *p, size_t n,
		 struct au_buf *sig, struct au_err *err);

/* Does the signature verify? false with AU_NO when it does not, AU_KEY when alg does not fit the key. */
bool au_key_verify(const struct au_key *key, const char *alg, const void *p, size_t n,
		   const void *sig, size_t sign, struct au_err *err);

/*
 * JOSE names: the one to use by default (RS256, ES256, ES384, ES512, EdDSA), and whether alg fits the key (for RSA also
 * RS384, PS256..., for OKP also the fully specified names of RFC 9864).
 */
const char *au_key_alg_peek(const struct au_key *key);
bool au_key_alg_fits(const struct au_key *key, const char *alg);

#endif
