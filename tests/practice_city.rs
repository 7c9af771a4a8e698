//! The practice city keeps its promises: same bytes, exact headers, whole truth, true effects.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tempfile::TempDir;
use throughline::calendar::{Date, SchoolYear};
use throughline::practice::{Options, Report, write};
use throughline::records::{
    Action, Code, CollegeLevel, CollegeStatus, DiplomaType, DosageUnit, EnglishLearner, ExitType, Grade,
    Lunch, Races, Sector,
};

const SCHOOLS: [&str; 3] = ["northfield", "eastbrook", "summit-charter"];
const SOURCES: [&str; 6] =
    ["northfield", "eastbrook", "summit-charter", "afterschool-alliance", "healthy-start", "promise-fund"];

/// A city in a temporary folder.
struct City {
    folder: TempDir,
    report: Report,
    /// The person behind each student number of each source.
    persons: BTreeMap<(String, String), String>,
}

impl City {
    fn new(students: u32, seed: u64) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let options = Options { students, seed, ..Options::new(folder.path()) };
        let report = write(&options, &mut |_, _| ()).expect("a city");
        let table = Table::read(&folder.path().join("truth/persons.csv"));
        let rows = table.pick(["source", "student_id", "person"]);
        let persons = rows.map(|[source, id, person]| ((source.into(), id.into()), person.into())).collect();
        Self { folder, report, persons }
    }

    /// One city of 3,000 children that several tests read.
    fn shared() -> &'static Self {
        static CITY: OnceLock<City> = OnceLock::new();
        CITY.get_or_init(|| City::new(3_000, 1))
    }

    /// All files: the path below the folder, with `/`, and the bytes.
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut folders: Vec<PathBuf> = vec![self.folder.path().to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let below = path.strip_prefix(self.folder.path()).expect("below the folder");
                    let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
                    files.insert(parts.join("/"), std::fs::read(&path).expect("a file"));
                }
            }
        }
        files
    }

    /// SHA-256 over all paths and bytes, in hexadecimal.
    fn digest(&self) -> String {
        let mut context = ring::digest::Context::new(&ring::digest::SHA256);
        for (path, bytes) in self.files() {
            context.update(format!("{path} {}\n", bytes.len()).as_bytes());
            context.update(&bytes);
        }
        context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn table(&self, path: &str) -> Table {
        Table::read(&self.folder.path().join(path))
    }

    fn truth(&self) -> serde_json::Value {
        let page = std::fs::read(self.folder.path().join("truth/effects.json")).expect("the truth");
        serde_json::from_slice(&page).expect("JSON")
    }

    /// Rows of one file of a source, with the person first; rows of strangers are left out.
    fn of_persons<const N: usize>(
        &self,
        source: &str,
        file: &str,
        columns: [&str; N],
    ) -> Vec<(String, [String; N])> {
        let table = self.table(&format!("sources/{source}/{file}"));
        let ids = table.pick(["student_id"]);
        let rows = ids.zip(table.pick(columns)).filter_map(|([id], row)| {
            let person = self.persons.get(&(source.to_owned(), id.to_owned()))?;
            Some((person.clone(), row.map(str::to_owned)))
        });
        rows.collect()
    }
}

/// A CSV file: the header, and rows by column name.
struct Table {
    header: Vec<String>,
    rows: Vec<csv::StringRecord>,
}

impl Table {
    fn read(path: &Path) -> Self {
        let mut reader = csv::Reader::from_path(path).expect("a CSV file");
        let header = reader.headers().expect("a header").iter().map(str::to_owned).collect();
        Self { header, rows: reader.records().map(|row| row.expect("a whole row")).collect() }
    }

    fn column(&self, name: &str) -> usize {
        self.header.iter().position(|column| column == name).expect("a column of the file")
    }

    fn pick<'a, const N: usize>(&'a self, names: [&str; N]) -> impl Iterator<Item = [&'a str; N]> + 'a {
        let columns = names.map(|name| self.column(name));
        self.rows.iter().map(move |row| columns.map(|at| &row[at]))
    }
}

#[test]
fn the_same_options_make_the_same_bytes() {
    let one = City::new(400, 7);
    assert_eq!(one.digest(), City::new(400, 7).digest());
    assert_ne!(one.digest(), City::new(400, 8).digest());
    // Changes with every change of the city, and must with nothing else: not with the platform.
    assert_eq!(one.digest(), "20bf88aa760391a6fb120fb530abde6cae5f53ff48ca3bc5885401aa85d96589");
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
fn the_truth_knows_every_student_number_and_no_other() {
    let city = City::shared();
    let defects = city.table("truth/defects.csv");
    let strangers: BTreeSet<(&str, usize)> = defects
        .pick(["file", "row", "column"])
        .filter(|[_, _, column]| *column == "student_id")
        .map(|[file, row, _]| (file, row.parse().expect("a row")))
        .collect();
    let mut used: BTreeSet<(String, String)> = BTreeSet::new();
    for path in city.files().into_keys().filter(|path| path.starts_with("sources/")) {
        let source = path.split('/').nth(1).unwrap_or_default().to_owned();
        let table = city.table(&path);
        if table.header[0] == "student_id" {
            let rows = table.pick(["student_id"]).enumerate();
            let known = rows.filter(|(at, _)| !strangers.contains(&(path.as_str(), at + 2)));
            used.extend(known.map(|(_, [id])| (source.clone(), id.to_owned())));
        } else if path.ends_with("users.csv") {
            let rows = table.pick(["sourcedId", "role"]).filter(|[_, role]| *role == "student");
            used.extend(rows.map(|[id, _]| (source.clone(), id.to_owned())));
        } else if path.ends_with("oneroster/enrollments.csv") {
            let rows = table.pick(["userSourcedId", "role"]).filter(|[_, role]| *role == "student");
            used.extend(rows.map(|[id, _]| (source.clone(), id.to_owned())));
        } else if path.ends_with("demographics.csv") {
            used.extend(table.pick(["sourcedId"]).map(|[id]| (source.clone(), id.to_owned())));
        }
    }
    let persons = &city.persons;
    assert_eq!(used, persons.keys().cloned().collect());
    assert_eq!(persons.len() as u64, city.report.numbers);
    let distinct: BTreeSet<&String> = persons.values().collect();
    assert_eq!(distinct.len(), 3_000);
    // The trap of real districts: the same number, and another child.
    let number = |source: &str| -> BTreeMap<&String, &String> {
        persons.iter().filter(|((s, _), _)| s == source).map(|((_, id), person)| (id, person)).collect()
    };
    let (one, other) = (number("northfield"), number("eastbrook"));
    assert!(
        other.iter().filter(|(id, person)| one.get(*id).is_some_and(|same| same != *person)).count() > 100
    );
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
fn names_differ_between_sources() {
    let city = City::shared();
    let columns = ["first_name", "last_name", "birth_date"];
    let upper = |row: [String; 3]| row.map(|cell| cell.to_uppercase());
    let district: BTreeMap<String, [String; 3]> = city
        .of_persons("northfield", "students.csv", columns)
        .into_iter()
        .map(|(person, row)| (person, upper(row)))
        .collect();
    let agency = city.of_persons("afterschool-alliance", "students.csv", columns);
    let both: Vec<_> = agency
        .into_iter()
        .filter_map(|(person, row)| Some((district.get(&person)?.clone(), upper(row))))
        .collect();
    let differ = |at: usize| both.iter().filter(|(one, other)| one[at] != other[at]).count() as f64;
    let n = both.len() as f64;
    assert!(n > 200.0);
    for (at, low, high) in [(0, 0.05, 0.30), (1, 0.05, 0.30), (2, 0.05, 0.25)] {
        let share = differ(at) / n;
        assert!((low..high).contains(&share), "column {at}: {share}");
    }
}

#[test]
fn there_are_twins_siblings_movers_and_second_numbers() {
    let city = City::shared();
    let columns = ["school_year", "last_name", "birth_date", "street_address"];
    let mut births: BTreeMap<[String; 4], BTreeSet<String>> = BTreeMap::new();
    let mut homes: BTreeMap<[String; 3], BTreeSet<String>> = BTreeMap::new();
    for (person, row) in city.of_persons("northfield", "students.csv", columns) {
        let [year, last, _, street] = row.clone();
        if !street.is_empty() {
            homes.entry([year, last, street]).or_default().insert(person.clone());
            births.entry(row).or_default().insert(person);
        }
    }
    let twins = births.values().filter(|persons| persons.len() == 2).count();
    let siblings = homes.values().filter(|persons| persons.len() > 1).count();
    assert!(twins > 20, "{twins}");
    assert!(siblings > 500, "{siblings}");
    let mut sources: BTreeMap<String, BTreeMap<String, u32>> = BTreeMap::new();
    for ((source, _), person) in city.persons.clone() {
        *sources.entry(person).or_default().entry(source).or_default() += 1;
    }
    let school = |known: &&BTreeMap<String, u32>| SCHOOLS.iter().filter(|s| known.contains_key(**s)).count();
    let movers = sources.values().filter(|known| school(known) > 1).count();
    assert_eq!(movers, city.report.movers as usize);
    assert!(movers > 150, "{movers}");
    assert!(sources.values().any(|known| known.values().any(|numbers| *numbers > 1)), "second numbers");
    let outside = sources.values().filter(|known| school(known) == 0).count();
    assert!((20..120).contains(&outside), "{outside} children known to agencies only");
}

#[test]
fn some_cells_are_small() {
    let city = City::shared();
    let mut cells: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for source in SCHOOLS {
        let students = city.of_persons(source, "students.csv", ["school_year", "races"]);
        let races: BTreeMap<_, _> = students
            .into_iter()
            .filter(|(_, [year, _])| year == "2024")
            .map(|(person, [_, races])| (person, races))
            .collect();
        for (person, [school, year]) in city.of_persons(source, "enrollments.csv", ["school", "school_year"])
        {
            if let Some(races) = races.get(&person).filter(|_| year == "2024") {
                cells.entry((school, races.clone())).or_default().insert(person);
            }
        }
    }
    let small = cells.values().filter(|persons| persons.len() < 10).count();
    let large = cells.values().filter(|persons| persons.len() >= 10).count();
    assert!(small >= 20 && large >= 20, "{small} small cells, {large} large ones");
}

#[test]
fn the_true_absence_can_be_found_in_the_files() {
    let city = City::shared();
    let truth = city.truth();
    // By year and person: days enrolled and absent, and days enrolled at each school with the latest day.
    type Days = (f64, f64, BTreeMap<String, (u32, Date, &'static str)>);
    let mut days: BTreeMap<(u16, String), Days> = BTreeMap::new();
    for source in SCHOOLS {
        let columns = ["from", "days_enrolled", "days_absent", "school"];
        for (person, [from, enrolled, absent, school]) in
            city.of_persons(source, "attendance_summary.csv", columns)
        {
            let (Ok(from), Ok(enrolled), Ok(absent)) =
                (from.parse::<Date>(), enrolled.parse::<f64>(), absent.parse::<f64>())
            else {
                continue;
            };
            let year = days.entry((from.school_year().ending(), person)).or_default();
            (year.0, year.1) = (year.0 + enrolled, year.1 + absent.max(0.0));
            let here = year.2.entry(school).or_insert((0, from, source));
            *here = (here.0 + enrolled as u32, here.1.max(from), source);
        }
    }
    for (source, year) in SCHOOLS.iter().flat_map(|source| (2021..=2025).map(move |year| (source, year))) {
        let is_home = |schools: &BTreeMap<String, (u32, Date, &str)>| {
            schools.values().max().is_some_and(|(_, _, home)| home == source)
        };
        let here = days
            .iter()
            .filter(|((y, _), (enrolled, _, schools))| *y == year && *enrolled >= 10.0 && is_home(schools));
        let (n, chronic) = here.fold((0_i64, 0_i64), |sum, (_, (enrolled, absent, _))| {
            (sum.0 + 1, sum.1 + i64::from(absent * 10.0 >= *enrolled))
        });
        let figure = figure(&truth, "chronic_absence", year, source);
        assert!((n - figure.1).abs() * 100 <= figure.1.max(100), "{source} {year}: {n} {figure:?}");
        assert!((chronic - figure.0).abs() * 25 <= figure.0.max(50), "{source} {year}: {chronic} {figure:?}");
    }
}

/// Numerator and denominator of a true figure over all races.
fn figure(truth: &serde_json::Value, indicator: &str, year: u16, district: &str) -> (i64, i64) {
    let figures = truth["figures"].as_array().expect("figures");
    let found = figures.iter().find(|figure| {
        figure["indicator"] == indicator
            && figure["year"] == year
            && figure["district"] == district
            && figure["race"] == "all"
    });
    let found = found.expect("a figure of that place");
    let number = |name: &str| found[name].as_i64().expect("a count");
    (number("numerator"), number("denominator"))
}

/// What the files say of tutoring: who was admitted in which year, and sessions and their first day.
struct Served {
    admitted: BTreeSet<(String, u16)>,
    sessions: BTreeMap<(String, u16), (u32, Date)>,
}

impl Served {
    fn read(city: &City) -> Self {
        let mut served = Self { admitted: BTreeSet::new(), sessions: BTreeMap::new() };
        for source in SCHOOLS {
            for (person, [program, begin]) in city.of_persons(source, "eligibility.csv", ["program", "begin"])
            {
                if let Some(begin) = begin.parse::<Date>().ok().filter(|_| program == "tutoring") {
                    served.admitted.insert((person, begin.school_year().ending()));
                }
            }
        }
        for (person, [date]) in city.of_persons("afterschool-alliance", "dosage.csv", ["date"]) {
            let Ok(date) = date.parse::<Date>() else { continue };
            let entry = served.sessions.entry((person, date.school_year().ending())).or_insert((0, date));
            *entry = (entry.0 + 1, entry.1.min(date));
        }
        served
    }

    /// Served enough, admitted and not served, or neither.
    fn group(&self, key: &(String, u16)) -> Option<bool> {
        match self.sessions.get(key) {
            Some((sessions, _)) => (*sessions >= 20).then_some(true),
            None => self.admitted.contains(key).then_some(false),
        }
    }
}

/// The mean of those served less the mean of the others.
fn difference(values: &[(bool, f64)]) -> f64 {
    let mean = |served: bool| {
        let of: Vec<f64> = values.iter().filter(|(s, _)| *s == served).map(|(_, value)| *value).collect();
        assert!(of.len() >= 100, "{} values", of.len());
        of.iter().sum::<f64>() / of.len() as f64
    };
    mean(true) - mean(false)
}

#[test]
fn analyses_of_the_files_find_the_true_effects() {
    let city = City::new(12_000, 5);
    let served = Served::read(&city);

    let mut scores: BTreeMap<(String, String), BTreeMap<u16, (i32, f64)>> = BTreeMap::new();
    let mut rates: BTreeMap<(String, u16), (f64, f64)> = BTreeMap::new();
    for source in SCHOOLS {
        let columns = ["subject", "grade", "date", "scale_score"];
        for (person, [subject, grade, date, score]) in city.of_persons(source, "assessments.csv", columns) {
            let grade = Grade::from_code(&grade).and_then(Grade::number);
            if let (Some(grade), Ok(date), Ok(score)) = (grade, date.parse::<Date>(), score.parse()) {
                let year = date.school_year().ending();
                scores.entry((person, subject)).or_default().insert(year, (grade, score));
            }
        }
        let columns = ["from", "days_enrolled", "days_absent"];
        for (person, [from, enrolled, absent]) in city.of_persons(source, "attendance_summary.csv", columns) {
            if let (Ok(from), Ok(enrolled), Ok(absent)) =
                (from.parse::<Date>(), enrolled.parse::<f64>(), absent.parse::<f64>())
            {
                let sum = rates.entry((person, from.school_year().ending())).or_default();
                *sum = (sum.0 + enrolled, sum.1 + absent);
            }
        }
    }

    for (subject, truth) in [("ELA", 8.0), ("MATH", 6.0)] {
        let mut gains = Vec::new();
        for ((person, _), years) in scores.iter().filter(|((_, s), _)| s == subject) {
            for (year, (grade, score)) in years {
                let before = years.get(&(year - 1)).filter(|(before, _)| before + 1 == *grade);
                let group = served.group(&(person.clone(), *year));
                if let (Some((_, before)), Some(group)) = (before, group) {
                    gains.push((group, score - before));
                }
            }
        }
        let found = difference(&gains);
        assert!((found - truth).abs() < 2.0, "{subject}: {found} points, in truth {truth}");
    }

    // Those who began in the fall had the effect all year long.
    let began_in_fall = |key: &(String, u16)| {
        served.sessions.get(key).is_none_or(|(_, first)| first.parts().0 < i32::from(key.1))
    };
    let of_rates = rates.iter().filter(|(key, (enrolled, _))| *enrolled > 20.0 && began_in_fall(key));
    let rates: Vec<_> = of_rates
        .filter_map(|(key, (enrolled, absent))| Some((served.group(key)?, 100.0 - absent * 100.0 / enrolled)))
        .collect();
    let found = difference(&rates);
    assert!((found - 2.0).abs() < 0.5, "attendance: {found} points, in truth 2");

    let college = scholarship(&city);
    let found = difference(&college) * 100.0;
    assert!((found - 15.0).abs() < 8.0, "college: {found} points, in truth 15");
}

/// For each graduate admitted to the scholarship: whether held, and 1 when in college within 16 months.
fn scholarship(city: &City) -> Vec<(bool, f64)> {
    let services = city.of_persons("promise-fund", "services.csv", ["program"]);
    let holders: BTreeSet<String> = services.into_iter().map(|(person, _)| person).collect();
    let mut first: BTreeMap<String, Date> = BTreeMap::new();
    for (person, [begin]) in city.of_persons("promise-fund", "postsecondary.csv", ["begin"]) {
        if let Ok(begin) = begin.parse::<Date>() {
            let known = first.entry(person).or_insert(begin);
            *known = begin.min(*known);
        }
    }
    let mut graduates = Vec::new();
    for source in SCHOOLS {
        for (person, [program, begin]) in city.of_persons(source, "eligibility.csv", ["program", "begin"]) {
            if let Some(diploma) = begin.parse::<Date>().ok().filter(|_| program == "scholarship") {
                let went = first.get(&person).is_some_and(|begin| *begin <= diploma.plus_months(16));
                graduates.push((holders.contains(&person), f64::from(u8::from(went))));
            }
        }
    }
    graduates
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
