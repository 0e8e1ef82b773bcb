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
#include "policy/normalize/unit.h"
#include "policy/policy.h"

/* What became of one value. */
typedef enum YsUse
{
	YS_USE_TAKEN,
	YS_USE_ABSENT,				/* NULL, or a blank where blanks mean nothing */
	YS_USE_REJECTED,			/* it cannot be used */
	YS_USE_NO_MEMORY			/* the arena is exhausted */
} YsUse;

/* What a field declares besides its type. */
typedef struct YsRules
{
	int			nnormalizers;
	const YsStringFn *normalizers;	/* applied to strings before anything else */
	int			nformats;
	const YsDateFormat *formats;
	const YsConversion *conversions;	/* into the field's unit; NULL: it has none */
} YsRules;

/*
 * Make a cell of a value; its bytes are the value's own or in arena.  When
 * rejected, *reason says why (static text).
 */
typedef YsUse (*YsNormalizeFn) (const YsRules *rules, const YsValue *value, YsArena *arena,
								YsCell *cell, const char **reason);

typedef struct YsTypeInfo
{
	const char *name;
	const char *synonym;		/* or NULL */
	YsFieldType type;
	bool		has_formats;
	bool		has_unit;
	bool		has_latest;		/* combine 'latest' means something */
	YsNormalizeFn normalize;
	int			(*compare) (const YsCell *a, const YsCell *b);
} YsTypeInfo;

/* By name or synonym; NULL when there is none.  ys_type_names lists what there is. */
extern const YsTypeInfo *ys_type_find(YsSlice name);
extern const char *ys_type_names(void);

/* The text of a scalar, as a text field has it. */
extern YsUse ys_normalize_text(const YsRules *rules, const YsValue *value, YsArena *arena,
							   YsCell *cell, const char **reason);

extern YsUse ys_normalize_boolean(const YsRules *rules, const YsValue *value, YsArena *arena,
								  YsCell *cell, const char **reason);

/*
 * The trimmed text of a string or number that a date, number or boolean is to
 * be read from: taken, absent (a blank is), or rejected as no such thing.
 */
extern YsUse ys_normalize_scalar(const YsRules *rules, const YsValue *value, YsArena *arena,
								 YsSlice *text, const char **reason);

#endif							/* YS_POLICY_NORMALIZE_TYPE_H */
