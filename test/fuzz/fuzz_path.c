/*-------------------------------------------------------------------------
 * fuzz_path.c
 *	  Two paths, a line each, and behind them a document to follow them in.
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"

#include "policy/path.h"

typedef struct Visit
{
	const YsValue *first;
	int			count;
} Visit;

static bool
visit(void *arg, const YsValue *value)
{
	Visit	   *visit = arg;

	if (visit->count++ == 0)
		visit->first = value;
	return visit->count < 100000;
}

/* What is at the path by the two ways of following it. */
static void
check_values(const YsPath *path, const YsValue *document)
{
	Visit		seen = {NULL, 0};
	const YsValue *one = ys_path_get(path, document);

	ys_path_each(path, document, visit, &seen);
	FUZZ_CHECK(one == seen.first, "get and each find different values");
}

static bool
is_single(const YsPath *path)
{
	for (int i = 0; i < path->nsteps; i++)
	{
		if (path->steps[i].name == NULL && path->steps[i].index == YS_PATH_EVERY)
			return false;
	}
	return true;
}

/* Cut the first line off. */
static size_t
cut_line(const char **bytes, size_t *len)
{
	const char *end = *len > 0 ? memchr(*bytes, '\n', *len) : NULL;
	size_t		line = end != NULL ? (size_t) (end - *bytes) : *len;
	size_t		used = end != NULL ? line + 1 : line;

	*bytes += used;
	*len -= used;
	return line;
}

void
fuzz_path(const char *bytes, size_t len)
{
	YsArena		arena;
	YsPath		paths[2];
	bool		ok[2];
	YsValue		document;
	YsError		err;
	char	   *json;

	ys_arena_init(&arena, ys_arena_malloc, FUZZ_MEMORY);
	for (int i = 0; i < 2; i++)
	{
		const char *line = bytes;
		size_t		line_len = cut_line(&bytes, &len);
		char	   *copy = fuzz_copy(line, line_len);

		ok[i] = ys_path_parse(copy, line_len, &arena, &paths[i], &err);
		free(copy);
		if (!ok[i])
			fuzz_check_error(&err);
		else
		{
			FUZZ_CHECK(paths[i].nsteps > 0 && paths[i].nsteps <= YS_PATH_MAX_STEPS, "%d steps",
					   paths[i].nsteps);
			FUZZ_CHECK(paths[i].steps[0].name != NULL, "the first step is no name");
			FUZZ_CHECK(ys_path_order(&paths[i], &paths[i]) == 0, "a path is not itself");
		}
	}
	if (ok[0] && ok[1])
	{
		int			order = ys_path_order(&paths[0], &paths[1]);
		int			back = ys_path_order(&paths[1], &paths[0]);

		FUZZ_CHECK((order > 0) == (back < 0) && (order == 0) == (back == 0), "%d and %d", order, back);
	}
	json = ys_arena_copy(&arena, bytes, len);
	if (memchr(json, '\0', len) == NULL && corpus_read(json, &arena, &document, &err))
	{
		for (int i = 0; i < 2; i++)
		{
			if (ok[i])
				check_values(&paths[i], &document);
		}
		if (ok[0] && ok[1] && is_single(&paths[0]) && is_single(&paths[1]) &&
			ys_path_order(&paths[0], &paths[1]) == 0)
			FUZZ_CHECK(ys_path_get(&paths[0], &document) == ys_path_get(&paths[1], &document),
					   "equal paths find different values");
	}
	ys_arena_free(&arena);
}
