import { openRandom } from '../world/random.ts';

/** A class of devices: how many, and how fast against a plain phone, on its processor and its GPU. */
interface DeviceClass {
  name: string;
  count: number;
  cpu: number;
  gpu: number;
}

/** A model: milliseconds of a unit on a plain phone, and how much more a GPU is worth for it. */
interface Model {
  name: string;
  unitMs: number;
  onGpu: number;
  /** Whose job it is, and what it pays for a millisecond of the verifier's time. */
  developer: number;
  payRate: number;
}

const CLASSES: readonly DeviceClass[] = [
  { name: 'plain phone', count: 45, cpu: 1, gpu: 0.5 },
  { name: 'old phone', count: 50, cpu: 0.6, gpu: 0.2 },
  { name: 'good phone', count: 35, cpu: 1.6, gpu: 2 },
  { name: 'best phone', count: 30, cpu: 2.2, gpu: 4 },
  { name: 'phone without threads', count: 30, cpu: 1.2, gpu: 1.5 },
  { name: 'phone without WebGPU', count: 25, cpu: 0.8, gpu: 0 },
  { name: 'tablet', count: 20, cpu: 3, gpu: 6 },
  { name: 'office laptop', count: 20, cpu: 2.5, gpu: 0 },
  { name: 'laptop with a GPU', count: 12, cpu: 4, gpu: 25 },
  { name: 'light laptop', count: 18, cpu: 3.5, gpu: 10 },
  { name: 'small PC', count: 10, cpu: 1.4, gpu: 0.8 },
  { name: 'PC with a GPU', count: 5, cpu: 5, gpu: 40 },
];

const MODELS: readonly Model[] = [
  { name: 'tabular', unitMs: 300, onGpu: 0.1, developer: 0, payRate: 1_000 },
  { name: 'small text', unitMs: 600, onGpu: 0.2, developer: 1, payRate: 0 },
  { name: 'embeddings', unitMs: 500, onGpu: 0.5, developer: 2, payRate: 0 },
  { name: 'small picture', unitMs: 800, onGpu: 1, developer: 3, payRate: 0 },
  { name: 'speech', unitMs: 1_500, onGpu: 1.5, developer: 4, payRate: 0 },
  { name: 'large picture', unitMs: 1_200, onGpu: 2, developer: 5, payRate: 0 },
  { name: 'large text', unitMs: 2_500, onGpu: 3, developer: 6, payRate: 0 },
  { name: 'diffusion', unitMs: 4_000, onGpu: 6, developer: 6, payRate: 0 },
];

/** Drivers and runtimes are good at one model and bad at another: the spread of a logarithm. */
const ODDITY = 0.25;
/** Devices of a class differ by so much. */
const SPREAD = 0.15;

/** Devices and models whose speeds a seed gives. */
export interface RoutedFleet {
  devices: { class: number; unitMs: number[] }[];
  /** How many devices of its mean a class is worth, and units a millisecond of that one. */
  classes: { name: string; capacity: number; speeds: number[] }[];
  /** `share`: of the fleet's work, as developers first and then their jobs have it. */
  jobs: (Pick<Model, 'name' | 'developer' | 'payRate'> & { share: number })[];
}

/** A fleet of 300 devices of 12 classes, and a job of each of 8 models. */
export function drawFleet(seed: number): RoutedFleet {
  const random = openRandom(seed);
  const near = (spread: number): number => {
    const [length, turn] = [1 - random.next(), random.next()];
    return Math.exp(spread * Math.sqrt(-2 * Math.log(length)) * Math.cos(2 * Math.PI * turn));
  };
  const devices: RoutedFleet['devices'] = [];
  const classes = CLASSES.map(({ name, count, cpu, gpu }, at) => {
    const speeds = MODELS.map(
      ({ unitMs, onGpu }) => (Math.max(cpu, gpu * onGpu) * near(ODDITY)) / unitMs,
    );
    let capacity = 0;
    for (let one = 0; one < count; one += 1) {
      const own = near(SPREAD);
      capacity += own;
      devices.push({ class: at, unitMs: speeds.map((speed) => 1 / (speed * own)) });
    }
    return { name, capacity, speeds };
  });
  return { devices, classes, jobs: shareOut() };
}

/** A job that pays, and no more than all others that do, has twice the weight of a free one. */
function shareOut(): RoutedFleet['jobs'] {
  const weigh = ({ payRate }: Model): number => (payRate > 0 ? 2 : 1);
  const developers = new Map(MODELS.map((model) => [model.developer, weigh(model)]));
  const all = [...developers.values()].reduce((sum, weight) => sum + weight, 0);
  return MODELS.map((model) => {
    const siblings = MODELS.filter(({ developer }) => developer === model.developer);
    const { name, developer, payRate } = model;
    const share = (developers.get(developer) ?? 0) / all / siblings.length;
    return { name, developer, payRate, share };
  });
}
