/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every bound on what comes from outside, each with its reason. */
#ifndef AU_LIMITS_H
#define AU_LIMITS_H

/* An order of 100 names with its authorizations and a chain is under 200 KiB. */
#define AU_MAX_DOC (4u << 20)
/* The deepest object of RFC 8555 nests five levels; a server that sends more is playing. */
#define AU_MAX_DEPTH_SERVER 16
/* A document holds server objects one level down. */
#define AU_MAX_DEPTH_DOC 24
/* Any ACME reply, a chain of 20 RSA-8192 certificates included. */
#define AU_MAX_REPLY (1u << 20)
/* All reply header fields together, and one of them. */
#define AU_MAX_HEADERS (64u << 10)
#define AU_MAX_HEADER 8192u
/* RFC 9110 section 4.1 asks for 8000 octets of URL; nobody needs more, and a kid is sent in each request. */
#define AU_MAX_URL 2048u
/* RFC 8555 section 6.5.1 sets no length; servers use 16 to 200 octets. */
#define AU_MAX_NONCE 1024u
/* Octets of a "detail" that are kept (a server may send a megabyte). */
#define AU_MAX_DETAIL 4096u
#define AU_MAX_SUBPROBLEMS 100u
/* Text of an error: a detail, escaped, with its context. */
#define AU_ERR_TEXT 8192u
/* Authorizations of an order, challenges of an authorization, pages of an orders list. */
#define AU_MAX_AUTHZ 100u
#define AU_MAX_CHALLENGES 64u
#define AU_MAX_PAGES 1000u
/* Certificates in a chain, alternate chains, bits of an RSA modulus that we parse. */
#define AU_MAX_CHAIN 20u
#define AU_MAX_ALTERNATES 10u
#define AU_MAX_RSA_BITS 16384u
/* A duration or Retry-After: 68 years, so that it fits a long of 32 bits and, in milliseconds, an int64_t. */
#define AU_MAX_SECONDS 2147483647
/* Of RSA keys that are used: less can be broken, more takes a verifier's time. Bits of modulus and exponent. */
#define AU_MIN_RSA_KEY 2048u
#define AU_MAX_RSA_KEY 8192u
#define AU_MAX_RSA_EXPONENT 256u
/* Rounds of PBKDF2 in an encrypted key: some seconds of work. */
#define AU_MAX_KDF_ROUNDS 20000000u
/* A key file: a JWK Set of a few RSA keys, or PEM with comments. */
#define AU_MAX_KEYFILE (256u << 10)
/* A secret of one line: passphrase, PIN, HMAC key. */
#define AU_MAX_SECRET 4096u
/* Redirects of a directory GET. */
#define AU_MAX_REDIRECTS 5u
/* badNonce answers in a row before giving up: at 90 % refusal 1 request in 10^5 needs more. */
#define AU_MAX_NONCE_RETRIES 120u

#endif
