/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rawserve-script: scripts into rules, and their texts into octets. */
#include "rawserve.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "fdio.h"
#include "mem.h"

#define MAX_TEXT (64u << 20)

void die(const char *fmt, ...)
{
	va_list ap;

	fputs("rawserve: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(2);
}

/* For things that fail only when memory is out. */
static void must(bool done)
{
	if (!done)
		die("out of memory");
}

static void add(struct au_buf *b, const void *p, size_t n)
{
	struct au_err err AU_AUTO_ERR = { 0 };

	must(au_buf_add(b, p, n, &err));
}

static void adds(struct au_buf *b, const char *s)
{
	add(b, s, strlen(s));
}

/* --- names --- */

static struct definition {
	char *name, *value;
	struct definition *next;
} *definitions;

void script_define(const char *text)
{
	const char *equal = strchr(text, '=');
	struct definition *d = au_alloc(sizeof *d);

	if (!equal)
		die("--set %s: NAME=VALUE is wanted", text);
	must(d);
	d->name = au_memdup0(text, (size_t)(equal - text));
	d->value = au_strdup(equal + 1);
	d->next = definitions;
	definitions = d;
}

/* The value of @NAME@ where p points at the first @; NULL when it is no name of ours. */
static const char *lookup(const char *p, size_t n, size_t *length, const char *(*fresh_nonce)(void))
{
	const char *end = n > 1 ? memchr(p + 1, '@', n - 1) : NULL;
	size_t k = end ? (size_t)(end - p - 1) : 0;

	*length = k + 2;
	if (k == 5 && memcmp(p + 1, "NONCE", 5) == 0)
		return fresh_nonce();
	for (struct definition *d = definitions; end && d; d = d->next)
		if (strlen(d->name) == k && memcmp(d->name, p + 1, k) == 0)
			return d->value;
	return NULL;
}

void script_render(const char *text, size_t n, struct au_buf *out, const char *(*fresh_nonce)(void))
{
	while (n > 0) {
		size_t length;
		const char *at = memchr(text, '@', n);
		size_t plain = at ? (size_t)(at - text) : n;
		const char *value;

		add(out, text, plain);
		text += plain;
		n -= plain;
		if (n == 0)
			break;
		value = lookup(text, n, &length, fresh_nonce);
		if (!value)
			length = 1;
		add(out, value ? value : "@", value ? strlen(value) : 1);
		text += length;
		n -= length;
	}
}

/* --- reading --- */

struct script {
	const char *file;
	unsigned line;
	struct rule *rule;
};

static void wrong(const struct script *s, const char *what, const char *text)
{
	die("%s:%u: %s: %s", s->file, s->line, what, text);
}

static int hexdigit(char c)
{
	const char *digits = "0123456789abcdef", *p = c ? strchr(digits, c | 0x20) : NULL;

	return p ? (int)(p - digits) : -1;
}

/* \r \n \t \0 \\ \xNN, and a backslash at the end that keeps a trailing blank. */
static void unescape(const struct script *s, const char *text, struct au_buf *out)
{
	static const char from[] = "rnt0\\", to[] = "\r\n\t\0\\";

	for (const char *p = text; *p; p++) {
		const char *known;

		if (*p != '\\') {
			add(out, p, 1);
			continue;
		}
		p++;
		if (!*p)
			return;
		known = strchr(from, *p);
		if (known) {
			add(out, &to[known - from], 1);
		} else if (*p == 'x' && hexdigit(p[1]) >= 0 && hexdigit(p[2]) >= 0) {
			char c = (char)(hexdigit(p[1]) << 4 | hexdigit(p[2]));
			add(out, &c, 1);
			p += 2;
		} else {
			wrong(s, "no such escape", p - 1);
		}
	}
}

static char *unescaped(const struct script *s, const char *text, size_t *n)
{
	struct au_buf b AU_AUTO_BUF = AU_BUF(MAX_TEXT);

	unescape(s, text, &b);
	if (n)
		*n = b.n;
	return au_buf_take(&b);
}

/* A number off the front of *text. */
static long number(const struct script *s, char **text)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(*text, &end, 10);
	if (end == *text || errno || value < 0 || (*end && *end != ' '))
		wrong(s, "a number is wanted", *text);
	*text = end + (*end == ' ');
	return value;
}

static struct action *new_action(const struct script *s, enum act act)
{
	struct action *a = au_alloc(sizeof *a);

	must(a);
	if (!s->rule)
		wrong(s, "this belongs behind an on, once or times line", "");
	a->act = act;
	a->reply.headers.max = a->reply.body.max = MAX_TEXT;
	if (s->rule->last)
		s->rule->last->next = a;
	else
		s->rule->actions = a;
	s->rule->last = a;
	return a;
}

/* The answer that parts are added to. */
static struct reply *reply(const struct script *s, const char *part)
{
	if (!s->rule || !s->rule->last || s->rule->last->act != ACT_REPLY)
		wrong(s, "no status, json or problem line before this", part);
	return &s->rule->last->reply;
}

static void do_status(const struct script *s, int kind, char *text)
{
	(void)kind;
	new_action(s, ACT_REPLY)->reply.status = unescaped(s, text, NULL);
}

/* "json 201 {...}" opens an answer; the text is taken as it stands, JSON has escapes of its own. */
static void do_json(const struct script *s, int kind, char *text)
{
	struct reply *r;
	char code[32];

	(void)kind;
	snprintf(code, sizeof code, "%ld", number(s, &text));
	do_status(s, 0, code);
	r = reply(s, text);
	adds(&r->headers, "Content-Type: application/json\r\n");
	adds(&r->body, text);
}

/* "problem 400 badNonce a text" */
static void do_problem(const struct script *s, int kind, char *text)
{
	char code[32], *detail;
	json_t *o = json_object();
	char *body;
	struct reply *r;
	long status = number(s, &text);

	(void)kind;
	snprintf(code, sizeof code, "%ld", status);
	do_status(s, 0, code);
	r = reply(s, text);
	detail = strchr(text, ' ');
	if (detail)
		*detail++ = 0;
	json_object_set_new(o, "type", json_sprintf("urn:ietf:params:acme:error:%s", text));
	json_object_set_new(o, "detail", json_string(detail ? detail : text));
	json_object_set_new(o, "status", json_integer(status));
	body = json_dumps(o, JSON_COMPACT);
	must(body);
	adds(&r->headers, "Content-Type: application/problem+json\r\n");
	adds(&r->body, body);
	free(body);
	json_decref(o);
}

static void do_header(const struct script *s, int kind, char *text)
{
	struct reply *r = reply(s, text);

	if (kind)
		adds(&r->headers, "Content-Type: ");
	unescape(s, text, &r->headers);
	adds(&r->headers, "\r\n");
}

static void do_body(const struct script *s, int kind, char *text)
{
	(void)kind;
	unescape(s, text, &reply(s, text)->body);
}

static void do_file(const struct script *s, int kind, char *text)
{
	struct au_err err AU_AUTO_ERR = { 0 };

	(void)kind;
	if (!au_file_read(text, MAX_TEXT, AU_INPUT, &reply(s, text)->body, &err))
		wrong(s, "file", err.text);
}

/* "fill N TEXT" */
static void do_fill(const struct script *s, int kind, char *text)
{
	struct reply *r = reply(s, text);
	long times = number(s, &text);
	size_t n;
	char *piece = unescaped(s, text, &n);

	for (; times > 0; times--)
		add(kind ? &r->headers : &r->body, piece, n);
	au_free(piece);
}

static void do_word(const struct script *s, int kind, char *text)
{
	struct reply *r = reply(s, text);
	char *word = unescaped(s, text, NULL);

	*(kind ? &r->length : &r->nonce) = word;
}

static void do_send(const struct script *s, int kind, char *text)
{
	struct action *a = new_action(s, (enum act)kind);

	if (kind == ACT_REPEAT)
		a->number = number(s, &text);
	a->text = unescaped(s, text, &a->n);
}

static void do_number(const struct script *s, int kind, char *text)
{
	new_action(s, (enum act)kind)->number = number(s, &text);
}

static void do_bare(const struct script *s, int kind, char *text)
{
	if (*text)
		wrong(s, "nothing is wanted behind this", text);
	new_action(s, (enum act)kind);
}

static const struct directive {
	const char *name;
	void (*read)(const struct script *s, int kind, char *text);
	int kind;
} directives[] = {
	{ "status", do_status, 0 }, { "json", do_json, 0 }, { "problem", do_problem, 0 }, { "header", do_header, 0 },
	{ "type", do_header, 1 }, { "nonce", do_word, 0 }, { "length", do_word, 1 }, { "body", do_body, 0 },
	{ "file", do_file, 0 }, { "fill", do_fill, 0 }, { "fill-header", do_fill, 1 }, { "send", do_send, ACT_SEND },
	{ "repeat", do_send, ACT_REPEAT }, { "delay", do_number, ACT_DELAY }, { "slow", do_number, ACT_SLOW },
	{ "stall", do_bare, ACT_STALL }, { "close", do_bare, ACT_CLOSE }, { "cut", do_bare, ACT_CUT },
	{ "reset", do_bare, ACT_RESET },
};

/* "once GET /dir": is the line the head of a rule? */
static bool read_head(struct script *s, const char *word, char *text, struct rule ***end)
{
	bool times = strcmp(word, "times") == 0, once = strcmp(word, "once") == 0;
	struct rule *rule;
	size_t n;

	if (!times && !once && strcmp(word, "on") != 0)
		return false;
	rule = au_alloc(sizeof *rule);
	must(rule);
	rule->limited = times || once;
	rule->left = times ? (unsigned)number(s, &text) : 1;
	n = strcspn(text, " ");
	rule->method = au_memdup0(text, n);
	text += n + (text[n] == ' ');
	n = strlen(text);
	rule->prefix = n > 0 && text[n - 1] == '*';
	rule->target = au_memdup0(text, n - rule->prefix);
	must(rule->method && rule->target);
	if (!*rule->method || (!*text && strcmp(rule->method, "accept") != 0))
		wrong(s, "a method and a path are wanted", text);
	**end = rule;
	*end = &rule->next;
	s->rule = rule;
	return true;
}

static void read_line(struct script *s, char *line, struct rule ***end)
{
	char *text;
	size_t n;

	line += strspn(line, " \t");
	if (!*line || *line == '#')
		return;
	n = strcspn(line, " ");
	text = line + n + (line[n] == ' ');
	line[n] = 0;
	if (read_head(s, line, text, end))
		return;
	for (size_t i = 0; i < sizeof directives / sizeof *directives; i++) {
		if (strcmp(directives[i].name, line) == 0) {
			directives[i].read(s, directives[i].kind, text);
			return;
		}
	}
	wrong(s, "no such directive", line);
}

void script_read(const char *file, struct rule **rules)
{
	struct script s = { .file = file };
	struct au_buf text AU_AUTO_BUF = AU_BUF(MAX_TEXT);
	struct au_err err AU_AUTO_ERR = { 0 };
	char *line, *next;

	if (!au_file_read(file, MAX_TEXT, AU_INPUT, &text, &err))
		die("%s", err.text);
	while (*rules)
		rules = &(*rules)->next;
	for (line = (char *)text.p; line && *line; line = next) {
		size_t n = strcspn(line, "\n");

		next = line + n + (line[n] == '\n');
		line[n] = 0;
		s.line++;
		read_line(&s, line, &rules);
	}
}

struct rule *script_find(struct rule *rules, const char *method, const char *target)
{
	for (struct rule *r = rules; r; r = r->next) {
		bool fits = strcmp(r->method, method) == 0 || (strcmp(r->method, "*") == 0 && strcmp(method, "accept") != 0);

		if (!fits || (r->limited && r->left == 0))
			continue;
		if (r->prefix ? strncmp(r->target, target, strlen(r->target)) != 0 : strcmp(r->target, target) != 0)
			continue;
		r->left -= r->limited;
		return r;
	}
	return NULL;
}
