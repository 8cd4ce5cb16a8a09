/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* key-token: private keys that stay where they are (PKCS#11 tokens, a TPM), by GnuTLS URL. */
#include <gnutls/pkcs11.h>
#include <string.h>

#include "fdio.h"
#include "key-impl.h"
#include "mem.h"

struct au_pin {
	struct au_buf text;
	bool asked, wrong, last;
};

void au_pin_free(struct au_pin *pin)
{
	if (pin)
		au_buf_free(&pin->text);
	au_free(pin);
}

/*
 * GnuTLS asks until the token is content or locked. Whatever was wrong once is wrong for good, and the last try before
 * a lock is left to a person.
 */
static int give_pin(void *userdata, int attempt, const char *url, const char *label, unsigned flags, char *out,
		    size_t size)
{
	struct au_pin *pin = userdata;

	(void)url, (void)label;
	pin->asked = true;
	if (attempt > 0 || (flags & GNUTLS_PIN_WRONG))
		pin->wrong = true;
	if (flags & GNUTLS_PIN_FINAL_TRY)
		pin->last = true;
	if (pin->wrong || pin->last || pin->text.n == 0 || pin->text.n >= size)
		return -1;
	memcpy(out, pin->text.p, pin->text.n + 1);
	return 0;
}

/* --- the URL --------------------------------------------------------------------- */

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The octets that text with %XX in it stands for. */
static bool decode(const char *p, size_t n, struct au_buf *out, struct au_err *err)
{
	for (size_t i = 0; i < n; i++) {
		char c = p[i];
		if (c == '%') {
			if (n - i < 3 || hex(p[i + 1]) < 0 || hex(p[i + 2]) < 0)
				return au_fail(err, AU_KEY, "pin-source: not a URL");
			c = (char)(hex(p[i + 1]) << 4 | hex(p[i + 2]));
			i += 2;
		}
		if (c == '\0')
			return au_fail(err, AU_KEY, "pin-source: holds a NUL");
		if (!au_buf_add(out, &c, 1, err))
			return false;
	}
	return true;
}

/* RFC 7512 section 2.4: file: or a path; "|command" is not run. */
static bool pin_from(const char *p, size_t n, struct au_buf *pin, struct au_err *err)
{
	AU_AUTO_BUF struct au_buf name = AU_BUF(AU_MAX_URL);
	const char *path;

	if (!decode(p, n, &name, err))
		return false;
	path = name.n ? (const char *)name.p : "";
	if (strncmp(path, "file:", 5) == 0)
		path += strncmp(path, "file:///", 8) == 0 ? 7 : 5;
	if (path[0] == '|')
		return au_fail(err, AU_KEY, "pin-source: commands are not run; name a file");
	return au_secret_read(path, pin, err);
}

static bool named(const char *attr, size_t n, const char *name)
{
	return n > strlen(name) && strncmp(attr, name, strlen(name)) == 0;
}

/*
 * Take the PIN out of the URL: what is left goes to GnuTLS, which would ask a pin-source again and again. A pin-value
 * is in everyone's process list, and would be in the document.
 */
static bool url_split(const char *url, struct au_buf *rest, struct au_buf *pin, bool read_pin, struct au_err *err)
{
	char joint = '\0';

	for (const char *p = url;;) {
		size_t n = strcspn(p, ";?&");
		if (named(p, n, "pin-value="))
			return au_fail(err, AU_KEY, "key URL: a PIN inside (pin-value) can be seen by others: use "
				       "pin-source or --passphrase-file");
		if (named(p, n, "pin-source=") || named(p, n, "pinfile=")) {
			size_t skip = (size_t)(strchr(p, '=') - p) + 1;
			if (read_pin && !pin_from(p + skip, n - skip, pin, err))
				return false;
			/* the query may have lost its first attribute */
			joint = joint == '?' ? '?' : '\0';
		} else if (n > 0) {
			if ((joint && !au_buf_add(rest, &joint, 1, err)) || !au_buf_add(rest, p, n, err))
				return false;
			joint = '\0';
		}
		if (!p[n])
			return true;
		if (joint != '?')
			joint = p[n];
		p += n + 1;
	}
}

/* --- opening ------------------------------------------------------------------------ */

static bool refused(const struct au_pin *pin, int r, struct au_err *err)
{
	if (pin->wrong)
		return au_fail(err, AU_KEY, "the token says that the PIN is wrong; it was tried once");
	if (pin->last)
		return au_fail(err, AU_KEY, "one more wrong PIN locks the token: log in by hand first");
	if (pin->asked && !pin->text.n)
		return au_fail(err, AU_KEY, "the token wants a PIN: use --passphrase-file, or pin-source in the URL");
	if (r == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE || r == GNUTLS_E_PKCS11_REQUESTED_OBJECT_NOT_AVAILBLE)
		return au_fail(err, AU_KEY, "no such key in any token");
	return au_fail_gnutls(err, AU_KEY, "token", r);
}

static bool open_private(struct au_key *k, const char *url, struct au_err *err)
{
	int r = gnutls_privkey_init(&k->priv);

	if (r < 0)
		return au_fail_gnutls(err, AU_KEY, "token", r);
	gnutls_privkey_set_pin_function(k->priv, give_pin, k->pin);
	r = gnutls_privkey_import_url(k->priv, url, 0);
	if (r >= 0)
		r = gnutls_pubkey_init(&k->pub);
	if (r >= 0) {
		gnutls_pubkey_set_pin_function(k->pub, give_pin, k->pin);
		r = gnutls_pubkey_import_privkey(k->pub, k->priv, 0, 0);
	}
	return r >= 0 || refused(k->pin, r, err);
}

/* The public object, where there is one that needs no PIN. */
static bool open_public(struct au_key *k, const char *url)
{
	if (gnutls_pubkey_init(&k->pub) < 0)
		return false;
	if (gnutls_pubkey_import_url(k->pub, url, 0) >= 0)
		return true;
	gnutls_pubkey_deinit(k->pub);
	k->pub = NULL;
	return false;
}

static bool open_clean(struct au_key *k, const char *url, enum au_key_want want, struct au_err *err)
{
	if (!(want == AU_KEY_PUBLIC && open_public(k, url)) && !open_private(k, url, err))
		return false;
	if (want == AU_KEY_PUBLIC && k->priv) {
		gnutls_privkey_deinit(k->priv);
		k->priv = NULL;
	}
	return au_key_identify(k, err);
}

bool au_key_is_url(const char *name)
{
	static const char *const schemes[] = { "pkcs11:", "tpmkey:", "system:" };

	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
		if (strncmp(name, schemes[i], strlen(schemes[i])) == 0)
			return true;
	return false;
}

bool au_key_open_url(const char *url, enum au_key_want want, const char *passphrase, struct au_key **key,
		     struct au_err *err)
{
	AU_AUTO_KEY struct au_key *k = au_alloc(sizeof *k);
	AU_AUTO_BUF struct au_buf rest = AU_BUF(AU_MAX_URL);

	if (!k)
		return au_fail_mem(err);
	k->pin = au_alloc(sizeof *k->pin);
	if (!k->pin)
		return au_fail_mem(err);
	if (!url_split(url, &rest, &k->pin->text, !passphrase, err))
		return false;
	const char *clean = rest.n ? (const char *)rest.p : "";
	if (!gnutls_url_is_supported(clean))
		return au_fail(err, AU_KEY, "%s: this build of GnuTLS does not know such URLs", clean);
	if (passphrase && !au_secret_read(passphrase, &k->pin->text, err))
		return false;
	if (!open_clean(k, clean, want, err))
		return au_fail_in(err, "%s", clean);
	*key = au_steal(&k);
	return true;
}
