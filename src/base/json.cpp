/*-------------------------------------------------------------------------
 * json.cpp
 *	  The JSON reader: simdjson's index of a document, walked on demand.
 *
 * simdjson's first stage checks UTF-8, strings' ends and control characters
 * with vector instructions chosen at run time, and leaves the offset of every
 * token: each bracket, colon, comma, and the first byte of each scalar.  The
 * walk over those offsets is ours and not simdjson's on-demand front end,
 * which (as of 3.0.1) reads past the last token of some unbalanced documents
 * and stops them by assert().  Here each step is checked against the number
 * of tokens, brackets are matched even in what is skipped, and an unescaped
 * string is handed out where it stands.
 *
 * A token reaches from its offset to the next token's, less the white space
 * between, because stage 1 gives an offset to everything that is neither
 * white space nor part of the token before.
 *
 * Nothing here throws: memory comes from nothrow new, and no simdjson call
 * that is used throws.  What a malformed document makes wrong stays wrong
 * (the reader's failed), so that a callback cannot swallow it.
 *-------------------------------------------------------------------------
 */
#define SIMDJSON_EXCEPTIONS 0
#include <simdjson.h>

#include <cstring>
#include <memory>
#include <new>

#include "base/json_text.h"

/* Index and buffer are kept between documents up to this size. */
#define FIRST_CAPACITY	((size_t) 64 * 1024)
#define KEEP_CAPACITY	((size_t) 4 * 1024 * 1024)

/* Small steps of the walk, of which a document takes thousands. */
#ifdef __GNUC__
#define HOT		inline __attribute__((always_inline))
#define COLD	__attribute__((noinline, cold))
#else
#define HOT		inline
#define COLD
#endif

struct YsJsonReader
{
	std::unique_ptr<simdjson::internal::dom_parser_implementation> stage;
	size_t		capacity;		/* longest document stage can index */
	std::unique_ptr<char[]> unescaped;	/* strings that had escapes */
	size_t		unescaped_size;
	size_t		unescaped_used;

	/* the document being read */
	const char *bytes;
	size_t		len;
	const uint32_t *offsets;
	uint32_t	ntokens;
	bool		writable;		/* strings handed out are ended by a NUL in it */
	bool		failed;
	YsError		error;			/* why, when failed */

	/* an array in it that is read element by element */
	uint32_t	element;		/* the next one; behind the last, the token behind the array */
	bool		more;			/* there is a next one */
	uint32_t	known_after;	/* the members from this token on have been read */
};

struct YsJsonNode
{
	YsJsonReader *reader;
	uint32_t	token;
	uint32_t	after;			/* the token behind it, once it was read whole; else 0 */
	int			depth;			/* containers around it */
};

namespace
{

COLD bool
malformed(YsJsonReader *reader, size_t offset, const char *why, YsError *err)
{
	reader->failed = true;
	ys_error_set(&reader->error, YS_ERR_INVALID_DATA, "document is not valid JSON");
	ys_error_detail(&reader->error, "At byte %zu: %s.", offset, why);
	if (err != nullptr)
		*err = reader->error;
	return false;
}

/* Report again what was already found malformed. */
COLD bool
still_failed(YsJsonReader *reader, YsError *err)
{
	if (err != nullptr)
		*err = reader->error;
	return false;
}

HOT size_t
token_offset(const YsJsonReader *reader, uint32_t token)
{
	return token < reader->ntokens ? reader->offsets[token] : reader->len;
}

/* First byte of a token, or NUL behind the last one. */
HOT char
token_byte(const YsJsonReader *reader, uint32_t token)
{
	return token < reader->ntokens ? reader->bytes[reader->offsets[token]] : '\0';
}

HOT bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The bytes of a scalar token. */
HOT void
token_text(const YsJsonReader *reader, uint32_t token, const char **bytes, size_t *len)
{
	size_t		start = token_offset(reader, token);
	size_t		end = token_offset(reader, token + 1);

	while (end > start && is_space(reader->bytes[end - 1]))
		end--;
	*bytes = reader->bytes + start;
	*len = end - start;
}

/* What a value that starts with each byte is, if it is any. */
struct KindTable
{
	uint8_t		kind[256];

	constexpr KindTable() : kind()
	{
		for (int i = 0; i < 256; i++)
			kind[i] = YS_JSON_INVALID;
		for (int i = '0'; i <= '9'; i++)
			kind[i] = YS_JSON_NUMBER;
		kind[(int) '-'] = YS_JSON_NUMBER;
		kind[(int) '{'] = YS_JSON_OBJECT;
		kind[(int) '['] = YS_JSON_ARRAY;
		kind[(int) '"'] = YS_JSON_STRING;
		kind[(int) 't'] = YS_JSON_BOOL;
		kind[(int) 'f'] = YS_JSON_BOOL;
		kind[(int) 'n'] = YS_JSON_NULL;
	}
};

constexpr KindTable kinds;

HOT YsJsonKind
kind_of(char first)
{
	return (YsJsonKind) kinds.kind[(unsigned char) first];
}

const char *
kind_name(YsJsonKind kind)
{
	static const char *const names[] = {
		"an object", "an array", "a string", "a number", "a boolean", "null", "no JSON value"
	};

	return names[kind];
}

HOT bool
is_bracket(char c)
{
	/* [ ] { } and few others have these bits: one test for the common no */
	return (c & 0xD9) == 0x59 && (c == '[' || c == ']' || c == '{' || c == '}');
}

/* Find the token behind a container, matching its brackets. */
bool
skip_container(YsJsonReader *reader, uint32_t token, int depth, uint32_t *after, YsError *err)
{
	char		closers[YS_JSON_MAX_DEPTH];
	int			level = 0;

	for (; token < reader->ntokens; token++)
	{
		char		c = reader->bytes[reader->offsets[token]];

		if (!is_bracket(c))
			continue;
		if (c == '{' || c == '[')
		{
			if (depth + level >= YS_JSON_MAX_DEPTH)
				return malformed(reader, token_offset(reader, token), "nested too deeply", err);
			closers[level++] = (char) (c + 2);
			continue;
		}
		if (c != closers[level - 1])
			return malformed(reader, token_offset(reader, token), "brackets do not match", err);
		if (--level == 0)
		{
			*after = token + 1;
			return true;
		}
	}
	return malformed(reader, reader->len, "the document ends inside an object or array", err);
}

/* Make sure that node->after is known. */
HOT bool
finish_node(YsJsonNode *node, YsError *err)
{
	if (node->after != 0)
		return true;
	if (is_bracket(token_byte(node->reader, node->token)))
		return skip_container(node->reader, node->token, node->depth, &node->after, err);
	node->after = node->token + 1;
	return true;
}

/*
 * Pass over a child, and the comma or closing bracket behind it.  *more says
 * which; *token is then the next child's, or the one behind the container.
 */
HOT bool
next_child(YsJsonNode *child, char closer, uint32_t *token, bool *more, YsError *err)
{
	YsJsonReader *reader = child->reader;
	char		c;

	if (reader->failed)
		return still_failed(reader, err);
	if (!finish_node(child, err))
		return false;
	c = token_byte(reader, child->after);
	if (c != ',' && c != closer)
		return malformed(reader, token_offset(reader, child->after),
						 closer == '}' ? "a comma or } is missing" : "a comma or ] is missing", err);
	*more = c == ',';
	*token = child->after + 1;
	return true;
}

/* Start a child at token, which must look like a value. */
HOT bool
start_child(const YsJsonNode *parent, uint32_t token, YsJsonNode *child, YsError *err)
{
	child->reader = parent->reader;
	child->token = token;
	child->after = 0;
	child->depth = parent->depth + 1;
	if (kind_of(token_byte(parent->reader, token)) == YS_JSON_INVALID)
		return malformed(parent->reader, token_offset(parent->reader, token),
						 "a value is missing", err);
	return true;
}

/* Is this the word that its first letter is taken for? */
COLD bool
is_word(const char *text, size_t len, YsJsonKind kind)
{
	if (kind == YS_JSON_NULL)
		return len == 4 && memcmp(text, "null", 4) == 0;
	return (len == 4 && memcmp(text, "true", 4) == 0) || (len == 5 && memcmp(text, "false", 5) == 0);
}

COLD bool
wrong_kind(const YsJsonNode *node, YsJsonKind kind, YsJsonKind wanted, YsError *err)
{
	const char *text;
	size_t		len;

	if (kind == YS_JSON_NULL || kind == YS_JSON_BOOL)
	{
		token_text(node->reader, node->token, &text, &len);
		if (!is_word(text, len, kind))
			return malformed(node->reader, token_offset(node->reader, node->token), "no JSON value", err);
	}
	return ys_error_set(err, YS_ERR_INVALID_DATA, "JSON has %s where %s is expected", kind_name(kind), kind_name(wanted));
}

/* Is this node what the caller takes it for? */
HOT bool
check_kind(const YsJsonNode *node, YsJsonKind wanted, YsError *err)
{
	YsJsonKind	kind = kind_of(token_byte(node->reader, node->token));

	if (node->reader->failed)
		return still_failed(node->reader, err);
	return kind == wanted || wrong_kind(node, kind, wanted, err);
}

/* Check that a container may be entered. */
HOT bool
check_container(const YsJsonNode *node, YsJsonKind wanted, YsError *err)
{
	if (!check_kind(node, wanted, err))
		return false;
	if (node->depth >= YS_JSON_MAX_DEPTH)
		return malformed(node->reader, token_offset(node->reader, node->token),
						 "nested too deeply", err);
	return true;
}

/* Unescape into the reader's buffer. */
bool
unescape(YsJsonReader *reader, const char *text, size_t text_len,
		 const char **bytes, size_t *len, YsError *err)
{
	char	   *out = reader->unescaped.get() + reader->unescaped_used;
	size_t		bad;

	/* Every escape is shorter unescaped: all strings fit with a NUL, if each is read once. */
	if (reader->unescaped_size - reader->unescaped_used < text_len)
		return ys_error_set(err, YS_ERR_INVALID_DATA, "a JSON string was read more than once");
	if (!ys_json_unescape(text, text_len, out, len, &bad))
		return malformed(reader, (size_t) (text - reader->bytes) + bad,
						 "invalid escape in a string", err);
	out[*len] = '\0';
	*bytes = out;
	reader->unescaped_used += *len + 1;
	return true;
}

/*
 * Is there a backslash among len bytes?  Most strings are short and have
 * none: they are looked at by the word, with bytes behind them, which are
 * there because documents are padded; those may make it say yes in vain.
 */
HOT bool
may_have_escape(const char *bytes, size_t len)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t	found = 0;

	if (len > 32)
		return memchr(bytes, '\\', len) != nullptr;
	for (size_t i = 0; i < len; i += 8)
	{
		uint64_t	word;

		memcpy(&word, bytes + i, 8);
		word ^= ones * '\\';
		found |= (word - ones) & ~word & (ones * 0x80);
	}
	return found != 0;
}

/* The unescaped bytes of a string token. */
HOT bool
token_string(YsJsonReader *reader, uint32_t token, const char **bytes, size_t *len, YsError *err)
{
	const char *text;
	size_t		text_len;

	token_text(reader, token, &text, &text_len);
	if (text_len < 2 || text[0] != '"' || text[text_len - 1] != '"')
		return malformed(reader, token_offset(reader, token), "a string is missing", err);
	text++;
	text_len -= 2;
	*bytes = text;
	*len = text_len;
	if (may_have_escape(text, text_len) && !unescape(reader, text, text_len, bytes, len, err))
		return false;
	/* in the place of the closing quote */
	if (reader->writable)
		const_cast<char *>(*bytes)[*len] = '\0';
	return true;
}

/* Make room to index len bytes; a rare giant's buffers are given back. */
bool
reserve(YsJsonReader *reader, size_t len)
{
	size_t		capacity = FIRST_CAPACITY;

	if (len <= reader->capacity && (reader->capacity <= KEEP_CAPACITY || len > KEEP_CAPACITY))
		return true;
	while (capacity < len && capacity < KEEP_CAPACITY)
		capacity *= 2;
	if (capacity < len)
		capacity = len;
	reader->capacity = 0;
	reader->unescaped_size = 0;
	reader->stage.reset();
	reader->unescaped.reset(new (std::nothrow) char[capacity]);
	if (reader->unescaped == nullptr ||
		simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, 1, reader->stage) != simdjson::SUCCESS)
	{
		reader->stage.reset();
		reader->unescaped.reset();
		return false;
	}
	reader->capacity = capacity;
	reader->unescaped_size = capacity;
	return true;
}

/* Run stage 1 over the document. */
bool
index_document(YsJsonReader *reader, YsError *err)
{
	if (reader->len > simdjson::SIMDJSON_MAXSIZE_BYTES)
		return ys_error_set(err, YS_ERR_TOO_LARGE, "JSON document is larger than 4 GB");
	if (!reserve(reader, reader->len))
		return ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "out of memory reading a JSON document");
	switch (reader->stage->stage1(reinterpret_cast<const uint8_t *>(reader->bytes), reader->len,
								  simdjson::stage1_mode::regular))
	{
		case simdjson::SUCCESS:
			reader->offsets = reader->stage->structural_indexes.get();
			reader->ntokens = reader->stage->n_structural_indexes;
			return true;
		case simdjson::EMPTY:
			return malformed(reader, 0, "the document is empty", err);
		case simdjson::UTF8_ERROR:
			return malformed(reader, 0, "the document is not valid UTF-8", err);
		case simdjson::UNCLOSED_STRING:
			return malformed(reader, reader->len, "the document ends inside a string", err);
		case simdjson::UNESCAPED_CHARS:
			return malformed(reader, 0, "a string holds an unescaped control character", err);
		default:
			return malformed(reader, 0, "the document cannot be split into tokens", err);
	}
}

/* Make bytes the document that is read. */
bool
start_document(YsJsonReader *reader, const char *bytes, size_t len, YsError *err)
{
	reader->bytes = bytes;
	reader->len = len;
	reader->ntokens = 0;
	reader->unescaped_used = 0;
	reader->writable = false;
	reader->more = false;
	reader->failed = false;
	if (len == 0)
		return malformed(reader, 0, "the document is empty", err);
	return index_document(reader, err);
}

/* Start with the member whose name is at token. */
HOT bool
start_member(const YsJsonNode *parent, uint32_t token, const char **name, size_t *len,
			 YsJsonNode *value, YsError *err)
{
	YsJsonReader *reader = parent->reader;

	if (!token_string(reader, token, name, len, err))
		return false;
	if (token_byte(reader, token + 1) != ':')
		return malformed(reader, token_offset(reader, token + 1), "a colon is missing", err);
	return start_child(parent, token + 2, value, err);
}

/* Nothing may follow the document's value. */
bool
check_end(YsJsonReader *reader, uint32_t after, YsError *err)
{
	if (after == reader->ntokens)
		return true;
	return malformed(reader, token_offset(reader, after),
					 "something follows the end of the document", err);
}

/*
 * Looking from the end of a document that is an object, the token behind the
 * last of its members' arrays; 0 when none is found.
 */
uint32_t
behind_last_array(const YsJsonReader *reader)
{
	int			depth = 0;

	for (uint32_t token = reader->ntokens; token-- > 1;)
	{
		char		c = token_byte(reader, token);

		if (c == ']' && depth == 1)
			return token + 1;
		if (c == '}' || c == ']')
			depth++;
		else if (c == '{' || c == '[')
			depth--;
	}
	return 0;
}

/* Visit the members that follow the token behind a member, to the end of the document. */
bool
visit_rest(YsJsonReader *reader, uint32_t after, YsJsonMemberFn fn, void *arg, YsError *err)
{
	YsJsonNode	root = {reader, 0, 0, 0};
	YsJsonNode	child = {reader, 0, after, 1};
	uint32_t	token = after;
	bool		more;

	for (;;)
	{
		const char *name;
		size_t		len;

		if (!next_child(&child, '}', &token, &more, err))
			return false;
		if (!more)
			return check_end(reader, token, err);
		if (!start_member(&root, token, &name, &len, &child, err) ||
			!fn(arg, name, len, &child))
			return false;
	}
}

/* Visit the members between the array that was read and those that were visited before. */
bool
visit_between(YsJsonReader *reader, YsJsonMemberFn fn, void *arg, YsError *err)
{
	YsJsonNode	root = {reader, 0, 0, 0};
	YsJsonNode	child = {reader, 0, reader->element, 1};
	uint32_t	token = reader->element;
	bool		more;

	while (child.after < reader->known_after)
	{
		const char *name;
		size_t		len;

		if (!next_child(&child, '}', &token, &more, err))
			return false;
		if (!more)
			break;
		if (!start_member(&root, token, &name, &len, &child, err) ||
			!fn(arg, name, len, &child))
			return false;
		if (reader->failed)
			return still_failed(reader, err);
		if (!finish_node(&child, err))
			return false;
	}
	if (child.after != reader->known_after)
		return malformed(reader, token_offset(reader, child.after), "brackets do not match", err);
	return true;
}

}								/* namespace */

extern "C"
{

YsJsonReader *
ys_json_reader_create(void)
{
	return new (std::nothrow) YsJsonReader();
}

void
ys_json_reader_destroy(YsJsonReader *reader)
{
	delete reader;
}

bool
ys_json_read(YsJsonReader *reader, const char *bytes, size_t len, YsJsonRootFn fn, void *arg,
			 YsError *err)
{
	YsJsonNode	root = {reader, 0, 0, 0};

	if (!start_document(reader, bytes, len, err))
		return false;
	if (kind_of(token_byte(reader, 0)) == YS_JSON_INVALID)
		return malformed(reader, token_offset(reader, 0), "a value is missing", err);
	if (!fn(arg, &root))
		return reader->failed ? still_failed(reader, err) : false;
	if (reader->failed)
		return still_failed(reader, err);
	if (!finish_node(&root, err))
		return false;
	return check_end(reader, root.after, err);
}

bool
ys_json_begin_elements(YsJsonReader *reader, char *bytes, size_t len, const char *name,
					   YsJsonMemberFn fn, void *arg, YsError *err)
{
	size_t		wanted_len = strlen(name);
	YsJsonNode	root = {reader, 0, 0, 0};
	uint32_t	token = 1;
	bool		more;

	if (!start_document(reader, bytes, len, err) || !check_container(&root, YS_JSON_OBJECT, err))
		return false;
	reader->writable = true;
	more = token_byte(reader, token) != '}';
	if (!more)
		token++;
	while (more)
	{
		YsJsonNode	child;
		const char *found;
		size_t		found_len;

		if (!start_member(&root, token, &found, &found_len, &child, err))
			return false;
		if (found_len == wanted_len && memcmp(found, name, wanted_len) == 0 &&
			token_byte(reader, child.token) == '[')
		{
			reader->element = child.token + 1;
			reader->more = token_byte(reader, reader->element) != ']';
			if (!reader->more)
				reader->element++;
			reader->known_after = behind_last_array(reader);
			if (reader->known_after < reader->element)
				return malformed(reader, reader->len,
								 "the document ends inside an object or array", err);
			return visit_rest(reader, reader->known_after, fn, arg, err);
		}
		if (!fn(arg, found, found_len, &child) || !next_child(&child, '}', &token, &more, err))
			return false;
	}
	reader->element = reader->known_after = token;
	return check_end(reader, token, err);
}

bool
ys_json_next_element(YsJsonReader *reader, YsJsonRootFn element_fn, YsJsonMemberFn member_fn,
					 void *arg, bool *more, YsError *err)
{
	YsJsonNode	array = {reader, 0, 0, 1};
	YsJsonNode	child;

	*more = reader->more;
	if (reader->failed)
		return still_failed(reader, err);
	if (!reader->more)
		return visit_between(reader, member_fn, arg, err);
	return start_child(&array, reader->element, &child, err) && element_fn(arg, &child) &&
		next_child(&child, ']', &reader->element, &reader->more, err);
}

YsJsonKind
ys_json_kind(YsJsonNode *node)
{
	YsJsonKind	kind = kind_of(token_byte(node->reader, node->token));
	const char *text;
	size_t		len;

	/* Nobody reads a null further, so its spelling is checked here. */
	if (kind == YS_JSON_NULL)
	{
		token_text(node->reader, node->token, &text, &len);
		if (!is_word(text, len, kind))
			kind = YS_JSON_INVALID;
	}
	return kind;
}

bool
ys_json_each_member(YsJsonNode *node, YsJsonMemberFn fn, void *arg, YsError *err)
{
	YsJsonReader *reader = node->reader;
	uint32_t	token = node->token + 1;
	bool		more;

	if (!check_container(node, YS_JSON_OBJECT, err))
		return false;
	more = token_byte(reader, token) != '}';
	if (!more)
		token++;
	while (more)
	{
		YsJsonNode	child;
		const char *name;
		size_t		len;

		if (!start_member(node, token, &name, &len, &child, err))
			return false;
		if (!fn(arg, name, len, &child))
			return false;
		if (!next_child(&child, '}', &token, &more, err))
			return false;
	}
	node->after = token;
	return true;
}

bool
ys_json_each_element(YsJsonNode *node, YsJsonElementFn fn, void *arg, YsError *err)
{
	uint32_t	token = node->token + 1;
	size_t		i = 0;
	bool		more;

	if (!check_container(node, YS_JSON_ARRAY, err))
		return false;
	more = token_byte(node->reader, token) != ']';
	if (!more)
		token++;
	while (more)
	{
		YsJsonNode	child;

		if (!start_child(node, token, &child, err))
			return false;
		if (!fn(arg, i++, &child))
			return false;
		if (!next_child(&child, ']', &token, &more, err))
			return false;
	}
	node->after = token;
	return true;
}

bool
ys_json_string(YsJsonNode *node, const char **bytes, size_t *len, YsError *err)
{
	if (!check_kind(node, YS_JSON_STRING, err) ||
		!token_string(node->reader, node->token, bytes, len, err))
		return false;
	node->after = node->token + 1;
	return true;
}

YsJsonTagged
ys_json_tagged_string(YsJsonNode *node, const char *tags, char *tag, const char **bytes,
					  size_t *len, YsError *err)
{
	YsJsonReader *reader = node->reader;
	uint32_t	token = node->token;
	const uint32_t *offsets = reader->offsets + token;
	const char *document = reader->bytes;

	if (reader->failed || reader->ntokens - token < 5 ||
		document[offsets[0]] != '{' || document[offsets[1]] != '"' ||
		document[offsets[1] + 2] != '"' || document[offsets[2]] != ':' ||
		document[offsets[3]] != '"' || document[offsets[4]] != '}')
		return YS_JSON_OTHER;
	*tag = document[offsets[1] + 1];
	while (*tags != *tag)
		if (*tags++ == '\0')
			return YS_JSON_OTHER;
	if (!token_string(reader, token + 3, bytes, len, err))
		return YS_JSON_MALFORMED;
	node->after = token + 5;
	return YS_JSON_TAGGED;
}

bool
ys_json_number(YsJsonNode *node, const char **bytes, size_t *len, YsError *err)
{
	if (!check_kind(node, YS_JSON_NUMBER, err))
		return false;
	token_text(node->reader, node->token, bytes, len);
	if (!ys_json_is_number(*bytes, *len))
		return malformed(node->reader, token_offset(node->reader, node->token),
						 "a number is malformed", err);
	node->after = node->token + 1;
	return true;
}

bool
ys_json_bool(YsJsonNode *node, bool *value, YsError *err)
{
	const char *text;
	size_t		len;

	if (!check_kind(node, YS_JSON_BOOL, err))
		return false;
	token_text(node->reader, node->token, &text, &len);
	*value = len == 4 && memcmp(text, "true", 4) == 0;
	if (!*value && !(len == 5 && memcmp(text, "false", 5) == 0))
		return malformed(node->reader, token_offset(node->reader, node->token),
						 "neither true nor false", err);
	node->after = node->token + 1;
	return true;
}

bool
ys_json_raw(YsJsonNode *node, const char **bytes, size_t *len, YsError *err)
{
	if (node->reader->failed)
		return still_failed(node->reader, err);
	if (!finish_node(node, err))
		return false;
	token_text(node->reader, node->after - 1, bytes, len);
	*len += (size_t) (*bytes - (node->reader->bytes + token_offset(node->reader, node->token)));
	*bytes = node->reader->bytes + token_offset(node->reader, node->token);
	return true;
}

}								/* extern "C" */
