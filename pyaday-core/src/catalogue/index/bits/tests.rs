use super::*;

#[test]
fn a_set_has_what_was_added() {
    for len in [1, 64, 65, 200, 9_000, 70_000] {
        let mut set = Bits::none(len);
        let thirds: Vec<u32> = (0..len as u32).filter(|at| at % 3 == 0).collect();
        let mut adding = set.adding();
        thirds.iter().for_each(|at| adding.add(*at));
        assert_eq!(set.iter().collect::<Vec<_>>(), thirds);
        assert_eq!(set.count(), thirds.len());
        let mut rest = Bits::none(len);
        rest.add_range(0..len as u32);
        rest.subtract(&set);
        assert!(rest.iter().eq((0..len as u32).filter(|at| at % 3 != 0)));
        for first in (0..len as u32).step_by(1 + len / 50) {
            assert!(set.iter_from(first).eq(thirds.iter().copied().filter(|at| *at >= first)));
        }
        let ranks = (0..thirds.len()).step_by(1 + len / 500);
        ranks.for_each(|rank| assert_eq!(set.nth(rank), Some(thirds[rank])));
        assert_eq!(set.nth(thirds.len()), None);
        set.remove(0);
        assert!(!set.contains(0) && set.count() == thirds.len() - 1);
        set.clear();
        assert_eq!(set.iter().next(), None);
    }
}

/// A set of packages that are not all in the same blocks as those of other sets.
fn multiples(of: usize) -> impl Iterator<Item = u32> + Clone {
    (0..100_000).step_by(of).filter(move |at| at / 5_000 % of.min(4) != 1).map(|at| at as u32)
}

fn set(packages: impl Iterator<Item = u32>) -> Bits {
    let mut set = Bits::none(100_000);
    packages.for_each(|package| set.add(package));
    set
}

#[test]
fn sets_are_united_intersected_and_subtracted() {
    let [two, seven, many] = [2, 7, 3_000].map(multiples);
    let has = |all: &Bits, package: &u32| all.contains(*package);
    for (left, right) in [(2, 7), (7, 3_000), (3_000, 2)] {
        let (left, right) = (set(multiples(left)), set(multiples(right)));
        let all = || 0..100_000;
        let mut united = left.clone();
        united.union(&right);
        assert!(united.iter().eq(all().filter(|at| has(&left, at) || has(&right, at))));
        let mut both = left.clone();
        both.intersect(&right);
        assert!(both.iter().eq(all().filter(|at| has(&left, at) && has(&right, at))));
        assert!(both.words().all(|(_, word)| word != 0));
        let mut rest = left.clone();
        let mut taken = Vec::new();
        rest.take(&right, |package| taken.push(package));
        assert!(both.iter().eq(taken));
        assert!(rest.iter().eq(all().filter(|at| has(&left, at) && !has(&right, at))));
    }
    let (two, seven, many) = (set(two), set(seven), set(many));
    let mut any = two.clone();
    any.intersect_with_any(&[&seven, &many]);
    let is_due = |at: &u32| has(&two, at) && (has(&seven, at) || has(&many, at));
    assert!(any.iter().eq((0..100_000).filter(is_due)));
    any.union(&Bits::default());
    any.subtract(&Bits::default());
    assert!(any.iter().eq((0..100_000).filter(is_due)));
}

#[test]
fn a_range_has_all_between_its_ends() {
    for range in [0..0, 0..1, 3..3, 3..64, 64..128, 63..65, 5..70_000, 1_023..1_025] {
        let mut set = Bits::none(70_000);
        set.add_range(range.clone());
        assert!(set.iter().eq(range));
    }
}
