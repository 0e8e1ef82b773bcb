/*-------------------------------------------------------------------------
 * test_date_again.c
 *	  What holds of whatever is read as a date: printed as ISO it is read as
 *	  the same, under ISO and under auto; and nothing leaves the calendar.
 *-------------------------------------------------------------------------
 */
#define _GNU_SOURCE
#include "unit.h"

#include "policy/normalize/date_scan.h"
#include "zones.h"

#define EPOCH_2000	INT64_C(946684800)

static const YsBindings bindings = {.find_zone = zones_find};
static const YsDateContext context = {&bindings, YS_DATE_PIVOT};

static const char *const forms[] = {
	"ISO", "RFC2822", "SQL", "auto", "epoch", "epoch_s", "epoch_ms", "epoch_us", "DD/MM/YYYY", "MM-DD-YY", "Mon DD, YYYY HH24:MI:SS",
	"Day DD Month YYYY HH12:MI AM TZ", "YYYYDDD", "IYYY-IW-ID", "YYYYMMDDHH24MISS", "DD.MM.YYYY HH24:MI:SS.FF OF"
};

#define NFORMS	((int) (sizeof(forms) / sizeof(forms[0])))

static YsDateFormat compiled[NFORMS];

static int
compile_all(void **state)
{
	(void) state;
	for (int i = 0; i < NFORMS; i++)
		assert_null(ys_date_format_compile((YsSlice) {forms[i], (uint32_t) strlen(forms[i])}, &compiled[i]));
	return 0;
}

static void
print_iso(const YsMoment *moment, char *out, size_t size)
{
	int64_t		seconds = ys_floor_div(moment->usecs, YS_USECS_PER_SEC);
	time_t		unix_time = (time_t) (seconds + EPOCH_2000);
	struct tm	tm;

	gmtime_r(&unix_time, &tm);
	snprintf(out, size, "%04d-%02d-%02dT%02d:%02d:%02d.%06d%s", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
			 tm.tm_hour, tm.tm_min, tm.tm_sec, (int) (moment->usecs - seconds * YS_USECS_PER_SEC),
			 moment->naive ? "" : "Z");
}

/* How many of the formats took it. */
static int
check_text(YsSlice text)
{
	int			taken = 0;

	for (int i = 0; i < NFORMS; i++)
	{
		YsMoment	moment;
		char		printed[80];
		int			which;

		if (ys_date_parse(&compiled[i], 1, &context, text, &moment, &which) != NULL)
			continue;
		taken++;
		assert_in_range(ys_date_of(moment.usecs) - YS_FIRST_DAY, 0, YS_LAST_DAY - YS_FIRST_DAY);
		print_iso(&moment, printed, sizeof(printed));
		for (int again = 0; again <= 3; again += 3)
		{
			YsMoment	same;
			const char *why = ys_date_parse(&compiled[again], 1, &context,
											(YsSlice) {printed, (uint32_t) strlen(printed)}, &same, &which);

			if (why != NULL || same.usecs != moment.usecs || same.naive != moment.naive)
				fail_msg("\"%.*s\" as %s is %s, which as %s is %s", (int) text.len, text.bytes, forms[i], printed,
						 forms[again], why != NULL ? why : "another moment");
		}
	}
	return taken;
}

#define ONE_OF(random, texts)	(texts)[unit_random(random, sizeof(texts) / sizeof((texts)[0]))]

/* A date as somebody may write it. */
static size_t
write_date(uint64_t *random, char *out, size_t size)
{
	static const char *const days[] = {
		"%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y-%m-%d", "%Y%m%d", "%Y-%j", "%G-W%V-%u", "%d %b %Y", "%a, %d %b %Y",
		"%A %d %B %Y", "%B %d, %Y", "%d-%b-%y", "%m-%d-%y", "%Y/%m/%d", "%a %b %d", "%s"
	};
	static const char *const times[] = {
		"", "", " %H:%M", "T%H:%M:%S", " %H:%M:%S", " %I:%M %p", " %H:%M:%S.5", "T%H%M%S", " %H:%M:%S %Y"
	};
	static const char *const ends[] = {
		"", "", "Z", "+01:00", " +0530", " -08", " CET", " Europe/Rome", " IST", "[Asia/Kathmandu]", " (summer)"
	};
	time_t		at = (time_t) (unit_random(random, UINT64_C(14000000000)) - UINT64_C(4000000000));
	struct tm	tm;
	size_t		len;

	gmtime_r(&at, &tm);
	len = strftime(out, size, ONE_OF(random, days), &tm);
	len += strftime(out + len, size - len, ONE_OF(random, times), &tm);
	return len + (size_t) snprintf(out + len, size - len, "%s", ONE_OF(random, ends));
}

/* Each text in memory of its own, so that a sanitizer sees each read past it. */
static int
check_copy(const char *text, size_t len)
{
	char	   *copy = malloc(len > 0 ? len : 1);
	int			taken;

	memcpy(copy, text, len);
	taken = check_text((YsSlice) {copy, (uint32_t) len});
	free(copy);
	return taken;
}

static void
test_written(void **state)
{
	uint64_t	random = unit_seed("test_date_again");
	int			taken = 0;
	int			damaged = 0;

	(void) state;
	for (int i = 0; i < 100000; i++)
	{
		char		text[120];
		size_t		len = write_date(&random, text, sizeof(text));

		taken += check_copy(text, len) > 0;
		/* a byte is lost, doubled or another one */
		if (len > 0)
		{
			size_t		at = unit_random(&random, len);

			switch (unit_random(&random, 3))
			{
				case 0:
					memmove(text + at, text + at + 1, --len - at);
					break;
				case 1:
					memmove(text + at + 1, text + at, len++ - at);
					break;
				default:
					text[at] = (char) unit_random(&random, 256);
			}
			damaged += check_copy(text, len) > 0;
		}
	}
	assert_in_range(taken, 20000, 100000);
	assert_in_range(damaged, 1000, 100000);
}

/* No text makes any format read past its end or leave the calendar. */
static void
test_random(void **state)
{
	static const char alphabet[] = "0123456789012345678901234-/.: TZW+,MarDec(\"[\xC3\xA9\xC2\xBA\xE2\x88\x92";
	uint64_t	random = unit_seed("test_date_random");

	(void) state;
	for (int i = 0; i < 200000; i++)
	{
		size_t		len = unit_random(&random, 24);
		char		text[24];

		for (size_t j = 0; j < len; j++)
			text[j] = alphabet[unit_random(&random, sizeof(alphabet) - 1)];
		check_copy(text, len);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_written),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests_name("dates again", tests, compile_all, NULL);
}
