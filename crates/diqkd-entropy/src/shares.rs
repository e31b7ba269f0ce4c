//! Division of the soundness budget, in log2 so that no epsilon underflows.

use diqkd_core::Epsilon;

use crate::error::Error;
use crate::params::EpsilonSplit;

/// The budget after verification and authentication have taken their shares.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shares {
    /// What is left for secrecy (privacy amplification and smoothing), rounded down with room for the ledger's own
    /// rounding.
    pub(crate) secrecy: Epsilon,
    /// Privacy amplification, where the caller fixed it.
    pub(crate) fixed_pa: Option<Epsilon>,
    pub(crate) ev: Epsilon,
    pub(crate) auth: Epsilon,
}

/// # Errors
/// [`Error::BudgetExceeded`] when the stated parts leave nothing.
pub(crate) fn divide(eps_sound: Epsilon, split: EpsilonSplit) -> Result<Shares, Error> {
    let (fixed_pa, ev, auth) = match split {
        EpsilonSplit::Optimised => {
            let share = scaled(eps_sound, SIDE_SHARE_LOG2);
            (None, share, share)
        }
        EpsilonSplit::Remaining { eps_ev, eps_auth } => (None, eps_ev, eps_auth),
        EpsilonSplit::Fixed { eps_pa, eps_ev, eps_auth } => (Some(eps_pa), eps_ev, eps_auth),
    };
    let exceeded = |parts| Error::BudgetExceeded { eps_sound, parts };
    let side = ev.plus(auth).ok_or_else(|| exceeded(ev))?;
    let secrecy = minus(eps_sound, side).ok_or_else(|| exceeded(side))?;
    if let Some(pa) = fixed_pa
        && pa.log2() > secrecy.log2()
    {
        let fits = pa.plus(side).is_some_and(|sum| sum.log2() <= eps_sound.log2());
        if !fits {
            return Err(exceeded(pa));
        }
    }
    Ok(Shares { secrecy, fixed_pa, ev, auth })
}

/// `2^shift` times an epsilon, for a shift of at most 0.
pub(crate) fn scaled(epsilon: Epsilon, shift_log2: f64) -> Epsilon {
    Epsilon::from_log2((epsilon.log2() + shift_log2.min(0.0)).max(-f64::MAX)).unwrap_or(epsilon)
}

/// `whole - part`, rounded down by a relative 1e-12; `None` when nothing is left.
pub(crate) fn minus(whole: Epsilon, part: Epsilon) -> Option<Epsilon> {
    let ratio = libm::exp2(part.log2() - whole.log2());
    (ratio < 1.0).then(|| scaled(whole, libm::log1p(-ratio) * core::f64::consts::LOG2_E - ROOM_LOG2))
}

/// Share of verification and of authentication where the split is left to us.
const SIDE_SHARE_LOG2: f64 = -20.0;

/// Room for upward rounding in sums: a relative 3e-12.
const ROOM_LOG2: f64 = 4e-12;
