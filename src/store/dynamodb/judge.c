/*-------------------------------------------------------------------------
 * judge.c
 *	  What an answer of DynamoDB means: success, or which error.
 *
 * The store's own words are passed on, cut to what fits, but not where they
 * may repeat what was signed (a session token is among it).
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "store/dynamodb/dynamodb.h"

/* What an error body says; pointers into the reader's buffers. */
typedef struct YsComplaint
{
	const char *type;			/* without the service's prefix */
	size_t		type_len;
	const char *message;
	size_t		message_len;
} YsComplaint;

typedef struct YsKnownType
{
	const char *type;
	YsErrorCode code;
} YsKnownType;

/* A code of THROTTLED means: certainly not applied, and to be tried again. */
static const YsKnownType known_types[] = {
	{"ConditionalCheckFailedException", YS_ERR_CONDITION_FAILED},
	{"ResourceNotFoundException", YS_ERR_TABLE_NOT_FOUND},
	{"TableNotFoundException", YS_ERR_TABLE_NOT_FOUND},
	{"ResourceInUseException", YS_ERR_TABLE_EXISTS},
	{"TableAlreadyExistsException", YS_ERR_TABLE_EXISTS},
	{"TrimmedDataAccessException", YS_ERR_TRIMMED},
	{"ExpiredIteratorException", YS_ERR_EXPIRED_ITERATOR},
	{"ThrottlingException", YS_ERR_THROTTLED},
	{"ProvisionedThroughputExceededException", YS_ERR_THROTTLED},
	{"RequestLimitExceeded", YS_ERR_THROTTLED},
	{"LimitExceededException", YS_ERR_THROTTLED},
	{"TransactionInProgressException", YS_ERR_THROTTLED},
	{"TransactionConflictException", YS_ERR_THROTTLED},
	{"AccessDeniedException", YS_ERR_REFUSED},
	{"UnrecognizedClientException", YS_ERR_REFUSED},
	{"InvalidSignatureException", YS_ERR_REFUSED},
	{"IncompleteSignatureException", YS_ERR_REFUSED},
	{"IncompleteSignature", YS_ERR_REFUSED},
	{"SignatureDoesNotMatch", YS_ERR_REFUSED},
	{"MissingAuthenticationTokenException", YS_ERR_REFUSED},
	{"MissingAuthenticationToken", YS_ERR_REFUSED},
	{"InvalidClientTokenId", YS_ERR_REFUSED},
	{"ExpiredTokenException", YS_ERR_REFUSED},
	{"ExpiredToken", YS_ERR_REFUSED},
	{"RequestExpired", YS_ERR_REFUSED},
	{"NotAuthorized", YS_ERR_REFUSED},
	{"OptInRequired", YS_ERR_REFUSED}
};

/* ---- reading the complaint ---- */

static bool
on_complaint_member(void *arg, const char *name, size_t len, YsJsonNode *node)
{
	YsComplaint *complaint = arg;
	bool		is_type = len == strlen("__type") && memcmp(name, "__type", len) == 0;

	if (!is_type && !(len == strlen("message") && pg_strncasecmp(name, "message", len) == 0))
		return true;
	if (ys_json_kind(node) != YS_JSON_STRING)
		return true;
	return ys_json_string(node, is_type ? &complaint->type : &complaint->message,
						  is_type ? &complaint->type_len : &complaint->message_len, NULL);
}

static bool
on_complaint(void *arg, YsJsonNode *root)
{
	return ys_json_kind(root) == YS_JSON_OBJECT &&
		ys_json_each_member(root, on_complaint_member, arg, NULL);
}

/* Read what there is of it: an answer of something else than a store has none. */
static YsComplaint
read_complaint(YsJsonReader *reader, const char *bytes, size_t len)
{
	static const YsComplaint none = {.type = "", .message = ""};
	YsComplaint complaint = none;
	const char *hash;

	if (!ys_json_read(reader, bytes, len, on_complaint, &complaint, NULL))
		return none;
	hash = memchr(complaint.type, '#', complaint.type_len);
	if (hash != NULL)
	{
		complaint.type_len -= hash + 1 - complaint.type;
		complaint.type = hash + 1;
	}
	return complaint;
}

static bool
has_words(const YsComplaint *complaint, const char *words)
{
	size_t		len = strlen(words);

	for (size_t i = 0; i + len <= complaint->message_len; i++)
		if (pg_strncasecmp(complaint->message + i, words, len) == 0)
			return true;
	return false;
}

/* Is an item too large?  No type of its own says so, only the words. */
static bool
is_about_size(const YsComplaint *complaint)
{
	return has_words(complaint, "item size") && has_words(complaint, "exceeded the maximum");
}

/* Is it nested too deep? */
static bool
is_about_depth(const YsComplaint *complaint)
{
	return has_words(complaint, "nest") && has_words(complaint, "level");
}

static YsErrorCode
find_code(const YsComplaint *complaint, int status)
{
	for (size_t i = 0; i < lengthof(known_types); i++)
		if (strlen(known_types[i].type) == complaint->type_len &&
			memcmp(known_types[i].type, complaint->type, complaint->type_len) == 0)
			return known_types[i].code;
	if (status == 401 || status == 403)
		return YS_ERR_REFUSED;
	if (status == 429)
		return YS_ERR_THROTTLED;
	return status == 400 && (is_about_size(complaint) || is_about_depth(complaint)) ?
		YS_ERR_TOO_LARGE : YS_ERR_REMOTE;
}

/* ---- saying it ---- */

/* The store's type and message, as far as there are any. */
static void
quote_complaint(const YsComplaint *complaint, int status, bool with_message, YsError *err)
{
	if (complaint->type_len == 0)
		ys_error_detail(err, "The answer was HTTP status %d.", status);
	else if (with_message && complaint->message_len > 0)
		ys_error_detail(err, "%.*s: %.*s", (int) Min(complaint->type_len, 100), complaint->type,
						(int) Min(complaint->message_len, 1000), complaint->message);
	else
		ys_error_detail(err, "%.*s", (int) Min(complaint->type_len, 100), complaint->type);
}

/* Does the store know the credentials, and deny what was asked with them? */
static bool
is_denied(const YsComplaint *complaint)
{
	static const char denied[] = "AccessDeniedException";

	return complaint->type_len == strlen(denied) &&
		memcmp(complaint->type, denied, strlen(denied)) == 0;
}

static void
describe_refusal(const YsComplaint *complaint, int status, YsError *err)
{
	bool		denied = is_denied(complaint);

	if (denied)
		ys_error_set(err, YS_ERR_REFUSED, "permission denied by the store");
	else
		ys_error_set(err, YS_ERR_REFUSED, "the store refused the credentials");
	quote_complaint(complaint, status, denied, err);
	if (denied)
		ys_error_hint(err, "Grant it to the credentials of the user mapping.");
	else
		ys_error_hint(err, "Check the user mapping's credentials, the server's option \"region\" "
					  "and this machine's clock.");
}

static bool
is_redirect(int status)
{
	return status >= 300 && status < 400;
}

/* Does the request's key not fit the table's?  Only the words tell: it picks a hint. */
static bool
is_about_key(const YsComplaint *complaint)
{
	return has_words(complaint, "key");
}

static void
describe_failure(const YsMessage *message, const YsComplaint *complaint, int status,
				 YsErrorCode code, YsError *err)
{
	const char *table = message->table;

	switch (code)
	{
		case YS_ERR_CONDITION_FAILED:
			ys_error_set(err, code, "the condition of the write did not hold");
			break;
		case YS_ERR_TABLE_NOT_FOUND:
			if (table != NULL)
				ys_error_set(err, code, "store table \"%s\" does not exist", table);
			else
				ys_error_set(err, code, "the store has no such stream");
			quote_complaint(complaint, status, true, err);
			if (table != NULL)
				ys_error_hint(err, "Create it with yottastore.create_store_table, or check option \"table\" "
							  "of the foreign table and \"nodes\" and \"region\" of its server.");
			break;
		case YS_ERR_TABLE_EXISTS:
			ys_error_set(err, code, "store table \"%s\" exists already, or is being changed",
						 table != NULL ? table : "");
			quote_complaint(complaint, status, true, err);
			break;
		case YS_ERR_TOO_LARGE:
			ys_error_set(err, code, "item is %s than the store allows",
						 is_about_depth(complaint) ? "nested deeper" : "larger");
			quote_complaint(complaint, status, true, err);
			ys_error_hint(err, "Divide it, or keep %s parts of it elsewhere.",
						  is_about_depth(complaint) ? "inner" : "large");
			break;
		case YS_ERR_TRIMMED:
			ys_error_set(err, code, "the store no longer keeps this part of its stream");
			break;
		case YS_ERR_EXPIRED_ITERATOR:
			ys_error_set(err, code, "the stream iterator has expired");
			break;
		case YS_ERR_THROTTLED:
			ys_error_set(err, code, "the store is throttling requests");
			quote_complaint(complaint, status, true, err);
			ys_error_hint(err, "Raise the capacity of the table, or send less at a time.");
			break;
		case YS_ERR_REFUSED:
			describe_refusal(complaint, status, err);
			break;
		default:
			ys_error_set(err, code, status >= 500 ? "the store failed" :
						 is_redirect(status) ? "the node redirects requests elsewhere" :
						 "the store rejected the request");
			quote_complaint(complaint, status, true, err);
			if (status >= 500)
				ys_error_hint(err, "Try again later; the store's own log may say more.");
			else if (is_redirect(status))
				ys_error_hint(err, "Redirects are not followed. " YS_HINT_NODES);
			else if (complaint->type_len == 0)
				ys_error_hint(err, YS_HINT_NODES);
			else if (is_about_key(complaint))
				ys_error_hint(err, "Compare the foreign table's key columns, their types and paths with the "
							  "keys of the store's table.");
			break;
	}
}

YsVerdict
ys_dynamodb_judge(YsJsonReader *reader, const YsMessage *message, int status,
				  const char *bytes, size_t len, YsError *err)
{
	YsComplaint complaint;
	YsErrorCode code;

	if (status == 200)
		return YS_VERDICT_SUCCESS;
	complaint = read_complaint(reader, bytes, len);
	code = find_code(&complaint, status);
	describe_failure(message, &complaint, status, code, err);
	if (code == YS_ERR_THROTTLED)
		return YS_VERDICT_THROTTLED;
	if (code == YS_ERR_REFUSED && !is_denied(&complaint))
		return YS_VERDICT_UNAUTHORIZED;
	return status >= 500 ? YS_VERDICT_UNSURE : YS_VERDICT_FAILED;
}
