/* The common problem for SPIN. A step is one access of a shared word with what follows from it within its
 * process: a guard that reads, or a d_step. What the other texts do under a TLB lock is one step here, which is
 * what these locks stand for. What a process does not need any more it sets to 0: states are not told apart by it
 * then, and SPIN does not do that by itself here.
 * -DNT=3|4|5 -DPOL=0 (page_count)|1 (mapcount) [-DNOSEQ: GUP-fast does not look at the sequence count] [-DTWICE:
 * the child writes twice] [-DFREES: put_page looks for zero and frees] [-DOUTCOMES: prints every final state] */
#define W 128
#define NONE 255
#define NP 6
#define PG(p) ((p) & 127)
#define D(x, word) data[(x) * 2 + (word)]
#if POL
#define COUNT(x) mc[x]
#else
#define COUNT(x) rc[x]
#endif

byte pte[2] = { W, NONE };
byte seq;
byte rc[NP] = 1, mc[NP] = 1, data[12], freed[NP];
bool ptl[2];
byte finished;

/* Processes do not die, since that would be a step. `last` is 1 where a step is its process's last. */
#define END end: false

inline lock(l) { d_step { !l -> l = true } }
inline unlock(l) { l = false }

/* Adds to `counter`, of its process or `finished`, with the last step. */
inline put_page(counter, amount)
{
#ifdef FREES
	if
	:: d_step { rc[x] == 1 -> rc[x] = 0 }; d_step { freed[x] = 1; x = 0; counter = counter + amount }
	:: d_step { rc[x] != 1 -> rc[x]--; x = 0; counter = counter + amount }
	fi
#else
	d_step { rc[x]--; x = 0; counter = counter + amount }
#endif
}

/* From here on with p, x, n and y of the process; y is its next fresh page. */
inline copy(to)
{
	n = D(x, 0); d_step { D(to, 0) = n; n = 0 };
	n = D(x, 1); d_step { D(to, 1) = n; n = 0 }
}

inline wp_fault(mm)
{
	if
	:: pte[mm] & W
	:: d_step { !(pte[mm] & W) -> p = pte[mm]; x = PG(p) };
		if
		:: COUNT(x) == 1; d_step { pte[mm] = p | W; p = 0; x = 0 }
		:: d_step { COUNT(x) != 1 -> p = 0 };
			copy(y);
			pte[mm] = y | W;
			mc[x]--;
			put_page(y, 1)
		fi
	fi
}

inline user_write(mm, word, value, last)
{
	do
	:: d_step { pte[mm] == NONE -> finished = finished + last }; break
	:: d_step { pte[mm] != NONE && (pte[mm] & W) -> D(PG(pte[mm]), word) = value; finished = finished + last };
		break
	:: !(pte[mm] & W);
		lock(ptl[mm]);
		wp_fault(mm);
		unlock(ptl[mm])
	od
}

active proctype pin()
{
	byte p, x, n, s, y = 1;
#if NT >= 4 && !defined(NOSEQ)
	if
	:: seq & 1; goto slow
	:: d_step { !(seq & 1) -> s = seq }
	fi;
#endif
	if
	:: d_step { !(pte[0] & W) -> s = 0 }; goto slow
	:: d_step { pte[0] & W -> p = pte[0]; x = PG(p) }
	fi;
	rc[x]++;
	if
	:: d_step { pte[0] != p -> p = 0; s = 0 }
	:: d_step { pte[0] == p -> p = 0 };
#if NT >= 4 && !defined(NOSEQ)
		if
		:: d_step { seq != s -> s = 0 }
		:: d_step { seq == s -> s = 0 }; goto pinned
		fi
#else
		goto pinned
#endif
	fi;
	put_page(y, 0);
slow:
	lock(ptl[0]);
	wp_fault(0);
	x = PG(pte[0]);
	rc[x]++;
	unlock(ptl[0]);
pinned:
	D(x, 0) = 13;
	put_page(finished, 1);
	END
}

active proctype user()
{
	byte p, x, n, y = 2;
	user_write(0, 1, 14, 1);
	END
}

active proctype clear_refs()
{
	byte p;
	lock(ptl[0]);
	if
	:: !(pte[0] & W)
	:: d_step { pte[0] & W -> p = pte[0] }; d_step { pte[0] = PG(p); p = 0 }
	fi;
	d_step { unlock(ptl[0]); finished++ };
	END
}

#if NT >= 4
active proctype fork()
{
	byte p, x, n;
	lock(ptl[0]);
	seq++;
	d_step { p = pte[0]; x = PG(p) };
	n = rc[x];
	if
	:: d_step { n > mc[x] -> n = 0; p = 0 };
		copy(4);
		d_step { pte[1] = 4 | W; x = 0 }
	:: d_step { n <= mc[x] -> n = 0 };
		rc[x]++;
		d_step { mc[x]++; x = 0 };
		if
		:: p & W; pte[0] = PG(p)
		:: !(p & W)
		fi;
		d_step { pte[1] = PG(p); p = 0 }
	fi;
	seq++;
	d_step { unlock(ptl[0]); finished++ };
	END
}
#endif

#if NT >= 5
active proctype child()
{
	byte p, x, n, y = 5;
#ifdef TWICE
	user_write(1, 0, 12, 0);
	user_write(1, 1, 11, 1);
#else
	user_write(1, 0, 12, 1);
#endif
	END
}
#endif

active proctype check()
{
	byte x;
	finished == NT;
#ifdef OUTCOMES
	c_code {
		int i;
		printf("outcome %d %d %d", now.pte[0], now.pte[1], now.seq);
		for (i = 0; i < 6; i++) printf(" %d", now.rc[i]);
		for (i = 0; i < 6; i++) printf(" %d", now.mc[i]);
		for (i = 0; i < 12; i++) printf(" %d", now.data[i]);
		for (i = 0; i < 6; i++) printf(" %d", now.freed[i]);
		printf("\n");
	};
#endif
	d_step { x = PG(pte[0]); assert(D(x, 0) == 13 && D(x, 1) == 14) };
	END
}
