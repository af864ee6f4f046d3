const SOL = 1_000_000_000n;
const HOUR_MS = 3_600_000;
/** What one address gets in an hour: a few jobs of the sample's size. */
const OTHERS_LAMPORTS = 20n * SOL;
/** What this machine gets: a grid's wallets, and tests. */
const LOCAL_LAMPORTS = 20_000n * SOL;
const CALLERS_MAX = 10_000;

/** What is given away, by who asks. */
export interface Airdrops {
  /** Takes an amount of a caller's hour; undefined is this machine. Says why there is none. */
  take(caller: string | undefined, lamports: bigint): string | undefined;
}

/** Counts what each caller was given; each hour begins anew for all. */
export function openAirdrops(now: () => number): Airdrops {
  let given = new Map<string | undefined, bigint>();
  let hourAt = now();
  return {
    take(caller, lamports) {
      if (now() - hourAt >= HOUR_MS) {
        hourAt = now();
        given = new Map();
      }
      const most = caller === undefined ? LOCAL_LAMPORTS : OTHERS_LAMPORTS;
      const before = given.get(caller) ?? 0n;
      const isNew = !given.has(caller) && given.size >= CALLERS_MAX;
      if (isNew || before + lamports > most) {
        return `this chain gives ${most / SOL} SOL an hour to who asks from one address, and you have had ${before} lamports; ask again in an hour`;
      }
      given.set(caller, before + lamports);
      return undefined;
    },
  };
}
