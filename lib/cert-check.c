/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Does what a CA sent fit what was asked for? An ACME client has no trust
 * anchor for what it was issued, so each certificate is checked against the
 * next one. GnuTLS takes a certificate that equals its anchor without looking
 * at the signature: no certificate may stand in a chain twice.
 */
#include "cert-impl.h"

#include <string.h>

#include "gnutls-key.h"
#include "mem.h"
#include "san.h"

/* A CA's clock and ours may differ by this much before "not yet valid" is said. */
#define SKEW 300
/* RFC 5280 section 4.1.2.2 */
#define MAX_SERIAL 20u

static const struct au_cert *at(const struct au_chain *chain, size_t i)
{
	return &chain->cert[i];
}

/* Extensions that a verifier of RFC 5280 knows; a critical one beside them would make it refuse. */
static bool extension_known(const struct au_cert_ext *ext)
{
	static const unsigned known[] = {
		AU_CE_KEY_USAGE, AU_CE_SUBJECT_ALT_NAME, AU_CE_BASIC_CONSTRAINTS, AU_CE_NAME_CONSTRAINTS,
		AU_CE_CRL_POINTS, AU_CE_POLICIES, AU_CE_POLICY_MAPPINGS, AU_CE_POLICY_CONSTRAINTS, AU_CE_EXT_USAGE,
		AU_CE_INHIBIT_ANY_POLICY,
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (au_cert_ext_is(ext, known[i]))
			return true;
	return false;
}

static bool extensions_check(const struct au_cert *cert, struct au_err *err)
{
	struct au_span rest = cert->extensions;
	struct au_cert_ext ext;

	while (au_cert_ext_next(&rest, &ext))
		if (ext.critical && !extension_known(&ext))
			return au_fail(err, AU_PROTOCOL, "critical extension %s is unknown", au_der_oid_text(ext.oid).s);
	return true;
}

static bool serial_check(const struct au_cert *cert, struct au_err *err)
{
	struct au_span s = cert->serial;

	if (s.n > MAX_SERIAL)
		return au_fail(err, AU_PROTOCOL, "a serial number of %zu octets", s.n);
	if (s.p[0] >= 0x80 || (s.n == 1 && s.p[0] == 0))
		return au_fail(err, AU_PROTOCOL, "a serial number that is not positive");
	return true;
}

static bool self_issued(const struct au_cert *cert)
{
	return au_span_equal(cert->issuer, cert->subject);
}

/* The digests whose collisions have been shown, or nearly. A root's signature over itself says nothing: any will do. */
static bool digest_check(const struct au_cert *cert, struct au_err *err)
{
	int alg = gnutls_x509_crt_get_signature_algorithm(cert->crt);
	gnutls_digest_algorithm_t dig = alg > 0 ? gnutls_sign_get_hash_algorithm(alg) : GNUTLS_DIG_UNKNOWN;
	static const gnutls_digest_algorithm_t broken[] = {
		GNUTLS_DIG_MD2, GNUTLS_DIG_MD5, GNUTLS_DIG_SHA1, GNUTLS_DIG_RMD160,
	};

	if (self_issued(cert))
		return true;
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
		if (dig == broken[i])
			return au_fail(err, AU_PROTOCOL, "signed with %s", gnutls_digest_get_name(dig));
	return true;
}

static bool dates_check(const struct au_cert *cert, int64_t now, struct au_err *err)
{
	int64_t from = gnutls_x509_crt_get_activation_time(cert->crt);
	int64_t to = gnutls_x509_crt_get_expiration_time(cert->crt);

	if (from > now + SKEW)
		return au_fail(err, AU_PROTOCOL, "not valid before %s, and now is %s", au_time_text(from).s,
			       au_time_text(now).s);
	if (to < now)
		return au_fail(err, AU_PROTOCOL, "expired on %s, and now is %s", au_time_text(to).s,
			       au_time_text(now).s);
	return true;
}

/* May certificate i sign certificate i - 1? */
static bool issuer_check(const struct au_chain *chain, size_t i, struct au_err *err)
{
	const struct au_cert *cert = at(chain, i);
	unsigned critical, usage, ca;
	int path = -1, below = 0;

	if (gnutls_x509_crt_get_basic_constraints(cert->crt, &critical, &ca, &path) < 0 || !ca)
		return au_fail(err, AU_PROTOCOL, "not the certificate of a CA");
	int r = gnutls_x509_crt_get_key_usage(cert->crt, &usage, &critical);
	if (r != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE && (r < 0 || !(usage & GNUTLS_KEY_KEY_CERT_SIGN)))
		return au_fail(err, AU_PROTOCOL, "its key usage does not let it sign certificates");
	for (size_t k = 1; k < i; k++)
		below += !self_issued(at(chain, k));
	if (path >= 0 && below > path)
		return au_fail(err, AU_PROTOCOL, "at most %d CA certificates may stand below it", path);
	return true;
}

/* DSA and GOST keys could be of any size, and nothing that a CA of today issues is signed by one. */
static bool pk_supported(const struct au_cert *issuer)
{
	static const int fine[] = {
		GNUTLS_PK_RSA, GNUTLS_PK_RSA_PSS, GNUTLS_PK_ECDSA, GNUTLS_PK_EDDSA_ED25519, GNUTLS_PK_EDDSA_ED448,
	};
	int pk = gnutls_x509_crt_get_pk_algorithm(issuer->crt, NULL);

	for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
		if (pk == fine[i])
			return true;
	return false;
}

static bool signed_by(const struct au_cert *cert, const struct au_cert *issuer, struct au_err *err)
{
	unsigned status = 0;

	if (!au_span_equal(cert->issuer, issuer->subject))
		return au_fail(err, AU_PROTOCOL, "its issuer is not the next certificate's subject");
	if (!pk_supported(issuer) || gnutls_x509_crt_get_signature_algorithm(cert->crt) <= 0)
		return au_fail(err, AU_PROTOCOL, "signed by an algorithm that cannot be checked here");
	int r = gnutls_x509_crt_verify(cert->crt, &issuer->crt, 1, GNUTLS_VERIFY_DISABLE_TIME_CHECKS, &status);
	if (r < 0)
		return au_fail_gnutls(err, AU_PROTOCOL, "signature", r);
	if (status & GNUTLS_CERT_SIGNATURE_FAILURE)
		return au_fail(err, AU_PROTOCOL, "not signed by the next certificate's key");
	if (status & GNUTLS_CERT_SIGNER_NOT_FOUND)
		return au_fail(err, AU_PROTOCOL, "its authority key identifier is not that of the next certificate");
	if (status & GNUTLS_CERT_INSECURE_ALGORITHM)
		return au_fail(err, AU_PROTOCOL, "signed by an insecure algorithm");
	return status == 0 || au_fail(err, AU_PROTOCOL, "the next certificate is none that can have signed it (%#x)", status);
}

static bool links_check(const struct au_chain *chain, struct au_err *err)
{
	for (size_t i = 0; i + 1 < chain->n; i++) {
		for (size_t k = i + 1; k < chain->n; k++) {
			const struct au_buf *a = &at(chain, i)->der, *b = &at(chain, k)->der;
			if (a->n == b->n && memcmp(a->p, b->p, a->n) == 0)
				return au_fail(err, AU_PROTOCOL, "certificate %zu stands there twice", i + 1);
		}
		if (!issuer_check(chain, i + 1, err))
			return au_fail_in(err, "certificate %zu", i + 2);
		if (!signed_by(at(chain, i), at(chain, i + 1), err))
			return au_fail_in(err, "certificate %zu", i + 1);
	}
	return true;
}

static bool key_check(const struct au_chain *chain, const struct au_key *key, struct au_err *err)
{
	AU_AUTO_KEY struct au_key *have = NULL;

	if (!au_chain_key(chain, &have, err))
		return au_cert_fault(err);
	return au_key_equal(have, key) ||
	       au_fail(err, AU_PROTOCOL, "it is for another key than the one that was asked for");
}

/* One of the sorted array a that b lacks, borrowed, or NULL. */
static const json_t *lacking(const json_t *a, const json_t *b)
{
	size_t k = 0, i;
	json_t *x;

	json_array_foreach(a, i, x) {
		while (k < json_array_size(b) && !json_equal(x, json_array_get(b, k)))
			k++;
		if (k == json_array_size(b))
			return x;
	}
	return NULL;
}

static bool names_fail(const json_t *name, const char *what, struct au_err *err)
{
	return au_fail(err, AU_PROTOCOL, "%s %s:%s", what, json_string_value(json_object_get(name, "type")),
		       json_string_value(json_object_get(name, "value")));
}

static bool names_check(const struct au_cert *cert, const json_t *identifiers, struct au_err *err)
{
	AU_AUTO_JSON json_t *want = au_san_canonical(identifiers, err), *have = NULL;
	const json_t *name;
	struct au_span san;

	if (!want)
		return false;
	if (au_cert_ext_find(cert, AU_CE_SUBJECT_ALT_NAME, &san))
		have = au_san_read(san, false, err);
	else if (!(have = json_array()))
		au_fail_mem(err);
	if (!have)
		return au_cert_fault(err);
	if ((name = lacking(want, have)))
		return names_fail(name, "it lacks", err);
	if ((name = lacking(have, want)))
		return names_fail(name, "it names what was not asked for:", err);
	return true;
}

static bool leaf_check(const struct au_cert *leaf, struct au_err *err)
{
	unsigned critical, ca = 0;
	int r = gnutls_x509_crt_get_basic_constraints(leaf->crt, &critical, &ca, NULL);

	if (r < 0 && r != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
		return au_fail_gnutls(err, AU_PROTOCOL, "basic constraints", r);
	return !ca || au_fail(err, AU_PROTOCOL, "it is the certificate of a CA");
}

static bool each_check(const struct au_chain *chain, const int64_t *now, struct au_err *err)
{
	for (size_t i = 0; i < chain->n; i++) {
		const struct au_cert *cert = at(chain, i);
		if (!serial_check(cert, err) || !extensions_check(cert, err) || !digest_check(cert, err) ||
		    (now && !dates_check(cert, *now, err)))
			return au_fail_in(err, "certificate %zu", i + 1);
	}
	return true;
}

bool au_chain_check(const struct au_chain *chain, const struct au_key *key, const json_t *identifiers,
		    const int64_t *now, struct au_err *err)
{
	const struct au_cert *leaf = at(chain, 0);

	if (!leaf_check(leaf, err) || (key && !key_check(chain, key, err)) ||
	    (identifiers && !names_check(leaf, identifiers, err)))
		return au_fail_in(err, "the certificate that was sent");
	if (!each_check(chain, now, err) || !links_check(chain, err))
		return au_fail_in(err, "the certificate chain that was sent");
	return true;
}
