//! An organization verifies the whole of its own log, and sees nobody else's.

use crate::city::City;
use crate::records::roll;
use crate::sources::Said;
use throughline::api::Logged;
use throughline::audit::Entry;
use throughline::client::Error;
use throughline::records::OrgId;
use throughline::server::peer::Role;
use tonic::Code;

fn of(log: &[Entry], organization: &str) -> Vec<(u64, Entry)> {
    let is_of = |entry: &Entry| entry.organization.as_ref().is_some_and(|id| id.as_str() == organization);
    (0..).zip(log.iter().cloned()).filter(|(_, entry)| is_of(entry)).collect()
}

fn listed(entries: Vec<Logged>) -> Vec<(u64, Entry)> {
    entries.into_iter().map(|logged| (logged.index, logged.entry)).collect()
}

#[tokio::test]
async fn each_lists_all_of_its_own_and_auditors_those_of_any() {
    let mut city = City::published().await;
    for round in 0..2 {
        for (id, role) in [
            ("northfield", Role::Contributor),
            ("city-partnership", Role::Partner),
            ("city-steward", Role::Steward),
            ("city-auditor", Role::Auditor),
        ] {
            let session = city.session(id, role).await;
            let before = of(&city.log(), id);
            let all = session.complete(None).await.expect("it is all");
            assert_eq!((all.organization.as_str(), all.n_before), (id, 0));
            assert_eq!(listed(all.entries), before, "{id}, round {round}");
        }
        let auditor = city.auditor().await;
        let northfield = OrgId::new("northfield").expect("an id");
        let all = auditor.complete(Some(&northfield)).await.expect("it is all");
        assert_eq!(listed(all.entries), of(&city.log(), "northfield"));
        let nobody = OrgId::new("nobody").expect("an id");
        assert_eq!(auditor.complete(Some(&nobody)).await.expect("there is nothing").entries, []);
        // The trees go on after a start.
        city.restart();
        city.source("northfield").await.push(&format!("d-{round}"), roll(0..2)).await.expect("good records");
    }
    city.export("exported");
    assert!(city.verifies("exported"));
}

#[tokio::test]
async fn what_others_have_left_is_not_told() {
    let city = City::published().await;
    for (id, role) in [("northfield", Role::Contributor), ("city-partnership", Role::Partner)] {
        let session = city.session(id, role).await;
        // Nor whether there is such an organization.
        for other in ["city-steward", "nobody"] {
            let other = OrgId::new(other).expect("an id");
            let Err(Error::Refused(status)) = session.complete(Some(&other)).await else {
                panic!("{id} lists what {other} has left")
            };
            assert_eq!(status.code(), Code::PermissionDenied);
            let last = city.log().pop().expect("an entry");
            assert_eq!((last.rpc.as_str(), last.rule.as_str()), ("ListOrganizationEntries", "list.not_own"));
        }
    }
}

#[tokio::test]
async fn the_command_line_lists_all_and_says_what_proves_it() {
    let city = City::published().await;
    let list = |identity: &str, words: &[&str]| {
        let (_, role) = identity.split_once('.').expect("an organization and a role");
        let words = [&["audit", "list", "--complete", "--json", "--role", role], words].concat();
        let Said { code, out, errors } = city.run_as(identity, &words);
        (code, out.lines().count(), errors)
    };
    let before = of(&city.log(), "northfield").len();
    // The command itself has left two by then: it is shown how the log goes on, and has cosigned it.
    let (code, n, said) = list("northfield.contributor", &[]);
    assert_eq!((code, n), (Some(0), before + 2), "{said}");
    assert!(said.contains("all that the calls of northfield have left up to this one: proven"), "{said}");
    let (code, n, said) = list("city-auditor.auditor", &["--organization", "northfield", "--rpc", "Push"]);
    let pushes = of(&city.log(), "northfield");
    let pushes = pushes.iter().filter(|(_, entry)| entry.rpc.as_str() == "Push").count();
    assert_eq!((code, n), (Some(0), pushes), "{said}");
    let (code, _, said) = list("northfield.contributor", &["--organization", "city-steward"]);
    assert_eq!((code, said.contains("only auditors and stewards")), (Some(2), true), "{said}");
    let (code, _, said) = list("city-auditor.auditor", &["--since", "yesterday"]);
    assert_eq!((code, said.contains("since is neither a date")), (Some(2), true), "{said}");
}
