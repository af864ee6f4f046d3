import { describe, expect, it } from 'vitest';
import { editMutants } from './edits.ts';
import { findMutants, type Mutant } from './find.ts';
import { weave } from './weave.ts';

const SOURCE = `
pub fn run(context: &mut Context) -> Outcome {
    context.data.end()?;
    require(
        a == 0 && (b || c),
        Error::First,
    )?;
    admin.require_signer()?;
    pool.pending.state = NONE;
    require(
        same(a, b), Error::Second)
}
`;
const found = findMutants('a.rs', SOURCE);

it('drops each check and each write once, conditions alone', () => {
  expect(found.map(({ line, what }) => `${line} ${what}`)).toEqual([
    '3 context.data.end()?;',
    '5 a == 0 && (b || c) -> (b || c)',
    '5 a == 0 && (b || c) -> a == 0',
    '8 admin.require_signer()?;',
    '10 require( same(a, b), Error::Second)',
    '9 pool.pending.state = NONE;',
  ]);
});

describe('weave', () => {
  it('puts all into one source, each asleep', () => {
    const numbers = new Map(found.map((mutant, at) => [mutant, at + 1]));
    expect(weave(SOURCE, found, numbers)).toBe(`
pub fn run(context: &mut Context) -> Outcome {
    if crate::mutant() != 1 { context.data.end()?; }
    require(
        (match crate::mutant() { 2 => { (b || c) } 3 => { a == 0 } _ => a == 0 && (b || c) }),
        Error::First,
    )?;
    if crate::mutant() != 4 { admin.require_signer()?; }
    if crate::mutant() != 6 { pool.pending.state = NONE; }
    (match crate::mutant() { 5 => { Ok(()) } _ => require(
        same(a, b), Error::Second) })
}
`);
  });

  it('keeps what lies inside inside', () => {
    const text = 'outer(inner);';
    const mutant = { path: 'a.rs', line: 1, what: '', now: undefined };
    const outer = { ...mutant, start: 0, end: 13 };
    const inner = { ...mutant, start: 6, end: 11, now: 'other' };
    const numbers = new Map<Mutant, number>([
      [inner, 1],
      [outer, 2],
    ]);
    expect(weave(text, [inner, outer], numbers)).toBe(
      'if crate::mutant() != 2 { outer((match crate::mutant() { 1 => { other } _ => inner })); }',
    );
  });
});

it('says so when the source is not what the list of edits says', () => {
  expect(() => editMutants('instructions/claim.rs', SOURCE)).toThrow(/0 times, not once/);
  expect(editMutants('no-such.rs', SOURCE)).toEqual([]);
});
