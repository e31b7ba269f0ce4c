//! Settings, outcomes and trials.

use crate::probability::OutOfRange;

/// A measurement setting: `x` in {0, 1} at Alice, `y` in {0, 1, 2} at Bob, up to 3 for other Bell scenarios.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Setting(u8);

impl Setting {
    /// The greatest setting index that a packed trial table holds.
    pub const MAX: u8 = 3;

    /// # Errors
    /// [`OutOfRange`] above [`Setting::MAX`].
    pub fn new(index: u8) -> Result<Self, OutOfRange> {
        if index > Self::MAX {
            return Err(OutOfRange {
                quantity: "the setting",
                value: f64::from(index),
                low: 0.0,
                high: f64::from(Self::MAX),
            });
        }
        Ok(Self(index))
    }

    /// Alice's key setting, `x = 0`.
    pub const ALICE_KEY: Self = Self(0);
    /// Bob's key setting, `y = 2`.
    pub const BOB_KEY: Self = Self(2);
    /// Bob's setting for key from Alice's setting `x = 1`, where key comes from both: `y = 3`.
    pub const BOB_SECOND_KEY: Self = Self(3);

    /// The test setting that a uniform bit selects.
    pub fn from_bit(bit: bool) -> Self {
        Self(u8::from(bit))
    }

    /// The index.
    pub fn index(self) -> u8 {
        self.0
    }
}

/// Which kind of herald announced a round, where a source has several: for instance which of two Bell states a
/// photonic Bell-state measurement found. 0 where there is one kind, or none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Herald(u8);

impl Herald {
    /// The greatest flag that a packed trial table holds.
    pub const MAX: u8 = 3;

    /// # Errors
    /// [`OutOfRange`] above [`Herald::MAX`].
    pub fn new(flag: u8) -> Result<Self, OutOfRange> {
        if flag > Self::MAX {
            let (value, high) = (f64::from(flag), f64::from(Self::MAX));
            return Err(OutOfRange { quantity: "the herald flag", value, low: 0.0, high });
        }
        Ok(Self(flag))
    }

    /// The flag.
    pub fn flag(self) -> u8 {
        self.0
    }
}

/// A binary outcome. Bit 0 stands for the eigenvalue +1, bit 1 for -1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Bit 0, value +1.
    Plus,
    /// Bit 1, value -1.
    Minus,
}

impl Outcome {
    /// The outcome of a bit.
    pub fn from_bit(bit: bool) -> Self {
        if bit { Self::Minus } else { Self::Plus }
    }

    /// The bit of an outcome.
    pub fn bit(self) -> bool {
        self == Self::Minus
    }
}

/// One side's record of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTrial {
    /// The round's id: the slot number on the shared trial clock. Strictly increasing.
    pub round: u64,
    /// `x` or `y`.
    pub setting: Setting,
    /// `a` or `b`; a trial without a click has an outcome by a rule fixed beforehand.
    pub outcome: Outcome,
}

/// Both sides' record of a round, as Bob has it after correction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial {
    /// The round's id.
    pub round: u64,
    /// Alice's setting.
    pub x: Setting,
    /// Bob's setting.
    pub y: Setting,
    /// Alice's outcome.
    pub a: Outcome,
    /// Bob's outcome.
    pub b: Outcome,
}

impl Trial {
    /// Whether the trial wins the CHSH game: `a XOR b = x AND y`, for settings 0 and 1.
    pub fn wins_chsh(&self) -> bool {
        (self.a.bit() ^ self.b.bit()) == (self.x.index() == 1 && self.y.index() == 1)
    }
}
