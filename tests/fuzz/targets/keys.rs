//! Key files, certificates and what a client remembers: the files beside a connection.

use super::choice;
use super::files::Folder;
use super::log::{KEY, ORIGIN, pkcs8};
use rustls::pki_types::CertificateDer;
use std::fs::File;
use std::os::unix::fs::PermissionsExt as _;
use throughline::audit::{Cosigner, SignerKey};
use throughline::client::{Memory, pem};
use throughline::identity::{KeyId, KeyRing, Root, Roots};
use throughline::records::{Code, Label, OrgId};
use throughline::server::peer::{Peer, TrustDomain};

pub(super) fn run(data: &[u8]) {
    let (way, rest) = choice(data);
    match way {
        b'p' => files(rest),
        b'd' => certificate(rest),
        b'k' => drop(SignerKey::from_pkcs8(ORIGIN, rest)),
        b'r' => text(rest, ring),
        b'n' => text(rest, names),
        b'm' => memory(rest),
        _ => {}
    }
}

fn text(bytes: &[u8], of: impl FnOnce(&str)) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        of(text);
    }
}

/// PEM; an error tells the path alone.
fn files(bytes: &[u8]) {
    let folder = Folder::new();
    let path = folder.write("file.pem", bytes);
    let mine = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(&path, mine).expect("the file is mine");
    let read = pem::certificates(&path);
    if let Ok(certificates) = &read {
        assert!(!certificates.is_empty());
        certificates.iter().for_each(|one| certificate(one));
    }
    let rest = [read.err(), pem::private_key(&path).err(), pem::revocation_lists(&path).err()];
    for error in rest.into_iter().flatten() {
        let said = error.to_string();
        assert!(said.starts_with(&*path.display().to_string()), "{said}");
    }
}

/// Whoever a certificate names, by an id and a role that are spelled as such, and of this service alone.
fn certificate(bytes: &[u8]) {
    let domain = TrustDomain::new("collab.example").expect("a domain");
    let certificate = CertificateDer::from(bytes);
    let Ok(peer) = Peer::from_verified(&certificate, &domain) else { return };
    let uri = match &peer.principal {
        Some(principal) => domain.principal_uri(&peer.organization, peer.role, principal),
        None => domain.uri(&peer.organization, peer.role),
    };
    assert!(bytes.windows(uri.len()).any(|part| part == uri.as_bytes()), "{uri} stands in it");
    assert!(OrgId::new(&peer.organization.to_string()).is_ok());
    assert!(peer.serial.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
}

/// A key file is written as it is read, and its keys have the ids that it lists.
fn ring(text: &str) {
    if let Ok(roots) = Roots::parse(text) {
        let again = Roots::parse(&roots.to_text()).expect("it was just written");
        assert_eq!(again.linkage_ids(), roots.linkage_ids());
        assert_eq!(*again.to_text(), *roots.to_text());
        assert!((1..=Roots::LINKAGE_MAX).contains(&KeyRing::derive(&roots).linkage().len()));
    }
    if let Ok(root) = Root::parse_hex(text) {
        assert_eq!(KeyRing::of(&root).linkage().len(), 1);
    }
    if let Some(id) = KeyId::parse(text) {
        assert_eq!(id.to_string(), text);
    }
}

/// Ids and codes have no room for a name; what is one prints as itself.
fn names(text: &str) {
    for (printed, same) in [
        (Code::new(text).map(|code| code.to_string()).ok(), true),
        (Code::of_account(text).map(|code| code.to_string()).ok(), true),
        (OrgId::new(text).map(|id| id.to_string()).ok(), true),
        (Label::new(text).map(|label| label.to_string()).ok(), false),
    ] {
        let Some(printed) = printed else { continue };
        assert_eq!(printed, if same { text } else { text.trim() });
        assert!(!printed.is_empty() && !printed.contains(char::is_control));
        assert!(!same || !printed.contains(char::is_whitespace));
    }
    if let Ok(domain) = TrustDomain::new(text) {
        assert_eq!(domain.as_str(), text);
    }
}

/// What a client has seen: checkpoints that the log has signed, or nothing.
fn memory(bytes: &[u8]) {
    let folder = Folder::new();
    let path = folder.write("seen.json", bytes);
    let cosigner = Cosigner::from_pkcs8("witness.example/1", &pkcs8(1)).expect("a key");
    let lock = File::open(folder.write("witness.key", b"")).expect("it was written");
    let _ = Memory::open(&path, KEY.verifier().clone(), lock, cosigner);
    assert_eq!(std::fs::read(&path).ok().as_deref(), Some(bytes), "reading changes nothing");
}
