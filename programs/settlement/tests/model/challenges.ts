import { bytesToHex } from '#protocol/bytes/digest.ts';
import { hashAttestation } from '#protocol/settlement/attestation.ts';
import type { Key } from '#protocol/settlement/layout.ts';
import { EMPTY_KEY } from '#protocol/settlement/tree.ts';
import { instructions } from '../support/world.ts';
import { bondAt, STRANGER, setAt, TREASURY, VERIFIERS } from './actors.ts';
import { type Aim, drawOpened, escrowOf, type Setting } from './attempt.ts';
import { spoil } from './escrows.ts';
import { demand, moveLamports, there } from './model.ts';
import { discard, lastRoot, otherContent, placeOf } from './roots.ts';

/** What shows that verifiers signed what cannot be. */
const WRONGS = ['set', 'treasury', 'bonds', 'proof', 'cut', 'amount'] as const;

export const challengeClaim: Aim = (setting) => {
  const { model, trees, draw } = setting;
  const { pending } = model.pool;
  const wrong = draw.wrong(WRONGS);
  const last = lastRoot(model);
  const before = { root: last.claimRoot, leafCount: last.leafCount, total: last.total };
  const next = {
    root: pending.claimRoot,
    leafCount: pending.claimLeafCount,
    total: pending.total,
  };
  // Challengers look for what is wrong, mostly.
  const suspects = Array.from({ length: before.leafCount }, (_, each) => each).filter((each) => {
    const [was, is] = [before, next].map((tree) => trees.leaf('claim/v1', tree, each));
    return was !== undefined && (is?.cumulative ?? 0n) < was.cumulative;
  });
  const any = draw.below(Math.max(1, next.leafCount));
  const index = suspects.length > 0 && !draw.once(4) ? draw.pick(suspects) : any;
  const pendingLeaf = trees.leaf('claim/v1', next, index);
  const finalLeaf = trees.leaf('claim/v1', before, index);
  const shown = {
    index,
    recipient: pendingLeaf?.recipient ?? EMPTY_KEY,
    cumulative: (pendingLeaf?.cumulative ?? 0n) + (wrong === 'amount' ? 1n : 0n),
    proof: trees.prove('claim/v1', next, index),
  };
  const held = {
    index,
    recipient: finalLeaf?.recipient ?? EMPTY_KEY,
    cumulative: finalLeaf?.cumulative ?? 0n,
    proof: spoil(trees.prove('claim/v1', before, index), wrong, draw.below(4096)),
  };
  const { at, punish } = drawHeirs(setting, wrong);
  const data = {
    index,
    pendingRecipient: shown.recipient,
    pendingCumulative: shown.cumulative,
    finalRecipient: held.recipient,
    finalCumulative: held.cumulative,
  };
  const proofs = { pending: shown.proof, final: held.proof };
  return {
    made: [instructions.challengeClaim(at, data, proofs)],
    signers: [],
    rule() {
      there(model.sets.get(at.setId));
      demand(pending.state !== 0, 'settlement-nothing-pending');
      trees.check('claim/v1', shown, next);
      trees.check('claim/v1', held, before);
      const isOther = bytesToHex(held.recipient) !== bytesToHex(shown.recipient);
      const wasEmpty = bytesToHex(held.recipient) === bytesToHex(EMPTY_KEY);
      const isTaken = isOther || shown.cumulative < held.cumulative;
      demand(isTaken && !(wasEmpty && held.cumulative === 0n), 'settlement-no-fraud');
      punish();
    },
  };
};

export const challengeSpend: Aim = (setting) => {
  const { model, trees, draw } = setting;
  const { pending } = model.pool;
  const wrong = draw.wrong(WRONGS);
  const { escrow } = drawOpened(setting);
  const found = escrowOf(model, escrow);
  const tree = {
    root: pending.spendRoot,
    leafCount: pending.spendLeafCount,
    total: pending.total,
  };
  const index = found?.index ?? 0;
  const leaf = trees.leaf('spend/v1', tree, index);
  const shown = {
    index,
    recipient: leaf?.recipient ?? EMPTY_KEY,
    cumulative: (leaf?.cumulative ?? 0n) + (wrong === 'amount' ? 1n : 0n),
    proof: spoil(trees.prove('spend/v1', tree, index), wrong, draw.below(4096)),
  };
  const { at, punish } = drawHeirs(setting, wrong);
  const { recipient, cumulative } = shown;
  return {
    made: [instructions.challengeSpend({ ...at, escrow }, { recipient, cumulative }, shown.proof)],
    signers: [],
    rule() {
      there(model.sets.get(at.setId));
      const { deposited, refunded, pulled } = there(found);
      demand(pending.state !== 0, 'settlement-nothing-pending');
      trees.check('spend/v1', shown, tree);
      const isOwn = bytesToHex(recipient) === bytesToHex(escrow);
      const isWrong = isOwn ? cumulative > deposited || cumulative < pulled : cumulative > 0n;
      // What a refund since has made too much is nobody's fraud.
      if (isOwn && !isWrong && cumulative > deposited - refunded) return discard(model);
      demand(isWrong, 'settlement-no-fraud');
      punish();
    },
  };
};

export const challengeDouble: Aim = (setting) => {
  const { world, model, draw } = setting;
  const wrong = draw.wrong(['same', 'signer', 'message', 'treasury', 'bond'] as const);
  const verifier = draw.pick(VERIFIERS);
  const other = draw.pick(VERIFIERS);
  const signer = wrong === 'signer' ? other : verifier;
  const place = placeOf(setting);
  const content = otherContent(draw.bytes(32));
  const { previous, setId, period, attempt } = place;
  const statements = [content, wrong === 'same' ? content : otherContent(content)].map(
    (each, at) => ({ previous, content: each, expiresAt: model.now + BigInt(at) }),
  );
  const signed = statements.map(({ content: each, expiresAt }) => {
    const digest = hashAttestation(place, each, expiresAt + (wrong === 'message' ? 1n : 0n));
    return world.signatures(digest, [signer]);
  });
  const challenger = draw.pick([STRANGER.key, TREASURY]);
  const treasury = wrong === 'treasury' ? STRANGER.key : TREASURY;
  const held = wrong === 'bond' ? other : verifier;
  const bond = bondAt(world.config, held.key).key;
  const { config, pool } = world;
  return {
    made: [
      ...signed.reverse(),
      instructions.challengeDouble(
        { config, pool, challenger, treasury, bond },
        { verifier: verifier.key, setId, period, attempt, statements },
      ),
    ],
    signers: [],
    rule() {
      demand(wrong !== 'message', 'settlement-message-wrong');
      demand(signer === verifier, 'settlement-signer-unknown');
      demand(wrong !== 'same', 'settlement-no-fraud');
      demand(treasury === TREASURY, 'settlement-recipient-wrong');
      there(model.bonds.get(bytesToHex(bond)));
      demand(held === verifier, 'settlement-bonds-missing');
      slash(setting, bond, challenger);
    },
  };
};

/** Accounts of a challenge to the pending root, and what becomes of its signers. */
function drawHeirs(setting: Setting, wrong: (typeof WRONGS)[number] | undefined) {
  const { world, model, draw } = setting;
  const { pending } = model.pool;
  const setId = wrong === 'set' ? draw.below(model.config.setId + 2) : pending.setId;
  const set = model.sets.get(pending.setId);
  const bonds = (set?.keys ?? [])
    .filter((_, member) => pending.signers & (1 << member))
    .map((verifier) => bondAt(world.config, verifier).key);
  const challenger = draw.pick([STRANGER.key, STRANGER.key, TREASURY]);
  const treasury = wrong === 'treasury' ? STRANGER.key : TREASURY;
  const at = {
    setId,
    config: world.config,
    pool: world.pool,
    set: setAt(world.config, setId).key,
    challenger,
    treasury,
    bonds: wrong === 'bonds' ? bonds.slice(1) : bonds,
  };
  const punish = () => {
    demand(setId === pending.setId, 'settlement-account-unrelated');
    demand(treasury === TREASURY, 'settlement-recipient-wrong');
    demand(wrong !== 'bonds' || bonds.length === 0, 'settlement-bonds-missing');
    for (const bond of bonds)
      if (model.bonds.has(bytesToHex(bond))) slash(setting, bond, challenger);
    discard(model);
  };
  return { at, punish };
}

/** Half to the challenger, the rest to the treasury; the account and its rent stay. */
function slash({ model }: Setting, key: Key, challenger: Key): void {
  const bond = there(model.bonds.get(bytesToHex(key)));
  const half = bond.amount / 2n;
  moveLamports(model, { from: key, to: challenger }, half);
  moveLamports(model, { from: key, to: TREASURY }, bond.amount - half);
  bond.amount = 0n;
}
