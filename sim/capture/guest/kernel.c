/* SPDX-License-Identifier: GPL-2.0 */
/* The director's words with the kernel: what it tells the kernel to do at once, and numbers in what the kernel says. */
#include "actor.h"

/* @value in @base into @buf of 24 bytes, which is returned from its first digit on. */
char *digits(uint64_t value, unsigned int base, char *buf)
{
	char *at = buf + 23;

	*at = '\0';
	do {
		*--at = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	return at;
}

/* The number behind @name at a line's start of the file that was read, or 0. */
int64_t number_in(int64_t len, const char *name)
{
	int64_t i, k, value = 0;

	for (i = 0; i < len; i++) {
		for (k = 0; name[k] && i + k < len && text[i + k] == name[k]; k++)
			;
		if (name[k] || (i && text[i - 1] != '\n'))
			continue;
		for (i += k; i < len && text[i] >= '0' && text[i] <= '9'; i++)
			value = value * 10 + (text[i] - '0');
		break;
	}
	return value;
}

/* What this CPU holds back of the lists of pages comes onto them. */
void drain_batches(void)
{
	int64_t addr = call(__NR_mmap, 0, 4096, 3, 0x22, (uint64_t)-1, 0);	/* PROT_RW, MAP_PRIVATE | MAP_ANONYMOUS */

	CALL(__NR_madvise, addr, 4096, 20);	/* MADV_COLD begins with it */
	CALL(__NR_munmap, addr, 4096, 0);
}

/* "1" to a file of /proc/sys/vm/. */
int64_t trigger(const char *path)
{
	int64_t fd = CALL(__NR_open, path, 1, 0);

	if (fd < 0)
		return fd;
	CALL(__NR_write, fd, "1", 1);
	return CALL(__NR_close, fd, 0, 0);
}

/* Pages in a CPU's batch are not dropped. 6.12 sees to that itself. What was not dropped goes next: that is noted behind it. */
int64_t drop_caches(void)
{
	int64_t ret;

	drain_batches();
	ret = trigger("/proc/sys/vm/drop_caches");
	drain_batches();
	return ret;
}

/* ---- generations of pages ------------------------------------------------------------ */

/* The number at @i of the text that was read, behind blanks and one word; behind it is @i then. */
static uint64_t next_number(int64_t *i, int64_t len)
{
	uint64_t value = 0;

	while (*i < len && text[*i] != '\n' && (text[*i] < '0' || text[*i] > '9'))
		(*i)++;
	for (; *i < len && text[*i] >= '0' && text[*i] <= '9'; (*i)++)
		value = value * 10 + (uint64_t)(text[*i] - '0');
	return value;
}

/*
 * Of the file lru_gen the first control group's number, and its youngest generation. That group is the root, which has all
 * that is in no other one.
 */
static bool read_generations(uint64_t *group, uint64_t *seq)
{
	int64_t fd = CALL(__NR_open, LRU_GEN, 0, 0), n, len = 0, i = 0;
	bool found = false;

	while (fd >= 0 && (n = CALL(__NR_read, fd, text + len, TEXT - len)) > 0)
		len += n;
	CALL(__NR_close, fd, 0, 0);
	while (i < len) {
		while (i < len && text[i] == ' ')
			i++;
		if (text[i] == 'm' && found)
			break;
		if (text[i] == 'm')
			*group = next_number(&i, len);
		else if (text[i] != 'n')
			*seq = next_number(&i, len);
		found = true;
		while (i < len && text[i++] != '\n')
			;
	}
	return found;
}

/* "@what GROUP 0 SEQ SWAPPINESS @option", of generation @back before the youngest, to lru_gen. */
int64_t order_generations(const char *what, uint64_t back, uint64_t swappiness, uint64_t option)
{
	uint64_t group = 0, seq = 0, used = 0, k;
	char order[128], buf[24];
	int64_t fd, ret;

	if (!read_generations(&group, &seq) || seq < back)
		return -2;
	for (k = 0; k < 6; k++) {
		const uint64_t numbers[6] = { 0, group, 0, seq - back, swappiness, option };
		const char *at = k ? digits(numbers[k], 10, buf) : what;

		/* A number that makes no sense stands for the kernel's own. */
		if (k == 4 && swappiness == PLAYER_KERNELS)
			at = "4294967295";
		while (*at)
			order[used++] = *at++;
		order[used++] = k < 5 ? ' ' : '\n';
	}
	fd = CALL(__NR_open, LRU_GEN, 1, 0);
	ret = CALL(__NR_write, fd, order, used);
	CALL(__NR_close, fd, 0, 0);
	return ret < 0 ? ret : 0;
}

/* ---- huge pages ----------------------------------------------------------------------- */

#define KHUGEPAGED "/sys/kernel/mm/transparent_hugepage/khugepaged/"

static int64_t full_scans(void)
{
	int64_t fd = CALL(__NR_open, KHUGEPAGED "full_scans", 0, 0), n;

	if (fd < 0)
		return fd;
	n = CALL(__NR_read, fd, text, TEXT);
	CALL(__NR_close, fd, 0, 0);
	return number_in(n, "");
}

/* quiet.sh has put it to sleep, told it to look at everything once it wakes, and not to wait for memory. */
int64_t wake_khugepaged(void)
{
	static const char sleep[] = "2000000000";
	uint64_t moment[2] = { 0, 10000000 };
	int64_t fd = CALL(__NR_open, KHUGEPAGED "scan_sleep_millisecs", 1, 0), before = full_scans();
	uint32_t tries;

	if (fd < 0)
		return fd;
	CALL(__NR_write, fd, sleep, sizeof(sleep) - 1);
	CALL(__NR_close, fd, 0, 0);
	/* Where there is no memory it gives up, and that is seen nowhere. */
	for (tries = 0; tries < 500 && full_scans() == before; tries++)
		CALL(__NR_nanosleep, moment, 0, 0);
	return 0;
}
