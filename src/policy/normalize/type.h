/*-------------------------------------------------------------------------
 * type.h
 *	  The field types: how a value becomes a cell of each.
 *
 * One row of the table in type.c is one type.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_NORMALIZE_TYPE_H
#define YS_POLICY_NORMALIZE_TYPE_H

#include "policy/normalize/date.h"
#include "policy/normalize/number_locale.h"
#include "policy/normalize/unit.h"
#include "policy/policy.h"

/* What a field declares besides its type. */
typedef struct YsRules
{
	int			nnormalizers;
	const YsStringFn *normalizers;	/* applied to strings before anything else */
	YsSlice		synonyms;		/* the list that texts are looked up in; len 0: none */
	const YsSynonyms *allowed;	/* the enumeration, as list YS_RULES_ALLOWED; NULL: none */
	int			nformats;
	const YsDateFormat *formats;
	YsTimezone	timezone;		/* of dates that name none */
	int			year_pivot;
	const YsNumberLocale *locale;	/* of numbers in strings; NULL: by their shape */
	const YsUnitNames *units;	/* of numeric fields */
	const YsConversions *conversions;	/* into the field's unit; NULL: it has none */
} YsRules;

#define YS_RULES_ALLOWED	((YsSlice) {"allowed", 7})

/* One value on its way into a cell. */
typedef struct YsNormalizing
{
	const YsRules *rules;
	const YsBindings *bindings;
	YsArena    *arena;
	const char *reason;			/* why it was rejected: static text, or in arena */
} YsNormalizing;

/*
 * Make a cell of a value; its bytes are the value's own or in arena.  It comes with format
 * -1 and coerced false; whoever reads the value as something else than it is sets them.
 */
typedef YsUse (*YsNormalizeFn) (YsNormalizing *normalizing, const YsValue *value, YsCell *cell);

typedef struct YsTypeInfo
{
	const char *name;
	const char *synonym;		/* or NULL */
	YsFieldType type;
	bool		has_formats;
	bool		has_unit;
	bool		is_text;		/* synonyms and allowed values mean something */
	bool		is_document;	/* any value as it is: normalizers mean nothing */
	bool		gathers;		/* the values of a path with [*] are one value, a list */
	bool		has_latest;		/* combine 'latest' means something */
	unsigned	methods;		/* that an index on the column can have: bits by YsIndexMethod */
	YsNormalizeFn normalize;
	int			(*compare) (const YsCell *a, const YsCell *b);	/* NULL: they have no order */
} YsTypeInfo;

/* By name or synonym; NULL when there is none.  ys_type_names lists what there is. */
extern const YsTypeInfo *ys_type_find(YsSlice name);
extern const char *ys_type_names(void);

/* Reject the value for a reason. */
extern YsUse ys_normalize_reject(YsNormalizing *normalizing, const char *reason);

#define YS_NOT_A_SCALAR		"not a scalar"

/*
 * The trimmed text of a string or number that a date, number or boolean is to
 * be read from: taken, absent (a blank is), or rejected as no such thing.
 */
extern YsUse ys_normalize_scalar(YsNormalizing *normalizing, const YsValue *value, YsSlice *text);

/* Run the field's normalizers on a text; false when the arena is exhausted. */
extern bool ys_normalize_string(YsNormalizing *normalizing, YsSlice *text);

/* ---- the types ---- */

/* The text of a scalar. */
extern YsUse ys_normalize_text(YsNormalizing *normalizing, const YsValue *value, YsCell *cell);

/* The texts of a list's scalars, or of one scalar. */
extern YsUse ys_normalize_text_array(YsNormalizing *normalizing, const YsValue *value, YsCell *cell);
extern YsUse ys_normalize_numeric(YsNormalizing *normalizing, const YsValue *value, YsCell *cell);
extern YsUse ys_normalize_boolean(YsNormalizing *normalizing, const YsValue *value, YsCell *cell);
extern YsUse ys_normalize_date(YsNormalizing *normalizing, const YsValue *value, YsCell *cell);
extern YsUse ys_normalize_timestamp(YsNormalizing *normalizing, const YsValue *value, YsCell *cell);
extern YsUse ys_normalize_jsonb(YsNormalizing *normalizing, const YsValue *value, YsCell *cell);

#endif							/* YS_POLICY_NORMALIZE_TYPE_H */
