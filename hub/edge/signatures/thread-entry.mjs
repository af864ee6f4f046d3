// The URL to start the thread of signatures by. Node 20 does not hand the loader of the main
// thread to a worker thread, so it is registered here.
import { register } from 'tsx/esm/api';

register();
await import('./thread-main.ts');
