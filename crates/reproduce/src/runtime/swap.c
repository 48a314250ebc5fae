/* ---- Swap, and reclaim ---- */

#define SWAP_BYTES (16UL << 20)

static int swap_keeper_pipe = -1;
static pid_t swap_keeper;

static bool has_swap(void)
{
	char line[512];
	int lines = 0;
	FILE *swaps = fopen("/proc/swaps", "re");

	while (swaps && fgets(line, sizeof(line), swaps))
		lines++;
	if (swaps)
		fclose(swaps);
	return lines > 1;
}

/* Writes a file with the header of a swap area. */
static bool format_swap(int fd)
{
	char *block = calloc(1, page_size);
	bool is = block != NULL;

	for (size_t at = 0; is && at < SWAP_BYTES; at += page_size)
		is = pwrite(fd, block, page_size, (off_t)at) == (ssize_t)page_size;
	if (is) {
		uint32_t version = 1, last = (uint32_t)(SWAP_BYTES / page_size) - 1;

		memcpy(block + 1024, &version, sizeof(version));
		memcpy(block + 1028, &last, sizeof(last));
		memcpy(block + page_size - 10, "SWAPSPACE2", 10);
		is = pwrite(fd, block, page_size, 0) == (ssize_t)page_size && !fsync(fd);
	}
	free(block);
	return is;
}

/* Adds swap of its own if the machine has none. A process keeps it, and takes it away when this one ends in any way. */
TOOL const char *need_swap(void)
{
	static char why[128];
	char path[] = "/var/tmp/cowrace-swap-XXXXXX";
	int ends[2], fd;
	char result = 0;

	if (has_swap())
		return NULL;
	if (geteuid())
		return "the machine has no swap, and only root can add some";
	fd = mkstemp(path);
	if (fd < 0) {
		memcpy(path, "/tmp/cowrace-swap-XXXXXX", sizeof("/tmp/cowrace-swap-XXXXXX"));
		fd = mkstemp(path);
	}
	if (fd < 0 || !format_swap(fd)) {
		snprintf(why, sizeof(why), "a file for swap: %s", strerror(errno));
		if (fd >= 0) {
			unlink(path);
			close(fd);
		}
		return why;
	}
	close(fd);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) {
		unlink(path);
		return "no socket pair";
	}
	fflush(stdout);
	swap_keeper = fork();
	if (!swap_keeper) {
		setsid();
		for (int i = 1; i < 32; i++)
			signal(i, i == SIGCHLD ? SIG_DFL : SIG_IGN);
		close(ends[0]);
		result = swapon(path, 0) ? (char)errno : 0;
		if (write(ends[1], &result, 1) != 1)
			result = 1;
		/* Until the other end is closed, by whatever end of the program. */
		while (read(ends[1], &result, 1) > 0)
			;
		swapoff(path);
		unlink(path);
		_exit(0);
	}
	close(ends[1]);
	if (swap_keeper < 0) {
		unlink(path);
		return "fork failed";
	}
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	swap_keeper_pipe = ends[0];
	if (read(ends[0], &result, 1) != 1 || result) {
		snprintf(why, sizeof(why), "swapon of a file: %s", strerror(result));
		return why;
	}
	return NULL;
}

TOOL void swap_is_not_ours(void)
{
	if (swap_keeper_pipe >= 0)
		close(swap_keeper_pipe);
}

TOOL void drop_swap(void)
{
	if (swap_keeper_pipe >= 0) {
		close(swap_keeper_pipe);
		waitpid(swap_keeper, NULL, 0);
	}
}

/*
 * Reclaims the page of an area. `held`: it may stay, as somebody has a pin. `by_advice`: the diagram asks for
 * MADV_PAGEOUT, which leaves pages alone that several processes map; else the diagram asks for reclaim by the kernel.
 */
TOOL uint64_t reclaim(char *at, bool held, bool by_advice)
{
	bool once;

	if (!is_present(at))
		return 0;
	once = is_mapped_once(at);
	for (int tries = 0; tries < 300 && is_present(at); tries++) {
		if (madvise(at, page_size, MADV_PAGEOUT))
			return FAILED(errno);
		if (!is_present(at) || held || !once)
			break;
		usleep(2000);
	}
	if (!is_present(at) || held)
		return 0;
	if (!once && by_advice)
		return 0;
	skip(once ? "reclaim did not take the page" :
		    "several processes map the page, which MADV_PAGEOUT leaves alone");
}

/* A page that is out on swap. */
TOOL void swap_out(char *at)
{
	reclaim(at, false, false);
	if (!is_swapped(at))
		skip("the page is not on swap");
}

/* Whether the swap cache still has the page: mincore tells. */
TOOL bool is_swapcached(char *at)
{
	unsigned char is = 0;

	return !mincore(at, page_size, &is) && (is & 1);
}

/* Reads the page into the swap cache, and leaves the entry as it is. */
TOOL void begin_in_swap_cache(char *at)
{
	if (madvise(at, page_size, MADV_WILLNEED))
		skip("MADV_WILLNEED: %s", strerror(errno));
	for (int tries = 0; tries < 200 && !is_swapcached(at); tries++)
		usleep(1000);
	if (!is_swapcached(at) || !is_swapped(at))
		skip("the page is not in the swap cache");
}

/* A page that is on swap and nowhere else: one that was read in again is clean, and goes at once. */
TOOL void check_not_swapcached(char *at)
{
	for (int tries = 0; tries < 50 && is_swapcached(at); tries++) {
		(void)*(volatile char *)at;
		reclaim(at, false, false);
		usleep(1000);
	}
	if (is_swapcached(at) || !is_swapped(at))
		skip("the swap cache keeps the page");
}
