import * as v from 'valibot';
import { pardonDevice } from '#client/bans.ts';
import { openClient } from '#client/client.ts';
import { Text } from '#node/flags.ts';
import { PublicKey } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';
import { HUB_FLAGS, PIN_HELP, runTool, sendTo } from './chain/command-line.ts';
import { readOperatorKey } from './start/operator-key.ts';

const HELP = `npm run pardon -- DEVICE --reason TEXT [--hub URL] [--data DIR]

Lifts the newest ban of a device: it may work again, and what the ban took from its pay comes back. Device, time
and reason stand in the hub's public list of bans.

  DEVICE         the public key of the device, 64 hex digits
  --reason TEXT  why, for everybody to read
  --data DIR     where the API key is kept, in keys/operator.key (default ./data)
  --pin SHA256   ${PIN_HELP}`;

runTool({
  help: HELP,
  words: ['device'],
  flags: {
    device: PublicKey,
    ...HUB_FLAGS,
    reason: Text,
    data: v.optional(Text, 'data'),
  },
  async run({ device, reason, data, ...place }) {
    const key = await readOperatorKey(data);
    if (key === undefined) throw new Error(`no API key is in ${data}/keys/operator.key`);
    const { number } = must(
      await pardonDevice(openClient({ hub: place.hub, key, ...sendTo(place) }), { device, reason }),
    );
    return `Ban ${number} is pardoned: device ${device} may work again.`;
  },
});
