/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cert.h"

#include "certs.h"

static gnutls_privkey_t leaf_key, sub_key, root_key, other_key;
static struct spec leaf, sub, root;
static json_t *names;

/* Chains of one to three, from the specs as they stand; faults are put into copies of them. */
static struct au_chain *chain_of(const struct spec *a, const struct spec *b, const struct spec *c)
{
	struct au_buf pem AU_AUTO_BUF = AU_BUF(0);
	struct au_err err = { 0 };
	struct au_chain *chain = NULL;

	cert_pem(a, b, &pem);
	if (b)
		cert_pem(b, c ? c : b->ca && b == &root ? NULL : &root, &pem);
	if (c)
		cert_pem(c, NULL, &pem);
	if (!au_chain_read(pem.p, pem.n, &chain, &err)) {
		printf("Bail out! %s\n", err.text);
		exit(99);
	}
	return chain;
}

static struct au_key *au_key_of(gnutls_privkey_t k)
{
	gnutls_pubkey_t pub = public_of(k);
	gnutls_datum_t d;
	struct au_err err = { 0 };
	struct au_key *key = NULL;

	must(gnutls_pubkey_export2(pub, GNUTLS_X509_FMT_DER, &d));
	if (!au_key_from_spki(d.data, d.size, &key, &err))
		must(-1);
	gnutls_free(d.data);
	gnutls_pubkey_deinit(pub);
	return key;
}

/* The check of everything, with the fault in a, b or c that `why` tells of. */
static void refused(const struct spec *a, const struct spec *b, const struct spec *c, const char *why, const char *what)
{
	AU_AUTO_CHAIN struct au_chain *chain = chain_of(a, b, c);
	AU_AUTO_KEY struct au_key *key = au_key_of(leaf_key);
	struct au_err err AU_AUTO_ERR = { 0 };

	fails(!au_chain_check(chain, key, names, &(int64_t){ NOW }, &err), &err, AU_PROTOCOL, why, "refused: %s", what);
}

static void accepted(const struct spec *a, const struct spec *b, const struct spec *c, const char *what)
{
	AU_AUTO_CHAIN struct au_chain *chain = chain_of(a, b, c);
	AU_AUTO_KEY struct au_key *key = au_key_of(leaf_key);
	struct au_err err AU_AUTO_ERR = { 0 };

	if (!ok(au_chain_check(chain, key, names, &(int64_t){ NOW }, &err), "accepted: %s", what))
		printf("# %s\n", err.text);
}

static void specs(void)
{
	leaf_key = new_p256();
	sub_key = new_p256();
	root_key = new_p256();
	other_key = new_p256();
	leaf = (struct spec){ .cn = "a.test", .key = leaf_key, .dns = { "a.test", "*.B.test" }, .ip = "c0000201",
			      .email = "u@A.test", .uri = "urn:x", .usage = GNUTLS_KEY_DIGITAL_SIGNATURE };
	sub = (struct spec){ .cn = "Sub CA", .key = sub_key, .ca = true, .path = 0, .usage = GNUTLS_KEY_KEY_CERT_SIGN };
	root = (struct spec){ .cn = "Root CA", .key = root_key, .ca = true, .path = -1,
			      .usage = GNUTLS_KEY_KEY_CERT_SIGN };
	names = json_q("[{'type':'dns','value':'a.test'},{'type':'dns','value':'*.b.TEST'},{'type':'ip','value':'192.0.2.1'},"
		       "{'type':'email','value':'u@a.test'},{'type':'pk','value':'AAAA'}]");
}

static void good(void)
{
	struct spec s;

	accepted(&leaf, &sub, &root, "a chain of three");
	accepted(&leaf, &sub, NULL, "without the root");
	accepted(&leaf, &root, NULL, "signed by the root");
	s = root;
	s.digest = GNUTLS_DIG_SHA1;
	accepted(&leaf, &sub, &s, "a root that signed itself with SHA-1");
	s = sub;
	s.usage = 0;
	accepted(&leaf, &s, &root, "a CA without a key usage");
	s = leaf;
	s.from = NOW + 300;
	accepted(&s, &sub, &root, "a certificate from a clock five minutes ahead");
	s = leaf;
	s.to = NOW;
	accepted(&s, &sub, &root, "a certificate in its last second");
	s = leaf;
	s.serial = "7f23456789abcdef0123456789abcdef01234567";
	accepted(&s, &sub, &root, "a serial number of 20 octets");
	s = leaf;
	s.serial = "01";
	accepted(&s, &sub, &root, "and of one");
	s = leaf;
	s.critical = "2.5.29.32";
	accepted(&s, &sub, &root, "a critical extension that is known");
	s = leaf;
	s.cn = NULL;
	accepted(&s, &sub, &root, "an empty subject");
	s = leaf;
	s.no_ca = true;
	accepted(&s, &sub, &root, "CA:FALSE");
}

static void alone(void)
{
	struct au_buf pem AU_AUTO_BUF = AU_BUF(0);
	AU_AUTO_CHAIN struct au_chain *chain = NULL;
	struct au_err err AU_AUTO_ERR = { 0 };

	cert_pem(&leaf, &sub, &pem);
	ok(au_chain_read(pem.p, pem.n, &chain, &err) && au_chain_check(chain, NULL, names, NULL, &err),
	   "a certificate without its chain");
	ok(au_chain_length(chain) == 1, "is a chain of one");
}

static void bad_leaf(void)
{
	struct spec s = leaf;

	s.key = other_key;
	refused(&s, &sub, &root, "it is for another key", "another key");
	s = leaf;
	s.ca = true;
	refused(&s, &sub, &root, "the certificate of a CA", "CA:TRUE");
	s = leaf;
	s.dns[1] = NULL;
	refused(&s, &sub, &root, "it lacks dns:*.b.test", "a name missing");
	s = leaf;
	s.dns[2] = "evil.test";
	refused(&s, &sub, &root, "not asked for: dns:evil.test", "a name too many");
	s = leaf;
	s.ip = "c0000202";
	refused(&s, &sub, &root, "it lacks ip:192.0.2.1", "another address");
	s = leaf;
	s.email = "U@a.test";
	refused(&s, &sub, &root, "it lacks email:u@a.test", "a mailbox in another case");
	s = leaf;
	s.san = "3009820761002e74657374";
	refused(&s, &sub, &root, "not a name", "a NUL in a name");
	s = leaf;
	s.san = "30098207612e7465737400";
	refused(&s, &sub, &root, "not a name", "a NUL behind a name");
	s = leaf;
	s.san = "30058703c00002";
	refused(&s, &sub, &root, "an address of 3 octets", "an address that is none");
	s = leaf;
	memset(s.dns, 0, sizeof s.dns);
	s.ip = s.email = s.uri = NULL;
	refused(&s, &sub, &root, "it lacks dns:*.b.test", "no names at all");
}

static void bad_each(void)
{
	struct spec s = leaf;

	s.serial = "0123456789abcdef0123456789abcdef0123456789";
	refused(&s, &sub, &root, "certificate 1: a serial number of 21 octets", "21 octets of serial number");
	s = leaf;
	s.serial = "80";
	refused(&s, &sub, &root, "certificate 1: a serial number that is not positive", "a negative serial number");
	s = sub;
	s.serial = "80";
	refused(&leaf, &s, &root, "certificate 2: a serial number", "that of a CA");
	s = leaf;
	s.critical = "1.3.6.1.4.1.11129.2.4.3";
	refused(&s, &sub, &root, "certificate 1: critical extension 1.3.6.1.4.1.11129.2.4.3 is unknown",
		"a precertificate's poison");
	s = sub;
	s.critical = "2.999.7";
	refused(&leaf, &s, &root, "certificate 2: critical extension 2.999.7", "a critical extension of a CA");
	s = leaf;
	s.digest = GNUTLS_DIG_SHA1;
	refused(&s, &sub, &root, "certificate 1: signed with SHA1", "SHA-1");
	s = sub;
	s.digest = GNUTLS_DIG_SHA1;
	refused(&leaf, &s, &root, "certificate 2: signed with SHA1", "SHA-1 above");
	s = leaf;
	s.to = NOW - 1;
	refused(&s, &sub, &root, "certificate 1: expired on 2025-12-31T23:59:59Z", "expired");
	s = leaf;
	s.from = 1;
	s.to = 2;
	refused(&s, &sub, &root, "certificate 1: expired on 1970-01-01T00:00:02Z", "1970");
	s = leaf;
	s.from = NOW + 301;
	refused(&s, &sub, &root, "certificate 1: not valid before 2026-01-01T00:05:01Z", "from a clock six minutes ahead");
	s = sub;
	s.to = NOW - 1;
	refused(&leaf, &s, &root, "certificate 2: expired", "an expired CA");
}

static void bad_links(void)
{
	struct spec s = sub;

	s.ca = false;
	refused(&leaf, &s, &root, "certificate 2: not the certificate of a CA", "signed by no CA");
	s.no_ca = true;
	refused(&leaf, &s, &root, "certificate 2: not the certificate of a CA", "signed by one that says so");
	s = sub;
	s.usage = GNUTLS_KEY_DIGITAL_SIGNATURE;
	refused(&leaf, &s, &root, "certificate 2: its key usage", "a CA that may not sign");
	s = leaf;
	s.aki = "0011";
	refused(&s, &sub, &root, "certificate 1: its authority key identifier", "another authority key identifier");
	struct au_buf pem AU_AUTO_BUF = AU_BUF(0);
	AU_AUTO_CHAIN struct au_chain *chain = NULL;
	struct au_err err AU_AUTO_ERR = { 0 };
	s = sub;
	s.path = -1;
	cert_pem(&leaf, &s, &pem);
	cert_pem(&root, NULL, &pem);
	cert_pem(&s, &root, &pem);
	ok(au_chain_read(pem.p, pem.n, &chain, &err), "the wrong order:");
	fails(!au_chain_check(chain, NULL, names, NULL, &err), &err, AU_PROTOCOL, "certificate 1: its issuer is not the next",
	      "refused");
	au_chain_free(au_steal(&chain));
	au_buf_free(&pem);
	s = sub;
	s.cn = "Sub CB";
	cert_pem(&leaf, &sub, &pem);
	cert_pem(&s, &root, &pem);
	ok(au_chain_read(pem.p, pem.n, &chain, &err), "an unrelated CA:");
	fails(!au_chain_check(chain, NULL, names, NULL, &err), &err, AU_PROTOCOL, "certificate 1: its issuer is not the next",
	      "refused");
	au_chain_free(au_steal(&chain));
	au_buf_free(&pem);
	s = leaf;
	s.no_aki = true;
	cert_pem(&s, &sub, &pem);
	s = sub;
	s.key = other_key;
	cert_pem(&s, &root, &pem);
	ok(au_chain_read(pem.p, pem.n, &chain, &err), "a CA of the right name and another key:");
	fails(!au_chain_check(chain, NULL, names, NULL, &err), &err, AU_PROTOCOL, "certificate 1: not signed by the next",
	      "refused");
}

/* From DER of which octets were changed. */
static struct au_chain *changed(const struct spec *a, const struct spec *b, size_t from_end, uint8_t flip)
{
	struct au_buf der AU_AUTO_BUF = AU_BUF(0), pem AU_AUTO_BUF = AU_BUF(0);
	struct au_err err AU_AUTO_ERR = { 0 };
	struct au_chain *chain = NULL;

	cert_der(a, b, &der);
	der.p[der.n - from_end] ^= flip;
	if (!au_pem_write("CERTIFICATE", der.p, der.n, &pem, &err))
		must(-1);
	cert_pem(b, &root, &pem);
	if (!au_chain_read(pem.p, pem.n, &chain, &err))
		printf("# %s\n", err.text);
	return chain;
}

static void signatures(void)
{
	static const struct {
		gnutls_pk_algorithm_t pk;
		unsigned bits;
		gnutls_digest_algorithm_t digest;
		const char *what;
	} t[] = {
		{ GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP384R1), GNUTLS_DIG_SHA384, "P-384" },
		{ GNUTLS_PK_RSA, 2048, GNUTLS_DIG_SHA256, "RSA" },
		{ GNUTLS_PK_RSA_PSS, 2048, GNUTLS_DIG_SHA256, "RSA-PSS" },
		{ GNUTLS_PK_EDDSA_ED25519, 256, GNUTLS_DIG_SHA512, "Ed25519" },
		{ GNUTLS_PK_EDDSA_ED448, 456, GNUTLS_DIG_SHAKE_256, "Ed448" },
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		struct spec ca = sub, end = leaf;
		struct au_err err AU_AUTO_ERR = { 0 };
		ca.key = new_key(t[i].pk, t[i].bits);
		end.digest = t[i].digest;
		AU_AUTO_CHAIN struct au_chain *chain = changed(&end, &ca, 2, 0), *spoiled = changed(&end, &ca, 2, 1);
		if (!ok(chain && au_chain_check(chain, NULL, names, NULL, &err), "%s: signed", t[i].what))
			printf("# %s\n", err.text);
		fails(spoiled && !au_chain_check(spoiled, NULL, names, NULL, &err), &err, AU_PROTOCOL,
		      "certificate 1: not signed by", "%s: a bit of the signature", t[i].what);
		gnutls_privkey_deinit(ca.key);
	}
}

/* Path lengths: root, two CAs, end. */
static void path_length(void)
{
	for (int path = 0; path <= 1; path++) {
		struct spec top = root, mid = sub;
		struct au_buf pem AU_AUTO_BUF = AU_BUF(0);
		AU_AUTO_CHAIN struct au_chain *chain = NULL;
		struct au_err err AU_AUTO_ERR = { 0 };
		top.path = path;
		mid.path = -1;
		cert_pem(&leaf, &mid, &pem);
		cert_pem(&mid, &top, &pem);
		cert_pem(&top, NULL, &pem);
		bool fine = au_chain_read(pem.p, pem.n, &chain, &err) && au_chain_check(chain, NULL, names, NULL, &err);
		if (path)
			ok(fine, "a CA below one that allows it");
		else
			fails(!fine, &err, AU_PROTOCOL, "certificate 3: at most 0 CA certificates", "below one that does not");
	}
}

static void repeated(void)
{
	struct au_buf pem AU_AUTO_BUF = AU_BUF(0);
	AU_AUTO_CHAIN struct au_chain *chain = NULL;
	struct au_err err AU_AUTO_ERR = { 0 };
	struct spec x = sub, y = root;

	/* each signs the other, and the chain goes round */
	x.path = y.path = -1;
	struct au_buf first AU_AUTO_BUF = AU_BUF(0);
	cert_pem(&leaf, &x, &pem);
	cert_pem(&x, &y, &first);
	ok(au_buf_add(&pem, first.p, first.n, &err), "a CA");
	cert_pem(&y, &x, &pem);
	ok(au_chain_read(pem.p, pem.n, &chain, &err) && au_chain_check(chain, NULL, names, NULL, &err), "half a loop");
	ok(au_buf_add(&pem, first.p, first.n, &err), "the first CA again");
	au_chain_free(au_steal(&chain));
	ok(au_chain_read(pem.p, pem.n, &chain, &err), "all of it:");
	fails(!au_chain_check(chain, NULL, names, NULL, &err), &err, AU_PROTOCOL, "certificate 2 stands there twice",
	      "refused");
}

/* What au_chain_read refuses; each text is made from good blocks. */
static void not_read(const char *pem, size_t n, const char *why, const char *what)
{
	AU_AUTO_CHAIN struct au_chain *chain = NULL;
	struct au_err err AU_AUTO_ERR = { 0 };

	fails(!au_chain_read(pem, n, &chain, &err), &err, AU_PROTOCOL, why, "not read: %s", what);
}

static void from_der(const struct au_buf *der, const char *label, const char *why, const char *what)
{
	struct au_buf pem AU_AUTO_BUF = AU_BUF(0);
	struct au_err err AU_AUTO_ERR = { 0 };

	if (!au_pem_write(label, der->p, der->n, &pem, &err))
		must(-1);
	not_read((char *)pem.p, pem.n, why, what);
}

static void reading(void)
{
	struct au_buf pem AU_AUTO_BUF = AU_BUF(0), der AU_AUTO_BUF = AU_BUF(0), more AU_AUTO_BUF = AU_BUF(0);
	struct au_err err AU_AUTO_ERR = { 0 };
	AU_AUTO_CHAIN struct au_chain *chain = NULL;

	cert_pem(&leaf, &sub, &pem);
	cert_der(&leaf, &sub, &der);
	not_read("", 0, "no certificate inside", "nothing");
	not_read("\n\n", 2, "no certificate inside", "empty lines");
	not_read("oops\n", 5, "line 1: text outside", "text");
	ok(au_buf_add(&more, pem.p, pem.n, &err) && au_buf_adds(&more, "note\n", &err), "text behind:");
	not_read((char *)more.p, more.n, "text outside", "text behind a certificate");
	from_der(&der, "PRIVATE KEY", "line 1: a PRIVATE KEY in a certificate chain", "a private key");
	from_der(&der, "TRUSTED CERTIFICATE", "a TRUSTED CERTIFICATE in", "a certificate of OpenSSL's own kind");
	not_read((char *)pem.p, pem.n - 20, "not the end of CERTIFICATE", "a certificate cut short");
	au_buf_free(&more);
	for (unsigned i = 0; i < AU_MAX_CHAIN; i++)
		if (!au_buf_add(&more, pem.p, pem.n, &err))
			must(-1);
	ok(au_chain_read(more.p, more.n, &chain, &err) && au_chain_length(chain) == AU_MAX_CHAIN, "20 certificates");
	ok(au_buf_add(&more, pem.p, pem.n, &err), "one more:");
	not_read((char *)more.p, more.n, "more than 20 certificates", "21 certificates");
	ok(au_buf_add(&der, "", 1, &err), "an octet behind DER:");
	from_der(&der, "CERTIFICATE", "certificate 1: not DER", "trailing octet");
	der.n--;
	der.p[der.n - 1] ^= 0;
	uint8_t *version = memmem(der.p, der.n, "\xa0\x03\x02\x01\x02", 5);
	version[0] = 0xa1;
	from_der(&der, "CERTIFICATE", "certificate 1: not a certificate", "a version with another tag");
	version[0] = 0xa0;
	from_der(&(struct au_buf){ .p = (uint8_t *)(uintptr_t)"\x05\x00", .n = 2 }, "CERTIFICATE", "not a certificate",
		 "DER of something else");
}

/* Two extensions of one kind; GnuTLS would look at the first. */
static void twins(void)
{
	struct au_buf der AU_AUTO_BUF = AU_BUF(0);
	struct spec s = leaf;

	s.critical = "2.5.29.99";
	cert_der(&s, &sub, &der);
	uint8_t *oid = memmem(der.p, der.n, "\x06\x03\x55\x1d\x63", 5);
	oid[4] = 17;
	from_der(&der, "CERTIFICATE", "not a certificate", "two lists of names");
}

static void many_extensions(void)
{
	/* the key and authority identifiers, usage and names of the leaf are three */
	for (unsigned n = 60; n <= 62; n++) {
		gnutls_x509_crt_t c;
		gnutls_datum_t d;
		struct au_buf der AU_AUTO_BUF = AU_BUF(0);
		AU_AUTO_CHAIN struct au_chain *chain = NULL;
		struct au_err err AU_AUTO_ERR = { 0 };
		cert_der(&leaf, &sub, &der);
		must(gnutls_x509_crt_init(&c));
		must(gnutls_x509_crt_import(c, &(gnutls_datum_t){ der.p, (unsigned)der.n }, GNUTLS_X509_FMT_DER));
		for (unsigned i = 0; i < n; i++) {
			char oid[32];
			snprintf(oid, sizeof oid, "2.999.%u", i);
			must(gnutls_x509_crt_set_extension_by_oid(c, oid, "\x05", 2, 0));
		}
		sign_cert(c, &sub, GNUTLS_DIG_SHA256);
		must(gnutls_x509_crt_export2(c, GNUTLS_X509_FMT_PEM, &d));
		bool read = au_chain_read(d.data, d.size, &chain, &err);
		if (n <= 61)
			ok(read, "%u extensions", n + 3);
		else
			fails(!read, &err, AU_PROTOCOL, "not a certificate as RFC 5280 has it", "%u extensions", n + 3);
		gnutls_free(d.data);
		gnutls_x509_crt_deinit(c);
	}
}

/* SubjectPublicKeyInfo of the leaf replaced by one of an RSA key whose modulus has n octets, exponent e octets. */
static void rsa_lengths(void)
{
	static const struct {
		size_t n, e;
		const char *why;
	} t[] = {
		{ 1024, 3, NULL }, { 2048, 3, NULL }, { 2050, 3, "an RSA modulus of more than 16384 bits" },
		{ 256, 8, NULL }, { 256, 9, "an RSA exponent of 9 octets" },
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		gnutls_x509_crt_t c;
		gnutls_pubkey_t pub;
		uint8_t m[3000], e[20];
		gnutls_datum_t md = { m, (unsigned)t[i].n }, ed = { e, (unsigned)t[i].e }, d;
		struct au_err err AU_AUTO_ERR = { 0 };
		AU_AUTO_CHAIN struct au_chain *chain = NULL;
		memset(m, 0x55, sizeof m);
		memset(e, 0x55, sizeof e);
		must(gnutls_pubkey_init(&pub));
		must(gnutls_pubkey_import_rsa_raw(pub, &md, &ed));
		must(gnutls_x509_crt_init(&c));
		must(gnutls_x509_crt_set_version(c, 3));
		must(gnutls_x509_crt_set_serial(c, "\x01", 1));
		must(gnutls_x509_crt_set_activation_time(c, NOW));
		must(gnutls_x509_crt_set_expiration_time(c, NOW + DAY));
		must(gnutls_x509_crt_set_pubkey(c, pub));
		sign_cert(c, &sub, GNUTLS_DIG_SHA256);
		must(gnutls_x509_crt_export2(c, GNUTLS_X509_FMT_PEM, &d));
		bool read = au_chain_read(d.data, d.size, &chain, &err);
		if (t[i].why)
			fails(!read, &err, AU_PROTOCOL, t[i].why, "%s", t[i].why);
		else
			ok(read, "an RSA key of %zu and %zu octets is read", t[i].n, t[i].e);
		gnutls_free(d.data);
		gnutls_x509_crt_deinit(c);
		gnutls_pubkey_deinit(pub);
	}
}

/* RFC 9773 section 4.1: the identifier of a certificate with these two facts. */
static void ari_id(void)
{
	struct spec s = leaf;

	s.serial = "0087654321";
	s.aki = "69885b6b87464041e1b37b847ba0ae2cde01c8d4";
	AU_AUTO_CHAIN struct au_chain *chain = chain_of(&s, &sub, NULL);
	struct au_err err AU_AUTO_ERR = { 0 };
	AU_AUTO_MEM char *id = au_chain_ari_id(chain, &err);
	is_str(id, "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE", "the identifier of RFC 9773");
	s = leaf;
	s.no_aki = true;
	AU_AUTO_CHAIN struct au_chain *without = chain_of(&s, &sub, NULL);
	AU_AUTO_MEM char *none = au_chain_ari_id(without, &err);
	fails(!none, &err, AU_INPUT, "no authority key identifier", "a certificate without one");
}

static void matching(void)
{
	AU_AUTO_CHAIN struct au_chain *chain = chain_of(&leaf, &sub, NULL);
	struct au_err err AU_AUTO_ERR = { 0 };
	AU_AUTO_JSON json_t *end = au_chain_describe(chain, 0, &err), *above = au_chain_describe(chain, 1, &err);
	const char *fp = json_string_value(json_object_get(above, "sha256"));
	const char *aki = json_string_value(json_object_get(end, "aki"));
	char want[200], colons[200], *p = colons;

	ok(au_chain_matches(chain, "Sub CA"), "the common name of the CA");
	ok(au_chain_matches(chain, "Root CA"), "the common name of its issuer, which is not in the chain");
	ok(!au_chain_matches(chain, "a.test"), "not that of the end entity");
	ok(!au_chain_matches(chain, "Sub"), "not a part of a name");
	ok(!au_chain_matches(chain, ""), "not nothing");
	ok(au_chain_matches(chain, fp), "the fingerprint of the CA");
	for (const char *q = fp; *q; q++) {
		*p++ = *q >= 'a' ? (char)(*q - 32) : *q;
		if ((q - fp) % 2 && q[1])
			*p++ = ':';
	}
	*p = 0;
	ok(au_chain_matches(chain, colons), "in upper case with colons");
	ok(!au_chain_matches(chain, json_string_value(json_object_get(end, "sha256"))), "not that of the end entity");
	colons[strlen(colons) - 1] = 0;
	ok(!au_chain_matches(chain, colons), "not all but a digit of it");
	snprintf(want, sizeof want, "aki:%s", aki);
	ok(au_chain_matches(chain, want), "the authority key identifier");
	want[4] = want[4] == '0' ? '1' : '0';
	ok(!au_chain_matches(chain, want) && !au_chain_matches(chain, "aki:"), "not another one");
}

static void describing(void)
{
	struct spec s = leaf;

	s.cn = "x\033[31m \342\200\256, \"y\"";
	s.serial = "00c1";
	AU_AUTO_CHAIN struct au_chain *chain = chain_of(&s, &sub, &root);
	struct au_err err AU_AUTO_ERR = { 0 };
	AU_AUTO_JSON json_t *d = au_chain_describe(chain, 0, &err), *top = au_chain_describe(chain, 2, &err);
	AU_AUTO_JSON json_t *want = json_q("[{'type':'dns','value':'*.b.test'},{'type':'dns','value':'a.test'},"
					   "{'type':'email','value':'u@a.test'},{'type':'ip','value':'192.0.2.1'},"
					   "{'type':'uri','value':'urn:x'}]");
	ok(json_equal(json_object_get(d, "names"), want), "the names");
	is_str(json_string_value(json_object_get(d, "issuer")), "CN=Sub CA", "the issuer");
	is_str(json_string_value(json_object_get(top, "subject")), "CN=Root CA", "the subject of the root");
	is_str(json_string_value(json_object_get(d, "serial")), "00c1", "the serial number with its leading zero");
	is_str(json_string_value(json_object_get(d, "notBefore")), "2025-12-31T00:00:00Z", "from");
	is_str(json_string_value(json_object_get(d, "notAfter")), "2026-04-01T00:00:00Z", "to");
	is_str(json_string_value(json_object_get(d, "key")), "p256", "the key");
	const char *subject = json_string_value(json_object_get(d, "subject"));
	ok(subject && !strchr(subject, 033) && strstr(subject, "[31m"), "a subject that will not paint the terminal");
	int64_t from, to;
	ok(au_chain_validity(chain, &from, &to, &err) && from == NOW - DAY && to == NOW + 90 * DAY, "the dates");
}

static void octets(void)
{
	AU_AUTO_CHAIN struct au_chain *chain = chain_of(&leaf, &sub, NULL), *again = NULL, *other = NULL, *longer = NULL;
	struct au_buf pem AU_AUTO_BUF = AU_BUF(0), der AU_AUTO_BUF = AU_BUF(0), crlf AU_AUTO_BUF = AU_BUF(0);
	struct au_err err AU_AUTO_ERR = { 0 };
	struct spec s = leaf;

	ok(au_chain_pem(chain, 0, &pem, &err) && au_chain_pem(chain, 1, &pem, &err) &&
	   au_chain_read(pem.p, pem.n, &again, &err) && au_chain_length(again) == 2, "written and read again");
	ok(au_chain_same_leaf(chain, again), "the same end entity");
	ok(au_chain_der(chain, 0, &der, &err) && der.p[0] == 0x30, "DER");
	for (size_t i = 0; i < pem.n; i++)
		if (!(pem.p[i] != '\n' || au_buf_adds(&crlf, "\r", &err)) || !au_buf_add(&crlf, &pem.p[i], 1, &err))
			must(-1);
	au_chain_free(au_steal(&again));
	ok(au_chain_read(crlf.p, crlf.n, &again, &err) && au_chain_same_leaf(chain, again), "with CR LF the same");
	s.serial = "02";
	other = chain_of(&s, &sub, NULL);
	ok(!au_chain_same_leaf(chain, other), "another certificate");
	AU_AUTO_KEY struct au_key *key = NULL, *mine = au_key_of(leaf_key);
	ok(au_chain_key(chain, &key, &err) && au_key_equal(key, mine), "the key of the end entity");
}

static void opening(void)
{
	AU_AUTO_CHAIN struct au_chain *chain = chain_of(&leaf, &sub, NULL), *a = NULL, *b = NULL;
	struct au_buf pem AU_AUTO_BUF = AU_BUF(0), text AU_AUTO_BUF = AU_BUF(0);
	struct au_err err AU_AUTO_ERR = { 0 };
	AU_AUTO_JSON json_t *doc = json_object(), *none = json_object();
	AU_AUTO_JSON json_t *number = json_q("{'certificate':{'chain':1}}");
	char file[] = "/tmp/t-cert.XXXXXX";
	int fd = mkstemp(file);
	FILE *f = fdopen(fd, "w");

	ok(au_chain_pem(chain, 0, &pem, &err), "PEM");
	json_object_set_new(doc, "certificate", json_pack("{s:s}", "chain", (char *)pem.p));
	ok(au_chain_open(NULL, doc, &a, &err) && au_chain_same_leaf(chain, a), "from a document");
	fprintf(f, "Certificate:\n    Data:\n%s", (char *)pem.p);
	fclose(f);
	ok(au_chain_open(file, none, &b, &err) && au_chain_same_leaf(chain, b), "from a file with text before it");
	au_chain_free(au_steal(&a));
	fails(!au_chain_open(NULL, none, &a, &err), &err, AU_INPUT, "certificate.chain: missing in the document",
	      "nowhere");
	fails(!au_chain_open(NULL, number, &a, &err), &err, AU_INPUT, "certificate.chain: not a string", "a number");
	fails(!au_chain_open("/dev/null", none, &a, &err), &err, AU_INPUT, "/dev/null: no certificate inside", "empty file");
	fails(!au_chain_open("/nonexistent/x", none, &a, &err), &err, AU_INPUT, "/nonexistent/x", "no file");
	remove(file);
}

/* A key that must not be, in a certificate that is good otherwise. */
static void weak(void)
{
	struct spec s = leaf;

	s.key = new_key(GNUTLS_PK_RSA, 1024);
	AU_AUTO_CHAIN struct au_chain *chain = chain_of(&s, &sub, NULL);
	AU_AUTO_KEY struct au_key *key = NULL, *mine = au_key_of(leaf_key);
	struct au_err err AU_AUTO_ERR = { 0 };

	fails(!au_chain_key(chain, &key, &err), &err, AU_KEY, "1024", "RSA of 1024 bits is no key");
	fails(!au_chain_check(chain, mine, NULL, NULL, &err), &err, AU_PROTOCOL, "1024", "and not the one asked for");
	AU_AUTO_JSON json_t *d = au_chain_describe(chain, 0, &err);
	is_str(json_string_value(json_object_get(d, "key")), "RSA", "but it can be shown");
	gnutls_privkey_deinit(s.key);
}

int main(void)
{
	specs();
	good();
	alone();
	bad_leaf();
	bad_each();
	bad_links();
	signatures();
	path_length();
	repeated();
	reading();
	twins();
	many_extensions();
	rsa_lengths();
	ari_id();
	matching();
	describing();
	octets();
	opening();
	weak();
	json_decref(names);
	gnutls_privkey_deinit(leaf_key);
	gnutls_privkey_deinit(sub_key);
	gnutls_privkey_deinit(root_key);
	gnutls_privkey_deinit(other_key);
	return done();
}
