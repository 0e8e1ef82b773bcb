/*-------------------------------------------------------------------------
 * path.h
 *	  Paths into a document: service.dates[0], log[*].on, "odd.name".x
 *
 * Grammar: names separated by dots; [n] an element, [*] all of them; a name
 * with other characters than letters, digits, '_', '-', '$', '@', ':' (and bytes over 127)
 * stands in double quotes, with \" and \\ inside.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_PATH_H
#define YS_POLICY_PATH_H

#include "base/arena.h"
#include "base/error.h"
#include "store/value.h"

#define YS_PATH_MAX_STEPS	32

/* False and err (YS_ERR_INVALID_PATH, with the position) on bad syntax. */
extern bool ys_path_parse(const char *text, size_t len, YsArena *arena, YsPath *path, YsError *err);

/*
 * Patterns of paths, besides the names: x* one that begins so, * any, ** any steps or none.
 * Positions can't stand in them, only [*].
 */
#define YS_PATH_PREFIX		(-2)	/* a step's index: its name is a beginning */
#define YS_PATH_ANY			(-3)	/* and its name is empty */

extern bool ys_path_parse_pattern(const char *text, size_t len, YsArena *arena, YsPath *pattern,
								  YsError *err);

/* Does a name stand in a path without quotes, whatever stands beside it? */
extern bool ys_path_is_simple_name(const char *name, uint32_t len);

/* The single value at path, NULL when absent; a [*] yields the first. */
extern const YsValue *ys_path_get(const YsPath *path, const YsValue *item);

/* Every value at path, in document order; fn returns false to stop. */
typedef bool (*YsPathFn) (void *arg, const YsValue *value);
extern bool ys_path_each(const YsPath *path, const YsValue *item, YsPathFn fn, void *arg);

/*
 * The order in which values are put at several paths: what holds others before what is in it,
 * places of a list from the first on.  <0, 0 (the same path), >0.
 */
extern int	ys_path_order(const YsPath *a, const YsPath *b);

#endif							/* YS_POLICY_PATH_H */
