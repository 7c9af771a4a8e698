//! `AdminService`: organizations, agreements, products, editions, for the steward.

use super::desk::{Desk, Rpc};
use super::peer::Role;
use super::{check, destruction, editions, erasure, linkage, load, rotation};
use crate::agreements::State;
use crate::api::v1 as pb;
use crate::identity::KeyId;
use crate::store;
use pb::admin_service_server::AdminService;
use std::sync::Arc;
use tokio::sync::Mutex;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

const STEWARD: &[Role] = &[Role::Steward];

const fn rpc(name: &'static str) -> Rpc {
    Rpc { name, roles: STEWARD }
}

/// The service for stewards.
pub(super) struct Admin {
    pub(super) desk: Desk,
    /// One edition at a time.
    pub(super) publishing: Arc<destruction::Turn>,
    /// One check of products or review of links at a time.
    pub(super) checking: Arc<Mutex<()>>,
    /// The linkage keys of the service, where it encodes for sources.
    pub(super) held: Option<Arc<[KeyId]>>,
}

#[tonic::async_trait]
impl AdminService for Admin {
    type PublishStream = ReceiverStream<Result<pb::PublishResponse, Status>>;
    type CheckProductStream = ReceiverStream<Result<pb::CheckProductResponse, Status>>;

    async fn put_organization(
        &self,
        request: Request<pb::PutOrganizationRequest>,
    ) -> Result<Response<pb::PutOrganizationResponse>, Status> {
        let (admitted, request) = self.desk.admit(rpc("PutOrganization"), request).await?;
        let organization = request.organization.unwrap_or_default();
        load::organization(&self.desk, &admitted.call, organization).await
    }

    async fn list_organizations(
        &self,
        request: Request<pb::ListOrganizationsRequest>,
    ) -> Result<Response<pb::ListOrganizationsResponse>, Status> {
        let (admitted, _) = self.desk.admit(rpc("ListOrganizations"), request).await?;
        let organizations = self.desk.look(&admitted.call, |snapshot| snapshot.organizations()).await?;
        let organizations = organizations.into_iter().map(|organization| pb::Organization {
            id: organization.id.to_string(),
            name: organization.name,
            roles: organization.roles.into_iter().collect(),
            standing: if organization.active { pb::Standing::Active } else { pb::Standing::Suspended }.into(),
        });
        let response = pb::ListOrganizationsResponse { organizations: organizations.collect() };
        self.desk.answer(&admitted.call, response).await
    }

    async fn put_agreement(
        &self,
        request: Request<pb::PutAgreementRequest>,
    ) -> Result<Response<pb::PutAgreementResponse>, Status> {
        let (admitted, request) = self.desk.admit(rpc("PutAgreement"), request).await?;
        load::agreement(&self.desk, &admitted.call, request.document).await
    }

    async fn list_agreements(
        &self,
        request: Request<pb::ListAgreementsRequest>,
    ) -> Result<Response<pb::ListAgreementsResponse>, Status> {
        let (admitted, _) = self.desk.admit(rpc("ListAgreements"), request).await?;
        let today = admitted.call.time.date();
        let agreements = self.desk.look(&admitted.call, |snapshot| snapshot.agreements()).await?;
        let agreements = agreements.into_iter().map(|(agreement, digest)| pb::AgreementSummary {
            state: match agreement.state(today) {
                State::NotYet => "not_yet",
                State::InForce => "in_force",
                State::Expired => "expired",
                State::Destroyed => "destroyed",
            }
            .into(),
            agreement: agreement.id,
            version: agreement.version,
            digest: digest.to_vec(),
            title: agreement.title,
            expires: agreement.expires.to_string(),
            breach_notice_hours: agreement.terms.breach_notice_hours.unwrap_or(0).into(),
            contacts: agreement.terms.contacts,
        });
        let response = pb::ListAgreementsResponse { agreements: agreements.collect() };
        self.desk.answer(&admitted.call, response).await
    }

    async fn put_product(
        &self,
        request: Request<pb::PutProductRequest>,
    ) -> Result<Response<pb::PutProductResponse>, Status> {
        let (admitted, request) = self.desk.admit(rpc("PutProduct"), request).await?;
        load::product(&self.desk, &admitted.call, request.document).await
    }

    async fn check_product(
        &self,
        request: Request<pb::CheckProductRequest>,
    ) -> Result<Response<Self::CheckProductStream>, Status> {
        let (admitted, request) = self.desk.admit(rpc("CheckProduct"), request).await?;
        check::check(&self.desk, &self.checking, admitted, request).await
    }

    async fn approve_edition(
        &self,
        request: Request<pb::ApproveEditionRequest>,
    ) -> Result<Response<pb::ApproveEditionResponse>, Status> {
        let (admitted, request) = self.desk.admit(rpc("ApproveEdition"), request).await?;
        editions::approve(&self.desk, &admitted, request).await
    }

    async fn publish(
        &self,
        request: Request<pb::PublishRequest>,
    ) -> Result<Response<Self::PublishStream>, Status> {
        let (admitted, request) = self.desk.admit(rpc("Publish"), request).await?;
        editions::publish(&self.desk, &self.publishing, admitted, request.title).await
    }

    async fn verify_edition(
        &self,
        request: Request<pb::VerifyEditionRequest>,
    ) -> Result<Response<pb::VerifyEditionResponse>, Status> {
        let (admitted, request) = self.desk.admit(rpc("VerifyEdition"), request).await?;
        editions::verify(&self.desk, &admitted, request.edition).await
    }

    async fn get_linkage(
        &self,
        request: Request<pb::GetLinkageRequest>,
    ) -> Result<Response<pb::GetLinkageResponse>, Status> {
        let (admitted, request) = self.desk.admit(rpc("GetLinkage"), request).await?;
        linkage::report(&self.desk, &self.checking, &admitted, request).await
    }

    async fn decide_link(
        &self,
        request: Request<pb::DecideLinkRequest>,
    ) -> Result<Response<pb::DecideLinkResponse>, Status> {
        let (admitted, request) = self.desk.admit(rpc("DecideLink"), request).await?;
        linkage::decide(&self.desk, &admitted, request).await
    }

    async fn get_linkage_keys(
        &self,
        request: Request<pb::GetLinkageKeysRequest>,
    ) -> Result<Response<pb::GetLinkageKeysResponse>, Status> {
        let (admitted, _) = self.desk.admit(rpc("GetLinkageKeys"), request).await?;
        rotation::report(&self.desk, &admitted).await
    }

    async fn change_linkage_key(
        &self,
        request: Request<pb::ChangeLinkageKeyRequest>,
    ) -> Result<Response<pb::ChangeLinkageKeyResponse>, Status> {
        let (admitted, request) = self.desk.admit(rpc("ChangeLinkageKey"), request).await?;
        rotation::change(&self.desk, self.held.clone(), &admitted, request).await
    }

    async fn destroy(
        &self,
        request: Request<pb::DestroyRequest>,
    ) -> Result<Response<pb::DestroyResponse>, Status> {
        let (admitted, request) = self.desk.admit(rpc("Destroy"), request).await?;
        destruction::destroy(&self.desk, &self.publishing, admitted, request).await
    }

    async fn erase_person(
        &self,
        request: Request<pb::ErasePersonRequest>,
    ) -> Result<Response<pb::ErasePersonResponse>, Status> {
        let (admitted, request) = self.desk.admit(rpc("ErasePerson"), request).await?;
        erasure::erase(&self.desk, &self.publishing, admitted, request).await
    }

    async fn get_status(
        &self,
        request: Request<pb::GetStatusRequest>,
    ) -> Result<Response<pb::GetStatusResponse>, Status> {
        let (admitted, _) = self.desk.admit(rpc("GetStatus"), request).await?;
        let look = |snapshot: &store::Snapshot<'_>| {
            let sources = snapshot.record_counts()?.into_iter().map(|count| pb::SourceStatus {
                source: count.source.to_string(),
                kind: count.kind.code().into(),
                records: count.n_records,
                last_received: count.last_received.map(|time| time.to_string()).unwrap_or_default(),
            });
            let witnessed = snapshot.witnessed_checkpoint()?;
            Ok(pb::GetStatusResponse {
                witnesses: snapshot.n_witnesses()?,
                witnessed_size: witnessed.as_ref().map_or(0, |last| last.size),
                witnessed_at: witnessed.map(|last| last.time.to_string()).unwrap_or_default(),
                version: env!("CARGO_PKG_VERSION").into(),
                sources: sources.collect(),
                persons: snapshot.n_persons()?,
                editions: snapshot.edition(None)?.map_or(0, |edition| edition.number),
                log_size: snapshot.log_size()?,
            })
        };
        let response = self.desk.look(&admitted.call, look).await?;
        self.desk.answer(&admitted.call, response).await
    }
}
