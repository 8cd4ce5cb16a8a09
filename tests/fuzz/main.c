/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * main: gives a fuzz target a main() that runs it over files, so that `make check`
 * replays the corpus without libFuzzer. Arguments are files and directories of files.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

static unsigned long inputs;

static int replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	size_t n = 0, cap = 4096;
	uint8_t *p = malloc(cap), *exact;

	if (!f || !p)
		return perror(path), 1;
	for (size_t k; (k = fread(p + n, 1, cap - n, f)) > 0;) {
		n += k;
		if (n == cap && !(p = realloc(p, cap *= 2)))
			return perror(path), 1;
	}
	if (ferror(f))
		return perror(path), 1;
	fclose(f);
	/* A block of just this size: reading past its end is seen. */
	exact = malloc(n ? n : 1);
	if (!exact)
		return perror(path), 1;
	memcpy(exact, p, n);
	free(p);
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
	inputs++;
	return 0;
}

static int replay(const char *path)
{
	struct stat st;
	struct dirent *entry;
	DIR *dir;
	int rc = 0;

	if (stat(path, &st))
		return perror(path), 1;
	if (!S_ISDIR(st.st_mode))
		return replay_file(path);
	dir = opendir(path);
	if (!dir)
		return perror(path), 1;
	while ((entry = readdir(dir)) && rc == 0) {
		char name[4096];
		if (entry->d_name[0] == '.')
			continue;
		if ((size_t)snprintf(name, sizeof name, "%s/%s", path, entry->d_name) < sizeof name)
			rc = replay(name);
	}
	closedir(dir);
	return rc;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (replay(argv[i]))
			return 1;
	printf("# %lu inputs\n", inputs);
	return inputs ? 0 : 1;
}
