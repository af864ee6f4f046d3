import type { PauseCode } from '#protocol/api/next-steps.ts';
import type { Sentences } from '#protocol/api/sentences.ts';
import type { Reason } from '#protocol/values/reason.ts';

const PROVIDERS = {
  wasm: 'WebAssembly',
  webgpu: 'WebGPU',
  webnn: 'WebNN',
  'webnn-npu': 'WebNN auf einer NPU',
  'webnn-gpu': 'WebNN auf einer GPU',
  'webnn-cpu': 'WebNN auf einem Prozessor',
} as const;
const OUTCOMES = {
  fit: 'ist richtig',
  wrong: 'gibt falsche Antworten',
  failed: 'schlug fehl',
  timeout: 'ist zu langsam',
  skipped: 'wurde ausgelassen',
} as const;

const NUMBERS = new Intl.NumberFormat('de');
const number = (value: number): string => NUMBERS.format(value);
const count = (value: number, one: string, others: string): string =>
  `${number(value)} ${value === 1 ? one : others}`;

const sayFailed = (failed = 0): string =>
  failed === 0
    ? ''
    : `; ${count(failed, 'Element schlug', 'Elemente schlugen')} fehl, die Ergebnisse sagen warum`;

const REASONS: Sentences = {
  posted: () => 'wartet auf einen Prüfer, der das Modell ausführt und bekannte Antworten erstellt',
  preparing: () => 'ein Prüfer führt das Modell einmal auf dem exakten Rechenweg aus',
  'preparing-later': ({ ahead }) =>
    ahead === 0
      ? 'ein Prüfer führt das Modell als Nächstes aus'
      : `Prüfer führen vorher die Modelle von ${count(ahead, 'Auftrag', 'Aufträgen')} aus`,
  'verifier-missing': () =>
    'kein Prüfer ist online; starte einen mit `npm run verifier -- --hub URL`',
  refused: ({ text }) => text,
  checked: () => 'geprüft; wartet darauf, dass sein Besitzer ihn startet',
  unfunded: ({ lamports }) =>
    `geprüft; wartet auf ${lamports} Lamports in seinem Treuhandkonto, die das Dashboard einzahlt`,
  funded: () => 'geprüft und bezahlt; wartet darauf, dass sein Besitzer ihn startet',
  'dry-run': () => 'ein Probelauf endet mit seinem Angebot; ohne dryRun wird derselbe gerechnet',
  'price-above-cap': ({ lamports, most }) =>
    `sein Preis von ${lamports} Lamports liegt über den ${most} seines priceMax; brich ihn ab und stelle ihn mit einem höheren oder mit weniger Elementen ein`,
  'started-by-owner': () => 'von seinem Besitzer gestartet',
  'started-when-quoted': () => 'gestartet, sobald sein Angebot da war',
  'started-when-funded': () => 'gestartet, sobald er bezahlt war',
  'no-device': () => 'kein Gerät ist online; öffne diesen Hub auf einem Handy und tippe auf Start',
  'awaits-inputs': () =>
    'alle Eingaben bisher sind gerechnet; er nimmt weitere, bis ihm das Ende gesagt wird',
  'deadline-passed': () => 'seine Frist ist vorbei',
  'deadline-near': () =>
    'seine Geräte sind zu langsam oder zu wenige, um den Rest vor seiner Frist zu rechnen',
  'all-devices-new': () =>
    'jedes Gerät online ist neu und wartet auf einen Platz; der Betreiber kann ihnen mit --newcomers mehr geben',
  'verifiers-missing': ({ waits, needed, enrolled }) => {
    const whom =
      needed === 1
        ? 'ein Prüfer online kommt'
        : `${needed} der ${enrolled} angemeldeten Prüfer online kommen`;
    return waits === 'lending'
      ? `nichts wird mehr verteilt, bis beurteilt ist, was angenommen wurde; das wartet, bis ${whom}`
      : `jede Einheit ist gerechnet; die letzten Prüfungen warten, bis ${whom}`;
  },
  'in-dispute': ({ unit, spoken, enrolled }) =>
    `ein Prüfer fand Einheit ${unit} falsch: ${spoken} der ${enrolled} angemeldeten haben geurteilt; die anderen haben drei Minuten`,
  'items-examined': ({ unit, units }) =>
    `ein Prüfer sucht die Elemente von Einheit ${unit}${units > 1 ? ` und ${units - 1} weiteren` : ''}, die nicht gerechnet werden können`,
  'units-open-again': () => 'einige Einheiten werden nach einer Prüfung noch einmal gerechnet',
  'last-checks': () => 'jede Einheit ist gerechnet; die letzten Prüfungen laufen',
  'exit-checks': () =>
    'jede Einheit ist gerechnet; wofür keine spätere Arbeit bürgt, wird noch einmal geprüft, bevor es endgültig ist',
  computed: () => 'jede Einheit ist gerechnet',
  done: ({ checked, mismatched, failed }) =>
    `${count(checked, 'Einheit', 'Einheiten')} geprüft, ${mismatched} mit Abweichung${sayFailed(failed)}`,
  'done-unchecked': ({ failed }) =>
    `jede Einheit ist gerechnet; keine davon wurde zur Prüfung gezogen${sayFailed(failed)}`,
  'cancelled-by-owner': () => 'von seinem Besitzer abgebrochen',
  'money-closed': () => 'das Geld dieses Auftrags wurde geschlossen',
  stated: ({ text }) => text,
  'no-device-fits': () =>
    'kein Gerät online kann diesen Auftrag zurzeit übernehmen; er beginnt, wenn eines kommt',
  'devices-measured': ({ devices, measured, compared = 0 }) =>
    `nach der Geschwindigkeit von ${count(devices, 'Gerät', 'Geräten')}, die jetzt online sind, ${measured} davon gemessen${compared === 0 ? '' : `, ${compared} nach dem, was sie für andere Modelle brauchen`}`,
  'shared-now': ({ jobs, percent }) =>
    `spätestens auf ${percent} % der Geräte, neben ${jobs === 1 ? '1 Auftrag, der jetzt läuft' : `${number(jobs)} Aufträgen, die jetzt laufen`}`,
  'class-missing': () => 'kein Gerät online gehört zu den Klassen, die er verlangt',
  'memory-missing': ({ needMiB, mostMiB }) =>
    `kein Gerät online hat die ${needMiB} MiB, die er braucht; das meiste sind ${mostMiB} MiB`,
  'budget-spent': ({ text }) => text,
  'model-unprepared': ({ model }) =>
    `noch kein Auftrag von ${model} mit diesen Optionen wurde vorbereitet, darum ist über die Kosten nichts bekannt; stelle einige seiner Eingaben als Auftrag mit "dryRun": true ein`,
  'length-unprepared': ({ tokens, lengths }) =>
    `Zeilen mit ${tokens} Tokens wurden noch nicht vorbereitet, nur solche mit ${lengths}; stelle einen Text dieser Länge als Auftrag mit "dryRun": true ein`,
  'items-coupled': () =>
    'jede Einheit hat ein Element, denn in größeren ändert sich eine Antwort dieses Modells oder hat keine eigene Zeile',
  'items-apart': ({ name }) =>
    `jede Einheit hat ein Element, denn die Elemente stehen nicht nebeneinander auf der ersten Achse von „${name}“`,
  'outputs-left-out': ({ names }) =>
    `in den Ergebnissen ausgelassen, denn Einheiten enthalten nur Zahlen in Tensoren: ${names}`,
  'files-left-out': ({ files, names }) =>
    `${count(files, 'Datei', 'Dateien')} ausgelassen, weil nicht lesbar: ${names}`,
  'texts-cut': ({ texts, tokens }) =>
    `${count(texts, 'Text', 'Texte')} auf die ${tokens} Tokens gekürzt, die das Modell nimmt`,
  'too-far-off': ({ provider, where }) =>
    `Prüfungen fanden seine Ergebnisse auf ${PROVIDERS[provider]} zu weit daneben${where === 'inside' ? ', im Inneren des Modells' : ''}`,
  'no-jobs': () => 'gerade hat niemand Arbeit eingestellt; dieses Gerät ist als Nächstes dran',
  'job-in-check': () =>
    'ein neuer Auftrag wird gerade von einem Prüfer geprüft; die Arbeit beginnt bald',
  'needs-verifier': () => 'ein neuer Auftrag wartet darauf, dass ein Prüfer online kommt',
  'no-units-open': ({ job }) =>
    `jede Einheit von „${job}“ ist fertig oder vergeben; wartet auf den nächsten Auftrag`,
  'device-unfit': ({ model, trials }) => {
    const ends = trials.map(
      ({ provider, outcome }) => `${PROVIDERS[provider]} ${OUTCOMES[outcome]}`,
    );
    const how = ends.length === 0 ? 'es bietet keinen Rechenweg' : ends.join(', ');
    return `„${model}“ läuft auf diesem Gerät nicht richtig: ${how}`;
  },
  'admission-slow': ({ model, minutes }) =>
    `„${model}“ läuft auf diesem Gerät nicht richtig: Download und Zulassungstest dauerten länger als ${count(minutes, 'Minute', 'Minuten')}`,
  'capability-memory': ({ model, needMiB, hasMiB }) =>
    `„${model}“ braucht ${needMiB} MiB, und dieses Gerät bietet ${hasMiB} MiB`,
  'memory-trial': ({ model, needMiB }) =>
    `„${model}“ braucht ${needMiB} MiB: Dieses Gerät probiert, ob es sie hat, das dauert einige Sekunden`,
  'capability-provider': () =>
    'dieses Gerät bietet keinen Weg, ein Modell auszuführen: WebAssembly fehlt oder ist blockiert',
  'capability-feature': ({ model }) =>
    `„${model}“ braucht eine Fähigkeit der GPU, die dieses Gerät nicht hat`,
  'exact-only': ({ model }) =>
    `„${model}“ läuft nur auf WebAssembly: Auf einer GPU lassen sich seine Ergebnisse nicht von denen eines billigeren Modells unterscheiden`,
  'memory-unwanted': ({ job, needMiB, hasMiB }) =>
    `„${job}“ verlangt Geräte mit ${needMiB} MiB, und dieses Gerät bietet ${hasMiB} MiB`,
  'provider-unwanted': ({ job, providers }) =>
    `„${job}“ verlangt Geräte, die ihn nur auf ${providers === '' ? 'einem anderen Rechenweg' : providers} ausführen`,
  'providers-suspended': ({ model }) =>
    `„${model}“ läuft auf diesem Gerät nicht richtig: Prüfungen fanden seine Ergebnisse zu weit daneben`,
  'all-blocked': () => 'alle Arbeit, die wartet, hast du blockiert',
  'device-slow': ({ job, seconds }) =>
    `„${job}“ endet auf schnelleren Geräten in etwa ${number(seconds)} s`,
  'kept-ready': ({ job }) =>
    `bereit für „${job}“, dessen nächste Eingaben jeden Moment kommen können`,
  'at-capacity': ({ shards }) =>
    `hat schon ${count(shards, 'Paket', 'Pakete')}; das nächste kommt, wenn eines fertig ist`,
  'commitments-unrevealed': ({ commitments, minutes }) =>
    `hat sich auf ${count(commitments, 'Paket', 'Pakete')} festgelegt und sie nie offengelegt: ${count(minutes, 'Minute', 'Minuten')} lang kein Paket, und seine Einheiten werden wieder von der ersten an geprüft`,
  disputed: () => 'ein zweiter Prüfer sieht sich eine Prüfung seiner Arbeit an',
  'newcomers-full': ({ unitsEach, ahead }) => {
    const who = ahead === 0 ? 'dieses ist als Nächstes dran' : `höchstens ${ahead} warten davor`;
    return `neue Geräte beginnen der Reihe nach, je ${count(unitsEach, 'Einheit', 'Einheiten')} von 100 ms, die das Grid rechnet, eines mehr: ${who}; lass die Seite offen, dann beginnt es von selbst`;
  },
  unjudged: ({ shards }) =>
    `zuerst muss ein Prüfer ${count(shards, 'Paket', 'Pakete')} dieses Geräts beurteilen; je mehr seiner Einheiten bestanden haben, desto mehr dürfen warten`,
  'hub-degraded': ({ text }) => text,
  right: () => 'seine Antworten sind richtig',
  wrong: ({ exact }) =>
    exact
      ? 'seine Antworten weichen von der Referenz ab'
      : 'seine Antworten sind zu weit von der Referenz entfernt',
  'trial-failed': ({ text }) => text,
  'trial-slow': ({ seconds }) =>
    `es wurde mit seinen bekannten Antworten nicht in ${number(seconds)} s fertig`,
  'tab-ended': ({ days }) =>
    `es hat diesen Tab zweimal in einer Woche beendet; nach ${count(days, 'Tag', 'Tagen')} wird es wieder probiert`,
  'not-offered': ({ provider }) => `dieser Browser bietet ${PROVIDERS[provider]} nicht an`,
  'graph-not-taken': ({ nodes }) =>
    `WebNN übernimmt auf diesem Gerät keinen der ${count(nodes, 'Schritt', 'Schritte')} des Modells`,
  'provider-broke': ({ provider, text }) =>
    `${PROVIDERS[provider]} fiel mitten in der Arbeit zweimal aus; bis zum nächsten Start geht es ohne weiter (${text})`,
  'software-gpu': ({ adapter }) =>
    `sein WebGPU-Adapter (${adapter}) ist Software, langsamer als WebAssembly`,
  'known-bad': ({ what, source }) => `${what} (${source})`,
  off: () => 'nichts läuft; tippe auf Start, um zu helfen',
  starting: () => 'der Worker auf diesem Gerät startet',
  restarting: ({ text, seconds }) => `${text}; er startet in ${number(seconds)} s von selbst neu`,
  'worker-failed': ({ text }) => text,
  greeting: () => 'begrüßt den Hub',
  reconnecting: ({ text, seconds }) => `${text}; neuer Versuch in ${number(seconds)} s`,
  hidden: () => 'die Seite ist verborgen; die Arbeit geht weiter, wenn du zurückkommst',
  'fetching-model': ({ model }) => `${model} wird geladen`,
  'fetching-runtime': () => 'das Programm, das Modelle ausführt, wird geladen',
  'download-again': ({ text }) => `der Download schlug fehl und wird noch einmal versucht: ${text}`,
  testing: ({ model, provider }) =>
    `${model} wird${provider === undefined ? '' : ` auf ${PROVIDERS[provider]}`} an bekannten Antworten getestet`,
  'awaiting-work': () => 'wartet darauf, dass der Hub Arbeit ausgibt',
  'fetching-inputs': ({ model }) => `Eingaben für ${model} werden geladen`,
  loading: ({ model, provider }) => `${model} wird auf ${PROVIDERS[provider]} vorbereitet`,
  computing: ({ model, provider }) => `${model} rechnet auf ${PROVIDERS[provider]}`,
  'handing-in': () => 'ein fertiges Paket wird abgegeben',
  'work-waits': ({ jobs }) =>
    `am Hub ${jobs === 1 ? 'wartet' : 'warten'} ${count(jobs, 'Auftrag', 'Aufträge')} auf Geräte`,
  'pay-settled': ({ lamports }) => `${lamports} Lamports mehr sind für dich abgerechnet`,
  'background-done': ({ units }) =>
    `es hat im Hintergrund ${count(units, 'Einheit', 'Einheiten')} gerechnet`,
  'background-late': ({ seconds }) =>
    `in ${number(seconds)} s wurde im Hintergrund nichts fertig, und die Arbeit wurde zurückgegeben`,
  'tab-at-work': () => 'eine andere Seite dieses Browsers rechnet für dieses Gerät',
  'nothing-kept': () =>
    'dieser Browser hat für die Arbeit, die wartet, weder Modell noch Programm behalten',
  'hub-away': ({ text }) => `der Hub ist nicht zu erreichen: ${text}`,
  updating: () => 'eine neuere Version dieser Seite übernimmt; dann geht die Arbeit weiter',
  'page-outdated': () =>
    'der Hub hat eine neuere Version dieser Seite und keine Dateien von dieser mehr',
  stopped: () => 'von seinem Betreiber gestoppt',
  unplugged: () => 'es lädt nicht, und deine Einstellungen wollen das; steck es ein',
  'charge-low': ({ level, least }) =>
    `der Akku steht bei ${level} %, und deine Einstellungen behalten ${least} % für dich; darüber geht es weiter, oder wenn es lädt`,
  'charge-unknown': () =>
    'dieser Browser sagt nicht, ob das Gerät lädt; sag es in den Einstellungen, oder erlaube die Arbeit mit dem Akku',
  'line-unknown': () =>
    'dieser Browser sagt nicht, ob es im WLAN ist; sag es in den Einstellungen, oder erlaube mobile Daten',
  cellular: () => 'es nutzt mobile Daten, und deine Einstellungen wollen WLAN',
  'saves-data': () =>
    'dein Browser ist auf Datensparen gestellt, und deine Einstellungen achten darauf',
  'data-spent': ({ mebibytes }) =>
    `die ${number(mebibytes)} MiB, die es an einem Tag nutzen darf, sind verbraucht`,
  'hours-off': () => 'deine Einstellungen lassen es zu anderen Zeiten arbeiten',
  'in-use': () =>
    'jemand benutzt das Gerät; eine halbe Minute nach der letzten Berührung geht es weiter',
  'system-busy': () => 'das System sagt, dass es genug zu tun hat; danach geht es weiter',
  warm: ({ percent }) =>
    `es ist ${percent} % langsamer als im kühlen Zustand, also heiß oder beschäftigt: Es kühlt ab`,
  'time-up': ({ minutes }) =>
    minutes === 1
      ? 'die Minute, die du eingestellt hast, ist um; tippe auf Start, um weiterzumachen'
      : `die ${number(minutes)} Minuten, die du eingestellt hast, sind um; tippe auf Start, um weiterzumachen`,
  resting: ({ duty }) => `es ruht, damit es ${duty} % der Zeit rechnet`,
  'not-admitted': () => 'dieses Gerät hat den Zulassungstest seines Modells nicht bestanden',
  'shards-held': ({ shards }) => `dieses Gerät hat schon ${count(shards, 'Paket', 'Pakete')}`,
  'lease-unreadable': () => 'seine Prüfsummen sind nicht lesbar',
  blocked: () => 'wer es betreibt, will keine Arbeit dieses Auftrags',
};

const NEXT: Readonly<Record<PauseCode, string>> = {
  'no-jobs': 'Der nächste Auftrag kommt von selbst; lass die Seite offen.',
  'no-units-open': 'Der nächste Auftrag kommt von selbst; lass die Seite offen.',
  'job-in-check': 'Es beginnt von selbst, meist in einer Minute.',
  'needs-verifier': 'Es beginnt von selbst, wenn einer da ist.',
  'awaiting-work': 'Es beginnt gleich von selbst.',
  'at-capacity': 'Das nächste Stück kommt, wenn eines davon beurteilt ist.',
  unjudged: 'Danach geht es von selbst weiter.',
  disputed: 'Es geht von selbst weiter, meist in drei Minuten.',
  'newcomers-full': 'Es beginnt von selbst, wenn es an der Reihe ist.',
  'commitments-unrevealed': 'Nach dieser Zeit geht es von selbst weiter.',
  'hub-degraded': 'Es geht von selbst weiter, wenn es dem Hub wieder gut geht.',
  'all-blocked': 'Andere Aufträge können kommen; die Einstellungen zeigen, was du blockiert hast.',
  'device-slow': 'Der nächste Auftrag braucht vielleicht dieses Gerät.',
  'kept-ready': 'Es rechnet, sobald etwas kommt.',
  'memory-trial': 'Hat es sie, beginnt die Arbeit von selbst.',
  'device-unfit': 'Andere Modelle laufen vielleicht; der nächste Auftrag wird von selbst probiert.',
  'admission-slow': 'Tippe mit einer schnelleren Verbindung auf Stopp und Start.',
  'capability-memory': 'Vielleicht kommt ein kleineres Modell; es hilft, andere Apps zu schließen.',
  'capability-provider': 'Versuche einen neueren Browser, oder einen mit weniger Einschränkungen.',
  'capability-feature':
    'Andere Modelle laufen vielleicht; der nächste Auftrag wird von selbst probiert.',
  'exact-only': 'Wähle in den Einstellungen „Was richtig und am schnellsten ist“.',
  'memory-unwanted': 'Andere Aufträge können kommen.',
  'provider-unwanted': 'Andere Aufträge können kommen.',
  'providers-suspended':
    'Andere Modelle laufen weiter; ein Update des Browsers oder seines Treibers hilft vielleicht.',
  reconnecting: 'Nichts ist verloren; was gerechnet ist, wird dann abgegeben.',
  'download-again': 'Es geht dort weiter, wo es aufhörte.',
  hidden: 'Es geht weiter, wenn die Seite zu sehen ist.',
  updating: 'Es geht gleich von selbst weiter.',
  'page-outdated': 'Die neuere Version wird geladen, und die Arbeit geht von selbst weiter.',
  unplugged: 'Es geht weiter, wenn es lädt.',
  'charge-low': 'Es geht von selbst weiter.',
  'charge-unknown': 'Es geht weiter, wenn du sagst, dass es lädt.',
  'line-unknown': 'Es geht weiter, wenn du sagst, dass es im WLAN ist.',
  cellular: 'Es geht weiter, wenn es im WLAN ist.',
  'saves-data': 'Es geht weiter, wenn das Datensparen aus ist.',
  'data-spent': 'Es geht morgen weiter.',
  'hours-off': 'Dann geht es von selbst weiter.',
  'in-use': 'Es geht von selbst weiter.',
  'system-busy': 'Es geht von selbst weiter.',
  warm: 'Es geht von selbst weiter.',
  'tab-at-work':
    'Diese Seite macht weiter, wenn jene stoppt, geschlossen wird oder nicht zu sehen ist.',
  'time-up': 'Tippe auf Start, um weiterzumachen.',
};

/** A reason as a German sentence without its full stop, in lower case where no noun begins it. */
export const describeReason = ({ code, values }: Reason): string =>
  (REASONS[code] as (values: Reason['values']) => string)(values);

/** Says what happens next to a device that does not compute; empty while it is at work. */
export const describeNext = ({ code }: Reason): string =>
  code in NEXT ? NEXT[code as PauseCode] : '';

export { describeDeveloper, describePurpose } from './job-words.ts';
