//! Linking a whole set at once.

use super::blocking::{Blocks, Seen};
use super::cluster::{Edge, Groups};
use super::comparison::{compare, compare_unless};
use super::features::Features;
use super::frequency::{Frequencies, Shares};
use super::learn::Sample;
use super::model::Model;
use super::parallel::in_parallel_with;
use crate::identity::Encoding;

/// All about a set.
pub struct Resolved {
    /// model
    pub model: Model,
    /// cluster of each record
    pub groups: Vec<u32>,
    /// weight
    pub edges: Vec<(u32, u32, f32, [u8; 8])>,
    /// n candidates
    pub n_candidates: usize,
    /// records
    features: Vec<Features>,
    shares: Vec<Shares>,
    /// phases
    pub seconds: Vec<(&'static str, f64)>,
    /// sources unique
    pub unique: Vec<bool>,
}

const KEPT_BITS: f32 = -10.0;
const CLEAR_BITS: f32 = 10.0;
const MEAN_BITS: f32 = -5.0;

/// go
pub fn resolve(encodings: &[Encoding], sources: &[u32]) -> Resolved {
    let mut seconds = Vec::new();
    let mut clock = std::time::Instant::now();
    let mut lap = |what| {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
        let f: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        let cpu = (f[11].parse::<f64>().unwrap() + f[12].parse::<f64>().unwrap()) / 100.0;
        eprintln!("   {what}: wall {:.2} cpu so far {cpu:.2}", clock.elapsed().as_secs_f64());
        seconds.push((what, clock.elapsed().as_secs_f64()));
        clock = std::time::Instant::now();
    };
    let features: Vec<Features> = encodings.iter().map(Features::new).collect();
    let mut order: Vec<u32> = (0..features.len() as u32).collect();
    order.sort_by_key(|at| features[*at as usize].place_in_order());
    let sources: Vec<u32> = order.iter().map(|at| sources[*at as usize]).collect();
    let sources = &sources[..];
    let features: Vec<Features> = order.iter().map(|at| features[*at as usize].clone()).collect();
    let mut frequencies = Frequencies::default();
    features.iter().for_each(|record| frequencies.add(record));
    let shares: Vec<Shares> = features.iter().map(|record| frequencies.shares(record)).collect();
    lap("features");
    let blocks = Blocks::new(&features);
    lap("blocking");
    let n_sources = sources.iter().max().map_or(0, |max| *max as usize + 1);
    let mut sizes = vec![0_u32; n_sources];
    sources.iter().for_each(|source| sizes[*source as usize] += 1);
    let sample = Sample::new(&features, sources, &shares, &blocks);
    lap("sample");
    let (model, unique) = sample.model(&sizes);
    lap("learn");
    eprintln!("distinct {:?}", sample.sizes);
    let score = |model: &Model| {
        let chunk = 4096;
        let parts = in_parallel_with(features.len().div_ceil(chunk), || Seen::new(features.len()), |seen, at| {
            let mut edges = Vec::new();
            let mut compared = 0;
            for a in at * chunk..((at + 1) * chunk).min(features.len()) {
                for b in blocks.candidates(a as u32, seen) {
                    if sources[a] == sources[*b as usize] && unique[sources[a] as usize] {
                        continue;
                    }
                    compared += 1;
                    let hopeless =
                        |step: usize, pattern| model.is_hopeless(step, pattern, &shares[a], KEPT_BITS);
                    let Some(pattern) = compare_unless(&features[a], &features[*b as usize], hopeless) else {
                        continue;
                    };
                    let bits = model.evidence(pattern, &shares[a]).bits();
                    if bits > KEPT_BITS {
                        edges.push(Edge { a: a as u32, b: *b, bits, pattern });
                    }
                }
            }
            (edges, compared)
        });
        let n_candidates: usize = parts.iter().map(|part| part.1).sum();
        let edges: Vec<Edge> = parts.into_iter().flat_map(|part| part.0).collect();
        (edges, n_candidates)
    };
    let (mut edges, n_candidates) = score(&model);
    lap("score");
    super::exclusive::compete(&mut edges, sources, &unique);
    edges.sort_unstable_by(|x, y| y.bits.total_cmp(&x.bits).then_with(|| (x.a, x.b).cmp(&(y.a, y.b))));
    lap("compete");
    let weigh = |a: u32, b: u32| {
        let (a, b) = (a as usize, b as usize);
        model.evidence(compare(&features[a], &features[b]), &shares[a]).bits()
    };
    let mut groups = Groups::new(features.len());
    for edge in edges.iter().filter(|edge| edge.bits >= 0.0) {
        let (a, b) = (groups.of[edge.a as usize], groups.of[edge.b as usize]);
        if a == b {
            continue;
        }
        let (one, other) = (&groups.members[a as usize], &groups.members[b as usize]);
        let clash = one.iter().any(|x| {
            let source = sources[*x as usize];
            unique[source as usize] && other.iter().any(|y| sources[*y as usize] == source)
        });
        if clash {
            continue;
        }
        // Two records alone are joined by the edge between them; larger groups must not speak against each
        // other on average.
        let alone = one.len() == 1 && other.len() == 1;
        let sum: f32 =
            one.iter().flat_map(|x| other.iter().map(move |y| weigh(*x, *y).clamp(-CLEAR_BITS, CLEAR_BITS))).sum();
        if alone || sum / (one.len() * other.len()) as f32 >= MEAN_BITS {
            groups.join(a, b);
        }
    }
    lap("cluster");
    let edges = edges.into_iter().map(|e| (order[e.a as usize], order[e.b as usize], e.bits, e.pattern.0)).collect();
    let mut of = vec![0; order.len()];
    order.iter().zip(&groups.of).for_each(|(at, group)| of[*at as usize] = *group);
    Resolved { model, groups: of, edges, n_candidates, features, shares, seconds, unique }
}

impl Resolved {
    /// why
    pub fn explain(&self, a: usize, b: usize) -> String {
        let pattern = compare(&self.features[a], &self.features[b]);
        let e = self.model.evidence(pattern, &self.shares[a]);
        format!("{:?} bits {:.1} (p {:.1} h {:.1} u {:.1})", pattern.0, e.bits(), e.person, e.household, e.unrelated)
    }
    /// tables
    pub fn tables(&self) -> String {
        let mut s = format!("unrelated {:.3} household {:.3}\n", self.model.unrelated_bits, self.model.household_bits);
        for f in 0..8 {
            for l in 1..32 {
                if self.model.m[f][l] != 0.0 {
                    s += &format!("{f} {l:2} m {:.5} h {:.5} u {:.6}\n", self.model.m[f][l].exp2(), self.model.h[f][l].exp2(), self.model.u[f][l].exp2());
                }
            }
        }
        s
    }
}
