import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { lockFile } from '#node/file-lock.ts';
import { readIfThere, replaceFile } from '#node/files.ts';
import { encodeBase58 } from '#protocol/bytes/base58.ts';
import { openAirdrops } from './airdrops.ts';
import { type Answer, answerBody } from './rpc.ts';
import { openSaver } from './saver.ts';
import { openSvm } from './svm.ts';

/**
 * Each call writes the whole state: past this no more lamports are given away, past twice that
 * nothing is done.
 */
const STATE_BYTES_MAX = 64 * 1024 * 1024;

/** A program that is on the chain from its first start. */
export interface ChainProgram {
  /** Its address in base58. */
  id: string;
  /** The bytes of its `.so`. */
  bytes: Uint8Array;
}

/**
 * A chain of one's own: a real SVM (litesvm) in this process, behind the JSON-RPC of a
 * Solana cluster, so that `Connection` speaks to it as to devnet. What it acknowledged is on disk.
 */
export interface Chain {
  genesisHash: string;
  /** Answers the body of one HTTP request of JSON-RPC; the caller is undefined for this machine. */
  answer(body: string, caller?: string): Promise<Answer>;
  close(): Promise<void>;
}

/** Opens the chain of a folder, making it on first use. */
export async function openChain(
  folder: string,
  options: { programs: readonly ChainProgram[]; now?: () => number; stateBytesMax?: number },
): Promise<Chain> {
  const { programs, now = Date.now, stateBytesMax = STATE_BYTES_MAX } = options;
  await mkdir(folder, { recursive: true });
  const unlock = await lockFile(join(folder, 'lock')).catch((cause: unknown) => {
    const message =
      'this chain is open in another process: stop that one, or choose another --data';
    throw new Error(message, { cause });
  });
  const genesis = await openGenesis(join(folder, 'genesis'));
  const file = join(folder, 'state');
  const snapshot = await readIfThere(file);
  const svm = openSvm({ now, programs, ...(snapshot === undefined ? {} : { snapshot }) });
  let stateBytes = snapshot?.length ?? 0;
  const saver = openSaver(() => {
    const bytes = svm.snapshot();
    stateBytes = bytes.length;
    return replaceFile(file, bytes);
  });
  if (snapshot === undefined) await saver.save();
  const state = {
    svm,
    programs: programs.map(({ id }) => id),
    airdrops: openAirdrops(now),
    genesisHash: encodeBase58(genesis),
    save: saver.save,
    fullness: () => stateBytes / stateBytesMax,
  };
  return {
    genesisHash: state.genesisHash,
    answer: (body, caller) => answerBody(state, body, caller),
    async close() {
      await saver.save();
      await unlock();
    },
  };
}

/** 32 random bytes, kept: two chains of one's own must not take each other's signatures. */
async function openGenesis(file: string): Promise<Uint8Array> {
  const known = await readIfThere(file);
  if (known !== undefined && known.length === 32) return known;
  const made = randomBytes(32);
  await replaceFile(file, made);
  return made;
}
