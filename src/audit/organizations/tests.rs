use super::*;
use crate::audit::{Decision, leaf_hash};
use crate::calendar::Timestamp;
use crate::records::Code;

fn id(text: &str) -> OrgId {
    OrgId::new(text).expect("an id")
}

fn entry(n: usize, organization: Option<&str>) -> Entry {
    let code = |text: &str| Code::new(text).expect("a code");
    let time = Timestamp::from_millis(0);
    let entry =
        Entry::new(time, code(&format!("r-{n}")), code("Query"), Decision::Allowed, code("registered"));
    Entry { organization: organization.map(id), ..entry }
}

/// A log of entries of three organizations and of nobody, as the service makes it, and its trees.
fn log(n: usize) -> (Vec<Entry>, OrganizationTrees) {
    let mut trees = OrganizationTrees::default();
    let all = [Some("a"), Some("b"), None, Some("a"), Some("c")];
    let next = |n: usize| {
        let listed = id("b");
        let entry = trees.place(&entry(n, all[n % 5]), (n % 7 == 3).then_some(&listed));
        let leaf = leaf_hash(&entry.to_bytes());
        entry.organization.iter().for_each(|organization| trees.append(organization, leaf));
        entry
    };
    ((0..n).map(next).collect(), trees)
}

fn check(log: &[Entry]) -> Result<OrganizationTrees, (usize, NotOfTree)> {
    let mut trees = OrganizationTrees::default();
    for (index, entry) in log.iter().enumerate() {
        trees.check(entry, leaf_hash(&entry.to_bytes())).map_err(|flaw| (index, flaw))?;
    }
    Ok(trees)
}

#[test]
fn each_organization_has_the_tree_of_its_own_entries() {
    let (log, trees) = log(200);
    let mut alone = Frontier::new();
    for entry in log.iter().filter(|entry| entry.organization == Some(id("a"))) {
        assert_eq!((entry.own_size, entry.own_root), (Some(alone.size()), Some(alone.root())));
        alone.append(leaf_hash(&entry.to_bytes()));
    }
    assert_eq!((trees.head(&id("a")), alone.size()), (alone.head(), 80));
    assert_eq!(trees.head(&id("nobody")), Head::empty());
    // What stored bytes and what read entries come to is the same.
    let mut stored = OrganizationTrees::default();
    log.iter().map(Entry::to_bytes).for_each(|bytes| stored.append_stored(&bytes, leaf_hash(&bytes)));
    let checked = check(&log).expect("it is what the service makes");
    for organization in ["a", "b", "c"].map(id) {
        assert_eq!(stored.head(&organization), trees.head(&organization));
        assert_eq!(checked.head(&organization), trees.head(&organization));
    }
}

#[test]
fn an_entry_that_says_anything_else_of_a_tree_is_named() {
    let (good, _) = log(40);
    let with = |at: usize, entry: Entry| {
        let mut log = good.clone();
        log[at] = entry;
        check(&log).map(drop)
    };
    let one = |at: usize| good[at].clone();
    // 20 is of organization a, 22 of nobody, 24 a listing of b.
    assert_eq!(with(20, Entry { own_size: Some(3), ..one(20) }), Err((20, NotOfTree::Own)));
    assert_eq!(with(20, Entry { own_root: Some(Hash::of(b"x")), ..one(20) }), Err((20, NotOfTree::Own)));
    assert_eq!(with(20, Entry { own_root: None, ..one(20) }), Err((20, NotOfTree::Missing)));
    assert_eq!(with(20, entry(20, Some("a"))), Err((20, NotOfTree::Missing)));
    assert_eq!(
        with(22, Entry { own_size: Some(0), own_root: Some(Head::empty().root), ..one(22) }),
        Err((22, NotOfTree::Own))
    );
    assert_eq!(with(24, Entry { listed_size: Some(1), ..one(24) }), Err((24, NotOfTree::Listed)));
    // Another entry in its place is noticed by the next of the same organization; one that is left out, too.
    assert_eq!(
        with(20, Entry { rule: Code::new("other").expect("a code"), ..one(20) }),
        Err((23, NotOfTree::Own))
    );
    let mut without = good.clone();
    without.remove(20);
    assert_eq!(check(&without).map(drop), Err((22, NotOfTree::Own)));
}

#[test]
fn entries_from_before_there_were_trees_are_in_none() {
    let old: Vec<_> = (0..5).map(|n| entry(n, Some("a"))).collect();
    let (new, trees) = log(20);
    let both: Vec<_> = old.into_iter().chain(new).collect();
    assert_eq!(check(&both).expect("older ones come first").head(&id("a")), trees.head(&id("a")));
}
