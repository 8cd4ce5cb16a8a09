/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dnstool: a TXT record made or removed by somebody else's program: a hook, or nsupdate. */
#ifndef DNSTOOL_H
#define DNSTOOL_H

#include "chainload.h"

/* A `provision` of kind "dns", checked: no octet that a zone file or nsupdate could misread. Borrowed from it. */
struct dns_record {
	const char *name, *value;
};
bool dns_record_read(const json_t *provision, struct dns_record *record, struct au_err *err);

/*
 * hook     program to run, or NULL for nsupdate
 * key      TSIG key file for nsupdate, or NULL
 * server   "ADDR[:PORT]" for nsupdate, or NULL
 */
struct dnstool {
	const char *hook, *key, *server;
	long ttl, timeout;
	struct tool_slot *slot;
};

enum dns_what { DNS_ADD, DNS_REMOVE };

/* Before the first document: the program is there, the key can be read, the server is an address. */
bool dnstool_check(const struct dnstool *tool, struct au_err *err);

/*
 * PUT_NOT_MINE: the hook ended with 42, the name is not one it looks after. AU_INPUT: the record is not one of ours;
 * AU_SYSTEM: the hook failed; AU_NET: nsupdate did.
 */
enum put dnstool_run(const struct dnstool *tool, enum dns_what what, const json_t *provision, struct au_err *err);

#endif
