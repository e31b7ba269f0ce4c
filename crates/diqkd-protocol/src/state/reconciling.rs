//! Bob decodes Alice's string from her syndrome, with a prior for every bit: key rounds err with the design QBER, test
//! rounds with one minus the design winning probability. One retry for the frames that failed, under the same cap.
//!
//! Bob always answers with the bitmap of failed frames. Where the scheme allows no retry it is not counted as leak: he
//! then answers only when every frame decoded, and the answer is constant.

use diqkd_core::Role;
use diqkd_gf2::Bits;
use diqkd_reconcile::{Decoded, Decoder, Encoder};

use super::{State, unexpected, verifying::Verifying};
use crate::abort::Abort;
use crate::assembly::Assembly;
use crate::bits;
use crate::event::Stage;
use crate::padding::Part;
use crate::party::{BlockNumbers, Party};
use crate::stage::{SecretBits, Sifted};
use crate::wire::{ChunkKind, Message};

pub(crate) struct Reconciling {
    block: Sifted,
    numbers: BlockNumbers,
    step: Step,
}

/// What this site waits for.
enum Step {
    /// Alice: the bitmap of failed frames.
    FailedFrames(Assembly),
    /// Bob: the settings of the test rounds.
    TestSettings(Assembly),
    /// Bob: the syndrome.
    Syndrome { assembly: Assembly, peer_settings: Bits },
    /// Bob: the bits of the frames that failed.
    RetryBits(Box<Retry>),
}

struct Retry {
    assembly: Assembly,
    peer_settings: Bits,
    decoder: Decoder,
    guess: SecretBits,
    syndrome: Bits,
    first: Decoded,
}

impl Reconciling {
    pub(crate) fn alice(block: Sifted, numbers: BlockNumbers) -> Self {
        let step = Step::FailedFrames(Assembly::new(ChunkKind::FailedFrames, FAILED_FRAMES_LIMIT));
        Self { block, numbers, step }
    }

    pub(crate) fn bob(block: Sifted, numbers: BlockNumbers, party: &Party) -> Self {
        let limit = (party.params.rounds as usize).div_ceil(8);
        let step = Step::TestSettings(Assembly::new(ChunkKind::TestSettings, limit));
        Self { block, numbers, step }
    }

    pub(crate) fn handle(mut self, message: Message, party: &mut Party) -> Result<State, Abort> {
        const STATE: &str = Stage::Reconciling.name();
        if !matches!(message, Message::Chunk { .. }) {
            return unexpected(&message, Stage::Reconciling);
        }
        let name = message.name();
        let assembly = match &mut self.step {
            Step::FailedFrames(assembly) | Step::TestSettings(assembly) => assembly,
            Step::Syndrome { assembly, .. } => assembly,
            Step::RetryBits(retry) => &mut retry.assembly,
        };
        let Some(mut bytes) = assembly.push(message, STATE)? else {
            return Ok(State::Reconciling(self));
        };
        let Self { block, numbers, step } = self;
        match step {
            Step::FailedFrames(_) => {
                party.padding.apply(Part::FailedFrames, &mut bytes)?;
                let frames = party.agreement.scheme.frames() as usize;
                let failed = bits::from_bytes(&bytes, frames).ok_or_else(|| inconsistent(name))?;
                answer_retry(block, numbers, &failed, party)
            }
            Step::TestSettings(_) => {
                let tests = numbers.test_rounds as usize;
                let peer_settings = bits::from_bytes(&bytes, tests).ok_or_else(|| inconsistent(name))?;
                let limit = (party.agreement.scheme.syndrome_bits()).div_ceil(8);
                let assembly = Assembly::new(ChunkKind::Syndrome, limit);
                let step = Step::Syndrome { assembly, peer_settings };
                Ok(State::Reconciling(Self { block, numbers, step }))
            }
            Step::Syndrome { peer_settings, .. } => {
                party.padding.apply(Part::Syndrome, &mut bytes)?;
                let len = party.agreement.scheme.syndrome_bits();
                let syndrome = bits::from_bytes(&bytes, len).ok_or_else(|| inconsistent(name))?;
                decode(block, numbers, peer_settings, syndrome, party)
            }
            Step::RetryBits(retry) => {
                party.padding.apply(Part::RetryBits, &mut bytes)?;
                decode_retry(block, numbers, *retry, &bytes, party)
            }
        }
    }
}

/// Alice: the bits that the failed frames ask for, if any, then the verification tag.
fn answer_retry(
    block: Sifted,
    numbers: BlockNumbers,
    failed: &Bits,
    party: &mut Party,
) -> Result<State, Abort> {
    let failed: Vec<u32> = failed.iter_ones().map(|frame| frame as u32).collect();
    if !failed.is_empty() {
        let encoder = Encoder::new(&party.agreement.scheme);
        let extra = encoder.retry(block.string(), &failed).map_err(|_| too_many(failed.len(), party))?;
        let mut extra = bits::to_bytes(&extra);
        party.padding.apply(Part::RetryBits, &mut extra)?;
        party.send_chunks(ChunkKind::RetryBits, &extra)?;
    }
    Verifying::alice(block, numbers, party).map(State::Verifying)
}

/// Bob: the first decoding of all frames.
fn decode(
    block: Sifted,
    numbers: BlockNumbers,
    peer_settings: Bits,
    syndrome: Bits,
    party: &mut Party,
) -> Result<State, Abort> {
    party.link.hold(party.params.variant.answer_after_ms);
    let scheme = &party.agreement.scheme;
    let guess = block.guess(&peer_settings);
    let mut decoder = Decoder::new(scheme);
    let decoded =
        decoder.decode(guess.as_bits(), block.tests(), &syndrome).map_err(|_| inconsistent("syndrome"))?;
    if decoded.failed.len() > scheme.retry_frames() as usize {
        return Err(too_many(decoded.failed.len(), party));
    }
    let mut bitmap = Bits::repeat(false, scheme.frames() as usize);
    for &frame in &decoded.failed {
        bitmap.set(frame as usize, true);
    }
    let mut answer = bits::to_bytes(&bitmap);
    party.padding.apply(Part::FailedFrames, &mut answer)?;
    party.send_chunks(ChunkKind::FailedFrames, &answer)?;
    if decoded.failed.is_empty() {
        let corrected = block.correct(decoded.estimate, peer_settings, 0);
        return Ok(State::Verifying(Verifying::bob(corrected, numbers)));
    }
    let assembly = Assembly::new(ChunkKind::RetryBits, retry_bits(decoded.failed.len(), party).div_ceil(8));
    let retry = Retry { assembly, peer_settings, decoder, guess, syndrome, first: decoded };
    Ok(State::Reconciling(Reconciling { block, numbers, step: Step::RetryBits(Box::new(retry)) }))
}

/// Bob: the second try of the frames that failed.
fn decode_retry(
    block: Sifted,
    numbers: BlockNumbers,
    retry: Retry,
    bytes: &[u8],
    party: &mut Party,
) -> Result<State, Abort> {
    debug_assert_eq!(party.role, Role::Bob);
    party.link.hold(party.params.variant.answer_after_ms);
    let Retry { peer_settings, mut decoder, guess, syndrome, first, .. } = retry;
    let len = retry_bits(first.failed.len(), party);
    let extra = bits::from_bytes(bytes, len).ok_or_else(|| inconsistent("retry bits"))?;
    let decoded = decoder
        .decode_retry(guess.as_bits(), block.tests(), &syndrome, &first, &extra)
        .map_err(|_| inconsistent("retry bits"))?;
    if !decoded.failed.is_empty() {
        return Err(too_many(decoded.failed.len(), party));
    }
    let corrected = block.correct(decoded.estimate, peer_settings, first.failed.len() as u32);
    Ok(State::Verifying(Verifying::bob(corrected, numbers)))
}

fn retry_bits(frames: usize, party: &Party) -> usize {
    frames * party.agreement.scheme.retry_bits_per_frame()
}

fn too_many(failed: usize, party: &Party) -> Abort {
    Abort::ReconciliationFailed {
        failed_frames: failed as u32,
        allowed: party.agreement.scheme.retry_frames(),
    }
}

fn inconsistent(message: &'static str) -> Abort {
    Abort::Inconsistent { message }
}

/// One bit a frame, and never more frames than this.
const FAILED_FRAMES_LIMIT: usize = 1 << 20;
