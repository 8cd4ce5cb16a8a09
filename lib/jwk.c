/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* jwk: keys as JSON; the numbers go through key-impl's parts. */
#include "jwk.h"

#include <gnutls/crypto.h>
#include <string.h>

#include "b64.h"
#include "json.h"
#include "key-impl.h"
#include "mem.h"

/* Members in the order of enum au_part; public_n of them are public. */
static const struct form {
	const char *kty;
	const char *members[AU_PARTS + 1];
	unsigned public_n;
} forms[] = {
	{ "RSA", { "n", "e", "d", "p", "q", "dp", "dq", "qi" }, 2 },
	{ "EC", { "x", "y", "d" }, 2 },
	{ "OKP", { "x", NULL, "d" }, 1 },
};
#define FORMS (sizeof forms / sizeof *forms)

static const struct form *form_of(const char *kty)
{
	for (size_t i = 0; i < FORMS; i++)
		if (strcmp(forms[i].kty, kty) == 0)
			return &forms[i];
	return NULL;
}

/* --- writing ---------------------------------------------------------------------- */

static bool set_octets(json_t *jwk, const char *name, const struct au_buf *v, struct au_err *err)
{
	AU_AUTO_MEM char *text = au_b64url(v->p, v->n);

	return text ? au_json_set_take(jwk, name, json_string(text), err) : au_fail_mem(err);
}

json_t *au_jwk(const struct au_key *key, enum au_key_want want, struct au_err *err)
{
	AU_AUTO_JSON json_t *jwk = json_object();
	AU_AUTO_PARTS struct au_parts parts = { 0 };
	const struct au_key_kind *kind = &au_key_kinds[au_key_type(key)];
	const struct form *form = form_of(kind->kty);

	if (!jwk)
		return au_fail_mem(err), NULL;
	if (!au_parts_of(key, want, &parts, err) || !au_json_set_take(jwk, "kty", json_string(kind->kty), err) ||
	    (kind->crv && !au_json_set_take(jwk, "crv", json_string(kind->crv), err)))
		return NULL;
	for (unsigned i = 0; i < AU_PARTS; i++)
		if (form->members[i] && parts.v[i].n && !set_octets(jwk, form->members[i], &parts.v[i], err))
			return NULL;
	return au_steal(&jwk);
}

/* --- reading ---------------------------------------------------------------------- */

static bool type_read(const json_t *jwk, const struct form **form, enum au_key_type *type, struct au_err *err)
{
	const char *kty = NULL, *crv = NULL;

	if (!au_json_str(jwk, "kty", AU_MUST, &kty, err))
		return false;
	*form = form_of(kty);
	if (!*form)
		return au_fail(err, AU_KEY, "kty: %s: only RSA, EC and OKP keys can sign here", kty);
	*type = AU_KEY_RSA;
	if (strcmp(kty, "RSA") == 0)
		return true;
	if (!au_json_str(jwk, "crv", AU_MUST, &crv, err))
		return false;
	for (*type = AU_KEY_P256; *type < AU_KEY_KINDS; ++*type)
		if (strcmp(au_key_kinds[*type].kty, kty) == 0 && strcmp(au_key_kinds[*type].crv, crv) == 0)
			return true;
	return au_fail(err, AU_KEY, "crv: %s: not a curve of %s that is known", crv, kty);
}

/*
 * RFC 7518 sections 6.2.1.2 (full width) and 2 (no leading zero: one key, one thumbprint). Some writers pad the
 * private numbers of RSA, which harms nobody.
 */
static bool spelled(const struct au_parts *parts, unsigned part, const struct au_buf *v)
{
	size_t width = au_key_kinds[parts->type].width;

	if (v->n == 0)
		return false;
	return width ? v->n == width : part > AU_PART_E || v->p[0] != 0;
}

static bool member_read(const json_t *jwk, const char *name, enum au_need need, struct au_parts *parts, unsigned part,
			struct au_err *err)
{
	AU_AUTO_BUF struct au_buf v = AU_BUF(AU_MAX_KEYFILE);
	const char *text = NULL;

	if (!au_json_str(jwk, name, need, &text, err))
		return false;
	if (!text)
		return true;
	if (!au_b64url_read(text, strlen(text), &v, err))
		return au_fail_in(err, "%s", name);
	if (!spelled(parts, part, &v))
		return au_fail(err, AU_KEY, "%s: %zu octets: not of the length, or with the leading zeros, that RFC 7518 "
			       "wants", name, v.n);
	return au_part_set(parts, part, v.p, v.n, err);
}

static bool members_read(const json_t *jwk, enum au_key_want want, const struct form *form, struct au_parts *parts,
			 struct au_err *err)
{
	for (unsigned i = 0; i < form->public_n; i++)
		if (!member_read(jwk, form->members[i], AU_MUST, parts, i, err))
			return false;
	if (want == AU_KEY_PUBLIC)
		return true;
	if (!json_object_get(jwk, "d"))
		return au_fail(err, AU_KEY, "a public JWK; the private one is needed");
	if (json_object_get(jwk, "oth"))
		return au_fail(err, AU_KEY, "RSA: keys of more than two primes are not supported");
	for (unsigned i = AU_PART_D; i < AU_PARTS; i++)
		if (form->members[i] && !member_read(jwk, form->members[i], i == AU_PART_D ? AU_MUST : AU_MAY, parts,
						     i, err))
			return false;
	return true;
}

static bool jwk_read(const json_t *jwk, enum au_key_want want, struct au_key **key, struct au_err *err)
{
	AU_AUTO_PARTS struct au_parts parts = { 0 };
	const struct form *form;

	if (!json_is_object(jwk))
		return au_fail(err, AU_KEY, "not an object");
	return type_read(jwk, &form, &parts.type, err) && members_read(jwk, want, form, &parts, err) &&
	       au_key_from_parts(&parts, want, key, err);
}

bool au_jwk_read(const json_t *jwk, enum au_key_want want, struct au_key **key, struct au_err *err)
{
	if (jwk_read(jwk, want, key, err))
		return true;
	if (err->code == AU_INPUT)
		au_fail_as(err, AU_KEY);
	return au_fail_in(err, "JWK");
}

/* --- thumbprint --------------------------------------------------------------------- */

bool au_jwk_thumbprint(const struct au_key *key, uint8_t out[32], struct au_err *err)
{
	/* the members that au_jwk writes are those RFC 7638 section 3.2 asks for, and nothing else */
	AU_AUTO_JSON json_t *jwk = au_jwk(key, AU_KEY_PUBLIC, err);
	AU_AUTO_MEM char *text = NULL;

	if (!jwk)
		return false;
	text = au_json_dump(jwk);
	if (!text)
		return au_fail_mem(err);
	int r = gnutls_hash_fast(GNUTLS_DIG_SHA256, text, strlen(text), out);
	return r >= 0 || au_fail_gnutls(err, AU_KEY, "thumbprint", r);
}

bool au_jwk_thumbprint_text(const struct au_key *key, char out[44], struct au_err *err)
{
	uint8_t digest[32];
	AU_AUTO_MEM char *text = NULL;

	if (!au_jwk_thumbprint(key, digest, err))
		return false;
	text = au_b64url(digest, sizeof digest);
	if (!text)
		return au_fail_mem(err);
	memcpy(out, text, 44);
	return true;
}
