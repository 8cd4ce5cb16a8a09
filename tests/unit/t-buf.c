/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Buffers: always terminated, never over their ceiling. */
#include "buf.h"
#include "unit.h"

int main(void)
{
	struct au_err err = { 0 };
	struct au_buf b = AU_BUF(1000);

	ok(!b.p && au_buf_add(&b, "", 0, &err) && b.p && b.n == 0 && b.p[0] == 0, "adding nothing makes a string");
	bool good = true;
	for (size_t i = 0; i < 1000 && good; i++)
		good = au_buf_add(&b, "x", 1, &err) && b.n == i + 1 && b.p[b.n] == 0 && strlen((char *)b.p) == b.n && b.cap > b.n;
	ok(good, "to the ceiling, an octet at a time");
	fails(!au_buf_add(&b, "x", 1, &err), &err, AU_INPUT, "larger than 1000 octets", "and not over it");
	fails(!au_buf_room(&b, SIZE_MAX, &err), &err, AU_INPUT, "larger than", "nor all the way round");
	ok(b.n == 1000 && strlen((char *)b.p) == 1000, "what was there stays");
	char *s = au_buf_take(&b);
	ok(strlen(s) == 1000 && !b.p && b.n == 0 && b.cap == 0 && b.max == 1000, "taken");
	au_free(s);
	s = au_buf_take(&b);
	is_str(s, "", "taken from nothing");
	au_free(s);

	ok(au_buf_adds(&b, "a", &err) && au_buf_addf(&b, &err, "%s%d", "b", 7) && au_buf_add(&b, "\0c", 2, &err),
	   "three ways");
	ok(b.n == 5 && memcmp(b.p, "ab7\0c", 6) == 0, "make one");
	fails(!au_buf_addf(&b, &err, "%999d", 1), &err, AU_INPUT, "larger than 1000", "a format over the ceiling");
	ok(b.n == 5 && memcmp(b.p, "ab7\0c", 6) == 0, "adds nothing");
	ok(au_buf_addf(&b, &err, "%995d", 1) && b.n == 1000 && b.p[1000] == 0, "one just below it does");
	au_buf_free(&b);
	ok(!b.p && b.n == 0 && b.max == 1000, "freed, the ceiling kept");

	struct au_buf room AU_AUTO_BUF = AU_BUF(4096);
	ok(au_buf_room(&room, 4096, &err) && room.cap > 4096 && room.n == 0, "room for all of it and a NUL");
	memset(room.p, 'x', 4096);
	room.n = 4096;
	fails(!au_buf_room(&room, 1, &err), &err, AU_INPUT, "larger than 4096", "and no more");

	struct au_buf plain AU_AUTO_BUF = AU_BUF(0);
	ok(au_buf_room(&plain, AU_MAX_DOC, &err), "without a ceiling it is that of documents");
	fails(!au_buf_room(&plain, AU_MAX_DOC + 1, &err), &err, AU_INPUT, "larger than 4194304", "and that holds");
	return done();
}
