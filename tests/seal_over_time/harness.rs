//! Publishing edition after edition, asking, and judging what follows.

use crate::city::{Chance, MEASURES, Product, Student, Students, tabulate};
use crate::intruder::{Answers, Group, Solver};
use throughline::disclosure::{Past, RuleProfile, Seal, SealReport};
use throughline::outcomes::{Slice, Tabulation};

pub(crate) const CELL_MIN: i64 = 10;
const CERTAINTY_MIN: i64 = 300;

/// An edition.
pub(crate) struct Edition {
    pub(crate) students: Students,
    pub(crate) tabulation: Tabulation,
    pub(crate) seal: Seal,
    pub(crate) report: SealReport,
}

/// Publishes edition after edition: of each the students and the products on offer.
pub(crate) fn publish(editions: &[(&Students, &[Product])]) -> Vec<Edition> {
    publish_with(editions, true)
}

/// The same, each edition as if there were no others.
pub(crate) fn publish_alone(editions: &[(&Students, &[Product])]) -> Vec<Edition> {
    publish_with(editions, false)
}

fn publish_with(editions: &[(&Students, &[Product])], is_together: bool) -> Vec<Edition> {
    let mut published: Vec<Edition> = Vec::new();
    for (number, (students, on_offer)) in (1..).zip(editions) {
        let mut products: Vec<Product> = on_offer.to_vec();
        for product in editions[..number as usize - 1].iter().flat_map(|(_, products)| *products) {
            if !products.iter().any(|other| (other.0, other.1) == (product.0, product.1)) {
                products.push((product.0, product.1, product.2, product.3, true));
            }
        }
        products.sort_unstable();
        let counted: Vec<Tabulation> =
            published.iter().map(|old| tabulate(&old.students, &products)).collect();
        let past: Vec<Past<'_>> = (published.iter().zip(&counted).filter(|_| is_together))
            .map(|(old, counted)| Past { seal: &old.seal, tabulations: std::slice::from_ref(counted) })
            .collect();
        let tabulation = tabulate(students, &products);
        let profiles = RuleProfile::all();
        let tabulations = std::slice::from_ref(&tabulation);
        let (seal, report) =
            Seal::make_after(number, tabulations, &past, &profiles, b"secret").expect("a sound edition");
        report.proof.verify(&seal, tabulations, &past, &profiles, b"secret").expect("its own proof holds");
        published.push(Edition { students: (*students).clone(), tabulation, seal, report });
    }
    published
}

impl Edition {
    /// The students that its figures count: those of an earlier edition, where too little had changed.
    pub(crate) fn counted<'e>(&'e self, all: &'e [Self]) -> &'e Students {
        &all[self.report.periods[0].counted_in as usize - 1].students
    }

    /// Asks for everything that can be asked.
    pub(crate) fn ask_everything(&self) -> Answers {
        let mut answers = Answers::default();
        for publication in self.tabulation.publications.iter().filter(|publication| !publication.withdrawn) {
            for bits in 0..1_usize << publication.dimensions.len() {
                let crossed: Vec<usize> = (publication.dimensions.iter().enumerate())
                    .filter(|(at, _)| bits >> at & 1 == 1)
                    .map(|(_, &dimension)| dimension)
                    .collect();
                if crossed.len() <= publication.depth {
                    for &(_, measure) in &publication.indicators {
                        let by: Vec<usize> = std::iter::once(0).chain(crossed.iter().copied()).collect();
                        self.ask(&publication.product, measure, &by, &[], &mut answers);
                    }
                }
            }
        }
        answers
    }

    /// Asks something by chance.
    pub(crate) fn ask_something(&self, chance: &mut Chance, answers: &mut Answers) {
        let live: Vec<_> = self.tabulation.publications.iter().filter(|of| !of.withdrawn).collect();
        let publication = live[chance.up_to(live.len() - 1)];
        let mut crossed = publication.dimensions.clone();
        while crossed.len() > publication.depth || (!crossed.is_empty() && chance.one_in(3)) {
            crossed.remove(chance.up_to(crossed.len() - 1));
        }
        crossed.push(0);
        let (mut by, mut filters) = (Vec::new(), Vec::new());
        for at in crossed {
            let nodes = &self.tabulation.dimensions[at].nodes;
            match chance.up_to(2) {
                0 => filters.push((at, nodes[chance.up_to(nodes.len() - 1)].id.clone())),
                _ => by.push(at),
            }
        }
        self.ask(&publication.product, chance.up_to(MEASURES.len() - 1), &by, &filters, answers);
    }

    fn ask(
        &self,
        product: &str,
        measure: usize,
        by: &[usize],
        filters: &[(usize, String)],
        answers: &mut Answers,
    ) {
        let id = |at: usize| self.tabulation.dimensions[at].id.clone();
        let slice = Slice {
            product: product.into(),
            indicator: MEASURES[measure].into(),
            dimensions: by.iter().map(|&at| id(at)).collect(),
            filters: filters.iter().map(|(at, category)| (id(*at), category.clone())).collect(),
            periods: vec![],
        };
        let table = self.seal.slice(&slice).expect("it can be asked");
        answers.keep(&self.tabulation, measure, &table);
    }

    /// Every group that some product can be asked for.
    pub(crate) fn groups(&self) -> Vec<Group> {
        let dimensions = &self.tabulation.dimensions;
        let mut groups: Vec<Group> = vec![Vec::new()];
        for dimension in dimensions {
            let nodes = 0..dimension.nodes.len() as u16;
            let with =
                |group: &Group| nodes.clone().map(|node| [&group[..], &[node]].concat()).collect::<Vec<_>>();
            groups = groups.iter().flat_map(with).collect();
        }
        let is_asked = |group: &Group| {
            let crossed: Vec<usize> = (1..group.len()).filter(|&at| group[at] != 0).collect();
            let mut live = self.tabulation.publications.iter().filter(|publication| !publication.withdrawn);
            live.any(|of| crossed.len() <= of.depth && crossed.iter().all(|at| of.dimensions.contains(at)))
        };
        groups.retain(is_asked);
        groups
    }
}

/// What a group holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Truth {
    pub(crate) people: i64,
    pub(crate) tested: i64,
    pub(crate) absent: i64,
    pub(crate) severe: i64,
}

pub(crate) fn truth(tabulation: &Tabulation, students: &Students, group: &Group) -> Truth {
    let mut truth = Truth::default();
    for student in students.iter().flatten().filter(|student| is_in(tabulation, student, group)) {
        truth.people += 1;
        truth.tested += i64::from(student.score.is_some());
        truth.absent += i64::from(student.is_absent);
        truth.severe += i64::from(student.is_severe());
    }
    truth
}

fn is_in(tabulation: &Tabulation, student: &Student, group: &Group) -> bool {
    let [school, rest @ ..] = student.of;
    // Schools stand after their district, in the order of the city.
    let name = crate::city::SCHOOLS.concat()[school];
    let geography = &tabulation.dimensions[0];
    let school = geography.position(name).expect("a school");
    geography.ancestors(school).any(|at| at == group[0])
        && rest.iter().zip(&group[1..]).all(|(&own, &asked)| asked == 0 || own as u16 + 1 == asked)
}

/// How many students of a group, of then or of now, have another score.
pub(crate) fn n_rescored(tabulation: &Tabulation, then: &Students, now: &Students, group: &Group) -> i64 {
    let score = |of: &Students, at: usize| {
        let student = of.get(at).copied().flatten().filter(|student| is_in(tabulation, student, group));
        student.and_then(|student| student.score)
    };
    (0..then.len().max(now.len())).filter(|&at| score(then, at) != score(now, at)).count() as i64
}

fn is_small(count: i64) -> bool {
    (1..CELL_MIN).contains(&count)
}

fn is_telling(count: i64, people: i64) -> bool {
    is_small(count) || (count == 0 && (1..CERTAINTY_MIN).contains(&people))
}

/// Whatever small number, or small change between two editions, follows from all answers together, in words. There must
/// be none.
pub(crate) fn findings(editions: &[Edition], answers: &[Answers], solver: &Solver) -> Vec<String> {
    let mut found = Vec::new();
    assert_eq!(editions.len(), answers.len());
    let tabulation = &editions[0].tabulation;
    let students: Vec<&Students> = editions.iter().map(|edition| edition.counted(editions)).collect();
    let mut groups: Vec<Group> = editions.iter().flat_map(Edition::groups).collect();
    groups.sort_unstable();
    groups.dedup();
    for group in &groups {
        let truths: Vec<Truth> = students.iter().map(|students| truth(tabulation, students, group)).collect();
        let mut check = |is_unsafe: bool, terms: &[(usize, usize, i64)], what: &str| {
            if is_unsafe && solver.follows(tabulation, terms, group) {
                found.push(format!("{what} of {group:?}"));
            }
        };
        for (at, truth) in truths.iter().enumerate() {
            check(is_small(truth.people), &[(at, 0, 1)], "people");
            check(is_small(truth.tested), &[(at, 1, 1)], "the tested");
            check(is_small(truth.people - truth.tested), &[(at, 0, 1), (at, 1, -1)], "the untested");
            check(is_telling(truth.absent, truth.people), &[(at, 2, 1)], "the absent");
            let present = truth.people - truth.absent;
            check(is_telling(present, truth.people), &[(at, 0, 1), (at, 2, -1)], "those present");
            check(is_telling(truth.severe, truth.people), &[(at, 4, 1)], "the severely absent");
            let others = truth.people - truth.severe;
            check(is_telling(others, truth.people), &[(at, 0, 1), (at, 4, -1)], "those not severely absent");
            check(is_small(truth.absent - truth.severe), &[(at, 2, 1), (at, 4, -1)], "the absent in between");
            for (before, then) in truths[..at].iter().enumerate() {
                let change = |of: fn(&Truth) -> i64| is_small((of(truth) - of(then)).abs());
                check(change(|of| of.people), &[(at, 0, 1), (before, 0, -1)], "a change of people");
                check(change(|of| of.tested), &[(at, 1, 1), (before, 1, -1)], "a change of the tested");
                check(change(|of| of.absent), &[(at, 2, 1), (before, 2, -1)], "a change of the absent");
                let present = [(at, 0, 1), (at, 2, -1), (before, 0, -1), (before, 2, 1)];
                check(change(|of| of.people - of.absent), &present, "a change of those present");
                check(
                    change(|of| of.severe),
                    &[(at, 4, 1), (before, 4, -1)],
                    "a change of the severely absent",
                );
                let between = [(at, 2, 1), (at, 4, -1), (before, 2, -1), (before, 4, 1)];
                check(change(|of| of.absent - of.severe), &between, "a change of those in between");
                let rescored = n_rescored(tabulation, students[before], students[at], group);
                let is_seen = is_small(rescored) && (truth.tested - then.tested).abs() < CELL_MIN;
                check(is_seen, &[(at, 3, 1), (before, 3, -1)], "a change of few scores");
            }
        }
    }
    found
}
