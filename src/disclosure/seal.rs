//! The seal: what may be seen of every cell of an edition, once and for all.

mod codes;
mod lattice;
mod legacy;
mod method;
mod nested;
mod reveal;
mod values;

use super::check::require;
use super::table::sha256;
use super::{Error, RuleProfile};
use crate::calendar::SchoolYear;
use crate::outcomes::Unit;
pub(super) use codes::SealedCodes;
pub(super) use lattice::SealedLattice;
pub(super) use method::{Figures, Method, Noisy, Rounded};
pub(super) use nested::Nested;
use serde::{Deserialize, Serialize};
pub(super) use values::{SealedValues, Seen};

/// What may be seen of an edition: immutable, and without anything it hides.
#[derive(Clone)]
pub struct Seal {
    pub(super) body: Body,
    pub(super) digest: [u8; 32],
    /// Whether it was made with a proof.
    pub(super) is_proven: bool,
}

/// A seal's content in the order of its bytes.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Body {
    pub(super) edition: u32,
    /// The profiles that publications name, by id.
    pub(super) profiles: Vec<RuleProfile>,
    /// By unit and period.
    pub(super) lattices: Vec<SealedLattice>,
}

/// First bytes of every seal; the last of them is the version of the format.
const MAGIC: &[u8] = b"throughline seal\x03";

/// The same of seals with figures that are not exact.
const MAGIC_WITH_METHODS: &[u8] = b"throughline seal\x04";

/// The same of seals in which outcomes imply others or populations are found inside others, whether or not all figures are
/// exact.
const MAGIC_WITH_NESTED: &[u8] = b"throughline seal\x05";

impl Seal {
    /// The edition it is a seal of.
    #[must_use]
    pub fn edition(&self) -> u32 {
        self.body.edition
    }

    /// SHA-256 of its bytes.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// The products it can be asked for, by id, each with its school years.
    #[must_use]
    pub fn products(&self) -> Vec<(String, Vec<SchoolYear>)> {
        let mut products = std::collections::BTreeMap::<String, Vec<SchoolYear>>::new();
        for lattice in &self.body.lattices {
            for publication in &lattice.publications {
                products.entry(publication.product.clone()).or_default().push(lattice.period());
            }
        }
        for periods in products.values_mut() {
            periods.sort_unstable();
            periods.dedup();
        }
        products.into_iter().collect()
    }

    /// The editions whose records a later one is compared with: those that it protected figures of.
    pub fn compared_with(&self) -> impl Iterator<Item = u32> + '_ {
        let own = self.body.lattices.iter().filter(|lattice| lattice.sealed_in == self.body.edition);
        own.map(|lattice| lattice.counted_in)
    }

    /// The editions whose records it counts.
    pub fn counted_in(&self) -> impl Iterator<Item = u32> + '_ {
        self.body.lattices.iter().map(|lattice| lattice.counted_in)
    }

    /// The units and school years it shows, each with the edition whose records are counted.
    pub fn shown_periods(&self) -> impl Iterator<Item = (Unit, SchoolYear, u32)> + '_ {
        self.body.lattices.iter().map(|lattice| (lattice.unit, lattice.period(), lattice.counted_in))
    }

    /// The editions that protected its parts: its own, and earlier ones where nothing has changed since.
    pub fn sealed_in(&self) -> impl Iterator<Item = u32> + '_ {
        self.body.lattices.iter().map(|lattice| lattice.sealed_in)
    }

    /// The products it shows, each with its version; one may come several times.
    pub fn versions(&self) -> impl Iterator<Item = (String, u32)> + '_ {
        let publications = self.body.lattices.iter().flat_map(|lattice| &lattice.publications);
        publications.map(|publication| (publication.product.clone(), publication.version))
    }

    /// The profiles its publications name.
    pub(super) fn profiles(&self) -> &[RuleProfile] {
        &self.body.profiles
    }

    /// The seal as bytes: the same for the same content.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let nested = self.nested_to_bytes();
        let methods = self.methods_to_bytes(!nested.is_empty());
        let magic = match (methods.is_empty(), nested.is_empty()) {
            (true, _) => MAGIC,
            (false, true) => MAGIC_WITH_METHODS,
            (false, false) => MAGIC_WITH_NESTED,
        };
        // Every type in the body has a known length, which is all that postcard asks of it.
        let mut bytes = postcard::to_extend(&self.body, magic.to_vec()).expect("the body can be encoded");
        bytes.extend(methods);
        bytes.extend(nested);
        bytes
    }

    /// A seal without codes as earlier versions wrote it.
    #[cfg(test)]
    pub(super) fn to_legacy_bytes(&self) -> Vec<u8> {
        legacy::written(&self.body)
    }

    /// Reads the bytes of a seal.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] for what is no seal of this or an earlier version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let is_proven = !bytes.starts_with(legacy::MAGIC);
        let damaged = |_| Error::Damaged("cut or changed");
        let (body, rest): (Body, _) = if let Some(body) = bytes.strip_prefix(MAGIC) {
            postcard::take_from_bytes(body).map_err(damaged)?
        } else if let Some(body) = bytes.strip_prefix(MAGIC_WITH_METHODS) {
            let (mut body, rest) = postcard::take_from_bytes::<Body>(body).map_err(damaged)?;
            let rest = Self::read_methods(&mut body.lattices, rest)?;
            (body, rest)
        } else if let Some(body) = bytes.strip_prefix(MAGIC_WITH_NESTED) {
            let (mut body, rest) = postcard::take_from_bytes::<Body>(body).map_err(damaged)?;
            let rest = Self::read_methods(&mut body.lattices, rest)?;
            let rest = Self::read_nested(&mut body.lattices, rest)?;
            (body, rest)
        } else if let Some(body) = bytes.strip_prefix(legacy::MAGIC) {
            let read = postcard::take_from_bytes::<legacy::OldBody>(body);
            let (body, rest) = read.map_err(damaged)?;
            (body.into(), rest)
        } else {
            return Err(Error::Damaged("no seal of this version"));
        };
        require(rest.is_empty(), "bytes follow it").map_err(Error::Damaged)?;
        for lattice in &body.lattices {
            lattice.check(&body.profiles).map_err(Error::Damaged)?;
        }
        Ok(Self { body, digest: sha256(bytes), is_proven })
    }
}
