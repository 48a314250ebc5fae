//! What goes on beside the columns.

/// What the environment may do beside the columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// Somebody drains the LRU batches at some moment.
    pub lru_drain: bool,
    /// Somebody takes and drops a speculative reference of every mapped page at some moment.
    pub spec_ref: bool,
    /// A TLB entry may go before any access.
    pub tlb_evict: bool,
    /// Times that kswapd may run over each anonymous area.
    pub reclaim: u8,
    /// A freed page may be handed out again.
    pub page_reuse: bool,
}
