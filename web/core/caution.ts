/** What a device says of its line and its battery, where its browser tells. */
export interface PowerState {
  /** The person asked the browser to save data. */
  saveData: boolean;
  battery?: { level: number; charging: boolean };
}

/** Something to know before Start. Nothing is forbidden: the person decides. */
export interface Caution {
  id: 'save-data' | 'battery';
  title: string;
  advice: string;
}

const BATTERY_LOW = 0.2;

/** What a person should know before Start, of battery and data. */
export function findCautions({ saveData, battery }: PowerState): Caution[] {
  const cautions: Caution[] = [];
  if (saveData) {
    const advice = 'Start fetches about 4 MB and a model: wait for Wi-Fi if your plan counts them.';
    cautions.push({ id: 'save-data', title: 'Your browser is set to save data.', advice });
  }
  if (battery !== undefined && !battery.charging && battery.level <= BATTERY_LOW) {
    const title = `The battery is at ${Math.round(battery.level * 100)} %.`;
    const advice = 'This work takes about as much as a game: plug in first if you can.';
    cautions.push({ id: 'battery', title, advice });
  }
  return cautions;
}
