/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli-help: what a program's table says about itself: --help, manual page parts, shell completion (not installed). */
#ifndef AU_CLI_HELP_H
#define AU_CLI_HELP_H

#include "cli.h"

/* The options every program has; they stand behind its own. Ends with { 0 }. */
extern const struct au_opt au_cli_common[];

/*
 * Text for --help (NULL or "") or --help=mdoc, bash, zsh, fish, statuses.
 * AU_USAGE for another form.
 */
bool au_cli_help(const struct au_cmd *cmd, const char *form, struct au_buf *out, struct au_err *err);

#endif
