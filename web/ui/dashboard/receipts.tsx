import { plural, t } from '@lingui/core/macro';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ReceiptFault } from '#protocol/records/receipt-check.ts';
import type { Receipt } from '#protocol/records/records.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import type { Refusal } from '#protocol/values/refusal.ts';
import { addReceipts, nextReceiptUnit } from '../../core/receipt-view.ts';
import { isEnd, type ReplayState, viewReplay } from '../../core/replay.ts';
import type { DashboardActions, JobProps, KeyedRequest } from './actions.ts';
import { DropField } from './drop-field.tsx';
import { ReceiptRow } from './receipt-row.tsx';
import { Refused } from './refused.tsx';

const PAGE = 8;
/** Of a file; those that do not hold come first. */
const FILE_ROWS_MAX = 20;

interface FileCheck {
  name: string;
  checked: readonly { receipt: Receipt; faults: readonly ReceiptFault[] }[];
}

/** The signed records of a job's shards. Any unit of them can be computed again in this tab. */
export function Receipts({ job, request, actions }: JobProps) {
  const list = useReceipts({ job, request, actions });
  const hub = useHubKey(actions);
  const replay = useReplay({ request, actions, hub });
  const [file, setFile] = useState<FileCheck | undefined>(undefined);
  const [refusal, setRefusal] = useState<Refusal | undefined>(undefined);
  const readFile = async (files: FileList | null | undefined) => {
    const [first] = files ?? [];
    if (first === undefined) return;
    const answer = await actions.readReceiptFile(first, hub);
    setRefusal(answer.ok ? undefined : answer.refusal);
    setFile(answer.ok ? { name: first.name, checked: answer.value } : undefined);
  };
  const row = (receipt: Receipt, place: string, faults?: readonly ReceiptFault[]) => (
    <ReceiptRow
      key={place}
      receipt={receipt}
      isOurs={receipt.shard.job === job.id}
      {...(faults === undefined ? {} : { faults })}
      replay={replay.at === place ? replay.state : undefined}
      busy={replay.busy}
      onReplay={(unit) => replay.start(place, receipt, unit)}
      onCancel={replay.cancel}
    />
  );
  return (
    <section class="card" aria-labelledby="receipts-title" data-testid="receipts">
      <h2 id="receipts-title">{t`Receipts`}</h2>
      <p class="soft">
        {t`The signed record of every shard. Replay computes one unit again in this tab, on the same pinned runtime as the verifiers, and sets its bytes beside those the device committed to.`}
      </p>
      {list.refusal === undefined ? null : <Refused refusal={list.refusal} />}
      <ul class="receipts">{list.receipts.map((receipt) => row(receipt, receipt.shard.lease))}</ul>
      {list.next === undefined ? null : (
        <button type="button" class="button" onClick={list.more} data-testid="more-receipts">
          {t`More receipts`}
        </button>
      )}
      <DropField
        title={t`Check a receipt from a file`}
        hint={t`Drop a receipt or a file of them here, or tap to choose. It stays on this device.`}
        accept=".json,application/json"
        multiple={false}
        id="receipt-file"
        onFiles={(files) => void readFile(files)}
      />
      {refusal === undefined ? null : <Refused refusal={refusal} />}
      {file === undefined ? null : (
        <div class="stack" data-testid="receipt-report">
          <FileSummary file={file} />
          <ul class="receipts">
            {file.checked
              .slice(0, FILE_ROWS_MAX)
              .map(({ receipt, faults }, place) => row(receipt, `file ${place}`, faults))}
          </ul>
        </div>
      )}
    </section>
  );
}

function FileSummary({ file: { name, checked } }: { file: FileCheck }) {
  const altered = checked.filter(({ faults }) => faults.length > 0).length;
  return (
    <p class={`note ${altered > 0 ? 'note-bad' : ''}`} role="status">
      <span>
        <strong>{name}</strong>: {plural(checked.length, { one: '# receipt', other: '# receipts' })}
        ,{' '}
        {altered === 0
          ? t`every signature and digest holds.`
          : t`${altered} altered: not what was signed.`}
        {checked.length > FILE_ROWS_MAX ? ` ${t`The first ${FILE_ROWS_MAX} are shown.`}` : ''}
      </span>
    </p>
  );
}

/** The first pages of a job's receipts, read again when the job moves on: verdicts come late. */
function useReceipts({ job, request, actions }: JobProps) {
  const [receipts, setReceipts] = useState<readonly Receipt[]>([]);
  const [next, setNext] = useState<number | undefined>(undefined);
  const [refusal, setRefusal] = useState<Refusal | undefined>(undefined);
  const { key, job: id } = request;
  const read = async (from: number, before: readonly Receipt[], isGone = () => false) => {
    const page = await actions.fetchReceiptPage({ key, job: id }, { from, limit: PAGE });
    if (isGone()) return;
    setRefusal(page.ok ? undefined : page.refusal);
    if (!page.ok) return;
    setReceipts(addReceipts(before, page.value));
    setNext(nextReceiptUnit(page.value, PAGE));
  };
  useEffect(() => {
    let gone = false;
    void read(0, [], () => gone);
    return () => {
      gone = true;
    };
  }, [actions, key, id, job.state]);
  const more = () => (next === undefined ? undefined : void read(next, receipts));
  return { receipts, next, refusal, more };
}

/** A receipt of another hub is told by its key; without an answer that one check is left out. */
function useHubKey(actions: DashboardActions): PublicKey | undefined {
  const [hub, setHub] = useState<PublicKey | undefined>(undefined);
  useEffect(() => {
    void actions.fetchHubKey().then((answer) => (answer.ok ? setHub(answer.value) : undefined));
  }, [actions]);
  return hub;
}

/** One replay at a time: a runtime and a model are all the memory a phone should give. */
function useReplay(props: {
  request: KeyedRequest;
  actions: DashboardActions;
  hub: PublicKey | undefined;
}) {
  const { request, actions, hub } = props;
  const [shown, setShown] = useState<{ at: string; state: ReplayState } | undefined>(undefined);
  const open = useRef<Promise<{ cancel(): void }> | undefined>(undefined);
  const cancel = () => void open.current?.then((replay) => replay.cancel());
  useEffect(() => cancel, []);
  const start = (at: string, receipt: Receipt, unit: number) => {
    setShown({ at, state: { name: 'checking' } });
    open.current = actions.openReplay({ receipt, unit, request, hub }, (state) => {
      setShown({ at, state });
      if (isEnd(state)) actions.say(`${viewReplay(state).title}. ${viewReplay(state).reason}`);
    });
    open.current.catch(() => setShown({ at, state: notLoaded() }));
  };
  return { ...shown, busy: shown !== undefined && !isEnd(shown.state), start, cancel };
}

const notLoaded = (): ReplayState => ({
  name: 'failed',
  faults: [],
  refusal: {
    code: 'download-failed',
    message: t`The replay’s own program could not be loaded. You may be offline: reload the page.`,
  },
});
