/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* acme-revoke: revoke a certificate (RFC 8555 section 7.6), signed by the account's key or by its own. */
#include <string.h>

#include "acmeutil.h"
#include "req.h"

struct options {
	struct au_net_opts net;
	struct au_acct_opts acct;
	const char *key, *reason;
};

static const struct au_opt opts[] = {
	{ 'k', "key", "KEY", "sign with the certificate's own key (file, URL or fd:N) and need no account", au_set_key,
	  offsetof(struct options, key), NULL, NULL },
	{ 'r', "reason", "REASON", "number or name of RFC 5280 section 5.3.1", au_set_str,
	  offsetof(struct options, reason), NULL, NULL },
	AU_ACCT_ROWS(struct options, acct),
	AU_NET_ROWS(struct options, net),
	{ 0 }
};

static const struct au_member in[] = {
	{ "directory.revokeCert", AU_MUST, "where to post" },
	{ "certificate.chain", AU_MAY, "its first certificate is revoked, when no file is named" },
	{ "account.url", AU_MAY, "the account, without --key" },
	{ "key", AU_MAY, "name of the account key, without --key" },
	{ "nonce", AU_MAY, "spent and renewed" },
	{ 0 }
};

/* removeFromCRL (8) takes back a certificateHold and revokes nothing; 7 is not assigned. */
static const struct {
	int number;
	const char *name;
} reasons[] = {
	{ 0, "unspecified" }, { 1, "keyCompromise" }, { 2, "cACompromise" }, { 3, "affiliationChanged" },
	{ 4, "superseded" }, { 5, "cessationOfOperation" }, { 6, "certificateHold" }, { 9, "privilegeWithdrawn" },
	{ 10, "aACompromise" },
};

static struct {
	struct au_net *net;
	struct au_key *key;
	int reason;                  /* -1: none is sent */
} st = { .reason = -1 };

/* "keyCompromise", as well as "key-compromise" and "keycompromise". */
static bool same_name(const char *a, const char *b)
{
	for (;; a++, b++) {
		while (*a == '-' || *a == '_')
			a++;
		char x = *a >= 'A' && *a <= 'Z' ? (char)(*a | 0x20) : *a;
		char y = *b >= 'A' && *b <= 'Z' ? (char)(*b | 0x20) : *b;
		if (x != y)
			return false;
		if (x == '\0')
			return true;
	}
}

static bool reason_read(const char *text, struct au_err *err)
{
	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
		char number[4];
		snprintf(number, sizeof number, "%d", reasons[i].number);
		if (strcmp(text, number) == 0 || same_name(text, reasons[i].name)) {
			st.reason = reasons[i].number;
			return true;
		}
	}
	return au_fail(err, AU_USAGE, "--reason %s: none of unspecified (0), keyCompromise (1), cACompromise (2), "
		       "affiliationChanged (3), superseded (4), cessationOfOperation (5), certificateHold (6), "
		       "privilegeWithdrawn (9), aACompromise (10)", text);
}

static bool setup(struct au_run *run, struct au_err *err)
{
	const struct options *o = run->opt;

	if (run->argc > 1)
		return au_fail(err, AU_USAGE, "%s: one certificate at a time", run->argv[1]);
	if (o->key && o->acct.key)
		return au_fail(err, AU_USAGE, "--key and --account-key exclude each other");
	if (o->reason && !reason_read(o->reason, err))
		return false;
	/* with --unsigned the key may be where we are not */
	if (o->key && !o->acct.unsigned_ && !au_key_open(o->key, AU_KEY_PRIVATE, o->acct.passphrase, &st.key, err))
		return false;
	return au_net_open(&o->net, run, &st.net, err);
}

static json_t *payload_make(const struct au_chain *chain, struct au_err *err)
{
	struct au_buf der AU_AUTO_BUF = AU_BUF(0);
	AU_AUTO_JSON json_t *payload = json_object();
	AU_AUTO_MEM char *text = NULL;

	if (!payload)
		return au_fail_mem(err), NULL;
	if (!au_chain_der(chain, 0, &der, err))
		return NULL;
	if (!(text = au_b64url(der.p, der.n)))
		return au_fail_mem(err), NULL;
	if (!au_json_set_take(payload, "certificate", json_string(text), err) ||
	    (st.reason >= 0 && !au_json_set_take(payload, "reason", json_integer(st.reason), err)))
		return NULL;
	return au_steal(&payload);
}

static bool own_key_check(const struct options *o, const struct au_chain *chain, struct au_err *err)
{
	AU_AUTO_KEY struct au_key *key = NULL;

	if (!st.key)
		return true;
	if (!au_chain_key(chain, &key, err))
		return false;
	return au_key_equal(key, st.key) || au_fail(err, AU_KEY, "%s: not the key of this certificate", o->key);
}

static bool run_revoke(struct au_run *run, json_t *doc, struct au_err *err)
{
	const struct options *o = run->opt;
	AU_AUTO_CHAIN struct au_chain *chain = NULL;
	AU_AUTO_JSON json_t *payload = NULL;
	AU_AUTO_REPLY struct au_reply reply = { 0 };
	struct au_post post = { .auth = o->key ? AU_AUTH_JWK : AU_AUTH_KID, .key = st.key };

	if (!au_chain_open(run->argc ? run->argv[0] : NULL, doc, &chain, err) || !own_key_check(o, chain, err) ||
	    !(payload = payload_make(chain, err)))
		return false;
	post.payload = payload;
	return au_req_begin(st.net, doc, &o->acct, err) && au_req_endpoint(st.net, "revokeCert", &post.url, err) &&
	       au_req_post(st.net, &post, &reply, err);
}

static int done(struct au_run *run, int status)
{
	(void)run;
	au_net_free(st.net);
	au_key_free(st.key);
	return status;
}

static const struct au_cmd cmd = {
	.name = "acme-revoke", .brief = "revoke a certificate", .operands = "[FILE]",
	.opts = opts, .optsize = sizeof(struct options), .in = in,
	.flags = AU_CMD_SECRET, .setup = setup, .run = run_revoke, .done = done,
};

AU_MAIN(cmd)
