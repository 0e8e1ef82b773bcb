/*-------------------------------------------------------------------------
 * quality.h
 *	  How good the values of entries are: counters of each field, and the last
 *	  bad values.
 *
 * A policy's counters are one array, of whose numbers ys_quality_counter tells
 * the meaning; what is added up for a batch is added to the totals with it.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_QUALITY_H
#define YS_POLICY_QUALITY_H

#include "policy/policy.h"

/* Distinct bad values that are remembered of a field. */
#define YS_QUALITY_SAMPLES	5

typedef enum YsQualityKind
{
	YS_QUALITY_SEEN,			/* items that had a value, usable or not */
	YS_QUALITY_NULLS,			/* no value in the end: NULL, unlocated */
	YS_QUALITY_DEFAULTS,		/* the default value */
	YS_QUALITY_COERCED,			/* a value that was written otherwise */
	YS_QUALITY_REJECTED,		/* a value that could not be used, whether or not another could */
	YS_QUALITY_PATH,			/* the value came from this path, the area by this means */
	YS_QUALITY_FORMAT			/* the value had this format */
} YsQualityKind;

typedef struct YsQualityCounter
{
	const char *field;			/* its name, "area" or "attributes" */
	const char *type;			/* its name; NULL: no field */
	YsQualityKind kind;
	const char *label;			/* the path, means or format; NULL: of none */
} YsQualityCounter;

typedef struct YsQualitySample
{
	const char *field;
	const char *value;			/* plain JSON, as in rejected */
	uint32_t	value_len;
	const char *reason;
} YsQualitySample;

typedef struct YsQuality YsQuality;

/* The meaning of a policy's counters, in arena; NULL when that is exhausted. */
extern const YsQualityCounter *ys_quality_counters(const YsPolicy *policy, YsArena *arena, int *count);

/* Begin to count, from zero.  NULL when the arena is exhausted. */
extern YsQuality *ys_quality_create(const YsPolicy *policy, YsArena *arena);

/* Count an entry of the policy's, which must stay. */
extern void ys_quality_add(YsQuality *quality, const YsEntry *entry);

/* How many entries were counted, and what was counted. */
extern int64_t ys_quality_entries(const YsQuality *quality);
extern const int64_t *ys_quality_counts(const YsQuality *quality, int *count);

/*
 * The last bad values, at most YS_QUALITY_SAMPLES distinct ones of a field, older ones first;
 * values that a field keeps whole are cut.  NULL when the arena is exhausted.
 */
extern const YsQualitySample *ys_quality_samples(YsQuality *quality, int *count);

#endif							/* YS_POLICY_QUALITY_H */
