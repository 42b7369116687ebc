//! Enumerations whose values have stable names, the same in the contract, in tables and in JSON. What the names mean is not in here.

/// Gives each value of an enumeration its stable name. A value without one does not compile.
macro_rules! listed {
    ($type:ident { $($name:ident = $text:literal),+ $(,)? }) => {
        impl $type {
            /// Each there is, in the order of its declaration.
            pub const ALL: [Self; [$($text),+].len()] = [$(Self::$name),+];

            /// The stable name: the same in the contract, in tables and in JSON.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
        }
    };
}
pub(crate) use listed;

/// The same for values that are also read and shown by their names.
macro_rules! names {
    ($type:ident { $($name:ident = $text:literal),+ $(,)? }) => {
        $crate::names::listed!($type { $($name = $text),+ });

        impl $type {
            /// The value with this stable name; `None` for any other text.
            pub fn parse(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$name),)+
                    _ => None,
                }
            }
        }

        impl std::fmt::Display for $type {
            /// The stable name.
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::text::TextError;

            /// Reads the stable name.
            fn from_str(text: &str) -> Result<Self, $crate::text::TextError> {
                let one_of = concat!("this is not one of" $(, " ", $text)+);
                Self::parse(text).ok_or($crate::text::TextError::Form(one_of))
            }
        }

        #[cfg(feature = "serde")]
        $crate::serialize::as_text!($type, str::parse);
    };
}
pub(crate) use names;
