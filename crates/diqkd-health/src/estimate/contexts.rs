//! What followed each context of up to 16 samples, for the predictors that learn.
//!
//! A context is a node of a tree: the root is the empty one, a child adds one older sample. Two stores: for bits a
//! complete binary tree in an array, for wider samples hashed edges. A node may exist only to carry longer contexts; it
//! counts as seen once something followed it.

use alloc::vec;
use alloc::vec::Vec;

/// The most samples in a context.
pub(super) const DEPTH: usize = 16;

/// A tree of contexts; nodes are numbered by the store.
pub(super) trait Contexts {
    /// The empty context.
    const ROOT: u32;

    /// The context that extends `node` by one `older` sample, if the store holds it.
    fn child(&self, node: u32, older: u8) -> Option<u32>;

    /// The same, created if the store does not hold it.
    fn grow(&mut self, node: u32, older: u8) -> u32;

    /// What most often followed `node` and how often, the larger value if tied; a count of 0 if nothing did.
    fn best(&self, node: u32) -> (u8, u32);

    /// Counts that `next` followed `node`; if it never did before, only if `may_add`. Whether it was added.
    fn follow(&mut self, node: u32, next: u8, may_add: bool) -> bool;
}

/// Contexts of bits: node `2 i + older` is the child of node `i`.
pub(super) struct BitContexts {
    counts: Vec<[u32; 2]>,
}

impl BitContexts {
    pub(super) fn new() -> Self {
        Self { counts: vec![[0; 2]; 2 << DEPTH] }
    }
}

impl Contexts for BitContexts {
    const ROOT: u32 = 1;

    fn child(&self, node: u32, older: u8) -> Option<u32> {
        Some(node << 1 | u32::from(older))
    }

    fn grow(&mut self, node: u32, older: u8) -> u32 {
        node << 1 | u32::from(older)
    }

    fn best(&self, node: u32) -> (u8, u32) {
        let [zeros, ones] = self.counts[node as usize];
        if zeros > ones { (0, zeros) } else { (1, ones) }
    }

    fn follow(&mut self, node: u32, next: u8, may_add: bool) -> bool {
        let count = &mut self.counts[node as usize][usize::from(next)];
        let added = *count == 0 && may_add;
        *count += u32::from(*count > 0 || may_add);
        added
    }
}

/// Contexts of samples of up to 8 bits.
pub(super) struct ByteContexts {
    best: Vec<(u8, u32)>,
    children: EdgeMap,
    followers: EdgeMap,
}

impl ByteContexts {
    pub(super) fn new() -> Self {
        Self { best: vec![(0, 0)], children: EdgeMap::new(), followers: EdgeMap::new() }
    }
}

impl Contexts for ByteContexts {
    const ROOT: u32 = 0;

    fn child(&self, node: u32, older: u8) -> Option<u32> {
        self.children.get(node, older)
    }

    fn grow(&mut self, node: u32, older: u8) -> u32 {
        let new = self.best.len() as u32;
        let child = *self.children.entry(node, older, new);
        if child == new {
            self.best.push((0, 0));
        }
        child
    }

    fn best(&self, node: u32) -> (u8, u32) {
        self.best[node as usize]
    }

    fn follow(&mut self, node: u32, next: u8, may_add: bool) -> bool {
        if !may_add && self.followers.get(node, next).is_none() {
            return false;
        }
        let count = self.followers.entry(node, next, 0);
        *count += 1;
        let (value, most) = &mut self.best[node as usize];
        if *count > *most || (*count == *most && next > *value) {
            (*value, *most) = (next, *count);
        }
        *count == 1
    }
}

/// A hash map from (node, symbol) to a number: open addressing with linear probing, at most half full.
struct EdgeMap {
    /// Key and value; the key of a free slot is `FREE`.
    slots: Vec<(u64, u32)>,
    used: usize,
}

impl EdgeMap {
    fn new() -> Self {
        Self { slots: vec![(FREE, 0); 1 << 12], used: 0 }
    }

    fn get(&self, node: u32, symbol: u8) -> Option<u32> {
        let (key, value) = self.slots[self.place(key(node, symbol))];
        (key != FREE).then_some(value)
    }

    /// The value, set to `initial` if there is none.
    fn entry(&mut self, node: u32, symbol: u8, initial: u32) -> &mut u32 {
        if 2 * self.used >= self.slots.len() {
            self.double();
        }
        let key = key(node, symbol);
        let place = self.place(key);
        let slot = &mut self.slots[place];
        if slot.0 == FREE {
            *slot = (key, initial);
            self.used += 1;
        }
        &mut slot.1
    }

    fn double(&mut self) {
        let larger = vec![(FREE, 0); 2 * self.slots.len()];
        let slots = core::mem::replace(&mut self.slots, larger);
        for (key, value) in slots.into_iter().filter(|&(key, _)| key != FREE) {
            let place = self.place(key);
            self.slots[place] = (key, value);
        }
    }

    /// The slot of `key`, or the free one where it belongs.
    fn place(&self, key: u64) -> usize {
        let mask = self.slots.len() - 1;
        // The high bits of a product with 2^64 over the golden ratio depend on all bits of the key.
        let mut place = (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize & mask;
        while self.slots[place].0 != key && self.slots[place].0 != FREE {
            place = (place + 1) & mask;
        }
        place
    }
}

fn key(node: u32, symbol: u8) -> u64 {
    u64::from(node) << 8 | u64::from(symbol)
}

const FREE: u64 = u64::MAX;
