// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A forked child reads zeros in a private huge page of 1 GB where its parent had stored data.
 *
 * fork copies no entry where it takes the child's page table for one that is shared: copy_hugetlb_page_range() asks
 * pt_share_count of the table that holds the entry. Of a 1 GB page that is a PUD table. Only a PMD table has its
 * count set to zero when it is made, and the PUD table's is what the page's last use left in that word of struct page.
 * Unless it is zero by chance, the child gets nothing, and reads a new page of zeros, or dies of SIGBUS if there is no
 * page left.
 *
 * The cases differ in what is done before each fork, to leave pages behind whose word is not zero:
 *
 *   plain          nothing
 *   aio            io_setup(2) of many events and io_destroy(2): the word has the page's index in the ring
 *   eventfd        many eventfds made and closed: the word has the freelist of a slab
 *
 * Each has a control with a huge page of 2 MB, whose entry lies in a PMD table. Data that a control loses means that
 * the result says nothing.
 *
 * Needs no privilege, but two huge pages of 1 GB, and two of 2 MB, in the pools. Root gets them by hugepagesz=1G
 * hugepages=2 hugepagesz=2M hugepages=2 on the kernel's command line, or by writing 2 to nr_hugepages in
 * /sys/kernel/mm/hugepages/hugepages-1048576kB and in hugepages-2048kB.
 *
 *   cc -O2 -Wall -Wextra -o hugetlb-1g-fork-lost hugetlb-1g-fork-lost.c
 *   ./hugetlb-1g-fork-lost [-n FORKS] [CASE..]
 *
 * Prints a line for each case and control, with the number of forks whose child did not read what was stored, and a
 * verdict.
 *
 * Exit: 0 no child lost data, 1 some did, 2 a control did or a step failed, 4 nothing could be run (no 1 GB page).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MAP_HUGE_SHIFT
#define MAP_HUGE_SHIFT 26
#endif

#define SHIFT_1GB 30
#define SHIFT_2MB 21

#define AIO_EVENTS 16000
#define EVENTFDS 20000

/* Pages are freed after a grace period of RCU. */
#define SETTLE_US 30000

enum outcome { KEPT = 0, LOST = 1, FAILED = 2, SKIPPED = 4 };

struct test {
	const char *name;
	bool (*churn)(void);
};

static void fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(FAILED);
}

static bool churn_nothing(void)
{
	return true;
}

static bool churn_aio(void)
{
	unsigned long context = 0;

	if (syscall(SYS_io_setup, AIO_EVENTS, &context)) {
		fprintf(stderr, "cannot be had: io_setup: %s\n", strerror(errno));
		return false;
	}
	if (syscall(SYS_io_destroy, context))
		fail("io_destroy");
	usleep(SETTLE_US);
	return true;
}

/* As many as the limit allows. */
static bool churn_eventfd(void)
{
	static int fds[EVENTFDS];
	int count = 0;

	while (count < EVENTFDS && (fds[count] = eventfd(0, EFD_CLOEXEC)) >= 0)
		count++;
	if (!count) {
		fprintf(stderr, "cannot be had: eventfd: %s\n", strerror(errno));
		return false;
	}
	while (count)
		close(fds[--count]);
	usleep(SETTLE_US);
	return true;
}

static const struct test tests[] = {
	{ "plain", churn_nothing },
	{ "aio", churn_aio },
	{ "eventfd", churn_eventfd },
};
#define TESTS (sizeof(tests) / sizeof(*tests))

static const char *size_name(int shift)
{
	return shift == SHIFT_1GB ? "1 GB" : "2 MB";
}

static volatile uint64_t *map_huge_page(int shift)
{
	void *page = mmap(NULL, 1UL << shift, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | shift << MAP_HUGE_SHIFT, -1, 0);

	return page == MAP_FAILED ? NULL : page;
}

/* What a child sees that reads the word. */
static enum outcome look_in_child(const volatile uint64_t *word, uint64_t stored, bool *died)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (!pid) {
		uint64_t found = *word;

		_exit(found == stored ? KEPT : found ? FAILED : LOST);
	}
	if (waitpid(pid, &status, 0) != pid)
		fail("waitpid");
	*died = WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS;
	if (*died)
		return LOST;
	return WIFEXITED(status) ? WEXITSTATUS(status) : FAILED;
}

/* Forks from a process with one huge page, and prints a line. */
static enum outcome series(const struct test *test, int shift, int forks)
{
	int lost = 0, deaths = 0;
	volatile uint64_t *word = map_huge_page(shift);

	if (!word) {
		printf("%-9s %s  not run: no huge page can be had: %s\n", test->name, size_name(shift),
		       strerror(errno));
		return SKIPPED;
	}
	for (int i = 1; i <= forks; i++) {
		enum outcome outcome;
		bool died;

		*word = i;
		if (!test->churn()) {
			printf("%-9s %s  not run\n", test->name, size_name(shift));
			munmap((void *)word, 1UL << shift);
			return SKIPPED;
		}
		outcome = look_in_child(word, i, &died);
		if ((outcome != KEPT && outcome != LOST) || *word != (uint64_t)i) {
			printf("%-9s %s  a step failed\n", test->name, size_name(shift));
			return FAILED;
		}
		lost += outcome == LOST;
		deaths += died;
	}
	munmap((void *)word, 1UL << shift);
	printf("%-9s %s  lost %d of %d", test->name, size_name(shift), lost, forks);
	if (deaths)
		printf(", of them %d by SIGBUS", deaths);
	printf("%s\n", shift == SHIFT_1GB ? "" : "  control");
	fflush(stdout);
	return lost ? LOST : KEPT;
}

static void raise_fd_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		fail("getrlimit");
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		fail("setrlimit");
}

static void usage(void)
{
	fprintf(stderr, "usage: hugetlb-1g-fork-lost [-n FORKS] [CASE..]\ncases:");
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
	bool ran = false, lost = false, controlled = true, failed = false;
	struct utsname uts;
	int forks = 20, option;

	while ((option = getopt(argc, argv, "n:")) != -1) {
		if (option == 'n' && atoi(optarg) > 0)
			forks = atoi(optarg);
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
	raise_fd_limit();
	uname(&uts);
	printf("%s %s, %d forks each\n", uts.sysname, uts.release, forks);
	fflush(stdout);
	for (size_t i = 0; i < TESTS; i++) {
		enum outcome outcome;

		if (!wanted(tests[i].name, argc, argv))
			continue;
		outcome = series(&tests[i], SHIFT_1GB, forks);
		if (outcome == SKIPPED)
			continue;
		ran = true;
		lost |= outcome == LOST;
		failed |= outcome == FAILED;
		outcome = series(&tests[i], SHIFT_2MB, forks);
		failed |= outcome == LOST || outcome == FAILED;
		controlled &= outcome != SKIPPED;
	}
	if (failed) {
		printf("VERDICT: unclear: a control lost data, or a step failed\n");
		return FAILED;
	}
	if (!ran) {
		printf("VERDICT: none: nothing was run\n");
		return SKIPPED;
	}
	printf("VERDICT: %s%s\n",
	       lost ? "DATA LOST: a child did not read what its parent had stored" : "no data lost",
	       controlled ? "" : " (not every control was run)");
	return lost ? LOST : KEPT;
}
