/* ---- /proc/self/mem: get_user_pages_remote with FOLL_WRITE and FOLL_FORCE, the store, and put_page at once ---- */

TOOL uint64_t poke(char *page, int index, uint64_t is)
{
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	ssize_t written;

	if (fd < 0)
		skip("/proc/self/mem: %s", strerror(errno));
	written = pwrite(fd, &is, sizeof(is), (off_t)(uintptr_t)word(page, index));
	if (written != sizeof(is) && errno != EIO && errno != EFAULT)
		skip("/proc/self/mem: %s", strerror(errno));
	close(fd);
	return written == sizeof(is) ? 0 : FAILED(EFAULT);
}
