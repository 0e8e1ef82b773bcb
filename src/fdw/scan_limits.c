/*-------------------------------------------------------------------------
 * scan_limits.c
 *	  How widely a Scan is spread, and how much of it is allowed.
 *
 * A segment costs a request of its own, and the store rounds up what it bills
 * for each page, so that only a table of many pages is spread.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "fdw/scan_limits.h"
#include "utils/builtins.h"

/* What a segment should be worth: eight pages. */
#define SEGMENT_BYTES		(8.0 * 1024 * 1024)

/* Without an option; a page of each may be in memory. */
#define DEFAULT_SEGMENTS	8

int
ys_scan_segments(const YsSource *source, double bytes, bool few)
{
	int			segments = source->scan_segments;

	if (few)
		return 1;
	if (segments == 0)
		segments = (int) Min(Max(floor(bytes / SEGMENT_BYTES), 1), DEFAULT_SEGMENTS);
	if (source->max_scan_pages > 0)
		segments = Min(segments, source->max_scan_pages);
	return segments;
}

/* Conditions that would have done without a Scan. */
static const char *
key_columns(const YsSource *source)
{
	return source->nkeys == 1 ? quote_identifier(source->keys[0]->name) :
		psprintf("%s, or on that and on sort key %s", quote_identifier(source->keys[0]->name),
				 quote_identifier(source->keys[1]->name));
}

void
ys_scan_refuse(const YsSource *source, const char *no_index, const char *index_hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_FDW_UNABLE_TO_CREATE_EXECUTION),
			 errmsg("scanning store table \"%s\" is not allowed", source->table),
			 errdetail("No condition of the query finds items by the table's key, so that all of it would be read.%s%s",
					   no_index != NULL ? " " : "", no_index != NULL ? no_index : ""),
			 errhint("%s a condition on partition key %s, or set option \"allow_scan\" of the "
					 "foreign table or its server to 'on'.",
					 index_hint != NULL ? psprintf("%s Or add", index_hint) : "Add", key_columns(source))));
}

void
ys_scan_refuse_more(const YsSource *source)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("scan of store table \"%s\" reads more than %d pages", source->table,
					source->max_scan_pages),
			 errdetail("No condition of the query is on the table's key; option \"max_scan_pages\" "
					   "limits what may then be read."),
			 errhint("Add a condition on partition key %s, or raise option \"max_scan_pages\" of the "
					 "foreign table or its server.", key_columns(source))));
}
