/*-------------------------------------------------------------------------
 * corpus.h
 *	  The corpora of test/corpus: raw values, and what a field makes of them.
 *
 * One line is one of these:
 *
 *	# comment						and an empty line
 *	@ {"type": "date", ...}			the field, without name and paths, for the lines that follow
 *	@location {...}					or the area, without paths; kind location unless it says otherwise
 *	@synonyms {"list": {"word": "meaning"}}		all lists of synonyms there are, for the lines that follow
 *	RAW<TAB>EXPECTED
 *
 * RAW is plain JSON: numbers are N, strings S.  It stands at the path
 * "value", which is the only path unless the declaration has paths of its own.
 * EXPECTED is "=" and the result, "!" and the reason for a refusal, or "-" when
 * there is nothing.  The result is 2024-03-12 of a date,
 * 2024-03-12T09:15:00Z (or .ffffff) of a timestamp, a number's canonical text,
 * true or false, a text as JSON string, text[] and jsonb as JSON, a location as lat,lon.
 *-------------------------------------------------------------------------
 */
#ifndef YS_TEST_CORPUS_H
#define YS_TEST_CORPUS_H

#include "base/arena.h"
#include "policy/policy.h"

/* One raw value.  All of it lives while the callback runs. */
typedef struct CorpusCase
{
	const char *file;
	int			line;
	const char *raw;
	const char *expected;
	bool		of_location;
	const char *declaration;	/* of the field or area, as it stands there */
	const YsPolicy *policy;
	const YsBindings *bindings;
} CorpusCase;

/* What cannot be read, by its place: "file:line: why". */
typedef struct CorpusProblem
{
	char		text[1024];
} CorpusProblem;

typedef void (*CorpusFn) (void *arg, const CorpusCase *one);

/*
 * Hand each raw value of a file to fn.  The number of them, or -1 and problem: a file that cannot
 * be read or has none, an unknown directive, a declaration that is refused, a line without a tab.
 */
extern int	corpus_each(const char *file, CorpusFn fn, void *arg, CorpusProblem *problem);

/*
 * Compile a field's (or area's) declaration; without paths its value is at "value".  one_value: it is
 * there whatever the declaration says about paths, and how to combine them.
 */
extern YsPolicy *corpus_compile(const char *declaration, bool of_location, bool one_value,
								YsArena *arena, YsError *err);

/* Read RAW. */
extern bool corpus_read(const char *raw, YsArena *arena, YsValue *value, YsError *err);

/* What the policy makes of a value, written as EXPECTED is; in arena. */
extern const char *corpus_result(const YsPolicy *policy, bool of_location, const YsBindings *bindings,
								 const YsValue *value, YsArena *arena);

/* Do two results say the same?  JSON and coordinates can be spelt in several ways. */
extern bool corpus_same(const char *a, const char *b, YsArena *arena);

#endif							/* YS_TEST_CORPUS_H */
