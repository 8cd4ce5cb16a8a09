/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Server objects: the kinds RFC 8555 section 7.1 shows, each good as it is,
 * and each spoiled in one member at a time.
 */
#include "object.h"
#include "unit.h"

#define T "https://ca.test/"

static const char directory[] =
	"{'newNonce':'" T "nonce','newAccount':'" T "account','newOrder':'" T "order','newAuthz':'" T "authz',"
	"'revokeCert':'" T "revoke','keyChange':'" T "rollover','renewalInfo':'" T "ari','unknown':7,"
	"'meta':{'termsOfService':'" T "tos','website':'https://www.ca.test','caaIdentities':['ca.test'],"
	"'externalAccountRequired':false,'profiles':{'tls':'x'}}}";
static const char account[] =
	"{'status':'valid','contact':['mailto:a@example.org'],'termsOfServiceAgreed':true,'orders':'" T "orders/1'}";
static const char order[] =
	"{'status':'pending','expires':'2026-01-05T14:09:07.99Z','identifiers':[{'type':'dns','value':'www.example.org'},"
	"{'type':'dns','value':'*.example.org'},{'type':'ip','value':'2001:db8::1'},{'type':'pk','value':'MCow'}],"
	"'authorizations':['" T "authz/1','" T "authz/2'],'finalize':'" T "order/1/finalize'}";
static const char authz[] =
	"{'status':'pending','expires':'2026-01-05T14:09:07.99Z','identifier':{'type':'dns','value':'example.org'},"
	"'wildcard':true,'challenges':[{'type':'http-01','url':'" T "chall/0','status':'pending','token':'x'},"
	"{'type':'dns-01','url':'" T "chall/1','status':'pending','token':'DGyRejmCefe7v4NfDGDKfA'}]}";
static const char challenge[] =
	"{'type':'http-01','url':'" T "chall/0','status':'processing','token':'DGyRejmCefe7v4NfDGDKfA'}";

/* One change to an object: the JSON at a path, or NULL to take it away. */
struct spoil {
	const char *path, *value, *why;
};

static json_t *spoiled(const char *object, const struct spoil *s)
{
	json_t *root = json_q(object), *at = root;
	char *path AU_AUTO_MEM = au_strdup(s->path), *name = path, *dot;
	json_t *value = NULL;

	while ((dot = strchr(name, '.'))) {
		*dot = '\0';
		at = json_is_array(at) ? json_array_get(at, (size_t)(*name - '0')) : json_object_get(at, name);
		name = dot + 1;
	}
	if (s->value) {
		char *wrapped AU_AUTO_MEM = au_asprintf("[%s]", s->value);
		json_t *list AU_AUTO_JSON = json_q(wrapped);
		value = json_incref(json_array_get(list, 0));
	}
	if (json_is_array(at))
		json_array_set_new(at, (size_t)(*name - '0'), value);
	else if (value)
		json_object_set_new(at, name, value);
	else
		json_object_del(at, name);
	return root;
}

static bool check_directory(const json_t *o, struct au_err *err) { return au_directory_check(o, false, err); }
static bool check_account(const json_t *o, struct au_err *err) { return au_account_check(o, err); }
static bool check_order(const json_t *o, struct au_err *err) { return au_order_check(o, false, NULL, err); }
static bool check_authz(const json_t *o, struct au_err *err) { return au_authz_check(o, false, NULL, err); }
static bool check_challenge(const json_t *o, struct au_err *err) { return au_challenge_check(o, false, NULL, err); }

static void try(const char *what, const char *object, bool (*check)(const json_t *, struct au_err *),
		const struct spoil *bad, const struct spoil *good)
{
	struct au_err err = { 0 };
	json_t *as_is AU_AUTO_JSON = json_q(object), *array AU_AUTO_JSON = json_q("[]");

	ok(check(as_is, &err), "%s: %s", what, err.text);
	fails(!check(array, &err), &err, AU_PROTOCOL, "not an object", "%s: an array", what);
	fails(!check(NULL, &err), &err, AU_PROTOCOL, "not an object", "%s: nothing", what);
	for (; bad->path; bad++) {
		json_t *o AU_AUTO_JSON = spoiled(object, bad);
		bool r = check(o, &err);
		ok(strncmp(err.text, what, strlen(what)) == 0, "%s: the object is named", what);
		fails(!r, &err, AU_PROTOCOL, bad->why, "%s: %s is %s", what, bad->path, bad->value ? bad->value : "gone");
	}
	for (; good->path; good++) {
		json_t *o AU_AUTO_JSON = spoiled(object, good);
		ok(check(o, &err), "%s: passes with %s %s: %s", what, good->path, good->value ? good->value : "gone", err.text);
		au_err_clear(&err);
	}
}

static void directories(void)
{
	static const struct spoil bad[] = {
		{ "newNonce", NULL, "newNonce: missing" }, { "newNonce", "null", "newNonce: not a string" },
		{ "newAccount", "[]", "newAccount: not a string" },
		{ "newAccount", NULL, "newAccount: missing" }, { "newOrder", NULL, "newOrder: missing" },
		{ "newOrder", "7", "newOrder: not a string" },
		{ "newOrder", "''", "newOrder: : URL refused" },
		{ "newNonce", "'http://ca.test/n'", "newNonce: http://ca.test/n: URL refused" },
		{ "newAuthz", "'file:///etc/passwd'", "newAuthz" }, { "revokeCert", "'/revoke'", "revokeCert" },
		{ "keyChange", "{}", "keyChange" }, { "renewalInfo", "'https://ca.test:25/'", "renewalInfo" },
		{ "newNonce", "'https://ca.test/\\u001b[2J'", "control character" },
		{ "meta", "[]", "meta: not an object" }, { "meta", "'x'", "meta: not an object" },
		{ "meta.externalAccountRequired", "'true'", "meta.externalAccountRequired: not true or false" },
		{ "meta.termsOfService", "['x']", "meta.termsOfService: not a string" },
		{ "meta.profiles", "[]", "meta.profiles: not an object" }, { 0 },
	};
	static const struct spoil good[] = {
		{ "newAuthz", NULL, 0 }, { "newAuthz", "null", 0 }, { "revokeCert", NULL, 0 }, { "keyChange", NULL, 0 },
		{ "renewalInfo", NULL, 0 }, { "meta", NULL, 0 }, { "meta", "null", 0 }, { "meta", "{}", 0 },
		{ "meta.caaIdentities", "7", 0 }, { "meta.website", "[]", 0 }, { "unknown", "'http://x'", 0 }, { 0 },
	};

	try("directory", directory, check_directory, bad, good);
}

static void accounts(void)
{
	static const struct spoil bad[] = {
		{ "status", NULL, "status: missing" }, { "status", "'VALID'", "status: \"VALID\"" },
		{ "status", "'pending'", "status: \"pending\"" }, { "status", "1", "status: not a string" },
		{ "contact", "'mailto:a@b'", "contact: not an array" }, { "contact", "[1]", "contact: not an array of strings" },
		{ "orders", "[]", "orders: not a string" }, { 0 },
	};
	static const struct spoil good[] = {
		{ "status", "'deactivated'", 0 }, { "status", "'revoked'", 0 }, { "contact", NULL, 0 },
		{ "contact", "null", 0 }, { "contact", "[]", 0 }, { "orders", NULL, 0 }, { 0 },
	};

	try("account", account, check_account, bad, good);
}

static void orders(void)
{
	static const struct spoil bad[] = {
		{ "status", "'done'", "status: \"done\"" }, { "status", "'deactivated'", "status: \"deactivated\"" },
		{ "status", "''", "status: \"\"" }, { "status", "false", "status: not a string" },
		{ "status", "'valid'", "without a certificate" },
		{ "identifiers", NULL, "identifiers: missing" }, { "identifiers", "[]", "identifiers: empty" },
		{ "identifiers.1", "7", "identifiers: 1: type: missing" },
		{ "identifiers.0.value", "'$(x).test'", "not a DNS name" }, { "identifiers.2.value", "'1.2.3'", "IPv4 or IPv6" },
		{ "authorizations", NULL, "authorizations: missing" }, { "authorizations", "[]", "although the order is pending" },
		{ "authorizations.1", "7", "not an array of URLs" }, { "authorizations.1", "'http://ca.test/a'", "URL refused" },
		{ "finalize", NULL, "finalize: missing" }, { "finalize", "'http://ca.test/f'", "finalize" },
		{ "certificate", "'http://ca.test/c'", "certificate" }, { "certificate", "7", "certificate: not a string" }, { 0 },
	};
	static const struct spoil good[] = {
		{ "status", "'ready'", 0 }, { "status", "'processing'", 0 }, { "status", "'invalid'", 0 },
		{ "certificate", "'" T "cert/1'", 0 }, { "certificate", "null", 0 }, { "error", "7", 0 },
		{ "authorizations.1", "'" T "authz/1'", 0 }, { "expires", NULL, 0 }, { "notBefore", "'x'", 0 }, { 0 },
	};
	static const char *const states[] = { "pending", "processing", "ready", "valid", "invalid" };
	struct au_err err = { 0 };

	try("order", order, check_order, bad, good);
	for (unsigned i = 0; i < 5; i++) {
		enum au_status st = AU_ST_REVOKED;
		json_t *o AU_AUTO_JSON = json_q(order);
		json_object_set_new(o, "status", json_string(states[i]));
		json_object_set_new(o, "certificate", json_string(T "cert/1"));
		ok(au_order_check(o, false, &st, &err) && st == (enum au_status)i, "order: %s", states[i]);
		is_str(au_status_name(st), states[i], "and its name");
	}
	ok(!au_status_name((enum au_status)99), "no name for no status");

	json_t *o AU_AUTO_JSON = json_q(order), *list = json_array();
	for (unsigned i = 0; i < AU_MAX_AUTHZ; i++)
		json_array_append_new(list, json_string(T "authz"));
	json_object_set_new(o, "authorizations", list);
	ok(au_order_check(o, false, NULL, &err), "order: as many authorizations as allowed");
	json_array_append_new(list, json_string(T "authz"));
	fails(!au_order_check(o, false, NULL, &err), &err, AU_PROTOCOL, "101 of them, more than 100", "order: one more");

	json_t *empty AU_AUTO_JSON = json_q(order);
	json_object_set_new(empty, "status", json_string("ready"));
	json_object_set_new(empty, "authorizations", json_array());
	ok(au_order_check(empty, false, NULL, &err), "order: ready without authorizations");

	json_t *star AU_AUTO_JSON = json_q(order);
	json_object_set_new(star, "status", json_string("valid"));
	json_object_set_new(star, "star-certificate", json_string(T "star/1"));
	ok(au_order_check(star, false, NULL, &err), "order: valid with a star-certificate (RFC 8739)");

	json_t *plain AU_AUTO_JSON = json_q(order);
	json_object_set_new(plain, "finalize", json_string("http://ca.test/f"));
	ok(au_order_check(plain, true, NULL, &err), "order: http where it is allowed");
}

static void authorizations(void)
{
	static const struct spoil bad[] = {
		{ "status", "'ready'", "status: \"ready\"" }, { "status", NULL, "status: missing" },
		{ "identifier", NULL, "identifier: missing" }, { "identifier", "'example.org'", "identifier: not an object" },
		{ "identifier.value", "'*.example.org'", "wildcard has no place" },
		{ "identifier.value", "'a;b'", "not a DNS name" }, { "identifier.value", "7", "value: not a string" },
		{ "wildcard", "'true'", "wildcard: not true or false" }, { "challenges", NULL, "challenges: missing" },
		{ "challenges", "{}", "challenges: not an array" },
		{ "challenges.1.url", "'http://ca.test/c'", "challenges: 1: url" },
		{ "challenges.0.url", "'https://a@ca.test/c'", "challenges: 0: url" }, { 0 },
	};
	static const struct spoil good[] = {
		{ "status", "'valid'", 0 }, { "status", "'invalid'", 0 }, { "status", "'deactivated'", 0 },
		{ "status", "'expired'", 0 }, { "status", "'revoked'", 0 }, { "wildcard", NULL, 0 },
		{ "challenges", "[]", 0 }, { "challenges.0", "7", 0 }, { "challenges.0.url", NULL, 0 },
		{ "challenges.0.url", "7", 0 }, { "challenges.0.type", NULL, 0 }, { "challenges.0.token", "7", 0 },
		{ "challenges.0.status", "'x'", 0 }, { "subdomainAuthAllowed", "true", 0 }, { 0 },
	};
	struct au_err err = { 0 };
	json_t *a AU_AUTO_JSON = json_q(authz);

	try("authorization", authz, check_authz, bad, good);
	json_t *decided AU_AUTO_JSON = json_q("{'status':'deactivated','identifier':{'type':'dns','value':'a.test'}}");
	enum au_status st = AU_ST_PENDING;
	ok(au_authz_check(decided, false, &st, &err) && st == AU_ST_DEACTIVATED, "authorization: decided, challenges dropped");

	ok(au_authz_challenge(a, "dns-01") == json_array_get(json_object_get(a, "challenges"), 1), "a challenge by type");
	ok(!au_authz_challenge(a, "dns") && !au_authz_challenge(a, "") && !au_authz_challenge(decided, "dns-01") &&
	   !au_authz_challenge(NULL, "dns-01"), "and none");
	char *text AU_AUTO_MEM = au_authz_text(a), *plain AU_AUTO_MEM = au_authz_text(decided);
	char *none AU_AUTO_MEM = au_authz_text(NULL);
	is_str(text, "dns:*.example.org", "the wildcard flag is seen");
	is_str(plain, "dns:a.test", "or its absence");
	is_str(none, "?:?", "or there is nothing");

	json_t *many AU_AUTO_JSON = json_q(authz), *list = json_array();
	for (int i = 0; i < 1000; i++)
		json_array_append_new(list, json_q(i == 63 ? "{'type':'x','url':'" T "63'}" :
						   i == 64 ? "{'type':'y','url':'http://evil/'}" : "{}"));
	json_object_set_new(many, "challenges", list);
	ok(au_authz_check(many, false, NULL, &err) && au_authz_challenge(many, "x") && !au_authz_challenge(many, "y"),
	   "of 1,000 challenges the first 64 are looked at");
}

static void challenges(void)
{
	static const struct spoil bad[] = {
		{ "type", NULL, "type: missing" }, { "type", "7", "type: not a string" }, { "url", NULL, "url: missing" },
		{ "url", "'gopher://ca.test/'", "url" }, { "status", NULL, "status: missing" },
		{ "status", "'ready'", "status: \"ready\"" }, { "status", "'deactivated'", "status: \"deactivated\"" }, { 0 },
	};
	static const struct spoil good[] = {
		{ "status", "'pending'", 0 }, { "status", "'valid'", 0 }, { "status", "'invalid'", 0 },
		{ "token", NULL, 0 }, { "type", "'new-99'", 0 }, { "error", "'x'", 0 }, { 0 },
	};

	try("challenge", challenge, check_challenge, bad, good);
}

static void tokens(void)
{
	static const char *const bad[] = {
		"", "a", "DGyRejmCefe7v4NfDGDKf", "DGyRejmCefe7v4NfDGDKfA=", "../../../../etc/cron.d/xxxx",
		"/abs/abs/abs/abs/abs/abs",
		"..", ".", "DGyRejmCefe7v4NfDGDK/A", "DGyRejmCefe7v4NfDGDK\\A", "%2e%2e%2e%2e%2e%2e%2e%2e", "DGyRejmCefe7v4NfDGDK.A",
		"DGyRejmCefe7v4NfDGDKf+", "DGyRejmCefe7v4NfDGDKf ", "$(rebootrebootreboot)xx", "`rebootrebootreboot`xx",
		"DGyRejmCefe7v4NfDG;DKf", "DGyRejmCefe7v4NfDGDKf\xc3\xbc",
	};
	struct au_err err = { 0 };
	const char *token = NULL;
	json_t *o AU_AUTO_JSON = json_q(challenge);
	char text[258];

	ok(au_token_check(o, &token, &err), "the token of the RFC's example");
	is_str(token, "DGyRejmCefe7v4NfDGDKfA", "is handed out");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		json_object_set_new(o, "token", json_string(bad[i]));
		token = NULL;
		fails(!au_token_check(o, &token, &err) && !token, &err, AU_PROTOCOL, "challenge: token: ", "no token: %s", bad[i]);
	}
	memset(text, '-', sizeof text);
	text[257] = '\0';
	json_object_set_new(o, "token", json_string(text));
	fails(!au_token_check(o, &token, &err), &err, AU_PROTOCOL, "22 to 256", "257 characters");
	json_object_set_new(o, "token", json_string(text + 1));
	ok(au_token_check(o, &token, &err), "256 characters");
	json_object_set_new(o, "token", json_integer(7));
	fails(!au_token_check(o, &token, &err), &err, AU_PROTOCOL, "token: not a string", "a number");
	json_object_set_new(o, "token", json_string("DGyRejmCefe7v4NfDGDKfA\n"));
	fails(!au_token_check(o, &token, &err), &err, AU_PROTOCOL, "control character", "a newline at the end");
	json_object_del(o, "token");
	fails(!au_token_check(o, &token, &err), &err, AU_PROTOCOL, "token: missing", "none");
}

int main(void)
{
	directories();
	accounts();
	orders();
	authorizations();
	challenges();
	tokens();
	return done();
}
