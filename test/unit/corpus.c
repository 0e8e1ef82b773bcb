/*-------------------------------------------------------------------------
 * corpus.c
 *	  Reading the corpora and applying what they declare.
 *-------------------------------------------------------------------------
 */
#define _GNU_SOURCE
#include "corpus.h"
#include "zones.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/synonym.h"

/* ---- values and declarations ---- */

typedef struct Reading
{
	YsArena    *arena;
	YsValue    *value;
	YsError    *err;
} Reading;

static bool
build_value(void *arg, YsJsonNode *root)
{
	Reading    *reading = arg;

	return ys_value_from_plain_json(root, reading->arena, reading->value, reading->err);
}

bool
corpus_read(const char *raw, YsArena *arena, YsValue *value, YsError *err)
{
	static YsJsonReader *reader;
	Reading		reading = {arena, value, err};
	size_t		len = strlen(raw);
	char	   *padded = ys_arena_alloc(arena, len + YS_JSON_PADDING);

	if (reader == NULL)
		reader = ys_json_reader_create();
	memcpy(padded, raw, len);
	memset(padded + len, ' ', YS_JSON_PADDING);
	return ys_json_read(reader, padded, len, build_value, &reading, err);
}

static const YsValue *
own_member(const YsValue *object, const char *name, bool one_value)
{
	static const char *const many[] = {"paths", "lat", "lon", "combine"};

	for (int i = 0; one_value && i < 4; i++)
	{
		if (strcmp(name, many[i]) == 0)
			return NULL;
	}
	return ys_value_member(object, name, strlen(name));
}

static void
add_name(YsText *text, const char *name)
{
	if (text->bytes[text->len - 1] != '{')
		ys_text_add(text, ",", 1);
	ys_text_add_json_string(text, name, strlen(name));
	ys_text_add(text, ":", 1);
}

/* Add a member unless the declaration has one of that name. */
static void
add_default(YsText *text, const YsValue *object, const char *name, const char *json, bool one_value)
{
	if (own_member(object, name, one_value) != NULL)
		return;
	add_name(text, name);
	ys_text_add_cstring(text, json);
}

YsPolicy *
corpus_compile(const char *declaration, bool of_location, bool one_value, YsArena *arena, YsError *err)
{
	YsValue		object;
	YsText		text;

	if (!corpus_read(declaration, arena, &object, err))
		return NULL;
	if (object.type != YS_TYPE_MAP)
	{
		ys_error_set(err, YS_ERR_INVALID_POLICY, "not an object");
		return NULL;
	}
	ys_text_init(&text, arena);
	ys_text_add_cstring(&text, of_location ? "{\"area\":{" : "{\"fields\":[{");
	for (uint32_t i = 0; i < object.len; i++)
	{
		const YsMember *member = &object.members[i];

		if (own_member(&object, member->name, one_value) == NULL)
			continue;
		add_name(&text, member->name);
		ys_value_print_plain(&text, &member->value);
	}
	if (of_location)
	{
		add_default(&text, &object, "kind", "\"location\"", one_value);
		add_default(&text, &object, "level", "\"country\"", one_value);
	}
	else
		add_default(&text, &object, "name", "\"value\"", one_value);
	if (!of_location || own_member(&object, "lat", one_value) == NULL)
		add_default(&text, &object, "paths", "[\"value\"]", one_value);
	ys_text_add_cstring(&text, of_location ? "}}" : "}]}");
	return ys_policy_compile(text.bytes, text.len, arena, err);
}

/* ---- results ---- */

/* The day of the Gregorian calendar, from days since 2000-01-01, by counting years of 400, 100, 4 and 1. */
static void
print_day(YsText *text, int64_t days)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int			year = 2000;
	int			month = 0;
	char		out[48];

	for (; days < 0; days += 146097)
		year -= 400;
	for (; days >= 146097; days -= 146097)
		year += 400;
	for (;;)
	{
		bool		leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
		int			length = leap ? 366 : 365;

		if (days >= length)
		{
			days -= length;
			year++;
			continue;
		}
		for (;; month++)
		{
			length = lengths[month] + (month == 1 && leap);
			if (days < length)
				break;
			days -= length;
		}
		break;
	}
	snprintf(out, sizeof(out), "%04d-%02d-%02d", year, month + 1, (int) days + 1);
	ys_text_add_cstring(text, out);
}

static void
print_timestamp(YsText *text, int64_t usecs)
{
	const int64_t day = INT64_C(86400000000);
	int64_t		time = usecs % day;
	int			second;
	char		out[48];

	if (time < 0)
		time += day;
	second = (int) (time / 1000000);
	print_day(text, (usecs - time) / day);
	snprintf(out, sizeof(out), "T%02d:%02d:%02d", second / 3600, second / 60 % 60, second % 60);
	ys_text_add_cstring(text, out);
	if (time % 1000000 != 0)
	{
		snprintf(out, sizeof(out), ".%06d", (int) (time % 1000000));
		ys_text_add_cstring(text, out);
	}
	ys_text_add(text, "Z", 1);
}

static void
print_cell(YsText *text, YsFieldType type, const YsCell *cell)
{
	switch (type)
	{
		case YS_FIELD_TEXT:
			ys_text_add_json_string(text, cell->bytes, cell->len);
			break;
		case YS_FIELD_NUMERIC:
			ys_text_add(text, cell->bytes, cell->len);
			break;
		case YS_FIELD_TEXT_ARRAY:
			for (uint32_t i = 0; i < cell->ntexts; i++)
			{
				ys_text_add(text, i == 0 ? "[" : ",", 1);
				ys_text_add_json_string(text, cell->texts[i].bytes, cell->texts[i].len);
			}
			ys_text_add(text, "]", 1);
			break;
		case YS_FIELD_JSONB:
			ys_value_print_plain(text, cell->value);
			break;
		case YS_FIELD_BOOLEAN:
			ys_text_add_cstring(text, cell->boolean ? "true" : "false");
			break;
		case YS_FIELD_DATE:
			print_day(text, cell->days);
			break;
		case YS_FIELD_TIMESTAMP:
			print_timestamp(text, cell->usecs);
			break;
	}
}

/* The shortest decimal that reads back as the same double. */
static void
print_double(YsText *text, double value)
{
	char		out[64];

	for (int decimals = 0; decimals <= 38; decimals++)
	{
		snprintf(out, sizeof(out), "%.*f", decimals, value);
		if (strtod(out, NULL) == value)
			break;
	}
	ys_text_add_cstring(text, out);
}

const char *
corpus_result(const YsPolicy *policy, bool of_location, const YsBindings *bindings,
			  const YsValue *value, YsArena *arena)
{
	YsMember	member = {"value", 5, *value};
	YsValue		item = {.type = YS_TYPE_MAP, .len = 1, .members = &member};
	YsEntry		entry;
	YsError		err;
	YsText		text;

	ys_text_init(&text, arena);
	ys_text_add(&text, "", 0);
	if (!ys_policy_apply(policy, bindings, &item, arena, &entry, &err))
		return err.message[0] != '\0' ? ys_arena_copy(arena, err.message, strlen(err.message)) : "?";
	if (of_location && entry.located)
	{
		ys_text_add(&text, "=", 1);
		print_double(&text, entry.lat);
		ys_text_add(&text, ",", 1);
		print_double(&text, entry.lon);
	}
	else if (!of_location && entry.cells[0].present)
	{
		ys_text_add(&text, "=", 1);
		print_cell(&text, ys_policy_field(policy, 0)->type, &entry.cells[0]);
	}
	for (int i = 0; i < entry.nrejections; i++)
	{
		ys_text_add_cstring(&text, text.len > 0 ? " !" : "!");
		ys_text_add_cstring(&text, entry.rejections[i].reason);
	}
	return text.len > 0 ? text.bytes : "-";
}

/* "=lat,lon" as two doubles. */
static bool
read_pair(const char *text, double *lat, double *lon)
{
	char	   *end;

	if (text[0] != '=')
		return false;
	*lat = strtod(text + 1, &end);
	if (end == text + 1 || *end != ',')
		return false;
	text = end + 1;
	*lon = strtod(text, &end);
	return end != text && *end == '\0';
}

static const char *
respell(const char *json, YsArena *arena)
{
	YsValue		value;
	YsError		err;
	YsText		text;

	if (!corpus_read(json, arena, &value, &err))
		return json;
	ys_text_init(&text, arena);
	ys_value_print_plain(&text, &value);
	return text.bytes;
}

bool
corpus_same(const char *a, const char *b, YsArena *arena)
{
	double		lat[2];
	double		lon[2];

	if (strcmp(a, b) == 0)
		return true;
	if (a[0] != '=' || b[0] != '=')
		return false;
	if (read_pair(a, &lat[0], &lon[0]) && read_pair(b, &lat[1], &lon[1]))
		return lat[0] == lat[1] && lon[0] == lon[1];
	if (a[1] == '"' || a[1] == '[' || a[1] == '{')
		return strcmp(respell(a + 1, arena), respell(b + 1, arena)) == 0;
	return false;
}

/* ---- files ---- */

typedef struct Corpus
{
	const char *file;
	int			line;
	YsArena		declared;		/* what the directive in force made */
	YsArena		bound;			/* what declarations name */
	CorpusCase	one;
	YsBindings	bindings;
	CorpusProblem *problem;
} Corpus;

static bool __attribute__((format(printf, 2, 3)))
complain(Corpus *corpus, const char *format,...)
{
	char		why[512];
	va_list		args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	snprintf(corpus->problem->text, sizeof(corpus->problem->text), "%s:%d: %s", corpus->file,
			 corpus->line, why);
	return false;
}

static bool
declare(Corpus *corpus, const char *declaration, bool of_location)
{
	YsError		err;
	char	   *copy;

	ys_arena_reset(&corpus->declared);
	copy = ys_arena_copy(&corpus->declared, declaration, strlen(declaration));
	corpus->one.policy = corpus_compile(copy, of_location, false, &corpus->declared, &err);
	corpus->one.of_location = of_location;
	corpus->one.declaration = copy;
	return corpus->one.policy != NULL || complain(corpus, "%s", err.message);
}

static bool
declare_field(Corpus *corpus, const char *text)
{
	return declare(corpus, text, false);
}

static bool
declare_location(Corpus *corpus, const char *text)
{
	return declare(corpus, text, true);
}

static YsSlice
slice(const char *bytes, uint32_t len)
{
	return (YsSlice) {bytes, len};
}

/* {"list": {"word": "meaning", ...}, ...} */
static bool
declare_synonyms(Corpus *corpus, const char *text)
{
	YsSynonyms *synonyms = ys_synonyms_create(&corpus->bound);
	YsValue		lists;
	YsError		err;

	if (!corpus_read(text, &corpus->bound, &lists, &err))
		return complain(corpus, "%s", err.message);
	for (uint32_t i = 0; lists.type == YS_TYPE_MAP && i < lists.len; i++)
	{
		const YsMember *list = &lists.members[i];

		for (uint32_t j = 0; list->value.type == YS_TYPE_MAP && j < list->value.len; j++)
		{
			const YsMember *word = &list->value.members[j];

			if (!ys_synonyms_add(synonyms, slice(list->name, list->name_len),
								 slice(word->name, word->name_len),
								 slice(word->value.bytes, word->value.len), &err))
				return complain(corpus, "%s", err.message);
		}
	}
	if (!ys_synonyms_finish(synonyms, &err))
		return complain(corpus, "%s", err.message);
	corpus->bindings.synonyms = synonyms;
	return true;
}

static bool
obey(Corpus *corpus, char *line)
{
	static const struct
	{
		const char *name;
		bool		(*obey) (Corpus *corpus, const char *text);
	}			directives[] = {
		{"@", declare_field}, {"@location", declare_location}, {"@synonyms", declare_synonyms}
	};
	char	   *text = strchr(line, ' ');

	if (text == NULL)
		return complain(corpus, "a directive without anything behind it");
	*text++ = '\0';
	for (size_t i = 0; i < sizeof(directives) / sizeof(directives[0]); i++)
	{
		if (strcmp(directives[i].name, line) == 0)
			return directives[i].obey(corpus, text);
	}
	return complain(corpus, "unknown directive %s", line);
}

/* One line; false when it is none of a corpus. */
static bool
read_line(Corpus *corpus, char *line, CorpusFn fn, void *arg, int *count)
{
	char	   *tab;

	line[strcspn(line, "\n")] = '\0';
	if (line[0] == '#' || line[0] == '\0')
		return true;
	if (line[0] == '@')
		return obey(corpus, line);
	tab = strchr(line, '\t');
	if (tab == NULL || strchr("=!-", tab[1]) == NULL || tab[1] == '\0')
		return complain(corpus, "neither a comment nor RAW, a tab, and =TEXT, !reason or -");
	if (corpus->one.policy == NULL)
		return complain(corpus, "no declaration stands before the first value");
	*tab = '\0';
	corpus->one.file = corpus->file;
	corpus->one.line = corpus->line;
	corpus->one.raw = line;
	corpus->one.expected = tab + 1;
	corpus->one.bindings = &corpus->bindings;
	fn(arg, &corpus->one);
	(*count)++;
	return true;
}

int
corpus_each(const char *file, CorpusFn fn, void *arg, CorpusProblem *problem)
{
	Corpus		corpus = {.file = file, .problem = problem, .bindings = {.find_zone = zones_find}};
	FILE	   *stream = fopen(file, "r");
	char	   *line = NULL;
	size_t		size = 0;
	int			count = 0;
	bool		ok = true;

	if (stream == NULL)
	{
		complain(&corpus, "%s", strerror(errno));
		return -1;
	}
	ys_arena_init(&corpus.declared, ys_arena_malloc, 0);
	ys_arena_init(&corpus.bound, ys_arena_malloc, 0);
	while (ok && getline(&line, &size, stream) >= 0)
	{
		corpus.line++;
		ok = read_line(&corpus, line, fn, arg, &count);
	}
	if (ok && count == 0)
		ok = complain(&corpus, "an empty corpus");
	free(line);
	fclose(stream);
	ys_arena_free(&corpus.declared);
	ys_arena_free(&corpus.bound);
	return ok ? count : -1;
}
