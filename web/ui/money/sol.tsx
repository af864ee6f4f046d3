import { formatLamports, formatSol } from '../../core/format.ts';

/** An amount of money in SOL; the exact lamports are its title. */
export const Sol = ({ amount, id }: { amount: bigint; id?: string }) => (
  <span class="number sol" title={formatLamports(amount)} data-testid={id}>
    {formatSol(amount)}
  </span>
);

/** An address whole, for copying; it breaks anywhere. */
export const AddressText = ({ address }: { address: string }) => (
  <code class="address">{address}</code>
);
