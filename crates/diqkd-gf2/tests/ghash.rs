//! GF(2^128) against the published GHASH and POLYVAL vectors and against the `ghash` and `polyval` crates.

use diqkd_gf2::{Backend, Gf128, PolyEval};
use ghash::GHash;
use ghash::universal_hash::UniversalHash;
use polyval::Polyval;
use proptest::prelude::*;

/// GHASH numbers the bits of a byte from the most significant one.
fn from_ghash(block: [u8; 16]) -> u128 {
    u128::from_le_bytes(block.map(u8::reverse_bits))
}

fn ghash(backend: Backend, h: [u8; 16], blocks: &[[u8; 16]]) -> [u8; 16] {
    let eval = PolyEval::with_backend(Gf128::new(from_ghash(h)), backend);
    let coefficients: Vec<u128> = blocks.iter().copied().map(from_ghash).collect();
    eval.absorb(Gf128::ZERO, &coefficients).to_bytes().map(u8::reverse_bits)
}

/// A block written as in the RFCs, first byte first.
fn block(digits: u128) -> [u8; 16] {
    digits.to_be_bytes()
}

/// SOURCE: RFC 8452, appendix A.
#[test]
fn ghash_vector_of_rfc_8452() {
    let h = block(0x2562_9347_5892_4276_1d31_f826_ba4b_757b);
    let blocks =
        [block(0x4f4f_9566_8c83_dfb6_4017_62bb_2d01_a262), block(0xd1a2_4ddd_2721_d006_bbe4_5f20_d3c9_f362)];
    for backend in Backend::available() {
        assert_eq!(ghash(backend, h, &blocks), block(0xbd9b_3997_0467_31fb_9625_1b91_f9c9_9d7a), "{backend}");
    }
}

/// SOURCE: RFC 8452, appendix A: POLYVAL(H, X_1, X_2), and its relation to GHASH.
#[test]
fn polyval_vector_of_rfc_8452() {
    let reversed = |digits: u128| digits.to_le_bytes();
    let h = Gf128::new(from_ghash(reversed(0x2562_9347_5892_4276_1d31_f826_ba4b_757b))) * Gf128::new(2);
    let h = h.to_bytes().map(u8::reverse_bits);
    let blocks = [
        reversed(0x4f4f_9566_8c83_dfb6_4017_62bb_2d01_a262),
        reversed(0xd1a2_4ddd_2721_d006_bbe4_5f20_d3c9_f362),
    ];
    for backend in Backend::available() {
        assert_eq!(
            ghash(backend, h, &blocks),
            reversed(0xf7a3_b47b_8461_19fa_e5b7_866c_f5e5_b77e),
            "{backend}"
        );
    }
}

proptest! {
    #[test]
    fn every_backend_agrees_with_the_ghash_crate(h: [u8; 16], blocks in proptest::collection::vec(any::<[u8; 16]>(), 0..100)) {
        let mut oracle = GHash::new(&h.into());
        blocks.iter().for_each(|&b| oracle.update(&[b.into()]));
        let expected: [u8; 16] = oracle.finalize().into();
        for backend in Backend::available() {
            prop_assert_eq!(ghash(backend, h, &blocks), expected, "{}", backend);
        }
    }

    #[test]
    fn products_agree_with_the_polyval_crate(h: [u8; 16], x: [u8; 16]) {
        // POLYVAL of one block is x h z^-128 modulo the reversed polynomial; bit reversal maps it to this field.
        let mut oracle = Polyval::new(&h.into());
        oracle.update(&[x.into()]);
        let expected: [u8; 16] = oracle.finalize().into();
        let element = |bytes: [u8; 16]| Gf128::new(u128::from_le_bytes(bytes).reverse_bits());
        let product = element(h) * element(x) * Gf128::new(2);
        prop_assert_eq!(product.get().reverse_bits().to_le_bytes(), expected);
    }

    #[test]
    fn the_field_laws_hold(a: u128, b: u128, c: u128) {
        let [a, b, c] = [a, b, c].map(Gf128::new);
        prop_assert_eq!((a * b).get(), (b * a).get());
        prop_assert_eq!((a * b * c).get(), (a * (b * c)).get());
        prop_assert_eq!((a * (b + c)).get(), (a * b + a * c).get());
        prop_assert_eq!((a * Gf128::ONE).get(), a.get());
    }

    #[test]
    fn absorbing_in_pieces_is_absorbing_at_once(k: u128, c in proptest::collection::vec(any::<u128>(), 0..100), cut: prop::sample::Index) {
        let cut = cut.index(c.len() + 1);
        for backend in Backend::available() {
            let eval = PolyEval::with_backend(Gf128::new(k), backend);
            let step = |s: Gf128, c: &u128| (s + Gf128::new(*c)) * Gf128::new(k);
            let horner = c.iter().fold(Gf128::ZERO, step);
            let pieces = eval.absorb(eval.absorb(Gf128::ZERO, &c[..cut]), &c[cut..]);
            prop_assert_eq!(pieces.get(), horner.get());
        }
    }
}
