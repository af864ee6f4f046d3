import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/**
 * Plain numbers that the hot paths add to; read when somebody scrapes `/metrics`. Bytes are payload
 * bytes of blobs, without headers.
 */
export interface HubCounters {
  socketsOpen: number;
  messages: number;
  messagesMalformed: number;
  socketsTooSlow: number;
  socketsTooFast: number;
  leases: number;
  leasesExpired: number;
  shardsAccepted: number;
  blobBytesHttps: number;
  blobBytesWebrtc: number;
  peersServed: number;
  seederRestarts: number;
  /** 1 while the disk takes no writes. */
  diskTrouble: number;
  stepErrors: number;
}

/** Counters of a process, all at 0. */
export const openCounters = (): HubCounters => ({
  socketsOpen: 0,
  messages: 0,
  messagesMalformed: 0,
  socketsTooSlow: 0,
  socketsTooFast: 0,
  leases: 0,
  leasesExpired: 0,
  shardsAccepted: 0,
  blobBytesHttps: 0,
  blobBytesWebrtc: 0,
  peersServed: 0,
  seederRestarts: 0,
  diskTrouble: 0,
  stepErrors: 0,
});

const HELP: { [name in keyof HubCounters]: [name: string, help: string] } = {
  socketsOpen: ['pocketgrid_sockets_open', 'Control sockets open now'],
  messages: ['pocketgrid_messages_total', 'Messages received on control sockets'],
  messagesMalformed: ['pocketgrid_messages_malformed_total', 'Messages that failed their schema'],
  socketsTooSlow: ['pocketgrid_sockets_too_slow_total', 'Sockets closed for not reading'],
  socketsTooFast: ['pocketgrid_sockets_too_fast_total', 'Sockets closed for sending too much'],
  leases: ['pocketgrid_leases_total', 'Leases sent'],
  leasesExpired: [
    'pocketgrid_leases_expired_total',
    'Times a device was told that its lease had expired',
  ],
  shardsAccepted: ['pocketgrid_shards_accepted_total', 'Shards accepted, on disk'],
  blobBytesHttps: ['pocketgrid_blob_bytes_https_total', 'Blob bytes served over HTTP'],
  blobBytesWebrtc: [
    'pocketgrid_blob_bytes_webrtc_total',
    'Blob bytes the seeder served over WebRTC',
  ],
  peersServed: ['pocketgrid_seeder_peers_total', 'Peer connections the seeder took'],
  seederRestarts: [
    'pocketgrid_seeder_restarts_total',
    'Times the seeder ended and was started again',
  ],
  diskTrouble: [
    'pocketgrid_disk_trouble',
    '1 while the disk takes no writes and no work is given out',
  ],
  stepErrors: ['pocketgrid_step_errors_total', 'Events the core could not take; each is a bug'],
};

/** What `/metrics` shows. */
export interface HubMetrics {
  readonly contentType: string;
  /** The Prometheus text format. */
  text(): Promise<string>;
  /** How long a group of facts took from asking to being on disk, in milliseconds. */
  observeStore(ms: number): void;
  /** A call of the API was answered with this status. */
  countCall(status: number): void;
  /** A gauge that is read when somebody scrapes; `pocketgrid_` goes before its name. */
  addGauge(name: string, help: string, read: () => number | Promise<number>): void;
  /** One gauge for each value of a label. */
  addGauges(
    name: string,
    help: string,
    by: { label: string; read: () => Record<string, number> },
  ): void;
}

function collectCounter(read: () => number) {
  return function collect(this: Counter): void {
    this.reset();
    this.inc(read());
  };
}

function collectGauge(read: () => number) {
  return function collect(this: Gauge): void {
    this.set(read());
  };
}

/** Metrics over the counters, in a registry of their own: a process may hold several hubs. */
export function openMetrics(counters: HubCounters): HubMetrics {
  const registry = new Registry();
  for (const [field, [name, help]] of Object.entries(HELP)) {
    const read = () => counters[field as keyof HubCounters];
    const shared = { name, help, registers: [registry] };
    if (name.endsWith('_total')) new Counter({ ...shared, collect: collectCounter(read) });
    else new Gauge({ ...shared, collect: collectGauge(read) });
  }
  addProcess(registry);
  const calls = new Counter({
    name: 'pocketgrid_calls_total',
    help: 'Calls of the API by the class of their status',
    labelNames: ['class'],
    registers: [registry],
  });
  for (const each of CLASSES) calls.inc({ class: each }, 0);
  const store = new Histogram({
    name: 'pocketgrid_store_seconds',
    help: 'From asking for a group of facts to having it on disk',
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2],
    registers: [registry],
  });
  return {
    addGauge(name, help, read) {
      new Gauge({
        ...{ name: `pocketgrid_${name}`, help, registers: [registry] },
        async collect() {
          this.set(await read());
        },
      });
    },
    addGauges(name, help, { label, read }) {
      new Gauge({
        ...{ name: `pocketgrid_${name}`, help, labelNames: [label], registers: [registry] },
        collect() {
          this.reset();
          for (const [value, count] of Object.entries(read())) this.set({ [label]: value }, count);
        },
      });
    },
    contentType: registry.contentType,
    text: () => registry.metrics(),
    observeStore: (ms) => store.observe(ms / 1000),
    countCall: (status) => calls.inc({ class: `${Math.floor(status / 100)}xx` }),
  };
}

/** Classes of statuses that are there from the first scrape on. */
const CLASSES = ['2xx', '4xx', '5xx'];

function addProcess(registry: Registry): void {
  const add = (name: string, help: string, read: () => number) =>
    new Gauge({ name, help, registers: [registry], collect: collectGauge(read) });
  add('pocketgrid_memory_bytes', 'Resident memory of the hub process', () =>
    process.memoryUsage.rss(),
  );
  add('pocketgrid_heap_bytes', 'Its heap of JavaScript', () => process.memoryUsage().heapUsed);
  add('pocketgrid_uptime_seconds', 'How long it has run', () => process.uptime());
  new Counter({
    name: 'pocketgrid_cpu_seconds_total',
    help: 'Processor time that it has used',
    registers: [registry],
    collect: collectCounter(() => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    }),
  });
}
