/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* acme-account: the account's whole life (RFC 8555 section 7.3): create, find, update, change key, list orders, deactivate. */
#include <stdlib.h>
#include <string.h>

#include "acmeutil.h"
#include "req.h"

struct opts {
	struct au_net_opts net;
	struct au_acct_opts acct;
	const char *key, *new_key, *new_passphrase, *eab_kid, *eab_key, *eab_alg;
	struct au_list contacts, mails;
	bool agree, find, update, no_contact, deactivate, orders;
};

#define FLAG(field) au_set_flag, offsetof(struct opts, field), NULL, NULL
static const struct au_opt opts[] = {
	{ 'k', "key", "KEY", "the account key: file, URL or fd:N", au_set_key, offsetof(struct opts, key), NULL, NULL },
	{ 0, "agree-tos", NULL, "agree to the server's terms of service", FLAG(agree) },
	{ 'm', "email", "MAIL", "contact by mail; may be repeated", au_set_list, offsetof(struct opts, mails), NULL, NULL },
	{ 0, "contact", "URI", "contact by any URI; may be repeated", au_set_list, offsetof(struct opts, contacts), NULL,
	  NULL },
	{ 0, "eab-kid", "ID", "key identifier of an external account binding", au_set_str,
	  offsetof(struct opts, eab_kid), NULL, NULL },
	{ 0, "eab-hmac-key-file", "FILE", "file or fd:N with its MAC key, base64url", au_set_file,
	  offsetof(struct opts, eab_key), NULL, NULL },
	{ 0, "eab-hmac-alg", "ALG", "its algorithm: HS256, HS384 or HS512", au_set_str, offsetof(struct opts, eab_alg),
	  "HS256", NULL },
	{ 0, "find", NULL, "only find the account of the key, never create one", FLAG(find) },
	{ 0, "only-existing", NULL, NULL, FLAG(find) },
	{ 0, "update", NULL, "set the contacts to those given", FLAG(update) },
	{ 0, "no-contact", NULL, "with --update: remove all contacts", FLAG(no_contact) },
	{ 0, "new-key", "KEY", "change the account's key to this one", au_set_key, offsetof(struct opts, new_key), NULL,
	  NULL },
	{ 0, "new-passphrase-file", "FILE", "file or fd:N with the passphrase or PIN of the new key", au_set_file,
	  offsetof(struct opts, new_passphrase), NULL, NULL },
	{ 0, "orders", NULL, "list the account's orders", FLAG(orders) },
	{ 0, "deactivate", NULL, "deactivate the account, for ever", FLAG(deactivate) },
	AU_NET_ROWS(struct opts, net),
	AU_ACCT_ROWS(struct opts, acct),
	{ 0 }
};

static const struct au_member reads[] = {
	{ "directory", AU_MUST, "run acme-directory first" },
	{ "key", AU_MAY, "name of the account key, when no -k is given" },
	{ "account.url", AU_MAY, "an account found earlier is not looked up again for --update and the like" },
	{ "nonce", AU_MAY, "spent first, when there is one" },
	{ 0 }
};

static const struct au_member adds[] = {
	{ "account", AU_MUST, "the account object as served, plus its url and thumbprint" },
	{ "key", AU_MAY, "name of the account key: absolute path or URL" },
	{ "orders", AU_MAY, "with --orders: the orders' URLs" },
	{ "request", AU_MAY, "with --unsigned: what acme-sign and acme-post do next" },
	{ 0 }
};

static bool setup(struct au_run *run, struct au_err *err)
{
	const struct opts *o = run->opt;
	bool contacts = o->contacts.n || o->mails.n;

	if (o->find && (contacts || o->agree || o->eab_kid) && !o->update)
		return au_fail(err, AU_USAGE, "--find changes nothing: no contacts, terms or binding with it");
	if (!o->eab_kid != !o->eab_key)
		return au_fail(err, AU_USAGE, "an external account binding takes both --eab-kid and --eab-hmac-key-file");
	if (o->update && contacts == o->no_contact)
		return au_fail(err, AU_USAGE, "--update takes either contacts (-m, --contact) or --no-contact");
	if (o->no_contact && !o->update)
		return au_fail(err, AU_USAGE, "--no-contact goes with --update");
	if (o->update + o->deactivate + o->orders + (o->new_key != NULL) > 1)
		return au_fail(err, AU_USAGE, "one of --update, --new-key, --orders and --deactivate at a time");
	return au_net_open(&o->net, run, (struct au_net **)&run->state, err);
}

/* --- the key's name in the document -------------------------------------------- */

/* A file's absolute path or a URL. A descriptor is nobody's but ours, so it has no name. */
static bool name_key(json_t *doc, const char *key, struct au_err *err)
{
	if (!strncmp(key, "fd:", 3) || !strcmp(key, "-")) {
		json_object_del(doc, "key");
		return true;
	}
	char *path = realpath(key, NULL);
	bool ok = au_json_set_take(doc, "key", json_string(path ? path : key), err);
	free(path);
	return ok;
}

/* --- new and find ----------------------------------------------------------------- */

static bool add_contacts(const struct opts *o, json_t *payload, struct au_err *err)
{
	json_t *list = json_array();

	if (!au_json_set_take(payload, "contact", list, err))
		return false;
	for (size_t i = 0; i < o->mails.n; i++)
		if (!au_json_add_take(list, json_sprintf("mailto:%s", o->mails.v[i]), err))
			return false;
	for (size_t i = 0; i < o->contacts.n; i++)
		if (!au_json_add_take(list, json_string(o->contacts.v[i]), err))
			return false;
	return true;
}

static bool bind_external(struct au_net *net, const struct opts *o, const char *url, json_t *payload, struct au_err *err)
{
	struct au_buf text AU_AUTO_BUF = AU_BUF(AU_MAX_SECRET), mac AU_AUTO_BUF = AU_BUF(AU_MAX_SECRET);
	const struct au_key *key;

	if (!au_secret_read(o->eab_key, &text, err))
		return false;
	if (!au_b64url_read((char *)text.p, strcspn((char *)text.p, "="), &mac, err)) {
		au_fail_in(err, "%s", o->eab_key);
		return au_fail_as(err, AU_KEY);
	}
	return au_req_account_key(net, &key, err) &&
	       au_json_set_take(payload, "externalAccountBinding",
				au_jws_eab(key, o->eab_kid, o->eab_alg, mac.p, mac.n, url, err), err);
}

static bool wants_binding(const json_t *doc)
{
	return json_is_true(au_json_at(doc, "directory.meta.externalAccountRequired"));
}

static json_t *new_account(struct au_net *net, const struct opts *o, const json_t *doc, const char *url,
			   struct au_err *err)
{
	AU_AUTO_JSON json_t *payload = json_object();
	const char *terms = NULL;

	if (!payload)
		return au_fail_mem(err), NULL;
	if (o->find || o->update || o->deactivate || o->orders || o->new_key)
		return au_json_set_take(payload, "onlyReturnExisting", json_true(), err) ? au_steal(&payload) : NULL;
	if (!au_json_str(doc, "directory.meta.termsOfService", AU_MAY, &terms, err))
		return NULL;
	if (terms && !o->agree)
		return au_fail(err, AU_USAGE, "the server has terms of service, %s: agree to them with --agree-tos", terms), NULL;
	if (wants_binding(doc) && !o->eab_kid)
		return au_fail(err, AU_USAGE, "the server wants an external account binding: --eab-kid and --eab-hmac-key-file"),
		       NULL;
	if ((o->agree && !au_json_set_take(payload, "termsOfServiceAgreed", json_true(), err)) ||
	    ((o->contacts.n || o->mails.n) && !add_contacts(o, payload, err)) ||
	    (o->eab_kid && !bind_external(net, o, url, payload, err)))
		return NULL;
	return au_steal(&payload);
}

/* Put the account object into the document, its URL and thumbprint beside what the server said. */
static bool keep(struct au_net *net, json_t *doc, const char *url, json_t *account, struct au_err *err)
{
	AU_AUTO_MEM char *copy = au_strdup(url);         /* may be a part of what is replaced */
	const struct au_key *key;
	char thumbprint[44];

	if (!copy)
		return au_fail_mem(err);
	json_object_del(doc, "account");
	return au_req_account_key(net, &key, err) && au_jwk_thumbprint_text(key, thumbprint, err) &&
	       au_json_set_take(account, "url", json_string(copy), err) &&
	       au_json_set_take(account, "thumbprint", json_string(thumbprint), err) &&
	       au_json_set_take(doc, "account", json_incref(account), err);
}

static bool look_up(struct au_run *run, json_t *doc, struct au_err *err)
{
	const struct opts *o = run->opt;
	struct au_net *net = run->state;
	AU_AUTO_REPLY struct au_reply reply = { 0 };
	struct au_post post = { .auth = AU_AUTH_JWK, .into = "account" };

	if (!au_req_endpoint(net, "newAccount", &post.url, err))
		return false;
	AU_AUTO_JSON json_t *payload = new_account(net, o, doc, post.url, err);
	post.payload = payload;
	if (!payload || !au_req_post(net, &post, &reply, err) || reply.unsent)
		return !err->code;
	if (!reply.location)
		return au_fail(err, AU_PROTOCOL, "%s: answered %ld without the account's Location", post.url, reply.status);
	if (!au_req_url(net, reply.location, "account", err) ||
	    (reply.body && !au_account_check(reply.body, err)))
		return au_fail_in(err, "account %s", reply.location);
	if (reply.status == 200 && !o->find)
		au_note(run, 1, "the account existed");
	/* some servers answer a look-up with the URL alone */
	AU_AUTO_JSON json_t *account = reply.body ? json_incref(reply.body) : json_object();
	return keep(net, doc, reply.location, account, err);
}

/* --- what is done to an account that exists ----------------------------------------- */

static bool change(struct au_run *run, json_t *doc, json_t *payload, struct au_err *err)
{
	struct au_net *net = run->state;
	AU_AUTO_REPLY struct au_reply reply = { 0 };
	struct au_post post = { .payload = payload, .into = "account" };

	if (!au_json_str(doc, "account.url", AU_MUST, &post.url, err) || !au_req_post(net, &post, &reply, err) ||
	    reply.unsent)
		return !err->code;
	if (!reply.body)
		return au_fail(err, AU_PROTOCOL, "%s: answered %ld with nothing", post.url, reply.status);
	return (au_account_check(reply.body, err) || au_fail_in(err, "account %s", post.url)) &&
	       keep(net, doc, post.url, reply.body, err);
}

static bool update(struct au_run *run, json_t *doc, struct au_err *err)
{
	AU_AUTO_JSON json_t *payload = json_object();
	return payload ? add_contacts(run->opt, payload, err) && change(run, doc, payload, err) : au_fail_mem(err);
}

static bool deactivate(struct au_run *run, json_t *doc, struct au_err *err)
{
	AU_AUTO_JSON json_t *payload = json_pack("{s:s}", "status", "deactivated");
	return payload ? change(run, doc, payload, err) : au_fail_mem(err);
}

/* RFC 8555 section 7.3.5: the inner JWS is by the new key and says which key and account it takes over from. */
static json_t *rollover(struct au_net *net, const json_t *doc, const struct au_key *new_key, const char *url,
			struct au_err *err)
{
	const struct au_key *old;
	const char *account;

	if (!au_req_account_key(net, &old, err) || !au_json_str(doc, "account.url", AU_MUST, &account, err))
		return NULL;
	if (au_key_equal(old, new_key))
		return au_fail(err, AU_USAGE, "--new-key: that is the account's key already"), NULL;
	AU_AUTO_JSON json_t *old_jwk = au_jwk(old, AU_KEY_PUBLIC, err);
	AU_AUTO_JSON json_t *new_jwk = old_jwk ? au_jwk(new_key, AU_KEY_PUBLIC, err) : NULL;
	if (!new_jwk)
		return NULL;
	AU_AUTO_JSON json_t *payload = json_pack("{s:s, s:O}", "account", account, "oldKey", old_jwk);
	AU_AUTO_JSON json_t *header = json_pack("{s:O, s:s}", "jwk", new_jwk, "url", url);
	AU_AUTO_MEM char *text = payload && header ? au_json_dump(payload) : NULL;
	return text ? au_jws_sign(new_key, header, text, strlen(text), err) : (au_fail_mem(err), NULL);
}

static bool change_key(struct au_run *run, json_t *doc, struct au_err *err)
{
	const struct opts *o = run->opt;
	struct au_net *net = run->state;
	AU_AUTO_REPLY struct au_reply reply = { 0 };
	AU_AUTO_KEY struct au_key *new_key = NULL;
	struct au_post post = { 0 };
	char thumbprint[44];

	if (!au_req_endpoint(net, "keyChange", &post.url, err) ||
	    !au_key_open(o->new_key, AU_KEY_PRIVATE, o->new_passphrase, &new_key, err) ||
	    !au_jwk_thumbprint_text(new_key, thumbprint, err))
		return false;
	AU_AUTO_JSON json_t *inner = rollover(net, doc, new_key, post.url, err);
	post.payload = inner;
	if (!inner || !au_req_post(net, &post, &reply, err))
		return false;
	return reply.unsent || (name_key(doc, o->new_key, err) &&
				au_json_set_take(json_object_get(doc, "account"), "thumbprint", json_string(thumbprint), err));
}

static const char *next_page(const struct au_reply *reply)
{
	const json_t *link;
	size_t i;
	json_array_foreach(reply->links, i, link)
		if (!strcmp(json_string_value(json_object_get(link, "rel")), "next"))
			return json_string_value(json_object_get(link, "url"));
	return NULL;
}

/* One page; *url becomes the next one's, NULL after the last. */
static bool orders_page(struct au_net *net, char **url, json_t *list, struct au_err *err)
{
	AU_AUTO_REPLY struct au_reply reply = { 0 };
	const struct au_post post = { .url = *url };
	json_t *page, *order;
	size_t i;

	if (!au_req_post(net, &post, &reply, err) || reply.unsent) {
		au_free(*url);
		*url = NULL;
		return !err->code;
	}
	if (!au_json_arr(reply.body, "orders", AU_MUST, &page, err)) {
		au_fail_in(err, "%s", *url);
		return au_fail_as(err, AU_PROTOCOL);
	}
	json_array_foreach(page, i, order)
		if (!json_is_string(order) || json_array_append(list, order))
			return au_fail(err, AU_PROTOCOL, "%s: orders: element %zu is not a URL", *url, i);
	const char *next = next_page(&reply);
	char *copy = au_strdup(next);
	au_free(*url);
	*url = copy;
	return !next || copy || au_fail_mem(err);
}

static bool list_orders(struct au_run *run, json_t *doc, struct au_err *err)
{
	AU_AUTO_JSON json_t *seen = json_object();
	const char *first = NULL;
	json_t *list = json_array();

	if (!au_json_set_take(doc, "orders", list, err) || !au_json_str(doc, "account.orders", AU_MAY, &first, err))
		return false;
	if (!first)
		return au_fail(err, AU_REFUSED, "account.orders: the server lists no orders");
	AU_AUTO_MEM char *url = au_strdup(first);
	while (url) {
		/* a page that leads back to an earlier one would never end */
		if (json_object_get(seen, url) || json_object_size(seen) >= AU_MAX_PAGES)
			return au_fail(err, AU_PROTOCOL, "%s: the list of orders does not end", url);
		if (!au_json_set_take(seen, url, json_true(), err) || !orders_page(run->state, &url, list, err))
			return false;
	}
	return true;
}

static bool run(struct au_run *run, json_t *doc, struct au_err *err)
{
	const struct opts *o = run->opt;
	bool further = o->update || o->deactivate || o->orders || o->new_key;

	if (!o->key && !o->acct.key && !o->acct.unsigned_ && !json_object_get(doc, "key"))
		return au_fail(err, AU_USAGE, "no account key: name it with -k; acme-newkey makes one");
	if (o->key && !name_key(doc, o->key, err))
		return false;
	struct au_acct_opts acct = o->acct;
	if (o->key)
		acct.key = o->key;
	if (!au_req_begin(run->state, doc, &acct, err))
		return false;
	bool known = further && au_json_at(doc, "account.url");
	if (!known && !look_up(run, doc, err))
		return false;
	if (!known && o->acct.unsigned_)         /* one request at a time */
		return true;
	return o->update ? update(run, doc, err) : o->deactivate ? deactivate(run, doc, err)
	       : o->new_key ? change_key(run, doc, err) : o->orders ? list_orders(run, doc, err) : true;
}

static const struct au_cmd acme_account = {
	.name = "acme-account",
	.brief = "create, find and manage an ACME account",
	.opts = opts, .optsize = sizeof(struct opts), .in = reads, .out = adds, .flags = AU_CMD_SECRET,
	.setup = setup, .run = run, .done = au_net_done,
};
AU_MAIN(acme_account)
