//! The two rules on groups of `LANES` lanes, written once for all vectors.

use super::LANES;

/// `LANES` messages from index `at`.
#[inline]
pub(super) fn group(all: &[i8], at: usize) -> &[i8; LANES] {
    all[at..].first_chunk().expect("the lift is a multiple of the lanes")
}

#[inline]
pub(super) fn group_mut(all: &mut [i8], at: usize) -> &mut [i8; LANES] {
    all[at..].first_chunk_mut().expect("the lift is a multiple of the lanes")
}

/// A lane below `2·lift`, modulo `lift`.
#[inline]
pub(super) fn wrap(lane: usize, lift: usize) -> usize {
    if lane >= lift { lane - lift } else { lane }
}

/// `update` of a backend whose vectors need the named features. A macro, because a generic function can't take the features
/// of its type.
///
/// The module that calls it has a type `Group` (posteriors and messages of the lanes) and `Magnitudes`, both arrays of
/// `VECTORS` vectors, and these functions. On groups: `widen`, `narrow`, `load`, `store`, `load_magnitudes`,
/// `store_magnitudes` and `neutral()`. On vectors: `xor`; `magnitude`; `min`, `max` and `box_plus` of magnitudes; `message`,
/// from steps to messages; `splat`, the same in every lane; `where_equal(a, b, then, otherwise)`; `signed(strength, sign)`, the strength with the sign of
/// `sign`; `without` and `with`, a posterior less or plus a message.
macro_rules! rules {
    ($features:literal) => {
        #[target_feature(enable = $features)]
        fn update(row: &mut BlockRow<'_>, rule: Rule, scratch: &mut Scratch) {
            match rule {
                Rule::Exact => exact(row, scratch),
                Rule::Quick => quick(row, scratch),
            }
        }

        /// The rule [`Rule::Exact`].
        #[target_feature(enable = $features)]
        fn exact(row: &mut BlockRow<'_>, scratch: &mut Scratch) {
            let Some(last) = row.edges.len().checked_sub(1) else { return };
            for lane in (0..row.lift).step_by(LANES) {
                let mut sign = widen(group(row.syndrome, lane));
                let mut forward = neutral();
                for (i, edge) in row.edges.iter().enumerate() {
                    let extrinsic = extrinsic(row, (i, edge, lane));
                    for v in 0..VECTORS {
                        sign[v] = xor(sign[v], extrinsic[v]);
                        let magnitude = magnitude(extrinsic[v]);
                        forward[v] = if i == 0 { magnitude } else { box_plus(forward[v], magnitude) };
                    }
                    store(&mut scratch.extrinsic[i], extrinsic);
                    store_magnitudes(&mut scratch.forward[i], forward);
                }
                let mut backward = neutral();
                for (i, edge) in row.edges.iter().enumerate().rev() {
                    let extrinsic = load(&scratch.extrinsic[i]);
                    let before = if i == 0 { backward } else { load_magnitudes(&scratch.forward[i - 1]) };
                    let mut strength = before;
                    for v in 0..VECTORS {
                        let others =
                            if i == 0 || i == last { before[v] } else { box_plus(before[v], backward[v]) };
                        let magnitude = magnitude(extrinsic[v]);
                        backward[v] = if i == last { magnitude } else { box_plus(backward[v], magnitude) };
                        strength[v] = message(others);
                    }
                    send(row, (i, edge, lane), extrinsic, sign, strength);
                }
            }
        }

        /// The rule [`Rule::Quick`].
        #[target_feature(enable = $features)]
        fn quick(row: &mut BlockRow<'_>, scratch: &mut Scratch) {
            for lane in (0..row.lift).step_by(LANES) {
                let mut sign = widen(group(row.syndrome, lane));
                let neutral = neutral();
                let (mut first, mut second, mut rest) = (neutral, neutral, [neutral; 2]);
                for (i, edge) in row.edges.iter().enumerate() {
                    let extrinsic = extrinsic(row, (i, edge, lane));
                    for v in 0..VECTORS {
                        sign[v] = xor(sign[v], extrinsic[v]);
                        let magnitude = magnitude(extrinsic[v]);
                        let other = max(first[v], magnitude);
                        first[v] = min(first[v], magnitude);
                        let strong = max(second[v], other);
                        second[v] = min(second[v], other);
                        rest[0][v] = if i < 4 { strong } else { box_plus(rest[0][v], strong) };
                    }
                    rest.swap(0, 1);
                    store(&mut scratch.extrinsic[i], extrinsic);
                }
                let (mut to_first, mut to_second, mut to_all) = (neutral, neutral, neutral);
                for v in 0..VECTORS {
                    let rest = box_plus(rest[0][v], rest[1][v]);
                    let others = box_plus(rest, second[v]);
                    to_first[v] = message(others);
                    to_second[v] = message(box_plus(rest, first[v]));
                    to_all[v] = message(box_plus(others, first[v]));
                }
                for (i, edge) in row.edges.iter().enumerate() {
                    let extrinsic = load(&scratch.extrinsic[i]);
                    let mut strength = to_all;
                    for v in 0..VECTORS {
                        let magnitude = magnitude(extrinsic[v]);
                        strength[v] = where_equal(magnitude, second[v], to_second[v], to_all[v]);
                        strength[v] = where_equal(magnitude, first[v], to_first[v], strength[v]);
                    }
                    send(row, (i, edge, lane), extrinsic, sign, strength);
                }
            }
        }

        /// The posterior of the bits of an edge without what the row last said about them.
        #[target_feature(enable = $features)]
        fn extrinsic(row: &BlockRow<'_>, (i, edge, lane): (usize, &Edge, usize)) -> Group {
            let place = row.posteriors.place(edge.column, wrap(lane + edge.shift as usize, row.lift));
            let mut extrinsic = load(row.posteriors.lanes(place));
            let old = widen(group(row.messages, i * row.lift + lane));
            for v in 0..VECTORS {
                extrinsic[v] = without(extrinsic[v], old[v]);
            }
            extrinsic
        }

        /// Keeps the message of an edge and adds it to the posterior.
        #[target_feature(enable = $features)]
        fn send(
            row: &mut BlockRow<'_>,
            (i, edge, lane): (usize, &Edge, usize),
            extrinsic: Group,
            sign: Group,
            strength: Magnitudes,
        ) {
            let (mut message, mut posterior) = (extrinsic, extrinsic);
            let cap = splat(row.caps[i].into());
            for v in 0..VECTORS {
                message[v] = signed(min(strength[v], cap), xor(sign[v], extrinsic[v]));
                posterior[v] = with(extrinsic[v], message[v]);
            }
            narrow(group_mut(row.messages, i * row.lift + lane), message);
            let start = wrap(lane + edge.shift as usize, row.lift);
            let place = row.posteriors.place(edge.column, start);
            store(row.posteriors.lanes_mut(place), posterior);
            let [before, behind] = row.posteriors.mirrors(place, start);
            if let Some(again) = before {
                store(row.posteriors.lanes_mut(again), posterior);
            }
            if let Some(again) = behind {
                store(row.posteriors.lanes_mut(again), posterior);
            }
        }
    };
}

pub(super) use rules;
