/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rawserve-tls: a certificate for the server, from files or made on the spot under a CA of its own. */
#include "rawserve.h"

#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "mem.h"

static bool add_name(gnutls_x509_crt_t crt, const char *name)
{
	return gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, name, (unsigned)strlen(name),
						    GNUTLS_FSAN_APPEND) == 0;
}

static bool fill(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, const char *cn, uint8_t serial, time_t from,
		 time_t to)
{
	return gnutls_x509_crt_set_version(crt, 3) == 0 && gnutls_x509_crt_set_serial(crt, &serial, 1) == 0 &&
	       gnutls_x509_crt_set_activation_time(crt, from) == 0 && gnutls_x509_crt_set_expiration_time(crt, to) == 0 &&
	       gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, cn, (unsigned)strlen(cn)) == 0 &&
	       gnutls_x509_crt_set_key(crt, key) == 0;
}

static bool new_pair(gnutls_x509_crt_t *crt, gnutls_x509_privkey_t *key)
{
	return gnutls_x509_crt_init(crt) == 0 && gnutls_x509_privkey_init(key) == 0 &&
	       gnutls_x509_privkey_generate(*key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) == 0;
}

/* Signed objects must be read again: GnuTLS knows the names of what it parsed only. */
static bool settle(gnutls_x509_crt_t *crt, gnutls_datum_t *pem)
{
	if (gnutls_x509_crt_export2(*crt, GNUTLS_X509_FMT_PEM, pem) < 0)
		return false;
	gnutls_x509_crt_deinit(*crt);
	return gnutls_x509_crt_init(crt) == 0 && gnutls_x509_crt_import(*crt, pem, GNUTLS_X509_FMT_PEM) == 0;
}

static void write_ca(const char *dir, const gnutls_datum_t *pem)
{
	char *path = au_asprintf("%s/ca.pem", dir);
	FILE *f = path ? fopen(path, "w") : NULL;

	if (!f || fwrite(pem->data, 1, pem->size, f) != pem->size || fclose(f) != 0)
		die("%s/ca.pem: cannot be written", dir);
	au_free(path);
}

/* From here to the end of the process: nothing of it is released. */
static bool make(const struct tls_opts *opts, gnutls_certificate_credentials_t credentials)
{
	gnutls_x509_crt_t ca, crt;
	gnutls_x509_privkey_t ca_key, key;
	gnutls_datum_t pem;
	time_t now = time(NULL), from = now + opts->from;
	const unsigned char loopback[] = { 127, 0, 0, 1 };
	bool made;

	made = new_pair(&ca, &ca_key) && fill(ca, ca_key, "rawserve CA", 1, now - 90 * 86400, now + 86400) &&
	       gnutls_x509_crt_set_basic_constraints(ca, 1, -1) == 0 &&
	       gnutls_x509_crt_set_key_usage(ca, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN) == 0 &&
	       gnutls_x509_crt_sign2(ca, ca, ca_key, GNUTLS_DIG_SHA256, 0) == 0 && settle(&ca, &pem);
	if (!made)
		return false;
	write_ca(opts->make, &pem);
	gnutls_free(pem.data);
	made = new_pair(&crt, &key) && fill(crt, key, "rawserve", 2, from, from + opts->days * 86400) &&
	       gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE) == 0 &&
	       gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_TLS_WWW_SERVER, 0) == 0 &&
	       (opts->name ? add_name(crt, opts->name)
			   : add_name(crt, "localhost") &&
			     gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, loopback, 4, GNUTLS_FSAN_APPEND) == 0) &&
	       gnutls_x509_crt_sign2(crt, ca, ca_key, GNUTLS_DIG_SHA256, 0) == 0 && settle(&crt, &pem);
	return made && gnutls_certificate_set_x509_key(credentials, &crt, 1, key) >= 0;
}

bool tls_prepare(const struct tls_opts *opts, gnutls_certificate_credentials_t *credentials)
{
	if (gnutls_certificate_allocate_credentials(credentials) < 0)
		return false;
	if (opts->make)
		return make(opts, *credentials);
	return gnutls_certificate_set_x509_key_file(*credentials, opts->cert, opts->key, GNUTLS_X509_FMT_PEM) >= 0;
}
