//! What the steward loads: organizations, agreements and products, each with its entry in the log.

use super::desk::{Desk, answered, with_receipt};
use super::peer::Role;
use super::people;
use super::products::{self, MAX_DOCUMENT};
use super::status::{self, Told};
use crate::agreements::Agreement;
use crate::api::v1 as pb;
use crate::audit::{Call, Hash};
use crate::disclosure::RuleProfile;
use crate::records::OrgId;
use crate::store::{self, Organization, Stored, Tx};
use prost::Message;
use std::collections::BTreeSet;
use tonic::{Code, Response, Status};

/// Registers an organization, or changes it.
pub(super) async fn organization(
    desk: &Desk,
    call: &Call,
    wire: pb::Organization,
) -> Result<Response<pb::PutOrganizationResponse>, Status> {
    let organization = match read(wire) {
        Ok(organization) => organization,
        Err(problem) => {
            return Err(desk.refuse(call, Told::malformed("organization.malformed", problem)).await);
        }
    };
    let steps = move |tx: &mut Tx<'_>| tx.put_organization(&organization).map(|()| Stored::New);
    put(desk, call, "admin.organization", pb::PutOrganizationResponse {}, steps).await
}

/// Loads an agreement.
pub(super) async fn agreement(
    desk: &Desk,
    call: &Call,
    document: String,
) -> Result<Response<pb::PutAgreementResponse>, Status> {
    if document.len() > MAX_DOCUMENT {
        return Err(desk
            .refuse(call, Told::malformed("agreement.too_long", "the document is too long"))
            .await);
    }
    let agreement = match Agreement::parse(&document) {
        Ok(agreement) => agreement,
        Err(invalid) => {
            return Err(desk
                .refuse(call, Told::malformed("agreement.malformed", &invalid.to_string()))
                .await);
        }
    };
    if agreement.destruction < call.time.date() {
        // Loaded by mistake, it would destroy at once whatever its earlier versions brought.
        let message = "destruction: is past; the earliest day on which it can be destroyed is today";
        return Err(desk.refuse(call, Told::malformed("agreement.malformed", message)).await);
    }
    let named = agreement.terms.profiles.iter().flatten().chain([&agreement.profile]);
    if named.into_iter().any(|profile| RuleProfile::named(profile).is_none()) {
        let message = "profile, or one of terms.profiles: is not a known rule profile";
        return Err(desk.refuse(call, Told::malformed("agreement.profile", message)).await);
    }
    people::agree(desk, call).await?;
    let (id, version, digest, now) =
        (agreement.id.clone(), agreement.version, *Hash::of(document.as_bytes()).as_bytes(), call.time);
    let response = pb::PutAgreementResponse { agreement: agreement.id, version, digest: digest.to_vec() };
    let (rpc, request) = (call.rpc, call.request_digest);
    let steps = move |tx: &mut Tx<'_>| {
        if tx.is_agreement_destroyed(&id)? {
            return Ok(Stored::Destroyed);
        }
        // Where it can not be loaded, nothing of this stays, and it waits as before.
        tx.forget_proposals(rpc, request.as_ref())?;
        tx.put_agreement(&id, version, &digest, &document, now)
    };
    put(desk, call, "admin.agreement", response, steps).await
}

/// Loads a product, if it goes with those that are loaded or out.
pub(super) async fn product(
    desk: &Desk,
    call: &Call,
    document: String,
) -> Result<Response<pb::PutProductResponse>, Status> {
    let loading = match products::read(&document) {
        Ok(product) => {
            let (mut others, published) = desk.look(call, products::known).await?;
            others.retain(|other| other.id() != product.id());
            others.extend(published);
            products::fits(&product, &others).map(|()| product)
        }
        Err(wrong) => Err(wrong),
    };
    let product = match loading {
        Ok(product) => product,
        Err(wrong) => return Err(desk.refuse(call, Told::malformed(wrong.rule, &wrong.message())).await),
    };
    let (id, version, digest, now) =
        (product.id().to_owned(), product.version(), *Hash::of(document.as_bytes()).as_bytes(), call.time);
    let response = pb::PutProductResponse { product: product.id().to_owned(), version };
    let steps = move |tx: &mut Tx<'_>| tx.put_product(&id, version, &digest, &document, now);
    put(desk, call, "admin.product", response, steps).await
}

/// Makes a change and its entry in one transaction, and answers.
async fn put<M, F>(
    desk: &Desk,
    call: &Call,
    name: &'static str,
    response: M,
    steps: F,
) -> Result<Response<M>, Status>
where
    M: Message,
    F: FnOnce(&mut Tx<'_>) -> Result<Stored, store::Error> + Send + 'static,
{
    let entry = answered(call, &response);
    let put = desk.store.transaction(name, move |tx| match steps(tx)? {
        Stored::New | Stored::Same => Ok(tx.log(&entry)?),
        Stored::Conflict => Err(NotPut::Conflict),
        Stored::Outdated => Err(NotPut::Outdated),
        Stored::Destroyed => Err(NotPut::Destroyed),
    });
    match put.await {
        Ok(committed) => Ok(with_receipt(response, &committed)),
        Err(not_put) => Err(desk.refuse(call, not_put.told(&call.request_id)).await),
    }
}

/// Why a document or an organization was not put.
enum NotPut {
    Conflict,
    Outdated,
    Destroyed,
    Store(store::Error),
}

impl From<store::Error> for NotPut {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

impl NotPut {
    fn told(self, request_id: &str) -> Told {
        let (rule, code, message) = match self {
            Self::Conflict => (
                "document.conflict",
                Code::AlreadyExists,
                "this version was loaded with other content; raise the version",
            ),
            Self::Outdated => ("document.outdated", Code::FailedPrecondition, "a newer version is loaded"),
            Self::Destroyed => (
                "agreement.destroyed",
                Code::FailedPrecondition,
                "what was received under this agreement is destroyed: a new one needs another id",
            ),
            Self::Store(error) => return status::store(&error, request_id),
        };
        Told { rule, status: status::status(code, "VERSION", message) }
    }
}

/// The organization in a message, or what is wrong with it.
fn read(wire: pb::Organization) -> Result<Organization, &'static str> {
    let id = OrgId::new(&wire.id).map_err(|_| "organization.id: must be 1 to 64 of a-z, 0-9 and -")?;
    let roles: BTreeSet<String> = wire.roles.into_iter().collect();
    if roles.is_empty() || !roles.iter().all(|role| Role::parse(role).is_some()) {
        return Err("organization.roles: some of contributor, partner, steward, auditor");
    }
    if wire.name.chars().count() > 120 || wire.name.chars().any(char::is_control) {
        return Err("organization.name: is too long or has control characters");
    }
    let active = match pb::Standing::try_from(wire.standing) {
        Ok(pb::Standing::Active) => true,
        Ok(pb::Standing::Suspended) => false,
        Ok(pb::Standing::Unspecified) | Err(_) => return Err("organization.standing: is required"),
    };
    Ok(Organization { id, name: wire.name, roles, active })
}
