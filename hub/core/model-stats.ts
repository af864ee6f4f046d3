import type { ClassSpeed, ModelStats, ModelTrust } from '#protocol/api/model-stats.ts';
import type { ModelName } from '#protocol/api/models.ts';
import type { Digest } from '#protocol/values/ids.ts';
import { hardwareOf } from '#protocol/values/provider.ts';
import type { Instant } from '#protocol/values/units.ts';
import type { Admission, Device } from './state/device.ts';
import type { Hub } from './state/hub.ts';

/** Of one model; those with most devices are told. */
const CLASSES_MAX = 50;

/** A model, since when it has its files, and what its jobs that left memory came to. */
export interface KnownModel {
  model: ModelName;
  since: Instant;
  archived: ModelTrust;
}

/** What was measured of models: by the devices online, and by the checks of their jobs. */
export function viewModelStats(hub: Hub, models: readonly KnownModel[]): ModelStats[] {
  const speeds = measureModels(hub);
  return models.map(({ model, since, archived }) => {
    const trust = { ...archived };
    for (const { record, acceptedUnits, checked, mismatched } of hub.jobs.values()) {
      if (record.model !== model || record.createdAt < since) continue;
      trust.accepted += acceptedUnits;
      trust.checked += checked;
      trust.mismatched += mismatched;
    }
    return { model, trust, classes: listClasses(speeds.get(model)) };
  });
}

type Class = Pick<ClassSpeed, 'provider' | 'hardware' | 'threads'> & { speeds: number[] };

/** Speeds of devices in items per second, by model and by class. A device counts once for a model. */
function measureModels({ devices, modelPackages }: Hub): Map<ModelName, Map<string, Class>> {
  const using = new Map<Digest, { model: ModelName; items: number }[]>();
  for (const [model, packages] of modelPackages) {
    for (const [id, items] of packages) using.set(id, [...(using.get(id) ?? []), { model, items }]);
  }
  const found = new Map<ModelName, Map<string, Class>>();
  for (const device of devices.values()) {
    const newest = new Map<ModelName, { admission: Admission; items: number }>();
    for (const [id, admission] of device.admitted) {
      for (const { model, items } of using.get(id) ?? []) newest.set(model, { admission, items });
    }
    for (const [model, { admission, items }] of newest) {
      const classes = found.get(model) ?? new Map<string, Class>();
      found.set(model, classes);
      addSpeed(classes, nameClass(device, admission), (items * 1000) / admission.unitMs);
    }
  }
  return found;
}

/** A graphics processor is known by what its driver says; the rest by its threads. */
function nameClass({ capabilities }: Device, { provider, threads }: Admission) {
  const hardware = hardwareOf(provider, capabilities.adapter);
  return { provider, hardware, threads: provider === 'wasm' ? threads : 1 };
}

function addSpeed(
  classes: Map<string, Class>,
  of: ReturnType<typeof nameClass>,
  speed: number,
): void {
  const name = `${of.provider} ${of.threads} ${of.hardware}`;
  const known = classes.get(name) ?? { ...of, speeds: [] };
  classes.set(name, known);
  known.speeds.push(speed);
}

const listClasses = (classes: ReadonlyMap<string, Class> = new Map()): ClassSpeed[] =>
  [...classes.values()]
    .sort((a, b) => b.speeds.length - a.speeds.length)
    .slice(0, CLASSES_MAX)
    .map(({ speeds, ...of }) => {
      const sorted = speeds.sort((a, b) => a - b);
      const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
      return {
        ...of,
        devices: sorted.length,
        itemsPerSecond: { median: at(0.5), least: at(0), most: at(1) },
      };
    });
