//! One shape for chronyd's enumerations: named values, and unknown ones kept as they came.

/// Defines an enumeration with its codes on the wire and its words in JSON.
macro_rules! enumeration {
    ($(#[$meta:meta])* $name:ident {
        $($(#[$doc:meta])* $variant:ident = $code:literal $word:literal,)*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize))]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* #[cfg_attr(feature = "serde", serde(rename = $word))] $variant,)*
            /// A value without a name in this version of the crate, as chronyd sent it.
            #[cfg_attr(feature = "serde", serde(rename = "unknown"))]
            Unknown(u64),
        }

        impl $name {
            /// The value with this code on the wire.
            #[must_use]
            pub const fn from_code(code: u64) -> Self {
                match code {
                    $($code => Self::$variant,)*
                    other => Self::Unknown(other),
                }
            }

            /// The code on the wire.
            #[must_use]
            pub const fn code(self) -> u64 {
                match self {
                    $(Self::$variant => $code,)*
                    Self::Unknown(code) => code,
                }
            }
        }

        /// The word used in JSON; an unknown value as `unknown (7)`.
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    $(Self::$variant => f.pad($word),)*
                    Self::Unknown(code) => write!(f, "unknown ({code})"),
                }
            }
        }
    };
}

/// Adds the reading of a bit set to an enumeration whose codes are single bits.
macro_rules! bit_set {
    ($name:ident) => {
        impl $name {
            /// The names of the bits set in `bits`, lowest bit first; unnamed bits are kept as unknown.
            #[must_use]
            pub fn from_bits(bits: u64) -> Vec<Self> {
                let mut found = Vec::with_capacity(bits.count_ones() as usize);
                let mut left = bits;
                while left != 0 {
                    let lowest = left & left.wrapping_neg();
                    found.push(Self::from_code(lowest));
                    left ^= lowest;
                }
                found
            }
        }
    };
}

pub(crate) use {bit_set, enumeration};
