// The URL to start the thread of the database by. Node 20 does not hand the loader of the main
// thread to a worker thread. This one needs no thread of its own, as that of modules does.
import { require } from 'tsx/cjs/api';

require('./thread-main.ts', import.meta.url);
