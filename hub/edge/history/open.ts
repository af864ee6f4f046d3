import { CHECK_POLICY_DEFAULT } from '#protocol/checks/check-policy.ts';
import { millis } from '#protocol/values/units.ts';
import { openHubParts } from '../hub-parts.ts';
import { openLog } from '../process/log.ts';

/** `open.ts FOLDER`: how long a hub takes to open what is in its data folder, as a JSON line. */
const [folder = ''] = process.argv.slice(2);
const config = {
  checks: CHECK_POLICY_DEFAULT,
  beatMs: millis(20_000),
  iceServers: [],
  needsVerifier: true,
  barMs: millis(1_000),
};
const started = performance.now();
const parts = await openHubParts(folder, config, { log: openLog('silent') });
const seconds = (performance.now() - started) / 1_000;
const mebibytes = process.memoryUsage().rss / 2 ** 20;
process.stdout.write(
  `${JSON.stringify({ opened: true, seconds, mebibytes, size: parts.hub.nextSequence })}\n`,
);
await parts.stop();
await parts.close();
process.exit(0);
