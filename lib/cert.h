/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cert: certificate chains as a CA sends them (RFC 8555 section 9.1), looked at before they are trusted with a place
 * on disk.
 */
#ifndef AU_CERT_H
#define AU_CERT_H

#include "clock.h"
#include "key.h"

struct au_chain;

/*
 * Read application/pem-certificate-chain: n octets. Refused (AU_PROTOCOL):
 * nothing inside, text or other PEM labels between certificates (a private key!), base64 or
 * DER with anything behind it, more than AU_MAX_CHAIN, an RSA modulus over AU_MAX_RSA_BITS.
 */
bool au_chain_read(const void *pem, size_t n, struct au_chain **chain, struct au_err *err);

/*
 * One's own certificate or chain: from a file ("-" and fd:N, too), which may have text round the PEM as openssl
 * x509 -text writes it, or, when file is NULL, from `certificate.chain` of the document. AU_INPUT.
 */
bool au_chain_open(const char *file, const json_t *doc, struct au_chain **chain, struct au_err *err);

void au_chain_free(struct au_chain *chain);
void au_chain_freep(struct au_chain **chain);
#define AU_AUTO_CHAIN __attribute__((cleanup(au_chain_freep)))

size_t au_chain_length(const struct au_chain *chain);
/* Certificate i as PEM, re-encoded from its DER; 0 is the end entity. Appended. */
bool au_chain_pem(const struct au_chain *chain, size_t i, struct au_buf *pem, struct au_err *err);
bool au_chain_der(const struct au_chain *chain, size_t i, struct au_buf *der, struct au_err *err);

/* The end entity's public key, policy applied. */
bool au_chain_key(const struct au_chain *chain, struct au_key **key, struct au_err *err);

/*
 * Does the end entity fit? Each NULL argument is not looked at. key: same
 * SPKI. identifiers: every dns, ip and email identifier is among the SANs and
 * no other SAN of these types is there. now: seconds; within the validity dates.
 * Also: not a CA, serial of 1 to 20 octets and not zero, each certificate signed by the next,
 * by a CA certificate, none twice, no unknown critical extension, no SHA-1 or MD5 signature but
 * a root's own. now is held against every certificate, with five minutes of mercy
 * for a slow clock. AU_PROTOCOL with what differs.
 */
bool au_chain_check(const struct au_chain *chain, const struct au_key *key, const json_t *identifiers,
		    const int64_t *now, struct au_err *err);

/* Same end entity (DER octets equal)? For alternates. */
bool au_chain_same_leaf(const struct au_chain *a, const struct au_chain *b);

/*
 * --preferred-chain: does any issuer in the chain match? want is a common name
 * (of the issuer of the last certificate or the subject of one above the leaf), a SHA-256 fingerprint in hex (of any
 * certificate above the leaf; colons allowed), or "aki:HEX" (authority key identifier of any certificate).
 */
bool au_chain_matches(const struct au_chain *chain, const char *want);

/*
 * RFC 9773 section 4.1 identifier of the end entity: b64url(AKI) "." b64url(serial). The caller au_free()s. AU_INPUT
 * when there is no AKI.
 */
char *au_chain_ari_id(const struct au_chain *chain, struct au_err *err) AU_MUST_CHECK;

/* notBefore and notAfter of the end entity, seconds since 1970. */
bool au_chain_validity(const struct au_chain *chain, int64_t *not_before, int64_t *not_after, struct au_err *err);

/*
 * Certificate i to be shown: {"subject","issuer","serial","notBefore","notAfter","names":[...],"sha256","aki","key"},
 * octets in hex, names as identifiers (also of types "uri" and "other").
 */
json_t *au_chain_describe(const struct au_chain *chain, size_t i, struct au_err *err) AU_MUST_CHECK;

#endif
