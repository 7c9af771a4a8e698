//! What is sealed from the steps on that made blocks and rows of subjects: it says what it said, and is left nowhere as it was.

use super::*;
use crate::store::blocks;
use crate::store::subjects::row;
use crate::store::vault::Column;

/// Columns that are sealed from the step on that made blocks of records.
pub(super) const SEALED: [(&str, &str); 2] = [("edition_column", "bytes"), ("proof", "bytes")];

/// What they say, and the records.
pub(super) fn said(connection: &Connection, are_sealed: bool) -> Rows {
    let mut all = Rows::new();
    let mut each = |sql: &str, of: Column| {
        let mut statement = connection.prepare(sql).expect("a statement");
        let mut rows = statement.query([]).expect("rows");
        while let Some(row) = rows.next().expect("a row") {
            let (edition, column): (u32, String) = (row.get(0).expect("one"), row.get(1).expect("a name"));
            let mut bytes: Vec<u8> = row.get(2).expect("bytes");
            if are_sealed {
                let place = [&edition.to_le_bytes()[..], column.as_bytes()].concat();
                bytes = key().open_at(of, &place, bytes).expect("sealed in its place");
            }
            all.insert(vec![edition.to_string(), column, format!("{bytes:?}")]);
        }
    };
    each("SELECT edition, frame || char(0) || name, bytes FROM edition_column", Column::Edition);
    if tables(connection).contains(&"proof".to_owned()) {
        each("SELECT edition, '', bytes FROM proof", Column::Proof);
    }
    if !are_sealed {
        let record = "printf('%d %s %s', kind, hex(key), hex(student)), coalesce(fact, 'withdrawn')";
        let sql = format!("SELECT source, {record} FROM record");
        let mut statement = connection.prepare(&sql).expect("a statement");
        let mut rows = statement.query([]).expect("rows");
        while let Some(row) = rows.next().expect("a row") {
            let (source, whose): (u32, String) = (row.get(0).expect("one"), row.get(1).expect("tokens"));
            let said: Value = row.get(2).expect("a fact");
            let said = match said {
                Value::Blob(said) => format!("{said:?}"),
                _ => "withdrawn".to_owned(),
            };
            all.insert(vec![source.to_string(), whose, said]);
        }
        return all;
    }
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>();
    blocks::each(connection, blocks::ALL_SOURCES, |block| {
        block.each(&key(), |head, fact| {
            let student = head.student.map(|student| hex(&student)).unwrap_or_default();
            let whose = format!("{} {} {student}", block.kind, hex(&head.key));
            let said = fact.map_or_else(|| "withdrawn".to_owned(), |fact| format!("{fact:?}"));
            all.insert(vec![block.source.to_string(), whose, said]);
            Ok(())
        })
    })
    .expect("blocks that open");
    all
}

/// What is known of subjects.
pub(super) fn known(connection: &Connection) -> Rows {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>();
    let of = |sql: &str, number: i64| -> Vec<String> {
        let mut statement = connection.prepare(sql).expect("a statement");
        let texts = |row: &rusqlite::Row<'_>| {
            (0..3).map(|at| Ok(format!("{:?}", row.get::<_, Value>(at)?))).collect()
        };
        statement.query_row([number], texts).expect("encodings")
    };
    let mut all = Rows::new();
    if columns(connection, "subject").contains(&"row".to_owned()) {
        let each = row::each(connection, &key(), None, |number, row| {
            let (source, student) = (row.subject.source, row.subject.student);
            let reason = row.reason.map(|reason| reason.bytes());
            let said =
                format!("{source} {} {} {} {reason:?}", hex(student.as_bytes()), row.person.0, row.model);
            let encodings =
                of("SELECT make, encoding, next_encoding FROM encoding WHERE number = ?1", number);
            all.insert([vec![said], encodings].concat());
            Ok(())
        });
        each.expect("rows that open");
        return all;
    }
    let has = |name: &str| columns(connection, "subject").contains(&name.to_owned());
    let or_none = |name| if has(name) { name } else { "NULL" };
    let encodings = format!(
        "SELECT {}, encoding, {} FROM subject ORDER BY source, student LIMIT 1 OFFSET ?1",
        or_none("make"),
        or_none("next_encoding")
    );
    let sql = format!(
        "SELECT source, student, person, model, {} FROM subject ORDER BY source, student",
        or_none("reason")
    );
    let mut statement = connection.prepare(&sql).expect("a statement");
    let mut rows = statement.query([]).expect("rows");
    while let Some(row) = rows.next().expect("a row") {
        let get = |at: usize| row.get::<_, i64>(at).expect("a number");
        let student: [u8; 16] = row.get(1).expect("a token");
        let reason = row.get::<_, Option<Vec<u8>>>(4).expect("what decided").map(|sealed| {
            key().open(Column::Reason, get(0) as u32, &Token::from_bytes(student), &sealed).expect("sealed")
        });
        let said = format!("{} {} {} {} {reason:?}", get(0), hex(&student), get(2), get(3));
        all.insert([vec![said], of(&encodings, all.len() as i64)].concat());
    }
    all
}

#[test]
fn what_a_step_seals_is_left_nowhere_as_it_was() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = file(&folder, BLOCKS - 1);
    let connection = Connection::open(&path).expect("the file");
    // Of many pages: what is moved leaves some of them.
    connection
        .execute_batch(
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 3000)
             INSERT INTO record (source, kind, key, fact)
             SELECT 1, 3, randomblob(16), CAST('an invented record ' || n AS BLOB) FROM n;
             UPDATE subject SET student = CAST('an invented name' AS BLOB), reason = NULL WHERE source = 2;
             UPDATE edition_column SET bytes = CAST('an invented column' AS BLOB);
             UPDATE proof SET bytes = CAST('an invented proof' AS BLOB)",
        )
        .expect("rows");
    drop(connection);
    let n_found = || {
        let files = std::fs::read_dir(folder.path()).expect("a folder");
        let read = |file: std::io::Result<std::fs::DirEntry>| std::fs::read(file.expect("a file").path());
        let files: Vec<Vec<u8>> = files.map(|file| read(file).expect("readable")).collect();
        let said: [&[u8]; 4] = [b"invented record", b"invented column", b"invented proof", b"invented name"];
        let is_in = |said: &&[u8]| files.iter().any(|bytes| bytes.windows(said.len()).any(|at| at == *said));
        said.iter().filter(|said| is_in(said)).count()
    };
    assert_eq!(n_found(), 4, "the search finds what is there");
    let opened = open(&path, &key()).expect("a file of an earlier version");
    assert_eq!(n_found(), 0, "while it is open");
    drop(opened);
    assert_eq!(n_found(), 0);
}
