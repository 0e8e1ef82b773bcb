/*-------------------------------------------------------------------------
 * item.c
 *	  Rows as items.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/tuptable.h"

#include "catalog/shape.h"
#include "fdw/modify.h"
#include "policy/path.h"

void
ys_item_set(YsValue *item, const YsSourceColumn *column, const YsValue *value)
{
	if (!ys_shape_set(item, &column->path, value, item))
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
				 errmsg("column \"%s\" cannot be set in this item", column->name),
				 errdetail("Its path leads through a value that is no map or list."),
				 errhint("Set the column of the parent, or the document column.")));
}

void
ys_item_check_written(const YsSourceColumn *column)
{
	if (column->kind == YS_COLUMN_FIELD)
		ereport(ERROR,
				(errcode(ERRCODE_GENERATED_ALWAYS),
				 errmsg("cannot write column \"%s\"", column->name),
				 errdetail("It is computed by index policy \"%s\".", column->policy),
				 errhint("Write the attributes that it is computed from.")));
	for (int i = 0; i < column->path.nsteps; i++)
		if (column->path.steps[i].name == NULL &&
			column->path.steps[i].index == YS_PATH_EVERY)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("cannot write column \"%s\"", column->name),
					 errdetail("Its path has [*], which names no single value.")));
}

YsValue
ys_item_key(const YsModify *modify, const Datum *values, const bool *isnull)
{
	const YsSource *source = modify->source;
	YsMember   *members = palloc(source->nkeys * sizeof(YsMember));

	for (int i = 0; i < source->nkeys; i++)
	{
		const YsSourceColumn *column = source->keys[i];

		if (isnull[i])
			ereport(ERROR,
					(errcode(ERRCODE_NOT_NULL_VIOLATION),
					 errmsg("null value in key column \"%s\" of store table \"%s\"",
							column->name, source->table)));
		members[i].name = source->key_names[i];
		members[i].name_len = strlen(source->key_names[i]);
		if (!ys_convert_key(&modify->converters[column->attnum - 1], values[i], i == 1,
							&members[i].value))
			ereport(ERROR,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("value of column \"%s\" cannot be a key of store table \"%s\"",
							column->name, source->table),
					 errdetail("A key is not empty and at most %d bytes long, or a number of at most 38 digits.",
							   i == 1 ? 1024 : 2048)));
	}
	return (YsValue) {.type = YS_TYPE_MAP, .len = source->nkeys, .members = members};
}

YsValue
ys_item_document(const YsSourceColumn *column, Datum jsonb)
{
	YsValue		document = ys_convert_from_jsonb(jsonb, column->form);

	if (document.type != YS_TYPE_MAP)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("value of document column \"%s\" is not an object", column->name),
				 errdetail("An item is a map of attributes.")));
	return document;
}

/* Attributes of a document beside its key, as plain JSON shows them. */
static YsValue
plain_attributes(const YsSource *source, const YsValue *document)
{
	YsValue		attributes = {.type = YS_TYPE_MAP};
	YsValue		plain;

	attributes.members = palloc(Max(document->len, 1) * sizeof(YsMember));
	for (uint32_t i = 0; i < document->len; i++)
		if (!ys_source_is_key(source, document->members[i].name, document->members[i].name_len))
			attributes.members[attributes.len++] = document->members[i];
	if (!ys_shape_plain(&attributes, &plain))
		elog(ERROR, "a document that was jsonb is none");
	return plain;
}

void
ys_item_check_documents(const YsSource *source, const YsValue *plain, const YsValue *typed)
{
	YsValue		as_plain = plain_attributes(source, plain);
	YsValue		as_typed = plain_attributes(source, typed);

	if (!ys_shape_equal(&as_plain, &as_typed))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("document columns \"%s\" and \"%s\" are given different items",
						source->document->name, source->typed_document->name),
				 errdetail("Both are the same item of the store."),
				 errhint("Write one of them.")));
}

/* What the document columns say together, if they say anything. */
static void
build_from_documents(const YsSource *source, TupleTableSlot *slot, YsValue *item)
{
	const YsSourceColumn *columns[] = {source->document, source->typed_document};
	YsValue		documents[lengthof(columns)];
	int			given = 0;

	for (int i = 0; i < lengthof(columns); i++)
	{
		int			at = columns[i] != NULL ? columns[i]->attnum - 1 : 0;

		if (columns[i] == NULL || slot->tts_isnull[at])
			continue;
		documents[i] = ys_item_document(columns[i], slot->tts_values[at]);
		*item = documents[i];
		given++;
	}
	if (given == lengthof(columns))
		ys_item_check_documents(source, &documents[0], &documents[1]);
}

void
ys_item_check_key(const YsSource *source, const YsValue *document, const YsValue *key)
{
	for (int i = 0; i < source->nkeys; i++)
	{
		const YsMember *own = &key->members[i];
		const YsValue *said = ys_value_member(document, own->name, own->name_len);
		YsValue		restored;

		if (said == NULL)
			continue;
		restored = ys_shape_like(said, &own->value);
		if (!ys_shape_equal(&restored, &own->value))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("cannot change key attribute \"%s\" of store table \"%s\"",
							own->name, source->table),
					 errhint("Delete the item and insert it under its new key.")));
	}
}

YsValue
ys_item_build(const YsModify *modify, TupleTableSlot *slot)
{
	const YsSource *source = modify->source;
	YsValue		document = {.type = YS_TYPE_MAP};
	YsValue		item;
	Datum		key_values[2];
	bool		key_nulls[2];
	YsValue		key;

	slot_getallattrs(slot);
	for (int i = 0; i < source->natts; i++)
		if (source->columns[i].kind == YS_COLUMN_FIELD && !slot->tts_isnull[i])
			ys_item_check_written(&source->columns[i]);
	build_from_documents(source, slot, &document);
	item = document;

	for (int i = 0; i < source->npaths; i++)
	{
		const YsSourceColumn *column = source->by_path[i];
		int			at = column->attnum - 1;
		const YsValue *given;
		YsValue		value;

		if (column->key != 0 || slot->tts_isnull[at])
			continue;
		given = document.len > 0 ? ys_path_get(&column->path, &document) : NULL;
		if (given != NULL && ys_row_reads_as(column, &modify->converters[at], given,
											 slot->tts_values[at], false))
			continue;
		ys_item_check_written(column);
		value = ys_convert_from_datum(&modify->converters[at], slot->tts_values[at]);
		value = ys_change_restore(column, &value, given);
		ys_item_set(&item, column, &value);
	}

	for (int i = 0; i < source->nkeys; i++)
	{
		key_values[i] = slot->tts_values[source->keys[i]->attnum - 1];
		key_nulls[i] = slot->tts_isnull[source->keys[i]->attnum - 1];
	}
	key = ys_item_key(modify, key_values, key_nulls);
	for (int i = 0; i < source->nkeys; i++)
		ys_item_set(&item, source->keys[i], &key.members[i].value);
	return item;
}
