import { t } from '@lingui/core/macro';
import type { DeviceSignals } from '#protocol/messages/care.ts';

/** Something to know before Start. Nothing is forbidden: the person decides. */
export interface Caution {
  id: 'save-data' | 'battery';
  title: string;
  advice: string;
}

const BATTERY_LOW = 20;

/** What a person should know before Start, of battery and data. */
export function findCautions({ savesData, battery }: DeviceSignals): Caution[] {
  const cautions: Caution[] = [];
  if (savesData) {
    const advice = t`Start fetches about 4 MB and a model: wait for Wi-Fi if your plan counts them.`;
    cautions.push({ id: 'save-data', title: t`Your browser is set to save data.`, advice });
  }
  if (battery !== undefined && !battery.charging && battery.level <= BATTERY_LOW) {
    const title = t`The battery is at ${Math.round(battery.level)} %.`;
    const advice = t`This work takes about as much as a game: plug in first if you can.`;
    cautions.push({ id: 'battery', title, advice });
  }
  return cautions;
}
