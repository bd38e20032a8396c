//! The typed payloads of events: one table, generated from the contract, with the fields in documented order.

use crate::v1::{self, SourceType, event::Data};

/// Receives the fields of a typed payload.
pub trait Visitor<'a> {
    /// A text that may be unset.
    fn text(&mut self, name: &'static str, value: &'a Option<String>);
    /// A number that may be unset.
    fn real(&mut self, name: &'static str, value: Option<f64>);
    /// An integer that may be unset.
    fn whole(&mut self, name: &'static str, value: Option<i64>);
    /// A list of texts that may be empty.
    fn list(&mut self, name: &'static str, values: &'a [String]);
}

/// Supplies the fields of a typed payload. Each method returns `None` when the field has a value of another kind.
pub trait Source {
    /// A text that may be unset.
    fn text(&mut self, name: &'static str) -> Option<Option<String>>;
    /// A number that may be unset.
    fn real(&mut self, name: &'static str) -> Option<Option<f64>>;
    /// An integer that may be unset.
    fn whole(&mut self, name: &'static str) -> Option<Option<i64>>;
    /// A list of texts that may be empty.
    fn list(&mut self, name: &'static str) -> Option<Vec<String>>;
}

/// The type of a field of a payload.
trait Field: Sized {
    fn visit<'a>(&'a self, name: &'static str, visitor: &mut impl Visitor<'a>);
    fn read(name: &'static str, source: &mut impl Source) -> Option<Self>;
}

macro_rules! scalar {
    ($type:ty, $method:ident, $pass:expr) => {
        impl Field for Option<$type> {
            fn visit<'a>(&'a self, name: &'static str, visitor: &mut impl Visitor<'a>) {
                visitor.$method(name, $pass(self));
            }

            fn read(name: &'static str, source: &mut impl Source) -> Option<Self> {
                source.$method(name)
            }
        }
    };
}

scalar!(String, text, std::convert::identity);
scalar!(f64, real, Clone::clone);
scalar!(i64, whole, Clone::clone);

impl Field for Vec<String> {
    fn visit<'a>(&'a self, name: &'static str, visitor: &mut impl Visitor<'a>) {
        visitor.list(name, self);
    }

    fn read(name: &'static str, source: &mut impl Source) -> Option<Self> {
        source.list(name)
    }
}

macro_rules! payloads {
    ($($name:ident { $($field:ident),+ })+) => {
        /// The most fields that a typed payload has.
        pub const MAX_FIELDS: usize = {
            let counts = [$([$(stringify!($field)),+].len()),+];
            let (mut most, mut index) = (0, 0);
            while index < counts.len() {
                most = if counts[index] > most { counts[index] } else { most };
                index += 1;
            }
            most
        };

        impl SourceType {
            /// The source types in documented order.
            pub const ALL: [Self; openclone_core::SourceType::ALL.len()] = [$(Self::$name),+];
        }

        /// The source type that a typed payload belongs to; `None` for JSON.
        #[must_use]
        pub const fn source_type(data: &Data) -> Option<SourceType> {
            match data {
                Data::Json(_) => None,
                $(Data::$name(_) => Some(SourceType::$name),)+
            }
        }

        /// Visits the fields of a typed payload in documented order; JSON has none.
        pub fn visit<'a>(data: &'a Data, visitor: &mut impl Visitor<'a>) {
            match data {
                Data::Json(_) => {}
                $(Data::$name(message) => { $(message.$field.visit(stringify!($field), visitor);)+ })+
            }
        }

        /// The typed payload of `source_type` with fields from `source`; `None` when one of them has a value of another
        /// kind.
        pub fn read(source_type: SourceType, source: &mut impl Source) -> Option<Data> {
            match source_type {
                SourceType::Unspecified => None,
                $(SourceType::$name => Some(Data::$name(v1::$name {
                    $($field: Field::read(stringify!($field), source)?,)+
                })),)+
            }
        }

        $(impl From<v1::$name> for Data {
            fn from(message: v1::$name) -> Self {
                Self::$name(message)
            }
        })+
    };
}

include!(concat!(env!("OUT_DIR"), "/payloads.rs"));

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Supplies nothing, and notes what is asked for.
    #[derive(Default)]
    struct Names(Vec<&'static str>);

    impl Source for Names {
        fn text(&mut self, name: &'static str) -> Option<Option<String>> {
            self.0.push(name);
            Some(None)
        }

        fn real(&mut self, name: &'static str) -> Option<Option<f64>> {
            self.0.push(name);
            Some(None)
        }

        fn whole(&mut self, name: &'static str) -> Option<Option<i64>> {
            self.0.push(name);
            Some(None)
        }

        fn list(&mut self, name: &'static str) -> Option<Vec<String>> {
            self.0.push(name);
            Some(Vec::new())
        }
    }

    #[test]
    fn the_contract_has_the_documented_fields_of_every_source_type() {
        for known in openclone_core::SourceType::ALL {
            let mut names = Names::default();
            let data = read(known.into(), &mut names).unwrap();
            assert_eq!(source_type(&data), Some(known.into()));
            assert_eq!(names.0, known.typical_fields());
            assert!(names.0.len() <= MAX_FIELDS);
        }
    }
}
