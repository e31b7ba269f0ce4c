//! One question to every crate. `None` where the crate refused to answer.

use alloc::vec::Vec;

use diqkd_amplify::{Family, Plan};
use diqkd_auth::{KeyPool, Signer, Verifier};
use diqkd_core::{Channel, Chsh, WinProbability};
use diqkd_gf2::{Bits, Gf128, bits_from_bytes};
use diqkd_hal::{ChannelMap, ChannelUse};
use diqkd_timetag::formats::{Decoder, EventsWriter, Format, WordOrder};

/// S = 2 is the winning probability 3/4.
pub(crate) fn core() -> Option<bool> {
    let win = WinProbability::from_chsh(Chsh::new(2.0).ok()?).ok()?;
    Some(win.get() == 0.75)
}

/// z^127 z = z^7 + z^2 + z + 1.
pub(crate) fn gf2() -> Option<bool> {
    Some(Gf128::new(1 << 127) * Gf128::new(2) == Gf128::new(0x87))
}

/// An input of one bit, at j = 0, selects t_(n-1) .. t_(n+m-2).
pub(crate) fn amplify() -> Option<bool> {
    let plan = Plan::uncertified(2000, 8, Family::Toeplitz).ok()?;
    let mut input = Bits::repeat(false, 2000);
    input.set(0, true);
    let seed = &bits_from_bytes(&[0xa5; 251])[..2007];
    let mut key = Bits::new();
    plan.hash(&input, seed, &mut plan.scratch(), &mut key).ok()?;
    Some(key == seed[1999..])
}

/// A signed message verifies, once.
pub(crate) fn auth() -> Option<bool> {
    let secret = || KeyPool::new((0..48).collect());
    let (mut alice, mut bob) = (secret(), secret());
    let mut signer = Signer::new(alice.take::<16>("hash key").ok()?, alice);
    let mut verifier = Verifier::new(bob.take::<16>("hash key").ok()?, bob);
    let (sequence, tag) = signer.sign(b"frame").ok()?;
    Some(
        verifier.verify(sequence, b"frame", &tag).is_ok()
            && verifier.verify(sequence, b"frame", &tag).is_err(),
    )
}

/// The map of a clocked station reads back.
pub(crate) fn hal() -> Option<bool> {
    let map =
        ChannelMap { herald: None, settings: [1, 2, 3, 4].map(Channel), detectors: [5, 6].map(Channel) };
    map.check(7).ok()?;
    Some(map.check(6).is_err() && matches!(map.meaning(Channel(6)), Some(ChannelUse::Click(_))))
}

/// The decoder reads what the writer wrote, to less than 4 ps.
pub(crate) fn timetag() -> Option<bool> {
    let mut bytes = Vec::new();
    EventsWriter::new(WordOrder::LowFirst).push(1000, 1, &mut bytes).ok()?;
    let (mut time_ps, mut channel) = ([0; 4], [0; 4]);
    let step = Decoder::with_format(Format::A1).push(&bytes, &mut time_ps, &mut channel);
    Some((step.tags, channel[0]) == (1, 1) && (1000..1004).contains(&time_ps[0]))
}
