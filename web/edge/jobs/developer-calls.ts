import { t } from '@lingui/core/macro';
import { readHealth } from '#client/grid.ts';
import * as jobs from '#client/jobs.ts';
import { readReceiptPage, readReceipts } from '#client/receipts.ts';
import { downloadResults, type ResultRange } from '#client/results.ts';
import { readVerdictPage } from '#client/verdicts.ts';
import { accept, refuse } from '#protocol/values/refusal.ts';
import { fetchGrid } from '../grid.ts';
import { type KeyedRequest, openHub } from '../hub.ts';
import { fetchLines } from './answers.ts';
import { watchJob } from './events.ts';
import { keyCalls } from './key-calls.ts';
import { modelCalls } from './model-calls.ts';
import { quoteCalls } from './quote-calls.ts';
import { runTask } from './run-task.ts';
import { saveFile } from './save-file.ts';
import { postJob, readFileKind } from './upload.ts';
import { webhookCalls } from './webhook-calls.ts';

/** What the pages of developers ask of the hub and of this device; what is large loads when asked. */
export const developerCalls = {
  ...keyCalls,
  ...modelCalls,
  ...webhookCalls,
  ...quoteCalls,
  runTask,
  postJob,
  readFileKind,
  watchJob,
  saveFile,
  openChart: async (...args: Parameters<typeof import('./chart.ts').openChart>) =>
    (await import('./chart.ts')).openChart(...args),
  readReceiptFile: async (
    ...args: Parameters<typeof import('../replay/receipt-file.ts').readReceiptFile>
  ) => (await import('../replay/receipt-file.ts')).readReceiptFile(...args),
  openReplay: async (...args: Parameters<typeof import('../replay/replay.ts').openReplay>) =>
    (await import('../replay/replay.ts')).openReplay(...args),
  fetchGrid,
  fetchVerdicts: (after: number, limit: number) => readVerdictPage(openHub(), { after, limit }),
  fetchJobs: (key: string, page: Parameters<typeof jobs.listJobs>[1]) =>
    jobs.listJobs(openHub(key), page),
  fetchJob: ({ key, job }: KeyedRequest) => jobs.readJob(openHub(key), job),
  startJob: ({ key, job }: KeyedRequest) => jobs.startJob(openHub(key), job),
  cancelJob: ({ key, job }: KeyedRequest) => jobs.cancelJob(openHub(key), job),
  fetchResults: ({ key, job }: KeyedRequest, range: ResultRange) =>
    downloadResults(openHub(key), { job, range }),
  async fetchAnswers(...asked: Parameters<typeof fetchLines>) {
    const found = await fetchLines(...asked);
    return found.ok ? accept(found.value.rows) : found;
  },
  fetchReceiptPage: ({ key, job }: KeyedRequest, page: { from: number; limit: number }) =>
    readReceiptPage(openHub(key), { job, ...page }),

  /** The signed record of every shard, as one file. */
  async fetchReceipts({ key, job }: KeyedRequest) {
    const receipts = await readReceipts(openHub(key), job);
    if (!receipts.ok) return receipts;
    const text = JSON.stringify({ receipts: receipts.value });
    return accept(new Blob([text], { type: 'application/json' }));
  },

  /** The key this page's hub signs with. */
  async fetchHubKey() {
    const health = await readHealth(openHub());
    return health.ok ? accept(health.value.hub) : health;
  },

  /** A file of our own origin, such as the sample's. */
  async fetchFile(path: string) {
    const answer = await openHub().blob(path);
    // A single-page server answers an unknown path with the page itself.
    if (!answer.ok || answer.value.type.startsWith('text/html')) {
      return refuse('not-found', t`This hub’s app has no ${path}; build it again with its sample.`);
    }
    return answer;
  },
};
