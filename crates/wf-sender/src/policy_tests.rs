//! One row for every row of the policy: outcome, and what it means to replaceable and to additive data.

use std::time::{Duration, Instant};

use wf_transport::{Cause, LineKind, Outcome};

use super::{Attempt, Decision, Fate, Policy, RetryClass, Scope, Taint, splits_for};
use crate::reason::Loss;

/// With a jitter of one half and no failure before, the backoff is a quarter of a second.
const JITTER: f64 = 0.5;

fn attempt(outcome: Outcome) -> Attempt {
    Attempt {
        outcome,
        kind: LineKind::Point,
        class: RetryClass::Replaceable,
        points: 100,
        lane_failures: 0,
        target_failures: 0,
        taint: Taint::Clean,
        splits_left: splits_for(100),
        age: Duration::ZERO,
    }
}

fn after(failures: u32, attempt: Attempt) -> Attempt {
    Attempt { lane_failures: failures, target_failures: failures, ..attempt }
}

/// Says a decision in a few words: the fate, `taints` if it does, and whom a wait concerns for how long.
fn say(decision: Decision, now: Instant) -> String {
    let fate = match decision.fate {
        Fate::Delivered => "delivered".to_owned(),
        Fate::Lost(Loss::Dropped(reason)) => format!("drop {reason}"),
        Fate::Lost(Loss::Unconfirmed(reason)) => format!("unconfirmed {reason}"),
        Fate::Retry => "retry".to_owned(),
        Fate::Split { too_large: true } => "split by size".to_owned(),
        Fate::Split { too_large: false } => "split".to_owned(),
    };
    let keeps = matches!(decision.fate, Fate::Retry | Fate::Split { .. });
    let tainted = if keeps && decision.taint != Taint::Clean { " tainted" } else { "" };
    let Some(wait) = decision.wait else { return format!("{fate}{tainted}") };
    let whom = match wait.scope {
        Scope::Lane => "lane",
        Scope::Target => "target",
    };
    format!("{fate}{tainted}, {whom} {:?}", wait.until - now)
}

#[track_caller]
fn check_attempt(attempt: Attempt, expected: &str) {
    let now = Instant::now();
    assert_eq!(say(Policy::default().decide(&attempt, JITTER, now), now), expected, "{attempt:?}");
}

#[track_caller]
fn check(outcome: Outcome, replaceable: &str, additive: &str) {
    check_attempt(attempt(outcome), replaceable);
    check_attempt(Attempt { class: RetryClass::Additive, ..attempt(outcome) }, additive);
}

#[track_caller]
fn check_both(outcome: Outcome, both: &str) {
    check(outcome, both, both);
}

fn asks(status: u16, seconds: u64) -> Outcome {
    Outcome::Answered { status, retry_after: Some(Duration::from_secs(seconds)), partial: false }
}

fn partial(status: u16) -> Outcome {
    Outcome::Answered { status, retry_after: None, partial: true }
}

#[test]
fn answers_that_store() {
    for status in [200, 201, 202, 204, 206, 299] {
        check_both(Outcome::status(status), "delivered");
    }
}

#[test]
fn answers_about_the_configuration_probe_slowly() {
    for status in [300, 301, 302, 303, 307, 308, 404, 407, 410] {
        check_both(Outcome::status(status), "retry, lane 60s");
    }
    check_both(Outcome::status(401), "retry, target 250ms");
    check_both(Outcome::status(403), "retry, lane 250ms");
    // Up to a minute, however short the ordinary backoff.
    check_attempt(after(9, attempt(Outcome::status(401))), "retry, target 30s");
    check_attempt(after(9, attempt(Outcome::status(429))), "retry, target 15s");
}

#[test]
fn a_proxys_400_is_bisected_or_unconfirmed() {
    check(partial(400), "split tainted", "unconfirmed rejected");
    let one = Attempt { points: 1, ..attempt(partial(400)) };
    check_attempt(one, "drop rejected");
    check_attempt(Attempt { taint: Taint::Partial, ..one }, "drop rejected");
    check_attempt(Attempt { taint: Taint::Unknown, ..one }, "unconfirmed rejected");
    check_attempt(Attempt { class: RetryClass::Additive, ..one }, "unconfirmed rejected");
    check_attempt(Attempt { splits_left: 0, ..attempt(partial(400)) }, "unconfirmed rejected");
}

#[test]
fn the_services_400_is_bisected_or_dropped() {
    for status in [400, 402, 405, 409, 411, 415, 418, 422, 451] {
        check(Outcome::status(status), "split", "drop rejected");
        check_attempt(Attempt { points: 1, ..attempt(Outcome::status(status)) }, "drop rejected");
        check_attempt(Attempt { splits_left: 0, ..attempt(Outcome::status(status)) }, "drop rejected");
    }
}

#[test]
fn push_back_is_retried_by_everyone() {
    for status in [406, 408, 421, 425, 429] {
        check_both(Outcome::status(status), "retry, target 250ms");
        check_both(asks(status, 10), "retry, target 11s");
    }
}

#[test]
fn too_large_is_split_down_to_one_point() {
    check_both(Outcome::status(413), "split by size");
    let one = Attempt { points: 1, ..attempt(Outcome::status(413)) };
    check_attempt(one, "drop too_large");
    check_attempt(Attempt { taint: Taint::Unknown, ..one }, "unconfirmed rejected");
    check_attempt(Attempt { splits_left: 0, ..attempt(Outcome::status(413)) }, "split by size");
}

#[test]
fn refusals_for_good() {
    for status in [431, 501, 505] {
        check_both(Outcome::status(status), "drop rejected");
        let tainted = Attempt { taint: Taint::Unknown, ..attempt(Outcome::status(status)) };
        check_attempt(tainted, "unconfirmed rejected");
    }
    check_both(Outcome::Refused(Cause::Other), "drop rejected");
}

#[test]
fn server_errors_may_have_stored_it() {
    for status in [500, 506, 507, 508, 509, 511, 529, 599] {
        check(
            Outcome::status(status),
            "retry tainted, target 250ms",
            "unconfirmed server_error, target 250ms",
        );
    }
    for status in [502, 504] {
        check(Outcome::status(status), "retry tainted, target 250ms", "unconfirmed gateway, target 250ms");
    }
    check(Outcome::status(503), "retry tainted, target 250ms", "unconfirmed server_error, target 250ms");
    check_both(asks(503, 2), "retry, target 2.2s");
}

#[test]
fn outcomes_without_a_status() {
    check_both(Outcome::Stored, "delivered");
    check_both(Outcome::Unacknowledged, "unconfirmed no_ack");
}

#[test]
fn provably_unsent_is_retried_by_everyone() {
    // A kept connection that had gone stale: at once, on a new one. Twice in a row is trouble.
    check_both(Outcome::Unsent(Cause::Closed), "retry, lane 0ns");
    check_attempt(after(1, attempt(Outcome::Unsent(Cause::Closed))), "retry, target 500ms");
    for cause in [Cause::Connect, Cause::Resolve, Cause::Reset, Cause::Deadline, Cause::Panic, Cause::Other] {
        check_both(Outcome::Unsent(cause), "retry, target 250ms");
    }
    check_both(Outcome::Unsent(Cause::Tls), "retry, target 5s");
    check_attempt(after(9, attempt(Outcome::Unsent(Cause::Tls))), "retry, target 30s");
}

#[test]
fn unknown_outcomes_split_the_classes() {
    let table = [
        (Cause::Closed, "reset", "target 250ms"),
        (Cause::Reset, "reset", "target 250ms"),
        (Cause::Other, "reset", "target 250ms"),
        (Cause::Deadline, "deadline", "target 250ms"),
        (Cause::Panic, "panic", "target 250ms"),
        (Cause::Protocol, "protocol", "lane 60s"),
    ];
    for (cause, reason, wait) in table {
        check(
            Outcome::Unknown(cause),
            &format!("retry tainted, {wait}"),
            &format!("unconfirmed {reason}, {wait}"),
        );
    }
}

#[test]
fn too_old_is_given_up_instead_of_kept() {
    let hour = Duration::from_secs(3600);
    let old = |outcome| Attempt { age: hour, ..attempt(outcome) };
    check_attempt(old(Outcome::Unsent(Cause::Connect)), "drop expired, target 250ms");
    check_attempt(old(Outcome::Unknown(Cause::Reset)), "unconfirmed expired, target 250ms");
    check_attempt(
        Attempt { taint: Taint::Unknown, ..old(Outcome::Unsent(Cause::Connect)) },
        "unconfirmed expired, target 250ms",
    );
    check_attempt(old(Outcome::status(413)), "drop expired");
    check_attempt(old(Outcome::status(202)), "delivered");
    let young = Attempt { age: hour - Duration::from_millis(1), ..attempt(Outcome::Unsent(Cause::Connect)) };
    check_attempt(young, "retry, target 250ms");
    let delta = Attempt {
        kind: LineKind::Delta,
        class: RetryClass::Additive,
        age: Duration::from_secs(600),
        ..attempt(Outcome::Unsent(Cause::Connect))
    };
    check_attempt(delta, "drop expired, target 250ms");
}

/// What is safe to send again, by kind of data.
#[test]
fn default_classes() {
    let classes = LineKind::ALL.map(RetryClass::default_for);
    use RetryClass::{Additive, Replaceable};
    assert_eq!(classes, [Replaceable, Additive, Additive, Replaceable, Replaceable, Additive, Replaceable]);
}

#[test]
fn once_tainted_never_dropped() {
    let outcomes = (100..600)
        .flat_map(|status| [Outcome::status(status), partial(status), asks(status, 1)])
        .chain([Outcome::Refused(Cause::Other), Outcome::Unacknowledged, Outcome::Stored])
        .chain([Cause::Closed, Cause::Connect, Cause::Deadline, Cause::Panic].map(Outcome::Unsent))
        .chain([Cause::Closed, Cause::Reset, Cause::Deadline, Cause::Protocol].map(Outcome::Unknown));
    let hour = Duration::from_secs(3600);
    for outcome in outcomes {
        for (points, age) in [(1, Duration::ZERO), (100, Duration::ZERO), (1, hour), (100, hour)] {
            for class in [RetryClass::Additive, RetryClass::Replaceable] {
                let tainted = Attempt { taint: Taint::Unknown, points, age, class, ..attempt(outcome) };
                let decision = Policy::default().decide(&tainted, JITTER, Instant::now());
                assert!(
                    !matches!(decision.fate, Fate::Lost(Loss::Dropped(_)))
                        && decision.taint == Taint::Unknown,
                    "{tainted:?} became {decision:?}"
                );
            }
        }
    }
}

#[test]
fn additive_data_is_never_kept_after_an_unknown_outcome() {
    for cause in [Cause::Closed, Cause::Reset, Cause::Deadline, Cause::Protocol, Cause::Panic, Cause::Other] {
        let additive = Attempt { class: RetryClass::Additive, ..attempt(Outcome::Unknown(cause)) };
        let fate = Policy::default().decide(&additive, JITTER, Instant::now()).fate;
        assert!(matches!(fate, Fate::Lost(Loss::Unconfirmed(_))), "{cause:?}: {fate:?}");
    }
}

#[test]
fn splits_are_the_binary_logarithm() {
    let table = [(0, 0), (1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (10_000, 14)];
    for (points, splits) in table {
        assert_eq!(splits_for(points), splits, "{points}");
    }
}
