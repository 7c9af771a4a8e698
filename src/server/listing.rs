//! Everything that one organization's calls have left in the access log, proven to be all of it.

use super::audit::{AUDITOR, MAX_PAGE};
use super::desk::{Admitted, Desk, answered, with_receipt};
use super::status::{self, Told};
use crate::api::{self, v1 as pb};
use crate::audit::Filter;
use crate::records::{OrgId, Violation};
use crate::store::{self, Logged, Tx};
use tonic::{Code, Response, Status};

/// Lists a page of them. The last page is read where its entry is made, so that nothing comes between.
pub(super) async fn list(
    desk: &Desk,
    admitted: &Admitted,
    wire: pb::ListOrganizationEntriesRequest,
) -> Result<Response<pb::ListOrganizationEntriesResponse>, Status> {
    let call = &admitted.call;
    let organization = match wire.organization.as_str() {
        "" => Ok(admitted.peer.organization.clone()),
        id => OrgId::new(id),
    };
    let Ok(organization) = organization else {
        let violation = Violation::new("organization", "outside_vocabulary", "is not one there can be");
        let status = status::violations(&[violation]);
        return Err(desk.refuse(call, Told { rule: "list.malformed", status }).await);
    };
    if organization != admitted.peer.organization && !AUDITOR.contains(&admitted.peer.role) {
        let message = "only auditors and stewards list what another organization's calls have left";
        let status = status::status(Code::PermissionDenied, "NOT_YOURS", message);
        return Err(desk.refuse(call, Told { rule: "list.not_own", status }).await);
    }
    let page = if wire.page_size == 0 { 100 } else { wire.page_size.min(MAX_PAGE) } as usize;
    let filter = Filter { organization: Some(organization.clone()), ..Filter::default() };
    let (from, wanted) = (wire.from_index, filter.clone());
    let look = move |snapshot: &store::Snapshot<'_>| {
        Ok((snapshot.log_entries(from, page, &wanted)?, snapshot.log_size()?))
    };
    let ((mut entries, next_index), size) = desk.look(call, look).await?;
    if next_index != 0 {
        return desk.answer(call, response(entries, next_index)).await;
    }
    let logged = call.clone();
    let steps = move |tx: &mut Tx<'_>| {
        let (since, next_index) = tx.log_entries(size.max(from), page - entries.len(), &filter)?;
        entries.extend(since);
        let response = response(entries, next_index);
        let entry = answered(&logged, &response);
        match next_index {
            0 => tx.log_listing(&entry, &organization)?,
            _ => tx.log(&entry)?,
        }
        Ok::<_, store::Error>(response)
    };
    match desk.store.transaction("audit.list", steps).await {
        Ok(store::Committed { value, receipt }) => {
            Ok(with_receipt(value, &store::Committed { value: (), receipt }))
        }
        Err(error) => Err(desk.refuse(call, status::store(&error, &call.request_id)).await),
    }
}

/// An entry as it is sent.
pub(super) fn sent(logged: Logged) -> pb::LogEntry {
    let opening = logged.opening.as_ref().map(api::opening_to);
    pb::LogEntry { index: logged.position, entry: logged.bytes, opening }
}

fn response(entries: Vec<Logged>, next_index: u64) -> pb::ListOrganizationEntriesResponse {
    let entries = entries.into_iter().map(sent).collect();
    pb::ListOrganizationEntriesResponse { entries, next_index }
}
