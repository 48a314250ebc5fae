// The common problem for checkers of C: Nidhugg and GenMC. All atomics are sequentially consistent.
// -DNT=3|4|5 -DPOL=0 (page_count)|1 (mapcount) [-DNOSEQ: GUP-fast does not look at the sequence count]
// [-DTWICE: the child writes twice] [-DFREES: put_page looks for zero and frees]
// [-DNOCHECK: no assertion, for the number of all executions]
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

#define W 0x80
#define NONE 0xff
#define NP 6
#define PG(p) ((p) & 0x7f)
#if NT >= 4 && !defined(NOSEQ)
#define FORKON 1
#else
#define FORKON 0
#endif

atomic_int pte[2], seq, rc[NP], mc[NP], data[NP][2], freed[NP];
// ptl[]: page table locks. tlb[]: a translation and the access after it are one step against a flush.
pthread_mutex_t ptl[2], tlb[2];

#define LD(x) atomic_load_explicit(&(x), memory_order_seq_cst)
#define ST(x, v) atomic_store_explicit(&(x), v, memory_order_seq_cst)
#define ADD(x, v) atomic_fetch_add_explicit(&(x), v, memory_order_seq_cst)
#define SUB(x, v) atomic_fetch_sub_explicit(&(x), v, memory_order_seq_cst)

static void put_page(int x)
{
#ifdef FREES
	if (SUB(rc[x], 1) == 1)
		ST(freed[x], 1);
#else
	SUB(rc[x], 1);
#endif
}

static void copy(int from, int to)
{
	ST(data[to][0], LD(data[from][0]));
	ST(data[to][1], LD(data[from][1]));
}

// Gives the next fresh page.
static int wp_fault(int mm, int fresh)
{
	int p = LD(pte[mm]);
	if (p & W)
		return fresh;
	int x = PG(p);
	int count = POL ? LD(mc[x]) : LD(rc[x]);
	if (count == 1) {
		ST(pte[mm], p | W);
		return fresh;
	}
	copy(x, fresh);
	ST(pte[mm], fresh | W);
	SUB(mc[x], 1);
	put_page(x);
	return fresh + 1;
}

static int user_write(int mm, int word, int value, int fresh)
{
	// The write permission can be removed at most twice.
	for (int i = 0; i < 4; i++) {
		int done = 1;
		pthread_mutex_lock(&tlb[mm]);
		int p = LD(pte[mm]);
		if (p == NONE)
			;
		else if (p & W)
			ST(data[PG(p)][word], value);
		else
			done = 0;
		pthread_mutex_unlock(&tlb[mm]);
		if (done)
			return fresh;
		pthread_mutex_lock(&ptl[mm]);
		fresh = wp_fault(mm, fresh);
		pthread_mutex_unlock(&ptl[mm]);
	}
	assert(0);
	return fresh;
}

static int gup(void)
{
	int s = 0;
#if FORKON
	s = LD(seq);
#endif
	if (!(s & 1)) {
		int p = LD(pte[0]);
		if (p & W) {
			int x = PG(p);
			ADD(rc[x], 1);
			int ok = LD(pte[0]) == p;
#if FORKON
			if (ok)
				ok = LD(seq) == s;
#endif
			if (ok)
				return x;
			put_page(x);
		}
	}
	pthread_mutex_lock(&ptl[0]);
	wp_fault(0, 1);
	int x = PG(LD(pte[0]));
	ADD(rc[x], 1);
	pthread_mutex_unlock(&ptl[0]);
	return x;
}

static void write_protect(int p)
{
	if (p & W) {
		pthread_mutex_lock(&tlb[0]);
		ST(pte[0], p & ~W);
		pthread_mutex_unlock(&tlb[0]);
	}
}

static void *user(void *unused)
{
	user_write(0, 1, 0xe, 2);
	return unused;
}

static void *clear_refs(void *unused)
{
	pthread_mutex_lock(&ptl[0]);
	write_protect(LD(pte[0]));
	pthread_mutex_unlock(&ptl[0]);
	return unused;
}

#if NT >= 4
static void *fork_mm(void *unused)
{
	pthread_mutex_lock(&ptl[0]);
	ADD(seq, 1);
	int p = LD(pte[0]);
	int x = PG(p);
	int count = LD(rc[x]);
	if (count > LD(mc[x])) {
		copy(x, 4);
		ST(pte[1], 4 | W);
	} else {
		ADD(rc[x], 1);
		ADD(mc[x], 1);
		write_protect(p);
		ST(pte[1], p & ~W);
	}
	ADD(seq, 1);
	pthread_mutex_unlock(&ptl[0]);
	return unused;
}
#endif

#if NT >= 5
static void *child(void *unused)
{
	int fresh = user_write(1, 0, 0xc, 5);
#ifdef TWICE
	user_write(1, 1, 0xb, fresh);
#else
	(void)fresh;
#endif
	return unused;
}
#endif

int main(void)
{
	pthread_t threads[4];

	// Nidhugg knows no static initialisers of arrays of mutexes.
	for (int i = 0; i < 2; i++) {
		pthread_mutex_init(&ptl[i], 0);
		pthread_mutex_init(&tlb[i], 0);
	}
	atomic_init(&pte[0], W);
	atomic_init(&pte[1], NONE);
	for (int i = 0; i < NP; i++) {
		atomic_init(&rc[i], 1);
		atomic_init(&mc[i], 1);
	}
	pthread_create(&threads[0], 0, user, 0);
	pthread_create(&threads[1], 0, clear_refs, 0);
#if NT >= 4
	pthread_create(&threads[2], 0, fork_mm, 0);
#endif
#if NT >= 5
	pthread_create(&threads[3], 0, child, 0);
#endif

	int x = gup();
	ST(data[x][0], 0xd);
	put_page(x);

	for (int i = 0; i < NT - 1; i++)
		pthread_join(threads[i], 0);
#ifndef NOCHECK
	x = PG(LD(pte[0]));
	int w0 = LD(data[x][0]), w1 = LD(data[x][1]);
	assert(w0 == 0xd && w1 == 0xe);
#endif
	return 0;
}
