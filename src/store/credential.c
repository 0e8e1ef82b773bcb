/*-------------------------------------------------------------------------
 * credential.c
 *	  The credentials requests are signed with: taking and reading them.
 *
 * No message says more of a file than a line's number or a name the user
 * mapping has.  Nothing is looked for in the environment unless the user
 * mapping names it.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>
#include <unistd.h>

#include "storage/fd.h"
#include "store/credential.h"

#define FILE_SIZE_MAX	((off_t) 64 * 1024)
#define TELLING_PART	12		/* so much of a token says that it is one */
#define HINT_FILE		"Ask a superuser to check the file of \"yottastore.credentials_file\"."

/* What is read, and the names it goes by. */
typedef struct Part
{
	const char *option;			/* of the user mapping */
	const char *key;			/* in a file */
	const char *variable;		/* behind the prefix */
	size_t		offset;
	size_t		longest;
	char		forbidden;		/* besides blanks and control characters */
	bool		required;
} Part;

static const Part parts[] = {
	{"access_key_id", "aws_access_key_id", "_ACCESS_KEY_ID",
	offsetof(YsCredentials, access_key_id), YS_KEY_ID_MAX, '/', true},
	{"secret_access_key", "aws_secret_access_key", "_SECRET_ACCESS_KEY",
	offsetof(YsCredentials, secret_access_key), YS_SECRET_MAX, '\0', true},
	{"session_token", "aws_session_token", "_SESSION_TOKEN",
	offsetof(YsCredentials, session_token), YS_TOKEN_MAX, '\0', false}
};

bool
ys_credential_is_plain(const char *text, size_t len, char forbidden)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char) text[i] <= ' ' || text[i] == 0x7f || text[i] == forbidden)
			return false;
	return true;
}

static char *
field_of(YsCredentials *credentials, const Part *part)
{
	return (char *) credentials + part->offset;
}

/* Set one part; false when it is not fit to be sent. */
static bool
set_part(YsCredentials *credentials, const Part *part, const char *value, size_t len)
{
	if (len > part->longest || !ys_credential_is_plain(value, len, part->forbidden))
		return false;
	memcpy(field_of(credentials, part), value, len);
	field_of(credentials, part)[len] = '\0';
	return true;
}

bool
ys_credentials_take(YsCredentials *credentials, const YsStoreConfig *config, YsError *err)
{
	const char *given[lengthof(parts)] = {
		config->access_key_id, config->secret_access_key, config->session_token
	};

	memset(credentials, 0, sizeof(*credentials));
	credentials->profile = config->profile;
	credentials->file = config->credentials_file;
	credentials->environment = config->environment;
	for (size_t i = 0; i < lengthof(parts); i++)
	{
		if (given[i] == NULL || set_part(credentials, &parts[i], given[i], strlen(given[i])))
			continue;
		ys_error_set(err, YS_ERR_INVALID_OPTION, "invalid value for option \"%s\"", parts[i].option);
		ys_error_detail(err, "It contains a blank or another character that cannot stand there, "
						"or is longer than %zu bytes.", parts[i].longest);
		ys_error_hint(err, "Copy it again from where it was issued.");
		return false;
	}
	credentials->read = credentials->access_key_id[0] != '\0' &&
		credentials->secret_access_key[0] != '\0';
	return true;
}

bool
ys_credentials_are_in(const YsCredentials *credentials, const char *text)
{
	char		part[TELLING_PART + 1];

	strlcpy(part, credentials->session_token, sizeof(part));
	return part[0] != '\0' && strstr(text, part) != NULL;
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
	YsCredentials *into;
	const char *profile;
	bool		inside;			/* of the section */
	bool		seen;			/* the section has begun */
	bool		have[lengthof(parts)];
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
	for (size_t i = 0; reader->inside && i < lengthof(parts); i++)
	{
		if (!is_text(line, name_len, parts[i].key))
			continue;
		if (reader->have[i])
			return "gives a key of the section again";
		reader->have[i] = true;
		if (value_len == 0 || !set_part(reader->into, &parts[i], value, value_len))
			return "has no value, or one that cannot be sent";
	}
	return NULL;
}

static bool
read_text(const char *text, size_t len, const char *profile, YsCredentials *into, YsError *err)
{
	Reader		reader = {.into = into, .profile = profile};
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

	for (size_t i = 0; i < lengthof(parts); i++)
		if (parts[i].required && !reader.have[i])
		{
			refuse_named(err, HINT_FILE);
			if (reader.seen)
				ys_error_detail(err, "Section [%.100s] of the credentials file has no %s.", profile,
								parts[i].key);
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

static bool
read_file(YsCredentials *into, YsError *err)
{
	char	   *text;
	ssize_t		len;
	int			fd;
	bool		ok;

	if (into->file == NULL)
	{
		refuse_named(err, "Ask a superuser to set it to the path of a file with such a section.");
		ys_error_detail(err, "The user mapping names profile \"%.100s\", and parameter "
						"\"yottastore.credentials_file\" is not set.", into->profile);
		return false;
	}
	text = palloc_extended(FILE_SIZE_MAX, MCXT_ALLOC_NO_OOM);
	if (text == NULL)
		return ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "out of memory");

	/* not to wait for a writer, should it be a pipe */
	fd = BasicOpenFile(into->file, O_RDONLY | O_NONBLOCK | PG_BINARY);
	if (fd < 0)
	{
		refuse_named(err, HINT_FILE);
		ys_error_detail(err, "The credentials file cannot be opened: %s.", strerror(errno));
		pfree(text);
		return false;
	}
	len = load_file(fd, text, &into->stamp, err);
	close(fd);
	ok = len >= 0 && read_text(text, len, into->profile, into, err);
	explicit_bzero(text, FILE_SIZE_MAX);
	pfree(text);
	return ok;
}

/* ---- the environment ---- */

static bool
read_environment(YsCredentials *into, YsError *err)
{
	for (size_t i = 0; i < lengthof(parts); i++)
	{
		char		name[256];
		const char *value;

		snprintf(name, sizeof(name), "%s%s", into->environment, parts[i].variable);
		value = getenv(name);
		if (value == NULL || value[0] == '\0')
		{
			if (!parts[i].required)
				continue;
			refuse_named(err, "Ask a superuser to start the server with it.");
			ys_error_detail(err, "The server's environment has no variable %s.", name);
			return false;
		}
		if (!set_part(into, &parts[i], value, strlen(value)))
		{
			refuse_named(err, "Ask a superuser to start the server with another value.");
			ys_error_detail(err, "The value of the server's environment variable %s has a character "
							"that cannot be sent, or is too long.", name);
			return false;
		}
	}
	return true;
}

/* ---- reading, and reading again ---- */

/* Read them anew.  changed: whether they are others now.  They stay as they are on failure. */
static bool
read_again(YsCredentials *credentials, bool *changed, YsError *err)
{
	YsCredentials fresh = {
		.profile = credentials->profile,
		.file = credentials->file,
		.environment = credentials->environment,
		.read = true,
		.serial = credentials->serial + 1
	};

	*changed = false;
	if (!(credentials->profile != NULL ? read_file(&fresh, err) : read_environment(&fresh, err)))
		return false;
	*changed = !credentials->read;
	for (size_t i = 0; i < lengthof(parts); i++)
		*changed |= strcmp(field_of(&fresh, &parts[i]), field_of(credentials, &parts[i])) != 0;
	if (!*changed)
		fresh.serial--;
	*credentials = fresh;
	explicit_bzero(&fresh, sizeof(fresh));
	return true;
}

static bool
is_named(const YsCredentials *credentials)
{
	return credentials->profile != NULL || credentials->environment != NULL;
}

/* Is the file another than the one read?  A rename brings one of another number. */
static bool
has_changed(const YsCredentials *credentials)
{
	const struct stat *was = &credentials->stamp;
	struct stat now;

	return stat(credentials->file, &now) != 0 ||
		now.st_ino != was->st_ino || now.st_dev != was->st_dev || now.st_size != was->st_size ||
		now.st_mode != was->st_mode || now.st_uid != was->st_uid ||
		now.st_mtim.tv_sec != was->st_mtim.tv_sec || now.st_mtim.tv_nsec != was->st_mtim.tv_nsec;
}

bool
ys_credentials_refresh(YsCredentials *credentials, YsError *err)
{
	bool		changed;

	if (credentials->read && (credentials->profile == NULL || !has_changed(credentials)))
		return true;
	if (is_named(credentials))
		return read_again(credentials, &changed, err);
	ys_error_set(err, YS_ERR_REFUSED, "no credentials for the store");
	ys_error_detail(err, "The user mapping lacks one or both of its options.");
	ys_error_hint(err, "Use ALTER USER MAPPING to give it \"access_key_id\" and \"secret_access_key\".");
	return false;
}

bool
ys_credentials_renew(YsCredentials *credentials)
{
	YsError		unused;
	bool		changed;

	return is_named(credentials) && read_again(credentials, &changed, &unused) && changed;
}
