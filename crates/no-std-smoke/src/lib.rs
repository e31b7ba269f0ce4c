#![no_std]
#![doc = include_str!("../README.md")]

extern crate alloc;

mod arena;
mod checks;

use core::panic::PanicInfo;

use arena::Arena;

/// Uses every firmware crate once: 0 if all answers are right, else the number of the first wrong one.
// SAFETY: no other symbol of this name exists in the crates linked here.
#[unsafe(no_mangle)]
pub extern "C" fn diqkd_no_std_smoke() -> i32 {
    let checks = [
        checks::core as fn() -> Option<bool>,
        checks::gf2,
        checks::amplify,
        checks::auth,
        checks::hal,
        checks::timetag,
    ];
    let wrong = checks.iter().position(|check| check() != Some(true));
    wrong.map_or(0, |i| i as i32 + 1)
}

#[global_allocator]
static ARENA: Arena = Arena::new();

#[panic_handler]
fn halt(_: &PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}
