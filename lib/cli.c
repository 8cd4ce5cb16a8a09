/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli: options in, documents through, statuses out: the main of every program. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "cli.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <gnutls/gnutls.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "cli-help.h"
#include "fdio.h"
#include "mem.h"
#include "problem.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "0"
#endif

/* --- clock ------------------------------------------------------------------- */

static int64_t read_clock(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t now(const struct au_clock *c)
{
	(void)c;
	return read_clock(CLOCK_REALTIME);
}

static int64_t mono(const struct au_clock *c)
{
	(void)c;
	return read_clock(CLOCK_MONOTONIC);
}

static bool pause_ms(const struct au_clock *c, int64_t ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };
	(void)c;
	return nanosleep(&t, NULL) == 0;
}

const struct au_clock au_clock_system = { now, mono, pause_ms };

/* --- setters ------------------------------------------------------------------ */

bool au_set_str(const struct au_opt *opt, void *field, const char *arg, struct au_err *err)
{
	(void)opt, (void)err;
	*(const char **)field = arg;
	return true;
}

bool au_set_key(const struct au_opt *opt, void *field, const char *arg, struct au_err *err)
{
	return au_set_str(opt, field, arg, err) && (*arg || au_fail(err, AU_USAGE, "--%s: empty", opt->l));
}

bool au_set_file(const struct au_opt *opt, void *field, const char *arg, struct au_err *err)
{
	return au_set_str(opt, field, arg, err) && (*arg || au_fail(err, AU_USAGE, "--%s: empty", opt->l));
}

bool au_set_flag(const struct au_opt *opt, void *field, const char *arg, struct au_err *err)
{
	(void)opt, (void)arg, (void)err;
	*(bool *)field = true;
	return true;
}

bool au_set_count(const struct au_opt *opt, void *field, const char *arg, struct au_err *err)
{
	(void)opt, (void)arg, (void)err;
	++*(unsigned *)field;
	return true;
}

bool au_set_uint(const struct au_opt *opt, void *field, const char *arg, struct au_err *err)
{
	char *end;
	errno = 0;
	unsigned long v = strtoul(arg, &end, 10);
	if (errno || *end || !isdigit((unsigned char)*arg) || v > 0x7fffffff)
		return au_fail(err, AU_USAGE, "--%s: not a number: %s", opt->l, arg);
	*(unsigned *)field = (unsigned)v;
	return true;
}

bool au_set_duration(const struct au_opt *opt, void *field, const char *arg, struct au_err *err)
{
	return au_duration_read(arg, field, err) || au_fail_in(err, "--%s", opt->l);
}

bool au_set_list(const struct au_opt *opt, void *field, const char *arg, struct au_err *err)
{
	struct au_list *list = field;
	(void)opt;
	const char **v = au_realloc(list->v, (list->n + 1) * sizeof *v);
	if (!v)
		return au_fail_mem(err);
	v[list->n++] = arg;
	list->v = v;
	return true;
}

static void free_lists(const struct au_cmd *cmd, void *opt)
{
	for (const struct au_opt *o = cmd->opts; o && o->l; o++) {
		struct au_list *list = (void *)((char *)opt + o->off);
		if (o->set != au_set_list)
			continue;
		au_free(list->v);
		*list = (struct au_list){ 0 };      /* an alias has the same field */
	}
}

/* --- options ------------------------------------------------------------------ */

struct common {
	bool pretty;
	unsigned verbose;
};

/* -h and -V are looked for by getopt's values; their setters are never called. */
const struct au_opt au_cli_common[] = {
	{ 'v', "verbose", NULL, "say more on standard error; may be repeated", au_set_count,
	  offsetof(struct common, verbose), NULL, NULL },
	{ 0, "pretty", NULL, "indent the result, as is done on a terminal", au_set_flag,
	  offsetof(struct common, pretty), NULL, NULL },
	{ 'h', "help", NULL, "show this text", au_set_flag, 0, NULL, NULL },
	{ 'V', "version", NULL, "show the version", au_set_flag, 0, NULL, NULL },
	{ 0 }
};

struct parser {
	const struct au_cmd *cmd;
	void *opt;
	struct common *common;
	size_t own, all;             /* rows of the program, and with the common ones */
	bool *given;
	const char *form;            /* of --help */
	enum { PARSE_RUN, PARSE_HELP, PARSE_VERSION } what;
};

static const struct au_opt *row(const struct parser *p, size_t i)
{
	return i < p->own ? &p->cmd->opts[i] : &au_cli_common[i - p->own];
}

static void *field(const struct parser *p, size_t i)
{
	return (char *)(i < p->own ? p->opt : (void *)p->common) + row(p, i)->off;
}

/* Aliases and environment: a field is set once it was set by any of its rows. */
static bool field_given(const struct parser *p, size_t i)
{
	for (size_t k = 0; k < p->own; k++)
		if (p->given[k] && row(p, k)->off == row(p, i)->off)
			return true;
	return false;
}

static bool take(struct parser *p, size_t i, const char *arg, struct au_err *err)
{
	const struct au_opt *o = row(p, i);
	p->given[i] = true;
	if (i >= p->own && o->s == 'h') {
		p->what = PARSE_HELP;
		p->form = arg;
		return true;
	}
	if (i >= p->own && o->s == 'V') {
		p->what = PARSE_VERSION;
		return true;
	}
	return o->set(o, field(p, i), arg, err);
}

/* getopt's value of a row: its short letter, or a number no letter has. */
static int value(const struct parser *p, size_t i)
{
	return row(p, i)->s ? row(p, i)->s : 256 + (int)i;
}

static bool parse_argv(struct parser *p, int argc, char **argv, struct au_err *err)
{
	AU_AUTO_MEM struct option *lo = au_alloc((p->all + 1) * sizeof *lo);
	AU_AUTO_MEM char *so = au_alloc(2 * p->all + 3);
	char *s = so;

	if (!lo || !so)
		return au_fail_mem(err);
	if (p->cmd->flags & AU_CMD_MORE)
		*s++ = '+';
	*s++ = ':';
	for (size_t i = 0; i < p->all; i++) {
		const struct au_opt *o = row(p, i);
		bool help = i >= p->own && o->s == 'h';
		lo[i] = (struct option){ o->l, o->arg ? required_argument : help ? optional_argument : no_argument,
					 NULL, value(p, i) };
		if (o->s)
			*s++ = o->s;
		if (o->s && o->arg)
			*s++ = ':';
	}
	opterr = 0;
	for (int k; (k = getopt_long(argc, argv, so, lo, NULL)) != -1;) {
		const char *arg = argv[optind - 1];
		if (k == '?' && optopt && optopt < 256 && strncmp(arg, "--", 2))
			return au_fail(err, AU_USAGE, "-%c: no such option", optopt);
		if (k == '?')
			return au_fail(err, AU_USAGE, "%s: %s", arg,
				       optopt ? "takes no argument" : "no such option, or not the only one that begins so");
		if (k == ':')
			return au_fail(err, AU_USAGE, "%s: its argument is missing", arg);
		for (size_t i = 0; i < p->all; i++)
			if (value(p, i) == k && !take(p, i, optarg, err))
				return false;
	}
	return true;
}

static bool parse(struct parser *p, int argc, char **argv, struct au_err *err)
{
	while (p->cmd->opts && p->cmd->opts[p->own].l)
		p->own++;
	for (p->all = p->own; row(p, p->all)->l;)
		p->all++;
	p->given = au_alloc(p->all);
	if (!p->given)
		return au_fail_mem(err);
	if (!parse_argv(p, argc, argv, err))
		return false;
	if (p->what != PARSE_RUN)
		return true;
	for (size_t i = 0; i < p->own; i++) {
		const struct au_opt *o = row(p, i);
		const char *env = o->env ? getenv(o->env) : NULL;
		const char *v = env && *env ? env : o->def;
		if (v && !field_given(p, i) && !o->set(o, field(p, i), v, err))
			return v == env ? au_fail_in(err, "environment variable %s", o->env) : false;
	}
	if (!p->cmd->operands && optind < argc)
		return au_fail(err, AU_USAGE, "%s: no operands are taken", argv[optind]);
	return true;
}

/* --- what is said to people ---------------------------------------------------- */

static void say(const char *program, const char *escaped)
{
	/* one write, so that lines of the programs of a pipe do not mix */
	AU_AUTO_MEM char *line = au_asprintf("%s: %s\n", program, escaped);
	if (line)
		(void)!write(2, line, strlen(line));
}

void au_note(const struct au_run *run, unsigned level, const char *fmt, ...)
{
	char raw[AU_ERR_TEXT], text[AU_ERR_TEXT];
	va_list ap;

	if (run->verbose < level)
		return;
	va_start(ap, fmt);
	vsnprintf(raw, sizeof raw, fmt, ap);
	va_end(ap);
	au_escape(text, sizeof text, raw, strlen(raw));
	say(run->cmd->name, text);
}

/* A "no" is an answer, not an error: scripts have the status, people ask with -v. */
static void complain(const struct au_run *run, const struct au_err *err)
{
	if (err->code != AU_NO || run->verbose)
		say(run->cmd->name, err->text);
}

/* --- the loop ------------------------------------------------------------------- */

struct loop {
	struct au_run run;
	bool pretty;
	int status;
	struct au_err setup;         /* why setup failed, if it did */
};

static void first(struct loop *l, int status)
{
	if (!l->status)
		l->status = status;
}

static char *render(const struct loop *l, json_t *doc, size_t *n)
{
	bool tty = isatty(l->run.out_fd);
	size_t flags = JSON_SORT_KEYS | (l->pretty || tty ? JSON_INDENT(2) : JSON_COMPACT) |
		       (tty ? JSON_ENSURE_ASCII : 0);
	size_t len = json_dumpb(doc, NULL, 0, flags);
	char *s = len ? au_alloc(len + 2) : NULL;
	if (s && json_dumpb(doc, s, len, flags) != len) {
		au_free(s);
		return NULL;
	}
	if (s) {
		s[len] = '\n';
		*n = len + 1;
	}
	return s;
}

static bool emit(struct loop *l, json_t *doc, struct au_err *err)
{
	size_t n = l->run.text.n;
	AU_AUTO_MEM char *s = l->run.texts ? NULL : render(l, doc, &n);

	if (!l->run.texts && !s)
		return au_fail_mem(err);
	return au_write_all(l->run.out_fd, "standard output", l->run.texts ? (char *)l->run.text.p : s, n, err);
}

/* Does the document come from a program of our kind, and is what this one needs inside? */
static bool acceptable(const struct au_cmd *cmd, json_t *doc, struct au_err *err)
{
	int64_t version = 1;
	if (!au_json_int(doc, "acmeutils", AU_MAY, &version, err))
		return false;
	if (version != 1)
		return au_fail(err, AU_INPUT, "acmeutils: document of format %lld, this program knows format 1",
			       (long long)version);
	for (const struct au_member *m = cmd->in; m && m->path; m++)
		if (m->need == AU_MUST && !au_json_at(doc, m->path))
			return au_fail(err, AU_INPUT, "%s: missing in the document (%s)", m->path, m->help);
	return json_object_get(doc, "acmeutils") || au_json_set_take(doc, "acmeutils", json_integer(1), err);
}

/* Without its problem a later program would act on the document: then it had better not travel at all. */
static bool attach_problem(struct loop *l, json_t *doc, const struct au_err *err)
{
	json_t *problem = au_problem_doc(err, l->run.cmd->name);
	if (problem && json_object_set_new(doc, "problem", problem) == 0)
		return true;
	say(l->run.cmd->name, "out of memory: the document is dropped");
	return false;
}

/* What an earlier program said of a document that failed there. */
static int earlier_status(const json_t *problem)
{
	json_int_t v = json_integer_value(json_object_get(problem, "exit"));
	return v > AU_OK && v <= AU_SYSTEM ? (int)v : AU_INPUT;
}

static void one(struct loop *l, json_t *doc, bool fresh)
{
	AU_AUTO_ERR struct au_err err = { 0 };
	const json_t *problem = json_object_get(doc, "problem");
	bool ok = true, whole = true;

	l->run.texts = false;
	au_buf_free(&l->run.text);
	if (problem && !(l->run.cmd->flags & AU_CMD_OWN_PROBLEM)) {
		first(l, earlier_status(problem));
	} else if (l->setup.code) {
		ok = false;
		first(l, (int)l->setup.code);
		if (!problem)
			whole = attach_problem(l, doc, &l->setup);
	} else if (!acceptable(l->run.cmd, doc, &err) || !l->run.cmd->run(&l->run, doc, &err)) {
		ok = false;
		complain(&l->run, &err);
		first(l, (int)err.code);
		whole = attach_problem(l, doc, &err);
	} else if ((problem = json_object_get(doc, "problem"))) {
		first(l, earlier_status(problem));
	}
	if (!ok) {
		/* what failed travels on as a document, also in place of text; one that we began and that nobody reads does not */
		l->run.texts = false;
		if (!whole || (fresh && !l->run.cmd->out))
			return;
	}
	errno = 0;
	if (!emit(l, doc, &err)) {
		/* a program that we feed and that has ended says with its own status why */
		if (l->run.out_fd == 1 || errno != EPIPE) {
			complain(&l->run, &err);
			first(l, (int)err.code);
		}
		l->run.out_fd = -1;
	}
}

static void all(struct loop *l)
{
	struct au_reader r = AU_READER(0, "standard input");
	size_t n = 0;

	while (l->run.out_fd >= 0) {
		AU_AUTO_ERR struct au_err err = { 0 };
		AU_AUTO_JSON json_t *doc = NULL;
		if (!au_reader_next(&r, &doc, &err)) {
			complain(&l->run, &err);
			first(l, (int)err.code);
			n++;
			continue;
		}
		if (!doc)
			break;
		n++;
		one(l, doc, false);
	}
	au_reader_free(&r);
	if (n || l->run.out_fd < 0)
		return;
	if (l->run.cmd->flags & AU_CMD_MAYBE) {
		AU_AUTO_JSON json_t *doc = json_object();
		one(l, doc, true);
	} else if (!l->setup.code) {
		say(l->run.cmd->name, "standard input: no document");
		first(l, AU_INPUT);
	}
}

/*
 * Descriptors 0 to 2 are made to exist, so that no file of ours becomes one of them; one that was closed is opened the
 * wrong way round, so that using it fails rather than looks like success. A reader that left ends us quietly.
 */
static void settle(const struct au_cmd *cmd)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)!open("/dev/null", fd ? O_RDONLY : O_WRONLY);
	signal(SIGPIPE, SIG_DFL);
	if (cmd->flags & AU_CMD_SECRET)
		setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	json_set_alloc_funcs(au_alloc, au_free);
}

static int help(const struct parser *p, struct au_err *err)
{
	struct au_buf out AU_AUTO_BUF = AU_BUF(0);
	bool ok = p->what == PARSE_HELP
		? au_cli_help(p->cmd, p->form, &out, err)
		: au_buf_addf(&out, err, "%s (acmeutils) " PACKAGE_VERSION "\nGnuTLS %s\n", p->cmd->name,
			      gnutls_check_version(NULL));
	if (!ok || !au_write_all(1, "standard output", out.p, out.n, err)) {
		say(p->cmd->name, err->text);
		return (int)err->code;
	}
	return 0;
}

static void set_up(struct loop *l, struct parser *p, int argc, char **argv)
{
	const struct au_cmd *cmd = l->run.cmd;
	if (!parse(p, argc, argv, &l->setup)) {
		say(cmd->name, l->setup.text);
		return;
	}
	l->pretty = p->common->pretty;
	l->run.verbose = p->common->verbose;
	l->run.argc = argc - optind;
	l->run.argv = argv + optind;
	if (p->what == PARSE_RUN && cmd->setup && !cmd->setup(&l->run, &l->setup))
		complain(&l->run, &l->setup);
}

int au_main(const struct au_cmd *cmd, int argc, char **argv)
{
	AU_AUTO_MEM void *opt = NULL;
	struct common common = { 0 };
	struct loop l = { .run = { .cmd = cmd, .clock = &au_clock_system, .out_fd = 1 } };
	struct parser p = { .cmd = cmd, .common = &common };

	settle(cmd);
	l.run.opt = p.opt = opt = au_alloc(cmd->optsize + 1);
	if (!opt)
		return say(cmd->name, "out of memory"), AU_SYSTEM;
	set_up(&l, &p, argc, argv);
	au_free(p.given);
	if (!l.setup.code && p.what != PARSE_RUN) {
		free_lists(cmd, opt);
		return help(&p, &l.setup);
	}
	if (cmd->flags & AU_CMD_SOURCE || l.run.no_input) {
		AU_AUTO_JSON json_t *doc = json_object();
		first(&l, (int)l.setup.code);
		if (l.setup.code != AU_USAGE)
			one(&l, doc, true);
	} else if (l.setup.code != AU_USAGE || !isatty(0)) {
		first(&l, (int)l.setup.code);
		all(&l);
	}
	if (l.run.out_fd == 1 && close(1)) {
		say(cmd->name, "standard output: cannot close");
		first(&l, AU_SYSTEM);
	}
	int status = l.status ? l.status : (int)l.setup.code;
	if (cmd->done)
		status = cmd->done(&l.run, status);
	free_lists(cmd, opt);
	au_buf_free(&l.run.text);
	au_err_clear(&l.setup);
	return status;
}
