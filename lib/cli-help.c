/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli-help: one table, five ways to print it; a fact about an option is written in the table only. */
#include "cli-help.h"

#include <ctype.h>
#include <string.h>

/* Calls f for each shown option, the program's own first. */
typedef bool each_opt(const struct au_cmd *cmd, const struct au_opt *o, struct au_buf *out, struct au_err *err);

static bool each(const struct au_cmd *cmd, each_opt *f, struct au_buf *out, struct au_err *err)
{
	const struct au_opt *const lists[] = { cmd->opts, au_cli_common };
	for (size_t i = 0; i < 2; i++)
		for (const struct au_opt *o = lists[i]; o && o->l; o++)
			if (o->help && !f(cmd, o, out, err))
				return false;
	return true;
}

static const char *operands(const struct au_cmd *cmd)
{
	return cmd->operands ? cmd->operands : "";
}

/* --- for people -------------------------------------------------------------- */

static bool text_opt(const struct au_cmd *cmd, const struct au_opt *o, struct au_buf *out, struct au_err *err)
{
	(void)cmd;
	char head[64];
	char s[] = { '-', o->s, ',', ' ', 0 };
	int n = snprintf(head, sizeof head, "%s--%s%s%s", o->s ? s : "    ", o->l, o->arg ? " " : "",
			 o->arg ? o->arg : "");
	return au_buf_addf(out, err, "  %-28s%s%s", head, n >= 28 ? "\n                              " : "", o->help) &&
	       (!o->def || au_buf_addf(out, err, " (default: %s)", o->def)) &&
	       (!o->env || au_buf_addf(out, err, " (environment: %s)", o->env)) && au_buf_adds(out, "\n", err);
}

static bool text(const struct au_cmd *cmd, struct au_buf *out, struct au_err *err)
{
	return au_buf_addf(out, err, "usage: %s [OPTION...]%s%s\n%s\n\n", cmd->name, cmd->operands ? " " : "",
			   operands(cmd), cmd->brief) &&
	       each(cmd, text_opt, out, err);
}

/* --- manual page ------------------------------------------------------------- */

static bool mdoc_opt(const struct au_cmd *cmd, const struct au_opt *o, struct au_buf *out, struct au_err *err)
{
	(void)cmd;
	return (o->s ? au_buf_addf(out, err, ".It Fl %c , Fl \\-%s", o->s, o->l)
		     : au_buf_addf(out, err, ".It Fl \\-%s", o->l)) &&
	       (!o->arg || au_buf_addf(out, err, " Ar %s", o->arg)) &&
	       au_buf_addf(out, err, "\n%c%s.\n", toupper((unsigned char)o->help[0]), o->help + 1) &&
	       (!o->def || au_buf_addf(out, err, "The default is %s.\n", o->def)) &&
	       (!o->env || au_buf_addf(out, err, "The environment variable\n.Ev %s\nstands in for it.\n", o->env));
}

/* Each word of "[PROGRAM ARG...]" in the macro it wants; a bracket may span several. */
static bool mdoc_operands(const char *s, struct au_buf *out, struct au_err *err)
{
	while (*s) {
		size_t n = strcspn(s, " ");
		bool opens = *s == '[', closes = n > 1 && s[n - 1] == ']';
		int word = (int)(n - opens - closes);
		if (!au_buf_addf(out, err, "%s.Ar %.*s\n%s", opens ? ".Oo\n" : "", word, s + opens,
				 closes ? ".Oc\n" : ""))
			return false;
		s += n + (s[n] == ' ');
	}
	return true;
}

static bool mdoc_members(const char *title, const struct au_member *m, struct au_buf *out, struct au_err *err)
{
	if (!m)
		return true;
	if (!au_buf_addf(out, err, ".Ss %s\n.Bl -tag -width Ds\n", title))
		return false;
	for (; m->path; m++)
		if (!au_buf_addf(out, err, ".It Cm %s%s\n%c%s.\n", m->path, m->need == AU_MAY ? " Pq optional" : "",
				 toupper((unsigned char)m->help[0]), m->help + 1))
			return false;
	return au_buf_adds(out, ".El\n", err);
}

static bool mdoc_statuses(struct au_buf *out, struct au_err *err)
{
	if (!au_buf_adds(out, "@STATUSES@\n.Bl -tag -width Ds -compact\n", err))
		return false;
	for (int i = 0; au_code_doc(i); i++)
		if (!au_buf_addf(out, err, ".It %d\n%c%s.\n", i, toupper((unsigned char)au_code_doc(i)[0]),
				 au_code_doc(i) + 1))
			return false;
	return au_buf_adds(out, ".El\n", err);
}

static bool mdoc(const struct au_cmd *cmd, struct au_buf *out, struct au_err *err)
{
	if (!au_buf_addf(out, err, "@HEAD@\n.Sh NAME\n.Nm %s\n.Nd %s\n.Sh SYNOPSIS\n.Nm %s\n.Op Ar OPTION ...\n",
			 cmd->name, cmd->brief, cmd->name) ||
	    !mdoc_operands(operands(cmd), out, err) ||
	    !au_buf_adds(out, "@TABLE@\n.Sh OPTIONS\n.Bl -tag -width Ds\n", err) || !each(cmd, mdoc_opt, out, err) ||
	    !au_buf_adds(out, ".El\n", err))
		return false;
	if ((cmd->in || cmd->out) && !au_buf_adds(out, ".Sh DOCUMENT\nSee\n.Xr acme 7 .\n", err))
		return false;
	return mdoc_members("Reads", cmd->in, out, err) && mdoc_members("Adds", cmd->out, out, err) &&
	       au_buf_adds(out, ".Sh EXIT STATUS\nThe same in every program, see\n.Xr acme 7 :\n"
			   "0 done, 1 no, 2 usage, 3 input, 4 key, 5 network, 6 refused, 7 rate limited, 8 invalid,\n"
			   "9 pending, 10 protocol, 11 system.\n", err) &&
	       mdoc_statuses(out, err);
}

/* --- completion -------------------------------------------------------------- */

static bool names_file(const struct au_opt *o)
{
	return o->set == au_set_file || o->set == au_set_key;
}

static bool word_opt(const struct au_cmd *cmd, const struct au_opt *o, struct au_buf *out, struct au_err *err)
{
	(void)cmd;
	return (!o->s || au_buf_addf(out, err, " -%c", o->s)) && au_buf_addf(out, err, " --%s", o->l);
}

static bool file_word_opt(const struct au_cmd *cmd, const struct au_opt *o, struct au_buf *out, struct au_err *err)
{
	return !names_file(o) || word_opt(cmd, o, out, err);
}

static bool bash(const struct au_cmd *cmd, struct au_buf *out, struct au_err *err)
{
	struct au_buf files AU_AUTO_BUF = AU_BUF(4096);

	if (!each(cmd, file_word_opt, &files, err) ||
	    !au_buf_addf(out, err, "# bash completion of %s\n_%s() {\n", cmd->name, cmd->name) ||
	    !au_buf_addf(out, err, "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
			 "\tcase \" %s \" in\n\t*\" $prev \"*) mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); return ;;\n"
			 "\tesac\n\tif [[ $cur == -* ]]; then\n\t\tmapfile -t COMPREPLY < <(compgen -W '",
			 files.p ? (char *)files.p + 1 : ""))
		return false;
	return each(cmd, word_opt, out, err) &&
	       au_buf_addf(out, err, "' -- \"$cur\")\n\telse\n\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
			   "\tfi\n}\ncomplete -o filenames -F _%s %s\n", cmd->name, cmd->name);
}

/* Inside single quotes of a shell; zsh's _arguments also minds brackets and colons. */
static bool quoted(const char *s, bool for_zsh, struct au_buf *out, struct au_err *err)
{
	for (; *s; s++)
		if (*s == '\'' ? !au_buf_adds(out, "'\\''", err)
				: !au_buf_addf(out, err, "%s%c", for_zsh && strchr("[]:", *s) ? "\\" : "", *s))
			return false;
	return true;
}

static bool zsh_row(const char *name, const struct au_opt *o, struct au_buf *out, struct au_err *err)
{
	return au_buf_addf(out, err, " \\\n\t'%s[", name) && quoted(o->help, true, out, err) &&
	       au_buf_adds(out, "]", err) &&
	       (!o->arg || au_buf_addf(out, err, ":%s:%s", o->arg, names_file(o) ? "_files" : " ")) &&
	       au_buf_adds(out, "'", err);
}

static bool zsh_opt(const struct au_cmd *cmd, const struct au_opt *o, struct au_buf *out, struct au_err *err)
{
	(void)cmd;
	char s[] = { '-', o->s, 0 }, l[64];
	snprintf(l, sizeof l, "--%s", o->l);
	return (!o->s || zsh_row(s, o, out, err)) && zsh_row(l, o, out, err);
}

static bool zsh(const struct au_cmd *cmd, struct au_buf *out, struct au_err *err)
{
	return au_buf_addf(out, err, "#compdef %s\n_arguments", cmd->name) && each(cmd, zsh_opt, out, err) &&
	       (!cmd->operands || au_buf_adds(out, " \\\n\t'*: :_files'", err)) && au_buf_adds(out, "\n", err);
}

static bool fish_opt(const struct au_cmd *cmd, const struct au_opt *o, struct au_buf *out, struct au_err *err)
{
	return au_buf_addf(out, err, "complete -c %s", cmd->name) &&
	       (!o->s || au_buf_addf(out, err, " -s %c", o->s)) &&
	       au_buf_addf(out, err, " -l %s%s -d '", o->l, !o->arg ? "" : names_file(o) ? " -r -F" : " -x") &&
	       quoted(o->help, false, out, err) && au_buf_adds(out, "'\n", err);
}

static bool fish(const struct au_cmd *cmd, struct au_buf *out, struct au_err *err)
{
	return each(cmd, fish_opt, out, err);
}

/* ----------------------------------------------------------------------------- */

static bool statuses(const struct au_cmd *cmd, struct au_buf *out, struct au_err *err)
{
	(void)cmd;
	return mdoc_statuses(out, err);
}

bool au_cli_help(const struct au_cmd *cmd, const char *form, struct au_buf *out, struct au_err *err)
{
	static const struct {
		const char *form;
		bool (*print)(const struct au_cmd *, struct au_buf *, struct au_err *);
	} forms[] = { { "", text }, { "mdoc", mdoc }, { "bash", bash }, { "zsh", zsh }, { "fish", fish },
		      { "statuses", statuses } };

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
		if (!strcmp(form ? form : "", forms[i].form))
			return forms[i].print(cmd, out, err);
	return au_fail(err, AU_USAGE, "--help=%s: not one of mdoc, bash, zsh, fish, statuses", form);
}
