//! The eight exports, each with every record computed from its text.

use super::{check, day, record};

#[test]
fn act_has_five_scores_a_row() {
    check("ACT__sample_anonymized_file.csv", "act", 25, &[], |row| {
        let month = &row["Test_Dte"];
        let date = format!("{}-{}-01", &month[2..], &month[..2]);
        let grade = &row["HS_GradeLev"][..2];
        let scores = [
            ("ENGLISH", "Eng"),
            ("MATH", "Mth"),
            ("READING", "Rdg"),
            ("SCIENCE", "Sci"),
            ("COMPOSITE", "Composite"),
        ];
        let score = |(subject, column): (&str, &str)| {
            record([&row["ID_Local"], "ACT", subject, &date, grade, &row[column], "", ""])
        };
        scores.map(score).to_vec()
    });
}

#[test]
fn gold_has_a_score_for_each_area_that_was_finished() {
    check("GOLD__sample_anonymized_file.csv", "gold", 28, &[], |row| {
        let areas = [
            ("SOCIAL_EMOTIONAL", "Social-Emotional"),
            ("PHYSICAL", "Physical"),
            ("LANGUAGE", "Language"),
            ("COGNITIVE", "Cognitive"),
            ("LITERACY", "Literacy"),
            ("MATH", "Mathematics"),
        ];
        let of = |area: &str, what: &str| row[&format!("Fall 2022/2023 {area} {what}")].as_str();
        let finished = areas.into_iter().filter(|(_, area)| !of(area, "Scale Score").is_empty());
        let score = |(subject, area): (&str, &str)| {
            let date = day(of(area, "Date Finalized"));
            let (level, ready) = match of(area, "K-Readiness") {
                "Accomplished" => ("2", "true"),
                "Emerging" => ("1", "false"),
                _ => panic!("another word"),
            };
            let score = of(area, "Scale Score");
            record([&row["SourceChildID"], "TS_GOLD", subject, &date, "KG", score, level, ready])
        };
        finished.map(score).collect()
    });
}

#[test]
fn kra_has_an_overall_score_and_four_domains() {
    check("KRA__KRA_sample_file_deidentified.csv", "kra", 50, &[], |row| {
        let (student, date) = (row["PS_StudentID"].as_str(), day(&row["DateTaken"]));
        let (level, ready) = match row["PerformanceLevelDescriptor"].as_str() {
            "Demonstrating Readiness" => ("3", "true"),
            "Approaching Readiness" => ("2", "false"),
            "Emerging Readiness" => ("1", "false"),
            _ => panic!("another word"),
        };
        let mut records =
            vec![record([student, "KRA", "READINESS", &date, "KG", &row["OverallScore"], level, ready])];
        for (subject, column) in [
            ("SOCIAL_FOUNDATIONS", "SFScore"),
            ("LANGUAGE_LITERACY", "LLScore"),
            ("MATH", "MAScore"),
            ("PHYSICAL", "PDScore"),
        ] {
            records.push(record([student, "KRA", subject, &date, "KG", &row[column], "", ""]));
        }
        records
    });
}

#[test]
fn map_growth_has_a_score_a_row_and_one_row_is_too_short() {
    // The seventh row has 142 cells and the header 143, so nobody can say which value is whose.
    check("MAP_Growth__sample_anonymized_file.csv", "map-growth", 6, &["8 - wrong_columns"], |row| {
        let subject = match row["Subject"].as_str() {
            "Mathematics" => "MATH",
            "Science" => "SCIENCE",
            _ => panic!("another word"),
        };
        assert_eq!(row["GrowthMeasureYN"], "TRUE");
        let date = day(&row["TestStartDate"]);
        vec![record([&row["StudentID"], "MAP_GROWTH", subject, &date, "", &row["TestRITScore"], "", ""])]
    });
}

#[test]
fn pals_has_eight_tasks_a_row() {
    check("PALS__PALS_SAMPLE_data_file.csv", "pals-prek", 240, &[], |row| {
        assert_eq!(row["CL_GRADE"], "p");
        let date = day(&row["ASSESSDATE"]);
        let tasks = [
            ("NAME_WRITING", "NAMEWRI"),
            ("UPPER_CASE", "ALPHA_UC"),
            ("LOWER_CASE", "ALPHA_LC"),
            ("LETTER_SOUNDS", "LETTERSND"),
            ("BEGINNING_SOUND", "BEGSOUND"),
            ("PRINT_WORD", "PRNTWORD"),
            ("RHYME", "RHYME"),
            ("NURSERY_RHYME", "NURRHYME"),
        ];
        let score = |(subject, column): (&str, &str)| {
            record([&row["STD_STI"], "PALS_PREK", subject, &date, "PK", &row[column], "", ""])
        };
        tasks.map(score).to_vec()
    });
}

#[test]
fn wisconsin_forward_has_a_score_for_each_subject_that_was_tested() {
    check("WI_Forward__sample_anonymized_file.csv", "wisconsin-forward", 11, &[], |row| {
        let subjects = [("ELA", "ELA"), ("MATH", "MTH"), ("SCIENCE", "SCN"), ("SOCIAL_STUDIES", "SS")];
        let tested = |short: &str| row[&format!("{short}_Attempted_Status")] == "Y";
        let score = |(subject, short): (&str, &str)| {
            let date = row[&format!("Test_Start_Date_{short}")].as_str();
            let date = format!("{}-{}-{}", &date[4..], &date[..2], &date[2..4]);
            let level = row[&format!("{short}_Performance_Level")].as_str();
            let is_proficient = (level >= "3").to_string();
            let (student, grade) = (row["Local_Student_ID"].as_str(), row["Grade"].as_str());
            let score = row[&format!("Scale_Score_{short}")].as_str();
            record([student, "WI_FORWARD", subject, &date, grade, score, level, &is_proficient])
        };
        subjects.into_iter().filter(|(_, short)| tested(short)).map(score).collect()
    });
}

#[test]
fn i_ready_has_a_file_for_each_subject() {
    for (file, mapping, subject) in [
        ("i-Ready__sample_anonymized_file_ela.csv", "i-ready-reading", "READING"),
        ("i-Ready__sample_anonymized_file_math.csv", "i-ready-math", "MATH"),
    ] {
        check(file, mapping, 5, &[], |row| {
            let level = match row["Overall Relative Placement"].as_str() {
                "2 Grade Levels Below" => "2",
                "1 Grade Level Below" => "3",
                "Early On Grade Level" => "4",
                _ => panic!("another word"),
            };
            let (date, grade) = (day(&row["Completion Date"]), format!("{:0>2}", row["Student Grade"]));
            let (score, is_on_grade) = (&row["Overall Scale Score"], (level == "4").to_string());
            vec![record([&row["Student ID"], "I_READY", subject, &date, &grade, score, level, &is_on_grade])]
        });
    }
}
