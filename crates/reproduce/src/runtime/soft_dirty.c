/* ---- Soft-dirty ---- */

static bool is_soft_dirty(pid_t pid, const void *at)
{
	return pagemap_of(pid, at) >> 55 & 1;
}

TOOL void clear_refs(pid_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/clear_refs", (int)pid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "4", 1) != 1)
		skip("%s: %s", path, strerror(errno));
	close(fd);
}

/* A kernel without soft-dirty reports no page, or every page. */
TOOL const char *need_soft_dirty(void)
{
	char *page = mmap(NULL, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
	bool before, after, is = false;

	if (page != MAP_FAILED && fd >= 0) {
		*(volatile char *)page = 1;
		before = is_soft_dirty(getpid(), page);
		if (write(fd, "4", 1) == 1) {
			after = is_soft_dirty(getpid(), page);
			is = before && !after;
		}
	}
	if (fd >= 0)
		close(fd);
	if (page != MAP_FAILED)
		munmap(page, page_size);
	return is ? NULL : "the kernel has no soft-dirty bits (CONFIG_MEM_SOFT_DIRTY)";
}

/* The entry is not soft-dirty and lacks the write bit. */
TOOL void make_soft_clean(char *at)
{
	clear_refs(getpid());
	if (is_soft_dirty(getpid(), at))
		skip("clear_refs left the page soft-dirty");
}
