import * as v from 'valibot';
import { Provider } from '../values/provider.ts';
import { Count } from '../values/units.ts';
import { ModelName } from './models.ts';

/** How fast devices of one class compute a model: those online that were admitted to it. */
export const ClassSpeed = v.strictObject({
  provider: Provider,
  /** Vendor and architecture of the graphics processor, as its driver names them; `cpu` for wasm. */
  hardware: v.string(),
  threads: Count,
  devices: Count,
  /** Of one device, as measured: the median, the slowest and the fastest. */
  itemsPerSecond: v.strictObject({ median: v.number(), least: v.number(), most: v.number() }),
});
export type ClassSpeed = v.InferOutput<typeof ClassSpeed>;

/** Units of all jobs of a model so far: those accepted, verdicts on them, and mismatches of these. */
export const ModelTrust = v.strictObject({ accepted: Count, checked: Count, mismatched: Count });
export type ModelTrust = v.InferOutput<typeof ModelTrust>;

/** What was measured of a model; the classes with most devices come first. */
export const ModelStats = v.strictObject({
  model: ModelName,
  trust: ModelTrust,
  classes: v.array(ClassSpeed),
});
export type ModelStats = v.InferOutput<typeof ModelStats>;

/** What was measured of the models of a hub, the newest model first. */
export const ModelStatsList = v.strictObject({ models: v.array(ModelStats) });
export type ModelStatsList = v.InferOutput<typeof ModelStatsList>;
