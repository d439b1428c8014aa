//! The process's allocator.
//!
//! Taking a catalog in is a third allocation with the system's allocator, which also keeps what it once took. This one is
//! fast, and by itself keeps what was freed for a second. That is right while requests are answered: what is given back too
//! soon has to be fetched again, page by page. But a sync goes through much memory once, and is smaller for all that goes
//! back at once. And the library looks at the clock only when it is asked for memory: somebody has to look when nobody asks.

use std::{env, hint::black_box};

use libmimalloc_sys::{mi_collect, mi_option_set, mi_option_t};
use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Milliseconds until freed memory goes back to the system (`mi_option_purge_delay`), and who may say it as well.
const PURGE_DELAY: mi_option_t = 15;
const PURGE_DELAY_VARIABLE: &str = "MIMALLOC_PURGE_DELAY";
/// How many empty pages of each size a thread keeps (`mi_option_page_full_retain`).
const PAGE_FULL_RETAIN: mi_option_t = 36;
const PAGE_FULL_RETAIN_VARIABLE: &str = "MIMALLOC_PAGE_FULL_RETAIN";

/// What the process is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// It goes through much memory once: what is freed goes back at once.
    Work,
    /// It answers, and needs the same memory again and again: what is freed is kept for a second.
    Service,
}

/// Says what the process is at. What the environment says (`MIMALLOC_PURGE_DELAY`, …) stays.
pub fn set_pace(pace: Pace) {
    set(PURGE_DELAY, PURGE_DELAY_VARIABLE, if pace == Pace::Work { 1 } else { 1_000 });
    set(PAGE_FULL_RETAIN, PAGE_FULL_RETAIN_VARIABLE, 0);
}

#[expect(unsafe_code, reason = "the library has no other door; it asks for nothing but a number it knows")]
fn set(option: mi_option_t, variable: &str, value: std::ffi::c_long) {
    if env::var_os(variable).is_none() {
        // Sound: the function writes a number into a table of the library, at an index that a test holds to be there.
        unsafe { mi_option_set(option, value) };
    }
}

/// Gives back what has been free for long enough, whichever thread freed it.
#[expect(unsafe_code, reason = "the library has no other door, and this one asks for nothing")]
pub fn look() {
    // The library knows a thread from its first allocation on.
    drop(black_box(Box::new(0_u8)));
    // Sound: any thread may call it at any time.
    unsafe { mi_collect(false) };
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
        set_pace(Pace::Work);
        assert_eq!(read(), (1, 0));
        set_pace(Pace::Service);
        assert_eq!(read(), (1000, 0));
    }
}
