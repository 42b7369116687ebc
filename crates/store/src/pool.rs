//! A fixed number of threads behind one bounded line: Diesel blocks, and actix's threads must not.

use crate::{
    connection::{Conn, Connections},
    error::StoreError,
};
use std::{
    any::Any,
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

/// Who has waited longer than this is told so, and nothing is tried.
pub(crate) const MAX_WAIT: Duration = Duration::from_secs(5);
/// How long to wait for a connection while there are some, and while the database seems to be down.
const CONNECT_WAIT: Duration = Duration::from_secs(3);
const CONNECT_WAIT_WHEN_DOWN: Duration = Duration::from_millis(200);

type Job = Box<dyn FnOnce(&Connections) + Send>;

struct Line {
    jobs: VecDeque<Job>,
    closed: bool,
}

struct Shared {
    line: Mutex<Line>,
    places: usize,
    arrived: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Line> {
        // Nothing panics while it holds this lock, and a line of jobs is never half changed.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<Job> {
        let mut line = self.lock();
        loop {
            if let Some(job) = line.jobs.pop_front() {
                return Some(job);
            }
            if line.closed {
                return None;
            }
            line = self.arrived.wait(line).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// The threads and the line in front of them. Dropping it lets them finish what is in the line.
pub(crate) struct Pool(Arc<Shared>);

impl Drop for Pool {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.arrived.notify_all();
    }
}

impl Pool {
    /// Starts so many threads, with so many places in the line.
    pub(crate) fn start(threads: usize, places: usize, connections: &Connections) -> std::io::Result<Self> {
        let line = Mutex::new(Line { jobs: VecDeque::new(), closed: false });
        let pool = Self(Arc::new(Shared { line, places, arrived: Condvar::new() }));
        for n in 0..threads.max(1) {
            let (shared, connections) = (Arc::clone(&pool.0), connections.clone());
            std::thread::Builder::new().name(format!("store-{n}")).spawn(move || {
                while let Some(job) = shared.next() {
                    job(&connections);
                }
            })?;
        }
        Ok(pool)
    }

    /// Runs work on one of the threads, with a connection. It does not run when its caller has gone or has waited too long.
    pub(crate) async fn run<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let asked = Instant::now();
        let job: Job = Box::new(move |connections| {
            if reply.is_closed() {
                return;
            }
            let result = if asked.elapsed() > MAX_WAIT {
                Err(StoreError::Busy.into())
            } else {
                with_connection(connections, work)
            };
            // A caller that has gone meanwhile does not want it.
            drop(reply.send(result));
        });
        {
            let mut line = self.0.lock();
            if line.jobs.len() >= self.0.places {
                return Err(StoreError::Busy.into());
            }
            line.jobs.push_back(job);
        }
        self.0.arrived.notify_one();
        answer.await.unwrap_or_else(|_| Err(StoreError::Internal("a thread of the store has died".into()).into()))
    }
}

fn with_connection<T, E, F>(connections: &Connections, work: F) -> Result<T, E>
where
    E: From<StoreError>,
    F: FnOnce(&mut Conn) -> Result<T, E>,
{
    let down = connections.state().connections == 0;
    let wait = if down { CONNECT_WAIT_WHEN_DOWN } else { CONNECT_WAIT };
    let mut conn = connections.get_timeout(wait).map_err(StoreError::from)?;
    caught(|| work(&mut conn))
}

/// A panic becomes an answer. What it left open is rolled back, or its connection is thrown away by the pool.
pub(crate) fn caught<T, E: From<StoreError>>(work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|panic| Err(StoreError::Internal(format!("panic: {}", words(panic.as_ref()))).into()))
}

/// What a panic said.
pub(crate) fn words(panic: &(dyn Any + Send)) -> &str {
    panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("?")
}
