/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim merge: several files of one recording into one. Statuses as convert. */
#include "sim/cmd/cmd.h"
#include "sim/cmd/convert.h"

int cmd_merge(int argc, char **argv)
{
	static const struct convert_command merge = {
		.name = "kmemsim merge", .least = 2, .args = "TRACE...",
		.doc = "Merge the TRACEs, files of one recording (rotated, or one a CPU), by time into one file. Events of one "
		       "time stand in the order in which their files are given.",
	};

	return convert_main(&merge, argc, argv);
}
