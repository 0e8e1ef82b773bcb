/*-------------------------------------------------------------------------
 * version.h
 *	  The version of an item's state: (epoch, position), compared as bytes.
 *
 * A position is a shard generation and a sequence number where the relay
 * supplies them, else a topic offset, with the topic's layout (how often it got more
 * partitions) before it and the partition behind it.  All of it is written big-endian into
 * fixed-width bytes, so that memcmp (and bytea's <) compares the integers.
 *	 4 bytes epoch | 4 bytes generation | 17 bytes sequence (40 decimal digits)
 *	 4 bytes epoch | 4 bytes layout | 5 zeros | 8 bytes offset | 4 bytes partition
 * All zeros is the lowest version: what the first backfill writes under.  A later one writes
 * under the floor of its epoch.
 *-------------------------------------------------------------------------
 */
#ifndef YS_STREAM_VERSION_H
#define YS_STREAM_VERSION_H

#include <stdbool.h>
#include <stdint.h>

#define YS_VERSION_SIZE		25

typedef struct YsVersion
{
	unsigned char bytes[YS_VERSION_SIZE];
} YsVersion;

extern void ys_version_lowest(YsVersion *version);

/* Above all versions of earlier epochs and below all of this one; of the first epoch: the lowest. */
extern void ys_version_floor(YsVersion *version, uint32_t epoch);
extern uint32_t ys_version_epoch(const YsVersion *version);
extern void ys_version_from_offset(YsVersion *version, uint32_t epoch, uint32_t layout, int64_t offset,
								   int32_t partition);

/*
 * Of two versions made from offsets: are they of one epoch and layout, but of different partitions?
 * Then neither is known to be the newer one.
 */
extern bool ys_version_other_partition(const YsVersion *a, const YsVersion *b);

/* False when sequence is no decimal number of at most 40 digits. */
extern bool ys_version_from_sequence(YsVersion *version, uint32_t epoch, uint32_t generation,
									 const char *sequence);
/* Order two decimal numbers of any length; leading zeros count for nothing. */
extern int	ys_sequence_compare(const char *a, const char *b);
extern int	ys_version_compare(const YsVersion *a, const YsVersion *b);

#endif							/* YS_STREAM_VERSION_H */
