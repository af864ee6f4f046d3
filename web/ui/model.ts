import type { ReadonlySignal, Signal } from '@preact/signals';
import type { ComponentType } from 'preact';
import type { GridView, KeptGrid } from '#protocol/api/grid-view.ts';
import type { ProfileView, TeamList } from '#protocol/api/profiles.ts';
import type { BackgroundWishes } from '#protocol/messages/background.ts';
import type { DeviceSignals } from '#protocol/messages/care.ts';
import type { DeviceHistory } from '#protocol/messages/history.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import type { Result } from '#protocol/values/refusal.ts';
import type { BackgroundState } from '../core/background-view.ts';
import type { EvidenceWorld } from '../core/ban-view.ts';
import type { Caution } from '../core/caution.ts';
import type { ContributeWorld } from '../core/contribute-view.ts';
import type { InstallWorld } from '../core/install-offer.ts';
import type { Language } from '../core/language-names.ts';
import type { Platform } from '../core/platforms.ts';
import type { Route } from '../core/router.ts';
import type { Settings } from '../core/settings.ts';
import type { ShareCard } from '../core/share-card.ts';
import type { MoneyActions } from './money/actions.ts';

/** Colours of the page. */
export type Theme = 'auto' | 'light' | 'dark';

/** What stands between this browser and any work; advice says how to get past it. */
export interface Obstacle {
  title: string;
  advice: string;
}

/** What shows a device's pay; loaded once there can be any. */
export interface EarningsPanel {
  Earnings: ComponentType<{ device: PublicKey; app: AppModel; actions: MoneyActions }>;
  actions: MoneyActions;
}

/** What is done while this page is closed, loaded where it is looked at. */
export interface BackgroundActions {
  state: ReadonlySignal<BackgroundState>;
  /** Switches a wish; the browser may have to be asked. */
  wish(name: keyof BackgroundWishes, on: boolean): Promise<void>;
}

/** All that the app's shell and the contribute page show, and what they can ask for. */
export interface AppModel {
  route: ReadonlySignal<Route>;
  theme: Signal<Theme>;
  language: ReadonlySignal<Language>;
  /** Has the page speak another language, once its sentences are here; others change nothing. */
  speak(language: string): void;
  /** What pages and panels say that load later. */
  loadSentences(): Promise<void>;
  announcement: ReadonlySignal<string>;
  world: ReadonlySignal<ContributeWorld>;
  settings: Signal<Settings>;
  /** What is online now; undefined until the hub has answered, what is kept of it or `silent` when it does not. */
  grid: ReadonlySignal<GridView | KeptGrid | 'silent' | undefined>;
  obstacle: ReadonlySignal<Obstacle | undefined>;
  /** What to know before Start on this device now; the person may start all the same. */
  cautions: ReadonlySignal<readonly Caution[]>;
  /** What the device tells of itself. */
  signals: ReadonlySignal<DeviceSignals>;
  /** What the person says of it, for this visit. */
  said: Signal<DeviceSignals['said']>;
  platform: Platform;
  install: {
    world: ReadonlySignal<InstallWorld>;
    /** Has the browser ask its person. */
    ask(): Promise<void>;
    /** Never offers it again. */
    decline(): void;
  };
  /** Whether a newer version of the app waits, and whether it waits for another tab's work. */
  update: ReadonlySignal<'none' | 'ready' | 'busy'>;
  /** What became of asking for the evidence against this device. */
  evidence: ReadonlySignal<EvidenceWorld>;
  /** The name this device goes by; undefined before its first work. */
  device: ReadonlySignal<PublicKey | undefined>;
  loadEarnings(): Promise<EarningsPanel>;
  /** What this device did on all visits; deleting takes all that is kept of it. */
  history: {
    read(): Promise<Result<DeviceHistory>>;
    save(history: DeviceHistory): void;
    /** Hands a picture of it to what the person shares with, or to the downloads. */
    share(card: ShareCard): Promise<'shared' | 'saved' | 'left'>;
    forget(): Promise<Result<void>>;
    /** Deletes the models that are kept; gives the bytes that are still there. */
    free(): Promise<Result<number>>;
  };
  /** What contributors chose to be called in public. */
  profiles: {
    read(device: PublicKey): Promise<Result<ProfileView | 'none'>>;
    teams(): Promise<Result<TeamList>>;
    /** Has this device called so; where both are empty, no more. */
    save(words: { name: string; team: string }): Promise<Result<true>>;
  };
  loadBackground(): Promise<BackgroundActions>;
  start(): void;
  stop(): void;
  /** Waits no longer for a hub that was away. */
  tryNow(): void;
  /** Saves the receipt that this device is banned for. */
  saveEvidence(): void;
  applyUpdate(): void;
}
