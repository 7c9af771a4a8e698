//! `AdminService`: organizations, agreements, products, editions, for the steward.

use super::check;
use super::desk::{Desk, Rpc, answered, with_receipt};
use super::linkage;
use super::peer::Role;
use super::products::{self, MAX_DOCUMENT};
use super::status::{self, Told};
use crate::agreements::{Agreement, State};
use crate::api::v1 as pb;
use crate::audit::{Call, Hash};
use crate::disclosure::{LayerReport, PeriodReport, Released, ReleasedReport, RuleProfile};
use crate::publish::{self, Published};
use crate::records::OrgId;
use crate::store::{self, Organization, Stored, Tx};
use crate::verify;
use pb::admin_service_server::AdminService;
use prost::Message;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{Mutex, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Response, Status};

const STEWARD: &[Role] = &[Role::Steward];

const fn rpc(name: &'static str) -> Rpc {
    Rpc { name, roles: STEWARD }
}

/// The service for stewards.
pub(super) struct Admin {
    pub(super) desk: Desk,
    /// One edition at a time.
    pub(super) publishing: Arc<Mutex<()>>,
    /// One check of products or review of links at a time.
    pub(super) checking: Arc<Mutex<()>>,
}

#[tonic::async_trait]
impl AdminService for Admin {
    type PublishStream = ReceiverStream<Result<pb::PublishResponse, Status>>;
    type CheckProductStream = ReceiverStream<Result<pb::CheckProductResponse, Status>>;

    async fn put_organization(
        &self,
        request: Request<pb::PutOrganizationRequest>,
    ) -> Result<Response<pb::PutOrganizationResponse>, Status> {
        let content = request.get_ref().encode_to_vec();
        let admitted = self.desk.admit(rpc("PutOrganization"), &request, Some(&content)).await?;
        let organization = match organization(request.into_inner().organization.unwrap_or_default()) {
            Ok(organization) => organization,
            Err(problem) => return Err(self.refuse(&admitted.call, "organization.malformed", problem).await),
        };
        let steps = move |tx: &mut Tx<'_>| tx.put_organization(&organization).map(|()| Stored::New);
        self.put(&admitted.call, "admin.organization", pb::PutOrganizationResponse {}, steps).await
    }

    async fn list_organizations(
        &self,
        request: Request<pb::ListOrganizationsRequest>,
    ) -> Result<Response<pb::ListOrganizationsResponse>, Status> {
        let admitted = self.desk.admit(rpc("ListOrganizations"), &request, Some(&[])).await?;
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
        let content = request.get_ref().encode_to_vec();
        let admitted = self.desk.admit(rpc("PutAgreement"), &request, Some(&content)).await?;
        let (call, document) = (&admitted.call, request.into_inner().document);
        if document.len() > MAX_DOCUMENT {
            return Err(self.refuse(call, "agreement.too_long", "the document is too long").await);
        }
        let agreement = match Agreement::parse(&document) {
            Ok(agreement) => agreement,
            Err(invalid) => return Err(self.refuse(call, "agreement.malformed", &invalid.to_string()).await),
        };
        if RuleProfile::named(&agreement.profile).is_none() {
            return Err(self.refuse(call, "agreement.profile", "profile: is not a known rule profile").await);
        }
        let (id, version, digest, now) =
            (agreement.id.clone(), agreement.version, *Hash::of(document.as_bytes()).as_bytes(), call.time);
        let response = pb::PutAgreementResponse { agreement: agreement.id, version, digest: digest.to_vec() };
        let steps = move |tx: &mut Tx<'_>| tx.put_agreement(&id, version, &digest, &document, now);
        self.put(call, "admin.agreement", response, steps).await
    }

    async fn list_agreements(
        &self,
        request: Request<pb::ListAgreementsRequest>,
    ) -> Result<Response<pb::ListAgreementsResponse>, Status> {
        let admitted = self.desk.admit(rpc("ListAgreements"), &request, Some(&[])).await?;
        let today = admitted.call.time.date();
        let agreements = self.desk.look(&admitted.call, |snapshot| snapshot.agreements()).await?;
        let agreements = agreements.into_iter().map(|(agreement, digest)| pb::AgreementSummary {
            state: match agreement.state(today) {
                State::NotYet => "not_yet",
                State::InForce => "in_force",
                State::Expired => "expired",
            }
            .into(),
            agreement: agreement.id,
            version: agreement.version,
            digest: digest.to_vec(),
            title: agreement.title,
            expires: agreement.expires.to_string(),
        });
        let response = pb::ListAgreementsResponse { agreements: agreements.collect() };
        self.desk.answer(&admitted.call, response).await
    }

    async fn put_product(
        &self,
        request: Request<pb::PutProductRequest>,
    ) -> Result<Response<pb::PutProductResponse>, Status> {
        let content = request.get_ref().encode_to_vec();
        let admitted = self.desk.admit(rpc("PutProduct"), &request, Some(&content)).await?;
        let (call, document) = (&admitted.call, request.into_inner().document);
        let loading = match products::read(&document) {
            Ok(product) => {
                let (mut others, published) = self.desk.look(call, products::known).await?;
                others.retain(|other| other.id() != product.id());
                others.extend(published);
                products::fits(&product, &others).map(|()| product)
            }
            Err(wrong) => Err(wrong),
        };
        let product = match loading {
            Ok(product) => product,
            Err(wrong) => return Err(self.refuse(call, wrong.rule, &wrong.message()).await),
        };
        let (id, version, digest, now) = (
            product.id().to_owned(),
            product.version(),
            *Hash::of(document.as_bytes()).as_bytes(),
            call.time,
        );
        let response = pb::PutProductResponse { product: product.id().to_owned(), version };
        let steps = move |tx: &mut Tx<'_>| tx.put_product(&id, version, &digest, &document, now);
        self.put(call, "admin.product", response, steps).await
    }

    async fn check_product(
        &self,
        request: Request<pb::CheckProductRequest>,
    ) -> Result<Response<Self::CheckProductStream>, Status> {
        let content = request.get_ref().encode_to_vec();
        let admitted = self.desk.admit(rpc("CheckProduct"), &request, Some(&content)).await?;
        check::check(&self.desk, &self.checking, admitted, request.into_inner()).await
    }

    async fn publish(
        &self,
        request: Request<pb::PublishRequest>,
    ) -> Result<Response<Self::PublishStream>, Status> {
        let content = request.get_ref().encode_to_vec();
        let admitted = self.desk.admit(rpc("Publish"), &request, Some(&content)).await?;
        let title = request.into_inner().title;
        if title.chars().count() > 120 || title.chars().any(char::is_control) {
            return Err(self
                .refuse(&admitted.call, "publish.title", "title: is too long or has control characters")
                .await);
        }
        let Ok(turn) = self.publishing.clone().try_lock_owned() else {
            let status =
                status::status(Code::FailedPrecondition, "PUBLISHING", "an edition is being published");
            return Err(self.desk.refuse(&admitted.call, Told { rule: "publish.busy", status }).await);
        };
        let (replies, outgoing) = mpsc::channel(16);
        let desk = self.desk.clone();
        tokio::spawn(async move {
            let _turn = turn;
            let started = Instant::now();
            let stages = replies.clone();
            let progress = move |stage: publish::Stage| {
                // Progress that nobody waits for may be lost.
                let _ = stages
                    .try_send(Ok(pb::PublishResponse { stage: stage.name().into(), ..Default::default() }));
            };
            let reply = match publish::publish(&desk.store, title, admitted.call.clone(), progress).await {
                Ok(published) => Ok(report(published, started.elapsed().as_secs_f64())),
                Err(error) => {
                    Err(desk.refuse(&admitted.call, status::publish(&error, &admitted.call.request_id)).await)
                }
            };
            // The edition is there whether or not the steward still listens.
            let _ = replies.send(reply).await;
        });
        Ok(Response::new(ReceiverStream::new(outgoing)))
    }

    async fn verify_edition(
        &self,
        request: Request<pb::VerifyEditionRequest>,
    ) -> Result<Response<pb::VerifyEditionResponse>, Status> {
        let content = request.get_ref().encode_to_vec();
        let admitted = self.desk.admit(rpc("VerifyEdition"), &request, Some(&content)).await?;
        let number = request.into_inner().edition;
        let started = Instant::now();
        let held = match verify::verify(&self.desk.store, (number > 0).then_some(number)).await {
            Ok(held) => held,
            Err(error) => {
                let told = status::verify(&error, &admitted.call.request_id);
                return Err(self.desk.refuse(&admitted.call, told).await);
            }
        };
        let response = pb::VerifyEditionResponse {
            edition: held.edition,
            numbers: held.verified.n_numbers,
            tables: held.verified.n_witnesses,
            one_mark: held.verified.n_one_mark,
            linear_only: held.verified.n_linear_only,
            seal_digest: held.seal_digest.to_vec(),
            proof_digest: held.proof_digest.to_vec(),
            seconds: started.elapsed().as_secs_f64(),
        };
        self.desk.answer(&admitted.call, response).await
    }

    async fn get_linkage(
        &self,
        request: Request<pb::GetLinkageRequest>,
    ) -> Result<Response<pb::GetLinkageResponse>, Status> {
        let admitted = self.desk.admit(rpc("GetLinkage"), &request, Some(&[])).await?;
        linkage::report(&self.desk, &self.checking, &admitted).await
    }

    async fn decide_link(
        &self,
        request: Request<pb::DecideLinkRequest>,
    ) -> Result<Response<pb::DecideLinkResponse>, Status> {
        let content = request.get_ref().encode_to_vec();
        let admitted = self.desk.admit(rpc("DecideLink"), &request, Some(&content)).await?;
        linkage::decide(&self.desk, &admitted, request.into_inner()).await
    }

    async fn get_status(
        &self,
        request: Request<pb::GetStatusRequest>,
    ) -> Result<Response<pb::GetStatusResponse>, Status> {
        let admitted = self.desk.admit(rpc("GetStatus"), &request, Some(&[])).await?;
        let look = |snapshot: &store::Snapshot<'_>| {
            let sources = snapshot.record_counts()?.into_iter().map(|count| pb::SourceStatus {
                source: count.source.to_string(),
                kind: count.kind.code().into(),
                records: count.n_records,
                last_received: count.last_received.map(|time| time.to_string()).unwrap_or_default(),
            });
            Ok(pb::GetStatusResponse {
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

impl Admin {
    async fn refuse(&self, call: &Call, rule: &'static str, message: &str) -> Status {
        let told = Told { rule, status: status::status(Code::InvalidArgument, "MALFORMED", message) };
        self.desk.refuse(call, told).await
    }

    /// Makes a change and its entry in one transaction, and answers.
    async fn put<M, F>(
        &self,
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
        let put = self.desk.store.transaction(name, move |tx| match steps(tx)? {
            Stored::New | Stored::Same => Ok(tx.log(&entry)?),
            Stored::Conflict => Err(NotPut::Conflict),
            Stored::Outdated => Err(NotPut::Outdated),
        });
        match put.await {
            Ok(committed) => Ok(with_receipt(response, &committed)),
            Err(not_put) => Err(self.desk.refuse(call, not_put.told(&call.request_id)).await),
        }
    }
}

/// Why a document or an organization was not put.
enum NotPut {
    Conflict,
    Outdated,
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
            Self::Store(error) => return status::store(&error, request_id),
        };
        Told { rule, status: status::status(code, "VERSION", message) }
    }
}

fn organization(wire: pb::Organization) -> Result<Organization, &'static str> {
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

fn report(published: Published, seconds: f64) -> pb::PublishResponse {
    let products = published.report.products.iter().map(|product| pb::ProductReport {
        product: product.product.clone(),
        cells: product.n_cells,
        primary: product.n_primary,
        secondary: product.n_secondary,
        seal_digest: published.seal_digest.to_vec(),
        hidden_share: product.hidden_share(),
    });
    let report = pb::EditionReport {
        edition: published.edition.number,
        persons: published.edition.n_persons,
        student_years: published.edition.n_student_years,
        opted_out: published.edition.n_opted_out,
        digest: published.edition.digest.to_vec(),
        products: products.collect(),
        layers: published.report.layers.iter().map(layer).collect(),
        periods: published.report.periods.iter().map(period).collect(),
        released: published.report.released.iter().map(released).collect(),
        seconds,
        waiting: published.n_waiting,
    };
    pb::PublishResponse { stage: "done".into(), report: Some(report), receipt: Some(published.receipt) }
}

pub(super) fn layer(layer: &LayerReport) -> pb::LayerReport {
    pb::LayerReport {
        unit: layer.unit.name().into(),
        period: layer.period.into(),
        of: layer.of.clone(),
        sensitive: layer.n_sensitive,
        one_mark: layer.n_one_mark,
        linear_only: layer.n_linear_only,
        witnesses: layer.n_witnesses,
    }
}

pub(super) fn period(period: &PeriodReport) -> pb::PeriodReport {
    pb::PeriodReport {
        unit: period.unit.name().into(),
        period: period.period.into(),
        counted_in: period.counted_in,
        sealed_in: period.sealed_in,
        waits: period.waits,
        products: period.products.clone(),
    }
}

pub(super) fn released(report: &ReleasedReport) -> pb::ReleasedReport {
    let mut released = pb::ReleasedReport {
        unit: report.unit.name().into(),
        period: report.period.into(),
        products: report.products.clone(),
        ..Default::default()
    };
    match report.how {
        Released::Rounded(base) => released.rounded_to = base,
        Released::Noisy { deviation, spent, budget, is_last } => {
            released.people_noise = deviation;
            (released.epsilon_spent, released.epsilon) = (spent, budget);
            released.last = is_last;
        }
    }
    released
}
