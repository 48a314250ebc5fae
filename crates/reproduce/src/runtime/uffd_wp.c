/* ---- Write-protection by userfaultfd ---- */

TOOL const char *need_uffd_wp(void)
{
	char *page = mmap(NULL, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open_uffd(UFFD_FEATURE_PAGEFAULT_FLAG_WP);
	bool is = fd >= 0 && page != MAP_FAILED && register_uffd(fd, page, UFFDIO_REGISTER_MODE_WP);

	if (fd >= 0)
		close(fd);
	if (page != MAP_FAILED)
		munmap(page, page_size);
	return is ? NULL : "userfaultfd does not protect from writing (v5.7, CONFIG_HAVE_ARCH_USERFAULTFD_WP)";
}

TOOL int protect_area(char *at, bool unpopulated)
{
	int fd = open_uffd(UFFD_FEATURE_PAGEFAULT_FLAG_WP | (unpopulated ? UFFD_FEATURE_WP_UNPOPULATED : 0));

	if (fd < 0 || !register_uffd(fd, at, UFFDIO_REGISTER_MODE_WP))
		skip("UFFDIO_REGISTER%s: %s", unpopulated ? " with UFFD_FEATURE_WP_UNPOPULATED" : "", strerror(errno));
	return fd;
}

TOOL void write_protect(int fd, char *at, bool on)
{
	struct uffdio_writeprotect how = { .range = { (uintptr_t)at, page_size },
					   .mode = on ? UFFDIO_WRITEPROTECT_MODE_WP : 0 };

	if (ioctl(fd, UFFDIO_WRITEPROTECT, &how))
		skip("UFFDIO_WRITEPROTECT: %s", strerror(errno));
}
