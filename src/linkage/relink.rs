//! Linking everything anew, independent of the order of arrival.

use super::index::Index;
use super::linker::{ALONE, Record};
use super::weight::Weighed;
use super::{Link, Linker, PersonId};

/// A pair of records, by their place in the order of subjects.
struct Edge {
    weighed: Weighed,
    a: u32,
    b: u32,
}

impl Linker {
    /// Decides everything anew: pairs from the strongest to the weakest bring two groups together
    /// unless they hold one source twice or speak against each other on average.
    ///
    /// The result depends on the subjects and their encodings, and on nothing else. It is ordered by
    /// subject, and persons are numbered from 1 by their first subject, whatever they were before.
    #[must_use]
    pub fn relink(&self) -> Vec<Link> {
        let records = self.sorted();
        let edges = self.edges(&records);
        let mut groups = Groups::new(records.len());
        let mut strongest: Vec<Weighed> = vec![ALONE; records.len()];
        for edge in &edges {
            let (a, b) = (groups.of[edge.a as usize], groups.of[edge.b as usize]);
            if a != b && self.may_join(&records, &groups.members[a as usize], &groups.members[b as usize]) {
                groups.join(a, b);
            }
            if groups.of[edge.a as usize] == groups.of[edge.b as usize] {
                for end in [edge.a, edge.b] {
                    let strongest = &mut strongest[end as usize];
                    if *strongest == ALONE {
                        *strongest = edge.weighed;
                    }
                }
            }
        }
        groups.links(self, &records, &strongest)
    }

    /// Every candidate pair that makes a link on its own, the strongest first.
    fn edges(&self, records: &[&Record]) -> Vec<Edge> {
        let mut index = Index::default();
        let mut edges = Vec::new();
        for (b, record) in (0_u32..).zip(records) {
            for a in index.candidates(&record.encoding) {
                let other = records[a as usize];
                if other.subject.source == record.subject.source {
                    continue;
                }
                let weighed = self.scale.weigh(&self.parameters, &other.encoding, &record.encoding);
                if weighed.bits >= self.parameters.link_bits {
                    edges.push(Edge { weighed, a, b });
                }
            }
            index.insert(b, &record.encoding);
        }
        edges.sort_unstable_by(|x, y| {
            y.weighed.bits.total_cmp(&x.weighed.bits).then_with(|| (x.a, x.b).cmp(&(y.a, y.b)))
        });
        edges
    }

    fn may_join(&self, records: &[&Record], a: &[u32], b: &[u32]) -> bool {
        let record = |at: &u32| records[*at as usize];
        let sources = |group: &[u32]| group.iter().map(|at| record(at).subject.source).collect::<Vec<_>>();
        let taken = sources(a);
        if sources(b).iter().any(|source| taken.contains(source)) {
            return false;
        }
        let pairs = a.iter().flat_map(|one| b.iter().map(move |other| (one, other)));
        let weigh = |(one, other): (&u32, &u32)| {
            self.scale.weigh(&self.parameters, &record(one).encoding, &record(other).encoding).bits
        };
        pairs.map(weigh).sum::<f32>() / (a.len() * b.len()) as f32 >= self.parameters.mean_bits
    }
}

/// Disjoint groups of records; a group is named by one of its records.
struct Groups {
    of: Vec<u32>,
    members: Vec<Vec<u32>>,
}

impl Groups {
    fn new(n_records: usize) -> Self {
        let all = (0_u32..).take(n_records);
        Self { of: all.clone().collect(), members: all.map(|at| vec![at]).collect() }
    }

    /// Moves the smaller group into the larger.
    fn join(&mut self, a: u32, b: u32) {
        let (into, from) =
            if self.members[a as usize].len() < self.members[b as usize].len() { (b, a) } else { (a, b) };
        let moved = std::mem::take(&mut self.members[from as usize]);
        moved.iter().for_each(|at| self.of[*at as usize] = into);
        self.members[into as usize].extend(moved);
        // In order, so that sums over members do not depend on how the group came about.
        self.members[into as usize].sort_unstable();
    }

    fn links(&self, linker: &Linker, records: &[&Record], strongest: &[Weighed]) -> Vec<Link> {
        let mut numbers = vec![None; records.len()];
        let mut last = 0;
        let mut link = |at: usize| {
            let number = *numbers[self.of[at] as usize].get_or_insert_with(|| {
                last += 1;
                last
            });
            Link {
                subject: records[at].subject,
                person: PersonId(number),
                weight_bits: strongest[at].bits,
                pattern: strongest[at].pattern,
                model: linker.parameters.version,
            }
        };
        (0..records.len()).map(&mut link).collect()
    }
}
