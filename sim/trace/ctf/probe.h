/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: how a trace in CTF is recognised by its metadata, whether this build can read it or not. */
#ifndef KMEMSIM_SIM_TRACE_CTF_PROBE_H
#define KMEMSIM_SIM_TRACE_CTF_PROBE_H

#include <string.h>

#include "sim/trace/reader.h"

#define CTF_TEXT	"a directory in CTF 1.8, as 'perf data convert --to-ctf' and LTTng write it"
#define CTF_HEAD	"/* CTF 1.8"
#define CTF_PACKET	"\x57\x1d\xd1\x75"	/* metadata in packets begins so, */
#define CTF_PACKET_BE	"\x75\xd1\x1d\x57"	/* or so on a machine of the other byte order */

static inline int ctf_probe(const unsigned char *head, size_t len)
{
	if (len >= sizeof(CTF_HEAD) - 1 && !memcmp(head, CTF_HEAD, sizeof(CTF_HEAD) - 1))
		return READER_SURE;
	return len >= 4 && (!memcmp(head, CTF_PACKET, 4) || !memcmp(head, CTF_PACKET_BE, 4)) ? READER_SURE : 0;
}

#endif
