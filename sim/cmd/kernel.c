/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: --kernel, as run and verify take it; see cmd.h. */
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "sim/cmd/cmd.h"

enum buddy_kernel need_kernel(struct argp_state *state, const char *text)
{
	enum buddy_kernel kernel = buddy_kernel_find(text);
	char known[64] = "";
	size_t len = 0;
	int i;

	if (kernel < NR_BUDDY_KERNELS)
		return kernel;
	for (i = 0; i < NR_BUDDY_KERNELS && len < sizeof(known); i++)
		len += (size_t)snprintf(known + len, sizeof(known) - len, "%s%s", i ? " or " : "",
					buddy_rules[i].kernel);
	argp_error(state, "--kernel=%s: expected %s", text, known);
	return NR_BUDDY_KERNELS;
}
