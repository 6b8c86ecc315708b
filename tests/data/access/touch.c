/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the program of touch.lackey and touch.lackey.maps, a page of it for each thing that
 * a report of accesses tells. They were made so:
 *
 *	gcc -O1 -fno-pie -static -nostdlib -o touch touch.c
 *	kmemsim record --access -o touch.lackey -- ./touch
 */
#define PAGE 4096

static const char words[PAGE] __attribute__((aligned(PAGE))) = "constants";
static char set[2 * PAGE] __attribute__((aligned(PAGE))) = "variables with a value";
static char zero[4 * PAGE] __attribute__((aligned(PAGE)));

static long call(long nr, long a, long b, long c)
{
	long ret;
	register long flags __asm__("r10") = 0x22;	/* MAP_PRIVATE | MAP_ANONYMOUS */
	register long fd __asm__("r8") = -1;
	register long offset __asm__("r9") = 0;

	__asm__ volatile("syscall" : "=a"(ret) : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(flags), "r"(fd), "r"(offset)
			 : "rcx", "r11", "memory");
	return ret;
}

static void fill(volatile char *at, int pages)
{
	for (; pages--; at += PAGE)
		*at = 1;
}

static int look(const volatile char *at, int pages)
{
	int sum = 0;

	for (; pages--; at += PAGE)
		sum += *at;
	return sum;
}

static int __attribute__((noinline)) deep(void)
{
	volatile char stack[40 * PAGE];

	stack[0] = 1;
	return stack[0];
}

void __attribute__((force_align_arg_pointer)) _start(void)
{
	volatile char *a = (char *)call(9, 0, 64 * PAGE, 3), *b = (char *)call(9, 0, 1024 * PAGE, 3);
	int sum = words[0] + look(set, 2);

	fill(set, 1);
	fill(zero, 4);
	fill(a, 40);			/* first touches */
	sum += look(b, 16);		/* the zero page .. */
	fill(b, 4);			/* .. and in its place frames */
	call(10, (long)a, 8 * PAGE, 1);	/* mprotect: read only */
	sum += look(a, 8);
	call(11, (long)a, 16 * PAGE, 0);	/* munmap */
	sum += look(a + 16 * PAGE, 24);
	*(volatile long *)(a + 20 * PAGE - 4) = sum;	/* in two pages */
	sum += deep();
	call(60, sum & 1, 0, 0);
}
