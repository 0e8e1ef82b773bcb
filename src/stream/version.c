/*-------------------------------------------------------------------------
 * version.c
 *	  Building and comparing versions.
 *-------------------------------------------------------------------------
 */
#include "stream/version.h"

#include <string.h>

#define EPOCH_AT			0
#define GENERATION_AT		4
#define SEQUENCE_AT			8
#define SEQUENCE_SIZE		(YS_VERSION_SIZE - SEQUENCE_AT)
#define PARTITION_AT		(YS_VERSION_SIZE - 4)
#define SEQUENCE_DIGITS		40

static void
put_uint32(unsigned char *bytes, uint32_t value)
{
	bytes[0] = (unsigned char) (value >> 24);
	bytes[1] = (unsigned char) (value >> 16);
	bytes[2] = (unsigned char) (value >> 8);
	bytes[3] = (unsigned char) value;
}

void
ys_version_lowest(YsVersion *version)
{
	memset(version->bytes, 0, sizeof(version->bytes));
}

void
ys_version_floor(YsVersion *version, uint32_t epoch)
{
	if (epoch <= 1)
	{
		ys_version_lowest(version);
		return;
	}
	memset(version->bytes, 0xff, sizeof(version->bytes));
	put_uint32(version->bytes + EPOCH_AT, epoch - 1);
}

uint32_t
ys_version_epoch(const YsVersion *version)
{
	const unsigned char *bytes = version->bytes + EPOCH_AT;

	return (uint32_t) bytes[0] << 24 | (uint32_t) bytes[1] << 16 | (uint32_t) bytes[2] << 8 | bytes[3];
}

void
ys_version_from_offset(YsVersion *version, uint32_t epoch, uint32_t layout, int64_t offset,
					   int32_t partition)
{
	uint64_t	rest = (uint64_t) offset;

	ys_version_lowest(version);
	put_uint32(version->bytes + EPOCH_AT, epoch);
	put_uint32(version->bytes + GENERATION_AT, layout);
	for (int i = PARTITION_AT - 1; rest != 0; i--, rest >>= 8)
		version->bytes[i] = (unsigned char) rest;
	put_uint32(version->bytes + PARTITION_AT, (uint32_t) partition);
}

bool
ys_version_other_partition(const YsVersion *a, const YsVersion *b)
{
	return memcmp(a->bytes, b->bytes, SEQUENCE_AT) == 0 &&
		memcmp(a->bytes + PARTITION_AT, b->bytes + PARTITION_AT, YS_VERSION_SIZE - PARTITION_AT) != 0;
}

bool
ys_version_from_sequence(YsVersion *version, uint32_t epoch, uint32_t generation,
						 const char *sequence)
{
	size_t		len = strspn(sequence, "0123456789");
	unsigned char *number = version->bytes + SEQUENCE_AT;

	ys_version_lowest(version);
	if (len == 0 || len > SEQUENCE_DIGITS || sequence[len] != '\0')
		return false;
	put_uint32(version->bytes + EPOCH_AT, epoch);
	put_uint32(version->bytes + GENERATION_AT, generation);

	/* number = number * 10 + digit; 17 bytes hold any 40 digits, so nothing is carried out */
	for (size_t i = 0; i < len; i++)
	{
		unsigned int carry = (unsigned int) (sequence[i] - '0');

		for (int byte = SEQUENCE_SIZE - 1; byte >= 0; byte--)
		{
			carry += number[byte] * 10u;
			number[byte] = (unsigned char) carry;
			carry >>= 8;
		}
	}
	return true;
}

int
ys_sequence_compare(const char *a, const char *b)
{
	size_t		a_len;
	size_t		b_len;

	a += strspn(a, "0");
	b += strspn(b, "0");
	a_len = strlen(a);
	b_len = strlen(b);
	if (a_len != b_len)
		return a_len < b_len ? -1 : 1;
	return strcmp(a, b);
}

int
ys_version_compare(const YsVersion *a, const YsVersion *b)
{
	return memcmp(a->bytes, b->bytes, YS_VERSION_SIZE);
}
