import { t } from '@lingui/core/macro';
import { decodeLanguage } from './core/language-names.ts';
import { findLanguage } from './languages/catalogues.ts';
import { openLanguage } from './languages/load.ts';
import './ui/styles/base.css';
import './ui/styles/contribute.css';
import './ui/styles/settings.css';
import './ui/styles/tokens.css';
import { computed, effect, signal } from '@preact/signals';
import { render } from 'preact';
import type { GridView, KeptGrid } from '#protocol/api/grid-view.ts';
import { type DeviceSignals, PRESETS, SIGNALS_NONE } from '#protocol/messages/care.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import { ANNOUNCER_START, type AnnouncerEvent, stepAnnouncer } from './core/announcer.ts';
import { type EvidenceWorld, NO_EVIDENCE } from './core/ban-view.ts';
import { findCautions } from './core/caution.ts';
import { type ContributeWorld, STATUS_OFF, viewContribute } from './core/contribute-view.ts';
import { findEmbeddingApp } from './core/embedded-browser.ts';
import { findPlatform } from './core/platforms.ts';
import { decodeRoute, type Route } from './core/router.ts';
import {
  applyQuery,
  decodeDevice,
  decodeSettings,
  encodeSettings,
  settingsOf,
  wantsBackground,
} from './core/settings.ts';
import { type ContributionState, openContribution } from './edge/contribute/contribution.ts';
import { watchSignals } from './edge/contribute/signals.ts';
import { type Surroundings, watchPath, watchSurroundings } from './edge/contribute/surroundings.ts';
import { openInstall } from './edge/install.ts';
import { readStored, writeStored } from './edge/local-store.ts';
import { openUpdates } from './edge/updates.ts';
import { App } from './ui/app.tsx';
import type { AppModel, BackgroundActions, Obstacle, Theme } from './ui/model.ts';
import type { MoneyActions } from './ui/money/actions.ts';

/** The service worker fetches the whole app ahead of need, so it waits until the page is calm. */
const UPDATE_DELAY_MS = 4_000;
const GRID_MS = 20_000;

const language = openLanguage(findLanguage(), navigator.languages);
await language.speak(language.now.value);

const route = signal<Route>(decodeRoute(location.pathname));
const contribution = signal<ContributionState>({
  status: STATUS_OFF,
  running: false,
  stopping: false,
});
const surroundings = signal<Surroundings>({ online: true, visible: true });
const world = computed<ContributeWorld>(() => ({ ...contribution.value, ...surroundings.value }));
const platform = findPlatform(navigator.userAgent, navigator.maxTouchPoints);
const stored = decodeSettings(readStored('settings'), settingsOf(PRESETS[platform.preset]));
const settings = signal(applyQuery(stored, location.search));
const theme = signal<Theme>(readTheme());
const announcement = signal('');
const grid = signal<GridView | KeptGrid | 'silent' | undefined>(undefined);
const evidence = signal<EvidenceWorld>(NO_EVIDENCE);
const told = signal<DeviceSignals>(SIGNALS_NONE);
/** What the person says of the device, where its browser tells nothing: for this visit. */
const said = signal(SIGNALS_NONE.said);
const signals = computed(() => ({ ...told.value, said: said.value }));
const device = signal<PublicKey | undefined>(decodeDevice(readStored('device')));
const work = openContribution({
  hub: location.origin,
  isIos: platform.name === 'ios',
  onChange: (state) => {
    contribution.value = state;
    if (state.status.key !== undefined && state.status.unitsAccepted > 0)
      nameDevice(state.status.key);
  },
});
watchSurroundings((now) => {
  surroundings.value = now;
});
void watchSignals((now) => {
  told.value = now;
});
const path = watchPath((now) => {
  route.value = decodeRoute(now);
});

const start = () => {
  evidence.value = NO_EVIDENCE;
  work.start(settings.value);
};
const updates = openUpdates({
  work,
  contribution,
  isCalm: computed(() => route.value.page === 'contribute'),
  start,
});

const app: AppModel = {
  route,
  theme,
  announcement,
  language: language.now,
  speak: (code) => void speak(code),
  loadSentences: language.loadRest,
  world,
  settings,
  grid,
  obstacle: computed(findObstacle),
  cautions: computed(() => findCautions(signals.value)),
  signals,
  said,
  platform,
  install: openInstall(),
  history: {
    read: async () => (await loadHistory()).readHistory(),
    save: (found) => void loadHistory().then(({ exportHistory }) => exportHistory(found)),
    share: async (card) => (await import('./edge/contribute/share-picture.ts')).sharePicture(card),
    free: async () => (await loadHistory()).freeStorage(),
    async forget() {
      work.stop();
      return (await loadHistory()).forgetDevice();
    },
  },
  profiles: {
    read: async (key) => (await loadProfiles()).fetchProfile(key),
    teams: async () => (await loadProfiles()).fetchTeams(),
    save: async (words) => (await loadProfiles()).saveProfile(words),
  },
  update: updates.state,
  evidence,
  saveEvidence: () => void saveEvidence(),
  device,
  loadEarnings,
  loadBackground,
  start,
  stop: () => work.stop(),
  tryNow: () => work.tryNow(),
  applyUpdate: () => void updates.apply(),
};

effect(() => {
  document.documentElement.dataset['theme'] = theme.value;
  writeStored('theme', theme.value === 'auto' ? null : theme.value);
});
// What the address asks for holds for this visit; only what the person changes is kept.
const first = settings.value;
effect(() => {
  if (settings.value !== first) writeStored('settings', encodeSettings(settings.value));
});
effect(() => {
  if (contribution.value.running) void language.loadReasons().catch(warnOfSentences);
});
const donates = computed(() => settings.value.donates);
effect(() => work.donate(donates.value));
const blocks = computed(() => settings.value.blocks);
effect(() => work.block(blocks.value));
const care = computed(() => settings.value.care);
effect(() => work.care(care.value));
effect(() => work.signal(signals.value));
const say = openAnnouncements();
render(
  <App app={app} loadDashboard={loadDashboard} />,
  document.getElementById('app') as HTMLElement,
);
void showGrid();
setTimeout(openUpdatesWhenCalm, UPDATE_DELAY_MS);

function warnOfSentences(cause: unknown): void {
  console.error('sentences were not loaded', cause);
}

/** Speaks a language from now on, on later visits too. */
async function speak(code: string): Promise<void> {
  const chosen = decodeLanguage(code);
  if (chosen === undefined) return;
  try {
    await language.speak(chosen);
    writeStored('language', chosen);
  } catch (cause) {
    // Offline, or just updated: the page goes on in the language it has.
    warnOfSentences(cause);
  }
}

function readTheme(): Theme {
  const stored = readStored('theme');
  return stored === 'light' || stored === 'dark' ? stored : 'auto';
}

function findObstacle(): Obstacle | undefined {
  const embedding = findEmbeddingApp(navigator.userAgent);
  if (embedding !== undefined) {
    return {
      title: t`This page is open inside ${embedding}.`,
      advice: t`Such windows stop pages that compute. Open its menu, choose “Open in browser”, and tap Start there.`,
    };
  }
  if (isSecureContext) return undefined;
  return {
    title: t`This address is not secure.`,
    advice: t`Browsers allow this work only over HTTPS. Ask whoever runs this hub to start it with --lan, then open the https address it prints.`,
  };
}

/** Says each change of what it does or waits for, not each number; and what the pages ask to have said. */
function openAnnouncements(): (text: string) => void {
  let announcer = ANNOUNCER_START;
  let timer = 0;
  const step = (event: AnnouncerEvent) => {
    clearTimeout(timer);
    const next = stepAnnouncer(announcer, event);
    announcer = next.state;
    announcement.value = announcer.spoken;
    if (next.waitMs !== undefined) {
      timer = setTimeout(() => step({ type: 'tick', now: Date.now() }), next.waitMs);
    }
  };
  const say = (text: string) => step({ type: 'say', text, now: Date.now() });
  // What it waits for is news as well, where the phase stays the same.
  const news = computed(() => {
    const { phase, title, next } = viewContribute(world.value);
    return phase === 'off' ? phase : `${title} ${next}`;
  });
  let started = false;
  effect(() => {
    // Read each time: an effect that reads no signal is never run again.
    const isOff = news.value === 'off';
    started ||= !isOff;
    if (started) say(viewContribute(world.peek()).announcement);
  });
  return say;
}

/** From its first accepted unit on, a device has pay to look at: on later visits too. */
function nameDevice(key: PublicKey): void {
  if (device.value === key) return;
  device.value = key;
  writeStored('device', key);
}

const loadProfiles = () => import('./edge/contribute/profiles.ts');
const loadHistory = () => import('./edge/contribute/history.ts');

async function saveEvidence(): Promise<void> {
  const { saveEvidence: save } = await import('./edge/contribute/evidence.ts');
  await save(location.origin, (now) => {
    evidence.value = now;
  });
}

let background: Promise<BackgroundActions> | undefined;

/** Once a page: it keeps what is done without it as the settings have it. */
function loadBackground(): Promise<BackgroundActions> {
  background ??= import('./edge/background.ts').then(({ openBackground }) =>
    openBackground({ hub: location.origin, settings, signals, device }),
  );
  return background;
}

let money: Promise<MoneyActions> | undefined;

/** Once a page: wallets announce themselves to it. */
function loadMoney(): Promise<MoneyActions> {
  money ??= import('./edge/money/money.ts').then(({ openMoney }) => ({
    ...openMoney(location.origin),
    say,
  }));
  return money;
}

async function loadEarnings() {
  const [{ Earnings }, actions] = await Promise.all([
    import('./ui/money/earnings.tsx'),
    loadMoney(),
    language.loadRest(),
  ]);
  return { Earnings, actions };
}

async function loadDashboard() {
  const [pages, { developerCalls }, money] = await Promise.all([
    import('./ui/dashboard/pages.tsx'),
    import('./edge/jobs/developer-calls.ts'),
    loadMoney(),
    language.loadRest(),
  ]);
  return {
    Pages: pages.DashboardPages,
    actions: {
      ...developerCalls,
      money,
      readKey: () => readStored('developer-key'),
      writeKey: (key: string | null) => writeStored('developer-key', key),
      takeFragment,
      go: path.go,
      say,
    },
  };
}

/** The address' fragment, which may hold a key; it leaves the address and the history at once. */
function takeFragment(): string {
  const { hash } = location;
  if (hash.startsWith('#key=')) history.replaceState(null, '', location.pathname + location.search);
  return hash;
}

/** Keeps the line about who is online fresh while the first page is looked at. */
async function showGrid(): Promise<void> {
  const looking =
    route.value.page === 'contribute' && surroundings.value.visible && !world.value.running;
  if (looking) {
    const { fetchGrid, readKeptGrid } = await import('./edge/grid.ts');
    const answer = await fetchGrid();
    grid.value = answer.ok ? answer.value : ((await readKeptGrid()) ?? 'silent');
  }
  setTimeout(() => void showGrid(), GRID_MS);
}

/** A first visit that waits for its runtime has the line for itself. */
function openUpdatesWhenCalm(): void {
  const { running, status } = world.value;
  const isEarly = ['off', 'connecting', 'downloading', 'admitting'].includes(status.phase);
  if (running && (isEarly || status.runtime !== undefined)) {
    setTimeout(openUpdatesWhenCalm, UPDATE_DELAY_MS);
  } else {
    void updates.watch();
    if (wantsBackground(settings.value)) void loadBackground();
  }
}
