/* ---- gup_test: the kernel's own long-term pins to read (CONFIG_GUP_TEST, v6.2) ---- */

#define GUP_TEST "/sys/kernel/debug/gup_test"

struct gup_test_range {
	uint64_t address, size;
	uint32_t flags;
};

#define GUP_TEST_START _IOW('g', 7, struct gup_test_range)
#define GUP_TEST_STOP _IO('g', 8)
#define GUP_TEST_READ _IOW('g', 9, uint64_t)
#define GUP_TEST_FAST 2

struct gup_test_handle {
	int fd;
};

TOOL const char *need_gup_test(void)
{
	if (access(GUP_TEST, R_OK | W_OK))
		return "a long-term pin to read takes " GUP_TEST " (CONFIG_GUP_TEST, v6.2, debugfs), or a device";
	return NULL;
}

TOOL uint64_t gup_test_take(struct gup_test_handle *handle, char *at, bool fast)
{
	struct gup_test_range range = { (uintptr_t)at, page_size, fast ? GUP_TEST_FAST : 0 };

	handle->fd = open(GUP_TEST, O_RDWR | O_CLOEXEC);
	if (handle->fd < 0)
		skip(GUP_TEST ": %s", strerror(errno));
	if (!ioctl(handle->fd, GUP_TEST_START, &range))
		return 0;
	if (errno != EFAULT)
		skip(GUP_TEST ": %s", strerror(errno));
	return FAILED(errno);
}

TOOL uint64_t gup_test_read(struct gup_test_handle *handle, int index)
{
	char *content = malloc(page_size);
	uint64_t to = (uintptr_t)content, is;

	if (!content || ioctl(handle->fd, GUP_TEST_READ, &to))
		skip(GUP_TEST ": %s", strerror(errno));
	memcpy(&is, word(content, index), sizeof(is));
	free(content);
	return is;
}

TOOL void gup_test_release(struct gup_test_handle *handle)
{
	if (ioctl(handle->fd, GUP_TEST_STOP))
		skip(GUP_TEST ": %s", strerror(errno));
}
