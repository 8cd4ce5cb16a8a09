/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * chall: the table of challenge types. A type is one file in chall/, holding
 * the client's and the verifier's half side by side; the table is generated
 * from the list in files.mk. This layer never talks to a network: what a
 * verifier must fetch comes in through struct au_probe.
 */
#ifndef AU_CHALL_H
#define AU_CHALL_H

#include "json.h"
#include "key.h"

/* What a type can prove. */
enum { AU_PROVES_DNS = 1, AU_PROVES_WILDCARD = 2, AU_PROVES_IP = 4, AU_PROVES_OTHER = 8 };

/*
 * What a half works on; all borrowed. key_authorization is token "."
 * thumbprint (RFC 8555 section 8.1), NULL when the type has no token.
 */
struct au_chall_ctx {
	const json_t *authorization;   /* identifier, wildcard */
	const json_t *challenge;       /* as served */
	const char *token, *key_authorization;
	const char *account_url;
	const json_t *doc;             /* client only: the whole document */
};

/*
 * How a verifier reaches the world. Each returns false with err filled
 * (AU_NET: could not reach; AU_NO: is not there).
 * fetch      http://host:port/path, first max octets of the body, appended
 * txt        every TXT string of a name, one JSON string each
 * tls_alpn   the DER certificate shown for SNI `name` at host when ALPN is acme-tls/1
 */
struct au_probe {
	void *ctx;
	bool (*fetch)(void *ctx, const char *host, const char *path, size_t max, struct au_buf *body, struct au_err *err);
	bool (*txt)(void *ctx, const char *name, json_t *strings, struct au_err *err);
	bool (*tls_alpn)(void *ctx, const char *host, const char *sni, struct au_buf *der, struct au_err *err);
};

struct au_chall {
	const char *type, *spec, *brief;
	unsigned proves;
	/*
	 * Client: fill response (what is posted) and provision (what must exist
	 * in the world first: {"kind":"file","path","content"},
	 * {"kind":"dns","name","record":"TXT","value"},
	 * {"kind":"tls-alpn","sni","sha256"}, the last in base64url); both start empty.
	 */
	bool (*answer)(const struct au_chall_ctx *ctx, json_t *response, json_t *provision, struct au_err *err);
	/* Server: members to add to a fresh challenge object beside type, url, status and token. NULL: none. */
	bool (*offer)(json_t *challenge, struct au_err *err);
	/* Server: AU_NO when the proof is wrong, AU_NET when it could not be looked at. */
	bool (*verify)(const struct au_chall_ctx *ctx, const json_t *response, const struct au_probe *probe,
		       struct au_err *err);
};

/* Ends with NULL. */
extern const struct au_chall *const au_chall_table[];

/* NULL when the table has no such type. */
const struct au_chall *au_chall_find(const char *type);

/* Can this type prove the identifier of this authorization (dns, wildcard, ip or another)? */
bool au_chall_proves(const struct au_chall *chall, const json_t *authorization);

/*
 * The answer to one challenge of one authorization, an element of the
 * document's `answers`: {"challenge","type","identifier","response","provision"}.
 * The document gives account.thumbprint and account.url. `override` (or NULL) is posted
 * instead of what the type makes, and lets types through that the table does not know.
 */
json_t *au_chall_answer(const json_t *doc, const json_t *authorization, const json_t *challenge,
			const json_t *override, struct au_err *err) AU_MUST_CHECK;

/*
 * Answer every pending authorization of the document that has a challenge of `type` and no
 * answer yet. Adds to `answers`; *count (may be NULL) says how many. Authorizations
 * without that type, or that it cannot prove, are left for others.
 */
bool au_chall_answer_all(json_t *doc, const char *type, size_t *count, struct au_err *err);

/* The answer in the document to one of the authorization's challenges: a borrowed element of `answers`, or NULL. */
json_t *au_chall_answered(const json_t *doc, const json_t *authorization);

/* Put an answer into `answers`, in place of any other to its authorization. Consumes it, also on failure. */
bool au_chall_add_take(json_t *doc, const json_t *authorization, json_t *answer, struct au_err *err);

/*
 * The self-signed certificate of tls-alpn-01 (RFC 8737 section 3, RFC 8738 section 6) for a dns
 * or ip identifier, valid round `now` (seconds), appended as DER: what a `provision` of kind "tls-alpn"
 * asks to be shown. sha256 is the digest it names.
 */
bool au_chall_tls_alpn_cert(const json_t *identifier, const uint8_t sha256[32], const struct au_key *key,
			    int64_t now, struct au_buf *der, struct au_err *err);

#endif
