import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DockerfileParser, JSONInstruction } from 'dockerfile-ast';
import { parse } from 'yaml';

export const ROOT = join(import.meta.dirname, '../..');
export const UNITS = ['pocketgrid-hub.service', 'pocketgrid-verifier.service'];

/** A program of ours and its words, as a file of `deploy/` starts it. */
export interface Command {
  where: string;
  /** The program first. */
  words: string[];
}

export const readDeploy = (name: string): Promise<string> =>
  readFile(join(ROOT, 'deploy', name), 'utf8');

/** The paths that the last stage of the image takes from the first one, from the root. */
export async function readCopied(): Promise<string[]> {
  const lines = (await readDeploy('Dockerfile')).split('\n');
  return lines
    .filter((line) => line.startsWith('COPY --from=build '))
    .flatMap((line) => line.split(' ').slice(2, -1))
    .map((path) => path.replace(/^\/app\//, ''));
}

/** The words of an instruction in JSON of the image: of its last one. */
export async function readInstruction(name: 'CMD' | 'ENTRYPOINT' | 'HEALTHCHECK') {
  const file = DockerfileParser.parse(await readDeploy('Dockerfile'));
  const found = file.getInstructions().findLast((each) => each.getKeyword() === name);
  if (name === 'HEALTHCHECK') {
    const [, list = '[]'] = /CMD\s+(\[.*\])/.exec(found?.getTextContent() ?? '') ?? [];
    return JSON.parse(list) as string[];
  }
  if (!(found instanceof JSONInstruction)) return [];
  return found.getJSONStrings().map((each) => each.getJSONValue());
}

/** Compose's file. */
export async function readCompose(): Promise<Compose> {
  return parse(await readDeploy('compose.yaml'), { merge: true }) as Compose;
}

interface Compose {
  services: Record<
    string,
    { command: string[]; secrets?: string[]; volumes?: string[]; build?: object; image: string }
  >;
  secrets: Record<string, { file: string }>;
  volumes: Record<string, null>;
}

/** Every command of the image, of compose and of the units. */
export async function listCommands(): Promise<Command[]> {
  const { services } = await readCompose();
  const units = await Promise.all(UNITS.map(readDeploy));
  return [
    { where: 'Dockerfile', words: await readInstruction('CMD') },
    ...Object.entries(services).map(([where, { command }]) => ({ where, words: command })),
    ...units.map((text, at) => ({
      where: UNITS[at] ?? '',
      words: (/^ExecStart=(.*)$/m.exec(text)?.[1] ?? '').split(' ').slice(3),
    })),
  ];
}
