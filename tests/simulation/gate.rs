//! The gate: what every process asks of Okta and of DynamoDB stands still here until the storm says what becomes of it.
//!
//! Each process has a door of its own to DynamoDB, and its own address at the door to Okta, so that it is known who asks.
//! A process that died leaves its calls behind: they may arrive later, or never.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use test_support::wire::{Call, Message, failed, throttled};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::clocks::shift_lease_times;
use crate::label::label;
use crate::run_ids::RunIds;

/// With the clock paused, time moves on only when nobody has anything to do: so long without a call, and all wait.
const STILL: u32 = 4;

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It arrives, and so does its answer.
    Through,
    /// DynamoDB asks to slow down.
    Throttled,
    /// DynamoDB fails.
    Failed,
    /// The connection breaks before it arrives.
    Broken,
    /// The connection breaks after it arrived.
    Unheard,
    /// It never arrives, and nobody ever answers.
    Lost,
}

/// A call that waits for its verdict.
pub(crate) struct Parked {
    /// In the order of arrival.
    number: u64,
    /// Who asks.
    pub(crate) process: usize,
    /// Which life of the process: it may have died since.
    pub(crate) life: u64,
    /// What it asks for, in the same words in every replay.
    pub(crate) label: String,
    /// What it asks for, as far as its fate depends on it.
    pub(crate) call: Call,
    /// Not before this moment, if it is slow.
    pub(crate) not_before: Option<Instant>,
    verdict: oneshot::Sender<Verdict>,
}

/// The gate; clones share it.
#[derive(Clone)]
pub(crate) struct Gate {
    state: Arc<Mutex<State>>,
}

struct State {
    parked: Vec<Parked>,
    /// One more with every call and every answer.
    activity: u64,
    /// Calls that arrived and are not answered.
    under_way: u64,
    lives: Vec<u64>,
    /// By how many milliseconds the clock of each process is off.
    skews: Vec<i64>,
    /// How often each process has asked what.
    queries: HashMap<(usize, String), u64>,
    written: Vec<(String, String)>,
    conflicts: u64,
    run_ids: RunIds,
    is_open: bool,
    seed: u64,
}

impl Gate {
    /// A gate for so many processes.
    pub(crate) fn new(seed: u64, skews: Vec<i64>) -> Gate {
        let state = State {
            parked: Vec::new(),
            activity: 0,
            under_way: 0,
            lives: vec![0; skews.len()],
            skews,
            queries: HashMap::new(),
            written: Vec::new(),
            conflicts: 0,
            run_ids: RunIds::of(seed),
            is_open: false,
            seed,
        };
        Gate { state: Arc::new(Mutex::new(state)) }
    }

    /// The address that a process asks Okta from.
    pub(crate) fn address(process: usize) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(127, 0, 1, u8::try_from(process).expect("few processes") + 1))
    }

    /// A door to DynamoDB for one process; its URL.
    pub(crate) fn door_to_dynamodb(&self, process: usize, server: SocketAddr) -> String {
        let listener = listen();
        let url = format!("http://{}", listener.local_addr().expect("a listener has an address"));
        self.serve(listener, server, move |_| process);
        url
    }

    /// The door to Okta behind which the server at this address is.
    pub(crate) fn door_to_okta(&self, listener: TcpListener, server: SocketAddr) {
        self.serve(listener, server, |from| match from {
            IpAddr::V4(from) => usize::from(from.octets()[3]) - 1,
            IpAddr::V6(_) => panic!("nobody asks from {from}"),
        });
    }

    fn serve(&self, listener: TcpListener, server: SocketAddr, who: impl Fn(IpAddr) -> usize + Send + 'static) {
        let gate = self.clone();
        tokio::spawn(async move {
            while let Ok((client, from)) = listener.accept().await {
                let (gate, process) = (gate.clone(), who(from.ip()));
                // A connection that ends, however it ends, is its client's affair.
                tokio::spawn(async move { drop(gate.carry(client, server, process).await) });
            }
        });
    }

    /// Carries the calls of one connection, one after the other.
    async fn carry(&self, client: TcpStream, server: SocketAddr, process: usize) -> io::Result<()> {
        client.set_nodelay(true)?;
        let (from_client, mut to_client) = client.into_split();
        let mut from_client = BufReader::new(from_client);
        let server = TcpStream::connect(server).await?;
        server.set_nodelay(true)?;
        let (from_server, mut to_server) = server.into_split();
        let mut from_server = BufReader::new(from_server);
        while let Some(mut request) = Message::read(&mut from_client).await? {
            let call = request.call();
            let items = if call.has_effect { call.items.clone() } else { Vec::new() };
            {
                let mut state = self.state();
                shift_lease_times(&mut request, &call, state.skews[process]);
                state.run_ids.replace(&mut request, &call);
            }
            let verdict = self.park(process, call, &request).await;
            match verdict {
                Verdict::Lost => return std::future::pending().await,
                Verdict::Broken => return Ok(()),
                Verdict::Throttled => to_client.write_all(&throttled()).await?,
                Verdict::Failed => to_client.write_all(&failed()).await?,
                Verdict::Through | Verdict::Unheard => {
                    let under_way = UnderWay::begin(self);
                    to_server.write_all(&request.bytes).await?;
                    let response = Message::read(&mut from_server).await?;
                    drop(under_way);
                    let Some(response) = response else { return Ok(()) };
                    self.note_answer(items, &response);
                    if verdict == Verdict::Unheard {
                        return Ok(());
                    }
                    to_client.write_all(&response.bytes).await?;
                }
            }
        }
        Ok(())
    }

    /// Waits for the verdict on a call.
    async fn park(&self, process: usize, call: Call, request: &Message) -> Verdict {
        let (verdict, decided) = oneshot::channel();
        {
            let mut state = self.state();
            state.activity += 1;
            let label = label(&call, request);
            if state.is_open || is_for_witnesses(&call, request) || state.lets_pass(process, &call, &label) {
                return Verdict::Through;
            }
            let (number, life) = (state.activity, state.lives[process]);
            state.parked.push(Parked { number, process, life, label, call, not_before: None, verdict });
        }
        decided.await.unwrap_or(Verdict::Broken)
    }

    fn note_answer(&self, items: Vec<(String, String)>, response: &Message) {
        let mut state = self.state();
        state.activity += 1;
        state.written.extend(items);
        let refused = response.head.starts_with("HTTP/1.1 400");
        state.conflicts +=
            u64::from(refused && response.bytes.windows(22).any(|part| part == b"ConditionalCheckFailed"));
    }

    /// Waits until nobody has anything to do but to wait.
    pub(crate) async fn quiet(&self) {
        let (mut still, mut seen) = (0, self.activity());
        while still < STILL {
            tokio::time::sleep(Duration::from_millis(1)).await;
            let now = self.activity();
            still = if now == seen && self.state().under_way == 0 { still + 1 } else { 0 };
            seen = now;
        }
    }

    /// One more with every call and every answer.
    pub(crate) fn activity(&self) -> u64 {
        self.state().activity
    }

    /// Looks at the calls that wait, in the same order in every replay.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&mut Vec<Parked>) -> T) -> T {
        let mut state = self.state();
        state.parked.sort_by(|one, other| {
            let key = |it: &Parked| (it.process, it.life);
            (key(one), &one.label, one.number).cmp(&(key(other), &other.label, other.number))
        });
        look(&mut state.parked)
    }

    /// Decides on a call.
    pub(crate) fn decide(parked: Parked, verdict: Verdict) {
        // Whose connection is gone, does not hear of it.
        let _ = parked.verdict.send(verdict);
    }

    /// The process has died; the next one in its place lives another life.
    pub(crate) fn end_life(&self, process: usize) {
        self.state().lives[process] += 1;
    }

    /// Whether a call is one of a process that has died.
    pub(crate) fn lives(&self) -> Vec<u64> {
        self.state().lives.clone()
    }

    /// Lets everything through from now on, or stops everything again.
    pub(crate) fn open(&self, is_open: bool) {
        self.state().is_open = is_open;
    }

    /// The keys of the items that were written since the last time.
    pub(crate) fn take_written(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.state().written)
    }

    /// How many conditional writes were refused.
    pub(crate) fn conflicts(&self) -> u64 {
        self.state().conflicts
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a query is for a few active people, whoever they are: where it begins depends on a run's id, which the gate
/// cannot always give.
fn is_for_witnesses(call: &Call, request: &Message) -> bool {
    call.what == "Query" && request.body().windows(7).any(|word| word == b"\"Limit\"")
}

impl State {
    /// Queries of shards come by the hundred, and most find nothing: only every so often one has to wait. Which, does not
    /// depend on the order in which they come.
    fn lets_pass(&mut self, process: usize, call: &Call, label: &str) -> bool {
        const ONE_IN: u64 = 24;
        if call.what != "Query" {
            return false;
        }
        let asked = self.queries.entry((process, label.to_owned())).or_default();
        *asked += 1;
        let words = [self.seed, process as u64, *asked].map(u64::to_be_bytes).concat();
        let bytes = words.iter().chain(label.as_bytes());
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        fastrand::Rng::with_seed(hash).u64(0..ONE_IN) > 0
    }
}

/// A call that arrived and is not answered.
struct UnderWay<'a>(&'a Gate);

impl UnderWay<'_> {
    fn begin(gate: &Gate) -> UnderWay<'_> {
        gate.state().under_way += 1;
        UnderWay(gate)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.state().under_way -= 1;
    }
}

/// A listener on a free port whose connections send at once: the clock does not stand still for a delayed packet.
pub(crate) fn listen() -> TcpListener {
    let socket = TcpSocket::new_v4().expect("a socket can be made");
    socket.set_nodelay(true).expect("the socket takes the option");
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a port is free");
    socket.listen(1_024).expect("the port can be listened on")
}
