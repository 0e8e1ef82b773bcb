/*-------------------------------------------------------------------------
 * test_date.c
 *	  Dates and times of declared formats.
 *
 * What is expected is written as ISO text and computed by libc's timegm,
 * which shares no code with what is tested.
 *-------------------------------------------------------------------------
 */
#define _GNU_SOURCE
#include "unit.h"

#include "policy/normalize/date.h"
#include "zones.h"

#define EPOCH_2000	INT64_C(946684800)

static const YsBindings bindings = {.find_zone = zones_find};
static const YsDateContext context = {&bindings, YS_DATE_PIVOT};

/* "|"-separated formats */
static const char *
parse(const char *formats, const char *text, int64_t *usecs)
{
	YsDateFormat compiled[8];
	YsMoment	moment;
	const char *reason;
	int			which;
	char		copy[200];
	char	   *save;
	int			count = 0;

	snprintf(copy, sizeof(copy), "%s", formats);
	for (char *format = strtok_r(copy, "|", &save); format != NULL; format = strtok_r(NULL, "|", &save))
	{
		const char *why = ys_date_format_compile(unit_slice(format), &compiled[count++]);

		if (why != NULL)
			fail_msg("%s: %s", format, why);
	}
	reason = ys_date_parse(compiled, count, &context, unit_slice(text), &moment, &which);
	*usecs = moment.usecs;
	return reason;
}

/* "2024-03-12 10:15:00.5" as microseconds since 2000, by libc */
static int64_t
expected_usecs(const char *text)
{
	struct tm	tm;
	const char *rest;
	double		fraction = 0;

	memset(&tm, 0, sizeof(tm));
	rest = strptime(text, "%Y-%m-%d", &tm);
	assert_non_null(rest);
	if (*rest == ' ')
		rest = strptime(rest, " %H:%M:%S", &tm);
	if (*rest == '.')
		fraction = strtod(rest, NULL);
	return ((int64_t) timegm(&tm) - EPOCH_2000) * YS_USECS_PER_SEC + (int64_t) (fraction * 1000000 + 0.5);
}

static void
test_valid(void **state)
{
	static const struct
	{
		const char *formats;
		const char *text;
		const char *expected;
	}			cases[] =
	{
		{"ISO", "2024-03-12", "2024-03-12"}, {"ISO", "0001-01-01", "0001-01-01"},
		{"ISO", "9999-12-31", "9999-12-31"}, {"ISO", "2000-02-29", "2000-02-29"},
		{"ISO", "2024-03-12T10:15:00Z", "2024-03-12 10:15:00"},
		{"ISO", "2024-03-12t10:15:00z", "2024-03-12 10:15:00"},
		{"ISO", "2024-03-12 10:15", "2024-03-12 10:15:00"},
		{"ISO", "2024-03-12T10:15:00.123456Z", "2024-03-12 10:15:00.123456"},
		{"ISO", "2024-03-12T10:15:00,5", "2024-03-12 10:15:00.5"},
		{"ISO", "2024-03-12T10:15:59.9999999999Z", "2024-03-12 10:15:59.999999"},
		{"ISO", "2024-03-12T10:15:00+02:00", "2024-03-12 08:15:00"},
		{"ISO", "2024-03-12T00:15:00+0530", "2024-03-11 18:45:00"},
		{"ISO", "20240312", "2024-03-12"}, {"ISO", "2024-03-12T10", "2024-03-12 10:00:00"},
		{"ISO", "2024-12-31 23:30:00-01", "2025-01-01 00:30:00"},
		{"ISO", "2024-03-12 10:15:00 +0100", "2024-03-12 09:15:00"},
		{"ISO", "2024-03-12T24:00:00Z", "2024-03-13"}, {"ISO", "2016-12-31T23:59:60Z", "2017-01-01"},
		{"ISO", "1969-12-31T23:59:59.5Z", "1969-12-31 23:59:59.5"},
		{"DD/MM/YYYY", "12/03/2024", "2024-03-12"}, {"DD/MM/YYYY", "1/2/2024", "2024-02-01"},
		{"MM/DD/YYYY", "12/03/2024", "2024-12-03"}, {"DD-MM-YYYY", "12-03-2024", "2024-03-12"},
		{"DD.MM.YYYY", "12.03.2024", "2024-03-12"}, {"YYYY/MM/DD", "2024/03/12", "2024-03-12"},
		{"YYYYMMDD", "20240312", "2024-03-12"},
		{"MM-DD-YY", "03-12-24", "2024-03-12"}, {"DD-MM-YY", "12-03-24", "2024-03-12"},
		{"DD/MM/YY", "12/03/68", "2068-03-12"}, {"MM/DD/YY", "03/12/69", "1969-03-12"},
		{"DD/MM/YY", "12/03/00", "2000-03-12"}, {"DD/MM/YY", "12/03/99", "1999-03-12"},
		{"DD Mon YYYY", "12 Mar 2024", "2024-03-12"}, {"DD Mon YYYY", "2 MARCH 2024", "2024-03-02"},
		{"DD Mon YYYY", "12  may   2024", "2024-05-12"}, {"Mon DD, YYYY", "September 9, 2024", "2024-09-09"},
		{"Mon DD, YYYY", "Dec 31, 2024", "2024-12-31"}, {"DD-Mon-YY", "05-Nov-23", "2023-11-05"},
		{"DD/MM/YYYY HH24:MI", "12/03/2024 7:05", "2024-03-12 07:05:00"},
		{"YYYYMMDDHH24MISS", "20240312101559", "2024-03-12 10:15:59"},
		{"epoch_s", "1710238500", "2024-03-12 10:15:00"}, {"epoch_s", "0", "1970-01-01"},
		{"epoch_s", "1710238500.25", "2024-03-12 10:15:00.25"}, {"epoch_s", "1.7102385E9", "2024-03-12 10:15:00"},
		{"epoch_s", "7258118399", "2199-12-31 23:59:59"},
		{"epoch_ms", "1710238500250", "2024-03-12 10:15:00.25"}, {"epoch_ms", "7258118400", "1970-03-26 00:08:38.4"},
		{"epoch_us", "1710238500000001", "2024-03-12 10:15:00.000001"},
		{"epoch_us", "1710238500000001.9", "2024-03-12 10:15:00.000001"},
		/* in order; the first that makes a date wins */
		{"ISO|DD/MM/YYYY|epoch_ms", "12/03/2024", "2024-03-12"},
		{"ISO|DD/MM/YYYY|epoch_ms", "1710238500000", "2024-03-12 10:15:00"},
		{"epoch_s|epoch_ms|epoch_us", "1710238500000", "2024-03-12 10:15:00"},
		{"epoch_us|epoch_ms|epoch_s", "1710238500", "2024-03-12 10:15:00"},
		{"DD/MM/YYYY|MM/DD/YYYY", "03/04/2024", "2024-04-03"}, {"DD/MM/YYYY|MM/DD/YYYY", "03/25/2024", "2024-03-25"},
		{"DD-MM-YY|DD-MM-YYYY", "12-03-2024", "2024-03-12"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		int64_t		usecs = 0;
		const char *reason = parse(cases[i].formats, cases[i].text, &usecs);

		if (reason != NULL)
			fail_msg("%s as %s: %s", cases[i].text, cases[i].formats, reason);
		if (usecs != expected_usecs(cases[i].expected))
			fail_msg("%s as %s: got %lld, wanted %s", cases[i].text, cases[i].formats, (long long) usecs,
					 cases[i].expected);
	}
}

static void
test_invalid(void **state)
{
	static const struct
	{
		const char *formats;
		const char *text;
		bool		impossible;
	}			cases[] =
	{
		{"ISO", "2024-13-01", true}, {"ISO", "2024-00-10", true}, {"ISO", "2024-02-30", true},
		{"ISO", "2023-02-29", true}, {"ISO", "1900-02-29", true}, {"ISO", "0000-01-01", true},
		{"ISO", "2024-03-12T25:00:00Z", true}, {"ISO", "2024-03-12T24:00:01Z", true},
		{"ISO", "2024-03-12T10:60:00Z", true}, {"ISO", "2024-03-12T10:15:61Z", true},
		{"ISO", "9999-12-31T23:59:59-01:00", true}, {"ISO", "0001-01-01T00:00:00+01:00", true},
		{"DD/MM/YYYY", "31/02/2024", true}, {"DD/MM/YYYY", "12/13/2024", true}, {"DD/MM/YYYY", "00/01/2024", true},
		{"DD/MM/YYYY", "12/03/0000", true}, {"YYYYMMDD", "20241301", true},
		{"ISO", "2024-3-12", false}, {"ISO", "2024-03-12x", false},
		{"ISO", "2024-03-12T", false}, {"ISO", "2024-03-12T10:15:00.Z", false},
		{"ISO", "2024-03-12T10:15:00+1", false}, {"ISO", "2024-03-12T10:15:00+99:00", false},
		{"ISO", "2024-03-12T10:15:00Zx", false}, {"ISO", "12024-03-12", false}, {"ISO", "-2024-03-12", false},
		{"ISO", "soon", false}, {"ISO", "1710238500", false},
		{"DD/MM/YYYY", "12-03-2024", false}, {"DD/MM/YYYY", "12/03/24", false}, {"DD/MM/YYYY", "12/03/20245", false},
		{"DD/MM/YYYY", "123/03/2024", false}, {"DD-MM-YY", "12-03-2024", false},
		{"YYYYMMDD", "2024312", false}, {"YYYYMMDD", "202403121", false},
		{"DD Mon YYYY", "12 Ma 2024", false}, {"DD Mon YYYY", "12 03 2024", false},
		{"DD Mon YYYY", "12Mar2024", false},
		{"epoch_s", "-1", false}, {"epoch_s", "7258118400", false}, {"epoch_ms", "7258118399", false},
		{"epoch_ms", "7258118400000", false}, {"epoch_us", "7258118399999", false},
		{"epoch_us", "7258118400000000", false}, {"epoch_s", "1,710,238,500", false},
		{"epoch_s", "1710238500s", false},
		{"epoch_s", "99999999999999999999999999999999999999", false}, {"epoch_s", "", false},
		{"epoch_s", "nan", false},
		{"epoch_s", "1e99", false},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		int64_t		usecs = 0;
		const char *reason = parse(cases[i].formats, cases[i].text, &usecs);

		if (reason == NULL)
			fail_msg("%s as %s was accepted", cases[i].text, cases[i].formats);
		if (strcmp(reason, cases[i].impossible ? "no such date" : "not a date in any declared format") != 0)
			fail_msg("%s as %s: %s", cases[i].text, cases[i].formats, reason);
	}
}

static void
test_bad_formats(void **state)
{
	static const char *const formats[] = {
		"", "ISO ", "iso", "Epoch", "DD/MM", "YYYY", "MM/YYYY", "dd/mm/yyyy", "DD/MM/YYYY/YY", "DD/DD/MM/YYYY",
		"DD/MM/Mon/YYYY", "YYYY-MM-DDTHH24", "YYYY-MM-DD MI", "YYYY-MM-DD HH24:SS", "DD/MM/YYYY\x01", "DD\xC2\xA0MM YYYY",
		"1DD/MM/YYYY", "DD/MM/YYYY ---------------------------------------------------------",
		"YYYY DDD MM", "YYYY IW ID", "IYYY IW", "IYYY-IW-ID YYYY", "DDD", "YYYY DDD DD", "IYYY-IW-DD",
		"DD/MM/YYYY HH12", "DD/MM/YYYY HH24 AM", "DD/MM/YYYY AM", "DD/MM/YYYY HH12 AM PM", "DD/MM/YYYY HH24:MI FF",
		"DD/MM/YYYY HH24:MI:SS.FFDDD", "DD/MM/YYYY TZ", "DD/MM/YYYY HH24 TZ OF", "DD/MM/YYYY \"at", "Day DD/MM/YYYY Dy",
		"DD/MM/YYYY HH"
	};

	(void) state;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
	{
		YsDateFormat format;

		if (ys_date_format_compile(unit_slice(formats[i]), &format) == NULL)
			fail_msg("accepted: %s", formats[i]);
	}
}

/* Every day of eight centuries, in several formats, against libc. */
static void
test_every_day(void **state)
{
	YsDateFormat formats[8];
	static const char *const patterns[] = {
		"ISO", "DD/MM/YYYY", "Dy DD Mon YYYY", "YYYYMMDD", "ISO", "ISO", "IYYY/IW/ID", "DDD.YYYY"
	};
	static const char *const libc[] = {
		"%Y-%m-%d", "%d/%m/%Y", "%A %d %B %Y", "%Y%m%d", "%G-W%V-%u", "%Y%j", "%G/%V/%u", "%j.%Y"
	};
	int64_t		first = -(INT64_C(530) * 365 + 128) * 86400;

	(void) state;
	for (int i = 0; i < 8; i++)
		assert_null(ys_date_format_compile(unit_slice(patterns[i]), &formats[i]));
	for (int day = 0; day < 800 * 365; day++)
	{
		time_t		at = (time_t) (first + (int64_t) day * 86400);
		struct tm	tm;
		int			f = day % 9 % 8;
		char		text[40];
		YsMoment	moment;
		int64_t		usecs;
		int			format;

		gmtime_r(&at, &tm);
		strftime(text, sizeof(text), libc[f], &tm);
		if (ys_date_parse(&formats[f], 1, &context, unit_slice(text), &moment, &format) != NULL)
			fail_msg("refused: %s", text);
		usecs = moment.usecs;
		assert_true(moment.naive);
		assert_true(usecs == ((int64_t) at - EPOCH_2000) * YS_USECS_PER_SEC);
		assert_int_equal(ys_date_of(usecs), ((int64_t) at - EPOCH_2000) / 86400);
		assert_int_equal(ys_date_of(usecs + YS_USECS_PER_DAY - 1), ys_date_of(usecs));
		assert_int_equal(ys_date_of(usecs - 1), ys_date_of(usecs) - 1);
	}
}

/* A moment written as ISO text reads as itself, however it is written. */
static void
test_written_moments_read_back(void **state)
{
	uint64_t	random = unit_seed("test_date");
	YsDateFormat formats[2];

	(void) state;
	assert_null(ys_date_format_compile(unit_slice("ISO"), &formats[0]));
	assert_null(ys_date_format_compile(unit_slice("epoch_us"), &formats[1]));
	for (int i = 0; i < 50000; i++)
	{
		int64_t		unix_usecs = (int64_t) unit_random(&random, UINT64_C(7258118400000000));
		int			offset = (int) unit_random(&random, 2 * 14 * 60) - 14 * 60;
		time_t		local = (time_t) (unix_usecs / 1000000 + offset * 60);
		struct tm	tm;
		char		seconds[40];
		char		text[80];
		YsMoment	moment;
		int64_t		strict;
		int			format;

		gmtime_r(&local, &tm);
		strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &tm);
		snprintf(text, sizeof(text), "%s.%06d%c%02d:%02d", seconds, (int) (unix_usecs % 1000000),
				 offset < 0 ? '-' : '+', abs(offset) / 60, abs(offset) % 60);
		assert_null(ys_date_parse(formats, 2, &context, unit_slice(text), &moment, &format));
		assert_true(moment.usecs == unix_usecs - EPOCH_2000 * YS_USECS_PER_SEC);
		assert_false(moment.naive);
		assert_true(ys_date_parse_strict(unit_slice(text), &strict));
		assert_true(strict == moment.usecs);
		snprintf(text, sizeof(text), "%lld", (long long) unix_usecs);
		if (unix_usecs >= INT64_C(7258118400000))
		{
			assert_null(ys_date_parse(formats, 2, &context, unit_slice(text), &moment, &format));
			assert_true(moment.usecs == unix_usecs - EPOCH_2000 * YS_USECS_PER_SEC);
		}
	}
}

/* What foreign tables read, and what only policies do. */
static void
test_strict(void **state)
{
	static const char *const read[] = {
		"2024-03-12", "2024-03-12T10:15", "2024-03-12t10:15:00.5z", "2024-03-12 10:15:00,25", "2024-03-12 10:15:00 +0100",
		"2024-03-12T10:15:00-01:30", "2024-03-12T24:00", "2016-12-31T23:59:60Z", "9999-12-31T23:59:59"
	};
	static const char *const refused[] = {
		"", "20240312", "2024-W11-2", "2024-072", "2024-3-12", "2024-03-12T10", "2024-03-12T1015", "2024-03-12T10:15.5",
		"2024-03-12T10:15:00 +01", "2024-03-12 10:15 UTC", "2024-03-12 10:15 Europe/Rome", "2024-03-12T10:15[Europe/Rome]",
		"2024-03-12T10:15:00\xE2\x88\x92" "01", "2024-03-12T10:15:00+01:00:00", "2024-03-12T", "2024-02-30", "2024-03-12 10:15  +01",
		"2024-03-12T10:15:00+16", "12/03/2024", "2024-03-12T10:15:00Zx", "2024-03-12T10:15:00.Z"
	};
	int64_t		usecs;

	(void) state;
	for (size_t i = 0; i < sizeof(read) / sizeof(read[0]); i++)
	{
		int64_t		as_iso;

		assert_true(ys_date_parse_strict(unit_slice(read[i]), &usecs));
		assert_null(parse("ISO", read[i], &as_iso));
		assert_int_equal(usecs, as_iso);
	}
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
	{
		if (ys_date_parse_strict(unit_slice(refused[i]), &usecs))
			fail_msg("accepted: %s", refused[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_invalid),
		cmocka_unit_test(test_bad_formats),
		cmocka_unit_test(test_every_day),
		cmocka_unit_test(test_written_moments_read_back),
		cmocka_unit_test(test_strict),
	};

	return cmocka_run_group_tests_name("date", tests, NULL, NULL);
}
