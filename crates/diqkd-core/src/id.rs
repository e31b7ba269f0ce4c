//! Identifiers that both sides derive without a further message.

use core::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 16]);

        impl $name {
            /// Reads the form that `Display` writes: 32 hexadecimal digits in groups of 8-4-4-4-12.
            pub fn parse(text: &str) -> Option<Self> {
                let mut digits = text.bytes().filter(|&b| b != b'-');
                let mut bytes = [0; 16];
                for byte in &mut bytes {
                    let high = char::from(digits.next()?).to_digit(16)?;
                    let low = char::from(digits.next()?).to_digit(16)?;
                    *byte = (high * 16 + low) as u8;
                }
                digits.next().is_none().then_some(Self(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                for (i, byte) in self.0.iter().enumerate() {
                    if matches!(i, 4 | 6 | 8 | 10) {
                        f.write_str("-")?;
                    }
                    write!(f, "{byte:02x}")?;
                }
                Ok(())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

id! {
    /// One run of the protocol between two parties.
    SessionId
}

id! {
    /// One key in a store; written like a UUID.
    KeyId
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn text_round_trips() {
        let id = KeyId(core::array::from_fn(|i| i as u8 * 17));
        assert_eq!(id.to_string(), "00112233-4455-6677-8899-aabbccddeeff");
        assert_eq!(KeyId::parse(&id.to_string()), Some(id));
        assert_eq!(KeyId::parse("00"), None);
        assert_eq!(KeyId::parse("zz112233-4455-6677-8899-aabbccddeeff"), None);
    }
}
