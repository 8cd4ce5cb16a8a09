/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream must say the same however it is cut. The first octet is the length of the pieces. */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fdio.h"
#include "fuzz.h"
#include "mem.h"

/* More pieces would not fit into a socket's buffer, and nobody reads until all are there. */
#define MAX_PIECES 100

static char *transcript(const uint8_t *data, size_t size, size_t piece)
{
	struct au_buf out AU_AUTO_BUF = AU_BUF(64 << 20);
	struct au_err err AU_AUTO_ERR = { 0 };
	int s[2];

	/* Each read of such a socket gives one piece. */
	MUST(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s) == 0);
	for (size_t i = 0; i < size; i += piece) {
		size_t n = size - i < piece ? size - i : piece;
		MUST(write(s[1], data + i, n) == (ssize_t)n);
	}
	close(s[1]);

	struct au_reader r = AU_READER(s[0], "in");
	for (;;) {
		json_t *doc AU_AUTO_JSON = NULL;
		struct au_err failure AU_AUTO_ERR = { 0 };
		if (!au_reader_next(&r, &doc, &failure)) {
			MUST(failure.code == AU_INPUT && !doc);
			MUST(au_buf_addf(&out, &err, "!%s\n", failure.text));
			continue;
		}
		if (!doc)
			break;
		char *text AU_AUTO_MEM = au_json_dump(doc);
		MUST(json_is_object(doc) && text && au_buf_addf(&out, &err, "%s\n", text));
	}
	au_reader_free(&r);
	close(s[0]);
	return au_buf_take(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size > 60000)
		return 0;
	size_t piece = data[0] + 1u, least = size / MAX_PIECES + 1;
	char *whole AU_AUTO_MEM = transcript(data + 1, size - 1, size);
	char *cut AU_AUTO_MEM = transcript(data + 1, size - 1, piece < least ? least : piece);
	MUST(strcmp(whole, cut) == 0);
	return 0;
}
