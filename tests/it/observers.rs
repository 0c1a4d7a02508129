//! A subscriber and a recorder that keep all they are told, for the thread that puts them in force.

use std::{
    collections::BTreeMap,
    fmt::{Debug, Write},
    sync::{
        Arc, LazyLock, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

use metrics::{Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use tracing::{
    Dispatch, Event, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

/// The fields of a span or an event, as text.
pub(crate) type Fields = BTreeMap<&'static str, String>;

/// All spans and events of one thread.
#[derive(Clone, Default)]
pub(crate) struct Spans(Arc<Mutex<Told>>);

#[derive(Default)]
struct Told {
    spans: Vec<Fields>,
    events: Vec<Fields>,
    entered: Vec<Id>,
}

struct Fill<'a>(&'a mut Fields);

impl Visit for Fill<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}").trim_matches('"').to_owned());
    }
}

impl Spans {
    /// Runs code under this subscriber.
    pub(crate) fn watch<T>(&self, code: impl FnOnce() -> T) -> T {
        // While there is one subscriber, a thread without it decides whether anybody listens to what it meets first.
        static OTHERS: LazyLock<[Dispatch; 2]> = LazyLock::new(|| [(); 2].map(|()| Dispatch::new(Spans::default())));
        LazyLock::force(&OTHERS);
        tracing::subscriber::with_default(self.clone(), code)
    }

    /// The spans of loads of a function, in the order of their beginning.
    pub(crate) fn of(&self, function: &str) -> Vec<Fields> {
        let spans = self.0.lock().unwrap().spans.clone();
        spans.into_iter().filter(|span| span.get("function").is_some_and(|name| name == function)).collect()
    }

    /// What became of the calls of a function.
    pub(crate) fn verdicts(&self, function: &str) -> Vec<String> {
        self.of(function).iter().map(|span| span.get("verdict").cloned().unwrap_or_default()).collect()
    }

    pub(crate) fn events(&self) -> Vec<Fields> {
        self.0.lock().unwrap().events.clone()
    }

    /// The function in whose span the thread is now.
    pub(crate) fn inside(&self) -> Option<String> {
        let told = self.0.lock().unwrap();
        let id = told.entered.last()?.into_u64();
        told.spans[usize::try_from(id).unwrap() - 1].get("function").cloned()
    }

    pub(crate) fn text(&self) -> String {
        let told = self.0.lock().unwrap();
        format!("{:?} {:?}", told.spans, told.events)
    }
}

impl Subscriber for Spans {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields::from([("level", span.metadata().level().to_string())]);
        span.record(&mut Fill(&mut fields));
        let spans = &mut self.0.lock().unwrap().spans;
        spans.push(fields);
        Id::from_u64(spans.len() as u64)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let spans = &mut self.0.lock().unwrap().spans;
        values.record(&mut Fill(&mut spans[usize::try_from(span.into_u64()).unwrap() - 1]));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let mut fields =
            Fields::from([("level", metadata.level().to_string()), ("target", metadata.target().to_owned())]);
        event.record(&mut Fill(&mut fields));
        self.0.lock().unwrap().events.push(fields);
    }

    fn enter(&self, span: &Id) {
        self.0.lock().unwrap().entered.push(span.clone());
    }

    fn exit(&self, span: &Id) {
        let entered = &mut self.0.lock().unwrap().entered;
        assert_eq!(entered.pop().as_ref(), Some(span));
    }
}

/// All metrics of one thread, by name and labels.
#[derive(Default)]
pub(crate) struct Numbers {
    counters: Mutex<BTreeMap<String, Arc<AtomicU64>>>,
    samples: Mutex<BTreeMap<String, Arc<Samples>>>,
}

#[derive(Default)]
struct Samples(Mutex<Vec<f64>>);

impl HistogramFn for Samples {
    fn record(&self, value: f64) {
        self.0.lock().unwrap().push(value);
    }
}

impl Numbers {
    /// Runs code under this recorder.
    pub(crate) fn watch<T>(&self, code: impl FnOnce() -> T) -> T {
        metrics::with_local_recorder(self, code)
    }

    /// Keeps out other tests that collect: what a recorder was told no other one is told.
    pub(crate) fn alone() -> MutexGuard<'static, ()> {
        static ALONE: Mutex<()> = Mutex::new(());
        ALONE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A counter, or a gauge.
    pub(crate) fn count(&self, metric: &str, function: &str) -> u64 {
        let counters = self.counters.lock().unwrap();
        counters.get(&named(metric, function)).map_or(0, |count| count.load(SeqCst))
    }

    pub(crate) fn gauge(&self, metric: &str, function: &str) -> f64 {
        f64::from_bits(self.count(metric, function))
    }

    /// What a histogram was told.
    pub(crate) fn samples(&self, metric: &str, function: &str) -> Vec<f64> {
        let samples = self.samples.lock().unwrap();
        samples.get(&named(metric, function)).map(|samples| samples.0.lock().unwrap().clone()).unwrap_or_default()
    }

    pub(crate) fn text(&self) -> String {
        format!("{:?} {:?}", self.counters.lock().unwrap(), self.samples.lock().unwrap().keys())
    }

    fn counter(&self, key: &Key) -> Arc<AtomicU64> {
        Arc::clone(self.counters.lock().unwrap().entry(text(key)).or_default())
    }
}

fn named(metric: &str, function: &str) -> String {
    format!("{metric} function={function}")
}

fn text(key: &Key) -> String {
    let mut text = key.name().to_owned();
    for label in key.labels() {
        write!(text, " {}={}", label.key(), label.value()).unwrap();
    }
    text
}

impl Recorder for Numbers {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.counter(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.counter(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(Arc::clone(self.samples.lock().unwrap().entry(text(key)).or_default()))
    }
}
