/* ---- vmsplice: a pipe holds a reference to the page (FOLL_GET, to read) ---- */

struct pipe_handle {
	int ends[2], copy[2];
};

TOOL void open_pipe(struct pipe_handle *handle)
{
	if (pipe2(handle->ends, O_CLOEXEC | O_NONBLOCK) || pipe2(handle->copy, O_CLOEXEC | O_NONBLOCK))
		skip("pipe2: %s", strerror(errno));
}

TOOL uint64_t pipe_take(struct pipe_handle *handle, char *at)
{
	struct iovec page = { at, page_size };

	if (vmsplice(handle->ends[1], &page, 1, 0) == (ssize_t)page_size)
		return 0;
	if (errno != EFAULT)
		skip("vmsplice: %s", strerror(errno));
	return FAILED(errno);
}

/* Reads what the page has now. The pipe keeps it: what is read is a second reference to the same page. */
TOOL uint64_t pipe_read(struct pipe_handle *handle, int index)
{
	char *content = malloc(page_size);
	size_t has = 0;
	ssize_t more;
	uint64_t is;

	if (!content || tee(handle->ends[0], handle->copy[1], page_size, 0) != (ssize_t)page_size)
		skip("tee: %s", strerror(errno));
	while (has < page_size && (more = read(handle->copy[0], content + has, page_size - has)) > 0)
		has += (size_t)more;
	if (has != page_size)
		skip("read of a pipe: %s", strerror(errno));
	memcpy(&is, word(content, index), sizeof(is));
	free(content);
	return is;
}

TOOL void pipe_release(struct pipe_handle *handle)
{
	char *content = malloc(page_size);

	if (!content || read(handle->ends[0], content, page_size) != (ssize_t)page_size)
		skip("read of a pipe: %s", strerror(errno));
	free(content);
}
