/*-------------------------------------------------------------------------
 * quality.c
 *	  How good the values of entries are.
 *
 * A column has its counters in a row: the five that all have, then those of
 * its paths, then those of its formats.  Columns are the fields, the area
 * where one is declared, and the attributes where they are kept.
 *-------------------------------------------------------------------------
 */
#include "policy/quality.h"

#include <string.h>

#include "policy/compiled.h"

#define COMMON	(YS_QUALITY_REJECTED + 1)

/* The means by which an item has its area, in the order of YsAreaBy. */
static const char *const means[] = {
	[YS_AREA_BY_NONE] = YS_AREA_UNLOCATED, [YS_AREA_BY_VALUE] = "value", [YS_AREA_BY_LOCATION] = "location"
};
#define MEANS	((int) (sizeof(means) / sizeof(means[0])))

typedef struct Column
{
	const char *name;
	const char *type;
	int			npaths;
	const char *const *paths;
	int			nformats;
	const char *const *formats;
	int			first;			/* of its counters */

	/* the last bad values: a ring */
	int			nsamples;
	int			next;
	const YsRejection *samples[YS_QUALITY_SAMPLES];
} Column;

struct YsQuality
{
	const YsPolicy *policy;
	YsArena    *arena;
	int64_t		entries;
	int			ncolumns;
	Column	   *columns;
	int			ncounts;
	int64_t    *counts;
};

static void
add_column(YsQuality *quality, Column column)
{
	column.first = quality->ncounts;
	quality->ncounts += COMMON + column.npaths + column.nformats;
	quality->columns[quality->ncolumns++] = column;
}

/* All but the counts; NULL when the arena is exhausted. */
static YsQuality *
lay_out(const YsPolicy *policy, YsArena *arena)
{
	YsQuality  *quality = ys_arena_alloc_zero(arena, sizeof(YsQuality));

	if (quality == NULL)
		return NULL;
	quality->policy = policy;
	quality->arena = arena;
	quality->columns = ys_arena_alloc(arena, sizeof(Column) * (size_t) (policy->nfields + 2));
	if (quality->columns == NULL)
		return NULL;
	for (int f = 0; f < policy->nfields; f++)
	{
		const YsFieldInfo *info = &policy->fields[f].info;

		add_column(quality, (Column) {
				.name = info->name, .type = info->type_name,
				.npaths = info->npaths, .paths = info->paths,
				.nformats = info->nformats, .formats = info->formats
			});
	}
	if (policy->area.kind != YS_AREA_NOT_DECLARED)
		add_column(quality, (Column) {.name = "area", .npaths = MEANS, .paths = means});
	if (policy->all.wanted)
		add_column(quality, (Column) {.name = YS_ATTRIBUTES_COLUMN});
	return quality;
}

const YsQualityCounter *
ys_quality_counters(const YsPolicy *policy, YsArena *arena, int *count)
{
	YsQuality  *quality = lay_out(policy, arena);
	YsQualityCounter *counters;
	int			n = 0;

	if (quality == NULL)
		return NULL;
	*count = quality->ncounts;
	counters = ys_arena_alloc(arena, sizeof(YsQualityCounter) * (size_t) quality->ncounts);
	for (int c = 0; counters != NULL && c < quality->ncolumns; c++)
	{
		const Column *column = &quality->columns[c];

		for (int i = 0; i < COMMON; i++)
			counters[n++] = (YsQualityCounter) {column->name, column->type, (YsQualityKind) i, NULL};
		for (int i = 0; i < column->npaths; i++)
			counters[n++] = (YsQualityCounter) {column->name, column->type, YS_QUALITY_PATH, column->paths[i]};
		for (int i = 0; i < column->nformats; i++)
			counters[n++] = (YsQualityCounter) {column->name, column->type, YS_QUALITY_FORMAT, column->formats[i]};
	}
	return counters;
}

YsQuality *
ys_quality_create(const YsPolicy *policy, YsArena *arena)
{
	YsQuality  *quality = lay_out(policy, arena);

	if (quality == NULL)
		return NULL;
	quality->counts = ys_arena_alloc_zero(arena, sizeof(int64_t) * (size_t) quality->ncounts);
	return quality->counts != NULL ? quality : NULL;
}

/* ---- counting ---- */

static void
count_cell(int64_t *counts, const Column *column, const YsCell *cell)
{
	counts[YS_QUALITY_SEEN] += cell->seen;
	if (!cell->present)
	{
		counts[YS_QUALITY_NULLS]++;
		return;
	}
	counts[YS_QUALITY_COERCED] += cell->coerced && cell->path >= 0;
	if (cell->path >= 0)
		counts[COMMON + cell->path]++;
	else
		counts[YS_QUALITY_DEFAULTS]++;
	if (cell->format >= 0 && cell->format < column->nformats)
		counts[COMMON + column->npaths + cell->format]++;
}

static bool
same_value(const YsRejection *a, const YsRejection *b)
{
	return a->raw_len == b->raw_len && memcmp(a->raw, b->raw, a->raw_len) == 0;
}

static void
keep_sample(Column *column, const YsRejection *rejection)
{
	for (int i = 0; i < column->nsamples; i++)
	{
		if (same_value(column->samples[i], rejection))
			return;
	}
	column->samples[column->next] = rejection;
	column->next = (column->next + 1) % YS_QUALITY_SAMPLES;
	if (column->nsamples < YS_QUALITY_SAMPLES)
		column->nsamples++;
}

/* An entry's rejections are in the order of the columns. */
static void
count_rejections(YsQuality *quality, const YsEntry *entry)
{
	int			c = 0;

	for (int i = 0; i < entry->nrejections; i++)
	{
		const YsRejection *rejection = &entry->rejections[i];
		Column	   *column;

		while (c < quality->ncolumns && strcmp(quality->columns[c].name, rejection->field) != 0)
			c++;
		if (c == quality->ncolumns)
			return;
		column = &quality->columns[c];
		quality->counts[column->first + YS_QUALITY_REJECTED]++;
		if (strcmp(rejection->field, YS_ATTRIBUTES_COLUMN) != 0)
			keep_sample(column, rejection);
	}
}

void
ys_quality_add(YsQuality *quality, const YsEntry *entry)
{
	const YsPolicy *policy = quality->policy;
	int			c = 0;
	int64_t    *counts;

	quality->entries++;
	for (; c < policy->nfields; c++)
		count_cell(quality->counts + quality->columns[c].first, &quality->columns[c], &entry->cells[c]);
	if (policy->area.kind != YS_AREA_NOT_DECLARED)
	{
		counts = quality->counts + quality->columns[c++].first;
		counts[YS_QUALITY_SEEN] += entry->area_seen;
		counts[YS_QUALITY_NULLS] += entry->area_by == YS_AREA_BY_NONE;
		counts[COMMON + entry->area_by]++;
	}
	if (policy->all.wanted)
	{
		bool		empty = entry->attributes == NULL || entry->attributes->len == 0;

		counts = quality->counts + quality->columns[c].first;
		counts[empty ? YS_QUALITY_NULLS : YS_QUALITY_SEEN]++;
	}
	if (entry->nrejections > 0)
		count_rejections(quality, entry);
}

/* ---- what was counted ---- */

int64_t
ys_quality_entries(const YsQuality *quality)
{
	return quality->entries;
}

const int64_t *
ys_quality_counts(const YsQuality *quality, int *count)
{
	*count = quality->ncounts;
	return quality->counts;
}

/* A value that is kept whole elsewhere, cut. */
static bool
cut_value(YsArena *arena, const YsRejection *rejection, YsQualitySample *sample)
{
	static const char ellipsis[] = "\xE2\x80\xA6";
	YsText		raw;
	YsText		shown;

	ys_text_init(&raw, arena);
	ys_text_add(&raw, rejection->raw, ys_string_cut(rejection->raw, rejection->raw_len, YS_REJECTED_SAMPLE));
	ys_text_add_cstring(&raw, ellipsis);
	ys_text_init(&shown, arena);
	if (!raw.failed)
		ys_text_add_json_string(&shown, raw.bytes, raw.len);
	sample->value = shown.bytes;
	sample->value_len = (uint32_t) shown.len;
	return !raw.failed && !shown.failed;
}

const YsQualitySample *
ys_quality_samples(YsQuality *quality, int *count)
{
	YsQualitySample *samples = ys_arena_alloc(quality->arena, sizeof(YsQualitySample) *
											  (size_t) quality->ncolumns * YS_QUALITY_SAMPLES);

	*count = 0;
	for (int c = 0; samples != NULL && c < quality->ncolumns; c++)
	{
		const Column *column = &quality->columns[c];
		int			oldest = column->nsamples < YS_QUALITY_SAMPLES ? 0 : column->next;

		for (int i = 0; i < column->nsamples; i++)
		{
			const YsRejection *rejection = column->samples[(oldest + i) % YS_QUALITY_SAMPLES];
			YsQualitySample *sample = &samples[(*count)++];

			*sample = (YsQualitySample) {column->name, rejection->raw, rejection->raw_len, rejection->reason};
			/* what is shown of a value elsewhere has quotes besides */
			if (rejection->raw_len > YS_REJECTED_SAMPLE * 2 &&
				!cut_value(quality->arena, rejection, sample))
				return NULL;
		}
	}
	return samples;
}
