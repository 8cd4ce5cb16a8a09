/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "san.h"

#include <arpa/inet.h>
#include <string.h>

#include "mem.h"

/* GeneralName choices (RFC 5280 section 4.2.1.6), and the identifier types they are. */
static const struct kind {
	uint8_t tag;
	const char *type;
	bool identifier;
} kinds[] = {
	{ AU_DER_CTX(1), "email", true },
	{ AU_DER_CTX(2), "dns", true },
	{ AU_DER_CTX(6), "uri", false },
	{ AU_DER_CTX(7), "ip", true },
};

static const struct kind *kind_of_tag(uint8_t tag)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (kinds[i].tag == tag)
			return &kinds[i];
	return NULL;
}

static const struct kind *kind_of_type(const char *type)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (kinds[i].identifier && strcmp(kinds[i].type, type) == 0)
			return &kinds[i];
	return NULL;
}

/* Printable ASCII without blanks: all that a name, a mailbox or a URI is made of. */
static bool graphic(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] >= 0x7f)
			return false;
	return n != 0;
}

static void lower(char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] >= 'A' && s[i] <= 'Z')
			s[i] = (char)(s[i] - 'A' + 'a');
}

/* ASCII lower case where case has no meaning: a DNS name, the domain of a mailbox. */
static char *spelled(const char *type, const char *value, size_t n)
{
	char *s = au_memdup0(value, n);
	const char *at = s && strcmp(type, "email") == 0 ? strrchr(s, '@') : NULL;

	if (s && strcmp(type, "dns") == 0)
		lower(s, n);
	else if (at)
		lower(s + (at - s), n - (size_t)(at - s));
	return s;
}

static int order(const json_t *a, const char *type, const char *value)
{
	int c = strcmp(json_string_value(json_object_get(a, "type")), type);

	return c ? c : strcmp(json_string_value(json_object_get(a, "value")), value);
}

bool au_san_add(json_t *names, const char *type, const char *value, size_t n, struct au_err *err)
{
	AU_AUTO_MEM char *s = spelled(type, value, n);
	size_t low = 0, high = json_array_size(names);

	if (!s)
		return au_fail_mem(err);
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int c = order(json_array_get(names, mid), type, s);
		if (c == 0)
			return true;
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	AU_AUTO_JSON json_t *one = json_object();
	if (!one || !au_json_set_take(one, "type", json_string(type), err) ||
	    !au_json_set_take(one, "value", json_string(s), err))
		return au_fail_mem(err);
	if (json_array_insert(names, low, one) != 0)
		return au_fail_mem(err);
	return true;
}

static bool address_text(struct au_span in, char text[static INET6_ADDRSTRLEN])
{
	return (in.n == 4 && inet_ntop(AF_INET, in.p, text, INET6_ADDRSTRLEN)) ||
	       (in.n == 16 && inet_ntop(AF_INET6, in.p, text, INET6_ADDRSTRLEN));
}

static bool one_read(const struct au_der *e, bool others, json_t *names, struct au_err *err)
{
	const struct kind *k = kind_of_tag(e->tag);
	char text[INET6_ADDRSTRLEN];

	if (!k || !k->identifier) {
		if (!others)
			return true;
		if (!k || !graphic((const char *)e->in.p, e->in.n))
			return au_san_add(names, "other", "", 0, err);
		return au_san_add(names, k->type, (const char *)e->in.p, e->in.n, err);
	}
	if (strcmp(k->type, "ip") == 0) {
		if (!address_text(e->in, text))
			return au_fail(err, AU_INPUT, "an address of %zu octets", e->in.n);
		return au_san_add(names, k->type, text, strlen(text), err);
	}
	if (!graphic((const char *)e->in.p, e->in.n))
		return au_fail(err, AU_INPUT, "%s \"%.*s\": not a name", k->type, (int)(e->in.n < 256 ? e->in.n : 256),
			       (const char *)e->in.p);
	return au_san_add(names, k->type, (const char *)e->in.p, e->in.n, err);
}

json_t *au_san_read(struct au_span value, bool others, struct au_err *err)
{
	AU_AUTO_JSON json_t *names = json_array();
	struct au_der seq, e;

	if (!names)
		return au_fail_mem(err), NULL;
	if (!au_der_valid(value.p, value.n) || !au_der_take(&value, AU_DER_SEQUENCE, &seq))
		return au_fail(err, AU_INPUT, "subject alternative name: not DER"), NULL;
	while (au_der_next(&seq.in, &e))
		if (!one_read(&e, others, names, err))
			return au_fail_in(err, "subject alternative name"), NULL;
	return au_steal(&names);
}

/* Type and value of an identifier; *k stays NULL for types without a place in a certificate's names. */
static bool identifier_read(const json_t *id, const struct kind **k, const char **type, const char **value,
			    struct au_err *err)
{
	if (!au_json_str(id, "type", AU_MUST, type, err) || !au_json_str(id, "value", AU_MUST, value, err))
		return au_fail_in(err, "identifier");
	*k = kind_of_type(*type);
	return true;
}

static bool address_read(const char *value, uint8_t out[static 16], size_t *n, struct au_err *err)
{
	if (inet_pton(AF_INET, value, out) == 1)
		*n = 4;
	else if (inet_pton(AF_INET6, value, out) == 1)
		*n = 16;
	else
		return au_fail(err, AU_INPUT, "identifier ip:%s: not an address", value);
	return true;
}

json_t *au_san_canonical(const json_t *identifiers, struct au_err *err)
{
	AU_AUTO_JSON json_t *names = json_array();
	const struct kind *k;
	const char *type, *value;
	json_t *id;
	size_t i;

	if (!names)
		return au_fail_mem(err), NULL;
	json_array_foreach(identifiers, i, id) {
		uint8_t address[16];
		char text[INET6_ADDRSTRLEN];
		struct au_span s = { address, 0 };

		if (!identifier_read(id, &k, &type, &value, err))
			return NULL;
		if (!k)
			continue;
		if (strcmp(type, "ip") == 0) {
			if (!address_read(value, address, &s.n, err))
				return NULL;
			value = address_text(s, text) ? text : value;
		}
		if (!au_san_add(names, type, value, strlen(value), err))
			return NULL;
	}
	return au_steal(&names);
}

static bool header_write(struct au_buf *out, uint8_t tag, size_t n, struct au_err *err)
{
	uint8_t h[6] = { tag };
	size_t len = 2;

	if (n < 0x80) {
		h[1] = (uint8_t)n;
	} else {
		size_t octets = n < 0x100 ? 1 : n < 0x10000 ? 2 : n < 0x1000000 ? 3 : 4;
		h[1] = (uint8_t)(0x80 | octets);
		for (size_t i = 0; i < octets; i++)
			h[2 + i] = (uint8_t)(n >> 8 * (octets - 1 - i));
		len += octets;
	}
	return au_buf_add(out, h, len, err);
}

static bool one_write(const json_t *id, struct au_buf *out, struct au_err *err)
{
	const struct kind *k;
	const char *type, *value;
	uint8_t address[16];
	size_t n;

	if (!identifier_read(id, &k, &type, &value, err))
		return false;
	if (!k)
		return au_fail(err, AU_INPUT, "identifier %s:%s: a CSR has no place for names of this type", type, value);
	if (strcmp(type, "ip") == 0)
		return address_read(value, address, &n, err) && header_write(out, k->tag, n, err) &&
		       au_buf_add(out, address, n, err);
	n = strlen(value);
	if (!graphic(value, n))
		return au_fail(err, AU_INPUT, "identifier %s:%s: not ASCII, empty or with blanks", type, value);
	return header_write(out, k->tag, n, err) && au_buf_add(out, value, n, err);
}

bool au_san_write(const json_t *identifiers, struct au_buf *der, struct au_err *err)
{
	struct au_buf names AU_AUTO_BUF = AU_BUF(0);
	json_t *id;
	size_t i;

	json_array_foreach(identifiers, i, id)
		if (!one_write(id, &names, err))
			return false;
	return header_write(der, AU_DER_SEQUENCE, names.n, err) && au_buf_add(der, names.p, names.n, err);
}

static bool is_host_name(const char *s, size_t n)
{
	size_t label = 0, dots = 0;

	if (n == 0 || n > 255)
		return false;
	for (size_t i = n > 2 && s[0] == '*' && s[1] == '.' ? 2 : 0; i < n; i++) {
		bool ldh = (s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') ||
			   (s[i] >= '0' && s[i] <= '9') || s[i] == '-' || s[i] == '_';
		if (s[i] == '.' ? label == 0 : !ldh || ++label > 63)
			return false;
		if (s[i] == '.') {
			dots++;
			label = 0;
		}
	}
	return dots > 0 && label > 0;
}

bool au_san_add_host(json_t *names, const char *name, size_t n, struct au_err *err)
{
	AU_AUTO_MEM char *s = au_memdup0(name, n);
	char text[INET6_ADDRSTRLEN];
	uint8_t address[16];

	if (!s)
		return au_fail_mem(err);
	if (strlen(s) != n)
		return true;
	if (inet_pton(AF_INET, s, address) == 1)
		return au_san_add(names, "ip", s, n, err);
	if (inet_pton(AF_INET6, s, address) == 1 && inet_ntop(AF_INET6, address, text, sizeof text))
		return au_san_add(names, "ip", text, strlen(text), err);
	return !is_host_name(s, n) || au_san_add(names, "dns", s, n, err);
}
