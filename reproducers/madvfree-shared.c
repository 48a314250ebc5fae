// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * MADV_FREE by one process gives away data of another that shares the page after fork.
 *
 * A page of anonymous memory that holds data, but is clean in every PTE and in struct page and is not in the swap
 * cache, is shared by fork. One side calls MADV_FREE. Nothing asks whether the other side still maps the page, and
 * reclaim finds it clean everywhere: the other side reads zeros. docs/found.md tells which kernels and why.
 *
 * The cases differ in how the page becomes clean:
 *
 *   readv          FAULT_FLAG_UNSHARE by process_vm_readv(2) of a page that another child shares
 *   readv-mirrored the same, and the parent frees and unmaps: the child loses
 *   direct         FAULT_FLAG_UNSHARE by an O_DIRECT write from such a page (-d FILE)
 *   ksm            FAULT_FLAG_UNSHARE by MADV_UNMERGEABLE (needs root, to start ksmd)
 *   swapin         a read fault that swaps in from a synchronous device (needs swap on zram, or brd)
 *
 * Each has controls in which one thing is different: the page is not made clean, nobody calls MADV_FREE, or a store
 * makes the page dirty again. Data that a control loses means that the result says nothing.
 *
 *   cc -O2 -Wall -Wextra -o madvfree-shared madvfree-shared.c
 *   ./madvfree-shared [-n RUNS] [-d FILE] [-p] [CASE..]
 *
 * -p reclaims by memory pressure, up to the OOM killer, and not by MADV_PAGEOUT. For a machine of one's own only.
 *
 * Exit: 0 no case lost data, 1 some did, 2 a control did or a step failed, 4 nothing could be run.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

#define PATTERN 0x5a
#define HOG_CHUNK (1UL << 20)

enum clean_by { READV, DIRECT, KSM, SWAPIN };
enum outcome { KEPT = 0, LOST = 1, FAILED = 2, SKIPPED = 4 };

/* What is left out, or added, in a control. */
enum control { NONE, NOT_CLEAN, NO_FREE, STORE };

struct test {
	const char *name;
	enum clean_by clean_by;
	bool mirrored;
};

static const struct test tests[] = {
	{ "readv", READV, false },
	{ "readv-mirrored", READV, true },
	{ "direct", DIRECT, false },
	{ "ksm", KSM, false },
	{ "swapin", SWAPIN, false },
};
#define TESTS (sizeof(tests) / sizeof(*tests))

static const char *const controls[] = { "", "the page not made clean", "no MADV_FREE", "a store before the fork" };
#define CONTROLS (sizeof(controls) / sizeof(*controls))

static size_t page_size;
static char *buf;
static const char *direct_file;
static bool pressure;

static void fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	_exit(FAILED);
}

static void skip(const char *why)
{
	fprintf(stderr, "cannot be had: %s\n", why);
	_exit(SKIPPED);
}

/* The entry of /proc/self/pagemap. Its PFN is 0 without CAP_SYS_ADMIN, its flags are for everybody. */
static uint64_t pagemap(const void *addr)
{
	uint64_t entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	if (fd < 0 || pread(fd, &entry, 8, (uintptr_t)addr / page_size * 8) != 8)
		fail("/proc/self/pagemap");
	close(fd);
	return entry;
}

static bool present(const void *addr)
{
	return pagemap(addr) >> 63 & 1;
}

static bool swapped(const void *addr)
{
	return pagemap(addr) >> 62 & 1;
}

static uint64_t pfn(const void *addr)
{
	return present(addr) ? pagemap(addr) & ((1ULL << 55) - 1) : 0;
}

static pid_t start_fork(void)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	return pid;
}

static pid_t fork_sleeper(void)
{
	pid_t pid = start_fork();

	while (!pid)
		pause();
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0)
		skip(path);
	if (write(fd, text, strlen(text)) < 0)
		fail(path);
	close(fd);
}

/* One page in a VMA of its own, so that nothing merges with it, and no huge page. */
static char *map_page(void)
{
	char *guard = mmap(NULL, 3 * page_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *page;

	if (guard == MAP_FAILED)
		fail("mmap");
	page = mmap(guard + page_size, page_size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (page == MAP_FAILED)
		fail("mmap");
	/* A kernel without huge pages refuses, and needs no such advice. */
	madvise(page, page_size, MADV_NOHUGEPAGE);
	return page;
}

/* A short-lived read pin, which unshares. */
static void pin_by_readv(void)
{
	char copy[64];
	struct iovec local = { copy, sizeof(copy) }, remote = { buf, sizeof(copy) };

	if (process_vm_readv(getpid(), &local, 1, &remote, 1, 0) != sizeof(copy))
		fail("process_vm_readv");
}

static void pin_by_direct_write(void)
{
	int fd = open(direct_file, O_WRONLY | O_CREAT | O_DIRECT, 0600);

	if (fd < 0 || pwrite(fd, buf, page_size, 0) != (ssize_t)page_size)
		fail(direct_file);
	close(fd);
}

static bool merged(const char *twin)
{
	return pfn(buf) && pfn(buf) == pfn(twin);
}

/* Merges the page with one of the same contents, then takes it apart again. */
static void merge_and_unmerge(void)
{
	char *twin = map_page();
	int tries = 1000;

	memset(twin, PATTERN, page_size);
	if (!pfn(buf))
		skip("a PFN from /proc/self/pagemap; the ksm case is for root");
	if (madvise(buf, page_size, MADV_MERGEABLE) || madvise(twin, page_size, MADV_MERGEABLE))
		skip("MADV_MERGEABLE");
	write_file("/sys/kernel/mm/ksm/run", "1");
	while (!merged(twin) && tries--)
		usleep(10000);
	write_file("/sys/kernel/mm/ksm/run", "0");
	if (!merged(twin))
		skip("pages merged by ksmd in time");
	if (madvise(buf, page_size, MADV_UNMERGEABLE))
		fail("MADV_UNMERGEABLE");
	if (merged(twin))
		fail("MADV_UNMERGEABLE left the page merged");
	munmap(twin, page_size);
}

static void swap_out_and_in(void)
{
	int tries = 100;

	while (tries-- && !swapped(buf)) {
		if (madvise(buf, page_size, MADV_PAGEOUT))
			fail("MADV_PAGEOUT");
		usleep(1000);
	}
	if (!swapped(buf))
		skip("a page that is swapped out; is there swap?");
	(void)*(volatile char *)buf;
}

static void make_clean(enum clean_by clean_by)
{
	pid_t sharer;

	switch (clean_by) {
	case READV:
	case DIRECT:
		sharer = fork_sleeper();
		if (clean_by == READV)
			pin_by_readv();
		else
			pin_by_direct_write();
		end(sharer);
		break;
	case KSM:
		merge_and_unmerge();
		break;
	case SWAPIN:
		swap_out_and_in();
		break;
	}
}

/* Uses up memory until the page is gone, or the OOM killer ends it. */
static void reclaim_by_pressure(void)
{
	int tries = 6000;
	pid_t hog = start_fork();

	if (!hog) {
		write_file("/proc/self/oom_score_adj", "1000");
		munmap(buf, page_size);
		for (;;) {
			char *chunk = mmap(NULL, HOG_CHUNK, PROT_READ | PROT_WRITE,
					   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

			if (chunk != MAP_FAILED)
				memset(chunk, 1, HOG_CHUNK);
		}
	}
	while (present(buf) && tries-- && !waitpid(hog, NULL, WNOHANG))
		usleep(10000);
	end(hog);
}

static void reclaim_page(void)
{
	if (pressure)
		reclaim_by_pressure();
	else if (madvise(buf, page_size, MADV_PAGEOUT))
		fail("MADV_PAGEOUT");
}

static enum outcome look(void)
{
	for (size_t i = 0; i < page_size; i++)
		if (((volatile char *)buf)[i] != PATTERN)
			return LOST;
	return KEPT;
}

static enum outcome status_of(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return FAILED;
	return WEXITSTATUS(status);
}

/* The first call puts the page into this CPU's batch of lazyfree pages, the second drains it. */
static void offer(void)
{
	if (madvise(buf, page_size, MADV_FREE) || madvise(buf, page_size, MADV_FREE))
		fail("MADV_FREE");
}

/* It takes no privilege to take data away from one who has them. */
static void give_up_root(void)
{
	if (!geteuid() && (setgid(65534) || setuid(65534)))
		fail("setuid");
}

static enum outcome child_frees(enum control control)
{
	int done[2];
	char byte;
	enum outcome outcome;
	pid_t child;

	if (pipe(done))
		fail("pipe");
	child = start_fork();
	if (!child) {
		give_up_root();
		if (control != NO_FREE)
			offer();
		/* MADV_PAGEOUT leaves pages alone that more than one process maps; memory pressure does not. */
		if (!pressure)
			_exit(KEPT);
		if (write(done[1], "x", 1) != 1)
			fail("write");
		for (;;)
			pause();
	}
	if (pressure) {
		if (read(done[0], &byte, 1) != 1)
			fail("read");
	} else if (status_of(child) != KEPT) {
		return FAILED;
	}
	reclaim_page();
	outcome = look();
	if (pressure)
		end(child);
	return outcome;
}

static enum outcome parent_frees(enum control control)
{
	int done[2];
	char byte;
	pid_t child;

	if (pipe(done))
		fail("pipe");
	child = start_fork();
	if (!child) {
		if (read(done[0], &byte, 1) != 1)
			fail("read");
		reclaim_page();
		_exit(look());
	}
	if (control != NO_FREE)
		offer();
	munmap(buf, page_size);
	if (write(done[1], "x", 1) != 1)
		fail("write");
	return status_of(child);
}

static void stay_on_one_cpu(void)
{
	cpu_set_t set;
	int cpu = sched_getcpu();

	if (cpu < 0)
		fail("sched_getcpu");
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		fail("sched_setaffinity");
}

/* One run, in a process of its own. */
static enum outcome run(const struct test *test, enum control control)
{
	pid_t pid;

	fflush(stdout);
	pid = start_fork();
	if (!pid) {
		/* LRU batches belong to CPUs, and madvise drains those of its own. */
		stay_on_one_cpu();
		buf = map_page();
		memset(buf, PATTERN, page_size);
		if (control != NOT_CLEAN)
			make_clean(test->clean_by);
		if (control == STORE)
			*(volatile char *)buf = PATTERN;
		_exit(test->mirrored ? parent_frees(control) : child_frees(control));
	}
	return status_of(pid);
}

/* Runs a test and its controls, and prints a line for each. */
static enum outcome series(const struct test *test, int runs)
{
	enum outcome verdict = KEPT;

	for (enum control control = NONE; control < CONTROLS; control++) {
		int lost = 0;

		for (int i = 0; i < runs; i++) {
			enum outcome outcome = run(test, control);

			if (outcome == FAILED || outcome == SKIPPED) {
				printf("%-15s %s\n", test->name, outcome == FAILED ? "a step failed" : "not run");
				return outcome;
			}
			lost += outcome == LOST;
		}
		printf("%-15s lost %d of %d%s%s\n", test->name, lost, runs, control ? "  control: " : "",
		       controls[control]);
		if (lost && control)
			verdict = FAILED;
		else if (lost)
			verdict = LOST;
	}
	return verdict;
}

static void usage(void)
{
	fprintf(stderr, "usage: madvfree-shared [-n RUNS] [-d FILE] [-p] [CASE..]\ncases:");
	for (size_t i = 0; i < TESTS; i++)
		fprintf(stderr, " %s", tests[i].name);
	fprintf(stderr, "\n");
	exit(FAILED);
}

static bool wanted(const char *name, int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return !argc;
}

int main(int argc, char **argv)
{
	bool ran = false, lost = false, failed = false;
	struct utsname uts;
	int runs = 20, option;

	while ((option = getopt(argc, argv, "n:d:p")) != -1) {
		if (option == 'n' && atoi(optarg) > 0)
			runs = atoi(optarg);
		else if (option == 'd')
			direct_file = optarg;
		else if (option == 'p')
			pressure = true;
		else
			usage();
	}
	argc -= optind;
	argv += optind;
	for (int i = 0; i < argc; i++) {
		size_t known = 0;

		while (known < TESTS && strcmp(tests[known].name, argv[i]))
			known++;
		if (known == TESTS)
			usage();
	}
	page_size = sysconf(_SC_PAGESIZE);
	uname(&uts);
	printf("%s %s, %d runs each, reclaim by %s\n", uts.sysname, uts.release, runs,
	       pressure ? "memory pressure" : "MADV_PAGEOUT");
	for (size_t i = 0; i < TESTS; i++) {
		if (!wanted(tests[i].name, argc, argv))
			continue;
		if (tests[i].clean_by == DIRECT && !direct_file) {
			printf("%-15s not run: no file was given with -d\n", tests[i].name);
			continue;
		}
		switch (series(&tests[i], runs)) {
		case KEPT:
			ran = true;
			break;
		case LOST:
			ran = lost = true;
			break;
		case FAILED:
			failed = true;
			break;
		case SKIPPED:
			break;
		}
	}
	if (failed) {
		printf("VERDICT: unclear: a control lost data, or a step failed\n");
		return FAILED;
	}
	if (!ran) {
		printf("VERDICT: none: nothing was run\n");
		return SKIPPED;
	}
	printf("VERDICT: %s\n", lost ? "DATA LOST: a process read zeros where it had written data"
				     : "no data lost");
	return lost ? LOST : KEPT;
}
