import { parseArgs } from 'node:util';
import { pardonDevice } from '#client/bans.ts';
import { openClient } from '#client/client.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { PublicKey } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';
import { need, readUrl, runTool } from './chain/command-line.ts';
import { readDeveloperKey } from './start/developer-key.ts';

const HELP = `npm run pardon -- DEVICE --reason TEXT [--hub URL] [--data DIR]

Lifts the newest ban of a device: it may work again, and what the ban took from its pay comes back. Device, time
and reason stand in the hub's public list of bans.

  DEVICE         the public key of the device, 64 hex digits
  --reason TEXT  why, for everybody to read
  --data DIR     where the API key is kept, in keys/developer.key (default ./data)`;

runTool(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      hub: { type: 'string', default: 'http://127.0.0.1:8787' },
      reason: { type: 'string' },
      data: { type: 'string', default: 'data' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return HELP;
  const device = decodeWith(PublicKey, need('the key of a device', positionals[0]));
  if (!device.ok) throw new Error(`the key of a device: ${device.refusal.message}`);
  const reason = need('--reason', values.reason);
  const key = await readDeveloperKey(values.data);
  if (key === undefined) throw new Error(`no API key is in ${values.data}/keys/developer.key`);
  const hub = openClient({ hub: readUrl('--hub', values.hub), key });
  const { number } = must(await pardonDevice(hub, { device: device.value, reason }));
  return `LedgerBan ${number} is pardoned: device ${device.value} may work again.`;
});
