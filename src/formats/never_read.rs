//! Columns that are never read, by their names: whatever a mapping says, and wherever rows are written.

/// Whether a name is one of passwords, e-mail, telephone or social security numbers.
pub(super) fn is_never_read(name: &str) -> bool {
    const NEVER: [&str; 14] = [
        "password",
        "passwd",
        "pwd",
        "passcode",
        "email",
        "mail",
        "phone",
        "telephone",
        "mobile",
        "cellphone",
        "sms",
        "fax",
        "ssn",
        "security",
    ];
    // In names without a sign between their words; `phone` alone would be found in `phonemes`.
    const WITHIN: [&str; 8] = [
        "password",
        "passwd",
        "socialsecurity",
        "emailaddr",
        "phonenum",
        "homephone",
        "cellphone",
        "telephone",
    ];
    let lower = name.to_lowercase();
    let is_run_together = |word: &str| {
        WITHIN.iter().any(|within| word.contains(within)) || word.starts_with("ssn") || word.ends_with("ssn")
    };
    lower.split(|c: char| !c.is_alphanumeric()).any(is_run_together)
        || words(name).split(' ').any(|word| NEVER.contains(&word))
}

/// The words of a name in lower case: `Home Phone`, `home_phone`, `HomePhone` and `HOMEPhone2` have the word `phone`.
pub(super) fn words(name: &str) -> String {
    let mut words = String::with_capacity(2 * name.len());
    let mut before = ' ';
    let mut rest = name.chars().peekable();
    while let Some(c) = rest.next() {
        let begins_name =
            c.is_uppercase() && (before.is_lowercase() || rest.peek().is_some_and(|c| c.is_lowercase()));
        let is_other = c.is_numeric() != before.is_numeric();
        if begins_name || is_other || !c.is_alphanumeric() {
            words.push(' ');
        }
        if c.is_alphanumeric() {
            words.extend(c.to_lowercase());
        }
        before = c;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_columns_are_never_read() {
        for name in [
            "Phone",
            "Home Phone",
            "homePhone",
            "Phone1",
            "HOMEPHONE",
            "Phone_Number",
            "STUDENT_EMAIL",
            "E-Mail",
            "studentEMail",
            "EMAILADDRESS",
            "Student SSN",
            "studentSSN",
            "SSNLast4",
            "ssn4",
            "STUDENTSSN",
            "SocialSecurityNumber",
            "SOCIALSECURITYNO",
            "password",
            "LMSPassword",
            "userpassword2",
            "pwd",
        ] {
            assert!(is_never_read(name), "{name}");
        }
        for name in [
            "Phoneme Segmentation",
            "PhonemeNumber",
            "Student ID",
            "Ph_Type",
            "EmailingScore",
            "Score",
            "Mailing City",
        ] {
            assert!(!is_never_read(name), "{name}");
        }
    }

    #[test]
    fn no_column_of_a_template_is_among_them() {
        let columns = crate::formats::templates().iter().flat_map(|template| template.columns);
        let found: Vec<_> = columns.map(|column| column.name).filter(|name| is_never_read(name)).collect();
        assert_eq!(found, Vec::<&str>::new());
    }
}
