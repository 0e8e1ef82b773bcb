/*-------------------------------------------------------------------------
 * secondary.c
 *	  Secondary indexes as option "indexes" declares them: reading and
 *	  printing the declaration.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "catalog/secondary.h"

#define OPTION_NAME			"indexes"
#define INDEX_NAME_MIN		3
#define INDEX_NAME_MAX		255
#define ATTRIBUTE_NAME_MAX	255

typedef struct Parser
{
	const char *text;
	const char *p;
	bool		typed;			/* attributes of keys may have types */
	List	   *known;			/* of YsKeyAttribute: those that have them; only when typed */
} Parser;

/* ---- errors ---- */

static void
refuse(const Parser *parser, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 parser->typed ? errmsg("invalid %s \"%s\"", OPTION_NAME, parser->text) :
			 errmsg("invalid value for option \"%s\": \"%s\"", OPTION_NAME, parser->text),
			 errdetail("At position %d, %s.", (int) (parser->p - parser->text) + 1, what),
			 parser->typed ?
			 errhint("Write it like: by_model (model, year numeric) all; by_city (city) include (name, pos); "
					 "by_age local (vehicle_id, age numeric) keys.") :
			 errhint("Write it like: by_model (model, year) all; by_city (city) include (name, pos); "
					 "by_age local (vehicle_id, age) keys.")));
}

/* ---- names ---- */

static bool
is_plain_byte(char c)
{
	return IS_HIGHBIT_SET(c) || isalnum((unsigned char) c) ||
		(c != '\0' && strchr("_-$@:", c) != NULL);
}

const char *
ys_secondary_quote(const char *name)
{
	StringInfoData quoted;
	const char *c = name;

	while (is_plain_byte(*c))
		c++;
	if (*c == '\0' && c > name)
		return name;
	initStringInfo(&quoted);
	appendStringInfoChar(&quoted, '"');
	for (c = name; *c != '\0'; c++)
	{
		if (*c == '"' || *c == '\\')
			appendStringInfoChar(&quoted, '\\');
		appendStringInfoChar(&quoted, *c);
	}
	appendStringInfoChar(&quoted, '"');
	return quoted.data;
}

/* ---- parsing ---- */

static void
skip_blanks(Parser *parser)
{
	parser->p += strspn(parser->p, " \t\r\n");
}

/* Is this the next character?  Then go past it. */
static bool
take(Parser *parser, char c)
{
	skip_blanks(parser);
	if (*parser->p != c)
		return false;
	parser->p++;
	return true;
}

static void
expect(Parser *parser, char c, const char *what)
{
	if (!take(parser, c))
		refuse(parser, what);
}

static const char *
parse_quoted(Parser *parser)
{
	StringInfoData name;

	initStringInfo(&name);
	for (parser->p++; *parser->p != '"'; parser->p++)
	{
		if (*parser->p == '\\' && (parser->p[1] == '"' || parser->p[1] == '\\'))
			parser->p++;
		if (*parser->p == '\0')
			refuse(parser, "a quoted name does not end");
		appendStringInfoChar(&name, *parser->p);
	}
	parser->p++;
	return name.data;
}

static const char *
parse_name(Parser *parser, const char *expected)
{
	const char *start;

	skip_blanks(parser);
	if (*parser->p == '"')
		return parse_quoted(parser);
	start = parser->p;
	while (is_plain_byte(*parser->p))
		parser->p++;
	if (parser->p == start)
		refuse(parser, expected);
	return pnstrdup(start, parser->p - start);
}

/* Is this the next word?  Then go past it. */
static bool
take_word(Parser *parser, const char *word)
{
	size_t		len = strlen(word);

	skip_blanks(parser);
	if (strncmp(parser->p, word, len) != 0 || is_plain_byte(parser->p[len]))
		return false;
	parser->p += len;
	return true;
}

static const char *
parse_attribute(Parser *parser)
{
	const char *name = parse_name(parser, "the name of an attribute is expected");
	size_t		len = strlen(name);

	if (len < 1 || len > ATTRIBUTE_NAME_MAX)
		refuse(parser, "a name ends that no attribute can have: they have 1 to 255 bytes");
	return name;
}

bool
ys_secondary_key_type(const char *name, size_t len, YsType *type)
{
	static const struct
	{
		const char *name;
		YsType		type;
	}			types[] = {
		{"text", YS_TYPE_STRING}, {"numeric", YS_TYPE_NUMBER}, {"bytea", YS_TYPE_BINARY}
	};

	for (size_t i = 0; i < lengthof(types); i++)
		if (strlen(types[i].name) == len && pg_strncasecmp(name, types[i].name, len) == 0)
		{
			*type = types[i].type;
			return true;
		}
	return false;
}

/* The type that may stand behind an attribute of a key, or is known of it. */
static void
parse_type(Parser *parser, YsKeyAttribute *key)
{
	const YsKeyAttribute *known = NULL;
	const char *start;
	bool		given;
	ListCell   *cell;

	foreach(cell, parser->known)
		if (strcmp(((YsKeyAttribute *) lfirst(cell))->name, key->name) == 0)
			known = lfirst(cell);
	skip_blanks(parser);
	start = parser->p;
	while (is_plain_byte(*parser->p))
		parser->p++;
	given = parser->p > start;
	if (given && !ys_secondary_key_type(start, parser->p - start, &key->type))
		refuse(parser, "a type ends that no key can have: it is text, numeric or bytea");
	if (known == NULL && !given)
		key->type = YS_TYPE_STRING;
	else if (known != NULL && given && known->type != key->type)
		refuse(parser, "another type of the attribute ends than it has elsewhere");
	else if (known != NULL)
		key->type = known->type;
	if (known == NULL)
		parser->known = lappend(parser->known, key);
}

static void
parse_projection(Parser *parser, YsIndexInfo *index)
{
	int			room = 8;

	if (take_word(parser, "all"))
		index->projection = YS_PROJECTION_ALL;
	else if (take_word(parser, "keys"))
		index->projection = YS_PROJECTION_KEYS;
	else if (take_word(parser, "include"))
	{
		index->projection = YS_PROJECTION_INCLUDE;
		index->included = palloc(room * sizeof(char *));
		expect(parser, '(', "( is expected, and the attributes that are included");
		do
		{
			if (index->nincluded == room)
				index->included = repalloc(index->included, (room *= 2) * sizeof(char *));
			index->included[index->nincluded++] = parse_attribute(parser);
		} while (take(parser, ','));
		expect(parser, ')', ") or a comma is expected");
	}
	else
		refuse(parser, "what the index has of the items is expected: all, keys or include (...)");
}

static YsIndexInfo *
parse_index(Parser *parser)
{
	YsIndexInfo *index = palloc0(sizeof(YsIndexInfo));
	size_t		len;

	index->active = true;
	index->name = parse_name(parser, "the name of an index is expected");
	len = strlen(index->name);
	if (len < INDEX_NAME_MIN || len > INDEX_NAME_MAX ||
		strspn(index->name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			   "0123456789_-.") != len)
		refuse(parser, "a name ends that no index can have: they are 3 to 255 letters, digits, "
			   "\"_\", \"-\" and \".\"");
	index->local = take_word(parser, "local");
	expect(parser, '(', "( is expected, and the attributes of the key");
	do
	{
		if (index->nkeys == 2)
			refuse(parser, "a third attribute is found: a key has at most two");
		index->keys[index->nkeys].name = parse_attribute(parser);
		if (parser->typed)
			parse_type(parser, &index->keys[index->nkeys]);
		index->nkeys++;
	} while (take(parser, ','));
	expect(parser, ')', ") or a comma is expected");
	if (index->nkeys == 2 && strcmp(index->keys[0].name, index->keys[1].name) == 0)
		refuse(parser, "a key ends that has the same attribute twice");
	if (index->local && index->nkeys != 2)
		refuse(parser, "the key of a local index ends: it is the table's partition key, and another attribute");
	parse_projection(parser, index);
	return index;
}

static void
check_name_is_new(const Parser *parser, List *indexes, const YsIndexInfo *index)
{
	ListCell   *cell;

	foreach(cell, indexes)
		if (strcmp(((YsIndexInfo *) lfirst(cell))->name, index->name) == 0)
			refuse(parser, psprintf("an index ends that has the name of another, \"%s\"", index->name));
}

static List *
parse_indexes(Parser *parser)
{
	List	   *indexes = NIL;

	do
	{
		YsIndexInfo *index = parse_index(parser);

		check_name_is_new(parser, indexes, index);
		indexes = lappend(indexes, index);
		if (!take(parser, ';'))
			break;
		skip_blanks(parser);
	} while (*parser->p != '\0');
	skip_blanks(parser);
	if (*parser->p != '\0')
		refuse(parser, "; is expected, or the end");
	return indexes;
}

List *
ys_secondary_parse(const char *value)
{
	Parser		parser = {.text = value, .p = value};

	return parse_indexes(&parser);
}

List *
ys_secondary_parse_new(const char *value, int nkeys, const YsKeyAttribute *keys)
{
	Parser		parser = {.text = value, .p = value, .typed = true};

	for (int i = 0; i < nkeys; i++)
		parser.known = lappend(parser.known, unconstify(YsKeyAttribute *, &keys[i]));
	return parse_indexes(&parser);
}

/* ---- printing ---- */

static void
print_names(StringInfo text, int count, const char *const *names)
{
	for (int i = 0; i < count; i++)
		appendStringInfo(text, "%s%s", i == 0 ? "(" : ", ", ys_secondary_quote(names[i]));
	appendStringInfoChar(text, ')');
}

void
ys_secondary_print(StringInfo text, const YsIndexInfo *index)
{
	const char *keys[2] = {index->keys[0].name, index->keys[1].name};

	appendStringInfo(text, "%s %s", ys_secondary_quote(index->name), index->local ? "local " : "");
	print_names(text, index->nkeys, keys);
	if (index->projection == YS_PROJECTION_INCLUDE)
	{
		appendStringInfoString(text, " include ");
		print_names(text, index->nincluded, index->included);
	}
	else
		appendStringInfoString(text, index->projection == YS_PROJECTION_ALL ? " all" : " keys");
}

/* ---- what an index has ---- */

static bool
is_named(const char *attribute, const char *name, uint32_t len)
{
	return strlen(attribute) == len && memcmp(attribute, name, len) == 0;
}

bool
ys_secondary_projects(const YsSource *source, const YsIndexInfo *index, const char *name,
					  uint32_t len)
{
	bool		found = index->projection == YS_PROJECTION_ALL ||
		ys_source_is_key(source, name, len);

	for (int i = 0; !found && i < index->nkeys; i++)
		found = is_named(index->keys[i].name, name, len);
	for (int i = 0; !found && i < index->nincluded; i++)
		found = is_named(index->included[i], name, len);
	return found;
}
