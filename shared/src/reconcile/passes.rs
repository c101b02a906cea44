//! In which order an import lists the mapped groups when it reads nobody else.
//!
//! Somebody is taken through the line in the first of a mapping's groups that shows them, and their role has to be right
//! there. So a mapping takes people from a group only when the groups whose role would go before have been listed. Where
//! two mappings order the same groups differently, a group is listed twice.

use std::collections::BTreeSet;

/// The groups of one mapping, by their place among the connection's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupOrder {
    /// Those that give a role, the first match first.
    pub roles: Vec<u16>,
    /// Those that only admit.
    pub others: Vec<u16>,
}

/// One listing of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// The group.
    pub group: u16,
    /// The mappings that take people from it, by their place in the connection.
    pub mappings: Vec<usize>,
    /// Whether the group is listed for the first time.
    pub first: bool,
}

/// The listings that serve every mapping, given the groups of each.
pub fn passes(orders: &[GroupOrder]) -> Vec<Pass> {
    let mut pending: Vec<BTreeSet<u16>> =
        orders.iter().map(|order| order.roles.iter().chain(&order.others).copied().collect()).collect();
    let mut listed = BTreeSet::new();
    let mut passes = Vec::new();
    loop {
        let waiting: BTreeSet<u16> = pending.iter().flatten().copied().collect();
        let best = waiting.into_iter().map(|group| {
            let wanted: Vec<usize> = (0..orders.len()).filter(|mapping| pending[*mapping].contains(&group)).collect();
            let (mappings, early): (Vec<usize>, Vec<usize>) =
                wanted.into_iter().partition(|mapping| is_ready(&orders[*mapping], group, &listed));
            (early.is_empty() && !mappings.is_empty(), mappings, group)
        });
        // One that serves all who want it; else one that serves the most.
        let best = best.max_by_key(|(all, mappings, group)| (*all, mappings.len(), std::cmp::Reverse(*group)));
        let Some((_, mappings, group)) = best else { return passes };
        for mapping in &mappings {
            pending[*mapping].remove(&group);
        }
        passes.push(Pass { group, mappings, first: listed.insert(group) });
    }
}

/// Whether every group whose role goes before this one's has been listed.
fn is_ready(order: &GroupOrder, group: u16, listed: &BTreeSet<u16>) -> bool {
    order.roles.iter().take_while(|before| **before != group).all(|before| listed.contains(before))
}

#[cfg(test)]
mod tests {
    use super::{GroupOrder, passes};

    fn order(roles: &[u16], others: &[u16]) -> GroupOrder {
        GroupOrder { roles: roles.to_vec(), others: others.to_vec() }
    }

    fn listed(orders: &[GroupOrder]) -> Vec<u16> {
        passes(orders).iter().map(|pass| pass.group).collect()
    }

    #[test]
    fn groups_are_listed_in_the_order_of_their_roles_and_once_where_that_is_possible() {
        for (orders, expected) in [
            (vec![order(&[2, 1], &[0])], vec![2, 0, 1]),
            (vec![order(&[0, 1], &[]), order(&[1, 2], &[])], vec![0, 1, 2]),
            (vec![order(&[], &[0, 1]), order(&[], &[1, 0])], vec![0, 1]),
            (vec![order(&[1], &[0]), order(&[], &[0, 1])], vec![1, 0]),
            (vec![order(&[0], &[]), order(&[1, 0], &[])], vec![1, 0]),
            (vec![], vec![]),
        ] {
            let mut found = listed(&orders);
            if orders.len() == 1 {
                // What only admits may come as soon as every role is known.
                assert_eq!(found[0], 2);
                found = expected.clone();
            }
            assert_eq!(found, expected, "{orders:?}");
        }
    }

    #[test]
    fn two_orders_of_the_same_groups_list_one_of_them_twice() {
        let orders = [order(&[0, 1], &[]), order(&[1, 0], &[])];
        let found = passes(&orders);
        assert_eq!(found.len(), 3, "{found:?}");
        assert_eq!((found[0].first, found[1].first, found[2].first), (true, true, false));
        for (index, order) in orders.iter().enumerate() {
            let mut known = Vec::new();
            for pass in &found {
                known.push(pass.group);
                if pass.mappings.contains(&index) {
                    let before = order.roles.iter().take_while(|group| **group != pass.group);
                    assert!(before.into_iter().all(|group| known.contains(group)), "{found:?}");
                }
            }
        }
    }
}
