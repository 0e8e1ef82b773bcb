/*-------------------------------------------------------------------------
 * secret.c
 *	  Credentials that are named instead of given: read from a section of a
 *	  file, or from the environment.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/secret.h"
#include "storage/fd.h"

#define FILE_SIZE_MAX	((off_t) 64 * 1024)
#define PARTS_MAX		8
#define HINT_FILE		"Ask a superuser to check the file of \"yottastore.credentials_file\"."

bool
ys_secret_is_plain(const char *text, size_t len, char forbidden, bool blanks)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char) text[i] < ' ' || (text[i] == ' ' && !blanks) || text[i] == 0x7f ||
			text[i] == forbidden)
			return false;
	return true;
}

char *
ys_secret_part(void *into, const YsSecretPart *part)
{
	return (char *) into + part->offset;
}

bool
ys_secret_set(void *into, const YsSecretPart *part, const char *value, size_t len)
{
	if (len > part->longest || !ys_secret_is_plain(value, len, part->forbidden, part->blanks))
		return false;
	memcpy(ys_secret_part(into, part), value, len);
	ys_secret_part(into, part)[len] = '\0';
	return true;
}

/* Begin an error about what is named; the caller adds the detail. */
static void
refuse_named(YsError *err, const char *hint)
{
	ys_error_set(err, YS_ERR_REFUSED, "the credentials that the user mapping names cannot be used");
	ys_error_hint(err, "%s", hint);
}

/* ---- a file's text ---- */

typedef struct Reader
{
	void	   *into;
	const YsSecretParts *parts;
	const char *profile;
	bool		inside;			/* of the section */
	bool		seen;			/* the section has begun */
	bool		have[PARTS_MAX];
} Reader;

/* Leave out the blanks at both ends. */
static void
trim(const char **text, size_t *len)
{
	while (*len > 0 && strchr(" \t\r", (*text)[0]) != NULL && (*text)[0] != '\0')
		(*text)++, (*len)--;
	while (*len > 0 && strchr(" \t\r", (*text)[*len - 1]) != NULL && (*text)[*len - 1] != '\0')
		(*len)--;
}

static bool
is_text(const char *text, size_t len, const char *wanted)
{
	return strlen(wanted) == len && memcmp(text, wanted, len) == 0;
}

/* One line; why not, when it can't be taken. */
static const char *
read_line(Reader *reader, const char *line, size_t len)
{
	const char *equals;
	const char *value;
	size_t		value_len;
	size_t		name_len;

	trim(&line, &len);
	if (len == 0 || line[0] == '#' || line[0] == ';')
		return NULL;
	if (line[0] == '[')
	{
		if (len < 3 || line[len - 1] != ']')
			return "is no section's head";
		line++, len -= 2;
		trim(&line, &len);
		reader->inside = is_text(line, len, reader->profile);
		if (reader->inside && reader->seen)
			return "begins a section again";
		reader->seen |= reader->inside;
		return NULL;
	}

	equals = memchr(line, '=', len);
	if (equals == NULL || equals == line)
		return "is neither a section's head, nor a key with its value, nor a comment";
	value = equals + 1;
	value_len = line + len - value;
	name_len = equals - line;
	trim(&line, &name_len);
	trim(&value, &value_len);
	for (int i = 0; reader->inside && i < reader->parts->count; i++)
	{
		const YsSecretPart *part = &reader->parts->parts[i];

		if (!is_text(line, name_len, part->key))
			continue;
		if (reader->have[i])
			return "gives a key of the section again";
		reader->have[i] = true;
		if (value_len == 0 || !ys_secret_set(reader->into, part, value, value_len))
			return "has no value, or one that cannot be sent";
	}
	return NULL;
}

static bool
read_text(void *into, const YsSecretParts *parts, const char *text, size_t len, const char *profile,
		  YsError *err)
{
	Reader		reader = {.into = into, .parts = parts, .profile = profile};
	const char *end = text + len;
	int			number = 0;

	while (text < end)
	{
		const char *newline = memchr(text, '\n', end - text);
		const char *line_end = newline != NULL ? newline : end;
		const char *why = read_line(&reader, text, line_end - text);

		number++;
		if (why != NULL)
		{
			refuse_named(err, HINT_FILE);
			ys_error_detail(err, "Line %d of the credentials file %s.", number, why);
			return false;
		}
		text = line_end + 1;
	}

	Assert(parts->count <= PARTS_MAX);
	for (int i = 0; i < parts->count; i++)
		if (parts->parts[i].required && !reader.have[i])
		{
			refuse_named(err, HINT_FILE);
			if (reader.seen)
				ys_error_detail(err, "Section [%.100s] of the credentials file has no %s.", profile,
								parts->parts[i].key);
			else
				ys_error_detail(err, "The credentials file has no section [%.100s].", profile);
			return false;
		}
	return true;
}

/* ---- the file ---- */

/* May what is in it be believed to be a secret?  As the server asks of its own key file. */
static bool
is_private(const struct stat *file)
{
	mode_t		open_to = file->st_uid == 0 ? S_IWGRP | S_IXGRP | S_IRWXO : S_IRWXG | S_IRWXO;

	return (file->st_uid == 0 || file->st_uid == geteuid()) && (file->st_mode & open_to) == 0;
}

/* The whole file into text, which has room for FILE_SIZE_MAX; -1 and err when that can't be. */
static ssize_t
load_file(int fd, char *text, struct stat *stamp, YsError *err)
{
	ssize_t		len = 0;

	refuse_named(err, HINT_FILE);
	if (fstat(fd, stamp) != 0 || !S_ISREG(stamp->st_mode))
		ys_error_detail(err, "The credentials file is not a regular file.");
	else if (!is_private(stamp))
		ys_error_detail(err, "The credentials file may be read by others, or belongs to one: it must "
						"be the server user's, mode 0600, or root's, mode 0640.");
	else
	{
		ssize_t		got;

		do
		{
			got = read(fd, text + len, FILE_SIZE_MAX - len);
			len += Max(got, 0);
		} while (got > 0 || (got < 0 && errno == EINTR));
		if (got < 0)
			ys_error_detail(err, "The credentials file cannot be read: %s.", strerror(errno));
		else if (len == FILE_SIZE_MAX)
			ys_error_detail(err, "The credentials file is too large.");
		else
			return len;
	}
	return -1;
}

bool
ys_secret_read_file(void *into, const YsSecretParts *parts, const char *file, const char *profile,
					struct stat *stamp, YsError *err)
{
	char	   *text;
	ssize_t		len;
	int			fd;
	bool		ok;

	if (file == NULL)
	{
		refuse_named(err, "Ask a superuser to set it to the path of a file with such a section.");
		ys_error_detail(err, "The user mapping names profile \"%.100s\", and parameter "
						"\"yottastore.credentials_file\" is not set.", profile);
		return false;
	}
	text = palloc_extended(FILE_SIZE_MAX, MCXT_ALLOC_NO_OOM);
	if (text == NULL)
		return ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "out of memory");

	/* not to wait for a writer, should it be a pipe */
	fd = BasicOpenFile(file, O_RDONLY | O_NONBLOCK | PG_BINARY);
	if (fd < 0)
	{
		refuse_named(err, HINT_FILE);
		ys_error_detail(err, "The credentials file cannot be opened: %s.", strerror(errno));
		pfree(text);
		return false;
	}
	len = load_file(fd, text, stamp, err);
	close(fd);
	ok = len >= 0 && read_text(into, parts, text, len, profile, err);
	explicit_bzero(text, FILE_SIZE_MAX);
	pfree(text);
	return ok;
}

/* ---- the environment ---- */

bool
ys_secret_read_environment(void *into, const YsSecretParts *parts, const char *prefix, YsError *err)
{
	for (int i = 0; i < parts->count; i++)
	{
		const YsSecretPart *part = &parts->parts[i];
		char		name[256];
		const char *value;

		snprintf(name, sizeof(name), "%s%s", prefix, part->variable);
		value = getenv(name);
		if (value == NULL || value[0] == '\0')
		{
			if (!part->required)
				continue;
			refuse_named(err, "Ask a superuser to start the server with it.");
			ys_error_detail(err, "The server's environment has no variable %s.", name);
			return false;
		}
		if (!ys_secret_set(into, part, value, strlen(value)))
		{
			refuse_named(err, "Ask a superuser to start the server with another value.");
			ys_error_detail(err, "The value of the server's environment variable %s has a character "
							"that cannot be sent, or is too long.", name);
			return false;
		}
	}
	return true;
}
