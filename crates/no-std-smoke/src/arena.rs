//! An allocator over a fixed arena: it hands out what is left and never takes anything back.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering};

pub(crate) struct Arena {
    bytes: UnsafeCell<[u8; BYTES]>,
    used: AtomicUsize,
}

impl Arena {
    pub(crate) const fn new() -> Self {
        Self { bytes: UnsafeCell::new([0; BYTES]), used: AtomicUsize::new(0) }
    }
}

// SAFETY: the bytes are reached only through `alloc`, which hands every byte out at most once.
unsafe impl Sync for Arena {}

// SAFETY: `alloc` returns null or a pointer to `layout.size()` bytes of the arena, aligned as asked, that no other call
// has returned: `used` only grows, by one atomic step past the end of each piece.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let base = self.bytes.get().cast::<u8>();
        let place = |used: usize| {
            let start = (base.addr() + used).checked_next_multiple_of(layout.align())? - base.addr();
            let end = start.checked_add(layout.size())?;
            (end <= BYTES).then_some((start, end))
        };
        let mut used = self.used.load(Ordering::Relaxed);
        while let Some((start, end)) = place(used) {
            match self.used.compare_exchange_weak(used, end, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return base.wrapping_add(start),
                Err(now) => used = now,
            }
        }
        ptr::null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

const BYTES: usize = 1 << 20;
