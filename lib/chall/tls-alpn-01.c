/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tls-alpn-01: a TLS server that speaks only "acme-tls/1" shows a certificate
 * with the digest of the key authorization in a critical extension
 * (RFC 8737; RFC 8738 section 6 for ip). Making the certificate and
 * judging it stand here side by side.
 */
#include "../chall-half.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

#include "../b64.h"
#include "../der.h"
#include "../gnutls-key.h"
#include "../mem.h"

#define ACME_IDENTIFIER "1.3.6.1.5.5.7.1.31"
/* OCTET STRING of 32 octets, in DER. */
#define EXTENSION_SIZE 34
#define DAY 86400

static void crt_deinit(gnutls_x509_crt_t *crt)
{
	if (*crt)
		gnutls_x509_crt_deinit(*crt);
}
#define AUTO_CRT __attribute__((cleanup(crt_deinit)))

static void extension_value(const uint8_t sha256[static 32], uint8_t out[static EXTENSION_SIZE])
{
	out[0] = AU_DER_OCTET_STRING;
	out[1] = 32;
	memcpy(out + 2, sha256, 32);
}

/* RFC 8738 section 6: the SNI of an address is its name in in-addr.arpa or ip6.arpa, as SNI itself has only names. */
static char *reverse_name(const uint8_t *addr, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	char nibbles[4 * 16 + 1], *p = nibbles;

	if (n == 4)
		return au_asprintf("%u.%u.%u.%u.in-addr.arpa", addr[3], addr[2], addr[1], addr[0]);
	while (n-- > 0) {
		*p++ = hex[addr[n] & 15];
		*p++ = '.';
		*p++ = hex[addr[n] >> 4];
		*p++ = '.';
	}
	*p = '\0';
	return au_asprintf("%sip6.arpa", nibbles);
}

static char *sni_of(const char *host, const uint8_t *addr, size_t n, struct au_err *err)
{
	char *sni = n ? reverse_name(addr, n) : au_strdup(host);

	if (!sni)
		au_fail_mem(err);
	return sni;
}

static bool answer(const struct au_chall_ctx *ctx, json_t *response, json_t *provision, struct au_err *err)
{
	char *sni AU_AUTO_MEM = NULL;
	char digest[44];
	uint8_t addr[16];
	const char *host;
	size_t n;

	(void)response; /* posted empty */
	if (!au_chall_host(ctx, &host, addr, &n, err) || !au_chall_digest_text(ctx, digest, err))
		return false;
	sni = sni_of(host, addr, n, err);
	return sni &&
	       au_json_set_take(provision, "kind", json_string("tls-alpn"), err) &&
	       au_json_set_take(provision, "sni", json_string(sni), err) &&
	       au_json_set_take(provision, "sha256", json_string(digest), err);
}

/* --- the certificate */

static int fill_cert(gnutls_x509_crt_t crt, const char *host, const uint8_t *addr, size_t n, const uint8_t *sha256,
		     gnutls_pubkey_t pub, int64_t now)
{
	uint8_t serial[16] = { 0 }, extension[EXTENSION_SIZE];
	int r = gnutls_x509_crt_set_version(crt, 3);

	if (r >= 0)
		r = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof serial);
	/* Positive, and never shortened by a leading zero. */
	serial[0] = (serial[0] & 0x3f) | 0x40;
	if (r >= 0)
		r = gnutls_x509_crt_set_serial(crt, serial, sizeof serial);
	if (r >= 0)
		r = gnutls_x509_crt_set_dn(crt, "CN=tls-alpn-01", NULL);
	if (r >= 0)
		r = gnutls_x509_crt_set_activation_time(crt, (time_t)(now - DAY));
	if (r >= 0)
		r = gnutls_x509_crt_set_expiration_time(crt, (time_t)(now + 7 * DAY));
	if (r >= 0)
		r = gnutls_x509_crt_set_subject_alt_name(crt, n ? GNUTLS_SAN_IPADDRESS : GNUTLS_SAN_DNSNAME,
							 n ? (const void *)addr : host, n ? n : strlen(host),
							 GNUTLS_FSAN_SET);
	extension_value(sha256, extension);
	if (r >= 0)
		r = gnutls_x509_crt_set_extension_by_oid(crt, ACME_IDENTIFIER, extension, sizeof extension, 1);
	return r < 0 ? r : gnutls_x509_crt_set_pubkey(crt, pub);
}

bool au_chall_tls_alpn_cert(const json_t *identifier, const uint8_t sha256[32], const struct au_key *key,
			    int64_t now, struct au_buf *der, struct au_err *err)
{
	json_t *authorization AU_AUTO_JSON = json_object();
	struct au_chall_ctx ctx = { .authorization = authorization };
	gnutls_privkey_t private = au_key_gnutls_private_peek(key);
	gnutls_x509_crt_t crt AUTO_CRT = NULL;
	gnutls_datum_t out = { 0 };
	uint8_t addr[16];
	const char *host;
	size_t n;
	bool done;
	int r;

	if (!authorization)
		return au_fail_mem(err);
	if (!private)
		return au_fail(err, AU_KEY, "tls-alpn-01: the certificate's key has no private part");
	if (!au_json_set_take(authorization, "identifier", json_deep_copy(identifier), err) ||
	    !au_chall_host(&ctx, &host, addr, &n, err))
		return false;
	r = gnutls_x509_crt_init(&crt);
	if (r >= 0)
		r = fill_cert(crt, host, addr, n, sha256, au_key_gnutls_public_peek(key), now);
	if (r >= 0)
		r = gnutls_x509_crt_privkey_sign(crt, crt, private, au_key_gnutls_digest(key), 0);
	if (r >= 0)
		r = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER, &out);
	if (r < 0)
		return au_fail_gnutls(err, AU_SYSTEM, "making the tls-alpn-01 certificate", r);
	done = au_buf_add(der, out.data, out.size, err);
	gnutls_free(out.data);
	return done;
}

/* --- the verifier */

/* ASCII case apart, without a locale. */
static bool same_name(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((a[i] >= 'A' && a[i] <= 'Z' ? a[i] + 32 : a[i]) != (b[i] >= 'A' && b[i] <= 'Z' ? b[i] + 32 : b[i]))
			return false;
	return true;
}

/* Exactly one alternative name, and it is this host or address. */
static bool san_is(gnutls_x509_crt_t crt, const char *host, const uint8_t *addr, size_t n, struct au_err *err)
{
	char name[256];
	size_t size = sizeof name, more = 0;
	int type = gnutls_x509_crt_get_subject_alt_name(crt, 0, name, &size, NULL);
	bool same;

	if (gnutls_x509_crt_get_subject_alt_name(crt, 1, NULL, &more, NULL) != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
		return au_fail(err, AU_NO, "%s: the certificate has more than one alternative name", host);
	if (n)
		same = type == GNUTLS_SAN_IPADDRESS && size == n && memcmp(name, addr, n) == 0;
	else
		same = type == GNUTLS_SAN_DNSNAME && size == strlen(host) && same_name(name, host, size);
	return same || au_fail(err, AU_NO, "%s: the certificate is not for this name alone", host);
}

static bool extension_is(gnutls_x509_crt_t crt, const char *host, const uint8_t *sha256, struct au_err *err)
{
	uint8_t want[EXTENSION_SIZE], got[64];
	size_t size = sizeof got, more = 0;
	unsigned critical = 0;
	int r = gnutls_x509_crt_get_extension_by_oid(crt, ACME_IDENTIFIER, 0, got, &size, &critical);

	if (r == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
		return au_fail(err, AU_NO, "%s: the certificate has no acmeIdentifier extension", host);
	if (gnutls_x509_crt_get_extension_by_oid(crt, ACME_IDENTIFIER, 1, NULL, &more, NULL) !=
	    GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
		return au_fail(err, AU_NO, "%s: the certificate has more than one acmeIdentifier extension", host);
	if (r >= 0 && !critical)
		return au_fail(err, AU_NO, "%s: the acmeIdentifier extension is not critical", host);
	extension_value(sha256, want);
	if (r < 0 || size != sizeof want || gnutls_memcmp(got, want, sizeof want) != 0)
		return au_fail(err, AU_NO, "%s: the acmeIdentifier extension is not the digest of the key authorization",
			       host);
	return true;
}

static bool verify(const struct au_chall_ctx *ctx, const json_t *response, const struct au_probe *probe,
		   struct au_err *err)
{
	struct au_buf der AU_AUTO_BUF = AU_BUF(64u << 10);
	gnutls_x509_crt_t crt AUTO_CRT = NULL;
	char *sni AU_AUTO_MEM = NULL;
	uint8_t addr[16], sha256[32];
	const char *host;
	size_t n;
	int r;

	(void)response;
	if (!au_chall_host(ctx, &host, addr, &n, err) || !au_chall_digest(ctx, sha256, err))
		return false;
	sni = sni_of(host, addr, n, err);
	if (!sni || !probe->tls_alpn(probe->ctx, host, sni, &der, err))
		return false;
	r = gnutls_x509_crt_init(&crt);
	if (r < 0)
		return au_fail_gnutls(err, AU_SYSTEM, host, r);
	r = gnutls_x509_crt_import(crt, &(gnutls_datum_t){ der.p, (unsigned)der.n }, GNUTLS_X509_FMT_DER);
	if (r < 0)
		return au_fail_gnutls(err, AU_NO, host, r);
	return san_is(crt, host, addr, n, err) && extension_is(crt, host, sha256, err);
}

const struct au_chall au_chall_tls_alpn_01 = {
	.type = "tls-alpn-01",
	.spec = "RFC 8737; RFC 8738",
	.brief = "a certificate shown by the TLS server of the name or address",
	.proves = AU_PROVES_DNS | AU_PROVES_IP,
	.answer = answer,
	.verify = verify,
};
