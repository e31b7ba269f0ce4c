//! 256-bit integer vectors.

#![expect(unsafe_code, reason = "vector loads and stores, and the call behind run-time detection")]

use core::arch::x86_64::*;

use super::{BlockRow, LANES, Scratch, gather, scatter};
use crate::check_rule::CheckRule;

cpufeatures::new!(avx2_feature, "avx2");

/// Proof that this machine has AVX2.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx2(());

impl Avx2 {
    pub(super) fn detect() -> Option<Self> {
        avx2_feature::get().then_some(Self(()))
    }

    pub(super) fn update(self, row: &mut BlockRow<'_>, scratch: &mut Scratch) {
        // SAFETY: a value of this type exists only after `detect` has seen the feature that `update` enables.
        unsafe { update(row, scratch) }
    }

    pub(super) fn signs(self, posterior: &[i16], words: &mut [u64]) {
        // SAFETY: as in `update`.
        unsafe { signs(posterior, words) }
    }
}

#[target_feature(enable = "avx2")]
fn update(row: &mut BlockRow<'_>, scratch: &mut Scratch) {
    let rule = Rule::new(row.rule);
    let lift = row.lift;
    let Some(&first) = row.edges.first() else { return };
    let degree = row.edges.len();
    for lane in (0..lift).step_by(LANES) {
        let mut sign = load8(lanes(row.syndrome, lane));
        let input = extrinsic(row, first.column, first.shift, 0, lane, &mut scratch.extrinsic[0]);
        sign = _mm256_xor_si256(sign, input);
        let mut least = _mm256_abs_epi8(input);
        let mut others = _mm256_set1_epi8(-1);
        for i in 1..degree {
            let edge = row.edges[i];
            let input = extrinsic(row, edge.column, edge.shift, i, lane, &mut scratch.extrinsic[i]);
            sign = _mm256_xor_si256(sign, input);
            let magnitude = _mm256_abs_epi8(input);
            others = rule.box_plus(others, _mm256_max_epu8(magnitude, least));
            least = _mm256_min_epu8(least, magnitude);
        }
        let most = _mm256_set1_epi8(127);
        let all = _mm256_min_epu8(rule.box_plus(others, least), most);
        let others = _mm256_min_epu8(others, most);
        for i in 0..degree {
            let edge = row.edges[i];
            let (low, high) = load16(&scratch.extrinsic[i]);
            let input = narrow(low, high);
            let is_least = _mm256_cmpeq_epi8(_mm256_abs_epi8(input), least);
            let magnitude = _mm256_blendv_epi8(all, others, is_least);
            // `sign_epi8` with a non-zero operand of the wanted sign.
            let signs = _mm256_or_si256(_mm256_xor_si256(sign, input), _mm256_set1_epi8(1));
            let message = _mm256_sign_epi8(magnitude, signs);
            store8(lanes_mut(row.messages, i * lift + lane), message);
            let (message_low, message_high) = widen(message);
            let low = _mm256_adds_epi16(low, message_low);
            let high = _mm256_adds_epi16(high, message_high);
            let column = &mut row.posterior[edge.column as usize * lift..][..lift];
            let start = wrap(lane + edge.shift as usize, lift);
            if let Some(target) = column[start..].first_chunk_mut() {
                store16(target, low, high);
            } else {
                let mut around = [0; LANES];
                store16(&mut around, low, high);
                scatter(column, start, &around);
            }
        }
    }
}

#[target_feature(enable = "avx2")]
fn signs(posterior: &[i16], words: &mut [u64]) {
    for (word, lanes) in words.iter_mut().zip(posterior.as_chunks::<64>().0) {
        let [low, high] = [0, LANES].map(|at| {
            let half = lanes[at..].first_chunk().expect("64 posteriors are twice the lanes");
            let (first, second) = load16(half);
            u64::from(_mm256_movemask_epi8(narrow(first, second)) as u32)
        });
        *word = low | high << LANES;
    }
}

/// Reads the posterior lanes of edge `i`, takes its old messages off, keeps the result and returns it as messages.
#[target_feature(enable = "avx2")]
fn extrinsic(
    row: &BlockRow<'_>,
    column: u32,
    shift: u32,
    i: usize,
    lane: usize,
    keep: &mut [i16; LANES],
) -> __m256i {
    let lift = row.lift;
    let column = &row.posterior[column as usize * lift..][..lift];
    let start = wrap(lane + shift as usize, lift);
    let (low, high) = match column[start..].first_chunk() {
        Some(posterior) => load16(posterior),
        None => load16(&gather(column, start)),
    };
    let (old_low, old_high) = widen(load8(lanes(row.messages, i * lift + lane)));
    let low = _mm256_subs_epi16(low, old_low);
    let high = _mm256_subs_epi16(high, old_high);
    store16(keep, low, high);
    narrow(low, high)
}

fn wrap(lane: usize, lift: usize) -> usize {
    if lane >= lift { lane - lift } else { lane }
}

/// 32 saturated messages, none of them -128.
#[target_feature(enable = "avx2")]
fn narrow(low: __m256i, high: __m256i) -> __m256i {
    let packed = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packs_epi16(low, high));
    _mm256_max_epi8(packed, _mm256_set1_epi8(-127))
}

#[target_feature(enable = "avx2")]
fn widen(message: __m256i) -> (__m256i, __m256i) {
    let low = _mm256_cvtepi8_epi16(_mm256_castsi256_si128(message));
    let high = _mm256_cvtepi8_epi16(_mm256_extracti128_si256::<1>(message));
    (low, high)
}

/// The correction table in registers.
#[derive(Clone, Copy)]
struct Rule {
    low: __m256i,
    high: __m256i,
    shift: __m128i,
    mask: __m256i,
}

impl Rule {
    #[target_feature(enable = "avx2")]
    fn new(rule: &CheckRule) -> Self {
        let (low, high) = rule.table().split_at(16);
        let twice = |half: &[u8]| {
            let mut bytes = [0i8; 32];
            for (byte, &entry) in bytes.iter_mut().zip(half.iter().cycle()) {
                *byte = entry as i8;
            }
            bytes
        };
        Self {
            low: load8(&twice(low)),
            high: load8(&twice(high)),
            shift: _mm_cvtsi32_si128(rule.shift() as i32),
            mask: _mm256_set1_epi8((0xff_u8 >> rule.shift()) as i8),
        }
    }

    #[target_feature(enable = "avx2")]
    fn box_plus(&self, a: __m256i, b: __m256i) -> __m256i {
        let low = _mm256_min_epu8(a, b);
        let high = _mm256_max_epu8(a, b);
        let more = self.correction(_mm256_adds_epu8(a, b));
        let less = self.correction(_mm256_sub_epi8(high, low));
        _mm256_subs_epu8(_mm256_add_epi8(low, more), less)
    }

    /// A shuffle reads 0 where the index has its top bit set: 112 is added with saturation to set it from 16 on.
    #[target_feature(enable = "avx2")]
    fn correction(&self, x: __m256i) -> __m256i {
        let index = _mm256_and_si256(_mm256_srl_epi16(x, self.shift), self.mask);
        let bias = _mm256_set1_epi8(112);
        let low = _mm256_shuffle_epi8(self.low, _mm256_adds_epu8(index, bias));
        let beyond = _mm256_sub_epi8(index, _mm256_set1_epi8(16));
        let high = _mm256_shuffle_epi8(self.high, _mm256_adds_epu8(beyond, bias));
        _mm256_or_si256(low, high)
    }
}

/// `LANES` messages from index `at`.
fn lanes(all: &[i8], at: usize) -> &[i8; LANES] {
    all[at..].first_chunk().expect("the lift is a multiple of the lanes")
}

fn lanes_mut(all: &mut [i8], at: usize) -> &mut [i8; LANES] {
    all[at..].first_chunk_mut().expect("the lift is a multiple of the lanes")
}

#[target_feature(enable = "avx2")]
fn load8(from: &[i8; LANES]) -> __m256i {
    // SAFETY: the reference covers the 32 bytes that are read; the load needs no alignment.
    unsafe { _mm256_loadu_si256(from.as_ptr().cast()) }
}

#[target_feature(enable = "avx2")]
fn store8(to: &mut [i8; LANES], value: __m256i) {
    // SAFETY: the reference covers the 32 bytes that are written; the store needs no alignment.
    unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), value) }
}

#[target_feature(enable = "avx2")]
fn load16(from: &[i16; LANES]) -> (__m256i, __m256i) {
    let at: *const __m256i = from.as_ptr().cast();
    // SAFETY: the reference covers the 64 bytes that are read; the loads need no alignment.
    unsafe { (_mm256_loadu_si256(at), _mm256_loadu_si256(at.add(1))) }
}

#[target_feature(enable = "avx2")]
fn store16(to: &mut [i16; LANES], low: __m256i, high: __m256i) {
    let at: *mut __m256i = to.as_mut_ptr().cast();
    // SAFETY: the reference covers the 64 bytes that are written; the stores need no alignment.
    unsafe {
        _mm256_storeu_si256(at, low);
        _mm256_storeu_si256(at.add(1), high);
    }
}
