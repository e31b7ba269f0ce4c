//! Fresh memory in large pages. A kernel maps and clears memory page by page where it is first written, which takes four
//! times as long as decoding the tags that go there, if the pages are small.

/// Asks for large pages for memory that has not been written yet; without effect where there are none.
#[cfg(all(feature = "std", target_os = "linux"))]
pub(crate) fn prefer_large<T: Copy>(memory: &mut [T]) {
    let start = memory.as_mut_ptr().addr();
    let end = start + size_of_val(memory);
    let (first, last) = (start.next_multiple_of(PAGE), end / PAGE * PAGE);
    if last > first {
        let address = memory.as_mut_ptr().map_addr(|_| first).cast();
        // SAFETY: the pages lie within the slice, which is borrowed for writing; the advice changes no content.
        #[expect(unsafe_code, reason = "advice to the kernel about memory of the slice")]
        unsafe {
            // The advice is no more than that: what is refused is only slower.
            libc::madvise(address, last - first, libc::MADV_HUGEPAGE);
        }
    }
}

/// Asks for nothing.
#[cfg(not(all(feature = "std", target_os = "linux")))]
pub(crate) fn prefer_large<T: Copy>(_: &mut [T]) {}

/// The smallest page of any processor that runs this, or a divisor of it.
#[cfg(all(feature = "std", target_os = "linux"))]
const PAGE: usize = 1 << 16;
