//! Layered belief propagation over one code, on error patterns.
//!
//! The decoder never sees a key bit: it is given the syndrome of the difference of both strings and looks for the
//! likeliest error pattern with that syndrome. So its decisions depend on the error pattern alone.

use alloc::vec;
use alloc::vec::Vec;

use crate::backend::{Backend, BlockRow, Scratch};
use crate::check_rule::CheckRule;
use crate::code::QcCode;

/// Working memory for one code: 3 bytes a code bit, 1 an edge, 1 a syndrome bit.
#[derive(Debug)]
pub(crate) struct Propagation {
    backend: Backend,
    posterior: Vec<i16>,
    messages: Vec<i8>,
    syndrome: Vec<i8>,
    decisions: Vec<u64>,
    scratch: Scratch,
}

/// How a frame ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// Whether the decisions have the wanted syndrome.
    pub(crate) converged: bool,
    /// Passes over the code that were made.
    pub(crate) iterations: u32,
}

impl Propagation {
    pub(crate) fn new(backend: Backend) -> Self {
        Self {
            backend,
            posterior: Vec::new(),
            messages: Vec::new(),
            syndrome: Vec::new(),
            decisions: Vec::new(),
            scratch: Scratch::new(0),
        }
    }

    /// Forgets everything and takes the syndrome of the error pattern (`rows·lift/64` words).
    ///
    /// Returns the priors to be filled in, one a code bit, positive where no error is likelier.
    pub(crate) fn start(&mut self, code: &QcCode, syndrome: &[u64]) -> &mut [i16] {
        self.posterior.clear();
        self.posterior.resize(code.code_bits(), 0);
        self.messages.clear();
        self.messages.resize(code.edge_count() * code.lift(), 0);
        self.decisions.clear();
        self.decisions.resize(code.code_bits() / 64, 0);
        self.syndrome.clear();
        for &word in syndrome {
            self.syndrome.extend((0..64).map(|i| -((word >> i & 1) as i8)));
        }
        self.scratch = Scratch::new(code.largest_row_degree());
        &mut self.posterior
    }

    /// One pass over all block rows; decisions are then up to date.
    pub(crate) fn pass(&mut self, code: &QcCode, rule: &CheckRule) {
        let lift = code.lift();
        for r in 0..code.rows() {
            let edges = code.row(r);
            let mut row = BlockRow {
                rule,
                lift,
                edges,
                posterior: &mut self.posterior,
                messages: &mut self.messages[code.first_edge(r) * lift..][..edges.len() * lift],
                syndrome: &self.syndrome[r * lift..][..lift],
            };
            self.backend.update(&mut row, &mut self.scratch);
        }
        self.backend.signs(&self.posterior, &mut self.decisions);
    }

    /// Passes until the decisions have the syndrome that [`Propagation::start`] was given.
    pub(crate) fn run(&mut self, code: &QcCode, rule: &CheckRule, syndrome: &[u64], most: u32) -> Ended {
        let mut lanes = vec![0; code.lift() / 64];
        let mut suspect = 0;
        for iterations in 1..=most {
            self.pass(code, rule);
            let rows = (0..code.rows()).map(|i| (suspect + i) % code.rows());
            match rows.into_iter().find(|&r| self.mismatch(code, r, syndrome, &mut lanes) != 0) {
                None => return Ended { converged: true, iterations },
                Some(r) => suspect = r,
            }
        }
        Ended { converged: false, iterations: most }
    }

    /// Word-wise OR of the parities of block row `r` that are wrong.
    pub(crate) fn mismatch(&self, code: &QcCode, r: usize, syndrome: &[u64], lanes: &mut [u64]) -> u64 {
        lanes.copy_from_slice(&syndrome[r * lanes.len()..][..lanes.len()]);
        code.add_row(r, &self.decisions, lanes);
        lanes.iter().fold(0, |any, lane| any | lane)
    }

    /// The error pattern, `columns·lift/64` words.
    pub(crate) fn decisions(&self) -> &[u64] {
        &self.decisions
    }
}
