//! What is wrong with mappings, and where they do not fit the files.

use super::*;

/// Compares what is said of mappings that are not read.
fn check_mistakes(mappings: &[&str], files: &[(&str, &str)], expected: &[&str]) {
    let message = read_with(mappings, files).err().expect("mistakes");
    let lines: Vec<_> = message.lines().skip(1).map(str::trim_start).collect();
    assert_eq!(lines, expected, "{message}");
}

#[test]
fn every_mistake_is_told_at_once_with_its_line() {
    let mapping = "name = 'x y'\nfiles = []\ncolor = 'red'\nblank = 7\n[columns]\nstudent_id = { column = 'Id', codes = 'ids' }\n\
        nonsense = 'A'\n[[record]]\ntemplate = 'tests.csv'\n[[record]]\ntemplate = 'assessments.csv'\nfilled = 'A *'\n\
        columns.test = 'Home Phone'\ncolumns.subject = { column = 'B', constant = 'C' }\n\
        columns.level = { column = 'B', format = 'MMYYYY' }\n[[record]]\n";
    check_mistakes(
        &[mapping],
        &[],
        &[
            "m0.toml: files is missing: names of files, with * for anything",
            "m0.toml: name is missing, or not made of letters, digits and -_.",
            "m0.toml, line 3: color is not known here (known are name, title, files, header_has, blank, codes, descriptors, record, \
             template, each, optional, when, unless, filled, columns)",
            "m0.toml, line 4: blank is not a text in quotation marks",
            "m0.toml, line 6: there is no table codes.ids",
            "m0.toml, line 7: nonsense is not a column of assessments.csv",
            "m0.toml, line 9: there is no template tests.csv (there are schools.csv, programs.csv, students.csv, \
             enrollments.csv, attendance_summary.csv, attendance_events.csv, assessments.csv, discipline.csv, \
             diplomas.csv, postsecondary.csv, eligibility.csv, services.csv, dosage.csv, optout.csv, statuses.csv, courses_taken.csv, school_days.csv, consents.csv)",
            "m0.toml, line 10: a condition of record 2 has a *, and there is no each",
            "m0.toml, line 10: record 2 (assessments.csv) does not say where date comes from",
            "m0.toml, line 13: test: columns of passwords, e-mail, telephone and social security numbers are never read",
            "m0.toml, line 14: subject is to have one of column, constant, join and first",
            "m0.toml, line 15: level: the format MMYYYY needs one day: DD or day = 1 to 31",
            "m0.toml, line 16: record 3 has no template",
        ],
    );
    let unknown = attendance("date = 'Day'\nstatus = 'What'\ncolour = 'C'");
    check_mistakes(&[&unknown], &[], &["m0.toml, line 9: colour is not a column of attendance_events.csv"]);
    check_mistakes(
        &["name = 'a'\nname = 'b'\nfiles = ["],
        &[],
        &["m0.toml, line 2: duplicate key", "m0.toml, line 3: unclosed array, expected `]`"],
    );
    let codes = attendance(
        "date = 'Day'\nstatus = { column = 'What', codes = { 'p' = 'present', 'P' = 'partial' } }",
    );
    check_mistakes(&[&codes], &[], &["m0.toml, line 8: p is there twice: letter case does not matter"]);
}

#[test]
fn what_a_mapping_could_never_do_is_a_mistake() {
    let codes = |more: &str, codes: &str| {
        let status = format!("date = 'Day'\nstatus = {{ column = 'What', codes = {codes} }}");
        attendance(&status).replacen("template", &format!("{more}template"), 1)
    };
    for (mapping, expected) in [
        (
            codes("", "{ '' = 'present', p = 'present' }"),
            "m0.toml, line 8: a blank cell is not looked up among codes (but first = [.., { constant = .. }])",
        ),
        (
            codes("blank = ['N/A']\n", "{ 'n/a' = 'excused', p = 'present' }"),
            "m0.toml, line 9: N/A is among blank, so it is never translated",
        ),
        (
            codes("codes.words = { p = 'present' }\ncodes.others = { q = 'present' }\n", "'words'"),
            "m0.toml, line 4: no column is translated by codes.others",
        ),
        (
            codes("", "{ p = 'present' }").replace("a*.csv", "a*.txt"),
            "m0.toml, line 2: a*.txt is not the name of a .csv or .parquet file",
        ),
        (codes("filled = []\n", "{ p = 'present' }"), "m0.toml, line 3: filled has nothing in it"),
        (codes("when.What = []\n", "{ p = 'present' }"), "m0.toml, line 3: What has nothing in it"),
        (
            codes("each = '* Score'\n", "{ p = 'present' }"),
            "m0.toml: record 1 has an each, and no column with a *: it is always the same",
        ),
    ] {
        check_mistakes(&[&mapping], &[], &[expected]);
    }
    for files in ["*", "a*.c*", "a.CSV", "*sv"] {
        let mapping = codes("", "{ p = 'present' }").replace("a*.csv", files);
        assert!(read_with(&[&mapping], &[("a.csv", "Pupil,Day,What\nA1,2024-09-03,p\n")]).is_ok(), "{files}");
    }
}

#[test]
fn files_and_mappings_fit_each_other_or_nothing_is_read() {
    let mapping = attendance("date = 'Day'\nstatus = { first = ['What', 'Else'] }");
    let other = mapping.replace("'a'", "'b'").replace("a*.csv", "*.csv");
    let sheet = "Pupil,Day,What,Else\nA1,2024-09-03,present,\n";
    check_mistakes(&[&mapping, &mapping], &[], &["m1.toml: another mapping has the name a, too"]);
    check_mistakes(
        &[&mapping, &other],
        &[("a1.csv", sheet), ("b.csv", "Pupil,Date,What\n")],
        &[
            "m0.toml: a1.csv has several mappings: a, b",
            "m1.toml, line 7: b.csv has no column Day",
            "m1.toml, line 8: b.csv has no column Else",
        ],
    );
    let read = read_with(&[&mapping, &other], &[("b.csv", sheet)]).expect("a mapped file");
    assert_eq!((read.rows.len(), read.defects()), (1, vec!["  missing_file".to_owned()]));
    let missing = Mappings::with_files(&["/nowhere/m.toml"]).expect_err("there is no such file");
    assert!(missing.to_string().contains("/nowhere/m.toml: can not be read"), "{missing}");
}
