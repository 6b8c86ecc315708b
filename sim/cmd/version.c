/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the version. It appears in reports, so it changes with releases
 * and not with commits: equal input gives equal bytes.
 */
#include "sim/cmd/cmd.h"

const char kmemsim_version[] = "0.1";
