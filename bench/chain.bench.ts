import { measurePeriodClose } from './chain/period-close.ts';
import { openProgram } from './command.ts';
import type { Bench } from './figure.ts';

const ANSWER_MS_MAX = 10 * 60_000;

interface Cost {
  units: number;
  bytes: number;
}

/** What settlement takes: of the chain's own limits, which depend on no machine, and of time. */
export const run: Bench = async function* (context) {
  yield* measureCosts(context);
  yield await measurePeriodClose(context);
};

const measureCosts: Bench = async function* (context) {
  const program = openProgram(['programs/settlement/tests/costs.ts'], context);
  const claims = async () => {
    const { sol, tokens } = await program.hear('claim', ANSWER_MS_MAX);
    return { sol: sol as Cost, tokens: tokens as Cost };
  };
  const wide = await claims();
  yield {
    figure: 'claim-cu-32768',
    value: wide.sol.units,
    unit: 'CU',
    baseline: 6_500,
    detail: { tokenUnits: wide.tokens.units, bytes: wide.sol.bytes, tokenBytes: wide.tokens.bytes },
  };
  const widest = await claims();
  yield {
    figure: 'claim-bytes-1048576',
    value: Math.max(widest.sol.bytes, widest.tokens.bytes),
    unit: 'bytes',
    baseline: 1_232,
    detail: {
      solBytes: widest.sol.bytes,
      tokenBytes: widest.tokens.bytes,
      units: widest.sol.units,
      tokenUnits: widest.tokens.units,
    },
  };
  const { post, units, bytes, finalize } = await program.hear('post', ANSWER_MS_MAX);
  yield {
    figure: 'post-cu',
    value: Number(units),
    unit: 'CU',
    baseline: 30_000,
    detail: { signatures: Number(post), bytes: Number(bytes), finalizeUnits: Number(finalize) },
  };
};
