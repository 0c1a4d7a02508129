//! Nothing, in place of metrics.

use std::time::Duration;

use crate::{
    stats::{Counters, Stats},
    sync::Arc,
};

#[derive(Debug, Default)]
pub(crate) struct Published(());

pub(crate) fn publish(_name: &Arc<str>, _counters: &Counters, _published: &Published) {}

pub(crate) fn show(_name: &Arc<str>, _stats: &Stats) {}

pub(crate) fn load_time(_name: &Arc<str>, _time: Duration) {}

pub(crate) fn wait_time(_name: &Arc<str>, _time: Duration) {}

pub(crate) fn hit_age(_name: &Arc<str>, _age: Duration) {}
