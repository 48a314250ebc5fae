/*
 * ---- FUSE with direct I/O: a file whose server is this program, which holds a request back ----
 *
 * read(2) holds the page to write, write(2) to read: as O_DIRECT does. The server is a thread of the process that
 * watches. It answers every request before the program ends.
 */

#define FUSE_SIZE 4096 /* of a request's data */

static int fuse_device = -1;
static char fuse_path[32];
static bool fuse_is_mounted;

static void fuse_answer(uint64_t unique, int error, const void *data, size_t size)
{
	struct fuse_out_header header = { .len = (uint32_t)(sizeof(header) + size), .error = error, .unique = unique };
	struct iovec parts[] = { { &header, sizeof(header) }, { (void *)(uintptr_t)data, size } };

	/* A request that was interrupted needs no answer. */
	if (writev(fuse_device, parts, 2) < 0)
		return;
}

static void fuse_attributes(struct fuse_attr *attributes)
{
	memset(attributes, 0, sizeof(*attributes));
	attributes->ino = 1;
	attributes->size = FUSE_SIZE;
	attributes->mode = S_IFREG | 0600;
	attributes->nlink = 1;
	attributes->blksize = FUSE_SIZE;
}

static void fuse_serve(const char *request)
{
	const struct fuse_in_header *in = (const void *)request;
	char data[FUSE_SIZE] = { 0 };

	switch (in->opcode) {
	case FUSE_INIT: {
		struct fuse_init_out out = { .major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION,
					     .max_write = FUSE_SIZE, .max_readahead = 0 };

		fuse_answer(in->unique, 0, &out, sizeof(out));
		return;
	}
	case FUSE_GETATTR: {
		struct fuse_attr_out out = { .attr_valid = 1000 };

		fuse_attributes(&out.attr);
		fuse_answer(in->unique, 0, &out, sizeof(out));
		return;
	}
	case FUSE_OPEN: {
		struct fuse_open_out out = { .fh = 1, .open_flags = FOPEN_DIRECT_IO };

		fuse_answer(in->unique, 0, &out, sizeof(out));
		return;
	}
	case FUSE_READ: {
		const struct fuse_read_in *read = (const void *)(in + 1);
		uint64_t is = shared->data;

		memcpy(data, &is, sizeof(is));
		if (atomic_load(&shared->refuse))
			fuse_answer(in->unique, -EIO, NULL, 0);
		else
			fuse_answer(in->unique, 0, data, read->size < sizeof(data) ? read->size : sizeof(data));
		return;
	}
	case FUSE_WRITE: {
		const struct fuse_write_in *write = (const void *)(in + 1);
		const char *page = (const char *)(write + 1);
		struct fuse_write_out out = { .size = write->size };

		if (write->size >= sizeof(uint64_t))
			memcpy(&shared->data, page, sizeof(uint64_t));
		fuse_answer(in->unique, 0, &out, sizeof(out));
		return;
	}
	case FUSE_RELEASE:
		fuse_answer(in->unique, 0, NULL, 0);
		return;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		return;
	default:
		fuse_answer(in->unique, -ENOSYS, NULL, 0);
	}
}

static void *fuse_server(void *unused)
{
	static char request[FUSE_SIZE + 65536];
	struct pollfd waiting = { .fd = fuse_device, .events = POLLIN };

	for (;;) {
		if (poll(&waiting, 1, 100) < 0 && errno != EINTR)
			return unused;
		if (waiting.revents & POLLERR)
			return unused;
		if (!(waiting.revents & POLLIN))
			continue;
		/* A request that is to be held is not read yet: it has its pages. */
		if (atomic_load(&shared->hold)) {
			atomic_store(&shared->held, 1);
			while (!atomic_load(&shared->go))
				nap();
			atomic_store(&shared->hold, 0);
		}
		if (read(fuse_device, request, sizeof(request)) < (ssize_t)sizeof(struct fuse_in_header)) {
			if (errno == ENODEV)
				return unused;
			continue;
		}
		fuse_serve(request);
	}
}

TOOL void drop_fuse(void)
{
	if (fuse_is_mounted)
		umount2(fuse_path, MNT_DETACH);
	/* This ends the connection, and with it any request. */
	if (fuse_device >= 0)
		close(fuse_device);
	if (fuse_path[0])
		unlink(fuse_path);
}

TOOL const char *need_fuse(void)
{
	static char why[128];
	char options[128];
	pthread_t thread;
	int file;

	fuse_device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fuse_device < 0) {
		snprintf(why, sizeof(why), "/dev/fuse: %s", strerror(errno));
		return why;
	}
	/* The mount is seen by this program alone, and goes with it. */
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL)) {
		snprintf(why, sizeof(why), "a mount namespace for FUSE: %s", strerror(errno));
		return why;
	}
	/* In a file system that goes as well, if there is a place for one. */
	strcpy(fuse_path, mount("none", "/mnt", "tmpfs", 0, NULL) ? "/tmp/cowrace-fuse-XXXXXX" : "/mnt/fuse-XXXXXX");
	file = mkstemp(fuse_path);
	if (file < 0) {
		snprintf(why, sizeof(why), "%s: %s", fuse_path, strerror(errno));
		fuse_path[0] = 0;
		return why;
	}
	close(file);
	snprintf(options, sizeof(options), "fd=%d,rootmode=100600,user_id=0,group_id=0", fuse_device);
	if (mount("cowrace", fuse_path, "fuse.cowrace", MS_NOSUID | MS_NODEV, options)) {
		snprintf(why, sizeof(why), "mount of FUSE: %s", strerror(errno));
		return why;
	}
	fuse_is_mounted = true;
	if (pthread_create(&thread, NULL, fuse_server, NULL))
		return "a thread cannot be made";
	return NULL;
}

/* A process of the case must not keep the server's end. */
TOOL void fuse_is_not_ours(void)
{
	close(fuse_device);
}

struct fuse_handle {
	char *at;
	bool write; /* the page, by read(2) */
	bool failed;
	ssize_t result;
	int error;
	atomic_int ended;
};

static void *fuse_call(void *argument)
{
	struct fuse_handle *handle = argument;
	size_t size = handle->write ? sizeof(uint64_t) : page_size / 2;
	int fd;

	/* A child that exits must not wait for this file. */
	if (unshare(CLONE_FILES))
		skip("unshare: %s", strerror(errno));
	fd = open(fuse_path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		skip("open of a file of FUSE: %s", strerror(errno));
	atomic_store(&shared->hold, 1);
	handle->result = handle->write ? pread(fd, handle->at, size, 0) : pwrite(fd, handle->at, size, 0);
	handle->error = errno;
	atomic_store(&handle->ended, 1);
	stay();
}

/* Begins the call for a word, and waits until the server has its request: 0, or a failure. */
TOOL uint64_t fuse_take(struct fuse_handle *handle, char *page, int index, bool write)
{
	pthread_t thread;
	double since = now();

	handle->at = word(page, index);
	handle->write = write;
	atomic_store(&shared->held, 0);
	atomic_store(&shared->go, 0);
	if (pthread_create(&thread, NULL, fuse_call, handle))
		skip("a thread cannot be made");
	while (!atomic_load(&shared->held)) {
		if (atomic_load(&handle->ended) && handle->result < 0 && handle->error == EFAULT) {
			atomic_store(&shared->hold, 0);
			handle->failed = true;
			return FAILED(EFAULT);
		}
		if (now() - since > STEP_LIMIT)
			skip("no request came to the server of the file");
		nap();
	}
	return 0;
}

static void fuse_end(struct fuse_handle *handle)
{
	double since = now();

	atomic_store(&shared->go, 1);
	while (!atomic_load(&handle->ended)) {
		if (now() - since > STEP_LIMIT)
			skip("direct I/O did not end");
		nap();
	}
}

/* The device writes. */
TOOL uint64_t fuse_write(struct fuse_handle *handle, uint64_t is)
{
	if (handle->failed)
		return FAILED(EFAULT);
	shared->data = is;
	fuse_end(handle);
	if (handle->result != sizeof(is))
		skip("direct I/O: %s", handle->result < 0 ? strerror(handle->error) : "too short");
	return 0;
}

/* The device reads. */
TOOL uint64_t fuse_read(struct fuse_handle *handle)
{
	if (handle->failed)
		return FAILED(EFAULT);
	fuse_end(handle);
	if (handle->result <= 0)
		skip("direct I/O: %s", handle->result < 0 ? strerror(handle->error) : "too short");
	return shared->data;
}

/* The request ends without data. */
TOOL void fuse_release(struct fuse_handle *handle)
{
	if (!atomic_load(&handle->ended)) {
		atomic_store(&shared->refuse, 1);
		fuse_end(handle);
		atomic_store(&shared->refuse, 0);
	}
}
