//! The search itself: which parities of the error pattern to ask next, from the parities known so far.
//!
//! It holds public knowledge only, so both ends run it and stay in step.

use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;

use diqkd_gf2::BitRef;

use super::Cascade;

/// Asks for the parity of the places `start..end` of a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) pass: usize,
    pub(super) start: u32,
    pub(super) end: u32,
}

/// A block or a part of one whose parity is known.
#[derive(Clone, Copy, Debug)]
struct Node {
    start: u32,
    end: u32,
    /// Whether an odd number of errors is left in it.
    odd: bool,
    /// Its first half; the second follows. 0 if it was not halved: no half is the first node.
    halves: u32,
}

/// What is known in one pass.
struct Pass {
    /// The blocks, then halves.
    nodes: Vec<Node>,
    /// Errors found so far, at their places in this order.
    found: Fenwick,
}

pub(super) struct Search<'a> {
    cascade: &'a Cascade,
    passes: Vec<Pass>,
    errors: Vec<u32>,
    /// Odd nodes that were not halved: length, pass, node.
    odd: BTreeSet<(u32, usize, u32)>,
    /// The nodes that the queries halve, pass and node; empty while they ask for the blocks of a pass.
    halving: Vec<(usize, u32)>,
    queries: Vec<Query>,
    /// Parity of all errors, known after the first pass began.
    whole: bool,
}

impl<'a> Search<'a> {
    pub(super) fn new(cascade: &'a Cascade) -> Self {
        let mut search = Self {
            cascade,
            passes: Vec::new(),
            errors: Vec::new(),
            odd: BTreeSet::new(),
            halving: Vec::new(),
            queries: Vec::new(),
            whole: false,
        };
        search.begin_pass();
        search
    }

    /// What to ask next; nothing when the search is over.
    pub(super) fn queries(&self) -> &[Query] {
        &self.queries
    }

    /// Positions of the errors found.
    pub(super) fn errors(&self) -> &[u32] {
        &self.errors
    }

    /// Takes the parities of the error pattern that [`Search::queries`] asked for, in order.
    pub(super) fn tell(&mut self, parities: &BitRef) {
        if self.halving.is_empty() {
            self.blocks_known(parities);
        } else {
            self.halves_known(parities);
        }
        while let Some(&(1, pass, node)) = self.odd.first() {
            self.correct(pass, node);
        }
        self.ask_halves();
        if self.halving.is_empty() {
            self.begin_pass();
        }
    }

    /// Asks for the blocks of the next pass, if there is one.
    fn begin_pass(&mut self) {
        self.queries.clear();
        let pass = self.passes.len();
        let Some(order) = self.cascade.passes.get(pass) else { return };
        let n = order.positions.len();
        let starts = (0..n).step_by(order.block);
        self.queries.extend(starts.map(|start| {
            let end = (start + order.block).min(n) as u32;
            Query { pass, start: start as u32, end }
        }));
        if self.last_block_is_known(pass) {
            self.queries.pop();
        }
    }

    /// After the first pass the parity of the whole string is known.
    fn last_block_is_known(&self, pass: usize) -> bool {
        self.cascade.reuse && pass > 0
    }

    fn blocks_known(&mut self, parities: &BitRef) {
        let pass = self.passes.len();
        let order = &self.cascade.passes[pass];
        let mut found = Fenwick::new(order.positions.len());
        self.errors.iter().for_each(|&at| found.toggle(order.places[at as usize]));
        let mut sum = false;
        let mut nodes = Vec::with_capacity(self.queries.len() + 1);
        for (query, parity) in self.queries.iter().zip(parities) {
            sum ^= *parity;
            let odd = *parity ^ found.parity(query.start, query.end);
            nodes.push(Node { start: query.start, end: query.end, odd, halves: 0 });
        }
        if self.last_block_is_known(pass) {
            let start = self.queries.last().map_or(0, |query| query.end);
            let end = order.positions.len() as u32;
            let odd = sum ^ self.whole ^ found.parity(start, end);
            nodes.push(Node { start, end, odd, halves: 0 });
        } else {
            self.whole = sum;
        }
        let odd = (0..).zip(&nodes).filter(|(_, node)| node.odd);
        self.odd.extend(odd.map(|(i, node)| (node.end - node.start, pass, i)));
        self.passes.push(Pass { nodes, found });
    }

    /// Asks for the first half of the shortest odd nodes and of those that are less than `spread` times as long.
    fn ask_halves(&mut self) {
        self.queries.clear();
        self.halving.clear();
        let Some(&(least, ..)) = self.odd.first() else { return };
        let most = least.saturating_mul(self.cascade.spread);
        for &(length, pass, at) in &self.odd {
            if length >= most {
                break;
            }
            let node = self.passes[pass].nodes[at as usize];
            self.halving.push((pass, at));
            self.queries.push(Query { pass, start: node.start, end: middle(node) });
        }
    }

    fn halves_known(&mut self, parities: &BitRef) {
        for (&(pass, at), parity) in self.halving.iter().zip(parities) {
            let Pass { nodes, found, .. } = &mut self.passes[pass];
            let node = nodes[at as usize];
            let middle = middle(node);
            let first = *parity ^ found.parity(node.start, middle);
            let halves = nodes.len() as u32;
            nodes.push(Node { end: middle, odd: first, ..node });
            nodes.push(Node { start: middle, odd: !first, ..node });
            nodes[at as usize].halves = halves;
            self.odd.remove(&(node.end - node.start, pass, at));
            let (half, length) =
                if first { (halves, middle - node.start) } else { (halves + 1, node.end - middle) };
            self.odd.insert((length, pass, half));
        }
    }

    /// An odd node of one position is an error: marks it in all passes.
    fn correct(&mut self, pass: usize, node: u32) {
        let place = self.passes[pass].nodes[node as usize].start;
        let at = self.cascade.passes[pass].positions[place as usize];
        self.errors.push(at);
        for other in 0..self.passes.len() {
            self.toggle(other, self.cascade.passes[other].places[at as usize]);
        }
        if !self.cascade.reuse {
            self.forget_halves(pass, place / self.cascade.passes[pass].block as u32);
        }
    }

    /// Forgets all halves of a block.
    fn forget_halves(&mut self, pass: usize, block: u32) {
        let nodes = &mut self.passes[pass].nodes;
        let mut open = vec![block];
        while let Some(at) = open.pop() {
            let node = nodes[at as usize];
            if node.halves == 0 {
                self.odd.remove(&(node.end - node.start, pass, at));
            } else {
                open.extend([node.halves, node.halves + 1]);
            }
        }
        let node = &mut nodes[block as usize];
        node.halves = 0;
        if node.odd {
            self.odd.insert((node.end - node.start, pass, block));
        }
    }

    /// Flips the parities of all nodes of a pass that contain a place.
    fn toggle(&mut self, pass: usize, place: u32) {
        let Pass { nodes, found, .. } = &mut self.passes[pass];
        found.toggle(place);
        let mut at = place / self.cascade.passes[pass].block as u32;
        loop {
            let node = &mut nodes[at as usize];
            node.odd = !node.odd;
            if node.halves == 0 {
                let entry = (node.end - node.start, pass, at);
                if node.odd {
                    self.odd.insert(entry);
                } else {
                    self.odd.remove(&entry);
                }
                return;
            }
            at = node.halves + u32::from(place >= middle(*node));
        }
    }
}

fn middle(node: Node) -> u32 {
    node.start + (node.end - node.start) / 2
}

/// Parities of ranges of a string that changes, in logarithmic time.
struct Fenwick(Vec<bool>);

impl Fenwick {
    fn new(n: usize) -> Self {
        Self(vec![false; n + 1])
    }

    fn toggle(&mut self, place: u32) {
        let mut i = place as usize + 1;
        while let Some(entry) = self.0.get_mut(i) {
            *entry = !*entry;
            i += i & i.wrapping_neg();
        }
    }

    fn parity(&self, start: u32, end: u32) -> bool {
        self.before(start) ^ self.before(end)
    }

    fn before(&self, place: u32) -> bool {
        let (mut i, mut parity) = (place as usize, false);
        while i > 0 {
            parity ^= self.0[i];
            i -= i & i.wrapping_neg();
        }
        parity
    }
}
