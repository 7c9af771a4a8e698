//! Who is calling: an organization and a role, from the one URI in a verified certificate.
//!
//! The certificate says who; what that organization may do is for the agreements to say, never for
//! the certificate. Its other names and its subject are free text and are not looked at.
//!
//! Source: SPIFFE, "The SPIFFE Identity and Verifiable Identity Document" and "X509-SVID", section 2.

use crate::records::{Code, OrgId};
use rustls::pki_types::CertificateDer;
use std::fmt;
use std::fmt::Write;
use webpki::EndEntityCert;

/// What an organization's certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Pushes records.
    Contributor,
    /// Asks for protected tables.
    Partner,
    /// Runs the service: agreements, editions, keys.
    Steward,
    /// Reads and verifies the access log.
    Auditor,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Contributor, Self::Partner, Self::Steward, Self::Auditor];

    /// Its word in certificates and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Contributor => "contributor",
            Self::Partner => "partner",
            Self::Steward => "steward",
            Self::Auditor => "auditor",
        }
    }

    /// The role a word stands for.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name all certificates of one service share: 1 to 255 of `a-z`, `0-9`, `.`, `-` and `_`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TrustDomain(Box<str>);

/// A text is not a [`TrustDomain`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a trust domain (1 to 255 of a-z, 0-9, '.', '-' and '_')")]
pub struct NotATrustDomain(());

impl TrustDomain {
    /// The trust domain a text spells.
    ///
    /// # Errors
    ///
    /// [`NotATrustDomain`] for an empty or long text, or one with other characters.
    pub fn new(text: &str) -> Result<Self, NotATrustDomain> {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
        ((1..=255).contains(&text.len()) && text.bytes().all(fits))
            .then(|| Self(text.into()))
            .ok_or(NotATrustDomain(()))
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The URI in the certificates of an organization in a role.
    #[must_use]
    pub fn uri(&self, organization: &OrgId, role: Role) -> String {
        format!("spiffe://{}/org/{organization}/role/{role}", self.0)
    }

    /// The URI in the certificate of one of its people, or of one of its programs.
    #[must_use]
    pub fn principal_uri(&self, organization: &OrgId, role: Role, principal: &Code) -> String {
        format!("{}/person/{principal}", self.uri(organization, role))
    }
}

/// A caller with a verified certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// The organization the certificate was issued to.
    pub organization: OrgId,
    /// What it was issued for.
    pub role: Role,
    /// Who of the organization it was issued to, where it says so: the name of an account, for agreements that name people.
    pub principal: Option<Code>,
    /// The certificate's serial number: lowercase hexadecimal, two digits a byte, no leading zero bytes.
    pub serial: String,
}

/// A verified certificate does not say who is calling. Nothing of its content is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAPeer {
    /// The certificate can not be read.
    #[error("the certificate cannot be read")]
    Unreadable,
    /// No URI among its names.
    #[error("the certificate has no URI")]
    NoUri,
    /// More than one URI among its names.
    #[error("the certificate has more than one URI")]
    ManyUris,
    /// A URI of another service.
    #[error("the certificate is for another trust domain")]
    ForeignDomain,
    /// A URI of another form.
    #[error(
        "the certificate's URI is not of the form spiffe://<trust domain>/org/<id>/role/<role>[/person/<id>]"
    )]
    Form,
    /// A role there is not.
    #[error("the certificate's role is unknown")]
    Role,
}

impl NotAPeer {
    /// A stable code for logs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unreadable => "certificate_unreadable",
            Self::NoUri => "no_uri",
            Self::ManyUris => "many_uris",
            Self::ForeignDomain => "foreign_trust_domain",
            Self::Form => "uri_form",
            Self::Role => "unknown_role",
        }
    }
}

impl Peer {
    /// The caller named by an end-entity certificate whose chain, dates, purpose and revocation were
    /// verified before.
    ///
    /// # Errors
    ///
    /// [`NotAPeer`], with the first reason that applies.
    pub fn from_verified(certificate: &CertificateDer<'_>, domain: &TrustDomain) -> Result<Self, NotAPeer> {
        let certificate = EndEntityCert::try_from(certificate).map_err(|_| NotAPeer::Unreadable)?;
        let mut uris = certificate.valid_uri_names();
        let uri = uris.next().ok_or(NotAPeer::NoUri)?;
        if uris.next().is_some() {
            return Err(NotAPeer::ManyUris);
        }
        let (organization, role, principal) = parse(uri, domain)?;
        Ok(Self { organization, role, principal, serial: hex(certificate.serial()) })
    }
}

/// Byte for byte: no case folding, no percent escapes, no dot segments, no empty parts, no query.
fn parse(uri: &str, domain: &TrustDomain) -> Result<(OrgId, Role, Option<Code>), NotAPeer> {
    let (authority, path) =
        uri.strip_prefix("spiffe://").and_then(|rest| rest.split_once('/')).ok_or(NotAPeer::Form)?;
    if authority != domain.as_str() {
        return Err(NotAPeer::ForeignDomain);
    }
    let mut parts = path.split('/');
    let (Some("org"), Some(id), Some("role"), Some(role)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(NotAPeer::Form);
    };
    let principal = match (parts.next(), parts.next(), parts.next()) {
        (None, ..) => None,
        (Some("person"), Some(id), None) => Some(Code::of_account(id).map_err(|_| NotAPeer::Form)?),
        _ => return Err(NotAPeer::Form),
    };
    let organization = OrgId::new(id).map_err(|_| NotAPeer::Form)?;
    Ok((organization, Role::parse(role).ok_or(NotAPeer::Role)?, principal))
}

/// DER puts a zero byte before a number whose first bit is set; it is no part of the number.
fn hex(number: &[u8]) -> String {
    let zeros = number.iter().take_while(|&&byte| byte == 0).count();
    number[zeros..].iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes every write");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(uri: &str, expected: Result<(&str, Role), NotAPeer>) {
        let domain = TrustDomain::new("collab.example").expect("a trust domain");
        let parsed = parse(uri, &domain);
        let parsed = parsed.as_ref().map(|(id, role, _)| (id.as_str(), *role)).map_err(|reason| *reason);
        assert_eq!(parsed, expected, "{uri}");
    }

    #[test]
    fn a_certificate_can_be_of_one_person() {
        let domain = TrustDomain::new("collab.example").expect("a trust domain");
        let (id, who) = (OrgId::new("d1").expect("an id"), Code::of_account("a.miller-2").expect("a name"));
        let uri = domain.principal_uri(&id, Role::Partner, &who);
        assert_eq!(uri, "spiffe://collab.example/org/d1/role/partner/person/a.miller-2");
        assert_eq!(parse(&uri, &domain), Ok((id, Role::Partner, Some(who))));
        let base = "spiffe://collab.example/org/d1/role/partner";
        assert_eq!(parse(base, &domain).map(|of| of.2), Ok(None));
        let long = format!("/person/{}", "a".repeat(65));
        for rest in [
            "/person",
            "/person/",
            "/person/A",
            "/person/..",
            "/person/a%62",
            "/person/a b",
            "/person/a/b",
            "/people/a",
            &long,
        ] {
            check(&format!("{base}{rest}"), Err(NotAPeer::Form));
        }
    }

    #[test]
    fn one_spelling_is_read() {
        for role in Role::ALL {
            check(&format!("spiffe://collab.example/org/north-isd/role/{role}"), Ok(("north-isd", role)));
        }
        let domain = TrustDomain::new("collab.example").expect("a trust domain");
        let id = OrgId::new("d1").expect("an id");
        check(&domain.uri(&id, Role::Steward), Ok(("d1", Role::Steward)));
    }

    #[test]
    fn every_other_spelling_is_not() {
        for uri in [
            "",
            "spiffe://",
            "spiffe://collab.example",
            "spiffe://collab.example/",
            "SPIFFE://collab.example/org/a/role/partner",
            "https://collab.example/org/a/role/partner",
            "spiffe:/collab.example/org/a/role/partner",
            "spiffe://collab.example/org/a/role/partner/",
            "spiffe://collab.example//org/a/role/partner",
            "spiffe://collab.example/org//role/partner",
            "spiffe://collab.example/org/a//role/partner",
            "spiffe://collab.example/org/a%2db/role/partner",
            "spiffe://collab.example/org/%61/role/partner",
            "spiffe://collab.example/org/A/role/partner",
            "spiffe://collab.example/org/../role/partner",
            "spiffe://collab.example/org/a b/role/partner",
            "spiffe://collab.example/org/a\0/role/partner",
            "spiffe://collab.example/Org/a/role/partner",
            "spiffe://collab.example/role/partner/org/a",
            "spiffe://collab.example/org/a",
            "spiffe://collab.example/org/a/role",
            "spiffe://collab.example/org/a/role/partner/org/b/role/steward",
        ] {
            check(uri, Err(NotAPeer::Form));
        }
        for uri in [
            "spiffe:///org/a/role/partner",
            "spiffe://other.example/org/a/role/partner",
            "spiffe://Collab.example/org/a/role/partner",
            "spiffe://collab.example./org/a/role/partner",
            "spiffe://collab.example:443/org/a/role/partner",
            "spiffe://a@collab.example/org/a/role/partner",
            "spiffe://x.collab.example/org/a/role/partner",
        ] {
            check(uri, Err(NotAPeer::ForeignDomain));
        }
        for uri in [
            "spiffe://collab.example/org/a/role/",
            "spiffe://collab.example/org/a/role/Partner",
            "spiffe://collab.example/org/a/role/admin",
            "spiffe://collab.example/org/a/role/partner?x=1",
            "spiffe://collab.example/org/a/role/partner#x",
            "spiffe://collab.example/org/a/role/part%6eer",
        ] {
            check(uri, Err(NotAPeer::Role));
        }
    }

    #[test]
    fn a_serial_number_is_its_magnitude() {
        assert_eq!(hex(&[0x00, 0x80, 0x01]), "8001");
        assert_eq!(hex(&[0x0a]), "0a");
    }

    #[test]
    fn a_trust_domain_is_plain() {
        assert!(TrustDomain::new("c2c.example").is_ok());
        for wrong in ["", "A", "a/b", "a:1", "a b", &"x".repeat(256)] {
            assert!(TrustDomain::new(wrong).is_err(), "{wrong}");
        }
    }
}
