//! SVG, text as text.

use std::fmt::Write;

use crate::shape::{Anchor, Place, Shape};
use crate::style::{Colour, SIZE};

pub(crate) fn text(shapes: &[Shape], title: &str) -> String {
    let (width, height) = SIZE;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} \
         {height}\" font-family=\"DejaVu Sans, Verdana, sans-serif\" role=\"img\">\n<title>{}</title>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n",
        escaped(title)
    );
    for shape in shapes {
        element(shape, &mut out);
        out.push('\n');
    }
    out.push_str("</svg>\n");
    out
}

fn element(shape: &Shape, out: &mut String) {
    // Writing to a string can't fail.
    let _ = match shape {
        Shape::Line { places, colour, width, dash } => {
            let dashes: Vec<String> = dash.iter().map(|&d| number(d)).collect();
            let dash = if dashes.is_empty() {
                String::new()
            } else {
                format!(" stroke-dasharray=\"{}\"", dashes.join(" "))
            };
            write!(
                out,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" \
                 stroke-linejoin=\"round\"{dash}/>",
                points(places),
                hex(*colour),
                number(*width)
            )
        }
        Shape::Polygon { places, fill, edge: rim } => {
            write!(out, "<polygon points=\"{}\" fill=\"{}\"{}/>", points(places), hex(*fill), edge(*rim))
        }
        Shape::Circle { at, radius, fill, edge: rim } => write!(
            out,
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{}\"{}/>",
            number(at.0),
            number(at.1),
            number(*radius),
            hex(*fill),
            edge(*rim)
        ),
        Shape::Text { at, text, size, bold, colour, anchor, upright } => {
            let (x, y) = (number(at.0), number(at.1));
            let anchor = match anchor {
                Anchor::Start => "start",
                Anchor::Middle => "middle",
                Anchor::End => "end",
            };
            let weight = if *bold { " font-weight=\"bold\"" } else { "" };
            let turn = if *upright { format!(" transform=\"rotate(-90 {x} {y})\"") } else { String::new() };
            write!(
                out,
                "<text x=\"{x}\" y=\"{y}\" font-size=\"{}\" fill=\"{}\" text-anchor=\"{anchor}\"{weight}{turn}>\
                 {}</text>",
                number(*size),
                hex(*colour),
                escaped(text)
            )
        }
    };
}

fn edge(edge: Option<(Colour, f64)>) -> String {
    edge.map_or(String::new(), |(colour, width)| {
        format!(" stroke=\"{}\" stroke-width=\"{}\"", hex(colour), number(width))
    })
}

fn points(places: &[Place]) -> String {
    let places: Vec<String> = places.iter().map(|(x, y)| format!("{},{}", number(*x), number(*y))).collect();
    places.join(" ")
}

/// Hundredths of a point are finer than any printer.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn hex(Colour(r, g, b): Colour) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_stays_text() {
        let shape = Shape::text((1.0, 2.25), "S > 2 & S < 3", 12.0, Colour(1, 2, 255), Anchor::Middle);
        let svg = text(&[shape], "a & b");
        assert!(svg.contains("<title>a &amp; b</title>"));
        assert!(svg.contains("S &gt; 2 &amp; S &lt; 3</text>") && svg.contains("fill=\"#0102ff\""), "{svg}");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([10.0, 0.5, 1.0 / 3.0, -0.001].map(number), ["10", "0.5", "0.33", "-0"]);
    }
}
