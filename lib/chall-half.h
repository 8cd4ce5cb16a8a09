/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* chall-half: what the halves in chall/ share (this library only, not installed). */
#ifndef AU_CHALL_HALF_H
#define AU_CHALL_HALF_H

#include "chall.h"

/* SHA-256 of the key authorization (RFC 8555 section 8.4). AU_PROTOCOL: the challenge has no token. */
bool au_chall_digest(const struct au_chall_ctx *ctx, uint8_t out[static 32], struct au_err *err);

/* The same as text, 43 characters of base64url and a NUL. */
bool au_chall_digest_text(const struct au_chall_ctx *ctx, char out[static 44], struct au_err *err);

/* The identifier's value, borrowed, checked before it becomes part of a name, a path or a certificate. AU_PROTOCOL. */
bool au_chall_dns(const struct au_chall_ctx *ctx, const char **name, struct au_err *err);
/* The same for an identifier that may be an address, too: *n octets of it (4 or 16), 0 for a DNS name. */
bool au_chall_host(const struct au_chall_ctx *ctx, const char **host, uint8_t addr[static 16], size_t *n,
		   struct au_err *err);

/*
 * The halves of a type that is proved by TXT record `name` (taken) whose value is the
 * digest: dns-01 and its relatives differ in the name only.
 */
bool au_chall_txt_answer_take(const struct au_chall_ctx *ctx, char *name, json_t *provision, struct au_err *err);
bool au_chall_txt_verify_take(const struct au_chall_ctx *ctx, char *name, const struct au_probe *probe,
			      struct au_err *err);

#endif
