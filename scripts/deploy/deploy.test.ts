import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { validate } from 'dockerfile-utils';
import { expect, it } from 'vitest';
import { HUB_FLAGS } from '#node/config/hub-flags.ts';
import { VERIFIER_FLAGS } from '#node/config/verifier-flags.ts';
import { listCommands, ROOT, readCompose, readCopied, readDeploy, UNITS } from './deploy-files.ts';

const KNOWN: Record<string, object> = {
  'hub/main.ts': HUB_FLAGS,
  'verifier/main.ts': VERIFIER_FLAGS,
};

it('a linter has nothing to say of the image', async () => {
  const found = validate(await readDeploy('Dockerfile'));
  expect(found.map(({ message }) => message)).toEqual([]);
});

it('what the image copies is in the repository, or is made by its build', async () => {
  const copied = await readCopied();
  expect(copied).toContain('hub');
  const missing = copied.filter((path) => !existsSync(join(ROOT, path)));
  expect(missing.filter((path) => !['dist', 'node_modules'].includes(path))).toEqual([]);
});

it('each command names a program and flags that it has', async () => {
  const commands = await listCommands();
  expect(commands).toHaveLength(6);
  for (const { where, words } of commands) {
    const [program = ''] = words;
    expect([where, existsSync(join(ROOT, program))]).toEqual([where, true]);
    const flags = words.filter((word) => word.startsWith('--')).map((word) => word.slice(2));
    const known = Object.keys(KNOWN[program] ?? { hub: 0, data: 0 });
    expect([where, flags.filter((flag) => !known.includes(flag))]).toEqual([where, []]);
  }
});

it('compose names secrets and volumes that it declares, and keeps each data folder', async () => {
  const { services, secrets, volumes } = await readCompose();
  for (const { secrets: given = [], volumes: mounts = [], command } of Object.values(services)) {
    expect(Object.keys(secrets)).toEqual(expect.arrayContaining(given));
    const [[volume = '', path] = []] = mounts.map((mount) => mount.split(':'));
    expect(Object.keys(volumes)).toContain(volume);
    expect(command[command.indexOf('--data') + 1]).toBe(path);
  }
});

it('units run as users of their own, with nothing to write but their state', async () => {
  const users = new Set<string>();
  for (const name of UNITS) {
    const unit = await readDeploy(name);
    const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(unit)?.[1];
    users.add(value('User') ?? '');
    expect([value('ProtectSystem'), value('CapabilityBoundingSet')]).toEqual(['strict', '']);
    expect(unit).toContain(`--data /var/lib/${value('StateDirectory')} `);
  }
  expect(users.size).toBe(UNITS.length);
});
