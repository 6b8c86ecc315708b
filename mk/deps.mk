# SPDX-License-Identifier: GPL-2.0
#
# kmemsim: the Debian packages that the targets need.

# package:what it is for:how to tell that it is there
build_deps := gcc:compiler:gcc libc6-dev:C_library:/usr/include/stdio.h \
	libnuma-dev:host_NUMA_placement:/usr/include/numa.h \
	libjansson-dev:JSON_output:/usr/include/jansson.h \
	libzstd-dev:compressed_traces:/usr/include/zstd.h \
	zlib1g-dev:checksums_of_traces,_gzip:/usr/include/zlib.h \
	pkg-config:finds_optional_libraries:pkg-config \
	libtraceevent-dev:perf.data,_trace.dat:/usr/include/traceevent/event-parse.h \
	libbabeltrace2-dev:CTF:/usr/include/babeltrace2/babeltrace.h \
	libarchive-dev:xz,_bzip2,_lz4:/usr/include/archive.h \
	libdw-dev:struct_layouts_from_debug_information:/usr/include/elfutils/libdw.h
# The file itself: its folder belongs to other packages as well.
fuzz_runtime := /usr/lib/llvm-14/lib/clang/14.0.6/lib/linux/libclang_rt.fuzzer-$(shell uname -m).a
test_deps := g++:the_public_header_in_C++:g++ groff-base:checks_the_man_pages:groff \
	libcunit1-dev:unit_tests:/usr/include/CUnit/Basic.h \
	clang:fuzzing:$(CLANG) libclang-rt-14-dev:fuzzing_runtime:$(fuzz_runtime) \
	python3:checks_of_JSON_and_CSV_output:python3 zstd:unpacks_recordings:zstd \
	xz-utils:packs_test_input:xz bzip2:packs_test_input:bzip2 lz4:packs_test_input:lz4 \
	valgrind:lackey,_whose_accesses_are_read:valgrind linux-perf:records_the_kernel:perf \
	dwarves:pahole,_which_layouts_are_held_against:pahole \
	dwz:debug_information_that_files_share:dwz \
	heaptrack:whose_totals_ours_must_equal:heaptrack_print libc-devtools:mtrace,_whose_list_ours_must_equal:mtrace \
	libc6-dbg:structs_of_a_program_not_ours:/usr/share/doc/libc6-dbg/copyright
bench_deps := linux-perf:the_peer_that_make_bench_measures_against:perf zstd:unpacks_recordings:zstd \
	libjemalloc2:a_malloc_to_measure_against:/usr/share/doc/libjemalloc2/copyright \
	libmimalloc2.0:a_malloc_to_measure_against:/usr/share/doc/libmimalloc2.0/copyright \
	libtcmalloc-minimal4:a_malloc_to_measure_against:/usr/share/doc/libtcmalloc-minimal4/copyright
# Real programs; of nginx and glibc's tests the packages are unpacked, not installed, if need be.
program_deps := g++:runs_on_our_malloc:g++ python3:runs_on_our_malloc:/usr/bin/python3 \
	sqlite3:runs_on_our_malloc:sqlite3 git:runs_on_our_malloc:git perl:runs_on_our_malloc:perl \
	redis-tools:runs_on_our_malloc:redis-benchmark apache2-utils:load_for_nginx:ab zstd:unpacks_recordings:zstd

.PHONY: deps deps-build deps-test deps-bench deps-programs
deps-build: ; $(Q)sh tests/need-packages.sh $(build_deps)
deps-test: ; $(Q)sh tests/need-packages.sh $(build_deps) $(test_deps)
deps-bench: ; $(Q)sh tests/need-packages.sh $(build_deps) $(bench_deps)
# One by one should one of them not be to be had: without it its program is skipped.
deps-programs:
	$(Q)sh tests/need-packages.sh $(program_deps) || \
		for need in $(program_deps); do sh tests/need-packages.sh "$$need" || :; done
deps: deps-test deps-bench ## install the Debian packages for building, tests and benchmarks

