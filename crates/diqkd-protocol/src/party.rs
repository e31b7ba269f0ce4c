//! What a site has at hand in every state: its role, the agreement, the link, randomness, outgoing events.

use std::collections::VecDeque;
use std::sync::Arc;

use diqkd_core::{LocalTable, Role, SessionId};
use diqkd_gf2::Bits;
use rand_core::CryptoRng;

use crate::abort::Abort;
use crate::agreement::Agreement;
use crate::event::Event;
use crate::journal::Record;
use crate::link::Link;
use crate::loopholes;
use crate::padding::Padding;
use crate::params::SessionParams;
use crate::report::{Observed, Report};
use crate::setting_balance::SettingBalance;
use crate::settings::{TestFlags, setting_fits};
use crate::stage::Sifted;
use crate::wire::{ChunkKind, Message};

pub(crate) struct Party {
    pub(crate) role: Role,
    pub(crate) params: SessionParams,
    pub(crate) agreement: Arc<Agreement>,
    pub(crate) link: Link,
    pub(crate) rng: Box<dyn CryptoRng + Send>,
    pub(crate) flags: TestFlags,
    pub(crate) padding: Padding,
    pub(crate) events: VecDeque<Event>,
    /// What the owner has to make durable before anything else comes out.
    pub(crate) records: VecDeque<Record>,
    /// Alice: the sessions whose outcome she has asked for and not yet been told.
    pub(crate) asked: Vec<SessionId>,
}

impl Party {
    /// Sends a byte string in as many frames as it takes.
    pub(crate) fn send_chunks(&mut self, kind: ChunkKind, bytes: &[u8]) -> Result<(), Abort> {
        Message::chunks(kind, bytes).iter().try_for_each(|chunk| self.link.send(chunk))
    }

    /// Holds every recorded setting against its round's test flag, and all of them against fair bits. `own`: the flags of the
    /// rounds, where this site drew them.
    pub(crate) fn check_settings(&mut self, table: &LocalTable, own: Option<&Bits>) -> Result<(), Abort> {
        let mut balance = SettingBalance::new(self.role);
        for (index, trial) in table.iter().enumerate() {
            let is_test = own.map_or_else(|| self.flags.is_test(trial.round), |own| own[index]);
            let basis = self.flags.key_basis(trial.round);
            if !setting_fits(self.role, is_test, basis, trial.setting) {
                return Err(Abort::SettingsInconsistent { role: self.role, round: trial.round });
            }
            if is_test {
                balance.add(trial.setting.index() == 1);
            }
        }
        balance.check()
    }

    /// The block: the kept trials of the table, `kept` yielding the indices of exactly the first n shared rounds. `own`: the
    /// flags of all rounds of the table, where this site drew them.
    pub(crate) fn sift(
        &mut self,
        table: &LocalTable,
        own: Option<&Bits>,
        mut kept: impl FnMut(usize) -> bool,
    ) -> Sifted {
        let n = self.params.rounds as usize;
        let mut string = diqkd_gf2::Bits::with_capacity(n);
        let mut tests = diqkd_gf2::Bits::with_capacity(n);
        let mut settings = diqkd_gf2::Bits::new();
        let flips = self.params.variant.flips;
        let noise = (self.role == Role::Alice && !flips.is_never()).then_some(flips);
        for (index, trial) in table.iter().enumerate() {
            if string.len() == n {
                break;
            }
            if !kept(index) {
                continue;
            }
            let is_test = own.map_or_else(|| self.flags.is_test(trial.round), |own| own[index]);
            // Drawn for every round, so that nothing depends on which are tests.
            let flip = noise.is_some_and(|noise| noise.flips(self.rng.next_u32() as u16));
            string.push(trial.outcome.bit() ^ (flip && !is_test));
            tests.push(is_test);
            if is_test {
                settings.push(trial.setting.index() == 1);
            }
        }
        Sifted::new(string, tests, settings)
    }

    /// What can be told at the end.
    pub(crate) fn report(
        &self,
        transcript: [u8; 32],
        block: BlockNumbers,
        observed: Option<Observed>,
    ) -> Report {
        Report {
            session: self.params.session,
            security: self.agreement.security.clone(),
            rounds: self.params.rounds,
            test_rounds: block.test_rounds,
            dropped_rounds: block.dropped_rounds,
            unlike_flags: block.unlike_flags,
            leak: self.agreement.leak.total(),
            f_ec: self.agreement.scheme.f_ec(),
            key_bits: self.agreement.certificate.key_bits(),
            transcript,
            batches_sent: self.link.batches_sent(),
            batches_received: self.link.batches_received(),
            frames_sent: self.link.frames_sent(),
            frames_received: self.link.frames_received(),
            frames_refused: self.link.frames_refused(),
            padding_bits: self.padding.used_bits(),
            unpadded_outcomes: 2 * (u64::from(self.agreement.scheme.retry_frames()) + 1),
            loopholes: loopholes::checklist(block.dropped_rounds),
            observed,
        }
    }
}

/// Numbers of a sifted block that are public.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockNumbers {
    pub(crate) test_rounds: u64,
    pub(crate) dropped_rounds: u64,
    pub(crate) unlike_flags: u64,
}
