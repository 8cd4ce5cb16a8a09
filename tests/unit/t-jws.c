/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* jws: the RFCs' signatures, ours, and forgeries. */
#include "jws.h"

#include "b64.h"
#include "jwk.h"
#include "unit.h"

#include "../vectors/rfc-keys.h"

static struct au_err err;

static struct au_key *key_q(const char *text, enum au_key_want want)
{
	AU_AUTO_JSON json_t *jwk = json_q(text);
	struct au_key *key = NULL;

	if (!au_jwk_read(jwk, want, &key, &err)) {
		printf("Bail out! %s\n", err.text);
		exit(99);
	}
	return key;
}

static bool verify(const struct au_key *key, const json_t *jws, const char *payload, size_t n)
{
	struct au_buf got AU_AUTO_BUF = AU_BUF(0);

	return au_jws_verify(key, jws, NULL, &got, &err) && got.n == n && (n == 0 || memcmp(got.p, payload, n) == 0);
}

static void vector(const char *jwk, const char *compact, const char *payload, const char *what)
{
	AU_AUTO_KEY struct au_key *key = key_q(jwk, AU_KEY_PUBLIC);
	AU_AUTO_JSON json_t *jws = au_jws_from_compact(compact, &err);
	AU_AUTO_JSON json_t *text = json_string(compact);
	AU_AUTO_MEM char *bad = au_strdup(compact);

	ok(verify(key, jws, payload, strlen(payload)), "%s verifies", what);
	ok(verify(key, text, payload, strlen(payload)), "%s verifies as it is written", what);
	/* a bit of the signature's middle, in a character that stays in the alphabet */
	char *p = strrchr(bad, '.') + 20;
	*p = *p == 'A' ? 'B' : 'A';
	json_decref(jws);
	jws = au_jws_from_compact(bad, &err);
	fails(!verify(key, jws, payload, strlen(payload)), &err, AU_NO, "does not verify",
	      "%s with a changed signature", what);
	p = strchr(compact, '.') - 1 + (bad - compact);
	memcpy(bad, compact, strlen(compact));
	p += 4;
	*p = *p == 'A' ? 'B' : 'A';
	json_decref(jws);
	jws = au_jws_from_compact(bad, &err);
	fails(!verify(key, jws, payload, strlen(payload)), &err, AU_NO, "does not verify", "%s with a changed payload", what);
}

static void rfc(void)
{
	vector(RFC7515_A2_PUBLIC, RFC7515_A2_JWS, RFC7515_PAYLOAD, "RFC 7515 A.2 RS256");
	vector(RFC7515_A3_PUBLIC, RFC7515_A3_JWS, RFC7515_PAYLOAD, "RFC 7515 A.3 ES256");
	vector(RFC7515_A4_PRIVATE, RFC7515_A4_JWS, "Payload", "RFC 7515 A.4 ES512");
	vector(RFC8037_PUBLIC, RFC8037_JWS, RFC8037_PAYLOAD, "RFC 8037 A.5 EdDSA");
}

/* RSA PKCS#1 and EdDSA are deterministic: we must make what the RFCs print. */
static void reproduced(void)
{
	AU_AUTO_KEY struct au_key *ed = key_q(RFC8037_PRIVATE, AU_KEY_PRIVATE);
	AU_AUTO_KEY struct au_key *rsa = key_q(RFC7515_A2_PRIVATE, AU_KEY_PRIVATE);
	AU_AUTO_KEY struct au_key *rsa_d = key_q(RFC7515_A2_D_ONLY, AU_KEY_PRIVATE);
	AU_AUTO_JSON json_t *empty = json_object();
	AU_AUTO_JSON json_t *a = au_jws_sign(ed, empty, RFC8037_PAYLOAD, strlen(RFC8037_PAYLOAD), &err);
	AU_AUTO_JSON json_t *b = au_jws_sign(rsa, empty, RFC7515_PAYLOAD, strlen(RFC7515_PAYLOAD), &err);
	AU_AUTO_JSON json_t *c = au_jws_sign(rsa_d, empty, RFC7515_PAYLOAD, strlen(RFC7515_PAYLOAD), &err);
	AU_AUTO_JSON json_t *want_a = au_jws_from_compact(RFC8037_JWS, &err);
	AU_AUTO_JSON json_t *want_b = au_jws_from_compact(RFC7515_A2_JWS, &err);

	ok(json_equal(a, want_a), "RFC 8037 A.4 is what we sign");
	ok(json_equal(b, want_b), "RFC 7515 A.2 is what we sign");
	ok(json_equal(c, want_b), "and with n, e and d only");
	ok(json_object_size(empty) == 0, "the header given is left as it was");
}

static void all_algorithms(void)
{
	static const struct { enum au_key_type type; const char *algs[8]; size_t n; } t[] = {
		{ AU_KEY_RSA, { "RS256", "RS384", "RS512", "PS256", "PS384", "PS512" }, 256 },
		{ AU_KEY_P256, { "ES256" }, 64 }, { AU_KEY_P384, { "ES384" }, 96 }, { AU_KEY_P521, { "ES512" }, 132 },
		{ AU_KEY_ED25519, { "EdDSA", "Ed25519" }, 64 }, { AU_KEY_ED448, { "EdDSA", "Ed448" }, 114 },
	};
	static const char *const all[] = { "RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA", "HS256", "none",
		"", "rs256" };

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		AU_AUTO_KEY struct au_key *key = NULL;
		if (!ok(au_key_generate(t[i].type, 2048, &key, &err), "a key %s", err.text))
			continue;
		for (const char *const *alg = t[i].algs; *alg; alg++) {
			AU_AUTO_JSON json_t *h = json_pack("{s:s}", "alg", *alg);
			AU_AUTO_JSON json_t *jws = au_jws_sign(key, h, "x", 1, &err);
			AU_AUTO_JSON json_t *header = NULL;
			struct au_buf got AU_AUTO_BUF = AU_BUF(0), sig AU_AUTO_BUF = AU_BUF(0);
			const char *s = json_string_value(json_object_get(jws, "signature"));
			ok(s && au_jws_verify(key, jws, &header, &got, &err) && json_equal(header, h), "%s: %s %s",
			   au_key_name_peek(key), *alg, err.text);
			ok(s && au_b64url_read(s, strlen(s), &sig, &err) && sig.n == t[i].n, "%s: %zu octets", *alg, t[i].n);
		}
		for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
			AU_AUTO_JSON json_t *h = json_pack("{s:s}", "alg", all[k]);
			AU_AUTO_JSON json_t *jws = NULL;
			if (au_key_alg_fits(key, all[k]))
				continue;
			jws = au_jws_sign(key, h, "x", 1, &err);
			fails(!jws, &err, AU_KEY, "does not go with", "%s does not sign %s", au_key_name_peek(key), all[k]);
		}
	}
}

static json_t *raw(const char *header, const char *payload, const char *sig)
{
	AU_AUTO_MEM char *h = au_b64url(header, strlen(header));

	return json_pack("{s:s,s:s,s:s}", "protected", h, "payload", payload, "signature", sig);
}

static void forged(void)
{
	static const struct { const char *header; enum au_code code; const char *text, *what; } t[] = {
		{ "{\"alg\":\"none\"}", AU_KEY, "algorithm none", "none" },
		{ "{\"alg\":\"HS256\"}", AU_KEY, "algorithm HS256", "HS256" },
		{ "{\"alg\":\"ES256\"}", AU_KEY, "algorithm ES256", "another key's algorithm" },
		{ "{}", AU_INPUT, "alg: missing", "no alg" },
		{ "{\"alg\":[\"EdDSA\"]}", AU_INPUT, "alg: not a string", "alg a list" },
		{ "{\"alg\":\"EdDSA\",\"crit\":[\"exp\"]}", AU_INPUT, "crit is not supported", "crit" },
		{ "{\"alg\":\"EdDSA\",\"b64\":false}", AU_INPUT, "b64 is not supported", "b64" },
		{ "{\"alg\":\"EdDSA\",\"alg\":\"EdDSA\"}", AU_INPUT, "duplicate", "alg twice" },
		{ "[]", AU_INPUT, "not an object", "a header that is a list" },
		{ "{\"alg\":\"EdDSA\"} x", AU_INPUT, "protected header", "something behind the header" },
	};
	AU_AUTO_KEY struct au_key *key = key_q(RFC8037_PUBLIC, AU_KEY_PUBLIC);

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		AU_AUTO_JSON json_t *jws = raw(t[i].header, "", RFC8037_SIGNATURE);
		fails(!verify(key, jws, "", 0), &err, t[i].code, t[i].text, "refused: %s", t[i].what);
	}
	AU_AUTO_JSON json_t *none = au_jws_from_compact(RFC7515_A5_JWS, &err);
	fails(!verify(key, none, "", 0), &err, AU_KEY, "algorithm none", "refused: RFC 7515 A.5");
	/* R = identity, S = 0, and lengths that are not a signature's */
	AU_AUTO_JSON json_t *zero = raw("{\"alg\":\"EdDSA\"}", "", "");
	fails(!verify(key, zero, "", 0), &err, AU_NO, "0 octets", "refused: an empty signature");
	AU_AUTO_KEY struct au_key *ec = key_q(RFC7515_A3_PUBLIC, AU_KEY_PUBLIC);
	AU_AUTO_JSON json_t *rs0 = raw("{\"alg\":\"ES256\"}", "",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	fails(!verify(ec, rs0, "", 0), &err, AU_NO, "does not verify", "refused: r = s = 0");
}

/* The JWS itself, with a signature that is good. */
static void shapes(void)
{
	static const struct { const char *name, *value, *text; } extra[] = {
		{ "header", "{}", "unprotected header" }, { "signatures", "[]", "several signatures" },
		{ "payload", "['x']", "payload: not a string" }, { "signature", "[1]", "signature: not a string" },
	};
	AU_AUTO_KEY struct au_key *key = key_q(RFC8037_PUBLIC, AU_KEY_PUBLIC);

	for (size_t i = 0; i < sizeof extra / sizeof *extra; i++) {
		AU_AUTO_JSON json_t *jws = au_jws_from_compact(RFC8037_JWS, &err);
		json_t *v = json_q(extra[i].value);
		ok(verify(key, jws, RFC8037_PAYLOAD, strlen(RFC8037_PAYLOAD)), "good before");
		json_object_set_new(jws, extra[i].name, v);
		fails(!verify(key, jws, RFC8037_PAYLOAD, strlen(RFC8037_PAYLOAD)), &err, AU_INPUT, extra[i].text, "refused: %s %s",
		      extra[i].name, extra[i].value);
	}
	static const char *const not_compact[] = { "", "a", "a.b", "a.b.c.d", ".." };
	for (size_t i = 0; i < sizeof not_compact / sizeof *not_compact; i++) {
		AU_AUTO_JSON json_t *text = json_string(not_compact[i]);
		fails(!verify(key, text, "", 0), &err, AU_INPUT, "", "refused: %s", not_compact[i]);
	}
	AU_AUTO_JSON json_t *number = json_integer(1);
	fails(!verify(key, number, "", 0), &err, AU_INPUT, "not an object", "refused: a number");
	AU_AUTO_JSON json_t *padded = json_string(RFC8037_JWS "=");
	fails(!verify(key, padded, "", 0), &err, AU_INPUT, "signature: not base64url", "refused: padding");
}

static void eab(void)
{
	static const char mac[] = "0123456789abcdef0123456789abcdef";
	/* made with Python's hmac over the two halves below */
	static const struct { const char *alg, *sig; } t[] = {
		{ "HS256", "BEK_qzvZpEhLCbBt1YOLv43MmoqzOzyykCIzwYkM_NA" }, { "HS384",
		  "ccX4pTgESJNVs5IA18-Gk6MWdobkUzA_4cmcUyB7ddn2o28AtX6Np59Zv8S1_w28" }, { "HS512",
			"UeZmJeT66u0epgcdkmyk6qzyG9ffGDHW1NeZ0nRCc5c_0LhvySsyUPkedjtI-_eMbYtxwKA4htYYib29cIBs2g" },
	};
	AU_AUTO_KEY struct au_key *key = key_q(RFC8037_PRIVATE, AU_KEY_PRIVATE);

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		AU_AUTO_JSON json_t *jws = au_jws_eab(key, "kid-1", t[i].alg, mac, strlen(mac),
						      "https://example.com/acme/new-account", &err);
		AU_AUTO_JSON json_t *header = au_jws_header(jws, &err);
		is_str(json_string_value(json_object_get(jws, "signature")), t[i].sig, "RFC 8555 7.3.4, %s", t[i].alg);
		is_str(json_string_value(json_object_get(jws, "payload")),
		       "eyJjcnYiOiJFZDI1NTE5Iiwia3R5IjoiT0tQIiwieCI6IjExcVlBWUt4Q3JmVlNfN1R5V1FIT2c3aGN2UGFwaU1scndJYWFQY0hVUm8ifQ",
		       "the public account key is bound");
		is_str(json_string_value(json_object_get(header, "kid")), "kid-1", "with the CA's kid");
	}
	AU_AUTO_JSON json_t *es = au_jws_eab(key, "k", "ES256", mac, 4, "https://a/", &err);
	fails(!es, &err, AU_USAGE, "not HS256", "an algorithm that is no HMAC");
	AU_AUTO_JSON json_t *empty = au_jws_eab(key, "k", "HS256", mac, 0, "https://a/", &err);
	fails(!empty, &err, AU_KEY, "empty", "an empty MAC key");
}

static void faults_on_purpose(void)
{
	AU_AUTO_KEY struct au_key *key = key_q(RFC8037_PRIVATE, AU_KEY_PRIVATE);
	AU_AUTO_JSON json_t *jws = au_jws_sign_raw(key, "EdDSA", "{ \"a\":1,\"a\":2 ", 14, "", 0, &err);
	AU_AUTO_JSON json_t *public = NULL;

	is_str(json_string_value(json_object_get(jws, "protected")), "eyAiYSI6MSwiYSI6MiA", "header octets as they stand");
	is_str(json_string_value(json_object_get(jws, "payload")), "", "POST-as-GET");
	AU_AUTO_KEY struct au_key *pub = key_q(RFC8037_PUBLIC, AU_KEY_PUBLIC);
	public = au_jws_sign_raw(pub, "EdDSA", "", 0, "", 0, &err);
	fails(!public, &err, AU_KEY, "this is a public key", "a public key does not sign");
}

int main(void)
{
	json_set_alloc_funcs(au_alloc, au_free);
	rfc();
	reproduced();
	all_algorithms();
	forged();
	shapes();
	eab();
	faults_on_purpose();
	return done();
}
