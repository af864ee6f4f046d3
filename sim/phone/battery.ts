/**
 * A phone's battery and heat, by first-order physics: power in watts, a heat capacity that follows
 * the power with one time constant, and a processor that slows down when it is hot. The constants
 * are of no one phone: a battery of 15 Wh (4,000 mAh), 4 W for four threads of WebAssembly, 1 W for
 * the screen, and a fall to half the speed between 39 and 47 °C, as phones' sustained loads show
 * (reference: arXiv 2603.23640).
 */
export interface Phone {
  /** Percent. */
  charge: number;
  celsius: number;
  peakCelsius: number;
  leastCharge: number;
}

/** What the phone does and has around it, for a step of the simulation. */
export interface Load {
  isPlugged: boolean;
  /** The person does something with it. */
  isUsed: boolean;
  isScreenOn: boolean;
  isComputing: boolean;
  threads: number;
  seconds: number;
}

const BATTERY_WH = 15;
const AMBIENT = 23;
const CELSIUS_PER_WATT = 5;
const TIME_CONSTANT_S = 400;
const IDLE_W = 0.1;
const SCREEN_W = 0.9;
const USE_W = 1;
const CHARGER_W = 15;
const CHARGE_HEAT = 0.12;
/** From 80 % on a charger gives less and less. */
const TAPER_FROM = 80;
const THREAD_W = [0, 1.6, 2.6, 3.4, 4];
const HOT = { begins: 39, ends: 47, slowest: 0.5 };

/** A phone at room temperature. */
export const openPhone = (charge: number): Phone => ({
  ...{ charge, celsius: AMBIENT, peakCelsius: AMBIENT, leastCharge: charge },
});

/** How fast its processor is now: 1 when cool. */
export function speedOf({ celsius }: Phone): number {
  const share = Math.min(1, Math.max(0, (celsius - HOT.begins) / (HOT.ends - HOT.begins)));
  return 1 - share * (1 - HOT.slowest);
}

/** Lets time pass. */
export function stepPhone(phone: Phone, load: Load): void {
  const { isPlugged, isUsed, isScreenOn, isComputing, threads, seconds } = load;
  const compute = isComputing ? (THREAD_W[threads] ?? 4) * speedOf(phone) : 0;
  const drawn = IDLE_W + (isScreenOn ? SCREEN_W : 0) + (isUsed ? USE_W : 0) + compute;
  const taper = Math.max(0.1, Math.min(1, (100 - phone.charge) / (100 - TAPER_FROM)));
  const charged = isPlugged && phone.charge < 100 ? CHARGER_W * taper : 0;
  const net = isPlugged ? Math.max(charged, drawn) - drawn : -drawn;
  phone.charge += (100 * net * seconds) / (3_600 * BATTERY_WH);
  phone.charge = Math.min(100, Math.max(0, phone.charge));
  const rest = AMBIENT + CELSIUS_PER_WATT * (drawn + charged * CHARGE_HEAT);
  phone.celsius += (rest - phone.celsius) * Math.min(1, seconds / TIME_CONSTANT_S);
  phone.peakCelsius = Math.max(phone.peakCelsius, phone.celsius);
  phone.leastCharge = Math.min(phone.leastCharge, phone.charge);
}
