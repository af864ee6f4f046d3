// The URL to start the thread of the database by. Node 20 does not hand the loader of the main
// thread to a worker thread. This one needs no thread of its own, as that of modules does, and it
// finds what tsx has compiled before, as its `require` does not.
import { createRequire } from 'node:module';
import { register } from 'tsx/cjs/api';

register();
createRequire(import.meta.url)('./thread-main.ts');
