//! What stewards do: let organizations in or suspend them, and publish.

use crate::papers::{PARTNER, SOURCES, STEWARD};
use crate::world::{WAL_KEPT, World};
use pb::Standing::{Active, Suspended};
use prost::Message;
use throughline::api::v1 as pb;
use throughline::audit::Decision;
use throughline::server::peer::Role;
use tonic::Status;

impl World<'_> {
    /// The steward suspends an organization, or lets it in again.
    pub(crate) fn change_standing(&mut self) {
        let (id, role) = match self.below(SOURCES.len() + 1) {
            at if at < SOURCES.len() => (SOURCES[at], Role::Contributor),
            _ => (PARTNER, Role::Partner),
        };
        let is_suspended = !self.model.is_suspended(id) && self.chance(60);
        let organization = pb::Organization {
            id: id.into(),
            name: id.into(),
            roles: vec![role.as_str().into()],
            standing: if is_suspended { Suspended } else { Active }.into(),
        };
        let line = self.model.put_standing(id, is_suspended);
        self.put_organization(organization, line);
        if self.chance(50) {
            self.all_heard();
        }
    }

    pub(crate) fn put_organization(&mut self, organization: pb::Organization, line: String) {
        let service = self.service();
        let mut admin = service.line(STEWARD, Role::Steward).admin();
        let request = pb::PutOrganizationRequest { organization: Some(organization) };
        let put = service.wait(admin.put_organization(request)).expect("the steward may");
        self.entered([line]);
        let receipt = put.metadata().get_bin(throughline::api::RECEIPT).expect("a receipt");
        let receipt = receipt.to_bytes().expect("bytes");
        self.proven(Some(&throughline::audit::Receipt::decode(receipt).expect("a receipt")));
    }

    /// The steward publishes an edition. At its end the write-ahead log is copied; the service may be cut off before that.
    pub(crate) fn publish_or_be_cut_off(&mut self) {
        let database = self.service().database().with_extension("uncopied");
        std::fs::copy(self.service().database(), &database).expect("copied");
        if self.ask_to_publish() {
            match self.service().wal_bytes() < WAL_KEPT && self.chance(30) {
                true => self.cut_off_with(&database),
                false => self.log_copied(),
            }
        }
        std::fs::remove_file(&database).expect("it was copied");
    }

    /// The steward publishes an edition.
    pub(crate) fn publish(&mut self) {
        if self.ask_to_publish() {
            self.log_copied();
        }
    }

    /// Whether there is an edition more.
    fn ask_to_publish(&mut self) -> bool {
        let service = self.service();
        let mut admin = service.line(STEWARD, Role::Steward).admin();
        let published = service.wait(async move {
            let request = pb::PublishRequest { title: "an edition".into() };
            let mut stages = admin.publish(request).await?.into_inner();
            let mut last = None;
            while let Some(stage) = stages.message().await? {
                last = Some(stage);
            }
            Ok::<_, Status>(last.expect("there are stages"))
        });
        self.entered([format!("{STEWARD} Publish intended call.intended")]);
        if self.model.is_closed() {
            self.entered([format!("{STEWARD} Publish refused publish.closed")]);
            self.refused(&published.expect_err("its school year is closed"), "publish.closed");
            return false;
        }
        self.model.n_editions += 1;
        let edition = self.model.n_editions;
        self.entered([format!("{STEWARD} Publish allowed registered edition={edition}")]);
        let published = published.expect("an edition");
        let report = published.report.as_ref().expect("a report");
        assert_eq!(report.edition, edition);
        assert_eq!(self.proven(published.receipt.as_ref()).decision, Decision::Allowed);
        true
    }
}
