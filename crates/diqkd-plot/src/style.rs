//! The house style: colours, dashes, markers and sizes, in points of a picture 640 wide.

/// Red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Colour(pub(crate) u8, pub(crate) u8, pub(crate) u8);

pub(crate) const BLACK: Colour = Colour(0, 0, 0);
pub(crate) const WHITE: Colour = Colour(255, 255, 255);
/// Frames and ticks.
pub(crate) const FRAME: Colour = Colour(64, 64, 64);
/// Lines of the grid.
pub(crate) const GRID: Colour = Colour(226, 226, 226);
/// Reference levels and notes.
pub(crate) const QUIET: Colour = Colour(96, 96, 96);

/// Okabe and Ito, Color Universal Design, without the yellow that vanishes on paper; darkest contrasts first.
const PALETTE: [Colour; 7] = [
    Colour(0, 114, 178),
    Colour(213, 94, 0),
    Colour(0, 158, 115),
    Colour(204, 121, 167),
    Colour(230, 159, 0),
    Colour(86, 180, 233),
    BLACK,
];

/// Dash patterns: alternating lengths of line and gap.
pub(crate) const DASHES: [&[f64]; 7] = [
    &[],
    &[7.0, 3.5],
    &[2.0, 2.5],
    &[9.0, 3.0, 2.0, 3.0],
    &[14.0, 4.0],
    &[9.0, 2.5, 2.0, 2.5, 2.0, 2.5],
    &[4.0, 2.0],
];

/// The form of a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marker {
    Circle,
    Square,
    Triangle,
    Diamond,
    Cross,
}

pub(crate) fn colour(place: usize) -> Colour {
    PALETTE[place % PALETTE.len()]
}

pub(crate) fn dash(place: usize) -> &'static [f64] {
    DASHES[place % DASHES.len()]
}

pub(crate) fn marker(place: usize) -> Marker {
    [Marker::Circle, Marker::Square, Marker::Triangle, Marker::Diamond, Marker::Cross][place % 5]
}

/// Width and height of every picture.
pub(crate) const SIZE: (f64, f64) = (640.0, 430.0);
pub(crate) const MARGIN: f64 = 14.0;
pub(crate) const TITLE: f64 = 16.0;
pub(crate) const LABEL: f64 = 14.0;
pub(crate) const TICK: f64 = 13.0;
pub(crate) const NOTE: f64 = 12.0;
pub(crate) const TICK_LENGTH: f64 = 5.0;
pub(crate) const CURVE: f64 = 1.8;
pub(crate) const THIN: f64 = 0.8;
pub(crate) const MARKER_RADIUS: f64 = 3.6;

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance, as the Web Content Accessibility Guidelines define it.
    fn luminance(Colour(r, g, b): Colour) -> f64 {
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    }

    #[test]
    fn colours_stand_out_from_paper_and_series_differ_in_more_than_colour() {
        for place in 0..PALETTE.len() {
            let contrast = 1.05 / (luminance(colour(place)) + 0.05);
            assert!(contrast > 2.0, "{place}: {contrast}");
        }
        let looks: std::collections::BTreeSet<String> =
            (0..7).map(|place| format!("{:?}{:?}", dash(place), marker(place))).collect();
        assert_eq!(looks.len(), 7);
    }
}
