//! Two pieces of work on two threads.

#[cfg(feature = "rayon")]
use core::cell::Cell;
#[cfg(feature = "rayon")]
use core::sync::atomic::{AtomicBool, Ordering};

/// How many threads the current pool has, if the feature `rayon` is there; else one.
pub fn threads() -> usize {
    #[cfg(feature = "rayon")]
    return rayon::current_num_threads();
    #[cfg(not(feature = "rayon"))]
    1
}

/// Does both: on two threads with the feature `rayon` if the current pool has them, else one after the other.
///
/// Meant for pieces that take about equally long, some microseconds or more, and are followed by others: a thread that is done
/// first takes over parts of the other's work, or waits awake for a short while, because a pool lets idle threads fall
/// asleep after some ten microseconds, and to wake one takes as long again.
#[cfg(feature = "rayon")]
pub fn side_by_side(a: impl FnOnce() + Send, b: impl FnOnce() + Send) {
    if threads() == 1 {
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
                take_work_until(&b_is_done);
            }
        },
        || {
            b_has_begun.store(true, Ordering::Release);
            b();
            b_is_done.store(true, Ordering::Release);
            // A helper stays awake anyway, and to wait here would make the other thread wait.
            if !IS_HELPING.get() {
                take_work_until(&a_is_done);
            }
        },
    );
}

/// Does both.
#[cfg(not(feature = "rayon"))]
pub fn side_by_side(a: impl FnOnce(), b: impl FnOnce()) {
    a();
    b();
}

/// Does `work`, on a thread of the current pool, while a second one, if there is one, stands by for what [`side_by_side`] gives
/// it: it begins in half the time that a thread takes that gives its processor away whenever it finds nothing.
///
/// Meant for work that consists of such pairs for the most part. The helper takes what else the pool has to do as well, and
/// this returns when that is done too.
#[cfg(feature = "rayon")]
pub fn with_helper<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    if threads() == 1 {
        return work();
    }
    let is_done = AtomicBool::new(false);
    let (result, ()) = rayon::join(
        || {
            let _done = SetWhenDropped(&is_done);
            work()
        },
        || {
            let is_helping_already = IS_HELPING.replace(true);
            take_work_until(&is_done);
            IS_HELPING.set(is_helping_already);
        },
    );
    result
}

/// Does `work`.
#[cfg(not(feature = "rayon"))]
pub fn with_helper<R>(work: impl FnOnce() -> R) -> R {
    work()
}

/// Takes what work there is until something is done, or until there has been none for a while: some hundred microseconds.
#[cfg(feature = "rayon")]
fn take_work_until(done: &AtomicBool) {
    let mut idle = 0;
    while idle < MOST_IDLE && !done.load(Ordering::Acquire) {
        if rayon::yield_now() == Some(rayon::Yield::Executed) {
            idle = 0;
        } else {
            idle += 1;
            core::hint::spin_loop();
        }
    }
}

/// Also if the work panics.
#[cfg(feature = "rayon")]
struct SetWhenDropped<'a>(&'a AtomicBool);

#[cfg(feature = "rayon")]
impl Drop for SetWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

#[cfg(feature = "rayon")]
std::thread_local! {
    /// Is this thread the helper of [`with_helper`]?
    static IS_HELPING: Cell<bool> = const { Cell::new(false) };
}

/// Looks for work, in vain.
#[cfg(feature = "rayon")]
const MOST_IDLE: u32 = 2000;

#[cfg(all(test, feature = "rayon"))]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    #[test]
    fn work_with_a_helper_is_done_once_and_may_panic() {
        for threads in 1..4 {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("some threads");
            pool.install(|| {
                let (mut a, mut b) = (0, 0);
                let sum = with_helper(|| {
                    for _ in 0..1000 {
                        side_by_side(|| a += 1, || with_helper(|| b += 1));
                    }
                    a + b
                });
                assert_eq!(sum, 2000);
                let result = catch_unwind(AssertUnwindSafe(|| {
                    with_helper(|| {
                        side_by_side(|| (), || std::panic::resume_unwind(std::boxed::Box::new(7)))
                    });
                }));
                assert_eq!(result.expect_err("it panics").downcast_ref(), Some(&7));
                assert!(!IS_HELPING.get());
            });
        }
    }
}
