/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* http-fail: what went wrong on the way, in words: which URL, at which step, why, and what can be done. */
#include "config.h"

#include "http-impl.h"

#include <curl/curl.h>
#include <errno.h>
#include <gnutls/x509.h>
#include <string.h>

#include "mem.h"

/* why NULL: curl's own words. */
static const struct row {
	CURLcode code;
	enum au_code exit;
	const char *step, *why;
} rows[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, AU_NET, "resolve", "the name has no address, or no name server answers" },
	{ CURLE_COULDNT_RESOLVE_PROXY, AU_NET, "resolve", "the proxy's name has no address, or no name server answers" },
	{ CURLE_SSL_CONNECT_ERROR, AU_NET, "TLS", NULL },
	{ CURLE_SSL_CIPHER, AU_NET, "TLS", NULL },
	{ CURLE_PARTIAL_FILE, AU_NET, "receive", "the answer was cut short" },
	{ CURLE_GOT_NOTHING, AU_NET, "receive", "the server closed the connection without an answer" },
	{ CURLE_SEND_ERROR, AU_NET, "send", NULL },
	{ CURLE_RECV_ERROR, AU_NET, "receive", NULL },
	{ CURLE_PROXY, AU_NET, "proxy", NULL },
	{ CURLE_UNSUPPORTED_PROTOCOL, AU_PROTOCOL, "receive", "the answer is not HTTP/1" },
	{ CURLE_WEIRD_SERVER_REPLY, AU_PROTOCOL, "receive", NULL },
	{ CURLE_BAD_CONTENT_ENCODING, AU_PROTOCOL, "receive", NULL },
	{ CURLE_URL_MALFORMAT, AU_PROTOCOL, "URL", NULL },
	{ CURLE_LOGIN_DENIED, AU_PROTOCOL, "URL", "it holds user information" },
	{ CURLE_TOO_MANY_REDIRECTS, AU_PROTOCOL, "redirect", NULL },
	{ CURLE_OK, AU_NET, "transfer", NULL },
};

static const char *reason(const struct au_http_failure *f)
{
	return *f->reason ? f->reason : curl_easy_strerror((CURLcode)f->code);
}

/* --- certificates --- */

/* "Subject:..." of certificate `i` that the server showed, or NULL. Borrowed from the handle. */
static const char *shown(CURL *curl, int i, const char *name)
{
	struct curl_certinfo *info = NULL;
	size_t n = strlen(name);

	if (curl_easy_getinfo(curl, CURLINFO_CERTINFO, &info) != CURLE_OK || !info || i >= info->num_of_certs)
		return NULL;
	for (const struct curl_slist *l = info->certinfo[i]; l; l = l->next)
		if (strncasecmp(l->data, name, n) == 0 && l->data[n] == ':')
			return l->data + n + 1;
	return NULL;
}

static int last_shown(CURL *curl)
{
	struct curl_certinfo *info = NULL;

	return curl_easy_getinfo(curl, CURLINFO_CERTINFO, &info) == CURLE_OK && info ? info->num_of_certs - 1 : -1;
}

static bool fail_untrusted(const struct au_http_failure *f, struct au_err *err)
{
	const char *issuer = shown(f->curl, last_shown(f->curl), "Issuer");
	const char *advice = f->cacert ? "the anchors in " : "if this is a private CA, name its root with --cacert";

	return au_fail(err, AU_NET, "%s: TLS: the certificate is not trusted: its chain ends at issuer \"%s\": %s%s%s", f->url,
		       issuer ? issuer : "", advice, f->cacert ? f->cacert : "", f->cacert ? " do not have it" : "");
}

/* The bits of gnutls_certificate_status_t that say more than "invalid". */
static const struct {
	unsigned bit;
	const char *text;
} statuses[] = {
	{ GNUTLS_CERT_EXPIRED, "has expired" },
	{ GNUTLS_CERT_NOT_ACTIVATED, "is not valid yet" },
	{ GNUTLS_CERT_REVOKED, "is revoked" },
	{ GNUTLS_CERT_INSECURE_ALGORITHM, "uses an insecure algorithm" },
	{ GNUTLS_CERT_SIGNER_NOT_CA, "was issued by a certificate that is no CA" },
	{ GNUTLS_CERT_SIGNER_CONSTRAINTS_FAILURE, "is outside of its issuer's constraints" },
	{ GNUTLS_CERT_PURPOSE_MISMATCH, "is not for TLS servers" },
};

static bool fail_certificate(const struct au_http_failure *f, struct au_err *err)
{
	const char *subject = shown(f->curl, 0, "Subject"), *until = shown(f->curl, 0, "Expire date");
	long bits = 0;

	curl_easy_getinfo(f->curl, CURLINFO_SSL_VERIFYRESULT, &bits);
	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
		if ((unsigned long)bits & statuses[i].bit)
			return au_fail(err, AU_NET, "%s: TLS: the certificate \"%s\", valid until %s, or one above it %s", f->url,
				       subject ? subject : "", until ? until : "?", statuses[i].text);
	}
	/* A signature is wrong, too, when we have another key under the issuer's name. */
	if ((unsigned long)bits & (GNUTLS_CERT_SIGNER_NOT_FOUND | GNUTLS_CERT_SIGNATURE_FAILURE))
		return fail_untrusted(f, err);
	return au_fail(err, AU_NET, "%s: TLS: the certificate was refused: %s", f->url, reason(f));
}

/* --- the rest --- */

static bool fail_connect(const struct au_http_failure *f, struct au_err *err)
{
	long number = 0;

	curl_easy_getinfo(f->curl, CURLINFO_OS_ERRNO, &number);
	errno = (int)number;
	if (number == 0)
		return au_fail(err, AU_NET, "%s: connect: %s", f->url, reason(f));
	au_fail_errno(err, "%s: connect", f->url);
	return au_fail_as(err, AU_NET);
}

static bool reached(CURL *curl, CURLINFO step)
{
	curl_off_t time = 0;

	return curl_easy_getinfo(curl, step, &time) == CURLE_OK && time != 0;
}

/* What it was at when time ran out; NULL: the answer was coming in. */
static const char *unfinished(CURL *curl)
{
	long port = 0;

	if (reached(curl, CURLINFO_STARTTRANSFER_TIME_T))
		return NULL;
	if (reached(curl, CURLINFO_PRETRANSFER_TIME_T))
		return "waiting for an answer";
	/* curl's time of connecting is that of all layers together; a port of ours is there with the lowest. */
	if (curl_easy_getinfo(curl, CURLINFO_LOCAL_PORT, &port) == CURLE_OK && port != 0)
		return "in the TLS handshake";
	return reached(curl, CURLINFO_NAMELOOKUP_TIME_T) ? "connecting" : "resolving the name";
}

static bool fail_late(const struct au_http_failure *f, struct au_err *err)
{
	const char *step = unfinished(f->curl);
	double seconds = (double)f->timeout_ms / 1000;

	if (step)
		return au_fail(err, AU_NET, "%s: timed out: still %s after %g s", f->url, step, seconds);
	return au_fail(err, AU_NET, "%s: timed out: %zu octets of the body had arrived after %g s", f->url, f->received,
		       seconds);
}

/*
 * curl says "out of memory" of a header field over its own ceiling: it is
 * that if the answer had begun and there is memory.
 */
static bool fail_memory(const struct au_http_failure *f, struct au_err *err)
{
	void *probe AU_AUTO_MEM = au_alloc(AU_MAX_REPLY);
	curl_off_t began = 0;

	curl_easy_getinfo(f->curl, CURLINFO_STARTTRANSFER_TIME_T, &began);
	if (!probe || began == 0)
		return au_fail_mem(err);
	return au_fail(err, AU_PROTOCOL, "%s: a header field is larger than %u octets", f->url, AU_MAX_HEADER);
}

bool au_http_fail(const struct au_http_failure *f, struct au_err *err)
{
	const struct row *row = rows;

	switch (f->code) {
	case CURLE_OUT_OF_MEMORY:
		return fail_memory(f, err);
	case CURLE_COULDNT_CONNECT:
		return fail_connect(f, err);
	case CURLE_OPERATION_TIMEDOUT:
		return fail_late(f, err);
	case CURLE_PEER_FAILED_VERIFICATION:
		return fail_certificate(f, err);
	case CURLE_FILESIZE_EXCEEDED:
		return au_fail(err, AU_PROTOCOL, "%s: the body is larger than %u octets", f->url, AU_MAX_REPLY);
	case CURLE_SSL_CACERT_BADFILE:
		return au_fail(err, AU_INPUT, "%s: no trust anchors in PEM form", f->cacert ? f->cacert : "system's CA bundle");
	}
	while (row->code != CURLE_OK && row->code != (CURLcode)f->code)
		row++;
	return au_fail(err, row->exit, "%s: %s: %s", f->url, row->step, row->why ? row->why : reason(f));
}
