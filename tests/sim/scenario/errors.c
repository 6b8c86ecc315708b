/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: what is said about a bad scenario: the place, what was expected, what was
 * found. Each row of the table is the whole answer.
 */
#include <errno.h>
#include <stdlib.h>

#include "tests/sim/scenario/read_text.h"

static const struct {
	const char *text, *answer;
} bad[] = {
	{ "mmap buf 4k",
	  "t.vm:1:1: expected a process in front of 'mmap', such as 'A mmap'" },
	{ "proces A",
	  "t.vm:1:1: expected a statement, or a process, found 'proces'; did you mean 'process'? There are: machine, file, process, sleep, sync, drop-caches, cache, khugepaged, age, evict, phase, repeat, end, expect" },
	{ "\"process\" A",
	  "t.vm:1:1: expected a statement, or a process, without quotes" },
	{ "process A\nA tuch heap",
	  "t.vm:2:3: expected what the process does, found 'tuch'; did you mean 'touch'? There are: mmap, munmap, mprotect, mremap, brk, madvise, mlock, munlock, mempolicy, mbind, mincore, touch, read, write, fork, vfork, exec, exit, kill, limit, cpu" },
	{ "process A\nA",
	  "t.vm:2:2: expected what 'A' does, such as mmap or touch, found the end of the line" },
	{ "process A\nA mmap buf big",
	  "t.vm:2:12: expected a size such as 4k or 64M, found 'big'" },
	{ "process A\nA mmap buf",
	  "t.vm:2:11: expected a size such as 4k or 64M, found the end of the line" },
	{ "process A\nA mmap \"buf\" 4k",
	  "t.vm:2:8: expected the name of a mapping, without quotes" },
	{ "machine mthp=64k:always,4k:always",
	  "t.vm:1:14: expected sizes from 16k to 1M, each once with always, madvise, inherit or never behind a colon, found '4k:always'" },
	{ "machine mthp=64k:always,64k:never",
	  "t.vm:1:14: expected sizes from 16k to 1M, each once with always, madvise, inherit or never behind a colon, found '64k:never'" },
	{ "machine mthp=64k",
	  "t.vm:1:14: expected sizes from 16k to 1M, each once with always, madvise, inherit or never behind a colon, found '64k'" },
	{ "process A\nA mmap buf 4k porot=rw",
	  "t.vm:2:15: expected an option of mmap, found 'porot=rw'; did you mean 'prot'? There are: prot, private, shared, file, offset, at, fixed, noreplace, growsdown, populate, lock, noreserve, errno" },
	{ "process A\nA mmap buf 4k prot=wr",
	  "t.vm:2:20: expected none, r, w, x, rw, rx or rwx, found 'wr'; did you mean 'r'?" },
	{ "process A\nA mmap buf 4k prot",
	  "t.vm:2:19: expected prot= and none, r, w, x, rw, rx or rwx" },
	{ "process A\nA mmap buf 4k populate=1",
	  "t.vm:2:23: expected 'populate' without a value" },
	{ "process A\nA mmap buf 4k prot=r prot=w",
	  "t.vm:2:22: expected only one prot, found a second: 'prot=w'" },
	{ "process A\nA mmap buf 4k private shared",
	  "t.vm:2:23: expected only one of private or shared, found a second: 'shared'" },
	{ "process A\nA mmap buf 4k file=x",
	  "t.vm:2:20: expected the name of a file, found 'x'; there is none yet" },
	{ "process A\nA touch bfu",
	  "t.vm:2:9: expected the name of a mapping, found 'bfu'; there are: text, data, heap, stack" },
	{ "process A\nB touch heap",
	  "t.vm:2:1: expected the name of a process, found 'B'; there are: A" },
	{ "process A\nA exit\nA touch heap",
	  "t.vm:3:1: expected a process that runs: 'A' has ended" },
	{ "process A\nA fork B\nA kill B\nB exec",
	  "t.vm:4:1: expected a process that runs: 'B' has ended" },
	{ "process A\nrepeat 3\nprocess B\nend",
	  "t.vm:3:9: expected a name that is free: 'B' is a process that has not ended when repeat comes round" },
	{ "process A\nrepeat 2\nA touch heap\nA exit\nend",
	  "t.vm:3:1: expected a process that runs: 'A' has ended when repeat comes round" },
	{ "repeat 3\nsync",
	  "t.vm:1:1: expected an 'end' for this repeat, found the end of the file" },
	{ "end",
	  "t.vm:1:1: expected no 'end' here: no repeat is open" },
	{ "repeat 0\nsync\nend",
	  "t.vm:1:8: expected a number from 1 to 1000000000, found '0'" },
	{ "repeat 1000000001\nend",
	  "t.vm:1:8: expected a number from 1 to 1000000000, found '1000000001'" },
	{ "process A\nA mmap b 0",
	  "t.vm:2:10: a mapping of 0 bytes is refused by the kernel; if that is meant, write errno=EINVAL" },
	{ "process A\nA mmap b 200T",
	  "t.vm:2:10: a mapping of more than 128T is refused by the kernel; if that is meant, write errno=ENOMEM" },
	{ "process A\nA mmap b 4k offset=4k",
	  "t.vm:2:13: expected file= together with offset=" },
	{ "file f 4k\nprocess A\nA mmap b 4k file=f offset=1",
	  "t.vm:3:20: an offset that is no multiple of 4k is refused by the kernel; if that is meant, write errno=EINVAL" },
	{ "process A\nA mmap b 4k fixed",
	  "t.vm:2:13: expected at= together with 'fixed'" },
	{ "process A\nA mmap b 4k at=0x1001 fixed",
	  "t.vm:2:13: a place that is no multiple of 4k is refused by the kernel; if that is meant, write errno=EINVAL" },
	{ "process A\nA mmap b 4k at=0x800000000000 noreplace",
	  "t.vm:2:13: a place beyond 128T is refused by the kernel; if that is meant, write errno=ENOMEM" },
	{ "process A\nA mmap b 4k at=4096",
	  "t.vm:2:16: expected an address such as 0x1000, found '4096'" },
	{ "process A\nA mmap b 4k growsdown shared",
	  "t.vm:2:13: growsdown of a shared mapping or a file is refused by the kernel; if that is meant, write errno=EINVAL" },
	{ "machine kernel=6.1\nage",
	  "t.vm:2:1: expected 'age' on a machine that has generations: 'machine lru=mglru'" },
	{ "machine lru=classic\nevict 4k",
	  "t.vm:2:1: expected 'evict' on a machine that has generations: 'machine lru=mglru'" },
	{ "age swappiness=201",
	  "t.vm:1:16: expected a number from 0 to 200, found '201'" },
	{ "evict",
	  "t.vm:1:6: expected a size such as 4k or 64M, found the end of the line" },
	{ "process A cpu=2",
	  "t.vm:1:11: expected a CPU below 1; 'machine cpus=3' would make room for it" },
	{ "process A\nA cpu 1",
	  "t.vm:2:7: expected a CPU below 1; 'machine cpus=2' would make room for it" },
	{ "process A cpu=256",
	  "t.vm:1:15: expected a number from 0 to 255, found '256'" },
	{ "process A uid=4294967295",
	  "t.vm:1:15: expected a number from 0 to 4294967294, found '4294967295'" },
	{ "process A oom-adj=1001",
	  "t.vm:1:19: expected a number from -1000 to 1000, found '1001'" },
	{ "machine cpus=257",
	  "t.vm:1:14: expected a number from 1 to 256, found '257'" },
	{ "machine memory=1k",
	  "t.vm:1:16: expected a size from 1M and below 16T, found '1k'" },
	{ "machine memory=16T",
	  "t.vm:1:16: expected a size from 1M and below 16T, found '16T'" },
	{ "machine nodes=16 memory=63M",
	  "t.vm:1:9: expected at least 4M of memory for each node" },
	{ "machine cpus=0 nodes=0\nprocess A cpu=200\nage\nA mempolicy bind nodes=3",
	  "t.vm:1:14: expected a number from 1 to 256, found '0'\nt.vm:1:22: expected a number from 1 to 16, found '0'" },
	{ "machine memory=64M swap=1",
	  "t.vm:1:20: expected swap=0, or a size from 8k and below 8T" },
	{ "machine memory=64M swap=8T",
	  "t.vm:1:20: expected swap=0, or a size from 8k and below 8T" },
	{ "machine policy=lru swap=8k frames=1000000000",
	  "t.vm:1:35: expected a number from 1 to 16777216, found '1000000000'" },
	{ "machine policy=lru memory=64M swap=8k frames=12289",
	  "t.vm:1:39: expected at most 12288 frames, three quarters of memory=: tables and files need the rest" },
	{ "machine policy=arc swap=64M thp=madvise",
	  "t.vm:1:29: expected thp=never together with policy=: it chooses pages of 4k" },
	{ "machine policy=arc swap=64M mthp=64k:always",
	  "t.vm:1:29: expected no sizes of mthp= but never together with policy=: it chooses pages of 4k" },
	{ "machine policy=arc swap=64M mthp=16k:never,64k:inherit",
	  "t.vm:1:29: expected no sizes of mthp= but never together with policy=: it chooses pages of 4k" },
	{ "machine policy=arc swap=64M mthp=32k:madvise",
	  "t.vm:1:29: expected no sizes of mthp= but never together with policy=: it chooses pages of 4k" },
	{ "machine policy=arc swap=64M\nprocess A\nA mmap b 2M\nA madvise b collapse",
	  "t.vm:4:13: expected no collapse on a machine with policy=: it chooses pages of 4k" },
	{ "machine nodes=17",
	  "t.vm:1:15: expected a number from 1 to 16, found '17'" },
	{ "machine kernel=5.10",
	  "t.vm:1:16: expected a kernel: 6.1 or 6.12, found '5.10'" },
	{ "machine swap-type=disk",
	  "t.vm:1:9: expected swap= together with swap-type=" },
	{ "machine frames=3",
	  "t.vm:1:9: expected policy= together with frames=" },
	{ "machine fault-around=12k",
	  "t.vm:1:9: expected a power of two, such as 4k or 64k" },
	{ "machine overcommit=3",
	  "t.vm:1:20: expected a number from 0 to 2, found '3'" },
	{ "machine swappiness=201",
	  "t.vm:1:20: expected a number from 0 to 200, found '201'" },
	{ "process A\nmachine",
	  "t.vm:2:1: expected 'machine' only as the first statement" },
	{ "file f 4k\nfile f 8k",
	  "t.vm:2:6: expected a new name, found 'f', which is a file already" },
	{ "file f 0",
	  "t.vm:1:8: expected a size from 1 and below 16T, found '0'" },
	{ "repeat 2\nfile f 4k\nend",
	  "t.vm:2:1: expected 'file' outside of repeat: a file is made once" },
	{ "sleep 10x",
	  "t.vm:1:7: expected a time such as 10ms or 5s, up to 2592000s, found '10x'" },
	{ "sleep 0",
	  "t.vm:1:7: expected a time such as 10ms or 5s, up to 2592000s, found '0'" },
	{ "sleep 2592001",
	  "t.vm:1:7: expected a time such as 10ms or 5s, up to 2592000s, found '2592001'" },
	{ "phase \"x",
	  "t.vm:1:7: expected a second '\"' before the line ends" },
	{ "phase \"x\"y",
	  "t.vm:1:7: expected a blank behind the second '\"'" },
	{ "phase \"\"",
	  "t.vm:1:7: expected a name such as \"first touch\", found an empty one" },
	{ "phase",
	  "t.vm:1:6: expected a name such as \"first touch\", found the end of the line" },
	{ "process machine",
	  "t.vm:1:9: expected another name for a process: 'machine' has a meaning of its own" },
	{ "process vm",
	  "t.vm:1:9: expected another name for a process: 'vm' has a meaning of its own" },
	{ "process 1a",
	  "t.vm:1:9: expected a name of letters, digits, '-' and '_', a letter first, up to 31 of them, found '1a'" },
	{ "process abcdefghijklmnopqrstuvwxyzabcdef",
	  "t.vm:1:9: expected a name of letters, digits, '-' and '_', a letter first, up to 31 of them, found 'abcdefghijklmnopqrstuvwxyzabcdef'" },
	{ "process A\nA mmap heap 4k",
	  "t.vm:2:8: expected another name for a mapping: 'heap' has a meaning of its own" },
	{ "process A\nA munmap 0x1000",
	  "t.vm:2:16: expected length= together with an address" },
	{ "process A\nA munmap 4096",
	  "t.vm:2:10: expected a mapping, or an address such as 0x1000, found '4096'" },
	{ "process A\nA munmap heap from=1",
	  "t.vm:2:15: a beginning that is no multiple of 4k is refused by the kernel; if that is meant, write errno=EINVAL" },
	{ "process A\nA munmap heap length=0",
	  "t.vm:2:15: munmap of 0 bytes is refused by the kernel; if that is meant, write errno=EINVAL" },
	{ "process A\nA munmap 0x1001 length=4k",
	  "t.vm:2:10: an address that is no multiple of 4k is refused by the kernel; if that is meant, write errno=EINVAL" },
	{ "process A\nA munmap 0xfffffffffffff000 length=8k",
	  "t.vm:2:29: expected a range that ends below the last address" },
	{ "process A\nA munmap 0xffffffffffffffff length=4k",
	  "t.vm:2:10: expected a mapping, or an address such as 0x1000, found '0xffffffffffffffff'" },
	{ "process A\nA munmap 0x1000 from=4k length=4k",
	  "t.vm:2:17: expected from= only with a mapping, not with an address" },
	{ "process A\nA mprotect heap",
	  "t.vm:2:16: expected prot=, found the end of the line" },
	{ "process A\nA madvise heap dontnee",
	  "t.vm:2:16: expected normal, random, sequential, willneed, dontneed, free, cold, pageout, populate-read, populate-write, hugepage, nohugepage, collapse, dontfork, dofork, wipeonfork or keeponfork, found 'dontnee'; did you mean 'dontneed'?" },
	{ "process A\nA mremap 0x1000 4k",
	  "t.vm:2:10: expected a mapping, found '0x1000'" },
	{ "process A\nA mremap text 0",
	  "t.vm:2:15: a new size of 0 bytes is refused by the kernel; if that is meant, write errno=EINVAL" },
	{ "process A\nA mremap text 4k dontunmap",
	  "t.vm:2:18: dontunmap without maymove is refused by the kernel; if that is meant, write errno=EINVAL" },
	{ "process A\nA mremap text 4k to=0x1000",
	  "t.vm:2:18: to= without maymove is refused by the kernel; if that is meant, write errno=EINVAL" },
	{ "process A\nA mremap text 4k maymove to=0x1001",
	  "t.vm:2:26: a place that is no multiple of 4k is refused by the kernel; if that is meant, write errno=EINVAL" },
	{ "process A\nA brk 1M",
	  "t.vm:2:7: expected a change such as +1M or -64k, found '1M'" },
	{ "process A\nA brk +200T",
	  "t.vm:2:7: expected a change such as +1M or -64k, found '+200T'" },
	{ "process A\nA touch heap loops=3x4k,x",
	  "t.vm:2:20: expected up to 4 loops, COUNTxBYTES, such as 1024x16k,2048x8, found '3x4k,x'" },
	{ "process A\nA touch heap loops=1x1,1x1,1x1,1x1,1x1",
	  "t.vm:2:20: expected up to 4 loops, COUNTxBYTES, such as 1024x16k,2048x8, found '1x1,1x1,1x1,1x1,1x1'" },
	{ "process A\nA touch heap loops=2x128T,2x1",
	  "t.vm:2:20: expected up to 4 loops, COUNTxBYTES, such as 1024x16k,2048x8, found '2x128T,2x1'" },
	{ "process A\nA touch heap loops=0x1",
	  "t.vm:2:20: expected up to 4 loops, COUNTxBYTES, such as 1024x16k,2048x8, found '0x1'" },
	{ "process A\nA touch heap loops=3x4k stride=8",
	  "t.vm:2:25: expected loops= without stride=: it says all places itself" },
	{ "process A\nA touch heap loops=3x4k pages=1",
	  "t.vm:2:25: expected loops= or pages=, not both" },
	{ "process A\nA touch heap pages=1,,2",
	  "t.vm:2:20: expected up to 256 numbers of pages, such as 1,2,3,1, found '1,,2'" },
	{ "process A\nA touch heap pages=34359738368",
	  "t.vm:2:20: expected up to 256 numbers of pages, such as 1,2,3,1, found '34359738368'" },
	{ "process A\nA touch heap length=0",
	  "t.vm:2:14: expected a length of at least 1" },
	{ "process A\nA touch heap seed=3",
	  "t.vm:2:14: expected seed= only with pattern=random or pattern=zipf" },
	{ "process A\nA touch heap below=4k from=4k",
	  "t.vm:2:14: expected below= without from= and length=" },
	{ "process A\nA touch 0x1000 below=4k",
	  "t.vm:2:16: expected below= only with a mapping, not with an address" },
	{ "process A\nA touch 0x1000 from=4k",
	  "t.vm:2:16: expected from= only with a mapping, not with an address" },
	{ "process A\nA touch heap stride=0",
	  "t.vm:2:21: expected a size from 1 to 128T, found '0'" },
	{ "process A\nA limit",
	  "t.vm:2:8: expected a limit such as as=1G, found the end of the line" },
	{ "process A\nA limit as=200T",
	  "t.vm:2:12: expected a size from 0 to 128T, found '200T'" },
	{ "process A\nA exit now",
	  "t.vm:2:8: expected the end of the line, found 'now'" },
	{ "process A\nA exec errno=ENOMEM",
	  "t.vm:2:8: expected the end of the line, found 'errno=ENOMEM'" },
	{ "process A\nA kill B",
	  "t.vm:2:8: expected the name of a process, found 'B'; there are: A" },
	{ "process A\nprocess A",
	  "t.vm:2:9: expected a name that is free: 'A' is a process that has not ended" },
	{ "process A\nA fork A",
	  "t.vm:2:8: expected a name that is free: 'A' is a process that has not ended" },
	{ "sync \"x\"",
	  "t.vm:1:6: expected the end of the line, found 'x'" },
	{ "\x01",
	  "t.vm:1:1: expected text, found the byte 0x01" },
	{ "\ta\x7f",
	  "t.vm:1:3: expected text, found the byte 0x7f" },
	{ "process A\nprocess B\nA mmap buf 4k\nB touch buf",
	  "t.vm:4:9: expected a mapping of 'B', found 'buf'; there are: text, data, heap, stack" },
	{ "process A\nA mmap buf 4k\nA exec\nexpect A.buf.rss == 0",
	  "t.vm:4:8: expected a mapping of 'A', found 'buf'; there are: text, data, heap, stack" },
	{ "phase \"\xc3\xa4\xe2\x82\xac\" x",
	  "t.vm:1:12: expected the end of the line, found 'x'" },
	{ "process A\nprocess B\nA mmap m 4k\nrepeat 2\nB touch m\nend",
	  "t.vm:5:9: expected a mapping of 'B', found 'm'; there are: text, data, heap, stack" },
	{ "process A\nexpect B.rss == 0",
	  "t.vm:2:8: expected the name of a process, found 'B'; there are: A" },
	{ "process A\nexpect A.x.rss == 0",
	  "t.vm:2:10: expected the name of a mapping, found 'x'; there are: text, data, heap, stack" },
	{ "process A\nexpect A.minflut == 1",
	  "t.vm:2:10: expected a figure, found 'minflut'; did you mean 'minflt'? There are: faults, minflt, majflt, anon-faults, zero-faults, cow-faults, reuse-faults, cache-faults, read-faults, swapin-faults, huge-faults, spurious-faults, ..." },
	{ "process A\nexpect A.heap.vsz == 1",
	  "t.vm:2:15: expected a figure, found 'vsz'; there are: faults, minflt, majflt, anon-faults, zero-faults, cow-faults, reuse-faults, cache-faults, read-faults, swapin-faults, huge-faults, spurious-faults, ..." },
	{ "process A\nexpect A.start == 0x1",
	  "t.vm:2:10: expected a figure, found 'start'; there are: faults, minflt, majflt, anon-faults, zero-faults, cow-faults, reuse-faults, cache-faults, read-faults, swapin-faults, huge-faults, spurious-faults, ..." },
	{ "process A\nexpect phase.rss == 1",
	  "t.vm:2:14: expected a figure that is counted: 'rss' is a state, a phase has none of its own" },
	{ "process A\nexpect phase.vm.free == 1",
	  "t.vm:2:17: expected a figure that is counted: 'free' is a state, a phase has none of its own" },
	{ "process A\nexpect minflt == 1",
	  "t.vm:2:8: expected a figure such as A.minflt or vm.pgsteal, found 'minflt'" },
	{ "process A\nexpect A.signal < SEGV",
	  "t.vm:2:17: expected == or != here, found '<'" },
	{ "process A\nexpect A.errno == ENOMEN",
	  "t.vm:2:19: expected none, EACCES, EAGAIN, EBADF, EBUSY, EEXIST, EFAULT, EINVAL, EIO, ENODEV, ENOMEM, ENOSPC, EOPNOTSUPP, EOVERFLOW, EPERM or ESRCH, found 'ENOMEN'; did you mean 'ENOMEM'?" },
	{ "process A\nexpect A.heap.start within 5% of 0x1",
	  "t.vm:2:21: expected another operator for an address, found 'within'" },
	{ "process A\nexpect A.rss == A.minflt",
	  "t.vm:2:17: expected a figure of the same kind as the one on the left, found 'A.minflt'" },
	{ "process A\nexpect A.rss within 5 of 64M",
	  "t.vm:2:21: expected a share from 0% to 100%, found '5'" },
	{ "process A\nexpect A.rss within 101% of 64M",
	  "t.vm:2:21: expected a share from 0% to 100%, found '101%'" },
	{ "process A\nexpect A.rss within 5% off 64M",
	  "t.vm:2:24: expected 'of', found 'off'" },
	{ "process A\nexpect A.rss within 5%",
	  "t.vm:2:23: expected a share and a value, such as 5% of 1000, found the end of the line" },
	{ "process A\nexpect A.rss = 1",
	  "t.vm:2:14: expected ==, !=, <, <=, >, >= or within, found '='" },
	{ "process A\nexpect A.rss == 64Q",
	  "t.vm:2:17: expected a size such as 4k or 64M, or a figure, found '64Q'" },
	{ "process A\nexpect A.minflt == 1.5",
	  "t.vm:2:20: expected a number, or a figure, found '1.5'" },
	{ "process A\nexpect",
	  "t.vm:2:7: expected a figure such as A.minflt or vm.pgsteal, found the end of the line" },
	{ "process A\nexpect A.rss",
	  "t.vm:2:13: expected ==, !=, <, <=, >, >= or within, found the end of the line" },
	{ "process A\nexpect A.rss ==",
	  "t.vm:2:16: expected what it is compared with, found the end of the line" },
	{ "process A\nexpect A.rss == 1 2",
	  "t.vm:2:19: expected the end of the line, found '2'" },
	{ "# nothing",
	  "t.vm:1:1: expected a statement, found nothing but comments" },
	{ "machine memory=64M",
	  "t.vm:1:1: expected a process, found only the machine" },
};

/* Read @text, which is wrong: all that is said, a line each. The caller's. */
static char *answer_to(const char *text, size_t len, unsigned int *nr)
{
	struct scenario_errors errors;
	struct scenario *s;
	char *all = NULL, buf[512];
	size_t all_len;
	FILE *file = open_memstream(&all, &all_len);
	unsigned int i;

	CU_ASSERT_EQUAL(scenario_read(&s, text, len, &errors), -EINVAL);
	CU_ASSERT_PTR_NULL(s);
	scenario_destroy(s);
	for (i = 0; i < errors.nr; i++)
		fprintf(file, "%s%s", i ? "\n" : "", scenario_error_text(&errors.at[i], "t.vm", buf, sizeof(buf)));
	fclose(file);
	if (nr)
		*nr = errors.nr;
	return all;
}

static void expect_answer(const char *text, size_t len, const char *answer)
{
	char *got = answer_to(text, len, NULL);

	CU_ASSERT_STRING_EQUAL(got, answer);
	if (strcmp(got, answer))
		fprintf(stderr, "%.60s\n-> %s\nnot %s\n", text, got, answer);
	free(got);
}

static void test_answers(void)
{
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_answer(bad[i].text, strlen(bad[i].text), bad[i].answer);
	expect_answer("sync\n\0", 6, "t.vm:2:1: expected text, found the byte 0x00");
	expect_answer("", 0, "t.vm:1:1: expected a statement, found nothing but comments");
}

/* Which models there are, and what is wrong with a geometry, the TLB's own parser says. */
static void test_tlb(void)
{
	static const struct { const char *text, *begins; } rows[] = {
		{ "machine tlb=skylak", "t.vm:1:13: expected a TLB model, found 'skylak'; did you mean 'skylake'? There are: " },
		{ "machine tlb=l1=3x2x", "t.vm:1:13: TLB: " },
	};
	char text[160] = "machine tlb=l1=64x4,", *got;
	unsigned int i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		got = answer_to(rows[i].text, strlen(rows[i].text), NULL);
		CU_ASSERT_EQUAL(strncmp(got, rows[i].begins, strlen(rows[i].begins)), 0);
		free(got);
	}
	memset(text + strlen(text), 'x', 128);
	expect_answer(text, strlen(text), "t.vm:1:13: expected a TLB's geometry of at most 127 letters");
}

/* All mistakes in the order of the text, those found late between those found early; what follows from one is not said. */
static void test_several(void)
{
	static const char text[] =
		"process A cup=1\n"		/* 1: an option; A is a process all the same */
		"A mmap buf 64X\n"		/* 2: a size, and buf may be touched */
		"A touch buf\n"
		"A mmap other 4k prot=q lock=1\n"	/* 4: two in a line */
		"A touch otter\n"		/* 5: a name */
		"proces B\n"			/* 6: a statement; B may be used */
		"B mmap b 4k\n"
		"B touch b\n"
		"A exit\n"
		"A exiit\n"			/* 10 */
		"A touch buf\n";

	expect_answer(text, strlen(text),
		"t.vm:1:11: expected an option of process, found 'cup=1'; did you mean 'cpu'? There are: uid, cpu, oom-adj\n"
		"t.vm:2:12: expected a size such as 4k or 64M, found '64X'\n"
		"t.vm:4:22: expected none, r, w, x, rw, rx or rwx, found 'q'\n"
		"t.vm:4:28: expected 'lock' without a value\n"
		"t.vm:5:9: expected the name of a mapping, found 'otter'; did you mean 'other'? There are: text, data, heap, "
		"stack, buf, other\n"
		"t.vm:6:1: expected a statement, or a process, found 'proces'; did you mean 'process'? There are: machine, file, "
		"process, sleep, sync, drop-caches, cache, khugepaged, age, evict, phase, repeat, end, expect\n"
		"t.vm:10:3: expected what the process does, found 'exiit'; did you mean 'exit'? There are: mmap, munmap, "
		"mprotect, mremap, brk, madvise, mlock, munlock, mempolicy, mbind, mincore, touch, read, write, fork, vfork, exec, exit, kill, "
		"limit, cpu");
	expect_answer("process A\nA exit\nA touch heap\nsleep x\n", 38,
		"t.vm:3:1: expected a process that runs: 'A' has ended\n"
		"t.vm:4:7: expected a time such as 10ms or 5s, up to 2592000s, found 'x'");
}

/* Blocks that do not match: one answer for each, and the lines inside are read. */
static void test_blocks(void)
{
	static const char deep[] = "repeat 1\nrepeat 1\nrepeat 1\nrepeat 1\nrepeat 1\nsync\nend\nend\nend\nend\nend\n";

	expect_answer(deep, strlen(deep), "t.vm:5:1: expected at most 4 repeats inside of each other");
	expect_answer("repeat x\nend y\nend\n", 19,
		      "t.vm:1:8: expected a number from 1 to 1000000000, found 'x'\n"
		      "t.vm:2:5: expected the end of the line, found 'y'\n"
		      "t.vm:3:1: expected no 'end' here: no repeat is open");
	expect_answer("repeat 2\nrepeat 3\nend\nprocess 1\n", 31,
		      "t.vm:1:1: expected an 'end' for this repeat, found the end of the file\n"
		      "t.vm:4:9: expected a name of letters, digits, '-' and '_', a letter first, up to 31 of them, found '1'");
}

/* After the twentieth nothing is read: the first ones are what counts. */
static void test_many(void)
{
	char text[1024] = "repeat 2\n", *got;
	unsigned int i, nr;

	for (i = 0; i < 30; i++)
		strcat(text, "sink\n");
	got = answer_to(text, strlen(text), &nr);
	CU_ASSERT_EQUAL(nr, SCENARIO_MAX_ERRORS);
	CU_ASSERT_EQUAL(strncmp(got, "t.vm:2:1:", 9), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(got, "t.vm:21:1:"));
	CU_ASSERT_PTR_NULL(strstr(got, "t.vm:22:1:"));
	free(got);
}

/* ---- bounds: the last that is taken, the first that is not ----------------------------- */

/* @nr lines, made of @format and a number, behind @head. */
static char *lines_of(const char *head, const char *format, unsigned int nr, size_t *len)
{
	char *text = NULL;
	FILE *file = open_memstream(&text, len);
	unsigned int i;

	fputs(head, file);
	for (i = 0; i < nr; i++)
		fprintf(file, format, i);
	fclose(file);
	return text;
}

static void check_bound(const char *head, const char *format, unsigned int most, const char *answer)
{
	struct scenario_errors errors;
	struct scenario *s;
	size_t len;
	char *text = lines_of(head, format, most, &len);

	CU_ASSERT_EQUAL(scenario_read(&s, text, len, &errors), 0);
	show_errors("bound", &errors);
	scenario_destroy(s);
	free(text);
	text = lines_of(head, format, most + 1, &len);
	expect_answer(text, len, answer);
	free(text);
}

static void test_bounds(void)
{
	check_bound("", "process p%u\n", SCENARIO_MAX_PROCESSES,
		    "t.vm:1025:9: expected at most 1024 names of a process");
	check_bound("process A\n", "A mmap m%u 4k\n", SCENARIO_MAX_NAMES - NR_SCENARIO_LAYOUT,
		    "t.vm:4094:8: expected at most 4096 names of a mapping");
	check_bound("", "file f%u 4k\n", SCENARIO_MAX_NAMES, "t.vm:4097:6: expected at most 4096 names of a file");
	check_bound("", "phase %u\n", SCENARIO_MAX_NAMES, "t.vm:4097:7: expected at most 4096 names of a phase");
	check_bound("", "sync #%u\n", SCENARIO_MAX_STEPS, "t.vm:262145:1: expected at most 262144 statements");
	check_bound("process A\nA touch heap pages=0", ",%u", SCENARIO_MAX_PAGES - 1,
		    "t.vm:2:20: expected up to 256 numbers of pages, such as 1,2,3,1, found "
		    "'0,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,'");
}

/* A line's bytes and words; the bytes of all. */
static void test_sizes(void)
{
	char *text = malloc(SCENARIO_MAX_BYTES + 2);
	struct scenario_errors errors;
	struct scenario *s;
	char words[3 * 64 + 16] = "";
	unsigned int i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	memset(text, '#', SCENARIO_MAX_BYTES + 2);
	memcpy(text, "sync ", 5);
	CU_ASSERT_EQUAL(scenario_read(&s, text, SCENARIO_MAX_LINE, &errors), 0);
	scenario_destroy(s);
	expect_answer(text, SCENARIO_MAX_LINE + 1, "t.vm:1:4096: expected a line of at most 4096 bytes");
	memset(text, '\n', SCENARIO_MAX_BYTES + 2);
	memcpy(text, "sync\n", 5);
	CU_ASSERT_EQUAL(scenario_read(&s, text, SCENARIO_MAX_BYTES, &errors), 0);
	scenario_destroy(s);
	expect_answer(text, SCENARIO_MAX_BYTES + 1,
		      "t.vm:1:1: expected a scenario of at most 16777216 bytes, found 16777217");
	for (i = 0; i < 64; i++)
		strcat(words, "x ");
	strcat(words, "y");
	expect_answer(words, strlen(words), "t.vm:1:129: expected at most 64 words in a line");
	free(text);
}

static const struct test_case cases[] = {
	{ "answers", test_answers },
	{ "TLB", test_tlb },
	{ "several", test_several },
	{ "blocks", test_blocks },
	{ "many", test_many },
	{ "bounds", test_bounds },
	{ "sizes", test_sizes },
	{ NULL, NULL }
};

const struct test_suite scenario_errors_suite = { "scenario_errors", cases };
