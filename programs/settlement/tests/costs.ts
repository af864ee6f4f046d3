import { hash } from 'node:crypto';
import { PAGE_SLOTS } from '#protocol/settlement/accounts.ts';
import { buildTree, type Tree } from '#protocol/settlement/tree.ts';
import { type Outcome, openSigner, SOL } from './support/chain.ts';
import { putTokens } from './support/tokens.ts';
import { must, type Period, World } from './support/world.ts';

/** What instructions cost on the chain: one JSON line per figure, for `npm run bench -- chain`. */
const WORKER = openSigner('worker').key;
const EACH = SOL / 1_000_000n;
const POOLS = { sol: false, tokens: true };

/** Many contributors with the same recipient: it is the depth of the tree that costs. */
function treeOf(world: World, leafCount: number): Tree {
  const recipients = new Uint8Array(leafCount * 32);
  for (let at = 0; at < leafCount; at += 1) recipients.set(WORKER, at * 32);
  const cumulative = new BigUint64Array(leafCount).fill(EACH);
  const leaves = { tag: 'claim/v1' as const, pool: world.pool, recipients, cumulative };
  return buildTree(leaves, (data) => hash('sha256', data, 'buffer'));
}

/** Claims some leaves of a tree, the last one among them; gives what the dearest took. */
function measureClaims(tokens: boolean, leafCount: number): Pick<Outcome, 'units' | 'bytes'> {
  const world = new World({ tokens });
  world.chain.fund(WORKER, SOL);
  if (tokens) putTokens(world.chain, WORKER, 0n);
  const claims = treeOf(world, leafCount);
  const spent = { recipient: world.fundEscrow(90n * SOL), cumulative: claims.total };
  const { spends, content } = world.period([], [spent]);
  const period: Period = {
    claims,
    spends,
    claimLeaves: [],
    spendLeaves: [spent],
    content: { ...content, claimRoot: claims.root, total: claims.total, claimLeafCount: leafCount },
  };
  world.settle(period);
  must(world.chain.send([world.pull(period)]));
  const indexes = [0, 1, 0x5555, 0x2aaa, leafCount - 2, leafCount - 1];
  const outcomes = indexes.map((index) => {
    const page = Math.floor(index / PAGE_SLOTS);
    if (world.chain.account(world.page(page)) === undefined) {
      must(world.chain.send([world.createPage(page)]));
    }
    const claimLeaves: Period['claimLeaves'][number][] = [];
    claimLeaves[index] = { recipient: WORKER, cumulative: EACH };
    return must(world.chain.send([world.claim({ ...period, claimLeaves }, index)]));
  });
  return {
    units: Math.max(...outcomes.map(({ units }) => units)),
    bytes: Math.max(...outcomes.map(({ bytes }) => bytes)),
  };
}

/** A root with all the signatures that one transaction takes. */
function measurePost(signatures: number): Pick<Outcome, 'units' | 'bytes'> & { finalize: number } {
  const world = new World({ verifiers: 2 * signatures - 1, quorum: signatures });
  const escrow = world.fundEscrow(10n * SOL);
  const period = world.period(
    [{ recipient: WORKER, cumulative: SOL }],
    [{ recipient: escrow, cumulative: SOL }],
  );
  const proposed = must(
    world.chain.send(world.propose(period, world.verifiers.slice(-signatures))),
  );
  world.chain.warp(world.configState().challengeSecs);
  const { units: finalize } = must(world.chain.send([world.finalize()]));
  return { units: proposed.units, bytes: proposed.bytes, finalize };
}

const print = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

for (const leafCount of [32_768, 1_048_576]) {
  const [sol, tokens] = [POOLS.sol, POOLS.tokens].map((each) => measureClaims(each, leafCount));
  print({ claim: leafCount, sol, tokens });
}
print({ post: 5, ...measurePost(5) });
