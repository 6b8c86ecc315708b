/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The module's face: the folder mmsnap in debugfs.
 *
 *   take     a read from its beginning stops the machine, writes the next
 *            snapshot into a buffer that was there before, and answers
 *            "TAG BYTES ODDITIES\n"; -ENOSPC when all buffers are used, -EFBIG
 *            when the state did not fit
 *   A, B ..  the snapshots taken, as text; empty until taken
 *
 * Taking and reading out are apart because reading out allocates: it belongs
 * behind the end of the trace. The trace gets "mmsnap begin TAG" and "mmsnap
 * end TAG len BYTES" from inside stop_machine, so that no event of any CPU can
 * fall between a mark and the state it stands for.
 *
 * Locking: taken under a mutex; the buffers are written only there.
 */
#include "mmsnap.h"

#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mmzone.h>
#include <linux/mutex.h>
#include <linux/stop_machine.h>
#include <linux/timekeeping.h>
#include <linux/utsname.h>
#include <linux/vmalloc.h>

#define MAX_SNAPSHOTS 26

static unsigned int snapshots = 2;
module_param(snapshots, uint, 0444);
MODULE_PARM_DESC(snapshots, "how many snapshots can be taken, 1 to 26 (2)");

static unsigned int buffer_kb = 4096;
module_param(buffer_kb, uint, 0444);
MODULE_PARM_DESC(buffer_kb, "KiB for the text of each snapshot (4096)");

static DEFINE_MUTEX(take_mutex);
static struct text texts[MAX_SNAPSHOTS];
static unsigned int taken;
static char answer[64];
static size_t answer_len;
static struct dentry *folder;

static void preamble(struct text *t, const char *tag)
{
	int cpu;

	text_str(t, "mmsnap 1\ntag ");
	text_str(t, tag);
	text_str(t, "\nkernel ");
	text_str(t, init_utsname()->release);
	text_str(t, " ");
	text_str(t, init_utsname()->version);
	text_key_dec(t, "\nktime ", ktime_get_mono_fast_ns());
	text_key_dec(t, " jiffies ", jiffies & 0xffffffff);
	text_key_dec(t, " hz ", HZ);
	text_key_hex(t, "\npage_offset ", PAGE_OFFSET);
	text_key_hex(t, " vmemmap ", (unsigned long)vmemmap);
	text_key_dec(t, " struct_page ", sizeof(struct page));
	text_key_dec(t, "\nconsts page_shift ", PAGE_SHIFT);
	text_key_dec(t, " pageblock_order ", pageblock_order);
	text_key_dec(t, " orders ", MMSNAP_ORDERS);
	text_key_dec(t, " migrate_types ", MIGRATE_TYPES);
	text_key_dec(t, " pcptypes ", MIGRATE_PCPTYPES);
	text_key_dec(t, " pcp_lists ", NR_PCP_LISTS);
	text_key_dec(t, " costly ", PAGE_ALLOC_COSTLY_ORDER);
	text_key_dec(t, " zones ", MAX_NR_ZONES);
	text_key_dec(t, " zstat_items ", NR_VM_ZONE_STAT_ITEMS);
	text_str(t, "\ncpus");
	for_each_online_cpu(cpu)
		text_key_dec(t, " ", cpu);
	text_str(t, "\n");
}

/* Inside stop_machine. The function's name is part of the format: ftrace prints it. */
static int snap_fn(void *data)
{
	struct text *t = data;
	const char tag[2] = { 'A' + (t - texts) };

	trace_printk("mmsnap begin %s\n", tag);
	preamble(t, tag);
	mmsnap_zones(t);
	mmsnap_slabs(t);
	text_end(t);
	trace_printk("mmsnap end %s len %zu\n", tag, t->len);
	return 0;
}

static int take(void)
{
	struct text *t = &texts[taken];
	int err;

	if (taken == snapshots)
		return -ENOSPC;
	text_reset(t);
	err = stop_machine(snap_fn, t, NULL);
	if (err)
		return err;
	answer_len = scnprintf(answer, sizeof(answer), "%c %zu %lu\n", 'A' + taken, t->len,
			       t->oddities);
	taken++;
	return t->full ? -EFBIG : 0;
}

static ssize_t take_read(struct file *file, char __user *to, size_t count, loff_t *at)
{
	ssize_t n;
	int err = 0;

	mutex_lock(&take_mutex);
	if (!*at)
		err = take();
	n = err ? err : simple_read_from_buffer(to, count, at, answer, answer_len);
	mutex_unlock(&take_mutex);
	return n;
}

static const struct file_operations take_ops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.read = take_read,
	.llseek = default_llseek,
};

static ssize_t snapshot_read(struct file *file, char __user *to, size_t count, loff_t *at)
{
	const struct text *t = file->private_data;
	ssize_t n;

	mutex_lock(&take_mutex);
	n = simple_read_from_buffer(to, count, at, t->bytes, t->len);
	mutex_unlock(&take_mutex);
	return n;
}

static const struct file_operations snapshot_ops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.read = snapshot_read,
	.llseek = default_llseek,
};

static void free_texts(void)
{
	unsigned int i;

	for (i = 0; i < snapshots; i++)
		vfree(texts[i].bytes);
}

static int __init mmsnap_init(void)
{
	unsigned int i;
	int err;

	if (!snapshots || snapshots > MAX_SNAPSHOTS || !buffer_kb || buffer_kb > (1 << 21))
		return -EINVAL;
	err = mmsnap_slab_init();
	if (err)
		return err;
	for (i = 0; i < snapshots; i++) {
		texts[i].size = (size_t)buffer_kb << 10;
		texts[i].bytes = vmalloc(texts[i].size);
		if (!texts[i].bytes) {
			free_texts();
			return -ENOMEM;
		}
	}
	folder = debugfs_create_dir("mmsnap", NULL);
	if (IS_ERR(folder)) {
		free_texts();
		return PTR_ERR(folder);
	}
	debugfs_create_file("take", 0400, folder, NULL, &take_ops);
	for (i = 0; i < snapshots; i++) {
		const char name[2] = { 'A' + i };

		debugfs_create_file(name, 0400, folder, &texts[i], &snapshot_ops);
	}
	return 0;
}

static void __exit mmsnap_exit(void)
{
	debugfs_remove(folder);
	free_texts();
}

module_init(mmsnap_init);
module_exit(mmsnap_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Snapshots of the page allocator and SLUB, for kmemsim verify");
