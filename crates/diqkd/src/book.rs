//! The Rust code of the book's chapters, as doc tests.

macro_rules! chapters {
    ($($name:ident $file:literal)*) => {
        $(
            #[doc = include_str!(concat!("../../../docs/book/", $file))]
            pub mod $name {}
        )*
    };
}

chapters! {
    first_plot "first-plot.md"
    promise "promise.md"
    protocol "protocol.md"
    certificate "certificate.md"
    hardware "hardware.md"
    formats "formats.md"
    operations "operations.md"
}
