/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * acme: the front end. `acme order` runs acme-order, wherever PATH has it, so
 * a program added by somebody else is a command as well.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

static const char *const programs[] = {
#include "acme-programs.h"
};

static int out(int status)
{
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "acme: standard output: %s\n", strerror(errno));
		return 11;
	}
	return status;
}

static int help(void)
{
	puts("usage: acme COMMAND [ARGUMENT...]\nrun the program acme-COMMAND; acme help COMMAND shows its manual page\n");
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
		printf("  %s\n", programs[i] + strlen("acme-"));
	return out(0);
}

/* Only returns when the program could not be run. */
static int run(const char *file, char **argv)
{
	execvp(file, argv);
	if (errno == ENOENT)
		fprintf(stderr, "acme: %s: no such command; acme --help lists them\n", file);
	else
		fprintf(stderr, "acme: %s: %s\n", file, strerror(errno));
	return errno == ENOENT ? 2 : 11;
}

int main(int argc, char **argv)
{
	char name[64];

	if (argc == 2 && (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")))
		return puts("acme (acmeutils) " PACKAGE_VERSION) < 0 ? 11 : out(0);
	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")))
		return help();
	if (argc < 2) {
		fputs("acme: the command is missing; acme --help lists them\n", stderr);
		return 2;
	}
	const char *command = argv[argc == 3 && !strcmp(argv[1], "help") ? 2 : 1];
	/* a command is a word, never an option or a path */
	if (command[strspn(command, "abcdefghijklmnopqrstuvwxyz0123456789-")] || *command == '-' ||
	    (size_t)snprintf(name, sizeof name, "acme-%s", command) >= sizeof name) {
		fputs("acme: not a command; acme --help lists them\n", stderr);
		return 2;
	}
	if (command == argv[2])
		return run("man", (char *[]){ (char *)"man", (char *)"--", name, NULL });
	argv[1] = name;
	return run(name, argv + 1);
}
