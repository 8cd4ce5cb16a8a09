/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pem.h"

#include "unit.h"

#define A "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n"
#define B "-----BEGIN X509 CRL-----\nBAU=\n-----END X509 CRL-----\n"

/* How many blocks text holds; -1 and err when it is refused. label and octets of the last. */
static int blocks(const char *text, bool explained, char label[static 64], struct au_buf *last, struct au_err *err)
{
	struct au_pem pem = AU_PEM(text, strlen(text));
	bool found = true;

	for (int n = 0;; n++) {
		struct au_buf der AU_AUTO_BUF = AU_BUF(100);
		char l[64];
		if (!au_pem_next(&pem, explained, l, &der, &found, err))
			return -1;
		if (!found)
			return n;
		memcpy(label, l, sizeof l);
		au_buf_free(last);
		if (!au_buf_add(last, der.p, der.n, err))
			return -1;
	}
}

static void good(void)
{
	static const struct {
		const char *text, *what;
		int strict, explained;
	} t[] = {
		{ "", "nothing", 0, 0 },
		{ "\n\n", "empty lines", 0, 0 },
		{ A, "one", 1, 1 },
		{ A B A, "three", 3, 3 },
		{ A "\n" B, "an empty line between", 2, 2 },
		{ "-----BEGIN CERTIFICATE-----\r\nAQID\r\n-----END CERTIFICATE-----\r\n", "CR LF", 1, 1 },
		{ "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----", "no end of the last line", 1, 1 },
		{ "-----BEGIN CERTIFICATE-----\nAQ\nID\n-----END CERTIFICATE-----\n", "short lines", 1, 1 },
		{ "subject=CN = x\n" A "issuer\n" B "bye\n", "text round the blocks", -1, 2 },
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		struct au_err err AU_AUTO_ERR = { 0 };
		struct au_buf last AU_AUTO_BUF = AU_BUF(100);
		char label[64];
		ok(blocks(t[i].text, false, label, &last, &err) == t[i].strict, "%s, strict", t[i].what);
		au_err_clear(&err);
		ok(blocks(t[i].text, true, label, &last, &err) == t[i].explained, "%s, explained", t[i].what);
	}
}

static void bad(void)
{
	static const struct {
		const char *text, *why;
	} t[] = {
		{ "hello\n" A, "line 1: text outside of PEM" },
		{ A " \n", "line 4: text outside of PEM" },
		{ A "-----END CERTIFICATE-----\n", "line 4: not a PEM boundary that belongs here" },
		{ "-----BEGIN certificate-----\nAQID\n-----END certificate-----\n", "line 1: not a PEM boundary" },
		{ " -----BEGIN CERTIFICATE-----\n", "line 1: text outside" },
		{ "-----BEGIN CERTIFICATE----- \nAQID\n", "line 1: not a PEM boundary" },
		{ "-----BEGIN CERTIFICATE-----\nAQID\n", "line 1: the end of CERTIFICATE is missing" },
		{ "-----BEGIN CERTIFICATE-----\nAQID\n-----END X509 CRL-----\n", "line 3: not the end of CERTIFICATE" },
		{ "-----BEGIN CERTIFICATE-----\nAQID\n-----BEGIN CERTIFICATE-----\n", "line 3: not the end of CERTIFICATE" },
		{ "-----BEGIN CERTIFICATE-----\nAQID\n\n-----END CERTIFICATE-----\n", "line 3: an empty line inside" },
		{ "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", "line 1: CERTIFICATE: nothing inside" },
		{ "-----BEGIN CERTIFICATE-----\nAQ ID\n-----END CERTIFICATE-----\n", "line 1: CERTIFICATE: not base64" },
		{ "-----BEGIN CERTIFICATE-----\nAQIDB\n-----END CERTIFICATE-----\n", "line 1: CERTIFICATE: not base64" },
		{ "-----BEGIN CERTIFICATE-----\nAQJ=\n-----END CERTIFICATE-----\n", "unused bits are set" },
		{ "-----BEGIN CERTIFICATE-----\nAQI=\nAQID\n-----END CERTIFICATE-----\n", "not base64" },
		{ "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nAQID\n-----END RSA PRIVATE KEY-----\n",
		  "not base64" },
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		struct au_err err AU_AUTO_ERR = { 0 };
		struct au_buf last AU_AUTO_BUF = AU_BUF(100);
		char label[64];
		fails(blocks(t[i].text, false, label, &last, &err) == -1, &err, AU_INPUT, t[i].why, "%s", t[i].why);
	}
}

static void round_trip(void)
{
	uint8_t octets[200];

	for (unsigned i = 0; i < sizeof octets; i++)
		octets[i] = (uint8_t)(i * 37);
	for (size_t n = 1; n <= 98; n += n == 1 || n == 49 ? 46 : 1) {
		struct au_err err AU_AUTO_ERR = { 0 };
		struct au_buf pem AU_AUTO_BUF = AU_BUF(0), last AU_AUTO_BUF = AU_BUF(0);
		char label[64] = "";
		ok(au_pem_write("PUBLIC KEY", octets, n, &pem, &err) &&
		   blocks((char *)pem.p, false, label, &last, &err) == 1 && last.n == n &&
		   memcmp(last.p, octets, n) == 0 && strcmp(label, "PUBLIC KEY") == 0, "%zu octets there and back", n);
	}
	struct au_err err AU_AUTO_ERR = { 0 };
	struct au_buf pem AU_AUTO_BUF = AU_BUF(0);
	ok(au_pem_write("X", octets, 48, &pem, &err) && strlen(strchr((char *)pem.p, '\n') + 1) == 65 + 16,
	   "48 octets are one line of 64 characters");
}

int main(void)
{
	good();
	bad();
	round_trip();
	return done();
}
