//! The files: their bytes, headers, words and defects.

use super::{City, SCHOOLS, Table};
use std::collections::{BTreeMap, BTreeSet};
use throughline::calendar::{Date, SchoolYear};
use throughline::practice::{Options, write};
use throughline::records::{
    Action, Code, CollegeLevel, CollegeStatus, DiplomaType, DosageUnit, EnglishLearner, ExitType, Grade,
    Lunch, Races, Sector,
};

const SOURCES: [&str; 6] =
    ["northfield", "eastbrook", "summit-charter", "afterschool-alliance", "healthy-start", "promise-fund"];

#[test]
fn the_same_options_make_the_same_bytes() {
    let one = City::new(400, 7);
    assert_eq!(one.digest(), City::new(400, 7).digest());
    assert_ne!(one.digest(), City::new(400, 8).digest());
    // Changes with every change of the city, and must with nothing else: not with the platform.
    assert_eq!(one.digest(), "1330a90bc3db70e52ed1d46725af9c556361cdf091d5cb48b0c12f402d0961ab");
}

#[test]
fn progress_ends_with_all_children() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = Options { students: 700, ..Options::new(folder.path().join("deep/city")) };
    let mut heard = Vec::new();
    let report = write(&options, &mut |done, total| heard.push((done, total))).expect("a city");
    assert!(heard.windows(2).all(|pair| pair[0].0 < pair[1].0));
    assert_eq!(heard.last(), Some(&(700, 700)));
    assert_eq!(report.students, 700);
}

#[test]
fn a_city_may_be_a_single_child() {
    let city = City::new(1, 3);
    let persons: BTreeSet<String> = city.persons.values().cloned().collect();
    assert_eq!(persons.len(), 1);
    assert_eq!(city.report.files, city.files().len());
}

#[test]
fn one_year_will_do_and_so_will_fifteen() {
    let year = |ending| SchoolYear::new(ending).expect("a school year");
    for years in [year(2024)..=year(2024), year(1999)..=year(2013)] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let options = Options { students: 300, years: years.clone(), ..Options::new(folder.path()) };
        let report = write(&options, &mut |_, _| ()).expect("a city");
        assert_eq!(report.students, 300);
        let seen: BTreeSet<String> = Table::read(&folder.path().join("sources/northfield/students.csv"))
            .pick(["school_year"])
            .map(|[year]| year.to_owned())
            .collect();
        let all = years.start().ending()..=years.end().ending();
        assert_eq!(seen, all.map(|year| year.to_string()).collect());
    }
}

#[test]
fn headers_are_exact() {
    let city = City::shared();
    let own = [
        (
            "students",
            "student_id,school_year,first_name,middle_name,last_name,suffix,birth_date,sex,street_address,zip,shared_id,races,hispanic,economically_disadvantaged,lunch,disability_idea,section_504,english_learner,homeless,foster,migrant,military,zone",
        ),
        ("schools", "school,name,district,district_name,sector"),
        ("enrollments", "student_id,school,school_year,entry,exit,exit_type,grade,ninth_grade_year"),
        ("attendance_summary", "student_id,school,from,to,days_enrolled,days_present,days_absent"),
        ("assessments", "student_id,test,subject,grade,date,scale_score,level,proficient,not_tested"),
        ("discipline", "student_id,school,date,action,days"),
        ("diplomas", "student_id,type,date"),
        ("postsecondary", "student_id,institution,level,begin,end,status,graduated"),
        ("programs", "program,name,type"),
        ("eligibility", "student_id,program,begin,end"),
        ("services", "student_id,program,begin,end,exit_reason"),
        ("dosage", "student_id,program,date,unit,amount"),
        ("optout", "student_id,from,until"),
    ];
    let oneroster = [
        ("manifest", "propertyName,value"),
        (
            "academicSessions",
            "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear",
        ),
        ("orgs", "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId"),
        (
            "courses",
            "sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes",
        ),
        (
            "classes",
            "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods",
        ),
        (
            "enrollments",
            "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate",
        ),
        (
            "demographics",
            "sourcedId,status,dateLastModified,birthDate,sex,americanIndianOrAlaskaNative,asian,blackOrAfricanAmerican,nativeHawaiianOrOtherPacificIslander,white,demographicRaceTwoOrMoreRaces,hispanicOrLatinoEthnicity,countryOfBirthCode,stateOfBirthAbbreviation,cityOfBirth,publicSchoolResidenceStatus",
        ),
        (
            "users",
            "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password",
        ),
    ];
    let mut seen = BTreeMap::new();
    for path in city.files().into_keys().filter(|path| path.starts_with("sources/")) {
        let name = path.rsplit('/').next().and_then(|name| name.strip_suffix(".csv")).expect("a CSV file");
        let bundle = path.contains("/oneroster/");
        let known = if bundle { &oneroster[..] } else { &own[..] };
        let (_, header) = known.iter().find(|(known, _)| *known == name).expect("a known file");
        assert_eq!(city.table(&path).header.join(","), *header, "{path}");
        *seen.entry((bundle, name.to_owned())).or_insert(0) += 1;
    }
    assert!(own.iter().all(|(name, _)| seen.contains_key(&(false, (*name).to_owned()))));
    assert!(oneroster.iter().all(|(name, _)| seen[&(true, (*name).to_owned())] == 2));
}

/// Whether a cell is what its column may hold.
fn is_good(file: &str, column: &str, cell: &str) -> bool {
    let date = || cell.parse::<Date>().is_ok();
    let code = || Code::new(cell).is_ok();
    let number = || cell.parse::<f64>().is_ok_and(|number| number >= 0.0);
    let flag = || matches!(cell, "true" | "false");
    let or_empty = |good: bool| cell.is_empty() || good;
    match column {
        "entry" | "from" | "to" | "date" | "begin" | "beginDate" => date(),
        "birth_date" | "birthDate" | "exit" | "end" | "until" | "endDate" => or_empty(date()),
        "school" | "program" | "test" | "subject" | "institution" => code(),
        "zone" | "not_tested" | "exit_reason" => or_empty(code()),
        "school_year" | "ninth_grade_year" => or_empty(cell.parse().ok().and_then(SchoolYear::new).is_some()),
        "days_enrolled" | "days_present" | "days_absent" | "amount" => number(),
        "scale_score" | "days" => or_empty(number()),
        "level" if file == "postsecondary.csv" => CollegeLevel::from_code(cell).is_some(),
        "level" => or_empty(matches!(cell, "1" | "2" | "3" | "4")),
        "races" => cell.split(';').all(|race| race.is_empty() || Races::NAMES.contains(&race)),
        "sex" if file == "demographics.csv" => or_empty(matches!(cell, "female" | "male")),
        "sex" => or_empty(matches!(cell, "F" | "M" | "X")),
        "lunch" => or_empty(Lunch::from_code(cell).is_some()),
        "english_learner" => or_empty(EnglishLearner::from_code(cell).is_some()),
        "hispanic"
        | "economically_disadvantaged"
        | "disability_idea"
        | "section_504"
        | "homeless"
        | "foster"
        | "migrant"
        | "military"
        | "proficient" => or_empty(flag()),
        "graduated" => flag(),
        "exit_type" => or_empty(ExitType::from_code(cell).is_some()),
        "grade" => Grade::from_code(cell).is_some(),
        "action" => Action::from_code(cell).is_some(),
        "type" if file == "diplomas.csv" => DiplomaType::from_code(cell).is_some(),
        "status" if file == "postsecondary.csv" => or_empty(CollegeStatus::from_code(cell).is_some()),
        "unit" => DosageUnit::from_code(cell).is_some(),
        "sector" => Sector::from_code(cell).is_some(),
        "zip" => or_empty(cell.len() == 5 && cell.starts_with("987")),
        _ => true,
    }
}

#[test]
fn what_is_wrong_is_what_the_truth_says_is_wrong() {
    let city = City::shared();
    let persons = &city.persons;
    let listed: BTreeSet<(String, usize, String)> = city
        .table("truth/defects.csv")
        .pick(["file", "row", "column"])
        .map(|[file, row, column]| (file.into(), row.parse().expect("a row"), column.into()))
        .collect();
    let mut found = BTreeSet::new();
    for path in city.files().into_keys().filter(|path| path.starts_with("sources/")) {
        let table = city.table(&path);
        let (source, file) =
            (path.split('/').nth(1).unwrap_or_default(), path.rsplit('/').next().unwrap_or_default());
        for (at, row) in table.rows.iter().enumerate() {
            for (column, cell) in table.header.iter().zip(row) {
                let stranger = || !persons.contains_key(&(source.to_owned(), cell.to_owned()));
                if !is_good(file, column, cell) || column == "student_id" && stranger() {
                    found.insert((path.clone(), at + 2, column.clone()));
                }
            }
        }
    }
    assert_eq!(found, listed);
    assert_eq!(listed.len(), city.report.defects);
    let share = city.report.rows as usize / listed.len();
    assert!((150..300).contains(&share), "one defect in {share} rows");
    let strangers = listed.iter().filter(|(_, _, column)| column == "student_id").count();
    assert!(strangers > 10, "{strangers}");
}

#[test]
fn spans_stay_inside_a_school_year_and_days_add_up() {
    let city = City::shared();
    for source in SCHOOLS {
        let columns = ["from", "to", "days_enrolled", "days_present", "days_absent"];
        let rows = city.of_persons(source, "attendance_summary.csv", columns);
        assert!(rows.len() > 500);
        for (_, [from, to, enrolled, present, absent]) in rows {
            let (Ok(from), Ok(to)) = (from.parse::<Date>(), to.parse::<Date>()) else { continue };
            assert!(from <= to && from.school_year() == to.school_year());
            let number = |cell: &str| cell.parse::<f64>().ok();
            if let (Some(enrolled), Some(present), Some(absent)) =
                (number(&enrolled), number(&present), number(&absent).filter(|absent| *absent >= 0.0))
            {
                assert!(enrolled == present + absent && enrolled <= f64::from(to.days() - from.days() + 1));
            }
        }
    }
}

#[test]
fn papers_name_every_source_and_the_years() {
    let city = City::shared();
    let read = |path: &str| -> toml::Table {
        let text = std::fs::read_to_string(city.folder.path().join(path)).expect("a paper");
        text.parse().expect("TOML")
    };
    let agreement = read("agreements/city-outcomes.toml");
    let sources = agreement["parties"]["sources"].as_array().expect("sources");
    assert_eq!(sources.iter().filter_map(|source| source.as_str()).collect::<Vec<_>>(), SOURCES);
    assert!(SOURCES.iter().all(|source| city.folder.path().join("sources").join(source).is_dir()));
    assert_eq!(agreement["begins"].as_str(), Some("2020-07-01"));
    for product in agreement["permits"]["products"].as_array().expect("products") {
        let product = product.as_str().expect("a name");
        let page = read(&format!("products/{product}.toml"));
        assert_eq!(page["product"].as_str(), Some(product));
        assert_eq!(page["years"]["from"].as_integer(), Some(2021));
        assert_eq!(page["years"]["to"].as_integer(), Some(2025));
    }
    let readme = std::fs::read_to_string(city.folder.path().join("README.txt")).expect("a page");
    assert!(readme.contains("invented") && readme.contains("3000 children") && !readme.contains('{'));
}
