import { join, resolve } from 'node:path';
import * as v from 'valibot';
import { Port, readFlags, Text } from '#node/flags.ts';
import { readLocalProgram } from './local-program.ts';
import { openChainServer } from './server.ts';

const HELP = `npm run chain -- [options]

A development chain: the settlement program on a Solana virtual machine, whose lamports are given away.

  --port N     port of JSON-RPC (8899; 0 for any free one)
  --host HOST  address to listen on (127.0.0.1; anyone who reaches it may spend its lamports)
  --data DIR   the chain is kept in DIR/chain (./data)
`;
const STOP_MS_MAX = 5_000;

/** `npm run chain`: opens a chain, says where it is, and closes it on SIGINT or SIGTERM. */
async function main(): Promise<void> {
  const flags = readFlags({
    port: v.optional(Port, '8899'),
    host: v.optional(Text, '127.0.0.1'),
    data: v.optional(Text, 'data'),
  });
  if (flags === 'help') {
    process.stdout.write(HELP);
    return;
  }
  const { openChain } = await import('./chain.ts').catch((cause: unknown) => {
    throw new Error(`litesvm does not run on this machine (${String(cause)})`, { cause });
  });
  const programs = [await readLocalProgram()];
  const chain = await openChain(join(resolve(flags.data), 'chain'), { programs });
  const server = await openChainServer(chain, flags);
  const stop = () => {
    setTimeout(() => process.exit(1), STOP_MS_MAX).unref();
    server.close().then(() => process.exit(0), fail);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  const { genesisHash } = chain;
  process.stdout.write(`Pocketgrid development chain on ${server.url}\n`);
  process.stdout.write(`${JSON.stringify({ ready: true, url: server.url, genesisHash })}\n`);
}

function fail(error: unknown): void {
  const inUse = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  const reason = error instanceof Error ? error.message : String(error);
  const message = inUse ? 'this port is in use; choose another with --port' : reason;
  process.stderr.write(`chain: ${message}\n`);
  process.exit(1);
}

main().catch(fail);
