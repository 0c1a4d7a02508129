//! The answers of a batch, one after the other as they are there.

use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

/// A step: the answers for some items.
type Step<T> = Pin<Box<dyn Future<Output = Vec<T>> + Send>>;

/// What makes answers, with for how many items each does.
type Steps<A> = VecDeque<(usize, Box<dyn FnOnce() -> A + Send>)>;

/// What is told how many items of how many have been asked for.
type Progress = Box<dyn FnMut(usize, usize) + Send>;

/// The answers of an async batch in the order of its items, each as soon as the body that makes it has returned.
///
/// Nothing is asked for before the first one is awaited; dropped half-way, no more is. With the cargo feature `stream`
/// it is a `futures_core::Stream`.
#[must_use = "a stream does nothing unless it is asked"]
pub struct AnswerStream<T> {
    /// The steps to come, with how many items each asks for.
    steps: Steps<Step<T>>,
    running: Option<(usize, Step<T>)>,
    ready: VecDeque<T>,
    done: usize,
    total: usize,
    progress: Option<Progress>,
}

/// The answers of a sync batch in the order of its items, each as soon as the body that makes it has returned.
#[must_use = "an iterator does nothing unless it is asked"]
pub struct Answers<T> {
    steps: Steps<Vec<T>>,
    ready: VecDeque<T>,
    done: usize,
    total: usize,
    progress: Option<Progress>,
}

macro_rules! common {
    ($name:ident) => {
        impl<T> $name<T> {
            /// Tells `progress` after each body how many items have been asked for so far, and how many there are.
            pub fn on_progress(self, progress: impl FnMut(usize, usize) + Send + 'static) -> Self {
                Self { progress: Some(Box::new(progress)), ..self }
            }

            fn note(&mut self, items: usize, answers: Vec<T>) {
                self.ready.extend(answers);
                self.done += items;
                if let Some(progress) = &mut self.progress {
                    progress(self.done, self.total);
                }
            }
        }

        impl<T> fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name))
                    .field("done", &self.done)
                    .field("total", &self.total)
                    .finish_non_exhaustive()
            }
        }
    };
}

common!(AnswerStream);
common!(Answers);

impl<T: Send> AnswerStream<T> {
    /// Of steps, with how many items each asks for.
    pub(crate) fn new(steps: Steps<Step<T>>) -> Self {
        let total = steps.iter().map(|(items, _)| items).sum();
        Self { steps, running: None, ready: VecDeque::new(), done: 0, total, progress: None }
    }

    /// The next answer; `None` after the last.
    pub async fn next(&mut self) -> Option<T> {
        std::future::poll_fn(|cx| self.poll_answer(cx)).await
    }

    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        loop {
            if let Some(answer) = self.ready.pop_front() {
                return Poll::Ready(Some(answer));
            }
            if self.running.is_none() {
                self.running = self.steps.pop_front().map(|(items, step)| (items, step()));
            }
            let Some((items, step)) = &mut self.running else { return Poll::Ready(None) };
            let items = *items;
            let Poll::Ready(answers) = step.as_mut().poll(cx) else { return Poll::Pending };
            self.running = None;
            self.note(items, answers);
        }
    }
}

#[cfg(feature = "stream")]
impl<T: Send> futures_core::Stream for AnswerStream<T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.get_mut().poll_answer(cx)
    }
}

impl<T> Unpin for AnswerStream<T> {}

impl<T> Answers<T> {
    /// Of steps, with how many items each asks for.
    pub(crate) fn new(steps: Steps<Vec<T>>) -> Self {
        let total = steps.iter().map(|(items, _)| items).sum();
        Self { steps, ready: VecDeque::new(), done: 0, total, progress: None }
    }
}

impl<T> Iterator for Answers<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        loop {
            if let Some(answer) = self.ready.pop_front() {
                return Some(answer);
            }
            let (items, step) = self.steps.pop_front()?;
            let answers = step();
            self.note(items, answers);
        }
    }
}
