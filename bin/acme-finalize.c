/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* acme-finalize: hand in the CSR (RFC 8555 section 7.4) and wait until the certificate is there. */
#include <string.h>

#include "acmeutil.h"
#include "req.h"

struct opts {
	struct au_net_opts net;
	struct au_acct_opts acct;
	const char *key, *key_passphrase, *csr;
	bool no_csr, no_wait;
};

static const struct au_opt opts[] = {
	{ 'k', "key", "KEY", "key of the certificate (file, URL or fd:N): a CSR is made with it", au_set_key,
	  offsetof(struct opts, key), NULL, NULL },
	{ 0, "key-passphrase-file", "FILE", "file or fd:N with the passphrase or PIN of that key", au_set_file,
	  offsetof(struct opts, key_passphrase), NULL, NULL },
	{ 0, "csr", "FILE", "a CSR made elsewhere, PEM or DER", au_set_file, offsetof(struct opts, csr), NULL, NULL },
	{ 0, "no-csr", NULL, "send an empty object, for servers that know the key otherwise", au_set_flag,
	  offsetof(struct opts, no_csr), NULL, NULL },
	{ 0, "no-wait", NULL, "do not wait for the certificate", au_set_flag, offsetof(struct opts, no_wait), NULL, NULL },
	AU_NET_ROWS(struct opts, net),
	AU_ACCT_ROWS(struct opts, acct),
	{ 0 }
};

static const struct au_member reads[] = {
	{ "directory", AU_MUST, "run acme-directory first" },
	{ "account", AU_MUST, "for its url and thumbprint" },
	{ "order", AU_MUST, "for its finalize URL and identifiers" },
	{ "csr", AU_MAY, "what acme-csr made; used when no option says otherwise" },
	{ "key", AU_MAY, "name of the account key" },
	{ "nonce", AU_MAY, "spent first, when there is one" },
	{ 0 }
};

static const struct au_member adds[] = {
	{ "order", AU_MUST, "as it is after finalization" },
	{ "csr", AU_MAY, "the CSR that was sent" },
	{ "request", AU_MAY, "with --unsigned: what acme-sign and acme-post do next" },
	{ 0 }
};

static bool setup(struct au_run *run, struct au_err *err)
{
	const struct opts *o = run->opt;
	if ((o->key != NULL) + (o->csr != NULL) + o->no_csr > 1)
		return au_fail(err, AU_USAGE, "one of -k, --csr and --no-csr at a time");
	return au_net_open(&o->net, run, (struct au_net **)&run->state, err);
}

/* --- the CSR ------------------------------------------------------------------- */

static bool make_csr(const struct opts *o, const json_t *doc, struct au_buf *der, struct au_err *err)
{
	AU_AUTO_KEY struct au_key *key = NULL;
	const struct au_csr_spec spec = { .identifiers = au_json_at(doc, "order.identifiers") };

	return au_key_open(o->key, AU_KEY_PRIVATE, o->key_passphrase, &key, err) && au_csr_make(key, &spec, der, err);
}

static bool read_csr(const char *name, struct au_buf *der, struct au_err *err)
{
	struct au_buf file AU_AUTO_BUF = AU_BUF(0);
	return au_file_read(name, AU_MAX_KEYFILE, AU_INPUT, &file, err) &&
	       (au_csr_read(file.p, file.n, der, err) || au_fail_in(err, "%s", name));
}

static bool check_csr(const json_t *doc, const struct au_buf *der, struct au_err *err)
{
	const char *account = NULL;
	return au_json_str(doc, "account.thumbprint", AU_MAY, &account, err) &&
	       (au_csr_fits(der->p, der->n, au_json_at(doc, "order.identifiers"), account, err) ||
		au_fail_in(err, "CSR"));
}

/* Leaves the document's `csr` as what will be sent. */
static bool prepare_csr(const struct opts *o, json_t *doc, struct au_err *err)
{
	struct au_buf der AU_AUTO_BUF = AU_BUF(0);
	const char *csr = NULL;

	if (o->no_csr) {
		json_object_del(doc, "csr");
		return true;
	}
	if (!o->key && !o->csr) {
		if (!au_json_str(doc, "csr", AU_MAY, &csr, err))
			return false;
		if (!csr)
			return au_fail(err, AU_USAGE, "no CSR: name the certificate's key with -k, a CSR with --csr, or run acme-csr before");
		if (!au_b64url_read(csr, strlen(csr), &der, err))
			return au_fail_in(err, "csr");
	} else if (!(o->key ? make_csr(o, doc, &der, err) : read_csr(o->csr, &der, err))) {
		return false;
	}
	if (!check_csr(doc, &der, err))
		return false;
	AU_AUTO_MEM char *text = au_b64url(der.p, der.n);
	return text ? au_json_set_take(doc, "csr", json_string(text), err) : au_fail_mem(err);
}

/* --- the order ------------------------------------------------------------------ */

static bool fail_invalid(const json_t *doc, struct au_err *err)
{
	const json_t *error = au_json_at(doc, "order.error");
	const char *url = json_string_value(au_json_at(doc, "order.url"));

	if (error)
		au_problem_invalid(err, "order", error);
	else
		au_fail(err, AU_INVALID, "the order became invalid");
	return au_fail_in(err, "%s", url ? url : "order");
}

/* Poll until the order leaves the states below `until`; *status is where it got. */
static bool wait_for(struct au_net *net, const json_t *doc, bool (*undecided)(enum au_status), enum au_status *status,
		     long retry_after, struct au_err *err)
{
	for (unsigned n = 0; undecided(*status); n++) {
		AU_AUTO_REPLY struct au_reply reply = { 0 };
		if (!au_req_pause(net, n, retry_after, err)) {
			const char *url = json_string_value(au_json_at(doc, "order.url"));
			return au_fail_in(err, "order %s still %s", url ? url : "?", au_status_name(*status));
		}
		if (!au_req_order(net, status, &reply, err))
			return false;
		retry_after = reply.retry_after;
	}
	return *status != AU_ST_INVALID || fail_invalid(doc, err);
}

static bool is_pending(enum au_status s)
{
	return s == AU_ST_PENDING;
}

static bool is_processing(enum au_status s)
{
	return s == AU_ST_PROCESSING;
}

static bool send_csr(struct au_net *net, json_t *doc, enum au_status *status, struct au_reply *reply, struct au_err *err)
{
	struct au_post post = { .into = "order" };
	const json_t *csr = json_object_get(doc, "csr");
	AU_AUTO_JSON json_t *payload = csr ? json_pack("{s:O}", "csr", csr) : json_object();
	const char *order_url;

	if (!payload)
		return au_fail_mem(err);
	post.payload = payload;
	if (!au_json_str(doc, "order.finalize", AU_MUST, &post.url, err) ||
	    !au_json_str(doc, "order.url", AU_MUST, &order_url, err) || !au_req_post(net, &post, reply, err) ||
	    reply->unsent)
		return !err->code;
	if (!reply->body)
		return au_fail(err, AU_PROTOCOL, "%s: answered %ld with nothing", post.url, reply->status);
	if (!au_order_check(reply->body, au_req_allows_http(net), status, err))
		return au_fail_in(err, "order %s", order_url);
	return au_json_set_take(reply->body, "url", json_string(order_url), err) &&
	       au_json_set_take(doc, "order", json_incref(reply->body), err);
}

/* Waiting for an order to become ready makes sense only when all that it waits for is known to be done. */
static bool all_proved(const json_t *doc)
{
	const json_t *list = json_object_get(doc, "authorizations"), *authz;
	size_t i;

	json_array_foreach(list, i, authz) {
		const char *status = json_string_value(json_object_get(authz, "status"));
		if (!status || strcmp(status, "valid"))
			return false;
	}
	return json_array_size(list);
}

/*
 * Finalize, and again when the server was not ready for it: what the document says of the order's
 * status may be old, and the server may take a moment after the last authorization became valid.
 */
static bool finalize(struct au_run *run, json_t *doc, enum au_status *status, struct au_err *err)
{
	const struct opts *o = run->opt;
	struct au_net *net = run->state;

	for (int tries = 0; tries < 3; tries++) {
		AU_AUTO_REPLY struct au_reply reply = { 0 };
		if (!send_csr(net, doc, status, &reply, err)) {
			AU_AUTO_REPLY struct au_reply now = { 0 };
			AU_AUTO_ERR struct au_err unready = { 0 };
			if (!au_problem_is(err, "orderNotReady") || o->net.no_retry || tries == 2)
				return false;
			if (!au_req_order(net, status, &now, &unready))
				return false;
			if (*status == AU_ST_INVALID)
				return fail_invalid(doc, err);
			if (*status != AU_ST_PENDING && *status != AU_ST_READY)
				return au_err_clear(err), true;
			if (*status == AU_ST_PENDING &&
			    (!all_proved(doc) || !wait_for(net, doc, is_pending, status, now.retry_after, &unready)))
				return false;
			au_err_clear(err);
			continue;
		}
		if (reply.unsent || o->no_wait)
			return true;
		if (!wait_for(net, doc, is_processing, status, reply.retry_after, err))
			return false;
		if (*status == AU_ST_VALID)
			return true;
	}
	const char *url = json_string_value(au_json_at(doc, "order.url"));
	return au_fail(err, AU_PROTOCOL, "order %s: finalized three times, it is still %s", url ? url : "?",
		       au_status_name(*status));
}

static bool run(struct au_run *run, json_t *doc, struct au_err *err)
{
	const struct opts *o = run->opt;
	struct au_net *net = run->state;
	enum au_status status;

	if (!au_req_begin(net, doc, &o->acct, err))
		return false;
	if (!au_order_check(json_object_get(doc, "order"), au_req_allows_http(net), &status, err)) {
		au_fail_as(err, AU_INPUT);
		return au_fail_in(err, "document");
	}
	if (status == AU_ST_INVALID)
		return fail_invalid(doc, err);
	/* a document that comes back after a time-out: what was finalized is not finalized again */
	if (status == AU_ST_VALID)
		return true;
	if (status == AU_ST_PROCESSING && !o->acct.unsigned_)
		return o->no_wait || wait_for(net, doc, is_processing, &status, -1, err);
	return prepare_csr(o, doc, err) && finalize(run, doc, &status, err);
}

static const struct au_cmd acme_finalize = {
	.name = "acme-finalize",
	.brief = "finalize an order with a CSR and wait for the certificate",
	.opts = opts, .optsize = sizeof(struct opts), .in = reads, .out = adds, .flags = AU_CMD_SECRET,
	.setup = setup, .run = run, .done = au_net_done,
};
AU_MAIN(acme_finalize)
