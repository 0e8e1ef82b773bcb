/*-------------------------------------------------------------------------
 * declare.h
 *	  What the files that compile declarations share.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_DECLARE_H
#define YS_POLICY_DECLARE_H

#include "policy/compiled.h"

typedef struct YsCompiler
{
	YsArena    *arena;
	YsError    *err;
	YsPolicy   *policy;			/* its attributes grow with each path */
	int			npaths;
	const YsUnitNames *units;	/* made for the first numeric field */
	char		subject[96];	/* what is being compiled, for messages: field "x" */
} YsCompiler;

/* One key that an object may have, and where its value goes (NULL when it is absent or null). */
typedef struct YsKey
{
	const char *name;
	const YsValue **value;
} YsKey;

/*
 * YS_ERR_INVALID_POLICY about the compiler's subject; returns false.  DETAIL
 * and HINT are those of a declaration that was not built by the SQL functions,
 * until ys_declare_advise says better ones.
 */
extern bool ys_declare_refuse(YsCompiler *compiler, const char *format,...) YS_PRINTF(2, 3);

/* What holds (two sentences at most), and what to do; returns false. */
extern bool ys_declare_advise(YsCompiler *compiler, const char *hint, const char *detail,...)
			YS_PRINTF(3, 4);

/* An error from below, about the compiler's subject; returns false. */
extern bool ys_declare_forward(YsCompiler *compiler, const YsError *inner);

extern bool ys_declare_out_of_memory(YsCompiler *compiler);

/* Read JSON text; the value lives in the compiler's arena. */
extern bool ys_declare_read(YsCompiler *compiler, const char *json, size_t len, YsValue *value);

/* Take an object apart; refuses what is no object and keys that are not listed. */
extern bool ys_declare_keys(YsCompiler *compiler, const YsValue *object, const YsKey *keys, int nkeys);

/* A string that is not empty, or refused. */
extern bool ys_declare_string(YsCompiler *compiler, const YsValue *value, const char *key, YsSlice *text);

/* true or false; false when it is absent. */
extern bool ys_declare_boolean(YsCompiler *compiler, const YsValue *value, const char *key, bool *truth);

/* One of several words, by its place among them; 0 when it is absent. */
extern bool ys_declare_choice(YsCompiler *compiler, const YsValue *value, const char *key,
							  const char *const *words, int nwords, int *choice);

/* An array of strings, or NULL for none. */
extern bool ys_declare_strings(YsCompiler *compiler, const YsValue *value, const char *key,
							   int max, int *count, YsSlice **texts);

/* Copies of texts as C strings, in the compiler's arena; NULL when that is exhausted. */
extern const char *const *ys_declare_names(YsCompiler *compiler, int count, const YsSlice *texts);

/* An array of paths, or NULL for none. */
extern bool ys_declare_sources(YsCompiler *compiler, const YsValue *value, const char *key,
							   YsSourceList *sources);

/* What a field's declaration has, NULL where it has it not. */
typedef struct YsFieldKeys
{
	const YsValue *name;
	const YsValue *type;
	const YsValue *paths;
	const YsValue *combine;
	const YsValue *formats;
	const YsValue *normalizers;
	const YsValue *unit;
	const YsValue *locale;
	const YsValue *timezone;
	const YsValue *year_pivot;
	const YsValue *synonyms;
	const YsValue *allowed_values;
	const YsValue *function;
	const YsValue *required;
	const YsValue *default_value;
	const YsValue *on_error;
	const YsValue *index;
} YsFieldKeys;

extern bool ys_declare_field(YsCompiler *compiler, const YsValue *object, YsField *field);

/* How values are read: the rules of a field whose name and type are known. */
extern bool ys_declare_rules(YsCompiler *compiler, const YsFieldKeys *keys, YsField *field);
extern bool ys_declare_attributes(YsCompiler *compiler, const YsValue *object, YsAttributeRules *rules);
extern bool ys_declare_area(YsCompiler *compiler, const YsValue *object, YsAreaRules *area);

#endif							/* YS_POLICY_DECLARE_H */
