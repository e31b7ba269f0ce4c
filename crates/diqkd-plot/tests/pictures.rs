//! Whole pictures: the same input gives the same bytes, and dots stand where the numbers say.

use diqkd_plot::{Axis, Figure, Format, Level, Series};
use tiny_skia::Pixmap;

fn figure() -> Figure {
    Figure::new("Key & length", Axis::logarithmic("rounds"), Axis::linear("key / bits").including(0.0))
        .with_note("gamma 0.05")
        .with(Series::line("one", [(1e5, 0.1), (1e6, 0.5), (1e7, 0.9)]).marked())
        .with(Series::line("its bound", [(1e5, 0.2), (1e7, 0.95)]).paired())
        .with(Series::marks("measured", [(3e5, 0.3, 0.05)]))
        .with(Series::dots("dots", [(2e6, 0.4), (3e6, 0.41)]))
        .with(Series::steps("bins", [(1e5, 0.05), (1e6, 0.07), (1e7, 0.0)]))
        .with_level(Level::horizontal(1.0, "limit"))
        .with_level(Level::vertical(4e5, "least"))
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    for format in [Format::Svg, Format::Png] {
        assert_eq!(figure().render(format).unwrap(), figure().render(format).unwrap());
    }
}

#[test]
fn svg_has_every_name_as_text() {
    let svg = figure().svg().unwrap();
    let expected = [
        "Key &amp; length",
        "gamma 0.05",
        "one",
        "its bound",
        "measured",
        "bins",
        "limit",
        "least",
        "rounds",
        "key / bits",
    ];
    for text in expected {
        assert!(svg.contains(&format!(">{text}</text>")), "{text}");
    }
    assert!(svg.contains(">10⁶</text>") && svg.ends_with("</svg>\n"));
}

#[test]
fn png_has_the_colours_of_its_series() {
    let map = Pixmap::decode_png(&figure().render(Format::Png).unwrap()).unwrap();
    assert_eq!((map.width(), map.height()), (1920, 1290));
    for colour in [(0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167)] {
        let dots = map.pixels().iter().filter(|dot| (dot.red(), dot.green(), dot.blue()) == colour).count();
        assert!(dots > 20, "{colour:?}: {dots}");
    }
}
