import type { MessageDescriptor } from '@lingui/core';
import { msg } from '@lingui/core/macro';

/** A sentence of the privacy page. `id` names the tests that show it (`scripts/privacy.test.ts`). */
export interface PrivacySentence {
  id: string;
  text: MessageDescriptor;
}

/** What the privacy page says, by topic. Each sentence is true in code, and a test names it. */
export const PRIVACY: readonly {
  topic: MessageDescriptor;
  sentences: readonly PrivacySentence[];
}[] = [
  {
    topic: msg`What the grid knows of your device`,
    sentences: [
      {
        id: 'random-key',
        text: msg`Your device goes by a random key that it makes itself: there is no name, no e-mail and no account.`,
      },
      {
        id: 'told-of-itself',
        text: msg`It tells the hub the name and version of its browser, how it can compute, with how many threads and how much memory, and the maker of its graphics chip.`,
      },
      {
        id: 'kept-of-device',
        text: msg`The hub keeps the key, what the device computed and when, how that was checked, where its pay goes, and a public name if you chose one: nothing else of it, and not where you are.`,
      },
      {
        id: 'address-not-kept',
        text: msg`The hub sees your network address while you are connected, as every site does, and writes it to no disk and no log.`,
      },
      {
        id: 'blocks-forgotten',
        text: msg`What you block is told to the hub in each session, and forgotten there when you leave.`,
      },
      {
        id: 'settings-stay',
        text: msg`Your other settings stay in this browser: of a pause the hub hears that you stopped, and not why.`,
      },
    ],
  },
  {
    topic: msg`What others see`,
    sentences: [
      {
        id: 'developer-no-address',
        text: msg`Who posts a job sees the key, the speed and the results of your device, and never its network address.`,
      },
      {
        id: 'peers-address',
        text: msg`Devices that yours shares pieces of models with see its network address; a switch in the settings turns that off.`,
      },
      {
        id: 'public-record',
        text: msg`Its key, what it committed to and what checks found are public: that is how anybody can check the grid.`,
      },
      {
        id: 'online-public',
        text: msg`While it is online, anybody can see its key, its browser, its speed, and the job it works on or why it waits.`,
      },
      {
        id: 'profile-choice',
        text: msg`It has a public name or a team only if you choose one, and taking them back deletes them at the hub.`,
      },
      {
        id: 'payout-public',
        text: msg`An address that you give for your pay is public, beside the key.`,
      },
    ],
  },
  {
    topic: msg`What stays on your device`,
    sentences: [
      {
        id: 'inputs-not-kept',
        text: msg`What your device computes on is never written to its disk, and its program lets go of it when the piece of work is done.`,
      },
      {
        id: 'models-kept',
        text: msg`Models are kept for the next visit, in at most a fifth of the room that the browser gives; a button deletes them.`,
      },
      {
        id: 'background-choice',
        text: msg`While no page is open nothing runs here, unless you allow it in the settings: then the browser may wake it for news, or for one short piece of work.`,
      },
      {
        id: 'history-local',
        text: msg`The list of what your device did is kept in this browser and sent nowhere.`,
      },
      {
        id: 'picture-local',
        text: msg`A picture of what your device did is drawn by this page, and goes where you send it alone.`,
      },
      {
        id: 'no-third-party',
        text: msg`The page loads nothing from other sites, and sets no cookie.`,
      },
    ],
  },
  {
    topic: msg`What is deleted, and when`,
    sentences: [
      {
        id: 'delete-all',
        text: msg`One button deletes all that this browser keeps: the key, the models, the list, the settings and a wallet that was made here.`,
      },
      {
        id: 'job-data',
        text: msg`Inputs and results of a job are deleted 30 days after its end, unless its developer named another time; the records of what was checked stay.`,
      },
    ],
  },
];
