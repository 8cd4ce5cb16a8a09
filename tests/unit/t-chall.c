/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Challenges: known answers, and for every type in the table the client's half
 * against the verifier's, with a world that holds what the client asked for,
 * and with one that differs in one thing.
 */
#include "chall.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "b64.h"
#include "gnutls-key.h"
#include "unit.h"

/* RFC 8555 section 8.3: token and thumbprint of its example; section 8.4's token. */
#define TOKEN "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0"
#define THUMB "9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI"
#define TOKEN2 "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA"
/* draft-ietf-acme-dns-account-label's example account. */
#define ACCOUNT "https://example.com/acme/acct/ExampleAccount"
/* By openssl dgst -sha256. */
#define DIGEST "LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"
#define DIGEST2 "lCM7cZyQXcVHK2nnW3jjAhNT3Fvm18UN-kWZZknKoYM"
#define NOW 1790000000

static struct au_key *key;

/* --- documents ----------------------------------------------------------------------- */

static json_t *make_doc(void)
{
	return json_pack("{s:i, s:{s:s, s:s}}", "acmeutils", 1, "account", "url", ACCOUNT, "thumbprint", THUMB);
}

static json_t *make_challenge(const char *type, const char *token)
{
	return json_pack("{s:s, s:o, s:s, s:s}", "type", type, "url", json_sprintf("https://ca.test/c/%s", type),
			 "status", "pending", "token", token);
}

static json_t *make_authz(const char *type, const char *value, bool wildcard, const char *challenge)
{
	json_t *authz = json_pack("{s:s, s:s, s:{s:s, s:s}, s:[o]}", "status", "pending", "url", "https://ca.test/a/1",
				  "identifier", "type", type, "value", value, "challenges",
				  make_challenge(challenge, TOKEN));
	if (wildcard)
		json_object_set_new(authz, "wildcard", json_true());
	return authz;
}

static json_t *first_challenge(const json_t *authz)
{
	return json_array_get(json_object_get(authz, "challenges"), 0);
}

static const char *text(const json_t *root, const char *path)
{
	return json_string_value(au_json_at(root, path));
}

static json_t *answer_for(const char *challenge, const char *type, const char *value, bool wildcard, struct au_err *err)
{
	json_t *doc AU_AUTO_JSON = make_doc(), *authz AU_AUTO_JSON = make_authz(type, value, wildcard, challenge);

	return au_chall_answer(doc, authz, first_challenge(authz), NULL, err);
}

/* --- known answers ---------------------------------------------------------------------- */

static void known_answers(void)
{
	struct au_err err AU_AUTO_ERR = { 0 };
	const struct { const char *challenge, *type, *value; bool wildcard; const char *path, *want; } rows[] = {
		{ "http-01", "dns", "www.example.org", false, "provision.path", "/.well-known/acme-challenge/" TOKEN },
		{ "http-01", "dns", "www.example.org", false, "provision.content", TOKEN "." THUMB },
		{ "http-01", "dns", "www.example.org", false, "provision.kind", "file" },
		{ "http-01", "ip", "192.0.2.1", false, "provision.content", TOKEN "." THUMB },
		{ "dns-01", "dns", "www.example.org", false, "provision.name", "_acme-challenge.www.example.org" },
		{ "dns-01", "dns", "www.example.org", false, "provision.value", DIGEST },
		{ "dns-01", "dns", "example.org", true, "provision.name", "_acme-challenge.example.org" },
		{ "dns-account-01", "dns", "example.org", true, "provision.name",
		  "_ujmmovf2vn55tgye._acme-challenge.example.org" },
		{ "dns-account-01", "dns", "example.org", false, "provision.value", DIGEST },
		{ "tls-alpn-01", "dns", "www.example.org", false, "provision.sni", "www.example.org" },
		{ "tls-alpn-01", "dns", "www.example.org", false, "provision.sha256", DIGEST },
		/* RFC 8738 section 6 */
		{ "tls-alpn-01", "ip", "192.0.2.1", false, "provision.sni", "1.2.0.192.in-addr.arpa" },
		{ "tls-alpn-01", "ip", "2001:db8::1", false, "provision.sni",
		  "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa" },
		{ "tls-alpn-01", "ip", "2001:db8::1", false, "identifier.value", "2001:db8::1" },
		{ "dns-01", "dns", "www.example.org", false, "challenge", "https://ca.test/c/dns-01" },
		{ "dns-01", "dns", "www.example.org", false, "type", "dns-01" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		json_t *a AU_AUTO_JSON = answer_for(rows[i].challenge, rows[i].type, rows[i].value, rows[i].wildcard, &err);
		if (!a)
			printf("# %s\n", err.text);
		is_str(text(a, rows[i].path), rows[i].want, "%s of %s%s: %s", rows[i].challenge,
		       rows[i].wildcard ? "*." : "", rows[i].value, rows[i].path);
		ok(json_object_size(json_object_get(a, "response")) == 0, "%s: {} is posted", rows[i].challenge);
	}
}

static void refused(void)
{
	struct au_err err = { 0 };
	const struct { const char *challenge, *type, *value; bool wildcard; enum au_code code; const char *why; } rows[] = {
		{ "dns-01", "ip", "192.0.2.1", false, AU_INPUT, "cannot be proved by dns-01" },
		{ "dns-account-01", "ip", "192.0.2.1", false, AU_INPUT, "cannot be proved by dns-account-01" },
		{ "http-01", "dns", "example.org", true, AU_INPUT, "cannot be proved by http-01" },
		{ "tls-alpn-01", "dns", "example.org", true, AU_INPUT, "cannot be proved by tls-alpn-01" },
		{ "http-01", "email", "a@b.test", false, AU_INPUT, "cannot be proved by http-01" },
		{ "dns-01", "dns", "a.test$(x)", false, AU_PROTOCOL, "not a DNS name" },
		{ "dns-01", "dns", "a.test\"", false, AU_PROTOCOL, "not a DNS name" },
		{ "dns-01", "dns", "-a.test", false, AU_PROTOCOL, "not a DNS name" },
		{ "dns-01", "dns", "*.a.test", false, AU_PROTOCOL, "not a DNS name" },
		{ "tls-alpn-01", "dns", "../a", false, AU_PROTOCOL, "not a DNS name" },
		{ "tls-alpn-01", "ip", "192.0.2.256", false, AU_PROTOCOL, "not an IP address" },
		{ "nobody-01", "dns", "example.org", false, AU_INPUT, "nobody-01" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		json_t *a AU_AUTO_JSON = answer_for(rows[i].challenge, rows[i].type, rows[i].value, rows[i].wildcard, &err);
		fails(!a, &err, rows[i].code, rows[i].why, "%s for %s:%s is refused", rows[i].challenge, rows[i].type,
		      rows[i].value);
	}
}

/* H57, H58: nothing is made of a token before it has been looked at. */
static void tokens(void)
{
	const char *const bad[] = { "../../etc/cron.d/x", "/abs", "..", ".", "a/b", "a\\b", "%2e%2e", "", "a", "=",
				    TOKEN "=", TOKEN "\n", "$(x)", "`x`aaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	struct au_err err = { 0 };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		json_t *doc AU_AUTO_JSON = make_doc(), *authz AU_AUTO_JSON = make_authz("dns", "a.test", false, "http-01");
		json_t *a AU_AUTO_JSON = NULL;
		json_object_set_new(first_challenge(authz), "token", json_string(bad[i]));
		a = au_chall_answer(doc, authz, first_challenge(authz), NULL, &err);
		fails(!a, &err, AU_PROTOCOL, "token", "a bad token is refused (%zu)", i);
	}
	for (int missing = 0; missing < 2; missing++) {
		json_t *doc AU_AUTO_JSON = make_doc(), *authz AU_AUTO_JSON = make_authz("dns", "a.test", false, "dns-01");
		json_t *a AU_AUTO_JSON = NULL;
		if (missing)
			json_object_del(first_challenge(authz), "token");
		else
			json_object_set_new(first_challenge(authz), "token", json_integer(7));
		a = au_chall_answer(doc, authz, first_challenge(authz), NULL, &err);
		fails(!a, &err, AU_PROTOCOL, "token", "a token that is %s is refused", missing ? "missing" : "a number");
	}
}

static void account(void)
{
	json_t *doc AU_AUTO_JSON = make_doc(), *authz AU_AUTO_JSON = make_authz("dns", "a.test", false, "dns-account-01");
	json_t *a AU_AUTO_JSON = NULL;
	struct au_err err = { 0 };

	json_object_del(json_object_get(doc, "account"), "url");
	a = au_chall_answer(doc, authz, first_challenge(authz), NULL, &err);
	fails(!a, &err, AU_INPUT, "account.url", "dns-account-01 needs the account's URL");
	json_object_set_new(json_object_get(doc, "account"), "url", json_string(ACCOUNT));
	json_object_set_new(json_object_get(doc, "account"), "thumbprint", json_string("x/../y"));
	a = au_chall_answer(doc, authz, first_challenge(authz), NULL, &err);
	fails(!a, &err, AU_INPUT, "account.thumbprint", "a thumbprint that is none is refused");
	json_object_del(json_object_get(doc, "account"), "thumbprint");
	a = au_chall_answer(doc, authz, first_challenge(authz), NULL, &err);
	fails(!a, &err, AU_INPUT, "account.thumbprint", "no thumbprint is refused");
}

/* --- whole documents ---------------------------------------------------------------------- */

static json_t *doc_of(json_t *first, json_t *second)
{
	json_t *doc = make_doc();

	json_object_set_new(second, "url", json_string("https://ca.test/a/2"));
	json_object_set_new(first_challenge(second), "url", json_string("https://ca.test/c/second"));
	json_object_set_new(doc, "authorizations", json_pack("[o, o]", first, second));
	return doc;
}

static json_t *authz_of(const json_t *doc, size_t i)
{
	return json_array_get(json_object_get(doc, "authorizations"), i);
}

static size_t n_answers(const json_t *doc)
{
	return json_array_size(json_object_get(doc, "answers"));
}

static void all_of_a_document(void)
{
	json_t *doc AU_AUTO_JSON = doc_of(make_authz("dns", "a.test", false, "dns-01"),
					  make_authz("dns", "a.test", true, "dns-01"));
	struct au_err err AU_AUTO_ERR = { 0 };
	size_t n = 99;

	ok(au_chall_answer_all(doc, "http-01", &n, &err) && n == 0 && !json_object_get(doc, "answers"),
	   "a type that nobody offers leaves no trace");
	ok(au_chall_answer_all(doc, "dns-01", &n, &err) && n == 2 && n_answers(doc) == 2, "both are answered");
	ok(au_chall_answer_all(doc, "dns-01", &n, &err) && n == 0 && n_answers(doc) == 2, "and not again");
	is_str(text(au_chall_answered(doc, authz_of(doc, 1)), "challenge"), "https://ca.test/c/second",
	       "each authorization finds its own");
	json_array_remove(json_object_get(doc, "answers"), 0);
	ok(!au_chall_answered(doc, authz_of(doc, 0)) && au_chall_answered(doc, authz_of(doc, 1)),
	   "one that has none finds none");
	json_object_set_new(authz_of(doc, 0), "status", json_string("valid"));
	ok(au_chall_answer_all(doc, "dns-01", &n, &err) && n == 0, "what is valid needs no answer");
	ok(au_chall_add_take(doc, authz_of(doc, 1), json_pack("{s:s}", "challenge", "https://ca.test/c/second"), &err) &&
	   n_answers(doc) == 1, "a new answer replaces the old one");
	json_object_set_new(doc, "answers", json_string("x"));
	fails(!au_chall_answer_all(doc, "dns-01", &n, &err) || !au_chall_add_take(doc, authz_of(doc, 1), json_object(), &err),
	      &err, AU_INPUT, "answers", "answers that are no array are refused");
}

static void left_for_others(void)
{
	json_t *doc AU_AUTO_JSON = doc_of(make_authz("ip", "192.0.2.1", false, "dns-01"),
					  make_authz("dns", "a.test", false, "dns-01"));
	struct au_err err AU_AUTO_ERR = { 0 };
	size_t n = 99;

	ok(au_chall_answer_all(doc, "dns-01", &n, &err) && n == 1, "an address is not answered by dns-01, the name is");
	is_str(text(json_array_get(json_object_get(doc, "answers"), 0), "identifier.value"), "a.test", "it is the name");
}

static void given_response(void)
{
	json_t *doc AU_AUTO_JSON = make_doc(), *authz AU_AUTO_JSON = make_authz("dns", "a.test", false, "nobody-01");
	json_t *known AU_AUTO_JSON = make_authz("dns", "a.test", false, "dns-01");
	json_t *response AU_AUTO_JSON = json_pack("{s:s}", "proof", "x"), *a AU_AUTO_JSON = NULL, *b AU_AUTO_JSON = NULL;
	struct au_err err AU_AUTO_ERR = { 0 };

	json_object_set_new(first_challenge(authz), "token", json_integer(7));
	a = au_chall_answer(doc, authz, first_challenge(authz), response, &err);
	ok(a && json_equal(json_object_get(a, "response"), response), "a type that nobody knows takes a given response");
	ok(a && !json_object_get(a, "provision"), "and nothing is to be put in place");
	ok(!au_chall_find("nobody-01"), "it is in no table");
	b = au_chall_answer(doc, known, first_challenge(known), response, &err);
	ok(b && json_equal(json_object_get(b, "response"), response), "so does a type that is known");
	is_str(text(b, "provision.value"), DIGEST, "which still says what must be put in place");
}

/* --- the client's half against the verifier's ------------------------------------------------ */

/* A world that holds what one answer asked for. */
struct world {
	const json_t *answer, *provision;
	const char *body;            /* of the file, when not as asked */
	struct au_buf der;
	unsigned asked;
};

static bool w_fetch(void *ctx, const char *host, const char *path, size_t max, struct au_buf *body, struct au_err *err)
{
	struct world *w = ctx;
	const char *content = w->body ? w->body : text(w->provision, "content");

	w->asked++;
	if (!text(w->answer, "identifier.value") || strcmp(host, text(w->answer, "identifier.value")) != 0)
		return au_fail(err, AU_NET, "%s: no such host", host);
	if (!text(w->provision, "path") || strcmp(path, text(w->provision, "path")) != 0)
		return au_fail(err, AU_NO, "%s: 404", path);
	return au_buf_add(body, content, strlen(content) < max ? strlen(content) : max, err);
}

static bool w_txt(void *ctx, const char *name, json_t *strings, struct au_err *err)
{
	struct world *w = ctx;

	w->asked++;
	if (!text(w->provision, "name") || strcmp(name, text(w->provision, "name")) != 0)
		return au_fail(err, AU_NO, "%s: NXDOMAIN", name);
	return au_json_add_take(strings, json_string("another"), err) &&
	       au_json_add_take(strings, json_string(text(w->provision, "value")), err);
}

static bool w_tls(void *ctx, const char *host, const char *sni, struct au_buf *der, struct au_err *err)
{
	struct world *w = ctx;

	w->asked++;
	if (!text(w->answer, "identifier.value") || strcmp(host, text(w->answer, "identifier.value")) != 0)
		return au_fail(err, AU_NET, "%s: no such host", host);
	if (!text(w->provision, "sni") || strcmp(sni, text(w->provision, "sni")) != 0)
		return au_fail(err, AU_NO, "%s: unrecognized name", sni);
	return au_buf_add(der, w->der.p, w->der.n, err);
}

/* The certificate that the provision asks for. */
static bool show_cert(struct world *w, struct au_err *err)
{
	struct au_buf sha256 AU_AUTO_BUF = AU_BUF(64);
	const char *digest = text(w->provision, "sha256");

	au_buf_free(&w->der);
	if (!digest)
		return true;
	return au_b64url_read(digest, strlen(digest), &sha256, err) && sha256.n == 32 &&
	       au_chall_tls_alpn_cert(json_object_get(w->answer, "identifier"), sha256.p, key, NOW, &w->der, err);
}

static bool check(struct world *w, const struct au_chall *chall, const json_t *authz, const char *token,
		  const char *thumb, const char *account_url, struct au_err *err)
{
	struct au_probe probe = { w, w_fetch, w_txt, w_tls };
	char *ka AU_AUTO_MEM = au_asprintf("%s.%s", token, thumb);
	struct au_chall_ctx ctx = { .authorization = authz, .challenge = first_challenge(authz), .token = token,
				    .key_authorization = ka, .account_url = account_url };

	w->asked = 0;
	return show_cert(w, err) && chall->verify(&ctx, json_object_get(w->answer, "response"), &probe, err);
}

static void halves(const struct au_chall *chall, const char *type, const char *value, bool wildcard)
{
	json_t *doc AU_AUTO_JSON = make_doc(), *authz AU_AUTO_JSON = make_authz(type, value, wildcard, chall->type);
	struct au_err err = { 0 };
	json_t *answer AU_AUTO_JSON = au_chall_answer(doc, authz, first_challenge(authz), NULL, &err);
	json_t *fresh AU_AUTO_JSON = json_object(), *bent AU_AUTO_JSON = json_deep_copy(answer);
	struct world w = { .answer = answer, .provision = json_object_get(answer, "provision") };
	const char *what = wildcard ? "wildcard" : type;

	ok(answer != NULL, "%s, %s: answered", chall->type, what);
	ok(!chall->offer || chall->offer(fresh, &err), "%s, %s: offered", chall->type, what);
	ok(check(&w, chall, authz, TOKEN, THUMB, ACCOUNT, &err), "%s, %s: verifies %s", chall->type, what, err.text);
	ok(w.asked > 0, "%s, %s: by looking at the world", chall->type, what);
	au_err_clear(&err);
	fails(!check(&w, chall, authz, TOKEN2, THUMB, ACCOUNT, &err), &err, AU_NO, "", "%s, %s: another token does not",
	      chall->type, what);
	fails(!check(&w, chall, authz, TOKEN, TOKEN2, ACCOUNT, &err), &err, AU_NO, "",
	      "%s, %s: another account key does not", chall->type, what);
	w.answer = bent;
	w.provision = json_object_get(bent, "provision");
	json_object_clear(json_object_get(bent, "provision"));
	fails(!check(&w, chall, authz, TOKEN, THUMB, ACCOUNT, &err), &err, AU_NO, "", "%s, %s: an empty world does not",
	      chall->type, what);
	au_buf_free(&w.der);
}

static void every_type(void)
{
	for (const struct au_chall *const *c = au_chall_table; *c; c++) {
		ok((*c)->type && (*c)->spec && (*c)->brief && (*c)->proves && (*c)->answer && (*c)->verify,
		   "%s: the row is whole", (*c)->type);
		ok(au_chall_find((*c)->type) == *c, "%s: is found", (*c)->type);
		if ((*c)->proves & AU_PROVES_DNS)
			halves(*c, "dns", "www.example.org", false);
		if ((*c)->proves & AU_PROVES_WILDCARD)
			halves(*c, "dns", "example.org", true);
		if ((*c)->proves & AU_PROVES_IP) {
			halves(*c, "ip", "192.0.2.1", false);
			halves(*c, "ip", "2001:db8::1", false);
		}
	}
}

/* --- what is special to one type ----------------------------------------------------------------- */

static void http_bodies(void)
{
	json_t *doc AU_AUTO_JSON = make_doc(), *authz AU_AUTO_JSON = make_authz("dns", "a.test", false, "http-01");
	struct au_err err = { 0 };
	json_t *answer AU_AUTO_JSON = au_chall_answer(doc, authz, first_challenge(authz), NULL, &err);
	struct world w = { .answer = answer, .provision = json_object_get(answer, "provision") };
	const struct au_chall *chall = au_chall_find("http-01");
	char padded[400];

	w.body = TOKEN "." THUMB " \t\r\n\n";
	ok(check(&w, chall, authz, TOKEN, THUMB, ACCOUNT, &err), "white space at the end is ignored");
	w.body = TOKEN "." THUMB "x";
	fails(!check(&w, chall, authz, TOKEN, THUMB, ACCOUNT, &err), &err, AU_NO, "not the key authorization", "more is not");
	w.body = TOKEN "." THUMB "\nx";
	fails(!check(&w, chall, authz, TOKEN, THUMB, ACCOUNT, &err), &err, AU_NO, "", "more after white space is not");
	w.body = " " TOKEN "." THUMB;
	fails(!check(&w, chall, authz, TOKEN, THUMB, ACCOUNT, &err), &err, AU_NO, "", "white space in front is not");
	w.body = TOKEN "." THUMB;
	memset(padded, ' ', sizeof padded);
	memcpy(padded, w.body, strlen(w.body));
	padded[sizeof padded - 2] = 'x';
	padded[sizeof padded - 1] = '\0';
	w.body = padded;
	fails(!check(&w, chall, authz, TOKEN, THUMB, ACCOUNT, &err), &err, AU_NO, "", "something far behind is not missed");
	w.body = "";
	fails(!check(&w, chall, authz, TOKEN, THUMB, ACCOUNT, &err), &err, AU_NO, "", "an empty file is nothing");
}

static void account_label(void)
{
	json_t *doc AU_AUTO_JSON = make_doc(), *authz AU_AUTO_JSON = make_authz("dns", "a.test", false, "dns-account-01");
	struct au_err err = { 0 };
	json_t *answer AU_AUTO_JSON = au_chall_answer(doc, authz, first_challenge(authz), NULL, &err);
	struct world w = { .answer = answer, .provision = json_object_get(answer, "provision") };

	fails(!check(&w, au_chall_find("dns-account-01"), authz, TOKEN, THUMB, ACCOUNT "x", &err), &err, AU_NO, "NXDOMAIN",
	      "the label is of one account");
}

/* A certificate like ours but for one thing. */
enum bend {
	NOT_CRITICAL, NO_EXTENSION, TWO_NAMES, OTHER_NAME, CUT_NAME, NO_NAME, MAIL_NAME, SHORT_DIGEST, RAW_DIGEST, BENDS
};
static const char *const bend_text[BENDS] = {
	"an extension that is not critical", "no extension", "two names", "another name", "a name that is cut", "no name",
	"a name of another kind", "a digest that is cut", "a digest that is no OCTET STRING"
};
static const char *const bend_why[BENDS] = {
	"not critical", "no acmeIdentifier", "more than one", "not for this name", "not for this name", "not for this name",
	"not for this name",
	"not the digest", "not the digest"
};

static void bent_cert(enum bend bend, const uint8_t sha256[32], struct au_buf *der)
{
	struct au_err err AU_AUTO_ERR = { 0 };
	uint8_t ext[34] = { 4, 32 };
	const char *name = bend == OTHER_NAME ? "b.test" : bend == CUT_NAME ? "a.tes" :
			   bend == MAIL_NAME ? "x@a.test" : "a.test";
	gnutls_x509_crt_t crt;
	gnutls_datum_t out;
	int r = 0;

	memcpy(ext + 2, sha256, 32);
	gnutls_x509_crt_init(&crt);
	gnutls_x509_crt_set_version(crt, 3);
	gnutls_x509_crt_set_serial(crt, "\x41", 1);
	gnutls_x509_crt_set_dn(crt, "CN=a.test", NULL);
	gnutls_x509_crt_set_activation_time(crt, NOW);
	gnutls_x509_crt_set_expiration_time(crt, NOW + 1000);
	if (bend != NO_NAME)
		r |= gnutls_x509_crt_set_subject_alt_name(crt, bend == MAIL_NAME ? GNUTLS_SAN_RFC822NAME : GNUTLS_SAN_DNSNAME,
							  name, strlen(name), GNUTLS_FSAN_SET);
	if (bend == TWO_NAMES)
		r |= gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, "b.test", 6, GNUTLS_FSAN_APPEND);
	if (bend == SHORT_DIGEST)
		ext[1] = 31;
	if (bend != NO_EXTENSION)
		r |= gnutls_x509_crt_set_extension_by_oid(crt, "1.3.6.1.5.5.7.1.31", bend == RAW_DIGEST ? ext + 2 : ext,
							  bend == RAW_DIGEST ? 32 : bend == SHORT_DIGEST ? 33 : 34,
							  bend != NOT_CRITICAL);
	r |= gnutls_x509_crt_set_pubkey(crt, au_key_gnutls_public_peek(key));
	r |= gnutls_x509_crt_privkey_sign(crt, crt, au_key_gnutls_private_peek(key), GNUTLS_DIG_SHA256, 0);
	r |= gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER, &out);
	ok(r == 0 && au_buf_add(der, out.data, out.size, &err), "a certificate with %s is made", bend_text[bend]);
	gnutls_free(out.data);
	gnutls_x509_crt_deinit(crt);
}

struct cert_probe { struct au_buf der; };

static bool c_tls(void *ctx, const char *host, const char *sni, struct au_buf *der, struct au_err *err)
{
	struct cert_probe *c = ctx;

	(void)host, (void)sni;
	return au_buf_add(der, c->der.p, c->der.n, err);
}

static void certificates(void)
{
	json_t *authz AU_AUTO_JSON = make_authz("dns", "a.test", false, "tls-alpn-01");
	json_t *upper AU_AUTO_JSON = json_pack("{s:s, s:s}", "type", "dns", "value", "A.Test");
	const struct au_chall *chall = au_chall_find("tls-alpn-01");
	struct au_chall_ctx ctx = { .authorization = authz, .token = TOKEN, .key_authorization = TOKEN "." THUMB };
	struct cert_probe c = { .der = AU_BUF(0) };
	struct au_probe probe = { .ctx = &c, .tls_alpn = c_tls };
	struct au_buf sha256 AU_AUTO_BUF = AU_BUF(64);
	struct au_err err = { 0 };

	ok(au_b64url_read(DIGEST, strlen(DIGEST), &sha256, &err), "digest");
	ok(au_chall_tls_alpn_cert(upper, sha256.p, key, NOW, &c.der, &err) && chall->verify(&ctx, NULL, &probe, &err),
	   "case of a name does not matter %s", err.text);
	for (int bend = 0; bend < BENDS; bend++) {
		au_buf_free(&c.der);
		bent_cert(bend, sha256.p, &c.der);
		fails(!chall->verify(&ctx, NULL, &probe, &err), &err, AU_NO, bend_why[bend], "with %s it does not verify",
		      bend_text[bend]);
	}
	au_buf_free(&c.der);
	ok(au_buf_adds(&c.der, "garbage", &err), "garbage");
	fails(!chall->verify(&ctx, NULL, &probe, &err), &err, AU_NO, "", "garbage does not verify");
	au_buf_free(&c.der);
	json_object_set_new(json_object_get(authz, "identifier"), "value", json_string("b_b.test"));
	fails(!au_chall_tls_alpn_cert(json_object_get(authz, "identifier"), sha256.p, key, NOW, &c.der, &err), &err,
	      AU_PROTOCOL, "not a DNS name", "no certificate is made for what is no name");
}

int main(void)
{
	struct au_err err AU_AUTO_ERR = { 0 };

	if (!ok(au_key_generate(AU_KEY_P256, 0, &key, &err), "a key %s", err.text))
		return done();
	known_answers();
	refused();
	tokens();
	account();
	all_of_a_document();
	left_for_others();
	given_response();
	every_type();
	http_bodies();
	account_label();
	certificates();
	au_key_free(key);
	return done();
}
