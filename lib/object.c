/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * object: one look at each server object when it arrives, so that what comes
 * later need not ask whether a status is a status or a URL may be followed.
 *
 * The rule for wrong kinds: what a program acts on must be there and of its
 * kind, or the object is refused; what no program acts on is not looked at.
 */
#include "object.h"

#include <string.h>

#include "ident.h"
#include "mem.h"

#define BIT(st) (1u << (st))

static const char *const status_names[] = {
	[AU_ST_PENDING] = "pending", [AU_ST_PROCESSING] = "processing", [AU_ST_READY] = "ready",
	[AU_ST_VALID] = "valid", [AU_ST_INVALID] = "invalid", [AU_ST_DEACTIVATED] = "deactivated",
	[AU_ST_EXPIRED] = "expired", [AU_ST_REVOKED] = "revoked",
};

/* Which statuses a type of object has (RFC 8555 section 7.1.6). */
enum {
	ACCOUNT_STATES = BIT(AU_ST_VALID) | BIT(AU_ST_DEACTIVATED) | BIT(AU_ST_REVOKED),
	ORDER_STATES = BIT(AU_ST_PENDING) | BIT(AU_ST_READY) | BIT(AU_ST_PROCESSING) | BIT(AU_ST_VALID) |
		       BIT(AU_ST_INVALID),
	AUTHZ_STATES = BIT(AU_ST_PENDING) | BIT(AU_ST_VALID) | BIT(AU_ST_INVALID) | BIT(AU_ST_DEACTIVATED) |
		       BIT(AU_ST_EXPIRED) | BIT(AU_ST_REVOKED),
	CHALLENGE_STATES = BIT(AU_ST_PENDING) | BIT(AU_ST_PROCESSING) | BIT(AU_ST_VALID) | BIT(AU_ST_INVALID),
};

const char *au_status_name(enum au_status status)
{
	return (size_t)status < sizeof status_names / sizeof *status_names ? status_names[status] : NULL;
}

/* A getter's AU_INPUT, said of a server's object. */
static bool broken(struct au_err *err, const char *object)
{
	if (err->code == AU_INPUT)
		au_fail_as(err, AU_PROTOCOL);
	return au_fail_in(err, "%s", object);
}

static bool read_status(const json_t *object, unsigned states, enum au_status *status, struct au_err *err)
{
	const char *name;

	if (!au_json_str(object, "status", AU_MUST, &name, err))
		return false;
	for (unsigned i = 0; i < sizeof status_names / sizeof *status_names; i++)
		if ((states & BIT(i)) && strcmp(name, status_names[i]) == 0) {
			*status = (enum au_status)i;
			return true;
		}
	return au_fail(err, AU_PROTOCOL, "status: \"%.80s\" is not one of this object's", name);
}

static bool read_url(const json_t *object, const char *member, enum au_need need, bool allow_http, struct au_err *err)
{
	const char *url = NULL;

	if (!au_json_str(object, member, need, &url, err))
		return false;
	return !url || au_url_check(url, member, allow_http, err);
}

bool au_directory_check(const json_t *directory, bool allow_http, struct au_err *err)
{
	/* Servers without keyChange or revokeCert exist, and serve those who need neither. */
	static const struct { const char *name; enum au_need need; } urls[] = {
		{ "newNonce", AU_MUST }, { "newAccount", AU_MUST }, { "newOrder", AU_MUST }, { "newAuthz", AU_MAY },
		{ "revokeCert", AU_MAY }, { "keyChange", AU_MAY }, { "renewalInfo", AU_MAY },
	};
	const char *text;
	bool flag;
	json_t *object;

	if (!json_is_object(directory))
		return au_fail(err, AU_PROTOCOL, "directory: not an object");
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
		if (!read_url(directory, urls[i].name, urls[i].need, allow_http, err))
			return broken(err, "directory");
	if (!au_json_obj(directory, "meta", AU_MAY, &object, err) ||
	    !au_json_str(directory, "meta.termsOfService", AU_MAY, &text, err) ||
	    !au_json_bool(directory, "meta.externalAccountRequired", AU_MAY, &flag, err) ||
	    !au_json_bool(directory, "meta.subdomainAuthAllowed", AU_MAY, &flag, err) ||
	    !au_json_obj(directory, "meta.profiles", AU_MAY, &object, err))
		return broken(err, "directory");
	return true;
}

bool au_account_check(const json_t *account, struct au_err *err)
{
	enum au_status status;
	const char *orders;
	json_t *contact;

	if (!json_is_object(account))
		return au_fail(err, AU_PROTOCOL, "account: not an object");
	if (!read_status(account, ACCOUNT_STATES, &status, err) ||
	    !au_json_arr(account, "contact", AU_MAY, &contact, err) ||
	    !au_json_str(account, "orders", AU_MAY, &orders, err))
		return broken(err, "account");
	for (size_t i = 0; i < json_array_size(contact); i++)
		if (!json_is_string(json_array_get(contact, i)))
			return au_fail(err, AU_PROTOCOL, "account: contact: not an array of strings");
	return true;
}

static bool check_identifiers(const json_t *order, struct au_err *err)
{
	json_t *list;

	if (!au_json_arr(order, "identifiers", AU_MUST, &list, err))
		return false;
	if (json_array_size(list) == 0)
		return au_fail(err, AU_PROTOCOL, "identifiers: empty");
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!au_ident_check(json_array_get(list, i), true, err))
			return au_fail_in(err, "identifiers: %zu", i);
	return true;
}

static bool check_authorizations(const json_t *order, enum au_status status, bool allow_http, struct au_err *err)
{
	json_t *list;
	size_t n;

	if (!au_json_arr(order, "authorizations", AU_MUST, &list, err))
		return false;
	n = json_array_size(list);
	if (n == 0 && status == AU_ST_PENDING)
		return au_fail(err, AU_PROTOCOL, "authorizations: empty, although the order is pending");
	if (n > AU_MAX_AUTHZ)
		return au_fail(err, AU_PROTOCOL, "authorizations: %zu of them, more than %u", n, AU_MAX_AUTHZ);
	for (size_t i = 0; i < n; i++) {
		const char *url = json_string_value(json_array_get(list, i));
		if (!url)
			return au_fail(err, AU_PROTOCOL, "authorizations: not an array of URLs");
		if (!au_url_check(url, "authorizations", allow_http, err))
			return false;
	}
	return true;
}

bool au_order_check(const json_t *order, bool allow_http, enum au_status *status, struct au_err *err)
{
	enum au_status st;

	if (!json_is_object(order))
		return au_fail(err, AU_PROTOCOL, "order: not an object");
	if (!read_status(order, ORDER_STATES, &st, err) || !check_identifiers(order, err) ||
	    !check_authorizations(order, st, allow_http, err) ||
	    !read_url(order, "finalize", AU_MUST, allow_http, err) ||
	    !read_url(order, "certificate", AU_MAY, allow_http, err) ||
	    !read_url(order, "star-certificate", AU_MAY, allow_http, err))
		return broken(err, "order");
	if (st == AU_ST_VALID && !au_json_at(order, "certificate") && !au_json_at(order, "star-certificate"))
		return au_fail(err, AU_PROTOCOL, "order: valid, but without a certificate URL");
	if (status)
		*status = st;
	return true;
}

/* Is there all that makes a challenge usable? Others are passed over. */
static bool is_challenge(const json_t *challenge)
{
	return json_is_string(json_object_get(challenge, "type")) && json_is_string(json_object_get(challenge, "url"));
}

static bool check_challenges(const json_t *authz, enum au_status status, bool allow_http, struct au_err *err)
{
	json_t *list;

	/* An authorization that is decided may have dropped them. */
	if (!au_json_arr(authz, "challenges", status == AU_ST_PENDING ? AU_MUST : AU_MAY, &list, err))
		return false;
	for (size_t i = 0; i < json_array_size(list) && i < AU_MAX_CHALLENGES; i++) {
		const json_t *challenge = json_array_get(list, i);
		if (is_challenge(challenge) && !read_url(challenge, "url", AU_MUST, allow_http, err))
			return au_fail_in(err, "challenges: %zu", i);
	}
	return true;
}

bool au_authz_check(const json_t *authz, bool allow_http, enum au_status *status, struct au_err *err)
{
	enum au_status st;
	json_t *identifier;
	bool wildcard;

	if (!json_is_object(authz))
		return au_fail(err, AU_PROTOCOL, "authorization: not an object");
	if (!read_status(authz, AUTHZ_STATES, &st, err) ||
	    !au_json_obj(authz, "identifier", AU_MUST, &identifier, err) ||
	    !au_ident_check(identifier, false, err) ||
	    !au_json_bool(authz, "wildcard", AU_MAY, &wildcard, err) ||
	    !check_challenges(authz, st, allow_http, err))
		return broken(err, "authorization");
	if (status)
		*status = st;
	return true;
}

bool au_challenge_check(const json_t *challenge, bool allow_http, enum au_status *status, struct au_err *err)
{
	enum au_status st;
	const char *type;

	if (!json_is_object(challenge))
		return au_fail(err, AU_PROTOCOL, "challenge: not an object");
	if (!au_json_str(challenge, "type", AU_MUST, &type, err) ||
	    !read_status(challenge, CHALLENGE_STATES, &st, err) ||
	    !read_url(challenge, "url", AU_MUST, allow_http, err))
		return broken(err, "challenge");
	if (status)
		*status = st;
	return true;
}

json_t *au_authz_challenge(const json_t *authz, const char *type)
{
	const json_t *list = json_object_get(authz, "challenges");

	for (size_t i = 0; i < json_array_size(list) && i < AU_MAX_CHALLENGES; i++) {
		json_t *challenge = json_array_get(list, i);
		if (is_challenge(challenge) && strcmp(json_string_value(json_object_get(challenge, "type")), type) == 0)
			return challenge;
	}
	return NULL;
}

bool au_token_check(const json_t *challenge, const char **token, struct au_err *err)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *text;
	size_t n;

	if (!au_json_str(challenge, "token", AU_MUST, &text, err))
		return broken(err, "challenge");
	n = strspn(text, alphabet);
	if (text[n] != '\0' || n < 22 || n > 256)
		return au_fail(err, AU_PROTOCOL, "challenge: token: \"%.80s\" is not 22 to 256 characters of base64url",
			       text);
	*token = text;
	return true;
}

char *au_authz_text(const json_t *authz)
{
	const json_t *identifier = json_object_get(authz, "identifier");
	const char *type = json_string_value(json_object_get(identifier, "type"));
	const char *value = json_string_value(json_object_get(identifier, "value"));
	bool wildcard = json_is_true(json_object_get(authz, "wildcard"));

	return au_asprintf("%s:%s%s", type ? type : "?", wildcard ? "*." : "", value ? value : "?");
}
