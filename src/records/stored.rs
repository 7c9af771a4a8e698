//! The stored form of facts: postcard, without zero bytes at its end. A field that was added at the end of a struct and is
//! absent by default leaves what is stored as it was, and is read as absent from what was stored before.

use super::Fact;

impl Fact {
    /// Its stored form: postcard, without the zero bytes at its end.
    #[must_use]
    pub fn to_stored(&self) -> Vec<u8> {
        // Every type in it has a known length, which is all that postcard asks of it.
        let mut bytes = postcard::to_allocvec(self).expect("a fact can be encoded");
        let kept = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
        bytes.truncate(kept);
        bytes
    }

    /// The fact that [`Fact::to_stored`] wrote, also before fields were added; nothing for other bytes.
    #[must_use]
    pub fn from_stored(bytes: &[u8]) -> Option<Self> {
        // On the stack: an edition reads tens of millions.
        let mut padded = [0; BYTES_MAX + FIELDS_MAX];
        padded.get_mut(..bytes.len())?.copy_from_slice(bytes);
        let padded = padded.get(..bytes.len() + FIELDS_MAX)?;
        let (fact, rest): (Self, _) = postcard::take_from_bytes(padded).ok()?;
        // What was stored is read to its end.
        (rest.len() <= FIELDS_MAX).then_some(fact)
    }
}

/// A stored fact is not longer: the store takes none that is.
const BYTES_MAX: usize = 1_024;

/// More than any fact has fields: absent ones are a zero byte each.
const FIELDS_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::{Code, Demographics, Sex};

    fn person() -> Fact {
        let zone = Code::new("north").ok();
        Fact::Person(Demographics { zone, sex: Some(Sex::Other), ..Demographics::default() })
    }

    #[test]
    fn what_was_stored_before_a_field_was_added_is_read() {
        let whole = postcard::to_allocvec(&person()).expect("a fact");
        // The last three fields were not there, and the zone was the last.
        for stored in [&whole[..whole.len() - 3], &whole, &person().to_stored()] {
            assert_eq!(Fact::from_stored(stored), Some(person()));
        }
        let nothing = Fact::Person(Demographics::default());
        assert_eq!(nothing.to_stored(), [] as [u8; 0]);
        assert_eq!(Fact::from_stored(&nothing.to_stored()), Some(nothing));
    }

    #[test]
    fn other_bytes_are_no_fact() {
        let mut longer = person().to_stored();
        longer.extend([1; 40]);
        for bytes in [&longer[..], &[200, 1], &[0, 0, 9]] {
            assert_eq!(Fact::from_stored(bytes), None);
        }
    }
}
