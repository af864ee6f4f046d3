import { describe, expect, it } from 'vitest';
import { must } from '#protocol/values/refusal.ts';
import { decodeStartFlags } from './flags.ts';

describe('flags of npm start', () => {
  it('has defaults', () => {
    expect(must(decodeStartFlags([]))).toEqual({
      once: false,
      contributors: 1,
      port: 8787,
      data: 'data',
      'no-sample': false,
      lan: false,
    });
  });

  it('reads every flag', () => {
    const words = ['--contributors', '3', '--port=0', '--data', 'here', '--no-sample', '--lan'];
    words.push('--newcomers', 'unlimited');
    expect(must(decodeStartFlags(words))).toEqual({
      once: false,
      contributors: 3,
      port: 0,
      data: 'here',
      'no-sample': true,
      lan: true,
      newcomers: 'unlimited',
    });
    expect(must(decodeStartFlags(['--once', '--help']))).toBe('help');
  });

  it('takes from the file what no flag says: of the hub what they share', () => {
    const config = {
      hub: { port: '9000', data: 'kept', lan: true, checks: 'flat:1', host: '::1' },
      start: { contributors: '0', 'no-sample': true },
    };
    expect(must(decodeStartFlags(['--config', 'a.json', '--port', '1'], config))).toEqual({
      config: 'a.json',
      once: false,
      contributors: 0,
      port: 1,
      data: 'kept',
      'no-sample': true,
      lan: true,
    });
  });

  it.each([
    [['--port', '99999'], '--port'],
    [['--port', 'http'], '--port'],
    [['--contributors', '-1'], '--contributors'],
    [['--contributors', '65'], '--contributors'],
    [['--newcomers', '3,0'], '--newcomers'],
    [['--once', '--no-sample'], '--no-sample'],
    [['--once', '--contributors', '0'], '--contributors'],
    [['--speed'], '--speed'],
    [['now'], 'now'],
  ])('says what is wrong with %j', (words, part) => {
    const refused = decodeStartFlags(words);
    expect(refused.ok ? '' : refused.refusal.message).toContain(part);
  });
});
