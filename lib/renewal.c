/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "renewal.h"

#include <nettle/sha2.h>
#include <string.h>

#include "clock.h"

#define DAY (24 * 3600)

static bool date(const json_t *info, const char *path, int64_t *out, struct au_err *err)
{
	const char *text;

	if (au_json_str(info, path, AU_MUST, &text, err) && (au_time_read(text, out, err) || au_fail_in(err, "%s", path)))
		return true;
	return err->code == AU_INPUT ? au_fail_as(err, AU_PROTOCOL) : false;
}

bool au_renewal_window(const json_t *info, int64_t not_before, int64_t not_after, int64_t *start, int64_t *end,
		       struct au_err *err)
{
	if (!date(info, "suggestedWindow.start", start, err) || !date(info, "suggestedWindow.end", end, err))
		return false;
	if (*end <= *start)
		return au_fail(err, AU_PROTOCOL, "suggestedWindow: ends on %s, which is not after its start",
			       au_time_text(*end).s);
	if (*end <= not_before)
		return au_fail(err, AU_PROTOCOL, "suggestedWindow: ends on %s, before the certificate was valid",
			       au_time_text(*end).s);
	if (*start >= not_after)
		return au_fail(err, AU_PROTOCOL, "suggestedWindow: starts on %s, when the certificate has expired",
			       au_time_text(*start).s);
	if (*end > not_after)
		*end = not_after;
	return true;
}

int64_t au_renewal_pick(const char *id, int64_t start, int64_t end)
{
	struct sha256_ctx c;
	uint8_t digest[SHA256_DIGEST_SIZE], bounds[16];
	uint64_t x = 0, width = (uint64_t)end - (uint64_t)start;

	if (end <= start)
		return start;
	for (unsigned i = 0; i < 8; i++) {
		bounds[i] = (uint8_t)((uint64_t)start >> 8 * i);
		bounds[8 + i] = (uint8_t)((uint64_t)end >> 8 * i);
	}
	sha256_init(&c);
	sha256_update(&c, sizeof bounds, bounds);
	sha256_update(&c, strlen(id), (const uint8_t *)id);
	sha256_digest(&c, sizeof digest, digest);
	for (unsigned i = 0; i < 8; i++)
		x = x << 8 | digest[i];
	return (int64_t)((uint64_t)start + x % width);
}

int64_t au_renewal_by_lifetime(int64_t not_before, int64_t not_after)
{
	int64_t lifetime = not_after - not_before;

	return not_after - (lifetime < 10 * DAY ? lifetime / 2 : lifetime / 3);
}

long au_renewal_retry(long retry_after)
{
	if (retry_after < 0)
		return AU_RENEWAL_RETRY_DEFAULT;
	if (retry_after < AU_RENEWAL_RETRY_MIN)
		return AU_RENEWAL_RETRY_MIN;
	return retry_after < AU_RENEWAL_RETRY_MAX ? retry_after : AU_RENEWAL_RETRY_MAX;
}
