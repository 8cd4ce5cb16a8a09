/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* jws: what ACME signs and how it is checked. */
#include "jws.h"

#include <gnutls/crypto.h>
#include <string.h>

#include "b64.h"
#include "gnutls-key.h"
#include "json.h"
#include "jwk.h"
#include "mem.h"

/* --- signing ------------------------------------------------------------------------ */

/* "protected.payload", both base64url. */
static bool signing_input(const char *header, const char *payload, struct au_buf *in, struct au_err *err)
{
	return au_buf_adds(in, header, err) && au_buf_adds(in, ".", err) && au_buf_adds(in, payload, err);
}

static json_t *flattened(const char *header, const char *payload, const struct au_buf *sig, struct au_err *err)
{
	AU_AUTO_JSON json_t *jws = json_object();
	AU_AUTO_MEM char *signature = au_b64url(sig->p, sig->n);

	if (!jws || !signature)
		return au_fail_mem(err), NULL;
	if (!au_json_set_take(jws, "protected", json_string(header), err) ||
	    !au_json_set_take(jws, "payload", json_string(payload), err) ||
	    !au_json_set_take(jws, "signature", json_string(signature), err))
		return NULL;
	return au_steal(&jws);
}

json_t *au_jws_sign_raw(const struct au_key *key, const char *alg, const void *header, size_t header_n,
			const void *payload, size_t n, struct au_err *err)
{
	AU_AUTO_BUF struct au_buf in = { 0 }, sig = { 0 };
	AU_AUTO_MEM char *h = au_b64url(header, header_n), *p = au_b64url(payload, n);

	if (!h || !p)
		return au_fail_mem(err), NULL;
	if (!signing_input(h, p, &in, err) || !au_key_sign(key, alg, in.p, in.n, &sig, err))
		return NULL;
	return flattened(h, p, &sig, err);
}

json_t *au_jws_sign(const struct au_key *key, const json_t *protected_, const void *payload, size_t n,
		    struct au_err *err)
{
	AU_AUTO_JSON json_t *header = json_copy((json_t *)(uintptr_t)protected_);
	AU_AUTO_MEM char *text = NULL;
	const char *alg = NULL;

	if (!header)
		return au_fail_mem(err), NULL;
	if (!json_object_get(header, "alg") &&
	    !au_json_set_take(header, "alg", json_string(au_key_alg_peek(key)), err))
		return NULL;
	if (!au_json_str(header, "alg", AU_MUST, &alg, err))
		return NULL;
	text = au_json_dump(header);
	if (!text)
		return au_fail_mem(err), NULL;
	return au_jws_sign_raw(key, alg, text, strlen(text), payload, n, err);
}

/* --- external account binding --------------------------------------------------------- */

static const struct mac {
	const char *alg;
	gnutls_mac_algorithm_t mac;
	size_t n;
} macs[] = {
	{ "HS256", GNUTLS_MAC_SHA256, 32 },
	{ "HS384", GNUTLS_MAC_SHA384, 48 },
	{ "HS512", GNUTLS_MAC_SHA512, 64 },
};

static const struct mac *mac_find(const char *alg)
{
	for (size_t i = 0; i < sizeof macs / sizeof *macs; i++)
		if (strcmp(macs[i].alg, alg) == 0)
			return &macs[i];
	return NULL;
}

/* The two halves in base64url. */
static bool eab_texts(const struct au_key *account, const char *kid, const char *alg, const char *url, char **header,
		      char **payload, struct au_err *err)
{
	AU_AUTO_JSON json_t *jwk = au_jwk(account, AU_KEY_PUBLIC, err);
	AU_AUTO_JSON json_t *h = json_object();
	AU_AUTO_MEM char *ht = NULL, *pt = NULL;

	if (!jwk)
		return false;
	if (!h)
		return au_fail_mem(err);
	if (!au_json_set_take(h, "alg", json_string(alg), err) || !au_json_set_take(h, "kid", json_string(kid), err) ||
	    !au_json_set_take(h, "url", json_string(url), err))
		return false;
	ht = au_json_dump(h);
	pt = au_json_dump(jwk);
	*header = ht ? au_b64url(ht, strlen(ht)) : NULL;
	*payload = pt ? au_b64url(pt, strlen(pt)) : NULL;
	return (*header && *payload) || au_fail_mem(err);
}

json_t *au_jws_eab(const struct au_key *account, const char *kid, const char *alg, const void *mac_key, size_t n,
		   const char *url, struct au_err *err)
{
	const struct mac *mac = mac_find(alg);
	AU_AUTO_MEM char *header = NULL, *payload = NULL;
	AU_AUTO_BUF struct au_buf in = { 0 }, sig = { 0 };

	if (!mac)
		return au_fail(err, AU_USAGE, "external account binding: algorithm %s: not HS256, HS384 or HS512", alg),
		       NULL;
	if (n == 0)
		return au_fail(err, AU_KEY, "external account binding: the MAC key is empty"), NULL;
	if (!eab_texts(account, kid, alg, url, &header, &payload, err) ||
	    !signing_input(header, payload, &in, err) || !au_buf_room(&sig, mac->n, err))
		return NULL;
	int r = gnutls_hmac_fast(mac->mac, mac_key, n, in.p, in.n, sig.p);
	if (r < 0)
		return au_fail_gnutls(err, AU_KEY, "external account binding", r), NULL;
	sig.n = mac->n;
	return flattened(header, payload, &sig, err);
}

/* --- reading --------------------------------------------------------------------------- */

json_t *au_jws_from_compact(const char *text, struct au_err *err)
{
	const char *a = strchr(text, '.'), *b = a ? strchr(a + 1, '.') : NULL;
	AU_AUTO_JSON json_t *jws = json_object();

	if (!b || strchr(b + 1, '.'))
		return au_fail(err, AU_INPUT, "not a JWS in compact form: that has three parts, with dots between"), NULL;
	if (!jws)
		return au_fail_mem(err), NULL;
	if (!au_json_set_take(jws, "protected", json_stringn(text, (size_t)(a - text)), err) ||
	    !au_json_set_take(jws, "payload", json_stringn(a + 1, (size_t)(b - a - 1)), err) ||
	    !au_json_set_take(jws, "signature", json_string(b + 1), err))
		return NULL;
	return au_steal(&jws);
}

/* The three members as they stand; borrowed from jws. */
struct parts {
	const char *header, *payload, *signature;
};

static bool parts_read(const json_t *jws, struct parts *parts, struct au_err *err)
{
	if (!json_is_object(jws))
		return au_fail(err, AU_INPUT, "JWS: not an object");
	if (json_object_get(jws, "header"))
		return au_fail(err, AU_INPUT, "JWS: an unprotected header, which RFC 8555 section 6.2 forbids");
	if (json_object_get(jws, "signatures"))
		return au_fail(err, AU_INPUT, "JWS: several signatures, which RFC 8555 section 6.2 forbids");
	return au_json_str(jws, "protected", AU_MUST, &parts->header, err) &&
	       au_json_str(jws, "payload", AU_MUST, &parts->payload, err) &&
	       au_json_str(jws, "signature", AU_MUST, &parts->signature, err);
}

static bool octets(const char *text, const char *name, struct au_buf *out, struct au_err *err)
{
	return au_b64url_read(text, strlen(text), out, err) || au_fail_in(err, "JWS: %s", name);
}

static json_t *header_read(const char *text, struct au_err *err)
{
	AU_AUTO_BUF struct au_buf b = { 0 };
	AU_AUTO_JSON json_t *header = NULL;

	if (!octets(text, "protected", &b, err))
		return NULL;
	header = au_json_load(b.p, b.n, AU_MAX_DEPTH_SERVER, err);
	if (!header)
		return au_fail_in(err, "JWS: protected header"), NULL;
	if (!json_is_object(header))
		return au_fail(err, AU_INPUT, "JWS: protected header: not an object"), NULL;
	return au_steal(&header);
}

json_t *au_jws_header(const json_t *jws, struct au_err *err)
{
	struct parts parts = { 0 };

	return parts_read(jws, &parts, err) ? header_read(parts.header, err) : NULL;
}

/* The algorithm; RFC 7515 section 4.1.11 (crit), RFC 7797 (b64): nothing here understands an extension. */
static bool header_check(const json_t *header, const char **alg, struct au_err *err)
{
	static const char *const refused[] = { "crit", "b64" };

	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		if (json_object_get(header, refused[i]))
			return au_fail(err, AU_INPUT, "JWS: protected header: %s is not supported", refused[i]);
	return au_json_str(header, "alg", AU_MUST, alg, err) || au_fail_in(err, "JWS: protected header");
}

bool au_jws_verify(const struct au_key *key, const json_t *jws, json_t **header, struct au_buf *payload,
		   struct au_err *err)
{
	AU_AUTO_JSON json_t *from_compact = json_is_string(jws) ? au_jws_from_compact(json_string_value(jws), err) : NULL;
	AU_AUTO_JSON json_t *h = NULL;
	AU_AUTO_BUF struct au_buf in = { 0 }, sig = { 0 }, body = { 0 };
	struct parts parts = { 0 };
	const char *alg = NULL;

	if (json_is_string(jws) && !from_compact)
		return false;
	if (!parts_read(from_compact ? from_compact : jws, &parts, err))
		return false;
	h = header_read(parts.header, err);
	if (!h || !header_check(h, &alg, err) || !octets(parts.payload, "payload", &body, err) ||
	    !octets(parts.signature, "signature", &sig, err) || !signing_input(parts.header, parts.payload, &in, err))
		return false;
	if (!au_key_verify(key, alg, in.p, in.n, sig.n ? sig.p : (const uint8_t *)"", sig.n, err) ||
	    !au_buf_add(payload, body.p, body.n, err))
		return false;
	if (header)
		*header = au_steal(&h);
	return true;
}
