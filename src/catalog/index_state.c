/*-------------------------------------------------------------------------
 * index_state.c
 *	  What an index has of one key, as text.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/memory.h"
#include "catalog/index_state.h"
#include "catalog/spi.h"
#include "errors.h"

/* The row of a key in its area; false when there is none. */
static bool
read_row(YsIndexTable *table, const YsIndexRow *row, YsIndexState *state)
{
	Oid			types[3] = {TEXTOID};
	Datum		values[3] = {CStringGetTextDatum(row->area)};
	StringInfoData sql;
	YsSpiScope	scope;
	bool		found;

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT * FROM %s WHERE area = $1", table->name);
	for (int k = 0; k < table->nkeys; k++)
	{
		types[k + 1] = table->key_types[k];
		values[k + 1] = row->keys[k];
		appendStringInfo(&sql, " AND %s = $%d", table->key_columns[k], k + 2);
	}
	ys_spi_begin_as(&scope, table->owner);
	if (SPI_execute_with_args(sql.data, table->nkeys + 1, types, values, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "the row of an index could not be read");
	found = SPI_processed > 0;
	if (found)
	{
		TupleDesc	desc = SPI_tuptable->tupdesc;
		MemoryContext old = MemoryContextSwitchTo(scope.caller);

		state->names = palloc(sizeof(char *) * desc->natts);
		state->values = palloc(sizeof(char *) * desc->natts);
		for (state->ncolumns = 0; state->ncolumns < desc->natts; state->ncolumns++)
		{
			int			c = state->ncolumns;

			state->names[c] = pstrdup(NameStr(TupleDescAttr(desc, c)->attname));
			state->values[c] = ys_spi_text(0, c + 1, scope.caller);
		}
		MemoryContextSwitchTo(old);
	}
	ys_spi_end(&scope);
	return found;
}

/* The reason of the last event or item of the key that is in quarantine; NULL: none is. */
static char *
read_quarantine(int policy_id, const YsSource *source, const YsValue *key)
{
	YsSpiScope	scope;
	YsArena		arena;
	YsText		text;
	YsError		err;
	char	   *reason = NULL;

	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	ys_text_init(&text, &arena);
	if (!ys_value_canonical_key(&text, key, source->nkeys, source->key_names, &err))
		ys_error_throw(&err);
	ys_spi_begin(&scope);
	ys_spi_execute("SELECT reason FROM yottastore_internal.quarantine "
				   "WHERE policy_id = $1 AND item_key = $2 ORDER BY quarantine_id DESC LIMIT 1",
				   SPI_OK_SELECT, 2, (Oid[]) {INT4OID, TEXTOID},
				   (Datum[]) {Int32GetDatum(policy_id), CStringGetTextDatum(text.bytes)}, NULL);
	if (SPI_processed > 0)
		reason = ys_spi_text(0, 1, scope.caller);
	ys_spi_end(&scope);
	return reason;
}

static char *
print_version(const YsVersion *version)
{
	char	   *text = palloc(3 + 2 * YS_VERSION_SIZE);

	strcpy(text, "\\x");
	text[2 + hex_encode((const char *) version->bytes, YS_VERSION_SIZE, text + 2)] = '\0';
	return text;
}

void
ys_index_state_read(YsIndexTable *table, const YsSource *source, const YsValue *key, YsIndexState *state)
{
	YsIndexRow	row = {0};
	YsIndexRow *rows[] = {&row};

	memset(state, 0, sizeof(*state));
	ys_version_lowest(&row.version);
	if (!ys_index_table_key(table, source, key, row.keys))
		return;
	ys_index_table_find(table, 1, rows);
	state->known = row.known;
	if (row.known)
		state->version = print_version(&row.version);
	state->present = row.area != NULL && read_row(table, &row, state);
	if (state->present)
	{
		state->changed_at = ys_index_state_column(state, "changed_at");
		state->indexed_at = ys_index_state_column(state, "indexed_at");
	}
	state->quarantine_reason = read_quarantine(table->policy_id, source, key);
}

const char *
ys_index_state_column(const YsIndexState *state, const char *name)
{
	for (int c = 0; c < state->ncolumns; c++)
		if (strcmp(state->names[c], name) == 0)
			return state->values[c];
	return NULL;
}
