/* ---- O_DIRECT that is not held back: a file on a disk ---- */

#define SECTOR 512

static int direct_file = -1;

TOOL const char *need_direct(void)
{
	static char why[128];
	char path[] = "/var/tmp/cowrace-direct-XXXXXX";
	char *content = NULL;
	int fd = mkstemp(path);
	const char *wrong = NULL;

	if (fd < 0)
		return "no file can be made in /var/tmp for O_DIRECT";
	if (posix_memalign((void **)&content, page_size, page_size))
		return "no memory";
	memset(content, 0, page_size);
	if (pwrite(fd, content, page_size, 0) != (ssize_t)page_size)
		wrong = "write";
	direct_file = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (!wrong && (direct_file < 0 || pread(direct_file, content, SECTOR, 0) != SECTOR))
		wrong = "O_DIRECT of half a page";
	if (wrong) {
		snprintf(why, sizeof(why), "%s in /var/tmp: %s", wrong, strerror(errno));
		wrong = why;
	}
	unlink(path);
	close(fd);
	free(content);
	return wrong;
}

/* The device writes a word, and the rest of its sector as it is. */
TOOL uint64_t direct_read(char *page, int index, uint64_t is)
{
	char *sector;
	ssize_t moved;

	if (posix_memalign((void **)&sector, page_size, page_size))
		skip("no memory");
	memset(sector, 0, page_size);
	memcpy(sector, &is, sizeof(is));
	if (pwrite(direct_file, sector, SECTOR, 0) != SECTOR)
		skip("O_DIRECT: %s", strerror(errno));
	free(sector);
	moved = pread(direct_file, word(page, index), SECTOR, 0);
	if (moved == SECTOR)
		return 0;
	if (errno != EFAULT)
		skip("O_DIRECT: %s", strerror(errno));
	return FAILED(errno);
}

/* What the device reads. */
TOOL uint64_t direct_write(char *page, int index)
{
	char *sector;
	ssize_t moved = pwrite(direct_file, word(page, index), SECTOR, 0);
	uint64_t is;

	if (moved != SECTOR && errno == EFAULT)
		return FAILED(errno);
	if (moved != SECTOR || posix_memalign((void **)&sector, page_size, page_size))
		skip("O_DIRECT: %s", strerror(errno));
	if (pread(direct_file, sector, SECTOR, 0) != SECTOR)
		skip("O_DIRECT: %s", strerror(errno));
	memcpy(&is, sector, sizeof(is));
	free(sector);
	return is;
}
