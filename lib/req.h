/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * req: ACME requests of one document (RFC 8555 section 6): nonce, signature,
 * badNonce, Retry-After, deadlines. The only caller of http, so that a session broker can
 * slip in between. Part of libacmenet.
 */
#ifndef AU_REQ_H
#define AU_REQ_H

#include "cli.h"
#include "http.h"
#include "key.h"
#include "object.h"

/* Options of every program that talks; a part of the program's own options struct. */
struct au_net_opts {
	const char *cacert;
	long timeout, request_timeout;
	bool ip4, ip6, allow_http, same_origin, no_retry;
};
/* And of those that sign with the account key. */
struct au_acct_opts {
	const char *key, *passphrase;
	bool unsigned_;
};

#define AU_NET_ROWS(T, m) \
	{ 0, "cacert", "FILE", "trust the anchors in this file and no others", au_set_file, \
	  offsetof(T, m.cacert), NULL, "ACME_CACERT" }, \
	{ 0, "timeout", "TIME", "give up on a document after this long, waiting included", au_set_duration, \
	  offsetof(T, m.timeout), "300", NULL }, \
	{ 0, "request-timeout", "TIME", "give up on one request after this long", au_set_duration, \
	  offsetof(T, m.request_timeout), "30", NULL }, \
	{ '4', "ipv4", NULL, "use IPv4 only", au_set_flag, offsetof(T, m.ip4), NULL, NULL }, \
	{ '6', "ipv6", NULL, "use IPv6 only", au_set_flag, offsetof(T, m.ip6), NULL, NULL }, \
	{ 0, "allow-http", NULL, "allow http URLs, for servers in a laboratory", au_set_flag, \
	  offsetof(T, m.allow_http), NULL, NULL }, \
	{ 0, "same-origin", NULL, "stop when the server names a URL on another host", au_set_flag, \
	  offsetof(T, m.same_origin), NULL, NULL }, \
	{ 0, "no-retry", NULL, "do not repeat a request, not even after badNonce", au_set_flag, \
	  offsetof(T, m.no_retry), NULL, NULL }

#define AU_ACCT_ROWS(T, m) \
	{ 0, "account-key", "KEY", "account key (file, URL or fd:N) in place of the document's", au_set_key, \
	  offsetof(T, m.key), NULL, NULL }, \
	{ 0, "passphrase-file", "FILE", "file or fd:N with the passphrase or PIN of the key", au_set_file, \
	  offsetof(T, m.passphrase), NULL, NULL }, \
	{ 0, "unsigned", NULL, "do not send: put the request into the document for acme-sign and acme-post", au_set_flag, \
	  offsetof(T, m.unsigned_), NULL, NULL }

/* One per process: connections, and keys already opened. */
struct au_net;
bool au_net_open(const struct au_net_opts *opts, const struct au_run *run, struct au_net **net, struct au_err *err);
void au_net_free(struct au_net *net);

/* For struct au_cmd: frees run->state, a struct au_net, and lets the status stand. */
int au_net_done(struct au_run *run, int status);

/*
 * Turn to a document: its deadline starts; its `tls`, `directory`, `nonce` and `key` are used from now on. acct is
 * NULL for programs that do not sign. http URLs are allowed with allow_http, or when the directory itself was one.
 */
bool au_req_begin(struct au_net *net, json_t *doc, const struct au_acct_opts *acct, struct au_err *err);

/* An answer; released by au_reply_free(). body is NULL when the answer had none. */
struct au_reply {
	bool unsent;                 /* --unsigned: nothing was sent, the document has the request; all else is empty */
	long status;
	long retry_after;            /* seconds, or -1 */
	char *location;
	json_t *body;                /* JSON object, when the answer was application/json */
	struct au_buf raw;           /* any other content type that was asked for */
	json_t *links;               /* [{"rel","url"}] */
	json_t *headers;
	char *url;                   /* that answered, after redirects */
};
void au_reply_free(struct au_reply *reply);
#define AU_AUTO_REPLY __attribute__((cleanup(au_reply_free)))

/* Plain GET of a JSON object; redirects are followed with care. */
bool au_req_get(struct au_net *net, const char *url, struct au_reply *reply, struct au_err *err);

/* How the JWS names its signer: the account URL, or the public key itself; or jwk of a certificate key (revocation). */
enum au_auth { AU_AUTH_KID, AU_AUTH_JWK };

/*
 * What to post. payload NULL is POST-as-GET. key NULL is the account key. accept: NULL for JSON.
 * into: document member that the answer becomes ("order"), for --unsigned and acme-post; NULL: `response` only.
 */
struct au_post {
	enum au_auth auth;
	const struct au_key *key;
	const char *url;
	const json_t *payload;
	const char *accept;
	const char *into;
};

/*
 * Sign and send; true for 2xx, with a JSON object or what `accept` asked for, or an empty body. The
 * document's `nonce` is spent and refilled. badNonce (by type) is repeated with the new nonce up to
 * AU_MAX_NONCE_RETRIES times, 503 after Retry-After or a back-off up to 3 times, within the deadline; neither with
 * --no-retry. With --unsigned the request goes into the document in place of the network: reply->unsent.
 */
bool au_req_post(struct au_net *net, const struct au_post *post, struct au_reply *reply, struct au_err *err);

/* Send a request that acme-sign signed, as it stands, once. method NULL is POST. true for any answer, problem documents too. */
bool au_req_send(struct au_net *net, const char *method, const char *url, const void *body, size_t n,
		 const char *content_type, const char *accept, struct au_reply *reply, struct au_err *err);

/* Fill err from an answer of status 400 and above. Returns false. */
bool au_req_refused(struct au_err *err, const char *url, const struct au_reply *reply);

/* A fresh nonce into the document's `nonce`, if it has none. */
bool au_req_nonce(struct au_net *net, struct au_err *err);

/* May the document's server send us to this URL? `what` names it. AU_PROTOCOL. */
bool au_req_url(struct au_net *net, const char *url, const char *what, struct au_err *err);

/* Are http URLs allowed for this document? For the checks of object.h. */
bool au_req_allows_http(const struct au_net *net);

/* The account key of the document, opened once. Borrowed. */
bool au_req_account_key(struct au_net *net, const struct au_key **key, struct au_err *err);

/* A URL that the directory must have ("newOrder"). Borrowed. */
bool au_req_endpoint(struct au_net *net, const char *name, const char **url, struct au_err *err);

/*
 * Fetch an authorization (POST-as-GET), check it and put it, with its url, into list: over the element with that
 * url (which must have been for the same name), else at the end. When order is not NULL it must be for one of the
 * order's identifiers (its own name, with the wildcard's star gone, or an ancestor of it, RFC 9444), so that nothing
 * foreign is proved for a server's benefit.
 */
bool au_req_authorization(struct au_net *net, const char *url, const json_t *order, json_t *list, long *retry_after,
			  struct au_err *err);

/*
 * Fetch the document's order again (POST-as-GET): it replaces `order`, keeping its url. *status as in the object.
 */
bool au_req_order(struct au_net *net, enum au_status *status, struct au_reply *reply, struct au_err *err);

/*
 * Wait before polling again: n is how often was polled already. Retry-After when the server gave one
 * (at least 1 s), else 20 ms doubling to 5 s, with jitter. AU_PENDING when the deadline would pass, with
 * retry_after filled.
 */
bool au_req_pause(struct au_net *net, unsigned n, long retry_after, struct au_err *err);

#endif
