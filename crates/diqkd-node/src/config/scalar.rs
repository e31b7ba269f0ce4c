//! Values of one field: read from a number or a text, refused with what was expected.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use diqkd_core::{Chsh, Epsilon, Qber, Role, TestProbability, WinProbability};
use diqkd_entropy::Theorem;
use diqkd_sim::{Fault, Preset, Strategy};
use diqkd_timetag::formats::{FALLING, MARKER};
use serde::de::{Deserialize, Deserializer, Error, Visitor};

use super::{Access, Level, LogLevel};

/// What can be read from one value of the file.
pub(super) trait Scalar: Sized {
    /// What is expected, to stand after "expected".
    fn expected() -> Cow<'static, str>;

    fn parse(text: &str) -> Option<Self>;
}

/// A [`Scalar`] in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value<T>(pub(super) T);

impl<'de, T: Scalar> Deserialize<'de> for Value<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor(PhantomData)).map(Self)
    }
}

struct ScalarVisitor<T>(PhantomData<T>);

impl<T: Scalar> Visitor<'_> for ScalarVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&T::expected())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::parse(text).ok_or_else(|| E::custom(format!("`{text}` can't be used, expected {}", T::expected())))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<T, E> {
        self.visit_str(&value.to_string())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<T, E> {
        self.visit_str(&value.to_string())
    }
}

macro_rules! scalar {
    ($type:ty, $expected:literal, $parse:expr) => {
        impl Scalar for $type {
            fn expected() -> Cow<'static, str> {
                Cow::Borrowed($expected)
            }

            fn parse(text: &str) -> Option<Self> {
                let parse: fn(&str) -> Option<Self> = $parse;
                parse(text)
            }
        }
    };
}

fn float(text: &str) -> Option<f64> {
    f64::from_str(text).ok().filter(|value| value.is_finite())
}

/// A number, or a fraction as in `13/256`.
fn fraction(text: &str) -> Option<f64> {
    match text.split_once('/') {
        Some((above, below)) => Some(float(above.trim())? / float(below.trim())?),
        None => float(text),
    }
}

scalar!(Role, "\"alice\" or \"bob\"", |text| match text {
    "alice" => Some(Role::Alice),
    "bob" => Some(Role::Bob),
    _ => None,
});
scalar!(
    TestProbability,
    "a probability strictly between 0 and 1, as 0.05 or \"13/256\"; both sites must have the same",
    |text| TestProbability::nearest(fraction(text)?).ok()
);
scalar!(Epsilon, "an epsilon strictly between 0 and 1, as 1e-10 or \"2^-64\"", |text| text.parse().ok());
scalar!(Chsh, "the CHSH value S that honest stations show, above 2 and at most 2.8284", |text| {
    let s = float(text)?;
    Chsh::new(s).ok().filter(|_| s > 2.0 && s <= 2.0 * std::f64::consts::SQRT_2)
});
scalar!(Qber, "the error rate of key rounds that honest stations show, above 0 and below 0.5", |text| {
    let q = float(text)?;
    Qber::new(q).ok().filter(|_| q > 0.0 && q < 0.5)
});
scalar!(
    WinProbability,
    "a winning probability above 0.75, the limit of local models, and at most 0.8536",
    |text| {
        let omega = float(text)?;
        WinProbability::new(omega).ok().filter(|_| omega > 0.75 && omega <= 0.853_554)
    }
);
scalar!(Theorem, "a theorem: reat, reat-basic, df19, df19-fixed, geat or eat2018", |text| text.parse().ok());
scalar!(Preset, "a preset: oxford-2022, munich-2022, ustc-2026, photonic, delft-2015 or nist-2015", |text| {
    text.parse().ok()
});
scalar!(
    Strategy,
    "who runs the devices: honest, lhv, lhv-memory, biased-settings, detection-loophole, faked-state, \
     coincidence-time, abort-leak, known-hash or collective",
    |text| text.parse().ok()
);
scalar!(Fault, "a fault as in \"F4 from 100000 to 200000 severity 0.3\"", |text| text.parse().ok());
scalar!(Level, "\"tags\" or \"trials\"", |text| match text {
    "tags" => Some(Level::Tags),
    "trials" => Some(Level::Trials),
    _ => None,
});
scalar!(LogLevel, "\"error\", \"warn\", \"info\" or \"debug\"", |text| match text {
    "error" => Some(LogLevel::Error),
    "warn" => Some(LogLevel::Warn),
    "info" => Some(LogLevel::Info),
    "debug" => Some(LogLevel::Debug),
    _ => None,
});

scalar!(Access, "\"owner\" or \"group\"", |text| match text {
    "owner" => Some(Access::Owner),
    "group" => Some(Access::Group),
    _ => None,
});

/// The rounds of a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rounds(pub(super) u64);

scalar!(Rounds, "a whole number of rounds from 1000 to 10000000000", |text| {
    let rounds = float(text)?;
    (rounds.fract() == 0.0 && (1e3..=1e10).contains(&rounds)).then_some(Rounds(rounds as u64))
});

/// A number of bits of one key.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeyLength(pub(super) u32);

scalar!(KeyLength, "a multiple of 8 from 8 to 524288", |text| {
    let bits: u32 = text.parse().ok()?;
    (bits.is_multiple_of(8) && (8..=524_288).contains(&bits)).then_some(KeyLength(bits))
});

/// A count from 1 on, small enough that nothing overflows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Count<const MOST: u64>(pub(super) u64);

impl<const MOST: u64> Scalar for Count<MOST> {
    fn expected() -> Cow<'static, str> {
        Cow::Owned(format!("a whole number from 1 to {MOST}"))
    }

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().filter(|n| (1..=MOST).contains(n)).map(Self)
    }
}

/// A name of one word: a folder and a label of a metric.
#[derive(Clone, Debug)]
pub(super) struct Name(pub(super) String);

scalar!(Name, "1 to 32 of the characters a-z, 0-9, `-` and `_`, beginning with a letter", |text| {
    let fine = (1..=32).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_');
    fine.then(|| Name(text.to_owned()))
});

/// The name of an application that takes keys: a word of an address and a folder.
#[derive(Clone, Debug)]
pub(super) struct SaeId(pub(super) String);

scalar!(
    SaeId,
    "1 to 64 of the characters A-Z, a-z, 0-9, `-`, `_` and `.`, beginning with a letter or a digit",
    |text| {
        let fine = (1..=64).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        fine.then(|| SaeId(text.to_owned()))
    }
);

/// A channel as `diqkd tags dump` prints it.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChannelNumber(pub(super) u16);

scalar!(ChannelNumber, "a channel: a number, \"m3\" for markers, \"-3\" for falling edges", |text| {
    let (flag, number) = match (text.strip_prefix('m'), text.strip_prefix('-')) {
        (Some(bits), _) => (MARKER, bits),
        (_, Some(number)) => (FALLING, number),
        _ => (0, text),
    };
    let number: u16 = number.parse().ok().filter(|number| *number < FALLING)?;
    Some(ChannelNumber(flag | number))
});

/// `host:port`.
#[derive(Clone, Debug)]
pub(super) struct HostPort(pub(super) String);

scalar!(HostPort, "`host:port`, as in \"192.0.2.7:7001\" or \"[2001:db8::7]:7001\"", |text| {
    let (host, port) = text.rsplit_once(':')?;
    let is_bracketed = host.starts_with('[') && host.ends_with(']');
    let fine = !host.is_empty() && (is_bracketed || !host.contains([':', '[', ']', ' ', '/']));
    (fine && port.parse::<u16>().is_ok()).then(|| HostPort(text.to_owned()))
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_out_of_range_are_refused() {
        assert!(TestProbability::parse("13/256").is_some_and(|g| g.threshold() == 3328));
        for text in ["0", "1", "-0.1", "NaN", "1/0", "13/256/2", ""] {
            assert!(TestProbability::parse(text).is_none(), "{text}");
        }
        assert!(
            Chsh::parse("2.0").is_none() && Chsh::parse("2.9").is_none() && Chsh::parse("2.677").is_some()
        );
        assert!(Rounds::parse("1e6").is_some_and(|rounds| rounds.0 == 1_000_000));
        assert!(Rounds::parse("1.5").is_none() && Rounds::parse("1e11").is_none());
        assert!(KeyLength::parse("255").is_none() && KeyLength::parse("256").is_some());
        assert!(
            Name::parse("Fibre").is_none()
                && Name::parse("../x").is_none()
                && Name::parse("fibre-1").is_some()
        );
        for text in ["host", "host:70000", ":7001", "::1:7001", "[::1:7001", "http://host:7001"] {
            assert!(HostPort::parse(text).is_none(), "{text}");
        }
        assert!(HostPort::parse("host:7001").is_some() && HostPort::parse("[::1]:7001").is_some());
    }
}
