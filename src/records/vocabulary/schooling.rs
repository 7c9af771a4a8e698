//! Words about schooling: schools, spells, days, actions, diplomas, colleges and services.

coded! {
    /// Who runs a school.
    Sector {
        /// A district.
        District = "district",
        /// A charter.
        Charter = "charter",
        /// A private body.
        Private = "private",
        /// Someone else.
        Other = "other",
    }
}

coded! {
    /// Why a spell ended.
    ExitType {
        /// Completed the school's last grade.
        Completed = "completed",
        /// Said to have transferred, without written proof: stays in a graduation cohort.
        Transferred = "transferred",
        /// Transfer out of the collaboration's schools confirmed in writing.
        TransferredConfirmed = "transferred_confirmed",
        /// Left the country.
        Emigrated = "emigrated",
        /// Died.
        Deceased = "deceased",
        /// Dropped out.
        Dropout = "dropout",
        /// Was expelled.
        Expelled = "expelled",
        /// Graduated.
        Graduated = "graduated",
        /// Went to a prison or juvenile facility.
        Incarcerated = "incarcerated",
        /// The year ended.
        EndOfYear = "end_of_year",
        /// Withdrew.
        Withdrawn = "withdrawn",
        /// Not known.
        Unknown = "unknown",
    }
}

coded! {
    /// Grade, in CEDS codes.
    Grade {
        /// Infant or toddler.
        InfantToddler = "IT",
        /// Preschool.
        Preschool = "PR",
        /// Prekindergarten.
        Prekindergarten = "PK",
        /// Transitional kindergarten.
        TransitionalKindergarten = "TK",
        /// Kindergarten.
        Kindergarten = "KG",
        /// Grade 1.
        G01 = "01",
        /// Grade 2.
        G02 = "02",
        /// Grade 3.
        G03 = "03",
        /// Grade 4.
        G04 = "04",
        /// Grade 5.
        G05 = "05",
        /// Grade 6.
        G06 = "06",
        /// Grade 7.
        G07 = "07",
        /// Grade 8.
        G08 = "08",
        /// Grade 9.
        G09 = "09",
        /// Grade 10.
        G10 = "10",
        /// Grade 11.
        G11 = "11",
        /// Grade 12.
        G12 = "12",
        /// Grade 13.
        G13 = "13",
        /// Postsecondary.
        Postsecondary = "PS",
        /// Ungraded.
        Ungraded = "UG",
    }
}

impl Grade {
    /// Its number: kindergarten is 0, grades are 1 to 13, what comes before is negative.
    #[must_use]
    pub fn number(self) -> Option<i32> {
        match self {
            Self::Postsecondary | Self::Ungraded => None,
            _ => Some(self as i32 - Self::Kindergarten as i32),
        }
    }
}

coded! {
    /// What a day's attendance was.
    AttendanceStatus {
        /// Present.
        Present = "present",
        /// Absent with an excuse.
        Excused = "excused",
        /// Absent without one.
        Unexcused = "unexcused",
        /// Absent by suspension; it counts as absent.
        Suspended = "suspended",
        /// Late; it counts as present.
        Tardy = "tardy",
        /// Absent for a part of the day.
        Partial = "partial",
    }
}

coded! {
    /// A disciplinary action.
    Action {
        /// Suspension within the school.
        InSchoolSuspension = "in_school_suspension",
        /// Suspension out of the school.
        OutOfSchoolSuspension = "out_of_school_suspension",
        /// Expulsion.
        Expulsion = "expulsion",
        /// Something else.
        Other = "other",
    }
}

coded! {
    /// What a diploma is.
    DiplomaType {
        /// Regular.
        Regular = "regular",
        /// State-defined alternate diploma for the most significant cognitive disabilities.
        StateAlternate = "state_alternate",
        /// General educational development.
        Ged = "ged",
        /// Another certificate.
        Other = "other",
    }
}

coded! {
    /// Level of a college.
    CollegeLevel {
        /// Two-year.
        TwoYear = "two_year",
        /// Four-year.
        FourYear = "four_year",
        /// Another.
        Other = "other",
    }
}

coded! {
    /// Standing at a college.
    CollegeStatus {
        /// Full time.
        FullTime = "full_time",
        /// Half time.
        HalfTime = "half_time",
        /// Less than half time.
        LessThanHalfTime = "less_than_half_time",
        /// Withdrew.
        Withdrawn = "withdrawn",
        /// Not known.
        Unknown = "unknown",
    }
}

coded! {
    /// What a dosage counts.
    DosageUnit {
        /// Sessions.
        Session = "session",
        /// Hours.
        Hour = "hour",
        /// Days.
        Day = "day",
        /// Contacts.
        Contact = "contact",
    }
}
