import { Config, decodeAccount, Pool, VerifierSet } from '#protocol/settlement/accounts.ts';
import { addressesOf } from '#protocol/settlement/addresses.ts';
import { instructionsOf } from '#protocol/settlement/instructions.ts';
import type { Layout } from '#protocol/settlement/layout.ts';
import { fault, must } from '#protocol/values/refusal.ts';
import { activeSetId, type PoolAccounts, viewPool } from '../../core/settlement/pool.ts';
import { nextStep, type SettlementStep } from '../../core/settlement/settlement.ts';
import { pullEscrows } from './escrows.ts';
import type { Parts, SettlerOptions, SettlerPorts } from './parts.ts';
import { attest, propose } from './roots.ts';

/** One verifier's part in settling one pool. */
export interface Settler {
  /** Does the next step, and says which. Throws what stopped it; nothing is half done then. */
  step(): Promise<SettlementStep['type'] | 'idle'>;
}

/** Settles step by step; each step looks at chain and disk first. */
export function openSettler(options: SettlerOptions, ports: SettlerPorts): Settler {
  const parts: Parts = { ...options, ...ports, reviewed: undefined };
  /** Nothing is proposed before: the facts held nothing new. What others propose is looked at. */
  let quietUntil = 0;
  return {
    async step() {
      const accounts = await readPool(parts);
      const now = parts.now() / 1000;
      const step = nextStep({
        pool: viewPool(accounts, now),
        self: parts.self,
        signed: parts.book.signed(),
        pulled: parts.book.pulled(),
        reviewed: parts.reviewed,
        now,
        everyMs: parts.everyMs,
      });
      if (step.type === 'propose' && parts.now() < quietUntil) return 'wait';
      const done = await performStep(parts, accounts, step);
      if (done === 'idle') quietUntil = parts.now() + parts.everyMs / 2;
      return done;
    },
  };
}

async function performStep(
  parts: Parts,
  accounts: PoolAccounts,
  step: SettlementStep,
): Promise<SettlementStep['type'] | 'idle'> {
  switch (step.type) {
    case 'wait':
      break;
    case 'propose':
      if (!(await propose(parts, accounts, step.again))) return 'idle';
      break;
    case 'attest':
    case 'review':
      await attest(parts, accounts, step);
      break;
    case 'finalize': {
      const { config, pool, payer } = parts;
      const finalize = instructionsOf(parts.program).finalizeRoot({ config, pool });
      await parts.cluster.send([finalize], payer);
      parts.say(
        'info',
        `period ${accounts.pool.period + 1n} is final: ${accounts.pool.pending.total} lamports earned in all`,
      );
      break;
    }
    case 'pull':
      await pullEscrows(parts, accounts, step.dataHash);
  }
  return step.type;
}

async function readPool({ cluster, program, config, pool, now }: Parts): Promise<PoolAccounts> {
  const [configData, poolData] = await cluster.readAccounts([config, pool]);
  const configAccount = decodeFound(Config, configData);
  const setKey = addressesOf(program).verifierSet(config, activeSetId(configAccount, now() / 1000));
  const [setData] = await cluster.readAccounts([setKey]);
  return {
    program,
    poolKey: pool,
    config: configAccount,
    pool: decodeFound(Pool, poolData),
    set: decodeFound(VerifierSet, setData),
  };
}

function decodeFound<T extends { kind: number; version: number }>(
  layout: Layout<T>,
  data: Uint8Array | undefined,
): T {
  if (data !== undefined) return must(decodeAccount(layout, data));
  const message = 'the cluster has no such account: is this the cluster that the pool was made on?';
  throw fault('chain-wrong', message);
}
