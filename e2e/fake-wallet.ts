import type { BrowserContext } from '@playwright/test';

/**
 * A wallet as an extension would put it into pages: it announces itself by the Wallet Standard, and
 * signs all.
 */
export async function installFakeWallet(context: BrowserContext, name: string): Promise<void> {
  await context.addInitScript(async (walletName) => {
    const SIGNATURE_AT = 1;
    const MESSAGE_AT = 65;
    const digits = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
    const toBase58 = (bytes: Uint8Array): string => {
      let rest = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
      let text = '';
      for (; rest > 0n; rest /= 58n) text = digits.charAt(Number(rest % 58n)) + text;
      return text;
    };
    const open = async () => {
      const kept = localStorage.getItem('fake-wallet');
      const usages: KeyUsage[] = ['sign', 'verify'];
      if (kept === null) {
        const pair = (await crypto.subtle.generateKey('Ed25519', true, usages)) as CryptoKeyPair;
        const jwk = await crypto.subtle.exportKey('jwk', pair.privateKey);
        localStorage.setItem('fake-wallet', JSON.stringify(jwk));
        return jwk;
      }
      return JSON.parse(kept) as JsonWebKey;
    };
    const read = async () => {
      const jwk = await open();
      const text = atob((jwk.x ?? '').replaceAll('-', '+').replaceAll('_', '/'));
      const key = Uint8Array.from(text, (character) => character.charCodeAt(0));
      const secret = await crypto.subtle.importKey('jwk', jwk, 'Ed25519', false, ['sign']);
      return { account: { address: toBase58(key) }, secret };
    };
    const wallet = {
      name: walletName,
      chains: ['solana:localnet'],
      features: {
        'standard:connect': { connect: async () => ({ accounts: [(await read()).account] }) },
        'solana:signTransaction': {
          async signTransaction({ transaction }: { transaction: Uint8Array }) {
            const { secret } = await read();
            const message = transaction.slice(MESSAGE_AT);
            const signature = await crypto.subtle.sign('Ed25519', secret, message);
            const signedTransaction = transaction.slice();
            signedTransaction.set(new Uint8Array(signature), SIGNATURE_AT);
            return [{ signedTransaction }];
          },
        },
      },
    };
    const announce = ({ register }: { register(found: unknown): void }) => register(wallet);
    addEventListener('wallet-standard:app-ready', (event) =>
      announce((event as CustomEvent<Parameters<typeof announce>[0]>).detail),
    );
    dispatchEvent(new CustomEvent('wallet-standard:register-wallet', { detail: announce }));
  }, name);
}
