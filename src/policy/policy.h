/*-------------------------------------------------------------------------
 * policy.h
 *	  From item to entry: what an index policy makes of one document.
 *
 * A policy is compiled once from its JSON declaration (what the SQL builders
 * field() and area_from_*() return, stored in the catalog) and then applied
 * to items.  Applying is pure: no I/O, no SQL, no throw, bounded memory; the
 * worker, backfill, recheck and dry runs all call the same function on the
 * same bytes and get the same entry.
 *
 * The declaration is one JSON object:
 *
 *	{"fields": [{"name": "last_service", "type": "date", "paths": ["svcDt", ...],
 *				 "combine": "max", "formats": ["ISO", ...],
 *				 "normalizers": ["trim", ...], "unit": "km", "locale": "en",
 *				 "timezone": "Europe/Rome", "year_pivot": 69}, ...],
 *	 "attributes": {"include": ["spec.**"], "exclude": [...], "size": 65536} | null,
 *	 "area": {"kind": "location", "lat": [...], "lon": [...], "paths": [...], "level": "country",
 *			  "order": "lon_lat", "format": "geohash"}
 *		   | {"kind": "value", "paths": [...], "level": "country",
 *			  "location": {"lat": [...], "lon": [...], "paths": [...], "order": ..., "format": ...}}
 *		   | {"kind": "geohash", "lat": [...], "lon": [...], "paths": [...], "order": ..., "length": 5}
 *		   | null}
 *
 * combine decides among several usable values of a field: first takes the
 * first in the order of paths, min and max compare (text by its bytes), latest
 * is max of dates and timestamps.  The first value that could not be used is
 * noted even if another one could.  An area of kind value is the one whose name
 * or alias the first known value is, else the one that contains the location,
 * where that is declared too.  A level left out is country.
 *
 * Values come out in the server's own representations (days or microseconds
 * since 2000-01-01, decimal text), so that turning them into datums is a copy.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_POLICY_H
#define YS_POLICY_POLICY_H

#include "base/arena.h"
#include "base/error.h"
#include "policy/normalize/text.h"
#include "store/value_tree.h"

#define YS_POLICY_MAX_FIELDS	256

/* The areas every policy has besides those that are loaded. */
#define YS_AREA_UNLOCATED		"unlocated"
#define YS_AREA_OTHER			"other"

typedef enum YsFieldType
{
	YS_FIELD_TEXT,
	YS_FIELD_TEXT_ARRAY,
	YS_FIELD_NUMERIC,
	YS_FIELD_BOOLEAN,
	YS_FIELD_DATE,
	YS_FIELD_TIMESTAMP,			/* with time zone */
	YS_FIELD_JSONB
} YsFieldType;

/* A column's index: its access method, or a btree that has the item's key besides. */
typedef enum YsIndexMethod
{
	YS_INDEX_NONE,
	YS_INDEX_BTREE,
	YS_INDEX_HASH,
	YS_INDEX_GIN,
	YS_INDEX_GIST,
	YS_INDEX_COVERING
} YsIndexMethod;

/* What becomes of an item with a value that can't be used. */
typedef enum YsOnError
{
	YS_ON_ERROR_NULL,			/* the column is NULL, and rejected has the value's beginning */
	YS_ON_ERROR_REJECT,			/* the item has no row, and is kept in quarantine */
	YS_ON_ERROR_KEEP_RAW		/* the column is NULL, and rejected has the whole value */
} YsOnError;

/* What rejected calls the column of all attributes, and what the index table does. */
#define YS_ATTRIBUTES_COLUMN	"attributes"

typedef struct YsPolicy YsPolicy;
typedef struct YsAreaMap YsAreaMap;
typedef struct YsZone YsZone;
typedef struct YsSynonyms YsSynonyms;

/* What others need to know of a compiled field: to make a column of it, to count and to explain. */
typedef struct YsFieldInfo
{
	const char *name;			/* a valid column name */
	YsFieldType type;
	const char *type_name;
	YsIndexMethod index;
	YsOnError	on_error;
	const char *function;		/* that values go through first: its qualified signature, or NULL */
	int			npaths;
	const char *const *paths;	/* as declared */
	int			nformats;
	const char *const *formats;	/* as declared */
} YsFieldInfo;

/*
 * Compile a declaration.  NULL and err (YS_ERR_INVALID_POLICY or
 * YS_ERR_INVALID_PATH, naming the field and what would be accepted) for an
 * unknown type, format, normalizer, unit, combine or key, for bad paths, duplicate
 * or empty field names.  The policy lives in arena.  Column-name collisions
 * with the index table's own columns are the caller's to refuse.
 */
extern YsPolicy *ys_policy_compile(const char *json, size_t len, YsArena *arena, YsError *err);

extern int	ys_policy_field_count(const YsPolicy *policy);
extern const YsFieldInfo *ys_policy_field(const YsPolicy *policy, int index);

/* The list of synonyms that a field's values are looked up in, or are when they are no built-in words.  False: none. */
extern bool ys_policy_field_list(const YsPolicy *policy, int index, const char **list, uint32_t *len);

/* Does the policy locate its items by coordinates (the index table has a location column)? */
extern bool ys_policy_has_location(const YsPolicy *policy);

/* Do its items name their area (the index table has a column area_value)? */
extern bool ys_policy_has_area_value(const YsPolicy *policy);

/* The index on the location column: none or gist. */
extern YsIndexMethod ys_policy_location_index(const YsPolicy *policy);

/* The level whose areas the policy uses, or NULL when it declares no area. */
extern const char *ys_policy_area_level(const YsPolicy *policy);

/* ---- what a declaration only names ---- */

/*
 * Areas, synonyms, functions: looked up once by whoever
 * applies a policy, and the same for all items of a run.
 */
typedef struct YsBindings
{
	const YsAreaMap *areas;		/* of the policy's level; NULL: everything is unlocated */
	const YsSynonyms *synonyms; /* all lists; NULL: there are none */

	/*
	 * A time zone by its IANA name, in any case; NULL when there is none.  It lives as long as
	 * what was made with it.  No function: time zones by name are refused.
	 */
	const YsZone *(*find_zone) (void *arg, const char *name, uint32_t len);
	void	   *find_zone_arg;

	/*
	 * Call a field's function with a value.  *result is in arena; a NULL result is
	 * YS_TYPE_NULL.  False: *reason (in arena) is the function's error, or NULL when
	 * the arena is exhausted.  Never throws for what the function reports.
	 */
	bool		(*call) (void *arg, const YsFieldInfo *field, const YsValue *value, YsArena *arena,
						 YsValue *result, const char **reason);
	void	   *call_arg;
} YsBindings;

/* ---- one value of an entry ---- */
typedef struct YsCell
{
	bool		present;		/* false: NULL */
	bool		seen;			/* an item had a value at one of the paths, usable or not */
	bool		coerced;		/* the value was written otherwise in the item */
	int16_t		path;			/* which of the field's paths it is from; -1: the default value, or none */
	int16_t		format;			/* which of the field's formats it had; -1: none */
	union
	{
		struct
		{
			const char *bytes;	/* TEXT; NUMERIC as canonical decimal text */
			uint32_t	len;
		};
		struct
		{
			const YsSlice *texts;	/* TEXT_ARRAY: one at least */
			uint32_t	ntexts;
		};
		const YsValue *value;	/* JSONB: what the server takes as such, without sets */
		bool		boolean;
		int32_t		days;		/* DATE: since 2000-01-01 */
		int64_t		usecs;		/* TIMESTAMP: since 2000-01-01 00:00 UTC */
	};
} YsCell;

typedef struct YsRejection
{
	const char *field;			/* a field's name, "area" or "attributes" */
	const char *raw;			/* the value as plain JSON; cut at 200 bytes unless the field keeps
								 * it (then still valid UTF-8, shown as a JSON string) */
	uint32_t	raw_len;
	const char *reason;			/* static text, or in the entry's arena */
} YsRejection;

/* What an entry has its area by. */
typedef enum YsAreaBy
{
	YS_AREA_BY_NONE,			/* it is unlocated */
	YS_AREA_BY_VALUE,
	YS_AREA_BY_LOCATION
} YsAreaBy;

typedef struct YsEntry
{
	YsCell	   *cells;			/* one per field */
	bool		located;
	double		lat;
	double		lon;
	const char *area;			/* never NULL, lives with the map or in arena; "unlocated" when nothing else holds */
	const char *area_value;		/* what the item names as its area, whether there is one or not; NULL: nothing */
	uint32_t	area_value_len;
	YsAreaBy	area_by;
	bool		area_seen;		/* the item had a name or a location, usable or not */
	const YsValue *attributes;	/* all scalar leaves by their paths, as a MAP; NULL: not asked for */
	const char *refused_by;		/* the field with on_error 'reject' that keeps the item out; NULL: none */
	int			nrejections;
	YsRejection *rejections;
} YsEntry;

/*
 * What the policy makes of an item (a MAP).  A value that cannot be used is NULL and noted in
 * rejections; nothing is ever guessed.  False only when the arena is exhausted.
 * The entry lives in arena and may borrow bytes from item.
 */
extern bool ys_policy_apply(const YsPolicy *policy, const YsBindings *bindings, const YsValue *item,
							YsArena *arena, YsEntry *entry, YsError *err);

/*
 * The area that ys_policy_apply would give an item of which the entry had this area_value
 * (NULL, 0: none) and location, under the areas there are now.  Lives with the map, or in
 * arena; NULL when that is exhausted.
 */
extern const char *ys_policy_area_of(const YsPolicy *policy, const YsBindings *bindings,
									 const char *area_value, size_t len,
									 bool located, double lat, double lon, YsArena *arena);

/* ---- how an entry came about ---- */

/* What became of one value. */
typedef enum YsUse
{
	YS_USE_TAKEN,
	YS_USE_ABSENT,				/* NULL, or a blank where blanks mean nothing */
	YS_USE_REJECTED,			/* it cannot be used */
	YS_USE_NO_MEMORY			/* the arena is exhausted */
} YsUse;

/* Numbers of what is no field. */
#define YS_CONSIDERED_AREA		(-1)	/* a name of the item's area */
#define YS_CONSIDERED_LOCATION	(-2)

/* One value that was looked at. */
typedef struct YsConsidered
{
	int			field;			/* its number, or one of the above */
	const char *path;			/* where it is, as declared (two of a latitude and a longitude are
								 * separated by a comma and a space); NULL: the default value */
	const YsValue *value;		/* as the item has it */
	YsUse		use;
	const char *reason;			/* why it was rejected */
	const YsCell *cell;			/* what it became, when taken; the chosen one is the entry's */
} YsConsidered;

typedef struct YsTrace
{
	void		(*considered) (void *arg, const YsConsidered *considered);
	void	   *arg;
} YsTrace;

/* As ys_policy_apply, and tell trace of each value that is looked at, in that order. */
extern bool ys_policy_explain(const YsPolicy *policy, const YsBindings *bindings, const YsValue *item,
							  const YsTrace *trace, YsArena *arena, YsEntry *entry, YsError *err);

/* How much of a rejected value is shown: in bytes of JSON. */
#define YS_REJECTED_SAMPLE		200
#define YS_REJECTED_WHOLE		(1024 * 1024)	/* more than an item can be; of all an entry keeps */

/*
 * The plain JSON of a value that was rejected, in arena: what is longer than
 * most bytes is cut and shown as a string, U+0000 and invalid UTF-8 as U+FFFD, and
 * a number out of range as a string, so that the server takes it as jsonb.
 * False when the arena is exhausted.
 */
extern bool ys_rejected_print(const YsValue *value, uint32_t most, YsArena *arena,
							  YsRejection *rejection);

/* {"field": {"value": raw, "reason": "..."}, ...} for the rejected column; false: arena exhausted. */
extern bool ys_entry_print_rejected(const YsEntry *entry, YsText *text);

/* Does the policy keep all attributes of its items? */
extern bool ys_policy_wants_attributes(const YsPolicy *policy);

/* And none of them but what has no room is left out? */
extern bool ys_policy_keeps_all_attributes(const YsPolicy *policy);

/*
 * The attributes an entry is made of, so that decoding can skip the rest: the first steps of all
 * paths, deduplicated; none when all are wanted.
 */
extern const YsAttributeFilter *ys_policy_attributes(const YsPolicy *policy);

/* The first steps of all paths, also when all attributes are wanted. */
extern const YsAttributeFilter *ys_policy_sources(const YsPolicy *policy);

/* The same by whole paths, for decoding that can skip what is within attributes, too. */
extern const YsPathTree *ys_policy_tree(const YsPolicy *policy);

/* ---- single declarations, for the SQL builders' early validation ---- */

/* True when json is one valid field declaration / area declaration. */
extern bool ys_policy_check_field(const char *json, size_t len, YsArena *arena, YsError *err);
extern bool ys_policy_check_area(const char *json, size_t len, YsArena *arena, YsError *err);

#endif							/* YS_POLICY_POLICY_H */
