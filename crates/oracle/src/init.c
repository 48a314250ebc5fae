// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The first process of a machine that runs programs and goes off: each program of /programs, by its number, with a line
 * before and after its output.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIMIT 180 /* seconds that a program may take */
#define WORD "cowrace.guest" /* on the command line of the kernel that this is made for */
#define DISK "/dev/vda"

/* Anywhere else than in its guest this would take the machine's own disk for swap. */
static bool is_in_guest(void)
{
	char line[4096] = "";
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, line, sizeof(line) - 1) <= 0)
		return false;
	close(fd);
	return getpid() == 1 && strstr(line, WORD);
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		if (write(fd, text, strlen(text)) < 0)
			printf("COWRACE NOTE %s: %s\n", path, strerror(errno));
		close(fd);
	}
}

static void load_modules(void)
{
	char path[64];
	int fd, why;

	for (int i = 0;; i++) {
		snprintf(path, sizeof(path), "/modules/%d", i);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return;
		if (syscall(SYS_finit_module, fd, "", 0)) {
			why = errno;
			/* 4: the kernel unpacks it, if it is packed. */
			if (why != ENOEXEC || syscall(SYS_finit_module, fd, "", 4))
				printf("COWRACE NOTE module %d: %s\n", i, strerror(why));
		}
		close(fd);
	}
}

/* The disk is made for this, and is swap. */
static void add_swap(void)
{
	size_t page_size = (size_t)sysconf(_SC_PAGESIZE);
	char *header = calloc(1, page_size);
	int fd = open(DISK, O_RDWR | O_CLOEXEC);
	off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	uint32_t version = 1, last = (uint32_t)((size_t)size / page_size) - 1;

	if (header && size > 0) {
		memcpy(header + 1024, &version, sizeof(version));
		memcpy(header + 1028, &last, sizeof(last));
		memcpy(header + page_size - 10, "SWAPSPACE2", 10);
		if (pwrite(fd, header, page_size, 0) != (ssize_t)page_size || fsync(fd) || swapon(DISK, 0))
			printf("COWRACE NOTE swap: %s\n", strerror(errno));
	} else {
		printf("COWRACE NOTE no disk for swap\n");
	}
	if (fd >= 0)
		close(fd);
	free(header);
}

static int run(const char *path)
{
	pid_t pid = fork();
	time_t since = time(NULL);
	int status;

	if (!pid) {
		execl(path, path, (char *)NULL);
		_exit(127);
	}
	for (;;) {
		/* Processes that have lost their parent end here, too. */
		pid_t ended = waitpid(-1, &status, WNOHANG);

		if (ended == pid)
			break;
		if (time(NULL) - since > LIMIT)
			kill(pid, SIGKILL);
		if (!ended)
			usleep(1000);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(void)
{
	struct utsname name;
	char path[64];

	setvbuf(stdout, NULL, _IONBF, 0);
	if (getpid() == 1)
		mount("none", "/proc", "proc", 0, NULL);
	if (!is_in_guest()) {
		printf("this is the first process of a guest of `cowrace oracle`, and of nothing else\n");
		return 1;
	}
	mount("none", "/sys", "sysfs", 0, NULL);
	mount("none", "/dev", "devtmpfs", 0, NULL);
	mount("none", "/tmp", "tmpfs", 0, NULL);
	mount("none", "/var/tmp", "tmpfs", 0, NULL);
	mount("none", "/sys/kernel/debug", "debugfs", 0, NULL);
	mount("none", "/sys/fs/cgroup", "cgroup2", 0, NULL);
	put("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	load_modules();
	mkdir("/dev/shm", 0777);
	add_swap();
	uname(&name);
	printf("COWRACE KERNEL %s\n", name.release);
	for (int i = 0;; i++) {
		snprintf(path, sizeof(path), "/programs/%d", i);
		if (access(path, X_OK))
			break;
		printf("COWRACE BEGIN %d\n", i);
		printf("COWRACE END %d %d\n", i, run(path));
	}
	printf("COWRACE DONE\n");
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}
