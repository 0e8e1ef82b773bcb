/*-------------------------------------------------------------------------
 * print.c
 *	  The parts DynamoDB requests are printed from: members and aliases.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "store/dynamodb/print.h"

/* ---- members ---- */

void
ys_request_begin(YsRequestText *request, YsText *text)
{
	request->text = text;
	request->any = false;
	ys_text_add_cstring(text, "{");
}

void
ys_request_end(YsRequestText *request)
{
	ys_text_add_cstring(request->text, "}");
}

void
ys_request_bytes_name(YsRequestText *request, const char *name, size_t len)
{
	if (request->any)
		ys_text_add_cstring(request->text, ",");
	request->any = true;
	ys_text_add_json_string(request->text, name, len);
	ys_text_add_cstring(request->text, ":");
}

void
ys_request_name(YsRequestText *request, const char *name)
{
	ys_request_bytes_name(request, name, strlen(name));
}

void
ys_request_string(YsRequestText *request, const char *name, const char *value)
{
	ys_request_name(request, name);
	ys_text_add_json_string(request->text, value, strlen(value));
}

void
ys_request_int(YsRequestText *request, const char *name, int value)
{
	char		digits[16];

	ys_request_name(request, name);
	snprintf(digits, sizeof(digits), "%d", value);
	ys_text_add_cstring(request->text, digits);
}

void
ys_request_bool(YsRequestText *request, const char *name, bool value)
{
	ys_request_name(request, name);
	ys_text_add_cstring(request->text, value ? "true" : "false");
}

void
ys_request_item(YsRequestText *request, const char *name, const YsValue *map)
{
	ys_request_name(request, name);
	ys_value_print_item(request->text, map);
}

/* ---- aliases ---- */

void
ys_aliases_init(YsAliases *aliases, YsArena *arena)
{
	memset(aliases, 0, sizeof(*aliases));
	aliases->arena = arena;
}

/* Room for one more element; NULL (and failed) when out of memory. */
static void *
grow(YsAliases *aliases, void *old, int count, int *size, size_t element)
{
	int			larger = Max(*size * 2, 8);
	void	   *fresh;

	if (count < *size)
		return old;
	fresh = ys_arena_alloc(aliases->arena, larger * element);
	if (fresh == NULL)
	{
		aliases->failed = true;
		return NULL;
	}
	if (count > 0)
		memcpy(fresh, old, count * element);
	*size = larger;
	return fresh;
}

/* Number of the name's alias: the same name has one. */
static int
alias_name(YsAliases *aliases, const char *name, uint32_t len)
{
	YsAliasedName *names;

	for (int i = 0; i < aliases->nnames; i++)
		if (aliases->names[i].len == len && memcmp(aliases->names[i].name, name, len) == 0)
			return i;
	names = grow(aliases, aliases->names, aliases->nnames, &aliases->names_size, sizeof(*names));
	if (names == NULL)
		return 0;
	aliases->names = names;
	names[aliases->nnames].name = name;
	names[aliases->nnames].len = len;
	return aliases->nnames++;
}

static int
alias_value(YsAliases *aliases, const YsValue *value)
{
	const YsValue **values;

	values = grow(aliases, aliases->values, aliases->nvalues, &aliases->values_size,
				  sizeof(*values));
	if (values == NULL)
		return 0;
	aliases->values = values;
	values[aliases->nvalues] = value;
	return aliases->nvalues++;
}

static void
add_numbered(YsText *text, const char *format, int number)
{
	char		buffer[24];

	snprintf(buffer, sizeof(buffer), format, number);
	ys_text_add_cstring(text, buffer);
}

void
ys_print_name(YsText *text, const char *name, uint32_t len, YsAliases *aliases)
{
	add_numbered(text, "#n%d", alias_name(aliases, name, len));
}

void
ys_print_path(YsText *text, const YsPath *path, YsAliases *aliases)
{
	for (int i = 0; i < path->nsteps; i++)
	{
		const YsPathStep *step = &path->steps[i];

		if (step->name == NULL)
		{
			add_numbered(text, "[%d]", step->index);
			continue;
		}
		if (i > 0)
			ys_text_add_cstring(text, ".");
		ys_print_name(text, step->name, step->name_len, aliases);
	}
}

void
ys_print_value(YsText *text, const YsValue *value, YsAliases *aliases)
{
	add_numbered(text, ":v%d", alias_value(aliases, value));
}

void
ys_request_aliases(YsRequestText *request, YsAliases *aliases)
{
	YsText	   *text = request->text;
	char		alias[16];

	if (aliases->failed)
		text->failed = true;
	if (aliases->nnames > 0)
	{
		YsRequestText names;

		ys_request_name(request, "ExpressionAttributeNames");
		ys_request_begin(&names, text);
		for (int i = 0; i < aliases->nnames; i++)
		{
			snprintf(alias, sizeof(alias), "#n%d", i);
			ys_request_name(&names, alias);
			ys_text_add_json_string(text, aliases->names[i].name, aliases->names[i].len);
		}
		ys_request_end(&names);
	}
	if (aliases->nvalues > 0)
	{
		YsRequestText values;

		ys_request_name(request, "ExpressionAttributeValues");
		ys_request_begin(&values, text);
		for (int i = 0; i < aliases->nvalues; i++)
		{
			snprintf(alias, sizeof(alias), ":v%d", i);
			ys_request_name(&values, alias);
			ys_value_print_typed(text, aliases->values[i]);
		}
		ys_request_end(&values);
	}
}
