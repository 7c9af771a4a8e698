//! `AuditService`: the access log, for those who check it. Reading it is itself an entry.

use super::desk::{Desk, Rpc};
use super::destruction;
use super::listing;
use super::peer::Role;
use super::review;
use super::status::{self, Told};
use super::student;
use super::witnesses::{self, Witnesses};
use crate::api::{self, v1 as pb};
use crate::audit::Filter;
use crate::ingest::Intake;
use crate::records::Violation;
use crate::store;
use pb::audit_service_server::AuditService;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

pub(super) const AUDITOR: &[Role] = &[Role::Auditor, Role::Steward];
const EVERYONE: &[Role] = &[Role::Contributor, Role::Partner, Role::Steward, Role::Auditor];

/// Entries in a page at most.
pub(super) const MAX_PAGE: u32 = 1_000;

/// Entries in a message of an export.
const EXPORT_CHUNK: u64 = 1_000;

/// The service for auditors.
pub(super) struct Audit {
    pub(super) desk: Desk,
    /// How a student of a source becomes the token it is known by.
    pub(super) intake: Intake,
    pub(super) witnesses: Witnesses,
    /// The note that says which key is to follow the log's; empty for none.
    pub(super) key_change: String,
}

#[tonic::async_trait]
impl AuditService for Audit {
    type ExportLogStream = ReceiverStream<Result<pb::ExportLogResponse, Status>>;

    async fn list_entries(
        &self,
        request: Request<pb::ListEntriesRequest>,
    ) -> Result<Response<pb::ListEntriesResponse>, Status> {
        let rpc = Rpc { name: "ListEntries", roles: AUDITOR };
        let (admitted, wire) = self.desk.admit(rpc, request).await?;
        let (from, page_size) = (wire.from_index, wire.page_size);
        let filter = match api::filter(&wire) {
            Ok(filter) => filter,
            Err(violations) => {
                let told = Told { rule: "list.malformed", status: status::violations(&violations) };
                return Err(self.desk.refuse(&admitted.call, told).await);
            }
        };
        let page = if page_size == 0 { 100 } else { page_size.min(MAX_PAGE) };
        let look = move |snapshot: &store::Snapshot<'_>| snapshot.log_entries(from, page as usize, &filter);
        let (entries, next_index) = self.desk.look(&admitted.call, look).await?;
        let entries = entries.into_iter().map(listing::sent).collect();
        self.desk.answer(&admitted.call, pb::ListEntriesResponse { entries, next_index }).await
    }

    async fn list_organization_entries(
        &self,
        request: Request<pb::ListOrganizationEntriesRequest>,
    ) -> Result<Response<pb::ListOrganizationEntriesResponse>, Status> {
        let rpc = Rpc { name: "ListOrganizationEntries", roles: EVERYONE };
        let (admitted, wire) = self.desk.admit(rpc, request).await?;
        listing::list(&self.desk, &admitted, wire).await
    }

    async fn get_checkpoint(
        &self,
        request: Request<pb::GetCheckpointRequest>,
    ) -> Result<Response<pb::GetCheckpointResponse>, Status> {
        let rpc = Rpc { name: "GetCheckpoint", roles: EVERYONE };
        let (admitted, _) = self.desk.admit(rpc, request).await?;
        let key_change = self.key_change.clone();
        let look = move |snapshot: &store::Snapshot<'_>| {
            let (checkpoint, witnessed) = (snapshot.checkpoint()?, snapshot.witnessed_checkpoint()?);
            let (witnessed, witnessed_at) =
                witnessed.map(|last| (last.note, last.time.to_string())).unwrap_or_default();
            let checkpoint = checkpoint.unwrap_or_default();
            Ok(pb::GetCheckpointResponse { checkpoint, witnessed, witnessed_at, key_change })
        };
        let response = self.desk.look(&admitted.call, look).await?;
        self.desk.answer(&admitted.call, response).await
    }

    async fn offer_checkpoint(
        &self,
        request: Request<pb::OfferCheckpointRequest>,
    ) -> Result<Response<pb::OfferCheckpointResponse>, Status> {
        let rpc = Rpc { name: "OfferCheckpoint", roles: EVERYONE };
        let (admitted, request) = self.desk.admit(rpc, request).await?;
        let organization = admitted.peer.organization.clone();
        witnesses::offer(&self.desk, &self.witnesses, &admitted.call, organization, request).await
    }

    async fn add_cosignature(
        &self,
        request: Request<pb::AddCosignatureRequest>,
    ) -> Result<Response<pb::AddCosignatureResponse>, Status> {
        let rpc = Rpc { name: "AddCosignature", roles: EVERYONE };
        let (admitted, request) = self.desk.admit(rpc, request).await?;
        let organization = admitted.peer.organization.clone();
        witnesses::add(&self.desk, &self.witnesses, &admitted.call, organization, request).await
    }

    async fn get_consistency_proof(
        &self,
        request: Request<pb::GetConsistencyProofRequest>,
    ) -> Result<Response<pb::GetConsistencyProofResponse>, Status> {
        let rpc = Rpc { name: "GetConsistencyProof", roles: EVERYONE };
        let (admitted, wire) = self.desk.admit(rpc, request).await?;
        let look = move |snapshot: &store::Snapshot<'_>| {
            let size = snapshot.log_size()?;
            let new = if wire.new_size == 0 { size } else { wire.new_size };
            if wire.old_size > new || new > size {
                return Ok(None);
            }
            let proof = snapshot.consistency(wire.old_size, new)?;
            let checkpoint =
                if new == size { snapshot.checkpoint()?.unwrap_or_default() } else { String::new() };
            Ok(Some(pb::GetConsistencyProofResponse {
                proof: proof.iter().map(|hash| hash.as_bytes().to_vec()).collect(),
                checkpoint,
            }))
        };
        match self.desk.look(&admitted.call, look).await? {
            Some(response) => self.desk.answer(&admitted.call, response).await,
            None => {
                let violations =
                    [Violation::new("new_size", "out_of_range", "is not a later size of the log")];
                let told = Told { rule: "proof.malformed", status: status::violations(&violations) };
                Err(self.desk.refuse(&admitted.call, told).await)
            }
        }
    }

    async fn sign_off(
        &self,
        request: Request<pb::SignOffRequest>,
    ) -> Result<Response<pb::SignOffResponse>, Status> {
        let rpc = Rpc { name: "SignOff", roles: &[Role::Auditor] };
        let (admitted, request) = self.desk.admit(rpc, request).await?;
        review::sign_off(&self.desk, &admitted.call, &request).await
    }

    async fn list_destructions(
        &self,
        request: Request<pb::ListDestructionsRequest>,
    ) -> Result<Response<pb::ListDestructionsResponse>, Status> {
        let rpc = Rpc { name: "ListDestructions", roles: EVERYONE };
        let (admitted, _) = self.desk.admit(rpc, request).await?;
        let response = destruction::list(&self.desk, &admitted).await?;
        self.desk.answer(&admitted.call, response).await
    }

    async fn list_student_disclosures(
        &self,
        request: Request<pb::ListStudentDisclosuresRequest>,
    ) -> Result<Response<pb::ListStudentDisclosuresResponse>, Status> {
        let rpc = Rpc { name: "ListStudentDisclosures", roles: &[Role::Contributor] };
        let (admitted, request) = self.desk.admit(rpc, request).await?;
        student::disclosures(&self.desk, &self.intake, &self.witnesses.log_keys, &admitted, request).await
    }

    async fn export_log(
        &self,
        request: Request<pb::ExportLogRequest>,
    ) -> Result<Response<Self::ExportLogStream>, Status> {
        let rpc = Rpc { name: "ExportLog", roles: AUDITOR };
        let (admitted, _) = self.desk.admit(rpc, request).await?;
        // The entry comes first, so the export holds the record of itself.
        let entry = admitted.call.allowed(None);
        let logged = self.desk.store.transaction("audit.export", move |tx| tx.log(&entry)).await;
        let committed: store::Committed<()> =
            logged.map_err(|error: store::Error| status::store(&error, &admitted.call.request_id).status)?;
        let Some(receipt) = committed.receipt else {
            return Err(status::internal(&admitted.call.request_id));
        };
        let look = |snapshot: &store::Snapshot<'_>| Ok((snapshot.log_size()?, snapshot.checkpoint()?));
        let (size, checkpoint) = self.desk.look(&admitted.call, look).await?;
        let (replies, outgoing) = mpsc::channel(4);
        let store = self.desk.store.clone();
        tokio::spawn(async move {
            // Whole, so that it counts as running until the last entry is out.
            let admitted = admitted;
            let checkpoint = checkpoint.unwrap_or_default();
            let head = pb::ExportLogResponse { checkpoint, entries: Vec::new(), receipt: Some(receipt) };
            let mut gone = replies.send(Ok(head)).await.is_err();
            let mut from = 0;
            // Entries never change, so each part may be read by itself: a slow client holds no snapshot open.
            while from < size && !gone {
                let n = EXPORT_CHUNK.min(size - from);
                let part = move |snapshot: &store::Snapshot<'_>| {
                    snapshot.log_entries(from, n as usize, &Filter::default())
                };
                let part = store.read(part).await.map(|(entries, _)| pb::ExportLogResponse {
                    entries: entries.into_iter().map(listing::sent).collect(),
                    ..Default::default()
                });
                let part = part
                    .map_err(|error: store::Error| status::store(&error, &admitted.call.request_id).status);
                gone = part.is_err();
                gone |= replies.send(part).await.is_err();
                from += n;
            }
        });
        Ok(Response::new(ReceiverStream::new(outgoing)))
    }
}
