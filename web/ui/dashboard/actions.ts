import type { JobPage, VerdictPage } from '#protocol/api/api.ts';
import type { GridView } from '#protocol/api/grid-view.ts';
import type { JobOptions, JobView } from '#protocol/api/job.ts';
import type { KeyList, KeyRequest, NewKey, OwnKey } from '#protocol/api/keys.ts';
import type { ModelStatsList } from '#protocol/api/model-stats.ts';
import type { ModelList, ModelOptions, ModelRemoved, ModelView } from '#protocol/api/models.ts';
import type { QuoteRequest } from '#protocol/api/quotes.ts';
import type {
  DeliveryPage,
  DeliveryView,
  NewWebhook,
  WebhookEvent,
  WebhookList,
} from '#protocol/api/webhooks.ts';
import type { FileKind } from '#protocol/files/file-kind.ts';
import type { JobEvent } from '#protocol/messages/control.ts';
import type { ReceiptFault } from '#protocol/records/receipt-check.ts';
import type { Receipt } from '#protocol/records/records.ts';
import type { DeveloperId, JobId, PublicKey } from '#protocol/values/ids.ts';
import type { Refusal, Result } from '#protocol/values/refusal.ts';
import type { AnswerRow } from '../../core/answers.ts';
import type { ModelSettings } from '../../core/model-facts.ts';
import type { Line } from '../../core/playground.ts';
import type { QuoteChoice } from '../../core/quote-view.ts';
import type { ReplayAsk, ReplayState } from '../../core/replay.ts';
import type { RunState } from '../../core/run-view.ts';
import type { Series } from '../../core/series.ts';
import type { MoneyActions } from '../money/actions.ts';

export interface KeyedRequest {
  key: string;
  job: JobId;
}

/** A file of this device, under the name that it is sent with. */
export interface NamedFile {
  name: string;
  data: Blob;
}

/** A job ready to be sent. */
export interface JobUpload {
  model: NamedFile;
  modelFiles: readonly NamedFile[];
  inputs: readonly NamedFile[];
  options: JobOptions;
}

/** What a model of the hub is asked: typed lines, or files. */
export interface TaskRun {
  options: JobOptions;
  lines: readonly Line[];
  files: readonly NamedFile[];
}

/** The first answers of a run, and where the rest of them is. */
export interface TaskAnswers {
  rows: readonly AnswerRow[];
  /** The same as JSON Lines. */
  file: Blob;
  /** Of the whole run. */
  items: number;
  job?: JobId;
  /** Of the first shard. */
  receipt?: Receipt;
}

/** What the parts of a job's page are drawn from. */
export interface JobProps {
  job: JobView;
  request: KeyedRequest;
  actions: DashboardActions;
}

/** Everything these pages ask of the world; `main.tsx` joins it to the edges that do it. */
export interface DashboardActions {
  fetchGrid(): Promise<Result<GridView>>;
  fetchVerdicts(after: number, limit: number): Promise<Result<VerdictPage>>;
  /** A page of jobs, of those with `named` in their names. */
  fetchJobs(
    key: string,
    page: { before?: number | undefined; named?: string | undefined },
  ): Promise<Result<JobPage>>;
  fetchJob(request: KeyedRequest): Promise<Result<JobView>>;
  startJob(request: KeyedRequest): Promise<Result<JobView>>;
  cancelJob(request: KeyedRequest): Promise<Result<JobView>>;
  fetchResults(
    request: KeyedRequest,
    range: {
      format: 'safetensors' | 'npy' | 'jsonl' | 'errors' | 'files';
      from?: number;
      to?: number;
      output?: string;
    },
  ): Promise<Result<Blob>>;
  /** What came of items [from, to), in their order. */
  fetchAnswers(
    request: KeyedRequest,
    range: { job: JobView; from: number; to: number },
  ): Promise<Result<AnswerRow[]>>;
  fetchReceipts(request: KeyedRequest): Promise<Result<Blob>>;
  /** Receipts of the shards that end after `from`, by first unit. */
  fetchReceiptPage(
    request: KeyedRequest,
    page: { from: number; limit: number },
  ): Promise<Result<Receipt[]>>;
  /** The key this page's hub signs with. */
  fetchHubKey(): Promise<Result<PublicKey>>;
  /** Reads and checks a file of receipts; those that do not hold come first. */
  readReceiptFile(
    file: Blob,
    hub: PublicKey | undefined,
  ): Promise<Result<{ receipt: Receipt; faults: readonly ReceiptFault[] }[]>>;
  /** Executes one unit again in this tab; runtime and model load only now. */
  openReplay(
    asked: ReplayAsk & { request: KeyedRequest; hub: PublicKey | undefined },
    onState: (state: ReplayState) => void,
  ): Promise<{ cancel(): void }>;
  /** What a file is by its first bytes. */
  readFileKind(file: Blob): Promise<FileKind>;
  /** A file of the app's own origin. */
  fetchFile(path: string): Promise<Result<Blob>>;
  postJob(
    key: string,
    upload: JobUpload,
    control: { onProgress(share: number): void; signal: AbortSignal },
  ): Promise<Result<JobView>>;
  /** The key of the call, with what its jobs came to. */
  fetchOwnKey(key: string): Promise<Result<OwnKey>>;
  fetchKeys(key: string): Promise<Result<KeyList>>;
  addKey(key: string, request: KeyRequest): Promise<Result<NewKey>>;
  revokeKey(key: string, id: DeveloperId): Promise<Result<true>>;
  /** Another key of the hub, with what its jobs came to; for operators. */
  fetchSpent(key: string, id: DeveloperId): Promise<Result<OwnKey>>;
  fetchWebhooks(key: string): Promise<Result<WebhookList>>;
  addWebhook(
    key: string,
    request: { url: string; events: WebhookEvent[] },
  ): Promise<Result<NewWebhook>>;
  removeWebhook(key: string, id: string): Promise<Result<true>>;
  testWebhook(key: string, id: string): Promise<Result<DeliveryView>>;
  fetchDeliveries(key: string, id: string, before?: number): Promise<Result<DeliveryPage>>;
  /** What a job of a model of the hub would cost and take, with each assurance. */
  compareQuotes(key: string, request: QuoteRequest): Promise<Result<readonly QuoteChoice[]>>;
  fetchModels(key: string): Promise<Result<ModelList>>;
  fetchModelStats(key: string): Promise<Result<ModelStatsList>>;
  postModel(
    key: string,
    upload: { files: readonly NamedFile[]; options: ModelOptions },
    control: { onProgress(share: number): void; signal: AbortSignal },
  ): Promise<Result<ModelView>>;
  removeModel(key: string, name: string): Promise<Result<ModelRemoved>>;
  /** What the settings of a model say of it. */
  fetchSettings(key: string, model: ModelView): Promise<Result<ModelSettings>>;
  /** Asks a model and waits for its answers; stopped by its signal, it cancels the job. */
  runTask(
    key: string,
    run: TaskRun,
    control: { onState(state: RunState): void; signal: AbortSignal },
  ): Promise<Result<TaskAnswers>>;
  watchJob(
    request: KeyedRequest,
    watcher: { onEvent(event: JobEvent): void; onLost(): void; onRefused(refusal: Refusal): void },
  ): { close(): void };
  openChart(
    element: HTMLElement,
    labels: { accepted: string; devices: string },
  ): Promise<{ show(series: Series): void; close(): void }>;
  money: MoneyActions;
  saveFile(name: string, data: Blob): void;
  readKey(): string | null;
  writeKey(key: string | null): void;
  /** The address' fragment; a key in it is taken out of the address. */
  takeFragment(): string;
  go(path: string): void;
  /** Tells a screen reader something worth knowing, at most one sentence in 10 s. */
  say(text: string): void;
}
