use super::*;
use crate::audit::{Decision, Hash, OrganizationTrees};
use crate::calendar::Timestamp;
use crate::records::Code;

fn id(text: &str) -> OrgId {
    OrgId::new(text).expect("an id")
}

fn entry(n: u64, organization: &str) -> Entry {
    let code = |text: &str| Code::new(text).expect("a code");
    let time = Timestamp::from_millis(0);
    let entry =
        Entry::new(time, code(&format!("r-{n}")), code("Query"), Decision::Allowed, code("registered"));
    Entry { organization: Some(id(organization)), ..entry }
}

/// What northfield's calls have left in a log of two, and the entry of the list itself.
fn northfields(n: u64) -> (Vec<pb::LogEntry>, Entry) {
    let mut trees = OrganizationTrees::default();
    let mut list = Vec::new();
    for index in 0..n {
        let organization = if index % 3 == 0 { "eastbrook" } else { "northfield" };
        let bytes = trees.place(&entry(index, organization), None).to_bytes();
        trees.append(&id(organization), leaf_hash(&bytes));
        if organization == "northfield" {
            list.push(pb::LogEntry { index, entry: bytes, opening: None });
        }
    }
    (list, trees.place(&entry(n, "northfield"), Some(&id("northfield"))))
}

fn read(pages: &[&[pb::LogEntry]], of: Option<&str>, said: &Entry) -> Result<Complete, Incomplete> {
    let mut reading = Reading::default();
    pages.iter().try_for_each(|page| reading.take(page.to_vec()))?;
    reading.finish(of.map(id).as_ref(), said.clone())
}

#[test]
fn all_that_there_is_is_taken_for_all() {
    let (list, said) = northfields(30);
    for of in [None, Some("northfield")] {
        let all = read(&[&list[..7], &list[7..]], of, &said).expect("it is all");
        assert_eq!((all.entries.len(), all.head.size, all.n_before), (20, 20, 0));
    }
    let (none, said) = northfields(0);
    assert_eq!(read(&[&none], None, &said).expect("it is all").entries, []);
    // Entries from before there were trees come first, and nothing is proven of them.
    let old = pb::LogEntry { index: 0, entry: entry(0, "northfield").to_bytes(), opening: None };
    let (mut both, said) = northfields(30);
    both.insert(0, old.clone());
    assert_eq!(read(&[&both], None, &said).expect("it is all").n_before, 1);
    both.push(pb::LogEntry { index: 99, ..old });
    assert_eq!(read(&[&both], None, &said).map(drop), Err(Incomplete::LeftOut));
}

#[test]
fn what_is_left_out_changed_or_of_others_is_noticed() {
    let (list, said) = northfields(30);
    for left_out in 0..list.len() {
        let mut fewer = list.clone();
        fewer.remove(left_out);
        assert_eq!(read(&[&fewer], None, &said).map(drop), Err(Incomplete::LeftOut), "{left_out}");
    }
    let with = |at: usize, entry: Entry| {
        let mut other = list.clone();
        other[at].entry = entry.to_bytes();
        read(&[&other], None, &said).map(drop)
    };
    let of = |at: usize| Entry::parse(&list[at].entry).expect("an entry");
    let changed = Entry { cells_shown: Some(3), ..of(4) };
    assert_eq!(with(4, changed.clone()), Err(Incomplete::LeftOut));
    assert_eq!(
        with(4, Entry { organization: Some(id("eastbrook")), ..changed }),
        Err(Incomplete::Foreign(list[4].index))
    );
    // The last one is only bound by what the entry of the list says.
    assert_eq!(with(19, Entry { cells_shown: Some(3), ..of(19) }), Err(Incomplete::LeftOut));
    let shuffled = [&list[3..], &list[..3]];
    assert_eq!(read(&shuffled, None, &said).map(drop), Err(Incomplete::LeftOut));
    // An entry of another list, of none, or of one of another organization.
    assert_eq!(read(&[&list], Some("eastbrook"), &said).map(drop), Err(Incomplete::NotSaid));
    assert_eq!(
        read(&[&list], None, &Entry { listed: None, ..said.clone() }).map(drop),
        Err(Incomplete::NotSaid)
    );
    let other = Entry { listed_root: Some(Hash::of(b"other")), ..said };
    assert_eq!(read(&[&list], None, &other).map(drop), Err(Incomplete::LeftOut));
}
