/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any text as a time: within bounds, and the same when written and read again. */
#include <string.h>

#include "clock.h"
#include "fuzz.h"
#include "mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const int64_t first = INT64_C(-62167219200), last = INT64_C(253402300799);
	struct au_err err AU_AUTO_ERR = { 0 };
	char *text AU_AUTO_MEM = au_memdup0(data, size);
	int64_t t, again;
	long s;

	if (au_time_read(text, &t, &err)) {
		MUST(t > first - 2 * 86400 && t < last + 2 * 86400);
		if (t >= first && t <= last)
			MUST(au_time_read(au_time_text(t).s, &again, &err) && again == t);
	} else {
		MUST(err.code == AU_INPUT);
	}
	if (au_time_read_http(text, 1795363200, &t, &err))
		MUST(t >= first && t <= last + 1 && strlen(text) >= 24);
	else
		MUST(err.code == AU_PROTOCOL);
	if (au_retry_after(text, 1795363200, &s))
		MUST(s >= 0 && s <= AU_MAX_SECONDS);
	if (au_duration_read(text, &s, &err))
		MUST(s >= 0 && s <= AU_MAX_SECONDS);
	else
		MUST(err.code == AU_USAGE);
	if (size >= sizeof t) {
		/* The same octets as seconds. */
		memcpy(&t, data, sizeof t);
		MUST(strlen(au_time_text(t).s) == 20 && au_time_read(au_time_text(t).s, &again, &err));
		MUST(again == t || t < first || t > last);
		(void)au_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", t, &s);
		(void)au_retry_after("Sunday, 06-Nov-94 08:49:37 GMT", t, &s);
	}
	return 0;
}
