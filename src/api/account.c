/*-------------------------------------------------------------------------
 * account.c
 *	  How the columns of one item's index row come about, for people to read.
 *
 * The values that the policy looked at are collected as it tells of them;
 * which of them the column has is known when it is done.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/geo_decls.h"
#include "utils/jsonb.h"

#include "api/account.h"
#include "api/check.h"
#include "catalog/convert.h"
#include "catalog/index_table.h"
#include "errors.h"

typedef struct Seen
{
	YsConsidered considered;
	YsCell		cell;			/* when it was taken, of a field */
	bool		shown;
} Seen;

typedef struct Account
{
	const YsPolicy *policy;
	const YsBindings *bindings;
	YsArena    *arena;
	YsEntry		entry;
	int			nseen;
	int			size;
	Seen	   *seen;
	List	   *lines;
} Account;

static void
keep(void *arg, const YsConsidered *considered)
{
	Account    *account = arg;
	Seen	   *seen;

	if (account->nseen == YS_ACCOUNT_MAX_LINES)
		return;
	if (account->nseen == account->size)
	{
		account->size *= 2;
		account->seen = repalloc(account->seen, account->size * sizeof(Seen));
	}
	seen = &account->seen[account->nseen++];
	seen->considered = *considered;
	seen->considered.cell = NULL;
	seen->shown = false;
	if (considered->cell != NULL)
		seen->cell = *considered->cell;
}

/* ---- showing values ---- */

static const char *
show_cell(const Account *account, int field, const YsCell *cell)
{
	YsFieldType type = ys_policy_field(account->policy, field)->type;

	return ys_check_show(ys_index_column_type(type), ys_index_column_datum(cell, type));
}

static const char *
show_location(const YsEntry *entry)
{
	Point		point = {.x = entry->lon, .y = entry->lat};

	return DatumGetCString(DirectFunctionCall1(point_out, PointPGetDatum(&point)));
}

Datum
ys_account_show(const YsValue *value, YsArena *arena)
{
	YsRejection shown;

	if (!ys_rejected_print(value, YS_REJECTED_WHOLE, arena, &shown))
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(pnstrdup(shown.raw, shown.raw_len)));
}

static YsAccountLine *
add_line(Account *account, const char *column)
{
	YsAccountLine *line = palloc0(sizeof(YsAccountLine));

	line->column = column;
	account->lines = lappend(account->lines, line);
	return line;
}

static YsAccountLine *
add_seen(Account *account, const char *column, Seen *seen)
{
	static const char *const outcomes[] = {
		[YS_USE_TAKEN] = "taken", [YS_USE_ABSENT] = "absent", [YS_USE_REJECTED] = "rejected",
		[YS_USE_NO_MEMORY] = "rejected"
	};
	YsAccountLine *line = add_line(account, column);
	const YsConsidered *considered = &seen->considered;

	line->path = considered->path;
	line->outcome = outcomes[considered->use];
	line->reason = considered->reason;
	if (considered->value != NULL)
	{
		line->has_raw = true;
		line->raw = ys_account_show(considered->value, account->arena);
	}
	seen->shown = true;
	return line;
}

/* The rejection the entry has of a column, or NULL. */
static const YsRejection *
find_rejection(const Account *account, const char *column)
{
	for (int i = 0; i < account->entry.nrejections; i++)
		if (strcmp(account->entry.rejections[i].field, column) == 0)
			return &account->entry.rejections[i];
	return NULL;
}

/* ---- fields ---- */

/* Of a field without a value: the line that says why. */
static void
decide_without_value(Account *account, const YsFieldInfo *field, YsAccountLine *first_rejected,
					 YsAccountLine *first_absent)
{
	const YsRejection *rejection = find_rejection(account, field->name);
	bool		refused = account->entry.refused_by != NULL &&
		strcmp(account->entry.refused_by, field->name) == 0;
	YsAccountLine *line = first_rejected != NULL && rejection != NULL ? first_rejected :
		rejection == NULL && first_absent != NULL ? first_absent : add_line(account, field->name);

	line->decides = true;
	if (rejection != NULL)
	{
		line->outcome = refused ? "refused" : "rejected";
		line->reason = rejection->reason;
		if (!line->has_raw)
		{
			line->has_raw = true;
			line->raw = DirectFunctionCall1(jsonb_in, CStringGetDatum(pnstrdup(rejection->raw,
																			   rejection->raw_len)));
		}
	}
	else
	{
		line->outcome = "absent";
		if (first_absent == NULL)
			line->reason = "none of the paths is in the item";
	}
}

static void
add_field(Account *account, int number)
{
	const YsFieldInfo *field = ys_policy_field(account->policy, number);
	const YsCell *cell = &account->entry.cells[number];
	const char *value = cell->present ? show_cell(account, number, cell) : NULL;
	YsAccountLine *chosen = NULL;
	YsAccountLine *first_rejected = NULL;
	YsAccountLine *first_absent = NULL;
	int			ntaken = 0;

	for (int i = 0; i < account->nseen; i++)
	{
		Seen	   *seen = &account->seen[i];
		YsAccountLine *line;

		if (seen->considered.field != number)
			continue;
		line = add_seen(account, field->name, seen);
		switch (seen->considered.use)
		{
			case YS_USE_TAKEN:
				ntaken++;
				line->value = show_cell(account, number, &seen->cell);
				if (seen->cell.format >= 0 && seen->cell.format < field->nformats)
					line->format = field->formats[seen->cell.format];
				line->outcome = "superseded";
				if (chosen == NULL && cell->present && seen->cell.path == cell->path &&
					strcmp(line->value, value) == 0)
					chosen = line;
				break;
			case YS_USE_ABSENT:
				first_absent = first_absent != NULL ? first_absent : line;
				break;
			default:
				first_rejected = first_rejected != NULL ? first_rejected : line;
				break;
		}
	}
	if (!cell->present)
	{
		decide_without_value(account, field, first_rejected, first_absent);
		return;
	}
	if (chosen == NULL)
	{
		/* it came behind the last value that is shown */
		chosen = add_line(account, field->name);
		chosen->value = value;
		if (cell->path >= 0)
			chosen->path = field->paths[cell->path];
		ntaken++;
	}
	chosen->decides = true;
	chosen->outcome = cell->path < 0 ? "default" : ntaken > 1 ? "chosen" : "taken";
}

/* ---- location and area ---- */

static void
add_location(Account *account)
{
	YsAccountLine *decisive = NULL;

	for (int i = 0; i < account->nseen; i++)
	{
		Seen	   *seen = &account->seen[i];
		YsAccountLine *line;

		if (seen->considered.field != YS_CONSIDERED_LOCATION)
			continue;
		line = add_seen(account, "location", seen);
		if (seen->considered.use == YS_USE_TAKEN)
		{
			line->value = show_location(&account->entry);
			decisive = line;
		}
		else if (decisive == NULL)
			decisive = line;
	}
	if (decisive == NULL)
	{
		decisive = add_line(account, "location");
		decisive->outcome = "absent";
		decisive->reason = "none of the paths is in the item";
	}
	decisive->decides = true;
}

/* Of an item that no area takes: the line that says why. */
static YsAccountLine *
decide_unlocated(Account *account, YsAccountLine *first_rejected)
{
	const YsEntry *entry = &account->entry;
	YsAccountLine *line = first_rejected;

	if (line == NULL || entry->located)
	{
		line = add_line(account, "area");
		line->reason = entry->located ? "no area of the level contains the location" :
			ys_policy_has_location(account->policy) ? "no usable location" : "no area is named";
	}
	line->outcome = "unlocated";
	return line;
}

/* The area, which is one of the item's names of it, or contains its location, or is none. */
static void
add_area(Account *account)
{
	const YsEntry *entry = &account->entry;
	YsAccountLine *decisive = NULL;
	YsAccountLine *first_rejected = NULL;

	for (int i = 0; i < account->nseen; i++)
	{
		Seen	   *seen = &account->seen[i];
		YsAccountLine *line;

		if (seen->considered.field != YS_CONSIDERED_AREA)
			continue;
		line = add_seen(account, "area", seen);
		if (seen->considered.use == YS_USE_TAKEN)
			decisive = line;
		else if (seen->considered.use == YS_USE_REJECTED && first_rejected == NULL)
			first_rejected = line;
	}
	if (decisive != NULL)
		decisive->outcome = "by value";
	else if (strcmp(entry->area, YS_AREA_UNLOCATED) == 0)
		decisive = decide_unlocated(account, first_rejected);
	else
	{
		decisive = add_line(account, "area");
		decisive->outcome = "by location";
	}
	decisive->decides = true;
	decisive->value = entry->area;
	decisive->format = ys_policy_area_level(account->policy);
}

/* ---- what is kept beside ---- */

static void
add_rejected(Account *account)
{
	YsAccountLine *line;
	YsText		text;

	if (account->entry.nrejections == 0)
		return;
	ys_text_init(&text, account->arena);
	if (!ys_entry_print_rejected(&account->entry, &text))
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	line = add_line(account, "rejected");
	line->value = JsonbToCString(NULL, &DatumGetJsonbP(DirectFunctionCall1(jsonb_in,
																		   CStringGetDatum(text.bytes)))->root, 0);
	line->outcome = "kept";
	line->decides = true;
}

static void
add_area_value(Account *account)
{
	const YsEntry *entry = &account->entry;
	YsAccountLine *line = add_line(account, "area_value");

	line->decides = true;
	line->outcome = entry->area_value != NULL ? "kept" : "absent";
	if (entry->area_value != NULL)
		line->value = pnstrdup(entry->area_value, entry->area_value_len);
	else
		line->reason = "no area is named";
}

static void
add_attributes(Account *account)
{
	YsAccountLine *line = add_line(account, YS_ATTRIBUTES_COLUMN);
	Datum		jsonb;

	line->decides = true;
	line->outcome = "kept";
	if (!ys_convert_to_jsonb(account->entry.attributes, YS_FORM_PLAIN, &jsonb))
		elog(ERROR, "the attributes of an item are no jsonb");
	line->value = JsonbToCString(NULL, &DatumGetJsonbP(jsonb)->root, 0);
}

List *
ys_account_build(const YsPolicy *policy, const YsBindings *bindings, const YsValue *item, YsArena *arena)
{
	Account		account = {.policy = policy, .bindings = bindings, .arena = arena, .size = 64};
	YsTrace		trace = {keep, &account};
	YsError		err;

	account.seen = palloc(account.size * sizeof(Seen));
	if (!ys_policy_explain(policy, bindings, item, &trace, arena, &account.entry, &err))
		ys_error_throw(&err);
	for (int i = 0; i < ys_policy_field_count(policy); i++)
		add_field(&account, i);
	if (ys_policy_has_location(policy))
		add_location(&account);
	/* an area of a geohash has no level */
	if (ys_policy_area_level(policy) != NULL || ys_policy_has_location(policy))
		add_area(&account);
	if (ys_policy_has_area_value(policy))
		add_area_value(&account);
	if (ys_policy_wants_attributes(policy))
		add_attributes(&account);
	add_rejected(&account);
	pfree(account.seen);
	return account.lines;
}

void
ys_account_put(const char *text, Datum *value, bool *isnull)
{
	*isnull = text == NULL;
	*value = text != NULL ? CStringGetTextDatum(text) : (Datum) 0;
}
