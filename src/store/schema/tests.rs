//! Files of every schema that was released, opened by the code of today: the steps up to it, each as it was released, and the
//! rows that `tests/schemas` puts where a step has made room.

mod sealed;

use super::*;
use crate::audit::Hash;
use crate::identity::Token;
use crate::store::testing::open_with;
use rusqlite::types::Value;
use sealed::{SEALED, said};
use std::collections::{BTreeMap, BTreeSet};
use tempfile::TempDir;

/// SHA-256 of each step as it was released: other files were made by it, so it is never edited. A step that is released gets
/// a line here, and rows in `tests/schemas`.
const RELEASED: [&str; 22] = [
    "8d3ec57b6faebb098dce77a73b877b34bdea6a1835e425b7eb54d54eef44fa19",
    "588ee94d159897a43bea35837ca2dd6cb4f031941bad1477885be33a682a0555",
    "743a0416b5ee4e9f5bb4da43bc81521d41ab9bf8f7c3a8a06cb7c4147497eca4",
    "bc2c1ec17f89f9492bb10d9af52634c5f3621c0a1bfb9262af5ba6ad278a45e9",
    "6907571040e7e293c521fee29f0a0438369f9eaf8ab82c7a3c6b95f620d3748f",
    "2162154efa7da0c17aa6e483f7bdf701ca048f083b8becc38427ea4acfe2a527",
    "7480f46ae88c361a275bcba611b61c4d500c728d4641bce73905543c6fa49ad4",
    "7451c9aadb73f2932d7a48738d0f5f37ec2176367998a7b4dba4580a6e266367",
    "596b2a93f6c214b0a27d603c0ae6e1be125f16550ccb5a97c04311794a67c903",
    "6b1f6b93dfbf24f6f11e3f8faf7f4f750db3b80582885bec86fa3ea2976276e8",
    "3987dc833087e8b2e1553372d15141f7d74d77ae23ae4e0eba3ee0f8dbbefd96",
    "08b61f74799dbb56b6955af6fa76c3d91835c22ee70d097373b88e26ea73eca1",
    "a6c44ea762b698f2c6a30a419c3341b13a8ee382e324f5390227114cdbed48c2",
    "531911f0a5accca02dea1aa7f5844575617944bc26faaeb9c3206e23719d15ed",
    "7ff300bb1177d75c46f0c8f8579d844056602fd897bb84b412150302d8ced10e",
    "3ca614720589f2a999a180adc4fb9a162df78a25474aaa08bb9dad825fa7afeb",
    "32d2570cfa69861610592f4884394594077138d886bfcebff529dfa6ed092793",
    "c279f7ad1e80f1a30049e7d4e97df444b4a403660218f8a2ad8b18207c01105e",
    "f58b1605236f02541e593311fbbfd284e3d811756f3db2a6752a5afb472d879c",
    "6fb7ac08a8890b5ea3ee1028f4256a4d7d79cb9005410e8d8f650c7648238577",
    "087c965d518d1805207ba550a885f08de4fe754509e9067a0dacb288d03ea94f",
    "8ae0f7b1b30a42ce312c4f10604f610fe8a19b5f1087d35e610e0231bd9f2522",
];

/// A statement that fails, behind statements that do not.
const FAILS: &str = "; CREATE TABLE in_between (n INTEGER); INSERT INTO no_such_table VALUES (1)";

type Rows = BTreeSet<Vec<String>>;

fn key() -> ServiceKey {
    ServiceKey::derive(&[8; 32].into())
}

fn versions() -> std::ops::RangeInclusive<usize> {
    1..=RELEASED.len()
}

/// A file as that version left it.
fn file(folder: &TempDir, version: usize) -> std::path::PathBuf {
    let path = folder.path().join(format!("v{version}.db"));
    let connection = Connection::open(&path).expect("a new file");
    connection.execute_batch("PRAGMA journal_mode = WAL").expect("as the service has it");
    connection.pragma_update(None, "application_id", APPLICATION_ID).expect("ours");
    for (number, step) in (1..=version).zip(MIGRATIONS) {
        let rows = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/schemas/v{number}.sql"));
        let rows = std::fs::read_to_string(rows).expect("rows of each released version");
        connection.execute_batch(step).expect("a step");
        take_over(&connection, &key(), number).expect("its rest");
        connection.execute_batch(&rows).expect("rows that fit");
    }
    connection.pragma_update(None, "user_version", version as u32).expect("a version");
    path
}

fn number(connection: &Connection, pragma: &str) -> i64 {
    connection.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0)).expect("a number")
}

/// What tables and indexes are made of, whatever the white space.
fn schema(connection: &Connection) -> BTreeMap<String, String> {
    let mut statement =
        connection.prepare("SELECT type || ' ' || name, sql FROM sqlite_master WHERE sql NOT NULL");
    let statement = statement.as_mut().expect("a statement");
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?))).expect("rows");
    let plain = |sql: String| sql.split_whitespace().collect::<Vec<_>>().join(" ");
    rows.map(|row| row.map(|(name, sql)| (name, plain(sql))).expect("a row")).collect()
}

fn columns(connection: &Connection, table: &str) -> Vec<String> {
    let mut statement = connection.prepare("SELECT name FROM pragma_table_info(?1)").expect("a statement");
    statement.query_map([table], |row| row.get(0)).expect("rows").map(|name| name.expect("a name")).collect()
}

fn rows(connection: &Connection, table: &str, columns: &[String]) -> Rows {
    let sql = format!("SELECT {} FROM {table}", columns.join(", "));
    let mut statement = connection.prepare(&sql).expect("a statement");
    let row = |row: &rusqlite::Row<'_>| {
        (0..columns.len()).map(|at| Ok(format!("{:?}", row.get::<_, Value>(at)?))).collect()
    };
    statement.query_map([], row).expect("rows").map(|row| row.expect("a row")).collect()
}

fn tables(connection: &Connection) -> Vec<String> {
    schema(connection).keys().filter_map(|name| name.strip_prefix("table ").map(str::to_owned)).collect()
}

/// A new file, migrated with these steps.
fn fresh(steps: &[&str]) -> Connection {
    let mut connection = Connection::open_in_memory().expect("a database in memory");
    migrate(&mut connection, steps, &key()).expect("an empty file takes every step");
    connection
}

#[test]
fn no_released_step_was_edited() {
    assert!(RELEASED.len() <= MIGRATIONS.len());
    for (number, (step, released)) in (1..).zip(MIGRATIONS.iter().zip(RELEASED)) {
        assert_eq!(Hash::of(step.as_bytes()).to_string(), released, "step {number}: add another one instead");
    }
}

#[test]
fn every_table_of_every_version_has_a_row() {
    let folder = TempDir::new().expect("a temporary folder");
    for version in versions() {
        let kept = Connection::open(file(&folder, version)).expect("the file");
        for table in tables(&kept) {
            assert!(!rows(&kept, &table, &columns(&kept, &table)).is_empty(), "version {version}: {table}");
        }
    }
}

#[test]
fn a_file_of_every_version_opens_with_all_its_rows() {
    let folder = TempDir::new().expect("a temporary folder");
    for version in versions() {
        let path = file(&folder, version);
        let old = Connection::open(&path).expect("the file");
        let all: Vec<(String, Vec<String>)> =
            tables(&old).into_iter().map(|table| (table.clone(), columns(&old, &table))).collect();
        let now = fresh(&MIGRATIONS);
        let kept: Vec<(String, Vec<String>, Rows)> = (all.into_iter())
            .filter(|(table, _)| tables(&now).contains(table))
            .map(|(table, names)| {
                let is_compared =
                    |name: &String| columns(&now, &table).contains(name) && !SEALED.contains(&(&table, name));
                let names: Vec<String> = names.into_iter().filter(is_compared).collect();
                let rows = rows(&old, &table, &names);
                (table, names, rows)
            })
            .collect();
        let (said, known) = (said(&old, version >= BLOCKS), sealed::known(&old));
        drop(old);
        // The second time there is nothing to do.
        for _ in 0..2 {
            let opened = open(&path, &key()).expect("a file of an earlier version");
            assert_eq!(number(&opened, "user_version"), MIGRATIONS.len() as i64);
            assert_eq!(schema(&opened), schema(&now), "version {version}");
            let sound: String =
                opened.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("an answer");
            assert_eq!(sound, "ok");
            let mut broken = opened.prepare("PRAGMA foreign_key_check").expect("a statement");
            assert!(!broken.exists([]).expect("an answer"), "version {version}: a reference leads nowhere");
            for (table, names, before) in &kept {
                assert_eq!(&rows(&opened, table, names), before, "version {version}: {table}");
            }
            assert!(sealed::said(&opened, true) == said, "version {version}: what is sealed from then on");
            assert!(sealed::known(&opened) == known, "version {version}: students");
            assert!(known.len() >= 3, "version {version}");
            let invented = format!("{:?}", b"an invented fact");
            assert_eq!(
                said.iter().any(|row| row.contains(&invented)),
                version >= BLOCKS,
                "as it was sealed then"
            );
        }
        // The service starts on it: its log verifies.
        let store = open_with(&path, &key());
        let head = store.read_blocking(|snapshot| snapshot.log_size());
        assert_eq!(head.ok(), Some(5), "version {version}");
        let students = store.read_blocking(|snapshot| {
            Ok::<_, Error>(snapshot.destructions()?.iter().map(|of| of.erased.n_students()).sum::<u64>())
        });
        assert_eq!(students.ok(), Some(if version < 11 { 0 } else { 1 }), "version {version}");
    }
}

#[test]
fn a_newer_file_is_refused_and_stays_as_it_is() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = file(&folder, RELEASED.len());
    let newer = MIGRATIONS.len() as u32 + 1;
    let connection = Connection::open(&path).expect("the file");
    connection.pragma_update(None, "user_version", newer).expect("a version");
    drop(connection);
    let before = std::fs::read(&path).expect("the file");
    let refused = open(&path, &key()).expect_err("it is newer");
    assert!(matches!(refused, Error::Newer { found, known } if found == newer && known == newer - 1));
    assert!(refused.to_string().contains(&newer.to_string()), "{refused}");
    assert_eq!(std::fs::read(&path).expect("the file"), before);
}

#[test]
fn a_step_that_fails_leaves_the_version_before_it() {
    let folder = TempDir::new().expect("a temporary folder");
    for version in versions() {
        for failing in version..MIGRATIONS.len() {
            let path = file(&folder, version);
            let broken = format!("{}{FAILS}", MIGRATIONS[failing]);
            let mut steps = MIGRATIONS;
            steps[failing] = &broken;
            let mut connection = Connection::open(&path).expect("the file");
            assert!(matches!(migrate(&mut connection, &steps, &key()), Err(Error::Database(_))));
            drop(connection);
            let left = Connection::open(&path).expect("the file");
            assert_eq!(number(&left, "user_version"), failing as i64, "from version {version}");
            assert_eq!(schema(&left), schema(&fresh(&MIGRATIONS[..failing])), "from version {version}");
            drop(left);
            // Once the cause is gone, it goes on from there.
            let opened = open(&path, &key()).expect("the steps of today");
            assert_eq!(number(&opened, "user_version"), MIGRATIONS.len() as i64);
            drop(opened);
            std::fs::remove_file(&path).expect("the file");
        }
    }
}

/// A file as a version of the schema left it, with what statements put there, brought up to the last one in which records have
/// rows of their own.
fn migrated(version: usize, sql: &str) -> Connection {
    let mut connection = fresh(&MIGRATIONS[..version]);
    connection.execute_batch(sql).expect("rows");
    migrate(&mut connection, &MIGRATIONS[..BLOCKS - 1], &key()).expect("it is brought up to date");
    connection
}

/// Under what records are held, and under what each source has sent.
fn held_and_sent(connection: &Connection) -> (Vec<String>, Vec<String>) {
    let rows = |sql: &str| -> Vec<String> {
        let mut statement = connection.prepare(sql).expect("a statement");
        let rows = statement.query_map([], |row| row.get(0)).expect("rows");
        rows.collect::<Result<_, _>>().expect("texts")
    };
    let held = "SELECT source || ': ' || coalesce(agreements, 'unknown') FROM record
         LEFT JOIN holding ON holding = number ORDER BY source";
    (rows(held), rows("SELECT source || ': ' || agreement FROM sent_under ORDER BY source, agreement"))
}

#[test]
fn records_from_before_are_of_an_agreement_where_there_is_one_they_can_be_of() {
    let connection = migrated(
        10,
        "INSERT INTO organization (id, name, roles, active, source)
             VALUES ('one', '', '', 1, 1), ('two', '', '', 1, 2), ('tw', '', '', 1, 3);
         INSERT INTO agreement (id, version, digest, document, loaded_ms)
             VALUES ('a', 1, zeroblob(32), 'sources = [\"one\", \"two\", \"tw\"]', 0),
                    ('b', 1, zeroblob(32), 'sources = [''two'']', 0), ('b', 2, zeroblob(32), '', 0);
         INSERT INTO batch (source, id, delivery, sequence, digest, verdict, received_ms, agreement)
             VALUES (1, 'x', 'x', 1, zeroblob(32), x'00', 0, 'a@1'), (2, 'x', 'x', 1, zeroblob(32), x'00', 0, 'a@1');
         INSERT INTO record (source, kind, key) VALUES (1, 1, zeroblob(16)), (2, 1, zeroblob(16)), (3, 1, zeroblob(16));",
    );
    let (held, sent) = held_and_sent(&connection);
    assert_eq!(held, ["1: a", "2: unknown", "3: a"]);
    assert_eq!(sent, ["1: a", "2: a", "2: b", "3: a"]);
}

#[test]
fn what_was_erased_before_backups_were_noted_waits_for_those_begun_by_then() {
    let connection = migrated(
        11,
        "INSERT INTO backup VALUES (1, 'night.db', 100, 1), (2, 'later.db', 300, 1);
         INSERT INTO destruction (number, scope, id, because, erased_ms, erased)
             VALUES (1, 'source', 'one', '', 50, '{}'), (2, 'source', 'two', '', 200, '{}');",
    );
    let mut last = connection.prepare("SELECT last_backup FROM destruction ORDER BY number").expect("sound");
    let last = last.query_map([], |row| row.get(0)).expect("rows").collect::<Result<Vec<i64>, _>>();
    assert_eq!(last.ok(), Some(vec![0, 1]), "the later one was begun when all rows were gone");
}
