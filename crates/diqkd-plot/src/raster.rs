//! Dots: the same shapes on a bitmap, written as PNG.

use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Stroke, StrokeDash, Transform,
};

use crate::font;
use crate::format::Error;
use crate::shape::{Anchor, Place, Shape};
use crate::style::{Colour, SIZE};

/// Dots a point: 1920 dots in 16 cm are 300 an inch.
const SCALE: f32 = 3.0;

pub(crate) fn png(shapes: &[Shape]) -> Result<Vec<u8>, Error> {
    let dots = |points: f64| (points as f32 * SCALE) as u32;
    let Some(mut map) = Pixmap::new(dots(SIZE.0), dots(SIZE.1)) else {
        return Err(Error::Bitmap("its size is impossible".to_owned()));
    };
    map.fill(Color::WHITE);
    for shape in shapes {
        draw(shape, &mut map);
    }
    map.encode_png().map_err(|error| Error::Bitmap(error.to_string()))
}

/// Draws a shape; one without extent leaves no dots.
fn draw(shape: &Shape, map: &mut Pixmap) {
    let scale = Transform::from_scale(SCALE, SCALE);
    match shape {
        Shape::Line { places, colour, width, dash } => {
            if let Some(path) = polyline(places, false) {
                stroke(map, &path, *colour, *width, dash);
            }
        }
        Shape::Polygon { places, fill, edge } => filled(map, polyline(places, true), *fill, *edge),
        Shape::Circle { at, radius, fill, edge } => {
            let path = PathBuilder::from_circle(at.0 as f32, at.1 as f32, *radius as f32);
            filled(map, path, *fill, *edge);
        }
        Shape::Text { at, text, size, bold, colour, anchor, upright } => {
            let Some(path) = font::outline(text, *size, *bold) else { return };
            let wide = font::width(text, *size, *bold);
            let start = match anchor {
                Anchor::Start => 0.0,
                Anchor::Middle => -0.5 * wide,
                Anchor::End => -wide,
            };
            let turned =
                scale.pre_translate(at.0 as f32, at.1 as f32).pre_rotate(if *upright { -90.0 } else { 0.0 });
            let transform = turned.pre_translate(start as f32, 0.0);
            map.fill_path(&path, &paint(*colour), FillRule::Winding, transform, None);
        }
    }
}

fn filled(map: &mut Pixmap, path: Option<Path>, fill: Colour, edge: Option<(Colour, f64)>) {
    let Some(path) = path else { return };
    let scale = Transform::from_scale(SCALE, SCALE);
    map.fill_path(&path, &paint(fill), FillRule::Winding, scale, None);
    if let Some((colour, width)) = edge {
        stroke(map, &path, colour, width, &[]);
    }
}

fn stroke(map: &mut Pixmap, path: &Path, colour: Colour, width: f64, dash: &[f64]) {
    let stroke = Stroke {
        width: width as f32,
        line_cap: LineCap::Butt,
        line_join: LineJoin::Round,
        dash: StrokeDash::new(dash.iter().map(|&length| length as f32).collect(), 0.0),
        ..Stroke::default()
    };
    map.stroke_path(path, &paint(colour), &stroke, Transform::from_scale(SCALE, SCALE), None);
}

fn polyline(places: &[Place], close: bool) -> Option<Path> {
    let mut path = PathBuilder::new();
    let (first, rest) = places.split_first()?;
    path.move_to(first.0 as f32, first.1 as f32);
    for (x, y) in rest {
        path.line_to(*x as f32, *y as f32);
    }
    if close {
        path.close();
    }
    path.finish()
}

fn paint(Colour(r, g, b): Colour) -> Paint<'static> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color_rgba8(r, g, b, 255);
    paint
}
