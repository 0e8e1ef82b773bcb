/*-------------------------------------------------------------------------
 * filter_time.c
 *	  Conditions on dates and times, as ranges of the text they are read from.
 *
 * Such columns are read by ys_date_parse_strict: the text begins with YYYY-MM-DD, its own
 * date, and may have an offset of less than 16 hours or the hour 24, so that the
 * day it means at UTC is at most one away.  Texts are ordered as their dates
 * are, in the first ten bytes.  So a moment's condition holds only for texts
 * of some days around it: those are asked for, and PostgreSQL checks them.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "fdw/filter.h"

#define DATE_BYTES		10

/* Between a text's own date and the day it means. */
#define SLACK_DAYS		1

/* Besides, between one moment with a time zone and one without, whatever the session's zone. */
#define ZONE_DAYS		8

static bool
is_time_type(Oid type)
{
	return type == DATEOID || type == TIMESTAMPOID || type == TIMESTAMPTZOID;
}

bool
ys_filter_is_time(Oid column_type, Oid value_type)
{
	return is_time_type(getBaseType(column_type)) && is_time_type(getBaseType(value_type));
}

/* The day, since 2000, at UTC; false: it is not finite. */
static bool
day_of(Oid type, Datum datum, int64 *day)
{
	Timestamp	moment;

	if (type == DATEOID)
	{
		*day = DatumGetDateADT(datum);
		return !DATE_NOT_FINITE(DatumGetDateADT(datum));
	}
	moment = DatumGetTimestamp(datum);
	*day = moment / USECS_PER_DAY - (moment % USECS_PER_DAY < 0);
	return !TIMESTAMP_NOT_FINITE(moment);
}

/* A date as its text begins; false: the text has no such years. */
static bool
date_text(int64 day, YsValue *text)
{
	int64		first = date2j(1, 1, 1) - POSTGRES_EPOCH_JDATE;
	int64		last = date2j(9999, 12, 31) - POSTGRES_EPOCH_JDATE;
	int			year;
	int			month;
	int			of_month;

	if (day < first || day > last)
		return false;
	j2date((int) day + POSTGRES_EPOCH_JDATE, &year, &month, &of_month);
	*text = ys_value_string(psprintf("%04d-%02d-%02d", year, month, of_month), DATE_BYTES);
	return true;
}

void
ys_filter_time_range(const YsFilterNode *node, Datum datum, YsFilterRange *range)
{
	Oid			column = getBaseType(node->column->type);
	Oid			value = node->converter.base;
	bool		zones = (column == TIMESTAMPTZOID) != (value == TIMESTAMPTZOID);
	int			slack = SLACK_DAYS + (zones ? ZONE_DAYS : 0);
	int64		day;

	range->has_lower = false;
	range->has_upper = false;
	if (!day_of(value, datum, &day))
		return;
	if (node->op == YS_EXPR_EQ || node->op == YS_EXPR_GT || node->op == YS_EXPR_GE)
		range->has_lower = date_text(day - slack, &range->lower);
	if (node->op == YS_EXPR_EQ || node->op == YS_EXPR_LT || node->op == YS_EXPR_LE)
		range->has_upper = date_text(day + slack + 1, &range->upper);
}
