//! The process's allocator.
//!
//! Taking a catalog in is a third allocation with the system's allocator, which also keeps what it once took. This one is
//! fast, but by itself keeps what was freed for a second, and returns it only when it is asked for memory again: after a
//! sync, when nobody asks, a process would stay half as large again as it has to be.

use libmimalloc_sys::{mi_option_set_default, mi_option_t};
use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Milliseconds until freed memory goes back to the system (`mi_option_purge_delay`).
const PURGE_DELAY: mi_option_t = 15;
/// How many empty pages of each size a thread keeps (`mi_option_page_full_retain`).
const PAGE_FULL_RETAIN: mi_option_t = 36;

/// Lets memory go back soon after it was freed. What the environment says (`MIMALLOC_PURGE_DELAY`, …) stays.
#[expect(unsafe_code, reason = "the library has no other door; it asks for nothing but a number it knows")]
pub fn give_back_soon() {
    // Sound: the function writes a number into a table of the library, at an index that the test below holds to be there.
    unsafe {
        mi_option_set_default(PURGE_DELAY, 1);
        mi_option_set_default(PAGE_FULL_RETAIN, 0);
    }
}

#[cfg(test)]
mod tests {
    use libmimalloc_sys::mi_option_get;

    use super::*;

    /// The library's header numbers its options without names that Rust can see: their defaults tell which is which.
    #[test]
    #[expect(unsafe_code, reason = "the library has no other door")]
    fn the_options_are_those_that_are_meant() {
        let read = || unsafe { (mi_option_get(PURGE_DELAY), mi_option_get(PAGE_FULL_RETAIN)) };
        assert_eq!(read(), (1000, 2));
        give_back_soon();
        assert_eq!(read(), (1, 0));
    }
}
