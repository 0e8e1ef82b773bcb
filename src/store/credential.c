/*-------------------------------------------------------------------------
 * credential.c
 *	  The credentials requests are signed with: taking and reading them.
 *
 * Nothing is looked for in the environment unless the user mapping names it.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/secret.h"
#include "store/credential.h"

#define TELLING_PART	12		/* so much of a token says that it is one */

static const YsSecretPart part_list[] = {
	{"access_key_id", "aws_access_key_id", "_ACCESS_KEY_ID",
	offsetof(YsCredentials, access_key_id), YS_KEY_ID_MAX, '/', false, true},
	{"secret_access_key", "aws_secret_access_key", "_SECRET_ACCESS_KEY",
	offsetof(YsCredentials, secret_access_key), YS_SECRET_MAX, '\0', false, true},
	{"session_token", "aws_session_token", "_SESSION_TOKEN",
	offsetof(YsCredentials, session_token), YS_TOKEN_MAX, '\0', false, false}
};
static const YsSecretParts parts = {lengthof(part_list), part_list};

bool
ys_credentials_take(YsCredentials *credentials, const YsStoreConfig *config, YsError *err)
{
	const char *given[lengthof(part_list)] = {
		config->access_key_id, config->secret_access_key, config->session_token
	};

	memset(credentials, 0, sizeof(*credentials));
	credentials->profile = config->profile;
	credentials->file = config->credentials_file;
	credentials->environment = config->environment;
	for (size_t i = 0; i < lengthof(part_list); i++)
	{
		if (given[i] == NULL || ys_secret_set(credentials, &part_list[i], given[i], strlen(given[i])))
			continue;
		ys_error_set(err, YS_ERR_INVALID_OPTION, "invalid value for option \"%s\"", part_list[i].option);
		ys_error_detail(err, "It contains a blank or another character that cannot stand there, "
						"or is longer than %zu bytes.", part_list[i].longest);
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
	if (!(credentials->profile != NULL ?
		  ys_secret_read_file(&fresh, &parts, fresh.file, fresh.profile, &fresh.stamp, err) :
		  ys_secret_read_environment(&fresh, &parts, fresh.environment, err)))
		return false;
	*changed = !credentials->read;
	for (size_t i = 0; i < lengthof(part_list); i++)
		*changed |= strcmp(ys_secret_part(&fresh, &part_list[i]),
						   ys_secret_part(credentials, &part_list[i])) != 0;
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
