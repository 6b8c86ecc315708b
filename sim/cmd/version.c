/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the version, which is the library's: its public header has it for all.
 * It appears in reports, so it changes with releases and not with commits:
 * equal input gives equal bytes.
 */
#include "sim/cmd/cmd.h"
#include "slab/malloc/kmemsim.h"

const char kmemsim_version[] = KMS_VERSION;
const char kmemsim_title[] = "kmemsim " KMS_VERSION;
