//! Two pieces of work on two threads.

#[cfg(feature = "rayon")]
use core::sync::atomic::{AtomicBool, Ordering};

/// Does both: on two threads with the feature `rayon` if the current pool has them, else one after the other.
///
/// Meant for pieces that take about equally long, some microseconds or more, and are followed by others: a thread that is done
/// first waits awake for a short while, because a pool lets idle threads fall asleep after some ten microseconds, and
/// to wake one takes as long again.
#[cfg(feature = "rayon")]
pub fn side_by_side(a: impl FnOnce() + Send, b: impl FnOnce() + Send) {
    if rayon::current_num_threads() == 1 {
        a();
        b();
        return;
    }
    let [b_has_begun, a_is_done, b_is_done] = [const { AtomicBool::new(false) }; 3];
    rayon::join(
        || {
            a();
            a_is_done.store(true, Ordering::Release);
            // Else nobody has taken it, and this thread will do it.
            if b_has_begun.load(Ordering::Acquire) {
                wait_a_little(&b_is_done);
            }
        },
        || {
            b_has_begun.store(true, Ordering::Release);
            b();
            b_is_done.store(true, Ordering::Release);
            wait_a_little(&a_is_done);
        },
    );
}

/// Does both.
#[cfg(not(feature = "rayon"))]
pub fn side_by_side(a: impl FnOnce(), b: impl FnOnce()) {
    a();
    b();
}

#[cfg(feature = "rayon")]
fn wait_a_little(done: &AtomicBool) {
    for _ in 0..SPINS {
        if done.load(Ordering::Acquire) {
            return;
        }
        core::hint::spin_loop();
    }
}

/// Some fifty microseconds.
#[cfg(feature = "rayon")]
const SPINS: u32 = 2000;
