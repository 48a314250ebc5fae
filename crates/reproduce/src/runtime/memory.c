/* ---- Memory: a page for each area, and what the kernel tells of it ---- */

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

/* Areas are far from each other, so that each has a page table of its own. */
#define STRIDE (2UL << 20)

static char *reserved;

TOOL const char *reserve(int areas)
{
	void *at = mmap(NULL, (areas + 2) * STRIDE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		return "no address space";
	reserved = (char *)(((uintptr_t)at + STRIDE) & ~(STRIDE - 1));
	return NULL;
}

/* The entry of /proc/PID/pagemap. */
TOOL uint64_t pagemap_of(pid_t pid, const void *address)
{
	char path[64];
	uint64_t entry;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || pread(fd, &entry, sizeof(entry), (uintptr_t)address / page_size * sizeof(entry)) != sizeof(entry))
		skip("%s: %s", path, strerror(errno));
	close(fd);
	return entry;
}

TOOL bool is_present(const void *address)
{
	return pagemap_of(getpid(), address) >> 63 & 1;
}

TOOL bool is_swapped(const void *address)
{
	return pagemap_of(getpid(), address) >> 62 & 1;
}

TOOL bool is_mapped_once(const void *address)
{
	return pagemap_of(getpid(), address) >> 56 & 1;
}

/* The number of the page frame; 0 if there is none, or if it is not told. */
TOOL uint64_t frame(const void *address)
{
	uint64_t entry = pagemap_of(getpid(), address);

	return entry >> 63 & 1 ? entry & ((1ULL << 55) - 1) : 0;
}

/* A flag of /proc/kpageflags; -1 if it is not told. */
TOOL int page_flag(const void *address, int bit)
{
	uint64_t flags, number = frame(address);
	int fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC), is = -1;

	if (fd >= 0 && number && pread(fd, &flags, sizeof(flags), number * sizeof(flags)) == sizeof(flags))
		is = flags >> bit & 1;
	if (fd >= 0)
		close(fd);
	return is;
}

#define KPF_LRU 5
#define KPF_ZERO_PAGE 24

/* Empties the batches of this CPU: MADV_PAGEOUT begins with lru_add_drain, whatever there is to page out. */
TOOL void drain(void)
{
	char *page = mmap(NULL, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED || madvise(page, page_size, MADV_PAGEOUT))
		skip("MADV_PAGEOUT: %s", strerror(errno));
	munmap(page, page_size);
}

TOOL void drain_of_both_cpus(void)
{
	cpu_set_t before;

	sched_getaffinity(0, sizeof(before), &before);
	for (int cpu = 0; cpu < 2; cpu++) {
		stay_on_cpu(cpu);
		drain();
	}
	sched_setaffinity(0, sizeof(before), &before);
}

/* A mapping of its own, with no other beside it, and no huge page. */
TOOL void map(char *at)
{
	if (mmap(at, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != at)
		skip("mmap: %s", strerror(errno));
	/* A kernel without huge pages refuses, and needs no such advice. */
	madvise(at, page_size, MADV_NOHUGEPAGE);
}

TOOL char *word(char *page, int index)
{
	return page + (index ? half : 0);
}

TOOL void fill(char *at, uint64_t first, uint64_t second)
{
	*(volatile uint64_t *)word(at, 0) = first;
	*(volatile uint64_t *)word(at, 1) = second;
}

/* A page that is mapped, exclusive, writable and dirty, and in no batch. */
TOOL void begin_mapped(char *at, uint64_t first, uint64_t second)
{
	map(at);
	fill(at, first, second);
	drain();
	if (!is_present(at))
		skip("a page that was stored to is not mapped");
	if (page_flag(at, KPF_LRU) == 0)
		skip("a page stays in a batch of the LRU");
}

/* A page in the batch of pages to be added to the LRU. */
TOOL void begin_in_batch(char *at, uint64_t first, uint64_t second)
{
	map(at);
	drain();
	fill(at, first, second);
}

TOOL void check_in_batch(char *at)
{
	int flag = page_flag(at, KPF_LRU);

	if (flag < 0)
		skip("whether a page is in a batch is told by /proc/kpageflags, to root");
	if (flag)
		skip("the page did not stay in a batch of the LRU");
}

TOOL void begin_zero(char *at)
{
	map(at);
	(void)*(volatile char *)at;
	if (!is_present(at))
		skip("a load did not map the zero page");
	if (page_flag(at, KPF_ZERO_PAGE) == 0)
		skip("a load mapped another page than the zero page");
}

/* A page of a private file mapping, mapped read-only. */
TOOL void begin_file(char *at, uint64_t first, uint64_t second)
{
	char path[] = "/tmp/cowrace-page-XXXXXX";
	char *content = calloc(1, page_size);
	int fd = mkstemp(path);

	if (fd < 0 || !content)
		skip("%s: %s", path, strerror(errno));
	unlink(path);
	memcpy(content, &first, sizeof(first));
	memcpy(content + half, &second, sizeof(second));
	if (pwrite(fd, content, page_size, 0) != (ssize_t)page_size)
		skip("a file for a private mapping: %s", strerror(errno));
	if (mmap(at, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd, 0) != at)
		skip("mmap of a file: %s", strerror(errno));
	(void)*(volatile char *)at;
	if (!(pagemap_of(getpid(), at) >> 61 & 1))
		skip("a load did not map the page of the file");
	free(content);
	close(fd);
}

/* The page was shared with a child that has exited. */
TOOL void share_and_part(void)
{
	pid_t child = fork();

	if (!child)
		_exit(0);
	if (child < 0 || waitpid(child, NULL, 0) != child)
		skip("fork: %s", strerror(errno));
}

/* The entry of the page is clean: a read pin of a page that is shared makes a copy to which no process has stored. */
TOOL void make_clean(char *at)
{
	uint64_t before = frame(at), copy;
	struct iovec local = { &copy, sizeof(copy) }, remote = { at, sizeof(copy) };
	pid_t child = fork();

	while (!child)
		pause();
	if (child < 0)
		skip("fork: %s", strerror(errno));
	if (process_vm_readv(getpid(), &local, 1, &remote, 1, 0) != sizeof(copy))
		skip("process_vm_readv: %s", strerror(errno));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	if (!before || frame(at) == before)
		skip("a read pin made no copy of a page that is shared, so the page is not clean (or the PFN is not told)");
	drain();
}

/* The page was given up by MADV_FREE, and is out of the batches. */
TOOL void make_lazyfree(char *at)
{
	char line[256];
	unsigned long start, end, size;
	bool within = false, is = false;
	FILE *maps;

	if (madvise(at, page_size, MADV_FREE))
		skip("MADV_FREE: %s", strerror(errno));
	drain();
	maps = fopen("/proc/self/smaps", "re");
	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			within = start == (uintptr_t)at;
		else if (within && sscanf(line, "LazyFree: %lu", &size) == 1)
			is = size > 0;
	}
	if (maps)
		fclose(maps);
	if (!is)
		skip("MADV_FREE did not make the page lazily freed, by /proc/self/smaps");
}

TOOL void make_read_only(char *at)
{
	if (mprotect(at, page_size, PROT_READ))
		skip("mprotect: %s", strerror(errno));
}

TOOL void protect(char *at, bool write)
{
	if (mprotect(at, page_size, PROT_READ | (write ? PROT_WRITE : 0)))
		skip("mprotect: %s", strerror(errno));
}

/* 0, or a failure. */
TOOL uint64_t advise(char *at, int advice)
{
	return madvise(at, page_size, advice) ? FAILED(errno) : 0;
}

TOOL void unmap(char *at)
{
	if (munmap(at, page_size))
		skip("munmap: %s", strerror(errno));
}
