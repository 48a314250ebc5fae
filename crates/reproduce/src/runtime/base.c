/* ---- Turns, results, and the process that watches over all of it ---- */

#define TOOL static __attribute__((unused))

/* What a word holds if a call failed. */
#define FAILED(error) (1ULL << 40 | (uint64_t)(error))
#define FAILED_BY_SIGNAL (1ULL << 41)

#define STEP_LIMIT 5.0  /* seconds that a step may take */
#define CASE_LIMIT 20.0 /* seconds that a case may take */
#define TOTAL_LIMIT 120 /* seconds that the program may take */

#define EXIT_CLEAN 0
#define EXIT_HIT 1
#define EXIT_SKIP 4

struct value {
	uint64_t is;
	bool set;
};

/* What all processes share. */
struct shared {
	atomic_int turn;     /* the row that goes on, from 1 */
	atomic_int finished; /* calls of this row that have ended */
	atomic_int ended_in[PLACES]; /* for each place of a row, the row in which its call has ended */
	atomic_int ready;    /* processes that have what they begin with */
	atomic_int skipped;
	char why[256];
	pid_t pids[MMS];
	struct value values[VALUES + 1];
	/* What a server of files is told. */
	atomic_int hold, held, go, refuse;
	uint64_t data;
};

static struct shared *shared;
static bool control;
static bool in_case; /* this is a process of a case, not the one that watches */
static size_t page_size;
static size_t half; /* where the second word of a page is */
static volatile sig_atomic_t stopped;
static pid_t leader;

TOOL double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

TOOL void nap(void)
{
	usleep(50);
}

/* The case says nothing, and why. The process that watches ends all others. */
TOOL __attribute__((noreturn, format(printf, 1, 2))) void skip(const char *format, ...)
{
	va_list list;

	if (!atomic_exchange(&shared->skipped, 2)) {
		va_start(list, format);
		vsnprintf(shared->why, sizeof(shared->why), format, list);
		va_end(list);
		atomic_store(&shared->skipped, 1);
	}
	if (!in_case) {
		printf("1..0 # SKIP %s\n", shared->why);
		tidy();
		exit(EXIT_SKIP);
	}
	for (;;)
		pause();
}

/* The end of a thread: what it has forked would end with it. */
TOOL __attribute__((noreturn)) void stay(void)
{
	for (;;)
		pause();
}

TOOL void set(int index, uint64_t is)
{
	shared->values[index].is = is;
	shared->values[index].set = true;
}

TOOL uint64_t get(int index)
{
	if (!shared->values[index].set)
		skip("a value is used that no call has set");
	return shared->values[index].is;
}

/* Waits until it is the turn of a row. */
TOOL void turn(int row)
{
	double since = now();
	int seen = atomic_load(&shared->turn), is;

	while ((is = atomic_load(&shared->turn)) < row) {
		if (is != seen) {
			seen = is;
			since = now();
		}
		if (now() - since > STEP_LIMIT && seen > 0)
			skip("row %d did not end within %.0f s", seen, STEP_LIMIT);
		nap();
	}
}

TOOL void sleep_at_random(void)
{
	struct timespec t = { 0, random() % 20000 };

	nanosleep(&t, NULL);
}

/* As `turn`, for calls that begin together. In the control they run one after the other. */
TOOL void race(int row, int place)
{
	turn(row);
	if (!control)
		sleep_at_random();
	while (control && atomic_load(&shared->finished) < place && atomic_load(&shared->turn) == row)
		nap();
}

/* A call of the row has ended; when all have, the next row goes on. */
TOOL void done(void)
{
	int row = atomic_load(&shared->turn);

	if (atomic_fetch_add(&shared->finished, 1) + 1 >= calls_in_row[row]) {
		atomic_store(&shared->finished, 0);
		atomic_store(&shared->turn, row + 1);
	}
}

/* The process that this one becomes ends with its parent. */
TOOL void become(int mm)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	shared->pids[mm] = getpid();
}

/* As `done`, for a call that others run beside. */
TOOL void done_at(int place)
{
	atomic_store(&shared->ended_in[place], atomic_load(&shared->turn));
	done();
}

/* Waits until a call of the same row has ended: a barrier or a variable of the diagram says so. */
TOOL void behind(int row, int place)
{
	double since = now();

	while (atomic_load(&shared->ended_in[place]) < row) {
		if (now() - since > STEP_LIMIT)
			skip("row %d did not end within %.0f s", row, STEP_LIMIT);
		nap();
	}
}

TOOL void fork_process(int mm, void (*process)(void))
{
	pid_t pid = fork();

	if (pid < 0)
		skip("fork: %s", strerror(errno));
	if (!pid) {
		become(mm);
		process();
	}
	shared->pids[mm] = pid;
}

TOOL __attribute__((noreturn)) void leave(void)
{
	done();
	_exit(0);
}

TOOL __attribute__((noreturn)) void leave_at(int place)
{
	done_at(place);
	_exit(0);
}

/* Waits until a process and its memory are gone. */
TOOL void gone(int mm)
{
	pid_t pid = shared->pids[mm];
	int fd = syscall(SYS_pidfd_open, pid, 0);
	struct pollfd ended = { .fd = fd, .events = POLLIN };

	if (fd < 0 && errno == ESRCH)
		return;
	if (fd < 0)
		skip("pidfd_open: %s", strerror(errno));
	if (poll(&ended, 1, (int)(STEP_LIMIT * 1000)) != 1)
		skip("a process did not end within %.0f s", STEP_LIMIT);
	close(fd);
}

/* Starts the threads of a process, and stays until the end. `late` is what must happen last. */
TOOL __attribute__((noreturn)) void live(void *(*const columns[])(void *), int count, void (*late)(void))
{
	pthread_t thread;

	for (int i = 0; i < count; i++)
		if (pthread_create(&thread, NULL, columns[i], NULL))
			skip("a thread cannot be made");
	if (late)
		late();
	atomic_fetch_add(&shared->ready, 1);
	for (;;)
		pause();
}

/* The CPUs that the program may use. */
static cpu_set_t allowed;

/* This thread stays on one of the allowed CPUs, counted from 0. */
TOOL void stay_on_cpu(int number)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &allowed) && !number--) {
			CPU_SET(cpu, &one);
			break;
		}
	}
	if (!CPU_COUNT(&one))
		skip("it takes two CPUs");
	if (sched_setaffinity(0, sizeof(one), &one))
		skip("sched_setaffinity: %s", strerror(errno));
}

/* What a comparison says if a value was never set: neither. */
enum truth { IS_FALSE, IS_TRUE, IS_UNKNOWN };

TOOL enum truth compare(bool known, bool is)
{
	return !known ? IS_UNKNOWN : is ? IS_TRUE : IS_FALSE;
}

TOOL enum truth both(enum truth a, enum truth b)
{
	return a == IS_FALSE || b == IS_FALSE ? IS_FALSE : a == IS_TRUE && b == IS_TRUE ? IS_TRUE : IS_UNKNOWN;
}

TOOL enum truth opposite(enum truth a)
{
	return a == IS_UNKNOWN ? IS_UNKNOWN : a == IS_TRUE ? IS_FALSE : IS_TRUE;
}

TOOL enum truth either(enum truth a, enum truth b)
{
	return opposite(both(opposite(a), opposite(b)));
}

TOOL bool is(int index, uint64_t value)
{
	return shared->values[index].set && shared->values[index].is == value;
}

TOOL bool has_failed(int index)
{
	return shared->values[index].set && shared->values[index].is >= FAILED(0);
}

static void on_signal(int signal)
{
	stopped = signal;
}

/* Ends every process of a case, and waits for them. */
static void end_case(void)
{
	double since = now();

	atomic_store(&shared->refuse, 1);
	atomic_store(&shared->go, 1);
	if (leader > 0)
		kill(-leader, SIGKILL);
	while (now() - since < STEP_LIMIT) {
		pid_t pid = waitpid(-1, NULL, WNOHANG | __WALL);

		if (pid < 0 && errno == ECHILD)
			break;
		/* What keeps things for the whole program is no part of the case. */
		if (pid == 0 && kill(-leader, 0) && errno == ESRCH)
			break;
		if (pid == 0)
			usleep(500);
	}
	leader = 0;
}

enum outcome { CLEAN, HIT, SKIPPED };

/* Runs the case or its control once. */
static enum outcome run_once(bool as_control)
{
	double since;
	enum outcome outcome;

	memset(shared, 0, sizeof(*shared));
	control = as_control;
	fflush(stdout);
	leader = fork();
	if (leader < 0) {
		snprintf(shared->why, sizeof(shared->why), "fork: %s", strerror(errno));
		return SKIPPED;
	}
	if (!leader) {
		in_case = true;
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		srandom(getpid());
		if (ON_ONE_CPU)
			stay_on_cpu(0);
		catch_faults();
		begin();
		stay();
	}
	setpgid(leader, leader);
	since = now();
	while (!atomic_load(&shared->skipped) && !stopped && now() - since < CASE_LIMIT) {
		if (atomic_load(&shared->ready) >= READY && !atomic_load(&shared->turn))
			atomic_store(&shared->turn, 1);
		if (atomic_load(&shared->turn) > ROWS)
			break;
		nap();
	}
	while (atomic_load(&shared->skipped) == 2)
		nap();
	if (atomic_load(&shared->skipped)) {
		outcome = SKIPPED;
	} else if (stopped) {
		snprintf(shared->why, sizeof(shared->why), "ended by signal %d", (int)stopped);
		outcome = SKIPPED;
	} else if (atomic_load(&shared->turn) <= ROWS) {
		snprintf(shared->why, sizeof(shared->why), "row %d did not end in time",
			 atomic_load(&shared->turn));
		outcome = SKIPPED;
	} else {
		outcome = is_hit() ? HIT : CLEAN;
	}
	end_case();
	return outcome;
}

/* Runs a case as often as the program is made for, until it hits. */
static enum outcome run(bool as_control, int *tries)
{
	double since = now();
	enum outcome outcome = SKIPPED;

	for (*tries = 1;; ++*tries) {
		outcome = run_once(as_control);
		if (outcome != CLEAN || *tries >= TRIES || now() - since > TRIES_LIMIT || stopped)
			return outcome;
	}
}

/* The values of a case, as a comment of TAP. */
static void print_values(void)
{
	for (int i = 0; i < VALUES; i++) {
		const struct value *value = &shared->values[i];

		if (!value->set)
			printf("#   %s is not set\n", value_names[i]);
		else if (value->is == FAILED_BY_SIGNAL)
			printf("#   %s = SIGSEGV\n", value_names[i]);
		else if (value->is >= FAILED(0))
			printf("#   %s = %s\n", value_names[i], strerror((int)(value->is & ~FAILED(0))));
		else
			printf("#   %s = %" PRIu64 "\n", value_names[i], value->is);
	}
}

static int tests(void)
{
	int tries, number = 0;
	enum outcome of_control = CLEAN, of_case;
	const char *why = NULL;

	printf("TAP version 13\n");
	why = lacking();
	if (why) {
		printf("1..0 # SKIP %s\n", why);
		return EXIT_SKIP;
	}
	printf("1..%d\n", control_name ? 2 : 1);
	if (control_name) {
		of_control = run(true, &tries);
		number++;
		print_values();
		if (of_control == SKIPPED)
			printf("ok %d control: %s # SKIP %s\n", number, control_name, shared->why);
		else
			printf("%s %d control: %s: %s\n", of_control == HIT ? "not ok" : "ok", number, control_name,
			       of_control == HIT ? "HIT" : "CLEAN");
	}
	number++;
	if (of_control == HIT) {
		printf("ok %d %s # SKIP the control shows the damage as well, so the case says nothing\n", number,
		       case_name);
		return EXIT_SKIP;
	}
	of_case = stopped ? of_control : run(false, &tries);
	print_values();
	if (TRIES > 1)
		printf("# %d hits in %d tries\n", of_case == HIT, tries);
	if (of_case == CLEAN && TRIES > 1) {
		printf("ok %d %s # SKIP no hit, and it cannot be seen whether the calls met\n", number, case_name);
		return EXIT_SKIP;
	}
	if (of_case == SKIPPED) {
		printf("ok %d %s # SKIP %s\n", number, case_name, shared->why);
		return EXIT_SKIP;
	}
	printf("%s %d %s: %s\n", of_case == HIT ? "not ok" : "ok", number, case_name,
	       of_case == HIT ? "HIT" : "CLEAN");
	return of_case == HIT ? EXIT_HIT : EXIT_CLEAN;
}

int main(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGALRM, SIGQUIT };
	struct sigaction action = { .sa_handler = on_signal };
	int exit_code;

	page_size = (size_t)sysconf(_SC_PAGESIZE);
	half = page_size / 2;
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaction(signals[i], &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	alarm(TOTAL_LIMIT);
	sched_getaffinity(0, sizeof(allowed), &allowed);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED) {
		printf("TAP version 13\n1..0 # SKIP mmap: %s\n", strerror(errno));
		return EXIT_SKIP;
	}
	exit_code = tests();
	if (leader > 0)
		end_case();
	tidy();
	fflush(stdout);
	return exit_code;
}
