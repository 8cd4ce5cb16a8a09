/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * problem: what a server's problem document means to a script (a code) and to
 * a person (one line), and the form in which a failure travels on with its
 * document. Everything in it is hostile: it is bounded here, escaped by err.
 */
#include "problem.h"

#include <string.h>

#include "ident.h"
#include "mem.h"

/* Octets of a type, an instance or an identifier that are shown. */
#define SHOWN 300

/* The types that are registered: their meaning goes before the HTTP status. */
static const char *const known_types[] = {
	"accountDoesNotExist", "alreadyReplaced", "alreadyRevoked", "autoRenewalCanceled",
	"autoRenewalCancellationInvalid", "autoRenewalExpired", "autoRenewalRevocationNotSupported", "badCSR",
	"badNonce", "badPublicKey", "badRevocationReason", "badSignatureAlgorithm", "caa", "compound", "connection",
	"dns", "externalAccountRequired", "incorrectResponse", "invalidContact", "invalidProfile", "malformed",
	"onionCAARequired", "orderNotReady", "rateLimited", "rejectedIdentifier", "serverInternal", "tls",
	"unauthorized", "unknownDelegation", "unsupportedContact", "unsupportedIdentifier", "userActionRequired",
};

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* "badCSR" out of ACME's URN, or NULL. */
static const char *acme_type(const json_t *problem)
{
	const char *type = text_of(problem, "type");
	size_t n = strlen(AU_ACME_ERROR);

	return type && strncmp(type, AU_ACME_ERROR, n) == 0 ? type + n : NULL;
}

/* The same, or any other type as it stands, or NULL when there is none. */
static const char *shown_type(const json_t *problem)
{
	const char *type = text_of(problem, "type"), *name = acme_type(problem);

	return name || !type || strcmp(type, "about:blank") == 0 ? name : type;
}

static bool is_known(const char *type)
{
	for (size_t i = 0; i < sizeof known_types / sizeof *known_types; i++)
		if (strcmp(type, known_types[i]) == 0)
			return true;
	return false;
}

/* How many of text's octets to keep for at most max, without cutting a character in two. */
static size_t keep(const char *text, size_t max)
{
	size_t n = strnlen(text, max + 1);

	if (n <= max)
		return n;
	for (n = max; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80; n--)
		;
	return n;
}

static bool add_cut(struct au_buf *b, const char *before, const char *text, size_t max, struct au_err *err)
{
	size_t n;

	if (!text)
		return true;
	n = keep(text, max);
	return au_buf_adds(b, before, err) && au_buf_add(b, text, n, err) && au_buf_adds(b, text[n] ? "..." : "", err);
}

/* "badCSR: detail", or what there is of it. */
static bool add_problem(struct au_buf *b, const json_t *problem, struct au_err *err)
{
	const char *type = shown_type(problem), *detail = text_of(problem, "detail");

	if (!detail)
		detail = text_of(problem, "title");
	return add_cut(b, "", type ? type : detail ? NULL : "no reason given", SHOWN, err) &&
	       add_cut(b, type ? ": " : "", detail, AU_MAX_DETAIL, err);
}

static bool add_subproblems(struct au_buf *b, const json_t *problem, struct au_err *err)
{
	const json_t *list = json_object_get(problem, "subproblems");
	size_t n = json_array_size(list);

	for (size_t i = 0; i < n && i < AU_MAX_SUBPROBLEMS; i++) {
		const json_t *sub = json_array_get(list, i), *identifier = json_object_get(sub, "identifier");
		char *name AU_AUTO_MEM = NULL;
		if (identifier && !(name = au_ident_text(identifier)))
			return au_fail_mem(err);
		if (!add_cut(b, "; ", name ? name : "", SHOWN, err) || !au_buf_adds(b, name ? ": " : "", err) ||
		    !add_problem(b, sub, err))
			return false;
	}
	if (n > AU_MAX_SUBPROBLEMS)
		return au_buf_addf(b, err, "; and %zu more", n - AU_MAX_SUBPROBLEMS);
	return true;
}

/* The whole of a problem as text. The limits keep it under 1 MiB; err cuts what is too long for a line. */
static bool describe(struct au_buf *b, const json_t *problem, struct au_err *err)
{
	return add_problem(b, problem, err) && add_subproblems(b, problem, err) &&
	       add_cut(b, "; see ", text_of(problem, "instance"), AU_MAX_URL, err);
}

/* Hand the failure over to err; problem is consumed. */
static bool finish_take(struct au_err *err, enum au_code code, const char *where, const char *text, json_t *problem,
			long retry_after)
{
	au_fail(err, code, "%s: %s", where, text);
	err->problem = problem;
	err->retry_after = retry_after;
	return false;
}

bool au_problem_fail(struct au_err *err, const char *url, long status, const json_t *body, long retry_after)
{
	struct au_buf text AU_AUTO_BUF = AU_BUF(AU_MAX_REPLY);
	json_t *problem AU_AUTO_JSON = NULL;
	enum au_code code = AU_REFUSED;
	const char *type;

	if (!json_is_object(body)) {
		code = status == 429 || status == 503 ? AU_RATE : AU_REFUSED;
		au_fail(err, code, "%s: HTTP status %ld without a problem document", url, status);
		err->retry_after = retry_after;
		return false;
	}
	type = acme_type(body);
	if (type && is_known(type) ? strcmp(type, "rateLimited") == 0 : status == 429 || status == 503)
		code = AU_RATE;
	problem = json_deep_copy(body);
	if (!problem)
		return au_fail_mem(err);
	if (!json_is_integer(json_object_get(problem, "status")) &&
	    !au_json_set_take(problem, "status", json_integer(status), err))
		return false;
	if (!au_buf_addf(&text, err, "HTTP status %ld: ", status) || !describe(&text, body, err))
		return false;
	return finish_take(err, code, url, (char *)text.p, au_steal(&problem), retry_after);
}

bool au_problem_invalid(struct au_err *err, const char *where, const json_t *error)
{
	struct au_buf text AU_AUTO_BUF = AU_BUF(AU_MAX_REPLY);
	json_t *problem AU_AUTO_JSON = NULL;

	if (!json_is_object(error)) {
		au_fail(err, AU_INVALID, "%s: invalid, no reason given", where);
		return false;
	}
	problem = json_deep_copy(error);
	if (!problem)
		return au_fail_mem(err);
	if (!au_buf_adds(&text, "invalid: ", err) || !describe(&text, error, err))
		return false;
	return finish_take(err, AU_INVALID, where, (char *)text.p, au_steal(&problem), -1);
}

bool au_problem_is(const struct au_err *err, const char *type)
{
	const char *name = acme_type(err->problem);

	return name && strcmp(name, type) == 0;
}

static bool cut_detail(json_t *problem, struct au_err *err)
{
	const char *detail = text_of(problem, "detail");
	size_t n = detail ? keep(detail, AU_MAX_DETAIL) : 0;

	if (!detail || !detail[n])
		return true;
	return au_json_set_take(problem, "detail", json_stringn(detail, n), err);
}

/* Details and subproblems of a server's problem within their limits. */
static bool cut_problem(json_t *problem, struct au_err *err)
{
	json_t *list = json_object_get(problem, "subproblems");

	if (!cut_detail(problem, err))
		return false;
	while (json_array_size(list) > AU_MAX_SUBPROBLEMS)
		json_array_remove(list, json_array_size(list) - 1);
	for (size_t i = 0; i < json_array_size(list); i++) {
		/* A subproblem has none of its own (RFC 8555 section 6.7.1). */
		json_object_del(json_array_get(list, i), "subproblems");
		if (!cut_detail(json_array_get(list, i), err))
			return false;
	}
	return true;
}

static json_t *own_problem(const struct au_err *err, struct au_err *failure)
{
	json_t *problem AU_AUTO_JSON = json_object();
	char *type AU_AUTO_MEM = au_asprintf("urn:acmeutils:error:%s", au_code_name(err->code));

	if (!au_json_set_take(problem, "type", type ? json_string(type) : NULL, failure) ||
	    !au_json_set_take(problem, "detail", json_string(err->text), failure))
		return NULL;
	return au_steal(&problem);
}

json_t *au_problem_doc(const struct au_err *err, const char *program)
{
	struct au_err failure AU_AUTO_ERR = { 0 };
	json_t *problem AU_AUTO_JSON = err->problem ? json_deep_copy(err->problem) : own_problem(err, &failure);

	if (!problem || !cut_problem(problem, &failure) ||
	    !au_json_set_take(problem, "program", json_string(program), &failure) ||
	    !au_json_set_take(problem, "exit", json_integer(err->code), &failure))
		return NULL;
	/* What the server may have put there under our name is not ours. */
	json_object_del(problem, "retryAfter");
	if (err->retry_after >= 0 && !au_json_set_take(problem, "retryAfter", json_integer(err->retry_after), &failure))
		return NULL;
	return au_steal(&problem);
}
