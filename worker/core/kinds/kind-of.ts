import type { PackageManifest } from '#protocol/models/package.ts';
import { decode } from './decode.ts';
import { graph } from './graph.ts';
import type { Kind } from './kind.ts';

const KINDS: Record<PackageManifest['runtime']['kind'], Kind> = { graph, decode };

/** What differs by the kind of the jobs of this package. */
export const kindOf = ({ runtime }: PackageManifest): Kind => KINDS[runtime.kind];
