/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* key: what files hold, what keys are refused, and that what is written can be read. */
#include "key.h"

#include <gmp.h>
#include <gnutls/abstract.h>
#include <sys/mman.h>
#include <unistd.h>

#include "b64.h"
#include "gnutls-key.h"
#include "jwk.h"
#include "key-impl.h"
#include "pem.h"
#include "unit.h"

#include "../vectors/rfc-keys.h"

static struct au_err err;

/* --- helpers ----------------------------------------------------------------------- */

static struct au_key *open_text(const void *p, size_t n, enum au_key_want want, const char *passphrase)
{
	struct au_key *key = NULL;

	return au_key_read(p, n, want, passphrase, "test", &key, &err) ? key : NULL;
}

static struct au_key *open_str(const char *s, enum au_key_want want)
{
	return open_text(s, strlen(s), want, NULL);
}

/* JSON written with '. */
static struct au_key *open_q(const char *s, enum au_key_want want)
{
	AU_AUTO_JSON json_t *j = json_q(s);
	AU_AUTO_MEM char *text = au_json_dump(j);

	return open_str(text, want);
}

/* "fd:N" of a file that holds text; the reader starts at its beginning. */
static const char *secret(const char *text)
{
	static char name[16];
	int fd = memfd_create("secret", 0);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || lseek(fd, 0, SEEK_SET) != 0)
		exit(99);
	snprintf(name, sizeof name, "fd:%d", fd);
	return name;
}

/* Octets of hexadecimal, blanks skipped. */
static void hex(const char *text, struct au_buf *out)
{
	unsigned v;

	for (; *text; text += *text == ' ' ? 1 : 2) {
		if (*text == ' ')
			continue;
		sscanf(text, "%2x", &v);
		au_buf_add(out, &(uint8_t){ (uint8_t)v }, 1, &err);
	}
}

static struct au_key *open_hex(const char *text, enum au_key_want want)
{
	struct au_buf b AU_AUTO_BUF = AU_BUF(0);

	hex(text, &b);
	return open_text(b.p, b.n, want, NULL);
}

/* Reads as this key? */
static bool same(const struct au_key *key, struct au_key *other)
{
	bool good = other && au_key_equal(key, other);

	au_key_free(other);
	return good;
}

/* --- what is written is read ----------------------------------------------------------- */

static void der_of(const struct au_buf *text, struct au_buf *der)
{
	struct au_pem pem = AU_PEM(text->p, text->n);
	char label[64];
	bool found;

	au_pem_next(&pem, false, label, der, &found, &err);
}

static void private_forms(const struct au_key *key, const char *name)
{
	struct au_buf pem AU_AUTO_BUF = AU_BUF(0), der AU_AUTO_BUF = AU_BUF(0), old AU_AUTO_BUF = AU_BUF(0);
	struct au_buf sealed AU_AUTO_BUF = AU_BUF(0), old_der AU_AUTO_BUF = AU_BUF(0), again AU_AUTO_BUF = AU_BUF(0);

	ok(au_key_pem(key, NULL, 0, &pem, &err), "%s is written as PKCS#8 %s", name, err.text);
	AU_AUTO_KEY struct au_key *copy = open_text(pem.p, pem.n, AU_KEY_PRIVATE, NULL);
	ok(copy && au_key_equal(key, copy) && au_key_pem(copy, NULL, 0, &again, &err) && again.n == pem.n &&
	   memcmp(again.p, pem.p, pem.n) == 0, "%s: PKCS#8 is read, and written again as it was", name);
	der_of(&pem, &der);
	ok(same(key, open_text(der.p, der.n, AU_KEY_PRIVATE, NULL)), "%s: PKCS#8 in DER", name);
	if (au_key_type(key) < AU_KEY_ED25519) {
		ok(au_key_pem_traditional(key, &old, &err), "%s is written as before PKCS#8", name);
		ok(same(key, open_text(old.p, old.n, AU_KEY_PRIVATE, NULL)), "%s: that is read", name);
		der_of(&old, &old_der);
		ok(same(key, open_text(old_der.p, old_der.n, AU_KEY_PRIVATE, NULL)), "%s: also in DER", name);
	} else {
		fails(!au_key_pem_traditional(key, &old, &err), &err, AU_KEY, "no form but PKCS#8", "%s: PKCS#8 only", name);
	}
	ok(au_key_pem(key, "geheim", 6, &sealed, &err), "%s is written encrypted %s", name, err.text);
	ok(strncmp((char *)sealed.p, "-----BEGIN ENCRYPTED PRIVATE KEY-----\n", 38) == 0, "%s: which PEM says", name);
	ok(same(key, open_text(sealed.p, sealed.n, AU_KEY_PRIVATE, secret("geheim\n"))), "%s: that is read %s",
	   name, err.text);
	fails(!open_text(sealed.p, sealed.n, AU_KEY_PRIVATE, secret("geheIm\n")), &err, AU_KEY,
	      "test: the passphrase is wrong",
	      "%s: not with another passphrase", name);
	fails(!open_text(sealed.p, sealed.n, AU_KEY_PUBLIC, NULL), &err, AU_KEY, "test: the key is encrypted",
	      "%s: not without one", name);
}

static void public_forms(const struct au_key *key, const char *name)
{
	struct au_buf pem AU_AUTO_BUF = AU_BUF(0), spki AU_AUTO_BUF = AU_BUF(0);
	AU_AUTO_KEY struct au_key *from_spki = NULL;

	ok(au_key_pem_public(key, &pem, &err) && au_key_spki(key, &spki, &err), "%s: public half is written", name);
	AU_AUTO_KEY struct au_key *pub = open_text(pem.p, pem.n, AU_KEY_PUBLIC, NULL);
	ok(pub && au_key_equal(key, pub) && !au_key_is_private(pub), "%s: and read", name);
	ok(au_key_from_spki(spki.p, spki.n, &from_spki, &err) && au_key_equal(key, from_spki), "%s: SPKI is read", name);
	ok(same(key, open_text(spki.p, spki.n, AU_KEY_PUBLIC, NULL)), "%s: also as a file", name);
	fails(!open_text(pem.p, pem.n, AU_KEY_PRIVATE, NULL), &err, AU_KEY, "only a public key here",
	      "%s: is not private", name);
	struct au_buf sig AU_AUTO_BUF = AU_BUF(0);
	fails(!au_key_sign(pub, au_key_alg_peek(pub), "x", 1, &sig, &err), &err, AU_KEY, "public key", "%s: does not sign",
	      name);
}

static void signatures(const struct au_key *key, const char *name)
{
	struct au_buf sig AU_AUTO_BUF = AU_BUF(0);
	const char *alg = au_key_alg_peek(key);

	ok(au_key_sign(key, alg, "message", 7, &sig, &err), "%s signs %s", name, alg);
	ok(au_key_verify(key, alg, "message", 7, sig.p, sig.n, &err), "%s verifies", name);
	fails(!au_key_verify(key, alg, "massage", 7, sig.p, sig.n, &err), &err, AU_NO, "does not verify",
	      "%s: not another message", name);
	fails(!au_key_verify(key, alg, "message", 7, sig.p, sig.n - 1, &err), &err, AU_NO, "octets",
	      "%s: not cut short", name);
	sig.p[sig.n / 2] ^= 1;
	fails(!au_key_verify(key, alg, "message", 7, sig.p, sig.n, &err), &err, AU_NO, "does not verify",
	      "%s: not with a bit changed", name);
}

/* GnuTLS knows which digest it wants; we must not disagree. */
static void digest(const struct au_key *key, const char *name)
{
	gnutls_digest_algorithm_t dig = GNUTLS_DIG_UNKNOWN;
	unsigned mand;

	gnutls_pubkey_get_preferred_hash_algorithm(au_key_gnutls_public_peek(key), &dig, &mand);
	ok(dig == au_key_gnutls_digest(key), "%s: digest for X.509 is GnuTLS's choice", name);
}

static void forms(void)
{
	static const struct { enum au_key_type type; unsigned bits; const char *name; } t[] = {
		{ AU_KEY_RSA, 2048, "rsa2048" }, { AU_KEY_RSA, 3072, "rsa3072" }, { AU_KEY_P256, 0, "p256" },
		{ AU_KEY_P384, 0, "p384" }, { AU_KEY_P521, 0, "p521" }, { AU_KEY_ED25519, 0, "ed25519" },
		{ AU_KEY_ED448, 0, "ed448" },
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		AU_AUTO_KEY struct au_key *key = NULL, *other = NULL;
		if (!ok(au_key_generate(t[i].type, t[i].bits, &key, &err), "a new key %s", err.text))
			continue;
		is_str(au_key_name_peek(key), t[i].name, "is %s", t[i].name);
		private_forms(key, t[i].name);
		public_forms(key, t[i].name);
		signatures(key, t[i].name);
		digest(key, t[i].name);
		ok(au_key_generate(t[i].type, t[i].bits, &other, &err) && !au_key_equal(key, other), "%s: no two are equal",
		   t[i].name);
	}
	struct au_key *none = NULL;
	fails(!au_key_generate(AU_KEY_RSA, 1024, &none, &err), &err, AU_KEY, "1024 bits", "no RSA of 1024 bits is made");
}

/* --- files ------------------------------------------------------------------------------- */

/* RFC 8410 section 10.3, and its public key (section 10.1) */
#define RFC8410_V1 "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n" \
	"-----END PRIVATE KEY-----\n"
#define RFC8410_V2 "-----BEGIN PRIVATE KEY-----\nMHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n" \
	"oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB\nZ9w7lshQhqowtrbLDFw4rXAxZuE=\n" \
	"-----END PRIVATE KEY-----\n"
#define RFC8410_PUBLIC "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n" \
	"-----END PUBLIC KEY-----\n"

static void rfc8410(void)
{
	AU_AUTO_KEY struct au_key *pub = open_str(RFC8410_PUBLIC, AU_KEY_PUBLIC);
	struct au_buf pem AU_AUTO_BUF = AU_BUF(0);

	AU_AUTO_KEY struct au_key *v1 = open_str(RFC8410_V1, AU_KEY_PRIVATE);
	AU_AUTO_KEY struct au_key *v2 = open_str(RFC8410_V2, AU_KEY_PRIVATE);
	ok(pub && v1 && au_key_equal(pub, v1), "RFC 8410: the public half is computed");
	ok(pub && v2 && au_key_equal(pub, v2), "RFC 8410: version 2, with attributes and public key");
	ok(v2 && au_key_pem(v2, NULL, 0, &pem, &err), "and is written");
	is_str((char *)pem.p, RFC8410_V1, "as version 1");
	AU_AUTO_KEY struct au_key *both = open_str(RFC8410_V1 "text\n" RFC8410_PUBLIC, AU_KEY_PRIVATE);
	ok(both, "a public key beside the private one does not matter");
	fails(!open_str(RFC8410_V1 RFC8410_V2, AU_KEY_PRIVATE), &err, AU_KEY, "test: more than one private key", "two keys");
	fails(!open_str("-----BEGIN EC PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
			"-----END EC PRIVATE KEY-----\n", AU_KEY_PRIVATE), &err, AU_KEY, "not a well-formed EC", "the wrong label");
}

/* SEC 1 of RFC 7515 A.3, with less and less inside. */
#define A3_D "8e9b109e719098bf980487df1f5d77e9cb29606ebed2263b5f57c213df84f4b2"
#define A3_X "7fcdce2770f6c45d4183cbee6fdb4b7b580733357be9ef13bacf6e3c7bd15445"
#define A3_Y "c7f144cd1bbd9b7e872cdfedb9eeb9f4b3695d6ea90b24ad8a4623288588e5ad"
#define P256 "06082a8648ce3d030107"

static void sec1(void)
{
	AU_AUTO_KEY struct au_key *want = open_q(RFC7515_A3_PRIVATE, AU_KEY_PRIVATE);

	ok(same(want, open_hex("3077 020101 0420" A3_D "a00a" P256 "a144 0342 0004" A3_X A3_Y, AU_KEY_PRIVATE)),
	   "SEC 1, whole");
	ok(same(want, open_hex("3031 020101 0420" A3_D "a00a" P256, AU_KEY_PRIVATE)), "SEC 1 without the public key");
	ok(same(want, open_hex("3041 020100 3013 06072a8648ce3d0201" P256 "0427 3025 020101 0420" A3_D, AU_KEY_PRIVATE)),
	   "PKCS#8 without the public key");
	fails(!open_hex("3025 020101 0420" A3_D, AU_KEY_PRIVATE), &err, AU_KEY, "the curve is not named", "no curve");
	fails(!open_hex("302c 020101 0420" A3_D "a005 0603 2b8104", AU_KEY_PRIVATE), &err, AU_KEY, "not one of the curves",
	      "another curve");
	fails(!open_hex("3077 020101 0420" A3_D "a00a" P256 "a144 0342 0004" A3_Y A3_X, AU_KEY_PRIVATE), &err, AU_KEY,
	      "not a point of the curve", "off the curve");
	fails(!open_hex("3077 020101 0420" A3_X "a00a" P256 "a144 0342 0004" A3_X A3_Y, AU_KEY_PRIVATE), &err, AU_KEY,
	      "do not belong together", "another d");
	fails(!open_hex("3031 020101 0420" "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff" "a00a" P256,
			AU_KEY_PRIVATE), &err, AU_KEY, "order of the curve", "d past the order");
	fails(!open_hex("3031 020101 0420" "0000000000000000000000000000000000000000000000000000000000000000" "a00a" P256,
			AU_KEY_PRIVATE), &err, AU_KEY, "order of the curve", "d = 0");
	fails(!open_hex("3032 020101 0420" A3_D "a00a" P256 "00", AU_KEY_PRIVATE), &err, AU_KEY,
	      "not a well-formed", "one octet more");
	fails(!open_hex("308131 020101 0420" A3_D "a00a" P256, AU_KEY_PRIVATE), &err, AU_KEY, "not a JWK, PEM or DER key",
	      "a length that is not DER");
}

static void json_files(void)
{
	AU_AUTO_KEY struct au_key *want = open_q(RFC7515_A3_PRIVATE, AU_KEY_PRIVATE);
	AU_AUTO_KEY struct au_key *rsa = open_q(RFC7515_A2_PRIVATE, AU_KEY_PRIVATE);
	struct au_buf pem AU_AUTO_BUF = AU_BUF(0), der AU_AUTO_BUF = AU_BUF(0);

	ok(same(want, open_q("{'keys':[" RFC8037_PUBLIC "," RFC7515_A3_PRIVATE "]}", AU_KEY_PRIVATE)),
	   "the private key of a set");
	ok(same(want, open_q("{'keys':[" RFC8037_PUBLIC "," RFC7515_A3_PRIVATE "]}", AU_KEY_PUBLIC)), "also its public half");
	ok(same(want, open_q("{'keys':[" RFC7515_A3_PUBLIC "]}", AU_KEY_PUBLIC)), "a set of one public key");
	fails(!open_q("{'keys':[" RFC8037_PRIVATE "," RFC7515_A3_PRIVATE "]}", AU_KEY_PRIVATE), &err, AU_KEY,
	      "test: a JWK Set with 2 private keys among 2", "a set of two");
	fails(!open_q("{'keys':[" RFC7515_A3_PUBLIC "]}", AU_KEY_PRIVATE), &err, AU_KEY,
	      "with 0 private keys among 1", "of none");
	fails(!open_q("{'keys':[" RFC8037_PUBLIC "," RFC7515_A3_PUBLIC "]}", AU_KEY_PUBLIC), &err, AU_KEY,
	      "with 0 private keys among 2", "of two public ones");
	ok(same(want, open_q("{'status':'valid','alg':'ES256','key':" RFC7515_A3_PRIVATE ",'id':'1'}", AU_KEY_PRIVATE)),
	   "Posh-ACME's acct.json");
	au_key_pem_traditional(rsa, &pem, &err);
	der_of(&pem, &der);
	AU_AUTO_JSON json_t *traefik = json_q("{'le':{'Account':{'Email':'a@b'},'Certificates':null}}");
	AU_AUTO_MEM char *b64 = au_alloc(2 * der.n), *text = NULL;
	for (const char *p = strchr((char *)pem.p, '\n') + 1; *p != '-'; p++)
		if (*p != '\n')
			b64[strlen(b64)] = *p;
	json_object_set_new(au_json_at(traefik, "le.Account"), "PrivateKey", json_string(b64));
	text = au_json_dump(traefik);
	ok(same(rsa, open_str(text, AU_KEY_PRIVATE)), "Traefik's acme.json");
	json_object_set(traefik, "other", json_object_get(traefik, "le"));
	AU_AUTO_MEM char *two = au_json_dump(traefik);
	fails(!open_str(two, AU_KEY_PRIVATE), &err, AU_KEY, "of 2 resolvers", "of two resolvers");
	fails(!open_str("{}", AU_KEY_PRIVATE), &err, AU_KEY, "not a JWK", "an empty object");
	fails(!open_str("{\"kty\":\"OKP\",\"kty\":\"OKP\"}", AU_KEY_PRIVATE), &err, AU_KEY, "duplicate", "a member twice");
	ok(same(want, open_str("\xef\xbb\xbf \r\n{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\""
	   RFC7515_A3_X "\",\"y\":\"" RFC7515_A3_Y
			       "\"}\r\n", AU_KEY_PUBLIC)), "a byte order mark and blanks");
}

static void no_keys(void)
{
	static const struct { const char *text, *why; } t[] = {
		{ "", "empty" }, { " \n", "empty" }, { "hello", "not a JWK, PEM or DER key" },
		{ "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", "ssh-keygen" },
		{ "-----BEGIN TSS2 PRIVATE KEY-----\nAAAA\n-----END TSS2 PRIVATE KEY-----\n", "pkcs11:" },
		{ "-----BEGIN DH PARAMETERS-----\nAAAA\n-----END DH PARAMETERS-----\n", "no key in this PEM file" },
		{ "-----BEGIN PRIVATE KEY-----\nAAAA\n", "end of PRIVATE KEY is missing" },
		{ "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "not a well-formed PKCS#8" },
		{ "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "only a public key here" },
		{ "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n"
		  "-----END EC PRIVATE KEY-----\n", "the key is encrypted" },
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++)
		fails(!open_str(t[i].text, AU_KEY_PRIVATE), &err, AU_KEY, t[i].why, "no key: %.40s", t[i].text);
	AU_AUTO_MEM char *big = au_alloc(AU_MAX_KEYFILE + 1);
	fails(!open_text(big, AU_MAX_KEYFILE + 1, AU_KEY_PRIVATE, NULL), &err, AU_KEY, "larger than", "a file too large");
}

/* The key of RFC 7515 A.3 as OpenSSL 3.0 encrypts it, passphrase "geheim". */
static const struct { const char *what, *pem; } openssl_keys[] = {
	{ "PEM with AES-256",
	  "-----BEGIN EC PRIVATE KEY-----\n"
	  "Proc-Type: 4,ENCRYPTED\n"
	  "DEK-Info: AES-256-CBC,32FB7FE2BB4761DE4704986FC40AD41F\n"
	  "\n"
	  "CZ3V0I9v3dQquIRqDjCpH2h25/AFCH2f/S3mL3auk6Ojy22eAZKIFJCJIBNU8a5x\n"
	  "dnv6pUtvEloXLAGssZn6GktHRBprWU4bIUNePAQzgeuXdZ+sAXB8UXzYVAloqOIm\n"
	  "jX+uAtXNbqO56t1Ta7aLjqD196riwX5UaJOPZoNXaAY=\n"
	  "-----END EC PRIVATE KEY-----\n" },
	{ "PEM with 3DES",
	  "-----BEGIN EC PRIVATE KEY-----\n"
	  "Proc-Type: 4,ENCRYPTED\n"
	  "DEK-Info: DES-EDE3-CBC,F596FEA58B5E9A9B\n"
	  "\n"
	  "KqCkXa/329cork+HWKJhAW57s9WoVxwZdcCHHBiX0eqjhLkVhP5fFBMVwtIx61pE\n"
	  "UGVc+C29L5hUDO2f7MZGtHjESzjuO56mHPoRncMB4IUU1NM7V9jW7F44bFkP7at6\n"
	  "mUUlLLEqqc529MQoQInCvb60UUrN+w0FknY+OwLfbNM=\n"
	  "-----END EC PRIVATE KEY-----\n" },
	{ "PKCS#8 with PBES1 as PKCS#12 has it",
	  "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
	  "MIGxMBwGCiqGSIb3DQEMAQMwDgQItzZ8BxR+DlMCAggABIGQkdGdoqJsjrpIrdiJ\n"
	  "xlZk9hEJ495WywpYwaP5C8R9MDBukS4gsUStnEIq6QGlettMBSAIX2tJSg8qUFLC\n"
	  "DgwzWG5aUW+R+FCsU7bxOPRkVobBfC777t23EPLZgHcvk01My2O5flgi5z3DLv0r\n"
	  "0PUUax3eBmRkF2//R2jDtcj1L8YbkGxfZPCCgQ3oU0BBpfna\n"
	  "-----END ENCRYPTED PRIVATE KEY-----\n" },
	{ "PKCS#8 with HMAC-SHA1 and 3DES",
	  "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
	  "MIHVMEAGCSqGSIb3DQEFDTAzMBsGCSqGSIb3DQEFDDAOBAj9Sru0q1vsLgICCAAw\n"
	  "FAYIKoZIhvcNAwcECADwqW9D324hBIGQTpk67vUhlxalTZHqaHrV1RUsKIyKiKv6\n"
	  "Q7Fx5X4VZDejwFzH1IEe78xOxjKYOp2fENZwzKDgETwZc8LKyPKassWqxgOb/tic\n"
	  "ul8UR8a2MRFX7DzDqRYZJzK7eMxcrQ2PYSihZbgNSAU8Ym1hqZGrOM2DghsP8k17\n"
	  "bLTd424nNWZbzxVyRmzd9zpINAVDO4qg\n"
	  "-----END ENCRYPTED PRIVATE KEY-----\n" },
	{ "PKCS#8 with HMAC-SHA512 and AES-128",
	  "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
	  "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAiRr6DvUU9xMQICCAAw\n"
	  "DAYIKoZIhvcNAgsFADAdBglghkgBZQMEAQIEEIlr3OMXi6NcjxMB4DvUUgQEgZCh\n"
	  "sb2WJ3JG6zg3pqmvM02vuQX0TF5NnkXCmSHJ0Upre9NTqErLKnJGKu4yjxnADWJZ\n"
	  "fWvM6BqaIas3FO86EB4moe1NYnYtneTCJloGhywacnToK4dwNRpitOU8IRo/7SrX\n"
	  "rEhYx/C1BBsZSP2ICnHir6qgR4l3h1jg8pSpK2/R8U0e1o44L+qFvjubr3ilEpw=\n"
	  "-----END ENCRYPTED PRIVATE KEY-----\n" },
};

static void openssl_encrypted(void)
{
	AU_AUTO_KEY struct au_key *want = open_q(RFC7515_A3_PRIVATE, AU_KEY_PRIVATE);

	for (size_t i = 0; i < sizeof openssl_keys / sizeof *openssl_keys; i++) {
		const char *pem = openssl_keys[i].pem;
		ok(same(want, open_text(pem, strlen(pem), AU_KEY_PRIVATE, secret("geheim"))), "OpenSSL: %s %s",
		   openssl_keys[i].what, err.text);
		fails(!open_text(pem, strlen(pem), AU_KEY_PRIVATE, secret("Geheim")), &err, AU_KEY,
		      "test: the passphrase is wrong", "%s: another passphrase", openssl_keys[i].what);
	}
	static const struct { const char *pem, *why; } bad[] = {
		{ "Proc-Type: 4,ENCRYPTED\n-----BEGIN EC PRIVATE KEY-----\nAAAA\n", "not well-formed" },
		{ "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END EC PRIVATE KEY-----\n",
		  "not well-formed" },
		{ "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: RC2-CBC,00\n\nAAAA\n"
		  "-----END EC PRIVATE KEY-----\n", "cipher that is not supported" },
		{ "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0011\n\nAAAA\n"
		  "-----END EC PRIVATE KEY-----\n", "not well-formed" },
		{ "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
		  "DEK-Info: AES-128-CBC,00112233445566778899aabbccddeeff\n\nAAAA\n-----END EC PRIVATE KEY-----\n",
		  "not well-formed" },
		{ "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
		  "DEK-Info: AES-128-CBC,00112233445566778899aabbccddeeff\n", "the end of EC PRIVATE KEY is missing" },
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		fails(!open_text(bad[i].pem, strlen(bad[i].pem), AU_KEY_PRIVATE, secret("x")), &err, AU_KEY, bad[i].why,
		      "not encrypted PEM, %zu", i);
}

/* Encrypted PKCS#8 with 16 zero octets inside. */
static const struct { const char *hex, *why, *what; } sealed_keys[] = {
	{ "305d304906092a864886f70d01050d303c301b06092a864886f70d01050c300e04080001020304050607020208"
	  "00301d060960864801650304012a04100000000000000000000000000000000004100000000000000000000000"
	  "0000000000",
	  "the passphrase is wrong", "PBES2 over nothing that is a key" },
	{ "305f304b06092a864886f70d01050d303e301d06092a864886f70d01050c30100408000102030405060702047f"
	  "ffffff301d060960864801650304012a0410000000000000000000000000000000000410000000000000000000"
	  "00000000000000",
	  "more than 20000000 rounds", "work for days" },
	{ "3064305006092a864886f70d01050d3043302206092a864886f70d01050c301504080001020304050607020900"
	  "ffffffffffffffff301d060960864801650304012a041000000000000000000000000000000000041000000000"
	  "000000000000000000000000",
	  "more than 20000000 rounds", "work for ever" },
	{ "305c304806092a864886f70d01050d303b301a06092a864886f70d01050c300d04080001020304050607020100"
	  "301d060960864801650304012a0410000000000000000000000000000000000410000000000000000000000000"
	  "00000000",
	  "rounds", "no work" },
	{ "305c304806092a864886f70d01050d303b301a06092a864886f70d01050c300d04080001020304050607020180"
	  "301d060960864801650304012a0410000000000000000000000000000000000410000000000000000000000000"
	  "00000000",
	  "not a well-formed encrypted", "negative work" },
	{ "305d304906092a864886f70d01050d303c301b06092b06010401da47040b300e04080001020304050607020208"
	  "00301d060960864801650304012a04100000000000000000000000000000000004100000000000000000000000"
	  "0000000000",
	  "key derivation that is not supported", "scrypt" },
	{ "3058304406092a864886f70d01050d3037301b06092a864886f70d01050c300e04080001020304050607020208"
	  "00301806042a030405041000000000000000000000000000000000041000000000000000000000000000000000",
	  "cipher that is not supported", "an unknown cipher" },
	{ "3058304406042a030405303c301b06092a864886f70d01050c300e0408000102030405060702020800301d0609"
	  "60864801650304012a041000000000000000000000000000000000041000000000000000000000000000000000",
	  "method that is not supported", "an unknown scheme" },
};

static void kdfs(void)
{
	for (size_t i = 0; i < sizeof sealed_keys / sizeof *sealed_keys; i++) {
		struct au_buf b AU_AUTO_BUF = AU_BUF(0);
		hex(sealed_keys[i].hex, &b);
		fails(!open_text(b.p, b.n, AU_KEY_PRIVATE, secret("x")), &err, AU_KEY, sealed_keys[i].why, "encrypted: %s",
		      sealed_keys[i].what);
	}
}

/* --- policy --------------------------------------------------------------------------------- */

static void set_number(json_t *jwk, const char *name, const mpz_t v)
{
	size_t n = (mpz_sizeinbase(v, 2) + 7) / 8;
	AU_AUTO_MEM uint8_t *octets = au_alloc(n + 1);
	AU_AUTO_MEM char *text = NULL;

	mpz_export(octets, NULL, 1, 1, 1, 0, v);
	text = au_b64url(octets, n);
	json_object_set_new(jwk, name, json_string(text));
}

static bool rsa_reads(const mpz_t n, const mpz_t e)
{
	AU_AUTO_JSON json_t *jwk = json_q("{'kty':'RSA'}");
	AU_AUTO_KEY struct au_key *key = NULL;

	set_number(jwk, "n", n);
	set_number(jwk, "e", e);
	return au_jwk_read(jwk, AU_KEY_PUBLIC, &key, &err);
}

static void random_prime(mpz_t p, unsigned bits, const char *seed)
{
	gmp_randstate_t r;

	gmp_randinit_default(r);
	gmp_randseed_ui(r, (unsigned long)strlen(seed) * 1000 + bits);
	mpz_urandomb(p, r, bits - 2);
	mpz_setbit(p, bits - 1);
	mpz_setbit(p, bits - 2);
	mpz_nextprime(p, p);
	gmp_randclear(r);
}

/* n = k M + (65537^a mod M): looks as CVE-2017-15361 keys do, M the product of the primes up to 167. */
static void roca_modulus(mpz_t n)
{
	mpz_t m, g, k;

	mpz_inits(m, g, k, NULL);
	mpz_primorial_ui(m, 167);
	mpz_set_ui(g, 65537);
	mpz_powm_ui(g, g, 123456789, m);
	mpz_ui_pow_ui(k, 2, 2047);
	mpz_tdiv_q(k, k, m);
	do {
		mpz_add_ui(k, k, 1);
		mpz_mul(n, k, m);
		mpz_add(n, n, g);
		/* without small factors beyond M's primes, so that nothing else is wrong with it */
		bool small = false;
		for (unsigned p = 3; p < 752; p += 2)
			small |= mpz_divisible_ui_p(n, p) != 0;
		if (!small)
			break;
	} while (true);
	mpz_clears(m, g, k, NULL);
}

static void rsa_policy(void)
{
	mpz_t n, e, p, q, t;

	mpz_inits(n, e, p, q, t, NULL);
	mpz_set_ui(e, 65537);
	random_prime(p, 1024, "p");
	random_prime(q, 1024, "qq");
	mpz_mul(n, p, q);
	ok(rsa_reads(n, e), "RSA of 2048 bits, e = 65537: accepted %s", err.text);
	mpz_ui_pow_ui(t, 2, 255);
	mpz_add_ui(t, t, 1);
	ok(rsa_reads(n, t), "e of 256 bits: accepted %s", err.text);
	mpz_mul_2exp(t, t, 1);
	mpz_add_ui(t, t, 1);
	fails(!rsa_reads(n, t), &err, AU_KEY, "exponent is too large", "e of 257 bits");
	static const unsigned long small[] = { 1, 2, 3, 17, 65535, 65536, 65538 };
	for (size_t i = 0; i < sizeof small / sizeof *small; i++) {
		mpz_set_ui(t, small[i]);
		fails(!rsa_reads(n, t), &err, AU_KEY, "not an odd number of at least 65537", "e = %lu", small[i]);
	}
	mpz_sub_ui(t, n, 1);
	fails(!rsa_reads(t, e), &err, AU_KEY, "modulus is even", "an even modulus");
	random_prime(t, 1024, "rrr");
	mpz_set_ui(q, 751);
	mpz_mul(n, p, t);
	mpz_tdiv_q_2exp(n, n, 9);
	mpz_nextprime(n, n);
	mpz_mul(n, n, q);
	fails(!rsa_reads(n, e), &err, AU_KEY, "small factor", "a factor of 751");
	mpz_nextprime(q, p);
	mpz_mul(n, p, q);
	fails(!rsa_reads(n, e), &err, AU_KEY, "too close to each other", "neighbours as p and q");
	mpz_mul(n, p, p);
	fails(!rsa_reads(n, e), &err, AU_KEY, "too close to each other", "a square");
	roca_modulus(n);
	fails(!rsa_reads(n, e), &err, AU_KEY, "ROCA", "CVE-2017-15361");
	static const unsigned bits[] = { 512, 1024, 2047, 8193, 16384, 131072 };
	for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) {
		mpz_ui_pow_ui(n, 2, bits[i]);
		mpz_sub_ui(n, n, 1);
		fails(!rsa_reads(n, e), &err, AU_KEY, "2048 to 8192 are accepted", "RSA of %u bits", bits[i]);
	}
	mpz_clears(n, e, p, q, t, NULL);
}

/* Points of small order, spelled as they should be and as they should not; little-endian y, sign bit last. */
static const struct point {
	enum au_key_type type;
	const char *hex, *why, *what;
} points[] = {
#define Z31 "00000000000000000000000000000000000000000000000000000000000000"
#define F30 "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	{ AU_KEY_ED25519, "01" Z31, "small order", "the identity" },
	{ AU_KEY_ED25519, "010000000000000000000000000000000000000000000000000000000000" "0080", "small order",
	  "the identity, sign set" },
	{ AU_KEY_ED25519, "ec" F30 "7f", "small order", "order 2" },
	{ AU_KEY_ED25519, "ec" F30 "ff", "small order", "order 2, sign set" },
	{ AU_KEY_ED25519, "00" Z31, "small order", "order 4" },
	{ AU_KEY_ED25519, "000000000000000000000000000000000000000000000000000000000000" "0080", "small order",
	  "order 4, other" },
	{ AU_KEY_ED25519, "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", "small order", "order 8" },
	{ AU_KEY_ED25519, "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa", "small order",
	  "order 8, other" },
	{ AU_KEY_ED25519, "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "small order",
	  "order 8, third" },
	{ AU_KEY_ED25519, "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85", "small order",
	  "order 8, fourth" },
	{ AU_KEY_ED25519, "ed" F30 "7f", "canonical form", "y = p" },
	{ AU_KEY_ED25519, "ee" F30 "7f", "canonical form", "y = p + 1" },
	{ AU_KEY_ED25519, "ff" F30 "7f", "canonical form", "y = 2^255 - 1" },
	{ AU_KEY_ED25519, "02" Z31, "not a point of the curve", "y = 2" },
	{ AU_KEY_ED448, "01" Z31 "00000000000000000000000000000000000000000000000000", "small order", "Ed448: the identity" },
	{ AU_KEY_ED448, "00" Z31 "00000000000000000000000000000000000000000000000000", "small order", "Ed448: order 4" },
	{ AU_KEY_ED448, "feffffffffffffffffffffffffffffffffffffffffffffffffffffff"
			"feffffffffffffffffffffffffffffffffffffffffffffffffffffff00", "small order", "Ed448: order 2" },
	{ AU_KEY_ED448, "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
			"feffffffffffffffffffffffffffffffffffffffffffffffffffffff00", "canonical form", "Ed448: y = p" },
	{ AU_KEY_ED448, "01" Z31 "00000000000000000000000000000000000000000000000001", "canonical form",
	  "Ed448: y = 2^448 + 1" },
};

static void edwards_policy(void)
{
	for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
		struct au_buf x AU_AUTO_BUF = AU_BUF(0);
		AU_AUTO_JSON json_t *jwk = json_q("{'kty':'OKP'}");
		AU_AUTO_KEY struct au_key *key = NULL;
		bool is448 = points[i].type == AU_KEY_ED448;
		hex(points[i].hex, &x);
		AU_AUTO_MEM char *text = au_b64url(x.p, x.n);
		json_object_set_new(jwk, "crv", json_string(is448 ? "Ed448" : "Ed25519"));
		json_object_set_new(jwk, "x", json_string(text));
		fails(!au_jwk_read(jwk, AU_KEY_PUBLIC, &key, &err), &err, AU_KEY, points[i].why, "%s", points[i].what);
		/* and by the other door */
		struct au_buf spki AU_AUTO_BUF = AU_BUF(0);
		hex(is448 ? "3043 3005 06032b6571 033a00" : "302a 3005 06032b6570 032100", &spki);
		au_buf_add(&spki, x.p, x.n, &err);
		fails(!au_key_from_spki(spki.p, spki.n, &key, &err), &err, AU_KEY, points[i].why, "%s, SPKI", points[i].what);
	}
}

/* --- one key, one SubjectPublicKeyInfo ---------------------------------------------------------- */

#define EC_ALG "3013 06072a8648ce3d0201" P256
static const struct { const char *hex, *why, *what; } spkis[] = {
	{ "3059" EC_ALG "034200 04" A3_X A3_Y, NULL, "P-256" },
	{ "3059" EC_ALG "034200 04" A3_X A3_Y "00", "not DER", "an octet behind" },
	{ "308159" EC_ALG "034200 04" A3_X A3_Y, "not DER", "a long length" },
	{ "3080" EC_ALG "034200 04" A3_X A3_Y "0000", "not DER", "an indefinite length" },
	{ "3059" EC_ALG "034201 04" A3_X A3_Y, "not DER", "unused bits" },
	{ "3039" EC_ALG "032200 03" A3_X, "", "a compressed point" },
	{ "3059" EC_ALG "034200 07" A3_X A3_Y, "", "a hybrid point" },
	{ "3059" EC_ALG "034200 04" A3_Y A3_X, "not a point", "off the curve" },
	{ "302a 3005 06032b6570 032100 d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", NULL, "Ed25519" },
	{ "302c 3007 06032b6570 0500 032100 d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "canonical",
	  "Ed25519 with NULL" },
	{ "302a 3005 06032b656e 032100 d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "", "X25519" },
	{ "3000", "", "an empty SEQUENCE" }, { "", "not DER", "nothing" },
};

static void spki_spelling(void)
{
	struct au_buf rsa AU_AUTO_BUF = AU_BUF(0), odd AU_AUTO_BUF = AU_BUF(0);
	AU_AUTO_KEY struct au_key *key = NULL, *none = NULL;

	for (size_t i = 0; i < sizeof spkis / sizeof *spkis; i++) {
		struct au_buf b AU_AUTO_BUF = AU_BUF(0);
		AU_AUTO_KEY struct au_key *k = NULL;
		hex(spkis[i].hex, &b);
		bool good = au_key_from_spki(b.p, b.n, &k, &err);
		if (spkis[i].why)
			fails(!good, &err, AU_KEY, spkis[i].why, "SPKI refused: %s", spkis[i].what);
		else
			ok(good, "SPKI accepted: %s %s", spkis[i].what, err.text);
	}
	/* RSA: 30 LL.. 30 0d OID 05 00 BIT STRING, and without the NULL */
	key = open_q(RFC7515_A2_PUBLIC, AU_KEY_PUBLIC);
	ok(au_key_spki(key, &rsa, &err) && rsa.n == 294, "RSA: 294 octets of SPKI");
	hex("30820120 300b 06092a864886f70d010101", &odd);
	au_buf_add(&odd, rsa.p + 19, rsa.n - 19, &err);
	fails(!au_key_from_spki(odd.p, odd.n, &none, &err), &err, AU_KEY, "", "SPKI refused: RSA without NULL");
}

/* --- RSA from n, e and d -------------------------------------------------------------------------- */

/* Looked at before GnuTLS gets them, which computes some anew. */
static void rsa_completed(void)
{
	static const struct { enum au_part part; const char *want, *name; } t[] = {
		{ AU_PART_P, RFC7515_A2_P, "p" }, { AU_PART_Q, RFC7515_A2_Q, "q" }, { AU_PART_DP, RFC7515_A2_DP, "dp" },
		{ AU_PART_DQ, RFC7515_A2_DQ, "dq" }, { AU_PART_QI, RFC7515_A2_QI, "qi" },
	};
	struct au_buf n AU_AUTO_BUF = AU_BUF(0), d AU_AUTO_BUF = AU_BUF(0);
	AU_AUTO_PARTS struct au_parts parts = { .type = AU_KEY_RSA };

	au_b64url_read(RFC7515_A2_N, strlen(RFC7515_A2_N), &n, &err);
	au_b64url_read(RFC7515_A2_D, strlen(RFC7515_A2_D), &d, &err);
	ok(au_part_set(&parts, AU_PART_N, n.p, n.n, &err) && au_part_set(&parts, AU_PART_E, "\1\0\1", 3, &err) &&
	   au_part_set(&parts, AU_PART_D, d.p, d.n, &err) && au_parts_complete_rsa(&parts, &err),
	   "RFC 7515 A.2 from n, e and d %s", err.text);
	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		AU_AUTO_MEM char *got = au_b64url(parts.v[t[i].part].p, parts.v[t[i].part].n);
		is_str(got, t[i].want, "%s", t[i].name);
	}
}

/* --- names ---------------------------------------------------------------------------------------- */

static void names(void)
{
	static const struct { const char *text; enum au_key_type type; unsigned bits; } good[] = {
		{ "p256", AU_KEY_P256, 0 }, { "P-256", AU_KEY_P256, 0 }, { "ec-256", AU_KEY_P256, 0 }, { "es256", AU_KEY_P256, 0 },
		{ "prime256v1", AU_KEY_P256, 0 }, { "secp384r1", AU_KEY_P384, 0 }, { "ES512", AU_KEY_P521, 0 },
		{ "ec-521", AU_KEY_P521, 0 }, { "ecdsa", AU_KEY_P256, 0 }, { "ed25519", AU_KEY_ED25519, 0 },
		{ "Ed448", AU_KEY_ED448, 0 }, { "rsa", AU_KEY_RSA, 3072 }, { "rsa2048", AU_KEY_RSA, 2048 },
		{ "RSA:3072", AU_KEY_RSA, 3072 }, { "rsa-8192", AU_KEY_RSA, 8192 },
	};
	static const char *const bad[] = { "", "p192", "rsa1024", "rsa512", "rsa2049", "rsa16384", "rsa99999999999999",
		"x25519", "p256p256p256p256p256", "rsa20x48", "es256k" };
	enum au_key_type type;
	unsigned bits;

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		ok(au_key_type_read(good[i].text, &type, &bits, &err) && type == good[i].type && bits == good[i].bits, "%s",
		   good[i].text);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		fails(!au_key_type_read(bad[i], &type, &bits, &err), &err, AU_USAGE, bad[i], "no type: %s", bad[i]);
}

static void urls(void)
{
	struct au_key *key = NULL;

	fails(!au_key_open("pkcs11:token=x;object=y?pin-value=4711", AU_KEY_PRIVATE, NULL, &key, &err), &err, AU_KEY,
	      "key URL: a PIN inside", "a PIN in a URL");
	ok(!au_key_open("pkcs11:token=x?pin-value=4711", AU_KEY_PRIVATE, NULL, &key, &err) && !strstr(err.text, "4711"),
	   "which is not repeated in the error");
	fails(!au_key_open("pkcs11:token=x?pin-source=%7Cid", AU_KEY_PRIVATE, NULL, &key, &err), &err, AU_KEY,
	      "commands are not run", "a command as pin-source");
	fails(!au_key_open("pkcs11:token=x?pin-source=/nowhere/pin", AU_KEY_PRIVATE, NULL, &key, &err), &err, AU_KEY,
	      "/nowhere/pin", "a pin-source that is not there");
	fails(!au_key_open("/nowhere/key.pem", AU_KEY_PRIVATE, NULL, &key, &err), &err, AU_KEY, "/nowhere/key.pem",
	      "a file that is not there");
}

int main(void)
{
	json_set_alloc_funcs(au_alloc, au_free);
	forms();
	rfc8410();
	sec1();
	json_files();
	no_keys();
	openssl_encrypted();
	kdfs();
	rsa_policy();
	edwards_policy();
	spki_spelling();
	rsa_completed();
	names();
	urls();
	return done();
}
