/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ident: names as people write them to names as the wire wants them, and the
 * comparison of what was asked for with what came back. libidn2 does the
 * mapping; what a DNS name may hold is checked here, as libidn2 lets empty
 * labels, blanks and underscores through (and with its STD3 flag deletes them).
 */
#include "ident.h"

#include <arpa/inet.h>
#include <idn2.h>
#include <stdio.h>
#include <string.h>

#include "mem.h"

#define MAX_NAME 253
#define MAX_LABEL 63

static const char letters_digits[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

static bool is_ascii(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s > 127)
			return false;
	return true;
}

/* What is wrong with a label of n octets, or NULL. */
static const char *label_fault(const char *label, size_t n)
{
	if (n == 0)
		return "has an empty label";
	if (n > MAX_LABEL)
		return "has a label of more than 63 characters";
	for (size_t i = 0; i < n; i++)
		if (label[i] == '*')
			return "has a * that is not the whole first label";
		else if (label[i] != '-' && !strchr(letters_digits, label[i]))
			return "holds a character that is no letter, digit or hyphen";
	if (label[0] == '-' || label[n - 1] == '-')
		return "has a label that begins or ends with a hyphen";
	return NULL;
}

/* What is wrong with a name in ASCII, its "*." taken off, or NULL. */
static const char *name_fault(const char *name, size_t max)
{
	const char *label = name;

	if (strlen(name) > max)
		return "is longer than 253 characters";
	for (;;) {
		size_t n = strcspn(label, ".");
		const char *fault = label_fault(label, n);
		if (fault)
			return fault;
		if (label[n] == '\0')
			break;
		label += n + 1;
	}
	if (strspn(label, "0123456789") == strlen(label))
		return "ends in a number (an address is given as ip:ADDRESS)";
	return NULL;
}

static bool is_wildcard(const char *name)
{
	return name[0] == '*' && name[1] == '.';
}

/* name without its final dot and in A-labels, lower case; the caller au_free()s. */
static char *to_ascii(const char *name, const char *shown, struct au_err *err)
{
	size_t n = strlen(name);
	char *plain AU_AUTO_MEM = au_memdup0(name, n > 1 && name[n - 1] == '.' ? n - 1 : n);
	uint8_t *mapped = NULL;
	const char *fault;
	char *copy;
	int r;

	if (!plain)
		return au_fail_mem(err), NULL;
	/* ASCII that is no LDH name must not reach libidn2: it would be mended or get a riddle for a message. */
	fault = is_ascii(plain) ? name_fault(plain, MAX_NAME) : NULL;
	if (fault)
		return au_fail(err, AU_USAGE, "%.300s: not a DNS name: %s", shown, fault), NULL;
	r = idn2_lookup_u8((const uint8_t *)plain, &mapped, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (r == IDN2_MALLOC)
		return au_fail_mem(err), NULL;
	if (r != IDN2_OK)
		return au_fail(err, AU_USAGE, "%.300s: not a DNS name: %s", shown, idn2_strerror(r)), NULL;
	copy = au_strdup((const char *)mapped);
	idn2_free(mapped);
	if (!copy)
		au_fail_mem(err);
	return copy;
}

static json_t *make(const char *type, const char *value, struct au_err *err)
{
	json_t *identifier AU_AUTO_JSON = json_object();

	if (!au_json_set_take(identifier, "type", json_string(type), err) ||
	    !au_json_set_take(identifier, "value", json_string(value), err))
		return NULL;
	return au_steal(&identifier);
}

json_t *au_ident_dns(const char *name, struct au_err *err)
{
	bool wildcard = is_wildcard(name);
	char *ascii AU_AUTO_MEM = to_ascii(name + (wildcard ? 2 : 0), name, err);
	char *value AU_AUTO_MEM = NULL;
	const char *fault;

	if (!ascii)
		return NULL;
	/* Again, as a mapping may have made dots (U+3002) and more. */
	fault = name_fault(ascii, MAX_NAME - (wildcard ? 2 : 0));
	if (fault)
		return au_fail(err, AU_USAGE, "%.300s: not a DNS name: %s", name, fault), NULL;
	value = au_asprintf("%s%s", wildcard ? "*." : "", ascii);
	if (!value)
		return au_fail_mem(err), NULL;
	return make("dns", value, err);
}

bool au_ident_is_dns(const char *value, bool wildcard)
{
	if (wildcard && is_wildcard(value))
		return !name_fault(value + 2, MAX_NAME - 2);
	return !name_fault(value, MAX_NAME);
}

struct ip_text { char s[INET6_ADDRSTRLEN]; };

/*
 * RFC 8738 wants section 4 of RFC 5952, that is hexadecimal throughout, where
 * inet_ntop() writes the last 32 bits of ::ffff:192.0.2.1 in decimal.
 */
static void ip6_text(const uint8_t ip[16], struct ip_text *out)
{
	unsigned group[8], best = 8, best_n = 1;
	char *p = out->s;

	for (unsigned i = 0; i < 8; i++)
		group[i] = (unsigned)ip[2 * i] << 8 | ip[2 * i + 1];
	for (unsigned i = 0, n; i < 8; i += n + 1) {
		for (n = 0; i + n < 8 && group[i + n] == 0; n++)
			;
		if (n > best_n) {
			best = i;
			best_n = n;
		}
	}
	for (unsigned i = 0; i < 8; i++) {
		if (i == best) {
			p += snprintf(p, 3, "::");
			i += best_n - 1;
		} else {
			p += snprintf(p, 6, "%s%x", i > 0 && i != best + best_n ? ":" : "", group[i]);
		}
	}
}

static bool ip_canonical(const char *text, struct ip_text *out)
{
	uint8_t ip[16];

	if (inet_pton(AF_INET, text, ip) == 1) {
		snprintf(out->s, sizeof out->s, "%u.%u.%u.%u", ip[0], ip[1], ip[2], ip[3]);
		return true;
	}
	if (inet_pton(AF_INET6, text, ip) != 1)
		return false;
	ip6_text(ip, out);
	return true;
}

static bool is_type(const char *type)
{
	for (const char *p = type; *p; p++)
		if (!strchr(letters_digits, *p) && *p != '-' && *p != '_')
			return false;
	return *type != '\0';
}

/* May this be the value of an identifier of a type we do not know? */
static bool opaque_check(const char *value, struct au_err *err)
{
	json_t *text AU_AUTO_JSON = NULL;

	if (*value == '\0')
		return au_fail(err, AU_USAGE, "the value is empty");
	for (const char *p = value; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return au_fail(err, AU_USAGE, "the value holds a control character");
	text = json_string(value);
	if (text)
		return true;
	/* No value, for one of two reasons. */
	text = json_string_nocheck(value);
	return text ? au_fail(err, AU_USAGE, "the value is not UTF-8") : au_fail_mem(err);
}

json_t *au_ident_read(const char *text, struct au_err *err)
{
	const char *colon = strchr(text, ':');
	char *type AU_AUTO_MEM = NULL;
	struct ip_text ip;

	if (!colon)
		return au_fail(err, AU_USAGE, "%.300s: not TYPE:VALUE (a DNS name is given with -d or as dns:NAME)",
			       text), NULL;
	type = au_memdup0(text, (size_t)(colon - text));
	if (!type)
		return au_fail_mem(err), NULL;
	if (!is_type(type))
		return au_fail(err, AU_USAGE, "%.300s: a type is letters, digits, - and _", text), NULL;
	if (strcmp(type, "dns") == 0)
		return au_ident_dns(colon + 1, err);
	if (strcmp(type, "ip") == 0) {
		if (!ip_canonical(colon + 1, &ip))
			return au_fail(err, AU_USAGE, "%.300s: not an IPv4 or IPv6 address", text), NULL;
		return make("ip", ip.s, err);
	}
	if (!opaque_check(colon + 1, err))
		return au_fail_in(err, "%.300s", text), NULL;
	return make(type, colon + 1, err);
}

bool au_ident_check(const json_t *identifier, bool wildcard, struct au_err *err)
{
	const char *type, *value;
	struct ip_text ip;

	if (!au_json_str(identifier, "type", AU_MUST, &type, err) ||
	    !au_json_str(identifier, "value", AU_MUST, &value, err))
		return au_fail_as(err, AU_PROTOCOL);
	if (strcmp(type, "dns") == 0 && !au_ident_is_dns(value, wildcard))
		return au_fail(err, AU_PROTOCOL, "dns:%.300s: not a DNS name%s", value,
			       !wildcard && is_wildcard(value) ? " (a wildcard has no place here)" : "");
	if (strcmp(type, "ip") == 0 && !ip_canonical(value, &ip))
		return au_fail(err, AU_PROTOCOL, "ip:%.300s: not an IPv4 or IPv6 address", value);
	return true;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* strcasecmp() asks the locale, and in Turkish I is no capital i. */
static bool equal_but_case(const char *a, const char *b)
{
	while (*a && lower(*a) == lower(*b))
		a++, b++;
	return *a == *b;
}

bool au_ident_equal(const json_t *a, const json_t *b)
{
	const char *type = json_string_value(json_object_get(a, "type"));
	const char *type_b = json_string_value(json_object_get(b, "type"));
	const char *value = json_string_value(json_object_get(a, "value"));
	const char *value_b = json_string_value(json_object_get(b, "value"));
	struct ip_text ip, ip_b;

	if (!type || !type_b || !value || !value_b || strcmp(type, type_b) != 0)
		return false;
	if (strcmp(value, value_b) == 0)
		return true;
	if (strcmp(type, "dns") == 0)
		return equal_but_case(value, value_b);
	return strcmp(type, "ip") == 0 && ip_canonical(value, &ip) && ip_canonical(value_b, &ip_b) &&
	       strcmp(ip.s, ip_b.s) == 0;
}

/* The first element of a that b lacks, borrowed, or NULL. */
static const json_t *missing_from(const json_t *b, const json_t *a)
{
	for (size_t i = 0; i < json_array_size(a); i++) {
		const json_t *wanted = json_array_get(a, i);
		bool found = false;
		for (size_t j = 0; j < json_array_size(b) && !found; j++)
			found = au_ident_equal(wanted, json_array_get(b, j));
		if (!found)
			return wanted;
	}
	return NULL;
}

bool au_ident_same_set(const json_t *asked, const json_t *got, struct au_err *err)
{
	const json_t *missing = missing_from(got, asked), *extra = missing ? NULL : missing_from(asked, got);
	char *text AU_AUTO_MEM = NULL;

	if (!missing && !extra)
		return true;
	text = au_ident_text(missing ? missing : extra);
	if (!text)
		return au_fail_mem(err);
	return au_fail(err, AU_PROTOCOL, "%.300s: %s", text, missing ? "asked for, but not in the answer"
								     : "in the answer, but not asked for");
}

char *au_ident_text(const json_t *identifier)
{
	const char *type = json_string_value(json_object_get(identifier, "type"));
	const char *value = json_string_value(json_object_get(identifier, "value"));

	return au_asprintf("%s:%s", type ? type : "?", value ? value : "?");
}

static bool has(const json_t *list, const json_t *ident)
{
	const json_t *other;
	size_t i;

	json_array_foreach(list, i, other)
		if (au_ident_equal(other, ident))
			return true;
	return false;
}

json_t *au_ident_list(const char *const *names, size_t n, char *const *operands, int count, struct au_err *err)
{
	AU_AUTO_JSON json_t *list = json_array();

	if (!list)
		return au_fail_mem(err), NULL;
	for (size_t i = 0; i < n + (size_t)count; i++) {
		json_t *id = i < n ? au_ident_dns(names[i], err) : au_ident_read(operands[i - n], err);
		if (!id)
			return NULL;
		if (has(list, id))
			json_decref(id);
		else if (!au_json_add_take(list, id, err))
			return NULL;
	}
	return au_steal(&list);
}
