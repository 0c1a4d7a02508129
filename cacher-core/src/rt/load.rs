//! Running the body of a call, and what becomes of it.

use std::{
    any::Any,
    panic::resume_unwind,
    pin::{Pin, pin},
};

use super::{lookup::told, report_panic};
use crate::{
    bridge::{self, Panicked, Shell, block_on},
    cache::{Ended, Leader, Waited},
    memory::{held::Held, table::Table},
    returns::{Mode, Returns},
    scope::Scope,
    strategy::LoadEnd,
};

type Loading<O, H, T> = Box<Leader<O, H, T>>;

/// What a body came to: what the call returns, or a value that is to be stored before it is returned.
enum Outcome<O: Eq + Clone + 'static, H: Held, T: Table<O, H>, R> {
    Returned(R),
    Store(Loading<O, H, T>, H::Value),
}

/// Runs a sync body and stores its value. What the call returns.
#[inline]
pub fn load<O, H, T, M, R>(mut leader: Loading<O, H, T>, returns: &Returns<M, R>, body: impl FnOnce() -> R) -> R
where
    O: Eq + Clone + 'static,
    H: Held<Value = M::Value>,
    T: Table<O, H>,
    M: Mode<R>,
{
    let ended = leader.run(body);
    match outcome(leader, returns, ended) {
        Outcome::Returned(returned) => returned,
        Outcome::Store(leader, value) => M::returned(settle(leader, value)),
    }
}

#[inline(never)]
fn settle<O, H, T>(leader: Loading<O, H, T>, value: H::Value) -> H::Value
where
    O: Eq + Clone + 'static,
    H: Held,
    T: Table<O, H>,
{
    if let Some(leader) = leader.settle_at_once(&value) {
        block_on(leader.settle(Shell::Sync, &value));
    }
    value
}

/// Runs an async body and stores its value. What the call returns.
pub async fn load_async<O, H, T, M, R, F>(mut leader: Loading<O, H, T>, returns: &Returns<M, R>, body: Pin<&mut F>) -> R
where
    O: Eq + Clone + 'static,
    H: Held<Value = M::Value>,
    T: Table<O, H>,
    M: Mode<R>,
    F: Future<Output = R>,
{
    let ended = leader.drive(body).await;
    match outcome(leader, returns, ended) {
        Outcome::Returned(returned) => returned,
        Outcome::Store(leader, value) => {
            if let Some(leader) = leader.settle_at_once(&value) {
                Box::pin(leader.settle(Shell::Async, &value)).await;
            }
            M::returned(value)
        }
    }
}

/// Runs a sync body on a worker thread if the caller need not wait for its end. What the call returns.
pub fn load_behind<O, H, T, M, R>(
    leader: Loading<O, H, T>,
    returns: Returns<M, R>,
    body: impl FnOnce() -> R + Send + 'static,
) -> R
where
    O: Eq + Clone + Send + Sync + 'static,
    H: Held<Value = M::Value> + Send + Sync,
    T: Table<O, H> + Send + Sync,
    M: Mode<R, Value: Send + Sync> + 'static,
    R: Send + 'static,
{
    let (due, meanwhile) = (leader.due_value(0), leader.meanwhile(Shell::Sync, returns.tells));
    if due.is_none() && meanwhile.is_none() {
        return load(leader, &returns, body);
    }
    let lost = lost(&leader);
    let scope = Scope::behind();
    let going = bridge::aside(move || scope.enter(|| load(leader, &returns, body)), lost);
    match (due, meanwhile) {
        (Some(value), _) => M::returned(value),
        (None, Some(meanwhile)) => waited(&returns, block_on(meanwhile.wait(going))),
        (None, None) => block_on(going),
    }
}

/// Drives an async body behind its caller if that need not wait for its end. What the call returns.
pub async fn load_behind_async<O, H, T, M, R, F>(leader: Loading<O, H, T>, returns: Returns<M, R>, body: F) -> R
where
    O: Eq + Clone + Send + Sync + 'static,
    H: Held<Value = M::Value> + Send + Sync,
    T: Table<O, H> + Send + Sync,
    M: Mode<R, Value: Send + Sync> + 'static,
    R: Send + 'static,
    F: Future<Output = R> + Send + 'static,
{
    let (due, meanwhile) = (leader.due_value(0), leader.meanwhile(Shell::Async, returns.tells));
    if due.is_none() && meanwhile.is_none() {
        return load_async(leader, &returns, pin!(body)).await;
    }
    let lost = lost(&leader);
    let loading = Scope::behind().wrap(async move { load_async(leader, &returns, pin!(body)).await });
    let going = bridge::aside_async(loading, lost);
    match (due, meanwhile) {
        (Some(value), _) => M::returned(value),
        (None, Some(meanwhile)) => waited(&returns, meanwhile.wait(going).await),
        (None, None) => going.await,
    }
}

/// Reports the panic of a body that nobody waits for.
fn lost<O: Eq + Clone + 'static, H: Held, T: Table<O, H>>(
    leader: &Leader<O, H, T>,
) -> impl FnOnce(Panicked) + Send + 'static {
    let name = leader.name();
    move |_| report_panic(&name)
}

fn waited<M: Mode<R>, R>(returns: &Returns<M, R>, waited: Waited<R, M::Value>) -> R {
    match waited {
        Waited::Returned(returned) => returned,
        Waited::Old(value) => M::returned(value),
        Waited::TimedOut(error) => told(returns, &error),
    }
}

/// Takes what became of the body. One that has failed is stood in for, if there is a value for that.
fn outcome<O, H, T, M, R>(leader: Loading<O, H, T>, returns: &Returns<M, R>, ended: Ended<R>) -> Outcome<O, H, T, R>
where
    O: Eq + Clone + 'static,
    H: Held<Value = M::Value>,
    T: Table<O, H>,
    M: Mode<R>,
{
    let (leader, failure, end) = match ended {
        Ended::Returned(returned) => match M::split(returned) {
            Ok(value) => return Outcome::Store(leader, value),
            Err(returned) if leader.lasts(returns, &returned) => {
                // Only what is within its TTL is a better answer.
                if !leader.is_live() {
                    leader.fail_as(returns, &returned);
                    return Outcome::Returned(returned);
                }
                (leader, Failure::Error(returned), LoadEnd::Value)
            }
            Err(returned) => (leader, Failure::Error(returned), LoadEnd::Failure),
        },
        Ended::Panicked(panic) => (leader, Failure::Panic(panic), LoadEnd::Failure),
        Ended::TimedOut => (leader, Failure::Late, LoadEnd::Failure),
    };
    let leader = match leader.stand_in(end) {
        Err(leader) => leader,
        Ok(values) => match values.into_iter().next() {
            Some(value) => return Outcome::Returned(M::returned(value)),
            None => unreachable!("there is a value for the only load"),
        },
    };
    Outcome::Returned(match failure {
        Failure::Error(returned) => {
            leader.fail_as(returns, &returned);
            returned
        }
        Failure::Panic(panic) => {
            drop(leader);
            resume_unwind(panic)
        }
        Failure::Late => {
            let error = leader.timed_out();
            leader.fail_late();
            told(returns, &error)
        }
    })
}

/// Why there is no value.
pub(super) enum Failure<R> {
    Error(R),
    Panic(Box<dyn Any + Send>),
    Late,
}
