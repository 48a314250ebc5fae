/* ---- userfaultfd ---- */

#ifndef UFFD_FEATURE_WP_UNPOPULATED
#define UFFD_FEATURE_WP_UNPOPULATED (1 << 13)
#endif

static int open_uffd(uint64_t features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0 && ioctl(fd, UFFDIO_API, &api)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static bool register_uffd(int fd, char *at, uint64_t mode)
{
	struct uffdio_register area = { .range = { (uintptr_t)at, page_size }, .mode = mode };

	return !ioctl(fd, UFFDIO_REGISTER, &area);
}

TOOL const char *need_uffd(void)
{
	int fd = open_uffd(0);

	if (fd < 0)
		return "userfaultfd is not to be had (CONFIG_USERFAULTFD, and root or vm.unprivileged_userfaultfd)";
	close(fd);
	return NULL;
}
