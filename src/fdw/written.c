/*-------------------------------------------------------------------------
 * written.c
 *	  What this transaction has written to the store.
 *
 * Writes reach the store as a statement runs.  A transaction or
 * subtransaction that fails says how many stay; a transaction that has
 * written cannot be prepared, since its end would come without anybody to say it.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "fdw/row.h"
#include "fdw/written.h"

typedef struct Written
{
	int64		applied;
	int64		in_doubt;		/* sent, and no answer yet */
} Written;

/* What had been written when each open subtransaction began, by nesting level. */
typedef struct Levels
{
	int			size;
	Written    *at_start;
} Levels;

/* When a table of the store was written to, by its name: of another store's of that name nothing worse comes than a wait. */
typedef struct WrittenTable
{
	struct WrittenTable *next;
	TimestampTz begun_at;
	TimestampTz applied_at;
	int64		in_doubt;		/* by this transaction */
	char		name[FLEXIBLE_ARRAY_MEMBER];
} WrittenTable;

static Written written;
static WrittenTable *tables = NULL;
static Levels levels;

/* ---- tables ---- */

static WrittenTable *
find_table(const char *name)
{
	WrittenTable *table = tables;

	while (table != NULL && strcmp(table->name, name) != 0)
		table = table->next;
	return table;
}

static WrittenTable *
have_table(const char *name)
{
	WrittenTable *table = find_table(name);

	if (table != NULL)
		return table;
	table = MemoryContextAllocZero(TopMemoryContext, offsetof(WrittenTable, name) + strlen(name) + 1);
	table->begun_at = table->applied_at = DT_NOBEGIN;
	strcpy(table->name, name);
	table->next = tables;
	tables = table;
	return table;
}

/* What nobody knows the outcome of may have been applied. */
static void
take_doubts_for_writes(void)
{
	for (WrittenTable *table = tables; table != NULL; table = table->next)
	{
		if (table->in_doubt > 0)
			table->applied_at = table->begun_at;
		table->in_doubt = 0;
	}
}

/* ---- the end of transactions ---- */

static void
warn(Written since)
{
	int64		applied = written.applied - since.applied;
	int64		in_doubt = written.in_doubt - since.in_doubt;

	if (applied > 0)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg_plural("%lld item written to the store stays written",
							   "%lld items written to the store stay written",
							   (unsigned long) applied, (long long) applied),
				 in_doubt > 0 ?
				 errdetail("%lld more may have been written.", (long long) in_doubt) : 0,
				 errhint("ROLLBACK does not undo writes to the store.")));
	else if (in_doubt > 0)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg_plural("%lld item may have been written to the store",
							   "%lld items may have been written to the store",
							   (unsigned long) in_doubt, (long long) in_doubt),
				 errhint("ROLLBACK does not undo writes to the store.")));
}

static void
end_transaction(XactEvent event, void *arg)
{
	static const Written nothing;

	switch (event)
	{
		case XACT_EVENT_PRE_PREPARE:
			if (written.applied > 0 || written.in_doubt > 0)
				ereport(ERROR,
						(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						 errmsg("cannot prepare a transaction that has written to the store"),
						 errdetail("The store takes no part in two-phase commit.")));
			break;
		case XACT_EVENT_ABORT:
			warn(nothing);
			/* FALLTHROUGH */
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PREPARE:
			written = nothing;
			take_doubts_for_writes();
			break;
		default:
			break;
	}
}

/* Remember what was written when a level was first seen; levels without a write have no entry. */
static void
begin_levels(void)
{
	int			level = GetCurrentTransactionNestLevel();

	if (level < levels.size)
		return;
	if (levels.at_start == NULL)
		levels.at_start = MemoryContextAlloc(TopMemoryContext, (level + 8) * sizeof(Written));
	else
		levels.at_start = repalloc(levels.at_start, (level + 8) * sizeof(Written));
	memset(&levels.at_start[levels.size], 0, (level + 8 - levels.size) * sizeof(Written));
	levels.size = level + 8;
}

static void
change_level(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	int			level = GetCurrentTransactionNestLevel();

	if (event == SUBXACT_EVENT_START_SUB)
	{
		begin_levels();
		levels.at_start[level] = written;
	}
	else if (event == SUBXACT_EVENT_ABORT_SUB && level < levels.size)
		warn(levels.at_start[level]);
}

static void
register_callbacks(void)
{
	static bool registered = false;

	if (registered)
		return;
	RegisterXactCallback(end_transaction, NULL);
	RegisterSubXactCallback(change_level, NULL);
	registered = true;
}

/* ---- writes ---- */

void
ys_written_begin(const YsSource *source)
{
	WrittenTable *table = have_table(source->table);

	register_callbacks();
	/* a level that was open before the callbacks were has written nothing before */
	begin_levels();
	written.in_doubt++;
	table->in_doubt++;
	table->begun_at = GetCurrentTimestamp();
}

void
ys_written_end(const YsSource *source, bool applied)
{
	WrittenTable *table = have_table(source->table);

	written.in_doubt--;
	table->in_doubt--;
	if (!applied)
		return;
	written.applied++;
	table->applied_at = GetCurrentTimestamp();
}

TimestampTz
ys_written_last(const YsSource *source)
{
	const WrittenTable *table = find_table(source->table);

	if (table == NULL)
		return DT_NOBEGIN;
	return table->in_doubt > 0 ? Max(table->begun_at, table->applied_at) : table->applied_at;
}

void
ys_written_lost_race(const YsSource *source, const YsValue *key)
{
	const char *text = ys_row_key_text(source, key);
	int64		sent = written.applied + written.in_doubt;

	if (sent == 0)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("an item of \"%s\" was changed after it was read", source->table),
				 errdetail("Its key is %s.", text),
				 errhint("Repeat the transaction.")));
	ereport(ERROR,
			(errcode(ERRCODE_T_R_STATEMENT_COMPLETION_UNKNOWN),
			 errmsg("an item of \"%s\" was changed after it was read", source->table),
			 errdetail_plural("Its key is %s. This transaction has already written %lld item, "
							  "which ROLLBACK does not undo.",
							  "Its key is %s. This transaction has already written %lld items, "
							  "which ROLLBACK does not undo.",
							  (unsigned long) sent, text, (long long) sent),
			 errhint("See what was written before repeating the rest.")));
}

void
ys_written_give_up(const YsSource *source, int64 left)
{
	int64		sent = written.applied + written.in_doubt;

	ereport(ERROR,
			(errcode(sent == 0 ? ERRCODE_CONFIGURATION_LIMIT_EXCEEDED :
					 ERRCODE_T_R_STATEMENT_COMPLETION_UNKNOWN),
			 errmsg("the store does not process all writes to table \"%s\"", source->table),
			 errdetail("It left %lld unprocessed for as long as a request may take. "
					   "This transaction has written %lld before, which ROLLBACK does not undo.",
					   (long long) left, (long long) sent),
			 errhint("Its write capacity may be used up: raise it, or write less at a time.")));
}
