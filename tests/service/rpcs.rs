//! Every RPC there is, read from the interface definition itself, and a good call of each.

use crate::city::City;
use crate::records::{school, student};
use crate::vocabulary::{Source, question};
use ring::rand::SystemRandom;
use ring::signature::Ed25519KeyPair;
use std::path::Path;
use throughline::api::v1 as pb;
use throughline::audit::{Checkpoint, Cosigner, Decision, Hash, Head, SignerKey, witness};
use throughline::calendar::Timestamp;
use throughline::client::Session;
use tonic::Status;

/// The names of all RPCs, in the order of the files.
pub(crate) fn all() -> Vec<String> {
    paths().into_iter().map(|path| path.rsplit('/').next().expect("a name").to_owned()).collect()
}

/// The paths of all RPCs.
pub(crate) fn paths() -> Vec<String> {
    let mut paths = Vec::new();
    for text in texts() {
        let mut service = "";
        for line in text.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix("service ") {
                service = name.trim_end_matches([' ', '{']);
            } else if let Some((name, _)) = line.strip_prefix("rpc ").and_then(|line| line.split_once('(')) {
                paths.push(format!("/exchange.v1.{service}/{name}"));
            }
        }
    }
    paths
}

/// What a call that is carried out leaves in the log, besides who made it: those that look at records of people, or
/// disclose something of them, begin with an entry of their own. An allowed push has one for its opening and one for its
/// batch.
pub(crate) fn leaves(name: &str) -> &'static [Decision] {
    use Decision::{Allowed, Intended};
    match name {
        "Query"
        | "Publish"
        | "CheckProduct"
        | "VerifyEdition"
        | "GetLinkage"
        | "Destroy"
        | "ListStudentDisclosures" => &[Intended, Allowed],
        "Push" | "ErasePerson" => &[Allowed, Allowed],
        _ => &[Allowed],
    }
}

fn texts() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("proto/exchange/v1");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the interface is in the repository")
        .map(|file| file.expect("readable").path())
        .collect();
    files.sort();
    files.iter().map(|file| std::fs::read_to_string(file).expect("readable")).collect()
}

/// The pair that a call of `DecideLink` decides about.
pub(crate) const DECIDED_PAIR: &str = "07070707070707070707070707070707";

/// The key that a call of `ChangeLinkageKey` announces once more.
pub(crate) const NEXT_KEY: &str = "070707070707";

impl City {
    /// Announces that key, without anybody having it.
    pub(crate) fn announced_key(&self) {
        self.tamper(&format!("INSERT INTO linkage_key VALUES (x'{NEXT_KEY}', 'next')"));
    }

    /// Offers that checkpoint to witnesses, however many cosign it.
    pub(crate) fn offered_checkpoint(&mut self) {
        let config = self.file("throughline.toml");
        let text = std::fs::read_to_string(&config).expect("init wrote it");
        std::fs::write(&config, format!("witnesses_min = 9\n{text}")).expect("written");
        self.restart();
        let key = std::fs::read_to_string(self.file("keys/log.key")).expect("init wrote it");
        let hex = |at: usize| u8::from_str_radix(&key.trim()[at..at + 2], 16).expect("hex");
        let document: Vec<u8> = (0..key.trim().len()).step_by(2).map(hex).collect();
        let signer = SignerKey::from_pkcs8(self.log_key().name(), &document).expect("its key");
        let note = offered().sign(&signer).note().to_owned();
        let now = Timestamp::now().millis();
        self.tamper(&format!("INSERT OR REPLACE INTO offered VALUES (1, 1, '{note}', {now})"));
    }

    /// Puts that pair among the decisions, of students who are not there.
    pub(crate) fn decided_pair(&self) {
        self.tamper(&format!(
            "INSERT INTO link_verdict VALUES (x'{DECIDED_PAIR}', 1, zeroblob(16), 2, zeroblob(16), 'different', 0)"
        ));
    }
}

/// The checkpoint that a call of `AddCosignature` cosigns.
fn offered() -> Checkpoint {
    let head = Head { size: 1, root: Hash::of(b"as good as any") };
    Checkpoint::new("city.example/throughline", head).expect("an origin")
}

/// Makes a call that would be allowed to the right caller, and hears it to its end. `id` is the caller's.
pub(crate) async fn call(name: &str, session: &Session, id: &str) -> Result<(), Status> {
    match name {
        "OfferCheckpoint" => {
            session.audit().offer_checkpoint(pb::OfferCheckpointRequest::default()).await.map(drop)
        }
        "ListOrganizationEntries" => {
            let request = pb::ListOrganizationEntriesRequest::default();
            session.audit().list_organization_entries(request).await.map(drop)
        }
        "SignOff" => {
            // The log without entries is one that every log has been.
            let (root, findings) = (Hash::of(b"").as_bytes().to_vec(), vec![0; 32]);
            let request = pb::SignOffRequest { size: 0, root, exceptions: 0, findings };
            session.audit().sign_off(request).await.map(drop)
        }
        "AddCosignature" => {
            let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
            let name = witness::name("city.example/throughline", id);
            let cosigner = Cosigner::from_pkcs8(&name, document.as_ref()).expect("a key");
            let line = cosigner.cosign(&offered(), Timestamp::now());
            let request = pb::AddCosignatureRequest { key: cosigner.verifier().to_string(), line };
            session.audit().add_cosignature(request).await.map(drop)
        }
        "Push" => {
            let mut pushing = Source { session: session.clone() }.open("by-name").await?;
            let next = pushing.opened.acknowledged_through + 1;
            pushing.batch(&format!("by-name-{next}"), next, vec![school()]).await?;
            pushing.finish().await
        }
        "GetDelivery" => {
            let request = pb::GetDeliveryRequest { delivery: "by-name".into(), linkage_keys: Vec::new() };
            session.ingest().get_delivery(request).await.map(drop)
        }
        "GetHoldings" => session.ingest().get_holdings(pb::GetHoldingsRequest {}).await.map(drop),
        "Query" => session.releases().query(question()).await.map(drop),
        "ListIndicators" => session.releases().list_indicators(pb::ListIndicatorsRequest {}).await.map(drop),
        "ListProducts" => session.releases().list_products(pb::ListProductsRequest {}).await.map(drop),
        "ListEntries" => session.audit().list_entries(pb::ListEntriesRequest::default()).await.map(drop),
        "GetCheckpoint" => session.audit().get_checkpoint(pb::GetCheckpointRequest {}).await.map(drop),
        "GetConsistencyProof" => {
            let request = pb::GetConsistencyProofRequest { old_size: 1, new_size: 0 };
            session.audit().get_consistency_proof(request).await.map(drop)
        }
        "ExportLog" => {
            let mut parts = session.audit().export_log(pb::ExportLogRequest {}).await?.into_inner();
            while parts.message().await?.is_some() {}
            Ok(())
        }
        "PutOrganization" => {
            let organization = pb::Organization {
                id: "newcomer".into(),
                name: "Newcomer".into(),
                roles: vec!["partner".into()],
                standing: pb::Standing::Active.into(),
            };
            let request = pb::PutOrganizationRequest { organization: Some(organization) };
            session.admin().put_organization(request).await.map(drop)
        }
        "ListOrganizations" => {
            session.admin().list_organizations(pb::ListOrganizationsRequest {}).await.map(drop)
        }
        "PutAgreement" => {
            let request = pb::PutAgreementRequest { document: crate::papers::AGREEMENT.into() };
            session.admin().put_agreement(request).await.map(drop)
        }
        "ListAgreements" => session.admin().list_agreements(pb::ListAgreementsRequest {}).await.map(drop),
        "PutProduct" => {
            let request = pb::PutProductRequest { document: crate::papers::PRODUCT.into() };
            session.admin().put_product(request).await.map(drop)
        }
        "CheckProduct" => {
            let documents = vec![crate::papers::PRODUCT.into()];
            let request = pb::CheckProductRequest { documents, ..Default::default() };
            let mut stages = session.admin().check_product(request).await?.into_inner();
            while stages.message().await?.is_some() {}
            Ok(())
        }
        "Publish" => {
            let request = pb::PublishRequest { title: "again".into() };
            let mut stages = session.admin().publish(request).await?.into_inner();
            while stages.message().await?.is_some() {}
            Ok(())
        }
        "ApproveEdition" => {
            let request = pb::ApproveEditionRequest { edition: 0, agreement: "city-outcomes".into() };
            session.admin().approve_edition(request).await.map(drop)
        }
        "VerifyEdition" => {
            session.admin().verify_edition(pb::VerifyEditionRequest::default()).await.map(drop)
        }
        "GetLinkage" => session.admin().get_linkage(pb::GetLinkageRequest::default()).await.map(drop),
        "DecideLink" => {
            let request =
                pb::DecideLinkRequest { id: DECIDED_PAIR.into(), verdict: pb::LinkVerdict::Different.into() };
            session.admin().decide_link(request).await.map(drop)
        }
        "GetLinkageKeys" => session.admin().get_linkage_keys(pb::GetLinkageKeysRequest {}).await.map(drop),
        "ChangeLinkageKey" => {
            let (step, key) = (pb::KeyStep::Begin.into(), NEXT_KEY.into());
            let request = pb::ChangeLinkageKeyRequest { step, key, leave_waiting: false };
            session.admin().change_linkage_key(request).await.map(drop)
        }
        "Destroy" => {
            let request = pb::DestroyRequest { source: "northfield".into(), ..Default::default() };
            session.admin().destroy(request).await.map(drop)
        }
        "ErasePerson" => {
            let (organization, person) = ("city-partnership".into(), "a.miller".into());
            let request = pb::ErasePersonRequest { organization, person, nonce: vec![7; 16] };
            session.admin().erase_person(request).await.map(drop)
        }
        "ListDestructions" => {
            session.audit().list_destructions(pb::ListDestructionsRequest {}).await.map(drop)
        }
        "ListStudentDisclosures" => {
            let student = pb::list_student_disclosures_request::Student::ClearStudent(student(7));
            let request = pb::ListStudentDisclosuresRequest {
                student: Some(student),
                nonce: vec![7; 16],
                from_index: 0,
            };
            session.audit().list_student_disclosures(request).await.map(drop)
        }
        "GetStatus" => session.admin().get_status(pb::GetStatusRequest {}).await.map(drop),
        other => panic!("the interface has the RPC {other}, and no test calls it"),
    }
}
