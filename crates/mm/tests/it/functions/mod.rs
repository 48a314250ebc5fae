//! Kernel functions by themselves: from a state of memory, the requests that a function makes and the state that it
//! leaves, under each value of the rules that it reads. There is a file for each file of the model.

mod arms;
mod bench;
mod complete;
mod fault;
mod fork;
mod gup;
mod huge_memory;
mod hugetlb;
mod khugepaged;
mod large_folio;
mod madvise;
mod mmap;
mod mprotect;
mod mremap;
mod rmap;
mod swap_in;
mod swapfile;
mod task_mmu;
mod tlb;
mod user;
mod userfaultfd;
mod vmscan;
mod wp;
