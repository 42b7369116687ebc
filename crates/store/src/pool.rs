//! A fixed number of threads behind one bounded queue: Diesel blocks, and actix's threads must not.

use crate::{
    connection::{Conn, ConnectionPool},
    error::StoreError,
};
use std::{
    any::Any,
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    time::Duration,
};
use tokio::sync::oneshot;

/// Who has waited longer than this is told so, and nothing is tried.
pub(crate) const MAX_WAIT: Duration = Duration::from_secs(5);
/// How long to wait for a connection, and how long when the last wait was in vain.
const CONNECT_WAIT: Duration = Duration::from_secs(3);
const CONNECT_WAIT_WHEN_DOWN: Duration = Duration::from_millis(200);

struct Job {
    state: Arc<AtomicU8>,
    run: Box<dyn FnOnce(&ConnectionPool) + Send>,
}

struct Queue {
    jobs: VecDeque<Job>,
    closed: bool,
}

struct Shared {
    queue: Mutex<Queue>,
    places: usize,
    arrived: Condvar,
    /// Was the database not there the last time?
    down: AtomicBool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        // Nothing panics while it holds this lock, and a queue of jobs is never half changed.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<Job> {
        let mut queue = self.lock();
        loop {
            if let Some(job) = queue.jobs.pop_front() {
                return Some(job);
            }
            if queue.closed {
                return None;
            }
            queue = self.arrived.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// The threads and the queue in front of them. Dropping it lets them finish what is in the queue.
pub(crate) struct Pool(Arc<Shared>);

impl Drop for Pool {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.arrived.notify_all();
    }
}

impl Pool {
    /// Starts so many threads, with so many places in the queue.
    pub(crate) fn start(threads: usize, places: usize, connections: &ConnectionPool) -> std::io::Result<Self> {
        let queue = Mutex::new(Queue { jobs: VecDeque::new(), closed: false });
        let pool = Self(Arc::new(Shared { queue, places, arrived: Condvar::new(), down: AtomicBool::new(false) }));
        for n in 0..threads.max(1) {
            let (shared, connections) = (Arc::clone(&pool.0), connections.clone());
            std::thread::Builder::new().name(format!("store-{n}")).spawn(move || {
                while let Some(job) = shared.next() {
                    (job.run)(&connections);
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
        let (turn, answer) = turn();
        let (shared, state) = (Arc::clone(&self.0), Arc::clone(&turn.state));
        let run = move |connections: &ConnectionPool| turn.take(|| shared.with_connection(connections, work));
        self.0.put(Job { state, run: Box::new(run) })?;
        answer.wait().await
    }
}

impl Shared {
    fn put(&self, job: Job) -> Result<(), StoreError> {
        let mut queue = self.lock();
        if queue.jobs.len() >= self.places {
            // Who has gone needs no place.
            queue.jobs.retain(|job| job.state.load(Ordering::Relaxed) == WAITING);
            if queue.jobs.len() >= self.places {
                return Err(StoreError::Busy);
            }
        }
        queue.jobs.push_back(job);
        drop(queue);
        self.arrived.notify_one();
        Ok(())
    }

    fn with_connection<T, E, F>(&self, connections: &ConnectionPool, work: F) -> Result<T, E>
    where
        E: From<StoreError>,
        F: FnOnce(&mut Conn) -> Result<T, E>,
    {
        let wait = if self.down.load(Ordering::Relaxed) { CONNECT_WAIT_WHEN_DOWN } else { CONNECT_WAIT };
        let connected = connections.get_timeout(wait);
        self.down.store(connected.is_err(), Ordering::Relaxed);
        let mut conn = connected.map_err(StoreError::from)?;
        catch_panic(|| work(&mut conn))
    }
}

const WAITING: u8 = 0;
const RUNNING: u8 = 1;
const GIVEN_UP: u8 = 2;

/// A caller's turn, as whoever does the work holds it.
pub(crate) struct Turn<R> {
    state: Arc<AtomicU8>,
    reply: oneshot::Sender<R>,
}

/// A caller's turn, as the caller holds it.
pub(crate) struct Answer<R> {
    state: Arc<AtomicU8>,
    answer: oneshot::Receiver<R>,
}

/// A place in a queue: either the work begins in time, or its caller gives up, never both.
pub(crate) fn turn<R>() -> (Turn<R>, Answer<R>) {
    let state = Arc::new(AtomicU8::new(WAITING));
    let (reply, answer) = oneshot::channel();
    (Turn { state: Arc::clone(&state), reply }, Answer { state, answer })
}

fn moved(state: &AtomicU8, to: u8) -> bool {
    state.compare_exchange(WAITING, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
}

impl<R> Turn<R> {
    /// Does the work, unless its caller has gone or given up.
    pub(crate) fn take(self, work: impl FnOnce() -> R) {
        if moved(&self.state, RUNNING) {
            // A caller that goes meanwhile does not want the answer.
            drop(self.reply.send(work()));
        }
    }
}

impl<T, E: From<StoreError>> Answer<Result<T, E>> {
    /// Waits for the answer; for its beginning no longer than [`MAX_WAIT`].
    pub(crate) async fn wait(mut self) -> Result<T, E> {
        let gone = || Err(StoreError::Unavailable("whoever should have done it has stopped".into()).into());
        match tokio::time::timeout(MAX_WAIT, &mut self.answer).await {
            Ok(answer) => answer.unwrap_or_else(|_| gone()),
            Err(_) if moved(&self.state, GIVEN_UP) => Err(StoreError::Busy.into()),
            Err(_) => (&mut self.answer).await.unwrap_or_else(|_| gone()),
        }
    }
}

impl<R> Drop for Answer<R> {
    /// Who goes before it was begun does not want it done.
    fn drop(&mut self) {
        moved(&self.state, GIVEN_UP);
    }
}

/// A panic becomes an answer. What it left open is rolled back, or its connection is thrown away by the pool.
pub(crate) fn catch_panic<T, E: From<StoreError>>(work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|panic| Err(StoreError::Internal(format!("panic: {}", panic_message(panic.as_ref()))).into()))
}

/// What a panic said.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> &str {
    panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("?")
}
