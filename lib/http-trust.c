/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * http-trust: which of the system's trust anchors to load. Parsing all of them costs more than the rest
 * of a request together, and a server's chain leads to one or two. They are found again by fingerprint,
 * in the system's file each time: what is not in there is not trusted, whoever asks for it.
 */
#include "config.h"

#include "http-impl.h"

#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fdio.h"
#include "json.h"
#include "mem.h"

/* The bundle of a distribution is a quarter of a megabyte. */
#define MAX_BUNDLE (16u << 20)
/* A chain leads to one anchor, or two where it is signed across. */
#define MAX_ANCHORS 8
#define SHA256 32

#define BEGIN "-----BEGIN CERTIFICATE-----"
#define END "-----END CERTIFICATE-----"

const char *au_trust_bundle(const char *given)
{
	static const char *const known[] = {
		CA_BUNDLE,
		"/etc/ssl/certs/ca-certificates.crt",        /* Debian, Arch, Gentoo */
		"/etc/pki/tls/certs/ca-bundle.crt",          /* Fedora */
		"/etc/ssl/ca-bundle.pem",                    /* openSUSE */
		"/etc/ssl/cert.pem",                         /* Alpine, BSDs */
		"/usr/local/share/certs/ca-root-nss.crt",
	};

	if (given)
		return given;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (access(known[i], R_OK) == 0)
			return known[i];
	return NULL;
}

/* One certificate of a PEM file: its text and its octets. */
struct entry {
	gnutls_datum_t pem, der;
};

/*
 * Step to the next certificate of the text at *p; what cannot be decoded is passed over. The caller
 * gnutls_free()s der.data.
 */
static bool next_entry(const char **p, struct entry *e)
{
	for (const char *begin = strstr(*p, BEGIN); begin; begin = strstr(*p, BEGIN)) {
		const char *end = strstr(begin, END);

		if (!end)
			return false;
		end += strlen(END);
		*p = end;
		e->pem.data = (unsigned char *)begin;
		e->pem.size = (unsigned)(end - begin);
		if (gnutls_pem_base64_decode2("CERTIFICATE", &e->pem, &e->der) == 0)
			return true;
	}
	return false;
}

static bool fingerprint(const struct entry *e, uint8_t out[static SHA256])
{
	return gnutls_hash_fast(GNUTLS_DIG_SHA256, e->der.data, e->der.size, out) == 0;
}

static bool read_bundle(const char *bundle, struct au_buf *text)
{
	struct au_err err AU_AUTO_ERR = { 0 };
	struct stat st;

	/* Room for all of it at once: growing would copy and wipe twice its size. */
	if (stat(bundle, &st) == 0 && st.st_size > 0 && st.st_size < MAX_BUNDLE &&
	    !au_buf_room(text, (size_t)st.st_size + 8192, &err))
		return false;
	return au_file_read(bundle, MAX_BUNDLE, AU_INPUT, text, &err) && text->p;
}

/* --- a hint to a file --- */

/* The well-formed fingerprints of the hint, in octets. */
static unsigned read_hint(const json_t *fingerprints, uint8_t want[][SHA256])
{
	unsigned n = 0;
	size_t i;
	json_t *item;

	json_array_foreach(fingerprints, i, item) {
		gnutls_datum_t hex = { (unsigned char *)json_string_value(item), (unsigned)json_string_length(item) };
		size_t size = SHA256;

		if (n == MAX_ANCHORS)
			break;
		if (hex.size == 2 * SHA256 && gnutls_hex_decode(&hex, want[n], &size) == 0 && size == SHA256)
			n++;
	}
	return n;
}

/* Append the PEM of the wanted anchors; the search ends when all are found. */
static bool pick(const char *text, uint8_t want[][SHA256], unsigned n, struct au_buf *out)
{
	struct au_err err AU_AUTO_ERR = { 0 };
	struct entry e;
	unsigned found = 0;

	while (found < n && next_entry(&text, &e)) {
		uint8_t got[SHA256];
		bool known = fingerprint(&e, got);

		gnutls_free(e.der.data);
		for (unsigned i = 0; known && i < n; i++) {
			if (memcmp(got, want[i], SHA256) != 0)
				continue;
			found++;
			if (!au_buf_add(out, e.pem.data, e.pem.size, &err) || !au_buf_adds(out, "\n", &err))
				return false;
			break;
		}
	}
	return found > 0;
}

int au_trust_narrow(const char *bundle, const json_t *fingerprints)
{
	uint8_t want[MAX_ANCHORS][SHA256];
	unsigned n = read_hint(fingerprints, want);
	struct au_buf text AU_AUTO_BUF = AU_BUF(MAX_BUNDLE + 8192);
	struct au_buf few AU_AUTO_BUF = AU_BUF(0);
	struct au_err err AU_AUTO_ERR = { 0 };
	int fd;

	if (n == 0 || !read_bundle(bundle, &text) || !pick((const char *)text.p, want, n, &few))
		return -1;
	fd = memfd_create("anchors", MFD_CLOEXEC);
	if (fd >= 0 && !au_write_all(fd, "anchors", few.p, few.n, &err)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* --- a chain to a hint --- */

/* Names of issuers, DER. */
struct issuers {
	gnutls_datum_t dn[AU_MAX_CHAIN];
	unsigned n;
};

static void read_issuers(const struct au_buf *chain, struct issuers *issuers)
{
	const char *p = (const char *)chain->p;
	struct entry e;

	while (p && issuers->n < AU_MAX_CHAIN && next_entry(&p, &e)) {
		gnutls_x509_crt_t crt;

		if (gnutls_x509_crt_init(&crt) == 0) {
			if (gnutls_x509_crt_import(crt, &e.der, GNUTLS_X509_FMT_DER) == 0 &&
			    gnutls_x509_crt_get_raw_issuer_dn(crt, &issuers->dn[issuers->n]) == 0)
				issuers->n++;
			gnutls_x509_crt_deinit(crt);
		}
		gnutls_free(e.der.data);
	}
}

static bool subject_is(const struct entry *e, const gnutls_datum_t *dn)
{
	gnutls_x509_crt_t crt;
	gnutls_datum_t subject = { 0 };
	bool same = false;

	if (gnutls_x509_crt_init(&crt) < 0)
		return false;
	if (gnutls_x509_crt_import(crt, &e->der, GNUTLS_X509_FMT_DER) == 0 &&
	    gnutls_x509_crt_get_raw_dn(crt, &subject) == 0) {
		same = subject.size == dn->size && memcmp(subject.data, dn->data, dn->size) == 0;
		gnutls_free(subject.data);
	}
	gnutls_x509_crt_deinit(crt);
	return same;
}

static bool issued(const struct entry *e, const struct issuers *issuers)
{
	for (unsigned i = 0; i < issuers->n; i++) {
		const gnutls_datum_t *dn = &issuers->dn[i];
		/* Parsing is dear: only those that have the name somewhere. */
		if (memmem(e->der.data, e->der.size, dn->data, dn->size) && subject_is(e, dn))
			return true;
	}
	return false;
}

static json_t *hex(const uint8_t p[static SHA256])
{
	static const char digits[] = "0123456789abcdef";
	char text[2 * SHA256 + 1] = { 0 };

	for (unsigned i = 0; i < SHA256; i++) {
		text[2 * i] = digits[p[i] >> 4];
		text[2 * i + 1] = digits[p[i] & 15];
	}
	return json_string(text);
}

static json_t *find_anchors(const char *text, const struct issuers *issuers)
{
	json_t *found = json_array();
	struct entry e;

	while (json_array_size(found) < MAX_ANCHORS && next_entry(&text, &e)) {
		uint8_t print[SHA256];

		if (issued(&e, issuers) && fingerprint(&e, print))
			json_array_append_new(found, hex(print));
		gnutls_free(e.der.data);
	}
	return found;
}

json_t *au_trust_issuers(const char *bundle, const struct au_buf *chain)
{
	struct au_buf text AU_AUTO_BUF = AU_BUF(MAX_BUNDLE + 8192);
	struct issuers issuers = { .n = 0 };
	json_t *found = NULL;

	if (!bundle || !chain->p || !read_bundle(bundle, &text))
		return NULL;
	read_issuers(chain, &issuers);
	found = find_anchors((const char *)text.p, &issuers);
	for (unsigned i = 0; i < issuers.n; i++)
		gnutls_free(issuers.dn[i].data);
	if (json_array_size(found) == 0) {
		json_decref(found);
		return NULL;
	}
	return found;
}
