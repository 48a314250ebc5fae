/* ---- process_vm_readv and process_vm_writev: a short pin (FOLL_PIN), held while the other side is not there ---- */

struct process_vm_handle {
	char *at;      /* what is pinned: a word of it to write, or all of it to read */
	char *staging; /* the other side, which userfaultfd makes it wait for */
	int fd;
	bool write;
	ssize_t result;
	int error;
	atomic_int ended;
};

static void *process_vm_call(void *argument)
{
	struct process_vm_handle *handle = argument;
	size_t size = handle->write ? sizeof(uint64_t) : page_size;
	struct iovec local = { handle->staging, size }, remote = { handle->at, size };

	handle->result = handle->write ? process_vm_writev(getpid(), &local, 1, &remote, 1, 0) :
					 process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
	handle->error = errno;
	atomic_store(&handle->ended, 1);
	stay();
}

/* Begins the call, and waits until it has the page: 0, or a failure. */
static uint64_t process_vm_begin(struct process_vm_handle *handle, char *at, bool write)
{
	pthread_t thread;
	double since = now();
	struct uffd_msg message;

	handle->at = at;
	handle->write = write;
	handle->staging = mmap(NULL, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	handle->fd = open_uffd(0);
	if (handle->staging == MAP_FAILED || madvise(handle->staging, page_size, MADV_DONTFORK) || handle->fd < 0 ||
	    !register_uffd(handle->fd, handle->staging, UFFDIO_REGISTER_MODE_MISSING))
		skip("UFFDIO_REGISTER: %s", strerror(errno));
	if (pthread_create(&thread, NULL, process_vm_call, handle))
		skip("a thread cannot be made");
	while (read(handle->fd, &message, sizeof(message)) != sizeof(message)) {
		if (atomic_load(&handle->ended) && handle->result < 0 && handle->error == EFAULT)
			return FAILED(EFAULT);
		if (atomic_load(&handle->ended))
			skip("process_vm: %s", handle->result < 0 ? strerror(handle->error) : "it did not wait");
		if (now() - since > STEP_LIMIT)
			skip("process_vm did not get as far as the page that it is to wait for");
		nap();
	}
	return 0;
}

TOOL uint64_t process_vm_take_to_read(struct process_vm_handle *handle, char *at)
{
	return process_vm_begin(handle, at, false);
}

TOOL uint64_t process_vm_take_to_write(struct process_vm_handle *handle, char *at, int index)
{
	return process_vm_begin(handle, word(at, index), true);
}

/* Lets the call go on, and waits for its end. */
static void process_vm_end(struct process_vm_handle *handle, const char *content)
{
	struct uffdio_copy copy = { .dst = (uintptr_t)handle->staging, .src = (uintptr_t)content, .len = page_size };
	double since = now();

	if (ioctl(handle->fd, UFFDIO_COPY, &copy))
		skip("UFFDIO_COPY: %s", strerror(errno));
	while (!atomic_load(&handle->ended)) {
		if (now() - since > STEP_LIMIT)
			skip("process_vm did not end");
		nap();
	}
	if (handle->result <= 0)
		skip("process_vm: %s", strerror(handle->error));
}

TOOL void process_vm_write(struct process_vm_handle *handle, uint64_t is)
{
	char *content = calloc(1, page_size);

	if (!content)
		skip("no memory");
	memcpy(content, &is, sizeof(is));
	process_vm_end(handle, content);
}

TOOL uint64_t process_vm_read(struct process_vm_handle *handle, int index)
{
	char *content = calloc(1, page_size);
	uint64_t is;

	if (!content)
		skip("no memory");
	process_vm_end(handle, content);
	memcpy(&is, word(handle->staging, index), sizeof(is));
	return is;
}

TOOL void process_vm_release(struct process_vm_handle *handle)
{
	if (!atomic_load(&handle->ended))
		process_vm_read(handle, 0);
}
