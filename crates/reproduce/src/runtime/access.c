/* ---- Loads and stores by user space ---- */

static __thread sigjmp_buf on_fault;
static __thread volatile sig_atomic_t may_fault;

static void fault(int signal)
{
	(void)signal;
	if (may_fault)
		siglongjmp(on_fault, 1);
	skip("a signal that no row of the diagram gets");
}

TOOL void catch_faults(void)
{
	struct sigaction action = { .sa_handler = fault, .sa_flags = SA_NODEFER };

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
}

/* The word, or a failure. */
TOOL uint64_t load(char *page, int index)
{
	uint64_t is;

	if (sigsetjmp(on_fault, 1)) {
		may_fault = 0;
		return FAILED_BY_SIGNAL;
	}
	may_fault = 1;
	is = *(volatile uint64_t *)word(page, index);
	may_fault = 0;
	return is;
}

/* 0, or a failure. */
TOOL uint64_t store(char *page, int index, uint64_t is)
{
	if (sigsetjmp(on_fault, 1)) {
		may_fault = 0;
		return FAILED_BY_SIGNAL;
	}
	may_fault = 1;
	*(volatile uint64_t *)word(page, index) = is;
	may_fault = 0;
	return 0;
}

/* As `store`, and counts the copies: the page frame is another one then. */
TOOL uint64_t store_and_count(char *page, int index, uint64_t is, int copies)
{
	uint64_t before = frame(page), result;
	bool alone = is_mapped_once(page);

	result = store(page, index, is);
	if (!frame(page))
		skip("/proc/self/pagemap tells page frames to root only");
	if (before && alone && frame(page) != before)
		set(copies, shared->values[copies].is + 1);
	return result;
}
