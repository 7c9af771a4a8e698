//! A source that withdraws: what it has sent is destroyed, nothing more is taken from it, and what was released stays.

use crate::papers::{SOURCES, STEWARD};
use crate::world::World;
use throughline::api::v1 as pb;
use throughline::audit::Certificate;
use throughline::server::peer::Role;

/// The source that may withdraw.
const SOURCE: usize = 2;

impl World<'_> {
    /// The steward looks at what would be destroyed, and destroys it.
    pub(crate) fn withdraw(&mut self) {
        if self.model.has_withdrawn(SOURCE) {
            return;
        }
        let shown = self.destroy(String::new());
        assert_eq!(shown.state(), pb::DestructionState::Shown);
        self.entered([format!("{STEWARD} Destroy intended call.intended")]);
        self.entered([format!("{STEWARD} Destroy allowed registered step=preview")]);
        // Looking changes nothing.
        self.check();
        let done = self.destroy(shown.shown);
        assert_eq!(done.state(), pb::DestructionState::Certified);
        self.model.withdraw(SOURCE);
        self.entered([
            format!("{STEWARD} Destroy intended call.intended"),
            format!("{STEWARD} Destroy allowed registered step=erase"),
            "- Destroy allowed source.withdrawn step=certify".to_owned(),
            format!("{STEWARD} Destroy allowed registered"),
        ]);
        let certificate = Certificate::open(&done.certificate, &self.keys.log).expect("it proves itself");
        assert_eq!(certificate.scope.id(), SOURCES[SOURCE]);
        self.all_heard();
    }

    fn destroy(&self, shown: String) -> pb::DestroyResponse {
        let service = self.service();
        let mut admin = service.line(STEWARD, Role::Steward).admin();
        let request =
            pb::DestroyRequest { source: SOURCES[SOURCE].into(), shown, ..pb::DestroyRequest::default() };
        service.wait(admin.destroy(request)).expect("the steward may").into_inner()
    }
}
