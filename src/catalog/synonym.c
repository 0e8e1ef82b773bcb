/*-------------------------------------------------------------------------
 * synonym.c
 *	  The table of synonyms, yottastore.synonyms.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "catalog/spi.h"
#include "catalog/synonym.h"
#include "errors.h"

Oid
ys_synonyms_relid(void)
{
	Oid			schema = get_namespace_oid("yottastore", true);

	return OidIsValid(schema) ? get_relname_relid("synonyms", schema) : InvalidOid;
}

/* A result's text, in the current context. */
static YsSlice
read_slice(uint64 row, int column)
{
	char	   *text = ys_spi_text(row, column, CurrentMemoryContext);

	return (YsSlice) {text, (uint32) strlen(text)};
}

YsSynonyms *
ys_synonyms_load(YsArena *arena)
{
	YsSpiScope	scope;
	YsError		err;
	YsSynonyms *synonyms = ys_synonyms_create(arena);

	if (synonyms == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	ys_spi_begin(&scope);
	ys_spi_execute("SELECT list, word, meaning FROM yottastore.synonyms ORDER BY list COLLATE \"C\", word COLLATE \"C\"",
				   SPI_OK_SELECT, 0, NULL, NULL, NULL);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		if (!ys_synonyms_add(synonyms, read_slice(i, 1), read_slice(i, 2), read_slice(i, 3), &err))
			ys_error_throw(&err);
	}
	if (!ys_synonyms_finish(synonyms, &err))
		ys_error_throw(&err);
	ys_spi_end(&scope);
	return synonyms;
}

uint64
ys_synonyms_fingerprint(const YsPolicy *policy)
{
	int			count = ys_policy_field_count(policy);
	Datum	   *lists = palloc(sizeof(Datum) * Max(count, 1));
	int			nlists = 0;
	uint64		fingerprint;
	YsSpiScope	scope;

	for (int i = 0; i < count; i++)
	{
		const char *list;
		uint32		len;

		if (ys_policy_field_list(policy, i, &list, &len))
			lists[nlists++] = PointerGetDatum(cstring_to_text_with_len(list, (int) len));
	}
	if (nlists == 0)
		return 0;
	ys_spi_begin(&scope);
	ys_spi_execute("SELECT list, word, meaning FROM yottastore.synonyms WHERE list = ANY ($1) "
				   "ORDER BY list COLLATE \"C\", word COLLATE \"C\"",
				   SPI_OK_SELECT, 1, (Oid[]) {TEXTARRAYOID},
				   (Datum[]) {PointerGetDatum(construct_array(lists, nlists, TEXTOID, -1, false, TYPALIGN_INT))}, NULL);
	fingerprint = ys_spi_fingerprint();
	ys_spi_end(&scope);
	return fingerprint;
}
