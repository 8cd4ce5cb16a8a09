/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli: the filter loop. A program is one table: its options, the members it
 * reads and adds, and the function that does one document. Parsing, --help,
 * the generated parts of the manual page, shell completion and the check of
 * what comes in are all made from that table.
 *
 * This is the only part of the library that prints, exits, reads the
 * environment and touches process-wide state.
 */
#ifndef AU_CLI_H
#define AU_CLI_H

#include "buf.h"
#include "clock.h"
#include "json.h"

struct au_opt;

/* Stores arg (NULL for a flag) into the field; AU_USAGE. arg outlives the program. */
typedef bool au_opt_set(const struct au_opt *opt, void *field, const char *arg, struct au_err *err);

/*
 * The setters and what the field is:
 * str const char *; flag bool; count unsigned (each use adds 1); uint unsigned; duration long (seconds);
 * list struct au_list (each use appends); key const char * (file, URL or fd:N: completion offers files);
 * file the same for other files.
 */
au_opt_set au_set_str, au_set_flag, au_set_count, au_set_uint, au_set_duration, au_set_list, au_set_key, au_set_file;

struct au_list {
	const char **v;
	size_t n;
};

/*
 * s      short option or 0
 * l      long option
 * arg    name of the argument, NULL for a flag
 * help   one sentence without a full stop; NULL hides the row (an alias)
 * def    value when neither command line nor environment has one, or NULL
 * env    environment variable, or NULL
 */
struct au_opt {
	char s;
	const char *l, *arg, *help;
	au_opt_set *set;
	size_t off;
	const char *def, *env;
};

/* A member of the document: path, whether the program can do without, and what it holds. */
struct au_member {
	const char *path;
	enum au_need need;
	const char *help;
};

enum {
	AU_CMD_SOURCE = 1,  /* reads no documents: runs once on a fresh one */
	AU_CMD_SECRET = 2,  /* opens keys or secrets: no core dumps */
	AU_CMD_MAYBE = 4,   /* a document is used when standard input has one; none is fine */
	AU_CMD_MORE = 8,    /* operands may begin with '-' after the first (a program to run) */
	AU_CMD_OWN_PROBLEM = 16, /* runs on documents that carry a problem, too */
};

struct au_cmd;

/* What the loop knows and hands to the program. */
struct au_run {
	const struct au_cmd *cmd;
	const void *opt;             /* the program's options struct */
	int argc;
	char **argv;                 /* operands */
	const struct au_clock *clock;
	unsigned verbose;
	void *state;                 /* the program's own, from setup to done */
	/*
	 * The result when it is not the document: text is written in its place
	 * if run sets `texts`. Written whole, after run succeeded.
	 */
	bool texts;
	struct au_buf text;
	/* Where the result goes; 1 unless setup changes it (chain loaders write into their child). */
	int out_fd;
	/* Setup says: the operands were all the input, standard input is not read; run once on a fresh document. */
	bool no_input;
};

struct au_cmd {
	const char *name, *brief;
	const char *operands;        /* for the synopsis, or NULL when none are taken (then any is AU_USAGE) */
	const struct au_opt *opts;   /* ends with { 0 } */
	size_t optsize;
	const struct au_member *in, *out;   /* end with { 0 }; NULL for none */
	unsigned flags;
	/*
	 * Once, after parsing: check the options together, open what serves all documents. May be
	 * NULL. When it fails every document still travels on, with that problem.
	 */
	bool (*setup)(struct au_run *run, struct au_err *err);
	/* One document, changed in place; what it learned stays there on failure. */
	bool (*run)(struct au_run *run, json_t *doc, struct au_err *err);
	/* Once, also after failures of setup; gets the exit status so far and returns the final one. May be NULL. */
	int (*done)(struct au_run *run, int status);
};

/*
 * The whole of a program. Returns the exit status: that of the first document
 * that failed, 0 when none did.
 */
int au_main(const struct au_cmd *cmd, int argc, char **argv);

/* "program: text", escaped, on standard error, when verbose is at least `level`; level 0 is a warning that is always shown. */
void au_note(const struct au_run *run, unsigned level, const char *fmt, ...) AU_PRINTF(3, 4);

extern const struct au_clock au_clock_system;

#define AU_MAIN(cmd) int main(int argc, char **argv) { return au_main(&(cmd), argc, argv); }

#endif
