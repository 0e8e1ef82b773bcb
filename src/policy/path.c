/*-------------------------------------------------------------------------
 * path.c
 *	  Parsing and following paths into a document.
 *
 * Following a path visits each node of the document at most once, and
 * recurses no deeper than the path has steps.
 *-------------------------------------------------------------------------
 */
#include "policy/path.h"

#include <string.h>

#include "policy/normalize/text.h"

/* Far past any list that fits into an item. */
#define LARGEST_INDEX	9999999

typedef struct PathParser
{
	const char *text;
	const char *p;
	const char *end;
	YsArena    *arena;
	YsPathStep *steps;
	int			nsteps;
	bool		pattern;
	YsError    *err;
} PathParser;

static bool
refuse(PathParser *parser, const char *what)
{
	size_t		len = (size_t) (parser->end - parser->text);

	ys_error_set(parser->err, YS_ERR_INVALID_PATH, "invalid path \"%.*s\": %s at position %d",
				 (int) ys_string_cut(parser->text, len, 100), parser->text, what,
				 (int) (parser->p - parser->text) + 1);
	ys_error_detail(parser->err, "A path is names separated by dots; [n] is an element of a list, [*] all of them; "
					"a name with other characters than letters, digits, _ - $ @ : stands in double quotes.");
	ys_error_hint(parser->err, parser->pattern ?
				  "Write a pattern like one of these: spec, spec.engine.*, log[*].n*, **.vin." :
				  "Write it like one of these: service.dates[0], log[*].on, \"odd.name\".x.");
	return false;
}

static bool
out_of_memory(PathParser *parser)
{
	return ys_error_set(parser->err, YS_ERR_OUT_OF_MEMORY, "out of memory while reading a path");
}

static bool
is_name_byte(char c)
{
	return ys_ascii_is_letter(c) || ys_ascii_is_digit(c) ||
		c == '_' || c == '-' || c == '$' || c == '@' || c == ':' || (unsigned char) c > 127;
}

bool
ys_path_is_simple_name(const char *name, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
	{
		if (!is_name_byte(name[i]))
			return false;
	}
	return len > 0;
}

static bool
add_step(PathParser *parser, YsPathStep step)
{
	if (parser->nsteps == YS_PATH_MAX_STEPS)
		return refuse(parser, "more than 32 steps");
	parser->steps[parser->nsteps++] = step;
	return true;
}

static bool
parse_quoted_name(PathParser *parser)
{
	char	   *name = ys_arena_alloc(parser->arena, (size_t) (parser->end - parser->p));
	uint32_t	len = 0;

	if (name == NULL)
		return out_of_memory(parser);
	for (parser->p++;; parser->p++)
	{
		if (parser->p == parser->end)
			return refuse(parser, "a quoted name that does not end");
		if (*parser->p == '"')
			break;
		if (*parser->p == '\\')
		{
			parser->p++;
			if (parser->p == parser->end || (*parser->p != '"' && *parser->p != '\\'))
				return refuse(parser, "only \\\" and \\\\ may follow a backslash");
		}
		name[len++] = *parser->p;
	}
	if (len == 0)
		return refuse(parser, "an empty name");
	parser->p++;
	name[len] = '\0';
	return add_step(parser, (YsPathStep) {name, len, 0});
}

static bool
parse_name(PathParser *parser)
{
	const char *start = parser->p;
	char	   *name;
	uint32_t	len;
	int			stars = 0;

	if (parser->p < parser->end && *parser->p == '"')
		return parse_quoted_name(parser);
	while (parser->p < parser->end && is_name_byte(*parser->p))
		parser->p++;
	len = (uint32_t) (parser->p - start);
	for (; parser->pattern && parser->p < parser->end && *parser->p == '*'; parser->p++)
		stars++;
	if (len == 0 && stars == 0)
		return refuse(parser, "a name is expected");
	if (stars > 2 || (stars == 2 && len > 0))
		return refuse(parser, "one * may end a name, and ** stand for steps");
	name = ys_arena_copy(parser->arena, start, len);
	if (name == NULL)
		return out_of_memory(parser);
	return add_step(parser, (YsPathStep) {name, len, stars == 2 ? YS_PATH_ANY : stars == 1 ? YS_PATH_PREFIX : 0});
}

/* At '['. */
static bool
parse_index(PathParser *parser)
{
	int			index = 0;

	parser->p++;
	if (parser->p < parser->end && *parser->p == '*')
	{
		index = YS_PATH_EVERY;
		parser->p++;
	}
	else
	{
		if (parser->pattern)
			return refuse(parser, "* is expected");
		if (parser->p == parser->end || !ys_ascii_is_digit(*parser->p))
			return refuse(parser, "a position or * is expected");
		for (; parser->p < parser->end && ys_ascii_is_digit(*parser->p); parser->p++)
		{
			index = index * 10 + (*parser->p - '0');
			if (index > LARGEST_INDEX)
				return refuse(parser, "a position that is too large");
		}
	}
	if (parser->p == parser->end || *parser->p != ']')
		return refuse(parser, "] is expected");
	parser->p++;
	return add_step(parser, (YsPathStep) {NULL, 0, index});
}

static bool
parse(const char *text, size_t len, bool pattern, YsArena *arena, YsPath *path, YsError *err)
{
	YsPathStep	steps[YS_PATH_MAX_STEPS];
	PathParser	parser = {text, text, text + len, arena, steps, 0, pattern, err};
	YsPathStep *copy;

	if (ys_string_check(text, len) != NULL)
	{
		ys_error_set(err, YS_ERR_INVALID_PATH, "invalid path: it is not text");
		ys_error_detail(err, "It has U+0000 or bytes that are no UTF-8.");
		ys_error_hint(err, "Take these characters out.");
		return false;
	}
	if (!parse_name(&parser))
		return false;
	while (parser.p < parser.end)
	{
		if (*parser.p == '[')
		{
			if (!parse_index(&parser))
				return false;
		}
		else if (*parser.p == '.')
		{
			parser.p++;
			if (!parse_name(&parser))
				return false;
		}
		else
			return refuse(&parser, ". or [ is expected");
	}
	copy = ys_arena_alloc(arena, sizeof(YsPathStep) * (size_t) parser.nsteps);
	if (copy == NULL)
		return out_of_memory(&parser);
	memcpy(copy, steps, sizeof(YsPathStep) * (size_t) parser.nsteps);
	path->nsteps = parser.nsteps;
	path->steps = copy;
	return true;
}

bool
ys_path_parse(const char *text, size_t len, YsArena *arena, YsPath *path, YsError *err)
{
	return parse(text, len, false, arena, path, err);
}

bool
ys_path_parse_pattern(const char *text, size_t len, YsArena *arena, YsPath *pattern, YsError *err)
{
	return parse(text, len, true, arena, pattern, err);
}

static bool
each_from(const YsPathStep *step, const YsPathStep *end, const YsValue *value,
		  YsPathFn fn, void *arg)
{
	for (; step < end; step++)
	{
		if (step->name != NULL)
		{
			if (value->type != YS_TYPE_MAP)
				return true;
			value = ys_value_member(value, step->name, step->name_len);
			if (value == NULL)
				return true;
			continue;
		}
		if (!ys_value_has_elements(value))
			return true;
		if (step->index == YS_PATH_EVERY)
		{
			for (uint32_t i = 0; i < value->len; i++)
			{
				if (!each_from(step + 1, end, &value->elements[i], fn, arg))
					return false;
			}
			return true;
		}
		if ((uint32_t) step->index >= value->len)
			return true;
		value = &value->elements[step->index];
	}
	return fn(arg, value);
}

bool
ys_path_each(const YsPath *path, const YsValue *item, YsPathFn fn, void *arg)
{
	return each_from(path->steps, path->steps + path->nsteps, item, fn, arg);
}

static bool
keep_first(void *arg, const YsValue *value)
{
	*(const YsValue **) arg = value;
	return false;
}

const YsValue *
ys_path_get(const YsPath *path, const YsValue *item)
{
	const YsValue *found = NULL;

	ys_path_each(path, item, keep_first, &found);
	return found;
}

static int
order_steps(const YsPathStep *a, const YsPathStep *b)
{
	uint32_t	len = a->name_len < b->name_len ? a->name_len : b->name_len;
	int			order;

	if (a->name == NULL || b->name == NULL)
		return a->name != NULL ? 1 : b->name != NULL ? -1 : (a->index > b->index) - (a->index < b->index);
	order = memcmp(a->name, b->name, len);
	return order != 0 ? order : (a->name_len > b->name_len) - (a->name_len < b->name_len);
}

int
ys_path_order(const YsPath *a, const YsPath *b)
{
	for (int i = 0; i < a->nsteps && i < b->nsteps; i++)
	{
		int			order = order_steps(&a->steps[i], &b->steps[i]);

		if (order != 0)
			return order;
	}
	return (a->nsteps > b->nsteps) - (a->nsteps < b->nsteps);
}
