import type { Mutant } from './find.ts';

/**
 * One source with all its changes in it, each asleep: `crate::mutant()` says which is awake. So a
 * program is built once for all of them. `numbers` has the number of each, from 1; 0 is none.
 */
export function weave(
  text: string,
  mutants: readonly Mutant[],
  numbers: ReadonlyMap<Mutant, number>,
): string {
  const spans = new Map<string, Mutant[]>();
  for (const mutant of mutants) {
    const name = `${mutant.start}-${mutant.end}-${mutant.now === undefined}`;
    spans.set(name, [...(spans.get(name) ?? []), mutant]);
  }
  const inserts = [...spans.values()].flatMap((group) => insertsOf(group, numbers));
  // What stands around is opened first and closed last.
  inserts.sort((a, b) => a.at - b.at || a.order - b.order);
  let woven = '';
  let from = 0;
  for (const { at, put } of inserts) {
    woven += text.slice(from, at) + put;
    from = at;
  }
  return woven + text.slice(from);
}

interface Insert {
  at: number;
  order: number;
  put: string;
}

/** What goes before and behind the span that these change. */
function insertsOf(group: readonly Mutant[], numbers: ReadonlyMap<Mutant, number>): Insert[] {
  const [first] = group;
  if (first === undefined) return [];
  const { start, end } = first;
  const [before, after] = [
    { at: start, order: -end },
    { at: end, order: -1e9 - start },
  ];
  const numberOf = (mutant: Mutant): number => numbers.get(mutant) ?? 0;
  if (first.now === undefined) {
    const awake = group.map((each) => `crate::mutant() != ${numberOf(each)}`).join(' && ');
    return [
      { ...before, put: `if ${awake} { ` },
      { ...after, put: ' }' },
    ];
  }
  const arms = group.map((each) => `${numberOf(each)} => { ${each.now} } `).join('');
  return [
    { ...before, put: `(match crate::mutant() { ${arms}_ => ` },
    { ...after, put: ' })' },
  ];
}

/** Which change is awake: tests put its number where nothing else looks, in the clock. */
export const SELECTOR = `
#[inline(never)]
pub(crate) fn mutant() -> u64 {
    // slot, start of epoch, epoch, leader schedule epoch, seconds since 1970
    let mut clock = [0u64; 5];
    // SAFETY: the clock has 40 bytes.
    unsafe { syscalls::sol_get_clock_sysvar(clock.as_mut_ptr().cast()) };
    clock[3]
}
`;
