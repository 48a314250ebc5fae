/* ---- io_uring fixed buffers: a long-term pin to write (FOLL_PIN, FOLL_LONGTERM, FOLL_WRITE) ---- */

struct uring_handle {
	int ring, file;
	unsigned *sq_tail, *sq_mask, *sq_array, *cq_head, *cq_tail, *cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
	char *page;
	bool held;
};

TOOL const char *need_uring(void)
{
	static char why[128];
	struct io_uring_params params = { 0 };
	int fd = syscall(SYS_io_uring_setup, 1, &params);

	if (fd < 0) {
		snprintf(why, sizeof(why), "io_uring_setup: %s", strerror(errno));
		return why;
	}
	close(fd);
	return NULL;
}

static void *map_ring(int fd, size_t size, uint64_t offset)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, (off_t)offset);

	if (at == MAP_FAILED)
		skip("mmap of a ring: %s", strerror(errno));
	/* A forked child has no use for it. */
	madvise(at, size, MADV_DONTFORK);
	return at;
}

/* Pins the page: 0, or a failure. */
TOOL uint64_t uring_take(struct uring_handle *handle, char *at)
{
	struct io_uring_params params = { 0 };
	struct iovec page = { at, page_size };
	char *sq, *cq;

	handle->ring = syscall(SYS_io_uring_setup, 4, &params);
	handle->file = memfd_create("cowrace-device", MFD_CLOEXEC);
	if (handle->ring < 0 || handle->file < 0 || ftruncate(handle->file, (off_t)page_size))
		skip("io_uring_setup: %s", strerror(errno));
	sq = map_ring(handle->ring, params.sq_off.array + params.sq_entries * sizeof(unsigned), IORING_OFF_SQ_RING);
	cq = map_ring(handle->ring, params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe),
		      IORING_OFF_CQ_RING);
	handle->sqes = map_ring(handle->ring, params.sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
	handle->sq_tail = (unsigned *)(sq + params.sq_off.tail);
	handle->sq_mask = (unsigned *)(sq + params.sq_off.ring_mask);
	handle->sq_array = (unsigned *)(sq + params.sq_off.array);
	handle->cq_head = (unsigned *)(cq + params.cq_off.head);
	handle->cq_tail = (unsigned *)(cq + params.cq_off.tail);
	handle->cq_mask = (unsigned *)(cq + params.cq_off.ring_mask);
	handle->cqes = (struct io_uring_cqe *)(cq + params.cq_off.cqes);
	handle->page = at;
	if (syscall(SYS_io_uring_register, handle->ring, IORING_REGISTER_BUFFERS, &page, 1)) {
		if (errno != EFAULT)
			skip("IORING_REGISTER_BUFFERS: %s", strerror(errno));
		return FAILED(errno);
	}
	handle->held = true;
	return 0;
}

/* The device moves one word between the page and the file. */
static void uring_move(struct uring_handle *handle, int opcode, int index)
{
	unsigned tail = *handle->sq_tail, slot = tail & *handle->sq_mask;
	struct io_uring_sqe *sqe = &handle->sqes[slot];
	int result;

	if (!handle->held)
		skip("the page was not pinned, so the device cannot move anything");
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = opcode;
	sqe->fd = handle->file;
	sqe->addr = (uintptr_t)word(handle->page, index);
	sqe->len = sizeof(uint64_t);
	handle->sq_array[slot] = slot;
	__atomic_store_n(handle->sq_tail, tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, handle->ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1 ||
	    *handle->cq_head == __atomic_load_n(handle->cq_tail, __ATOMIC_ACQUIRE))
		skip("io_uring_enter: %s", strerror(errno));
	result = handle->cqes[*handle->cq_head & *handle->cq_mask].res;
	__atomic_store_n(handle->cq_head, *handle->cq_head + 1, __ATOMIC_RELEASE);
	if (result != sizeof(uint64_t))
		skip("a fixed buffer moved %d bytes", result);
}

TOOL void uring_write(struct uring_handle *handle, int index, uint64_t is)
{
	if (pwrite(handle->file, &is, sizeof(is), 0) != sizeof(is))
		skip("write of a memfd: %s", strerror(errno));
	uring_move(handle, IORING_OP_READ_FIXED, index);
}

TOOL uint64_t uring_read(struct uring_handle *handle, int index)
{
	uint64_t is;

	uring_move(handle, IORING_OP_WRITE_FIXED, index);
	if (pread(handle->file, &is, sizeof(is), 0) != sizeof(is))
		skip("read of a memfd: %s", strerror(errno));
	return is;
}

TOOL void uring_release(struct uring_handle *handle)
{
	handle->held = false;
	if (syscall(SYS_io_uring_register, handle->ring, IORING_UNREGISTER_BUFFERS, NULL, 0))
		skip("IORING_UNREGISTER_BUFFERS: %s", strerror(errno));
}
