// The URL to start a Node compute worker by: `new Worker(new URL('…/compute-entry.mjs', …))`.
// Node 20 does not hand the loader of the main thread to a worker thread, so it is registered here.
import { register } from 'tsx/esm/api';

register();
await import('./compute.ts');
