/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* jwk: the RFCs' keys, every type both ways, and what is not a JWK. */
#include "jwk.h"
#include "unit.h"

#include "../vectors/rfc-keys.h"

static struct au_err err;

static struct au_key *read_q(const char *text, enum au_key_want want)
{
	json_t *jwk = json_q(text);
	struct au_key *key = NULL;

	if (!au_jwk_read(jwk, want, &key, &err))
		key = NULL;
	json_decref(jwk);
	return key;
}

/* Reads, and writes what the text says. */
static void both_ways(const char *text, enum au_key_want want, const char *name, const char *what)
{
	AU_AUTO_KEY struct au_key *key = read_q(text, want);
	AU_AUTO_JSON json_t *want_jwk = json_q(text);
	AU_AUTO_JSON json_t *got = NULL;

	if (!ok(key, "%s is read %s", what, key ? "" : err.text))
		return;
	is_str(au_key_name_peek(key), name, "%s is %s", what, name);
	ok(au_key_is_private(key) == (want == AU_KEY_PRIVATE), "%s is %s", what,
	   want == AU_KEY_PRIVATE ? "private" : "public");
	got = au_jwk(key, want, &err);
	ok(json_equal(got, want_jwk), "%s is written as it was", what);
}

static void thumbprint(const char *text, const char *want, const char *what)
{
	AU_AUTO_KEY struct au_key *key = read_q(text, AU_KEY_PUBLIC);
	char got[44] = "";

	ok(key && au_jwk_thumbprint_text(key, got, &err), "%s has a thumbprint", what);
	is_str(got, want, "thumbprint of %s", what);
}

static void rfc(void)
{
	both_ways(RFC7515_A2_PRIVATE, AU_KEY_PRIVATE, "rsa2048", "RFC 7515 A.2");
	both_ways(RFC7515_A2_PUBLIC, AU_KEY_PUBLIC, "rsa2048", "RFC 7515 A.2 public");
	both_ways(RFC7515_A3_PRIVATE, AU_KEY_PRIVATE, "p256", "RFC 7515 A.3");
	both_ways(RFC7515_A3_PUBLIC, AU_KEY_PUBLIC, "p256", "RFC 7515 A.3 public");
	both_ways(RFC7515_A4_PRIVATE, AU_KEY_PRIVATE, "p521", "RFC 7515 A.4");
	both_ways(RFC8037_PRIVATE, AU_KEY_PRIVATE, "ed25519", "RFC 8037 A.1");
	both_ways(RFC8037_PUBLIC, AU_KEY_PUBLIC, "ed25519", "RFC 8037 A.2");
	thumbprint(RFC7638_JWK, RFC7638_THUMBPRINT, "RFC 7638 section 3.1");
	thumbprint(RFC8037_PUBLIC, RFC8037_THUMBPRINT, "RFC 8037 A.3");
	thumbprint(RFC8037_PRIVATE, RFC8037_THUMBPRINT, "the private key of RFC 8037 A.1");
}

/* n, e and d are all that RFC 7518 section 6.3.2 asks for. */
static void rsa_parts(void)
{
	AU_AUTO_KEY struct au_key *key = read_q(RFC7515_A2_D_ONLY, AU_KEY_PRIVATE);
	AU_AUTO_JSON json_t *want = json_q(RFC7515_A2_PRIVATE);
	AU_AUTO_JSON json_t *got = key ? au_jwk(key, AU_KEY_PRIVATE, &err) : NULL;

	ok(json_equal(got, want), "p, q and the rest are found from n, e and d");
	au_key_freep(&key);
	json_object_del(want, "qi");
	ok(au_jwk_read(want, AU_KEY_PRIVATE, &key, &err), "without qi");
	au_key_freep(&key);
	fails(!read_q("{'kty':'RSA','n':'" RFC7515_A2_N "','e':'AQAB','d':'" RFC7515_A2_P "'}", AU_KEY_PRIVATE), &err,
	      AU_KEY, "do not belong together", "a d of another key");
	fails(!read_q("{'kty':'RSA','n':'" RFC7638_N "','e':'AQAB','d':'" RFC7515_A2_D "','p':'" RFC7515_A2_P "','q':'"
		      RFC7515_A2_Q "'}", AU_KEY_PRIVATE), &err, AU_KEY, "do not belong together", "an n of another key");
	fails(!read_q("{'kty':'RSA','n':'" RFC7515_A2_N "','e':'AQAB','d':'" RFC7515_A2_D "','oth':[]}", AU_KEY_PRIVATE),
	      &err, AU_KEY, "more than two primes", "three primes");
}

static void generated(void)
{
	for (unsigned t = AU_KEY_RSA; t <= AU_KEY_ED448; t++)
		for (unsigned i = 0; i < (t == AU_KEY_RSA ? 1u : 300u); i++) {
			AU_AUTO_KEY struct au_key *key = NULL, *again = NULL;
			AU_AUTO_JSON json_t *jwk = NULL, *copy = NULL;
			bool good = au_key_generate(t, 2048, &key, &err) &&
				    (jwk = au_jwk(key, AU_KEY_PRIVATE, &err)) &&
				    au_jwk_read(jwk, AU_KEY_PRIVATE, &again, &err) &&
				    (copy = au_jwk(again, AU_KEY_PRIVATE, &err)) && json_equal(jwk, copy) &&
				    au_key_equal(key, again);
			/* one line a type; every key must be good, with and without leading zeros */
			if (!good || i == 0)
				ok(good, "generated keys go both ways: %s %s", key ? au_key_name_peek(key) : "?", err.text);
			if (!good)
				break;
		}
}

static const struct bad {
	const char *jwk, *text, *what;
	enum au_key_want want;
} bad[] = {
	{ "{}", "kty: missing", "an empty object", AU_KEY_PUBLIC },
	{ "{'kty':1}", "kty: not a string", "kty a number", AU_KEY_PUBLIC },
	{ "{'kty':'oct','k':'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ'}", "only RSA, EC and OKP", "a MAC key", AU_KEY_PUBLIC },
	{ "{'kty':'ec','crv':'P-256'}", "only RSA, EC and OKP", "kty in lower case", AU_KEY_PUBLIC },
	{ "{'kty':'EC','x':'" RFC7515_A3_X "','y':'" RFC7515_A3_Y "'}", "crv: missing", "no crv", AU_KEY_PUBLIC },
	{ "{'kty':'EC','crv':'P-192','x':'AA','y':'AA'}", "crv: P-192", "P-192", AU_KEY_PUBLIC },
	{ "{'kty':'EC','crv':'secp256k1','x':'AA','y':'AA'}", "crv: secp256k1", "secp256k1", AU_KEY_PUBLIC },
	{ "{'kty':'EC','crv':'Ed25519','x':'" RFC8037_X "','y':'" RFC8037_X "'}", "not a curve of EC", "Ed25519 as EC",
	  AU_KEY_PUBLIC },
	{ "{'kty':'OKP','crv':'X25519','x':'" RFC8037_X "'}", "crv: X25519", "X25519, which cannot sign", AU_KEY_PUBLIC },
	{ "{'kty':'EC','crv':'P-256','x':'" RFC7515_A3_X "'}", "y: missing", "no y", AU_KEY_PUBLIC },
	{ "{'kty':'EC','crv':'P-256','x':'" RFC7515_A3_X "=','y':'" RFC7515_A3_Y "'}", "x: not base64url", "padding",
	  AU_KEY_PUBLIC },
	{ "{'kty':'EC','crv':'P-256','x':'" RFC7515_A3_X " ','y':'" RFC7515_A3_Y "'}", "x: not base64url", "a blank",
	  AU_KEY_PUBLIC },
	{ "{'kty':'EC','crv':'P-256','x':'AAAA','y':'" RFC7515_A3_Y "'}", "x: 3 octets", "a short x", AU_KEY_PUBLIC },
	{ "{'kty':'EC','crv':'P-256','x':'AAB_zc4ncPbEXUGDy7vm20t7WAczNXvp7xO6z24-8dVEVQ','y':'"
	  RFC7515_A3_Y "'}", "x: 34 octets",
	  "an x with zeros in front", AU_KEY_PUBLIC },
	{ "{'kty':'EC','crv':'P-256','x':'" RFC7515_A3_Y "','y':'" RFC7515_A3_X "'}", "not a point of the curve",
	  "x and y swapped", AU_KEY_PUBLIC },
	{ "{'kty':'EC','crv':'P-256','x':'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',"
	  "'y':'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'}", "public key is none of this type", "the point (0, 0)",
	  AU_KEY_PUBLIC },
	{ RFC7515_A3_PUBLIC, "public JWK; the private one", "a public key where a private one is wanted", AU_KEY_PRIVATE },
	{ "{'kty':'EC','crv':'P-256','x':'" RFC7515_A3_X "','y':'" RFC7515_A3_Y "','d':'" RFC8037_D "'}",
	  "do not belong together", "a d of another key", AU_KEY_PRIVATE },
	{ "{'kty':'EC','crv':'P-256','x':'" RFC7515_A3_X "','y':'" RFC7515_A3_Y "','d':"
	  "'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'}", "do not belong together", "d = 0", AU_KEY_PRIVATE },
	{ "{'kty':'OKP','crv':'Ed25519','x':'" RFC8037_X "','d':'" RFC7515_A3_D "'}", "do not belong together",
	  "a d of another Ed25519 key", AU_KEY_PRIVATE },
	{ "{'kty':'OKP','crv':'Ed448','x':'" RFC8037_X "'}", "x: 32 octets", "an Ed25519 point as Ed448", AU_KEY_PUBLIC },
	{ "{'kty':'RSA','n':'AA" RFC7515_A2_N "','e':'AQAB'}", "leading zeros", "n with a zero in front", AU_KEY_PUBLIC },
	{ "{'kty':'RSA','n':'" RFC7515_A2_N "','e':'AAEAAQ'}", "leading zeros", "e with a zero in front", AU_KEY_PUBLIC },
	{ "{'kty':'RSA','n':'" RFC7515_A2_N "','e':''}", "e: 0 octets", "e empty", AU_KEY_PUBLIC },
	{ "{'kty':'RSA','n':'','e':'AQAB'}", "n: 0 octets", "n empty", AU_KEY_PUBLIC },
	{ "{'kty':'RSA','e':'AQAB'}", "n: missing", "no n", AU_KEY_PUBLIC },
};

static void refused(void)
{
	struct au_key *key = NULL;
	AU_AUTO_JSON json_t *list = json_array();

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		fails(!read_q(bad[i].jwk, bad[i].want), &err, AU_KEY, bad[i].text, "refused: %s", bad[i].what);
	fails(!au_jwk_read(list, AU_KEY_PUBLIC, &key, &err), &err, AU_KEY, "not an object", "refused: an array");
	AU_AUTO_KEY struct au_key *extra = read_q("{'kty':'OKP','crv':'Ed25519','x':'" RFC8037_X "','use':'sig','x-new':[1]}",
						  AU_KEY_PUBLIC);
	ok(extra, "unknown members do not matter");
	AU_AUTO_JSON json_t *private = au_jwk(extra, AU_KEY_PRIVATE, &err);
	fails(!private, &err, AU_KEY, "this is a public key", "no private JWK of a public key");
}

int main(void)
{
	json_set_alloc_funcs(au_alloc, au_free);
	rfc();
	rsa_parts();
	generated();
	refused();
	return done();
}
