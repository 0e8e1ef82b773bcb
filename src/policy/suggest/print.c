/*-------------------------------------------------------------------------
 * print.c
 *	  A suggestion as the SQL that creates the policy.
 *-------------------------------------------------------------------------
 */
#include "policy/suggest/print.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Fields that are suggested, and what share of the items one must have: rarer ones are counted. */
#define FIELDS_MAX		60
#define SHARE_ONE_OF	20

/* Words of an enumeration that are listed. */
#define LISTED_MAX		12

/* Examples that are shown of a field, from different paths first. */
#define SHOWN_MAX		4

typedef struct Printer
{
	YsProfile  *profile;
	const YsSuggestion *suggestion;
	YsGroups	groups;
	YsPlacesFound places;
	YsText	   *sql;
	YsNames		names;
} Printer;

/* ---- pieces of SQL ---- */

static void
add(Printer *printer, const char *text)
{
	ys_text_add_cstring(printer->sql, text);
}

static void
add_number(Printer *printer, int64_t number)
{
	char		digits[24];

	snprintf(digits, sizeof(digits), "%" PRId64, number);
	add(printer, digits);
}

/* 'it''s' */
static void
add_literal(Printer *printer, const char *text)
{
	add(printer, "'");
	for (const char *p = text; *p != '\0'; p++)
	{
		if (*p == '\'')
			add(printer, "'");
		ys_text_add(printer->sql, p, 1);
	}
	add(printer, "'");
}

/* Between elements of an array: a comma, and a new line where the last one has grown long. */
static void
add_separator(Printer *printer, size_t *line)
{
	if (printer->sql->len - *line < 90)
	{
		add(printer, ", ");
		return;
	}
	add(printer, ",\n        ");
	*line = printer->sql->len;
}

static void
add_path_literal(Printer *printer, const char *path, bool whole_list)
{
	size_t		len = strlen(path);
	YsText		text;

	if (!whole_list || len < 3 || strcmp(path + len - 3, "[*]") != 0)
	{
		add_literal(printer, path);
		return;
	}
	ys_text_init(&text, printer->sql->arena);
	ys_text_add(&text, path, len - 3);
	printer->sql->failed |= text.failed;
	if (!text.failed)
		add_literal(printer, text.bytes);
}

/* A share in percent, of two digits at least. */
static void
add_share(Printer *printer, int64_t items)
{
	char		share[16];
	double		percent = 100.0 * (double) items / (double) ys_profile_items(printer->profile);

	snprintf(share, sizeof(share), percent >= 10 ? "%.0f %%" : "%.1f %%", percent > 100 ? 100 : percent);
	add(printer, share);
}

/* ---- comments ---- */

static void
add_example(Printer *printer, const char *example, const char **shown, int *nshown)
{
	for (int i = 0; i < *nshown; i++)
	{
		if (strcmp(shown[i], example) == 0)
			return;
	}
	if (*nshown == SHOWN_MAX)
		return;
	add(printer, *nshown > 0 ? ", " : "; ");
	add(printer, example);
	shown[(*nshown)++] = example;
}

/* One of each path first. */
static void
add_examples(Printer *printer, const YsGroup *group)
{
	const char *shown[SHOWN_MAX];
	int			nshown = 0;

	for (int i = 0; i < YS_PROFILE_MAX_EXAMPLES; i++)
	{
		for (const YsGrouped *path = group->first; path != NULL; path = path->next)
		{
			if (i < path->leaf->shown.nexamples)
				add_example(printer, path->leaf->shown.examples[i], shown, &nshown);
		}
	}
}

/* The words that all strings of the group are, if they are few and come again: how many; 0: they aren't. */
static int
enumerate(const YsGroup *group, YsSlice words[LISTED_MAX], bool *cased)
{
	int64_t		values = 0;
	int			n = 0;

	*cased = false;
	if (group->kind != YS_GUESS_TEXT)
		return 0;
	for (const YsGrouped *path = group->first; path != NULL; path = path->next)
	{
		values += path->leaf->tally.values;
		if (path->leaf->more_words || path->leaf->tally.numbers > 0)
			return 0;
		for (int i = 0; i < path->leaf->nwords; i++)
		{
			YsSlice		word = path->leaf->words[i];
			int			same = 0;

			while (same < n && !ys_names_same_word(words[same], word))
				same++;
			if (same < n)
			{
				*cased |= ys_slice_compare(words[same], word) != 0;
				continue;
			}
			if (n == LISTED_MAX || word.len == 0)
				return 0;
			words[n++] = word;
		}
	}
	return values >= 3 * n ? n : 0;
}

static void
add_enumeration(Printer *printer, int n, const YsSlice *words)
{
	if (n == 0)
		return;
	add(printer, "    -- one of ");
	for (int i = 0; i < n; i++)
	{
		if (i > 0)
			add(printer, ", ");
		ys_text_add_json_string(printer->sql, words[i].bytes, words[i].len);
	}
	add(printer, "\n");
}

static bool
has_plain_numbers(const YsGroup *group)
{
	for (const YsGrouped *path = group->first; path != NULL; path = path->next)
	{
		for (int i = 0; i < path->leaf->tally.nunits; i++)
		{
			if (path->leaf->tally.units[i].unit == NULL)
				return true;
		}
	}
	return false;
}

/* What whoever reads the suggestion should look at. */
static void
add_doubts(Printer *printer, const YsGroup *group)
{
	if (group->kind != YS_GUESS_NUMBER)
		return;
	if (group->unit != NULL && !group->unit_fixed && has_plain_numbers(group))
	{
		add(printer, "    -- numbers without a unit are taken to be ");
		add(printer, ys_spelled_unit_name(group->unit));
		add(printer, ": check it\n");
	}
	if (group->locale != NULL && !group->locale_sure)
		add(printer, "    -- a comma or point before three digits is taken to be that of the locale: check it\n");
}

/* ---- fields ---- */

static const char *
type_of(const YsGroup *group)
{
	switch (group->kind)
	{
		case YS_GUESS_BOOLEAN:
			return "boolean";
		case YS_GUESS_NUMBER:
			return "numeric";
		case YS_GUESS_MOMENT:
			return group->dated ? "date" : "timestamp";
		case YS_GUESS_TEXT:
		case YS_GUESS_NOTHING:
			break;
	}
	return group->many ? "text[]" : "text";
}

static void
add_formats(Printer *printer, const YsGroup *group)
{
	const YsCandidates *candidates = printer->profile->candidates;
	size_t		line;
	bool		first = true;

	add(printer, ",\n      combine => 'latest',\n      formats => ARRAY[");
	line = printer->sql->len;
	for (int i = YS_READING_DATES; i < ys_candidates_count(candidates); i++)
	{
		if ((group->formats & (UINT64_C(1) << i)) == 0)
			continue;
		if (!first)
			add_separator(printer, &line);
		add_literal(printer, ys_candidates_format(candidates, i));
		first = false;
	}
	add(printer, "]");
}

static void
add_normalizers(Printer *printer, const YsGroup *group, bool cased)
{
	bool		spaced = false;

	for (const YsGrouped *path = group->first; path != NULL; path = path->next)
		spaced |= path->leaf->spaced;
	if (!spaced && !cased)
		return;
	add(printer, ",\n      normalizers => ARRAY[");
	add(printer, spaced ? cased ? "'trim', 'collapse', 'lower'" : "'trim', 'collapse'" : "'lower'");
	add(printer, "]");
}

static void
add_rules(Printer *printer, const YsGroup *group, bool cased)
{
	switch (group->kind)
	{
		case YS_GUESS_MOMENT:
			add_formats(printer, group);
			break;
		case YS_GUESS_NUMBER:
			if (group->many)
				add(printer, ",\n      combine => 'max'");
			if (group->unit != NULL)
			{
				add(printer, ",\n      unit => ");
				add_literal(printer, ys_spelled_unit_name(group->unit));
			}
			if (group->locale != NULL)
			{
				add(printer, ",\n      locale => ");
				add_literal(printer, group->locale);
			}
			break;
		case YS_GUESS_TEXT:
			add_normalizers(printer, group, cased);
			break;
		case YS_GUESS_BOOLEAN:
		case YS_GUESS_NOTHING:
			break;
	}
}

static void
add_field(Printer *printer, const YsGroup *group, bool first)
{
	char		name[YS_NAME_BYTES];
	YsSlice		words[LISTED_MAX];
	bool		cased;
	int			nwords = enumerate(group, words, &cased);
	size_t		line;

	ys_names_choose(&printer->names, group, &printer->groups.table, name);
	add(printer, first ? "    -- " : ",\n    -- ");
	add_share(printer, group->items);
	add(printer, " of the items");
	add_examples(printer, group);
	add(printer, "\n");
	add_enumeration(printer, nwords, words);
	add_doubts(printer, group);
	add(printer, "    yottastore.field(");
	add_literal(printer, name);
	add(printer, ", ");
	add_literal(printer, type_of(group));
	add(printer, ",\n      paths => ARRAY[");
	line = printer->sql->len;
	for (const YsGrouped *path = group->first; path != NULL; path = path->next)
	{
		if (path != group->first)
			add_separator(printer, &line);
		add_path_literal(printer, path->leaf->shown.path, group->kind == YS_GUESS_TEXT && group->many);
	}
	add(printer, "]");
	add_rules(printer, group, nwords > 0 && cased);
	add(printer, ")");
}

/* ---- the area ---- */

static void
add_paths(Printer *printer, const char *argument, int count, const char *const *paths, bool *more)
{
	size_t		line;

	if (count == 0)
		return;
	add(printer, *more ? ",\n    " : "\n    ");
	add(printer, argument);
	add(printer, " => ARRAY[");
	line = printer->sql->len;
	for (int i = 0; i < count; i++)
	{
		if (i > 0)
			add_separator(printer, &line);
		add_literal(printer, paths[i]);
	}
	add(printer, "]");
	*more = true;
}

static void
add_area(Printer *printer)
{
	const YsPlacesFound *places = &printer->places;
	bool		more = false;

	if (places->nwhole == 0 && places->npairs == 0)
		return;
	add(printer, ",\n  area => yottastore.area_from_location(");
	add_paths(printer, "lat", places->npairs, places->lats, &more);
	add_paths(printer, "lon", places->npairs, places->lons, &more);
	add_paths(printer, "paths", places->nwhole, places->whole, &more);
	add(printer, ",\n    level => ");
	add_literal(printer, printer->suggestion->level);
	add(printer, ")");
}

/* ---- the whole ---- */

static void
add_heading(Printer *printer)
{
	add(printer, "-- Suggested after ");
	add_number(printer, ys_profile_items(printer->profile));
	add(printer, " items: a beginning, to be looked at. Put the stream's name in the place of your_stream.\n");
	if (ys_profile_is_partial(printer->profile))
		add(printer, "-- The items have more paths than were looked at, or deeper ones.\n");
}

/* Dates that are left out, since nobody can tell which day they mean. */
static void
add_ambiguous(Printer *printer)
{
	for (int i = 0; i < printer->groups.nambiguous; i++)
	{
		const YsGrouped *path = printer->groups.ambiguous[i];

		if (path->leaf->shown.items * SHARE_ONE_OF < ys_profile_items(printer->profile))
			continue;
		add(printer, "-- Left out, since it could be either: ");
		ys_text_add_json_string(printer->sql, path->leaf->shown.path, strlen(path->leaf->shown.path));
		add(printer, ", ");
		add(printer, path->leaf->shown.guess);
		if (path->leaf->shown.nexamples > 0)
		{
			add(printer, "; ");
			add(printer, path->leaf->shown.examples[0]);
		}
		add(printer, "\n");
	}
}

static void
add_undecided_pairs(Printer *printer)
{
	for (int i = 0; i < printer->places.nundecided; i++)
	{
		add(printer, "-- Left out, since either number could be the latitude: ");
		ys_text_add_json_string(printer->sql, printer->places.undecided[i], strlen(printer->places.undecided[i]));
		add(printer, "\n");
	}
}

static bool
is_wanted(const Printer *printer, const YsGroup *group, int fields)
{
	return fields < FIELDS_MAX && group->items * SHARE_ONE_OF >= ys_profile_items(printer->profile);
}

static void
add_fields(Printer *printer)
{
	const YsGroups *groups = &printer->groups;
	int			fields = 0;

	add(printer, "\n  fields => ARRAY[\n");
	while (fields < groups->count && is_wanted(printer, groups->items[fields], fields))
	{
		add_field(printer, groups->items[fields], fields == 0);
		fields++;
	}
	if (fields < groups->count)
	{
		add(printer, "\n    -- and ");
		add_number(printer, groups->count - fields);
		add(printer, " more that fewer of the items have");
	}
	add(printer, fields < groups->count ? "\n  ]::jsonb[]" : "]::jsonb[]");
}

bool
ys_suggest_print(YsProfile *profile, const YsSuggestion *suggestion, YsText *sql)
{
	Printer		printer = {.profile = profile, .suggestion = suggestion, .sql = sql};

	if (!ys_places_find(profile, &printer.places) ||
		!ys_group_paths(profile, suggestion->table, suggestion->nkeys, suggestion->keys, &printer.groups) ||
		!ys_names_init(&printer.names, suggestion, profile->arena))
		return false;
	add_heading(&printer);
	add_ambiguous(&printer);
	add_undecided_pairs(&printer);
	add(&printer, "SELECT yottastore.create_index_policy(");
	add_literal(&printer, suggestion->policy);
	add(&printer, ",\n  source => ");
	add_literal(&printer, suggestion->source);
	add(&printer, ", stream => 'your_stream',");
	add_fields(&printer);
	add_area(&printer);
	add(&printer, ");\n");
	return !sql->failed;
}
