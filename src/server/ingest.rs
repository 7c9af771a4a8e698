//! `IngestService`: records in, a verdict for each, acknowledged after the durable commit.

use super::desk::{Desk, Rpc};
use super::peer::Role;
use super::remembering::Remembering;
use super::status::{self, Told};
use super::stream::Delivery;
use super::{deliveries, whole};
use crate::api::v1 as pb;
use crate::audit::Call;
use crate::identity::KeyId;
use crate::ingest::{DryRun, Intake};
use crate::records::{Code as Word, Violation};
use pb::ingest_service_server::IngestService;
use pb::push_request::Message as Sent;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Response, Status, Streaming};

const PUSH: Rpc = Rpc { name: "Push", roles: &[Role::Contributor] };
const GET_DELIVERY: Rpc = Rpc { name: "GetDelivery", roles: &[Role::Contributor] };
const GET_HOLDINGS: Rpc = Rpc { name: "GetHoldings", roles: &[Role::Contributor] };

/// The service for contributors.
pub(super) struct Ingest {
    pub(super) desk: Desk,
    pub(super) intake: Intake,
    /// Organizations with a stream whose records or keys the service remembers until it ends.
    pub(super) remembering: Remembering,
}

#[tonic::async_trait]
impl IngestService for Ingest {
    type PushStream = ReceiverStream<Result<pb::PushResponse, Status>>;

    async fn push(
        &self,
        request: Request<Streaming<pb::PushRequest>>,
    ) -> Result<Response<Self::PushStream>, Status> {
        let admitted = self.desk.admit_stream(PUSH, &request).await?;
        let mut stream = request.into_inner();
        let first = match stream.message().await {
            Ok(first) => first,
            Err(error) => return Err(self.desk.unreadable(&admitted.call, error).await),
        };
        let open = match first {
            Some(pb::PushRequest { message: Some(Sent::Open(open)) }) => open,
            _ => {
                return Err(self
                    .refuse(&admitted.call, "push.not_opened", "the first message must open a delivery")
                    .await);
            }
        };
        let mut wrong = Vec::new();
        for (field, text) in [("open.delivery", &open.delivery), ("open.agreement", &open.agreement)] {
            if let Err(error) = Word::new(text) {
                wrong.push(Violation::new(field, "not_a_code", &error.to_string()));
            }
        }
        let linkage_keys = keys("open.linkage_keys", &open.linkage_keys, &mut wrong);
        let parts = whole::parts(&open.whole, &mut wrong);
        if !wrong.is_empty() {
            let told = Told { rule: "push.malformed", status: status::violations(&wrong) };
            return Err(self.desk.refuse(&admitted.call, told).await);
        }
        let remembers = open.dry_run || !parts.is_empty();
        let memory = remembers.then(|| self.remembering.take(&admitted.peer.organization));
        if memory.as_ref().is_some_and(Option::is_none) {
            let message = "two dry runs or deliveries of whole files of your organization are under way";
            let status = status::status(Code::ResourceExhausted, "REMEMBERING", message);
            return Err(self.desk.refuse(&admitted.call, Told { rule: "push.remembering", status }).await);
        }
        let delivery = Delivery {
            desk: self.desk.clone(),
            _memory: memory.flatten(),
            intake: self.intake.clone(),
            source: admitted.peer.organization.clone(),
            agreement: open.agreement,
            id: open.delivery,
            linkage_keys,
            dry_run: open.dry_run.then(DryRun::default),
            parts,
            admitted,
        };
        delivery.answer(stream).await
    }

    async fn get_delivery(
        &self,
        request: Request<pb::GetDeliveryRequest>,
    ) -> Result<Response<pb::GetDeliveryResponse>, Status> {
        let (admitted, request) = self.desk.admit(GET_DELIVERY, request).await?;
        let source = admitted.peer.organization.clone();
        let mut wrong = Vec::new();
        let linkage_keys = keys("linkage_keys", &request.linkage_keys, &mut wrong);
        if !wrong.is_empty() {
            let told = Told { rule: "delivery.malformed", status: status::violations(&wrong) };
            return Err(self.desk.refuse(&admitted.call, told).await);
        }
        deliveries::delivery(&self.desk, &admitted.call, source, request.delivery, linkage_keys).await
    }

    async fn get_holdings(
        &self,
        request: Request<pb::GetHoldingsRequest>,
    ) -> Result<Response<pb::GetHoldingsResponse>, Status> {
        let (admitted, _) = self.desk.admit(GET_HOLDINGS, request).await?;
        deliveries::holdings(&self.desk, &admitted.call, admitted.peer.organization.clone()).await
    }
}

impl Ingest {
    async fn refuse(&self, call: &Call, rule: &'static str, message: &str) -> Status {
        let told = Told { rule, status: status::status(Code::InvalidArgument, "MALFORMED", message) };
        self.desk.refuse(call, told).await
    }
}

/// Ids of linkage keys; each that is none is among what is wrong.
fn keys(field: &str, ids: &[String], wrong: &mut Vec<Violation>) -> Vec<KeyId> {
    let mut read = |(at, id): (usize, &String)| {
        let key = KeyId::parse(id);
        if key.is_none() {
            wrong.push(Violation::new(
                &format!("{field}[{at}]"),
                "malformed",
                "is not 12 hexadecimal digits",
            ));
        }
        key
    };
    ids.iter().enumerate().filter_map(&mut read).collect()
}
