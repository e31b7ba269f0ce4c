//! A report as a sequence of headings, tables and pictures, and its two forms.

use std::fmt::Write;

use diqkd_plot::{Error, Figure};

/// A page from top to bottom.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) title: String,
    pub(super) parts: Vec<Part>,
}

#[derive(Debug)]
pub(super) enum Part {
    Heading(String),
    Text(String),
    Table {
        head: Vec<&'static str>,
        rows: Vec<Vec<String>>,
    },
    /// A picture and the word that its file is named after.
    Picture(&'static str, Box<Figure>),
}

/// A page and the files that belong to it.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) page: String,
    /// Ending of the file's name, and its content.
    pub(super) pictures: Vec<(String, String)>,
}

impl Document {
    /// Markdown with tables that read well as they stand. Pictures are left out, as there is no place for their files.
    pub(super) fn text(&self) -> String {
        let mut text = format!("# {}\n", self.title);
        for part in &self.parts {
            part.markdown(&mut text);
        }
        text.trim_end().to_owned()
    }

    /// Markdown with links to pictures whose files begin with `stem`.
    pub(super) fn markdown(&self, stem: &str) -> Result<Written, Error> {
        let mut written = Written { page: format!("# {}\n", escaped(&self.title)), pictures: Vec::new() };
        for part in &self.parts {
            if let Part::Picture(name, figure) = part {
                let file = format!("{stem}-{name}.svg");
                // Writing to a string can't fail.
                let _ = write!(written.page, "\n![{name}](<{file}>)\n");
                written.pictures.push((file, figure.svg()?));
            }
            part.markdown(&mut written.page);
        }
        Ok(written)
    }

    /// One file of HTML that needs nothing else.
    pub(super) fn html(&self) -> Result<String, Error> {
        let title = html(&self.title);
        let mut page = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n\
             </head>\n<body>\n<h1>{title}</h1>\n"
        );
        for part in &self.parts {
            match part {
                Part::Heading(text) => page.push_str(&format!("<h2>{}</h2>\n", html(text))),
                Part::Text(text) => page.push_str(&format!("<p>{}</p>\n", html(text))),
                Part::Table { head, rows } => {
                    let cells = |tag: &str, cells: &mut dyn Iterator<Item = &str>| {
                        cells.map(|cell| format!("<{tag}>{}</{tag}>", html(cell))).collect::<String>()
                    };
                    page.push_str(&format!("<table>\n<tr>{}</tr>\n", cells("th", &mut head.iter().copied())));
                    for row in rows {
                        page.push_str(&format!(
                            "<tr>{}</tr>\n",
                            cells("td", &mut row.iter().map(String::as_str))
                        ));
                    }
                    page.push_str("</table>\n");
                }
                Part::Picture(name, figure) => {
                    page.push_str(&format!("<figure id=\"{name}\">\n{}</figure>\n", inline(&figure.svg()?)));
                }
            }
        }
        page.push_str("</body>\n</html>\n");
        Ok(page)
    }
}

impl Part {
    fn markdown(&self, text: &mut String) {
        // Writing to a string can't fail.
        let _ = match self {
            Self::Heading(heading) => write!(text, "\n## {}\n", escaped(heading)),
            Self::Text(line) => write!(text, "\n{}\n", escaped(line)),
            Self::Table { head, rows } => write!(text, "\n{}", table(head, rows)),
            Self::Picture(..) => Ok(()),
        };
    }
}

fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| escaped(cell)).collect()).collect();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([head[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded = cells.zip(&widths).map(|(cell, &width)| format!(" {cell:<width$} |"));
        format!("|{}\n", padded.collect::<String>())
    };
    let mut text = line(&mut head.iter().copied());
    text.push_str(&format!(
        "|{}\n",
        widths.iter().map(|width| format!("{:-<1$}|", "", width + 2)).collect::<String>()
    ));
    for row in &rows {
        text.push_str(&line(&mut row.iter().map(String::as_str)));
    }
    text
}

/// Nothing that comes from a log is markup.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;").replace('`', "'")
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A picture inside a page has no declaration of its own.
fn inline(svg: &str) -> &str {
    svg.find("<svg").map_or(svg, |start| &svg[start..])
}

const STYLE: &str = "body { font-family: sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; color: #222; }\n\
table { border-collapse: collapse; margin: 1em 0; font-variant-numeric: tabular-nums; }\n\
th, td { border-bottom: 1px solid #ccc; padding: 0.25em 0.8em; text-align: left; vertical-align: top; }\n\
figure { margin: 1em 0; }\nsvg { max-width: 100%; height: auto; }\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_log_says_is_no_markup() {
        let hostile = "a|b<script>\"`&".to_owned();
        let document = Document {
            title: "t".to_owned(),
            parts: vec![
                Part::Text(hostile.clone()),
                Part::Table { head: vec!["one", "two"], rows: vec![vec![hostile, "2".to_owned()]] },
            ],
        };
        let page = document.html().unwrap();
        assert!(!page.contains("<script") && page.contains("a|b&lt;script&gt;&quot;`&amp;"), "{page}");
        let text = document.text();
        let row = text.lines().last().unwrap();
        assert_eq!(row, "| a\\|b&lt;script>\"'& | 2   |");
        assert!(!text.contains("<script"));
    }
}
