//! Axes: ranges, ticks and their labels.

/// One axis: what it shows, with the unit, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    label: String,
    scale: Scale,
    /// Values that have to lie within the range whatever the data are.
    include: Vec<f64>,
}

#[derive(Clone, Debug, PartialEq)]
enum Scale {
    Linear,
    Logarithmic,
    /// Named places at 0, 1, 2...
    Names(Vec<String>),
}

impl Axis {
    /// An axis with equal steps. The label names quantity and unit, as in `delay / ps`.
    pub fn linear(label: impl Into<String>) -> Self {
        Self { label: label.into(), scale: Scale::Linear, include: Vec::new() }
    }

    /// An axis with equal factors; values that are not positive are left out.
    pub fn logarithmic(label: impl Into<String>) -> Self {
        Self { label: label.into(), scale: Scale::Logarithmic, include: Vec::new() }
    }

    /// An axis of names, which stand at 0, 1, 2 and so on.
    pub fn names<T: Into<String>>(label: impl Into<String>, names: impl IntoIterator<Item = T>) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        Self { label: label.into(), scale: Scale::Names(names), include: Vec::new() }
    }

    /// Makes the range wide enough to show `value`.
    #[must_use]
    pub fn including(mut self, value: f64) -> Self {
        self.include.push(value);
        self
    }

    /// The value in the axis's own measure; `None` if the axis can't show it.
    pub(crate) fn measure(&self, value: f64) -> Option<f64> {
        match self.scale {
            Scale::Logarithmic if value > 0.0 => Some(value.log10()).filter(|m| m.is_finite()),
            Scale::Logarithmic => None,
            _ => Some(value).filter(|m| m.is_finite()),
        }
    }

    /// Range and ticks for these values.
    pub(crate) fn span(&self, values: impl Iterator<Item = f64>) -> Option<Span> {
        let measured = values.chain(self.include.iter().copied()).filter_map(|value| self.measure(value));
        let (low, high) =
            measured.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), m| (low.min(m), high.max(m)));
        if low > high {
            return None;
        }
        Some(match &self.scale {
            Scale::Names(names) => Span {
                low: -0.6,
                high: names.len() as f64 - 0.4,
                ticks: names
                    .iter()
                    .enumerate()
                    .map(|(i, name)| Tick { at: i as f64, label: name.clone() })
                    .collect(),
                label: self.label.clone(),
                grid: false,
            },
            Scale::Linear => self.linear_span(low, high),
            Scale::Logarithmic => self.logarithmic_span(low, high),
        })
    }

    fn linear_span(&self, low: f64, high: f64) -> Span {
        // Equal values get a range around them; zeros on an axis that starts at 0 get one above.
        let width = if high > low { high - low } else { low.abs().max(1.0) };
        let room = if high > low { 0.04 * width } else { width };
        // A range that starts at a stated value, as zero, starts there.
        let stated = |end: f64| self.include.contains(&end);
        let low = if stated(low) { low } else { low - room };
        let high = high + room;
        let step = step((high - low) / 6.0);
        // Thousands and thousandths move into the label.
        let largest = low.abs().max(high.abs());
        let power =
            if (1e-3..1e5).contains(&largest) { 0 } else { 3 * (largest.log10() / 3.0).floor() as i32 };
        let unit = 10f64.powi(power);
        let digits = (-(step / unit * 1.000_001).log10().floor()).max(0.0) as usize;
        let first = (low / step).ceil() as i64;
        let last = (high / step).floor() as i64;
        let ticks = (first..=last.min(first + 30)).map(|i| {
            let at = i as f64 * step;
            let text = format!("{:.digits$}", at / unit);
            // No "-0.0" at the origin.
            let text = if i == 0 { text.trim_start_matches('-').to_owned() } else { text };
            Tick { at, label: text.replace('-', "−") }
        });
        Span { low, high, ticks: ticks.collect(), label: scaled(&self.label, power), grid: true }
    }

    fn logarithmic_span(&self, low: f64, high: f64) -> Span {
        let room = 0.03 * (high - low).max(0.3);
        let (low, high) = (low - room, high + room);
        let decades = high - low;
        let mantissas: &[f64] = if decades < 1.2 {
            &[1.0, 2.0, 3.0, 5.0, 7.0]
        } else if decades < 2.6 {
            &[1.0, 2.0, 5.0]
        } else {
            &[1.0]
        };
        let every = (decades / 8.0).ceil().max(1.0) as i32;
        let mut ticks = Vec::new();
        for power in low.floor() as i32..=high.ceil() as i32 {
            for &mantissa in mantissas {
                let at = f64::from(power) + mantissa.log10();
                if (low..=high).contains(&at) && power.rem_euclid(every) == 0 {
                    ticks.push(Tick { at, label: power_of_ten(mantissa, power) });
                }
            }
        }
        Span { low, high, ticks, label: self.label.clone(), grid: true }
    }
}

/// A range in an axis's measure, with its ticks.
pub(crate) struct Span {
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) ticks: Vec<Tick>,
    pub(crate) label: String,
    pub(crate) grid: bool,
}

pub(crate) struct Tick {
    /// In the axis's measure.
    pub(crate) at: f64,
    pub(crate) label: String,
}

impl Span {
    /// The share of the range below a measure.
    pub(crate) fn share(&self, measure: f64) -> f64 {
        (measure - self.low) / (self.high - self.low)
    }
}

/// The next of 1, 2, 5 times a power of ten.
fn step(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|f| f * power >= least * 0.999_999).unwrap_or(10.0);
    factor * power
}

/// `delay / ps` in units of 10^3 is `delay / 10³ ps`; a label without unit gets one.
fn scaled(label: &str, power: i32) -> String {
    if power == 0 {
        return label.to_owned();
    }
    let factor = format!("10{}", superscript(power));
    match label.rsplit_once(" / ") {
        Some((quantity, unit)) => format!("{quantity} / {factor} {unit}"),
        None => format!("{label} / {factor}"),
    }
}

fn power_of_ten(mantissa: f64, power: i32) -> String {
    match (power, mantissa) {
        (-2..=2, _) => {
            let digits = usize::try_from(-power).unwrap_or(0);
            format!("{:.digits$}", mantissa * 10f64.powi(power))
        }
        (_, 1.0) => format!("10{}", superscript(power)),
        _ => format!("{mantissa}·10{}", superscript(power)),
    }
}

fn superscript(power: i32) -> String {
    power
        .to_string()
        .chars()
        .map(|c| match c {
            '-' => '⁻',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            digit => char::from_u32(0x2070 + u32::from(digit) - u32::from('0')).unwrap_or(digit),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis, values: &[f64]) -> Vec<String> {
        axis.span(values.iter().copied()).unwrap().ticks.into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn linear_ticks_are_round() {
        assert_eq!(labels(&Axis::linear("").including(0.0), &[0.31]), ["0.0", "0.1", "0.2", "0.3"]);
        let ends = labels(&Axis::linear("t / ps"), &[-1.0e6, 1.0e6]);
        assert_eq!((ends.first().unwrap().as_str(), ends.last().unwrap().as_str()), ("−1.0", "1.0"));
        let span = Axis::linear("delay / ps").span([-1.0e6, 1.0e6].into_iter()).unwrap();
        assert_eq!(span.label, "delay / 10⁶ ps");
    }

    #[test]
    fn logarithmic_ticks_are_powers() {
        assert_eq!(labels(&Axis::logarithmic("n"), &[1e4, 1e8]), ["10⁴", "10⁵", "10⁶", "10⁷", "10⁸"]);
        assert_eq!(labels(&Axis::logarithmic("n"), &[0.1, 1.0]), ["0.1", "0.2", "0.3", "0.5", "0.7", "1"]);
        assert!(Axis::logarithmic("n").span([-1.0, 0.0].into_iter()).is_none());
    }

    #[test]
    fn any_range_has_few_ticks() {
        for values in [[0.0, 0.0], [1e-300, 2e-300], [1e300, 1.1e300], [5.0, 5.0], [-3e-7, 1e12]] {
            let count = labels(&Axis::linear(""), &values).len();
            assert!((1..=31).contains(&count), "{values:?}: {count}");
        }
    }
}
