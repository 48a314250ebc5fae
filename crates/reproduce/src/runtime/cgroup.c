/* ---- Reclaim of pages that several processes map: a memory cgroup, v5.19 and later ---- */

static char cgroup[64];
static const char *cgroup_lacks; /* why there is none */

static bool write_cgroup(const char *file, const char *text)
{
	char path[128];
	int fd;
	bool is;

	snprintf(path, sizeof(path), "%s/%s", cgroup, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	is = fd >= 0 && write(fd, text, strlen(text)) >= 0;
	if (fd >= 0)
		close(fd);
	return is;
}

TOOL void make_cgroup(void)
{
	char path[128];

	snprintf(cgroup, sizeof(cgroup), "/sys/fs/cgroup/cowrace-%d", (int)getpid());
	if (access("/sys/fs/cgroup/cgroup.controllers", R_OK) || mkdir(cgroup, 0755)) {
		cgroup[0] = 0;
		cgroup_lacks = "several processes map the page, which MADV_PAGEOUT leaves alone, and /sys/fs/cgroup takes no cgroup of version 2";
		return;
	}
	snprintf(path, sizeof(path), "%s/memory.reclaim", cgroup);
	if (access(path, W_OK)) {
		rmdir(cgroup);
		cgroup[0] = 0;
		cgroup_lacks = "several processes map the page, which MADV_PAGEOUT leaves alone, and there is no memory.reclaim (v5.19, +memory in cgroup.subtree_control)";
	}
}

TOOL void drop_cgroup(void)
{
	if (cgroup[0])
		rmdir(cgroup);
}

TOOL void join_cgroup(void)
{
	if (cgroup[0] && !write_cgroup("cgroup.procs", "0"))
		skip("cgroup.procs: %s", strerror(errno));
}

/* The kernel's reclaim of a page, however many processes map it. */
TOOL void reclaim_any(char *at, bool held)
{
	if (!is_present(at))
		return;
	if (is_mapped_once(at)) {
		reclaim(at, held, false);
		return;
	}
	if (cgroup_lacks)
		skip("%s", cgroup_lacks);
	for (int tries = 0; tries < 20 && is_present(at); tries++) {
		/* It fails if there is less to reclaim than was asked for. */
		write_cgroup("memory.reclaim", "64M");
		if (held)
			break;
		usleep(2000);
	}
	if (is_present(at) && !held)
		skip("reclaim did not take the page");
}
