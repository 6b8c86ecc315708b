#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# glibc's own malloc tests, from Debian's glibc-source, unpacked and compiled here.
# Left out, of malloc/tst-*.c:
#   interpose-*                    bring a malloc of their own
#   malloc-usable*, mxfast         glibc's MALLOC_CHECK_ and tunables
#   malloc-backtrace, safe-linking,
#   tcfree1, tcfree2               expect glibc's own way to notice damage, an abort
#   alloc_buffer, dynarray*,
#   scratch_buffer                 not in glibc's public interface
#   compathooks-*, mallocstate     symbols that only old programs can link with
#   mtrace                         needs libc_malloc_debug.so preloaded
# processes: tst-malloc tst-realloc tst-memalign tst-mallocfork2
set -eu
tests='mallocbug tst-calloc tst-free-errno tst-mallinfo2 tst-malloc tst-malloc-check tst-malloc-fork-deadlock
	tst-malloc-stats-cancellation tst-malloc-tcache-leak tst-malloc-thread-exit tst-malloc-thread-fail
	tst-malloc-too-large tst-malloc_info tst-mallocalign1 tst-mallocfork tst-mallocfork2 tst-mallocfork3
	tst-mallopt tst-memalign tst-obstack tst-posix_memalign tst-pvalloc tst-pvalloc-fortify tst-realloc
	tst-reallocarray tst-tcfree3 tst-trim1 tst-valloc'
if [ "$1" = prepare ]; then
	. "$KMEMSIM_ROOT/tests/library/programs/lib.sh"
	tarball=$(echo /usr/src/glibc/glibc-*.tar.xz)
	if [ ! -e "$tarball" ]; then
		unpack glibc-source package || exit 77
		tarball=$(echo package/usr/src/glibc/glibc-*.tar.xz)
	fi
	tar -xf "$tarball" --strip-components=1 --wildcards 'glibc-*/malloc' 'glibc-*/support' \
		'glibc-*/test-skeleton.c' 'glibc-*/include/libc-diag.h' 'glibc-*/include/array_length.h'
	# Of glibc's private headers only these two: the others change the public ones.
	mkdir private objects
	mv include/libc-diag.h include/array_length.h private
	echo '#define MALLOC_ALIGN_MASK (2 * sizeof(size_t) - 1)' >private/malloc-size.h
	# 10,000 forks under a storm of signals take half a minute each.
	sed -i 's/iterations = 10000/iterations = 1000/' malloc/tst-mallocfork[23].c
	# Whatever the words are: what matters is that malloc_stats() is not cut off.
	sed -i 's/"max mmap bytes"/"bytes"/' malloc/tst-malloc-stats-cancellation.c
	compile() {
		gcc -std=gnu11 -O2 -w -D_GNU_SOURCE -DTIMEOUTFACTOR=3 -include limits.h -Iprivate -I. -Isupport "$@"
	}
	cat >support/paths.c <<-'C'
		const char support_srcdir_root[] = ".", support_objdir_root[] = ".";
	C
	for file in check delayed_exit ignore_stderr oom_error paths support_record_failure \
		support_set_small_thread_stack_size support_shared_allocate support_test_compare_failure support_test_main \
		support_test_verify_impl temp_file write_message xasprintf xcalloc xchdir xclose xfopen xfork xmalloc xmmap \
		xmunmap xopen xpthread_attr_destroy xpthread_attr_init xpthread_attr_setstacksize \
		xpthread_barrier_destroy xpthread_barrier_init xpthread_barrier_wait xpthread_barrierattr_destroy \
		xpthread_barrierattr_init xpthread_barrierattr_setpshared xpthread_check_return \
		xpthread_create xpthread_join xpthread_kill xrealloc xsigaction xsignal xstrdup xsysconf xwaitpid; do
		compile -c -o objects/$file.o support/$file.c
	done
	ar qcs libsupport.a objects/*.o
	for test in $tests; do
		compile -o "$test" "malloc/$test.c" libsupport.a -pthread
	done
	exit 0
fi
[ -z "${KMEMSIM_SHORT-}" ] || exit 0
mkdir scratch
export TMPDIR="$PWD/scratch"
failed=0
for test in $tests; do
	status=0
	(cd "$2" && "./$test") >"scratch/$test" 2>&1 || status=$?
	echo "$test: $status"
	[ $status = 0 ] || { failed=$((failed + 1)); echo "$test: exit status $status" >&2; tail -5 "scratch/$test" >&2; }
done
[ $failed = 0 ]
