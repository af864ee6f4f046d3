/** A command that ends with one line for a person, or with its reason and status 1. */
export function runTool(main: () => Promise<string>): void {
  main().then(
    (line) => process.stdout.write(`${line}\n`),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      process.exitCode = 1;
    },
  );
}

export function readUrl(flag: string, text: string): URL {
  if (URL.canParse(text)) return new URL(text);
  throw new Error(`${flag} takes an address such as http://127.0.0.1:8787, not ${text}`);
}

export function readWhole(flag: string, text: string): bigint {
  if (/^\d{1,19}$/.test(text)) return BigInt(text);
  throw new Error(`${flag} takes a whole number, not ${text}`);
}

export function need(flag: string, value: string | undefined): string {
  if (value !== undefined && value !== '') return value;
  throw new Error(`${flag} is missing; --help lists what this takes`);
}
